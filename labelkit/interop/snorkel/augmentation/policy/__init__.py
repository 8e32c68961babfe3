"""Policies: which transformations are applied to each data point, in which order."""
