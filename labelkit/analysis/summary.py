"""A row of statistics for each labeling function, with gold and with a model where there are any.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> print(summarize(votes, gold=[0, 1, -1, 0]))
       polarity   coverage  overlaps  conflicts  votes  faults  precision   95% interval  recall  correct
short  HAM           50.0%     25.0%      25.0%      2       0      50.0%    9.5 - 90.5%   50.0%   1 of 2
link   SPAM          50.0%     25.0%      25.0%      2       0     100.0%  20.7 - 100.0%  100.0%   1 of 1
total  HAM, SPAM     75.0%     25.0%      25.0%      4       0      66.7%   20.8 - 93.9%       –   2 of 3
<BLANKLINE>
95% intervals wider than 10 points
       coverage  overlaps  conflicts     recall
short  15 - 85%   5 - 70%    5 - 70%    9 - 91%
link   15 - 85%   5 - 70%    5 - 70%  21 - 100%
total  30 - 95%   5 - 70%    5 - 70%
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import WIDE, bounds, count, effective_size, percent, weighted_size, wilson_interval
from labelkit._shared.plain_values import with_intervals
from labelkit._shared.protected_values import protects_values
from labelkit._shared.spreadsheets import harmless, restored
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis._csv_table import numbers, read_rows, write_rows
from labelkit.analysis._fitted_model import check_model
from labelkit.analysis.counts import (
    TOTAL,
    UNIT,
    VoteTally,
    WeightedGold,
    blocks,
    declared,
    read,
    share,
    tallied,
    weighted_gold,
)
from labelkit.exceptions import GoldError
from labelkit.votes.gold import GoldCounts
from labelkit.votes.gold_beside import gold_was_judged
from labelkit.votes.outcomes import FAULT
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.label_models import PatternLabelModel


_ROW: Final = "lf"
"""The name of the column that names the rows."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Summary(HasFrame, ShownResult):
    """A row of statistics for each labeling function, and one for all of them.

    Parameters
    ----------
    names : tuple of str
        The labeling functions, and the row of all of them.
    columns : mapping of str to sequence
        As in ``frame``.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by the name of the labeling function; the last row is ``total``, or ``(total)`` where a rule is called
        so. Shares are in [0, 1], and each has the bounds of its 95% interval in columns that end in ``_low`` and
        ``_high``. Columns:

        - ``polarity``: the classes that it votes for, or is declared to;
        - ``coverage``, ``overlaps``, ``conflicts``: the share of examples that it votes on; where another one votes
          too; where another one votes for another class (``total``: any, any two, any two that differ). Wilson's
          interval: where the share lies in the population that the examples were drawn from at random. Of these very
          examples the share is exact;
        - ``votes``, ``faults``: how many examples it votes on, and fails on;
        - ``model_precision``: how often its votes are right by the model's estimate (with a model). The bounds are
          those of ``model.precisions()``; NaN for a model that states none, since the probabilities of a model do not
          tell how wrong they are;
        - ``precision``, ``recall``, ``correct``, ``incorrect``, ``gold``: how often its votes are right, how many of
          the examples of its classes it gets right, and the counts behind them (with gold). Wilson's intervals; that of
          ``total`` allows for several votes on one example.
    """

    names: tuple[str, ...]
    columns: Mapping[str, Sequence[Any] | NDArray[Any]]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table; made when it is asked for, since pandas is slow to import."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        return pd.DataFrame(dict(self.columns), index=pd.Index(self.names, name=_ROW))

    @classmethod
    def read_csv(cls, path: str | Path) -> Summary:
        """Read a summary that :meth:`to_csv` wrote.

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        heads, *rows = read_rows(Path(path)) or [[]]
        if heads[:2] != [_ROW, "polarity"] or not rows:
            raise ValueError(f"a summary has rows of {_ROW}, polarity, ...; here are {len(rows)} of {', '.join(heads)}")
        names, polarities, *counted = zip(*rows, strict=True)
        columns = dict(zip(heads[2:], map(numbers, counted), strict=True))
        bounds_of = [f"{name}_{end}" for name in columns if name in _SHARES for end in ("low", "high")]
        missing = {
            name: np.full(len(rows), np.nan) for name in bounds_of if name not in columns
        }  # an earlier version's
        return cls(tuple(map(restored, names)), {"polarity": list(map(restored, polarities)), **columns, **missing})

    def to_csv(self, path: str | Path) -> None:
        """Write the table as CSV; a name that a spreadsheet would run as a formula gets an apostrophe before it."""
        columns = [_cells(name, column) for name, column in self.columns.items()]
        rows = list(zip(map(harmless, self.names), *columns, strict=True))
        write_rows(Path(path), [_ROW, *self.columns], rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``rules``, a dict for each with its columns as keys, and ``total``.

        Two columns for the ends of an interval are one key: ``coverage_interval`` is ``[low, high]``. What is
        undefined is None.
        """
        columns = [np.asarray(column).tolist() for column in self.columns.values()]
        *rules, total = (
            with_intervals(dict(zip(self.columns, row, strict=True))) for row in zip(*columns, strict=True)
        )
        return {"rules": [{"rule": name, **row} for name, row in zip(self.names, rules, strict=False)], "total": total}

    def to_string(self) -> str:
        """Format a table for people: percents, and dashes for what is undefined."""
        return self._page().to_text()

    def _page(self) -> ResultPage:
        tables = [_table(self.names, self._shown())]
        wide = self._wide()
        if wide:
            some = [any(cells) for cells in zip(*wide.values(), strict=True)]
            wide = {name: list(compress(cells, some)) for name, cells in wide.items()}
            title = f"95% intervals wider than {100 * WIDE:.0f} points"
            tables.append(_table(list(compress(self.names, some)), wide, title=title))
        return ResultPage(tables=tables, notes=[_NO_BOUNDS] if self._has_unbounded_estimates() else [])

    def _has_unbounded_estimates(self) -> bool:
        """Tell whether some estimate of the model has no interval, or one that says nothing."""
        if "model_precision" not in self.columns:
            return False
        estimate, low, high = (np.asarray(self.columns[f"model_precision{end}"]) for end in ("", "_low", "_high"))
        return bool((~np.isnan(estimate) & ~(high - low < 1)).any())

    def _wide(self) -> dict[str, list[str]]:
        """Format the wide intervals of shares as texts, but for precision, whose interval stands beside it."""
        shown = {
            _HEADS.get(name, name): [
                bounds(low, high, decimals=0) if WIDE < high - low < 1 else ""
                for low, high in zip(self.columns[f"{name}_low"], self.columns[f"{name}_high"], strict=True)
            ]
            for name in self.columns
            if name in _SHARES
        }
        return {name: cells for name, cells in shown.items() if any(cells)}

    def _shown(self) -> dict[str, list[str]]:
        """Format the table as texts."""
        shown: dict[str, list[str]] = {}
        for name, column in self.columns.items():
            if name == "precision_low":
                ends = zip(column, self.columns["precision_high"], strict=True)
                shown["95% interval"] = [bounds(low, high) for low, high in ends]
            elif name == "correct":
                shown[name] = [f"{right:,} of {n:,}" for right, n in zip(column, self.columns["gold"], strict=True)]
            elif name == "polarity":
                shown[name] = [_shortened(value) for value in column]
            elif name in _COUNTS:
                shown[name] = [count(value) for value in column]
            elif name in _SHARES or name == "precision":
                shown[_HEADS.get(name, name)] = [percent(value) for value in column]
        return shown


