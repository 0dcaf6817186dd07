"""The engine: everything that asks a database, and knows nothing of pytest."""
