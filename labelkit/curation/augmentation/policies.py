"""Policies: which transformations are applied to an example, in which order, and how many examples are made of it.

The names and options are those of Snorkel; the number of transformations need not be given.

>>> rng = np.random.default_rng(0)
>>> ApplyEachPolicy().sequences(2, rng), ApplyAllPolicy(n_per_original=2).sequences(2, rng)
([(0,), (1,)], [(0, 1), (0, 1)])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError


@runtime_checkable
class AugmentationPolicy(Protocol):
    """Chooses the transformations of an example; users may write further ones.

    One that has an attribute ``draws`` that is False chooses the same ones for all examples.
    """

    @property
    def keep_original(self) -> bool:
        """Whether the originals are among the rows of the result."""
        ...

    def sequences(self, n_tfs: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Return, for each example to be made of one original, the transformations to apply one after the other."""
        ...


@checks_keywords
@dataclass(frozen=True)
class ApplyOnePolicy:
    """Apply the only transformation, ``n_per_original`` times.

    Parameters
    ----------
    n_per_original : int
        Examples to make of each.
    keep_original : bool
        Whether the originals are among the rows of the result.
    """

    draws: ClassVar[bool] = False

    n_per_original: int = 1
    keep_original: bool = True

    def __post_init__(self) -> None:
        _check_number("n_per_original", self.n_per_original)

    def sequences(self, n_tfs: int, _rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Return the only transformation, again and again."""
        if n_tfs != 1:
            raise AnalysisError(
                f"ApplyOnePolicy is for one transformation, and there are {n_tfs}",
                hint="policy=lk.ApplyEachPolicy() makes an example by each, lk.ApplyAllPolicy() one by all",
            )
        return [(0,)] * self.n_per_original


@checks_keywords
@dataclass(frozen=True)
class ApplyAllPolicy:
    """Apply all transformations, one after the other in their order, ``n_per_original`` times.

    Parameters
    ----------
    n_tfs : int, optional
        Checked, if given.
    n_per_original, keep_original
        As in :class:`ApplyOnePolicy`.
    """

    draws: ClassVar[bool] = False

    n_tfs: int | None = None
    n_per_original: int = 1
    keep_original: bool = True

    def __post_init__(self) -> None:
        _check_number("n_per_original", self.n_per_original)

    def sequences(self, n_tfs: int, _rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Return all transformations in their order."""
        _check_tfs(self.n_tfs, n_tfs)
        return [tuple(range(n_tfs))] * self.n_per_original


@checks_keywords
@dataclass(frozen=True)
class ApplyEachPolicy:
    """Make an example by each transformation alone.

    Parameters
    ----------
    n_tfs : int, optional
        Checked, if given.
    keep_original : bool
        As in :class:`ApplyOnePolicy`.
    """

    draws: ClassVar[bool] = False

    n_tfs: int | None = None
    keep_original: bool = True

    def sequences(self, n_tfs: int, _rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Return each transformation alone."""
        _check_tfs(self.n_tfs, n_tfs)
        return [(tf,) for tf in range(n_tfs)]


@checks_keywords
@dataclass(frozen=True)
class MeanFieldPolicy:
    """Draw the transformations of each sequence independently, with given probabilities.

    Parameters
    ----------
    n_tfs : int, optional
        Checked, if given.
    sequence_length : int
        Transformations of one example.
    p : sequence of float, optional
        The probability of each transformation; all alike if not given.
    n_per_original, keep_original
        As in :class:`ApplyOnePolicy`.

    References
    ----------
    Ratner et al. (2017), Learning to compose domain-specific transformations for data augmentation.
    https://arxiv.org/abs/1709.01643
    """

    n_tfs: int | None = None
    sequence_length: int = 1
    p: Sequence[float] | None = None
    n_per_original: int = 1
    keep_original: bool = True

    def __post_init__(self) -> None:
        _check_number("n_per_original", self.n_per_original)
        _check_number("sequence_length", self.sequence_length)
        if self.p is not None:
            _check_probabilities(self.p)

    def sequences(self, n_tfs: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Draw the sequences."""
        _check_tfs(self.n_tfs, n_tfs)
        if self.p is not None and len(self.p) != n_tfs:
            raise AnalysisError(f"p has {len(self.p)} probabilities for {n_tfs} transformations")
        drawn = rng.choice(n_tfs, (self.n_per_original, self.sequence_length), p=self.p)
        return [tuple(sequence) for sequence in drawn.tolist()]


@checks_keywords
@dataclass(frozen=True)
class RandomPolicy:
    """Draw the transformations of each sequence independently, all with the same probability.

    Parameters
    ----------
    n_tfs, sequence_length, n_per_original, keep_original
        As in :class:`MeanFieldPolicy`.
    """

    n_tfs: int | None = None
    sequence_length: int = 1
    n_per_original: int = 1
    keep_original: bool = True

    def __post_init__(self) -> None:
        _check_number("n_per_original", self.n_per_original)
        _check_number("sequence_length", self.sequence_length)

    def sequences(self, n_tfs: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Draw the sequences."""
        field = MeanFieldPolicy(self.n_tfs, self.sequence_length, n_per_original=self.n_per_original)
        return field.sequences(n_tfs, rng)


def policy_of(given: Any, n_tfs: int) -> AugmentationPolicy:
    """Take a policy, or a class of policies; by default an example is made by each transformation.

    Raises
    ------
    AnalysisError
        If it is none, or is for another number of transformations.
    """
    policy = ApplyEachPolicy() if given is None else given() if isinstance(given, type) else given
    if not isinstance(policy, AugmentationPolicy):
        raise AnalysisError(f"policy={given!r:.60} is no policy", hint="policy=lk.RandomPolicy(n_per_original=2)")
    policy.sequences(n_tfs, np.random.default_rng(0))
    return policy


def policy_parameters(policy: AugmentationPolicy) -> Mapping[str, Any]:
    """Return the name and the options of a policy, for the record."""
    return {"policy": type(policy).__name__, **{name: one for name, one in vars(policy).items() if one is not None}}


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise AnalysisError(f"{name}={value!r} is not a number from 1", hint=f"{name}=2")


def _check_tfs(expected: int | None, n_tfs: int) -> None:
    if expected is not None and expected != n_tfs:
        raise AnalysisError(
            f"the policy is for n_tfs={expected} transformations, and there are {n_tfs}", hint="leave n_tfs out"
        )


def _check_probabilities(p: Sequence[float]) -> None:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not (values >= 0).all() or abs(values.sum() - 1) > 1e-8:
        raise AnalysisError(f"p={p!r:.60} are not probabilities with the sum 1", hint="p=[0.5, 0.25, 0.25]")
