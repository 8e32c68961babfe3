"""Slices of a corpus: which examples are in them, what their labels are worth, where to look for poor ones."""

from labelkit.curation.slices.find_slices import FoundSlices, find_slices
from labelkit.curation.slices.membership import SliceMembership, apply_slices, slice_dataframe
from labelkit.curation.slices.next_slices import NextSlices, next_slices
from labelkit.curation.slices.summary import SliceSummary, summarize_slices

__all__ = [
    "FoundSlices",
    "NextSlices",
    "SliceMembership",
    "SliceSummary",
    "apply_slices",
    "find_slices",
    "next_slices",
    "slice_dataframe",
    "summarize_slices",
]
