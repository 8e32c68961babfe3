"""Open files: the table of formats, by name and by suffix, and how the format of a file is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pyarrow as pa

from labelkit._shared.given_paths import is_folder
from labelkit._shared.unreadable import opening
from labelkit._shared.user_errors import warn
from labelkit.corpus import plugins
from labelkit.corpus._byte_streams import COMPRESSIONS, PACKED_SUFFIXES, open_bytes, unpacked_name
from labelkit.corpus._files import DataFile, FileStamp, is_remote, stamp_of
from labelkit.corpus._mistaken_utf8 import warn_of_utf8
from labelkit.corpus._paths import (
    existing,
    expanded,
    files_matching,
    files_of_folder,
    is_pattern,
    refuse_what_is_no_corpus,
)
from labelkit.corpus._spool import STANDARD_INPUT, spooled
from labelkit.corpus.file_kinds import FIRST_BYTES, SUFFIX_REMEDIES, kind_of
from labelkit.corpus.reading import ReadOptions, of_rows
from labelkit.corpus.remote import RemoteFile, is_address, remote_files
from labelkit.corpus.sources import (
    arrow_ipc,
    csv_text,
    delimiter,
    excel,
    hugging_face,
    json_lines,
    parquet,
    several_files,
    text_lines,
)
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

Types = Mapping[str, pa.DataType]

FIRST_FILES: Final = 8
"""Files of a folder that are looked at for another encoding than the one that was given."""


class FileFormat(NamedTuple):
    """A format of files.

    Parameters
    ----------
    name : str
        What ``format=`` calls it.
    suffixes : tuple of str
    read : callable
        Opens a file, given the types that columns are to have and the options that were given.
    options : frozenset of str
        The options that it has.
    packed : bool
        Whether its files may be compressed as a whole.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[DataFile, Types, ReadOptions], CorpusSource]
    options: frozenset[str] = frozenset()
    packed: bool = False


FORMATS: Final[tuple[FileFormat, ...]] = (
    FileFormat("parquet", (".parquet", ".pq"), lambda file, types, _: parquet.ParquetSource(file, types)),
    FileFormat(
        "csv",
        tuple(csv_text.DELIMITERS),
        lambda file, types, reading: csv_text.CsvSource(
            file, types, reading.get("delimiter"), reading.get("skip_rows") or 0
        ),
        frozenset({"delimiter", "encoding", "skip_rows"}),
        packed=True,
    ),
    FileFormat(
        "jsonl",
        (".jsonl", ".ndjson"),
        lambda file, types, _: json_lines.JsonLinesSource(file, types),
        frozenset({"encoding"}),
        packed=True,
    ),
    FileFormat(
        "json",
        (".json",),
        lambda file, types, _: json_lines.JsonLinesSource(file, types, arrays=True),
        frozenset({"encoding"}),
        packed=True,
    ),
    FileFormat(
        "text",
        (".txt", ".text"),
        lambda file, _types, _: text_lines.TextLinesSource(file),
        frozenset({"encoding"}),
        packed=True,
    ),
    FileFormat(
        "arrow",
        (".arrow", ".feather", ".arrows", ".ipc"),
        lambda file, types, _: arrow_ipc.ArrowFileSource(file, types),
    ),
    FileFormat(
        "excel",
        (".xlsx", ".xlsm"),
        lambda file, types, reading: excel.ExcelSource(
            file, types, reading.get("sheet"), reading.get("skip_rows") or 0
        ),
        frozenset({"sheet", "skip_rows"}),
    ),
)
"""Readers of files."""


