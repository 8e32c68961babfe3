"""Train the label model of Snorkel: conditional probabilities of votes that reproduce how often pairs of rules agree.

All that is learned from are the moments ``O = E[psi psi']``, with ``psi`` the indicators of each vote of each rule. The
loss is ``||(O - mu P mu') over pairs of rules||^2 + ||mu p - diag(O)||^2``; its gradient is followed for a number of
epochs, as torch's optimizers do it: in 32-bit numbers, from the same start.

References
----------
Ratner et al. (2019), Training complex models with multi-task weak supervision. https://doi.org/10.1609/aaai.v33i01.33014763
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models.snorkel_settings import TrainConfig

BLOCK_ROWS: Final = 65_536
"""Rows whose votes are laid out at a time."""

BITS_OF_BYTES: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits of each byte are 1."""

Loss = Callable[["NDArray[np.float32]"], "tuple[float, NDArray[np.float32]]"]


def indicators(votes: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return 1 where a rule gives a vote; shape (n_examples, n_lfs * n_classes)."""
    return np.asarray((votes[:, :, None] == np.arange(n_classes)).reshape(len(votes), -1), dtype=np.float64)


def pair_counts(votes: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Count the examples that have each pair of votes; shape (n_lfs * n_classes, n_lfs * n_classes)."""
    d = votes.shape[1] * n_classes
    counts = np.zeros((d, d), dtype=np.int64)
    for start in range(0, len(votes), BLOCK_ROWS):
        bits = _packed(votes[start : start + BLOCK_ROWS], n_classes)
        for i in range(d):
            counts[i, i:] += _ones(bits[i] & bits[i:]).sum(axis=1, dtype=np.int64)
    return counts + np.triu(counts, 1).T


def _ones(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Count the bits of each word, or of each of its bytes where NumPy has no function for it."""
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(words))
    return np.asarray(BITS_OF_BYTES[words.view(np.uint8)])


def _packed(votes: NDArray[np.int64], n_classes: int) -> NDArray[np.uint64]:
    """Pack the indicators of each vote over the rows into words; shape (n_lfs * n_classes, n_words)."""
    small = votes.astype(np.int8 if n_classes <= 127 else np.int32)
    columns = np.ascontiguousarray(small.T)[:, None, :] == np.arange(n_classes, dtype=small.dtype)[:, None]
    packed = np.packbits(columns.reshape(-1, len(votes)), axis=1)
    words = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    return words.view(np.uint64)


def pairs_of_rules(n_lfs: int, n_classes: int) -> NDArray[np.bool_]:
    """Return True for pairs of votes of two rules."""
    rule = np.repeat(np.arange(n_lfs), n_classes)
    return np.asarray(rule[:, None] != rule)


def first_mu(
    moments: NDArray[np.float32], precision: NDArray[np.float32], p: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return P(vote | class) if a vote is right with its rule's precision, and other classes never get it.

    Shape (n_lfs * n_classes, n_classes).
    """
    n_classes = len(p)
    diagonal = np.diag(moments).reshape(-1, n_classes) * precision[:, None] / p
    return np.asarray((np.clip(diagonal, 0, 1)[:, :, None] * np.eye(n_classes)).reshape(-1, n_classes), np.float32)


def loss_of(
    moments: NDArray[np.float32],
    mask: NDArray[np.bool_],
    p: NDArray[np.float64],
    start: NDArray[np.float32],
    l2: ArrayLike,
) -> Loss:
    """Return a function from mu to the loss and its gradient; ``l2`` draws mu to its start."""
    prior, diagonal = p.astype(np.float32), np.diag(moments)
    strength = np.broadcast_to(np.asarray(l2, dtype=np.float32), (len(moments),))[:, None]

    def loss(mu: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        weighted = mu * prior
        pairs = np.where(mask, moments - weighted @ mu.T, np.float32(0))
        single = weighted.sum(axis=1) - diagonal
        drawn = strength * (mu - start)
        value = np.vdot(pairs, pairs) + np.vdot(single, single) + np.vdot(drawn, drawn)
        return float(value), -4 * (pairs @ weighted) + 2 * single[:, None] * prior + 2 * strength * drawn

    return loss


# Optimizers -----------------------------------------------------------------------------------------------------------


@dataclass
class Optimizer:
    """Steps of one of torch's optimizers.

    Parameters
    ----------
    kind : {"sgd", "adam", "adamax"}
    momentum : float
        Of ``sgd``.
    betas : tuple of float
        Of the others.
    amsgrad : bool
        Of ``adam``.
    eps : float
    weight_decay : float
        Added to the gradient, times mu.
    """

    kind: str
    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    amsgrad: bool = False
    eps: float = 1e-8
    weight_decay: float = 0.0
    _n_steps: int = 0
    _state: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def step(self, mu: NDArray[np.float32], gradient: NDArray[np.float32], lr: float) -> NDArray[np.float32]:
        """Return mu after a step."""
        self._n_steps += 1
        g = gradient + np.float32(self.weight_decay) * mu if self.weight_decay else gradient
        change = self._momentum(g) if self.kind == "sgd" else self._adaptive(g)
        return np.asarray(mu - np.float32(lr) * change, dtype=np.float32)

    def _momentum(self, g: NDArray[np.float32]) -> NDArray[np.float32]:
        self._state["velocity"] = np.float32(self.momentum) * self._state.get("velocity", np.float32(0)) + g
        return self._state["velocity"]

    def _adaptive(self, g: NDArray[np.float32]) -> NDArray[np.float32]:
        zero, (b1, b2), n = np.zeros_like(g), self.betas, self._n_steps
        mean = self._state["mean"] = np.float32(b1) * self._state.get("mean", zero) + np.float32(1 - b1) * g
        scale = self._state.get("scale", zero)
        if self.kind == "adamax":
            self._state["scale"] = np.maximum(np.float32(b2) * scale, np.abs(g) + np.float32(self.eps))
            return np.asarray(mean / np.float32(1 - b1**n) / self._state["scale"])
        scale = self._state["scale"] = np.float32(b2) * scale + np.float32(1 - b2) * g * g
        if self.amsgrad:
            scale = self._state["highest"] = np.maximum(self._state.get("highest", zero), scale)
        root = np.sqrt(scale) / np.float32(np.sqrt(1 - b2**n)) + np.float32(self.eps)
        return np.asarray(mean / np.float32(1 - b1**n) / root)


def optimizer_of(config: TrainConfig) -> Optimizer:
    """Return the optimizer that is set.

    Raises
    ------
    ValueError
        If there is no such one.
    """
    if config.optimizer not in ("sgd", "adam", "adamax"):
        raise ValueError(f"Unrecognized optimizer option '{config.optimizer}'")
    more = getattr(config.optimizer_config, f"{config.optimizer}_config")._asdict()
    return Optimizer(config.optimizer, weight_decay=config.l2, **more)


# Learning rates -------------------------------------------------------------------------------------------------------


def rates_of(config: TrainConfig) -> Iterator[float]:
    """Return the learning rate of each epoch: first the rise, then the schedule.

    Raises
    ------
    ValueError
        If there is no such schedule, or the rise is none.
    """
    warm = n_warmup_steps(config)
    if config.lr_scheduler not in ("constant", "linear", "exponential", "step"):
        raise ValueError(f"Unrecognized lr scheduler option '{config.lr_scheduler}'")
    return _scheduled(config, warm)


def n_warmup_steps(config: TrainConfig) -> int:
    """Return the epochs in which the learning rate rises."""
    rising = config.lr_scheduler_config
    if not rising.warmup_steps:
        return int(rising.warmup_percentage * config.n_epochs)
    if rising.warmup_steps < 0:
        raise ValueError("warmup_steps much greater or equal than 0.")
    if rising.warmup_unit != "epochs":
        raise ValueError("LabelModel does not support any warmup_unit other than 'epochs'.")
    return int(rising.warmup_steps)


def _scheduled(config: TrainConfig, warm: int) -> Iterator[float]:
    """Return rates as two schedulers of torch do, the rise made first: a linear fall sets the first rate again."""
    kind, base, falling = config.lr_scheduler, config.lr, config.lr_scheduler_config
    lr, n_falls, left = (0.0 if warm and kind != "linear" else base), 0, config.n_epochs - warm
    for epoch in range(config.n_epochs):
        yield lr
        if epoch < warm:
            lr = base * (epoch + 1) / warm
        elif kind != "constant":
            n_falls += 1
            if kind == "linear":
                lr = base * (left - n_falls) / left
            elif kind == "exponential":
                lr *= falling.exponential_config.gamma
            elif n_falls % falling.step_config.step_size == 0:
                lr *= falling.step_config.gamma
            lr = max(lr, falling.min_lr) if falling.min_lr else lr


# The whole ------------------------------------------------------------------------------------------------------------


def train(
    moments: NDArray[np.float32], p: NDArray[np.float64], n_examples: float, config: TrainConfig
) -> NDArray[np.float32]:
    """Learn P(vote | class) from moments.

    Parameters
    ----------
    moments : ndarray of shape (n_lfs * n_classes, n_lfs * n_classes)
        Shares of the examples that have both votes.
    p : ndarray of shape (n_classes,)
        The class prior.
    n_examples : float
    config : TrainConfig

    Returns
    -------
    ndarray of shape (n_lfs * n_classes, n_classes), in (0, 1)

    Raises
    ------
    ValueError
        If a setting is out of range.
    FloatingPointError
        If the loss becomes NaN: the learning rate is too large.
    """
    n_lfs = len(moments) // len(p)
    precision = np.asarray(config.prec_init, dtype=np.float32)
    precision = np.full(n_lfs, precision) if precision.ndim == 0 else precision
    if precision.shape != (n_lfs,):
        raise ValueError(f"prec_init must have shape {n_lfs}.")
    start = first_mu(moments, precision, p)
    loss = loss_of(moments, pairs_of_rules(n_lfs, len(p)), p, start, config.l2)
    mu = drawn = drawn_start(start, config.seed)
    for mu, _ in descent(drawn, loss, optimizer_of(config), rates_of(config)):  # noqa: B007 - the last one counts
        pass
    return aligned_classes(clamped(mu, n_examples, config.mu_eps), p)


def drawn_start(start: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return the start times a number in [0, 1) that the seed draws."""
    return np.asarray(start * np.float32(np.random.RandomState(seed).random_sample()))


def descent(
    mu: NDArray[np.float32], loss: Loss, optimizer: Optimizer, rates: Iterable[float]
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Yield mu after each step, and the loss before it.

    Raises
    ------
    FloatingPointError
        If the loss becomes NaN.
    """
    for lr in rates:
        with np.errstate(all="ignore"):
            value, gradient = loss(mu)
            if np.isnan(value):
                raise FloatingPointError("Loss is NaN. Consider reducing learning rate.")
            mu = optimizer.step(mu, gradient, lr)
        yield mu, value


def clamped(mu: NDArray[np.float32], n_examples: float, eps: float | None) -> NDArray[np.float32]:
    """Keep probabilities off 0 and 1: by ``eps``, else by what so many examples can tell."""
    least = min(0.01, 1 / 10 ** np.ceil(np.log10(n_examples))) if eps is None else eps
    return np.asarray(np.clip(mu, np.float32(least), np.float32(1 - least)))


def aligned_classes(mu: NDArray[np.float32], p: NDArray[np.float64]) -> NDArray[np.float32]:
    """Exchange classes of equal prior so that the rules are right as often as they can be."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import

    n_classes = len(p)
    right = mu.reshape(-1, n_classes, n_classes).sum(axis=0) * p.astype(np.float32)
    place, rounded = np.arange(n_classes), np.around(p.astype(np.float32), 3)
    for prior in np.unique(rounded):
        group = np.flatnonzero(rounded == prior)
        vote, column = linear_sum_assignment(right[np.ix_(group, group)], maximize=True)
        place[group[vote]] = group[column]
    return np.asarray(mu[:, place])


def log_posterior(votes: NDArray[np.int64], mu: NDArray[np.float32], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute log P(class, votes) but for a constant of the example; abstains do not count."""
    n_classes, n_lfs = len(p), votes.shape[1]
    tables = np.zeros((n_lfs, n_classes + 1, n_classes))
    tables[:, 1:] = np.log(mu.astype(np.float64)).reshape(n_lfs, n_classes, n_classes)
    total = np.tile(np.log(p), (len(votes), 1))
    for start in range(0, len(votes), BLOCK_ROWS):
        some = total[start : start + BLOCK_ROWS]
        for table, column in zip(tables, np.ascontiguousarray(votes[start : start + BLOCK_ROWS].T) + 1, strict=True):
            some += table[column]
    return total
