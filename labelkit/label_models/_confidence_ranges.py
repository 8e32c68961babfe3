"""Rules that say how sure they are: one labeling function for each range of confidence.

What a confidence is worth is not believed but learned: the votes that a rule is 90 to 100% sure of are one labeling
function, those of 50 to 70% another, so every model that weighs labeling functions can weigh them. A range holds enough
votes to learn from, and the mean confidence in it is its prior precision where the author told none.
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
"""Ranges of one rule at the most."""

LEAST_VOTES: Final = 30
"""Votes in a range at the least, if the rule has as many."""

SURE: Final = 255
"""The confidence of a rule that is certain."""


@dataclass(frozen=True)
class Ranges:
    """The ranges of confidence of one rule.

    Parameters
    ----------
    lf : str
    starts : tuple of int
        The lowest confidence of each range, ascending; the first range holds all that is lower, too.
    priors : tuple of float
        The mean confidence of the votes in each, as a share; NaN where the rule did not say.
    """

    lf: str
    starts: tuple[int, ...]
    priors: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        """What to call each range."""
        stops = [*self.starts[1:], SURE]
        shares = [(start / SURE, stop / SURE) for start, stop in zip(self.starts, stops, strict=True)]
        return [f"{self.lf} ({low:.0%} - {high:.0%} sure)" for low, high in shares]

    def infos(self, lf: LFInfo) -> list[LFInfo]:
        """The description of each range."""
        told = [min(max(prior, 0.02), 0.98) if prior == prior else None for prior in self.priors]  # noqa: PLR0124 - NaN
        precisions = [prior if lf.precision is None else lf.precision for prior in told]
        return [replace(lf, name=n, precision=p, levels=0) for n, p in zip(self.names, precisions, strict=True)]

    def of(self, confidence: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The range of each confidence."""
        return np.maximum(np.searchsorted(self.starts, confidence, side="right") - 1, 0)


def ranges_of(given: GivenVotes) -> tuple[Ranges, ...]:
    """Divide the confidences of each rule that has some into ranges."""
    if given.confidence is None or given.outcomes is None:
        return ()
    found = []
    for j, lf in enumerate(given.lfs):
        voted = given.outcomes[:, j] > ABSTAIN
        if lf.levels and voted.any():
            n_votes = np.bincount(given.confidence[voted, j], weights=given.counts[voted], minlength=SURE + 1)
            found.append(_divided(lf.name, n_votes.astype(np.float64)))
    return tuple(found)


def _divided(lf: str, n_votes: NDArray[np.float64]) -> Ranges:
    """Ranges that hold about as many votes each."""
    enough = max(LEAST_VOTES, n_votes.sum() / MOST_RANGES)
    starts, held = [int(np.flatnonzero(n_votes)[0])], 0.0
    for level in np.flatnonzero(n_votes):
        if held >= enough and n_votes[level:].sum() >= LEAST_VOTES:
            starts.append(int(level))
            held = 0.0
        held += n_votes[level]
    which = np.maximum(np.searchsorted(starts, np.arange(SURE + 1), side="right") - 1, 0)
    told = np.where(np.arange(SURE + 1) > 0, n_votes, 0.0)  # 0: the rule did not say
    totals = np.bincount(which, weights=told, minlength=len(starts))
    sums = np.bincount(which, weights=told * np.arange(SURE + 1) / SURE, minlength=len(starts))
    priors = np.divide(sums, totals, out=np.full(len(starts), np.nan), where=totals > 0)
    return Ranges(lf, tuple(starts), tuple(priors.tolist()))


def expanded(given: GivenVotes, ranges: tuple[Ranges, ...]) -> GivenVotes:
    """The same votes with a labeling function for each range; only of dense votes."""
    by_name = {one.lf: one for one in ranges}
    if not by_name or given.outcomes is None:
        return given
    columns: list[NDArray[Any]] = []
    lfs: list[LFInfo] = []
    for j, lf in enumerate(given.lfs):
        outcomes = given.outcomes[:, j]
        own = by_name.get(lf.name)
        if own is None:
            columns.append(outcomes)
            lfs.append(lf)
            continue
        sure = np.zeros(len(outcomes), np.uint8) if given.confidence is None else given.confidence[:, j]
        which = own.of(sure)
        columns += [np.where((which == r) | (outcomes < ABSTAIN), outcomes, ABSTAIN) for r in range(len(own.starts))]
        lfs += own.infos(lf)
    outcomes = np.asfortranarray(np.stack(columns, axis=1))
    return replace(given, outcomes=outcomes, lfs=tuple(lfs), confidence=None, in_order=False)
