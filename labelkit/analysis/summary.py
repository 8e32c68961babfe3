"""A row of statistics for each labeling function, with gold and with a model where there are any.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> print(summarize(votes, gold=[0, 1, -1, 0]))
       polarity   coverage  overlaps  conflicts  votes  faults  precision     95% interval  recall  correct
short  HAM           50.0%     25.0%      25.0%      2       0      50.0%      9.5 - 90.5%   50.0%   1 of 2
link   SPAM          50.0%     25.0%      25.0%      2       0     100.0%    20.7 - 100.0%  100.0%   1 of 1
total  HAM, SPAM     75.0%     25.0%      25.0%      4       0      66.7%     20.8 - 93.9%       –   2 of 3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from labelkit._shared.numbers import bounds, count, percent, wilson_interval
from labelkit._shared.tables import ResultPage, ResultTable
from labelkit._shared.threads import in_threads
from labelkit.analysis.counts import TOTAL, VoteTally, blocks, declared, read, share, tallied
from labelkit.exceptions import ModelError
from labelkit.votes.gold import GoldCounts
from labelkit.votes.outcomes import FAULT
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from labelkit.label_models import PatternLabelModel


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
        """Format a table for people: percents, and dashes for what is undefined."""
        return self._page().to_text()

    __repr__ = to_string
    __str__ = to_string

    def _repr_html_(self) -> str:
        return self._page().to_html()

    def _page(self) -> ResultPage:
        shown = self._shown()
        rows = [[str(name), *row] for name, row in zip(shown.index, shown.itertuples(index=False), strict=True)]
        align = "<" + "".join("<" if name == "polarity" else ">" for name in shown.columns)
        return ResultPage(tables=[ResultTable(rows, heads=["", *shown.columns], align=align)])

    def _shown(self) -> pd.DataFrame:
        """Format the frame as texts."""
        frame = self.frame
        shown: dict[str, list[str]] = {}
        for name in frame.columns:
            if name == "precision_low":
                ends = zip(frame["precision_low"], frame["precision_high"], strict=True)
                shown["95% interval"] = [bounds(low, high) for low, high in ends]
            elif name == "correct":
                pairs = zip(frame["correct"], frame["gold"], strict=True)
                shown[name] = [f"{right:,} of {n:,}" for right, n in pairs]
            elif name == "polarity":
                shown[name] = [_shortened(value) for value in frame[name]]
            elif name in _COUNTS:
                shown[name] = [count(value) for value in frame[name]]
            elif name not in _SHOWN_ELSEWHERE:
                shown["estimated" if name == "model_precision" else name] = [percent(value) for value in frame[name]]
        return pd.DataFrame(shown, index=frame.index)


_COUNTS: Final = {"votes", "faults"}
_SHOWN_ELSEWHERE: Final = {"precision_high", "incorrect", "gold"}


def summarize(
    matrix: Any, model: PatternLabelModel | None = None, gold: Any = None, *, n_classes: int | None = None
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
    patterns, gold_counts = read(matrix, gold, n_classes)
    tally = tallied(patterns)
    columns: dict[str, Any] = {"polarity": _polarities(patterns, tally), **_vote_columns(patterns, tally)}
    if model is not None:
        columns["model_precision"] = _model_precision(model, patterns, tally)
    if gold_counts is not None:
        columns |= _gold_columns(patterns, tally, gold_counts)
    return Summary(pd.DataFrame(columns, index=pd.Index([*patterns.names, TOTAL], name="lf")))


# Votes ---------------------------------------------------------------------------------------------------------------


def _polarities(patterns: VotePatterns, tally: VoteTally) -> list[str]:
    seen = [set(np.flatnonzero(row).tolist()) for row in tally.by_class]
    classes = [voted | set(lf.labels or ()) for voted, lf in zip(seen, patterns.lfs, strict=True)]
    classes.append(set().union(*classes))
    return [", ".join(patterns.class_names[c] for c in sorted(lf_classes)) for lf_classes in classes]


def _vote_columns(patterns: VotePatterns, tally: VoteTally) -> dict[str, NDArray[Any]]:
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
        **{name: share(values, whole) for name, values in shares.items()},
        **{name: values.astype(np.int64) for name, values in counts.items()},
    }


# Gold and models -----------------------------------------------------------------------------------------------------


def _gold_columns(patterns: VotePatterns, tally: VoteTally, gold: GoldCounts) -> dict[str, NDArray[Any]]:
    m = patterns.n_lfs
    speaks = (tally.by_class > 0) | declared(patterns)
    correct, judged, of_its_classes = np.zeros(m), np.zeros(m), np.zeros(m)
    for rows in blocks(len(gold.pattern), m):
        outcomes, label, count = patterns.outcomes[gold.pattern[rows]], gold.label[rows], gold.count[rows]
        correct += count @ (outcomes == label[:, None])
        judged += count @ (outcomes >= 0)
        of_its_classes += count @ (speaks.T[label] & (outcomes != FAULT))
    right, n = np.append(correct, correct.sum()), np.append(judged, judged.sum())
    low, high = wilson_interval(right, n)
    return {
        "precision": share(right, n),
        "precision_low": low,
        "precision_high": high,
        "recall": np.append(share(correct, of_its_classes), np.nan),
        "correct": right.astype(np.int64),
        "incorrect": (n - right).astype(np.int64),
        "gold": n.astype(np.int64),
    }


def _model_precision(model: PatternLabelModel, patterns: VotePatterns, tally: VoteTally) -> NDArray[np.float64]:
    """Estimate the precision of each LF by the model's probabilities."""
    if not hasattr(model, "predict_pattern_proba"):
        raise ModelError(f"{model!r} is no label model", hint="summarize(matrix, model=LabelModel().fit(matrix))")
    proba = model.predict_pattern_proba(patterns)

    def rightly(outcomes: NDArray[Any]) -> float:
        voted = np.flatnonzero(outcomes >= 0)
        return float((patterns.counts[voted] * proba[voted, outcomes[voted]]).sum())

    right = np.array(in_threads(rightly, list(patterns.outcomes.T)), dtype=np.float64)
    return share(np.append(right, right.sum()), np.append(tally.votes, tally.votes.sum()))


# Showing -------------------------------------------------------------------------------------------------------------


def _shortened(text: str, width: int = 24) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
