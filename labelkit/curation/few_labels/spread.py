"""Spread labels from examples that have one to those that have none, unless that harms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.computed_rows import stacked
from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, decimal, percent, plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.few_labels._given import (
    LabeledExamples,
    Method,
    SpreadOptions,
    check_pool,
    check_seeds,
    check_teaching,
    checked_gold,
    read_examples,
    sampled,
)
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
)
from labelkit.curation.few_labels._teachers import ContentTeacher, CoTeacher, NeighborTeacher
from labelkit.curation.few_labels.spread_result import BY_GOLD, BY_HIDDEN, PROVES, SpreadEvidence, SpreadLabels
from labelkit.curation.step import CurationStep
from labelkit.exceptions import ModelError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.training_set import certainty

if TYPE_CHECKING:
    from numpy.typing import NDArray


BATCH_ROWS: Final = 16_384
"""Rows beyond the sample that are labeled at a time."""


@checks_keywords
def spread_labels(
    corpus: Any,
    labels: ProbabilisticLabels,
    *,
    method: Method = "spreading",
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
        ``spreading``: labels flow along a graph of nearest neighbours, in one round, and are smoothed where neighbours
        disagree; it helped end models the most on real sets (``docs/how_to/more_labels.md``). ``propagation``: the
        same, but rows with a label are held to it. ``self_training``: logistic regression labels the rows that it is
        sure of, and learns from them in the next round. ``co_training``: as self-training, but in each round content
        also votes as a further rule beside ``votes``, so that rules which it contradicts teach less.
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
    Harm is measured on rows that taught nothing: those with gold, else a third of the labels at a time. The labels that
    these rows would get must tell more than the class prior, by log-loss; and an end model, logistic regression, that
    learns from all labels must not lose by those that were spread. Its log-loss is taken at the best scale of its
    log-probabilities, so that being surer, or less sure, counts as neither. The round with the least loss is taken; if
    none is better than no round, the labels are returned as they were, with the reason.

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
    >>> spread = spread_labels(texts, labels, method="propagation", share=1.0)
    >>> len(spread), spread.labels.hard()[40:44].tolist()
    (80, [1, 1, 0, 0])
    """
    judged_by = BY_HIDDEN if gold is None else BY_GOLD
    options = SpreadOptions(
        method, confidence, share, rounds, neighbors, perturbations, max_rows, random_state, judged_by
    )
    options.check()
    given = read_examples(corpus, labels, column, by, options)
    truth = None if gold is None else checked_gold(gold, labels)
    open_rows = np.flatnonzero(~labels.is_covered & has_content(given.features))
    if not len(open_rows):
        return _result(labels, options, _nothing_to_do(labels))
    task, columns = _task(given, options, open_rows, truth)
    judge = ContentTeacher(task)
    teacher = _teacher(options, task, labels, votes, judge)
    if truth is None:
        rows = judged_by_hidden_labels(task, teacher, judge, random_state)
    else:
        rows = judged_by_gold(task, truth[task.places], teacher, judge)
    evidence = _evidence(rows, judged_by)
    tells = len(rows.rounds_with_news) > 0
    if not tells or evidence.gain <= 0:
        return _result(labels, options, _harm(evidence, tells=tells), evidence)
    spread = _spread(given, task, columns, open_rows, evidence.chosen, teacher, judge)
    return _result(labels, options, _gain(evidence), evidence, spread)


def _nothing_to_do(labels: ProbabilisticLabels) -> str:
    n_empty = int((~labels.is_covered).sum())
    if not n_empty:
        return "Labels are unchanged: every example has one."
    return f"Labels are unchanged: {plural(n_empty, 'example')} without a label have no words that others have."


# What is given --------------------------------------------------------------------------------------------------------


