"""Plots of what the statistics say: made for print and for every eye, on axes that the caller may give.

Every function draws on ``ax`` (a new figure if none is given) and returns it, and touches no global setting. What
colour says is said by lightness, hatching or line style too. Matplotlib is an extra: ``pip install 'labelkit[plots]'``.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"])
>>> from matplotlib.figure import Figure
>>> ax = plot_coverage(votes, ax=Figure().add_subplot())
>>> [label.get_text() for label in ax.get_yticklabels()]
['short', 'link']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from labelkit._shared.computed_rows import pieces_of
from labelkit._shared.given_kinds import check_kind
from labelkit._shared.numbers import percent, plural, wilson_interval
from labelkit._shared.optional import optional
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import TOTAL
from labelkit.analysis.coverage import coverage_over_time
from labelkit.analysis.drift import Drift
from labelkit.analysis.pairwise import pairwise_conflicts, pairwise_overlaps
from labelkit.analysis.summary import Summary, summarize
from labelkit.exceptions import AnalysisError
from labelkit.votes.calibration import TOP_LABEL, ReliabilityCurve
from labelkit.votes.classification_curves import ClassificationCurves
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.metrics import Reliability
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

Axes: TypeAlias = Any
"""Matplotlib's, which need not be installed."""

LIGHT: Final = "#cfe2f3"
MIDDLE: Final = "#5b9bd5"
DARK: Final = "#8c2d04"
INK: Final = "#222222"
"""Far apart in lightness, so that grey print and every kind of colour vision tell them from each other."""

LINES: Final = (("#0072b2", "-", "o"), ("#d55e00", "--", "s"), ("#009e73", "-.", "^"), ("#cc79a7", ":", "D"))
"""Colours that the colour-blind tell apart (Okabe and Ito), each with a line style and a marker of its own."""

MANY: Final = 12
"""With more labeling functions than this, a heat map shows no numbers."""


@checks_keywords
def plot_coverage(matrix: Any, *, ax: Axes | None = None, n_classes: int | None = None) -> Axes:
    """Draw a bar for each labeling function: its coverage, and the parts of it with overlaps and with conflicts.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, Summary, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    ax : matplotlib.axes.Axes, optional
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    matplotlib.axes.Axes
        The whiskers are Wilson's 95% intervals of the coverage.
    """
    summary = matrix if isinstance(matrix, Summary) else summarize(matrix, n_classes=n_classes)
    frame = summary.frame.iloc[:-1]
    ax = _axes(ax, (7.0, 1.2 + 0.24 * len(frame)))
    places = np.arange(len(frame))
    votes, coverage = frame["votes"].to_numpy(float), frame["coverage"].to_numpy(float)
    ran = np.divide(votes, coverage, out=np.zeros(len(votes)), where=coverage > 0)
    low, high = wilson_interval(votes, np.where(ran > 0, ran, np.nan))
    whiskers = np.nan_to_num([coverage - low, high - coverage]).clip(0)
    style: dict[str, Any] = {"height": 0.72, "edgecolor": INK, "linewidth": 0.5}
    ax.barh(places, coverage, color=LIGHT, label="coverage", **style)
    ax.barh(places, frame["overlaps"], color=MIDDLE, label="of which another votes too", **style)
    ax.barh(places, frame["conflicts"], color=DARK, hatch="////", label="of which another disagrees", **style)
    ax.errorbar(coverage, places, xerr=whiskers, fmt="none", ecolor=INK, elinewidth=0.8, capsize=1.5)
    ax.set_yticks(places, [str(name) for name in frame.index], fontsize=_font(len(frame)))
    ax.invert_yaxis()
    ax.set_ylim(len(frame) - 0.4, -0.6)
    _as_percent(ax.xaxis)
    ax.set_xlim(0, None)
    ax.set_xlabel("share of the examples")
    _legend(ax, columns=3)
    return ax


