"""Gold that looks wrong: the votes and the model speak against it.

Gold has errors too. Where the most probable class is another one, and more rules vote for that class than for the gold
label, somebody should look again; the strongest cases come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import class_counts, gold_of, rows_of
from labelkit.exceptions import AnalysisError
from labelkit.votes.gold import GoldCounts
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.matched_labels import matched_labels, matched_proba
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@checks_keywords
def suspicious_gold(matrix: Any, gold: Any, proba: Any, *, n_classes: int | None = None) -> pd.DataFrame:
    """List the examples whose gold label the votes and the model speak against, the strongest cases first.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    gold : array-like, Series or dict by id
        Trusted labels of some examples; -1, None or NaN where unknown.
    proba : ndarray of shape (n_examples, n_classes), ProbabilisticLabels, or fitted label model
        Best of a model that did not see this gold.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each such example: ``id``, ``row`` (its position), ``gold`` and ``label`` (class names, the second by
        the model), ``probability`` and ``gold_probability`` (of the two), ``votes`` and ``gold_votes`` (for the two),
        ``lfs`` (names of the labeling functions that vote for the label). Ordered by how far the two probabilities
        are apart, then by how far the votes are.

    Raises
    ------
    GoldError
        If gold does not fit the examples or the classes.
    AnalysisError
        If there is not a probability for each example and class.

    Examples
    --------
    >>> votes = LabelMatrix.of([[1, 1], [0, 0], [1, 0]], names=["link", "money"], classes=["HAM", "SPAM"])
    >>> proba = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]])
    >>> suspicious_gold(votes, [0, 0, 0], proba).drop(columns="row")
       id gold label  probability  gold_probability  votes  gold_votes          lfs
    0   0  HAM  SPAM          0.9               0.1      2           0  link, money
    """
    rows = rows_of(matrix, n_classes)
    truth = gold_of(rows, gold)
    with_gold = np.flatnonzero(truth >= 0)
    p, index, truth = _proba_of(proba, rows, with_gold), rows.pattern_index[with_gold], truth[with_gold]
    suspect, label, votes, gold_votes = _suspects(class_counts(rows.patterns), index, truth, p)
    suspects = np.flatnonzero(suspect)
    probability, against = p[suspects, label[suspects]], p[suspects, truth[suspects]]
    order = np.lexsort([gold_votes[suspects] - votes[suspects], against - probability])
    suspects, probability, against = suspects[order], probability[order], against[order]
    places = with_gold[suspects]
    import pandas as pd  # noqa: PLC0415 - slow to import, and reports of runs without gold do without

    return pd.DataFrame(
        {
            "id": rows.ids[places],
            "row": places,
            "gold": _named(truth[suspects], rows.class_names),
            "label": _named(label[suspects], rows.class_names),
            "probability": probability,
            "gold_probability": against,
            "votes": votes[suspects],
            "gold_votes": gold_votes[suspects],
            "lfs": _voters(rows.patterns, index[suspects], label[suspects]),
        }
    )


def suspicious_patterns(patterns: VotePatterns, gold: GoldCounts, proba: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find the pairs of a pattern and a gold label that :func:`suspicious_gold` would list; shape (n_pairs,)."""
    return _suspects(class_counts(patterns), gold.pattern, gold.label, proba[gold.pattern])[0]


def _suspects(
    counts: NDArray[np.int32], index: NDArray[np.int64], gold: NDArray[np.int64], proba: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return a mask of gold against votes and model, the model's label, the votes for it and for the gold."""
    label = hard_labels(proba) if len(proba) else np.zeros(0, dtype=np.int64)
    votes, gold_votes = counts[index, label].astype(np.int64), counts[index, gold].astype(np.int64)
    return (label >= 0) & (label != gold) & (votes > gold_votes), label, votes, gold_votes


def _proba_of(proba: Any, rows: LabelMatrix, known: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities of the examples with gold."""
    of_votes = rows.examples, rows.class_names
    if hasattr(proba, "predict_pattern_proba"):
        return np.asarray(proba.predict_pattern_proba(rows.patterns)[rows.pattern_index[known]])
    if isinstance(proba, ProbabilisticLabels):
        labels = matched_labels(proba, *of_votes, what="the probabilities", error=AnalysisError)
        return labels[known].proba
    return matched_proba(proba, *of_votes, what="the probabilities", error=AnalysisError)[known]


def _named(labels: NDArray[np.int64], class_names: tuple[str, ...]) -> NDArray[Any]:
    return np.array([*class_names], dtype=object)[labels]


def _voters(patterns: VotePatterns, index: NDArray[np.int64], label: NDArray[np.int64]) -> list[str]:
    """Names of the labeling functions that vote for a label, made once for each pattern and label."""
    pairs = list(zip(index.tolist(), label.tolist(), strict=True))
    named = {
        pair: ", ".join(patterns.names[j] for j in np.flatnonzero(patterns.outcomes[pair[0]] == pair[1]))
        for pair in set(pairs)
    }
    return [named[pair] for pair in pairs]
