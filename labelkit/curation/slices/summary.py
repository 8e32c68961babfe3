"""What the labels of each slice are worth: coverage, classes, conflicts, and quality beside that of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from labelkit._shared.distributions import holm
from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import count, decimal, percent, plural, share_with_bounds, wilson_interval
from labelkit._shared.plain_values import plain_value, records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import class_counts, rows_of
from labelkit.curation.slices.comparison import FALSE_ALARMS, GroupShares, difference_bounds, moments_of, p_values
from labelkit.curation.slices.judged import JudgedLabels, NamedClasses
from labelkit.curation.slices.membership import MOST_VALUES, SliceMembership, apply_slices, column_slices
from labelkit.exceptions import AnalysisError
from labelkit.votes.given_class import given_class
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from labelkit.curation.step import CurationStep
    from labelkit.votes.example_names import ExampleNames

ALL: Final = "(all)"
"""The row that is about all examples."""

MOST_SHOWN: Final = 30
"""Slices that a table shows."""

_RANDOM_GOLD: Final = "Intervals and tests hold for gold that was drawn at random, or with weights=."


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class SliceSummary(HasFrame, ShownResult):
    """A row of statistics for each slice, and one for all examples; made by :func:`labelkit.summarize_slices`.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by the name of the slice; the last row is ``(all)``. Shares are in [0, 1]; NaN is undefined. Columns:

        - ``rows``, ``share``, ``faults``: examples in the slice, and those on which it failed (neither in nor out);
        - ``coverage``: the share of its examples that have a label, with Wilson's 95% interval ``coverage_low``,
          ``coverage_high``;
        - ``conflicts``: the share on which rules voted for several classes (with a matrix);
        - with gold: ``gold`` (examples with gold and a label), ``worth`` (as many independent rows, where they have
          weights), ``accuracy``, ``accuracy_low``, ``accuracy_high``; ``rest_accuracy`` of all other examples;
          ``difference`` of the two with Newcombe's interval ``difference_low``, ``difference_high``; ``p`` of Fisher's
          exact test, twice the smaller tail; ``p_corrected``, Holm's over all slices; ``verdict``: ``"worse"``,
          ``"better"`` or empty;
        - with ``positive``: ``precision`` and ``recall`` of that class, each with its interval, among the gold rows
          that have a label: ``coverage`` says how many have none.
    classes : pandas.DataFrame
        The share of each class among the labels of each slice.
    membership : SliceMembership
    step : CurationStep
    """

    frame: pd.DataFrame
    classes: pd.DataFrame
    membership: SliceMembership
    step: CurationStep

    def rows(self) -> pa.Table:
        """Return ``id`` and ``slices``, the names of the slices that each example is in."""
        return self.membership.rows()

    @property
    def worse(self) -> tuple[str, ...]:
        """The slices whose labels are surely worse than those of the rest, the worst first."""
        if "verdict" not in self.frame:
            return ()
        poor = self.frame[self.frame["verdict"] == "worse"]
        return tuple(poor.sort_values("difference", kind="stable").index)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``slices``, a dict for each, ``total``, and ``notes``.

        Two columns for the ends of an interval are one key, ``accuracy_interval``; ``classes`` are shares by name.
        """
        shares = self.classes.to_dict(orient="index")
        rows = [
            {**row, "classes": plain_value(shares[name])}
            for name, row in zip(self.frame.index, records(self.frame, index="slice"), strict=True)
        ]
        return {"slices": rows[:-1], "total": rows[-1], "worse": list(self.worse), "notes": list(self.step.notes)}

    def _page(self) -> ResultPage:
        shown = self.frame.iloc[:-1]
        if len(shown) > MOST_SHOWN and "p" in shown:
            shown = shown.sort_values("p", kind="stable", na_position="last")
        more = f"... and {count(len(shown) - MOST_SHOWN)} more slices" if len(shown) > MOST_SHOWN else ""
        names = [*shown.index[:MOST_SHOWN], self.frame.index[-1]]
        table = self.frame.loc[names]
        cells = [_cells(name, row) for name, row in zip(names, table.to_dict("records"), strict=True)]
        heads = list(dict.fromkeys(head for row in cells for head in row))
        tables = [ResultTable([[row[head] for head in heads] for row in cells], heads, align="<>", more=more)]
        shares = self.classes.loc[names]
        heads = ["slice", *map(str, shares.columns)]
        of_classes = [[str(name), *map(percent, row)] for name, row in zip(names, shares.to_numpy(), strict=True)]
        tables.append(ResultTable(of_classes, heads, align="<>", title="Classes among the labels"))
        lead = f"{plural(len(self.frame) - 1, 'slice')} of {plural(self.frame['rows'].iloc[-1], 'example')}"
        return ResultPage([lead], tables, self.step.notes)


