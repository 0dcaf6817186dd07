"""Runbook 5: performance."""

from pytest import mark

RUNBOOK = "5. Performance Issues"
