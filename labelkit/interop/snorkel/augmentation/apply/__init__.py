"""Appliers of transformation functions."""
