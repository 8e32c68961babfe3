"""Lay out the folder of a data set: examples in files that versions share, rows that each version has anew, a manifest.

``examples/batch-*.parquet`` hold each example once: its id, the chosen columns, and of one that a transformation made,
``made_from`` and ``made_by``. ``rows/batch-*.parquet`` hold the rows of this version: ``place`` (position among the
examples; one that is repeated stands there several times), ``split``, ``weight``, ``slices``, ``label``, ``covered``
and ``proba``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.files import NO_ROOM, remedy_of, remove, replaced
from labelkit._shared.given_paths import is_folder
from labelkit._shared.near_names import path_hint
from labelkit._shared.shapes import Shape, check_shape
from labelkit._shared.stored_files import json_object, read_parquet, reading
from labelkit._shared.what_stands import what_stands
from labelkit.exceptions import DataSetError, LabelkitError, RunFolderError
from labelkit.runs.local_copies import EXAMPLES, shown_place
from labelkit.runs.versioned_layout import VersionedLayout
from labelkit.votes.alignment import RowNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND: Final = "data set"
"""Value of ``kind`` in the manifest."""

FILE_ROWS: Final = 1_048_576
"""Rows of a file."""

ID: Final = "id"
MADE: Final = ("made_from", "made_by")

COUNTS: Final = ("parts", "classes", "classes_of_parts", "slices")
"""Counts of rows by name."""

MANIFEST: Final[dict[str, Shape]] = {
    "kind": str,
    "classes": [str],
    "columns": [str],
    "id_type": str,
    "training": [str],
    "corpus": dict,
    "run": (dict, None),
    "steps": [{"operation": str, "parameters": dict, "seed": (int, None), "notes": [str], "version": str}],
    "counts": {"rows": int, "examples": int, "made": int, **dict.fromkeys(COUNTS, dict)},
}
"""The keys that every manifest has, with the types of their values."""

_MADE: Final = "in Python, labelkit.create_dataset(folder, ...) makes a data set"


@dataclass(frozen=True)
class DataSetLayout(VersionedLayout):
    """Paths of the files of a data set.

    Examples
    --------
    >>> DataSetLayout(Path("spam")).rows_file(2).as_posix()
    'spam/rows/batch-00002.parquet'
    """

    NOUN: ClassVar[str] = KIND

    def rows_file(self, number: int) -> Path:
        """Return a file of the rows."""
        return self.folder / "rows" / f"batch-{number:05d}.parquet"

    def examples_file(self, number: int) -> Path:
        """Return a file of the examples."""
        return self.folder / EXAMPLES / f"batch-{number:05d}.parquet"

    @property
    def examples_files(self) -> list[Path]:
        """The files of the examples, in their order."""
        return sorted((self.folder / EXAMPLES).glob("batch-*.parquet"))

    @property
    def rows_files(self) -> list[Path]:
        """The files of the rows, in their order."""
        return sorted((self.folder / "rows").glob("batch-*.parquet"))

    def read_manifest(self) -> dict[str, Any]:
        """Read what was done.

        Raises
        ------
        RunFolderError
            If it is damaged, or lacks what its readers use.
        """
        with self.reading(self.manifest):
            return self.described(self.manifest.read_bytes())

    def described(self, content: bytes) -> dict[str, Any]:
        """Read the content of a manifest; errors are those of :meth:`read_manifest`."""
        with self.reading(self.manifest):
            manifest = json_object(content, self.manifest.name)
            check_shape(manifest, MANIFEST)
            if not manifest["steps"]:
                raise ValueError("it has no steps")
            return manifest

    def reading(self, path: Path) -> AbstractContextManager[None]:
        """Return a context in which anything that is wrong with a file is one error of this data set."""
        top = self.current.folder
        hint = f"`labelkit verify {top}` lists what is damaged, and `labelkit restore {top} N` goes back to a version"
        return reading(path, "is damaged, or is not of a data set", RunFolderError, hint=hint)

    def write_rows(self, rows: pa.Table) -> None:
        """Write the rows of a version in place of those that are there."""
        for file in self.rows_files:
            remove(file)
        for number, start in enumerate(range(0, max(rows.num_rows, 1), FILE_ROWS)):
            write_table(self.rows_file(number), rows.slice(start, FILE_ROWS))

    def read_rows(self) -> pa.Table:
        """Read the rows of a version."""
        with self.reading(self.folder / "rows"):
            return joined([read_parquet(file) for file in self.rows_files])

    def read_examples(self, columns: Sequence[str], id_type: pa.DataType) -> pa.Table:
        """Read columns of all examples; the ids as one type."""
        with self.reading(self.folder / EXAMPLES):
            return joined([with_ids(read_parquet(file, columns), id_type) for file in self.examples_files])

    def examples_at(self, places: NDArray[np.int64], columns: Sequence[str], id_type: pa.DataType) -> pa.Table:
        """Read the examples at some positions, a file at a time."""
        sought, order = np.unique(places, return_inverse=True)
        parts: list[pa.Table] = []
        start = 0
        with self.reading(self.folder / EXAMPLES):
            for file in self.examples_files:
                with pq.ParquetFile(file) as opened:
                    stop = start + opened.metadata.num_rows
                    low, high = np.searchsorted(sought, [start, stop])
                    if low < high or not parts:
                        table = opened.read(columns=[ID, *columns, *MADE]).select([ID, *columns, *MADE])
                        parts.append(with_ids(table, id_type).take(pa.array(sought[low:high] - start)))
                start = stop
            if len(sought) and sought[-1] >= start:
                raise ValueError(f"it has only {start:,} examples, and rows of more")
        table = pa.concat_tables(parts, promote_options="permissive")
        return table if np.array_equal(order, np.arange(len(sought))) else table.take(pa.array(order))

    @property
    def examples_schema(self) -> pa.Schema:
        """The columns of the examples, with their types."""
        with self.reading(self.folder / EXAMPLES):
            return pq.read_schema(self.examples_file(0))


def positions_in(names: RowNames, wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Return the positions of ids among those of a data set, which are unique; -1 for others.

    All of them in their order, as a table of the data set has them, and ascending numbers need no index, which would
    take more memory than the rows.
    """
    ids = names.names
    if len(wanted) == len(ids) and wanted.dtype == ids.dtype and np.array_equal(wanted, ids):
        return np.arange(len(ids))
    if ids.dtype.kind == wanted.dtype.kind == "i" and len(ids) and (ids[1:] > ids[:-1]).all():
        places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
        return np.where(ids[places] == wanted, places, -1)
    return names.positions(wanted)


