"""Say if the votes on new examples are like those on the old: coverage, conflicts, votes for each class, labels.

Each comparison is of a share, or of how votes or labels are distributed over the classes, in two sets of examples of
which none is in both. It is an alarm if chance would seldom make such a difference, corrected for the number of
comparisons (Holm), and if the difference matters: among ten million examples, one of no consequence is sure.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> before = LabelMatrix.of([[0, -1], [-1, 1], [-1, 1], [-1, -1]] * 300, names=["short", "link"])
>>> after = LabelMatrix.of([[0, -1], [-1, 1], [-1, -1], [-1, -1]] * 300, names=["short", "link"])
>>> print(drift_of(before, after))
2 alarms in 3 comparisons, at 0.05; a share, or the rest beside it, has to change by 10% of itself
rule       what              before           after    PSI       p
link       coverage  50.0% of 1,200  25.0% of 1,200  0.274  <0.001
all rules  coverage  75.0% of 1,200  50.0% of 1,200  0.274  <0.001
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from labelkit._shared.distributions import holm
from labelkit._shared.numbers import DASH, count, decimal, p_value, percent, plural
from labelkit._shared.plain_values import records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import WIDTH, HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import VoteTally, fault_cells, ones_like, read, rows_of, tallied, vote_cells
from labelkit.analysis.slice_values import aligned, sliced
from labelkit.analysis.two_samples import (
    jensen_shannon_bits,
    largest_change,
    p_of_distribution,
    p_of_share,
    shares_of,
    stability_index,
)
from labelkit.exceptions import AnalysisError
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_matrix import LabelMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.vote_patterns import VotePatterns

DISTRIBUTIONS: Final = frozenset(("votes", "labels"))
"""Comparisons of more than a share."""

NULL: Final = "(null)"
"""The slice of the examples without a value."""

MOST_SHOWN: Final = 40
"""Rows of the table that are shown; the frame holds all."""


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class DriftTable(HasFrame):
    """Comparisons of two sets, of which some are alarms.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each comparison, with its ``p`` and whether it is an ``alarm``.
    alpha, at_least : float
    notes : tuple of str
    """

    frame: pd.DataFrame
    alpha: float
    at_least: float
    notes: tuple[str, ...] = ()

    @property
    def alarms(self) -> pd.DataFrame:
        """The rows that are alarms, the surest first."""
        return self.frame[self.frame["alarm"]].sort_values("p", kind="stable")

    @property
    def drifted(self) -> bool:
        """True if there is an alarm."""
        return bool(self.frame["alarm"].any())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``drifted``, ``alpha``, ``at_least``, ``comparisons`` (rows of ``frame``), ``notes``."""
        values = {"drifted": self.drifted, "alpha": self.alpha, "at_least": self.at_least}
        return {**values, "comparisons": records(self.frame), "notes": list(self.notes)}


@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Drift(ShownResult, DriftTable):
    """The differences between the votes on two sets of examples.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each comparison: ``slice`` (None for all examples); ``rule`` (empty for all of them together);
        ``what``: ``coverage``, ``conflicts`` (of a rule, of its votes beside another rule of both sides), ``faults``,
        ``votes`` (how they are distributed over the classes), ``labels`` (the same of the model's), ``size`` of a
        slice; ``n_before`` and ``n_after``, the examples or votes that it is a share of; the shares ``before`` and
        ``after``, NaN for a distribution; ``change``, the largest relative change of the share or of the rest beside
        it (of a distribution, of the share of a class), of the larger of the two values, in [0, 1]; ``psi``, the
        population stability index; ``jensen_shannon``, the divergence in bits, in [0, 1]; ``p``; ``p_corrected``,
        Holm's over all rows; and ``alarm``.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts.
    at_least : float
        Least ``change`` that is an alarm, in [0, 1].
    notes : tuple of str
        What was not compared, and why.
    """

    def to_string(self, width: int = WIDTH) -> str:
        """Format the drift for a terminal."""
        return self._page(width).to_text()

    def _page(self, width: int = WIDTH) -> ResultPage:
        n_alarms = int(self.frame["alarm"].sum())
        lead = f"{plural(n_alarms, 'alarm')} in {plural(len(self.frame), 'comparison')}, at {self.alpha:g}; "
        lead += f"a share, or the rest beside it, has to change by {percent(self.at_least, decimals=0)} of itself"
        shown = self.alarms if n_alarms else self.frame.sort_values("p", kind="stable").head(5)
        slices = bool(self.frame["slice"].notna().any())
        heads = ["rule", "what", *(["slice"] if slices else []), "before", "after", "PSI", "p"]
        rows = [_cells(row, slices=slices) for row in shown.head(MOST_SHOWN).to_dict("records")]
        more = f"... and {len(shown) - MOST_SHOWN:,} more alarms" if len(shown) > MOST_SHOWN else ""
        title = "" if n_alarms else "the least alike"
        table = ResultTable(rows, heads, align="<" * len(heads[:-4]) + ">", title=title, more=more, cell_width=width)
        return ResultPage([lead], [table], self.notes)


