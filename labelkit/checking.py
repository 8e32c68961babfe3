"""``labelkit check``: whether rules import, agree with their examples and work, before a long run finds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from labelkit.applier import Applier
from labelkit.collecting import collect
from labelkit.labels import ABSTAIN
from labelkit.lf import LabelingFunction, LabelingFunctions
from labelkit.plan import CHUNK


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    lfs : LabelingFunctions
    n_examples : int
        How many examples the rules declare.
    problems : list of str
        Examples that did not get the expected vote, and rules that failed.
    votes : dict from str to int
        With a corpus: how many of the rows that were tried each rule voted on.
    n_rows : int
        How many rows were tried.
    """

    lfs: LabelingFunctions
    n_examples: int
    problems: list[str]
    votes: dict[str, int] = field(default_factory=dict)
    n_rows: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        width = max(len(lf.name) for lf in self.lfs)
        lines = [f"{len(self.lfs)} rules over {self.lfs.space!r}"]
        for lf in self.lfs:
            classes = "any class" if lf.labels is None else ", ".join(self.lfs.space.name(label) for label in lf.labels)
            tried = f"  {self.votes[lf.name]:>5} votes" if self.n_rows else ""
            lines.append(f"  {lf.name:<{width}}  {lf.kind:<9}  reads {', '.join(lf.columns)} -> {classes}{tried}")
        lines.append(f"{self.n_examples} examples were run")
        if self.n_rows:
            lines.append(f"{self.n_rows} rows of the corpus were tried")
        lines += [f"problem: {problem}" for problem in self.problems] or ["no problems"]
        return "\n".join(lines)


def check_rules(rules: Any, corpus: Any = None, *, labels: Sequence[str] | None = None, rows: int = 200) -> CheckReport:
    """Import rules, run their examples, and try them on the first rows of a corpus.

    Parameters
    ----------
    rules : LabelingFunctions, or as :func:`labelkit.collect` takes them
    corpus : object, optional
        As :meth:`labelkit.Applier.apply` takes it.
    labels : list of class names, optional
    rows : int
        How many rows to try.

    Returns
    -------
    CheckReport
    """
    lfs = rules if isinstance(rules, LabelingFunctions) else collect(rules, labels=labels)
    problems = [problem for lf in lfs for problem in failed_examples(lf)]
    n_examples = sum(len(lf.examples) for lf in lfs)
    if corpus is None:
        return CheckReport(lfs, n_examples, problems)
    applier = Applier(lfs)
    opened = applier.open(corpus)
    batch_rows = -(-max(rows, 1) // CHUNK) * CHUNK
    votes, n_rows = dict.fromkeys(lfs.names, 0), 0
    for batch in islice(opened.batches(applier.plan.columns, batch_rows), 1):
        found = applier.plan.vote(batch.table.slice(0, rows))
        n_rows = len(found.votes)
        votes = dict(zip(lfs.names, (found.votes != ABSTAIN).sum(axis=0).tolist(), strict=True))
        problems += [
            f"rule {lfs.names[j]!r} failed on row {row}: {kind}: {message}"
            for row, j, kind, message in found.faults[:20]
        ]
    return CheckReport(lfs, n_examples, problems, votes, n_rows)


def failed_examples(lf: LabelingFunction[...]) -> list[str]:
    """The declared examples of a rule that do not get the vote that they expect."""
    problems = []
    for inputs, expected in lf.examples:
        shown = ", ".join(repr(value) for value in inputs)
        try:
            vote = lf(*inputs)
        except Exception as error:  # noqa: BLE001 - a rule may raise anything
            problems.append(f"{lf.name}({shown}) raised {type(error).__name__}: {error}")
            continue
        if vote != expected:
            problems.append(f"{lf.name}({shown}) voted {_said(vote)}, but its example expects {_said(expected)}")
    return problems


def _said(vote: int) -> str:
    return "ABSTAIN" if vote == ABSTAIN else str(int(vote))
