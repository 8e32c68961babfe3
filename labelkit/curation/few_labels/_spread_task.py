"""The rows that labels are spread from and to, as arrays: features, soft labels, and variants of their texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from scipy import sparse

from labelkit._shared.seed_streams import seed_stream
from labelkit.votes.training_set import certainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_ROWS: Final = 2
"""A sparse feature that is not 0 on fewer rows tells nothing of other rows."""


class Prediction(Protocol):
    """Probabilities of classes, by what a teacher has learned."""

    def at(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return those of some rows of the task; shape (n_nodes, n_classes)."""
        ...

    def of(self, features: Any) -> NDArray[np.float64]:
        """Return those of other rows, by their features; shape (n_rows, n_classes)."""
        ...


@dataclass(frozen=True, eq=False)
class Taught:
    """Rows with labels, to learn from.

    Attributes
    ----------
    nodes : ndarray of int64, shape (n_rows,)
        Rows of the task.
    soft : ndarray of shape (n_rows, n_classes)
    weight : ndarray of shape (n_rows,)
    """

    nodes: NDArray[np.int64]
    soft: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __getitem__(self, rows: NDArray[Any]) -> Taught:
        """Take some of the rows, by mask or position."""
        return Taught(self.nodes[rows], self.soft[rows], self.weight[rows])

    def with_soft(self, nodes: NDArray[np.int64], proba: NDArray[np.float64]) -> Taught:
        """Add rows as an end model learns from them: by their probabilities, weighed by certainty."""
        return self._with(nodes, proba, certainty(proba))

    def with_hard(self, nodes: NDArray[np.int64], proba: NDArray[np.float64]) -> Taught:
        """Add rows by their most probable class: a model learns nothing from its very probabilities."""
        return self._with(nodes, np.eye(self.soft.shape[1])[proba.argmax(axis=1)], certainty(proba))

    def _with(self, nodes: NDArray[np.int64], soft: NDArray[np.float64], weight: NDArray[np.float64]) -> Taught:
        return Taught(
            np.concatenate([self.nodes, nodes]),
            np.concatenate([self.soft, soft]),
            np.concatenate([self.weight, weight]),
        )


@dataclass(frozen=True, eq=False)
class SpreadTask:
    """Rows to spread labels from and to.

    Attributes
    ----------
    features : ndarray or csr_array of shape (n_nodes, n_features)
    seeds : Taught
        The rows that have a label.
    pool : ndarray of int64
        Rows without.
    places : ndarray of int64, shape (n_nodes,)
        Of the rows among the examples.
    variants : sequence of features
        Of all rows, with some words of each text left out.
    share, confidence : float
        The most confident share of the rows of a class that may be labeled, and the least probability.
    rounds : int
    """

    features: Any
    seeds: Taught
    pool: NDArray[np.int64]
    places: NDArray[np.int64]
    variants: Sequence[Any]
    share: float
    confidence: float
    rounds: int


class FeatureColumns:
    """Chooses and scales the columns of features: rare ones are left out of sparse, dense ones are standardised."""

    def __init__(self, features: Any) -> None:
        self._columns: NDArray[np.int64] | None = None
        if not isinstance(features, np.ndarray):
            counts = np.bincount(features.indices, minlength=features.shape[1])
            self._columns = np.flatnonzero(counts >= min(FEWEST_ROWS, features.shape[0]))
            return
        self._mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        self._scale = np.where(spread > 0, spread, 1.0)

    def of(self, features: Any) -> Any:
        """Return the chosen columns of some rows."""
        if self._columns is not None:
            return sparse.csr_array(features, dtype=np.float64)[:, self._columns]
        return (np.asarray(features) - self._mean) / self._scale


def has_content(features: Any) -> NDArray[np.bool_]:
    """Return whether a row has a feature at all; an empty text has none, and would get the commonest class."""
    if isinstance(features, np.ndarray):
        return np.ones(len(features), dtype=bool)
    return np.asarray(np.diff(features.indptr) > 0)


def seeded(random_state: int, stream: int) -> np.random.Generator:
    """Return the random numbers of one of the draws here."""
    return seed_stream("spre", stream, random_state)


def word_dropout(texts: Sequence[str], drop: float, rng: np.random.Generator) -> list[str]:
    """Leave each word out with a probability, but for one.

    >>> word_dropout(["win a prize now", "yes"], 0.5, np.random.default_rng(0))
    ['win', 'yes']
    """
    varied = []
    for text in texts:
        words = text.split()
        draws = rng.random(len(words))
        kept = [word for word, draw in zip(words, draws, strict=True) if draw >= drop]
        varied.append(" ".join(kept or [words[int(draws.argmax())]] if words else []))
    return varied
