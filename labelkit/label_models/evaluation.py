"""Metrics of a model's labels against gold, with intervals: the value that ``model.evaluate`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import (
    count,
    decimal,
    percent,
    plural,
    share_where_wide,
    share_with_bounds,
    weighted_size,
    wilson_interval,
)
from labelkit._shared.tables import ResultPage, ResultTable
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.metrics import (
    Reliability,
    brier_score,
    calibration_error,
    f1_intervals,
    f1_scores,
    log_loss,
    macro_f1,
    macro_f1_interval,
    top_label_reliability,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """The rows of a sample behind weighted gold.

    Attributes
    ----------
    count, square : ndarray of shape (n,)
        Rows, and the sum of the squares of their weights.
    """

    count: NDArray[np.float64]
    square: NDArray[np.float64]


@checks_keywords
@dataclass(frozen=True)
class Evaluation:
    """Metrics of the labels of covered examples with gold; NaN where undefined.

    Attributes
    ----------
    n : int
        Examples with gold.
    n_covered : int
        Those of them that some labeling function votes on; all metrics below but ``coverage`` are over these.
    coverage : float
        ``n_covered / n``.
    accuracy : float
        Share of right hard labels; a tie counts as wrong.
    coverage_interval, accuracy_interval, accuracy_labeled_interval : tuple of float
        Wilson's 95% intervals.
    n_seen : int
        Examples whose gold the model learned from; they are judged by models that did not see it.
    n_labeled : int
        Covered examples that have a hard label.
    accuracy_labeled : float
        Share of right labels among those.
    f1, f1_intervals : dict of str to float, dict of str to tuple of float
        F1 of each class, and its 95% interval (:func:`labelkit.votes.metrics.f1_intervals`).
    f1_macro, log_loss, brier, ece : float
        Mean F1 over classes, with ``f1_macro_interval``; log-loss clipped to 1e-7; multi-class Brier score; calibration
        error of the top label.
    reliability : Reliability
        The bins behind ``ece``.
    """

    n: int
    n_covered: int
    coverage: float
    coverage_interval: tuple[float, float]
    accuracy: float
    accuracy_interval: tuple[float, float]
    n_seen: int
    n_labeled: int
    accuracy_labeled: float
    accuracy_labeled_interval: tuple[float, float]
    f1: dict[str, float]
    f1_intervals: dict[str, tuple[float, float]]
    f1_macro: float
    f1_macro_interval: tuple[float, float]
    log_loss: float
    brier: float
    ece: float
    reliability: Reliability

    @classmethod
    def of(
        cls,
        *,
        proba: NDArray[np.float64],
        gold: NDArray[np.int64],
        weights: NDArray[np.float64],
        covered: NDArray[np.bool_],
        n_seen: int,
        class_names: tuple[str, ...],
        drawn: DrawnRows | None = None,
    ) -> Evaluation:
        """Evaluate probabilities; each row stands for ``weights`` examples with its ``gold`` class.

        Of a sample that was ``drawn`` with different chances, numbers of examples are those of its rows.
        """
        shares = _Shares(weights, drawn)
        p, y = proba[covered], gold[covered]
        labels = hard_labels(p) if len(p) else np.zeros(0, dtype=np.int64)
        labeled, right = covered.copy(), np.zeros(len(covered), dtype=bool)
        labeled[covered], right[covered] = labels >= 0, labels == y
        everything = np.ones(len(covered), dtype=bool)
        w = shares.as_rows[covered]
        f1 = f1_scores(labels, y, len(class_names), weights=w)
        given, squares = (w, None) if drawn is None else (weights[covered], drawn.square[covered])
        f1_ends = zip(
            *(ends.tolist() for ends in f1_intervals(labels, y, len(class_names), weights=given, squares=squares)),
            strict=True,
        )
        return cls(
            n=shares.rows(everything),
            n_covered=shares.rows(covered),
            coverage=shares.of(covered, everything),
            coverage_interval=shares.interval(covered, everything),
            accuracy=shares.of(right, covered),
            accuracy_interval=shares.interval(right, covered),
            n_seen=n_seen,
            n_labeled=shares.rows(labeled),
            accuracy_labeled=shares.of(right, labeled),
            accuracy_labeled_interval=shares.interval(right, labeled),
            f1=dict(zip(class_names, f1.tolist(), strict=True)),
            f1_intervals=dict(zip(class_names, f1_ends, strict=True)),
            f1_macro=macro_f1(labels, y, len(class_names), weights=w),
            f1_macro_interval=macro_f1_interval(labels, y, len(class_names), weights=given, squares=squares),
            log_loss=log_loss(p, y, weights=w),
            brier=brier_score(p, y, weights=w),
            ece=calibration_error(p, y, weights=w),
            reliability=top_label_reliability(p, y, weights=given, squares=squares),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers without the bins, for JSON."""
        return {name: value for name, value in self.__dict__.items() if name != "reliability"}

    def __repr__(self) -> str:
        low, high = self.accuracy_interval
        which = "taught the model, or cannot be told from such"
        seen = f"; {self.n_seen:,} of them {which}, and are judged by cross-fitting" if self.n_seen else ""
        n_unlabeled = self.n_covered - self.n_labeled
        unlabeled = f"; {n_unlabeled:,} of them have no hard label and count as wrong" if n_unlabeled else ""
        return (
            f"Evaluation(accuracy {percent(self.accuracy)} [{percent(low)}, {percent(high)}] on {self.n_covered:,} "
            f"covered of {plural(self.n, 'example')} with gold, "
            f"macro F1 {share_where_wide(self.f1_macro, *self.f1_macro_interval)}, "
            f"log-loss {decimal(self.log_loss)}, Brier {decimal(self.brier)}, ECE {percent(self.ece)}{seen}{unlabeled})"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("examples with gold", count(self.n)),
            *(
                [("taught the model, or are like such: judged by cross-fitting", count(self.n_seen))]
                if self.n_seen
                else []
            ),
            ("covered, with its 95% interval", share_with_bounds(self.coverage, *self.coverage_interval)),
            ("covered examples", count(self.n_covered)),
            ("accuracy", share_with_bounds(self.accuracy, *self.accuracy_interval)),
            ("without a hard label: they count as wrong", count(self.n_covered - self.n_labeled)),
            ("examples with a hard label", count(self.n_labeled)),
            ("accuracy of those", share_with_bounds(self.accuracy_labeled, *self.accuracy_labeled_interval)),
            *((f"F1 of {name}", share_with_bounds(self.f1[name], *self.f1_intervals[name])) for name in self.f1),
            ("macro F1", share_with_bounds(self.f1_macro, *self.f1_macro_interval)),
            ("log-loss", decimal(self.log_loss)),
            ("Brier", decimal(self.brier)),
            ("ECE", percent(self.ece)),
        ]
        return ResultPage(tables=[ResultTable(rows, align="<>")]).to_html()


