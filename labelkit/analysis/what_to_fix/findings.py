"""A finding, the list of them, and how much each kind of problem counts."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, overload

import pandas as pd

URGENCY: Final = {
    "fails": 1.0,
    "no rule votes for it": 1.0,
    "worse than chance": 1.0,
    "labels are better without it": 1.0,
    "gold looks wrong": 1.0,
    "no vote": 0.7,
    "few votes for it": 0.7,
    "votes are tied": 0.7,
    "labels do not follow the gold": 0.7,
    "against the others": 0.5,
    "votes on everything": 0.3,
    "the same rule twice": 0.1,
    "too little gold": 0.03,
    "hardly any label": 0.03,
    "nothing of its own": 0.02,
    "never votes": 0.0,
}
"""The problems, and how much an example that one touches counts in the ranking: 1 where its label is likely wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing to fix.

    Attributes
    ----------
    rank : int
        From 1, the most pressing first.
    subject : str
        Names of labeling functions, the name of a class, ``"examples"`` or ``"gold"``.
    problem : str
        One of :data:`URGENCY`.
    why : str
        What was counted, and what to do.
    effect : int
        About how many examples it touches.
    lfs : tuple of str
        The labeling functions that it is about.
    """

    rank: int
    subject: str
    problem: str
    why: str
    effect: int
    lfs: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{self.rank}. {self.subject}: {self.problem} ({self.effect:,} examples)"
        margin = " " * (len(str(self.rank)) + 2)
        return f"{head}\n{textwrap.fill(self.why, 120, initial_indent=margin, subsequent_indent=margin)}"


@dataclass(frozen=True, repr=False)
class Findings(Sequence[Finding]):
    """What to fix, the most pressing first.

    Attributes
    ----------
    items : tuple of Finding
    """

    items: tuple[Finding, ...]

    @overload
    def __getitem__(self, key: int) -> Finding: ...
    @overload
    def __getitem__(self, key: slice) -> Findings: ...
    def __getitem__(self, key: int | slice) -> Finding | Findings:
        """One finding by position, or several by slice."""
        return Findings(self.items[key]) if isinstance(key, slice) else self.items[key]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each finding: ``rank``, ``subject``, ``problem``, ``why``, ``effect``."""
        columns = ["rank", "subject", "problem", "why", "effect"]
        return pd.DataFrame([[getattr(item, name) for name in columns] for item in self.items], columns=columns)

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or "Nothing stands out."

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{item.rank}</td><th>{html.escape(item.subject)}</th><td>{html.escape(item.problem)}</td>"
            f"<td>{html.escape(item.why)}</td><td>{item.effect:,}</td></tr>"
            for item in self.items
        )
        head = "".join(f"<th>{name}</th>" for name in ("", "subject", "problem", "why", "examples"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else f"<p>{self}</p>"
        return f'<div class="lk-findings"><style>{_STYLE}</style>{table}</div>'


_STYLE: Final = """
.lk-findings td,.lk-findings th{text-align:left!important;vertical-align:top}
.lk-findings td:last-child{text-align:right!important}
"""


@dataclass(frozen=True)
class Draft:
    """A finding that has no rank yet."""

    problem: str
    subject: str
    effect: float
    why: str
    lfs: tuple[str, ...] = ()


def of_lf(problem: str, name: str, effect: float, why: str) -> Draft:
    """A finding about one labeling function."""
    return Draft(problem, name, float(effect), why, (name,))
