"""Snorkel's label model, trained in NumPy."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from labelkit.interop.snorkel._cells import votes_of, warn_of_balance, within
from labelkit.interop.snorkel.labeling.model.base_labeler import BaseLabeler
from labelkit.interop.snorkel.labeling.model.logger import Logger
from labelkit.interop.snorkel.utils.core import probs_to_preds
from labelkit.label_models.moment_training import (
    aligned_classes,
    clamped,
    descent,
    drawn_start,
    first_mu,
    indicators,
    log_posterior,
    loss_of,
    n_warmup_steps,
    optimizer_of,
    pair_counts,
    pairs_of_rules,
    rates_of,
)
from labelkit.label_models.snorkel_settings import TrainConfig, merge_config

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LabelModelConfig(NamedTuple):
    """Settings of :class:`LabelModel`."""

    verbose: bool = True
    device: str = "cpu"


class Tensor(np.ndarray[Any, Any]):
    """An array that answers to what users of torch call."""

    def cpu(self) -> Tensor:
        """Return itself."""
        return self

    detach = cpu

    @property
    def data(self) -> Tensor:  # type: ignore[override]
        """Itself: torch has the values there."""
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:  # noqa: ARG002, FBT001, FBT002 - torch's signature
        """Return itself: ``torch.nn.Parameter`` takes it so."""
        return self

    def numpy(self) -> NDArray[Any]:
        """Return a plain array."""
        return np.asarray(self)

    def clone(self) -> Tensor:
        """Return a copy."""
        return self.copy().view(Tensor)

    def clamp(self, low: float, high: float) -> Tensor:
        """Return a copy within bounds."""
        return np.clip(self, low, high).view(Tensor)


def _tensor(values: Any) -> Tensor:
    return np.asarray(values, dtype=np.float32).view(Tensor)


def _array(values: Any) -> NDArray[np.float32]:
    """Return a plain array, also of a tensor of torch."""
    return np.asarray(values.detach().cpu().numpy() if hasattr(values, "detach") else values)


class LabelModel(BaseLabeler):
    """Snorkel's label model: P(vote | class) of each rule, from how often pairs of rules agree.

    Parameters
    ----------
    cardinality : int
        Number of classes.
    **kwargs
        ``verbose`` (True): log the training. ``device`` (``"cpu"``): nothing else.

    Raises
    ------
    ValueError
        If another device is asked for.

    Examples
    --------
    >>> L = np.array([[0, 0, -1], [1, 1, -1], [0, 0, -1], [1, -1, 1]])
    >>> model = LabelModel(verbose=False)
    >>> model.fit(L, seed=1, progress_bar=False)
    >>> model.predict(L).tolist()
    [0, 1, 0, 1]
    """

    mu: Any

    def __init__(self, cardinality: int = 2, **kwargs: Any) -> None:
        super().__init__(cardinality)
        self.config = LabelModelConfig(**kwargs)
        if self.config.device != "cpu":
            raise ValueError("device=cuda but CUDA not available.")

    def fit(
        self,
        L_train: NDArray[np.int64],
        Y_dev: Any = None,
        class_balance: Sequence[float] | None = None,
        progress_bar: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        **kwargs: Any,
    ) -> None:
        """Learn from votes.

        Parameters
        ----------
        L_train : array of shape (n_examples, n_lfs)
            Votes; -1 is an abstain.
        Y_dev : array of int, optional
            Labels whose frequencies are the class balance, if none is given. Nothing else is learned from them.
        class_balance : list of float, optional
            P(class); equal if not given.
        progress_bar : bool
        **kwargs
            Settings of :class:`TrainConfig`.

        Raises
        ------
        ValueError
            If votes, balance or settings do not fit.
        Exception
            If the loss becomes NaN.
        """
        self.train_config = merge_config(TrainConfig(), kwargs)
        self.logger = Logger(self.train_config.log_freq)
        L = votes_of(L_train)
        cells = np.asarray(L_train)
        highest = cells.max() if cells.dtype.kind == "f" else L.max()
        if highest > self.cardinality - 1:
            raise ValueError(f"L_train has cardinality {highest + 1}, cardinality={self.cardinality} passed in.")
        self._set_constants(L)
        self._set_class_balance(class_balance, Y_dev)
        self._create_tree()
        counts = self._set_moments(L)
        self.coverage = counts.diagonal().reshape(self.m, -1).sum(axis=1) / self.n
        self._init_params()
        self.warmup_steps = n_warmup_steps(self.train_config)
        optimizer, rates = optimizer_of(self.train_config), rates_of(self.train_config)
        loss = loss_of(_array(self.O), self._mask, self.p, _array(self.mu_init), self.train_config.l2)
        mu = drawn = _array(self.mu)
        try:
            for mu, value in descent(drawn, loss, optimizer, self._shown(rates, progress_bar=progress_bar)):  # noqa: B007 - the last mu counts
                if self.logger.check() and self.config.verbose:
                    self.logger.log({"train/loss": value})
        except FloatingPointError as error:
            raise Exception(str(error)) from None  # noqa: TRY002 - Snorkel's
        self.mu = _tensor(mu)
        self._clamp_params()
        self._break_col_permutation_symmetry()
        if self.config.verbose:
            logging.getLogger().info("Finished Training")

    def predict_proba(self, L: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return P(class | votes); shape (n_examples, cardinality)."""
        return self._posterior(within(votes_of(L), self.cardinality))

    def _posterior(self, votes: NDArray[np.int64]) -> NDArray[np.float64]:
        n_lfs = len(_array(self.mu)) // self.cardinality
        if votes.shape[1] != n_lfs:
            raise ValueError(f"L has {votes.shape[1]} columns, but the model was fitted on {n_lfs} rules")
        self._set_constants(votes)
        total = log_posterior(votes, _array(self.mu), self.p)
        X = np.exp(total - total.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(X / X.sum(axis=1, keepdims=True))

    def predict(
        self,
        L: NDArray[np.int64],
        return_probs: bool | None = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        tie_break_policy: str = "abstain",
    ) -> Any:
        """Return the most probable class of each row; with ``"abstain"``, a row without a vote has none."""
        votes = within(votes_of(L), self.cardinality)
        probs = self._posterior(votes)
        preds = probs_to_preds(probs, tie_break_policy)
        if tie_break_policy == "abstain":
            preds[(votes == -1).all(axis=1)] = -1
        return (preds, probs) if return_probs else preds

    def get_conditional_probs(self) -> NDArray[np.float64]:
        """Return P(vote | class), abstaining first; shape (n_lfs, cardinality + 1, cardinality)."""
        mu = _array(self.mu).reshape(self.m, self.cardinality, self.cardinality).astype(np.float64)
        return np.concatenate([1 - mu.sum(axis=1, keepdims=True), mu], axis=1)

    def get_weights(self) -> NDArray[np.float64]:
        """Return how often each rule is right where it votes, by the model; shape (n_lfs,)."""
        right = np.einsum("iyy,y->i", self.get_conditional_probs()[:, 1:], self.p)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.clip(right / self.coverage, 1e-6, 1.0))

    # Parts of fit, by Snorkel's names ---------------------------------------------------------------------------------

    def _set_constants(self, L: NDArray[np.int64]) -> None:
        self.n, self.m = L.shape
        self.t = 1

    def _set_class_balance(self, class_balance: Any, Y_dev: Any = None) -> None:
        name, p = "class_balance", np.full(self.cardinality, 1 / self.cardinality)
        classes: list[Any] = list(range(self.cardinality))
        if class_balance is not None:
            p = np.array(class_balance, dtype=float)
        elif Y_dev is not None:
            frequencies = Counter(np.asarray(Y_dev).tolist())
            classes = sorted(frequencies)
            counts = np.array([frequencies[label] for label in classes])
            name, p = "Y_dev", counts / counts.sum()
        if len(p) != self.cardinality:
            unit = "entries" if name == "class_balance" else "class(es)"
            raise ValueError(f"{name} has {len(p)} {unit}. Does not match LabelModel cardinality {self.cardinality}.")
        if np.any(p == 0):
            raise ValueError(f"Class balance prior is 0 for class(es) {np.flatnonzero(p == 0)}.")
        warn_of_balance(p, classes)
        self.p, self.P = p, _tensor(np.diag(p))

    def _create_tree(self) -> None:
        self.c_tree = CliqueTree(self.m, self.cardinality)

    def _create_L_ind(self, L: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: N802 - Snorkel's name
        return indicators(np.asarray(L) - 1, self.cardinality)

    def _get_augmented_label_matrix(self, L: NDArray[np.int64], higher_order: bool = False) -> NDArray[np.float64]:  # noqa: ARG002, FBT001, FBT002 - Snorkel's signature
        return self._create_L_ind(L)

    def _generate_O(self, L: NDArray[np.int64], higher_order: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002, N802 - Snorkel's
        self._set_moments(np.asarray(L).astype(int) - 1)

    def _set_moments(self, L: NDArray[np.int64]) -> NDArray[np.int64]:
        self.d = L.shape[1] * self.cardinality
        counts = pair_counts(L, self.cardinality)
        self.O = _tensor(counts / self.n)
        return counts

    def _build_mask(self) -> None:
        self._mask = pairs_of_rules(self.m, self.cardinality)
        self.mask = self._mask.view(Tensor)

    def _init_params(self) -> None:
        given = self.train_config.prec_init
        if not isinstance(given, int | float | np.ndarray | list) and not hasattr(given, "detach"):
            raise TypeError(f"prec_init is of type {type(given)} which is not supported currently.")
        precision = _array(given).astype(np.float32)
        precision = np.full(self.m, precision) if precision.ndim == 0 else precision
        if precision.shape[0] != self.m:
            raise ValueError(f"prec_init must have shape {self.m}.")
        self._prec_init = _tensor(precision)
        self.mu_init = _tensor(first_mu(_array(self.O), precision, self.p))
        self.mu = _tensor(drawn_start(_array(self.mu_init), self.train_config.seed))
        self._build_mask()

    def _clamp_params(self) -> None:
        self.mu = _tensor(clamped(_array(self.mu), self.n, self.train_config.mu_eps))

    def _break_col_permutation_symmetry(self) -> None:
        mu = _array(self.mu)
        self.mu = aligned_classes(mu, self.p).view(Tensor)

    def _loss_l2(self, l2: Any = 0) -> np.float64:
        drawn = np.broadcast_to(l2, (self.d,))[:, None] * (_array(self.mu) - _array(self.mu_init))
        return np.float64(np.vdot(drawn, drawn))

    def _loss_mu(self, l2: Any = 0) -> np.float64:
        loss = loss_of(_array(self.O), self._mask, self.p, _array(self.mu_init), l2)
        return np.float64(loss(_array(self.mu))[0])

    def _shown(self, rates: Iterable[float], *, progress_bar: bool) -> Iterable[float]:
        if not progress_bar:
            return rates
        from tqdm import tqdm  # noqa: PLC0415 - for who watches

        shown: Iterable[float] = tqdm(rates, total=self.train_config.n_epochs, unit="epoch")
        return shown


class CliqueTree:
    """The cliques of rules: each rule alone.

    Attributes
    ----------
    nodes : dict of int to dict
        The rules of each clique, and the columns of their votes.
    """

    def __init__(self, n_lfs: int, n_classes: int) -> None:
        self.nodes = {
            i: {"members": {i}, "start_index": i * n_classes, "end_index": (i + 1) * n_classes} for i in range(n_lfs)
        }
