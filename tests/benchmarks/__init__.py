"""Benchmarks; the results, and how they were measured, are in README.md."""
