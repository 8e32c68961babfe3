"""The one way in, and the table of readers behind it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import IOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa

from labelkit._shared.foreign import named_type, remedy_for
from labelkit.corpus._arrow_types import arrow_types
from labelkit.corpus._files import stamp_of
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.file_kinds import SUFFIX_REMEDIES
from labelkit.corpus.sources import csv_text, frames, json_lines, parquet, several_files, streams
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

_ADDRESS: Final = re.compile(r"(https?|s3|gs|ftp|hdfs|abfss?):/")
"""The beginning of an address, of which a path has one slash less."""

MOST_CHARACTERS: Final = 1_024
"""A longer string is a text, and not the name of a file."""

Types = Mapping[str, pa.DataType]


def open_corpus(
    data: Any,
    *,
    id: str | None = None,  # noqa: A002 - the word that users write
    types: Mapping[str, Any] | None = None,
    on_bad_row: Literal["raise", "reject"] = "raise",
) -> Corpus:
    """Make a corpus of whatever holds the examples.

    Parameters
    ----------
    data : object
        A pandas, polars or Arrow frame; anything with the Arrow stream interface; a dict of columns; a list or iterator
        of dicts or of strings (a column ``text``); the path of a Parquet, CSV, TSV or JSONL file (the latter three also
        gzipped, or in UTF-16) or of a folder of Parquet files; a list of such paths, which are read in that order. In
        CSV, the delimiter is ``,``, or another of ``;``, tab and ``|`` that splits all of the first rows alike. A
        :class:`Corpus` is returned as it is.
    id : str, optional
        The column of the examples' ids. By default, a pandas frame with an index of its own, in which no label repeats,
        is named by that: numbers and text are ids as they are, other labels as text. Otherwise, an example's position
        is its id.
    types : mapping of str to type, optional
        The types of columns that have none in the source: in CSV, where all columns are text otherwise, in JSONL, lists
        and iterators, where the first values decide otherwise. Others are ignored.
    on_bad_row : {"raise", "reject"}
        Whether a row of a CSV or JSONL file or of an iterator that cannot be read is an error, or is left out and
        listed in ``rejects``.

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
    if on_bad_row not in {"raise", "reject"}:
        raise CorpusError(f"on_bad_row={on_bad_row!r} is not known", hint='use "raise" or "reject"')
    if isinstance(data, Corpus):
        if id not in {None, data.id}:
            raise CorpusError(f"the corpus was opened with id={data.id!r}, not {id!r}")
        return data
    stamp = stamp_of(Path(data).expanduser()) if isinstance(data, str | Path) else None
    return Corpus(_source(data, arrow_types(types)), id=id, on_bad_row=on_bad_row, stamp=stamp)


def _source(data: Any, types: Types) -> CorpusSource:
    name = getattr(data, "name", None)
    if isinstance(data, IOBase) and isinstance(name, str) and Path(name).suffix.lower() != ".txt":
        raise CorpusError(f"an open file, {name!r}, gives lines and not rows", hint="give its path")
    for recognises, read in _READERS:
        if recognises(data):
            return read(data, types)
    raise CorpusError(
        f"an object of type {named_type(data)} is not a corpus",
        hint=remedy_for(data)
        or "give a pandas, polars or Arrow frame, a list or iterator of dicts or strings, or a path",
    )


def _is_from(library: str, *names: str) -> Callable[[Any], bool]:
    """Recognise a library's classes without importing it: if it is not loaded, nothing can be its object."""

    def recognises(data: Any) -> bool:
        module = sys.modules.get(library)
        return module is not None and isinstance(data, tuple(getattr(module, name) for name in names))

    return recognises


def _from_path(data: str | Path, types: Types) -> CorpusSource:
    path = _existing(data)
    if path.is_dir():
        return parquet.ParquetSource(path)
    if not path.is_file():
        raise CorpusError(
            f"{str(path)!r} is a pipe or a device, and a corpus is read more than once",
            hint="write it to a file first: COMMAND > corpus.csv",
        )
    if path.stat().st_size == 0:
        raise CorpusError(f"the file {str(path)!r} is empty", hint="check the export that made it")
    return _reader_of(path)(path, types)


def _reader_of(path: Path) -> Callable[[Path, Types], CorpusSource]:
    """Return the reader of files with such a suffix."""
    for suffixes, read in _FILES:
        if path.name.lower().endswith(suffixes):
            return read
    suffixes_read = ", ".join(suffix for suffixes, _ in _FILES for suffix in suffixes)
    raise CorpusError(
        f"{str(path)!r} has none of the known suffixes: {suffixes_read}",
        hint=SUFFIX_REMEDIES.get(path.suffix.lower(), "rename or convert the file"),
    )