@dataclass(frozen=True)
class FilesCorpus:
    """Files that are to be opened as one corpus.

    Parameters
    ----------
    given : str, Path or list of them
        A file, a folder, a pattern, ``-`` for standard input, or a list of these but the last.
    reading : ReadOptions
    """

    given: str | Path | Sequence[str | Path]
    reading: ReadOptions

    def stamp(self) -> FileStamp | None:
        """Return the sizes and times of the files as they are now; None for what is no file."""
        try:
            return None if _is_stream(self.given) else stamp_of(self.paths())
        except (CorpusError, OSError):
            return FileStamp((), ())

    def open(self, types: Types, on_bad_row: Literal["raise", "reject"]) -> CorpusSource:
        """Open the files.

        Raises
        ------
        CorpusError
            If there is none, one cannot be opened, they are of several formats, or an option does not fit the format.
        """
        with opening(CorpusError):
            return self._opened(types, on_bad_row)

    def _opened(self, types: Types, on_bad_row: Literal["raise", "reject"]) -> CorpusSource:
        read = partial(open_file, reading=self.reading)
        if not isinstance(self.given, str | Path) and len(self.given) == 1:
            return FilesCorpus(self.given[0], self.reading).open(types, on_bad_row)
        encoding = self.reading.get("encoding")
        if _is_stream(self.given):
            assert isinstance(self.given, str | Path)
            file = spooled(Path(self.given))
            source = _open(file, types, self.reading)
            warn_of_utf8(DataFile(file.path, encoding, file.shown, held=file.held))
            return source
        if (folder := self._saved_folder()) is not None:
            return hugging_face.from_saved_folder(folder)
        paths = self.paths()
        is_file = isinstance(self.given, str | Path) and paths == [_place(self.given)]
        if is_file:
            source = read(paths[0], types)
            warn_of_utf8(DataFile(paths[0], encoding))
            return source
        self._check_formats(paths)
        place = _place(self.given) if isinstance(self.given, str | Path) else None
        several = several_files.FilesSource(paths, read, types, place=place, on_bad_row=on_bad_row)
        next(filter(warn_of_utf8, (DataFile(path, encoding) for path in paths[:FIRST_FILES])), None)
        return several

    def _saved_folder(self) -> Path | None:
        """Return the folder of a data set that Hugging Face's library saved, if it is one."""
        if not isinstance(self.given, str | Path) or is_address(self.given) or is_pattern(self.given):
            return None
        folder = expanded(self.given)
        return folder if is_folder(folder) and hugging_face.is_saved(folder) else None

    def paths(self) -> list[Path]:
        """List the files.

        Raises
        ------
        CorpusError
            If one is not there.
        """
        if isinstance(self.given, str | Path):
            return self._files_of(self.given)
        paths = [path for one in self.given for path in self._files_of(one)]
        twice = next((path for path, n in Counter(map(_resolved, paths)).items() if n > 1), None)
        if twice is not None:
            warn(
                f"{str(twice)!r} is given twice, and its rows count twice. "
                "Hint: a folder or a pattern has its files already",
                code="LK220",
            )
        return paths

    def _files_of(self, given: str | Path) -> list[Path]:
        if is_address(given):
            return remote_files(str(given), self._is_read)  # type: ignore[return-value] # with the methods that readers use
        if is_pattern(given):
            return files_matching(given)
        path = existing(given)
        if path.is_dir():
            refuse_what_is_no_corpus(path)
        if path.is_dir() and hugging_face.is_saved(path):
            return hugging_face.saved_files(path)
        if path.is_dir():
            return files_of_folder(path, self._is_read)
        return [path]

    def _is_read(self, file: Path | RemoteFile) -> bool:
        return "format" in self.reading or by_suffix(file.name) is not None or plugins.can_open(file)

    def _check_formats(self, paths: Sequence[Path]) -> None:
        if "format" in self.reading:
            return
        formats = {format_named(path): path for path in reversed(paths)}
        if len(formats) > 1:
            examples = ", ".join(f"{path.name} ({name})" for name, path in sorted(formats.items()))
            first, *_, last = paths
            raise CorpusError(
                f"the files have several formats: {examples}",
                hint=f"files of one corpus have the same format: save {last.name!r} as {first.suffix}, "
                "or choose them by a pattern, such as 'folder/*.csv'",
                code="LK203",
            )


def _resolved(path: Any) -> Any:
    """Return the same for all spellings of the path of a file."""
    return path.resolve() if isinstance(path, Path) else str(path)


def are_there(given: str | Path | Sequence[str | Path]) -> bool:
    """Return whether the files that are named are there."""
    try:
        return bool(FilesCorpus(given, {}).paths())
    except (CorpusError, OSError):
        return False


def _is_stream(given: Any) -> bool:
    """Return whether a path is standard input, or a pipe or device, which are read once."""
    if not isinstance(given, str | Path) or is_address(given):
        return False
    path = expanded(given)
    return str(given) == STANDARD_INPUT or (not is_pattern(given) and existing(given) == path and _is_pipe(path))


