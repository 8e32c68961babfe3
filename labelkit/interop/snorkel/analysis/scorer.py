"""Compute several metrics at once, of all rows and of slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from labelkit.interop.snorkel._cells import warn_of_gold
from labelkit.interop.snorkel.analysis.metrics import METRICS, metric_score
from labelkit.interop.snorkel.utils.core import to_int_label_array


class Scorer:
    """Compute metrics.

    Parameters
    ----------
    metrics : list of str, optional
        Names of ``METRICS``.
    custom_metric_funcs : dict of str to callable, optional
        Functions of golds, preds and probs, which return a number, or a dict of numbers.
    abstain_label : int, optional
        Rows with this gold or predicted label do not count (except for coverage); None counts all.

    Raises
    ------
    ValueError
        If a metric is not known.

    Examples
    --------
    >>> import numpy as np
    >>> Scorer(metrics=["accuracy"]).score(np.array([1, 0, -1]), np.array([1, 1, 1]))
    {'accuracy': 0.5}
    """

    def __init__(
        self,
        metrics: Sequence[str] | None = None,
        custom_metric_funcs: Mapping[str, Callable[..., Any]] | None = None,
        abstain_label: int | None = -1,
    ) -> None:
        self.metrics: dict[str, Callable[..., Any]] = {}
        for metric in metrics or ():
            if metric not in METRICS:
                raise ValueError(f"Unrecognized metric: {metric}")
            left_out: dict[str, list[int]] = {}
            if abstain_label is not None and metric != "coverage":
                left_out = {"golds": [abstain_label], "preds": [abstain_label]}
            self.metrics[metric] = partial(metric_score, metric=metric, filter_dict=left_out)
        self.metrics.update(custom_metric_funcs or {})
        self.abstain_label = abstain_label

    def score(self, golds: Any, preds: Any = None, probs: Any = None) -> dict[str, float]:
        """Compute all metrics.

        Parameters
        ----------
        golds, preds : array of shape (n_examples,)
        probs : array of shape (n_examples, n_classes), optional

        Raises
        ------
        ValueError
            If there are no rows, or a metric lacks an input.
        """
        if self.abstain_label == -1 and preds is not None and len(golds):
            n_classes = None if probs is None else np.shape(probs)[1]
            warn_of_gold(to_int_label_array(golds), to_int_label_array(preds), n_classes)
        return self._scored(golds, preds, probs)

    def _scored(self, golds: Any, preds: Any, probs: Any) -> dict[str, float]:
        if len(golds) == 0:
            raise ValueError("Cannot score empty labels")
        scores: dict[str, float] = {}
        for name, metric in self.metrics.items():
            value = metric(golds, preds, probs)
            scores.update(value if isinstance(value, dict) else {name: value})
        return scores

    def score_slices(self, S: Any, golds: Any, preds: Any, probs: Any, as_dataframe: bool = False) -> Any:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Compute all metrics over all rows (``"overall"``) and over each slice.

        Parameters
        ----------
        S : recarray of length n_examples
            A field for each slice, as ``SFApplier`` returns it.
        golds, preds : array of shape (n_examples,)
        probs : array of shape (n_examples, n_classes)
        as_dataframe : bool

        Returns
        -------
        dict of dict, or DataFrame
            With a row for each slice.

        Raises
        ------
        ValueError
            If the arrays are not of one length.
        """
        if len({S.shape[0], len(golds), len(preds), len(probs)}) != 1:
            raise ValueError("S, golds, preds, and probs must have the same number of elements")
        scores = {"overall": self.score(golds, preds, probs)}
        for name in S.dtype.names:
            rows = S[name].astype(bool)
            scores[name] = self._scored(golds[rows], preds[rows], probs[rows])
        if not as_dataframe:
            return scores
        import pandas as pd  # noqa: PLC0415 - slow to import

        return pd.DataFrame.from_dict(scores).transpose()
