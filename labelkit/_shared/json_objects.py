"""Read objects of JSON whose keys stand once: of two values of a key, nobody knows which is meant."""

from __future__ import annotations

from typing import Any


def keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its keys and values: the ``object_pairs_hook`` of ``json.loads``, which takes the last of two.

    Raises
    ------
    ValueError
        If a key stands twice.

    Examples
    --------
    >>> import json
    >>> json.loads('{"answer": "spam", "answer": "ham"}', object_pairs_hook=keys_once)
    Traceback (most recent call last):
    ValueError: the key 'answer' stands twice in one object
    """
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(stands_twice(next(key for key in keys if keys.count(key) > 1)))
    return row


def stands_twice(key: str) -> str:
    """Say that a key stands twice."""
    return f"the key {key!r} stands twice in one object"
