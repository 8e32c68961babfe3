"""Coverage of the labeling functions: by class, by slice of the corpus, over time.

Every share comes with the count behind it and Wilson's 95% interval. An example on which a rule failed leaves that
rule's denominator. The last row of each slice, ``total``, is about the examples with any vote.

>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"])
>>> coverage_by(votes, ["en", "en", "de", None])[["slice", "lf", "n", "votes", "coverage"]]
  slice     lf  n  votes  coverage
0    de  short  1      0       0.0
1    de   link  1      1       1.0
2    de  total  1      1       1.0
3    en  short  2      2       1.0
4    en   link  2      1       0.5
5    en  total  2      2       1.0
6  None  short  1      0       0.0
7  None   link  1      0       0.0
8  None  total  1      0       0.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from labelkit._shared.exact_values import are_numbers
from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import TOTAL, fault_cells, ones_like, read, rows_of, share, vote_cells
from labelkit.analysis.slice_values import aligned, sliced
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

PERIODS: Final = {"minute": "min", "hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
"""Lengths of time, the shortest first."""

FEW_PERIODS: Final = 40
"""Without a ``freq``, the shortest length that needs no more periods than this is taken."""

MAX_PERIODS: Final = 5_000
"""More periods than this are refused."""


@checks_keywords
def coverage_by_class(matrix: Any, gold: Any = None, *, n_classes: int | None = None) -> pd.DataFrame:
    """Say which share of each class's examples every labeling function votes on, and votes on rightly.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    gold : array-like, Series or dict by id
        Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each class and labeling function (``total``: any of them): ``class``, ``lf``, ``n`` (gold examples of
        the class), ``votes``, ``coverage``, ``low``, ``high``, ``right`` (votes for the class; ``total``: examples with
        at least one).

    Raises
    ------
    GoldError
        If there is no gold, or it does not fit.

    Examples
    --------
    >>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1]], names=["short", "link"], classes=["HAM", "SPAM"])
    >>> coverage_by_class(votes, [0, 1, 1])[["class", "lf", "n", "votes", "right"]]
      class     lf  n  votes  right
    0   HAM  short  1      1      1
    1   HAM   link  1      0      0
    2   HAM  total  1      1      1
    3  SPAM  short  2      1      0
    4  SPAM   link  2      2      2
    5  SPAM  total  2      2      2
    """
    from scipy import sparse  # noqa: PLC0415 - slow to import

    patterns, gold_counts = read(matrix, gold, n_classes)
    if gold_counts is None:
        raise GoldError("coverage by class takes gold", hint="coverage_by_class(matrix, gold)", code="LK329")
    k = patterns.n_classes
    weights = sparse.csr_array((gold_counts.count, (gold_counts.label, gold_counts.pattern)), shape=(k, len(patterns)))
    frame = _frame("class", list(patterns.class_names), weights, patterns)
    return frame.assign(right=_right(patterns, weights).ravel().astype(np.int64))


@checks_keywords
def coverage_by(
    matrix: Any,
    by: Any,
    *,
    corpus: Any = None,
    column: str = "text",
    max_slices: int = 50,
    n_classes: int | None = None,
) -> pd.DataFrame:
    """Say which share of each slice of the corpus every labeling function votes on.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    by : array-like, Series or dict by id, column name, or callable
        A value for each example, in their order; the name of a column of the corpus; or a function of one value of the
        corpus's ``column``. Numbers with more than ``max_slices`` values are cut into ten slices of about equal size;
        of other values, the most frequent are kept and the rest put together as ``(other)``. Null is a slice of its
        own, the last one.
    corpus : object, optional
        As :func:`labelkit.open_corpus` takes it, with the matrix's examples in their order.
    column : str
        What a function is given.
    max_slices : int
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each slice and labeling function (``total``: any of them): ``slice``, ``lf``, ``n`` (examples of the
        slice on which it did not fail), ``votes``, ``coverage``, ``low``, ``high``.

    Raises
    ------
    AnalysisError
        If the values are not one for each example, or the matrix is of vote patterns.

    Examples
    --------
    >>> votes = LabelMatrix.of([[0], [-1], [0]], names=["short"])
    >>> frame = coverage_by(votes, lambda text: text.isupper(), corpus=["HI", "hi", "HO"])
    >>> frame[frame["lf"] == "total"][["slice", "n", "votes"]].values.tolist()
    [[False, 1, 0], [True, 2, 2]]
    """
    rows = rows_of(matrix, n_classes)
    codes, slices = sliced(aligned(by, rows.examples, corpus=corpus, column=column), max_slices)
    return _frame("slice", slices, _weights(codes, len(slices), rows), rows.patterns)


@checks_keywords
def coverage_over_time(
    matrix: Any, dates: Any, *, freq: str | None = None, corpus: Any = None, n_classes: int | None = None
) -> pd.DataFrame:
    """Say which share of each period's examples every labeling function votes on.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    dates : array-like, Series or dict by id, or column name
        A date or time for each example, or text of one (ISO 8601); times with a zone are taken in UTC.
    freq : {"minute", "hour", "day", "week", "month", "quarter", "year"}, optional
        The length of a period; the shortest that gives at most 40 periods if not given.
    corpus : object, optional
        Where the column is, as :func:`labelkit.open_corpus` takes it.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each period and labeling function (``total``: any of them), in the order of time: ``period`` (its
        start), ``lf``, ``n``, ``votes``, ``coverage``, ``low``, ``high``. A period without examples has NaN; examples
        without a date are the last period, NaT. ``frame.attrs["freq"]`` is the length.

    Raises
    ------
    AnalysisError
        If these are no dates, not one for each example, or ``freq`` is unknown or far too short.

    Examples
    --------
    >>> votes = LabelMatrix.of([[0], [-1], [0]], names=["short"])
    >>> frame = coverage_over_time(votes, ["2024-01-05", "2024-01-20", "2024-03-01"], freq="month")
    >>> frame[frame["lf"] == "total"][["period", "n", "votes", "coverage"]]
          period  n  votes  coverage
    1 2024-01-01  2      1       0.5
    3 2024-02-01  0      0       NaN
    5 2024-03-01  1      1       1.0
    """
    if freq is not None and freq not in PERIODS:
        raise AnalysisError(f"freq={freq!r} is not known", hint=f"one of {', '.join(PERIODS)}")
    rows = rows_of(matrix, n_classes)
    times = _times(aligned(dates, rows.examples, corpus=corpus))
    chosen = _shortest(times) if freq is None else freq
    codes, starts = _periods(times, chosen)
    frame = _frame("period", starts, _weights(codes, len(starts), rows), rows.patterns)
    frame["period"] = pd.to_datetime(frame["period"])
    frame.attrs["freq"] = chosen
    return frame


# Periods --------------------------------------------------------------------------------------------------------------


def _times(values: pd.Series) -> pd.Series:
    """Times without a zone; NaT where there is none."""
    if are_numbers(values):
        raise AnalysisError(
            f"the dates are numbers, such as {values.dropna().iloc[0]!r}", hint='pd.to_datetime(values, unit="s")'
        )
    try:
        times = pd.to_datetime(values, utc=True, format=None if _are_times(values) else "ISO8601")
    except (ValueError, TypeError, OverflowError) as error:
        raise AnalysisError(f"these are no dates: {error}", hint="pd.to_datetime(values, format=...)") from None
    return times.dt.tz_localize(None)


def _are_times(values: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(values)


def _shortest(times: pd.Series) -> str:
    """The shortest length of a period that needs few periods."""
    dated = times.dropna()
    if dated.empty:
        return "day"
    first, last = dated.min(), dated.max()
    for name, alias in PERIODS.items():
        if last.to_period(alias).ordinal - first.to_period(alias).ordinal < FEW_PERIODS:
            return name
    return "year"


def _periods(times: pd.Series, freq: str) -> tuple[NDArray[np.int64], list[Any]]:
    """The period of each example, and the starts of the periods, those without examples included."""
    has_time = times.notna().to_numpy()
    codes = np.zeros(len(times), dtype=np.int64)
    starts: list[Any] = []
    if has_time.any():
        periods = pd.PeriodIndex(times[has_time], freq=PERIODS[freq])
        first, last = periods.min(), periods.max()
        ordinals = periods.asi8
        n_periods = int(last.ordinal - first.ordinal) + 1
        if n_periods > MAX_PERIODS:
            raise AnalysisError(
                f"there are {n_periods:,} periods of a {freq} from {first.start_time} to {last.start_time}",
                hint=f"freq={_shortest(times)!r}",
            )
        codes[has_time] = ordinals - first.ordinal
        starts = pd.period_range(first, last).start_time.tolist()
    if not has_time.all():
        codes[~has_time] = len(starts)
        starts.append(pd.NaT)
    return codes, starts


# Counting -------------------------------------------------------------------------------------------------------------


def _weights(codes: NDArray[np.int64], n_slices: int, rows: LabelMatrix) -> sparse.csr_array:
    """Count the examples of each slice that show each pattern; shape (n_slices, n_patterns)."""
    from scipy import sparse  # noqa: PLC0415 - slow to import

    shape = (n_slices, len(rows.patterns))
    return sparse.csr_array((np.ones(len(codes)), (codes, rows.pattern_index)), shape=shape)


def _frame(by: str, slices: list[Any], weights: sparse.csr_array, patterns: VotePatterns) -> pd.DataFrame:
    voted = ones_like(vote_cells(patterns))
    covered = (np.diff(voted.indptr) > 0).astype(np.float64)
    votes = np.column_stack([(weights @ voted).toarray(), weights @ covered])
    size = np.asarray(weights.sum(axis=1))[:, None]
    failed = (weights @ fault_cells(patterns)).toarray()
    n = np.column_stack([size - failed, size]).ravel()
    low, high = wilson_interval(votes.ravel(), n)
    names = [*patterns.names, name_beside(TOTAL, patterns.names)]
    label = pd.Series([value for value in slices for _ in names], dtype=None if slices else object)
    return pd.DataFrame(
        {
            by: label if by == "period" else label.astype(object).where(label.notna(), None),
            "lf": names * len(slices),
            "n": n.astype(np.int64),
            "votes": votes.ravel().astype(np.int64),
            "coverage": share(votes.ravel(), n),
            "low": low,
            "high": high,
        }
    )


def _right(patterns: VotePatterns, weights: sparse.csr_array) -> NDArray[np.float64]:
    """Votes of each LF for the class, and examples with any; shape (n_classes, n_lfs + 1)."""
    votes = vote_cells(patterns)
    right = np.zeros((patterns.n_classes, patterns.n_lfs + 1))
    for label in range(patterns.n_classes):
        of_label = slice(*weights.indptr[label : label + 2])
        seen, count = votes[weights.indices[of_label]], weights.data[of_label]
        row = np.repeat(np.arange(len(count)), np.diff(seen.indptr))
        hit = seen.data == label
        right[label, :-1] = np.bincount(seen.indices[hit], weights=count[row[hit]], minlength=patterns.n_lfs)
        right[label, -1] = count[np.unique(row[hit])].sum()
    return right