def _table(names: Sequence[str], columns: Mapping[str, Sequence[str]], *, title: str = "") -> ResultTable:
    align = "<" + "".join("<" if name == "polarity" else ">" for name in columns)
    return ResultTable(list(zip(names, *columns.values(), strict=True)), ["", *columns], align, title=title)


def _cells(name: str, column: Sequence[Any] | NDArray[Any]) -> list[Any]:
    """Return what stands in the cells of a file."""
    if name == "polarity":
        return list(map(harmless, column))
    return ["" if math.isnan(value) else value for value in np.asarray(column).tolist()]


_COUNTS: Final = {"votes", "faults"}
_SHARES: Final = {"coverage", "overlaps", "conflicts", "model_precision", "recall"}
"""Shares whose interval is shown where it is wide."""
_HEADS: Final = {"model_precision": "estimated"}

_NO_BOUNDS: Final = (
    "Estimated: how often the label model takes the rule to be right; without an interval, only gold can tell."
)


@checks_keywords
def summarize(
    matrix: Any,
    model: PatternLabelModel | None = None,
    gold: Any = None,
    *,
    n_classes: int | None = None,
    weights: Any = None,
) -> Summary:
    """Say how much each labeling function votes, with whom it agrees, and how often it is right.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    model : fitted label model, optional
        Adds its estimate of each labeling function's precision.
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.
    weights : array-like, Series or dict by id, optional
        Where gold is of a sample with different chances: the inverse of those, ``sample.weights``. Precision and recall
        are weighted; ``correct``, ``incorrect`` and ``gold`` count rows.

    Returns
    -------
    Summary

    Raises
    ------
    MatrixError
        If these are not votes.
    GoldError
        If gold does not fit the examples or the classes.
    ModelError
        If the model was fitted on other labeling functions.
    """
    with nullcontext() if weights is None else gold_was_judged():  # by its weights, below
        patterns, gold_counts = read(matrix, gold, n_classes)
    if weights is not None and gold_counts is None:
        raise GoldError(
            "there is no gold that weights could be of", hint="summarize(matrix, gold=gold, weights=...)", code="LK329"
        )
    if model is not None:
        check_model(model, "summarize")
    tally = tallied(patterns, None if model is None else model.predict_pattern_proba(patterns))
    weighted = None if weights is None else weighted_gold(matrix, gold, weights, n_classes)
    return summary_of(tally, patterns, gold_counts, model=model, weighted=weighted)


