"""Labels beside gold: which examples are labeled rightly, with the weight of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import aligned_values
from labelkit.votes.gold import aligned_gold
from labelkit.votes.gold_beside import warn_of_gold_beside_proba, way_of
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.listed_values import column_heads
from labelkit.votes.matched_labels import places_of_classes
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.row_weights import RowWeights, drawn_alike

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames


@dataclass(frozen=True, eq=False)
class NamedClasses:
    """One class for each example.

    Attributes
    ----------
    hard : ndarray of int64, shape (n_examples,)
        -1 where there is no label.
    names : tuple of str
    proba_at : callable, optional
        Returns the probabilities of the classes of examples by their positions, where they are known.
    """

    hard: NDArray[np.int64]
    names: tuple[str, ...]
    proba_at: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None = None

    @classmethod
    def of(cls, labels: Any, examples: ExampleNames, what: str = "labels") -> NamedClasses:
        """Bring labels into the order of the examples.

        Parameters
        ----------
        labels : ProbabilisticLabels, or array-like or DataFrame of shape (n_examples, n_classes)
            Probabilities of an end model have a row for each example; those of a frame are matched by its index, and
            its columns name the classes.
        examples : ExampleNames
        what : str
            The word for them in errors.

        Raises
        ------
        AnalysisError
            If they are of other examples, or no probabilities.
        """
        if isinstance(labels, ProbabilisticLabels):
            places = labels.examples.order(examples, what=f"the {what}", error=AnalysisError)
            hard = labels.hard()
            if places is None:
                return cls(hard, labels.class_names, lambda rows: labels[rows].proba)
            return cls(hard[places], labels.class_names, lambda rows: labels[places[rows]].proba)
        try:
            proba = np.asarray(labels, dtype=np.float64)
        except (TypeError, ValueError):
            proba = np.zeros(0)
        if proba.ndim != 2 or not proba.shape[1]:
            raise AnalysisError(
                f"{what} are neither labels nor probabilities of shape (n_examples, n_classes)",
                hint="labels=model.label(matrix), or labels=end_model.predict_proba(X)",
            )
        proba = aligned_values(labels, proba, examples, np.nan, what=what, unit="rows", error=AnalysisError)
        given = ~np.isnan(proba).any(axis=1)
        names = tuple(map(str, column_heads(labels) or range(proba.shape[1])))
        of_labels = all(name.startswith("p_") for name in names)  # as a frame of labels has them
        hard = np.where(given, hard_labels(np.nan_to_num(proba)), -1)
        names = tuple(name.removeprefix("p_") for name in names) if of_labels else names
        return cls(hard, names, lambda rows: proba[rows])

    def numbered_as(self, other: NamedClasses, what: str) -> NDArray[np.int64]:
        """Return the labels by the numbers that the classes have in others.

        Raises
        ------
        AnalysisError
            If the classes are others.
        """
        places = places_of_classes(self.names, other.names, what=what, error=AnalysisError)
        return np.append(np.argsort(places), -1)[self.hard]


@dataclass(frozen=True, eq=False)
class JudgedLabels:
    """The examples that have both a label and gold.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_judged,)
        Their positions, ascending.
    hard, gold : ndarray of int64, shape (n_judged,)
    weight : ndarray of float64, shape (n_judged,)
        The inverse of the chance with which each was drawn; 1 if nothing is known.
    """

    rows: NDArray[np.int64]
    hard: NDArray[np.int64]
    gold: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """True where the label is that of gold."""
        return np.asarray(self.hard == self.gold)

    @classmethod
    def of(cls, labels: NamedClasses, examples: ExampleNames, gold: Any, weights: Any = None) -> JudgedLabels:
        """Align gold and weights with the examples.

        Raises
        ------
        GoldError, AnalysisError
            If they do not fit.
        """
        if gold is None:
            if weights is not None:
                raise AnalysisError(
                    "there is no gold that weights could be of", hint="gold=..., weights=...", code="LK329"
                )
            truth = np.full(len(examples), -1)
        else:
            truth = aligned_gold(gold, examples, labels.names)
        rows = np.flatnonzero((truth >= 0) & (labels.hard >= 0))
        weight = np.ones(len(rows))
        if weights is not None:
            weight = RowWeights(weights, AnalysisError).at(rows, examples)
        alike = rows[drawn_alike(weight)]
        if labels.proba_at is not None and len(alike):
            proba, way = labels.proba_at(alike), way_of(gold, examples)
            warn_of_gold_beside_proba(proba, truth[alike], labels.names, way, hard=labels.hard[alike])
        return cls(rows, labels.hard[rows], truth[rows], weight)