def _existing(data: str | Path) -> Path:
    path = Path(data).expanduser()
    try:
        exists = path.exists()
    except (OSError, ValueError):  # too long for a file system, or with a NUL: a text
        exists = False
    if exists:
        return path
    shown = f"{str(data)!r:.100}"
    if _ADDRESS.match(str(data)):
        raise CorpusError(
            f"{shown} is an address, not a file", hint="download it first, or give pandas.read_csv(address)"
        )
    if isinstance(data, str) and (len(data) > 255 or len(data.split()) > 2 or "\n" in data):
        raise CorpusError(f"there is no file {shown}", hint="if it is a text and not a path, give a list: [text]")
    raise CorpusError(f"there is no file {shown}", hint=f"the current folder is {str(Path.cwd())!r}")


# Lists: of rows, or of paths ------------------------------------------------------------------------------------------


def _from_list(data: Sequence[Any], types: Types) -> CorpusSource:
    """Read a list of rows, or the files that a list of paths names."""
    if not _are_paths(data):
        return frames.from_list(data, types)
    paths = [Path(entry).expanduser() if isinstance(entry, str | Path) else entry for entry in data]
    for entry, path in zip(data, paths, strict=True):
        if not isinstance(path, Path) or not path.exists():
            raise CorpusError(
                f"{str(entry)!r:.100} in a list of paths is no file",
                hint='give existing files alone; texts that look like paths, as dicts: [{"text": ...}]',
            )
    if len(paths) == 1:
        return _from_path(paths[0], types)
    readers = {_reader_of(path) for path in paths}
    if len(readers) > 1:
        raise CorpusError(
            f"the files have several formats: {', '.join(sorted({path.suffix for path in paths}))}",
            hint="files of one corpus have the same format",
        )
    return several_files.FilesSource(paths, _from_path, types)


def _are_paths(data: Sequence[Any]) -> bool:
    """Return True for a list with a ``Path``, or of names of files: the first is one, or all look like ones."""
    if not len(data) or not isinstance(data[0], str | Path):
        return False
    if any(isinstance(entry, Path) for entry in data) or _is_file_name(str(data[0])):
        return True
    suffixes = tuple(suffix for kinds, _ in _FILES for suffix in kinds)
    return all(isinstance(entry, str) and entry.endswith(suffixes) for entry in data) and any(map(_is_file_name, data))


def _is_file_name(text: str) -> bool:
    """Return True for the name of a file that is there, as ``glob`` gives it; a plain word is a text."""
    if len(text) > MOST_CHARACTERS or "\n" in text or not (Path(text).suffix or os.sep in text):
        return False
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _is_list(data: Any) -> bool:
    is_bytes = isinstance(data, bytes | bytearray | memoryview)
    return isinstance(data, Sequence) and not is_bytes and remedy_for(data) is None


def _is_stream(data: Any) -> bool:
    """Return True for what gives rows one after the other, and in an order: no frame, array, set or bytes."""
    is_other = isinstance(data, bytes | bytearray | memoryview | set | frozenset) or remedy_for(data) is not None
    is_frame = hasattr(data, "columns") or getattr(data, "ndim", 1) != 1
    return isinstance(data, Iterable) and not is_other and not is_frame


def _is_vector(data: Any) -> bool:
    return isinstance(data, np.ndarray) and data.ndim == 1


def _is_dataset(data: Any) -> bool:
    return callable(getattr(data, "to_batches", None)) and isinstance(getattr(data, "schema", None), pa.Schema)


_FILES: tuple[tuple[tuple[str, ...], Callable[[Path, Types], CorpusSource]], ...] = (
    (parquet.SUFFIXES, lambda path, _: parquet.ParquetSource(path)),
    (tuple(csv_text.DELIMITERS), csv_text.CsvSource),
    (json_lines.SUFFIXES, json_lines.JsonLinesSource),
)
"""Readers of files by suffix."""

_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Types], CorpusSource]], ...] = (
    (_is_from("pandas", "DataFrame", "Series"), lambda data, _: frames.from_pandas(data)),
    (_is_from("polars", "DataFrame", "LazyFrame", "Series"), lambda data, _: frames.from_polars(data)),
    (lambda data: isinstance(data, pa.Table | pa.RecordBatch), lambda data, _: frames.from_table(data)),
    (lambda data: isinstance(data, str | Path), _from_path),
    (_is_dataset, lambda data, _: streams.from_dataset(data)),
    (lambda data: hasattr(data, "__arrow_c_stream__"), lambda data, _: streams.from_stream(data)),
    (lambda data: hasattr(data, "__arrow_c_array__"), lambda data, _: frames.from_table(pa.record_batch(data))),
    (lambda data: isinstance(data, Mapping) and remedy_for(data) is None, frames.from_columns),
    (_is_vector, lambda data, types: _from_list(data.tolist(), types)),
    (_is_list, _from_list),
    (_is_stream, streams.RowStream),
)
"""Tests of the kind of a source with their readers; the first that recognises it is taken."""
