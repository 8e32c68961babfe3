"""Metrics of a model's labels against gold, with intervals: the value that ``model.evaluate`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import count, decimal, percent, share_where_wide, share_with_bounds, wilson_interval
from labelkit._shared.tables import ResultPage, ResultTable
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.metrics import (
    Reliability,
    accuracy,
    brier_score,
    calibration_error,
    f1_intervals,
    f1_scores,
    log_loss,
    macro_f1,
    macro_f1_interval,
    reliability,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    ) -> Evaluation:
        """Evaluate probabilities; each row stands for ``weights`` examples with its ``gold`` class."""
        p, y, w = proba[covered], gold[covered], weights[covered]
        labels = hard_labels(p) if len(p) else np.zeros(0, dtype=np.int64)
        right = accuracy(labels, y, weights=w)
        n, n_covered = float(weights.sum()), float(w.sum())
        labeled = labels >= 0
        n_labeled = float(w[labeled].sum())
        right_labeled = accuracy(labels[labeled], y[labeled], weights=w[labeled])
        f1 = f1_scores(labels, y, len(class_names), weights=w)
        f1_ends = zip(*(ends.tolist() for ends in f1_intervals(labels, y, len(class_names), weights=w)), strict=True)
        return cls(
            n=round(n),
            n_covered=round(n_covered),
            coverage=n_covered / n if n else float("nan"),
            coverage_interval=_interval(n_covered / n if n else 0.0, n),
            accuracy=right,
            accuracy_interval=_interval(right, n_covered),
            n_seen=n_seen,
            n_labeled=round(n_labeled),
            accuracy_labeled=right_labeled,
            accuracy_labeled_interval=_interval(right_labeled, n_labeled),
            f1=dict(zip(class_names, f1.tolist(), strict=True)),
            f1_intervals=dict(zip(class_names, f1_ends, strict=True)),
            f1_macro=macro_f1(labels, y, len(class_names), weights=w),
            f1_macro_interval=macro_f1_interval(labels, y, len(class_names), weights=w),
            log_loss=log_loss(p, y, weights=w),
            brier=brier_score(p, y, weights=w),
            ece=calibration_error(p, y, weights=w),
            reliability=reliability(p, y, weights=w),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers without the bins, for JSON."""
        return {name: value for name, value in self.__dict__.items() if name != "reliability"}

    def __repr__(self) -> str:
        low, high = self.accuracy_interval
        seen = f"; {self.n_seen:,} of them taught the model, and are judged by cross-fitting" if self.n_seen else ""
        return (
            f"Evaluation(accuracy {percent(self.accuracy)} [{percent(low)}, {percent(high)}] on {self.n_covered:,} "
            f"covered of {self.n:,} examples with gold, "
            f"macro F1 {share_where_wide(self.f1_macro, *self.f1_macro_interval)}, "
            f"log-loss {decimal(self.log_loss)}, Brier {decimal(self.brier)}, ECE {percent(self.ece)}{seen})"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("examples with gold", count(self.n)),
            *([("taught the model: judged by cross-fitting", count(self.n_seen))] if self.n_seen else []),
            ("covered, with its 95% interval", share_with_bounds(self.coverage, *self.coverage_interval)),
            ("covered examples", count(self.n_covered)),
            ("accuracy", share_with_bounds(self.accuracy, *self.accuracy_interval)),
            ("examples with a hard label", count(self.n_labeled)),
            ("accuracy of those", share_with_bounds(self.accuracy_labeled, *self.accuracy_labeled_interval)),
            *((f"F1 of {name}", share_with_bounds(self.f1[name], *self.f1_intervals[name])) for name in self.f1),
            ("macro F1", share_with_bounds(self.f1_macro, *self.f1_macro_interval)),
            ("log-loss", decimal(self.log_loss)),
            ("Brier", decimal(self.brier)),
            ("ECE", percent(self.ece)),
        ]
        return ResultPage(tables=[ResultTable(rows, align="<>")]).to_html()


def _interval(share: float, n: float) -> tuple[float, float]:
    """Compute Wilson's interval of a share of ``n`` examples; NaN without any."""
    low, high = wilson_interval(share * n if n else 0.0, n)
    return float(low), float(high)
