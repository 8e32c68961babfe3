"""Weights by which a learner counts rare classes, costly mistakes or hard examples for more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.numbers import DASH, count, decimal
from labelkit._shared.plain_values import plain_value
from labelkit._shared.row_operations import read_only
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit._shared.user_errors import warn
from labelkit.corpus.open_corpus import open_corpus
from labelkit.curation.balance.class_column import ClassColumn
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import has_index
from labelkit.votes.decisions import checked_costs
from labelkit.votes.given_class import given_class
from labelkit.votes.matched_labels import matched_proba
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.decisions import Costs

Weighting: TypeAlias = Literal["balanced", "effective_number", "focal", "cost"]

BETA: Final = 0.999
GAMMA: Final = 2.0

_PARAMETERS: Final = {"balanced": (), "effective_number": ("beta",), "focal": ("gamma", "proba"), "cost": ("costs",)}


@checks_keywords
class ClassWeights(ShownResult, Mapping[str, float]):
    """A weight for each class, by its name; made by :func:`labelkit.class_weights`.

    Parameters
    ----------
    method : str
    class_names : tuple of str
    array : ndarray of shape (n_classes,)
        The weights in the order of the classes, as losses of PyTorch take them; 0 for a class without rows. Of focal
        weights, the mean of those of its rows.
    rows : ndarray of shape (n_rows,)
        The weight of each row, as ``sample_weight`` of scikit-learn; 0 for a row without a class.
    counts : ndarray of int64, shape (n_classes,)
    """

    def __init__(
        self,
        method: str,
        class_names: tuple[str, ...],
        array: NDArray[np.float64],
        rows: NDArray[np.float64],
        counts: NDArray[np.int64],
    ) -> None:
        self.method = method
        self.class_names = class_names
        self.array = read_only(array)
        self.rows = read_only(rows)
        self.counts = read_only(counts)

    def __getitem__(self, name: Any) -> float:
        """Return the weight of a class by its name, number or enum member."""
        try:
            return float(self.array[given_class(name, self.class_names, "the key", error=AnalysisError)])
        except AnalysisError as error:
            raise KeyError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.class_names)

    def __len__(self) -> int:
        return len(self.class_names)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"method": self.method, "weights": plain_value(dict(self)), "counts": self.counts.tolist()}

    def _page(self) -> ResultPage:
        rows = [
            [name, count(n), decimal(weight) if n else DASH]
            for name, n, weight in zip(self.class_names, self.counts, self.array, strict=True)
        ]
        return ResultPage([f"Weights ({self.method})"], [ResultTable(rows, ["class", "rows", "weight"], "<>")])


@checks_keywords_with(open_corpus)
def class_weights(
    labels: Any,
    method: Weighting = "balanced",
    *,
    beta: float | None = None,
    gamma: float | None = None,
    proba: Any = None,
    costs: Costs | None = None,
    column: str | None = None,
    class_names: Sequence[Any] | None = None,
    **reading: Any,
) -> ClassWeights:
    """Weigh classes, or rows, for a learner. The weights of the rows that have a class average to 1.

    Parameters
    ----------
    labels : ProbabilisticLabels, array-like, Series or mapping by id; with ``column``, a corpus
        Classes; of labels, the hard ones.
    method : {"balanced", "effective_number", "focal", "cost"}
        1 / n for n rows of a class; ``(1 - beta) / (1 - beta^n)``, which rises less for very rare classes;
        ``(1 - p)^gamma`` for p, the probability that a model gave to the class of the row, so that what is learned
        already counts less; or what mistakes on the class cost together.
    beta : float in [0, 1), optional
        By default 0.999: rows beyond the first thousand or so of a class add little.
    gamma : float from 0, optional
        By default 2.
    proba : as for :func:`labelkit.reliability`, optional
        For focal weights, of a model of the last round; by default those of labels.
    costs : array-like of shape (n_classes, n_classes), or dict of dict by class
        Rows are true classes, columns decided ones, as in ``labels.hard(costs=...)``, which decides by them where
        probabilities are right; weights are for learners without probabilities.
    column, class_names, **reading
        As in :func:`labelkit.balance`.

    Returns
    -------
    ClassWeights

    Raises
    ------
    AnalysisError, ModelError
        If a parameter is out of its range or of another method.

    Warns
    -----
    UserWarning
        If a class has no rows.

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019), Class-balanced loss based on effective number of samples.
    https://doi.org/10.1109/CVPR.2019.00949

    Lin, Goyal, Girshick, He, Dollár (2017), Focal loss for dense object detection. https://doi.org/10.1109/ICCV.2017.324

    Ting (2002), An instance-weighting method to induce cost-sensitive trees. https://doi.org/10.1109/TKDE.2002.1000348

    Examples
    --------
    >>> import labelkit as lk
    >>> lk.class_weights(["HAM"] * 90 + ["SPAM"] * 10).array.round(3).tolist()
    [0.556, 5.0]
    """
    given = {"beta": beta, "gamma": gamma, "proba": proba, "costs": costs}
    _check(method, given)
    rows = ClassColumn.of(labels, class_names=class_names, column=column, **reading)
    counts = rows.counts()
    _warn_of_empty(counts, rows.class_names)
    has_class = rows.classes >= 0
    if method == "focal":
        raw = _focal(labels, rows, proba, GAMMA if gamma is None else gamma)
    else:
        raw = np.append(_by_class(method, counts, rows.class_names, beta, costs), 0.0)[rows.classes]
    mean = float(raw[has_class].mean())
    if not mean > 0:
        raise AnalysisError(
            "all weights are 0", hint="of focal weights, the model is sure of all rows already", code="LK332"
        )
    weights = np.where(has_class, raw / mean, 0.0)
    sums = np.bincount(rows.classes[has_class], weights=weights[has_class], minlength=len(counts))
    array = np.divide(sums, counts, out=np.zeros(len(counts)), where=counts > 0)
    return ClassWeights(method, rows.class_names, array, weights, counts)


def _check(method: str, given: dict[str, Any]) -> None:
    if method not in get_args(Weighting):
        raise AnalysisError(f"method={method!r} is not one of {', '.join(map(repr, get_args(Weighting)))}")
    foreign = [name for name, value in given.items() if value is not None and name not in _PARAMETERS[method]]
    if foreign:
        owner = next(one for one, names in _PARAMETERS.items() if foreign[0] in names)
        raise AnalysisError(f"{foreign[0]}= is of method={owner!r}, not of {method!r}")
    beta, gamma = given["beta"], given["gamma"]
    if beta is not None and not 0 <= beta < 1:
        raise AnalysisError(f"beta={beta!r} is not from 0 to below 1", hint="0.9 to 0.9999; higher for larger data")
    if gamma is not None and not 0 <= gamma < float("inf"):
        raise AnalysisError(f"gamma={gamma!r} is no number from 0", hint="gamma=2")
    if method == "cost" and given["costs"] is None:
        raise AnalysisError(
            "method='cost' needs costs=", hint="costs={'SPAM': {'HAM': 10}}: a SPAM called HAM costs 10"
        )


def _warn_of_empty(counts: NDArray[np.int64], names: Sequence[str]) -> None:
    empty = [name for name, n in zip(names, counts, strict=True) if n == 0]
    if empty:
        warn(
            f"no row is of the class {', '.join(map(repr, empty[:6]))}: its weight is 0. Hint: label examples of it",
            code="LK423",
        )


def _by_class(
    method: str, counts: NDArray[np.int64], names: Sequence[str], beta: float | None, costs: Costs | None
) -> NDArray[np.float64]:
    """Return a weight for each class, but for a factor."""
    n = np.maximum(counts, 1).astype(np.float64)
    if method == "balanced":
        return 1 / n
    if method == "effective_number":
        base = BETA if beta is None else beta
        return np.ones(len(n)) if base == 0 else -1 / np.expm1(n * np.log(base))
    assert costs is not None
    table = checked_costs(costs, names)
    off = table - np.diag(np.diagonal(table))
    if (off < 0).any():
        raise AnalysisError("a mistake has negative costs", hint="give what a mistake costs more than a right label")
    return np.asarray(off.sum(axis=1))


def _focal(labels: Any, rows: ClassColumn, proba: Any, gamma: float) -> NDArray[np.float64]:
    """Return ``(1 - p)^gamma`` for the probability of the class of each row; 0 for a row without a class."""
    if proba is None and not isinstance(labels, ProbabilisticLabels):
        raise AnalysisError(
            "focal weights need the probabilities of a model",
            hint="proba=cross_val_predict(model, X, y, method='predict_proba')",
        )
    scores = labels if proba is None else proba
    of_rows, what = (rows.examples, rows.class_names), "the probabilities"
    by_class = matched_proba(_of_both(scores), *of_rows, what=what, error=AnalysisError)
    classes = np.asarray(rows.classes)
    given = np.flatnonzero(classes >= 0)
    probability = by_class[given, classes[given]]
    wrong = ~((probability >= -1e-9) & (probability <= 1 + 1e-9))
    if wrong.any():
        name = rows.examples.ids[given[wrong]][:1].tolist()[0]
        raise AnalysisError(
            f"the probability of the class of {name!r} is {probability[wrong][0]:g} ({int(wrong.sum()):,} such rows)",
            hint="probabilities are from 0 to 1, one for each row",
        )
    weights = np.zeros(len(rows))
    weights[given] = np.clip(1 - probability, 0, 1) ** gamma
    return weights


def _of_both(scores: Any) -> Any:
    """Return probabilities of both classes, where those of the second of two are given alone."""
    if isinstance(scores, ProbabilisticLabels) or np.ndim(scores) != 1:
        return scores
    second = np.asarray(scores, dtype=np.float64)
    both = np.column_stack([1 - second, second])
    if not has_index(scores):
        return both
    import pandas as pd  # noqa: PLC0415 - the scores are of pandas

    return pd.DataFrame(both, index=scores.index)
