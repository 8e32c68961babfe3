"""Data sets in folders: examples, labels, splits, weights and slices, with every step that made them as a version."""

from labelkit.curation.data_set.card import DataCard
from labelkit.curation.data_set.create import create_dataset
from labelkit.curation.data_set.data_set import DataSet, open_dataset
from labelkit.curation.data_set.difference import DataSetDifference
from labelkit.curation.data_set.history import DataSetHistory

__all__ = ["DataCard", "DataSet", "DataSetDifference", "DataSetHistory", "create_dataset", "open_dataset"]
