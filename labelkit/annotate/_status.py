"""How far the answers to a sample are, and what they say of the corpus so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelkit._shared.numbers import plural, share_with_bounds
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import Cell, ResultPage, ResultTable
from labelkit.annotate._estimates import EstimatedShare


@dataclass(frozen=True, repr=False)
class AnnotationStatus:
    """How far the answers are.

    Attributes
    ----------
    path : Path
        The file of the answers.
    n_examples, n_done : int
        Examples that are asked about, and those that have as many answers as they need.
    n_labels : int
        Examples with a label: annotators agree, or an answer decides.
    n_disputed : int
        Examples whose answers differ, or of which somebody is unsure, and that nobody has decided.
    n_unsure : int
        Those of them of which somebody is unsure, and of which no labels differ; another answer may label them.
    sample : str
        How the examples were chosen.
    annotators : dict of str to int
        Labels by annotator.
    shares : tuple of EstimatedShare
        The share of each class in the corpus; empty where the examples were not drawn at random.
    rules_right : EstimatedShare or None
        How often the label that most rules vote for is right, where they have one.
    corpus_changed : bool
        Whether the corpus was written again since it was read.
    """

    path: Path
    n_examples: int
    n_done: int
    n_labels: int
    n_disputed: int
    n_unsure: int
    sample: str
    annotators: dict[str, int]
    shares: tuple[EstimatedShare, ...]
    rules_right: EstimatedShare | None
    corpus_changed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``path``, ``examples``, ``done``, ``labels``, ``disputed``, ``unsure``, and the rest."""
        return {
            "path": str(self.path),
            "examples": self.n_examples,
            "done": self.n_done,
            "labels": self.n_labels,
            "disputed": self.n_disputed,
            "unsure": self.n_unsure,
            "sample": self.sample,
            "annotators": dict(self.annotators),
            "shares": [plain_value(asdict(share)) for share in self.shares],
            "rules_right": None if self.rules_right is None else plain_value(asdict(self.rules_right)),
            "corpus_changed": self.corpus_changed,
        }

    def __str__(self) -> str:
        n_differ = self.n_disputed - self.n_unsure
        kinds = f" ({n_differ:,} with labels that differ, {self.n_unsure:,} unsure)" if self.n_unsure else ""
        head = (
            f"{self.n_done:,} of {plural(self.n_examples, 'example')} done ({self.sample}); "
            f"{plural(self.n_labels, 'label')}, {self.n_disputed:,} disputed{kinds}, in {self.path}"
        )
        people: list[list[Cell]] = [[name, f"{n:,}"] for name, n in self.annotators.items()]
        tables = [ResultTable(people, ["annotator", "labels"], align="<>")] if people else []
        estimates = [*self.shares, *([] if self.rules_right is None else [self.rules_right])]
        rows: list[list[Cell]] = [
            [
                f"share of {one.name}" if one in self.shares else f"{one.name} are right on",
                share_with_bounds(one.share, one.low, one.high),
                f"{one.n:,}",
            ]
            for one in estimates
        ]
        if rows:
            tables.append(ResultTable(rows, ["estimate", "95% interval", "answers"], align="<<>"))
        return ResultPage([head], tables).to_text()

    def __repr__(self) -> str:
        return f"AnnotationStatus({self.n_done:,} of {self.n_examples:,} done, {plural(self.n_labels, 'label')})"
