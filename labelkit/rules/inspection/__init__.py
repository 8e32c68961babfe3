"""Inspect the code of a rule: its syntax, its inputs, its fingerprint and its source text."""
