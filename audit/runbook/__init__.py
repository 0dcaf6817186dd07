"""The runbook itself, audited: it is read, planned and looked up, and never executed on a live target."""
