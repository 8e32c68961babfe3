"""Models that combine the votes of rules."""

from labelkit.interop.snorkel.labeling.model.baselines import (
    MajorityClassVoter as MajorityClassVoter,
    MajorityLabelVoter as MajorityLabelVoter,
    RandomVoter as RandomVoter,
)
from labelkit.interop.snorkel.labeling.model.label_model import LabelModel as LabelModel
