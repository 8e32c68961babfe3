"""Helpers for labels and probabilities."""

from labelkit.interop.snorkel.utils.core import to_int_label_array as to_int_label_array
