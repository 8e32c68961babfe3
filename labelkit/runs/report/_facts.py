"""All that a report tells of a run, read from its folder and, for the texts of the examples, from its corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_arrays import arrow_array
from labelkit.analysis.summary import Summary
from labelkit.exceptions import CorpusError, MatrixError, ModelError, RunFolderError
from labelkit.runs.match_patterns import finders_of
from labelkit.runs.report._example_rows import ExampleTable, LabeledRow
from labelkit.runs.report._history import EarlierRun, earlier_runs
from labelkit.runs.report._read_parts import LabelShares, LookedRows, Parts, faults_by_row
from labelkit.runs.report._remarks import Remark, remarks_of
from labelkit.runs.report._sample import Chosen, PairCounts
from labelkit.runs.report.source import SourceRows
from labelkit.votes.described_prior import described_prior
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder

T = TypeVar("T")

MOST_REJECTS: Final = 20
"""Rejected rows that are shown."""


@dataclass(frozen=True)
class Facts:
    """The contents of a report.

    Attributes
    ----------
    folder : RunFolder
    patterns : VotePatterns
    summary : Summary
        A row for each rule, and one for all.
    pairs : PairCounts
    conflicting : list of (int, int)
        Pairs of rules that disagree, those that do most first.
    shares : LabelShares
    examples : Examples
    rejects : list of dict
        The first ones.
    earlier : list of EarlierRun
    remarks : list of Remark
    """

    folder: RunFolder
    patterns: VotePatterns
    summary: Summary
    pairs: PairCounts
    conflicting: list[tuple[int, int]]
    shares: LabelShares
    examples: Examples
    rejects: list[dict[str, Any]]
    earlier: list[EarlierRun]
    remarks: list[Remark]

    @property
    def manifest(self) -> dict[str, Any]:
        """The rules and the corpus of the run."""
        return self.folder.manifest

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules, in order."""
        return list(self.manifest["rules"])

    @property
    def classes(self) -> list[str]:
        """The names of the classes."""
        return list(self.manifest["classes"])

    def numbers(self, j: int) -> dict[str, Any]:
        """The statistics of a rule by its position; of all rules together by -1."""
        return {name: column[j] for name, column in self.summary.columns.items()}

    @property
    def class_prior(self) -> str:
        """What the class prior is, and the share of each class."""
        line = described_prior(self.manifest["class_prior"], self.manifest.get("prior_source"))
        return line.removeprefix("class prior").removeprefix(", ").removeprefix(" ")  # which stands above it

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return int(self.manifest["examples"])


@dataclass(frozen=True)
class Examples:
    """The examples that are shown.

    Attributes
    ----------
    table : ExampleTable
    chosen : Chosen
    note : str
        Why texts are missing, if they are.
    n_looked : int
        Rows in which they were looked for.
    """

    table: ExampleTable
    chosen: Chosen
    note: str
    n_looked: int


def read_facts(folder: RunFolder, corpus: Any, *, history: bool) -> Facts:
    """Read what a report tells.

    Raises
    ------
    RunFolderError
        If a file of the folder is missing or cannot be read.
    CorpusError
        If the given corpus is not the run's.
    """
    try:
        return _read(folder, corpus, history=history)
    except (pa.ArrowException, MatrixError, FileNotFoundError, KeyError, json.JSONDecodeError) as error:
        raise RunFolderError(
            f"{folder.place!r} is not whole: {type(error).__name__}: {error}",
            hint="labelkit run ... --force",
            code="LK506",
        ) from error


def _read(folder: RunFolder, corpus: Any, *, history: bool) -> Facts:
    patterns = folder.patterns()
    if patterns.gold is not None:
        import pandas  # noqa: F401, ICN001, PLC0415 - statistics by gold need it, and a thread is not to import it
    # Statistics keep one core busy, and reading examples another.
    with ThreadPoolExecutor(1, thread_name_prefix="labelkit") as pool:
        remarks = pool.submit(remarks_of, folder.manifest, patterns, _model(folder))
        pairs = PairCounts.of(patterns)
        conflicting = pairs.conflicting()
        looked, shares = Parts(folder).read()
        return Facts(
            folder=folder,
            patterns=patterns,
            summary=Summary.read_csv(folder.layout.summary),
            pairs=pairs,
            conflicting=conflicting,
            shares=shares,
            examples=_examples(folder, looked, SourceRows.of(folder.manifest, corpus), conflicting),
            rejects=_rejects(folder.layout.rejects),
            earlier=earlier_runs(folder) if history else [],
            remarks=remarks.result(),
        )


def _model(folder: RunFolder) -> Any:
    """The label model; None where it cannot be read back, as one of the user's own class."""
    try:
        return folder.votes_model()
    except ModelError:
        return None


def _examples(
    folder: RunFolder, looked: LookedRows, source: SourceRows, conflicting: list[tuple[int, int]]
) -> Examples:
    """Choose examples and read their texts."""
    rules, classes = folder.manifest["rules"], folder.manifest["classes"]
    nothing = np.full(len(looked.rows), ABSTAIN, dtype=np.int64)
    gold, no_gold = _tried(lambda: source.gold(classes, looked.rows), nothing)
    chosen = Chosen.among(looked.votes, looked.labels, looked.top, gold, conflicting)
    in_turn = chosen.in_turn()
    places = np.sort(np.asarray(in_turn, dtype=np.int64))
    ids = looked.ids.take(arrow_array(places)).to_pylist()
    no_values: dict[int, tuple[Any, ...]] = {}
    values, no_texts = _tried(lambda: source.values(looked.rows[places], ids), no_values)
    columns, values = _longest_first(source.columns, values)
    failed = faults_by_row(folder.faults, [rule["name"] for rule in rules])
    id_of = dict(zip(places.tolist(), ids, strict=True))

    def row_of(place: int) -> LabeledRow:
        votes, row = looked.votes_of(place, failed), int(looked.rows[place])
        label, top = int(looked.labels[place]), float(looked.top[place])
        return LabeledRow(id_of[place], values.get(row, ()), votes, label, top, int(gold[place]))

    table = ExampleTable(columns, finders_of(rules))
    table.fill(in_turn, row_of)
    return Examples(table, chosen, no_gold or no_texts or source.note, len(looked.rows))


def _longest_first(
    columns: tuple[str, ...], values: dict[int, tuple[Any, ...]]
) -> tuple[tuple[str, ...], dict[int, tuple[Any, ...]]]:
    """Put the columns with the most text first: they are what one reads."""
    if not values:
        return (), {}
    length = [sum(len(row[c]) for row in values.values() if isinstance(row[c], str)) for c in range(len(columns))]
    order = sorted(range(len(columns)), key=lambda c: -length[c])
    return tuple(columns[c] for c in order), {at: tuple(row[c] for c in order) for at, row in values.items()}


def _tried(read: Callable[[], T], otherwise: T) -> tuple[T, str]:
    """Read the corpus, or give the reason if it cannot be read: an iterator, for one, is gone after the run."""
    try:
        return read(), ""
    except CorpusError as error:
        return otherwise, f"The examples have no texts: {error.message}."


def _rejects(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in islice(file, MOST_REJECTS)]
