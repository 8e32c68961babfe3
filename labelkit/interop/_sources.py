"""Labels with their votes, a piece at a time: out of a run folder, or of labels in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import repeat
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import integers
from labelkit._shared.stored_files import not_readable, read_parquet
from labelkit._shared.threads import blocks
from labelkit.corpus import Corpus, open_corpus
from labelkit.exceptions import ExportError, RunFolderError
from labelkit.interop._corpus_columns import CorpusColumns, ExamplesColumns, RunColumns, run_corpus
from labelkit.runs.match_patterns import MatchFinder, finders_of
from labelkit.runs.one_version import one_version
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.alignment import RowNames, shown_names
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import FAULT
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.storage import stored_ids

PIECE_ROWS: Final = 65_536
"""Examples that are in memory together, at most."""

PIECE_CELLS: Final = 8_000_000
"""Probabilities and votes that are in memory together; 64 MB."""

LEAST_ROWS: Final = 256
"""Examples that are read together, however many classes and rules there are."""


@dataclass(frozen=True, eq=False)
class LabeledRows:
    """Consecutive examples with their labels.

    Parameters
    ----------
    start : int
        The position of the first.
    ids : pyarrow.Array, shape (n,)
    hard : ndarray of int64, shape (n,)
        -1 where there is no label.
    covered : ndarray of bool, shape (n,)
    proba : ndarray of float64, shape (n, n_classes)
    outcomes : ndarray of int, shape (n, n_lfs), or None
        Classes, -1 for an abstain, -2 for a fault; None if votes are not asked for.
    """

    start: int
    ids: pa.Array
    hard: NDArray[np.int64]
    covered: NDArray[np.bool_]
    proba: NDArray[np.float64]
    outcomes: NDArray[Any] | None

    def __len__(self) -> int:
        return len(self.hard)


class LabelSource(Protocol):
    """Labels that can be exported."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes."""

    @property
    def lf_names(self) -> tuple[str, ...]:
        """The labeling functions; none where the votes are not at hand."""

    @property
    def id_name(self) -> str:
        """The column of the ids: that of the corpus, ``row`` where positions are the ids, or ``id``."""

    @property
    def version(self) -> str:
        """What made the labels, for tools that tell predictions apart by it."""

    @property
    def finders(self) -> Mapping[int, MatchFinder]:
        """What finds the matches of each rule, by its position."""

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that the rules read."""

    @property
    def corpus_files(self) -> Sequence[Path]:
        """Where files of the corpus may be, as far as that is known without opening it."""

    def open_corpus(self) -> Corpus | None:
        """Open the corpus of the examples; None if none was given and none is described."""

    def corpus_columns(self, corpus: Corpus, columns: Sequence[str]) -> CorpusColumns:
        """Return the reader of columns of the corpus beside the labels."""

    def pieces(self, *, votes: bool) -> Iterator[LabeledRows]:
        """The examples, in pieces."""


def source_of(labels: Any, matrix: LabelMatrix | None, corpus: Any, id_: str | None) -> LabelSource:
    """Take a run folder, its path, or labels in memory as a source.

    Raises
    ------
    RunFolderError
        If there is no run.
    ExportError
        If these are no labels, or the matrix is of other examples.
    """
    if isinstance(labels, str | Path):
        labels = RunFolder(Path(labels))
    if isinstance(labels, RunFolder):
        if matrix is not None or id_ is not None:
            raise ExportError("a run has votes and ids of its own", hint="leave matrix= and id= out")
        labels.check_labeled()
        return FolderLabels(labels, corpus)
    if isinstance(labels, ProbabilisticLabels):
        return HeldLabels(labels, matrix, None if corpus is None else open_corpus(corpus, id=id_))
    raise ExportError(
        f"an object of type {type(labels).__name__} holds no labels to export",
        hint="give a run folder, its path, or labels: model.label(matrix)",
    )


# A run folder ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FolderLabels:
    """The labels of a run folder, of which no more than a piece of a part is in memory.

    Parameters
    ----------
    folder : RunFolder
    given : object or None
        The corpus, where it is not where the run read it.
    """

    folder: RunFolder
    given: Any = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes."""
        return tuple(self.folder.manifest["classes"])

    @property
    def lf_names(self) -> tuple[str, ...]:
        """The labeling functions."""
        return tuple(rule["name"] for rule in self.folder.manifest["rules"])

    @cached_property
    def id_name(self) -> str:
        """The column of the ids of the corpus, or ``row`` if these are positions."""
        described: str | None = self.folder.manifest["corpus"]["id"]
        if described is not None:
            return described
        if self.folder.manifest["corpus"].get("rows") and not self.folder.layout.index.is_file():
            return "row"  # of the whole corpus
        ids = read_parquet(self.folder.layout.parts("labels")[0], columns=["id"]).column(0).to_numpy()
        return _name_of_ids(ids)

    @property
    def version(self) -> str:
        """The label model, and a digest of the rules, the model and the corpus."""
        manifest = self.folder.manifest
        rules = [[rule["name"], rule.get("fingerprint")] for rule in manifest["rules"]]
        inputs = json.dumps([rules, manifest["model"], manifest["corpus"]["fingerprint"]], sort_keys=True)
        return f"labelkit {manifest['model']['name']} {sha256(inputs.encode()).hexdigest()[:8]}"

    @cached_property
    def finders(self) -> Mapping[int, MatchFinder]:
        """What finds the matches of each rule."""
        return finders_of(self.folder.manifest["rules"])

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that the rules read."""
        return tuple(self.folder.manifest["corpus"].get("columns") or ())

    @property
    def corpus_files(self) -> Sequence[Path]:
        """The places that the manifest names, and what was given."""
        described = self.folder.manifest["corpus"]
        places = [Path(one) for one in (described.get("path"), self.given) if isinstance(one, str | Path)]
        return [*places, *(place / name for place in places for name, *_ in described.get("records") or ())]

    def open_corpus(self) -> Corpus:
        """Open the corpus that was run over.

        Raises
        ------
        ExportError
            If it is not there, or another one.
        """
        return run_corpus(self.folder, self.given)

    def corpus_columns(self, corpus: Corpus, columns: Sequence[str]) -> CorpusColumns:
        """Return the reader of columns of the corpus beside the labels."""
        return RunColumns(corpus, columns, self.folder.manifest)

    def pieces(self, *, votes: bool) -> Iterator[LabeledRows]:
        """The examples, in pieces.

        Raises
        ------
        RunFolderError
            If a part is missing, or the run is updated meanwhile.
        """
        layout, start, faults = self.folder.layout, 0, self._faults if votes else None
        with one_version(self.folder):
            files = layout.parts("labels")
            if votes and len(layout.parts("votes")) != len(files):
                raise RunFolderError(
                    f"{str(layout.folder)!r} lacks a part of its votes", hint="labelkit run ... --force", code="LK506"
                )
            n_rows = _piece_rows(len(self.class_names) + votes * len(self.lf_names))
            for number, file in enumerate(files):
                for labels, voted in _batches(file, layout.part("votes", number) if votes else None, n_rows):
                    outcomes = None if faults is None else faults.marked(start, self._votes(voted))
                    yield self._rows(start, labels, outcomes)
                    start += labels.num_rows
        self.folder.snapshot.check()

    def _rows(self, start: int, labels: pa.RecordBatch, outcomes: NDArray[Any] | None) -> LabeledRows:
        proba = [labels.column(f"p_{name}").to_numpy() for name in self.class_names]
        hard = integers(labels.column("label"), null=ABSTAIN)
        covered = labels.column("covered").to_numpy(zero_copy_only=False)
        return LabeledRows(start, labels.column("id"), hard, covered, np.column_stack(proba), outcomes)

    def _votes(self, batch: pa.RecordBatch) -> NDArray[Any]:
        return np.column_stack([batch.column(1 + j).to_numpy() for j in range(len(self.lf_names))])

    @property
    def _faults(self) -> _FaultCells:
        places = {name: j for j, name in enumerate(self.lf_names)}
        cells = sorted((fault.row, places[fault.lf]) for fault in self.folder.faults)
        return _FaultCells(np.array(cells, dtype=np.int64).reshape(-1, 2))


def _batches(labels: Path, votes: Path | None, n_rows: int) -> Iterator[tuple[pa.RecordBatch, Any]]:
    """Read a part in batches of rows, labels and votes side by side.

    Raises
    ------
    RunFolderError
        If the files are damaged, or of different lengths.
    """
    try:
        with ExitStack() as opened:
            files = [opened.enter_context(pq.ParquetFile(path)) for path in (labels, votes) if path is not None]
            if len({file.metadata.num_rows for file in files}) > 1:
                raise RunFolderError(
                    f"{str(labels)!r} has other rows than its votes", hint="labelkit run ... --force", code="LK506"
                )
            batches = [file.iter_batches(n_rows) for file in files]
            yield from zip(batches[0], repeat(None) if votes is None else batches[1], strict=False)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, RunFolderError):
            raise
        if isinstance(error, PermissionError):
            raise not_readable(labels, error, RunFolderError) from error
        raise RunFolderError(
            f"{str(labels)!r} cannot be read: {error}", hint="labelkit run ... --force", code="LK506"
        ) from error


@dataclass(frozen=True, eq=False)
class _FaultCells:
    """Where rules failed: rows and rules, by row."""

    cells: NDArray[np.int64]

    def marked(self, start: int, votes: NDArray[Any]) -> NDArray[Any]:
        low, high = np.searchsorted(self.cells[:, 0], [start, start + len(votes)])
        votes[self.cells[low:high, 0] - start, self.cells[low:high, 1]] = FAULT
        return votes


# Labels in memory -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HeldLabels:
    """Labels in memory, with the matrix that they were made of, if it is given.

    Parameters
    ----------
    labels : ProbabilisticLabels
    matrix : LabelMatrix, optional
    corpus : Corpus, optional
    """

    labels: ProbabilisticLabels
    matrix: LabelMatrix | None = None
    corpus: Corpus | None = None
    version: str = "labelkit"
    finders: Mapping[int, MatchFinder] = field(default_factory=dict)
    text_columns: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes."""
        return self.labels.class_names

    @property
    def lf_names(self) -> tuple[str, ...]:
        """The labeling functions."""
        return () if self.matrix is None else self.matrix.names

    @property
    def id_name(self) -> str:
        """The column of the ids of the corpus; ``row`` where the ids are positions, else ``id``."""
        if self.corpus is not None and self.corpus.id is not None:
            return self.corpus.id
        return _name_of_ids(self.labels.ids)

    @property
    def corpus_files(self) -> Sequence[Path]:
        """The files of the corpus that was given."""
        return () if self.corpus is None else self.corpus.files

    def open_corpus(self) -> Corpus | None:
        """Return the corpus that was given."""
        return self.corpus

    def corpus_columns(self, corpus: Corpus, columns: Sequence[str]) -> CorpusColumns:
        """Return the reader of columns of the corpus beside the labels."""
        return ExamplesColumns(corpus, columns, self.labels.examples)

    def pieces(self, *, votes: bool) -> Iterator[LabeledRows]:
        """The examples, in pieces."""
        labels, places = self.labels, self._places if votes else None
        ids = stored_ids(labels.ids)
        hard, covered = labels.hard(), labels.is_covered
        for piece in blocks(len(labels), _piece_rows(labels.n_classes + len(self.lf_names))):
            outcomes = None if places is None or self.matrix is None else self.matrix[places[piece]].outcomes
            proba = labels[piece].proba
            yield LabeledRows(piece.start, ids[piece.start : piece.stop], hard[piece], covered[piece], proba, outcomes)

    @property
    def _places(self) -> NDArray[np.int64]:
        """The row of the matrix of each example."""
        assert self.matrix is not None
        ids, rows = self.labels.ids, RowNames(self.matrix.ids)
        if np.array_equal(ids, self.matrix.ids):
            return np.arange(len(ids))
        places = rows.positions(ids) if rows.is_unique else np.full(len(ids), -1)
        if (places < 0).any():
            raise ExportError(
                f"the votes are not those of the labels: {int((places < 0).sum()):,} of the {len(ids):,} examples with "
                f"labels, such as {shown_names(ids[places < 0])}, are not among the {len(self.matrix.ids):,} of the "
                f"matrix{'' if rows.is_unique else ', some of which have the same id'}",
                hint="give the matrix that the labels were made of: matrix=",
            )
        return places


def _name_of_ids(ids: NDArray[Any]) -> str:
    are_positions = ids.dtype.kind in "iu" and np.array_equal(ids, np.arange(len(ids)))
    return "row" if are_positions else "id"


def _piece_rows(n_cells: int) -> int:
    return int(min(PIECE_ROWS, max(LEAST_ROWS, PIECE_CELLS // max(n_cells, 1))))
