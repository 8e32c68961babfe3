"""Refuse floats as names of examples where they may stand for several: 2**53 + 1 is 2**53 as a float."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.exact_values import first_inexact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.exceptions import LabelkitError


READ_EXACTLY: Final = "read the ids as text or whole numbers: pandas.read_csv(..., dtype={'id': 'Int64'})"
"""The remedy for what is in memory."""


def check_exact(names: NDArray[Any], what: object, error: type[LabelkitError], *, hint: str) -> None:
    """Refuse floats that have lost digits.

    Parameters
    ----------
    names : ndarray of shape (n,)
    what : object
        What names examples by them, in the error.
    error : type of LabelkitError
    hint : str

    Raises
    ------
    LabelkitError
    """
    inexact = first_inexact(names)
    if inexact is not None:
        raise error(
            f"{what} names examples by floats, such as {inexact!r}, which has more digits than a float keeps",
            hint=hint,
            code="LK321",
        )
