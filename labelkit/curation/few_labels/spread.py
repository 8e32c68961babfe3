"""Spread labels from examples that have one to those that have none, unless that harms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from scipy import sparse

from labelkit._shared.computed_rows import stacked
from labelkit._shared.numbers import count, decimal, plural
from labelkit.corpus import open_corpus
from labelkit.corpus.rows_at import examples_at
from labelkit.curation.few_labels._rounds import (
    JudgedRows,
    LabeledRound,
    Teacher,
    judged_by_gold,
    judged_by_hidden_labels,
    rounds_of,
)
from labelkit.curation.few_labels._spread_task import (
    FeatureColumns,
    SpreadTask,
    Taught,
    has_content,
    seeded,
    word_dropout,
)
from labelkit.curation.few_labels._teachers import ContentTeacher, CoTeacher, NeighborTeacher
from labelkit.curation.few_labels.spread_result import BY_GOLD, BY_HIDDEN, SpreadEvidence, SpreadLabels
from labelkit.curation.step import CurationStep
from labelkit.end_models.features import CorpusFeatures, read_features
from labelkit.exceptions import ModelError
from labelkit.label_models.content.feature_rows import read_features as checked_features
from labelkit.votes.gold import aligned_gold
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.training_set import certainty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus

Method = Literal["self_training", "propagation", "spreading", "co_training"]

FEWEST_ROWS: Final = 10
"""Labeled rows, or rows of gold, below which nothing is learned or judged."""

DROPPED: Final = 0.2
"""Chance of a word to be left out of a variant of a text."""

BATCH_ROWS: Final = 16_384
"""Rows beyond the sample that are labeled at a time."""


@dataclass(frozen=True, eq=False)
class _Given:
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


def spread_labels(
    corpus: Any,
    labels: ProbabilisticLabels,
    *,
    method: Method = "self_training",
    column: str = "text",
    by: Any = None,
    gold: Any = None,
    votes: Any = None,
    confidence: float = 0.7,
    share: float = 0.5,
    rounds: int = 3,
    neighbors: int = 10,
    perturbations: int = 0,
    max_rows: int = 20_000,
    random_state: int = 0,
) -> SpreadLabels:
    """Label examples without a vote by those that have one, and leave all labels as they are if that harms.

    Parameters
    ----------
    corpus : Corpus, frame, path or list; or CorpusFeatures, ndarray or sparse matrix
        That the labels are of, with a column of texts; or features of its examples. What names its rows is matched by
        name, an array is in the order of the labels.
    labels : ProbabilisticLabels
        Covered examples teach; the others may get a label. No label that there is changes.
    method : {"self_training", "propagation", "spreading", "co_training"}
        ``self_training``: logistic regression labels the rows that it is sure of, and learns from them in the next
        round.
        ``propagation``, ``spreading``: labels flow along a graph of nearest neighbours, in one round; with
        ``spreading``, they are smoothed where neighbours disagree. ``co_training``: as self-training, but in each round
        content also votes as a further rule beside ``votes``, so that rules which it contradicts teach less.
    column : str
        The column of texts.
    by : optional
        What makes features of the texts, as :func:`labelkit.read_features` takes it; hashed words if not given.
    gold : array-like, Series or dict by id, optional
        Trusted classes of some examples, drawn at random. They judge, and teach nothing.
    votes : LabelMatrix, optional
        Of the same examples; for co-training.
    confidence : float in [0, 1]
        The least probability at which a row is labeled.
    share : float in (0, 1]
        Of the rows that are predicted to be of a class, the most confident ones up to this share are labeled, of each
        class alike; in round r of R, up to r / R of it.
    rounds : int
        Most rounds of self-training and co-training.
    neighbors : int
        Nearest neighbours of each row in the graph.
    perturbations : int
        If not 0, a row is labeled only if an end model predicts the same class for so many variants of its text, in
        which each word is left out with a chance of 0.2.
    max_rows : int
        Random samples of so many covered and so many other rows are learned from; all rows are labeled.
    random_state : int

    Returns
    -------
    SpreadLabels
        With the labels, the rows that got one, and the evidence.

    Raises
    ------
    ModelError
        If fewer than 10 examples have a label, or all have the same; if features do not fit the labels, or hold NaN; if
        fewer than 10 examples have gold; if the method lacks what it needs, or a number is out of its range.
    GoldError
        If gold does not fit the examples.

    Notes
    -----
    Harm is measured by an end model: logistic regression that learns from the labels with and without those that were
    spread, and is judged by its log-loss on rows that taught nothing: those with gold, else a third of the labels at a
    time. The round with the least loss is taken; if that is the one before the first, the labels are returned as they
    were, with the reason.

    Probabilities of labels that were spread are those of what predicted them, and are not corrected.

    Examples
    --------
    >>> texts = ["win a prize now", "claim the prize now", "see you at lunch", "lunch at noon then"] * 30
    >>> labels = ProbabilisticLabels(
    ...     pattern_proba=np.array([[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]]),
    ...     pattern_covered=np.array([False, True, True]),
    ...     index=np.array(([1, 1, 2, 2] * 10) + [0] * 80),
    ...     ids=np.arange(120),
    ...     class_names=("HAM", "SPAM"),
    ... )
    >>> spread = spread_labels(texts, labels, share=1.0)
    >>> len(spread), spread.labels.hard()[40:44].tolist()
    (80, [1, 1, 0, 0])
    """
    _check_numbers(method, confidence, share, rounds, neighbors, perturbations, max_rows)
    given = _read(corpus, labels, column, by, perturbations, random_state)
    truth = None if gold is None else _checked_gold(gold, labels)
    covered = np.flatnonzero(labels.is_covered)
    open_rows = np.flatnonzero(~labels.is_covered & has_content(given.features))
    told_by = {"method": method, "confidence": confidence, "share": share, "rounds": rounds, "neighbors": neighbors}
    told_by |= {
        "perturbations": perturbations,
        "max_rows": max_rows,
        "judged_by": BY_HIDDEN if gold is None else BY_GOLD,
    }
    finish = partial(_result, labels=labels, method=method, parameters=told_by, random_state=random_state)
    if not len(open_rows):
        without = len(labels) - len(covered)
        empty = f"; {plural(without, 'example')} without a label have no text to learn of" if without else ""
        return finish(reason=f"there is nothing to label: every other example has a label{empty}")
    rng = seeded(random_state, 0)
    seeds = _sampled(covered[certainty(labels[covered].proba) > 0] if len(covered) else covered, max_rows, rng)
    _check_seeds(labels[seeds])
    pool = _sampled(open_rows, max_rows, rng)
    judged = (
        np.zeros(0, np.int64) if truth is None else np.setdiff1d(np.flatnonzero(truth >= 0), np.union1d(seeds, pool))
    )
    places = np.concatenate([seeds, pool, judged])
    columns = FeatureColumns(given.features[places])
    soft = labels[seeds].proba
    task = SpreadTask(
        features=columns.of(given.features[places]),
        seeds=Taught(np.arange(len(seeds)), soft, certainty(soft)),
        pool=len(seeds) + np.arange(len(pool)),
        places=places,
        variants=given.variants(places, columns),
        share=share,
        confidence=confidence,
        rounds=rounds if method in ("self_training", "co_training") else 1,
    )
    judge = ContentTeacher(task)
    teacher = _teacher(method, task, labels, votes, neighbors, judge)
    if truth is None:
        rows = judged_by_hidden_labels(task, teacher, judge, random_state)
    else:
        _check_teaching(task.seeds[truth[seeds] < 0].soft, labels)
        rows = judged_by_gold(task, truth[places], teacher, judge)
    evidence = _evidence(rows, BY_HIDDEN if truth is None else BY_GOLD)
    if int(rows.losses.argmin()) == 0:
        return finish(reason=_harm(evidence), evidence=evidence)
    spread = _spread(given, task, columns, open_rows, evidence.chosen, teacher, judge)
    return finish(reason=_gain(evidence), evidence=evidence, spread=spread)


# What is given --------------------------------------------------------------------------------------------------------


def _check_numbers(
    method: str, confidence: float, share: float, rounds: int, neighbors: int, perturbations: int, max_rows: int
) -> None:
    if method not in get_args(Method):
        raise ModelError(
            f"there is no method {method!r}", hint=f"method= is one of {', '.join(map(repr, get_args(Method)))}"
        )
    if not 0 <= confidence <= 1 or not 0 < share <= 1:
        wrong = f"confidence={confidence!r}" if not 0 <= confidence <= 1 else f"share={share!r}"
        raise ModelError(f"{wrong} is not a share of 1", hint="confidence=0.7, share=0.5")
    least = {"rounds": (rounds, 1), "neighbors": (neighbors, 1), "max_rows": (max_rows, FEWEST_ROWS)}
    for name, (value, low) in (least | {"perturbations": (perturbations, 0)}).items():
        if value < low:
            raise ModelError(f"{name}={value!r} is not at least {low}")


def _read(
    corpus: Any, labels: ProbabilisticLabels, column: str, by: Any, perturbations: int, random_state: int
) -> _Given:
    if not isinstance(labels, ProbabilisticLabels):
        raise ModelError(
            f"labels are ProbabilisticLabels, not {type(labels).__name__}",
            hint="model.label(matrix), or RunFolder(path).labels()",
        )
    is_features = isinstance(corpus, CorpusFeatures) or sparse.issparse(corpus) or getattr(corpus, "ndim", 0) == 2
    if is_features and not hasattr(corpus, "iloc"):
        if perturbations:
            raise ModelError(
                "words are left out of texts, and there are only features", hint="give the corpus, and by= for features"
            )
        features = checked_features(corpus, labels.examples)
        return _Given(labels, features, None, None, column, 0, random_state)
    opened = open_corpus(corpus)
    source = read_features(opened, column, by=by)
    features = checked_features(source, labels.examples)
    return _Given(labels, features, opened, source, column, perturbations, random_state)


def _checked_gold(gold: Any, labels: ProbabilisticLabels) -> NDArray[np.int64]:
    truth = aligned_gold(gold, labels.examples, labels.class_names)
    n_gold = int((truth >= 0).sum())
    if n_gold < FEWEST_ROWS:
        raise ModelError(
            f"gold of {plural(n_gold, 'example')} cannot judge labels",
            hint="at least 10, better 100; without gold=, labels by votes judge",
        )
    return truth


def _check_seeds(labels: ProbabilisticLabels) -> None:
    if len(labels) < FEWEST_ROWS:
        raise ModelError(
            f"{plural(len(labels), 'example')} with a label that is no tie are too few to learn from",
            hint="at least 10; write rules, or label some by hand",
        )
    _check_teaching(labels.proba, labels)


def _check_teaching(soft: NDArray[np.float64], labels: ProbabilisticLabels) -> None:
    classes = np.unique(soft.argmax(axis=1))
    if len(classes) < 2:
        names = [labels.class_names[one] for one in classes]
        raise ModelError(
            f"all {count(len(soft))} examples to learn from are labeled {names[0]!r}"
            if names
            else "all examples with a label have gold, so that none is left to learn from",
            hint="write rules for the other classes"
            if names
            else "give gold of some examples; what has gold judges, and does not teach",
        )


def _sampled(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _teacher(
    method: str, task: SpreadTask, labels: ProbabilisticLabels, votes: Any, neighbors: int, judge: Teacher
) -> Teacher:
    if method == "self_training":
        return judge
    if method != "co_training":
        return NeighborTeacher(task, neighbors, clamped=method == "propagation")
    if votes is None:
        raise ModelError("co-training needs the votes that the labels were made of", hint="votes=matrix")
    matrix = votes if isinstance(votes, LabelMatrix) else LabelMatrix.of(votes, classes=list(labels.class_names))
    if tuple(matrix.class_names) != tuple(labels.class_names) or len(matrix) != len(labels):
        raise ModelError(
            f"the votes are of {count(len(matrix))} examples and the classes {', '.join(matrix.class_names[:6])}, the "
            f"labels of {count(len(labels))} and {', '.join(labels.class_names[:6])}",
            hint="votes= are those that the labels were made of",
        )
    order = matrix.examples.order(labels.examples, what="the votes", error=ModelError)
    return CoTeacher(task, (matrix if order is None else matrix[order])[task.places])


# Spreading ------------------------------------------------------------------------------------------------------------


def _spread(
    given: _Given,
    task: SpreadTask,
    columns: FeatureColumns,
    open_rows: NDArray[np.int64],
    n_rounds: int,
    teacher: Teacher,
    judge: Teacher,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the examples that get a label, their probabilities, and the round since which they have it."""
    since = np.zeros(len(task.places), dtype=np.int64)
    label = np.full(len(task.places), -1)
    for state in rounds_of(task, task.seeds, teacher, judge):
        now = np.full(len(task.places), -1)
        now[state.nodes] = state.proba.argmax(axis=1)
        since[now != label] = state.number
        label, last = now, state
        if state.number == n_rounds:
            break
    rows, proba, number = [task.places[last.nodes]], [last.proba], [since[last.nodes]]
    beyond = np.setdiff1d(open_rows, task.places[task.pool], assume_unique=True)
    for start in range(0, len(beyond), BATCH_ROWS):
        some = beyond[start : start + BATCH_ROWS]
        kept, by_content = _labeled_beyond(given, last, some, columns)
        rows.append(some[kept])
        proba.append(by_content[kept])
        number.append(np.full(int(kept.sum()), last.number))
    positions = np.concatenate(rows)
    order = np.argsort(positions, kind="stable")
    return positions[order], np.concatenate(proba)[order], np.concatenate(number)[order]