@dataclass(frozen=True, eq=False)
class _Shares:
    """Shares of weighted examples, with Wilson's intervals."""

    weights: NDArray[np.float64]
    drawn: DrawnRows | None

    @property
    def as_rows(self) -> NDArray[np.float64]:
        """Weights whose sum is the number of rows of equal weight that tell as much (Kish)."""
        if self.drawn is None or not len(self.weights):
            return self.weights
        return np.asarray(self.weights * (self.weights.sum() / self.drawn.square.sum()))

    def rows(self, which: NDArray[np.bool_]) -> int:
        """Count examples."""
        return round(float((self.weights if self.drawn is None else self.drawn.count)[which].sum()))

    def of(self, part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
        """Return a part of a whole; NaN where the whole is nothing."""
        total = float(self.weights[whole].sum())
        return float(self.weights[part & whole].sum()) / total if total else float("nan")

    def interval(self, part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> tuple[float, float]:
        """Compute the interval of a share; NaN where the whole is nothing."""
        size = total = float(self.weights[whole].sum())
        if self.drawn is not None and total:
            (w, s), (a, b) = (
                (self.weights[which].sum(), self.drawn.square[which].sum()) for which in (whole, part & whole)
            )
            size = float(weighted_size(w, s, a, b))
        low, high = wilson_interval(self.of(part, whole) * size if total else 0.0, size)
        return float(low), float(high)
