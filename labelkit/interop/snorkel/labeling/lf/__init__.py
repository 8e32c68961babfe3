"""Rules: functions that give a data point a label, or -1."""

from labelkit.interop.snorkel.labeling.lf.core import (
    LabelingFunction as LabelingFunction,
    labeling_function as labeling_function,
)
