"""Read frames of Dask: computed once, partition by partition, into a temporary file; the index names the rows.

What a frame gives is what ``frame.compute()`` would give, read as a frame of pandas is, without being in memory as a
whole. Where a client of Dask runs, its workers compute the partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.optional import optional
from labelkit.corpus._arrow_types import of_one_kind
from labelkit.corpus.source import INDEX, BadRows
from labelkit.corpus.sources.frames import TEXT, from_pandas
from labelkit.corpus.sources.spooled import BATCH, LeftOut, SpooledSource, write_kept
from labelkit.exceptions import CorpusError, LabelkitError
from labelkit.votes.alignment import is_default, label_ids
from labelkit.votes.example_names import FrameIndex


class DaskFrameSource(SpooledSource):
    """A frame of Dask.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame or Series
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame.to_frame(TEXT if frame.name is None else frame.name) if frame.ndim == 1 else frame
        self._indexes: list[Any] = []
        super().__init__("a Dask frame", self._write_partitions)
        self._rows  # noqa: B018 - the index must be known from the start: it may name the rows
        labels = self._indexes[0].append(self._indexes[1:])
        self._indexes.clear()
        self._index = FrameIndex(labels, is_default(labels))

    @property
    def frame_index(self) -> FrameIndex:
        """The index of the whole frame."""
        return self._index

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(name for name in super().column_names if name != INDEX)

    def _write_partitions(self, path: Path) -> LeftOut:
        batches = self._batches()
        first = next(batches)
        return write_kept(path, first.schema, self._alike(first, batches))

    def _alike(self, first: pa.RecordBatch, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield first
        for batch in batches:
            yield pa.RecordBatch.from_arrays(
                [self._cast(batch.column(field.name), field) for field in first.schema], schema=first.schema
            )

    def _cast(self, array: pa.Array, field: pa.Field) -> pa.Array:
        """Bring the values of one partition to the type of the first, if that changes none; NaN may be no text."""
        if array.type == field.type:
            return array
        if pa.types.is_floating(array.type) and not _is_number(field.type) and _is_missing(array):
            return pa.nulls(len(array), field.type)
        if of_one_kind(array.type, field.type):
            with suppress(pa.ArrowException):
                cast = array.cast(field.type)
                if _are_equal(cast, array):
                    return cast
        fitting = "float64" if _is_number(array.type) and _is_number(field.type) else "string"
        raise CorpusError(
            f"column {field.name!r} is {field.type} in one partition of the Dask frame, and {array.type} in another",
            hint=f"frame.astype({{{field.name!r}: {fitting!r}}}), or another type that fits all",
            code="LK215",
        )

    def _check_names(self, names: tuple[str, ...], first: Iterable[str]) -> None:
        """Raise CorpusError if a partition has not the columns of the first."""
        other = next(iter({*names} ^ {*first}), None)
        if other is not None:
            raise CorpusError(
                f"column {other!r} is in one partition of the Dask frame, and not in another",
                hint="partitions of one frame have the same columns: map_partitions adds or drops one in each",
                code="LK215",
            )

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Deliver the rows as a frame of pandas delivers them, with the labels of their index."""
        types: dict[str, pa.DataType] = {}
        for partition in self._partitions():
            self._indexes.append(partition.index)
            source = from_pandas(partition)
            ids = label_ids(partition.index)
            names, at = source.column_names, 0
            self._check_names(names, types or names)
            for name in names:
                types.setdefault(name, _known_type(source.column_type(name), self._frame, name))
            for batch in source.chunks(names, 0, BATCH, BadRows(self.name)):
                arrays = [self._cast(batch.column(name), pa.field(name, types[name])) for name in names]
                some = pa.nulls(len(batch)) if ids is None else arrow_array(ids[at : at + len(batch)])
                at += len(batch)
                yield pa.RecordBatch.from_arrays([*arrays, some], names=[*names, INDEX])
            if not len(partition) and len(self._indexes) == self._frame.npartitions and types:
                empty = [pa.array([], types[name]) for name in names]
                yield pa.RecordBatch.from_arrays([*empty, pa.array([], pa.int64())], names=[*names, INDEX])

    def _partitions(self) -> Iterator[Any]:
        """Compute the partitions one after the other; what they share is computed once where a client runs."""
        try:
            client = optional("distributed", extra="dask").get_client()
        except (ValueError, LabelkitError):
            client = None
        try:
            if client is None:
                yield from (self._frame.partitions[n].compute() for n in range(self._frame.npartitions))
                return
            futures = client.compute(self._frame.to_delayed())[::-1]
            while futures:
                yield futures.pop().result()
        except (OSError, MemoryError, LabelkitError, GeneratorExit):
            raise
        except Exception as error:
            raise CorpusError(f"{self.name} cannot be computed: {type(error).__name__}: {error}"[:500]) from error


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_missing(array: pa.Array) -> bool:
    return bool(pc.all(pc.is_nan(array.drop_null()), min_count=0).as_py())


def _are_equal(cast: pa.Array, array: pa.Array) -> bool:
    """Tell if a cast, which Arrow refuses where it would change a whole number, kept all that Python sees."""
    if pa.types.is_nested(array.type):
        return repr(cast.to_pylist()) == repr(array.to_pylist())
    if not pa.types.is_floating(array.type):
        return True
    if not pa.types.is_floating(cast.type):
        return bool(array.null_count == len(array))
    here, there = (one.drop_null().to_numpy(zero_copy_only=False).astype(float) for one in (cast, array))
    return np.array_equal(here, there, equal_nan=True)


def _known_type(kind: pa.DataType, frame: Any, name: str) -> pa.DataType:
    """Return the type of a column; where its first values are all null, the one that the frame declares, or text."""
    if not pa.types.is_null(kind):
        return kind
    declared = from_pandas(frame._meta).column_type(name)  # noqa: SLF001 - there is no public name for it
    return pa.string() if pa.types.is_null(declared) else declared
