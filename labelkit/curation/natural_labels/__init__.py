"""Label what people were shown by what they did: logs of impressions and actions, weights against position bias."""

from labelkit.curation.natural_labels.exposure import Exposure
from labelkit.curation.natural_labels.labels_of_log import NaturalLabels
from labelkit.curation.natural_labels.natural_labels import natural_labels

__all__ = ["Exposure", "NaturalLabels", "natural_labels"]
