"""Read gold labels from a column of the corpus, a file of ids and labels, a mapping, a Series or an array.

:func:`open_gold` finds out where gold is; a :class:`GoldSource` then gives the labels of the examples of a batch, or of
examples that are named. It is small, and travels to the workers that write a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.open_corpus import open_corpus
from labelkit.exceptions import GoldError, LabelkitError
from labelkit.votes.alignment import RowNames, names_of, object_array
from labelkit.votes.gold import aligned_gold, check_named_once, gold_values


@dataclass(frozen=True, eq=False)
class GoldSource:
    """The place of gold labels: a column of the corpus, or values by the ids of examples or in the order of the corpus.

    Parameters
    ----------
    column : str, optional
        A column of the corpus; then there are no values.
    values : ndarray, shape (n_gold,), optional
    names : RowNames of length n_gold, optional
        The ids that the values belong to; without it, they are in the order of the corpus.
    """

    column: str | None = None
    values: NDArray[Any] | None = None
    names: RowNames | None = None

    def of(self, batch: Batch, class_names: Sequence[str]) -> NDArray[np.int64]:
        """Return the gold labels of a batch, -1 where unknown."""
        positions = np.arange(batch.start, batch.start + len(batch))
        if self.column is not None:
            return aligned_gold(column_values(batch.table.column(self.column)), positions, class_names)
        ids = positions if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False)
        return self.at(positions, ids, class_names)

    def at(self, positions: NDArray[np.int64], ids: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """Return the gold labels of examples by their ids, or else their positions; -1 where unknown."""
        assert self.values is not None
        if self.names is None:
            return aligned_gold(self.values[positions], positions, class_names)
        places = self.names.positions(ids)
        gold = np.full(len(ids), -1, dtype=np.int64)
        gold[places >= 0] = aligned_gold(self.values[places[places >= 0]], places[places >= 0], class_names)
        return gold

    def checked(self, class_names: Sequence[str]) -> GoldSource:
        """Turn all values into class numbers at once.

        Raises
        ------
        GoldError
            If a value is not a class.
        """
        assert self.values is not None
        return replace(self, values=aligned_gold(self.values, np.arange(len(self.values)), class_names))


def open_gold(gold: Any, corpus: Corpus) -> GoldSource:
    """Find out where gold labels are.

    Parameters
    ----------
    gold : str, path, mapping, Series or array-like
        The name of a column of the corpus; a file of ids and labels; labels by id; or labels in the order of the
        corpus.
    corpus : Corpus

    Raises
    ------
    GoldError
        If a name is neither a column nor a file, a file does not name the examples by id, an id is named twice, or an
        array has another length than the corpus.
    """
    if isinstance(gold, str) and gold in corpus.column_names:
        return GoldSource(column=gold)
    if isinstance(gold, str | Path):
        if not Path(gold).is_file():
            raise GoldError(
                f"gold={str(gold)!r} is neither a column of the corpus nor a file",
                hint=f"the columns are {', '.join(corpus.column_names)}",
            )
        are_text = corpus.id is not None and pa.types.is_string(corpus.column_type(corpus.id))
        return read_gold_file(Path(gold), [corpus.id], are_text=are_text)
    named = named_gold(gold)
    if named is not None:
        return named
    values = gold_values(gold)
    if corpus.n_rows is not None and len(values) != corpus.n_rows:
        raise GoldError(f"gold has {len(values)} labels for {corpus.n_rows} examples", hint="give a dict by id")
    return GoldSource(values=values)


def named_gold(gold: Any) -> GoldSource | None:
    """Take gold by id from a mapping or a Series; None for anything else.

    Raises
    ------
    GoldError
        If an id is named twice.
    """
    names = names_of(gold)
    return None if names is None else _by_name(names, gold_values(gold))


def _by_name(names: NDArray[Any], values: NDArray[Any]) -> GoldSource:
    rows = RowNames(names)
    check_named_once(rows)
    return GoldSource(values=values, names=rows)


# Columns and files ----------------------------------------------------------------------------------------------------


def column_values(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of labels, or of ids, as an array: whole numbers as such, anything else as objects."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return np.asarray(column.to_numpy())
    return object_array(column.to_pylist())


def read_gold_column(corpus: Corpus, column: str) -> GoldSource:
    """Read a column of labels and the ids beside it; without ids, positions are the ids.

    Raises
    ------
    GoldError
        If the corpus cannot be read, or an id names several rows.
    """
    names, values = [], []
    try:
        for batch in corpus.batches([column], BATCH_ROWS):
            positions = np.arange(batch.start, batch.start + len(batch))
            names.append(positions if batch.ids is None else column_values(batch.ids))
            values.append(column_values(batch.table.column(0)))
    except LabelkitError as error:
        raise GoldError(f"gold cannot be read: {error.message}", hint=error.hint) from None
    return _by_name(_joined(names), _joined(values))


def read_gold_file(path: Path, id_columns: Sequence[str | None], *, are_text: bool) -> GoldSource:
    """Read a file of ids and labels.

    Parameters
    ----------
    path : Path
    id_columns : list of str
        Names that the column of the ids may have; the first column holds them if none is there.
    are_text : bool
        Whether the ids of the examples are text; else they are numbers, which a file may hold as text.

    Raises
    ------
    GoldError
        If the file cannot be read, does not say which column holds the labels, names an id twice, or holds an id of
        another kind than the examples have.
    """
    try:
        table = open_corpus(path)
        names = list(table.column_names)
        key = next((name for name in id_columns if name in names), names[0])
        rest = [name for name in names if name != key]
        label = next((name for name in ("gold", "label") if name in rest), rest[0] if len(rest) == 1 else None)
        if label is None:
            raise GoldError(
                f"{path} has the columns {names}: which holds the labels is not clear", hint="name it 'gold' or 'label'"
            )
        batches = [batch.table for batch in table.batches([key, label], BATCH_ROWS)]
    except LabelkitError as error:
        if isinstance(error, GoldError):
            raise
        raise GoldError(f"gold cannot be read: {error.message}", hint=error.hint) from None
    ids = _joined([object_array(batch.column(0).to_pylist()) for batch in batches])
    values = _joined([column_values(batch.column(1)) for batch in batches])
    return _by_name(_ids(ids, path, are_text=are_text), values)


def _ids(given: NDArray[Any], path: Path, *, are_text: bool) -> NDArray[Any]:
    """Return the ids of a file in the type that those of the examples have."""
    missing = [place for place, name in enumerate(given.tolist()) if name is None]
    if missing:
        raise GoldError(f"{path}, row {missing[0]}: the id is null", hint="give each label the id of an example")
    if are_text:
        return object_array(map(str, given.tolist()))
    try:
        return np.array([_whole(name) for name in given.tolist()], dtype=np.int64)
    except (ValueError, TypeError, OverflowError):
        odd = next(name for name in given.tolist() if not _is_whole(name))
        raise GoldError(
            f"{path} names examples such as {odd!r}, and those of the corpus are numbers",
            hint="name the column of the ids: id= (--id)",
        ) from None


def _whole(name: Any) -> int:
    """Return a whole number that may stand as text."""
    number = int(name)
    if isinstance(name, float) and name != number:
        raise ValueError(name)
    return number


def _is_whole(name: Any) -> bool:
    try:
        return abs(_whole(name)) < 2**63
    except (ValueError, TypeError, OverflowError):
        return False


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Join the arrays of batches; those of several types, as objects."""
    if not parts:
        return np.zeros(0, dtype=np.int64)
    kinds = {part.dtype for part in parts}
    return np.concatenate(parts if len(kinds) == 1 else [part.astype(object) for part in parts])