def summary_of(
    tally: VoteTally,
    judged: VotePatterns,
    gold: GoldCounts | None,
    *,
    model: PatternLabelModel | None = None,
    weighted: WeightedGold | None = None,
) -> Summary:
    """Make the summary of counts.

    Parameters
    ----------
    tally : VoteTally
        With sums of probabilities if there is a model.
    judged : VotePatterns
        Those with gold, at least: of the others, counts are enough.
    gold : GoldCounts, optional
        Of these patterns.
    model : label model, optional
        Whose bounds are shown, if it states any.
    weighted : WeightedGold, optional
    """
    columns: dict[str, Any] = {"polarity": _polarities(judged, tally), **_vote_columns(tally)}
    if tally.right is not None:
        columns |= _model_precision(model, judged, tally)
    if gold is not None:
        columns |= _gold_columns(judged, tally, gold, weighted)
    total = name_beside(TOTAL, judged.names)
    return Summary((*judged.names, total), columns)


# Votes ---------------------------------------------------------------------------------------------------------------


def _polarities(patterns: VotePatterns, tally: VoteTally) -> list[str]:
    seen = [set(np.flatnonzero(row).tolist()) for row in tally.by_class]
    classes = [voted | set(lf.labels or ()) for voted, lf in zip(seen, patterns.lfs, strict=True)]
    classes.append(set().union(*classes))
    return [", ".join(patterns.class_names[c] for c in sorted(lf_classes)) for lf_classes in classes]


def _vote_columns(tally: VoteTally) -> dict[str, NDArray[Any]]:
    n = float(tally.n_examples)
    whole = np.append(n - tally.faults, n)
    shares = {
        "coverage": np.append(tally.votes, tally.any_vote),
        "overlaps": np.append(tally.overlaps, tally.any_overlap),
        "conflicts": np.append(tally.conflicts, tally.any_conflict),
    }
    counts = {
        "votes": np.append(tally.votes, tally.votes.sum()),
        "faults": np.append(tally.faults, tally.any_fault),
    }
    columns: dict[str, NDArray[Any]] = {}
    for name, values in shares.items():
        columns |= _with_bounds(name, share(values, whole), *wilson_interval(values, whole))
    return columns | {name: values.astype(np.int64) for name, values in counts.items()}


