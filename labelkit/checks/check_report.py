"""The result of ``labelkit check``: the problems found, as text and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from labelkit._shared.numbers import plural
from labelkit._shared.secrets import masked
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.written_lists import names_and_more
from labelkit.checks.gates import Judgement
from labelkit.checks.lint import Problem
from labelkit.rules.labeling_functions import LabelingFunctions

GATES: Final = "what a rule promises by @expect"
"""What a gate is."""

ROWS: Final = 1_000
"""Rows of a corpus that a check tries."""

ROWS_OF_PYTEST: Final = 10_000
"""Rows on which the pytest plugin judges gates by default, as its own constant says."""

MOST_CLASSES: Final = 12
"""Classes that are named."""


@dataclass(frozen=True)
class CheckReport(ShownResult):
    """The result of a check of rules.

    Attributes
    ----------
    lfs : LabelingFunctions
    n_examples : int
        Examples that the rules declare.
    problems : list of Problem
        Errors first.
    judgements : list of Judgement
        The gates, held against the corpus.
    votes : dict from str to int
        With a corpus: the rows among those tried that each rule voted on.
    n_rows : int
        Rows of the corpus that were tried.
    are_first : bool
        Whether these are the first rows of more.
    """

    lfs: LabelingFunctions
    n_examples: int
    problems: list[Problem]
    judgements: list[Judgement] = field(default_factory=list)
    votes: dict[str, int] = field(default_factory=dict)
    n_rows: int = 0
    are_first: bool = False

    @property
    def ok(self) -> bool:
        """True if there is no error."""
        return not self._of("error")

    @property
    def clean(self) -> bool:
        """True if there is neither an error nor a warning."""
        return self.ok and not self._of("warning")

    def _of(self, severity: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == severity]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``ok``, ``clean``, ``classes``, the counts, ``rules``, ``problems`` and ``gates``."""
        space = self.lfs.space
        return {
            "ok": self.ok,
            "clean": self.clean,
            "classes": list(space.names),
            "examples": self.n_examples,
            "rows": self.n_rows,
            "rules": [
                {
                    "name": lf.name,
                    "kind": lf.kind,
                    "columns": list(lf.columns),
                    "labels": None if lf.labels is None else [space.name(label) for label in lf.labels],
                    "votes": self.votes.get(lf.name),
                }
                for lf in self.lfs
            ],
            "problems": [
                {**one.__dict__, "message": masked(one.message), "hint": None if one.hint is None else masked(one.hint)}
                for one in self.problems
            ],
            "gates": [one.to_dict() for one in self.judgements],
        }

    def _page(self) -> ResultPage:
        rules = ResultTable(self._rules(), indent="  ")
        return ResultPage(
            [f"{plural(len(self.lfs), 'rule')} for {_classes(self.lfs.space.names)}"], [rules], self._lines()
        )

    def _rules(self) -> list[list[str]]:
        width = max(len(lf.kind) for lf in self.lfs)
        rows = []
        for lf in self.lfs:
            classes = "any class" if lf.labels is None else ", ".join(self.lfs.space.name(label) for label in lf.labels)
            n_votes = self.votes.get(lf.name)
            votes = "" if n_votes is None else f"  {n_votes:>5} {'vote' if n_votes == 1 else 'votes'}"
            rows.append([lf.name, lf.kind.ljust(max(width, 9)), f"reads {', '.join(lf.columns)} -> {classes}{votes}"])
        return rows

    def _lines(self) -> list[str]:
        lines = [f"{plural(self.n_examples, 'example')} {'was' if self.n_examples == 1 else 'were'} run"]
        if self.n_rows:
            first = "the first " if self.are_first else ""
            tried = plural(self.n_rows, "row of the corpus was", "rows of the corpus were")
            lines.append(f"{first}{tried} tried{self._more_rows()}")
        if any(lf.gates for lf in self.lfs):
            lines.append(self._gates())
        counts = [(len(self._of(severity)), severity) for severity in ("error", "warning", "note")]
        return [
            *lines,
            *(line for problem in self.problems for line in str(problem).split("\n")),
            ", ".join(plural(n, severity) for n, severity in counts if n) or "no problems",
        ]

    def _more_rows(self) -> str:
        if not self.are_first:
            return ""
        gated = any(lf.gates for lf in self.lfs) and self.n_rows < ROWS_OF_PYTEST
        return f": rows= takes more{f'; pytest judges gates on {ROWS_OF_PYTEST:,}' if gated else ''}"

    def _gates(self) -> str:
        n_gates = sum(len(lf.gates) for lf in self.lfs)
        gates = f"{plural(n_gates, 'gate')} ({GATES}) {'was' if n_gates == 1 else 'were'}"
        if not self.n_rows:
            return f"{gates} not judged: that needs a corpus"
        outcomes = [judged.outcome for judged in self.judgements]
        counts = [f"{outcomes.count(o)} {o}" for o in ("kept", "undecided", "broken", "unknown") if o in outcomes]
        return f"{len(outcomes)} of {gates} judged: {', '.join(counts)}"


def _classes(names: Sequence[str]) -> str:
    """Name classes with their numbers."""
    numbered = (f"{name} ({number})" for number, name in enumerate(names))
    return f"the classes {names_and_more(numbered, MOST_CLASSES)}"
