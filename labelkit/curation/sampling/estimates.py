"""Estimates of a population from a sample, weighted by the inverse of the inclusion probabilities, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import stdtrit

from labelkit._shared.missing import is_missing
from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import DASH, bounds, count, decimal, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.curation.sampling._given_values import values_in_order
from labelkit.curation.sampling.population import MISSING
from labelkit.curation.sampling.variance import (
    DOUBT,
    count_interval,
    design_variance,
    effective_events,
    expected_errors,
    share_interval,
    variance_of_alike,
)
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.curation.sampling.drawn_sample import Sample

ALL: Final = "(all)"

EXACT: Final = 1e-9
"""Relative difference below which sums of weights are those of the population."""

_NUMBERS: Final = ("estimate", "low", "high", "rows", "effective_rows")


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class SampleEstimate(HasFrame, ShownResult):
    """Shares, means or totals of a population, estimated from a sample.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each class, group, or both. ``estimate``, ``low``, ``high`` (NaN for the mean of a single row, which
        shows no spread); ``rows``: answered rows behind it;
        ``effective_rows``: rows of a simple random sample of a population without end that would tell as much (NaN for
        means and totals).
    kind : {"share", "mean", "total"}
    method : str
        The design of the sample.
    n_rows, n_population, n_unanswered : int
    confidence : float
    """

    frame: pd.DataFrame
    kind: str
    method: str
    n_rows: int
    n_population: int
    n_unanswered: int
    confidence: float

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the interval of the only estimate.

        Raises
        ------
        AnalysisError
            If there are several.
        """
        return self._only("low"), self._only("high")

    @property
    def value(self) -> float:
        """The only estimate.

        Raises
        ------
        AnalysisError
            If there are several.
        """
        return self._only("estimate")

    def _only(self, column: str) -> float:
        if len(self.frame) != 1:
            raise AnalysisError(
                f"there are {count(len(self.frame))} estimates, not one", hint="estimate.frame has a row for each"
            )
        return float(self.frame[column].iloc[0])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the design, and ``estimates`` by name."""
        rows = {str(name): plain_value(row) for name, row in self.frame.to_dict(orient="index").items()}
        return {
            "kind": self.kind,
            "method": self.method,
            "n": self.n_rows,
            "population": self.n_population,
            "unanswered": self.n_unanswered,
            "confidence": self.confidence,
            "estimates": rows,
        }

    def _page(self) -> ResultPage:
        lead = (
            f"{count(self.n_rows)} of {plural(self.n_population, 'example')} ({self.method}), "
            f"{percent(self.confidence, decimals=0)} intervals"
        )
        shares = self.kind == "share"
        numbers = zip(*(self.frame[name].to_numpy() for name in _NUMBERS), strict=True)
        rows = [
            [
                str(name),
                percent(estimate) if shares else decimal(estimate),
                bounds(low, high) if shares else DASH if np.isnan(low) else f"{decimal(low)} - {decimal(high)}",
                count(n),
                *([count(round(worth))] if shares and np.isfinite(worth) else []),
            ]
            for name, (estimate, low, high, n, worth) in zip(self.frame.index, numbers, strict=True)
        ]
        heads = ["", self.kind, "low - high", "rows", *(["worth rows"] if shares else [])]
        rows = [[*row, *[""] * (len(heads) - len(row))] for row in rows]
        unanswered = plural(self.n_unanswered, "row of the sample is", "rows of the sample are")
        notes = [f"{unanswered} not answered."] if self.n_unanswered else []
        return ResultPage([lead], [ResultTable(rows, heads, align="<>")], notes)


def estimated_share(
    hits: NDArray[np.bool_], chances: NDArray[np.float64], *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Estimate a share from answered rows of which each was drawn by itself, with its interval.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
    chances : ndarray of shape (n,)
        With which each row came to be answered; near 0 for a sample of a population without end.
    confidence : float

    Returns
    -------
    share, low, high : float
        NaN without rows.

    Examples
    --------
    >>> share, low, high = estimated_share(np.array([True, False, False, True]), np.array([0.9, 0.9, 0.9, 0.3]))
    >>> round(share, 3), low < share < high
    (0.667, True)
    """
    design = _Design(chances)
    everywhere = np.ones(len(hits), dtype=bool)
    share, low, high, *_ = design.estimate(
        hits.astype(np.float64), everywhere, share=True, total=False, confidence=confidence
    )
    return min(share, 1.0), low, high


