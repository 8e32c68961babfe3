r"""A label model that reads features of the examples beside their votes.

Votes alone leave uncovered examples without a label, and weigh a vote alike wherever its rule fires. Here a classifier
of features learns from the soft labels q of :class:`~labelkit.label_models.LabelModel`, and scores rows that it has
not learned from (:mod:`~labelkit.label_models.content._classifier`). With lp its log-probabilities, less the logs of
their means, and s the strength that content deserves (:mod:`~labelkit.label_models.content._strength`),

.. math:: P(covered) = softmax(\log q + s\,lp), \qquad P(uncovered) = softmax(\log \pi + s\,lp).

A row belongs to the fold that the hash of its votes and features gives (of its features alone, where texts have copies
with other votes). So a prediction is a function of the row alone, whatever the order, the array or the seed.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

import numpy as np

from labelkit._shared.memory import check_room
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._gold_rows import GoldRows, gold_ids, read_gold
from labelkit.label_models._posterior import softmax
from labelkit.label_models._saving import write_model
from labelkit.label_models._seen_gold import JudgedGold, pattern_hashes
from labelkit.label_models.content._classifier import FOLDS, INVERSE_PENALTY, WITH_GOLD, ContentClassifier
from labelkit.label_models.content._content_rows import ContentRows, check_examples, read_rows, votes_alone
from labelkit.label_models.content._strength import ContentGate, fit_exponents, judge_content
from labelkit.label_models.content._words import names_of_columns, row_words, weights_table
from labelkit.label_models.content.feature_rows import Features, batches, known_columns, names_given
from labelkit.label_models.default.label_model import LabelModel
from labelkit.label_models.evaluation import Evaluation
from labelkit.label_models.explanation import ContentTerms, Explanation, against_others
from labelkit.label_models.scikit_learn_estimator import ScikitLearnEstimator
from labelkit.votes.decisions import PRIOR_OF_CONTENT
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.labels_with_gold import with_gold
from labelkit.votes.metrics import accuracy
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.votes.vote_patterns import VotePatterns

LEAST_WEIGHT: Final = 1e-3
"""Weight of a row whose classes are equally probable."""


@checks_keywords
class ContentLabelModel(ScikitLearnEstimator):
    """LabelModel that also reads the examples: it labels those without votes, and corrects those with few.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        How frequent each class is among all examples; if not given, estimated from gold, else from votes and content.
        Of all that can be given, it improves labels of examples without votes the most.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    base_ : LabelModel
        Learned from the votes alone.
    gate_ : ContentGate
        Whether content is used, where, with which strength, and why; print it.
    class_prior_ : ndarray of shape (n_classes,), of examples without votes
    prior_source_ : str
        Where that comes from, in words.
    class_names_ : tuple of str

    See Also
    --------
    LabelModel : from votes alone; its labels are returned exactly where content does not foretell the labels of rows
        that it has not learned from.

    Notes
    -----
    The gate guards against features that carry nothing, not against features that share the bias of the rules: a
    classifier of words repeats what word rules get wrong. Only gold shows that; with at least 10 covered gold rows, the
    factors of votes and content on covered rows are chosen by them.

    With fewer than 1,000 covered rows, content labels only rows without votes.

    References
    ----------
    Zhang et al. (2022), A survey on programmatic weak supervision. https://doi.org/10.48550/arXiv.2202.05433

    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters.
    https://doi.org/10.1111/ectj.12097

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> gold = rng.integers(0, 2, 600)
    >>> features = rng.normal(size=(600, 3)) + 2 * gold[:, None]
    >>> votes = np.where(rng.random((600, 4)) < 0.3, np.where(rng.random((600, 4)) < 0.8, gold[:, None], 0), -1)
    >>> model = ContentLabelModel().fit(votes, features)
    >>> bool((model.predict(votes, features) == gold)[(votes < 0).all(axis=1)].mean() > 0.9)
    True
    """

    learns_from_gold: ClassVar[bool] = True
    reads_examples: ClassVar[bool] = True
    class_prior_: NDArray[np.float64]

    def __init__(self, *, class_prior: ClassPrior | None = None, n_classes: int | None = None) -> None:
        self.class_prior = class_prior
        self.n_classes = n_classes

    # Learning ---------------------------------------------------------------------------------------------------------

    def fit(
        self,
        matrix: Any,
        features: Any = None,
        gold: Any = None,
        *,
        feature_names: Any = None,
        patterns: VotePatterns | None = None,
    ) -> Self:
        """Learn from votes and features, and from gold labels if given.

        Parameters
        ----------
        matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
            Votes of shape (n_examples, n_lfs).
        features : array-like, scipy sparse matrix, DataFrame or CorpusFeatures of shape (n_examples, n_features)
            In the order of the examples; a frame with an index of its own is matched by it, CorpusFeatures by id.
            Later, the columns of a frame are matched by their names.
        gold : array-like, Series or dict by id, optional
            Trusted labels of examples that were drawn at random; -1, None or NaN where unknown.
        feature_names : sequence of str, optional
            Of each column, for explanations, such as ``vectorizer.get_feature_names_out()``; taken from a frame
            and from CorpusFeatures.
        patterns : VotePatterns, optional
            Votes, and gold, of more examples, of which those of the matrix are a random sample: what is learned from
            votes alone is learned from all.

        Returns
        -------
        self

        Raises
        ------
        MatrixError
            If the input is not votes.
        ModelError
            If features do not fit the examples, or hold NaN; if a parameter is out of range.
        GoldError
            If gold cannot be aligned with the examples, or names an unknown class.
        """
        check_examples(matrix, features)
        base = LabelModel(class_prior=self.class_prior, n_classes=self.n_classes)
        self.base_ = base.fit(matrix, gold=gold) if patterns is None else base.fit(patterns)
        rows = read_rows(self.base_, matrix, features)
        self.n_classes_, self.classes_ = self.base_.n_classes_, self.base_.classes_
        self.class_names_, self.learned_from_gold_ = self.base_.class_names_, self.base_.learned_from_gold_
        self.n_content_features_, self.folds_by_content_ = int(rows.features.shape[1]), rows.by_content
        self._learn(rows, read_gold(gold, rows.given, np.arange(rows.table.n_patterns)), matrix, gold)
        self.fitted_columns_, names = known_columns(features), names_given(features, feature_names)
        self.feature_names_ = names_of_columns(names, self.n_content_features_, self.columns_)
        guessed = self.gate_.is_open and self.class_prior is None and not self.learned_from_gold_
        prior = SourcedPrior(self.base_.class_prior_, self.base_.prior_source_ or "")
        prior = SourcedPrior(softmax(self.log_prior_[None])[0], PRIOR_OF_CONTENT) if guessed else prior
        self.class_prior_, self.prior_source_ = prior.values, prior.source  # is fitted then
        return self

    def _learn(self, rows: ContentRows, gold: GoldRows, matrix: Any, given_gold: Any) -> None:
        """Learn the classifier from a sample, judge it, and choose strength and exponents."""
        covered = rows.sample(rows.covered)
        truth = np.full(len(rows.index), -1, dtype=np.int64)
        if gold.example is not None:
            truth[gold.example] = gold.label
        taught = np.concatenate([covered, rows.sample((truth >= 0) & ~rows.covered)])
        q = rows.by_votes(covered)
        self._fit_classifier(rows, taught, np.concatenate([q, np.zeros((len(taught) - len(q), q.shape[1]))]), truth)
        self.log_mean_ = np.zeros(q.shape[1])
        content = self._content(rows.features[covered], rows.fold[covered])
        if len(covered):
            self.log_mean_ = np.log(np.exp(content).mean(axis=0).clip(1e-12))
            content = content - self.log_mean_
        gate = judge_content(q, content, rows.twin[covered])
        self.gate_values_ = asdict(gate)
        self.log_prior_ = self._uncovered_prior(q, content)
        self.exponents_ = np.ones((FOLDS + 1, 2))
        self.seen_rank_, self.seen_votes_ = np.zeros(0, np.uint64), np.zeros((0, q.shape[1]))
        if gold.example is not None and len(gold.example):
            held_out = self.base_.held_out_proba(matrix, given_gold, rows.fold[gold.example])
            by_rank = np.argsort(rows.rank[gold.example], kind="stable")
            self.seen_rank_, self.seen_votes_ = rows.rank[gold.example][by_rank], held_out[by_rank]
            if gate.touches_covered and rows.show_by_gold(truth):
                self._choose_exponents(rows, gold.example, gold.label, held_out)

    def _fit_classifier(
        self, rows: ContentRows, taught: NDArray[np.int64], labels: NDArray[np.float64], truth: NDArray[np.int64]
    ) -> None:
        n_classes = labels.shape[1]
        entropy = -(labels * np.log(labels.clip(1e-300))).sum(axis=1) / np.log(max(n_classes, 2))
        weight = np.maximum(1 - entropy, LEAST_WEIGHT)
        with_truth = np.flatnonzero(truth[taught] >= 0)
        labels[with_truth], weight[with_truth] = np.eye(n_classes)[truth[taught][with_truth]], 1.0
        penalty = WITH_GOLD if rows.show_by_gold(truth) else INVERSE_PENALTY
        fitted = ContentClassifier.fit(rows.features[taught], labels, weight, rows.fold[taught], penalty)
        self.columns_, self.weights_, self.intercepts_ = fitted.columns, fitted.weights, fitted.intercepts

    def _uncovered_prior(self, q: NDArray[np.float64], content: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logs of the given class prior or that of gold, else of the mean label of covered rows."""
        if self.class_prior is not None or self.learned_from_gold_ or not len(q):
            return np.asarray(np.log(self.base_.class_prior_))
        both = softmax(np.log(q.clip(1e-300)) + content)
        return np.asarray(np.log(both.mean(axis=0).clip(1e-12)))

    def _choose_exponents(
        self, rows: ContentRows, example: NDArray[np.int64], label: NDArray[np.int64], held_out: NDArray[np.float64]
    ) -> None:
        """Choose the factors of votes and content by gold, and those for each fold without its gold."""
        fold, covered = rows.fold[example], rows.covered[example]
        content = self.gate_.strength * self._content(rows.features[example], fold)
        terms = np.stack([np.log(held_out.clip(1e-300)), content])
        chosen = [covered & (fold != number) for number in range(FOLDS + 1)]  # the last is of all gold
        exponents = np.array([fit_exponents(terms[:, rows], label[rows]) for rows in chosen])
        self.exponents_ = exponents
        used = dict(zip(("vote_exponent", "content_exponent"), exponents[FOLDS].tolist(), strict=True))
        self.gate_values_ |= {**used, "n_gold": int(covered.sum())}

    # Predicting -------------------------------------------------------------------------------------------------------

    def predict_proba(self, matrix: Any, features: Any = None) -> NDArray[np.float64]:
        """Return class probabilities of examples; ndarray of shape (n_examples, n_classes), rows sum to 1."""
        return self._proba(self._rows(matrix, features))

    def predict(self, matrix: Any, features: Any = None) -> NDArray[np.int64]:
        """Return the most probable class of each example; -1 for ties.

        An example without votes has a class by its content, and -1 where content is not used.
        """
        rows = self._rows(matrix, features)
        return np.where(self._labeled(rows), hard_labels(self._proba(rows)), ABSTAIN)

    def label(self, matrix: Any, features: Any = None, gold: Any = None) -> ProbabilisticLabels:
        """Return probabilistic labels of the examples.

        Where content is used, an example without votes has the probabilities of its content and counts as covered, as
        one with gold does; ``matrix.covered`` has the examples with votes. Where it is not, the labels are exactly
        those of ``base_``.

        Parameters
        ----------
        matrix, features
            As in :meth:`fit`.
        gold : array-like, Series or dict by id, optional
            Trusted labels of some of these examples: their class has probability 1.
        """
        rows = self._rows(matrix, features)
        if self.gate_.is_open:
            parts = self._proba(rows), self._labeled(rows), np.arange(len(rows.index))
        else:
            parts = rows.posterior, rows.table.covered, rows.index  # type: ignore[assignment] # by pattern
        names = rows.examples.ids, self.class_names_, rows.examples.index
        labels = ProbabilisticLabels(*parts, *names, self.prior_source_, self.learned_from_gold_)
        return labels if gold is None else with_gold(labels, gold)

    def evaluate(self, matrix: Any, features: Any = None, gold: Any = None, *, weights: Any = None) -> Evaluation:
        """Compare labels with gold on the examples that have labels; see :meth:`LabelModel.evaluate`.

        Gold that the model learned from is judged by votes, content and exponents that did not learn from it. For
        examples with and without votes apart, evaluate each: ``evaluate(matrix[rows], features[rows], gold[rows])``.
        """
        judge = partial(self.judged, matrix, features, gold)
        return JudgedGold.weighted(judge, weights).evaluation(self.class_names_)

    def score(
        self, matrix: Any, features: Any = None, gold: Any = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the accuracy on examples with a label and gold, in [0, 1]; a tie counts as wrong."""
        judged = self.judged(matrix, features, gold, sample_weight)
        proba, label, weight = (part[judged.covered] for part in (judged.proba, judged.label, judged.weight))
        return accuracy(hard_labels(np.asarray(proba)), label, weights=weight)

    def explain(self, matrix: Any, features: Any, ids: Any) -> Explanation:
        """Decompose the log-odds of some examples into the prior, a term for each vote, and one for content.

        Parameters
        ----------
        matrix, features
            As in :meth:`fit`.
        ids : sequence or scalar
            Ids of examples of the matrix.

        Returns
        -------
        Explanation
            ``content`` holds the term of content, ``words`` the features that add most to it.

        Raises
        ------
        ModelError
            If an id is not in the matrix.
        """
        rows, by_votes = self._rows(matrix, features), self.base_.explain(matrix, ids)
        if not self.gate_.is_open:
            return by_votes
        chosen = rows.examples.places(ids, error=ModelError)
        covered, some, fold = rows.covered[chosen], rows.features[chosen], rows.fold[chosen]
        exponents, content = self.exponents_[[FOLDS]], self._content(some, fold)
        votes_factor, content_factor = self._factors(covered, exponents)
        words = tuple(
            row_words(some[[i]][:, self.columns_], factor * self.weights_[fold[i]], self.feature_names_)
            for i, factor in enumerate(content_factor)
        )
        return by_votes.with_content(
            ContentTerms(against_others(content_factor[:, None] * content), words),
            log_votes=against_others(votes_factor[:, None] * self._log_votes(by_votes.proba, covered)),
            vote_factor=votes_factor,
            proba=self._combined(by_votes.proba, content, covered, exponents),
        )

    def feature_weights(self, n: int = 10) -> pd.DataFrame:
        """Return the features with the largest weights for each class, the mean over the folds.

        Returns
        -------
        DataFrame
            ``class``, ``feature``, ``log_odds`` (of a value of 1), ``folds`` (share of folds of its sign), sorted.
        """
        self._check_fitted()
        by_fold = against_others(self.gate_.strength * self.weights_)
        return weights_table(by_fold, self.feature_names_, self.class_names_, n)

    def predict_pattern_proba(self, patterns: VotePatterns) -> NoReturn:  # noqa: ARG002 - of the other models
        """Raise ModelError: patterns of votes have no features."""
        raise votes_alone()

    fit_predict_pattern_proba = predict_pattern_proba

    def save(self, path: str | Path) -> Path:
        """Write the fitted model to a folder, without pickle; :func:`load_model` reads it."""
        self._check_fitted()
        return write_model(self, path)

    @property
    def gate_(self) -> ContentGate:
        """Whether content is used, where, with which strength, and why."""
        return ContentGate(**self.gate_values_)

    # Private, on checked input ----------------------------------------------------------------------------------------

    def _rows(self, matrix: Any, features: Any) -> ContentRows:
        self._check_fitted()
        columns, by_content = getattr(self, "fitted_columns_", ()), getattr(self, "folds_by_content_", False)
        return read_rows(self.base_, matrix, features, self.n_content_features_, columns, by_content=by_content)

    def _labeled(self, rows: ContentRows) -> NDArray[np.bool_]:
        return rows.covered | self.gate_.is_open

    def _proba(self, rows: ContentRows) -> NDArray[np.float64]:
        """Return the probabilities of all examples, a batch at a time."""
        check_room(8.0 * len(rows.index) * self.n_classes_, "a probability for each example and class")
        if not self.gate_.is_open:
            return rows.by_votes(slice(None))
        proba = np.empty((len(rows.index), self.n_classes_))
        for start, some in batches(rows.features):
            piece = slice(start, start + some.shape[0])
            by_votes = rows.by_votes(piece)
            content = self._content(some, rows.fold[piece])
            proba[piece] = self._combined(by_votes, content, rows.covered[piece], self.exponents_[[FOLDS]])
        return proba

    def _content(self, features: Features, fold: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the log-probabilities of content of some rows, less the logs of their means."""
        classifier = ContentClassifier(self.columns_, self.weights_, self.intercepts_)
        return classifier.log_proba(features, fold) - self.log_mean_

    def _combined(
        self,
        by_votes: NDArray[np.float64],
        content: NDArray[np.float64],
        covered: NDArray[np.bool_],
        exponents: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Combine the posterior of votes, or the prior without votes, with content; shape (n_rows, n_classes)."""
        votes_factor, content_factor = self._factors(covered, exponents)
        scores = votes_factor[:, None] * self._log_votes(by_votes, covered) + content_factor[:, None] * content
        return np.where((content_factor > 0)[:, None], softmax(scores), by_votes)

    def _log_votes(self, by_votes: NDArray[np.float64], covered: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.where(covered[:, None], np.log(by_votes.clip(1e-300)), self.log_prior_)

    def _factors(
        self, covered: NDArray[np.bool_], exponents: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the factors of the logs of votes (or of the prior) and of content, for each row."""
        touched = covered & self.gate_.touches_covered
        votes = np.where(touched, exponents[:, 0], 1.0)
        content = np.where(touched, exponents[:, 1], np.where(covered, 0.0, 1.0))
        return votes, self.gate_.strength * content

    def judged(self, matrix: Any, features: Any, gold: Any, sample_weight: ArrayLike | None = None) -> JudgedGold:
        """Return gold with the probabilities by which the labels are judged, as :meth:`evaluate` does.

        Examples whose gold the model learned from have probabilities by parts that did not learn from it.
        """
        rows = self._rows(matrix, features)
        gold_rows = read_gold(gold, rows.given, np.arange(rows.table.n_patterns), sample_weight)
        example = gold_rows.example
        if example is None or not len(example):
            raise GoldError(
                "there is no gold to judge the labels by", hint="evaluate(matrix, features, gold=...)", code="LK329"
            )
        by_votes, is_seen = self._held_out(rows, gold_rows, example)
        fold, covered = rows.fold[example], rows.covered[example]
        content = self._content(rows.features[example], fold)
        exponents = self.exponents_[np.where(is_seen, fold, FOLDS)]
        proba = self._combined(by_votes, content, covered, exponents) if self.gate_.is_open else by_votes
        labeled = covered | self.gate_.is_open
        return JudgedGold(proba, gold_rows.label, gold_rows.weight, labeled, int(is_seen.sum()))

    def _held_out(
        self, rows: ContentRows, gold: GoldRows, example: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the probabilities of gold rows by votes, held-out ones of gold from fit, and a mask of the latter.

        Gold from fit is recognised by votes and features; where the features were computed anew, and differ in their
        last bits, by id and votes.
        """
        by_votes, ids = rows.by_votes(example), gold_ids(rows.given, gold)
        rank, is_seen = rows.rank[example], np.zeros(len(example), bool)
        place = np.minimum(np.searchsorted(self.seen_rank_, rank), max(len(self.seen_rank_) - 1, 0))
        if len(self.seen_rank_):
            is_seen = self.seen_rank_[place] == rank
            by_votes[is_seen] = self.seen_votes_[place[is_seen]]
        if not is_seen.any() and ids is not None:
            seen = self.base_._seen_gold  # noqa: SLF001 - of the same package
            by_id = seen.recognised_by_id(pattern_hashes(rows.table)[rows.index[example]], gold.label, ids)
            if by_id is not None:
                is_seen = by_id[0]
                by_votes[is_seen] = seen.mean_held_out(by_id[1][is_seen])
        return by_votes, is_seen
