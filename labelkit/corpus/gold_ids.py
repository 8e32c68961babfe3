"""Bring the ids of a file of gold labels into the type that those of the examples have."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_arrays import numpy_array
from labelkit._shared.exact_values import whole_numbers
from labelkit._shared.spreadsheets import restored
from labelkit.corpus.corpus import BATCH_ROWS, Corpus
from labelkit.corpus.open_files import by_suffix
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.exact_names import check_exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREADSHEETS: Final = ("csv", "excel")
"""Formats in which an export puts an apostrophe before a text that would be a formula."""

_WHOLE: Final = re.compile(r"0|-?[1-9]\d{0,19}")
"""A whole number as it is written."""

SMALLEST_WHOLE: Final = -(2**63)
LARGEST_WHOLE: Final = 2**64 - 1
"""The ends of the whole numbers of 64 bits, with and without a sign."""


def ids_of_file(
    given: NDArray[Any], path: Path, *, are_text: bool | None, place_of: Callable[[int], object] | None = None
) -> NDArray[Any]:
    """Return the ids of a file in the type that those of the examples have; a table of labelkit has no formulas."""
    for place, name in enumerate(given.tolist()):
        if name is None or (isinstance(name, str) and not name.strip()) or name != name:  # noqa: PLR0124 - NaN
            blank = "null" if name is None else "blank"
            at = f"{path}, row {place}" if place_of is None else place_of(place)
            raise GoldError(f"{at}: the id is {blank}", hint="give each label the id of an example")
        if isinstance(name, dict | list):
            raise GoldError(
                f"{path} names an example by {str(name)[:60]}, which is neither text nor a number",
                hint="name the column of the ids: id= (--id)",
                code="LK327",
            )
    check_exact(given, path, GoldError, hint="write them as text: of a spreadsheet, format the cells as text first")
    given = cells_of_file(given, path)
    if are_text is None:
        return whole_ids(given) if _kind(path) == "csv" else given
    if are_text:
        return object_array(str(_plain(name)) for name in given.tolist())
    odd = next((name for name in given.tolist() if not _is_whole(name)), None)
    if odd is not None:
        raise GoldError(
            f"{path} names examples such as {odd!r}, and those of the corpus are numbers",
            hint="name the column of the ids: id= (--id); write numbers without leading zeros, spaces or decimals",
            code="LK321",
        )
    return whole_numbers(int(name) for name in given.tolist())


def cells_of_file(given: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return the values of a column of a file without the apostrophes that keep texts from being run as formulas."""
    if _kind(path) not in SPREADSHEETS or given.dtype.kind != "O":
        return given
    return object_array(restored(value) if isinstance(value, str) else value for value in given.tolist())


def _kind(path: Path) -> str | None:
    kind = by_suffix(path.name)
    return None if kind is None else kind.name


def whole_ids(ids: NDArray[Any]) -> NDArray[Any]:
    """Return ids as integers if all are whole numbers, written without a leading zero; else as they are.

    >>> whole_ids(np.array(["7", "12"], dtype=object)), whole_ids(np.array(["07", "12"], dtype=object))
    (array([ 7, 12]), array(['07', '12'], dtype=object))
    """
    are_whole = len(ids) > 0 and all(_is_whole(name) for name in ids.tolist())
    return whole_numbers(int(name) for name in ids.tolist()) if are_whole else ids


def _plain(name: Any) -> Any:
    """Return a float that is whole as an int: a column of numbers with gaps holds such."""
    return int(name) if isinstance(name, float) and name.is_integer() else name


def _is_whole(name: Any) -> bool:
    if isinstance(name, str):
        if _WHOLE.fullmatch(name) is None:
            return False
        name = int(name)
    is_number = isinstance(name, int | float) and not isinstance(name, bool)
    return is_number and SMALLEST_WHOLE <= name <= LARGEST_WHOLE and name == int(name)


def column_values(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of labels, or of ids, as an array: whole numbers as such, anything else as objects."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return numpy_array(column)
    return object_array(column.to_pylist())


def joined_values(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Join the arrays of batches; those of several types, as objects."""
    if not parts:
        return np.zeros(0, dtype=np.int64)
    kinds = {part.dtype for part in parts}
    return np.concatenate(parts if len(kinds) == 1 else [part.astype(object) for part in parts])


def ids_before_run(corpus: Corpus, names: NDArray[Any]) -> NDArray[Any]:
    """Return the ids of a corpus, before it is run over."""
    if not corpus.has_ids:
        highest = int(names.max(initial=-1)) if names.dtype.kind in "iu" else -1
        return np.arange(max(len(names), highest + 1) if corpus.n_rows is None else corpus.n_rows)
    if not corpus.is_repeatable:
        raise GoldError(
            "gold has the index 0, 1, 2, ..., of ids or of positions, and the corpus can be read only once",
            hint="give gold as a dict by id, or as an array in the order of the corpus",
            code="LK211",
        )
    return joined_values([column_values(batch.ids) for batch in corpus.batches([], BATCH_ROWS)])
