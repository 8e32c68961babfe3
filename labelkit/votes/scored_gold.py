"""Gold labels and the probabilities that a model gave, brought together: what the metrics of classifiers are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import has_index, object_array
from labelkit.votes.example_names import ExampleNames, FrameIndex
from labelkit.votes.given_class import class_of_key, given_class
from labelkit.votes.gold import aligned_gold, classes_by_name
from labelkit.votes.gold_beside import warn_of_gold_beside_labels, warn_of_gold_beside_proba, way_of
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import are_other_numbers
from labelkit.votes.listed_values import column_heads
from labelkit.votes.matched_labels import check_classes
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.resampled import warn_if_resampled
from labelkit.votes.row_weights import RowWeights, drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUM_TOLERANCE: Final = 0.02
"""Probabilities of an example that are rounded to two decimals sum to 1 within this."""


@dataclass(frozen=True, eq=False)
class ScoredGold:
    """The examples whose gold is known.

    Attributes
    ----------
    gold : ndarray of int64, shape (n_rows,)
    proba : ndarray of shape (n_rows, n_classes)
    weights : ndarray of shape (n_rows,)
    class_names : tuple of str
    has_weights : bool
    """

    gold: NDArray[np.int64]
    proba: NDArray[np.float64]
    weights: NDArray[np.float64]
    class_names: tuple[str, ...]
    has_weights: bool

    @classmethod
    def of(cls, gold: Any, proba: Any, *, class_names: Sequence[Any] | None = None, weights: Any = None) -> ScoredGold:
        """Match gold with probabilities, by name where both name their rows.

        Parameters
        ----------
        gold : array-like, Series or mapping by id
            Classes; -1, None or NaN where unknown. True and False are the classes of a probability of True.
        proba : ProbabilisticLabels, DataFrame, or array-like of shape (n_rows, n_classes) or (n_rows,)
            A column for each class; or one, of the second of two classes.
        class_names : sequence, optional
            Classes in the order of the columns, ``model.classes_``; columns of a frame that bear these names are in the
            order that they have. By default those of the labels or of the frame, else the sorted classes of gold, as
            scikit-learn has them.
        weights : array-like, Series or mapping by id, optional
            1 / the chance of each row to be drawn.

        Raises
        ------
        AnalysisError, GoldError
            If they do not fit, or no gold is known.
        """
        warn_if_resampled(gold, proba, weights=weights)
        names, scores, examples = _read_scores(proba, gold, class_names)
        own_names = not isinstance(proba, ProbabilisticLabels)
        truth = aligned_gold(_as_numbers(gold, names, by_name=own_names), examples, names)
        rows = np.flatnonzero(truth >= 0)
        if not len(rows):
            raise AnalysisError("no example has a gold label", hint="gold is -1, None or NaN where it is unknown")
        weight = np.ones(len(rows)) if weights is None else RowWeights(weights, AnalysisError).at(rows, examples)
        kept = _checked(scores if len(rows) == len(scores) else scores[rows], examples.ids[rows])
        if isinstance(proba, ProbabilisticLabels):
            given = None if weights is None else RowWeights(weights, AnalysisError)
            warn_of_gold_beside_labels(proba, truth, way_of(gold, examples), weights=given)
        elif np.allclose(kept.sum(axis=1), 1, rtol=0, atol=SUM_TOLERANCE):
            alike = drawn_alike(weight)
            warn_of_gold_beside_proba(kept[alike], truth[rows][alike], names, way_of(gold, examples))
        return cls(truth[rows], kept, weight, names, weights is not None)

    def check_sums(self) -> None:
        """Refuse probabilities that do not sum to 1, of which log-loss and Brier score would be of no meaning.

        Raises
        ------
        AnalysisError
        """
        sums = self.proba.sum(axis=1)
        wrong = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
        if len(wrong):
            raise AnalysisError(
                f"the probabilities of {len(wrong):,} examples do not sum to 1, the first to {sums[wrong[0]]:.3g}",
                hint="proba / proba.sum(axis=1, keepdims=True); of scores of one class against the rest, "
                "reliability(gold == name, scores)",
            )

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    def shown_classes(self, positive: Any) -> list[int]:
        """Return the classes that figures are of: the one that is named, the second of two, or all.

        Raises
        ------
        AnalysisError
            If a class is named that there is not.
        """
        if positive is None:
            return [1] if self.n_classes == 2 else list(range(self.n_classes))
        return [given_class(positive, self.class_names, "positive", error=AnalysisError)]


def values_by_class(given: Mapping[Any, Any], class_names: Sequence[str], what: str) -> dict[int, Any]:
    """Return the values of a mapping, or a Series, by the numbers of the classes that it names.

    Raises
    ------
    AnalysisError
        If a name is no class, or two are of one class.

    Examples
    --------
    >>> values_by_class({"SPAM": 0.1, "HAM": 0.9}, ["HAM", "SPAM"], "the prior")
    {1: 0.1, 0: 0.9}
    """
    by_class: dict[int, Any] = {}
    for name, value in given.items():
        number = class_of_key(name, class_names, what, error=AnalysisError)
        if number in by_class:
            raise AnalysisError(f"{what} names the class {class_names[number]!r} twice", hint="name each class once")
        by_class[number] = value
    return by_class


def _read_scores(
    proba: Any, gold: Any, class_names: Sequence[Any] | None
) -> tuple[tuple[str, ...], NDArray[np.float64], ExampleNames]:
    if isinstance(proba, ProbabilisticLabels):
        if class_names is not None:
            check_classes(_texts(class_names), proba.class_names, what="class_names", error=AnalysisError)
        return proba.class_names, proba.proba, proba.examples
    heads = class_heads(proba)
    if heads:
        proba = proba.select([*heads]) if hasattr(proba, "column_names") else proba[[*heads]]
    index = proba.index if has_index(proba) else None
    try:
        listed = object_array(proba.values()) if isinstance(proba, Mapping) else proba
        scores = np.asarray(listed, dtype=np.float64)
    except (TypeError, ValueError):
        raise AnalysisError(
            f"proba is no array of numbers: {type(proba).__name__}", hint="give model.predict_proba(X)"
        ) from None
    if scores.ndim == 1:
        scores = np.column_stack([1 - scores, scores])
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise AnalysisError(
            f"proba has shape {scores.shape}", hint="give a column for each class, or the probability of one of two"
        )
    names = _texts(named_columns(heads, class_names) or _classes_of(gold, scores.shape[1]))
    if len(names) != scores.shape[1]:
        raise AnalysisError(
            f"proba has {scores.shape[1]} columns for {len(names)} classes: {', '.join(names[:12])}",
            hint="give class_names=model.classes_, in the order of the columns",
        )
    if isinstance(proba, Mapping):
        return names, scores, ExampleNames(object_array(proba))
    if index is None and not (has_index(gold) and len(gold) == len(scores)):
        return names, scores, ExampleNames(np.arange(len(scores)))
    frame = FrameIndex.of(gold if index is None else proba)  # an array, as of predict_proba, is in the order of gold
    return names, scores, ExampleNames(np.arange(len(scores)) if frame.ids is None else frame.ids, frame)


def _texts(class_names: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(getattr(name, "name", name)) for name in class_names)


def class_heads(proba: Any) -> dict[Any, str]:
    """Return the columns of probabilities of a frame, with their classes; those of labels are ``p_<class>``."""
    columns = column_heads(proba)
    of_labels = {name: name[2:] for name in columns if isinstance(name, str) and name.startswith("p_")}
    return of_labels or {name: str(getattr(name, "name", name)) for name in columns}


def named_columns(heads: Mapping[Any, str], class_names: Sequence[Any] | None) -> list[Any]:
    """Return the classes of columns: those that their heads name, in whatever order the same are given, else the given.

    >>> named_columns({"SPAM": "SPAM", "HAM": "HAM"}, ["HAM", "SPAM"]), named_columns({0: "0", 1: "1"}, ["HAM", "SPAM"])
    (['SPAM', 'HAM'], ['HAM', 'SPAM'])
    """
    named, given = list(heads.values()), [] if class_names is None else list(class_names)
    same = sorted(named) == sorted(str(getattr(name, "name", name)) for name in given)
    return named if same or class_names is None else given


def _classes_of(gold: Any, n_columns: int) -> list[str]:
    """Return the classes of gold as scikit-learn orders them; numbers name columns."""
    values = gold_values(gold)
    if values.dtype.kind == "b":
        return ["False", "True"]
    if values.dtype.kind in "iuf":
        return [str(number) for number in range(n_columns)]
    names = {str(getattr(value, "name", value)) for value in values.tolist() if not is_missing(value)}
    there = sorted(names - {""})
    if all(name.removeprefix("-").isdigit() for name in there):
        return [str(number) for number in range(n_columns)]
    return there


def _as_numbers(gold: Any, names: tuple[str, ...], *, by_name: bool) -> Any:
    """Take True and False for classes where these are theirs, and numbers for names where classes are named by numbers.

    Classes of scikit-learn may be -1 and 1, or 1 to 5: then a number in gold is the name of a class, not its place.
    """
    if by_name and are_other_numbers(names):
        return classes_by_name(gold, names)
    if names != ("False", "True") or gold_values(gold).dtype.kind != "b":
        return gold
    if isinstance(gold, Mapping):
        return {name: int(value) for name, value in gold.items()}
    return gold.astype(np.int64) if hasattr(gold, "astype") else np.asarray(gold).astype(np.int64)


def _checked(proba: NDArray[np.float64], ids: NDArray[Any]) -> NDArray[np.float64]:
    wrong = ~((proba >= -1e-9) & (proba <= 1 + 1e-9)).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise AnalysisError(
            f"the probabilities of {ids[row : row + 1].tolist()[0]!r} are {proba[row].tolist()[:6]} "
            f"({int(wrong.sum()):,} such rows)",
            hint="probabilities are from 0 to 1; of scores, sklearn.calibration.CalibratedClassifierCV makes them",
        )
    return proba
