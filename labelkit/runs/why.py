"""Explain one label of a run: the text, the votes with the words that matched, and what each vote moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labelkit._shared.markup import FAILED, Chip
from labelkit._shared.numbers import DASH, decimal
from labelkit._shared.plain_values import plain_value
from labelkit._shared.stored_files import read_parquet
from labelkit._shared.tables import WIDTH, Cell, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError, RunFolderError
from labelkit.label_models.explanation import HELD_TERMS, meaning_of, scale_of
from labelkit.runs.content_labels import reads_examples, saved_features
from labelkit.runs.given_run import opened_run
from labelkit.runs.match_patterns import finders_of
from labelkit.runs.one_version import one_version
from labelkit.runs.report.source import SourceRows
from labelkit.runs.run_corpus import as_it_is_now
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.alignment import shown_names
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.name_habits import HABIT_ROWS, habit

if TYPE_CHECKING:
    from labelkit.label_models.explanation import Explanation

MOST_TEXT: Final = 2_000
"""Characters of a value that are shown."""

MOST_WORDS: Final = 5
"""Matched texts of a rule that are shown."""

_IN_MEMORY: Final = (
    "of votes in memory, model.explain(matrix, ids) gives the terms of the votes; of a run, give its path"
)


@dataclass(frozen=True)
class WhyVote:
    """A vote on the example, or a failure.

    Attributes
    ----------
    rule, vote : str
        ``vote`` is the name of a class, or ``(failed)``.
    log_odds : float
        What the vote adds to ``total``; NaN where the model's score is not a sum.
    matched : tuple of str
        The texts that the rule matched, where it is declarative.
    """

    rule: str
    vote: str
    log_odds: float
    matched: tuple[str, ...]


@dataclass(frozen=True)
class WhyContent:
    """What the content of the example adds, of a label model that reads it.

    Attributes
    ----------
    log_odds : float
        Of the most probable class.
    words : tuple of (str, float)
        The words that add most, with what each adds.
    """

    log_odds: float
    words: tuple[tuple[str, float], ...]


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class Why(ShownResult):
    """The label of one example of a run, with its reasons.

    Attributes
    ----------
    id : str or int
    label : str or None
        None for no label.
    proba : dict from str to float
        By class.
    scale : str
        ``"log-odds"``: ``total`` is ``ln(p / (1 - p))`` of the most probable class. ``"mean log-odds"``, of more than
        two classes: the mean of ``ln(p / p(another class))`` over the other classes.
    prior : float
        The term of the class prior; NaN where the model's score is not a sum.
    total : float
        The log-odds of the most probable class: the sum of the prior and of the terms of the votes and of content.
    votes : tuple of WhyVote
        The one that moves most first.
    values : dict from str to object
        The columns that the rules read; empty without the corpus.
    gold : str or None
    notes : tuple of str
    content : WhyContent or None
        What its content adds; None of a label model of votes alone.
    """

    id: Any
    label: str | None
    proba: dict[str, float]
    scale: str
    prior: float
    total: float
    votes: tuple[WhyVote, ...]
    values: dict[str, Any]
    gold: str | None
    notes: tuple[str, ...]
    content: WhyContent | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as plain values."""
        content = None if self.content is None else self.content.__dict__
        return dict(plain_value({**self.__dict__, "votes": [vote.__dict__ for vote in self.votes], "content": content}))

    def to_string(self, width: int = WIDTH) -> str:
        """Format the reasons for a terminal."""
        return self._page(width).to_text()

    def _page(self, width: int = WIDTH) -> ResultPage:
        shares = ", ".join(f"{name} {decimal(p)}" for name, p in sorted(self.proba.items(), key=lambda one: -one[1]))
        gold = "" if self.gold is None else f"; gold: {self.gold}"
        lead = [f"{self.id}: {self.label or 'no label'} ({shares}){gold}"]
        shown = {name: DASH if value is None else str(value)[:MOST_TEXT] for name, value in self.values.items()}
        values = ResultTable([[f"{name}:", text] for name, text in shown.items()], align="<", cell_width=MOST_TEXT)
        prior: list[list[Cell]] = [] if math.isnan(self.prior) else [["prior", DASH, _signed(self.prior), ""]]
        rows = [*prior, *map(self._cells, self.votes)]
        if self.content is not None:
            words = ", ".join(f"{word!r} {_signed(moved)}" for word, moved in self.content.words)
            rows.append(["content", DASH, _signed(self.content.log_odds), words])
        best = max(self.proba, key=lambda name: self.proba[name])
        heads = ["rule", "vote", f"{self.scale} of {best}", "matched"]
        meaning = []
        if not math.isnan(self.total):
            rows.append(["total", DASH, _signed(self.total), ""])
            meaning = meaning_of(best, len(self.proba))
        votes = ResultTable(rows, heads, align="<<><", title="votes", cell_width=width)
        return ResultPage(lead, [values, votes], [*meaning, *self.notes])

    def _cells(self, vote: WhyVote) -> list[Cell]:
        classes = list(self.proba)
        shown = Chip(vote.vote, classes.index(vote.vote)) if vote.vote in classes else vote.vote
        return [vote.rule, shown, _signed(vote.log_odds), ", ".join(map(repr, vote.matched[:MOST_WORDS]))]


def _signed(value: float) -> str:
    return DASH if math.isnan(value) else f"{value:+.2f}"


@checks_keywords
def why(run: Any, id: Any, *, corpus: Any = None) -> Why:  # noqa: A002 - the word that users write
    """Explain the label of one example of a run.

    Parameters
    ----------
    run : RunFolder or path
    id : str or int
        Of the example; its position where the examples have no ids. A number as text is a number where ids are.
    corpus : object, optional
        The corpus of the run, as :func:`labelkit.open_corpus` takes it, if it is not where it was.

    Returns
    -------
    Why

    Raises
    ------
    RunFolderError
        If there is no run folder, or it has no such example.
    """
    folder = opened_run(run, _IN_MEMORY)
    with one_version(folder):
        return _why(folder, id, corpus)