def _with_bounds(
    name: str, values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    return {name: values, f"{name}_low": low, f"{name}_high": high}


# Gold and models -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _GoldTally:
    """Sums over examples with gold: right votes, votes, examples of the classes of each LF; moments of the total."""

    correct: NDArray[np.float64]
    judged: NDArray[np.float64]
    of_its_classes: NDArray[np.float64]
    moments: NDArray[np.float64]

    @classmethod
    def of(cls, patterns: VotePatterns, tally: VoteTally, gold: GoldCounts) -> _GoldTally:
        """Add up the counts of gold, or what stands in their place."""
        m = patterns.n_lfs
        speaks = (tally.by_class > 0) | declared(patterns)
        correct, judged, of_its_classes = np.zeros(m), np.zeros(m), np.zeros(m)
        moments = np.zeros(4)
        for rows in blocks(len(gold.pattern), m):
            outcomes, label, count = patterns.outcomes[gold.pattern[rows]], gold.label[rows], gold.count[rows]
            is_right, voted = outcomes == label[:, None], outcomes >= 0
            correct += count @ is_right
            judged += count @ voted
            of_its_classes += count @ (speaks.T[label] & (outcomes != FAULT))
            moments += _moments(is_right.sum(axis=1), voted.sum(axis=1), count)
        return cls(correct, judged, of_its_classes, moments)


def _gold_columns(
    patterns: VotePatterns, tally: VoteTally, gold: GoldCounts, weighted: WeightedGold | None
) -> dict[str, NDArray[Any]]:
    rows = _GoldTally.of(patterns, tally, gold)
    sums, squares = rows, rows
    if weighted is not None:
        sums, squares = (_GoldTally.of(patterns, tally, one) for one in (weighted.sums, weighted.squares))
    precision = share(np.append(sums.correct, sums.correct.sum()), np.append(sums.judged, sums.judged.sum()))
    judged, of_its_classes = rows.judged, rows.of_its_classes
    if weighted is not None:
        judged = weighted_size(sums.judged, squares.judged, sums.correct, squares.correct)
        of_its_classes = weighted_size(sums.of_its_classes, squares.of_its_classes, sums.correct, squares.correct)
    size = np.append(judged, _total_size(precision[-1], sums, squares, rows.moments[0]))
    recall = share(sums.correct, sums.of_its_classes)
    recalled = rows.correct if weighted is None else np.nan_to_num(recall) * of_its_classes
    of_recall = recall, *wilson_interval(recalled, of_its_classes)
    right, n = np.append(rows.correct, rows.correct.sum()), np.append(rows.judged, rows.judged.sum())
    return {
        **_with_bounds("precision", precision, *wilson_interval(precision * size, size)),
        **_with_bounds("recall", *(np.append(values, np.nan) for values in of_recall)),
        "correct": right.astype(np.int64),
        "incorrect": (n - right).astype(np.int64),
        "gold": n.astype(np.int64),
    }


def _moments(right: NDArray[np.int64], votes: NDArray[np.int64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over examples: those with votes, and the products of their numbers of right votes and of votes."""
    return np.array(
        [count @ (votes > 0), count @ right**2, count @ (right * votes), count @ votes**2], dtype=np.float64
    )


def _total_size(precision: float, sums: _GoldTally, squares: _GoldTally, examples: float) -> float:
    """Compute the number of independent votes that would tell as much as votes that share examples.

    The variance is that of a ratio of sums over examples: sum(w^2 (right - precision votes)^2) / (sum w votes)^2.
    """
    if examples < 2:
        return float(examples)
    votes = sums.judged.sum()
    _, rr, rv, vv = squares.moments
    variance = (rr - 2 * precision * rv + precision**2 * vv) / votes**2 * examples / (examples - 1)
    most = votes**2 / squares.judged.sum() if variance > 1e-15 else sums.moments[0] ** 2 / squares.moments[0]
    return float(effective_size(precision, variance, most))


def _model_precision(
    model: PatternLabelModel | None, patterns: VotePatterns, tally: VoteTally
) -> dict[str, NDArray[np.float64]]:
    """Estimate the precision of each LF by the model's probabilities, with the bounds that the model states."""
    assert tally.right is not None
    right = np.array([total * UNIT for total in [*tally.right, sum(tally.right)]], dtype=np.float64)
    estimate = share(right, np.append(tally.votes, tally.votes.sum()))
    low, high = _stated_bounds(model, patterns, tally)
    return _with_bounds("model_precision", estimate, np.minimum(estimate, low), np.maximum(estimate, high))


def _stated_bounds(
    model: Any, patterns: VotePatterns, tally: VoteTally
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of the bounds that the model states of an LF's votes for each class, over its votes.

    A mean of bounds is the bound of a mean if all estimates err together; so these are not too narrow if some do not.
    """
    bounds_of = np.full((2, patterns.n_lfs, patterns.n_classes), np.nan)
    if hasattr(model, "precisions"):
        of_lf = {name: j for j, name in enumerate(patterns.names)}
        of_class = {name: c for c, name in enumerate(model.class_names_)}
        bounds_of[:] = np.array([0.0, 1.0])[:, None, None]  # of votes that the model has not seen, it can say nothing
        for row in model.precisions().itertuples(index=False):
            if row.lf in of_lf and not np.isnan(row.low):
                bounds_of[:, of_lf[row.lf], of_class[row.vote]] = row.low, row.high
    sums = np.where(tally.by_class > 0, bounds_of * tally.by_class, 0.0).sum(axis=2)
    low, high = (share(np.append(s, s.sum()), np.append(tally.votes, tally.votes.sum())) for s in sums)
    return low, high


# Showing -------------------------------------------------------------------------------------------------------------


def _shortened(text: str, width: int = 24) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
