"""Slices that could be poor: words of the texts, values and ranges of columns, and pairs of these.

They are looked for in one half of the judged examples. A candidate counts by its surely excess errors: its rows times
what the lower end of Wilson's interval of its error is above the error of its rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from labelkit._shared.exact_values import column_series
from labelkit._shared.numbers import wilson_interval
from labelkit.analysis.slice_values import OTHER, sliced
from labelkit.analysis.suggest.phrases import grams
from labelkit.apply.applier import Applier
from labelkit.rules.between import between
from labelkit.rules.condition import Condition
from labelkit.rules.keywords import keywords
from labelkit.rules.lookup import lookup

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CHARACTERS: Final = 5_000
"""Of a longer text, only the beginning is looked at for words."""

MOST_WORDS: Final = 40
"""Words that become candidates: those that stand by themselves for most surely excess errors."""

OVERLAP: Final = 0.5
"""Of two candidates that share more than this of the examples that either has, one is enough."""


@dataclass(frozen=True, eq=False)
class CandidateSlice:
    """A slice that may be poor.

    Attributes
    ----------
    name : str
    condition : Condition
    source : str
        The condition as a program writes it.
    """

    name: str
    condition: Condition
    source: str

    def __and__(self, other: CandidateSlice) -> CandidateSlice:
        return CandidateSlice(
            f"{self.name} & {other.name}", self.condition & other.condition, f"{self.source} & {other.source}"
        )


def of_words(texts: Sequence[str | None], wrong: NDArray[np.bool_], column: str, min_rows: int) -> list[CandidateSlice]:
    """Make candidates of the words of texts that have more errors than others.

    Parameters
    ----------
    texts : sequence of str or None
    wrong : ndarray of bool, shape (n_texts,)
    column : str
        Where the texts are.
    min_rows : int
        Texts that a word stands in.
    """
    table = grams([None if text is None else text[:MOST_CHARACTERS] for text in texts], max_words=1, min_texts=min_rows)
    n = np.asarray(table.matrix.sum(axis=0)).ravel()
    excess = excess_errors(np.asarray(table.matrix.T @ wrong.astype(np.float64)), n, int(wrong.sum()), len(wrong))
    best = np.argsort(-excess, kind="stable")[:MOST_WORDS]
    return [
        _of_word(table.text(int(gram)), column, piece=table.is_piece(int(gram))) for gram in best if excess[gram] > 0
    ]


def _of_word(word: str, column: str, *, piece: bool) -> CandidateSlice:
    more = ", whole_word=False" if piece else ""
    return CandidateSlice(
        f"{column} says {word!r}",
        keywords(word, column=column, whole_word=not piece),
        f"lk.keywords({word!r}, column={column!r}{more})",
    )


def of_values(values: pd.Series, column: str, max_values: int) -> list[CandidateSlice]:
    """Make candidates of the values of a column; of many numbers, of their tenths. Missing values are none."""
    _, distinct = sliced(values, max_values)
    named = [value for value in distinct if value is not None and value is not OTHER]
    ranges = [value for value in named if isinstance(value, pd.Interval)]
    if ranges:
        ends = [(None if one is ranges[0] else one.left, None if one is ranges[-1] else one.right) for one in ranges]
        return [_of_range(low, high, column) for low, high in ends if low is not None or high is not None]
    return [
        CandidateSlice(
            f"{column} = {value}",
            lookup([value], match="value", column=column),
            f"lk.lookup([{value!r}], match='value', column={column!r})",
        )
        for value in named
    ]


def _of_range(low: float | None, high: float | None, column: str) -> CandidateSlice:
    if low is None or high is None:
        name = f"{column} <= {high:g}" if low is None else f"{column} > {low:g}"
    else:
        name = f"{low:g} < {column} <= {high:g}"
    return CandidateSlice(name, between(low, high, column=column), f"lk.between({low!r}, {high!r}, column={column!r})")


def members(candidates: Sequence[CandidateSlice], table: pa.Table) -> NDArray[np.bool_]:
    """Say which rows of a table are in which candidate, by the conditions themselves.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_candidates)
    """
    if not candidates:
        return np.zeros((table.num_rows, 0), dtype=bool)
    rules = [one.condition.slice(name=f"c{number}") for number, one in enumerate(candidates)]
    matrix = Applier(rules, labels=1).apply(table, on_fault="record", cache=False, progress=False)
    return np.asarray(matrix.votes >= 0)


def excess_errors(wrong: NDArray[np.float64], n: NDArray[Any], all_wrong: int, n_all: int) -> NDArray[np.float64]:
    """Compute the surely excess errors of slices: at most 0 where the error may be no higher than that of the rest.

    >>> excess_errors(np.array([20.0, 6.0]), np.array([40.0, 40.0]), 100, 1000).round(1).tolist()
    [10.7, -1.1]
    """
    low, _ = wilson_interval(wrong, n)
    rest = np.divide(all_wrong - wrong, n_all - n, out=np.full(len(n), np.inf), where=n < n_all)
    return np.asarray(np.nan_to_num(n * (low - rest), nan=-np.inf))


def chosen(
    candidates: Sequence[CandidateSlice], inside: NDArray[np.bool_], wrong: NDArray[np.bool_], min_rows: int, n: int
) -> list[CandidateSlice]:
    """Choose among candidates and pairs of them the ones with most surely excess errors, and no two alike.

    Parameters
    ----------
    candidates : sequence of CandidateSlice
    inside : ndarray of bool, shape (n_rows, n_candidates)
    wrong : ndarray of bool, shape (n_rows,)
    min_rows : int
        Rows of a slice, and of its rest.
    n : int
        How many at most.

    Notes
    -----
    A pair is a candidate if it has more surely excess errors than either of its parts.
    """
    member = inside.astype(np.float32)
    n_rows, all_wrong = len(wrong), int(wrong.sum())
    rows, of_wrong = member.T @ member, member[wrong].T @ member[wrong]
    first, second = np.triu_indices(len(candidates))
    size, errors = rows[first, second].astype(np.float64), of_wrong[first, second].astype(np.float64)
    excess = excess_errors(errors, size, all_wrong, n_rows)
    excess[(size < min_rows) | (size > n_rows - min_rows)] = -np.inf
    alone = np.full(len(candidates), -np.inf)
    alone[first[first == second]] = excess[first == second]
    pair = first != second
    excess[pair & (excess <= np.maximum(alone[first], alone[second]))] = -np.inf
    taken: list[tuple[int, int]] = []
    for place in np.argsort(-excess, kind="stable"):
        if len(taken) == n or not excess[place] > 0:
            break
        i, j = int(first[place]), int(second[place])
        if all(_share(inside[:, i] & inside[:, j], inside[:, a] & inside[:, b]) <= OVERLAP for a, b in taken):
            taken.append((i, j))
    return [candidates[i] if i == j else candidates[i] & candidates[j] for i, j in taken]


def _share(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(one & other)) / max(int(np.count_nonzero(one | other)), 1)


def column_values(table: pa.Table, column: str) -> Any:
    """Return a column as pandas does, integers with nulls as objects; times as Python's, which conditions compare."""
    if pa.types.is_temporal(table.schema.field(column).type):
        return pd.Series(table.column(column).to_pylist(), dtype=object)
    return column_series(table.column(column))
