"""Metrics of hard labels and probabilities, most of them scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelkit.interop.snorkel.utils.core import filter_labels, to_int_label_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Metric(NamedTuple):
    """A metric, and which of golds, preds and probs it takes."""

    func: Callable[..., float]
    inputs: tuple[str, ...] = ("golds", "preds")


def metric_score(
    golds: Any = None,
    preds: Any = None,
    probs: NDArray[np.float64] | None = None,
    metric: str = "accuracy",
    filter_dict: Mapping[str, Sequence[int]] | None = None,
    **kwargs: Any,
) -> float:
    """Compute a metric.

    Parameters
    ----------
    golds, preds : array of shape (n_examples,), optional
    probs : array of shape (n_examples, n_classes), optional
    metric : str
        One of ``METRICS``.
    filter_dict : dict of str to list of int, optional
        Values of ``"golds"`` or ``"preds"`` whose rows do not count.
    **kwargs
        Passed on to the metric.

    Raises
    ------
    ValueError
        If the metric is not known or lacks an input, a label is not a whole number, or another key is filtered by.

    Examples
    --------
    >>> metric_score(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 0]), filter_dict={"golds": [-1]}, metric="recall")
    0.5
    """
    if metric not in METRICS:
        raise ValueError(f"The metric you provided ({metric}) is not currently implemented.")
    labels: dict[str, Any] = {
        "golds": None if golds is None else to_int_label_array(golds),
        "preds": None if preds is None else to_int_label_array(preds),
        "probs": probs,
    }
    if filter_dict:
        if not labels.keys() >= filter_dict.keys():
            raise ValueError("filter_dict must only include keys in ['golds', 'preds', 'probs']")
        labels = filter_labels(labels, filter_dict)
    func, inputs = METRICS[metric]
    for name in inputs:
        if labels[name] is None:
            raise ValueError(f"Metric {metric} requires access to {name}.")
    return func(*(labels[name] for name in inputs), **kwargs)


def _of_scikit_learn(name: str) -> Callable[..., float]:
    """Return a metric of scikit-learn, which is imported when it is called."""

    def metric(*arrays: Any, **options: Any) -> float:
        from sklearn import metrics  # noqa: PLC0415 - slow to import

        value: float = getattr(metrics, name)(*arrays, **options)
        return value

    return metric


def _coverage_score(preds: NDArray[np.int64]) -> np.float64:
    return np.float64(np.sum(preds != -1) / len(preds))


def _roc_auc_score(golds: NDArray[np.int64], probs: NDArray[np.float64]) -> float:
    if probs.shape[1] != 2:
        raise ValueError("Metric roc_auc is currently only defined for binary problems.")
    return _of_scikit_learn("roc_auc_score")(golds, probs[:, 1])


def _f1_micro_score(golds: NDArray[np.int64], preds: NDArray[np.int64]) -> float:
    return _of_scikit_learn("f1_score")(golds, preds, average="micro")


def _f1_macro_score(golds: NDArray[np.int64], preds: NDArray[np.int64]) -> float:
    return _of_scikit_learn("f1_score")(golds, preds, average="macro")


def _f1_score(golds: NDArray[np.int64], preds: NDArray[np.int64]) -> float:
    if golds.max() > 1:
        raise ValueError("f1 not supported for multiclass. Try f1_micro or f1_macro instead.")
    return _of_scikit_learn("f1_score")(golds, preds)


METRICS: Final[dict[str, Metric]] = {
    "accuracy": Metric(_of_scikit_learn("accuracy_score")),
    "coverage": Metric(_coverage_score, ("preds",)),
    "precision": Metric(_of_scikit_learn("precision_score")),
    "recall": Metric(_of_scikit_learn("recall_score")),
    "f1": Metric(_f1_score),
    "f1_micro": Metric(_f1_micro_score),
    "f1_macro": Metric(_f1_macro_score),
    "fbeta": Metric(_of_scikit_learn("fbeta_score")),
    "matthews_corrcoef": Metric(_of_scikit_learn("matthews_corrcoef")),
    "roc_auc": Metric(_roc_auc_score, ("golds", "probs")),
}
