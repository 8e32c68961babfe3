"""The formula of a fitted label model over given rules: all that a system without arrays needs to label an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labelkit.label_models._canonical_order import arrange, matched_order
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models.formula import ScoreFormula
    from labelkit.label_models.pattern_label_model import PatternLabelModel
    from labelkit.votes.lf_info import LFInfo


@dataclass(frozen=True, eq=False)
class FittedFormula:
    """All that the probabilities and the label of an example follow from.

    Attributes
    ----------
    scores : ScoreFormula
    class_names : tuple of str
    class_prior : ndarray of shape (n_classes,)
        The probabilities of an example without votes.
    free : bool
        Whether a class may become the label that no rule voted for.
    """

    scores: ScoreFormula
    class_names: tuple[str, ...]
    class_prior: NDArray[np.float64]
    free: bool


def formula_of(model: PatternLabelModel, lfs: Sequence[LFInfo]) -> FittedFormula:
    """Return the probabilities of a model as a formula of the votes of one example.

    Parameters
    ----------
    model : PatternLabelModel
        Fitted.
    lfs : sequence of LFInfo
        The rules that vote, which are those that the model was fitted on, in any order.

    Returns
    -------
    FittedFormula

    Raises
    ------
    ModelError
        If they are other rules, or the model's scores have no such formula.
    """
    model._check_fitted()  # noqa: SLF001 - part of the model's own room
    n_lfs, k = len(lfs), model.n_classes_
    votes = np.full((n_lfs * k, n_lfs), ABSTAIN, dtype=np.int64)  # each vote alone, so that all columns are there
    votes[np.arange(len(votes)), np.repeat(np.arange(n_lfs), k)] = np.tile(np.arange(k), n_lfs)
    matrix = LabelMatrix(votes, tuple(lfs), model.class_names_, np.arange(len(votes)))
    given = model._read(matrix)  # noqa: SLF001 - the same
    places = matched_order(given, model.lf_names_, named=model.lf_named_, model=type(model).__name__)
    order = places[model.lf_order_]
    scores = model._formula(arrange(given, order).table)  # noqa: SLF001 - the same
    overrules = model._overrules_votes  # noqa: SLF001 - the same
    scores = replace(scores, lf=order[scores.lf])
    return FittedFormula(scores, model.class_names_, model.class_prior_, free=overrules)
