"""``@model_output``: a rule that asks a classifier, once a batch, and votes where the answer is sure enough.

>>> import numpy as np
>>> @model_output(threshold=0.8)
... def opinion(text):
...     "A classifier's opinion: one row of probabilities an example."
...     return np.array([[0.1, 0.9] if "free" in t else [0.6, 0.4] for t in text])
>>> opinion("free money"), opinion("nice song")
(1, -1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ParamSpec

import numpy as np

from labelkit.exceptions import RuleError
from labelkit.labels import ABSTAIN, MAX_CLASSES, LabelSpace
from labelkit.lf import LabelingFunction
from labelkit.rules import Condition, Options, calling

P = ParamSpec("P")


def model_output(
    function: Callable[P, Any] | None = None,
    /,
    *,
    threshold: float | Mapping[int, float] | None = None,
    label: int | None = None,
    classes: Sequence[int] | Mapping[Any, int | None] | None = None,
    when: Condition | None = None,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
    cache: bool | None = None,
) -> Any:
    """Make a rule of a function that returns a model's output for a batch of examples.

    The function takes columns (NumPy arrays, or what its parameters are annotated with) and returns, for the batch,
    either class labels of shape (n,), or probabilities of shape (n, n_classes), or, where ``label`` is given, one
    score an example of shape (n,). It is called on fixed chunks of 1,024 examples, so that its outputs do not depend
    on the batch size.

    Parameters
    ----------
    threshold : float or mapping from class to float, optional
        The probability that the most probable class must reach for a vote, in [0, 1]: one for all classes, or one a
        class (a class left out is never voted for). Most probable classes that are tied abstain.
    label : int, optional
        The class that a single score speaks of: the rule votes for it from ``threshold`` on.
    classes : sequence or mapping, optional
        What the model's outputs mean: a class for each column of probabilities, or for each label that it returns
        (None for an abstain).
    when, name, examples, group, precision, trusted, cache
        As in :func:`labelkit.labeling_function`.

    Returns
    -------
    LabelingFunction

    Raises
    ------
    RuleError
        If a threshold is not in [0, 1], or ``label`` stands without one.
    """
    decide = _decision(threshold, label, classes)

    def decorate(function: Callable[P, Any]) -> LabelingFunction[P]:
        enums = [type(c) for c in (label, *decide.known) if isinstance(c, IntEnum)]
        return calling(
            function,
            kind="model",
            batch=True,
            when=when,
            enum=enums[0] if enums else None,
            options=Options(name, examples, group, precision, trusted),
            decide=decide,
            cache=cache,
        )

    return decorate if function is None else decorate(function)


@dataclass(frozen=True)
class Decision:
    """How a model's outputs become votes."""

    threshold: float | None
    thresholds: tuple[tuple[int, float], ...] | None
    label: int | None
    columns: tuple[int, ...] | None
    meanings: tuple[tuple[Any, int | None], ...] | None

    @property
    def known(self) -> tuple[int, ...]:
        """The classes that the declaration names."""
        named = [c for c, _ in self.thresholds or ()] + list(self.columns or ())
        return tuple(named + [c for _, c in self.meanings or () if c is not None])

    @property
    def labels(self) -> tuple[int, ...] | None:
        """The classes that the rule can vote for, where the declaration says so."""
        if self.label is not None:
            return (int(self.label),)
        return tuple(sorted({int(c) for c in self.known} - {ABSTAIN})) or None

    def __call__(self, output: Any, n_examples: int, space: LabelSpace) -> Sequence[Any]:
        """Turn the output for a batch into a vote an example.

        Raises
        ------
        ValueError
            If the output has another number of rows than the batch, or of columns than there are classes.
        """
        if output is None:
            raise TypeError("the model returned None, not an output for each example")
        array = output if isinstance(output, list) else np.atleast_1d(np.asarray(output))
        if isinstance(array, list) and not any(isinstance(row, str) for row in array):
            array = np.asarray(array)
        if len(array) != n_examples:
            raise ValueError(f"the model returned {len(array)} outputs for {n_examples} examples")
        shape = array.shape if isinstance(array, np.ndarray) else (len(array),)
        if self.label is not None:
            if len(shape) > 1:
                raise ValueError(
                    f"the model returned an array of shape {shape}, not one score an example; "
                    f"return predict_proba(...)[:, {int(self.label)}], or leave label= out"
                )
            return self._from_scores(np.asarray(array, dtype=np.float64))
        if isinstance(array, np.ndarray) and array.ndim == 2:
            return self._from_probabilities(array, space)
        if self.threshold is not None or self.thresholds is not None:
            raise ValueError(
                f"the model returned labels, not probabilities, so threshold={self.threshold} has no meaning; "
                "return predict_proba, or leave the threshold out"
            )
        outputs = array.tolist() if isinstance(array, np.ndarray) else array
        return outputs if self.meanings is None else self._translated(outputs)

    def _from_probabilities(self, proba: Any, space: LabelSpace) -> list[Any]:
        columns = range(proba.shape[1]) if self.columns is None else self.columns
        known = None if len(space) == MAX_CLASSES else len(space)  # a single call may not know the label space
        wanted = known if self.columns is None else len(self.columns)
        if wanted not in (None, proba.shape[1]):
            raise ValueError(
                f"the model returned {proba.shape[1]} probabilities an example for {wanted} classes; "
                "classes=[Label.HAM, ...] says which they are"
            )
        absent = [c for c, _ in self.thresholds or () if c not in columns]
        if absent:
            raise ValueError(f"there is a threshold for class {absent[0]}, but the model's classes are {list(columns)}")
        best = proba.max(axis=1)
        chosen = np.asarray(columns)[proba.argmax(axis=1)]
        limits = np.full(max(*columns, len(columns)) + 1, self.threshold if self.threshold is not None else 0.0)
        if self.thresholds is not None:
            limits[:] = np.inf
            for c, limit in self.thresholds:
                limits[c] = limit
        sure = (best >= limits[chosen]) & ((proba == best[:, None]).sum(axis=1) == 1)
        votes: list[Any] = np.where(sure, chosen, ABSTAIN).tolist()
        for row in np.flatnonzero(np.isnan(proba).any(axis=1)).tolist():
            votes[row] = float("nan")  # not a vote: recorded as a fault
        return votes

    def _from_scores(self, scores: Any) -> list[Any]:
        assert self.label is not None
        votes: list[Any] = np.where(scores >= self.threshold, int(self.label), ABSTAIN).tolist()
        for row in np.flatnonzero(np.isnan(scores)).tolist():
            votes[row] = float("nan")
        return votes

    def _translated(self, outputs: list[Any]) -> list[Any]:
        meanings = dict(self.meanings or ())
        return [meanings.get(o, o) for o in outputs]  # a label that is not known is a fault, which says which


def _decision(threshold: Any, label: int | None, classes: Any) -> Decision:
    """Check what ``@model_output`` was told."""
    limits = list(threshold.values()) if isinstance(threshold, Mapping) else [threshold]
    for limit in limits:
        if limit is not None and (isinstance(limit, bool) or not 0 <= float(limit) <= 1):
            raise RuleError(f"threshold={limit!r} is not a probability", hint="give a number from 0 to 1, such as 0.9")
    if label is not None and not isinstance(threshold, int | float):
        raise RuleError("label= speaks of one score an example, which needs one threshold", hint="threshold=0.9")
    return Decision(
        threshold=None if threshold is None or isinstance(threshold, Mapping) else float(threshold),
        thresholds=tuple(threshold.items()) if isinstance(threshold, Mapping) else None,
        label=label,
        columns=tuple(classes) if classes is not None and not isinstance(classes, Mapping) else None,
        meanings=tuple(classes.items()) if isinstance(classes, Mapping) else None,
    )
