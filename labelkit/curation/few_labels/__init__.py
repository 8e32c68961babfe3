"""Labels for examples without a vote, from those that have one: self-training, a graph of neighbours, co-training."""

from labelkit.curation.few_labels.spread import spread_labels
from labelkit.curation.few_labels.spread_result import SpreadEvidence, SpreadLabels

__all__ = ["SpreadEvidence", "SpreadLabels", "spread_labels"]
