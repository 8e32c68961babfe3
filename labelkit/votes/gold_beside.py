"""Warn of gold that does not go with the votes or labels beside it: of other classes, or of other examples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import bears, match
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold import AlignedGold, GoldCounts, aligned_gold
from labelkit.votes.gold_coding import described, other_coding
from labelkit.votes.row_weights import drawn_alike
from labelkit.votes.unrelated_gold import (
    NAME,
    POSITION,
    UnrelatedGold,
    described_unrelated,
    unrelated_gold,
    unrelated_to_labels,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.label_matrix import LabelMatrix
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels
    from labelkit.votes.row_weights import RowWeights


def signs_against_gold(
    votes: NDArray[Any],
    gold: GoldCounts,
    class_names: Sequence[str],
    matched: Callable[[], str],
    *,
    can_map: bool,
    whose: str = "votes",
) -> tuple[str, str, str] | None:
    """Return a message, a hint and a code about gold that does not go with votes; None if there is no such sign.

    Parameters
    ----------
    votes : ndarray of int, shape (n_patterns, n_lfs)
        Below 0 where a rule does not vote.
    gold : GoldCounts
        By pattern of the votes.
    class_names : sequence of str
    matched : callable
        Says how gold was matched with the examples; only asked where it was wrong.
    can_map : bool
        Whether ``map_label`` can be given where gold is.
    whose : str
        The word for what gold is beside.
    """
    coding = other_coding(votes, gold, len(class_names))
    if coding is not None:
        return *described(coding, class_names, can_map=can_map, whose=whose), "LK341"
    unrelated = unrelated_gold(votes, gold, len(class_names))
    if unrelated is None:
        return None
    return *described_unrelated(unrelated, whose=whose, matched=matched()), _code(unrelated)


def warn_of_gold_beside_votes(
    votes: NDArray[Any],
    gold: GoldCounts,
    class_names: Sequence[str],
    matched: Callable[[], str],
    *,
    can_map: bool = False,
) -> None:
    """Warn of gold that numbers the classes otherwise than the votes do, or has nothing to do with them.

    The parameters are those of :func:`signs_against_gold`.
    """
    _warn_of(signs_against_gold(votes, gold, class_names, matched, can_map=can_map))


def warn_of_gold_beside_labels(
    labels: ProbabilisticLabels,
    truth: NDArray[np.int64],
    matched: Callable[[], str],
    *,
    weights: RowWeights | None = None,
) -> None:
    """Warn of gold that numbers the classes otherwise than labels do, or has nothing to do with them.

    Parameters
    ----------
    labels : ProbabilisticLabels
    truth : ndarray of int64, shape (n_examples,)
        -1 where unknown.
    matched : callable
        As in :func:`signs_against_gold`.
    weights : RowWeights, optional
        Of gold of a sample with different chances: it is judged by rows of it that were drawn alike, since most of such
        gold may be of examples for which labels are poor.
    """
    hard, names = labels.hard(), labels.class_names
    rows = np.flatnonzero((truth >= 0) & (hard >= 0))
    if weights is not None:
        rows = rows[drawn_alike(weights.at(rows, labels.examples))]
    if len(rows):
        warn_of_gold_beside_proba(labels[rows].proba, truth[rows], names, matched, hard=hard[rows])


def warn_of_gold_beside_proba(
    proba: NDArray[np.float64],
    truth: NDArray[np.int64],
    class_names: Sequence[str],
    matched: Callable[[], str],
    *,
    hard: NDArray[np.int64] | None = None,
) -> None:
    """Warn of gold that numbers the classes otherwise than probabilities do, or has nothing to do with them.

    Parameters
    ----------
    proba : ndarray of shape (n_gold, n_classes)
        Of examples with gold; rows sum to 1.
    truth : ndarray of int64, shape (n_gold,)
    class_names : sequence of str
    matched : callable
        As in :func:`signs_against_gold`.
    hard : ndarray of int64, shape (n_gold,), optional
        The labels; by default, the most probable classes.
    """
    label = proba.argmax(axis=1) if hard is None else hard
    counts = GoldCounts.of_examples(np.arange(len(truth)), truth, len(class_names))
    coding = other_coding(label[:, None], counts, len(class_names))
    if coding is not None:
        _warn_of((*described(coding, class_names, can_map=False, whose="labels"), "LK341"))
    elif (unrelated := unrelated_to_labels(proba, truth)) is not None:
        _warn_of((*described_unrelated(unrelated, whose="labels", matched=matched()), _code(unrelated)))


def gold_of_labels(gold: Any, labels: ProbabilisticLabels, *, weights: RowWeights | None = None) -> NDArray[np.int64]:
    """Bring gold into the order of labels, and warn if it does not go with them.

    Parameters
    ----------
    gold : array-like, Series, mapping by id or AlignedGold
        See :func:`labelkit.votes.gold.aligned_gold`, which says the errors, too.
    labels : ProbabilisticLabels
    weights : RowWeights, optional
        As in :func:`warn_of_gold_beside_labels`.

    Returns
    -------
    ndarray of int64, shape (n_examples,)
        -1 where unknown.
    """
    truth = aligned_gold(gold, labels.examples, labels.class_names)
    warn_of_gold_beside_labels(labels, truth, way_of(gold, labels.examples), weights=weights)
    return truth


def gold_of_votes(gold: Any, matrix: LabelMatrix) -> NDArray[np.int64]:
    """Bring gold into the order of votes, and warn if it does not go with them; see :func:`gold_of_labels`."""
    truth = aligned_gold(gold, matrix.examples, matrix.class_names)
    counts = GoldCounts.of_examples(matrix.pattern_index, truth, matrix.n_classes)
    warn_of_gold_beside_votes(matrix.patterns.votes, counts, matrix.class_names, way_of(gold, matrix.examples))
    return truth


def _warn_of(signs: tuple[str, str, str] | None) -> None:
    if signs is not None:
        message, hint, code = signs
        warn(f"{message}. Hint: {hint}", code=code)


def _code(unrelated: UnrelatedGold) -> str:
    return "LK344" if unrelated.is_of_others else "LK346"


@contextmanager
def gold_was_judged() -> Iterator[None]:
    """Silence these warnings while parts of gold that was given, and warned of, are used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*\[LK34[146]\]")
        yield


def way_of(gold: Any, examples: ExampleNames | NDArray[Any]) -> Callable[[], str]:
    """Return a function that says how gold in memory was matched with examples, which takes time to find out."""

    def matched() -> str:
        if isinstance(gold, AlignedGold):
            return gold.way
        names = ExampleNames.of(examples)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its order is trusted was said when it was matched
            is_named = bears(gold, names.index) or match(gold, names, what="gold", error=GoldError) is not None
        return NAME if is_named else POSITION

    return matched
