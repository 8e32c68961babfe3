"""Hashes of names and of values, by which a stable split decides: equal values have one key, whatever holds them.

A column of whole numbers becomes one of floats as soon as a row has none, and values beside the corpus are objects: the
key of 7 is that of 7.0, and the key of a day that of its midnight.

>>> hash_keys(np.array([7, 8])).tolist() == hash_keys(np.array([7.0, 8], dtype=object)).tolist()
True
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.curation.near_duplicates.shingles import mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS: Final = 2**64 - 1


def hash_keys(names: NDArray[Any], kind: int = 0) -> NDArray[np.uint64]:
    """Hash names by what they are, alone: texts, whole numbers, times, and whatever else by its text.

    Parameters
    ----------
    names : ndarray of shape (n_names,)
    kind : int
        Names of another kind, such as groups in place of rows, have other keys.
    """
    if names.dtype.kind in "iu":
        return mixed(names.astype(np.uint64) + np.uint64(kind))
    from pandas.util import hash_array  # noqa: PLC0415 - only where a hash decides

    values = (names.astype("datetime64[us]") if names.dtype.kind == "M" else names).tolist()
    is_whole = np.fromiter(map(_is_whole, values), dtype=bool, count=len(values))
    keys = np.empty(len(values), dtype=np.uint64)
    whole = [int(value) & BITS for value, one in zip(values, is_whole.tolist(), strict=True) if one]
    texts = [_text(value) for value, one in zip(values, is_whole.tolist(), strict=True) if not one]
    keys[is_whole] = np.array(whole, dtype=np.uint64)
    if texts:
        keys[~is_whole] = hash_array(np.array(texts, dtype=object), categorize=False)
    return mixed(keys + np.uint64(kind))


def _is_whole(value: Any) -> bool:
    if isinstance(value, float | np.floating):
        return bool(value.is_integer())
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        naive = value.replace(tzinfo=None) if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return naive.isoformat(sep=" ")
    return f"{value} 00:00:00" if isinstance(value, date) else str(value)
