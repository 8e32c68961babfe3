"""What the votes say of each labeling function, with gold and with a model where there are any.

Everything is computed from distinct vote patterns and their counts, so that ten million examples cost no more than
their patterns do. An example on which a rule failed leaves that rule's denominators. Unknown gold is not wrong; an
undefined number is NaN (shown as a dash); a share of few examples comes with its interval.

>>> import numpy as np
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> print(summarize(votes, gold=[0, 1, -1, 0]))
       polarity   coverage  overlaps  conflicts  votes  faults  precision     95% interval  recall  correct
short  HAM           50.0%     25.0%      25.0%      2       0      50.0%      9.5 - 90.5%   50.0%   1 of 2
link   SPAM          50.0%     25.0%      25.0%      2       0     100.0%    20.7 - 100.0%  100.0%   1 of 1
total  HAM, SPAM     75.0%     25.0%      25.0%      4       0      66.7%     20.8 - 93.9%       –   2 of 3
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from labelkit._validation import aligned_gold
from labelkit.exceptions import GoldError, ModelError
from labelkit.matrix import FAULT, LabelMatrix, VotePatterns
from labelkit.metrics import wilson_interval

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from labelkit.label_models import BaseLabelModel

DASH: Final = "–"
"""What an undefined number looks like."""

BLOCK_CELLS: Final = 2_000_000
"""Patterns are gone through in blocks of so many cells."""

MANY_CLASSES: Final = 16
"""From so many classes, votes are compared as sparse matrices."""

TOTAL: Final = "total"
"""The name of the last row."""


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """A row of statistics for each labeling function, and one for all of them.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by the name of the labeling function; the last row is ``total``. Shares are in [0, 1]. Columns:

        - ``polarity``: the classes that it votes for, or is declared to;
        - ``coverage``, ``overlaps``, ``conflicts``: the share of examples that it votes on; where another one votes
          too; where another one votes for another class (``total``: any, any two, any two that differ);
        - ``votes``, ``faults``: how many examples it votes on, and fails on;
        - ``model_precision``: how often its votes are right by the model's estimate (with a model);
        - ``precision``, ``precision_low``, ``precision_high``, ``recall``, ``correct``, ``incorrect``, ``gold``: how
          often its votes are right, Wilson's 95% interval, how many of the examples of its classes it gets right, and
          the counts behind them (with gold).
    """

    frame: pd.DataFrame

    @classmethod
    def read_csv(cls, path: str | Path) -> Summary:
        """Read the frame of a summary that was written with ``summary.frame.to_csv(path)``."""
        frame = pd.read_csv(path, index_col=0, dtype={"polarity": str}, keep_default_na=False, na_values=[""])
        frame.index = frame.index.astype(str)
        return cls(frame.assign(polarity=frame["polarity"].fillna("")))

    def to_string(self) -> str:
        """A table for people: percents, and dashes for what is undefined."""
        shown = self._shown()
        widths = {name: max(len(name), *map(len, shown[name])) for name in shown.columns}
        names = [str(name) for name in shown.index]
        first = max(map(len, names), default=0)
        lines = ["  ".join([" " * first, *(_padded(name, name, widths) for name in shown.columns)])]
        for name, row in zip(names, shown.itertuples(index=False), strict=True):
            cells = [_padded(value, column, widths) for value, column in zip(row, shown.columns, strict=True)]
            lines.append("  ".join([name.ljust(first), *cells]))
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = to_string
    __str__ = to_string

    def _repr_html_(self) -> str:
        shown = self._shown()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in shown.columns)
        rows = "".join(
            f"<tr><th>{html.escape(str(name))}</th>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            + "</tr>"
            for name, row in zip(shown.index, shown.itertuples(index=False), strict=True)
        )
        return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _shown(self) -> pd.DataFrame:
        """The frame as text."""
        frame = self.frame
        shown: dict[str, list[str]] = {}
        for name in frame.columns:
            if name == "precision_low":
                bounds = zip(frame["precision_low"], frame["precision_high"], strict=True)
                shown["95% interval"] = [DASH if np.isnan(a) else f"{100 * a:.1f} - {100 * b:.1f}%" for a, b in bounds]
            elif name == "correct":
                pairs = zip(frame["correct"], frame["gold"], strict=True)
                shown[name] = [f"{right:,} of {n:,}" for right, n in pairs]
            elif name == "polarity":
                shown[name] = [_shortened(value) for value in frame[name]]
            elif name in _COUNTS:
                shown[name] = [f"{int(value):,}" for value in frame[name]]
            elif name not in _SHOWN_ELSEWHERE:
                shown["estimated" if name == "model_precision" else name] = [_percent(value) for value in frame[name]]
        return pd.DataFrame(shown, index=frame.index)


_COUNTS: Final = {"votes", "faults"}
_SHOWN_ELSEWHERE: Final = {"precision_high", "incorrect", "gold"}


def summarize(
    matrix: Any, model: BaseLabelModel | None = None, gold: Any = None, *, n_classes: int | None = None
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
    patterns, known = _read(matrix, gold, n_classes)
    tally = _tally(patterns)
    columns: dict[str, Any] = {"polarity": _polarities(patterns, tally), **_vote_columns(patterns, tally)}
    if model is not None:
        columns["model_precision"] = _model_precision(model, patterns, tally)
    if known is not None:
        columns |= _gold_columns(patterns, tally, known)
    return Summary(pd.DataFrame(columns, index=pd.Index([*patterns.names, TOTAL], name="lf")))


def pairwise_overlaps(matrix: Any, *, n_classes: int | None = None) -> pd.DataFrame:
    """The share of examples on which two labeling functions both vote; n_lfs x n_lfs, coverage on the diagonal.

    Examples on which either failed are left out.

    >>> pairwise_overlaps(LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]])).to_numpy().tolist()
    [[0.5, 0.25], [0.25, 0.5]]
    """
    patterns, _ = _read(matrix, None, n_classes)
    both, _, whole = _pairs(patterns)
    return _square(both / whole, patterns)


def pairwise_conflicts(matrix: Any, *, n_classes: int | None = None) -> pd.DataFrame:
    """The share of examples on which two labeling functions vote for different classes; 0 on the diagonal.

    The frame is n_lfs x n_lfs. Examples on which either failed are left out.

    >>> pairwise_conflicts(LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]])).to_numpy().tolist()
    [[0.0, 0.25], [0.25, 0.0]]
    """
    patterns, _ = _read(matrix, None, n_classes)
    both, alike, whole = _pairs(patterns)
    return _square((both - alike) / whole, patterns)


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Gold:
    """How many examples of a pattern are known to be of a class, for the pairs where any is."""

    pattern: NDArray[np.int64]
    label: NDArray[np.int64]
    count: NDArray[np.float64]


def _read(matrix: Any, gold: Any, n_classes: int | None) -> tuple[VotePatterns, _Gold | None]:
    if isinstance(matrix, VotePatterns):
        if gold is not None:
            raise GoldError(
                "vote patterns know no examples, so gold cannot be given beside them",
                hint="VotePatterns(gold=counts of shape (n_patterns, n_classes)), or summarize the matrix",
            )
        if matrix.gold is None:
            return matrix, None
        pattern, label = np.nonzero(matrix.gold)
        return matrix, _Gold(pattern, label, matrix.gold[pattern, label].astype(np.float64))
    rows = matrix if isinstance(matrix, LabelMatrix) else LabelMatrix.of(matrix, classes=n_classes)
    if gold is None:
        return rows.patterns, None
    labels = aligned_gold(gold, rows.ids, rows.class_names)
    known = labels >= 0
    pairs, count = np.unique(rows.pattern_index[known] * rows.n_classes + labels[known], return_counts=True)
    return rows.patterns, _Gold(pairs // rows.n_classes, pairs % rows.n_classes, count.astype(np.float64))


def _blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    step = max(1, BLOCK_CELLS // max(n_columns, 1))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


# Votes ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Tally:
    """Counts of examples.

    Attributes
    ----------
    votes, overlaps, conflicts, faults : ndarray of shape (n_lfs,)
        Where an LF votes, votes beside another, votes against another, fails.
    by_class : ndarray of shape (n_lfs, n_classes)
        Votes of an LF for a class.
    any_vote, any_overlap, any_conflict, any_fault : float
    """

    votes: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    conflicts: NDArray[np.float64]
    faults: NDArray[np.float64]
    by_class: NDArray[np.float64]
    any_vote: float
    any_overlap: float
    any_conflict: float
    any_fault: float


def _tally(patterns: VotePatterns) -> _Tally:
    """Count, a labeling function at a time, from the cells that hold a vote alone: they are few."""
    m, k, counts = patterns.n_lfs, patterns.n_classes, patterns.counts.astype(np.float64)
    kinds = _kinds(patterns)
    sums, by_class = np.zeros((4, m)), np.zeros((m, k))
    failed = np.zeros(len(counts), dtype=bool)
    for j, outcomes in enumerate(patterns.outcomes.T):
        voted = np.flatnonzero(outcomes >= 0)
        weight = counts[voted]
        for i, kind in enumerate(kinds):
            sums[i, j] = weight[kind[voted]].sum()
        by_class[j] = np.bincount(outcomes[voted], weights=weight, minlength=k)
        faults = outcomes == FAULT
        sums[3, j] = counts[faults].sum()
        failed |= faults
    votes, overlaps, conflicts, faults_ = sums
    any_vote, any_overlap, any_conflict, any_fault = (float(counts[kind].sum()) for kind in (*kinds, failed))
    return _Tally(votes, overlaps, conflicts, faults_, by_class, any_vote, any_overlap, any_conflict, any_fault)


def _kinds(patterns: VotePatterns) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each pattern has a vote, two, and two that differ."""
    n = len(patterns)
    voted, overlap, conflict = (np.zeros(n, dtype=bool) for _ in range(3))
    first = np.full(n, -1, dtype=patterns.outcomes.dtype)
    for outcomes in patterns.outcomes.T:
        rows = np.flatnonzero(outcomes >= 0)
        label, before = outcomes[rows], first[rows]
        overlap[rows] |= voted[rows]
        conflict[rows] |= voted[rows] & (label != before)
        voted[rows] = True
        first[rows] = label
    return voted, overlap, conflict


