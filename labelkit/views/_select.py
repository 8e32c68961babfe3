"""Select examples by a question: masks over the columns of votes, all of which have to hold, and a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from labelkit._shared.computed_rows import pieces_of
from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import DASH
from labelkit._shared.seed_streams import seeded
from labelkit.exceptions import GoldError, MatrixError, ModelError
from labelkit.votes.given_class import given_class
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Selection:
    """The examples that answer a question.

    Parameters
    ----------
    rows : ndarray of int64
        The positions of those shown, in the order shown.
    n_found : int
        How many there are.
    clauses : tuple of str
        The question in words.
    named : tuple of str
        The labeling functions that it names.
    """

    rows: NDArray[np.int64]
    n_found: int
    clauses: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question, as :func:`labelkit.view` takes it; gold and labels are aligned with the matrix, ids are places."""

    matrix: LabelMatrix
    labeled_by: str | Sequence[str] | None
    vote: Any
    conflict: Any
    uncovered: bool
    pattern: Any
    wrong: bool
    label: Any
    uncertain: bool
    gold: NDArray[np.int64] | None
    labels: ProbabilisticLabels | None
    places: NDArray[np.int64] | None = None

    def select(self, n: int, random_state: int) -> Selection:
        """Find the examples, and choose ``n`` of them."""
        asked = list(self._asked())
        mask = np.ones(len(self.matrix), dtype=np.bool_)
        for condition, _ in asked:
            mask &= condition
        matches = np.flatnonzero(mask) if self.places is None else self.places[mask[self.places]]
        clauses = [words for _, words in asked]
        draw = seeded(random_state)
        if self.uncertain:
            clauses.append("the most uncertain first")
            doubt = self._entropy()[matches]
            rows = matches[np.lexsort([draw.random(len(matches)), -doubt])][:n]
        elif self.places is not None:
            rows = matches[:n]
        else:
            rows = matches if len(matches) <= n else np.sort(draw.choice(matches, n, replace=False))
        return Selection(rows, len(matches), tuple(clauses), tuple(dict.fromkeys(self._named())))

    def _asked(self) -> Iterator[tuple[Mask, str]]:
        """A mask for each part of the question, and the part in words."""
        if self.places is not None:
            yield np.ones(len(self.matrix), dtype=np.bool_), "with the given ids"
        voters = names_of(self.labeled_by)
        if voters or self.vote is not None:
            yield self._labeled(voters)
        if self.conflict is not None and self.conflict is not False:
            yield self._conflicting()
        if self.uncovered:
            yield ~self.matrix.covered, "without a vote"
        if self.pattern is not None:
            yield self._patterned()
        if self.wrong:
            yield self._wrong(voters)
        if self.label is not None:
            yield self._given_label()
        if self.uncertain and not self.uncovered:
            yield self._known_labels().is_covered, "with a vote"

    def _named(self) -> Iterator[str]:
        yield from names_of(self.labeled_by)
        if not isinstance(self.conflict, bool):
            yield from names_of(self.conflict)
        if isinstance(self.pattern, Mapping):
            yield from self.pattern

    def _column(self, name: str) -> NDArray[Any]:
        column: NDArray[Any] = self.matrix.votes[:, position_of(self.matrix, name)]
        return column

    def _labeled(self, voters: Sequence[str]) -> tuple[Mask, str]:
        classes = self.matrix.class_names
        label = None if self.vote is None else given_class(self.vote, classes, "vote", may_abstain=True)
        if label == ABSTAIN:
            raise MatrixError("vote=ABSTAIN is no label", hint='pattern={"rule": ABSTAIN}, or uncovered=True')
        if not voters:
            return _any(self.matrix, lambda column: column == label), f"with a vote for {self._name(label)}"
        masks = [self._column(name) != ABSTAIN if label is None else self._column(name) == label for name in voters]
        does = "labels" if len(voters) == 1 else "label"
        return np.logical_and.reduce(masks), f"that {_and(voters)} {does} {'' if label is None else self._name(label)}"

    def _conflicting(self) -> tuple[Mask, str]:
        if self.conflict is True:
            return self._differ(self.matrix.names), "on which rules conflict"
        rules = names_of(self.conflict)
        if len(rules) > 1:
            return self._differ(rules), f"on which {_and(rules)} differ"
        votes = self._column(rules[0])
        other = _any(self.matrix, lambda column: (column != ABSTAIN) & (column != votes))
        return (votes != ABSTAIN) & other, f"on which {rules[0]} conflicts with another rule"

    def _differ(self, rules: Sequence[str]) -> Mask:
        """Return a mask of the rows on which two of several rules vote for different classes."""
        highest = np.full(len(self.matrix), ABSTAIN, dtype=self.matrix.dtype)
        lowest = np.full(len(self.matrix), np.iinfo(self.matrix.dtype).max, dtype=self.matrix.dtype)
        for name in rules:
            column = self._column(name)
            np.maximum(highest, column, out=highest)
            np.minimum(lowest, column, out=lowest, where=column != ABSTAIN)
        return lowest < highest

    def _patterned(self) -> tuple[Mask, str]:
        given = self.pattern
        if not isinstance(given, Mapping):
            if isinstance(given, str) or len(given) != self.matrix.n_lfs:
                raise MatrixError(
                    f"pattern={given!r} has no vote for each of the {self.matrix.n_lfs} labeling functions",
                    hint=f"pattern={{{self.matrix.names[0]!r}: 1}} names those that matter",
                )
            given = dict(zip(self.matrix.names, given, strict=True))
        classes = self.matrix.class_names
        votes = {name: given_class(vote, classes, "pattern", may_abstain=True) for name, vote in given.items()}
        mask = np.ones(len(self.matrix), dtype=np.bool_)
        for name, vote in votes.items():
            mask &= self._column(name) == vote
        shown = [f"{name}={self._name(vote)}" for name, vote in votes.items()]
        return mask, f"with the votes {', '.join(shown)}"

    def _wrong(self, voters: Sequence[str]) -> tuple[Mask, str]:
        if self.gold is None:
            raise GoldError(
                "wrong=True needs gold labels to judge by",
                hint="gold= (--gold) names them, or give labelkit.view(..., wrong=gold)",
                code="LK329",
            )
        gold, has_gold = self.gold, self.gold >= 0
        if voters:
            columns = [self._column(name) for name in voters]
            masks = [(column != ABSTAIN) & (column != gold) for column in columns]
            where = f"where {_and(voters)} {'is' if len(voters) == 1 else 'are'} wrong"
            return has_gold & np.logical_and.reduce(masks), where
        if self.labels is not None:
            hard = self.labels.hard()
            return has_gold & (hard != ABSTAIN) & (hard != gold), "whose label is wrong"
        return has_gold & _any(self.matrix, lambda column: (column != ABSTAIN) & (column != gold)), "with a wrong vote"

    def _given_label(self) -> tuple[Mask, str]:
        label = given_class(self.label, self.matrix.class_names, "label", may_abstain=True)
        named = "without a label" if label == ABSTAIN else f"labeled {self._name(label)}"
        return self._known_labels().hard() == label, named

    def _entropy(self) -> NDArray[np.float64]:
        """Compute the entropy of each example's label."""
        labels = self._known_labels()
        doubt = np.zeros(len(labels.pattern_proba))
        for piece, proba in pieces_of(labels.pattern_proba):
            doubt[piece] = -xlogy(proba, proba).sum(axis=1)
        return np.asarray(doubt[labels.index])

    def _known_labels(self) -> ProbabilisticLabels:
        if self.labels is None:
            raise ModelError(
                "this asks for labels, and there are none", hint="labels=model, or uncertain=model", code="LK405"
            )
        return self.labels

    def _name(self, label: int | None) -> str:
        return DASH if label is None or label == ABSTAIN else self.matrix.class_names[label]


def _any(matrix: LabelMatrix, test: Callable[[NDArray[Any]], Mask]) -> Mask:
    """Return a mask of the rows in which a test holds for any column of votes."""
    mask = np.zeros(len(matrix), dtype=np.bool_)
    for column in matrix.votes.T:
        mask |= test(column)
    return mask


def names_of(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names that were given alone, in a sequence, or not at all."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def position_of(matrix: LabelMatrix, name: Any) -> int:
    """The column of a labeling function.

    Raises
    ------
    MatrixError
        If there is none of that name.
    """
    if name not in matrix.names:
        hint = names_hint(name, matrix.names)
        raise MatrixError(f"no labeling function is named {name!r}", hint=hint, code="LK116")
    return matrix.names.index(name)
