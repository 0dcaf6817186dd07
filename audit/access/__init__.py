"""Who may reach what: declared, observed, and compared."""
