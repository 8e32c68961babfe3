"""Estimate the class prior from a random sample with gold, which the votes of all rows may sharpen.

Votes alone do not tell how frequent a class is: of the examples that no rule votes on nothing is known, and whether a
rule for a class votes on much or on little of it is just what nobody knows. So there is no estimate without gold;
``model.class_prior_`` is what a model assumes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.distributions import binomial_at_most
from labelkit._shared.numbers import effective_size, percent, wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models.default.label_model import LabelModel
from labelkit.label_models.prior_estimate import PriorEstimate
from labelkit.votes.alignment import names_of
from labelkit.votes.audit.corrected_shares import FEWEST_ROWS, LabelMoments, corrected_shares
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold import gold_classes
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.matched_labels import check_classes
from labelkit.votes.minus_one import warn_of_minus_one
from labelkit.votes.row_weights import RowWeights
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum

    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

SURPRISING: Final = 1e-3
"""Probability below which a random sample does not have as many rows without votes as the gold has."""


@checks_keywords
def estimate_prior(
    gold: Any,
    matrix: Any = None,
    *,
    weights: Any = None,
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    confidence: float = 0.95,
    simultaneous: bool = False,
) -> PriorEstimate:
    """Estimate how frequent each class is, from gold of a random sample of the examples.

    With a matrix of the votes on all examples, the estimate is corrected by how the sample differs from the rest in
    what a label model, fitted without gold, says of it: right whatever the votes are worth, with shorter intervals
    where they are worth much.

    Parameters
    ----------
    gold : array-like, Series or dict by id
        Classes of a **random** sample of the examples; -1, None or NaN where unknown. Gold that was looked for
        (examples that rules vote on, that are hard, or of a class that is rare) gives a wrong prior, with intervals
        that do not hold it; give ``weights`` if the chances of the rows to be drawn are known.
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame, optional
        Votes on all examples, of which gold names some.
    weights : array-like, Series or dict by id, optional
        The inverse of the chance to be drawn of each row with gold, but for a factor. A row of weight 0 does not count.
    labels : IntEnum, list of class names, or int, optional
        The classes; if not given, those of a label matrix, else those that gold names.
    confidence : float in (0, 1)
    simultaneous : bool
        Widen the intervals so that all of them hold together with that confidence (Bonferroni); by default, each does
        by itself. Those of two classes are one.

    Returns
    -------
    PriorEstimate
        A mapping by class for ``class_prior=`` of any model. Of a class without gold the estimate is small, not 0: one
        row of gold is taken to have been seen beside the sample, of all classes evenly.

    Raises
    ------
    GoldError
        If there is no gold, it does not fit the examples, or a weight is negative or unknown.
    ModelError
        If ``confidence`` is out of range.

    Warns
    -----
    UserWarning
        If far fewer of the rows with gold are without votes than a random sample would have.

    Notes
    -----
    Without votes, intervals are Wilson's, of weighted rows with their effective number. With votes, the share of a
    class is the mean of y over the sample plus b (mean of f over all examples - mean of f over the sample), with y 1
    for the class, f the model's probability of it, and b in [0, 1] that makes the variance least. The variance is that
    of y - b f, with a mistake imagined that the sample did not show: that votes are right on all rows of a small sample
    does not make them right. So votes are worth at most as many rows as there are examples; where they do not shorten
    the interval of a class, it is that of gold alone. Rules that were mended until they fit the gold still look better
    on it than they are: estimate from rows that nobody mended rules by.

    References
    ----------
    Angelopoulos, Duchi, Zrnic (2023), PPI++: efficient prediction-powered inference.
    https://doi.org/10.48550/arXiv.2311.01453

    Examples
    --------
    >>> print(estimate_prior(["HAM"] * 43 + ["SPAM"] * 7))
    Class prior: an estimate from 50 gold rows (95% intervals, each interval by itself)
    class                 share  gold rows  worth rows
    HAM    85.3% (73.8 - 93.0%)         43          50
    SPAM    14.7% (7.0 - 26.2%)          7          50
    """
    if not 0 < confidence < 1:
        raise ModelError(f"confidence={confidence!r} is not between 0 and 1", hint="confidence=0.95")
    if gold is None:
        raise GoldError(
            "there is no gold, and votes alone do not tell how frequent a class is: nothing is known of the examples "
            "that no rule votes on",
            hint="label 50 examples that are drawn at random; or state a prior, LabelModel(class_prior={'SPAM': 0.1})",
            code="LK329",
        )
    votes = None if matrix is None else _voted(matrix, labels)
    class_names = _class_names(gold, labels) if votes is None else votes.class_names
    examples = _named(gold) if votes is None else votes.examples
    if votes is None:
        classes = gold_classes(gold, class_names)
        warn_of_minus_one(gold, gold_values, classes, class_names)
    else:
        classes = gold_of_labels(gold, votes)
    chosen = np.flatnonzero(classes >= 0)
    weight = np.ones(len(chosen)) if weights is None else RowWeights(weights, GoldError, zero=True).at(chosen, examples)
    chosen, weight = chosen[weight > 0], weight[weight > 0]
    if not len(chosen):
        raise GoldError(
            "no example has gold, and a positive weight",
            hint="label 50 examples that are drawn at random",
            code="LK332",
        )
    truth = np.eye(len(class_names))[classes[chosen]]
    ends = 1 - (1 - confidence) / len(class_names) if simultaneous and len(class_names) > 2 else confidence
    shares, effective = _shares_by_gold(truth, weight)
    low, high = wilson_interval(shares * effective, effective, confidence=ends)
    if votes is not None:
        _warn_of_chosen_gold(votes, chosen, weighted=weights is not None)
    helps = np.zeros(len(class_names), dtype=np.bool_)
    if votes is not None and len(chosen) >= FEWEST_ROWS:
        moved, size = corrected_shares(truth, votes[chosen].proba, weight, LabelMoments.of(votes))
        bounds = wilson_interval(moved * size, size, confidence=ends)
        helps = bounds[1] - bounds[0] < high - low
        shares, effective = np.where(helps, (moved, size), (shares, effective))
        low, high = np.where(helps, bounds, (low, high))
    one_more = (shares * effective + 1 / len(shares)) / (effective + 1)
    return PriorEstimate(
        class_names=class_names,
        shares=one_more / one_more.sum(),
        low=low,
        high=high,
        counts=np.bincount(classes[chosen], minlength=len(class_names)),
        effective_n=effective,
        confidence=confidence,
        simultaneous=simultaneous,
        by_votes=bool(helps.any()),
    )


def _shares_by_gold(
    truth: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the classes in gold, and how many rows of equal weight tell as much of each."""
    part = (weight / weight.sum())[:, None]
    share = (part * truth).sum(axis=0)
    variance = (part**2 * (truth - share) ** 2).sum(axis=0)
    return share, effective_size(share, variance, float(weight.sum() ** 2 / (weight**2).sum()))


