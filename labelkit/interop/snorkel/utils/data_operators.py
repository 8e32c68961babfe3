"""Check the names of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def check_unique_names(names: Sequence[str]) -> None:
    """Check that no name stands twice.

    Raises
    ------
    ValueError
        If one does.
    """
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise ValueError(f"Operator names not unique: {count} operators with name {name}")
