"""Remarks of a report: the findings of ``what_to_fix``, and what only a finished run can tell.

Everything that a report says of this kind comes through :func:`remarks_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit.analysis.what_to_fix import what_to_fix
from labelkit.runs.report._html import count, percent, plural

if TYPE_CHECKING:
    from labelkit.votes.vote_patterns import VotePatterns

MOST: Final = 40
"""Findings that are told; the ones behind them matter less."""


@dataclass(frozen=True)
class Remark:
    """One thing to look at.

    Attributes
    ----------
    title, text : str
    rules : tuple of (int, str)
        The positions and names of the rules that it is about.
    """

    title: str
    text: str
    rules: tuple[tuple[int, str], ...] = ()


def remarks_of(manifest: Mapping[str, Any], patterns: VotePatterns, model: Any) -> list[Remark]:
    """Everything that a report warns of, the most important first.

    Parameters
    ----------
    manifest : mapping
        The run's.
    patterns : VotePatterns
    model : label model or None
    """
    return [*_of_the_run(manifest), *_findings(manifest, patterns, model)]


def _of_the_run(manifest: Mapping[str, Any]) -> Iterator[Remark]:
    rejects = manifest["rejects"]
    if rejects:
        share = percent(rejects / (rejects + manifest["examples"]))
        yield Remark("rows that could not be read", f"{plural(rejects, 'row')} ({share}) of the corpus were left out.")


def _findings(manifest: Mapping[str, Any], patterns: VotePatterns, model: Any) -> list[Remark]:
    places = {name: j for j, name in enumerate(patterns.names)}
    unknown = manifest["gold"] is not None and patterns.gold is None  # in a run of an earlier version
    found = what_to_fix(patterns, model=model)
    findings = [finding for finding in found if not (unknown and finding.problem == "too little gold")]
    told = [
        Remark(finding.problem, finding.why, tuple((places[name], name) for name in finding.lfs if name in places))
        for finding in findings[:MOST]
    ]
    more = len(findings) - MOST
    return told if more <= 0 else [*told, Remark(f"{count(more)} more", "lk.what_to_fix(...) lists them all.")]
