"""Lists that rules look things up in: files of entries, perhaps with labels, read once when the rule is declared."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from labelkit.exceptions import RuleError

Entry: TypeAlias = tuple[Any, Any]
Reader: TypeAlias = Callable[[Path, str | None, str | None], Iterator[Entry]]


def read_entries(
    path: Path, *, key: str | None = None, value: str | None = None, beside: str | None = None
) -> list[Entry]:
    """Read the entries of a look-up file, each with its value where one is asked for.

    Parameters
    ----------
    path : Path
        CSV with a header, JSONL, Parquet, or text with one entry a line.
    key, value : str, optional
        The columns of entries and of values; the first column holds the entries if ``key`` is not given.
    beside : str, optional
        The file of the module that names the path, which a relative path starts from.

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
        entries = [(entry, label) for entry, label in reader(found, key, value) if entry is not None and entry != ""]
    except RuleError:
        raise
    except (OSError, ValueError, csv.Error) as error:  # ValueError: no UTF-8, no JSON, no Parquet
        raise RuleError(f"the look-up file {str(path)!r} cannot be read: {error}") from None
    if not entries:
        raise RuleError(f"the look-up file {str(path)!r} has no entries")
    return entries


def _column(names: list[str], name: str | None, path: Path) -> str:
    if name is not None and name not in names:
        raise RuleError(f"the look-up file {path.name!r} has no column {name!r}; it has {names}")
    if not names:
        raise RuleError(f"the look-up file {path.name!r} has no columns")
    return names[0] if name is None else name


def _read_text(path: Path, key: str | None, value: str | None) -> Iterator[Entry]:
    if key is not None or value is not None:
        raise RuleError(f"the look-up file {path.name!r} is text with one entry a line, so it has no columns")
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            yield line.strip(), None


def _read_csv(path: Path, key: str | None, value: str | None) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        names = list(rows.fieldnames or [])
        entry = _column(names, key, path)
        label = None if value is None else _column(names, value, path)
        for row in rows:
            yield row[entry], None if label is None else row[label]


def _read_jsonl(path: Path, key: str | None, value: str | None) -> Iterator[Entry]:
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
            names = list(row)
            yield row[_column(names, key, path)], None if value is None else row[_column(names, value, path)]


def _read_parquet(path: Path, key: str | None, value: str | None) -> Iterator[Entry]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - most rule modules have no Parquet beside them

    names = pq.read_schema(path).names
    wanted = [_column(names, key, path)] + ([] if value is None else [_column(names, value, path)])
    columns = pq.read_table(path, columns=wanted).select(wanted).columns
    entries = columns[0].to_pylist()
    yield from zip(entries, [None] * len(entries) if value is None else columns[-1].to_pylist(), strict=True)


READERS: Final[dict[str, Reader]] = {
    ".txt": _read_text,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}
