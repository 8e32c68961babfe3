"""Columns of the corpus beside the labels of its examples, read again in the order of the labels.

Those of a run are read in one pass beside it: the corpus is known to be the same by its fingerprint, so that its rows
are those of the run, one by one, which their ids confirm. Labels in memory find their rows as a matrix does
(:func:`labelkit.corpus.rows_at.examples_at`): by name, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from labelkit.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.rows_at import examples_at
from labelkit.exceptions import CorpusError, ExportError
from labelkit.runs.run_corpus import (
    is_there,
    opened_again,
    place_name,
    place_of,
    rows_of_run,
    voting_again,
    where_no_file_is,
)
from labelkit.votes.example_names import ExampleNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder


class CorpusColumns(Protocol):
    """Columns of a corpus beside labels."""

    def read(self, start: int, ids: pa.Array, chosen: NDArray[np.int64]) -> pa.Table:
        """Return the columns of some examples of a piece of labels.

        Parameters
        ----------
        start : int
            The position of the first example of the piece.
        ids : pyarrow.Array
            Those of the whole piece.
        chosen : ndarray of int64
            Positions in the piece.
        """

    def finish(self) -> None:
        """Check that the corpus ends where the labels do."""


class RunColumns:
    """Columns of the corpus of a run, read beside its labels in one pass.

    Parameters
    ----------
    corpus : Corpus
    columns : sequence of str
    manifest : mapping
        The run's.
    """

    def __init__(self, corpus: Corpus, columns: Sequence[str], manifest: Mapping[str, Any]) -> None:
        self._columns = list(columns)
        # A row is left out that is bad in any column that is read: those of the run decide which were.
        gold = [manifest["gold"]] if manifest["gold"] and corpus.has_column(manifest["gold"]) else []
        run_columns = [name for name in manifest["corpus"].get("columns", ()) if corpus.has_column(name)]
        loaded = list(dict.fromkeys([*columns, *run_columns, *gold]))
        self._batches: Iterator[Batch] = corpus.batches(loaded, BATCH_ROWS)
        self._pending: Batch | None = None
        self._offset = 0

    def read(self, start: int, ids: pa.Array, chosen: NDArray[np.int64]) -> pa.Table:
        """Return the columns of some examples of the next piece of labels."""
        parts, n_read = [], 0
        while n_read < len(ids):
            batch = self._next()
            if batch is None:
                raise _other_rows(f"it ends after {start + n_read:,} of them")
            n = min(len(ids) - n_read, len(batch) - self._offset)
            if batch.ids is not None:
                _check_ids(batch.ids.slice(self._offset, n), ids.slice(n_read, n))
            parts.append(batch.table.slice(self._offset, n).select(self._columns))
            n_read, self._offset = n_read + n, self._offset + n
        return pa.Table.from_batches(parts).take(pa.array(chosen))

    def finish(self) -> None:
        """Check that the corpus ends where the labels do."""
        if self._next() is not None:
            raise _other_rows("it has more of them")

    def _next(self) -> Batch | None:
        while self._pending is None or self._offset == len(self._pending):
            self._pending, self._offset = next(self._batches, None), 0
            if self._pending is None:
                return None
        return self._pending


class ExamplesColumns:
    """Columns of the corpus of labels in memory.

    Parameters
    ----------
    corpus : Corpus
    columns : sequence of str
    examples : ExampleNames
    """

    def __init__(self, corpus: Corpus, columns: Sequence[str], examples: ExampleNames) -> None:
        self._corpus, self._columns, self._examples = corpus, list(columns), examples

    def read(self, start: int, ids: pa.Array, chosen: NDArray[np.int64]) -> pa.Table:  # noqa: ARG002 - the protocol's
        """Return the columns of some examples; a source that cannot be split is read once, for all of them."""
        if not len(chosen):
            return examples_at(self._corpus, self._examples, chosen, self._columns)
        if self._corpus.splittable:
            return examples_at(self._corpus, self._examples, chosen + start, self._columns)
        return self._all.take(pa.array(chosen + start))

    @cached_property
    def _all(self) -> pa.Table:
        return examples_at(self._corpus, self._examples, np.arange(len(self._examples)), self._columns)

    def finish(self) -> None:
        """Do nothing: each example was found by its name."""


# The corpus of a run --------------------------------------------------------------------------------------------------


def run_corpus(folder: RunFolder, given: Any) -> Corpus:
    """Open the corpus of a run, where the manifest says or where it is given.

    Raises
    ------
    ExportError
        If it is not there, cannot be read, or is another one by its fingerprint.
    """
    described = folder.manifest["corpus"]
    where = place_of(described) if given is None else given
    if where is None:
        raise ExportError(
            f"the run read its corpus from {where_no_file_is(described)}, so its columns are not at hand",
            hint="give it again: corpus= (--corpus FILE)",
            code="LK533",
        )
    if given is None and not is_there(where):
        raise ExportError(
            f"the corpus {place_name(where)} of the run is not there any more",
            hint="say where it is now: corpus= (--corpus FILE)",
            code="LK533",
        )
    try:
        whole = opened_again(where, described)
        corpus = rows_of_run(whole, folder.manifest) if described["fingerprint"] else whole
    except CorpusError as error:
        raise ExportError(
            f"the corpus of the run cannot be read: {error.message}", hint=error.hint, code=error.code
        ) from None
    if corpus is None:
        name = f"the corpus {where}" if isinstance(where, str | Path) else "the corpus that was given"
        raise ExportError(
            f"{name} is not as it was when the run read it, so that its texts may be of other examples",
            hint=f"run the rules over it again, also if only gold changed: {voting_again(folder.manifest)} keeps "
            "this run; leave columns= (--columns) out; or give labelkit.export(RunFolder(...).labels(), to, "
            "corpus=..., id=...), which matches by the ids",
            code="LK216",
        )
    if not described["fingerprint"] and not corpus.has_ids:
        raise ExportError(
            "the run read its corpus only once and without ids, so that no other corpus is known to be the same",
            hint="write the corpus to a file, and run over that",
            code="LK211",
        )
    return corpus


def _check_ids(found_ids: pa.Array, ids: pa.Array) -> None:
    if found_ids.cast(ids.type).equals(ids):
        return
    pairs = zip(found_ids.to_pylist(), ids.to_pylist(), strict=True)
    here, there = next(pair for pair in pairs if pair[0] != pair[1])
    raise _other_rows(f"it has the id {here!r} where the run has {there!r}")


def _other_rows(why: str) -> ExportError:
    return ExportError(
        f"the corpus does not have the rows of the run: {why}",
        hint="give the corpus that was run over: corpus= (--corpus FILE)",
        code="LK214",
    )
