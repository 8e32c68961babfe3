"""Rules, their votes, and what the votes tell."""

from labelkit.interop.snorkel.labeling.analysis import LFAnalysis as LFAnalysis
from labelkit.interop.snorkel.labeling.apply.core import LFApplier as LFApplier
from labelkit.interop.snorkel.labeling.apply.pandas import PandasLFApplier as PandasLFApplier
from labelkit.interop.snorkel.labeling.lf.core import (
    LabelingFunction as LabelingFunction,
    labeling_function as labeling_function,
)
from labelkit.interop.snorkel.labeling.utils import filter_unlabeled_dataframe as filter_unlabeled_dataframe