def _cells(row: Mapping[Any, Any], *, slices: bool) -> list[str]:
    sides = []
    for side in ("before", "after"):
        share, n = row[side], count(row[f"n_{side}"])
        sides.append(n if row["what"] in DISTRIBUTIONS else f"{percent(share)} of {n}")
    of_slice = [DASH if row["slice"] is None else str(row["slice"])] if slices else []
    surely = p_value(row["p_corrected"]).removeprefix("p = ").replace("p < ", "<")
    return [row["rule"] or "all rules", row["what"], *of_slice, *sides, decimal(row["psi"]), surely]


def drift_of(
    before: Any,
    after: Any,
    *,
    by: tuple[Any, Any] | None = None,
    model: Any = None,
    alpha: float = 0.05,
    at_least: float = 0.1,
    max_slices: int = 20,
) -> Drift:
    """Compare the votes of the same rules on two sets of examples.

    Parameters
    ----------
    before, after : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
        Votes on other examples; rules are matched by name.
    by : (array-like, array-like), optional
        A value for each example before and after, as :func:`labelkit.coverage_by` takes them: coverage is compared in
        each slice too, and how large the slices are. Not for vote patterns.
    model : label model, optional
        Fitted; compares how its labels are distributed.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts, in (0, 1).
    at_least : float
        Least relative change of a share, or of the rest beside it, that is an alarm, in [0, 1].
    max_slices : int

    Returns
    -------
    Drift

    Raises
    ------
    AnalysisError
        If the two have no rule in common, other classes, or an option is out of range.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure. https://www.jstor.org/stable/4615733
    Lin (1991), Divergence measures based on the Shannon entropy. https://doi.org/10.1109/18.61115
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index.
    https://doi.org/10.21314/JRMV.2020.227
    """
    if not 0 < alpha < 1 or not 0 <= at_least <= 1:
        raise AnalysisError(f"alpha={alpha!r} and at_least={at_least!r} must be in (0, 1) and in [0, 1]")
    old, new = read(before)[0], read(after)[0]
    notes = _check_comparable(old, new)
    names = [name for name in old.names if name in new.names]
    compared = list(_of_rules(old, new, names))
    if model is not None:
        compared += _of_labels(model, old, new, notes)
    if by is not None:
        check_pair(by)
        compared += _of_slices(rows_of(before), rows_of(after), by, names, max_slices)
    frame = pd.DataFrame([one.row() for one in compared])
    frame["slice"] = pd.Series([one.slice for one in compared], dtype=object)  # 2020 stays 2020 beside None
    frame["p_corrected"] = holm(frame["p"].to_numpy(np.float64))
    frame["alarm"] = (frame["p_corrected"] <= alpha) & (frame["change"] >= at_least)
    return Drift(frame, alpha, at_least, tuple(notes))


def check_pair(by: Any) -> None:
    """Refuse anything but values for the two sides, such as those of one."""
    if not isinstance(by, tuple | list) or len(by) != 2 or any(np.ndim(one) != 1 and not callable(one) for one in by):
        raise AnalysisError(
            f"by is a {type(by).__name__}, and not two columns of values",
            hint="by=(values before, values after), such as by=(old['language'], new['language']); of two run folders, "
            "the name of a column",
        )


def _check_comparable(old: VotePatterns, new: VotePatterns) -> list[str]:
    """Check that the two sides can be compared, and list what cannot be."""
    if old.class_names != new.class_names:
        raise AnalysisError(f"the classes were {old.class_names}, and are {new.class_names}", code="LK312")
    if not set(old.names) & set(new.names):
        shown = f"{', '.join(old.names[:3])} before and {', '.join(new.names[:3])} after"
        raise AnalysisError(
            f"no rule is in both: {shown}", hint="apply the same rules to the new examples", code="LK312"
        )
    for side, patterns in (("before", old), ("after", new)):
        if not patterns.n_examples:
            raise AnalysisError(f"there are no examples {side}")
    alone = sorted(set(old.names) ^ set(new.names))
    notes = [f"not compared, since only one side has them: {', '.join(alone)}"] if alone else []
    prints = {lf.name: lf.fingerprint for lf in old.lfs if lf.fingerprint}
    changed = [lf.name for lf in new.lfs if lf.fingerprint and prints.get(lf.name, lf.fingerprint) != lf.fingerprint]
    if changed:
        notes.append(f"changed rules, of which a difference may be their own: {', '.join(changed)}")
    return notes