@checks_keywords
def plot_pairwise(
    matrix: Any,
    *,
    kind: Literal["conflicts", "overlaps", "disagreement"] = "conflicts",
    ax: Axes | None = None,
    n_classes: int | None = None,
) -> Axes:
    """Draw a heat map of pairs of labeling functions.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    kind : {"conflicts", "overlaps", "disagreement"}
        The share of the examples on which two vote for different classes; on which both vote; or how often they differ
        where both vote.
    ax : matplotlib.axes.Axes, optional
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    matplotlib.axes.Axes
        The diagonal, and what is undefined, is grey.
    """
    values, meaning = _pairwise_values(matrix, kind, n_classes)
    m = len(values)
    side = 2.6 + 0.2 * m if m > MANY else 3.0 + 0.45 * m
    ax = _axes(ax, (side + 0.8, side))
    grid = values.to_numpy(float, copy=True)
    np.fill_diagonal(grid, np.nan)
    top = 1.0 if kind == "disagreement" else float(np.nanmax(grid, initial=0)) or 1.0
    colors = optional("matplotlib", extra="plots").colormaps["Blues"].with_extremes(bad="0.85")
    image = ax.imshow(np.ma.masked_invalid(grid), cmap=colors, vmin=0, vmax=top, interpolation="nearest")
    names = [str(name) for name in values.index]
    ax.set_xticks(np.arange(m), names, rotation=90, fontsize=_font(m))
    ax.set_yticks(np.arange(m), names, fontsize=_font(m))
    for i, j in np.argwhere(~np.isnan(grid)) if m <= MANY else ():
        ax.text(
            j, i, percent(grid[i, j], decimals=0), ha="center", va="center", fontsize=8, color=_ink_on(grid[i, j] / top)
        )
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8)
    bar.set_label(meaning)
    _as_percent(bar.ax.yaxis)
    return ax


@checks_keywords
def plot_label_distribution(labels: ProbabilisticLabels, *, gold: Any = None, ax: Axes | None = None) -> Axes:
    """Draw how often each class is the hard label, how much probability it has, and how often it is the gold label.

    Parameters
    ----------
    labels : ProbabilisticLabels
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The whiskers at the gold are Wilson's 95% intervals.
    """
    if not isinstance(labels, ProbabilisticLabels):
        raise AnalysisError(
            f"{type(labels).__name__} is not labels", hint="plot_label_distribution(model.label(matrix))"
        )
    k, n = labels.n_classes, len(labels)
    hard = np.bincount(labels.hard() + 1, minlength=k + 1) / max(n, 1)
    weight = np.bincount(labels.index, minlength=len(labels.pattern_proba)) / max(n, 1)
    soft = np.sum([weight[piece] @ proba for piece, proba in pieces_of(labels.pattern_proba)], axis=0)
    gold_labels = None if gold is None else gold_of_labels(gold, labels)
    ax = _axes(ax, (6.5, 1.4 + 0.45 * (k + 1)))
    n_bars = 2 if gold_labels is None else 3
    height = 0.8 / n_bars
    places = np.arange(k + 1)
    style: dict[str, Any] = {"height": height, "edgecolor": INK, "linewidth": 0.5}
    ax.barh(places, np.append(hard[1:], hard[0]), color=MIDDLE, label="hard labels", **style)
    ax.barh(places[:k] + height, soft, color=LIGHT, hatch="....", label="probability", **style)
    if gold_labels is not None:
        _gold_bars(ax, places[:k] + 2 * height, np.bincount(gold_labels[gold_labels >= 0], minlength=k), style)
    ticks = places + height * (n_bars - 1) / 2 * (places < k)
    ax.set_yticks(ticks, [*labels.class_names, "no label"], fontsize=_font(k))
    ax.invert_yaxis()
    _as_percent(ax.xaxis)
    ax.set_xlabel("share of the examples")
    _legend(ax, columns=3)
    return ax