def _task(
    given: LabeledExamples, options: SpreadOptions, open_rows: NDArray[np.int64], truth: NDArray[np.int64] | None
) -> tuple[SpreadTask, FeatureColumns]:
    """Choose the rows to learn from, and take their features."""
    labels, rng = given.labels, seeded(options.random_state, 0)
    covered = np.flatnonzero(labels.is_covered)
    seeds = sampled(covered[certainty(labels[covered].proba) > 0] if len(covered) else covered, options.max_rows, rng)
    pool = sampled(open_rows, options.max_rows, rng)
    check_seeds(labels[seeds])
    has_gold = np.zeros(0, np.int64) if truth is None else np.flatnonzero(truth >= 0)
    if len(has_gold):
        check_teaching(labels[np.setdiff1d(seeds, has_gold)])
        check_pool(pool, has_gold)
    places = np.concatenate([seeds, pool, np.setdiff1d(has_gold, np.concatenate([seeds, pool]))])
    features, soft = given.features[places], labels[seeds].proba
    columns = FeatureColumns(features)
    task = SpreadTask(
        features=columns.of(features),
        seeds=Taught(np.arange(len(seeds)), soft, certainty(soft)),
        pool=len(seeds) + np.arange(len(pool)),
        places=places,
        variants=given.variants(places, columns),
        share=options.share,
        confidence=options.confidence,
        rounds=options.rounds if options.method in {"self_training", "co_training"} else 1,
    )
    return task, columns


def _teacher(
    options: SpreadOptions, task: SpreadTask, labels: ProbabilisticLabels, votes: Any, judge: Teacher
) -> Teacher:
    if options.method == "self_training":
        return judge
    if options.method != "co_training":
        return NeighborTeacher(task, options.neighbors, clamped=options.method == "propagation")
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
    given: LabeledExamples,
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
    given: LabeledExamples, state: LabeledRound, rows: NDArray[np.int64], columns: FeatureColumns
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Label rows that are not in the sample by what the last round learned."""
    assert state.prediction is not None
    proba = state.prediction.of(columns.of(given.features[rows]))
    return state.accepted(proba, given.variants(rows, columns)), proba


def _evidence(rows: JudgedRows, judged_by: str) -> SpreadEvidence:
    """Sum up what was judged: of the round with the least loss whose labels tell something, else of the last."""
    losses, news = rows.losses, rows.rounds_with_news
    chosen = int(news[losses[news].argmin()]) if len(news) else len(losses) - 1
    n_labeled, *accuracy = rows.accuracy(chosen)
    n_rows, by_round = len(rows.loss), tuple(losses.tolist())
    return SpreadEvidence(judged_by, n_rows, by_round, chosen, *rows.gain(chosen), n_labeled, *accuracy)


def _harm(evidence: SpreadEvidence, *, tells: bool) -> str:
    if not evidence.n_labeled:
        return "Labels are unchanged: no row was predicted with enough confidence to be labeled."
    if not tells:
        return (
            f"Labels are unchanged: of those that would be spread, {percent(evidence.accuracy)} are right by "
            f"{evidence.judged_by}, and their probabilities tell less than the class prior."
        )
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
    labels: ProbabilisticLabels,
    options: SpreadOptions,
    reason: str,
    evidence: SpreadEvidence | None = None,
    spread: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]] | None = None,
) -> SpreadLabels:
    none = np.zeros(0, dtype=np.int64)
    positions, proba, number = (none, np.zeros((0, labels.n_classes)), none) if spread is None else spread
    after = _with_labels(labels, positions, proba) if len(positions) else labels
    parameters = {name: value for name, value in vars(options).items() if name != "random_state"}
    proves = () if evidence is None else (PROVES[evidence.judged_by],)
    step = CurationStep(
        operation="spread_labels",
        parameters=parameters,
        seed=options.random_state,
        before=_counts(labels),
        after=_counts(after),
        notes=(reason, *proves),
    )
    return SpreadLabels(after, options.method, positions, number, reason, evidence, step)


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
    counts = ((str(name), int((hard == one).sum())) for one, name in enumerate(labels.class_names))
    return counts_beside({"rows": len(labels), "labeled": int(labels.is_covered.sum())}, "class", counts)
