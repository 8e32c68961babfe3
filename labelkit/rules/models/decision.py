"""Convert the outputs of a model to votes, by the classes of its labels and thresholds of probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from labelkit.exceptions import RuleError, VoteError
from labelkit.rules._labels import label_and_enum
from labelkit.rules.models._given_options import check_classes, check_label, check_share, check_threshold, checked_band
from labelkit.rules.models._outputs import Scored, from_dicts
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace

_DIGITS = 12
"""Decimals to which differences of probabilities are rounded, so that 0.6 - 0.4 equals 0.2."""

_ROUNDED = 1e-6
"""How far sums of probabilities, which may be of 32 bits, may be below 0 or above 1."""

_REGRESSED = 1.0
"""How far a single score, which may be a regressor's estimate of 0 or 1, may be below 0 or above 1."""


@dataclass(frozen=True)
class Decision:
    """The options of a model rule, as a function from the model's outputs to votes.

    Parameters
    ----------
    threshold : float, optional
        Least probability of the best class for a vote.
    thresholds : tuple of (class, float), optional
        The same for each class; other classes are never voted for.
    label : int, optional
        The class whose score the model returns, or the only class to vote for.
    columns : tuple of int, optional
        The class of each column of probabilities.
    meanings : tuple of (label, class), optional
        The class of each of the model's labels.
    enum : IntEnum, optional
        The classes whose names or numbers are the model's labels.
    band : (float, float), optional
        The probabilities, of two classes, between which the rule abstains.
    margin : float, optional
        Least difference between the best class and the second best.
    levels : int
        Number of steps to which the confidence of a vote is rounded; 0 for votes without confidence.
    """

    threshold: float | None = None
    thresholds: tuple[tuple[int, float], ...] | None = None
    label: int | None = None
    columns: tuple[int, ...] | None = None
    meanings: tuple[tuple[Any, int | None], ...] | None = None
    enum: type[IntEnum] | None = None
    band: tuple[float, float] | None = None
    margin: float | None = None
    levels: int = 0

    @property
    def named_classes(self) -> tuple[int, ...]:
        """The classes that the declaration names, in its order."""
        named = [*(self.columns or ()), *(c for _, c in self.meanings or () if c is not None), *(self.enum or ())]
        return (*named, *(c for c, _ in self.thresholds or ()))

    @property
    def labels(self) -> tuple[int, ...] | None:
        """The classes that the rule can vote for, or None if the declaration names none."""
        if self.label is not None:
            return (int(self.label),)
        limited = {int(c) for c, _ in self.thresholds or ()}
        return tuple(sorted(limited or {int(c) for c in self.named_classes} - {ABSTAIN})) or None

    @property
    def needs_scores(self) -> bool:
        """True if an option depends on the model's probabilities."""
        limits = (self.threshold, self.thresholds, self.band, self.margin)
        return self.levels > 0 or any(part is not None for part in limits)

    def __call__(self, output: Any, n_examples: int, space: LabelSpace) -> Sequence[Any]:
        """Convert the output for a batch to one vote per example.

        Raises
        ------
        ValueError
            If the number of rows is not that of the batch, or the number of columns not that of the classes.
        """
        if output is None:
            raise TypeError("the model returned None, not an output for each example")
        scored = output if isinstance(output, Scored) else from_dicts(output)
        array = _as_array(output) if scored is None else scored
        if len(array) != n_examples:
            raise ValueError(f"the model returned {len(array)} outputs for {n_examples} examples")
        if isinstance(array, Scored):
            return self._from_scored(array, space)
        shape = array.shape if isinstance(array, np.ndarray) else (len(array),)
        if self.label is not None or (self.band is not None and len(shape) == 1):
            return self._from_one_score(array, shape)
        if isinstance(array, np.ndarray) and array.ndim == 2:
            return self._from_probabilities(array, space)
        return self._from_labels(array.tolist() if isinstance(array, np.ndarray) else array)

    # One label per example.

    def _from_labels(self, outputs: Sequence[Any]) -> list[Any]:
        """Vote for the class of each label; a label that ``classes=`` does not name is an error, not a class."""
        if self.needs_scores:
            if self.threshold is not None and all(isinstance(one, float) for one in outputs):
                raise ValueError(
                    "the model returned one number an example, and nothing says which class it is the probability of; "
                    "label=1 does"
                )
            raise ValueError(
                "the model returned labels, not probabilities, so threshold=, margin=, abstain= and levels= have no "
                "meaning; return predict_proba, or leave them out"
            )
        if self.columns is not None and outputs:
            raise ValueError(
                f"classes= names {len(self.columns)} columns of probabilities in order, and the model returned labels; "
                f"classes={{{outputs[0]!r}: ...}} says which label is which class"
            )
        meanings = self._meanings
        return list(outputs) if meanings is None else [_vote_of_label(label, meanings) for label in outputs]

    @property
    def _meanings(self) -> dict[Any, int | None] | None:
        """The class of each label of the model, as a mapping or an enum says; None if the labels are classes."""
        if self.enum is not None:
            return _by_name(self.enum)
        return None if self.meanings is None else dict(self.meanings)

    # One score per example.

    def _from_one_score(self, array: Any, shape: tuple[int, ...]) -> list[Any]:
        if len(shape) > 1:
            raise ValueError(
                f"the model returned an array of shape {shape}, not one score an example; "
                f"return predict_proba(...)[:, {int(self.label or 0)}], or leave label= out"
            )
        scores = np.asarray(array, dtype=np.float64)
        if self.band is not None:
            return self._banded(scores, scores[:, None])
        return self._as_votes(self._for_label(scores), scores, scores[:, None])

    def _for_label(self, scores: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Vote for ``label`` where its score reaches the threshold."""
        assert self.label is not None
        assert self.threshold is not None
        return np.where(scores >= self.threshold, int(self.label), ABSTAIN)

    def _outside_band(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Vote for one of two classes outside the band; the score is that of the last class named."""
        assert self.band is not None
        low, high = self.band
        first, last = self._pair
        against, for_ = scores <= low, scores >= high
        return np.where(for_ & ~against, last, np.where(against & ~for_, first, ABSTAIN))

    @property
    def _pair(self) -> tuple[int, int]:
        first, last = dict.fromkeys(int(c) for c in self.named_classes if c != ABSTAIN) or (0, 1)
        return first, last

    # A probability for each class.

    def _from_probabilities(self, proba: npt.NDArray[Any], space: LabelSpace) -> list[Any]:
        if self.meanings is not None:
            return self._decided(proba, self._columns_by_number(proba.shape[1]))
        n_classes = None if len(space) == MAX_CLASSES else len(space)  # None: the label space is unknown
        expected = n_classes if self.columns is None else len(self.columns)
        if expected not in (None, proba.shape[1]):
            raise ValueError(
                f"the model returned {proba.shape[1]} probabilities an example for {expected} classes; "
                "classes=[Label.HAM, ...] says which they are"
            )
        return self._decided(proba, range(proba.shape[1]) if self.columns is None else self.columns)

    def _columns_by_number(self, n_columns: int) -> list[int]:
        """Return the class of each column of an array of probabilities, whose labels are their numbers."""
        meanings = dict(self.meanings or ())
        if set(meanings) != set(range(n_columns)):
            raise ValueError(
                f"classes= names the labels {list(meanings)}, and the model returned an array of {n_columns} "
                "probabilities an example, which names none; classes=[Label.HAM, ...] is the class of each column"
            )
        return [_or_abstain(meanings[number]) for number in range(n_columns)]

    def _from_scored(self, scored: Scored, space: LabelSpace) -> list[Any]:
        if not scored.complete and (self.margin is not None or self.band is not None):
            raise ValueError(
                "the model returned the scores of some labels alone, and margin= and abstain= need all; "
                "a Hugging Face pipeline gives them with top_k=None"
            )
        classes = self._classes(scored, space)
        unknown = [number for number, c in enumerate(classes) if c is None]
        votes = self._decided(scored.scores, [ABSTAIN if c is None else c for c in classes])
        for number in unknown:
            for row in np.flatnonzero(scored.scores[:, number] > 0).tolist():
                votes[row] = _unknown_label(scored.labels[number])
        return votes

    def _classes(self, scored: Scored, space: LabelSpace) -> list[int | None]:
        """Return the class of each label of the model; None for a label without one, if not all labels are seen."""
        labels = scored.labels
        if self.columns is not None:
            if not scored.complete or len(self.columns) != len(labels):
                raise ValueError(
                    f"classes= names {len(self.columns)} classes in order, and the model's labels are {list(labels)}; "
                    f"classes={{{labels[0]!r}: ...}} says which is which"
                )
            return list(self.columns)
        meanings = self._meanings
        if meanings is None:
            return [_class_of_label(label, labels, space) for label in labels]
        unknown = [label for label in labels if label not in meanings]
        if unknown and scored.complete:
            raise ValueError(f"{_not_named(unknown)}: None for a label without a class")
        unused = [label for label in meanings if label not in labels]
        if unused and scored.complete and self.enum is None:
            raise ValueError(
                f"classes= names {unused[0]!r}, which is not a label of the model; its labels are {list(labels)}"
            )
        return [None if label in unknown else _or_abstain(meanings[label]) for label in labels]

    def _decided(self, proba: npt.NDArray[Any], columns: Sequence[int]) -> list[Any]:
        """Vote for the most probable class, subject to the thresholds; columns of the same class are added."""
        proba, classes = _by_class(proba, columns)
        if self.label is not None:
            at = np.flatnonzero(classes == int(self.label))
            if not len(at):
                raise ValueError(f"label={int(self.label)} is none of the model's classes {classes.tolist()}")
            return self._as_votes(self._for_label(proba[:, at[0]]), proba[:, at[0]], proba)
        if self.band is not None:
            return self._outside_band_of(proba, classes)
        best = proba.max(axis=1)
        best_class = classes[proba.argmax(axis=1)]
        accepted = (best >= self._limits(classes)[proba.argmax(axis=1)]) & ((proba == best[:, None]).sum(axis=1) == 1)
        if self.margin is not None and proba.shape[1] > 1:
            second = np.partition(proba, -2, axis=1)[:, -2]
            accepted &= np.round(best - second, _DIGITS) >= self.margin
        return self._as_votes(np.where(accepted, best_class, ABSTAIN), best, proba)

    def _limits(self, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the threshold of each class."""
        if self.thresholds is None:
            return np.full(len(classes), -np.inf if self.threshold is None else self.threshold)
        absent = [c for c, _ in self.thresholds if c not in classes]
        if absent:
            listed = classes.tolist()
            raise ValueError(f"there is a threshold for class {int(absent[0])}, but the model's classes are {listed}")
        limits = {int(c): limit for c, limit in self.thresholds}
        return np.array([limits.get(c, np.inf) for c in classes.tolist()])

    def _outside_band_of(self, proba: npt.NDArray[Any], classes: npt.NDArray[np.int64]) -> list[Any]:
        at = np.flatnonzero(classes == self._pair[1])
        if len(classes) != 2 or not len(at):
            raise ValueError(f"abstain= is for two classes, and the model's are {classes.tolist()}")
        return self._banded(proba[:, at[0]], proba)

    def _banded(self, scores: npt.NDArray[np.float64], all_scores: npt.NDArray[Any]) -> list[Any]:
        votes = self._outside_band(scores)
        return self._as_votes(votes, np.where(votes == self._pair[1], scores, 1 - scores), all_scores)

    def _as_votes(self, classes: npt.NDArray[Any], shares: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[Any]:
        """Convert classes to votes, each with its probability if ``levels`` is set; a fault if a score is none."""
        votes = _checked(classes, scores)
        if self.needs_scores:
            _refuse_others(votes, scores)
        if not self.levels:
            return votes
        return [
            (vote, share) if isinstance(vote, int) and vote != ABSTAIN else vote
            for vote, share in zip(votes, shares.tolist(), strict=True)
        ]


def _as_array(output: Any) -> Any:
    array = output if isinstance(output, list) else np.atleast_1d(np.asarray(output))
    if isinstance(array, list) and not any(isinstance(row, str) for row in array):
        return np.asarray(array)
    return array


def _by_class(proba: npt.NDArray[Any], columns: Sequence[int]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Add the probabilities of columns with the same class, in the order in which classes first occur."""
    classes = np.array(list(dict.fromkeys(int(c) for c in columns)), dtype=np.int64)
    if len(classes) == len(columns):
        return proba, classes
    class_of_column = np.array([int(c) for c in columns])
    return np.column_stack([proba[:, class_of_column == c].sum(axis=1) for c in classes]), classes


def _checked(votes: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[Any]:
    """Return votes as a list, with NaN in rows with a NaN score: NaN is not a vote, and is recorded as a fault."""
    checked: list[Any] = votes.tolist()
    for row in np.flatnonzero(np.isnan(scores).any(axis=1)).tolist():
        checked[row] = float("nan")
    return checked


def _refuse_others(votes: list[Any], scores: npt.NDArray[Any]) -> None:
    """Put an error in the place of votes whose scores are no probabilities, such as percent or logarithms."""
    beyond = _REGRESSED if scores.shape[1] == 1 else _ROUNDED
    others = (scores < -beyond) | (scores > 1 + beyond)
    for row in np.flatnonzero(others.any(axis=1)).tolist():
        score = float(scores[row][others[row]][0])
        votes[row] = VoteError(
            f"the model returned {score:g}, which is no probability from 0 to 1",
            hint="percent are divided by 100, logarithms and logits converted, before they are returned",
        )


def _class_of_label(label: Any, labels: Sequence[Any], space: LabelSpace) -> int:
    """Return a label of the model that is the number of a class itself."""
    if isinstance(label, int) and not isinstance(label, bool) and ABSTAIN <= label < len(space):
        return label
    raise ValueError(
        f"the model's labels are {list(labels)}, and the rule does not map them to classes; "
        f"use classes={{{label!r}: Label.SPAM, ...}}"
    )


def _by_name(enum: type[IntEnum]) -> dict[Any, int | None]:
    members = enum.__members__
    names = {spelt: member for name, member in members.items() for spelt in (name, name.lower(), name.capitalize())}
    return {**names, **{int(member): member for member in members.values()}}


def _or_abstain(value: int | None) -> int:
    return ABSTAIN if value is None else int(value)


def _vote_of_label(label: Any, meanings: Mapping[Any, int | None]) -> Any:
    """Return the class of a label; an abstain of the function stays one."""
    if label in meanings:
        return _or_abstain(meanings[label])
    return ABSTAIN if label is None or (type(label) is int and label == ABSTAIN) else _unknown_label(label)


def _unknown_label(label: Any) -> VoteError:
    return VoteError(_not_named([label]), hint="None for a label without a class", code="LK102")


def _not_named(labels: Sequence[Any]) -> str:
    return f"the model has the label {labels[0]!r}, which classes= does not name"


def decision(
    threshold: float | Mapping[int, float] | None = None,
    label: int | None = None,
    classes: Any = None,
    abstain: tuple[float, float] | None = None,
    margin: float | None = None,
    levels: int = 0,
) -> Decision:
    """Check the options of ``@model_output``.

    Raises
    ------
    RuleError
        If a threshold is not in [0, 1], or two options contradict each other.
    """
    check_threshold(threshold)
    check_share(margin, "margin")
    if label is not None:
        check_label(label, threshold)
    is_enum = isinstance(classes, type) and issubclass(classes, IntEnum)
    listed = None if is_enum or isinstance(classes, Mapping) else classes
    check_classes(classes, is_enum=is_enum)
    decision = Decision(
        threshold=None if threshold is None or isinstance(threshold, Mapping) else float(threshold),
        thresholds=tuple(threshold.items()) if isinstance(threshold, Mapping) else None,
        label=None if label is None else label_and_enum(label)[0],
        columns=None if listed is None else tuple(ABSTAIN if c is None else c for c in listed),
        meanings=tuple(classes.items()) if isinstance(classes, Mapping) else None,
        enum=classes if is_enum else None,
        margin=None if margin is None else float(margin),
        band=None if abstain is None else checked_band(abstain),
        levels=levels,
    )
    if decision.band is not None:
        _check_band(decision)
    return decision


def _check_band(decision: Decision) -> None:
    others = (decision.threshold, decision.thresholds, decision.label, decision.margin)
    if any(option is not None for option in others):
        raise RuleError(
            "abstain= cannot be combined with threshold=, label= or margin=: it sets both thresholds itself"
        )
    n_classes = len({int(c) for c in decision.named_classes} - {ABSTAIN})
    if n_classes not in (0, 2):
        raise RuleError(f"abstain= is for two classes, and classes= names {n_classes}", hint="threshold= or margin=")
