"""Statistics of votes: of labeling functions, of the corpus and of the gold.

Everything is computed from distinct vote patterns and their counts, so that ten million examples cost no more than
their patterns do. An example on which a rule failed leaves that rule's denominators. Unknown gold is not wrong; an
undefined number is NaN (shown as a dash); a share of few examples comes with its interval.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> summarize(votes).frame["coverage"].to_dict()
{'short': 0.5, 'link': 0.5, 'total': 0.75}
"""

from labelkit.analysis.counts import TOTAL
from labelkit.analysis.coverage import coverage_by, coverage_by_class, coverage_over_time
from labelkit.analysis.marginal_values import marginal_values
from labelkit.analysis.pairwise import near_duplicate_rules, pairwise_conflicts, pairwise_overlaps
from labelkit.analysis.summary import Summary, summarize
from labelkit.analysis.suspicious_gold import suspicious_gold

__all__ = [
    "TOTAL",
    "Summary",
    "coverage_by",
    "coverage_by_class",
    "coverage_over_time",
    "marginal_values",
    "near_duplicate_rules",
    "pairwise_conflicts",
    "pairwise_overlaps",
    "summarize",
    "suspicious_gold",
]
