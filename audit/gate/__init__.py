"""What a migration does: pending files, the trace, hazards, and the rehearsal."""
