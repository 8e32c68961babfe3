"""Judge labels: metrics, scorers, and rows by their labels."""

from labelkit.interop.snorkel.analysis.error_analysis import (
    get_label_buckets as get_label_buckets,
    get_label_instances as get_label_instances,
)
from labelkit.interop.snorkel.analysis.metrics import metric_score as metric_score
from labelkit.interop.snorkel.analysis.scorer import Scorer as Scorer
