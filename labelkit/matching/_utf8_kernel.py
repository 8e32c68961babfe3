"""Decode UTF-8 inside compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit.matching._numba import inlined


@inlined
def code_point(data: Any, at: Any) -> Any:
    """Decode the character whose first byte, not ASCII, is at ``at``; return its code point and its number of bytes.

    Arrow guarantees valid UTF-8, so nothing is checked.
    """
    first = np.int64(data[at])
    second = np.int64(data[at + 1]) & 0x3F
    if first < 0xE0:
        return ((first & 0x1F) << 6) | second, 2
    third = np.int64(data[at + 2]) & 0x3F
    if first < 0xF0:
        return ((first & 0x0F) << 12) | (second << 6) | third, 3
    return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (np.int64(data[at + 3]) & 0x3F), 4
