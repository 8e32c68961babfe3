"""Lists that rules look things up in: files of entries, perhaps with labels, read once when the rule is declared."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from labelkit.exceptions import RuleError

Entry: TypeAlias = tuple[Any, Any]


@dataclass(frozen=True)
class Wanted:
    """The columns that are read.

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

    def of(self, names: list[str], path: Path) -> tuple[list[str], bool]:
        """The columns of entries, of those that a file has, and whether they make tuples."""
        if not names:
            raise RuleError(f"the look-up file {path.name!r} has no columns")
        key = self.key
        if key is None:
            key = tuple(name for name in names if name != self.value) if self.all_columns else names[0]
        wanted = [key] if isinstance(key, str) else list(key)
        for name in (*wanted, *([] if self.value is None else [self.value])):
            if name not in names:
                raise RuleError(f"the look-up file {path.name!r} has no column {name!r}; it has {names}")
        return wanted, not isinstance(key, str)

    def entry(self, row: dict[str, Any], path: Path) -> Entry:
        """The entry of a row, and its value."""
        columns, is_tuple = self.of(list(row), path)
        entry = tuple(row[name] for name in columns) if is_tuple else row[columns[0]]
        return entry, None if self.value is None else row[self.value]


Reader: TypeAlias = Callable[[Path, Wanted], Iterator[Entry]]


def read_entries(
    path: Path,
    *,
    key: str | Sequence[str] | None = None,
    value: str | None = None,
    beside: str | None = None,
    all_columns: bool = False,
) -> list[Entry]:
    """Read the entries of a look-up file, each with its value where one is asked for.

    Parameters
    ----------
    path : Path
        CSV with a header, JSONL, Parquet, or text with one entry a line.
    key : str or sequence of str, optional
        The column of entries, the first if not given; several make each entry a tuple.
    value : str, optional
        The column of values.
    beside : str, optional
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
    found = path if path.is_absolute() or beside is None else Path(beside).parent / path
    if not found.is_file():
        raise RuleError(
            f"the look-up file {str(path)!r} is not there (looked in {found.parent})",
            hint="a path is relative to the module that names it",
        )
    reader = READERS.get(found.suffix.lower())
    if reader is None:
        raise RuleError(
            f"a look-up file cannot be {found.suffix or 'without suffix'!r}", hint=f"one of {', '.join(READERS)}"
        )
    try:
        wanted = Wanted(tuple(key) if key is not None and not isinstance(key, str) else key, value, all_columns)
        entries = [(entry, label) for entry, label in reader(found, wanted) if not _is_blank(entry)]
    except RuleError:
        raise
    except (OSError, ValueError, csv.Error) as error:  # ValueError: no UTF-8, no JSON, no Parquet
        raise RuleError(f"the look-up file {str(path)!r} cannot be read: {error}") from None
    if not entries:
        raise RuleError(f"the look-up file {str(path)!r} has no entries")
    return entries


def _is_blank(entry: Any) -> bool:
    parts = entry if isinstance(entry, tuple) else (entry,)
    return any(part is None or part == "" for part in parts)


def _read_text(path: Path, wanted: Wanted) -> Iterator[Entry]:
    if wanted.key is not None or wanted.value is not None:
        raise RuleError(f"the look-up file {path.name!r} is text with one entry a line, so it has no columns")
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            entry = line.strip()
            yield (((entry,) if wanted.all_columns else entry), None)


def _read_csv(path: Path, wanted: Wanted) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        columns, is_tuple = wanted.of(list(rows.fieldnames or []), path)
        for row in rows:
            entry = tuple(row[name] for name in columns) if is_tuple else row[columns[0]]
            yield entry, None if wanted.value is None else row[wanted.value]


def _read_jsonl(path: Path, wanted: Wanted) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise RuleError(
                    f"line {number} of the look-up file {path.name!r} is not an object: {line.strip()[:80]}",
                    hint='one object a line, such as {"word": "bit.ly"}; plain entries belong in a .txt',
                )
            yield wanted.entry(row, path)


def _read_parquet(path: Path, wanted: Wanted) -> Iterator[Entry]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - most rule modules have no Parquet beside them

    names, is_tuple = wanted.of(pq.read_schema(path).names, path)
    read = names if wanted.value is None else [*names, wanted.value]
    columns = [column.to_pylist() for column in pq.read_table(path, columns=read).select(read).columns]
    entries = zip(*columns[: len(names)], strict=True) if is_tuple else columns[0]
    yield from zip(entries, [None] * len(columns[0]) if wanted.value is None else columns[-1], strict=True)


READERS: Final[dict[str, Reader]] = {
    ".txt": _read_text,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}
