"""The runbook itself, audited: what is written in it is read, planned and looked up, and never executed on a live target."""