def _polarities(patterns: VotePatterns, tally: _Tally) -> list[str]:
    seen = [set(np.flatnonzero(row).tolist()) for row in tally.by_class]
    classes = [voted | set(lf.labels or ()) for voted, lf in zip(seen, patterns.lfs, strict=True)]
    classes.append(set().union(*classes))
    return [", ".join(patterns.class_names[c] for c in sorted(own)) for own in classes]


def _vote_columns(patterns: VotePatterns, tally: _Tally) -> dict[str, NDArray[Any]]:
    n = float(patterns.n_examples)
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
    return {
        **{name: _share(values, whole) for name, values in shares.items()},
        **{name: values.astype(np.int64) for name, values in counts.items()},
    }


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


# Gold and models ------------------------------------------------------------------------------------------------------


def _gold_columns(patterns: VotePatterns, tally: _Tally, gold: _Gold) -> dict[str, NDArray[Any]]:
    m = patterns.n_lfs
    speaks = (tally.by_class > 0) | _declared(patterns)
    correct, judged, of_its_classes = np.zeros(m), np.zeros(m), np.zeros(m)
    for rows in _blocks(len(gold.pattern), m):
        outcomes, label, count = patterns.outcomes[gold.pattern[rows]], gold.label[rows], gold.count[rows]
        correct += count @ (outcomes == label[:, None])
        judged += count @ (outcomes >= 0)
        of_its_classes += count @ (speaks.T[label] & (outcomes != FAULT))
    right, n = np.append(correct, correct.sum()), np.append(judged, judged.sum())
    low, high = wilson_interval(right, n)
    return {
        "precision": _share(right, n),
        "precision_low": low,
        "precision_high": high,
        "recall": np.append(_share(correct, of_its_classes), np.nan),
        "correct": right.astype(np.int64),
        "incorrect": (n - right).astype(np.int64),
        "gold": n.astype(np.int64),
    }


