"""One value a row, from a list, mapping, Series, column of Arrow or polars, or frame of one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labelkit._shared.given_kinds import kind_of
from labelkit._shared.masked_arrays import without_mask
from labelkit._shared.numbers import plural
from labelkit.votes.alignment import has_index, object_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.exceptions import LabelkitError


def listed_values(given: Any, *, what: str, error: type[LabelkitError]) -> NDArray[Any]:
    """Return the values as objects of Python or NumPy, in their own order; shape (n_rows,).

    Parameters
    ----------
    given : array-like, mapping, Series, column of Arrow or polars, or frame of one column
    what : str
        The word for it in errors.
    error : type of LabelkitError

    Raises
    ------
    LabelkitError
        If it has several columns, or holds no values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from labelkit.exceptions import AnalysisError
    >>> listed_values(pa.array(["a", None]), what="by", error=AnalysisError).tolist()
    ['a', None]
    """
    if isinstance(given, Mapping):
        return object_array(given.values())
    column = without_mask(_one_column(given, what, error))
    if isinstance(column, str | bytes) or not hasattr(column, "__iter__") or kind_of(column) == "labels":
        raise error(f"{what}={given!r:.60} holds no values", hint=f"{what}= a list, Series or dict by id")
    return object_array(column.to_pylist() if hasattr(column, "to_pylist") else column)  # of Arrow


def column_heads(frame: Any) -> list[Any]:
    """Return the heads of the columns of a frame of pandas, polars or Arrow; none of anything else.

    >>> import pyarrow as pa
    >>> column_heads(pa.table({"HAM": [0.9], "SPAM": [0.1]})), column_heads([[0.9, 0.1]])
    (['HAM', 'SPAM'], [])
    """
    names = getattr(frame, "column_names", None)  # of Arrow
    names = getattr(frame, "columns", None) if names is None else names
    return [] if names is None else list(names)


def _one_column(given: Any, what: str, error: type[LabelkitError]) -> Any:
    names = column_heads(given)
    shape: tuple[int, ...] = getattr(given, "shape", ())
    n_columns = len(names) or (shape[1] if len(shape) > 1 else 1)
    if n_columns != 1:
        which = f", {list(map(str, names))[:12]}" if names else ""
        column = next((name for name in names if str(name) and str(name) in what), names[-1] if names else "label")
        raise error(
            f"{what} has {plural(n_columns, 'column')}{which}", hint=f"give one of them, such as frame[{column!r}]"
        )
    if not names:
        return given[:, 0] if len(shape) > 1 else given
    return given.iloc[:, 0] if has_index(given) else given[names[0]]
