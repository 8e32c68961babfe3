"""Windows of time: train on what was there, test on what came next, several times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import count
from labelkit._shared.unknown_keywords import checks_keywords_with
from labelkit.corpus.open_corpus import open_corpus
from labelkit.curation.splits.assignment import OUT, cuts_near, whole_by_first
from labelkit.curation.splits.columns import SplitColumns, named, open_population
from labelkit.curation.splits.parts import Split
from labelkit.curation.splits.splitting import Units, finished
from labelkit.curation.splits.times import moments
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@checks_keywords_with(open_corpus)
def rolling_splits(
    data: Any,
    time: Any,
    *,
    n: int = 3,
    test: float | str | timedelta | None = None,
    train: float | str | timedelta | None = None,
    gap: str | timedelta | None = None,
    group: Any = None,
    near_duplicates: Any = None,
    threshold: float = 0.8,
    id: str | None = None,  # noqa: A002 - the word that users write
    **reading: Any,
) -> tuple[Split, ...]:
    """Split several times by time: each tests on a window of rows, and trains on rows before it.

    Parameters
    ----------
    data, group, near_duplicates, threshold, id, **reading
        As of :func:`labelkit.split`. Of a group that is in both parts, the rows of the test are left out.
    time : str, array-like, Series or dict by id
        Timestamps, dates, ISO 8601 or numbers.
    n : int
        Windows; the last one ends with the newest row, and each follows the one before it.
    test : float, int, str or timedelta, optional
        The length of a window: a share of the rows, a number of rows, or a duration (``"30D"``). By default, all
        windows and the first rows to train on are of one size.
    train : float, int, str or timedelta, optional
        The length of what is trained on, before each window; by default, all older rows.
    gap : str or timedelta, optional
        A duration before each window that is trained on by nobody, for labels that come late.

    Returns
    -------
    tuple of Split
        Each with the parts ``train`` and ``test``, the oldest window first.

    Raises
    ------
    AnalysisError
        If a part is empty, a length is none, or times cannot be compared.

    Examples
    --------
    >>> import labelkit as lk
    >>> days = {"day": [f"2026-01-{day:02}" for day in range(1, 31)]}
    >>> [(len(one["train"]), len(one["test"])) for one in lk.rolling_splits(days, "day", n=2, test="7D", train="10D")]
    [(10, 7), (10, 7)]
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise AnalysisError(f"n={n!r} is not a number of windows", hint="n=3")
    columns = SplitColumns.read(open_population(data, id, reading), [group, time])
    times = moments(columns.values(time, "time"), named(time, "time"))
    units = Units.of(columns, group, near_duplicates, threshold)
    order = np.argsort(times, kind="stable")
    windows = _windows(times[order], n, 1 / (n + 1) if test is None else test, train, gap)
    parameters = {"time": named(time, "time"), "test": test, "train": train, "gap": gap, "n": n}
    parameters |= {"group": named(group, "group"), "near_duplicates": named(near_duplicates, "near_duplicates")}
    splits = []
    for number, (first, last, start, stop) in enumerate(windows, start=1):
        parts = np.full(columns.n_rows, OUT, dtype=np.int8)
        parts[order[first:last]], parts[order[start:stop]] = 0, 1
        parts = parts if units.number is None else whole_by_first(parts, units.number)
        call = ("rolling_splits", {**parameters, "window": number}, None)
        splits.append(finished(columns, ("train", "test"), (last - first, stop - start), parts, units, None, call))
    return tuple(splits)


def _windows(ordered: NDArray[Any], n: int, test: Any, train: Any, gap: Any) -> list[tuple[int, int, int, int]]:
    """Return the first row and the end of what is trained and tested on, of each window, among the rows by time."""
    begins, starts = _begins(ordered, n, test)
    behind = None if gap is None else _duration(ordered, gap, "gap")
    length = None if train is None else _length(ordered, train, "train")
    windows = []
    for number, (begin, start, stop) in enumerate(
        zip(begins, starts, [*starts[1:], len(ordered)], strict=True), start=1
    ):
        end = begin if behind is None else begin - behind
        last = start if behind is None else min(start, int(np.searchsorted(ordered, end, side="right")))
        if isinstance(length, int):
            first = max(0, last - length)
        else:
            first = 0 if length is None else int(np.searchsorted(ordered, end - length, side="right"))
        if first >= last or start >= stop:
            what = "test" if start >= stop else "train"
            raise AnalysisError(
                f"window {number} of {n}, which begins at {begin}, has no rows to {what} on",
                hint="fewer or other windows (n=, test=), a longer train=, or a shorter gap=",
            )
        windows.append((first, last, start, stop))
    return windows


def _begins(ordered: NDArray[Any], n: int, test: Any) -> tuple[list[Any], list[int]]:
    """Return the time after which each window begins, and its first row."""
    length = _length(ordered, test, "test")
    if not isinstance(length, int):
        begins = [ordered[-1] - length * number for number in range(n, 0, -1)]
        return begins, np.searchsorted(ordered, np.array(begins), side="right").tolist()
    wanted = len(ordered) - length * np.arange(n, 0, -1)
    if wanted[0] < 1:
        raise AnalysisError(
            f"{n} windows of {count(length)} rows leave nothing of {count(len(ordered))} rows to train on",
            hint="fewer or shorter windows: n=, test=",
        )
    starts = cuts_near(ordered, wanted)
    return list(ordered[starts]), starts.tolist()


def _length(ordered: NDArray[Any], given: Any, what: str) -> int | np.timedelta64:
    """Return a number of rows, or a duration."""
    if not isinstance(given, int | float | np.integer | np.floating):
        return _duration(ordered, given, what)
    is_share = isinstance(given, float | np.floating)
    if isinstance(given, bool) or not given > 0 or (is_share and given >= 1):
        raise AnalysisError(
            f"{what}={given!r} is neither a share below 1.0 nor a number of rows", hint=f'{what}="30D", 0.1 or 1000'
        )
    return max(round(given * len(ordered)), 1) if is_share else int(given)


def _duration(ordered: NDArray[Any], given: Any, what: str) -> np.timedelta64:
    import pandas as pd  # noqa: PLC0415 - for durations that are texts

    try:
        duration = pd.Timedelta(given)
    except (TypeError, ValueError):
        duration = pd.Timedelta(0)
    if not duration > pd.Timedelta(0):
        raise AnalysisError(f"{what}={given!r} is no length of time", hint=f'{what}="30D"')
    if ordered.dtype.kind != "M":
        raise AnalysisError(
            f"{what}={given!r} is a length of time, and the times are numbers", hint="give times as dates, or rows"
        )
    return np.timedelta64(int(duration.total_seconds() * 1_000_000), "us")
