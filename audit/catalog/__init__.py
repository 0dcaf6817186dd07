"""What definitions say: expressions, functions, storage, indexes, bloat, sizes."""