@checks_keywords
def plot_reliability(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how often probabilities come true: those of the top label, or of one class.

    Parameters
    ----------
    evaluation : ReliabilityCurve, Evaluation or Reliability
        Of :func:`labelkit.reliability`, or of ``model.evaluate(matrix, gold)``.
    ax : matplotlib.axes.Axes, optional
        Two curves, such as before and after a correction, are drawn on two axes beside each other.

    Returns
    -------
    matplotlib.axes.Axes
        A point for each bin that holds examples, with Wilson's 95% interval; the bars are the share of the examples in
        each bin.
    """
    bins = getattr(evaluation, "reliability", evaluation)
    if not isinstance(bins, Reliability):
        raise AnalysisError(f"{evaluation!r} has no reliability", hint="plot_reliability(model.evaluate(matrix, gold))")
    ax = _axes(ax, (5.2, 4.8))
    filled = bins.count > 0
    right = bins.accuracy[filled]
    low, high = (ends[filled] for ends in bins.bounds)
    of = evaluation.of if isinstance(evaluation, ReliabilityCurve) else TOP_LABEL
    came_true = "right labels" if of == TOP_LABEL else of
    share = bins.count / max(bins.count.sum(), 1)
    width = np.diff(bins.edges)
    ax.bar(bins.edges[:-1], share, width=width, align="edge", color="0.88", edgecolor="0.6", label="share of examples")
    ax.plot([0, 1], [0, 1], linestyle="--", color="0.4", linewidth=1, label="calibrated")
    ax.errorbar(
        bins.confidence[filled], right, yerr=np.array([right - low, high - right]).clip(0), fmt="o-",
        color=LINES[0][0], ecolor=INK, elinewidth=0.9, capsize=2.5, label=f"{came_true}, 95% interval",
    )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    _as_percent(ax.xaxis)
    _as_percent(ax.yaxis)
    ax.set_xlabel(f"probability of {of}")
    ax.set_ylabel("share of the labels that are right" if of == TOP_LABEL else f"share that is {of}")
    ax.legend(loc="upper left", framealpha=0.85, edgecolor="none", fontsize=9)
    return ax


@checks_keywords
def plot_curves(
    curves: ClassificationCurves,
    *,
    kind: Literal["precision_recall", "roc"] = "precision_recall",
    ax: Axes | None = None,
) -> Axes:
    """Draw the precision-recall or ROC curve of each class, with the area under it and its interval.

    Parameters
    ----------
    curves : ClassificationCurves
        Of :func:`labelkit.classification_curves`.
    kind : {"precision_recall", "roc"}
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The grey line is guessing: for precision and recall, the share of the class (of one class alone).
    """
    if not isinstance(curves, ClassificationCurves) or kind not in {"precision_recall", "roc"}:
        raise AnalysisError(
            f"there are no {kind} curves of {type(curves).__name__}",
            hint="plot_curves(labelkit.classification_curves(gold, proba), kind='precision_recall') or kind='roc'",
        )
    ax = _axes(ax, (5.6, 4.8))
    is_roc = kind == "roc"
    figure = "roc_auc" if is_roc else "average_precision"
    x, y = ("false_positive_rate", "true_positive_rate") if is_roc else ("recall", "precision")
    defined = curves.frame[curves.frame[figure].notna()]
    for i, (name, row) in enumerate(defined.iterrows()):
        points = curves.roc(name) if is_roc else curves.precision_recall(name)
        color, line, _ = _line(i)
        label = f"{name}: {row[figure]:.3f} ({row[f'{figure}_low']:.3f} - {row[f'{figure}_high']:.3f})"
        ax.plot(points[x], points[y], color=color, linestyle=line, label=label)
    if is_roc or len(defined) == 1:
        guess = [0, 1] if is_roc else [defined["share"].iloc[0]] * 2
        ax.plot([0, 1], guess, color="0.6", linestyle="--", linewidth=1, label="guessing")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    _as_percent(ax.xaxis)
    _as_percent(ax.yaxis)
    ax.set_xlabel(x.replace("_", " "))
    ax.set_ylabel(y.replace("_", " "))
    _legend(ax, columns=1)
    return ax


@checks_keywords
def plot_coverage_over_time(
    matrix: Any,
    dates: Any = None,
    *,
    freq: str | None = None,
    lfs: Sequence[str] = (),
    corpus: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of examples with any vote over time, and that of some labeling functions.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, or the frame of :func:`coverage_over_time`
    dates, freq, corpus
        As in :func:`coverage_over_time`; not needed with its frame.
    lfs : list of str
        Labeling functions to draw beside the total.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The bands are Wilson's 95% intervals. Examples without a date are left out, and a period without examples is a
        gap.
    """
    is_table = isinstance(matrix, pd.DataFrame) and {"period", "lf", "coverage"} <= set(matrix.columns)
    if dates is None and not is_table:
        raise AnalysisError("there are no dates", hint='plot_coverage_over_time(matrix, frame["created_at"])')
    frame = matrix if is_table else coverage_over_time(matrix, dates, freq=freq, corpus=corpus)
    frame = frame[frame["period"].notna()]
    for name in lfs:
        if not is_table and name not in frame["lf"].to_numpy() and len(frame):
            raise AnalysisError(f"no labeling function is named {name!r}")
    ax = _axes(ax, (8.0, 4.0))
    total = frame["lf"].iloc[-1] if len(frame) else TOTAL
    for i, name in enumerate([total, *lfs]):
        rows = frame[frame["lf"] == name]
        color, line, marker = _line(i)
        label = "any labeling function" if name == total else name
        ax.plot(
            rows["period"], rows["coverage"], color=color, linestyle=line, marker=marker, markersize=3.5, label=label
        )
        ax.fill_between(rows["period"], rows["low"], rows["high"], color=color, alpha=0.18, linewidth=0)
    units = optional("matplotlib.dates", extra="plots")
    locator = units.AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(units.ConciseDateFormatter(locator))
    ax.set_ylim(0, 1.02)
    _as_percent(ax.yaxis)
    ax.set_ylabel(f"share of the examples of a {frame.attrs.get('freq', 'period')}")
    _legend(ax, columns=4)
    return ax


# What they share ------------------------------------------------------------------------------------------------------


@checks_keywords
def plot_drift(drift: Drift, *, most: int = 30, ax: Axes | None = None) -> Axes:
    """Draw the shares before and after, with Wilson's 95% intervals; the most different first, alarms in bold.

    Parameters
    ----------
    drift : Drift
        Of :func:`labelkit.drift`.
    most : int
        How many comparisons are drawn, at least 1.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    check_kind(drift, ("frame", "alpha", "notes"), "a Drift", AnalysisError, "labelkit.drift(old, new) returns one")
    frame = drift.frame[drift.frame["before"].notna() & drift.frame["after"].notna()]
    frame = frame.sort_values("p", kind="stable").head(most)
    ax = _axes(ax, (7.0, 1.4 + 0.3 * len(frame)))
    places = np.arange(len(frame))
    for side, shift, (colour, _, marker) in (("before", -0.15, LINES[0]), ("after", 0.15, LINES[1])):
        n, shares = frame[f"n_{side}"].to_numpy(float), frame[side].to_numpy(float)
        low, high = wilson_interval(shares * n, n)
        whiskers = np.nan_to_num([shares - low, high - shares]).clip(0)
        ax.errorbar(
            shares, places + shift, xerr=whiskers, fmt=marker, color=colour, markersize=5, capsize=2, label=side
        )
    named = (
        " ".join([row["rule"] or "all rules", row["what"], *([] if row["slice"] is None else [f"({row['slice']})"])])
        for row in frame.to_dict("records")
    )
    ax.set_yticks(places, list(named), fontsize=_font(len(frame)))
    for text, alarm in zip(ax.get_yticklabels(), frame["alarm"], strict=True):
        text.set_fontweight("bold" if alarm else "normal")
    ax.invert_yaxis()
    _as_percent(ax.xaxis)
    ax.set_xlim(0, None)
    _legend(ax, columns=2)
    return ax


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the given axes, or those of a new figure."""
    if ax is None:
        plt = optional("matplotlib.pyplot", extra="plots")
        return plt.subplots(figsize=size, layout="constrained")[1]
    if not hasattr(ax, "barh"):
        raise AnalysisError(f"ax={ax!r} is no axes", hint="figure, ax = plt.subplots()")
    return ax


def _font(n: int) -> float:
    """Choose the font size at which so many names fit beside each other."""
    return 9.0 if n <= 30 else 7.0


def _line(i: int) -> tuple[str, str, str]:
    """Choose a colour, a line style and a marker; the combinations change when the colours repeat."""
    n = len(LINES)
    return LINES[i % n][0], LINES[(i + i // n) % n][1], LINES[(i + 2 * (i // n)) % n][2]


def _as_percent(axis: Any) -> None:
    axis.set_major_formatter(optional("matplotlib.ticker", extra="plots").PercentFormatter(1.0, decimals=None))


def _legend(ax: Axes, *, columns: int) -> None:
    """Put the legend above the axes, clear of the data."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=9)


def _ink_on(share: float) -> str:
    """Choose the colour of the text on a cell of the heat map."""
    return "white" if share > 0.55 else INK


def _gold_bars(ax: Axes, places: Any, counts: Any, style: dict[str, Any]) -> None:
    n = counts.sum()
    low, high = wilson_interval(counts, np.full(len(counts), n))
    share = counts / max(n, 1)
    whiskers = np.nan_to_num([share - low, high - share]).clip(0)
    ax.barh(places, share, color=DARK, hatch="////", label=f"gold ({plural(n, 'example')})", **style)
    ax.errorbar(share, places, xerr=whiskers, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)


def _pairwise_values(matrix: Any, kind: str, n_classes: int | None) -> tuple[pd.DataFrame, str]:
    if kind == "overlaps":
        return pairwise_overlaps(matrix, n_classes=n_classes), "share of the examples on which both vote"
    if kind == "conflicts":
        return pairwise_conflicts(matrix, n_classes=n_classes), "share of the examples on which they disagree"
    if kind == "disagreement":
        both = pairwise_overlaps(matrix, n_classes=n_classes)
        differ = pairwise_conflicts(matrix, n_classes=n_classes)
        return differ / both.where(both > 0), "share of the examples of both on which they disagree"
    raise AnalysisError(f"kind={kind!r} is not known", hint='one of "conflicts", "overlaps", "disagreement"')
