"""Whether probabilities can be believed: how often they come true, by bins, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.numbers import bounds, count, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError
from labelkit.votes.hard_labels import tie_credit
from labelkit.votes.metrics import (
    N_BINS,
    Reliability,
    binned_reliability,
    brier_score,
    log_loss,
)
from labelkit.votes.scored_gold import ScoredGold

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Bins: TypeAlias = Literal["width", "size"]

TOP_LABEL: Final = "the label"


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityCurve(HasFrame, ShownResult):
    """How often probabilities come true, by their size; made by :func:`labelkit.reliability`.

    Attributes
    ----------
    of : str
        The class, or ``"the label"`` for the most probable class of each example.
    reliability : Reliability
        Edges, mean probability (``confidence``), share that came true (``accuracy``), and weight of each bin.
    low, high : ndarray of shape (n_bins,)
        Wilson's 95% intervals of the shares; NaN in an empty bin.
    rows : ndarray of int64, shape (n_bins,)
        Examples in each bin.
    ece : float
        Expected calibration error: the mean distance of probability and share, over examples.
    ece_by_chance : float
        What it would be on average, on as many examples in these bins, if all probabilities were right.
    log_loss, brier : float
        Of all classes.
    """

    of: str
    reliability: Reliability
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rows: NDArray[np.int64]
    ece: float
    ece_by_chance: float
    log_loss: float
    brier: float

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each bin that holds examples: its ends, rows, mean probability, and share with its interval."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        bins = self.reliability
        frame = pd.DataFrame(
            {
                "from": bins.edges[:-1],
                "to": bins.edges[1:],
                "rows": self.rows,
                "probability": bins.confidence,
                "share": bins.accuracy,
                "share_low": self.low,
                "share_high": self.high,
            }
        )
        return frame[frame["rows"] > 0].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        figures = {name: plain_value(getattr(self, name)) for name in ("ece", "ece_by_chance", "log_loss", "brier")}
        return {"of": self.of, **figures, "bins": plain_value(self.frame.to_dict("records"))}

    def _page(self) -> ResultPage:
        lead = (
            f"Reliability of the probability of {self.of}, {plural(self.rows.sum(), 'example')}: ECE "
            f"{percent(self.ece, decimals=2)} ({percent(self.ece_by_chance, decimals=2)} by chance alone), log-loss "
            f"{self.log_loss:.4f}, Brier {self.brier:.4f}"
        )
        bins = self.reliability
        columns = (bins.confidence, bins.accuracy, self.low, self.high, self.rows)
        rows = [
            [percent(probability), percent(share), bounds(low, high), count(n)]
            for probability, share, low, high, n in zip(*(column.tolist() for column in columns), strict=True)
            if n
        ]
        return ResultPage([lead], [ResultTable(rows, ["probability", "came true", "low - high", "examples"], ">")])


@checks_keywords
def reliability(
    gold: Any,
    proba: Any,
    *,
    positive: Any = None,
    class_names: Sequence[Any] | None = None,
    weights: Any = None,
    n_bins: int = N_BINS,
    bins: Bins = "width",
) -> ReliabilityCurve:
    """Compare probabilities with how often they come true.

    Parameters
    ----------
    gold : array-like, Series or mapping by id
        Trusted classes; -1, None or NaN where unknown.
    proba : ProbabilisticLabels, DataFrame, or array-like of shape (n_rows, n_classes) or (n_rows,)
        A column for each class, or the probability of the second of two.
    positive : class, optional
        The class whose probability is looked at: by default the second of two; of more, the most probable class of each
        example (of several that are tied, each counts its part).
    class_names : sequence, optional
        In the order of the columns, ``model.classes_``. By default those of the labels or the frame, else the sorted
        classes of gold.
    weights : array-like, Series or mapping by id, optional
        1 / the chance of each row to be drawn.
    n_bins : int
    bins : {"width", "size"}
        Of equal width, or with equally many examples, which shows more where most probabilities are small.

    Returns
    -------
    ReliabilityCurve
        ``labelkit.plot_reliability`` draws it.

    Raises
    ------
    AnalysisError, GoldError
        If gold and probabilities do not fit, a number is no probability, or a class is not known.

    Warns
    -----
    UserWarning
        If the rows were resampled, by :func:`labelkit.balance` for example.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.
    https://doi.org/10.1609/aaai.v29i1.9602

    Examples
    --------
    >>> import labelkit as lk
    >>> print(lk.reliability([0] * 50 + [1] * 50, [0.1] * 50 + [0.7] * 50, n_bins=5))
    Reliability of the probability of 1, 100 examples: ECE 20.00% (4.28% by chance alone), log-loss 0.2310, Brier 0.1000
    probability  came true    low - high  examples
          10.0%       0.0%    0.0 - 7.1%        50
          70.0%     100.0%  92.9 - 100.0%        50
    """
    if bins not in get_args(Bins) or not isinstance(n_bins, int) or n_bins < 1:
        raise AnalysisError(f"bins={bins!r}, n_bins={n_bins!r}", hint="bins='width' or 'size', n_bins a number from 1")
    given = ScoredGold.of(gold, proba, class_names=class_names, weights=weights)
    given.check_sums()
    if positive is None and given.n_classes > 2:
        score, name = given.proba.max(axis=1), TOP_LABEL
        right = tie_credit(given.proba, given.gold)
    else:
        number = given.shown_classes(positive)[0]
        score, right, name = given.proba[:, number], given.gold == number, given.class_names[number]
    edges = np.linspace(0, 1, n_bins + 1) if bins == "width" else _even_edges(score, n_bins)
    return _curve(given, binned_reliability(score, right, given.weights, edges, given.weights**2), score, name)


def _even_edges(score: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Cut where equally many examples lie between; equal probabilities stay together."""
    inner = np.quantile(score, np.linspace(0, 1, n_bins + 1)[1:-1])
    return np.unique(np.concatenate([[0.0], inner[(inner > 0) & (inner < 1)], [1.0]]))


def _curve(given: ScoredGold, binned: Reliability, score: NDArray[np.float64], name: str) -> ReliabilityCurve:
    n_bins = len(binned.count)
    places = np.clip(np.searchsorted(binned.edges, score - 1e-12) - 1, 0, n_bins - 1)
    w, s = (np.bincount(places, weights=part, minlength=n_bins) for part in (given.weights, given.weights**2))
    low, high = binned.bounds
    kish = np.divide(w**2, s, out=np.ones(n_bins), where=s > 0)
    spread = np.sqrt(2 / np.pi * binned.confidence * (1 - binned.confidence) / kish)
    return ReliabilityCurve(
        of=name,
        reliability=binned,
        low=low,
        high=high,
        rows=np.bincount(places, minlength=n_bins),
        ece=binned.calibration_error,
        ece_by_chance=float(np.nansum(spread * w) / w.sum()),
        log_loss=log_loss(given.proba, given.gold, weights=given.weights),
        brier=brier_score(given.proba, given.gold, weights=given.weights),
    )
