"""The base class of label models that learn from patterns of votes: a scikit-learn estimator.

A subclass implements ``_learn`` (from a :class:`~labelkit.label_models._vote_table.VoteTable`) and ``_posterior`` (the
probabilities of its patterns). This class does the rest: checks, a canonical order of labeling functions, gold, hard
labels, scores, saving. ``__init__`` only stores; learned attributes end in ``_``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from labelkit._shared.computed_rows import KEPT_CELLS, Rows, picked, rows_at
from labelkit._shared.memory import check_room
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models._canonical_order import Arranged, arrange, canonical_order, matched_order
from labelkit.label_models._changed_rules import note_rules, warn_of_changed_rules
from labelkit.label_models._confidence_ranges import ConfidenceRanges, expanded, ranges_of
from labelkit.label_models._cross_fit import Predict, cross_fit
from labelkit.label_models._gold_rows import GoldRows, gold_ids, read_gold, warn_of_one_class
from labelkit.label_models._n_classes import n_classes_of
from labelkit.label_models._pattern_proba import PatternProba
from labelkit.label_models._positional_gold import named_gold
from labelkit.label_models._saving import write_model
from labelkit.label_models._seen_gold import JudgedGold, SeenGold, judge_gold
from labelkit.label_models._vote_table import GivenVotes, VoteTable, read_votes
from labelkit.label_models.evaluation import Evaluation
from labelkit.label_models.explanation import Explanation
from labelkit.label_models.scikit_learn_estimator import ScikitLearnEstimator, unfitted
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN, are_same_classes
from labelkit.votes.labels_with_gold import with_gold
from labelkit.votes.metrics import accuracy
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._class_prior import SourcedPrior
    from labelkit.label_models._cross_fit import HeldOutGold
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models.explanation import Contributions
    from labelkit.label_models.formula import ScoreFormula
    from labelkit.votes.gold import GoldCounts

LABELS_TAKE_LESS: Final = "label() computes the rows that are asked for, and stores none"


@checks_keywords
class PatternLabelModel(ScikitLearnEstimator, ABC):
    """ScikitLearnEstimator from patterns of votes to probabilities of classes.

    Attributes
    ----------
    n_classes_ : int
    classes_ : ndarray of int64, shape (n_classes,)
        ``0 .. n_classes - 1``.
    class_names_ : tuple of str
    class_prior_ : ndarray of shape (n_classes,)
        The probabilities of an example without votes.
    prior_source_ : str
        Where that comes from, in words: "a statement of the user", "the votes alone", ...
    lf_names_ : tuple of str
        The labeling functions, in the order of the input; where the model uses confidences, one for each range of
        confidence of a rule that reports it.
    uses_confidence : bool
        True if the model weighs votes by the confidence of their rules.
    learns_from_gold : bool
        True if gold given to ``fit`` changes the model.
    """

    n_classes: int | None = None
    class_prior_: NDArray[np.float64]
    prior_source_: str | None = None
    uses_confidence: ClassVar[bool] = False
    learns_from_gold: ClassVar[bool] = True

    # Implemented by each model ----------------------------------------------------------------------------------------

    @abstractmethod
    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        """Set what is learned from the votes, the class prior at the least (:meth:`_take_prior`)."""

    @abstractmethod
    def _posterior(self, table: VoteTable) -> Posterior:
        """Return the posterior of a table's patterns; the class prior replaces it where there are no votes."""

    # Public methods ---------------------------------------------------------------------------------------------------

    def fit(self, matrix: Any, y: Any = None, *, gold: Any = None) -> Self:
        """Learn from votes, and from gold labels if given.

        Parameters
        ----------
        matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
            Votes of shape (n_examples, n_lfs); -1 is an abstain.
        y : optional
            Gold again, by position, for scikit-learn; anyone else is warned to say ``gold=``.
        gold : array-like, Series or dict by id, optional
            Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own. Models that
            run expectation maximisation fix the class of these examples in every step, and :class:`LabelModel` fits a
            correction of its posterior to them; ``label(matrix, gold=gold)`` gives them their class.

        Returns
        -------
        self

        Raises
        ------
        MatrixError
            If the input is not votes.
        ModelError
            If there are no rows, or a parameter is out of range.
        GoldError
            If gold cannot be aligned with the examples, or names an unknown class.
        """
        self._fit(matrix, named_gold(y, gold))
        return self

    def fit_predict_pattern_proba(self, patterns: VotePatterns) -> NDArray[np.float64]:
        """Fit, and predict the same patterns; faster than :meth:`fit` and :meth:`predict_pattern_proba`."""
        arranged = self._fit(patterns, None)
        return self._all_proba(arranged.table, arranged.place)

    def _fit(self, matrix: Any, gold: Any) -> Arranged:
        """Learn, and return the votes in canonical order."""
        given, arranged, rows = self._prepared(matrix, gold)
        counts = rows.counts(self.n_classes_)
        self.learned_from_gold_ = self.learns_from_gold and len(counts) > 0
        self._learn(arranged.table, counts)
        held_out = None
        if self.learned_from_gold_:
            warn_of_one_class(arranged.table, counts)
            held_out = cross_fit(counts, partial(self._fitted_anew, arranged.table))
            self._keep(SeenGold.of(arranged.table, rows, gold_ids(given, rows), held_out))
        else:
            self._keep(SeenGold.none(self.n_classes_))
        self._describe(arranged.table, counts, held_out)
        return arranged

    def _prepared(self, matrix: Any, gold: Any) -> tuple[GivenVotes, Arranged, GoldRows]:
        """Read votes and gold to learn from, and set what is known of them before learning."""
        given = self._by_confidence(read_votes(matrix, n_classes_of(matrix, gold, self.n_classes)), fit=True)
        if not given.counts.sum():
            raise ModelError(
                f"there are 0 sample(s) (shape={given.shape}) while a minimum of 1 is required: no rows of votes",
                hint="check that the corpus has rows",
                code="LK407",
            )
        order = canonical_order(given)
        arranged = arrange(given, order)
        rows = read_gold(gold, given, arranged.place)
        self.n_classes_ = len(given.class_names)
        self.classes_ = np.arange(self.n_classes_)
        self.class_names_ = given.class_names
        self.lf_names_ = given.names
        self.n_features_in_ = len(given.names)
        self.lf_order_ = order
        self.lf_named_ = given.named
        note_rules(self, given)
        return given, arranged, rows

    def predict_pattern_proba(self, patterns: VotePatterns) -> NDArray[np.float64]:
        """Return class probabilities of patterns; ndarray of shape (n_patterns, n_classes), rows sum to 1."""
        arranged = self._arranged(self._read(patterns), by_pattern=False)
        return self._all_proba(arranged.table, arranged.place)

    def predict_proba(self, matrix: Any) -> NDArray[np.float64]:
        """Return class probabilities of examples; ndarray of shape (n_examples, n_classes), rows sum to 1."""
        table, index = self._examples(matrix)
        return self._all_proba(table, index)

    def predict(self, matrix: Any) -> NDArray[np.int64]:
        """Return the most probable class of each example; -1 for ties, and where no labeling function voted.

        A class is one that some labeling function voted for, unless the model was given gold or a class prior: a class
        without a vote is at most as probable as the most probable class with one.

        Returns
        -------
        ndarray of int64, shape (n_examples,)
        """
        table, index = self._examples(matrix)
        return np.where(table.covered, hard_labels(self._proba(table)), ABSTAIN)[index]

    def label(self, matrix: Any, gold: Any = None) -> ProbabilisticLabels:
        """Return probabilistic labels of the examples; for vote patterns, a row for each pattern.

        Votes of rules that have the names of those at fit, and do something else, bring a warning that names them.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        gold : array-like, Series or dict by id, optional
            Trusted labels of some of these examples: their class has probability 1 whatever their votes, and they
            count as covered. Without it, every example has the probabilities of its votes, also one whose gold the
            model learned from: the model cannot know if these are the same examples.

        Returns
        -------
        ProbabilisticLabels
            With a row of probabilities for each pattern of votes; where these would take more than 0.5 GB, they are
            computed on access, by the model as it is now.
        """
        given = self._read(matrix)
        table, index = self._placed(given)
        examples = ExampleNames(np.arange(len(index))) if given.examples is None else given.examples
        if gold is not None and given.examples is None:
            raise GoldError("vote patterns know no examples, so gold cannot be given beside them", code="LK328")
        of_patterns, of_examples = (self._proba(table), table.covered), (index, examples.ids)
        origin = self.prior_source_, self.learned_from_gold_
        labels = ProbabilisticLabels(*of_patterns, *of_examples, self.class_names_, examples.index, *origin)
        return labels if gold is None else with_gold(labels, gold)

    def score(self, matrix: Any, gold: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on covered examples with gold, in [0, 1]; a tie counts as wrong.

        NaN where no covered example has gold. Gold that the model learned from is judged as in :meth:`evaluate`.
        """
        pairs = self._judged_gold(matrix, gold, sample_weight)
        kept = pairs.covered
        labels = hard_labels(pairs.proba)
        return accuracy(labels[kept], pairs.label[kept], weights=pairs.weight[kept])

    def evaluate(self, matrix: Any, gold: Any = None, *, weights: Any = None) -> Evaluation:
        """Compare labels with gold on covered examples: accuracy, F1, log-loss, Brier score, calibration.

        Gold that the model learned from is judged by cross-fitting: at fit, the gold was divided into five parts, and
        the examples of each have the probabilities of a model that was not given it. The result says how many were.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        gold
            As in :meth:`fit`; required unless the votes are patterns with gold counts.
        weights : array-like, Series or dict by id, optional
            Where gold is of a sample with different chances: the inverse of those, ``sample.weights``.

        Returns
        -------
        Evaluation
        """
        judge = partial(self._judged_gold, matrix, gold)
        return JudgedGold.weighted(judge, weights).evaluation(self.class_names_)

    def held_out_proba(self, matrix: Any, gold: Any, fold: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities of the examples with gold by copies of this model that did not see their gold.

        Parameters
        ----------
        matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
            As in :meth:`fit`; all copies learn from all its votes. The model itself need not be fitted.
        gold : array-like, Series or dict by id
        fold : array-like of int, shape (n_gold,)
            Part of each example with gold, in their order; its gold is left out when the part is predicted.

        Returns
        -------
        ndarray of shape (n_gold, n_classes)
        """
        return unfitted(self)._held_out_proba(matrix, gold, np.asarray(fold))  # noqa: SLF001 - of the same class

    def explain(self, matrix: Any, ids: Any) -> Explanation:
        """Decompose the log-odds of some examples into the prior and a term for each vote.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        ids : sequence or scalar
            Ids of examples of the matrix; positions of patterns, if it is of vote patterns.

        Returns
        -------
        Explanation
            Prior and contributions add up to the log-odds of the probabilities; where they favour a class that no rule
            voted for, it says so.

        Raises
        ------
        ModelError
            If an id is not in the matrix, or the model's score is not a sum (vote counts and shares).
        """
        given = self._read(matrix)
        arranged = self._arranged(given)
        index = arranged.place if given.index is None else arranged.place[given.index]
        examples = ExampleNames(np.arange(len(index))) if given.examples is None else given.examples
        rows = examples.places(ids, error=ModelError)
        chosen = index[rows]
        table = arranged.table.some(chosen)
        contributions = self._contributions(table)
        contributions.prior[~table.covered] = np.log(self.class_prior_)
        lf_names = tuple(self.lf_names_[j] for j in self.lf_order_)
        proba = np.asarray(self._proba(table))
        return Explanation.of(table, contributions, proba=proba, ids=examples.ids[rows], lf_names=lf_names)

    def _contributions(self, table: VoteTable) -> Contributions:  # noqa: ARG002 - subclasses use it
        """Decompose the log-scores of a table's patterns into a prior and a term for each vote."""
        raise ModelError(
            f"{type(self).__name__} has no log-scores that are sums over votes",
            hint="LabelModel and the models with confusions can explain their probabilities",
            code="LK412",
        )

    def _formula(self, table: VoteTable) -> ScoreFormula:  # noqa: ARG002 - subclasses use it
        """Return the log-scores of a table as a formula."""
        raise ModelError(
            f"the scores of {type(self).__name__} have no formula of the votes of one example",
            hint="LabelModel and the models with confusions have one",
            code="LK412",
        )

    def save(self, path: str | Path) -> Path:
        """Write the fitted model to a folder, as JSON and arrays without pickle; :func:`load_model` reads it."""
        self._check_fitted()
        return write_model(self, path)

    @property
    def _overrules_votes(self) -> bool:
        """Return True if something other than votes, gold or a given class prior, may name a class without a vote."""
        return self.learned_from_gold_ or getattr(self, "class_prior", None) is not None

    def _take_prior(self, prior: SourcedPrior) -> None:
        """Set the class prior, and where it comes from."""
        self.class_prior_, self.prior_source_ = prior.values, prior.source

    # Private, on checked input ----------------------------------------------------------------------------------------

    def _read(self, matrix: Any) -> GivenVotes:
        self._check_fitted()
        has_classes = isinstance(matrix, LabelMatrix | VotePatterns)
        given = self._by_confidence(read_votes(matrix, None if has_classes else self.n_classes_), fit=False)
        if len(given.class_names) != self.n_classes_ or (
            has_classes and not are_same_classes(given.class_names, self.class_names_)
        ):
            raise ModelError(
                f"the model was fitted on the classes {self.class_names_}, and these are {given.class_names}",
                code="LK402",
            )
        warn_of_changed_rules(self, given)
        return given

    def _by_confidence(self, given: GivenVotes, *, fit: bool) -> GivenVotes:
        """Split votes by ranges of confidence; warn if the model cannot use confidences."""
        if not self.uses_confidence:
            if fit and given.confidence is not None and given.confidence.any():
                warn(
                    f"{type(self).__name__} does not use the confidences of votes; it weighs all votes alike. "
                    "Hint: LabelModel uses them",
                    code="LK415",
                )
            return given
        if fit:
            self.confidence_ranges_ = tuple((r.lf, r.starts, r.priors) for r in ranges_of(given))
        ranges = tuple(
            ConfidenceRanges(lf, tuple(starts), tuple(priors)) for lf, starts, priors in self.confidence_ranges_
        )
        return expanded(given, ranges)

    def _arranged(self, given: GivenVotes, *, by_pattern: bool = True) -> Arranged:
        ranges = {lf: len(starts) for lf, starts, _ in getattr(self, "confidence_ranges_", ())}
        order = matched_order(given, self.lf_names_, named=self.lf_named_, model=type(self).__name__, n_ranges=ranges)
        return arrange(given, order[self.lf_order_], by_pattern=by_pattern)

    def _proba(self, table: VoteTable) -> Rows:
        """Return the probabilities of all patterns; of very many, an object that computes them on access."""
        proba, n_cells = PatternProba(self, table), table.n_patterns * table.n_classes
        if n_cells > KEPT_CELLS:
            return proba
        check_room(8.0 * n_cells, "a probability for each pattern and class")
        return proba.computed(slice(0, table.n_patterns))

    def _all_proba(self, table: VoteTable, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probabilities of examples, given the pattern of each."""
        n_bytes = 8.0 * len(index) * self.n_classes_
        check_room(n_bytes, "a probability for each example and class", hint=LABELS_TAKE_LESS)
        return picked(self._proba(table), index)

    def _placed(self, given: GivenVotes) -> tuple[VoteTable, NDArray[np.int64]]:
        """Return the votes as a table, and the pattern of each example."""
        arranged = self._arranged(given, by_pattern=False)
        return arranged.table, arranged.place if given.index is None else arranged.place[given.index]

    def _examples(self, matrix: Any) -> tuple[VoteTable, NDArray[np.int64]]:
        return self._placed(self._read(matrix))

    def _held_out_proba(self, matrix: Any, gold: Any, fold: NDArray[np.int64]) -> NDArray[np.float64]:
        _, arranged, rows = self._prepared(matrix, gold)
        if rows.example is None or fold.shape != rows.pattern.shape:
            raise GoldError(f"fold has shape {fold.shape}, and {len(rows.pattern)} examples have gold")
        self.learned_from_gold_ = self.learns_from_gold and len(fold) > 0
        self._learn(arranged.table, rows.counts(self.n_classes_))
        proba = np.empty((len(fold), self.n_classes_))
        for number in np.unique(fold):
            predict = self._fitted_anew(arranged.table, rows.counts(self.n_classes_, fold != number))
            proba[fold == number] = predict(rows.pattern[fold == number])
        return proba

    def _fitted_anew(self, table: VoteTable, gold: GoldCounts) -> Predict:
        """Return the predictions of a copy of this model that learned from the same votes and other gold."""
        model = copy(self)
        model._learn_again(table, gold)  # noqa: SLF001 - of the same class
        return lambda patterns: PatternProba(model, table.some(patterns)).computed(slice(0, len(patterns)))

    def _learn_again(self, table: VoteTable, gold: GoldCounts) -> None:
        """Learn from votes that the model learned from already, and other gold."""
        self._learn(table, gold)

    def _describe(self, table: VoteTable, gold: GoldCounts, held_out: HeldOutGold | None) -> None:
        """Set what the reports of a fitted model need."""

    def _keep(self, seen: SeenGold) -> None:
        self.seen_keys_, self.seen_counts_, self.seen_proba_ = seen.keys, seen.counts, seen.proba
        self.seen_ids_, self.seen_id_keys_, self.seen_names_ = seen.ids, seen.id_keys, seen.ids_are_names

    @property
    def _seen_gold(self) -> SeenGold:
        by_votes = self.seen_keys_, self.seen_counts_, self.seen_proba_
        return SeenGold(*by_votes, self.seen_ids_, self.seen_id_keys_, self.seen_names_)

    def _judged_gold(self, matrix: Any, gold: Any, sample_weight: ArrayLike | None) -> JudgedGold:
        """Return the probabilities and classes of the examples with gold, grouped."""
        given = self._read(matrix)
        arranged = self._arranged(given)
        table = arranged.table
        rows = read_gold(gold, given, arranged.place, sample_weight)

        def predict(patterns: NDArray[np.int64]) -> Rows:
            few = 2 * len(patterns) < table.n_patterns
            return rows_at(PatternProba(self, table) if few else self._proba(table), patterns)

        return judge_gold(table, rows, gold_ids(given, rows), seen=self._seen_gold, predict=predict)