def _place(given: str | Path) -> Path:
    return RemoteFile(str(given)) if is_address(given) else expanded(given)  # type: ignore[return-value]


def _is_pipe(path: Path) -> bool:
    if is_remote(path):
        return False
    return path.is_fifo() or path.is_char_device() or path.is_socket() or path.is_block_device()


def open_file(path: Path, types: Types, *, reading: ReadOptions) -> CorpusSource:
    """Open one file by its format."""
    if _is_pipe(path):
        raise CorpusError(
            f"{str(path)!r} is a pipe or a device, which cannot be one of several files",
            hint="write it to a file first: COMMAND > corpus.csv",
        )
    if path.stat().st_size == 0:
        raise CorpusError(f"the file {str(path)!r} is empty", hint="check the export that made it", code="LK204")
    if by_suffix(path.name) is None and "format" not in reading and (opener := plugins.opener_of(path)) is not None:
        return opener(path)
    return _open(DataFile(path), types, reading)


def _open(file: DataFile, types: Types, reading: ReadOptions) -> CorpusSource:
    name = reading.get("format") or format_named(file)
    kind = next((one for one in FORMATS if one.name == name), None)
    if kind is None:
        raise CorpusError(
            f"format={name!r} is not known",
            hint=f"the formats are {', '.join(one.name for one in FORMATS)}",
            code="LK203",
        )
    for option, value in of_rows(reading).items():
        if option not in {"format", "rename", *kind.options}:
            raise CorpusError(
                f"{option}={value!r} does not fit {file.name!r}, which is {kind.name}",
                hint=f"{option} is an option of {' and '.join(one.name for one in FORMATS if option in one.options)}",
                code="LK217",
            )
    return kind.read(DataFile(file.path, reading.get("encoding"), file.shown, held=file.held), types, reading)


# The format of a file -------------------------------------------------------------------------------------------------


def by_suffix(name: str) -> FileFormat | None:
    """Return the format that the name of a file says."""
    inner = unpacked_name(name)
    is_packed = inner != name.lower()
    return next((one for one in FORMATS if inner.endswith(one.suffixes) and (one.packed or not is_packed)), None)


def known_suffixes() -> tuple[str, ...]:
    """Return all suffixes of files that are read, without those of compressions."""
    return tuple(suffix for one in FORMATS for suffix in one.suffixes)


def format_named(file: DataFile | Path) -> str:
    """Return the name of the format of a file by its suffix, or of a stream by its first bytes."""
    path = (
        Path(file.name) if isinstance(file, DataFile) and isinstance(file.path, Path) else getattr(file, "path", file)
    )
    kind = by_suffix(path.name)
    if kind is not None:
        return kind.name
    if isinstance(file, DataFile) and file.shown is not None:
        return _by_bytes(file)
    if plugins.can_open(path):
        return path.suffix
    if isinstance(path, Path):
        refuse_what_is_no_corpus(path)
    plain = ", ".join(known_suffixes())
    packed = ", ".join(f".csv{suffix}" for suffix in PACKED_SUFFIXES)
    raise CorpusError(
        f"{str(path)!r} has none of the known suffixes: {plain}; compressed text, such as {packed}",
        hint=SUFFIX_REMEDIES.get(path.suffix.lower(), 'rename or convert the file, or say what it is: format="csv"'),
        code="LK203",
    )


def _by_bytes(file: DataFile) -> str:
    """Find the format of what came through a pipe."""
    with file.path.open("rb") as opened:
        first = opened.read(FIRST_BYTES)
    kind = kind_of(first)
    names = {"Parquet": "parquet", "Arrow IPC (Feather)": "arrow", "a stream of Arrow IPC": "arrow"}
    if kind is not None and kind.name in names:
        return names[kind.name]
    if first.startswith(b"PK\x03\x04"):
        return "excel"
    with open_bytes(file) as text:
        start = text.read(FIRST_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return "jsonl" if start.startswith(b"{") else "json"
    if delimiter.is_table(start):
        return "csv"
    raise CorpusError(
        f"{file.name} does not say by its bytes what it is",
        hint='say it: format="csv", or format="text" (a line each)',
        code="LK203",
    )


__all__ = [
    "COMPRESSIONS",
    "FORMATS",
    "FileFormat",
    "FilesCorpus",
    "by_suffix",
    "known_suffixes",
    "open_file",
]
