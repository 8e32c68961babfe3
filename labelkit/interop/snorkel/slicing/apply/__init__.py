"""Appliers of slicing functions."""
