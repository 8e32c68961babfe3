"""How many rows each part gets: shares, numbers of rows, and the rest.

>>> sizes_of({"train": None, "valid": 0.1, "test": 25}, 1_000)
Sizes(names=('train', 'valid', 'test'), rows=(875, 100, 25), shares=None)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count, plural
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PARTS: Final = 100
TOLERANCE: Final = 1e-6
EXAMPLE: Final = '{"train": 0.8, "valid": 0.1, "test": 0.1}, or {"train": None, "test": 2000}'


@dataclass(frozen=True)
class Sizes:
    """The parts.

    Attributes
    ----------
    names : tuple of str
    rows : tuple of int
        Of each part, at least one.
    shares : tuple of float or None
        As they were given; None if one of them is a number of rows.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]
    shares: tuple[float, ...] | None


def sizes_of(parts: Any, n_rows: int) -> Sizes:
    """Compute the rows of each part.

    Parameters
    ----------
    parts : mapping of str to float, int or None
        A share of the rows, a number of rows, or the rest (once).
    n_rows : int

    Raises
    ------
    AnalysisError
        If these are no sizes, do not add up to all rows, or a part would be empty.
    """
    names = _names(parts)
    wanted = [_wanted(name, parts, n_rows) for name in names]
    rest = [i for i, size in enumerate(wanted) if size is None]
    if len(rest) > 1:
        raise AnalysisError(f"{len(rest)} parts are None, and the rest is one part", hint=EXAMPLE)
    total = sum(size for size in wanted if size is not None)
    _check_total(parts, total, n_rows, has_rest=bool(rest))
    exact = np.array([n_rows - total if size is None else size for size in wanted], dtype=np.float64)
    rows = whole_numbers(exact, n_rows)
    empty = [name for name, size in zip(names, rows, strict=True) if not size]
    if empty:
        raise AnalysisError(
            f"the part {empty[0]!r} is empty: of {count(n_rows)} rows, {parts[empty[0]]!r} is none",
            hint="give it a larger share, or split fewer parts",
        )
    is_shares = all(size is None or isinstance(size, float | np.floating) for size in parts.values())
    shares = tuple((exact / n_rows).tolist()) if is_shares else None
    return Sizes(names, tuple(rows.tolist()), shares)


def _names(parts: Any) -> tuple[str, ...]:
    if not isinstance(parts, Mapping) or not 1 < len(parts) <= MOST_PARTS:
        raise AnalysisError("parts are at least two names with their sizes", hint=EXAMPLE)
    wrong = [name for name in parts if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise AnalysisError(f"{wrong[0]!r} is no name of a part", hint=EXAMPLE)
    return tuple(parts)


def _wanted(name: str, parts: Mapping[str, Any], n_rows: int) -> float | None:
    """Return the size of a part in rows; None is the rest."""
    size = parts[name]
    if size is None:
        return None
    is_number = isinstance(size, int | float | np.integer | np.floating) and not isinstance(size, bool)
    if not is_number or not size > 0 or (isinstance(size, float | np.floating) and size > 1):
        raise AnalysisError(
            f"the part {name!r} has the size {size!r}: neither a share above 0 and at most 1.0, nor a number of rows",
            hint=_as_shares(parts) or EXAMPLE,
        )
    return float(size) * n_rows if isinstance(size, float | np.floating) else float(size)


def _check_total(parts: Mapping[str, Any], total: float, n_rows: int, *, has_rest: bool) -> None:
    shares = [float(size) for size in parts.values() if isinstance(size, float | np.floating)]
    if len(shares) == len(parts) and abs(sum(shares) - 1) > TOLERANCE:
        raise AnalysisError(
            f"the shares sum to {sum(shares):g}, not to 1",
            hint='every row is in one part: None is the rest, {"train": None, "test": 0.2}',
        )
    if total > n_rows * (1 + TOLERANCE) + len(shares):
        raise AnalysisError(
            f"the parts have {plural(int(total), 'row')} together, and there are {count(n_rows)}",
            hint=_as_shares(parts) or 'give smaller sizes; shares are {"train": 0.8, "test": 0.2}',
        )
    if not has_rest and abs(total - n_rows) > n_rows * TOLERANCE + len(shares):
        raise AnalysisError(
            f"the parts have {plural(int(total), 'row')} together, and there are {count(n_rows)}: "
            "every row is in one part",
            hint=_as_shares(parts) or 'None is the rest: {"train": None, "test": 2000}',
        )


def whole_numbers(exact: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Round numbers so that they sum to ``total``, those with the largest remainders up."""
    rows = np.floor(exact + TOLERANCE).astype(np.int64)
    order = np.argsort(rows - exact, kind="stable")
    missing = total - int(rows.sum())
    if missing < 0:
        largest = np.argsort(-rows, kind="stable")[:-missing]
        rows[largest] -= 1
        return rows
    np.add.at(rows, order[np.arange(missing) % len(rows)], 1)
    return rows


def _as_shares(parts: Mapping[str, Any]) -> str | None:
    r"""Return a hint with the shares that sizes in percent were meant as; None if they are not percent.

    >>> print(_as_shares({"train": None, "test": 20.0}), _as_shares({"train": 80, "test": "20%"}), sep="\n")
    for percent give shares: {"train": None, "test": 0.2}
    for percent give shares: {"train": 0.8, "test": 0.2}
    """
    percents = {name: _percent(size) for name, size in parts.items()}
    given = [size for size in percents.values() if size is not None]
    has_rest = any(size is None for size in parts.values())
    if len(given) + has_rest != len(parts) or not all(size > 0 for size in given):
        return None
    is_whole = abs(sum(given) - 100) <= 100 * TOLERANCE
    if not (sum(given) < 100 and max(given, default=0) >= 1 if has_rest else is_whole):
        return None
    shares = ", ".join(f'"{name}": {size if size is None else f"{size / 100:g}"}' for name, size in percents.items())
    are_rows = all(size is None or isinstance(size, int | np.integer) for size in parts.values())
    lead = "whole numbers are numbers of rows; for shares give" if are_rows else "for percent give shares:"
    return f"{lead} {{{shares}}}"


def _percent(size: Any) -> float | None:
    """Return a size as a number of percent: 20, 20.0, "20%"; None if it cannot be one."""
    if isinstance(size, str):
        written = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", size)
        return None if written is None else float(written[1])
    is_number = isinstance(size, int | float | np.integer | np.floating) and not isinstance(size, bool)
    return float(size) if is_number else None
