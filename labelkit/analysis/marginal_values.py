"""Measure the loss without each labeling function: of coverage, agreement, certainty, right labels.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, 0, -1], [1, -1, 0], [-1, -1, 1], [1, 1, -1]], names=["good", "echo", "noise"])
>>> marginal_values(votes, gold=[0, 1, 1, 1])[["only_vote", "coverage_lost", "relabeled", "score_lost"]]
       only_vote  coverage_lost  relabeled  score_lost
lf
good           0           0.00          1         0.0
echo           0           0.00          0         0.0
noise          1           0.25          2         0.0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import paired_difference_interval, wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis._fitted_model import check_model
from labelkit.analysis.counts import class_counts, read, share
from labelkit.analysis.pairwise import count_pairs
from labelkit.exceptions import AnalysisError
from labelkit.votes.distinct_rows import DistinctRows, distinct
from labelkit.votes.gold import GoldCounts
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.label_models import PatternLabelModel

Without: TypeAlias = Callable[[int, Any], tuple[Any, Any]]
"""From an LF and patterns to probabilities without it, shape (n_kinds, n_classes), and the kind of each pattern."""


@checks_keywords
def marginal_values(
    matrix: Any,
    *,
    gold: Any = None,
    model: PatternLabelModel | None = None,
    refit: bool = False,
    lfs: Sequence[str] | None = None,
    n_classes: int | None = None,
) -> pd.DataFrame:
    """Say what coverage, agreement, certainty and right labels would lose without each labeling function.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own.
    model : fitted label model, optional
        What makes labels of votes; majority vote if not given. It stays as it was fitted, and is asked what it would
        say if the labeling function had abstained everywhere.
    refit : bool
        Fit a copy of the model anew, without gold, to the votes without each labeling function: what a user would see
        who took the rule out. It takes one fit for each labeling function.
    lfs : list of str, optional
        The labeling functions to do without, one at a time; all if not given.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each labeling function:

        - ``only_vote``: examples that no other votes on; ``coverage_lost`` is their share, with Wilson's 95% interval
          ``coverage_low`` and ``coverage_high``;
        - ``agreement_lost``: agreement with it less that without it, where agreement is the share of pairs of votes on
          the same example that are for the same class;
        - ``entropy_gained``: by how many bits the labels (of all examples) would be less certain on average;
        - ``relabeled``: examples that would have another hard label, or none, or one at last;
        - ``score_lost`` with ``score_low`` and ``score_high`` (with gold): by how much the share of right hard labels
          would fall, among the ``gold`` examples that any labeling function votes on, with a 95% interval for the
          difference of paired proportions. Below 0, labels would be better without it. ``rescued`` and ``spoiled``
          count the gold examples whose label is right only with it, and only without it.

    Raises
    ------
    AnalysisError
        If a refit is asked for without a model, or a labeling function is not there.
    ModelError
        If the model was fitted on other labeling functions.

    References
    ----------
    Bonett, Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data. https://doi.org/10.3102/1076998611411915
    """
    if refit and model is None:
        raise AnalysisError(
            "there is no model to fit anew", hint="marginal_values(matrix, model=model, refit=True)", code="LK405"
        )
    patterns, gold_counts = read(matrix, gold, n_classes)
    chosen = _positions(patterns, lfs)
    labeled = _labeled(patterns, gold_counts, model, refit=refit)
    sums = np.array([_effect(labeled, j) for j in chosen]).reshape(len(chosen), 7)
    only, entropy, relabeled = sums[:, 0], sums[:, 1], sums[:, 2]
    n = np.full(len(chosen), float(patterns.n_examples))
    low, high = wilson_interval(only, n)
    columns = {
        "only_vote": only.astype(np.int64),
        "coverage_lost": share(only, n),
        "coverage_low": low,
        "coverage_high": high,
        "agreement_lost": _agreement_lost(patterns)[chosen],
        "entropy_gained": share(entropy, n),
        "relabeled": relabeled.astype(np.int64),
    }
    if gold_counts is not None:
        columns |= _score_columns(*sums[:, 3:].T)
    import pandas as pd  # noqa: PLC0415 - slow to import, and reports of runs without gold do without

    return pd.DataFrame(columns, index=pd.Index([patterns.names[j] for j in chosen], name="lf"))


def _positions(patterns: VotePatterns, lfs: Sequence[str] | None) -> list[int]:
    names = patterns.names
    for name in lfs or ():
        if name not in names:
            raise AnalysisError(f"no labeling function is named {name!r}", hint=names_hint(name, names), code="LK116")
    return list(range(len(names))) if lfs is None else [names.index(name) for name in lfs]


# Labels with and without a labeling function --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Labeled:
    """The labels with all labeling functions, and how to get those without one.

    Attributes
    ----------
    n_votes, entropy, hard : ndarray of shape (n_patterns,)
    gold : GoldCounts or None
        Of covered patterns alone, ascending by pattern and label; ``keys`` are the two as one number.
    without : callable
    everywhere : bool
        Whether labels may change where the labeling function did not vote.
    """

    patterns: VotePatterns
    n_votes: NDArray[np.int64]
    entropy: NDArray[np.float64]
    hard: NDArray[np.int64]
    gold: GoldCounts | None
    keys: NDArray[np.int64]
    without: Without
    everywhere: bool


def _labeled(
    patterns: VotePatterns, gold: GoldCounts | None, model: PatternLabelModel | None, *, refit: bool
) -> _Labeled:
    n_votes = np.zeros(len(patterns), dtype=np.int64)
    for column in patterns.outcomes.T:
        n_votes += column >= 0
    if model is None:
        kinds = distinct(class_counts(patterns))
        proba = _vote_shares(kinds.values)[kinds.index]
        without: Without = partial(_majority_without, patterns, kinds)
    else:
        check_model(model, "marginal_values")
        proba = model.predict_pattern_proba(patterns)
        without = partial(_refitted_without if refit else _masked_without, patterns, model)
    if gold is not None:
        kept = n_votes[gold.pattern] > 0
        gold = GoldCounts(gold.pattern[kept], gold.label[kept], gold.count[kept])
    keys = np.empty(0, dtype=np.int64) if gold is None else gold.pattern * patterns.n_classes + gold.label
    hard = np.where(n_votes > 0, _hard(proba), ABSTAIN)
    return _Labeled(patterns, n_votes, _entropy(proba), hard, gold, keys, without, refit)


def _entropy(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """In bits, of each row."""
    from scipy.special import entr  # noqa: PLC0415 - slow to import

    return np.asarray(entr(proba) @ np.ones(proba.shape[1]) / np.log(2))


def _hard(proba: NDArray[np.float64]) -> NDArray[np.int64]:
    return hard_labels(proba) if len(proba) else np.zeros(0, dtype=np.int64)


def _vote_shares(counts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Each class's share of the votes; every class alike where there are none."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, counts / np.maximum(total, 1), 1.0 / counts.shape[1]))


def _majority_without(
    patterns: VotePatterns, kinds: DistinctRows, j: int, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Majority vote sees only how many votes there are for each class, which is the same for many patterns."""
    import pandas as pd  # noqa: PLC0415 - as above

    k = patterns.n_classes
    kind, pairs = pd.factorize(kinds.index[rows] * k + patterns.outcomes[rows, j])
    counts = kinds.values[pairs // k]
    counts[np.arange(len(pairs)), pairs % k] -= 1
    return _vote_shares(counts), kind


def _masked_without(
    patterns: VotePatterns, model: Any, j: int, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the model's probabilities if the labeling function abstains."""
    outcomes = patterns.outcomes[rows]
    outcomes[:, j] = ABSTAIN
    sure = None if patterns.confidence is None else patterns.confidence[rows]
    if sure is not None:
        sure[:, j] = 0
    masked = VotePatterns(outcomes, patterns.counts[rows], patterns.lfs, patterns.class_names, confidence=sure)
    return np.asarray(model.predict_pattern_proba(masked)), np.arange(len(rows))


def _refitted_without(
    patterns: VotePatterns, model: Any, j: int, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the probabilities of a copy of the model that is fitted without the labeling function."""
    from labelkit.label_models.scikit_learn_estimator import unfitted  # noqa: PLC0415 - statistics alone need no label model

    others = replace(
        patterns,
        outcomes=np.delete(patterns.outcomes, j, axis=1),
        confidence=None if patterns.confidence is None else np.delete(patterns.confidence, j, axis=1),
        lfs=patterns.lfs[:j] + patterns.lfs[j + 1 :],
        gold=None,
    )
    return np.asarray(unfitted(model).fit(others).predict_pattern_proba(others)), rows


# Sums over examples ---------------------------------------------------------------------------------------------------


def _effect(labeled: _Labeled, j: int) -> tuple[float, ...]:
    """Without one labeling function: examples uncovered, bits gained, examples relabeled, and four counts of gold."""
    patterns = labeled.patterns
    voted = patterns.outcomes[:, j] >= 0
    rows = np.arange(len(patterns)) if labeled.everywhere else np.flatnonzero(voted)
    counts, others = patterns.counts[rows].astype(np.float64), labeled.n_votes[rows] - voted[rows]
    if not len(rows):
        return (0.0, 0.0, 0.0, *_right(labeled, rows, rows))
    proba, kind = labeled.without(j, rows)
    then = np.where(others > 0, _hard(proba)[kind], ABSTAIN)
    changed = then != labeled.hard[rows]
    return (
        float(counts[voted[rows] & (others == 0)].sum()),
        float(counts @ (_entropy(proba)[kind] - labeled.entropy[rows])),
        float(counts[changed].sum()),
        *_right(labeled, rows[changed], then[changed]),
    )


def _right(labeled: _Labeled, rows: NDArray[np.int64], then: NDArray[np.int64]) -> tuple[float, ...]:
    """Gold examples whose label is right with and without an LF, only with, only without, and neither.

    Only the patterns that get another label make a difference.
    """
    gold = labeled.gold
    if gold is None:
        return (np.nan,) * 4
    right = float(gold.count[labeled.hard[gold.pattern] == gold.label].sum())
    only_with = _gold_count(labeled, gold, rows, labeled.hard[rows])
    only_without = _gold_count(labeled, gold, rows, then)
    return right - only_with, only_with, only_without, float(gold.count.sum()) - right - only_without


def _gold_count(labeled: _Labeled, gold: GoldCounts, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Count the gold examples of some patterns that are of the class that is given for each."""
    wanted = (rows * labeled.patterns.n_classes + labels)[labels >= 0]
    if not len(labeled.keys):
        return 0.0
    place = np.minimum(np.searchsorted(labeled.keys, wanted), len(labeled.keys) - 1)
    return float(gold.count[place][labeled.keys[place] == wanted].sum())


def _agreement_lost(patterns: VotePatterns) -> NDArray[np.float64]:
    """The share of pairs of votes that agree, less that of the pairs without each labeling function."""
    pairs = count_pairs(patterns)
    both, alike = (values - np.diag(np.diagonal(values)) for values in (pairs.both, pairs.alike))
    own_both, own_alike = both.sum(axis=1), alike.sum(axis=1)
    whole = share(np.array([alike.sum()]), np.array([both.sum()]))
    return whole - share(alike.sum() - 2 * own_alike, both.sum() - 2 * own_both)


def _score_columns(
    both: NDArray[np.float64], with_: NDArray[np.float64], without: NDArray[np.float64], neither: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    n = both + with_ + without + neither
    low, high = paired_difference_interval(with_, without, n)
    counts = {
        name: np.nan_to_num(values).astype(np.int64)
        for name, values in (("gold", n), ("rescued", with_), ("spoiled", without))
    }
    return {"score_lost": share(with_ - without, n), "score_low": low, "score_high": high, **counts}
