"""Say in what the corpora of two runs differ: content, chosen rows, names of columns, how files are read, ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from labelkit.corpus.reading import of_rows
from labelkit.votes.named_by import NamedBy

CHOICE: Final = ", "
"""Stands in a fingerprint between the content and the choice of rows."""


def corpus_differences(
    before: Mapping[str, Any], after: Mapping[str, Any], named: Sequence[NamedBy | None] = (None, None)
) -> list[str]:
    """List in what two corpora differ, as manifests describe them; nothing where that is not known.

    Parameters
    ----------
    before, after : mapping
        ``corpus`` of two manifests; empty for what is no run.
    named : sequence of two NamedBy or None
        What gave the examples of each their ids.

    Examples
    --------
    >>> whole = {"path": "a.csv", "fingerprint": "0f"}
    >>> some = {"path": "a.csv", "fingerprint": "0f, the first 9 rows", "rows": {"limit": 9}}
    >>> corpus_differences(whole, some)
    ['rows: all before, the first 9 rows after']
    """
    prints = [str(one.get("fingerprint") or "") for one in (before, after)]
    if not all(prints):
        return []
    contents, choices = zip(*(one.partition(CHOICE)[::2] for one in prints), strict=True)
    differences = []
    reading = [of_rows(one.get("reading") or {}) for one in (before, after)]
    if contents[0] != contents[1] and not (reading[0] != reading[1] and _are_same_files(before, after)):
        places = [_place(one) for one in (before, after)]
        differences.append(
            f"content: {places[0]} has changed" if places[0] == places[1] else _change("content", *places)
        )
    if choices[0] != choices[1]:
        differences.append(_change("rows", *(choice or "all" for choice in choices)))
    differences += [
        _change("names of columns" if name == "rename" else name, *(_option(one.get(name)) for one in reading))
        for name in dict.fromkeys([*reading[0], *reading[1]])
        if reading[0].get(name) != reading[1].get(name)
    ]
    ids = [one.get("id") for one in (before, after)]
    if ids[0] != ids[1]:
        differences.append(_change("ids", *(_named(*one) for one in zip(ids, named, strict=True))))
    return differences


def _named(column: str | None, by: NamedBy | None) -> str:
    return str(by or (NamedBy("positions") if column is None else NamedBy("column", column)))


def _are_same_files(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether both read the same bytes, of whatever names: the fingerprint is of the names of columns, too."""
    digests = [[tuple(record[1:]) for record in one.get("records") or ()] for one in (before, after)]
    return bool(digests[0]) and digests[0] == digests[1]


def _place(corpus: Mapping[str, Any]) -> str:
    files = corpus.get("files") or ()
    several = f"{len(files):,} files, such as {files[0]!r}" if files else None
    path = corpus.get("path")
    return repr(path) if path else several or corpus.get("name") or "in memory"


def _option(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{new}={old}" for new, old in value.items())
    return "as by default" if value is None else str(value)


def _change(what: str, before: str, after: str) -> str:
    return f"{what}: {before} before, {after} after"
