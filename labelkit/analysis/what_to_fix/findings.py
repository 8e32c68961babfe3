"""Define a finding, the list of findings, and the weight of each kind of problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, overload

from labelkit._shared.markup import plain
from labelkit._shared.numbers import count, plural
from labelkit._shared.tables import LINE_WIDTH, HasFrame, ResultPage, ResultTable
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.wrapping import wrapped

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS: Final = {
    "fails": ("LK951", 1.0),
    "no rule votes for it": ("LK952", 1.0),
    "worse than chance": ("LK953", 1.0),
    "labels are better without it": ("LK954", 1.0),
    "less precise than the others": ("LK955", 1.0),
    "gold against unanimous votes": ("LK956", 1.0),
    "no vote": ("LK957", 0.7),
    "few votes for it": ("LK958", 0.7),
    "votes are tied": ("LK959", 0.7),
    "labels do not follow the gold": ("LK960", 0.7),
    "the model doubts it": ("LK961", 0.5),
    "against the others": ("LK962", 0.5),
    "votes on everything": ("LK963", 0.3),
    "the same rule twice": ("LK964", 0.1),
    "too little gold": ("LK965", 0.03),
    "hardly any label": ("LK966", 0.03),
    "nothing of its own": ("LK967", 0.02),
    "never votes": ("LK968", 0.0),
    "the model is far from gold": ("LK969", 0.5),
}
"""The code of each problem, and its weight in the ranking for each example that it touches: 1 where the label is likely
wrong."""

URGENCY: Final = {problem: weight for problem, (_, weight) in PROBLEMS.items()}
"""Weight of each problem in the ranking."""


NOTHING: Final = "Nothing stands out."


@checks_keywords
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
        The counts behind it, and advice.
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

    @property
    def code(self) -> str:
        """The code of its problem, which ``labelkit explain`` knows more of."""
        return PROBLEMS[self.problem][0]

    def __str__(self) -> str:
        code = f" [{self.code}]"
        effect = plural(self.effect, "example")
        head = plain(f"{self.rank}. {self.subject}: {self.problem} ({effect})", LINE_WIDTH - len(code))
        margin = " " * (len(str(self.rank)) + 2)
        why = plain(self.why, LINE_WIDTH)
        return f"{head}{code}\n{wrapped(why, 120, margin)}"


@checks_keywords
@dataclass(frozen=True, repr=False)
class Findings(HasFrame, Sequence[Finding]):
    """Things to fix, the most pressing first.

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
        """A row for each finding: ``rank``, ``subject``, ``problem``, ``code``, ``why``, ``effect``."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and reports of runs do without

        columns = ["rank", "subject", "problem", "code", "why", "effect"]
        return pd.DataFrame([[getattr(item, name) for name in columns] for item in self.items], columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``findings``, each with the attributes of :class:`Finding`; ``lfs`` are ``rules``."""
        names = ("rank", "subject", "problem", "code", "why", "effect")
        return {"findings": [{name: getattr(one, name) for name in names} | {"rules": list(one.lfs)} for one in self]}

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or NOTHING

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [
            (str(one.rank), one.subject, f"{one.problem} [{one.code}]", one.why, count(one.effect))
            for one in self.items
        ]
        heads = ("", "subject", "problem", "why", "examples")
        table = ResultTable(rows, heads=heads, align="<<<<>", head_column=1)
        return ResultPage([] if rows else [NOTHING], [table]).to_html()


@dataclass(frozen=True)
class Draft:
    """A finding that has no rank yet."""

    problem: str
    subject: str
    effect: float
    why: str
    lfs: tuple[str, ...] = ()


def of_lf(problem: str, name: str, effect: float, why: str) -> Draft:
    """Draft a finding about one labeling function."""
    return Draft(problem, name, float(effect), why, (name,))
