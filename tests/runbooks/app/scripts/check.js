// Knows --fast and --output.
process.exit(process.argv.includes("--fast") ? 0 : 0);