# What is compared -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Counted:
    """Examples of each kind on both sides: those that a share counts and the others, or those of each class."""

    rule: str
    what: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    slice: Any = None

    def row(self) -> dict[str, Any]:
        """Describe the difference."""
        n_before, n_after = self.before.sum(), self.after.sum()
        is_share = self.what not in DISTRIBUTIONS
        old, new = (shares_of(counts) for counts in (self.before, self.after))
        return {
            "slice": self.slice,
            "rule": self.rule,
            "what": self.what,
            "n_before": int(n_before),
            "n_after": int(n_after),
            "before": old[0] if is_share else np.nan,
            "after": new[0] if is_share else np.nan,
            "change": largest_change(old, new),
            "psi": stability_index(self.before, self.after),
            "jensen_shannon": jensen_shannon_bits(old, new),
            "p": p_of_share(self.before, self.after) if is_share else p_of_distribution(self.before, self.after),
        }


def _of_rules(old: VotePatterns, new: VotePatterns, names: list[str]) -> Iterator[_Counted]:
    """Compare each rule, and then all together; a rule that one side lacks is in no conflict."""
    sides = [(tallied(patterns), patterns) for patterns in (_votes_of(old, names), _votes_of(new, names))]
    for name in names:
        before, after = (_of_rule(tally, patterns, patterns.names.index(name)) for tally, patterns in sides)
        for what in before:
            both = before[what] + after[what]
            if what == "coverage" or (both > 0).sum() > 1:  # else both sides are sure to be alike
                yield _Counted(name, what, before[what], after[what])
    if set(old.names) == set(new.names):
        yield _Counted("", "coverage", *(_split(tally.any_vote, patterns.n_examples) for tally, patterns in sides))
        if any(tally.any_conflict for tally, _ in sides):
            yield _Counted("", "conflicts", *(_split(tally.any_conflict, n.n_examples) for tally, n in sides))


def _votes_of(patterns: VotePatterns, names: list[str]) -> VotePatterns:
    """Return the votes of some rules alone; rows may repeat."""
    places = [patterns.names.index(name) for name in names]
    return replace(
        patterns, outcomes=patterns.outcomes[:, places], lfs=tuple(patterns.lfs[j] for j in places), confidence=None
    )


def _of_rule(tally: VoteTally, patterns: VotePatterns, j: int) -> dict[str, NDArray[np.float64]]:
    """Count where a rule votes, is against another rule beside it, and fails, and its votes for each class."""
    return {
        "coverage": _split(tally.votes[j], patterns.n_examples - tally.faults[j]),
        "conflicts": _split(tally.conflicts[j], tally.overlaps[j]),
        "faults": _split(tally.faults[j], patterns.n_examples),
        "votes": tally.by_class[j],
    }


def _of_labels(model: Any, old: VotePatterns, new: VotePatterns, notes: list[str]) -> list[_Counted]:
    """Compare the labels that a model gives to both sides."""
    if set(old.names) != set(new.names):
        notes.append("labels are not compared, since the model needs all of its rules")
        return []
    counts: list[NDArray[np.float64]] = []
    for patterns in (old, new):
        hard = hard_labels(np.asarray(model.predict_pattern_proba(patterns)))
        labeled = (patterns.votes >= 0).any(axis=1) & (hard >= 0)
        weights = patterns.counts[labeled].astype(np.float64)
        counts.append(np.bincount(hard[labeled], weights, patterns.n_classes).astype(np.float64))
    return [_Counted("", "labels", counts[0], counts[1])]


def _of_slices(
    old: LabelMatrix, new: LabelMatrix, by: tuple[Any, Any], names: list[str], max_slices: int
) -> Iterator[_Counted]:
    """Compare the sizes of slices, and the coverage of each rule in each."""
    values = [aligned(given, rows.examples) for given, rows in zip(by, (old, new), strict=True)]
    codes, slices = sliced(pd.concat(values, ignore_index=True), max_slices)
    sides = [
        _by_slice(rows, of_side, len(slices))
        for rows, of_side in zip((old, new), np.split(codes, [len(old)]), strict=True)
    ]
    (size_old, ran_old, votes_old), (size_new, ran_new, votes_new) = sides
    for i, value in enumerate(slices):
        one = NULL if value is None else value
        yield _Counted("", "size", _split(size_old[i], len(old)), _split(size_new[i], len(new)), one)
        for name in names:
            j, k = old.names.index(name), new.names.index(name)
            yield _Counted(
                name, "coverage", _split(votes_old[i, j], ran_old[i, j]), _split(votes_new[i, k], ran_new[i, k]), one
            )


def _by_slice(
    rows: LabelMatrix, codes: NDArray[np.int64], n_slices: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Count the examples of each slice, and those on which each rule ran and voted; shapes (n_slices, n_lfs)."""
    patterns = rows.patterns
    shape = (n_slices, len(patterns))
    n_of = sparse.coo_array((np.ones(len(codes)), (codes, rows.pattern_index)), shape=shape).tocsr()
    size: NDArray[np.float64] = np.asarray(n_of.sum(axis=1))
    failed = (n_of @ ones_like(fault_cells(patterns))).toarray()
    votes = (n_of @ ones_like(vote_cells(patterns))).toarray()
    return size, size[:, None] - failed, votes


def _split(part: float, whole: float) -> NDArray[np.float64]:
    return np.array([part, whole - part], dtype=np.float64)
