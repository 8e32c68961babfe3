"""Read list files: entries with labels, groups or weights in a file beside a module, read once when a rule is declared.

Look-ups, lexicons and examples to compare with are all read here: :func:`rows_of` yields the rows of CSV, TSV, JSONL
and tables with their line numbers, :func:`read_entries` the entries of chosen columns, of text with one a line, too.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

from labelkit._shared.given_paths import is_file
from labelkit._shared.json_objects import keys_once
from labelkit._shared.near_names import path_hint
from labelkit._shared.unreadable import CODE, LET_READ
from labelkit.corpus.missing_columns import missing_hint
from labelkit.corpus.sources.csv_text import CsvFile, read_header
from labelkit.corpus.sources.json_lines import json_hint
from labelkit.corpus.text_file import DataFile, open_text, unpacked_name
from labelkit.exceptions import CorpusError, RuleError
from labelkit.rules._caller import beside
from labelkit.rules._doubtful_lists import FirstColumn, TextEntries, check_header, first_column

EntryAndValue: TypeAlias = tuple[Any, Any]

NumberedRows: TypeAlias = Iterator[tuple[int, list[str], Sequence[Any]]]
"""Of each row: its line (or its number, of a table) from 1, the columns, and the values in their order."""

Keep: TypeAlias = Callable[[list[str]], Iterable[str]]
"""Given the columns of a table: those to read."""

LONGEST_LINE: Final = 16 * 2**20
"""Characters of the longest line that is accepted."""

LIST_ROWS: Final = 4_096
"""Rows of a list file that are read together."""

LABEL: Final = "label"
"""The column in which a file has labels, as a rule."""

TEXT: Final = ".txt"
"""Suffix of text with one entry a line."""


@dataclass(frozen=True)
class ListFile:
    """A list file that is there and is of a known kind.

    Attributes
    ----------
    path : Path
    noun : str
        What messages call it, such as ``"look-up file"``.
    text : bool
        Whether it may be text with one entry a line.
    """

    path: Path
    noun: str = "look-up file"
    text: bool = False

    @classmethod
    def of(
        cls, path: str | Path, module_file: str | None, noun: str = "look-up file", *, text: bool = False
    ) -> ListFile:
        """Find a list file.

        Parameters
        ----------
        path : str or Path
        module_file : str, optional
            The file of the module that names the path, which a relative path starts from.
        noun : str
        text : bool

        Raises
        ------
        RuleError
            If there is no such file, or its suffix is not known.
        """
        file = beside(path, module_file)
        if not is_file(file):
            raise RuleError(
                f"the {noun} {str(path)!r} is not there (looked in {file.parent})",
                hint=path_hint(path, "a path is relative to the module that names it", at=file),
                code="LK107",
            )
        suffixes = [TEXT, *_READERS] if text else list(_READERS)
        listed = cls(file, noun, text)
        if listed.suffix not in suffixes:
            kind = file.suffix or "without suffix"
            save = "; save a sheet as CSV or .xlsx" if listed.suffix in (".xls", ".ods") else ""
            raise RuleError(f"a {noun} cannot be {kind!r}", hint=f"one of {', '.join(suffixes)}{save}", code="LK108")
        return listed

    @property
    def suffix(self) -> str:
        """The suffix of the path in lower case, such as ``".csv"``."""
        return Path(unpacked_name(self.path.name)).suffix

    def __str__(self) -> str:
        return f"the {self.noun} {self.path.name!r}"


@dataclass(frozen=True)
class WantedColumns:
    """The columns of a look-up file that are read.

    Parameters
    ----------
    key : str, tuple of str or None
        The column of entries; a tuple makes tuples of several columns; None is the first column.
    value : str or None
        The column of values.
    all_columns : bool
        Whether None is all columns but that of values, as a tuple.
    """

    key: str | tuple[str, ...] | None = None
    value: str | None = None
    all_columns: bool = False

    def of(self, names: list[str], file: ListFile) -> tuple[list[str], bool]:
        """Choose the columns of entries among those of a file; True if each entry is a tuple of them."""
        if not names:
            raise RuleError(f"{file} has no columns", code="LK108")
        key = self.key
        if key is None:
            key = tuple(name for name in names if name != self.value) if self.all_columns else first_column(names, file)
        wanted = [key] if isinstance(key, str) else list(key)
        for name in (*wanted, *([] if self.value is None else [self.value])):
            if name not in names:
                raise RuleError(
                    f"{file} has no column {name!r}; it has {names}", hint=missing_hint(name, names), code="LK108"
                )
        return wanted, not isinstance(key, str)


def read_entries(
    path: str | Path,
    *,
    key: str | Sequence[str] | None = None,
    value: str | None = None,
    module_file: str | None = None,
    all_columns: bool = False,
) -> list[EntryAndValue]:
    """Read the entries of a look-up file, each with its value where one is asked for.

    Parameters
    ----------
    path : str or Path
        CSV with a header, JSONL, Parquet, or text with one entry a line.
    key : str or sequence of str, optional
        The column of entries, the first if not given; several make each entry a tuple.
    value : str, optional
        The column of values.
    module_file : str, optional
        The file of the module that names the path, which a relative path starts from.
    all_columns : bool
        Whether entries are tuples of all columns but that of values, if ``key`` is not given.

    Returns
    -------
    list of (entry, value)
        In the order of the file, blank entries left out; the value is None if not asked for.

    Raises
    ------
    RuleError
        If the file is missing, of an unknown kind, malformed or without entries.
    """
    wanted = WantedColumns(_checked_key(key), checked_column(value, "value"), all_columns)
    file = ListFile.of(path, module_file, text=True)
    pairs = _entries_of_text(file, wanted) if file.suffix == TEXT else _entries_of_rows(file, wanted)
    entries = [(entry, label) for entry, label in pairs if not _is_blank(entry)]
    if not entries:
        raise RuleError(f"{file} has no entries", code="LK108")
    return entries


def checked_column(name: Any, option: str) -> str | None:
    """Return the name of a column that an option gives.

    Raises
    ------
    RuleError
        If it is no text.
    """
    if name is None or isinstance(name, str):
        return name
    shown = name.__name__ if isinstance(name, type) else f"{name!r:.80}"
    is_labels = option == "value" and (isinstance(name, type | Mapping))
    hint = f"label={shown}, value='label' (the column of labels)" if is_labels else f"{option}='label'"
    raise RuleError(f"{option}={shown} is not the name of a column", hint=hint, code="LK108")


def _checked_key(key: Any) -> str | tuple[str, ...] | None:
    if key is None or isinstance(key, str):
        return key
    if isinstance(key, Iterable) and all(isinstance(part, str) for part in key):
        return tuple(key)
    raise RuleError(
        f"key={key!r:.80} is not the name of a column", hint="key='word', as its header has it", code="LK108"
    )


def _is_blank(entry: Any) -> bool:
    parts = entry if isinstance(entry, tuple) else (entry,)
    return any(part is None or part == "" for part in parts)


def _entries_of_text(file: ListFile, wanted: WantedColumns) -> Iterator[EntryAndValue]:
    if wanted.key is not None or wanted.value is not None:
        raise RuleError(f"{file} is text with one entry a line, so it has no columns", code="LK108")
    watch = TextEntries(file)
    for _, line in _lines(file):
        entry = line.strip()
        if entry:
            watch.saw(entry)
        yield ((entry,) if wanted.all_columns else entry), None
    watch.tell()


def _entries_of_rows(file: ListFile, wanted: WantedColumns) -> Iterator[EntryAndValue]:
    is_by_default = wanted.key is None and not wanted.all_columns
    watch = FirstColumn(file, wanted.value) if is_by_default else None
    last_names: list[str] | None = None

    def keep(names: list[str]) -> Iterable[str]:
        if watch is not None:
            watch.header = names
        others = [LABEL] if is_by_default and wanted.value is None and LABEL in names else [wanted.value]
        return dict.fromkeys(name for name in [*wanted.of(names, file)[0], *others] if name is not None)

    for _, names, values in rows_of(file, keep):
        if names != last_names:  # those of JSONL may differ
            columns, is_tuple = wanted.of(names, file)
            place = {name: number for number, name in enumerate(names)}
            places = [place[name] for name in columns]
            place_of_value = 0 if wanted.value is None else place[wanted.value]
            unread = place.get(LABEL) if wanted.value is None and LABEL not in columns else None
            last_names = names
        entry = tuple([values[number] for number in places]) if is_tuple else values[places[0]]
        if watch is not None:
            watch.saw(names, entry, None if unread is None else values[unread])
        yield entry, None if wanted.value is None else values[place_of_value]
    if watch is not None:
        watch.tell()


def rows_of(file: ListFile, keep: Keep = list) -> NumberedRows:
    """Read the rows of a list file, one after another.

    Parameters
    ----------
    file : ListFile
        Not text.
    keep : callable
        Chooses the columns that are read of a table, given all of them.

    Raises
    ------
    RuleError
        If the file is malformed; the message names the line, where one is to blame.
    """
    try:
        yield from _READERS[file.suffix](file, keep)
    except RuleError:
        raise
    except (OSError, ValueError, csv.Error, CorpusError) as error:  # ValueError: text that cannot be decoded
        raise _unreadable(file, error) from None


def _unreadable(file: ListFile, error: Exception) -> RuleError:
    if isinstance(error, CorpusError):
        return RuleError(f"{file} cannot be read: {error.message}", hint=error.hint, code=error.code)
    if isinstance(error, PermissionError):
        return RuleError(f"{file} cannot be read: permission denied", hint=LET_READ, code=CODE)
    return RuleError(f"{file} cannot be read: {error}", code="LK108")


def _lines(file: ListFile) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    try:
        with open_text(file.path) as opened:
            yield from ((number, line) for number, line in enumerate(_bounded(opened), start=1) if line.strip())
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None


def _bounded(opened: TextIO) -> Iterator[str]:
    """Yield the lines of a file; one that is too long is an error before it is in memory."""
    while line := opened.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line is longer than {LONGEST_LINE >> 20} million characters")
        yield line


def _read_csv(file: ListFile, _: Keep) -> NumberedRows:
    header = read_header(DataFile(file.path, asks=False))
    yield from check_header(_csv_rows(file, header), header.header, file)


def _csv_rows(file: ListFile, header: CsvFile) -> NumberedRows:
    names = header.header
    with open_text(file.path) as opened:
        reader = csv.reader(_bounded(opened), delimiter=header.delimiter, strict=True)
        for values in filter(None, reader):  # a blank line has no values
            if reader.line_num < header.line:
                continue
            if len(values) != len(names):
                raise RuleError(
                    f"line {reader.line_num} of {file.path.name!r} has more or fewer than {len(names)} fields",
                    hint='put a field that holds the separator in quotes: "a, b"',
                    code="LK108",
                )
            yield reader.line_num, names, values


def _read_jsonl(file: ListFile, _: Keep) -> NumberedRows:
    for number, line in _lines(file):
        try:
            row = json.loads(line, object_pairs_hook=keys_once)
        except (ValueError, RecursionError) as error:
            hint = json_hint(line.encode(errors="replace"), file.path, arrays=False)
            fault = "is no JSON" if isinstance(error, json.JSONDecodeError) else "cannot be read"
            raise RuleError(f"line {number} of {file.path.name!r} {fault}: {error}", hint=hint, code="LK108") from None
        if not isinstance(row, dict):
            habit = json_hint(line.encode(errors="replace"), file.path, arrays=False)
            hint = habit or 'one object a line, such as {"word": "free money", "label": "SPAM"}'
            raise RuleError(
                f"line {number} of {file.path.name!r} is not an object: {line.strip()[:80]}",
                hint=f"{hint}; plain entries belong in a {TEXT}" if file.text else hint,
                code="LK108",
            )
        yield number, list(row), list(row.values())


def _read_json(file: ListFile, keep: Keep) -> NumberedRows:
    """Read an array, or an object a line."""
    with open_text(file.path) as opened:
        start = next((line for line in _bounded(opened) if line.strip()), "")
    return (_read_table if start.lstrip().startswith("[") else _read_jsonl)(file, keep)


def _read_table(file: ListFile, keep: Keep) -> NumberedRows:
    """Read a file of a format that has types, as a corpus."""
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - most rule modules have no such file beside them

    corpus = open_corpus(file.path)
    names = list(keep(list(corpus.column_names)))
    number = 0
    for batch in corpus.batches(names, LIST_ROWS):
        for row in zip(*(column.to_pylist() for column in batch.table.columns), strict=True):
            number += 1
            yield number, names, row


_READERS: Final[dict[str, Callable[[ListFile, Keep], NumberedRows]]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_table,
    ".json": _read_json,
    ".arrow": _read_table,
    ".feather": _read_table,
    ".xlsx": _read_table,
}
