"""Rows, soft labels and weights from which an end model of any framework is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from labelkit._shared.computed_rows import picked
from labelkit._shared.memory import check_room
from labelkit._shared.numbers import plural
from labelkit.exceptions import ModelError
from labelkit.votes.alignment import check_names, match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

Rows: TypeAlias = Literal["covered", "all"]
Weight: TypeAlias = Literal["certainty", "equal"]


class TrainingSet(NamedTuple):
    """Rows to learn from: unpack it as ``X, y_soft, weight``.

    Attributes
    ----------
    X : ndarray, sparse array, DataFrame or list of length n_rows
        The features; without any, the positions of the rows among the examples.
    y_soft : ndarray of shape (n_rows, n_classes)
    weight : ndarray of shape (n_rows,)
    """

    X: Any
    y_soft: NDArray[np.float64]
    weight: NDArray[np.float64]

    def by_class(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return rows, classes and weights for a learner of hard labels: each row once for every class it may be of.

        Returns
        -------
        row, label : ndarray of int64, shape (n_pairs,)
            Positions in ``X``, and classes; those of weight 0 are left out.
        weight : ndarray of shape (n_pairs,)
            Weight of the row times the probability of the class.
        """
        weight = self.weight[:, None] * self.y_soft
        row, label = np.nonzero(weight > 0)
        return row, label, weight[row, label]


def training_set(labels: ProbabilisticLabels, X: Any, rows: Rows, weight: Weight) -> TrainingSet:
    """Choose and weigh rows to learn from; see :meth:`labelkit.ProbabilisticLabels.training_set`."""
    if rows not in get_args(Rows):
        raise ModelError(f"rows={rows!r} is not one of 'covered', 'all'")
    if weight not in get_args(Weight):
        raise ModelError(f"weight={weight!r} is not one of 'certainty', 'equal'")
    chosen = np.flatnonzero(labels.is_covered) if rows == "covered" else np.arange(len(labels))
    if not len(chosen):
        raise ModelError(
            "no rule votes on any example, so there is nothing to learn from", hint="write more rules", code="LK407"
        )
    part = "labels[:10_000].training_set(X[:10_000]), some of the examples at a time"
    check_room(8.0 * len(chosen) * labels.n_classes, "a probability for each row and class", hint=part)
    proba = picked(labels.pattern_proba, labels.index[chosen])  # a new array, which frameworks may write to
    certain = certainty(proba) if weight == "certainty" else np.ones(len(chosen))
    return TrainingSet(chosen if X is None else rows_of(X, labels.examples, chosen), proba, certain)


def certainty(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - H / log k of each row, H its entropy: 1 where it is certain, 0 where all classes are alike.

    >>> certainty(np.array([[1.0, 0.0], [0.5, 0.5]])).round(6).tolist()
    [1.0, 0.0]
    """
    if proba.shape[1] == 1:
        return np.ones(len(proba))
    entropy = -(proba * np.log(np.maximum(proba, 1e-300))).sum(axis=1)
    return np.asarray(np.clip(1 - entropy / np.log(proba.shape[1]), 0, 1))


def rows_of(X: Any, examples: ExampleNames, chosen: NDArray[np.int64]) -> Any:
    """Take the chosen examples from features: by name where they name their rows, else by position.

    Raises
    ------
    ModelError
        If features have other rows than the examples.
    """
    X = X.tocsr() if hasattr(X, "tocsr") else X  # a DOK array is a dict by cells, which names no rows
    matched = match(X, examples, what="X", error=ModelError)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if matched is None and n_rows != len(examples):
        raise ModelError(
            f"X has {plural(n_rows, 'row')} for {plural(len(examples), 'example')}",
            hint="give a row for each example, in their order",
        )
    places = chosen
    if matched is not None:
        check_names(matched, "X", ModelError, given=X)
        places = matched.sources[chosen]
        if (places < 0).any():
            name = examples.ids[chosen[places < 0]].tolist()[0]
            raise ModelError(f"X has no row for the example {name!r}", hint="labels[rows].training_set(X)")
    return taken_rows(list(X.values()) if isinstance(X, Mapping) else X, places)


def taken_rows(X: Any, places: NDArray[np.int64]) -> Any:
    """Take the rows at some positions from an array, sparse array, frame, table, Series or list, as the same type.

    Sparse arrays of which rows cannot be taken (COO, as ``scipy.sparse.hstack`` makes) come back as CSR.

    >>> taken_rows(["a", "b", "c"], np.array([2, 0]))
    ['c', 'a']
    """
    if hasattr(X, "iloc"):
        return X.iloc[places]
    if hasattr(X, "to_pylist"):  # of Arrow
        return X.take(places)
    if hasattr(X, "tocsr"):
        X = X.tocsr()
    return [X[place] for place in places.tolist()] if isinstance(X, list | tuple) else X[places]
