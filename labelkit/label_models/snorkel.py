"""Adapter of Snorkel's label model to labelkit's interface, for comparison; needs the extra ``snorkel``."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labelkit._shared.memory import check_room
from labelkit._shared.optional import optional
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._class_prior import checked_prior, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


class SnorkelLabelModel(AdditiveModel):
    """``snorkel.labeling.model.LabelModel``, trained by Snorkel; its parameters are kept as weights.

    Snorkel takes every example, not patterns, and at least three labeling functions. A fitted model predicts without
    Snorkel.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Snorkel's ``class_balance``; uniform if not given.
    n_epochs : int
    lr : float
    random_state : int
        Snorkel's ``seed``.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    References
    ----------
    Ratner et al. (2017), Snorkel: rapid training data creation with weak supervision.
    https://doi.org/10.14778/3157794.3157797
    """

    learns_from_gold: ClassVar[bool] = False

    def __init__(
        self,
        *,
        class_prior: ClassPrior | None = None,
        n_epochs: int = 100,
        lr: float = 0.01,
        random_state: int = 0,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.n_epochs = n_epochs
        self.lr = lr
        self.random_state = random_state
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - Snorkel's model does not use gold
        optional("torch", extra="snorkel")  # a requirement of Snorkel's model, not of its package
        snorkel = optional("snorkel.labeling.model", extra="snorkel")
        if table.n_lfs < 3:
            raise ModelError(
                f"Snorkel's model needs at least 3 labeling functions, not {table.n_lfs}", hint="LabelModel()"
            )
        prior = checked_prior(self.class_prior, table.class_names)
        check_room(8.0 * table.counts.sum() * (table.n_lfs + table.n_columns), "Snorkel's copy of the votes")
        with _kept_random_state():
            model = snorkel.LabelModel(cardinality=table.n_classes, verbose=False)
            model.fit(
                dense_votes(table),
                class_balance=None if prior is None else prior.tolist(),
                n_epochs=self.n_epochs,
                lr=self.lr,
                seed=self.random_state,
                progress_bar=False,
            )
        mu = model.mu.detach().numpy().astype(np.float64)
        self._set_weights(table, np.log(mu[table.codes]), uniform(table.n_classes) if prior is None else prior)


def dense_votes(table: VoteTable) -> NDArray[np.int64]:
    """Return the votes of every example, in the order of the patterns; shape (n_examples, n_lfs)."""
    rows = np.full((table.n_patterns, table.n_lfs), -1, dtype=np.int64)
    rows[table.pattern_of_vote, table.lf[table.hits.indices]] = table.label[table.hits.indices]
    return np.repeat(rows, table.counts.astype(np.int64), axis=0)


@contextmanager
def _kept_random_state() -> Iterator[None]:
    """Restore the global random generators, which Snorkel seeds."""
    torch = optional("torch", extra="snorkel")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - to restore it
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002 - to restore it
        torch.set_rng_state(states[2])
