"""Read data sets of Hugging Face's ``datasets``, without a copy: they are Arrow, mapped from files.

A column of class labels is delivered as the names of its classes, which are what gold and rules compare; -1, which
stands for no label there, is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.optional import optional
from labelkit.corpus._arrow_types import deliver, delivered_type
from labelkit.corpus._files import fingerprint_files, skip_rows
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.corpus.sources.frames import FINGERPRINT_ROWS, hash_array
from labelkit.corpus.sources.streams import ArrowStream, RowStream
from labelkit.exceptions import CorpusError

STATE: Final = "state.json"
"""The file that ``save_to_disk`` writes beside the rows of a data set."""

SPLITS: Final = "dataset_dict.json"
"""The file that it writes beside several data sets."""

KEPT: Final = ("cache-", "tmp")
"""What the names of files begin with that the library writes into the folder later, as of ``map``."""

ROWS: Final = 1_024
"""Rows that are asked for together of a stream."""


class DatasetSource(FixedColumns):
    """A ``datasets.Dataset``.

    Parameters
    ----------
    dataset : Dataset
    path : Path, optional
        The folder that it was saved to.
    """

    frame_index = None
    splittable = True
    may_reject = True

    def __init__(self, dataset: Any, path: Path | None = None) -> None:
        self.path = path
        self.files = () if path is None else tuple(saved_files(path))
        self.name = "a Hugging Face data set" if path is None else str(path)
        self._arrow = dataset.with_format("arrow")
        self._features = dataset.features
        self.n_rows: int = dataset.num_rows
        self.column_names = tuple(dataset.column_names)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the folder, which is opened again."""
        if self.path is None:
            raise CorpusError(
                f"{self.name} cannot be sent to another process", hint="write it to Parquet first", code="LK117"
            )
        return from_saved_folder, (self.path.absolute(),)

    @cached_property
    def _kinds(self) -> pa.Schema:
        return self._features.arrow_schema

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column."""
        return _type_of(self._features[column], self._kinds.field(column).type)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver slices of the table."""
        if bad.on_bad_row == "reject":  # start counts the rows that are kept
            return skip_rows(checked_text(self._slices(columns, 0, self.n_rows, rows), 0, bad), start)
        return checked_text(self._slices(columns, start, self.n_rows, rows), start, bad)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        batches = self._slices(columns, start, stop, max(stop - start, 1))
        return pa.Table.from_batches(checked_text(batches, start, BadRows(self.name)), schema=schema)

    def _slices(self, columns: Sequence[str], start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        chosen = self._arrow.select_columns(list(columns))
        for first in range(start, stop, rows):
            table = chosen[first : min(first + rows, stop)]
            yield _delivered(table, schema, self._features)

    @cached_property
    def _digest(self) -> str:
        if self.path is not None:
            return fingerprint_files(self.files)
        digest = blake2b(digest_size=16)
        for column in self.column_names:
            digest.update(f"{column}\0{self.content(column)}".encode())
        return digest.hexdigest()

    def fingerprint(self) -> str:
        """Hash the rows; of a folder, its files."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the values of a column."""
        digest = blake2b(digest_size=16)
        for batch in self._slices([column], 0, self.n_rows, FINGERPRINT_ROWS):
            hash_array(digest.update, batch.column(0))
        return digest.hexdigest()


def _delivered(table: Any, schema: pa.Schema, features: Any) -> pa.RecordBatch:
    arrays = [
        deliver(_named(table.column(field.name), features[field.name]), field.type, field.name) for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _classes(feature: Any) -> list[str] | None:
    """Return the names of the classes of a column of labels; None for others."""
    return list(feature.names) if type(feature).__name__ == "ClassLabel" and feature.names else None


def _type_of(feature: Any, kind: pa.DataType) -> pa.DataType:
    return pa.string() if _classes(feature) is not None else delivered_type(kind)


def _named(values: Any, feature: Any) -> Any:
    """Replace the numbers of classes by their names."""
    names = _classes(feature)
    if names is None:
        return values
    numbers = pc.if_else(pc.less(values, 0), pa.scalar(None, values.type), values)
    return pc.take(pa.array(names, pa.string()), numbers)


def from_dataset(dataset: Any) -> DatasetSource:
    """Read a ``Dataset``."""
    return DatasetSource(dataset)


def from_iterable_dataset(dataset: Any, types: Any) -> ArrowStream | RowStream:
    """Read an ``IterableDataset``, again from its start at each reading."""
    if dataset.features is None:
        return RowStream(dataset, types)
    features = dataset.features
    kinds = features.arrow_schema
    schema = pa.schema([(name, _type_of(features[name], kinds.field(name).type)) for name in kinds.names])

    def batches(columns: list[str]) -> Iterator[pa.RecordBatch]:
        wanted = pa.schema([schema.field(column) for column in columns])
        for table in dataset.select_columns(columns).with_format("arrow").iter(batch_size=ROWS):
            yield _delivered(table, wanted, features)

    return ArrowStream("a Hugging Face data set that is streamed", schema, batches, once=False)


def refuse_splits(splits: Any) -> Any:
    """Refuse a dict of data sets.

    Raises
    ------
    CorpusError
        With the names of its splits.
    """
    names = list(splits)
    listed = ", ".join(map(repr, names)) or "none"
    raise CorpusError(
        f"a {type(splits).__name__} is several corpora, its splits: {listed}",
        hint=f"give one: data[{names[0] if names else 'train'!r}]",
        code="LK218",
    )


def is_saved(folder: Path) -> bool:
    """Return whether ``save_to_disk`` wrote a folder."""
    return (folder / STATE).is_file() or (folder / SPLITS).is_file()


def saved_files(folder: Path) -> list[Path]:
    """List the files of a data set that was saved, without results that the library keeps beside them."""
    files = (path for path in folder.iterdir() if path.suffix in {".arrow", ".json"})
    return sorted(path for path in files if not path.name.startswith(KEPT))


def from_saved_folder(folder: Path) -> DatasetSource:
    """Read a data set that ``save_to_disk`` wrote.

    Raises
    ------
    CorpusError
        If it is damaged, or holds several.
    """
    if (folder / SPLITS).is_file():
        names = sorted(path.name for path in folder.iterdir() if (path / STATE).is_file())
        raise CorpusError(
            f"the folder {str(folder)!r} holds several data sets, its splits: {', '.join(map(repr, names))}",
            hint=f"give one: {str(folder / (names[0] if names else 'train'))!r}",
            code="LK218",
        )
    datasets = optional("datasets", extra="hf")
    try:
        return DatasetSource(datasets.load_from_disk(str(folder)), folder)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        message = " ".join(str(error).split())[:300]
        raise CorpusError(
            f"the folder {str(folder)!r} is not a data set that can be read: {message}",
            hint="save it again",
            code="LK219",
        ) from error