def _voted(matrix: Any, labels: Any) -> ProbabilisticLabels:
    """Return what a label model that learned from votes alone says of all examples."""
    if isinstance(matrix, VotePatterns):
        raise GoldError(
            "vote patterns know no examples, so gold cannot be given beside them",
            hint="give the label matrix",
            code="LK328",
        )
    if labels is None:
        return LabelModel().fit(matrix).label(matrix)
    names = LabelSpace.of(labels).names
    if isinstance(matrix, LabelMatrix):
        check_classes(names, matrix.class_names, what="labels", error=ModelError)
        return LabelModel().fit(matrix).label(matrix)
    return replace(LabelModel(n_classes=len(names)).fit(matrix).label(matrix), class_names=names)


def _named(gold: Any) -> ExampleNames:
    names = names_of(gold)
    return ExampleNames(np.arange(len(gold_values(gold))) if names is None else names)


def _class_names(gold: Any, labels: Any) -> tuple[str, ...]:
    """Return the classes: those given, else the names in gold in the order of the alphabet, or numbers from 0."""
    if labels is not None:
        return LabelSpace.of(labels).names
    values = gold_values(gold)
    if values.dtype.kind in "iuf":
        return LabelSpace.of(max(2, int(np.nanmax(values, initial=0)) + 1)).names
    numbers = [value for value in values.tolist() if isinstance(value, int | float) and value == value]  # noqa: PLR0124 - NaN
    texts = {str(getattr(value, "name", value)) for value in values.tolist() if isinstance(value, str)}
    names = tuple(sorted(text for text in texts if text.strip() and text != "ABSTAIN"))
    return names or LabelSpace.of(max(2, int(max(numbers, default=0)) + 1)).names


def _warn_of_chosen_gold(votes: ProbabilisticLabels, chosen: NDArray[np.int64], *, weighted: bool) -> None:
    """Warn if rows without votes are so rare in gold that it was hardly drawn at random."""
    without, n_without = 1 - float(votes.is_covered.mean()), int((~votes.is_covered[chosen]).sum())
    if not weighted and binomial_at_most(n_without, len(chosen), without) < SURPRISING:
        warn(
            f"no rule votes on {percent(without)} of the examples, and on {n_without} of the {len(chosen)} with gold: "
            "gold was hardly drawn at random from all of them, and the class prior is of those that rules vote on. "
            "Hint: draw gold from all examples, or give weights=, 1 / the chance of each row to be drawn",
            code="LK337",
        )