def _cells(name: Any, row: dict[Any, Any]) -> dict[str, str]:
    """Format a row of the frame by the heads of its columns."""
    cells = {"slice": str(name), "rows": count(row["rows"]), "coverage": percent(row["coverage"])}
    if "conflicts" in row:
        cells["conflicts"] = percent(row["conflicts"])
    if "gold" in row:
        cells |= {
            "gold": count(row["gold"]),
            "accuracy": share_with_bounds(row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
            "rest": percent(row["rest_accuracy"]),
            "p corrected": "< 0.001" if row["p_corrected"] < 0.001 else decimal(row["p_corrected"]),
            "": row["verdict"],
        }
    for measure in ("precision", "recall"):
        if measure in row:
            cells[measure] = share_with_bounds(row[measure], row[f"{measure}_low"], row[f"{measure}_high"])
    return cells


@checks_keywords
def summarize_slices(
    slices: Any,
    labels: Any,
    gold: Any = None,
    *,
    matrix: LabelMatrix | None = None,
    weights: Any = None,
    positive: Any = None,
    corpus: Any = None,
    by: Any = None,
    max_slices: int = MOST_VALUES,
) -> SliceSummary:
    """Say of each slice how much of it is labeled, as what, and how well, beside the rest of the corpus.

    Parameters
    ----------
    slices : SliceMembership, LabelMatrix, list of rules, mapping from name to condition, or None
        What :func:`apply_slices` returned; or slices as it takes them, with ``corpus``. Of a matrix of votes, each rule
        is a slice. None, if ``by`` is given.
    labels : ProbabilisticLabels, or probabilities of an end model of shape (n_examples, n_classes)
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown.
    matrix : LabelMatrix, optional
        The votes behind the labels, for conflicts.
    weights : array-like, Series or dict by id, optional
        The inverse of the chance with which each gold row was drawn.
    positive : int, str or enum member, optional
        Precision and recall of this class, too.
    corpus : object, optional
        As :func:`labelkit.open_corpus` takes it, for slices that are not applied yet, and for names of columns.
    by : str, sequence of str, array-like, Series or dict by id, optional
        Columns of the corpus, or a value for each example: each value is a slice, as in :func:`apply_slices`.
    max_slices : int
        Of one column.

    Returns
    -------
    SliceSummary

    Raises
    ------
    AnalysisError
        If labels or weights are of other examples, there are no slices, or two of one name.
    GoldError
        If gold does not fit the examples or the classes.

    Notes
    -----
    A slice is compared with all other examples by Fisher's exact test. The p-values are corrected for the number of
    slices by Holm's procedure (:mod:`labelkit.curation.slices.comparison` says why), so that where no slice differs
    from its rest, any is called worse or better in at most 5% of summaries. Slices without gold, and those that cover
    all or nothing, are not tested.

    Examples
    --------
    >>> import numpy as np, labelkit as lk
    >>> corpus = [f"text {i} refund" if i % 4 == 0 else f"text {i}" for i in range(400)]
    >>> gold = np.arange(400) % 2
    >>> guess = np.where(np.arange(400) % 4, gold, np.arange(400) // 4 % 2)
    >>> slices = {"refunds": lk.keywords("refund")}
    >>> summary = lk.summarize_slices(slices, np.eye(2)[guess], gold, corpus=corpus)
    >>> summary.worse, float(summary.frame.loc["refunds", "accuracy"])
    (('refunds',), 0.5)
    """
    membership = _membership(slices, labels, corpus, by, max_slices)
    classes = NamedClasses.of(labels, membership.examples)
    judged = JudgedLabels.of(classes, membership.examples, gold, weights)
    frame = _counts(membership, classes)
    if matrix is not None:
        frame["conflicts"] = _conflicts(membership, rows_of(matrix).arranged(membership.examples))
    if gold is not None:
        frame = frame.assign(**_quality(membership, judged))
        if positive is not None:
            number = given_class(positive, classes.names, "positive", error=AnalysisError)
            frame = frame.assign(**_of_class(membership, judged, number))
    notes = [*membership.step.notes, *_findings(frame)]
    step = replace(membership.step, operation="summarize_slices", notes=tuple(notes))
    return SliceSummary(frame, _class_shares(membership, classes), membership, step)


def _membership(slices: Any, labels: Any, corpus: Any, by: Any, max_slices: int) -> SliceMembership:
    """Bring slices of any form, and those by values, into one membership."""
    names_columns = isinstance(by, str) or (corpus is not None and _are_columns(by))
    columns, values = (by, None) if names_columns else (None, by)
    parts = []
    if isinstance(slices, SliceMembership | LabelMatrix):
        parts.append(slices if isinstance(slices, SliceMembership) else SliceMembership.of_matrix(slices))
        slices = None
    if slices is not None or columns is not None:
        if corpus is None:
            raise AnalysisError(
                "to find which examples are in a slice takes the corpus",
                hint="summarize_slices(..., corpus=corpus), or apply_slices(slices, corpus) first",
            )
        parts.append(apply_slices(slices, corpus, by=columns, max_slices=max_slices))
    if values is not None:
        examples = parts[0].examples if parts else _examples_of(labels)
        parts.append(SliceMembership.of_matrix(column_slices(values, examples, max_slices=max_slices)))
    return SliceMembership.joined(parts)


def _are_columns(by: Any) -> bool:
    return isinstance(by, list | tuple) and 0 < len(by) <= MOST_VALUES and all(isinstance(name, str) for name in by)


def _examples_of(labels: Any) -> ExampleNames:
    if isinstance(labels, ProbabilisticLabels):
        return labels.examples
    raise AnalysisError(
        "probabilities of an end model name no examples that values could be of",
        hint="slices=apply_slices(slices, corpus), or corpus= with by= the name of a column",
    )


# Counting -------------------------------------------------------------------------------------------------------------


def _masks(
    membership: SliceMembership, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield for each slice, and for all examples, masks of the rows that are inside, and that are the rest."""
    for name in membership.names:
        inside = membership[name][rows]
        yield inside, ~inside & ~np.isin(rows, membership.failed(name))
    everything = np.ones(len(rows), dtype=bool)
    yield everything, ~everything


def _index(membership: SliceMembership) -> pd.Index:
    """Return the names of the slices, and of all examples behind them."""
    return pd.Index([*membership.names, name_beside(ALL, membership.names)], name="slice")


def _counts(membership: SliceMembership, classes: NamedClasses) -> pd.DataFrame:
    sizes = membership.sizes
    labeled = [np.count_nonzero(classes.hard[membership[name]] >= 0) for name in membership.names]
    rows = np.array([*sizes.values(), len(membership)], dtype=np.int64)
    covered = np.array([*labeled, np.count_nonzero(classes.hard >= 0)], dtype=np.float64)
    low, high = wilson_interval(covered, rows)
    return pd.DataFrame(
        {
            "rows": rows,
            "share": rows / len(membership) if len(membership) else np.nan,
            "faults": [*(len(membership.failed(name)) for name in membership.names), 0],
            "coverage": _ratio(covered, rows),
            "coverage_low": low,
            "coverage_high": high,
        },
        index=_index(membership),
    )


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))


def _class_shares(membership: SliceMembership, classes: NamedClasses) -> pd.DataFrame:
    k = len(classes.names)
    counts = [np.bincount(classes.hard[membership[name]] + 1, minlength=k + 1)[1:] for name in membership.names]
    counts.append(np.bincount(classes.hard + 1, minlength=k + 1)[1:])
    table = np.array(counts, dtype=np.float64)
    total = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, total, out=np.full(table.shape, np.nan), where=total > 0)
    return pd.DataFrame(shares, columns=list(classes.names), index=_index(membership))


def _conflicts(membership: SliceMembership, matrix: LabelMatrix) -> list[float]:
    several = ((class_counts(matrix.patterns) > 0).sum(axis=1) > 1)[matrix.pattern_index]
    parts = [several[membership[name]] for name in membership.names]
    return [float(part.mean()) if len(part) else float("nan") for part in [*parts, several]]


# Quality --------------------------------------------------------------------------------------------------------------


def _quality(membership: SliceMembership, judged: JudgedLabels) -> dict[str, Any]:
    right = judged.right
    moments = [
        [moments_of(judged.weight[mask], right[mask]) for mask in masks] for masks in _masks(membership, judged.rows)
    ]
    inside, rest = (GroupShares.of_moments(np.array(side).T) for side in zip(*moments, strict=True))
    low, high = inside.bounds
    difference = inside.share - rest.share
    difference_low, difference_high = difference_bounds(inside, rest)
    p = p_values(inside, rest)
    corrected = holm(p)
    sure = corrected < FALSE_ALARMS
    return {
        "gold": [np.count_nonzero(mask) for mask, _ in _masks(membership, judged.rows)],
        "worth": inside.size,
        "accuracy": inside.share,
        "accuracy_low": low,
        "accuracy_high": high,
        "rest_accuracy": rest.share,
        "difference": difference,
        "difference_low": difference_low,
        "difference_high": difference_high,
        "p": p,
        "p_corrected": corrected,
        "verdict": np.where(sure, np.where(difference < 0, "worse", "better"), "").astype(object),
    }


def _of_class(membership: SliceMembership, judged: JudgedLabels, number: int) -> dict[str, Any]:
    """Compute precision and recall of a class in each slice."""
    columns: dict[str, Any] = {}
    right = judged.right
    for measure, chosen in (("precision", judged.hard == number), ("recall", judged.gold == number)):
        masks = (mask & chosen for mask, _ in _masks(membership, judged.rows))
        shares = GroupShares.of_moments(np.array([moments_of(judged.weight[mask], right[mask]) for mask in masks]).T)
        low, high = shares.bounds
        columns |= {measure: shares.share, f"{measure}_low": low, f"{measure}_high": high}
    return columns


def _findings(frame: pd.DataFrame) -> list[str]:
    """Say in words what the frame shows."""
    if "verdict" not in frame:
        return []
    slices = frame.iloc[:-1]
    without = slices.index[(slices["gold"] == 0) & (slices["rows"] > 0)]
    poor = slices[slices["verdict"] == "worse"].sort_values("difference", kind="stable")
    notes = [
        f"{name}: {percent(row['accuracy'])} of its labels are right, of the rest {percent(row['rest_accuracy'])}."
        for name, row in zip(poor.index, poor.to_dict("records"), strict=True)
    ]
    if len(without):
        notes.append(f"No gold: {', '.join(map(str, without[:8]))}{' and more' if len(without) > 8 else ''}.")
    tested = int(slices["p"].notna().sum())
    return [*notes, f"{plural(tested, 'slice')} tested, p-values corrected for that (Holm). {_RANDOM_GOLD}"]
