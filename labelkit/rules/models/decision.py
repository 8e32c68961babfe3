"""How a model's outputs become votes: what its labels mean, and how sure it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from labelkit.exceptions import RuleError, VoteError
from labelkit.rules.models._outputs import Scored, from_dicts
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace

_DIGITS = 12
"""Differences of probabilities are rounded to so many decimals: 0.6 - 0.4 is 0.2."""


@dataclass(frozen=True)
class Decision:
    """How a model's outputs become votes.

    Parameters
    ----------
    threshold : float, optional
        What the probability of the best class must reach.
    thresholds : tuple of (class, float), optional
        The same for each class; others are never voted for.
    label : int, optional
        The class that one score speaks of.
    columns : tuple of int, optional
        The class of each column of probabilities.
    meanings : tuple of (label, class), optional
        The class of each of the model's labels.
    enum : IntEnum, optional
        The classes whose names or numbers are the model's labels.
    band : (float, float), optional
        Between these the model is not sure which of two classes it is.
    margin : float, optional
        How far the best class must be ahead of the second.
    levels : int
        How finely the rule says how sure the model was; 0 if it does not.
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
    def known(self) -> tuple[int, ...]:
        """The classes that the declaration names, in its order."""
        named = [*(self.columns or ()), *(c for _, c in self.meanings or () if c is not None), *(self.enum or ())]
        return (*named, *(c for c, _ in self.thresholds or ()))

    @property
    def labels(self) -> tuple[int, ...] | None:
        """The classes that the rule can vote for, where the declaration says so."""
        if self.label is not None:
            return (int(self.label),)
        limited = {int(c) for c, _ in self.thresholds or ()}
        return tuple(sorted(limited or {int(c) for c in self.known} - {ABSTAIN})) or None

    @property
    def sure(self) -> bool:
        """Whether it matters how sure the model is."""
        limits = (self.threshold, self.thresholds, self.band, self.margin)
        return self.levels > 0 or any(part is not None for part in limits)

    def __call__(self, output: Any, n_examples: int, space: LabelSpace) -> Sequence[Any]:
        """Turn the output for a batch into a vote an example.

        Raises
        ------
        ValueError
            If the output has another number of rows than the batch, or of columns than there are classes.
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
        if self.sure:
            raise ValueError(
                f"the model returned labels, not probabilities, so threshold={self.threshold} has no meaning; "
                "return predict_proba, or leave the threshold out"
            )
        outputs = array.tolist() if isinstance(array, np.ndarray) else array
        meanings = dict(self.meanings or ())
        return [meanings.get(o, o) for o in outputs]  # a label that is not known is a fault, which says which

    # One score an example.

    def _from_one_score(self, array: Any, shape: tuple[int, ...]) -> list[Any]:
        if len(shape) > 1:
            raise ValueError(
                f"the model returned an array of shape {shape}, not one score an example; "
                f"return predict_proba(...)[:, {int(self.label or 0)}], or leave label= out"
            )
        scores = np.asarray(array, dtype=np.float64)
        if self.band is not None:
            return self._banded(scores, scores[:, None])
        return self._told(self._for_label(scores), scores, scores[:, None])

    def _for_label(self, scores: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The one class that the score speaks of, from the threshold on."""
        assert self.label is not None
        assert self.threshold is not None
        return np.where(scores >= self.threshold, int(self.label), ABSTAIN)

    def _outside_band(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The one of two classes that the score speaks for or against; the score is that of the last one named."""
        assert self.band is not None
        low, high = self.band
        first, last = self._pair
        against, for_ = scores <= low, scores >= high
        return np.where(for_ & ~against, last, np.where(against & ~for_, first, ABSTAIN))

    @property
    def _pair(self) -> tuple[int, int]:
        first, last = dict.fromkeys(int(c) for c in self.known if c != ABSTAIN) or (0, 1)
        return first, last

    # A probability for each class.

    def _from_probabilities(self, proba: npt.NDArray[Any], space: LabelSpace) -> list[Any]:
        known = None if len(space) == MAX_CLASSES else len(space)  # a single call may not know the label space
        wanted = known if self.columns is None else len(self.columns)
        if wanted not in (None, proba.shape[1]):
            raise ValueError(
                f"the model returned {proba.shape[1]} probabilities an example for {wanted} classes; "
                "classes=[Label.HAM, ...] says which they are"
            )
        return self._decided(proba, range(proba.shape[1]) if self.columns is None else self.columns)

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
                votes[row] = VoteError(_not_named([scored.labels[number]]), hint="None for one that means nothing here")
        return votes

    def _classes(self, scored: Scored, space: LabelSpace) -> list[int | None]:
        """The class of each of the model's labels; None where nothing says which, and not all labels are known yet."""
        labels = scored.labels
        if self.columns is not None:
            if not scored.complete or len(self.columns) != len(labels):
                raise ValueError(
                    f"classes= names {len(self.columns)} classes in order, and the model's labels are {list(labels)}; "
                    f"classes={{{labels[0]!r}: ...}} says which is which"
                )
            return list(self.columns)
        if self.meanings is None and self.enum is None:
            return [_own_number(label, labels, space) for label in labels]
        meanings = dict(self.meanings or ()) if self.enum is None else _by_name(self.enum)
        unknown = [label for label in labels if label not in meanings]
        if unknown and scored.complete:
            raise ValueError(f"{_not_named(unknown)}: None for one that means nothing here")
        idle = [label for label in meanings if label not in labels]
        if idle and scored.complete and self.enum is None:
            raise ValueError(
                f"classes= names {idle[0]!r}, which the model does not know; its labels are {list(labels)}"
            )
        return [None if label in unknown else _or_abstain(meanings[label]) for label in labels]

    def _decided(self, proba: npt.NDArray[Any], columns: Sequence[int]) -> list[Any]:
        """Votes for the best class, where the model is sure enough; columns of one class count together."""
        proba, classes = _by_class(proba, columns)
        if self.label is not None:
            at = np.flatnonzero(classes == int(self.label))
            if not len(at):
                raise ValueError(f"label={int(self.label)} is none of the model's classes {classes.tolist()}")
            return self._told(self._for_label(proba[:, at[0]]), proba[:, at[0]], proba)
        if self.band is not None:
            return self._outside_band_of(proba, classes)
        best = proba.max(axis=1)
        chosen = classes[proba.argmax(axis=1)]
        sure = (best >= self._limits(classes)[proba.argmax(axis=1)]) & ((proba == best[:, None]).sum(axis=1) == 1)
        if self.margin is not None and proba.shape[1] > 1:
            second = np.partition(proba, -2, axis=1)[:, -2]
            sure &= np.round(best - second, _DIGITS) >= self.margin
        return self._told(np.where(sure, chosen, ABSTAIN), best, proba)

    def _limits(self, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """What the probability of each class must reach."""
        if self.thresholds is None:
            return np.full(len(classes), -np.inf if self.threshold is None else self.threshold)
        absent = [c for c, _ in self.thresholds if c not in classes]
        if absent:
            known = classes.tolist()
            raise ValueError(f"there is a threshold for class {int(absent[0])}, but the model's classes are {known}")
        limits = {int(c): limit for c, limit in self.thresholds}
        return np.array([limits.get(c, np.inf) for c in classes.tolist()])

    def _outside_band_of(self, proba: npt.NDArray[Any], classes: npt.NDArray[np.int64]) -> list[Any]:
        at = np.flatnonzero(classes == self._pair[1])
        if len(classes) != 2 or not len(at):
            raise ValueError(f"abstain= is for two classes, and the model's are {classes.tolist()}")
        return self._banded(proba[:, at[0]], proba)

    def _banded(self, scores: npt.NDArray[np.float64], all_scores: npt.NDArray[Any]) -> list[Any]:
        votes = self._outside_band(scores)
        return self._told(votes, np.where(votes == self._pair[1], scores, 1 - scores), all_scores)

    def _told(self, votes: npt.NDArray[Any], shares: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[Any]:
        """Votes, each with how sure the model was of it if the rule says so; NaN where a score is."""
        made = _checked(votes, scores)
        if not self.levels:
            return made
        return [
            (vote, share) if isinstance(vote, int) and vote != ABSTAIN else vote
            for vote, share in zip(made, shares.tolist(), strict=True)
        ]


def _as_array(output: Any) -> Any:
    array = output if isinstance(output, list) else np.atleast_1d(np.asarray(output))
    if isinstance(array, list) and not any(isinstance(row, str) for row in array):
        return np.asarray(array)
    return array


def _by_class(proba: npt.NDArray[Any], columns: Sequence[int]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Add the probabilities of columns with the same class; in the order in which classes come first."""
    classes = np.array(list(dict.fromkeys(int(c) for c in columns)), dtype=np.int64)
    if len(classes) == len(columns):
        return proba, classes
    own = np.array([int(c) for c in columns])
    return np.column_stack([proba[:, own == c].sum(axis=1) for c in classes]), classes


def _checked(votes: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[Any]:
    """Votes, but NaN where a score is: that is no vote, and is recorded as a fault."""
    made: list[Any] = votes.tolist()
    for row in np.flatnonzero(np.isnan(scores).any(axis=1)).tolist():
        made[row] = float("nan")
    return made


def _own_number(label: Any, labels: Sequence[Any], space: LabelSpace) -> int:
    """The class that a model's label is by itself."""
    if isinstance(label, int) and not isinstance(label, bool) and ABSTAIN <= label < len(space):
        return label
    raise ValueError(
        f"the model's labels are {list(labels)}, and the rule does not say which classes they are; "
        f"classes={{{label!r}: Label.SPAM, ...}} says it"
    )


def _by_name(enum: type[IntEnum]) -> dict[Any, int | None]:
    members = enum.__members__
    names = {spelt: member for name, member in members.items() for spelt in (name, name.lower(), name.capitalize())}
    return {**names, **{int(member): member for member in members.values()}}


def _or_abstain(value: int | None) -> int:
    return ABSTAIN if value is None else int(value)


def _not_named(labels: Sequence[Any]) -> str:
    return f"the model knows the label {labels[0]!r}, and classes= does not say what it means"


def decision(
    threshold: float | Mapping[int, float] | None = None,
    label: int | None = None,
    classes: Any = None,
    abstain: tuple[float, float] | None = None,
    margin: float | None = None,
    levels: int = 0,
) -> Decision:
    """Check what ``@model_output`` was told.

    Raises
    ------
    RuleError
        If a threshold is not in [0, 1], or two parts contradict each other.
    """
    for limit in list(threshold.values()) if isinstance(threshold, Mapping) else [threshold]:
        _check_share(limit, "threshold")
    _check_share(margin, "margin")
    if label is not None and not isinstance(threshold, int | float):
        raise RuleError("label= speaks of one score an example, which needs one threshold", hint="threshold=0.9")
    is_enum = isinstance(classes, type) and issubclass(classes, IntEnum)
    listed = None if is_enum or isinstance(classes, Mapping) else classes
    made = Decision(
        threshold=None if threshold is None or isinstance(threshold, Mapping) else float(threshold),
        thresholds=tuple(threshold.items()) if isinstance(threshold, Mapping) else None,
        label=label,
        columns=None if listed is None else tuple(ABSTAIN if c is None else c for c in listed),
        meanings=tuple(classes.items()) if isinstance(classes, Mapping) else None,
        enum=classes if is_enum else None,
        margin=None if margin is None else float(margin),
        band=None if abstain is None else _band(abstain),
        levels=levels,
    )
    return made if made.band is None else _with_band(made)


def _with_band(made: Decision) -> Decision:
    if made.threshold is not None or made.thresholds is not None or made.label is not None or made.margin is not None:
        raise RuleError("abstain= stands alone: it says itself how sure the model must be, for each of two classes")
    n_classes = len({int(c) for c in made.known} - {ABSTAIN})
    if n_classes not in (0, 2):
        raise RuleError(f"abstain= is for two classes, and classes= names {n_classes}", hint="threshold= or margin=")
    return made


def _band(given: Any) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in given)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not 0 <= low <= high <= 1:
        raise RuleError(f"abstain={given!r} is not a range of probabilities", hint="abstain=(0.4, 0.6)")
    return low, high


def _check_share(value: Any, what: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not 0 <= float(value) <= 1:
        raise RuleError(
            f"{what}={value!r} is not a probability",
            hint=f"give a number from 0 to 1, such as {0.9 if what == 'threshold' else 0.2}",
        )
