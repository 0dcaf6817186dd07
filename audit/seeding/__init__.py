"""Made-up people and rows, for any schema."""
