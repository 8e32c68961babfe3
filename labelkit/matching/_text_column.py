"""Give the kernels the bytes and offsets of an Arrow string column, without a Python object for each row.

A row is decoded to ``str`` only on demand, for the rows that a prefilter leaves to ``re``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from labelkit._shared.arrow_arrays import numpy_array


@dataclass(frozen=True)
class TextColumn:
    """The UTF-8 bytes of a column of strings, and a mask of the rows to scan (neither null nor unneeded)."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    active: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.active)

    @property
    def longest(self) -> int:
        """Bytes of the longest active row: an upper bound of the characters of any row."""
        lengths = np.diff(self.offsets)[self.active]
        return int(lengths.max()) if len(lengths) else 0

    def texts(self, rows: npt.NDArray[np.intp]) -> Iterator[str]:
        """Decode some rows, in the given order."""
        view = self.data.data
        for start, stop in zip(self.offsets[rows].tolist(), self.offsets[rows + 1].tolist(), strict=True):
            yield str(view[start:stop], "utf-8")


def text_column(column: pa.StringArray | pa.LargeStringArray, need: npt.NDArray[np.bool_] | None = None) -> TextColumn:
    """Wrap an Arrow column, or a slice of one, without copying its bytes."""
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    _, ends, data = column.buffers()
    if len(column) == 0 or ends is None:
        offsets = np.zeros(len(column) + 1, dtype=np.int64)
    else:
        offsets = np.frombuffer(ends, dtype=width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    active = np.ones(len(column), dtype=np.bool_) if need is None else np.array(need, dtype=np.bool_)
    if column.null_count:
        active &= numpy_array(column.is_valid())
    content = np.zeros(0, dtype=np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)
    return TextColumn(content, offsets, active)
