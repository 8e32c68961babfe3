"""Policies that draw their sequences at random."""

from collections.abc import Sequence

import numpy as np

from labelkit.interop.snorkel.augmentation.policy.core import Policy


class MeanFieldPolicy(Policy):
    """Draws each transformation of a sequence from one distribution.

    Parameters
    ----------
    n_tfs : int
        The number of transformations.
    sequence_length : int
        Transformations in a sequence.
    p : sequence of float, optional
        The probability of each, of length ``n_tfs``; the same for all if not given.
    n_per_original, keep_original
        As in :class:`Policy`.
    seed : int, optional
        The policy then draws from numbers of its own: what other code draws or seeds changes nothing, nor is that
        changed. If not given, it draws from the global state of NumPy (``numpy.random.seed``), as in Snorkel.

    Examples
    --------
    >>> MeanFieldPolicy(2, sequence_length=3, p=[1.0, 0.0], seed=0).generate()
    [0, 0, 0]
    """

    def __init__(
        self,
        n_tfs: int,
        sequence_length: int = 1,
        p: Sequence[float] | None = None,
        n_per_original: int = 1,
        keep_original: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        *,
        seed: int | None = None,
    ) -> None:
        self.sequence_length = sequence_length
        self._p = p
        self._own = None if seed is None else np.random.RandomState(seed)
        super().__init__(n_tfs, n_per_original=n_per_original, keep_original=keep_original)

    def generate(self) -> list[int]:
        """Return one sequence."""
        choice = np.random.choice if self._own is None else self._own.choice
        return [int(number) for number in choice(self.n, size=self.sequence_length, p=self._p)]


class RandomPolicy(MeanFieldPolicy):
    """Draws each transformation of a sequence with the same probability.

    Parameters
    ----------
    n_tfs, sequence_length, n_per_original, keep_original, seed
        As in :class:`MeanFieldPolicy`.
    """

    def __init__(
        self,
        n_tfs: int,
        sequence_length: int = 1,
        n_per_original: int = 1,
        keep_original: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        *,
        seed: int | None = None,
    ) -> None:
        super().__init__(n_tfs, sequence_length, None, n_per_original, keep_original, seed=seed)