def _why(folder: RunFolder, id_: Any, corpus: Any) -> Why:
    """Decompose one label of an open run."""
    folder.check_labeled()
    number, row, start = _found(folder, id_)
    votes = read_parquet(folder.layout.part("votes", number)).slice(row, 1)
    matrix = LabelMatrix.from_arrow(votes, source=folder.place)
    labels = read_parquet(folder.layout.part("labels", number)).slice(row, 1)
    position, name = start + row, matrix.ids[:1].tolist()[0]
    failed = {fault.lf: fault for fault in folder.faults if fault.row == position}
    proba = np.array([labels.column(f"p_{name_}")[0].as_py() for name_ in matrix.class_names])
    best = int(proba.argmax())
    notes: list[str] = [f"{lf} failed: {fault.error}: {fault.message}" for lf, fault in failed.items()]
    source = SourceRows.of(folder.manifest, corpus)
    values = source.values(np.array([position]), [name]).get(position, ())
    notes += [source.note] if source.note else []
    notes += [f"If {as_it_is_now(folder.manifest)}."] if source.has_changed else []
    explanation = _explained(folder, matrix, name, notes, dict(zip(source.columns, values, strict=False)))
    gold = int(source.gold(matrix.class_names, np.array([position]))[0])
    hard = labels.column("label")[0].as_py()
    shown = dict(zip(source.columns, values, strict=False))
    return Why(
        id=name,
        label=None if hard is None else matrix.class_names[hard],
        proba=dict(zip(matrix.class_names, proba.tolist(), strict=True)),
        scale=scale_of(len(matrix.class_names)),
        prior=float("nan") if explanation is None else float(explanation.prior[0, best]),
        total=float("nan") if explanation is None else float(explanation.log_odds[0, best]),
        votes=_reasons(folder, matrix, explanation, best, shown, failed),
        values=shown,
        gold=None if gold < 0 else matrix.class_names[gold],
        notes=tuple(notes),
        content=_content_of(explanation, best),
    )


def _content_of(explanation: Explanation | None, best: int) -> WhyContent | None:
    """Return what the text of the example adds, if the model reads it."""
    if explanation is None or explanation.content is None:
        return None
    words = tuple((word, float(terms[best])) for word, terms in explanation.content.words[0][:MOST_WORDS])
    return WhyContent(float(explanation.content.log_odds[0, best]), words)


def _found(folder: RunFolder, id_: Any) -> tuple[int, int, int]:
    """Find an example: the number of its part, its row in there, and the position of the first row."""
    start, first = 0, None
    for number, part in enumerate(folder.layout.parts("votes")):
        ids = read_parquet(part, columns=[pq.read_schema(part).names[0]]).column(0)
        first = ids if first is None else first
        try:
            row = pc.index(ids, pa.scalar(str(id_)).cast(ids.type)).as_py()
        except pa.ArrowInvalid:  # a text, where ids are numbers
            break
        if row >= 0:
            return number, row, start
        start += len(ids)
    ids = (
        np.empty(0, dtype=object) if first is None else np.asarray(first.slice(0, HABIT_ROWS).to_pylist(), dtype=object)
    )
    why = habit(np.asarray([id_], dtype=object), ids)
    raise RunFolderError(
        f"the run has no example {id_!r}; its ids begin with {shown_names(ids[:3]) if len(ids) else 'none'}",
        hint=why
        or "give an id of the column that names the examples, or the position of the example where there is none",
        code="LK511",
    )


def _explained(
    folder: RunFolder, matrix: LabelMatrix, name: Any, notes: list[str], values: dict[str, Any]
) -> Explanation | None:
    """Decompose the log-odds of the example; a model that reads it gets the values that were read."""
    model = folder.model()
    try:
        if reads_examples(model) and model.gate_.is_open:
            features = saved_features(folder.layout.model)
            if not set(features.columns) <= set(values):
                notes.append(
                    "what each vote moves is not known: the label model reads the example, whose text is not there"
                )
                return None
            texts = pa.table({column: pa.array([values[column]], pa.string()) for column in features.columns})
            explanation: Explanation = model.explain(matrix, features.of_batch(texts), [name])
        else:
            explanation = getattr(model, "base_", model).explain(matrix, [name])
    except ModelError as error:
        notes.append(f"what each vote moves is not known: {error.message}")
        return None
    if explanation.held[0]:
        notes.append(HELD_TERMS)
    return explanation


def _reasons(
    folder: RunFolder,
    matrix: LabelMatrix,
    explanation: Explanation | None,
    best: int,
    values: dict[str, Any],
    failed: dict[str, Any],
) -> tuple[WhyVote, ...]:
    """List the votes, with what each moved and matched; failures last."""
    moved = {} if explanation is None else explanation.terms_of(0, best, matrix.names)
    finders = finders_of(folder.manifest["rules"])
    reasons = [
        WhyVote(
            rule=name,
            vote=matrix.class_names[vote] if vote >= 0 else FAILED,
            log_odds=moved.get(name, float("nan")) if vote >= 0 else float("nan"),
            matched=tuple(
                dict.fromkeys(values[column][begin:end] for column, begin, end in finders[j].matches(values, vote))
            ),
        )
        for j, (name, vote) in enumerate(zip(matrix.names, matrix.votes[0].tolist(), strict=True))
        if vote > ABSTAIN or name in failed
    ]
    return tuple(sorted(reasons, key=lambda one: -abs(np.nan_to_num(one.log_odds))))
