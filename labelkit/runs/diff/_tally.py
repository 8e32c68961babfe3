"""Counts of what flipped, added up over pairs of chunks; nothing here grows with the examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.seed_streams import seeded
from labelkit.runs.diff._sides import Chunk
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import FAULT


@dataclass(frozen=True)
class Layout:
    """The positions of the rules and classes of both sides.

    Parameters
    ----------
    names : tuple of str
        Every labeling function of either side.
    before, after : tuple of int or None
        Its column on each side; None where it is not there.
    recode : ndarray of int
        From classes of the second side to those used here, then the outcomes -2 and -1, which count from the end.
    same_classes : bool
        Whether there is nothing to recode.
    class_names : tuple of str
    """

    names: tuple[str, ...]
    before: tuple[int | None, ...]
    after: tuple[int | None, ...]
    recode: NDArray[Any]
    same_classes: bool
    class_names: tuple[str, ...]


@dataclass
class Paired:
    """Counts of right and wrong votes or labels before and after, on the same examples with gold.

    Parameters
    ----------
    right, wrong : list of two int
        How many there are before and after.
    newly_right, newly_wrong : int
        On how many examples there was none before.
    wrong_to_right, right_to_wrong : int
        On how many there is another one now.
    lost_right, lost_wrong : int
        On how many there is none any more, by what it was.
    """

    right: list[int] = field(default_factory=lambda: [0, 0])
    wrong: list[int] = field(default_factory=lambda: [0, 0])
    newly_right: int = 0
    newly_wrong: int = 0
    wrong_to_right: int = 0
    right_to_wrong: int = 0
    lost_right: int = 0
    lost_wrong: int = 0

    @property
    def right_gained(self) -> int:
        """On how many examples there is a right one that was wrong, or not there."""
        return self.newly_right + self.wrong_to_right

    @property
    def right_lost(self) -> int:
        """On how many examples the right one is wrong now, or not there."""
        return self.lost_right + self.right_to_wrong

    @property
    def wrong_gained(self) -> int:
        """On how many examples there is a wrong one that was right, or not there."""
        return self.newly_wrong + self.right_to_wrong

    @property
    def wrong_lost(self) -> int:
        """On how many examples the wrong one is right now, or not there."""
        return self.lost_wrong + self.wrong_to_right

    def add(self, before: NDArray[Any], after: NDArray[Any], gold: NDArray[Any]) -> None:
        """Count some examples; gold is -1 where it is not known."""
        has_gold = gold >= 0
        right = [has_gold & (values == gold) for values in (before, after)]
        wrong = [has_gold & (values >= 0) & (values != gold) for values in (before, after)]
        for side in (0, 1):
            self.right[side] += int(right[side].sum())
            self.wrong[side] += int(wrong[side].sum())
        none = [~(a | b) for a, b in zip(right, wrong, strict=True)]
        self.newly_right += int((none[0] & right[1]).sum())
        self.newly_wrong += int((none[0] & wrong[1]).sum())
        self.wrong_to_right += int((wrong[0] & right[1]).sum())
        self.right_to_wrong += int((right[0] & wrong[1]).sum())
        self.lost_right += int((right[0] & none[1]).sum())
        self.lost_wrong += int((wrong[0] & none[1]).sum())


@dataclass
class Samples:
    """For each kind of flip, the examples with the smallest of random keys: a sample that can be taken in passing."""

    size: int
    kept: dict[Any, list[tuple[float, int, Any]]] = field(default_factory=dict)

    def offer(self, kinds: NDArray[np.int64], keys: NDArray[np.float64], chunk: Chunk, name: Any) -> None:
        """Take notice of some flips, each of a kind."""
        for kind in np.unique(kinds).tolist():
            of_kind = np.flatnonzero(kinds == kind)
            first = of_kind[np.argsort(keys[of_kind], kind="stable")[: self.size]]
            entries = zip(keys[first].tolist(), chunk.rows[first].tolist(), chunk.ids[first].tolist(), strict=True)
            kept = sorted([*self.kept.get((name, kind), []), *entries], key=lambda entry: entry[0])
            self.kept[name, kind] = kept[: self.size]

    def ids(self, name: Any, kind: int) -> tuple[Any, ...]:
        """The sample of a kind, in the order of the corpus."""
        return tuple(i for _, _, i in sorted(self.kept.get((name, kind), []), key=lambda entry: entry[1]))


class DiffTally:
    """Counts of the agreements and differences of two sides.

    ``votes`` are counts of votes of each rule, before and after; ``moves`` are counts of flips of each kind, of rules,
    of labels, of rules on examples whose label flips (``by``) and of labels where no vote does (``unmoved``). A flip
    from ``before`` to ``after`` has the kind ``(before + 2) * width + after + 2``.
    """

    def __init__(self, layout: Layout, *, sample: int, random_state: int) -> None:
        n_lfs = len(layout.names)
        self.layout = layout
        self.width = len(layout.class_names) + 2
        self.n_examples = 0
        self.covered = [0, 0]
        self.votes = np.zeros((n_lfs, 2), dtype=np.int64)
        self.moves = np.zeros((n_lfs, self.width**2), dtype=np.int64)
        self.label_moves = np.zeros(self.width**2, dtype=np.int64)
        self.by = np.zeros((n_lfs, self.width**2), dtype=np.int64)
        self.unmoved = np.zeros(self.width**2, dtype=np.int64)
        self.n_gold = 0
        self.paired = [Paired() for _ in layout.names]
        self.label_pairs = Paired()
        self.samples = Samples(sample)
        self._draw = seeded(random_state)

    def add(self, before: Chunk, after: Chunk, gold: NDArray[Any] | None) -> None:
        """Count a pair of chunks of the same examples."""
        keys = self._draw.random(len(before))
        self.n_examples += len(before)
        for side, chunk in enumerate((before, after)):
            self.covered[side] += int((chunk.outcomes >= 0).any(axis=1).sum())
        flipped, kinds = self._labels(before, after, keys)
        moved = np.zeros(len(flipped), dtype=np.bool_)
        for j in range(len(self.layout.names)):
            old, new = self._columns(j, before, after)
            changed = self._votes(j, old, new, before, keys)[flipped]
            self.by[j] += np.bincount(kinds[changed], minlength=self.width**2)
            moved |= changed
            if gold is not None:
                self.paired[j].add(old, new, gold)
        self.unmoved += np.bincount(kinds[~moved], minlength=self.width**2)
        if gold is not None:
            self.n_gold += int((gold >= 0).sum())
            if before.labels is not None and after.labels is not None:
                self.label_pairs.add(before.labels, self._recoded(after.labels), gold)

    def _recoded(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self.layout.same_classes else self.layout.recode[values]

    def _columns(self, j: int, before: Chunk, after: Chunk) -> tuple[NDArray[Any], NDArray[Any]]:
        """The outcomes of a rule on both sides; a rule that is not there says nothing."""
        old, new = self.layout.before[j], self.layout.after[j]
        silent = np.full(len(before), ABSTAIN, dtype=self.layout.recode.dtype)
        return (
            silent if old is None else before.outcomes[:, old],
            silent if new is None else self._recoded(after.outcomes[:, new]),
        )

    def _votes(
        self, j: int, old: NDArray[Any], new: NDArray[Any], chunk: Chunk, keys: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Count the votes and the flips of a rule; returns where it flipped."""
        self.votes[j] += [(old >= 0).sum(), (new >= 0).sum()]
        differs = np.asarray(old != new)
        changed = np.flatnonzero(differs)
        if len(changed):
            kinds = self._kinds(old[changed], new[changed])
            self.moves[j] += np.bincount(kinds, minlength=self.width**2)
            self.samples.offer(kinds, keys[changed], chunk[changed], j)
        return differs

    def _kinds(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        return (old.astype(np.int64) - FAULT) * self.width + new.astype(np.int64) - FAULT

    def _labels(
        self, before: Chunk, after: Chunk, keys: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The examples whose label flipped, and how."""
        if before.labels is None or after.labels is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        old, new = before.labels, self._recoded(after.labels)
        flipped = np.flatnonzero(old != new)
        kinds = self._kinds(old[flipped], new[flipped])
        self.label_moves += np.bincount(kinds, minlength=self.width**2)
        if len(flipped):
            self.samples.offer(kinds, keys[flipped], before[flipped], None)
        return flipped, kinds

    def kinds(self, counts: NDArray[np.int64]) -> list[tuple[int, int, int, int]]:
        """The kinds of flips that occurred: before, after, the kind's number, how often."""
        moves = [(*divmod(kind, self.width), kind, int(counts[kind])) for kind in np.flatnonzero(counts).tolist()]
        return [(old + FAULT, new + FAULT, kind, n) for old, new, kind, n in moves]
