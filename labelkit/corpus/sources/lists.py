"""Read a list of dicts or of strings, in which entries that are neither may be rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from labelkit.corpus._python_values import KeyValues
from labelkit.corpus.sources.frames import TEXT, FrameSource, PythonColumn, is_table
from labelkit.exceptions import CorpusError


class ListedColumn(PythonColumn):
    """A column of a list in which some entries are no rows."""

    def __init__(
        self, name: str, values: Sequence[Any], kind: pa.DataType | None, rows: Sequence[Any], odd: frozenset[int]
    ) -> None:
        super().__init__(name, values, "a list", kind)
        self._rows = rows
        self._odd = odd

    def value(self, row: int) -> Any:
        """Return the value of a row as it was given, or what is no row."""
        return self._rows[row] if row in self._odd else super().value(row)

    def misfits(self, start: int, stop: int) -> dict[int, str]:
        """Return the reason for each row that is none, or whose value is not of the type of the column."""
        return super().misfits(start, stop) | {
            row: what_is_wrong(self._rows[row]) for row in self._odd if start <= row < stop
        }

    def slice(self, start: int, stop: int) -> pa.Array:
        """Convert some rows; raises CorpusError with the first that is none."""
        odd = min((row for row in self._odd if start <= row < stop), default=None)
        if odd is not None:
            raise _no_row(odd, self._rows[odd])
        return super().slice(start, stop)


def from_list(rows: Sequence[Any], types: Mapping[str, pa.DataType], *, rejects: bool = False) -> FrameSource:
    """Read a list of dicts, or of strings; entries that are none may be rejected when they are read."""
    if not rows:
        raise CorpusError(
            "the list is empty, so its columns are not known", hint='give {"text": []} for no rows', code="LK204"
        )
    are_dicts, odd = _odd_rows(rows)
    if odd and not (rejects and len(odd) < len(rows)):
        raise _no_row(min(odd), rows[min(odd)])
    blank: Any = {} if are_dicts else None
    sound = [blank if place in odd else row for place, row in enumerate(rows)] if odd else rows
    values: dict[str, Sequence[Any]] = {TEXT: sound}
    if are_dicts:
        values = {str(key): KeyValues(sound, key) for key in dict.fromkeys(chain.from_iterable(sound))}
    columns = {name: partial(ListedColumn, name, column, types.get(name), rows, odd) for name, column in values.items()}
    return FrameSource("a list", len(rows), columns, may_reject=True)


def what_is_wrong(row: Any) -> str:
    """Return the reason why a value is not a row like those before it."""
    if isinstance(row, Mapping | str) or row is None:
        return f"{type(row).__name__} among rows that are not: {row!r:.80}"
    return f"neither a dict nor a string, but {type(row).__name__}: {row!r:.80}"


def _odd_rows(rows: Sequence[Any]) -> tuple[bool, frozenset[int]]:
    """Return whether rows are dicts (else strings, any of which may be null), and the places of what is neither.

    Raises
    ------
    CorpusError
        For a list of frames.
    """
    are_dicts = isinstance(next((row for row in rows if isinstance(row, Mapping | str)), None), Mapping)
    if not are_dicts and all(is_table(row) or hasattr(row, "iloc") for row in rows):
        raise CorpusError(
            f"a list of {len(rows)} frames or Series is not a corpus", hint="give pandas.concat(frames)", code="LK213"
        )
    kinds = Mapping if are_dicts else str | None
    return are_dicts, frozenset(place for place, row in enumerate(rows) if not isinstance(row, kinds))


def _no_row(position: int, row: Any) -> CorpusError:
    return CorpusError(
        f"a list, row {position}: {what_is_wrong(row)}",
        hint='give dicts, [{"text": "..."}], or strings; on_bad_row="reject" leaves others out',
        code="LK213",
    )
