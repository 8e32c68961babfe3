"""The base of all models of votes."""

from __future__ import annotations

import logging
import pickle
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.interop.snorkel.analysis.scorer import Scorer
from labelkit.interop.snorkel.utils.core import probs_to_preds

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BaseLabeler(ABC):
    """A model of votes: it predicts probabilities, and labels by them.

    Parameters
    ----------
    cardinality : int
        Number of classes.
    **kwargs
        Ignored.
    """

    def __init__(self, cardinality: int = 2, **kwargs: Any) -> None:  # noqa: ARG002 - Snorkel's signature
        self.cardinality = cardinality

    @abstractmethod
    def predict_proba(self, L: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return probabilities of the classes; shape (n_examples, cardinality)."""

    def predict(
        self,
        L: NDArray[np.int64],
        return_probs: bool | None = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        tie_break_policy: str = "abstain",
    ) -> Any:
        """Return the most probable class of each row.

        Parameters
        ----------
        L : array of shape (n_examples, n_lfs)
            Votes; -1 is an abstain.
        return_probs : bool
            Whether to return the probabilities, too.
        tie_break_policy : {"abstain", "random", "true-random"}
        """
        probs = self.predict_proba(L)
        preds = probs_to_preds(probs, tie_break_policy)
        return (preds, probs) if return_probs else preds

    def score(
        self,
        L: NDArray[np.int64],
        Y: NDArray[np.int64],
        metrics: Sequence[str] | None = ("accuracy",),
        tie_break_policy: str = "abstain",
    ) -> dict[str, float]:
        """Compute metrics of the predicted labels; rows without a label count for coverage alone.

        Parameters
        ----------
        L : array of shape (n_examples, n_lfs)
        Y : array of shape (n_examples,)
            Gold; -1 is unknown.
        metrics : list of str
        tie_break_policy : str
        """
        if tie_break_policy == "abstain":
            logging.getLogger().warning("Metrics calculated over data points with non-abstain labels only")
        preds, probs = self.predict(L, return_probs=True, tie_break_policy=tie_break_policy)
        return Scorer(metrics=metrics).score(Y, preds, probs)

    def save(self, destination: str | Path) -> None:
        """Write what was learned to a file."""
        with Path(destination).open("wb") as file:
            pickle.dump(self.__dict__, file)

    def load(self, source: str | Path) -> None:
        """Read what :meth:`save` wrote. It is a pickle: read no file of others."""
        with Path(source).open("rb") as file:
            self.__dict__.update(pickle.load(file))  # noqa: S301 - said in the docstring
