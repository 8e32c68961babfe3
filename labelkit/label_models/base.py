"""What every label model shares: votes in at one door, posteriors per pattern, scikit-learn's manners.

A model says how it learns from a :class:`~labelkit.label_models._vote_table.VoteTable` (``_learn``) and which
probabilities it gives patterns of one (``_posterior``). All the rest is here: checks, the order of labeling functions,
gold, hard labels, scores, saving. ``__init__`` only stores; what is learned ends in ``_``.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from labelkit._shared.computed_rows import KEPT_CELLS, ComputedRows, Rows, picked, rows_at
from labelkit._shared.memory import check_room
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models._canonical_order import Arranged, arrange, canonical_order, matched_order
from labelkit.label_models._confidence_ranges import Ranges, expanded, ranges_of
from labelkit.label_models._em import by_blocks
from labelkit.label_models._saving import write_model
from labelkit.label_models._vote_table import GivenVotes, GoldCounts, VoteTable, read_gold, read_votes
from labelkit.label_models.evaluation import Evaluation
from labelkit.label_models.explanation import Explanation, positions_of
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.metrics import accuracy
from labelkit.votes.probabilistic_labels import ProbabilisticLabels, hard_labels, with_gold
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._em import Posterior

LABELS_TAKE_LESS: Final = "label() keeps what it takes to make rows, and gives those that are asked for"


class BaseLabelModel(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc] # scikit-learn ships no types
    """Estimator from votes to probabilities of classes.

    Attributes
    ----------
    n_classes_ : int
    classes_ : ndarray of int64, shape (n_classes,)
        ``0 .. n_classes - 1``.
    class_names_ : tuple of str
    class_prior_ : ndarray of shape (n_classes,)
        The probabilities of an example without votes.
    lf_names_ : tuple of str
        The labeling functions, in the order in which they were given; one for each range of confidence of a rule that
        says how sure it is, where the model uses that.
    uses_confidence : bool
        Whether the model weighs votes by how sure their rules were.
    """

    n_classes: int | None = None
    uses_confidence: ClassVar[bool] = False

    # What a model adds ------------------------------------------------------------------------------------------------

    @abstractmethod
    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        """Set what is learned from the votes, ``class_prior_`` at the least."""

    @abstractmethod
    def _posterior(self, table: VoteTable) -> Posterior:
        """What gives the probabilities of some patterns of a table; those without votes are overruled."""

    # What they all do -------------------------------------------------------------------------------------------------

    def fit(self, matrix: Any, gold: Any = None) -> Self:
        """Learn from votes, and from gold where there is some.

        Parameters
        ----------
        matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
            Votes of shape (n_examples, n_lfs); -1 is an abstain.
        gold : array-like, Series or dict by id, optional
            Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own. Models that
            run expectation maximisation hold these examples to their class in every step, and :class:`LabelModel`
            corrects itself by them; ``label(matrix, gold=gold)`` gives them their class.

        Returns
        -------
        self

        Raises
        ------
        MatrixError
            If these are not votes.
        ModelError
            If there are no rows, or a parameter does not fit.
        GoldError
            If gold does not fit the examples or the classes.
        """
        self._fit(matrix, gold)
        return self

    def fit_predict_pattern_proba(self, patterns: VotePatterns) -> NDArray[np.float64]:
        """:meth:`fit`, and :meth:`predict_pattern_proba` of the same patterns, in less time than the two take."""
        arranged = self._fit(patterns, None)
        return self._all_proba(arranged.table, arranged.place)

    def _fit(self, matrix: Any, gold: Any) -> Arranged:
        """Learn; returns the votes as they were learned from."""
        given = self._by_confidence(read_votes(matrix, self._n_classes_of(matrix, gold)), fit=True)
        if not given.counts.sum():
            raise ModelError(
                f"there are 0 sample(s) (shape={given.shape}) while a minimum of 1 is required: no rows of votes",
                hint="look at what the corpus held",
            )
        order = canonical_order(given)
        arranged = arrange(given, order)
        known = read_gold(gold, given, arranged.place)
        self.n_classes_ = len(given.class_names)
        self.classes_ = np.arange(self.n_classes_)
        self.class_names_ = given.class_names
        self.lf_names_ = given.names
        self.n_features_in_ = len(given.names)
        self.lf_order_ = order
        self.lf_named_ = given.named
        self._learn(arranged.table, known)
        return arranged

    def predict_pattern_proba(self, patterns: VotePatterns) -> NDArray[np.float64]:
        """Probabilities of the classes for each pattern; ndarray of shape (n_patterns, n_classes), rows sum to 1."""
        arranged = self._arranged(self._read(patterns), by_pattern=False)
        return self._all_proba(arranged.table, arranged.place)

    def predict_proba(self, matrix: Any) -> NDArray[np.float64]:
        """Probabilities of the classes for each example; ndarray of shape (n_examples, n_classes), rows sum to 1."""
        table, index = self._examples(matrix)
        return self._all_proba(table, index)

    def predict(self, matrix: Any) -> NDArray[np.int64]:
        """The most probable class of each example; -1 where several are, and where no labeling function voted.

        Returns
        -------
        ndarray of int64, shape (n_examples,)
        """
        table, index = self._examples(matrix)
        return np.where(table.covered, hard_labels(self._proba(table)), ABSTAIN)[index]

    def label(self, matrix: Any, gold: Any = None) -> ProbabilisticLabels:
        """Probabilistic labels of the examples; of vote patterns, a row for each pattern.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        gold : array-like, Series or dict by id, optional
            Trusted labels of some of these examples. They have their class for certain, whatever the votes say, and
            count as covered. Without it, every example has the probabilities of its votes, also one whose gold the
            model learned from: only who asks knows whether these are the same examples.

        Returns
        -------
        ProbabilisticLabels
            With a row of probabilities for each pattern of votes; where these would take more than 0.5 GB, they are
            made when they are asked for, by the model as it is now.
        """
        given = self._read(matrix)
        table, index = self._placed(given)
        ids = np.arange(len(index)) if given.ids is None else given.ids
        if gold is not None and given.ids is None:
            raise GoldError("vote patterns know no examples, so gold cannot be given beside them")
        labels = ProbabilisticLabels(self._proba(table), table.covered, index, ids, self.class_names_)
        return labels if gold is None else with_gold(labels, gold)

    def score(self, matrix: Any, gold: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy on the covered examples with gold, in [0, 1]; one without a hard label (a tie) is not right.

        NaN where no covered example has gold.
        """
        known = self._against(matrix, gold, sample_weight)
        kept = known.covered
        labels = hard_labels(known.proba)
        return accuracy(labels[kept], known.label[kept], weights=known.weight[kept])

    def evaluate(self, matrix: Any, gold: Any = None) -> Evaluation:
        """All that gold can say of the labels, on covered examples: accuracy, F1, log-loss, Brier, calibration.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        gold
            As in :meth:`fit`; needed unless the matrix is of vote patterns that carry theirs.

        Returns
        -------
        Evaluation
        """
        known = self._against(matrix, gold, None)
        return Evaluation.of(
            proba=np.asarray(known.proba),
            gold=known.label,
            weights=known.weight,
            covered=known.covered,
            class_names=self.class_names_,
        )

    def explain(self, matrix: Any, ids: Any) -> Explanation:
        """Say what moved the probabilities of some examples: the prior, and each vote, in log-odds.

        Parameters
        ----------
        matrix
            As in :meth:`fit`.
        ids : sequence or scalar
            Ids of examples of the matrix; positions of patterns, if it is of vote patterns.

        Returns
        -------
        Explanation
            Prior and contributions add up to the log-odds of the probabilities.

        Raises
        ------
        ModelError
            If an id is not the matrix's, or the model's score is no sum (vote counts and shares).
        """
        given = self._read(matrix)
        arranged = self._arranged(given)
        index = arranged.place if given.index is None else arranged.place[given.index]
        names = np.arange(len(index)) if given.ids is None else given.ids
        wanted, rows = positions_of(ids, names)
        chosen = index[rows]
        table = arranged.table.some(chosen)
        prior, terms = self._contributions(table)
        prior[~table.covered] = np.log(self.class_prior_)
        lf_names = tuple(self.lf_names_[j] for j in self.lf_order_)
        return Explanation.of(table, prior, terms, ids=wanted, lf_names=lf_names)

    def _contributions(self, table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: ARG002
        """Log-scores as a sum: a prior for each pattern, and a term for each vote."""
        raise ModelError(
            f"{type(self).__name__} has no log-scores that votes add to",
            hint="LabelModel and the models with confusions can explain their probabilities",
        )

    def save(self, path: str | Path) -> Path:
        """Write what was learned to a folder, as JSON and arrays without pickle; :func:`load_model` reads it."""
        check_is_fitted(self)
        return write_model(self, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True  # votes are classes
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True  # of features that are no votes, nothing is learned
        return tags

    # Private twins that trust -----------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "class_prior_")

    def _n_classes_of(self, matrix: Any, gold: Any) -> int | None:
        """How many classes there are, if that is known; gold may show one that no labeling function votes for."""
        if self.n_classes is not None or isinstance(matrix, LabelMatrix | VotePatterns):
            return _checked_n_classes(self.n_classes)
        labels = np.asarray(gold if gold is not None else [])
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
            return None
        votes = matrix.data - 1 if hasattr(matrix, "tocsr") else np.asarray(matrix)
        if votes.dtype.kind not in "iuf":
            return None
        highest = np.nanmax(votes, initial=1)
        return int(max(highest, labels.max())) + 1 if np.isfinite(highest) else None

    def _read(self, matrix: Any) -> GivenVotes:
        check_is_fitted(self)
        knows = isinstance(matrix, LabelMatrix | VotePatterns)
        given = self._by_confidence(read_votes(matrix, None if knows else self.n_classes_), fit=False)
        if len(given.class_names) != self.n_classes_ or (knows and not _same_names(given, self)):
            raise ModelError(
                f"the model was fitted on the classes {self.class_names_}, and these are {given.class_names}"
            )
        return given

    def _by_confidence(self, given: GivenVotes, *, fit: bool) -> GivenVotes:
        """The votes, divided by how sure rules say that they are; a model that cannot use that says so."""
        if not self.uses_confidence:
            if fit and given.confidence is not None and given.confidence.any():
                warnings.warn(
                    f"{type(self).__name__} does not use the confidences of votes; it takes all votes alike. "
                    "Hint: LabelModel uses them",
                    stacklevel=4,
                )
            return given
        if fit:
            self.confidence_ranges_ = tuple((r.lf, r.starts, r.priors) for r in ranges_of(given))
        known = getattr(self, "confidence_ranges_", ())  # a model that was saved by an earlier version has none
        ranges = tuple(Ranges(lf, tuple(starts), tuple(priors)) for lf, starts, priors in known)
        return expanded(given, ranges)

    def _arranged(self, given: GivenVotes, *, by_pattern: bool = True) -> Arranged:
        order = matched_order(given, self.lf_names_, named=self.lf_named_, model=type(self).__name__)[self.lf_order_]
        return arrange(given, order, by_pattern=by_pattern)

    def _proba(self, table: VoteTable) -> Rows:
        """The probabilities of all patterns; of very many, made when they are asked for."""
        proba, n_cells = PatternProba(self, table), table.n_patterns * table.n_classes
        if n_cells > KEPT_CELLS:
            return proba
        check_room(8.0 * n_cells, "a probability for each pattern and class")
        return proba.made(slice(0, table.n_patterns))

    def _all_proba(self, table: VoteTable, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """The probabilities of examples, by the pattern of each."""
        n_bytes = 8.0 * len(index) * self.n_classes_
        check_room(n_bytes, "a probability for each example and class", hint=LABELS_TAKE_LESS)
        return picked(self._proba(table), index)

    def _placed(self, given: GivenVotes) -> tuple[VoteTable, NDArray[np.int64]]:
        """The votes as a table, and the pattern of each example."""
        arranged = self._arranged(given, by_pattern=False)
        return arranged.table, arranged.place if given.index is None else arranged.place[given.index]

    def _examples(self, matrix: Any) -> tuple[VoteTable, NDArray[np.int64]]:
        return self._placed(self._read(matrix))

    def _against(self, matrix: Any, gold: Any, sample_weight: ArrayLike | None) -> _Known:
        """What is known of the examples with gold, by pattern and class."""
        given = self._read(matrix)
        arranged = self._arranged(given)
        pairs = read_gold(gold, given, arranged.place)
        weight = pairs.count
        if sample_weight is not None and given.index is not None and len(pairs):
            pairs, weight = _weighted_pairs(gold, given, arranged.place, sample_weight)
        few = 2 * len(pairs) < arranged.table.n_patterns
        proba = rows_at(PatternProba(self, arranged.table) if few else self._proba(arranged.table), pairs.pattern)
        return _Known(proba, pairs.label, weight, arranged.table.covered[pairs.pattern])


class PatternProba(ComputedRows):
    """The probabilities of the patterns of a vote table, made when they are asked for, by a model as it was.

    Parameters
    ----------
    model : BaseLabelModel
    table : VoteTable
    """

    def __init__(self, model: BaseLabelModel, table: VoteTable) -> None:
        self.model, self.table = copy(model), table  # learning anew replaces what a model knows, and changes no array
        self.shape = (table.n_patterns, table.n_classes)

    def made(self, rows: slice) -> NDArray[np.float64]:
        """Compute the probabilities of some patterns."""
        proba = by_blocks(self._posterior, rows, self.shape[1])
        proba[~self.table.covered[rows]] = self.model.class_prior_
        return proba

    def taken(self, index: NDArray[np.int64]) -> PatternProba:
        """Return the probabilities of the patterns at positions."""
        return PatternProba(self.model, self.table.some(index))

    @cached_property
    def _posterior(self) -> Posterior:
        return self.model._posterior(self.table)  # noqa: SLF001 - a twin of the model's own module

    def __reduce__(self) -> tuple[Any, ...]:
        return PatternProba, (self.model, self.table)


@dataclass(frozen=True, eq=False)
class _Known:
    """Patterns with a gold class: their probabilities, the class, how much they count, and whether they have votes."""

    proba: ComputedRows
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    covered: NDArray[np.bool_]


def _weighted_pairs(
    gold: Any, given: GivenVotes, place: NDArray[np.int64], sample_weight: ArrayLike
) -> tuple[GoldCounts, NDArray[np.float64]]:
    from labelkit.votes.gold import aligned_gold  # noqa: PLC0415 - only for who weights examples

    assert given.index is not None
    assert given.ids is not None
    labels = aligned_gold(gold, given.ids, given.class_names)
    known = labels >= 0
    weight = np.asarray(sample_weight, dtype=np.float64)[known]
    return GoldCounts(place[given.index][known], labels[known], weight), weight


def _same_names(given: GivenVotes, model: BaseLabelModel) -> bool:
    """Whether classes have the same names, or either side only has numbers."""
    numbers = tuple(map(str, range(len(given.class_names))))
    return given.class_names == model.class_names_ or numbers in (given.class_names, model.class_names_)


def _checked_n_classes(n_classes: Any) -> int | None:
    if n_classes is None:
        return None
    if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 1:
        raise ModelError(f"n_classes={n_classes!r} is not a number of classes", hint="n_classes=2")
    return int(n_classes)


def checked_prior(class_prior: ArrayLike | None, n_classes: int) -> NDArray[np.float64] | None:
    """Check a given class prior and scale it to sum to 1.

    Raises
    ------
    ModelError
        If it has not one positive number for each class, or does not sum to 1.

    Examples
    --------
    >>> checked_prior([0.2, 0.8], 2)
    array([0.2, 0.8])
    """
    if class_prior is None:
        return None
    prior = np.asarray(class_prior, dtype=np.float64)
    if prior.shape != (n_classes,):
        raise ModelError(f"class_prior has shape {prior.shape}, but there are {n_classes} classes")
    if not np.isfinite(prior).all() or (prior <= 0).any():
        raise ModelError(
            f"class_prior={prior[:12].tolist()} holds a number that is not above 0: such a class could never be found",
            hint="give a rare class a small prior, such as 0.001",
        )
    if abs(prior.sum() - 1) > 1e-3:
        raise ModelError(f"class_prior sums to {prior.sum():.4g}, not 1", hint="class_prior / class_prior.sum()")
    return np.asarray(prior / prior.sum())


def uniform(n_classes: int) -> NDArray[np.float64]:
    """The same probability for every class."""
    return np.full(n_classes, 1.0 / n_classes)
