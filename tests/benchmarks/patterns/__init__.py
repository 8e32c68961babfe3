"""Labeling functions by kind of knowledge: their worth on real votes, and that of variants of the same rule."""
