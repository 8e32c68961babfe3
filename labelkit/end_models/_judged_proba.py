"""Probabilities of gold rows by models that did not learn from their gold."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.distributions import binomial_above
from labelkit._shared.numbers import percent
from labelkit._shared.user_errors import warn
from labelkit.end_models._pipelines import class_proba, fit_pipelines, unfitted_pipeline
from labelkit.end_models.features import read_features
from labelkit.label_models import ContentLabelModel
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.metrics import log_loss
from labelkit.votes.training_set import TrainingSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS: Final = 5
"""Parts of the gold, each of which is judged by what the others chose or taught."""

MORE: Final = 0.1
"""By which the share of copies among the gold is above that among the rows that were learned from, to be warned of."""

CHANCE: Final = 1e-3
"""Probability of so many copies in gold that was drawn at random, above which none is warned of."""


def best_strength(by_strength: Sequence[NDArray[np.float64]], truth: NDArray[np.int64]) -> int:
    """Return the position of the probabilities with the least log-loss, the first without gold."""
    return 0 if len(by_strength) == 1 else int(np.argmin([log_loss(proba, truth) for proba in by_strength]))


def cross_chosen(
    by_strength: Sequence[NDArray[np.float64]], truth: NDArray[np.int64], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give each part of the gold the probabilities of the strength that the other parts choose.

    >>> sure, unsure = np.array([[0.9, 0.1]] * 10), np.array([[0.6, 0.4]] * 10)
    >>> cross_chosen([unsure, sure], np.zeros(10, dtype=int), np.arange(10) % FOLDS)[0].tolist()
    [0.9, 0.1]
    """
    proba = by_strength[0].copy()
    for number in range(FOLDS) if len(by_strength) > 1 else ():
        rest = fold != number
        if rest.any():
            proba[~rest] = by_strength[best_strength([one[rest] for one in by_strength], truth[rest])][~rest]
    return proba


def gold_folds(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the part of each example with gold; copies of a text are in one part, in whatever case and punctuation.

    >>> fold = gold_folds(["Win!", "a song", "win", "WIN  "])
    >>> bool((fold[[2, 3]] == fold[0]).all())
    True
    """
    number: dict[str, int] = {}
    group = np.array([number.setdefault(_words_of(text), len(number)) for text in texts], dtype=np.int64)
    return np.asarray((np.random.default_rng(0).permutation(len(number)) % FOLDS)[group], dtype=np.int64)


def warn_of_copies(judged: Sequence[str], taught: Sequence[str], is_right: NDArray[np.bool_]) -> None:
    """Warn where gold is of copies of texts that the model learned from, more often than these are of each other.

    Gold that was drawn at random has as many copies among the other rows as these have among themselves, and so has
    what comes later: that is no reason to warn.

    Parameters
    ----------
    judged, taught : sequence of str
        The texts with gold, and those that were learned from.
    is_right : ndarray of bool, shape (n_judged,)
        Whether the model labels the texts with gold as gold does.
    """
    n_rows = Counter(map(_words_of, taught))
    is_copy = np.array([_words_of(text) in n_rows for text in judged], dtype=bool)
    n_copies, n_new = int(is_copy.sum()), int((~is_copy).sum())
    share = sum(n for n in n_rows.values() if n > 1) / len(taught)
    if n_copies < len(judged) * (share + MORE) or binomial_above(n_copies - 1, len(judged), share) > CHANCE:
        return
    others = (
        f"and on {percent(is_right[~is_copy].mean())} of the {n_new:,} others" if n_new else "and there are no others"
    )
    warn(
        f"{n_copies:,} of the {len(judged):,} rows with gold have the words of a row that the end model learned from, "
        f"and only {percent(share)} of the rows that it learned from have those of another: it is right on "
        f"{percent(is_right[is_copy].mean())} of these copies, {others}. Hint: give gold of texts that stand once, or "
        "keep copies in one part: labelkit.split(corpus, sizes, near_duplicates='text')",
        code="LK330",
    )


def _words_of(text: str) -> str:
    """Return the words of a text in one spelling; of a text without any, what is there."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", plain)) or plain.strip()


def proba_by_content(
    taught: tuple[LabelMatrix, list[str]], judged: tuple[LabelMatrix, list[str]], class_prior: Any
) -> NDArray[np.float64]:
    """Predict the gold rows by a model of votes and texts that learned from the rows of the end model."""
    (votes, texts), (judged_votes, judged_texts) = taught, judged
    features = read_features(texts)
    model = ContentLabelModel(class_prior=class_prior).fit(votes, features.values)
    return model.predict_proba(judged_votes, features.of(judged_texts).values)


def proba_by_gold_alone(
    unfitted: Any, texts: list[str], truth: NDArray[np.int64], n_classes: int, fold: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Predict each part of the gold by a model of the other parts; None where a part cannot be learned without."""
    proba = np.zeros((len(texts), n_classes))
    for number in np.unique(fold).tolist():
        rest, held_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        taught, model = [texts[i] for i in rest.tolist()], unfitted_pipeline(unfitted, None)
        if len(np.unique(truth[rest])) < 2 or not any(text.strip() for text in taught):
            return None
        fit_pipelines([model], taught, TrainingSet(rest, np.eye(n_classes)[truth[rest]], np.ones(len(rest))))
        proba[held_out] = class_proba(model, [texts[i] for i in held_out.tolist()], n_classes)
    return proba
