"""Tests, a file a module; ``benchmarks`` holds what is measured."""
