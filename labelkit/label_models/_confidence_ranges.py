"""Confidences of votes: each rule that reports them becomes one labeling function per range of confidence.

Confidences are calibrated by the model, not taken at face value: the votes of a rule with a confidence of 90 to 100%
are one labeling function, those with 50 to 70% another, so that every model that weighs labeling functions can weigh
them. A range has enough votes to learn from; its mean confidence is its prior precision unless the author stated one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import GivenVotes
    from labelkit.votes.lf_info import LFInfo

MOST_RANGES: Final = 5
"""Upper bound of the number of ranges of one rule."""

LEAST_VOTES: Final = 30
"""Lower bound of the votes in a range, if the rule has as many."""

SURE: Final = 255
"""The highest confidence: certainty."""


@dataclass(frozen=True)
class ConfidenceRanges:
    """The ranges of confidence of one rule.

    Parameters
    ----------
    lf : str
    starts : tuple of int
        The lowest confidence of each range, ascending; lower ones belong to the first range.
    priors : tuple of float
        Mean confidence of the votes in each, as a share; NaN where the rule reported none.
    """

    lf: str
    starts: tuple[int, ...]
    priors: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        """Return a name for each range."""
        stops = [*self.starts[1:], SURE]
        shares = [(start / SURE, stop / SURE) for start, stop in zip(self.starts, stops, strict=True)]
        return [f"{self.lf} ({low:.0%} - {high:.0%} sure)" for low, high in shares]

    def infos(self, lf: LFInfo) -> list[LFInfo]:
        """Return the LFInfo of each range."""
        means = [min(max(p, 0.02), 0.98) if p == p else None for p in self.priors]  # noqa: PLR0124 - NaN
        precisions = [mean if lf.precision is None else lf.precision for mean in means]
        return [replace(lf, name=n, precision=p, levels=0) for n, p in zip(self.names, precisions, strict=True)]

    def of(self, confidence: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the range of each confidence."""
        return np.maximum(np.searchsorted(self.starts, confidence, side="right") - 1, 0)


def ranges_of(given: GivenVotes) -> tuple[ConfidenceRanges, ...]:
    """Divide the confidences of each rule that reports them into ranges."""
    if given.confidence is None or given.outcomes is None:
        return ()
    ranges = []
    for j, lf in enumerate(given.lfs):
        voted = given.outcomes[:, j] > ABSTAIN
        if lf.levels and voted.any():
            n_votes = np.bincount(given.confidence[voted, j], weights=given.counts[voted], minlength=SURE + 1)
            ranges.append(_divided(lf.name, n_votes.astype(np.float64)))
    return tuple(ranges)


def _divided(lf: str, n_votes: NDArray[np.float64]) -> ConfidenceRanges:
    """Divide the levels of confidence into ranges with about equal numbers of votes."""
    enough = max(LEAST_VOTES, n_votes.sum() / MOST_RANGES)
    starts, held = [int(np.flatnonzero(n_votes)[0])], 0.0
    for level in np.flatnonzero(n_votes):
        if held >= enough and n_votes[level:].sum() >= LEAST_VOTES:
            starts.append(int(level))
            held = 0.0
        held += n_votes[level]
    which = np.maximum(np.searchsorted(starts, np.arange(SURE + 1), side="right") - 1, 0)
    with_confidence = np.where(np.arange(SURE + 1) > 0, n_votes, 0.0)  # 0: the rule reported none
    totals = np.bincount(which, weights=with_confidence, minlength=len(starts))
    sums = np.bincount(which, weights=with_confidence * np.arange(SURE + 1) / SURE, minlength=len(starts))
    priors = np.divide(sums, totals, out=np.full(len(starts), np.nan), where=totals > 0)
    return ConfidenceRanges(lf, tuple(starts), tuple(priors.tolist()))


def expanded(given: GivenVotes, ranges: tuple[ConfidenceRanges, ...]) -> GivenVotes:
    """Replace each rule that has ranges by a labeling function per range; sparse votes stay as they are."""
    by_name = {one.lf: one for one in ranges}
    if not by_name or given.outcomes is None:
        return given
    columns: list[NDArray[Any]] = []
    lfs: list[LFInfo] = []
    for j, lf in enumerate(given.lfs):
        outcomes = given.outcomes[:, j]
        of_lf = by_name.get(lf.name)
        if of_lf is None:
            columns.append(outcomes)
            lfs.append(lf)
            continue
        sure = np.zeros(len(outcomes), np.uint8) if given.confidence is None else given.confidence[:, j]
        which = of_lf.of(sure)
        columns += [np.where((which == r) | (outcomes < ABSTAIN), outcomes, ABSTAIN) for r in range(len(of_lf.starts))]
        lfs += of_lf.infos(lf)
    outcomes = np.asfortranarray(np.stack(columns, axis=1))
    return replace(given, outcomes=outcomes, lfs=tuple(lfs), confidence=None, in_order=False)
