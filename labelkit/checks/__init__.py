"""Test rules like code: lint, examples, gates on precision and coverage, slow expressions, a pytest plugin."""