def estimated(sample: Sample, values: Any, *, where: Any, by: Any, total: bool, confidence: float) -> SampleEstimate:
    """Estimate from the values of a sample's rows; see :meth:`Sample.estimate`."""
    import pandas as pd  # noqa: PLC0415 - only for who asks

    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence={confidence!r} is not between 0 and 1", hint="confidence=0.95")
    columns, are_shares = _columns(values_in_order(sample, values, "values"))
    answered = ~np.isnan(next(iter(columns.values())))
    if not answered.any():
        raise AnalysisError("no row of the sample has a value", hint="give values by id, or in the order of the sample")
    domain = np.ones(len(sample), dtype=bool) if where is None else _flags(values_in_order(sample, where, "where"))
    _warn_of_silent_strata(sample, answered)
    groups = _groups(None if by is None else values_in_order(sample, by, "by"), len(sample))
    design = _Design.of(sample, answered)
    rows: dict[str, Any] = {}
    for group, inside in groups.items():
        for name, column in columns.items():
            key = name_beside(_joined(group, name), rows)
            rows[key] = design.estimate(
                column[answered], (domain & inside)[answered], share=are_shares, total=total, confidence=confidence
            )
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(_NUMBERS))
    return SampleEstimate(
        frame=frame.astype({"rows": np.int64}),
        kind="total" if total else "share" if are_shares else "mean",
        method=sample.method,
        n_rows=int(answered.sum()),
        n_population=sample.n_population,
        n_unanswered=int((~answered).sum()),
        confidence=confidence,
    )


def _warn_of_silent_strata(sample: Sample, answered: NDArray[np.bool_]) -> None:
    """Warn of strata of which no row is answered."""
    if sample.strata is None:
        return
    silent = sorted(set(map(str, sample.strata)) - set(map(str, sample.strata[answered])))
    if silent:
        warn(
            f"no row of the stratum {silent[0]!r} is answered ({plural(len(silent), 'such stratum', 'such strata')}): "
            "the estimate is of the others alone. Hint: answer some rows of each stratum",
            code="LK426",
        )


@dataclass(frozen=True, eq=False)
class _Design:
    """The answered rows of a sample: chances, strata and clusters; and the rows that it is drawn from."""

    chances: NDArray[np.float64]
    strata: NDArray[np.int64] | None = None
    clusters: NDArray[np.int64] | None = None
    n_population: int = 0
    independent: bool = False

    @classmethod
    def of(cls, sample: Sample, answered: NDArray[np.bool_]) -> _Design:
        """Take the rows with answers, as good as drawn at random from those of their stratum, or of all clusters."""
        strata, clusters = (
            None if names is None else np.unique(names.astype(str), return_inverse=True)[1]
            for names in (sample.strata, sample.clusters)
        )
        place = np.zeros(len(sample), dtype=np.int64) if strata is None else strata
        share = np.bincount(place, weights=answered) / np.bincount(place)
        chances = np.minimum(sample.probabilities * share[place], 1.0)
        strata, clusters = (None if codes is None else codes[answered] for codes in (strata, clusters))
        return cls(chances[answered], strata, clusters, sample.n_population, sample.is_independent)

    def estimate(
        self,
        values: NDArray[np.float64],
        domain: NDArray[np.bool_],
        *,
        share: bool,
        total: bool,
        confidence: float,
    ) -> tuple[float, float, float, int, float]:
        """Estimate over a domain: the estimate, its interval, rows, and what they are worth."""
        n, weight = int(domain.sum()), np.where(domain, 1 / self.chances, 0.0)
        if not n:
            return (*(float("nan"),) * 3, 0, float("nan"))
        if total:
            summed = weight * values
            return float(summed.sum()), *self._total_ends(summed, confidence, are_counted=share), n, float("nan")
        part, mean = weight / weight.sum(), float((weight * values).sum() / weight.sum())
        if share:
            low, high, worth = self._share_ends(mean, part, values, confidence)
            return mean, low, high, n, worth
        if self._n_units(domain) < 2 and self.chances[domain].min() < 1:  # one value says nothing of the spread
            return mean, float("nan"), float("nan"), n, float("nan")
        return mean, *self._ends_by_t(mean, part * (values - mean), confidence), n, float("nan")

    def _total_ends(self, summed: NDArray[np.float64], confidence: float, *, are_counted: bool) -> tuple[float, float]:
        """Return the interval of a total.

        The weights of simple and of stratified samples sum to the rows of the population: a count has the interval of
        its share of them. So has, by any design, one of which the sample holds none, and thus shows no spread. Other
        counts have a score interval, other totals one of t.
        """
        weight = 1 / self.chances
        whole = float(weight.sum())
        if are_counted and (not summed.any() or abs(whole - self.n_population) <= EXACT * whole):
            low, high, _ = self._share_ends(float(summed.sum()) / whole, weight / whole, summed > 0, confidence)
            return self.n_population * low, self.n_population * high
        if are_counted:
            error = self._variance(summed)
            if self.clusters is not None:
                ones = (summed > 0).astype(np.float64)
                error = self._alike(*error, weight, ones, float(summed.sum()) / whole)
            return count_interval(float(summed.sum()), *error, confidence)
        return self._ends_by_t(float(summed.sum()), summed, confidence)

    def _ends_by_t(self, estimate: float, error: NDArray[np.float64], confidence: float) -> tuple[float, float]:
        variance, freedom = self._variance(error)
        half = float(stdtrit(max(freedom, 1), 0.5 + confidence / 2)) * variance**0.5
        return estimate - half, estimate + half

    def _variance(self, error: NDArray[np.float64], **smoothing: Any) -> tuple[float, float]:
        return design_variance(
            error, self.chances, self.strata, self.clusters, independent=self.independent, **smoothing
        )

    def _share_ends(
        self, share: float, part: NDArray[np.float64], values: NDArray[Any], confidence: float
    ) -> tuple[float, float, float]:
        """Return the interval of a share, and what its rows are worth."""
        there = part > 0
        variance, freedom = self._share_variance(part * (values - share), part, values, share)
        weight, chances = part[there], self.chances[there]
        if self.clusters is not None and share in {0.0, 1.0} and chances.min() < 1:
            # all answers are alike, so that they do not show how alike those of a cluster are: perhaps all of each
            _, first, place = np.unique(self.clusters[there], return_index=True, return_inverse=True)
            weight, chances = np.bincount(place, weights=weight).astype(np.float64), chances[first]
        return share_interval(share, variance, weight, chances, freedom, confidence)

    def _alike(
        self, variance: float, freedom: float, weight: NDArray[np.float64], values: NDArray[np.float64], share: float
    ) -> tuple[float, float]:
        """Raise a variance between clusters to that of rows which are alike within them, as far as few hold a value."""
        assert self.clusters is not None
        of_alike, part, of_equal = variance_of_alike(weight, values, share, self.chances, self.clusters)
        return variance + part * max(of_alike - variance, 0.0), min(freedom, of_equal)

    def _n_units(self, domain: NDArray[np.bool_]) -> int:
        """Count the rows, or the clusters, of a domain."""
        return int(domain.sum()) if self.clusters is None else len(np.unique(self.clusters[domain]))

    def _share_variance(
        self, error: NDArray[np.float64], part: NDArray[np.float64], values: NDArray[np.float64], share: float
    ) -> tuple[float, float]:
        """Estimate the variance of a share, smoothed by what its rows are expected to err; and degrees of freedom.

        Rows of a stratum weigh alike, and are judged beside rows of the whole sample; all rows together, by weight;
        those of clusters as if they were alike in each.
        """
        if self.clusters is not None:
            return self._alike(*self._variance(error), part, values, share)
        together = self.strata is None
        rows = np.count_nonzero(part)
        return self._variance(
            error,
            expected=part**2 * (expected_errors(part, values, share) if together else share * (1 - share)),
            doubted=part * DOUBT * rows**0.5,
            evidence=effective_events(part, values) if together else np.inf,
        )


