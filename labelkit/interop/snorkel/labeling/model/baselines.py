"""Voters that learn nothing of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.interop.snorkel._cells import votes_of
from labelkit.interop.snorkel.labeling.model.base_labeler import BaseLabeler

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class RandomVoter(BaseLabeler):
    """Give random probabilities, by NumPy's generator."""

    def predict_proba(self, L: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return random probabilities; shape (n_examples, cardinality)."""
        draw = np.random.rand(len(L), self.cardinality)  # noqa: NPY002 - the generator that users seed
        return np.asarray(draw / draw.sum(axis=1, keepdims=True))


class MajorityClassVoter(BaseLabeler):
    """Give all rows the most frequent class."""

    def fit(self, balance: ArrayLike, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Snorkel's signature
        """Take the shares of the classes."""
        self.balance = balance

    def predict_proba(self, L: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return 1 for the most frequent class, or equal shares of several; shape (n_examples, cardinality)."""
        balance = np.asarray(self.balance)
        row = np.zeros(self.cardinality)
        row[np.flatnonzero(balance == balance.max())] = 1.0
        return np.tile(row / row.sum(), (len(L), 1))


class MajorityLabelVoter(BaseLabeler):
    """Give each row the class that most of its rules vote for.

    Examples
    --------
    >>> MajorityLabelVoter().predict(np.array([[0, 0, -1], [0, 1, 1], [0, 1, -1]])).tolist()
    [0, 1, -1]
    """

    def predict_proba(self, L: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return equal shares of the classes with the most votes, which are all without a vote."""
        votes = votes_of(L)
        if votes.size and votes.max() >= self.cardinality:
            raise IndexError(f"index {votes.max()} is out of bounds for axis 0 with size {self.cardinality}")
        counts = np.stack([(votes == label).sum(axis=1) for label in range(self.cardinality)], axis=1)
        most = (counts == counts.max(axis=1, keepdims=True)).astype(float)
        return np.asarray(most / most.sum(axis=1, keepdims=True))
