"""The one way in, and the table of readers behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from io import IOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack

import numpy as np
import pyarrow as pa

from labelkit._shared.foreign import named_type, remedy_for
from labelkit._shared.given_kinds import kind_of
from labelkit._shared.given_paths import is_there
from labelkit.corpus import plugins
from labelkit.corpus._arrow_types import arrow_types
from labelkit.corpus._paths import expanded, is_pattern
from labelkit.corpus._spool import STANDARD_INPUT
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.open_files import FilesCorpus, by_suffix
from labelkit.corpus.reading import ReadOptions, checked_reading, of_rows, takes_reading
from labelkit.corpus.remote import is_address
from labelkit.corpus.sources import dask_frames, frames, hugging_face, lazy_frames, lists, sql_query, streams
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.corpus.usual_names import UsualNames
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

FIRST_ENTRIES: Final = 10
"""Entries of a list of strings that are looked at, to tell paths from texts."""

MOST_CHARACTERS: Final = 1_024
"""A longer string is a text, and not the name of a file."""

Types = Mapping[str, pa.DataType]


@takes_reading
def open_corpus(
    data: Any,
    *,
    id: str | None = None,  # noqa: A002 - the word that users write
    types: Mapping[str, Any] | None = None,
    on_bad_row: Literal["raise", "reject"] = "raise",
    **reading: Unpack[ReadOptions],
) -> Corpus:
    """Make a corpus of whatever holds the examples.

    Parameters
    ----------
    data : object
        A pandas, polars or Arrow frame; a frame of Dask, a LazyFrame of polars, a relation of DuckDB or a
        :class:`SqlQuery`, which are computed once, in a stream, into a temporary file; anything with the Arrow stream
        interface; a dict of columns;
        a list or iterator of dicts or of strings (a column ``text``); the path of a file (Parquet, CSV, TSV, JSONL,
        JSON, plain text, Arrow or Feather, Excel; text may be compressed: gzip, Zstandard, bzip2, xz), of a folder, or
        a pattern (``"data/**/*.csv.gz"``); a list of these, read in that order; ``"-"`` for standard input. A pipe is
        copied to a temporary file. Files of a folder or a pattern stand in the order of their paths. In plain text,
        each line is an example, the column ``text``. A :class:`Corpus` is returned as it is.
    id : str, optional
        The column of the examples' ids. By default, a pandas frame with an index of its own, in which no label repeats,
        is named by that: numbers and text are ids as they are, other labels as text. Otherwise, an example's position
        is its id.
    types : mapping of str to type, optional
        The types of columns that have none in the source: in CSV, where all columns are text otherwise, in JSONL, lists
        and iterators, where the first values decide otherwise. Texts are then parsed as times and dates. Others are
        ignored.
    on_bad_row : {"raise", "reject"}
        Whether a row that cannot be read, or one of several files, is an error, or is left out and listed in
        ``rejects``.
    format : str, optional
        The format of files whose names do not say it: ``parquet``, ``csv``, ``jsonl``, ``json``, ``text``, ``arrow`` or
        ``excel``.
    delimiter : str, optional
        The character between the fields of CSV, or ``tab``. By default, the one that the suffix says, or another of
        ``;``, tab, ``|`` and ``,`` that splits all of the first rows alike.
    encoding : str, optional
        Of text: any that Python has, such as ``cp1252``. By default UTF-8, or the one that a byte order mark names.
    rename : mapping of str to str, optional
        The names that columns get: ``{"text": "Comment"}`` is the column ``Comment`` of the source under the name
        ``text``. Fields of structs, such as ``user.name``, may get a name, too; they are columns also without one.
    sheet : str or int, optional
        The sheet of a workbook, by its name or its number from 1; needed where there are several.
    skip_rows : int, optional
        Lines of CSV, or rows of a sheet, above the header, such as a title. Blank ones are skipped anyway.
    gold_encoding : str, optional
        Of a file of gold that is read beside the corpus: that of the corpus, or UTF-8, if not given.

    Returns
    -------
    Corpus
        The corpus, of which no row has been read yet.

    Raises
    ------
    CorpusError
        If the source is missing, empty or of no known kind, or has no column ``id``.

    Examples
    --------
    >>> open_corpus({"text": ["hi", "bye"]}).read(1, 2, ["text"]).to_pylist()
    [{'text': 'bye'}]
    """
    return open_with_names(data, id=id, types=types, on_bad_row=on_bad_row, **reading)


def open_with_names(
    data: Any,
    *,
    usual: UsualNames | None = None,
    floats: Collection[str] = (),
    id: str | None = None,  # noqa: A002 - the word that users write
    types: Mapping[str, Any] | None = None,
    on_bad_row: Literal["raise", "reject"] = "raise",
    **reading: Unpack[ReadOptions],
) -> Corpus:
    """Open a corpus as :func:`open_corpus` does, with a default of ``rename``, of which it takes what it can.

    What it took is ``rename`` in the ``reading`` of the corpus. Whole numbers of the columns ``floats``, by their new
    names, are read as floats. A corpus that is open already stays as it is.
    """
    if on_bad_row not in {"raise", "reject"}:
        raise CorpusError(f"on_bad_row={on_bad_row!r} is not known", hint='use "raise" or "reject"', code="LK217")
    if isinstance(data, Corpus):
        if id not in {None, data.id}:
            raise CorpusError(
                f"the corpus was opened with id={data.id!r}, not {id!r}", hint="give id= where it is opened"
            )
        if reading.get("rename") not in (None, data.reading.get("rename")):
            raise CorpusError("the corpus is open already", hint="give rename= where it is opened")
        if reading.get("gold_encoding") is not None and "gold_encoding" not in data.reading:
            raise CorpusError("the corpus is open already", hint="give gold_encoding= where it is opened")
        return data
    options = checked_reading(reading)
    rename, kinds = options.get("rename"), arrow_types(types)
    if rename is not None or usual is None:
        usual = None
        kinds = {(rename or {}).get(name, name): kind for name, kind in kinds.items()}
    else:
        kinds = {usual.rename[name]: kinds[name] for name in usual.rename if name in kinds} | kinds

    def renamed(source: CorpusSource) -> RenamedSource:
        names = (rename or {}) if usual is None else usual.of(source.column_names, also=[id])
        if usual is not None and names:
            options["rename"] = names
        return RenamedSource(source, names, floats)

    if (paths := None if _is_of_package(data) else _named_paths(data)) is None:
        _check_no_options(data, options)
        source = renamed(_source(data, kinds, rejects=on_bad_row == "reject"))
        return Corpus(source, id=id, on_bad_row=on_bad_row, reading=options)
    files = FilesCorpus(paths, options)
    stamp = files.stamp()
    source = renamed(files.open(kinds, on_bad_row))
    look = None if stamp is None else files.stamp
    return Corpus(source, id=id, on_bad_row=on_bad_row, stamp=stamp, look=look, reading=options)


def _check_no_options(data: Any, options: ReadOptions) -> None:
    of_files = {name: value for name, value in of_rows(options).items() if name != "rename"}
    if of_files:
        name, value = next(iter(of_files.items()))
        raise CorpusError(
            f"{name}={value!r} is an option of files, and the corpus is of type {named_type(data)}", code="LK217"
        )


def _source(data: Any, types: Types, *, rejects: bool) -> CorpusSource:
    name = getattr(data, "name", None)
    if isinstance(data, IOBase) and isinstance(name, str) and Path(name).suffix.lower() != ".txt":
        raise CorpusError(f"an open file, {name!r}, gives lines and not rows", hint="give its path", code="LK213")
    if _is_of_package(data) and (opener := plugins.opener_of(data)) is not None:
        return opener(data)
    for recognises, read in _READERS:
        if recognises(data):
            return read(data, types)
    if _is_list(data) or _is_vector(data):
        return lists.from_list(data.tolist() if _is_vector(data) else data, types, rejects=rejects)
    if _is_stream(data):
        return streams.RowStream(data, types)
    raise CorpusError(
        f"an object of type {named_type(data)} is not a corpus",
        hint=remedy_for(data)
        or "give a pandas, polars or Arrow frame, a list or iterator of dicts or strings, or a path",
        code="LK213",
    )


def _is_of_package(data: Any) -> bool:
    """Return whether another package opens an address, or an object of a library that is not read here."""
    if isinstance(data, str):
        return is_address(data) and data.split("://", 1)[0] not in _SCHEMES and plugins.can_open(data)
    return type(data).__module__.partition(".")[0] not in _LIBRARIES and plugins.can_open(data)


def _is_from(library: str, *names: str) -> Callable[[Any], bool]:
    """Recognise a library's classes without importing it: if it is not loaded, nothing can be its object."""

    def recognises(data: Any) -> bool:
        module = sys.modules.get(library)
        return module is not None and isinstance(data, tuple(getattr(module, name) for name in names))

    return recognises


