"""Label models: from votes to probabilities of classes.

Every model takes a label matrix (or vote patterns, an array, a sparse matrix of ``label + 1``, a DataFrame) and is a
scikit-learn estimator: ``fit(matrix, gold=None)``, ``predict_proba``, ``predict``, ``score``, ``evaluate``, ``label``,
``save``. :class:`LabelModel` is the default. They learn from distinct patterns of votes and their counts alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from labelkit.label_models._saving import read_model
from labelkit.label_models.base import BaseLabelModel
from labelkit.label_models.dawid_skene import DawidSkene
from labelkit.label_models.default.label_model import LabelModel
from labelkit.label_models.evaluation import Evaluation
from labelkit.label_models.ibcc import IBCC
from labelkit.label_models.majority_vote import MajorityVote
from labelkit.label_models.metal import MetalModel
from labelkit.label_models.one_coin import OneCoin
from labelkit.label_models.quorum_vote import QuorumVote
from labelkit.label_models.snorkel import SnorkelLabelModel
from labelkit.label_models.triplets import TripletModel
from labelkit.label_models.weighted_vote import WeightedVote

if TYPE_CHECKING:
    from pathlib import Path

MODELS: Final[dict[str, type[BaseLabelModel]]] = {
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


def load_model(path: str | Path) -> BaseLabelModel:
    """Read a model that :meth:`~BaseLabelModel.save` wrote; it predicts the same bits.

    Raises
    ------
    ModelError
        If the folder holds no model, or one that is not in :data:`MODELS`.
    """
    return cast("BaseLabelModel", read_model(path, MODELS))


__all__ = [
    "IBCC",
    "MODELS",
    "BaseLabelModel",
    "DawidSkene",
    "Evaluation",
    "LabelModel",
    "MajorityVote",
    "MetalModel",
    "OneCoin",
    "QuorumVote",
    "SnorkelLabelModel",
    "TripletModel",
    "WeightedVote",
    "load_model",
]