def _columns(values: NDArray[Any]) -> tuple[dict[str | None, NDArray[np.float64]], bool]:
    """Return a column of numbers for each class, or the only one (None), and whether they are shares; NaN: no value."""
    missing = np.array([is_missing(value) or (isinstance(value, str) and not value.strip()) for value in values])
    given = [getattr(value, "name", value) if not isinstance(value, np.generic) else value.item() for value in values]
    if any(isinstance(value, str) for value, gone in zip(given, missing, strict=True) if not gone):
        texts = np.array(
            [None if gone else str(value) for value, gone in zip(given, missing, strict=True)], dtype=object
        )
        names = sorted({text for text in texts if text is not None})
        return {name: np.where(missing, np.nan, texts == name).astype(np.float64) for name in names}, True
    try:
        numbers = np.array([np.nan if gone else float(value) for value, gone in zip(given, missing, strict=True)])
    except (TypeError, ValueError):
        raise AnalysisError("the values are neither numbers nor names of classes") from None
    if np.isinf(numbers).any():
        raise AnalysisError("the values hold an infinite number", hint="None where there is no value")
    return {None: numbers}, bool(np.isin(numbers[~missing], [0.0, 1.0]).all())


def _flags(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows are True; a row without a value is not."""
    flags = [False if is_missing(value) else value for value in values]
    wrong = [value for value in flags if isinstance(value, str) or value not in (0, 1)]
    if wrong:
        raise AnalysisError(
            f"where holds {wrong[0]!r}, and says of each example whether it is meant, by True or False",
            hint="of votes, where=votes >= 0; of texts, where=column == 'True'",
        )
    return np.array(flags, dtype=bool)


def _groups(values: NDArray[Any] | None, n: int) -> dict[str | None, NDArray[np.bool_]]:
    if values is None:
        return {None: np.ones(n, dtype=bool)}
    named = [MISSING if is_missing(value) else str(getattr(value, "name", value)) for value in values]
    texts = np.array(named, dtype=object)
    return {name: texts == name for name in sorted(set(texts.tolist()))}


def _joined(group: str | None, name: str | None) -> str:
    given = [one for one in (group, name) if one is not None]
    return ": ".join(given) or ALL
