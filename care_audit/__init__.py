"""The command care-audit: an audit of who can reach what in a Supabase project's database."""

__version__ = "0.1.0"
