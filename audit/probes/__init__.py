"""Attacks by acting: calling, disclosure, oracles, erasure, evaluation, faults."""