# Paths, and lists of them ---------------------------------------------------------------------------------------------


def _named_paths(data: Any) -> str | Path | list[str | Path] | None:
    """Return the path or the paths that are given; None for rows, and whatever else is none."""
    if isinstance(data, str | Path):
        return data
    if isinstance(data, np.ndarray) and data.ndim == 1 and data.dtype.kind in "UO":
        data = data.tolist()
    if not _is_list(data) or not _are_paths(data):
        return None
    for entry in data:
        is_path = isinstance(entry, str | Path) and (
            is_address(entry) or is_pattern(entry) or is_there(expanded(entry))
        )
        if not is_path and str(entry) == STANDARD_INPUT:
            raise CorpusError(
                "standard input ('-') cannot be one of several files",
                hint="write it to a file first: COMMAND > more.csv",
            )
        if not is_path:
            raise CorpusError(
                f"{str(entry)!r:.100} in a list of paths is no file",
                hint='check its name; or give pandas.DataFrame({"text": [...]}), if these are texts',
                code="LK201",
            )
    return list(data)


def _are_paths(data: Sequence[Any]) -> bool:
    """Return True for a list with a ``Path``, or of names of files: one of the first is one, or all look like ones."""
    if not len(data) or not isinstance(data[0], str | Path):
        return False
    first = data[:FIRST_ENTRIES]
    if any(isinstance(entry, Path) for entry in data) or any(isinstance(t, str) and _is_file_name(t) for t in first):
        return True
    looks_alike = all(isinstance(entry, str) and by_suffix(entry) is not None for entry in data)
    return looks_alike and any(_is_file_name(entry) or is_pattern(entry) or is_address(entry) for entry in data)


