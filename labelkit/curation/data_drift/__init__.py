"""Drift of what models learn from, and of what they predict: two sets of examples, and streams of errors."""

from labelkit.curation.data_drift.columns import DataDrift, data_drift
from labelkit.curation.data_drift.detectors import DDM, PageHinkley, StreamStates

__all__ = ["DDM", "DataDrift", "PageHinkley", "StreamStates", "data_drift"]
