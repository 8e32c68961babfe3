"""Estimate how frequent classes are, from gold on a few examples and labels on all, without the labels' bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import (
    bounds,
    count,
    percent,
    plural,
    share_with_bounds,
    weighted_size,
    wilson_interval,
)
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.alignment import aligned_values
from labelkit.votes.audit._audit_rows import ROWS
from labelkit.votes.audit.corrected_shares import FEWEST_ROWS, LabelMoments, corrected_shares
from labelkit.votes.audit.plan import check_level
from labelkit.votes.given_labels import checked_labels
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.listed_values import listed_values
from labelkit.votes.row_weights import RowWeights

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

MOST_GROUPS: Final = 1_000
"""Groups that are told apart; more of them are refused."""

ALL: Final = "all"


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Prevalence(HasFrame, ShownResult):
    """Shares of the classes, over all examples and by group, with intervals.

    Each array has a row for all examples and one for each group, and a column for each class.

    Attributes
    ----------
    class_names : tuple of str
    groups : tuple
        The values of ``by``, in ascending order; empty without.
    share, low, high : ndarray of shape (1 + n_groups, n_classes)
        NaN for a group without gold.
    gold_share, gold_low, gold_high : ndarray of shape (1 + n_groups, n_classes)
        What gold alone says.
    label_share : ndarray of shape (1 + n_groups, n_classes)
        What the labels alone say: the mean of their probabilities, whose error no interval tells.
    difference, difference_low, difference_high : ndarray of shape (n_groups, n_classes)
        The share in the group less that in all other groups.
    n_gold, n_examples : ndarray of int64, shape (1 + n_groups,)
    confidence : float
        Of each interval by itself.
    """

    class_names: tuple[str, ...]
    groups: tuple[Any, ...]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gold_share: NDArray[np.float64]
    gold_low: NDArray[np.float64]
    gold_high: NDArray[np.float64]
    label_share: NDArray[np.float64]
    difference: NDArray[np.float64]
    difference_low: NDArray[np.float64]
    difference_high: NDArray[np.float64]
    n_gold: NDArray[np.int64]
    n_examples: NDArray[np.int64]
    confidence: float

    def __getitem__(self, name: str) -> float:
        """The share of a class over all examples."""
        if name not in self.class_names:
            raise KeyError(name)
        return float(self.share[0, self.class_names.index(name)])

    @property
    def frame(self) -> pd.DataFrame:
        """All shares as a DataFrame with a row for each group and class."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        names = [name_beside(ALL, self.groups), *self.groups]
        index = pd.MultiIndex.from_product([range(len(names)), self.class_names])
        columns = ["share", "low", "high", "gold_share", "gold_low", "gold_high", "label_share"]
        frame = pd.DataFrame({name: getattr(self, name).ravel() for name in columns}, index=index)
        frame.insert(0, "group", [names[place] for place, _ in index])
        frame.insert(1, "class", [name for _, name in index])
        return frame.reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return dict(plain_value({name: getattr(self, name) for name in self.__dataclass_fields__}))

    def _page(self) -> ResultPage:
        sure = percent(self.confidence, decimals=0)
        head = (
            f"Prevalence: {plural(int(self.n_gold[0]), 'gold row')} and the labels of "
            f"{plural(int(self.n_examples[0]), 'example')}, {sure} intervals"
        )
        rows = [
            [
                str(group),
                name,
                share_with_bounds(self.share[g, c], self.low[g, c], self.high[g, c]),
                share_with_bounds(self.gold_share[g, c], self.gold_low[g, c], self.gold_high[g, c]),
                percent(self.label_share[g, c]),
            ]
            for g, group in enumerate([name_beside(ALL, self.groups), *self.groups])
            for c, name in enumerate(self.class_names)
        ]
        tables = [ResultTable(rows, ["group", "class", "share", "gold alone", "labels alone"], align="<<>")]
        if len(self.groups) > 1:
            ends = self.difference, self.difference_low, self.difference_high
            rows = [
                [
                    str(group),
                    name,
                    percent(ends[0][g, c]),
                    bounds(ends[1][g, c], ends[2][g, c]),
                    count(self.n_gold[g + 1]),
                ]
                for g, group in enumerate(self.groups)
                for c, name in enumerate(self.class_names[:1] if len(self.class_names) == 2 else self.class_names)
            ]
            heads = ["group", "class", "less the rest", "interval", "gold rows"]
            tables.append(ResultTable(rows, heads, align="<<>", title="differences"))
        return ResultPage([head], tables)

    def __repr__(self) -> str:
        shares = ", ".join(
            f"{name} {share_with_bounds(self.share[0, c], self.low[0, c], self.high[0, c])}"
            for c, name in enumerate(self.class_names[:6])
        )
        return f"Prevalence({shares})"


