"""Say why names are not those that they seem to be: how they were read, or written, in two ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.near_names import as_seen, unseen_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

HABIT_ROWS: Final = 1_000
"""Names that are looked at for why none of them is an id."""

OTHER_TYPE: Final = "as the other type: one side is text, the other numbers"

_HABITS: Final[tuple[tuple[Callable[[Any], str], str], ...]] = (
    (str, OTHER_TYPE),
    (lambda name: str(name).strip(), "without the spaces around it"),
    (lambda name: str(name).strip().removesuffix(".0"), "as a whole number: ids were read as floats, .astype('Int64')"),
    (
        lambda name: str(name).strip().lstrip("0"),
        "but for leading zeros: read both as text, read_csv(..., dtype=str)",
    ),
    (lambda name: str(name).strip().casefold(), "in other letters"),
    (lambda name: as_seen(str(name)), "but for spaces in it"),
)
"""Forms in which names are alike that were read, or written, in two ways."""


def habit(names: NDArray[Any], ids: NDArray[Any]) -> str | None:
    """Return a hint where names differ from ids only in how they were read: as numbers, with spaces, in capitals.

    >>> import numpy as np
    >>> habit(np.array([1, 2]), np.array(["001", "002"], dtype=object))
    "1 would be '001' but for leading zeros: read both as text, read_csv(..., dtype=str)"
    """
    first = {form: {form(name): name for name in ids[:HABIT_ROWS].tolist()} for form, _ in _HABITS}
    for form, what in _HABITS:
        for name in names[:HABIT_ROWS].tolist():
            if form(name) in first[form]:
                meant = first[form][form(name)]
                difference = unseen_difference(str(name), str(meant))
                why = f" {what}" if difference is None else f": the two {difference}"
                if what == OTHER_TYPE:
                    why += (
                        f"; of a Series, .rename(index={'str' if isinstance(meant, str) else 'int'}) makes them alike"
                    )
                return f"{name!r} would be {meant!r}{why}"
    return None