def _labeled_beyond(
    given: _Given, state: LabeledRound, rows: NDArray[np.int64], columns: FeatureColumns
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Label rows that are not in the sample by what the last round learned."""
    assert state.prediction is not None
    proba = state.prediction.of(columns.of(given.features[rows]))
    return state.accepted(proba, given.variants(rows, columns)), proba


def _evidence(rows: JudgedRows, judged_by: str) -> SpreadEvidence:
    """Sum up what was judged, of the round with the least loss, or the best after none."""
    losses = rows.losses
    chosen = 1 + int(losses[1:].argmin())
    n_labeled, *accuracy = rows.accuracy(chosen)
    n_rows, by_round = len(rows.loss), tuple(losses.tolist())
    return SpreadEvidence(judged_by, n_rows, by_round, chosen, *rows.gain(chosen), n_labeled, *accuracy)


def _harm(evidence: SpreadEvidence) -> str:
    if evidence.gain == 0 and not evidence.n_labeled:
        return "Labels are unchanged: no row was predicted with enough confidence to be labeled."
    return (
        "Labels are unchanged: those that would be spread do not help an end model, whose log-loss on rows that taught "
        f"nothing goes from {decimal(evidence.losses[0])} to {decimal(evidence.losses[evidence.chosen])}."
    )


def _gain(evidence: SpreadEvidence) -> str:
    proof = "" if evidence.is_proved else ", which may be chance"
    return (
        f"Labels of {plural(evidence.chosen, 'round')} lower the log-loss of an end model by {decimal(evidence.gain)} "
        f"({decimal(evidence.low)} to {decimal(evidence.high)}){proof}."
    )


def _result(
    *,
    reason: str,
    labels: ProbabilisticLabels,
    method: str,
    parameters: dict[str, Any],
    random_state: int,
    evidence: SpreadEvidence | None = None,
    spread: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]] | None = None,
) -> SpreadLabels:
    none = np.zeros(0, dtype=np.int64)
    positions, proba, number = (none, np.zeros((0, labels.n_classes)), none) if spread is None else spread
    after = _with_labels(labels, positions, proba) if len(positions) else labels
    step = CurationStep(
        operation="spread_labels",
        parameters=parameters,
        seed=random_state,
        before=_counts(labels),
        after=_counts(after),
        notes=(reason,),
    )
    return SpreadLabels(after, method, positions, number, reason, evidence, step)


def _with_labels(
    labels: ProbabilisticLabels, positions: NDArray[np.int64], proba: NDArray[np.float64]
) -> ProbabilisticLabels:
    index = np.array(labels.index, dtype=np.int64)
    index[positions] = len(labels.pattern_proba) + np.arange(len(positions))
    return replace(
        labels,
        pattern_proba=stacked([labels.pattern_proba, proba]),
        pattern_covered=np.concatenate([labels.pattern_covered, np.ones(len(positions), dtype=bool)]),
        index=index,
    )


def _counts(labels: ProbabilisticLabels) -> dict[str, int]:
    hard = labels.hard()
    counts = {str(name): int((hard == one).sum()) for one, name in enumerate(labels.class_names)}
    return {"rows": len(labels), "labeled": int(labels.is_covered.sum()), **counts}
