"""What is told: one result model, and one renderer per file."""
