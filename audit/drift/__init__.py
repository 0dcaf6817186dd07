"""Drift: whether a live database is what its migrations build."""