@checks_keywords
def prevalence(
    labels: ProbabilisticLabels,
    gold: Any,
    *,
    by: Any = None,
    weights: Any = None,
    confidence: float = 0.95,
) -> Prevalence:
    """Estimate the shares of the classes from gold on a random sample, made sharper by the labels of all examples.

    Labels alone are biased where rules or label model are; gold alone is wide. The labels' mean is corrected by how far
    they are off on the gold rows, and used as far as it helps: where it does not, the result is that of gold alone.

    Parameters
    ----------
    labels : ProbabilisticLabels
        Of a model that did not learn from this gold.
    gold : array-like of shape (n_examples,), mapping or Series
        Classes of a random sample of the examples, covered or not; unknown is -1, None or NaN.
    by : array-like of shape (n_examples,), mapping or Series, optional
        A group for each example, such as its source or month.
    weights : array-like of shape (n_examples,), mapping or Series, optional
        Of each gold row, 1 / the probability with which it was drawn, if that is not the same for all.
    confidence : float in (0, 1)

    Returns
    -------
    Prevalence

    Raises
    ------
    GoldError
        If gold does not fit, or is of no example.
    AnalysisError
        If groups or weights do not fit, or there are more than a thousand groups.

    Notes
    -----
    Prediction-powered inference with the power tuned (Angelopoulos, Duchi and Zrnic 2023,
    https://doi.org/10.48550/arXiv.2311.01453), as Wilson's interval of as many rows as would have that variance; of
    differences, Newcombe's interval (1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).

    Examples
    --------
    >>> import numpy as np
    >>> from labelkit.votes.probabilistic_labels import ProbabilisticLabels
    >>> truth = np.arange(1000) % 5 == 0
    >>> says = np.where(np.arange(1000) % 50 == 1, ~truth, truth).astype(int)  # wrong on 2%
    >>> labels = ProbabilisticLabels(np.eye(2), np.ones(2, bool), says, np.arange(1000), ("HAM", "SPAM"))
    >>> print(prevalence(labels, {i: int(truth[i]) for i in range(0, 1000, 7)}))
    Prevalence: 143 gold rows and the labels of 1,000 examples, 95% intervals
    group  class                 share            gold alone  labels alone
    all    HAM    79.5% (76.1 - 82.5%)  79.7% (72.4 - 85.5%)         78.0%
    all    SPAM   20.5% (17.5 - 23.9%)  20.3% (14.5 - 27.6%)         22.0%
    """
    check_level(0.5, confidence)
    given = None if weights is None else RowWeights(weights, AnalysisError)
    truth = gold_of_labels(gold, checked_labels(labels), weights=given)
    rows = np.flatnonzero(truth >= 0)
    if not len(rows):
        raise GoldError("no example has gold, so that nothing can be estimated", code="LK329")
    weight = np.ones(len(rows)) if given is None else given.at(rows, labels.examples)
    groups, group = _groups(by, labels)
    sums = _LabelSums.of(labels, group, len(groups))
    at_gold = labels[rows].proba
    one_hot = np.eye(labels.n_classes)[truth[rows]]
    members = [np.ones(len(rows), bool), *(group[rows] == place for place in range(len(groups)))]
    others = [(group[rows] >= 0) & ~inside for inside in members[1:]]
    estimates = [
        _Estimate.of(one_hot[inside], at_gold[inside], weight[inside], one, confidence)
        for inside, one in zip([*members, *others], [*sums.each, *sums.others], strict=True)
    ]
    inside, outside = estimates[1 : len(members)], estimates[len(members) :]
    shown = estimates[: len(members)]
    differences = [_difference(a, b) for a, b in zip(inside, outside, strict=True)]
    shape = (len(groups), labels.n_classes)
    arrays = {name: np.stack([getattr(one, name) for one in shown]) for name in _Estimate.__dataclass_fields__}
    apart = {
        name: np.array([one[place] for one in differences]).reshape(shape)
        for place, name in enumerate(["difference", "difference_low", "difference_high"])
    }
    return Prevalence(
        class_names=labels.class_names,
        groups=groups,
        label_share=np.stack([one.mean for one in sums.each]),
        n_gold=np.array([int(one.sum()) for one in members]),
        n_examples=np.array([one.n for one in sums.each]),
        confidence=confidence,
        **arrays,
        **apart,
    )