def with_ids(table: pa.Table, id_type: pa.DataType) -> pa.Table:
    """Bring the ids of examples to the type of those of the data set."""
    for name in (ID, MADE[0]):
        place = table.column_names.index(name) if name in table.column_names else -1
        if place >= 0 and table.schema.field(place).type != id_type:
            table = table.set_column(place, name, table.column(place).cast(id_type))
    return table


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Put tables of the same columns under one another, with one dictionary for each column."""
    if not tables:
        raise ValueError("its files are gone")
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file that is whole under its name."""
    with replaced(path, one_of_many=True) as draft:
        pq.write_table(table, draft, compression="zstd")


def type_named(name: str) -> pa.DataType:
    """Return the type of ids of that name in a manifest."""
    return pa.int64() if name == "int64" else pa.string()


def source_of(manifest: Mapping[str, Any]) -> str:
    """Name the corpus of a data set."""
    corpus = manifest["corpus"]
    return str(corpus.get("path") or corpus.get("name") or "not recorded")


@contextmanager
def written_whole(draft: DataSetLayout, out: Path) -> Iterator[None]:
    """Remove a draft, and say what is wrong with the disk, if writing it fails."""
    try:
        yield
    except OSError as error:  # a WriteError, too
        remove(draft.folder)
        why = error.strerror or str(error)
        raise RunFolderError(
            f"the data set {str(out)!r} cannot be written: {why}; what was there is as it was",
            hint="make room on the disk, and give the same call again" if error.errno in NO_ROOM else remedy_of(error),
            code="LK512",
        ) from error
    except LabelkitError:
        remove(draft.folder)
        raise


def check_folder(layout: DataSetLayout) -> None:
    """Refuse a folder that is no data set."""
    place = shown_place(layout.folder)
    if not is_folder(layout.folder):
        stands = what_stands(layout.folder)
        raise RunFolderError(
            f"there is no folder {place!r}"
            if stands is None
            else f"{place!r} is {stands}, and not the folder of a data set",
            hint=path_hint(layout.folder, _MADE, folders=True),
            code="LK503" if stands is None else "LK504",
        )
    if not layout.is_data_set or not layout.manifest.is_file():
        is_run = layout.manifest.is_file() and not layout.is_data_set
        raise RunFolderError(
            f"{place!r} is {'a run, and ' if is_run else ''}no data set",
            hint=f"in Python, labelkit.create_dataset(folder, run={place!r}) makes one of it"
            if is_run
            else f"`labelkit verify {layout.current.folder}` lists what is damaged"
            if layout.is_data_set
            else _MADE,
            code="LK504",
        )


def with_common_ids(table: pa.Table, id_type: pa.DataType) -> tuple[pa.Table, pa.DataType]:
    """Bring the ids of a result to the type of those of a data set; to text, if a text among them is no number."""
    for name in (ID, MADE[0]):
        if name in table.column_names and not _can_be_ids(table.schema.field(name).type):
            raise DataSetError(
                f"the column {name!r} of the result holds {table.schema.field(name).type}, which names no example",
                hint="rows() names each row by its id: a text or a whole number",
            )
    if ID in table.column_names and table.column(ID).null_count:
        raise DataSetError("a row of the result has no id", hint="rows() names each row by its id")
    if pa.types.is_integer(id_type):
        try:
            return with_ids(table, id_type), id_type
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            id_type = pa.string()
    return with_ids(table, id_type), id_type


def _can_be_ids(kind: pa.DataType) -> bool:
    kind = value_type(kind)
    kinds = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
    return any(is_kind(kind) for is_kind in kinds)
