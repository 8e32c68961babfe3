"""Label models: from votes to probabilities of classes.

Every model takes a label matrix (or vote patterns, an array, a sparse matrix of ``label + 1``, a DataFrame) and is a
scikit-learn estimator: ``fit(matrix, gold=None)``, ``predict_proba``, ``predict``, ``score``, ``evaluate``, ``label``,
``save``. :class:`LabelModel` is the default. All learn from distinct patterns of votes and their counts alone
(:class:`PatternLabelModel`), but for :class:`ContentLabelModel`, which takes features of the examples beside the votes:
``fit(matrix, features)``, ``predict_proba(matrix, features)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._saving import read_model
from labelkit.label_models.content.content_label_model import ContentLabelModel
from labelkit.label_models.dawid_skene import DawidSkene
from labelkit.label_models.default.label_model import LabelModel
from labelkit.label_models.evaluation import Evaluation
from labelkit.label_models.ibcc import IBCC
from labelkit.label_models.majority_vote import MajorityVote
from labelkit.label_models.metal import MetalModel
from labelkit.label_models.one_coin import OneCoin
from labelkit.label_models.pattern_label_model import PatternLabelModel
from labelkit.label_models.protocol import LabelModelLike
from labelkit.label_models.quorum_vote import QuorumVote
from labelkit.label_models.snorkel import SnorkelLabelModel
from labelkit.label_models.triplets import TripletModel
from labelkit.label_models.weighted_vote import WeightedVote

if TYPE_CHECKING:
    from pathlib import Path

MODELS: Final[dict[str, type[PatternLabelModel]]] = {
    model.__name__: model
    for model in (
        MajorityVote,
        QuorumVote,
        WeightedVote,
        OneCoin,
        DawidSkene,
        IBCC,
        TripletModel,
        MetalModel,
        SnorkelLabelModel,
        LabelModel,
    )
}
"""Label models by name, the simplest first and the default last."""


EVERY_MODEL: Final[dict[str, type]] = {**MODELS, ContentLabelModel.__name__: ContentLabelModel}
"""The same, and the one that reads the examples, too."""


@checks_keywords
def load_model(path: str | Path) -> PatternLabelModel | ContentLabelModel:
    """Read a model that its ``save`` wrote; it predicts the same bits.

    Raises
    ------
    ModelError
        If the folder holds no model, or one that is not in :data:`MODELS`.
    """
    return cast("PatternLabelModel | ContentLabelModel", read_model(path, EVERY_MODEL))


__all__ = [
    "EVERY_MODEL",
    "IBCC",
    "MODELS",
    "ContentLabelModel",
    "DawidSkene",
    "Evaluation",
    "LabelModel",
    "LabelModelLike",
    "MajorityVote",
    "MetalModel",
    "OneCoin",
    "PatternLabelModel",
    "QuorumVote",
    "SnorkelLabelModel",
    "TripletModel",
    "WeightedVote",
    "load_model",
]
