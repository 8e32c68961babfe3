"""What spreading is given: examples with labels and features, options, gold; each checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from scipy import sparse

from labelkit._shared.given_kinds import kind_of
from labelkit._shared.numbers import count, plural
from labelkit.corpus import open_corpus
from labelkit.corpus.rows_at import examples_at
from labelkit.curation.few_labels._spread_task import FeatureColumns, seeded, word_dropout
from labelkit.end_models.features import CorpusFeatures, read_features
from labelkit.exceptions import ModelError
from labelkit.label_models.content.feature_rows import read_features as checked_features
from labelkit.votes.given_labels import checked_labels
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.labels_with_gold import none_without_gold
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus

Method = Literal["self_training", "propagation", "spreading", "co_training"]

FEWEST_ROWS: Final = 10
"""Labeled rows, or rows of gold, below which nothing is learned or judged."""

DROPPED: Final = 0.2
"""Chance of a word to be left out of a variant of a text."""


@dataclass(frozen=True)
class SpreadOptions:
    """What was asked for."""

    method: str
    confidence: float
    share: float
    rounds: int
    neighbors: int
    perturbations: int
    max_rows: int
    random_state: int
    judged_by: str

    def check(self) -> None:
        """Refuse numbers that are out of their range."""
        if self.method not in get_args(Method):
            names = ", ".join(map(repr, get_args(Method)))
            raise ModelError(f"there is no method {self.method!r}", hint=f"method= is one of {names}")
        for name, value in (("confidence", self.confidence), ("share", self.share)):
            if not (0 if name == "confidence" else 1e-9) <= value <= 1:
                raise ModelError(f"{name}={value!r} is not a share of 1", hint="confidence=0.7, share=0.5")
        least = {"rounds": 1, "neighbors": 1, "perturbations": 0, "max_rows": FEWEST_ROWS}
        for name, low in least.items():
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < low:
                raise ModelError(f"{name}={value!r} is not a whole number of at least {low}")


@dataclass(frozen=True, eq=False)
class LabeledExamples:
    """The examples: their labels and features, and the corpus that their texts can be read from."""

    labels: ProbabilisticLabels
    features: Any
    corpus: Corpus | None
    source: CorpusFeatures | None
    column: str
    perturbations: int
    random_state: int

    def variants(self, rows: NDArray[np.int64], columns: FeatureColumns) -> list[Any]:
        """Return the features of some examples without some of their words, several times."""
        if not self.perturbations or self.corpus is None or self.source is None:
            return []
        texts = examples_at(self.corpus, self.labels.examples, rows, [self.column]).column(self.column).to_pylist()
        rng, whole = seeded(self.random_state, 2), [str(text or "") for text in texts]
        return [columns.of(self.source.transform(word_dropout(whole, DROPPED, rng))) for _ in range(self.perturbations)]


def read_examples(
    corpus: Any, labels: ProbabilisticLabels, column: str, by: Any, options: SpreadOptions
) -> LabeledExamples:
    """Read the features of the examples in the order of the labels, and keep the corpus for variants of its texts."""
    labels = checked_labels(labels)
    is_features = isinstance(corpus, CorpusFeatures) or sparse.issparse(corpus) or getattr(corpus, "ndim", 0) == 2
    if is_features and not hasattr(corpus, "iloc") and kind_of(corpus) != "matrix":
        if options.perturbations:
            raise ModelError(
                "words are left out of texts, and there are only features", hint="give the corpus, and by= for features"
            )
        features = checked_features(corpus, labels.examples)
        return LabeledExamples(labels, features, None, None, column, 0, options.random_state)
    opened = open_corpus(corpus)
    source = read_features(opened, column, by=by)
    features = checked_features(source, labels.examples)
    return LabeledExamples(labels, features, opened, source, column, options.perturbations, options.random_state)


def checked_gold(gold: Any, labels: ProbabilisticLabels) -> NDArray[np.int64]:
    """Bring gold into the order of the labels, and refuse too little of it."""
    truth = gold_of_labels(gold, labels)
    n_gold = int((truth >= 0).sum())
    if n_gold < FEWEST_ROWS:
        raise ModelError(
            f"gold of {plural(n_gold, 'example')} cannot judge labels",
            hint="at least 10, better 100; without gold=, labels by votes judge",
            code="LK329",
        )
    return truth


def check_seeds(labels: ProbabilisticLabels) -> None:
    """Refuse labels that nothing can be learned from."""
    if len(labels) < FEWEST_ROWS:
        raise ModelError(
            f"{plural(len(labels), 'example')} with a label that is no tie are too few to learn from",
            hint="at least 10; write rules, or label some by hand",
            code="LK407",
        )
    check_teaching(labels)


def check_teaching(labels: ProbabilisticLabels) -> None:
    """Refuse labels of one class alone."""
    classes = np.unique(labels.proba.argmax(axis=1))
    if not len(classes):
        raise none_without_gold()
    if len(classes) < 2:
        raise ModelError(
            f"all {count(len(labels))} examples to learn from are labeled {labels.class_names[classes[0]]!r}",
            hint="write rules for the other classes",
            code="LK407",
        )


def check_pool(pool: NDArray[np.int64], has_gold: NDArray[np.int64]) -> None:
    """Refuse gold of all rows that labels would be spread to: what these bring cannot be judged then."""
    if np.isin(pool, has_gold).all():
        raise ModelError(
            "all examples without a label have gold, so that none is left to spread labels to while gold judges",
            hint="give gold of some of them; or take the gold for labels, model.label(matrix, gold=gold)",
        )


def sampled(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw so many rows, and keep their order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