def _declared(patterns: VotePatterns) -> NDArray[np.bool_]:
    """Which classes each LF is declared to vote for; shape (n_lfs, n_classes)."""
    declared = np.zeros((patterns.n_lfs, patterns.n_classes), dtype=bool)
    for j, lf in enumerate(patterns.lfs):
        declared[j, list(lf.labels or ())] = True
    return declared


def _model_precision(model: BaseLabelModel, patterns: VotePatterns, tally: _Tally) -> NDArray[np.float64]:
    """How often each LF's votes are right by the model's probabilities."""
    if not hasattr(model, "predict_pattern_proba"):
        raise ModelError(f"{model!r} is no label model", hint="summarize(matrix, model=LabelModel().fit(matrix))")
    proba = model.predict_pattern_proba(patterns)
    right = np.zeros(patterns.n_lfs)
    for j, outcomes in enumerate(patterns.outcomes.T):
        voted = np.flatnonzero(outcomes >= 0)
        right[j] = (patterns.counts[voted] * proba[voted, outcomes[voted]]).sum()
    return _share(np.append(right, right.sum()), np.append(tally.votes, tally.votes.sum()))


# Pairs ----------------------------------------------------------------------------------------------------------------


def _pairs(patterns: VotePatterns) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Examples on which two LFs both vote, both vote alike, and neither failed; each n_lfs x n_lfs."""
    m = patterns.n_lfs
    both, alike, failed_either = np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, m))
    with_faults = bool((patterns.outcomes == FAULT).any())
    for rows in _blocks(len(patterns), m):
        outcomes, counts = patterns.outcomes[rows], patterns.counts[rows].astype(np.float64)[:, None]
        voted = (outcomes >= 0).astype(np.float64)
        both += voted.T @ (counts * voted)
        alike += _alike(outcomes, counts, patterns.n_classes)
        if with_faults:
            failed = (outcomes == FAULT).astype(np.float64)
            one = counts.T @ failed
            failed_either += one + one.T - failed.T @ (counts * failed)
    whole = patterns.n_examples - failed_either
    return both, alike, np.where(whole > 0, whole, np.nan)


def _alike(outcomes: NDArray[Any], counts: NDArray[np.float64], n_classes: int) -> NDArray[np.float64]:
    """Examples on which two LFs vote for the same class, n_lfs x n_lfs: a product over (pattern, class) pairs."""
    if n_classes <= MANY_CLASSES:
        votes = [(outcomes == c).astype(np.float64) for c in range(n_classes)]
        return np.asarray(sum(own.T @ (counts * own) for own in votes))
    pattern, lf = np.nonzero(outcomes >= 0)
    pairs, row = np.unique(pattern * n_classes + outcomes[pattern, lf], return_inverse=True)
    own = sparse.csr_array((np.ones(len(row)), (row, lf)), shape=(len(pairs), outcomes.shape[1]))
    weighted = sparse.diags_array(counts[pairs // n_classes, 0]) @ own
    return np.asarray((own.T @ weighted).toarray())


def _square(values: NDArray[np.float64], patterns: VotePatterns) -> pd.DataFrame:
    names = pd.Index(patterns.names, name="lf")
    return pd.DataFrame(values, index=names, columns=names)


# Showing --------------------------------------------------------------------------------------------------------------


def _percent(share: float) -> str:
    return DASH if np.isnan(share) else f"{100 * share:.1f}%"


def _shortened(text: str, width: int = 24) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _padded(text: str, column: str, widths: dict[str, int]) -> str:
    return text.ljust(widths[column]) if column == "polarity" else text.rjust(widths[column])
