r"""Refuse, or leave out, rows of Arrow batches with text that is not UTF-8, which Parquet and Arrow do not check.

>>> text = pa.Array.from_buffers(pa.string(), 2, pa.array([b"fine", b"caf\xe9"]).buffers())
>>> bad = BadRows("a.parquet", "reject")
>>> [batch.to_pydict() for batch in checked_text([pa.record_batch([text], names=["t"])], 0, bad)], bad.rejects[0].reason
([{'t': ['fine']}], "column 't' is not valid UTF-8")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from labelkit.corpus._files import closed_after
from labelkit.corpus.source import BadRows

HINT = 'write the file again from its source as UTF-8, or on_bad_row="reject" leaves such rows out'


def checked_text(batches: Iterable[pa.RecordBatch], first_row: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
    """Yield batches without the rows that hold invalid text, which are reported.

    Parameters
    ----------
    batches : iterable of RecordBatch
    first_row : int
        The position of their first row in the source.
    bad : BadRows
    """
    with closed_after(batches):
        for batch in batches:
            reasons: dict[int, str] = {}
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                for position in invalid_rows(column):
                    reasons.setdefault(position, f"column {name!r} is not valid UTF-8")
            for position in sorted(reasons):
                bad.add(first_row + position, reasons[position], text=_shown(batch, position), hint=HINT)
            first_row += batch.num_rows
            if reasons:
                keep = np.ones(batch.num_rows, np.bool_)
                keep[list(reasons)] = False
                batch = batch.filter(pa.array(keep))  # noqa: PLW2901
            yield batch


def invalid_rows(column: pa.Array, offset: int = 0) -> list[int]:
    """Find the rows of a column with text that is not UTF-8, by bisection: one check where all are valid."""
    if _is_valid(column):
        return []
    if len(column) == 1:
        return [offset]
    middle = len(column) // 2
    return invalid_rows(column[:middle], offset) + invalid_rows(column[middle:], offset + middle)


def _is_valid(column: pa.Array) -> bool:
    """Return whether all text in a column is UTF-8, also in lists and structs."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _is_valid(column.flatten())
    if pa.types.is_struct(kind):
        return all(map(_is_valid, column.flatten()))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_nested(kind)):
        return True
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _shown(batch: pa.RecordBatch, position: int) -> str:
    """Show the texts of a row, with a sign in the place of bytes that are none."""
    texts = [column[position : position + 1] for column in batch.columns if pa.types.is_string(column.type)]
    parts = [text.cast(pa.binary())[0].as_py() for text in texts]
    return ", ".join(part.decode(errors="replace") for part in parts if part is not None)
