"""Remarks of a report: the findings of ``what_to_fix``, and the rejected rows, which only a finished run has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.command_line import as_both
from labelkit._shared.numbers import count, percent, plural
from labelkit.analysis.what_to_fix import what_to_fix
from labelkit.exceptions import with_code

if TYPE_CHECKING:
    from labelkit.analysis.what_to_fix import Finding
    from labelkit.votes.vote_patterns import VotePatterns

MOST: Final = 40
"""Findings that are listed; the ones behind them matter less."""

MOST_RULES: Final = 6
"""Rules to which a remark links."""


@dataclass(frozen=True)
class RuleReference:
    """A rule that a remark links to."""

    index: int
    name: str


@dataclass(frozen=True)
class Remark:
    """One thing to look at.

    Attributes
    ----------
    title, text : str
    rules : tuple of RuleReference
        The rules that it is about, the first of them.
    n_more : int
        How many there are beside these.
    subject : str
        The classes that it is about, if not rules.
    """

    title: str
    text: str
    rules: tuple[RuleReference, ...] = ()
    n_more: int = 0
    subject: str = ""


def remarks_of(manifest: Mapping[str, Any], patterns: VotePatterns, model: Any) -> list[Remark]:
    """List the remarks of a report, the most important first.

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
        share = percent(rejects / (rejects + manifest["examples"]), mark_tiny=True)
        yield Remark("rows that could not be read", f"{plural(rejects, 'row')} ({share}) of the corpus were left out.")


def _findings(manifest: Mapping[str, Any], patterns: VotePatterns, model: Any) -> list[Remark]:
    places = {name: j for j, name in enumerate(patterns.names)}
    unknown = manifest["gold"] is not None and patterns.gold is None  # in a run of an earlier version
    left_out = {"too little gold"} if unknown else set()
    if manifest.get("taught"):
        left_out.add("labels do not follow the gold")  # which taught them to
    findings = [finding for finding in what_to_fix(patterns, model=model) if finding.problem not in left_out]
    remarks = [_remark(finding, places) for finding in findings[:MOST]]
    more = len(findings) - MOST
    lists_all = as_both("lk.what_to_fix(run.patterns()) lists them all.")
    return remarks if more <= 0 else [*remarks, Remark(f"{count(more)} more", lists_all)]


def _remark(finding: Finding, places: Mapping[str, int]) -> Remark:
    rules = tuple(RuleReference(places[name], name) for name in finding.lfs if name in places)
    of_rules = bool(finding.lfs) and finding.subject.startswith(finding.lfs[0])  # then the links name them
    subject = "" if of_rules or finding.subject in {"examples", "gold"} else finding.subject
    title = with_code(finding.problem, finding.code)
    return Remark(title, as_both(finding.why), rules[:MOST_RULES], max(len(rules) - MOST_RULES, 0), subject)
