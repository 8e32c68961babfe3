"""The result of ``labelkit check``: the problems found, as text and as an exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

from labelkit.checks.gates import Judgement
from labelkit.checks.lint import Problem
from labelkit.rules.labeling_functions import LabelingFunctions


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    lfs : LabelingFunctions
    n_examples : int
        How many examples the rules declare.
    problems : list of Problem
        What looks wrong; errors first.
    judgements : list of Judgement
        What the corpus says of the gates.
    votes : dict from str to int
        With a corpus: how many of the rows that were tried each rule voted on.
    n_rows : int
        How many rows were tried.
    """

    lfs: LabelingFunctions
    n_examples: int
    problems: list[Problem]
    judgements: list[Judgement] = field(default_factory=list)
    votes: dict[str, int] = field(default_factory=dict)
    n_rows: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self._of("error")

    @property
    def clean(self) -> bool:
        """Whether there is neither an error nor a warning."""
        return self.ok and not self._of("warning")

    def _of(self, severity: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == severity]

    def __str__(self) -> str:
        lines = [f"{len(self.lfs)} rules over {self.lfs.space!r}", *self._rules()]
        lines.append(f"{self.n_examples:,} examples were run")
        if self.n_rows:
            lines.append(f"{self.n_rows:,} rows of the corpus were tried")
        if any(lf.gates for lf in self.lfs):
            lines.append(self._gates())
        lines += map(str, self.problems)
        counts = [(len(self._of(severity)), severity) for severity in ("error", "warning", "note")]
        found = [f"{n} {severity}{'s' if n > 1 else ''}" for n, severity in counts if n]
        return "\n".join([*lines, ", ".join(found) or "no problems"])

    def _rules(self) -> list[str]:
        width, kinds = max(len(lf.name) for lf in self.lfs), max(9, *(len(lf.kind) for lf in self.lfs))
        lines = []
        for lf in self.lfs:
            classes = "any class" if lf.labels is None else ", ".join(self.lfs.space.name(label) for label in lf.labels)
            tried = f"  {self.votes[lf.name]:>5} votes" if lf.name in self.votes else ""
            lines.append(f"  {lf.name:<{width}}  {lf.kind:<{kinds}}  reads {', '.join(lf.columns)} -> {classes}{tried}")
        return lines

    def _gates(self) -> str:
        n_gates = sum(len(lf.gates) for lf in self.lfs)
        if not self.n_rows:
            return f"{n_gates} gates were not judged: that needs a corpus"
        outcomes = [judged.outcome for judged in self.judgements]
        counts = [f"{outcomes.count(o)} {o}" for o in ("kept", "undecided", "broken", "unknown") if o in outcomes]
        return f"{len(outcomes)} of {n_gates} gates were judged: {', '.join(counts)}"
