"""What must hold: one file per chapter of the runbook."""
