"""Values of any kind beside the examples become slices: a number for each example, and what each number means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from labelkit._shared.exact_values import are_numbers, column_series, quantile_slices
from labelkit._shared.numbers import plural
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import Match, match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames

QUANTILES: Final = 10
"""Slices of about equal size that numbers are cut into where they are too many to name."""

OTHER: Final = "(other)"
"""The slice of all values beyond the most frequent ones."""


def aligned(by: Any, examples: ExampleNames, *, corpus: Any = None, column: str = "text") -> pd.Series:
    """Values in the order of the examples.

    Parameters
    ----------
    by : array-like, Series or mapping by id, column name, or callable
        A name and a callable need the corpus; a callable is given each value of ``column``, and null stays null.
    examples : ExampleNames
    corpus : object, optional
        As :func:`labelkit.open_corpus` takes it; its rows are the examples.
    column : str

    Returns
    -------
    pandas.Series
        With a plain index; null where nothing is known.

    Raises
    ------
    AnalysisError
        If the values are not one for each example, or a corpus is needed.
    """
    if isinstance(by, str) or callable(by):
        if corpus is None:
            named = repr(by) if isinstance(by, str) else "a function"
            raise AnalysisError(f"to slice by {named} takes the corpus", hint="coverage_by(matrix, by, corpus=corpus)")
        values = _of_corpus(
            examples, corpus, by if isinstance(by, str) else column, None if isinstance(by, str) else by
        )
    else:
        values = _as_series(list(by.values()) if isinstance(by, Mapping) else by).reset_index(drop=True)
        matched = match(by, examples, what="by", error=AnalysisError)
        values = values if matched is None else _by_name(matched, values)
    if len(values) != len(examples):
        raise AnalysisError(
            f"there are {len(values):,} values for {plural(len(examples), 'example')}",
            hint="give one value for each example, in their order, or a Series or dict by id",
            code="LK322",
        )
    return values.reset_index(drop=True)


def _of_corpus(examples: ExampleNames, corpus: Any, column: str, function: Callable[[Any], Any] | None) -> pd.Series:
    """Values of a column at the examples, or what a function makes of them."""
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - statistics alone need no readers
    from labelkit.corpus.rows_at import examples_at  # noqa: PLC0415 - as above

    table = examples_at(open_corpus(corpus), examples, np.arange(len(examples)), [column])
    if function is None:
        return _as_series(table.column(0))
    return _as_series([None if value is None else function(value) for value in table.column(0).to_pylist()])


def _as_series(values: Any) -> pd.Series:
    """A pandas Series of Arrow, polars, NumPy or Python values."""
    if hasattr(values, "to_arrow"):  # polars
        values = values.to_arrow()
    if hasattr(values, "dictionary_encode"):  # Arrow
        return column_series(values)
    array = values if isinstance(values, pd.Series | np.ndarray | pd.Index) else list(values)
    if getattr(array, "ndim", 1) != 1:
        raise AnalysisError("the values have more than one dimension", hint="give one value for each example")
    return pd.Series(array)


def _by_name(matched: Match, values: pd.Series) -> pd.Series:
    """Put values in the order of the examples; null where an example has none."""
    if not matched.given.is_unique:
        raise AnalysisError(f"the id {matched.given.repeated()!r} has several values", code="LK325")
    return values.reindex(matched.sources)


def sliced(values: pd.Series, max_slices: int) -> tuple[NDArray[np.int64], list[Any]]:
    """The slice of each example, and the slices: sorted, then what is beyond ``max_slices``, then nulls (None).

    >>> sliced(pd.Series(["b", None, "a", "b"]), 10)
    (array([1, 2, 0, 1]), ['a', 'b', None])
    """
    if max_slices < 1:
        raise AnalysisError(f"max_slices={max_slices!r} is below 1", hint="max_slices=50")
    if are_numbers(values) and values.nunique() > max_slices:
        values = quantile_slices(values, min(QUANTILES, max_slices))
    try:
        codes, distinct = pd.factorize(values, use_na_sentinel=True)
    except TypeError:
        raise AnalysisError("the values cannot be told apart: lists and dicts are no slices") from None
    slices = [value.item() if isinstance(value, np.generic) else value for value in distinct]
    place, shown = _ordered(np.bincount(codes[codes >= 0], minlength=len(slices)), slices, max_slices)
    if (codes < 0).any():
        shown.append(None)
    return np.append(place, len(shown) - 1)[codes], shown


def _ordered(counts: NDArray[np.int64], slices: list[Any], max_slices: int) -> tuple[NDArray[np.int64], list[Any]]:
    """The place of each slice once the most frequent are sorted and the others put together."""
    kept = list(range(len(slices)))
    if len(slices) > max_slices:
        kept = np.argsort(-counts, kind="stable")[: max_slices - 1].tolist() if max_slices > 1 else []
    try:
        kept.sort(key=lambda code: slices[code])
    except TypeError:  # of several types
        kept.sort(key=lambda code: (type(slices[code]).__name__, str(slices[code])))
    place = np.full(len(slices), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return place, [slices[code] for code in kept] + [OTHER] * (len(slices) > len(kept))
