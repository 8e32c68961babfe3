"""Slice-aware nets of Snorkel, which need torch: out."""

from labelkit.interop.snorkel.slicing._torch import refuse_names_of

__getattr__ = refuse_names_of("slicing.sliceaware_classifier")