def _is_file_name(text: str) -> bool:
    """Return True for the name of a file that is there, as ``glob`` gives it; a plain word is a text."""
    if len(text) > MOST_CHARACTERS or "\n" in text or not (Path(text).suffix or os.sep in text):
        return False
    try:
        path = Path(text).expanduser()
        return path.is_file() or (os.sep in text and path.is_dir())
    except (OSError, ValueError, RuntimeError):
        return False


def _is_list(data: Any) -> bool:
    is_bytes = isinstance(data, bytes | bytearray | memoryview)
    return isinstance(data, Sequence) and not is_bytes and remedy_for(data) is None


def _is_stream(data: Any) -> bool:
    """Return True for what gives rows one after the other, and in an order: no frame, array, labels, set or bytes."""
    is_other = isinstance(data, bytes | bytearray | memoryview | set | frozenset) or remedy_for(data) is not None
    is_other = is_other or kind_of(data) == "labels"
    is_frame = hasattr(data, "columns") or getattr(data, "ndim", 1) != 1
    return isinstance(data, Iterable) and not is_other and not is_frame


def _is_vector(data: Any) -> bool:
    return isinstance(data, np.ndarray) and data.ndim == 1


def _is_dataset(data: Any) -> bool:
    return callable(getattr(data, "to_batches", None)) and isinstance(getattr(data, "schema", None), pa.Schema)


_SCHEMES: Final = {"s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory", "file"}
"""Addresses that are read here."""

_LIBRARIES: Final = {
    *(
        "builtins",
        "collections",
        "itertools",
        "pathlib",
        "_io",
        "io",
        "array",
    ),
    *("dask", "numpy", "pandas", "polars", "pyarrow", "datasets", "duckdb", "_duckdb", "labelkit"),
}
"""Modules whose classes are read here, so that no package is looked for."""

_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Types], CorpusSource]], ...] = (
    (_is_from("pandas", "DataFrame", "Series"), frames.from_pandas),
    (lambda data: isinstance(data, plugins.Source), lambda data, _: data),
    (lambda data: isinstance(data, sql_query.SqlQuery), lambda data, _: sql_query.from_query(data)),
    (_is_from("datasets", "Dataset"), lambda data, _: hugging_face.from_dataset(data)),
    (_is_from("datasets", "IterableDataset"), hugging_face.from_iterable_dataset),
    (_is_from("datasets", "DatasetDict", "IterableDatasetDict"), lambda data, _: hugging_face.refuse_splits(data)),
    (_is_from("dask.dataframe", "DataFrame", "Series"), lambda data, _: dask_frames.DaskFrameSource(data)),
    (_is_from("polars", "LazyFrame"), lambda data, _: lazy_frames.from_lazy_frame(data)),
    (_is_from("polars", "DataFrame", "Series"), lambda data, _: frames.from_polars(data)),
    (_is_from("duckdb", "DuckDBPyRelation"), lambda data, _: lazy_frames.from_relation(data)),
    (lambda data: isinstance(data, pa.Table | pa.RecordBatch), lambda data, _: frames.from_table(data)),
    (_is_dataset, lambda data, _: streams.from_dataset(data)),
    (lambda data: isinstance(data, pa.ChunkedArray), lambda data, _: frames.from_arrow_array(data)),
    (lambda data: hasattr(data, "__arrow_c_stream__"), lambda data, _: streams.from_stream(data)),
    (lambda data: hasattr(data, "__arrow_c_array__"), lambda data, _: frames.from_arrow_array(data)),
    (lambda data: isinstance(data, Mapping) and remedy_for(data) is None, frames.from_columns),
)
"""Tests of the kind of a source with their readers; the first that recognises it is taken."""
