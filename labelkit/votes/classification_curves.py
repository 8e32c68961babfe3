"""Precision, recall, F1, ROC and precision-recall curves of a classifier, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import DASH, bounds, count, decimal, percent, plural, weighted_size, wilson_interval
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError
from labelkit.votes.given_class import given_class
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.ranking import Ranking
from labelkit.votes.scored_gold import ScoredGold

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Figure = tuple[float, float, float]

FIGURES: Final = ("precision", "recall", "f1", "average_precision", "roc_auc")

FEW: Final = 10
"""Examples of a class below which its figures say little."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class ClassificationCurves(HasFrame, ShownResult):
    """How well probabilities find the examples of each class; made by :func:`labelkit.classification_curves`.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each class: ``rows`` (gold), ``share`` (that of the class, the average precision of guessing),
        ``precision``, ``recall``, ``f1``, ``average_precision``, ``roc_auc``, each with ``_low`` and ``_high``.
    n_rows : int
        Examples with gold.
    decided : str
        The hard labels that precision, recall and F1 are of.
    confidence : float
        Of the intervals.
    """

    frame: pd.DataFrame
    n_rows: int
    decided: str
    confidence: float
    rankings: tuple[Ranking, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes that the figures are of."""
        return tuple(self.frame.index)

    def precision_recall(self, of: Any = None) -> pd.DataFrame:
        """Return the precision-recall curve of a class (the first, if none is named).

        Returns
        -------
        pandas.DataFrame
            ``threshold`` (falling), ``precision``, ``recall``: of labeling all examples from this probability on.

        Raises
        ------
        AnalysisError
            If there is no such class, or no example of it.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        ranks = self._ranking(of)
        right, taken = np.cumsum(ranks.positive), np.cumsum(ranks.positive + ranks.negative)
        kept = taken > 0
        return pd.DataFrame(
            {"threshold": ranks.score, "precision": right / np.where(kept, taken, 1), "recall": right / right[-1]}
        )[kept].reset_index(drop=True)

    def roc(self, of: Any = None) -> pd.DataFrame:
        """Return the ROC curve of a class (the first, if none is named).

        Returns
        -------
        pandas.DataFrame
            ``threshold`` (falling, infinite at first), ``false_positive_rate``, ``true_positive_rate``.

        Raises
        ------
        AnalysisError
            If there is no such class, or no example of it, or of another.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        ranks = self._ranking(of)
        rates = [np.append(0.0, np.cumsum(part) / part.sum()) for part in (ranks.negative, ranks.positive)]
        return pd.DataFrame(
            {
                "threshold": np.append(np.inf, ranks.score),
                "false_positive_rate": rates[0],
                "true_positive_rate": rates[1],
            }
        )

    def _ranking(self, of: Any) -> Ranking:
        number = 0 if of is None else given_class(of, self.class_names, "of", error=AnalysisError)
        ranks = self.rankings[number]
        if not ranks.is_defined:
            raise AnalysisError(
                f"{self.class_names[number]!r} has no curve: all examples with gold are of it, or none is",
                hint="label more examples, drawn at random",
            )
        return ranks

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the points of the curves."""
        classes = {str(name): plain_value(row) for name, row in self.frame.to_dict("index").items()}
        return {"rows": self.n_rows, "decided": self.decided, "confidence": self.confidence, "classes": classes}

    def _page(self) -> ResultPage:
        level = percent(self.confidence, decimals=0)
        lead = f"{plural(self.n_rows, 'example')} with gold, {level} intervals; labels: {self.decided}"
        rows = [
            [str(name), count(row["rows"]), percent(row["share"]), *(_cell(row, figure) for figure in FIGURES)]
            for name, row in self.frame.iterrows()
        ]
        heads = ["class", "rows", "share", "precision", "recall", "F1", "PR-AUC", "ROC-AUC"]
        few = [str(name) for name, n in self.frame["rows"].items() if n < FEW]
        notes = [f"Fewer than {FEW} examples: {', '.join(few)}. Their figures say little."] if few else []
        return ResultPage([lead], [ResultTable(rows, heads, align="<>")], notes)


def _cell(row: Any, figure: str) -> str:
    value, low, high = row[figure], row[f"{figure}_low"], row[f"{figure}_high"]
    if value != value:  # noqa: PLR0124 - NaN
        return DASH
    if figure in {"average_precision", "roc_auc"}:
        return f"{decimal(value)} ({decimal(low)} - {decimal(high)})"
    return f"{percent(value)} ({bounds(low, high)})"


@checks_keywords
def classification_curves(
    gold: Any,
    proba: Any,
    *,
    positive: Any = None,
    threshold: float | None = None,
    class_names: Sequence[Any] | None = None,
    weights: Any = None,
    confidence: float = 0.95,
) -> ClassificationCurves:
    """Measure a classifier on gold: precision, recall and F1, and the areas under both curves, with intervals.

    Where a class is rare, look at the area under the precision-recall curve (average precision): the ROC-AUC does not
    fall with the wrong labels that a rare class drowns in.

    Parameters
    ----------
    gold : array-like, Series or mapping by id
        Trusted classes; -1, None or NaN where unknown.
    proba : ProbabilisticLabels, DataFrame, or array-like of shape (n_rows, n_classes) or (n_rows,)
        A column for each class, or the probability of the second of two.
    positive : class, optional
        The class that figures are of; by default the second of two, or each of several against all others.
    threshold : float in (0, 1), optional
        Label a class from this probability on; by default, the most probable one (a tie is no label).
    class_names : sequence, optional
        In the order of the columns, ``model.classes_``. By default those of the labels or the frame, else the sorted
        classes of gold.
    weights : array-like, Series or mapping by id, optional
        1 / the chance of each row to be drawn.
    confidence : float in (0, 1)

    Returns
    -------
    ClassificationCurves
        ``labelkit.plot_curves`` draws them. A figure without examples is NaN.

    Raises
    ------
    AnalysisError, GoldError
        If gold and probabilities do not fit, a number is no probability, or a class is not known.

    Warns
    -----
    UserWarning
        If the rows were resampled, by :func:`labelkit.balance` for example.

    Notes
    -----
    Intervals of precision and recall are Wilson's, those of F1 Wilson's of the Jaccard index, of which F1 is a function.
    That of the ROC-AUC is DeLong's, that of the average precision of the infinitesimal jackknife, both on the scale of
    log-odds and with Student's t for as many examples as the class has. They are for the population that gold was drawn
    from at random.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), https://doi.org/10.2307/2531595. Boyd, Eng, Page (2013),
    https://doi.org/10.1007/978-3-642-40994-3_29. Saito, Rehmsmeier (2015), The precision-recall plot is more informative
    than the ROC plot on imbalanced datasets. https://doi.org/10.1371/journal.pone.0118432

    Examples
    --------
    >>> import labelkit as lk
    >>> curves = lk.classification_curves(["HAM"] * 60 + ["SPAM"] * 40, [0.2] * 50 + [0.7] * 45 + [0.9] * 5)
    >>> print(curves)
    100 examples with gold, 95% intervals; labels: the most probable classes
    class  rows  share             precision                  recall                    F1                 PR-AUC                ROC-AUC
    SPAM     40  40.0%  80.0% (67.0 - 88.8%)  100.0% (91.2 - 100.0%)  88.9% (80.2 - 94.0%)  0.825 (0.697 - 0.906)  0.927 (0.865 - 0.962)
    """  # noqa: E501 - a table
    import pandas as pd  # noqa: PLC0415 - only where a table is made

    if threshold is not None and not 0 < threshold < 1:
        raise AnalysisError(f"threshold={threshold!r} is not between 0 and 1")
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence={confidence!r} is not between 0 and 1", hint="confidence=0.95")
    given = ScoredGold.of(gold, proba, class_names=class_names, weights=weights)
    numbers = given.shown_classes(positive)
    hard = hard_labels(given.proba)
    rows, rankings = {}, []
    for number in numbers:
        is_true = given.gold == number
        is_labeled = hard == number if threshold is None else given.proba[:, number] >= threshold
        ranks = Ranking.of(given.proba[:, number], is_true, given.weights)
        rankings.append(ranks)
        rows[given.class_names[number]] = _figures(given, is_true, np.asarray(is_labeled), ranks, confidence)
    decided = "the most probable classes" if threshold is None else f"each class from a probability of {threshold:g} on"
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return ClassificationCurves(frame, len(given.gold), decided, confidence, tuple(rankings))


def _figures(
    given: ScoredGold, is_true: NDArray[np.bool_], is_labeled: NDArray[np.bool_], ranks: Ranking, confidence: float
) -> dict[str, Any]:
    right = is_true & is_labeled
    jaccard = _share(given, right, is_true | is_labeled, confidence)
    figures: dict[str, Figure] = {
        "precision": _share(given, right, is_labeled, confidence),
        "recall": _share(given, right, is_true, confidence),
        "f1": (_f1_of(jaccard[0]), _f1_of(jaccard[1]), _f1_of(jaccard[2])),
        "average_precision": (ranks.average_precision, *ranks.average_precision_interval(confidence)),
        "roc_auc": (ranks.roc_auc, *ranks.roc_auc_interval(confidence)),
    }
    weights = given.weights
    row: dict[str, Any] = {"rows": int(is_true.sum()), "share": float(weights[is_true].sum() / weights.sum())}
    for name, (value, low, high) in figures.items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def _f1_of(jaccard: float) -> float:
    """Return F1, an increasing function of the Jaccard index (:func:`labelkit.votes.metrics.f1_intervals`)."""
    return 2 * jaccard / (1 + jaccard)


def _share(given: ScoredGold, part: NDArray[np.bool_], whole: NDArray[np.bool_], confidence: float) -> Figure:
    weights = given.weights
    w, a = float(weights[whole].sum()), float(weights[part].sum())
    if not w:
        return float("nan"), float("nan"), float("nan")
    squares = float((weights[whole] ** 2).sum()), float((weights[part] ** 2).sum())
    size = float(weighted_size(w, squares[0], a, squares[1])) if given.has_weights else w
    low, high = wilson_interval(a / w * size, size, confidence=confidence)
    return a / w, float(low), float(high)
