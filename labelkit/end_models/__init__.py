"""Models that read the examples themselves: features of a corpus."""

from labelkit.end_models.features import CorpusFeatures, read_features

__all__ = ["CorpusFeatures", "read_features"]