def _groups(by: Any, labels: ProbabilisticLabels) -> tuple[tuple[Any, ...], NDArray[np.int64]]:
    """Number the groups of the examples; -1 where an example is in none."""
    if by is None:
        return (), np.full(len(labels), -1)
    values = listed_values(by, what="by", error=AnalysisError)
    aligned = aligned_values(by, values, labels.examples, None, what="by", unit="groups", error=AnalysisError)
    import pandas as pd  # noqa: PLC0415 - only where there are groups

    group, names = pd.factorize(aligned, sort=False)
    if len(names) > MOST_GROUPS:
        raise AnalysisError(
            f"by has {count(len(names))} different values, more than {count(MOST_GROUPS)}",
            hint="group numbers and dates first, such as by month",
        )
    try:
        order = sorted(range(len(names)), key=lambda place: names[place])
    except TypeError:  # of several types
        order = sorted(range(len(names)), key=lambda place: str(names[place]))
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return tuple(names[place] for place in order), rank[group]


@dataclass(frozen=True, eq=False)
class _LabelSums:
    """The labels of all examples, of each group, and of all but each group."""

    each: list[LabelMoments]
    others: list[LabelMoments]

    @classmethod
    def of(cls, labels: ProbabilisticLabels, group: NDArray[np.int64], n_groups: int) -> _LabelSums:
        """Go through the labels, some at a time."""
        sums = np.zeros((1 + n_groups, 1 + 2 * labels.n_classes))
        for start in range(0, len(labels), ROWS):
            here = slice(start, start + ROWS)
            proba = labels[here].proba
            values = np.column_stack([np.ones(len(proba)), proba, proba**2])
            sums[0] += values.sum(axis=0)
            inside = group[here] >= 0
            for place, column in enumerate(values.T if n_groups else ()):
                sums[1:, place] += np.bincount(group[here][inside], weights=column[inside], minlength=n_groups)
        grouped = sums[1:].sum(axis=0)
        parts = [(one[0], *np.split(one[1:], 2)) for one in (*sums, *(grouped - sums[1:]))]
        every = [LabelMoments.of_sums(*part) for part in parts]
        return cls(every[: 1 + n_groups], every[1 + n_groups :])


@dataclass(frozen=True, eq=False)
class _Estimate:
    """Shares of the classes among some examples, by gold alone and with the labels; each of shape (n_classes,)."""

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gold_share: NDArray[np.float64]
    gold_low: NDArray[np.float64]
    gold_high: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        gold: NDArray[np.float64],
        says: NDArray[np.float64],
        weight: NDArray[np.float64],
        labels: LabelMoments,
        confidence: float,
    ) -> _Estimate:
        """Estimate from gold rows, one-hot, the probabilities there, and the labels of all examples."""
        n = len(gold)
        if not n:
            return cls(*(np.full(gold.shape[1], np.nan) for _ in range(6)))
        squares = weight**2
        share = (weight @ gold) / weight.sum()
        worth = weighted_size(weight.sum(), squares.sum(), weight @ gold, squares @ gold)
        low, high = wilson_interval(share * worth, worth, confidence=confidence)
        alone = share, low, high
        if n < FEWEST_ROWS:
            return cls(*alone, *alone)
        corrected, size = corrected_shares(gold, says, weight, labels)
        ends = wilson_interval(corrected * size, size, confidence=confidence)
        helps = ends[1] - ends[0] < high - low
        first, second, third = (np.where(helps, a, b) for a, b in zip((corrected, *ends), alone, strict=True))
        return cls(first, second, third, *alone)


def _difference(a: _Estimate, b: _Estimate) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a difference of two shares with its interval."""
    apart = a.share - b.share
    low = apart - np.hypot(a.share - a.low, b.high - b.share)
    high = apart + np.hypot(a.high - a.share, b.share - b.low)
    return apart, low, high
