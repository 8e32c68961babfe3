"""What to look at, in words: the findings of :mod:`labelkit.advice`, and what only a finished run can tell.

Everything that a report says of this kind comes through :func:`remarks_of`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from labelkit.advice import what_to_fix
from labelkit.report.elements import count, percent, plural

if TYPE_CHECKING:
    from labelkit.report.facts import Facts

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


def remarks_of(facts: Facts) -> list[Remark]:
    """Everything that a report warns of, the most important first."""
    return [*_of_the_run(facts), *_findings(facts)]


def _of_the_run(facts: Facts) -> Iterator[Remark]:
    rejects = facts.manifest["rejects"]
    if rejects:
        share = rejects / (rejects + facts.n_examples)
        yield Remark(
            "rows that could not be read", f"{plural(rejects, 'row')} ({percent(share)}) of the corpus were left out."
        )


def _findings(facts: Facts) -> list[Remark]:
    places = {rule["name"]: j for j, rule in enumerate(facts.rules)}
    unknown = facts.manifest["gold"] is not None and facts.patterns.gold is None  # in a run of an earlier version
    found = what_to_fix(facts.patterns, model=facts.model)
    findings = [finding for finding in found if not (unknown and finding.problem == "too little gold")]
    told = [
        Remark(
            finding.problem,
            finding.why,
            tuple((places[name], name) for name in finding.lfs if name in places),
        )
        for finding in findings[:MOST]
    ]
    more = len(findings) - MOST
    return told if more <= 0 else [*told, Remark(f"{count(more)} more", "lk.what_to_fix(...) lists them all.")]
