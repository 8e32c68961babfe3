"""Split examples into parts that do not leak into each other, and check splits that others made."""

from labelkit.curation.splits.check import Leak, SplitCheck, check_split
from labelkit.curation.splits.parts import Split
from labelkit.curation.splits.rolling import rolling_splits
from labelkit.curation.splits.splitting import split

__all__ = ["Leak", "Split", "SplitCheck", "check_split", "rolling_splits", "split"]
