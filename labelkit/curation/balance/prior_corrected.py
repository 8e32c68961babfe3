"""A classifier of scikit-learn around another one, whose probabilities are those of the class frequencies in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.balance.prior_correction import checked_prior, number_by_class, reweighted
from labelkit.exceptions import AnalysisError
from labelkit.votes.decisions import checked_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.decisions import Costs


@checks_keywords
class PriorCorrectedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc] # untyped
    """Train a classifier on rebalanced rows, and predict with the probabilities of the true class frequencies.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Of a fitted model, ``sklearn.frozen.FrozenEstimator(model)``: ``fit`` counts the classes that it learned from.
        Its ``class_weight``, or that of the last step of a pipeline, counts as frequencies of the classes, too.
    sampling_rates : mapping by class, or array-like in the order of ``classes_``, optional
        Rows drawn for each row there was (``balanced.sampling_rates``): the frequencies in use follow from the
        number of rows, whatever these weigh.
    true_prior : mapping by class, or array-like in the order of ``classes_``, optional
        How frequent the classes are in use, in place of sampling rates: shares or counts.
    costs : as in ``labels.hard(costs=...)``, optional
        What decisions cost, rows true classes, columns decided ones: ``predict`` decides for the least expected costs.

    Attributes
    ----------
    classes_ : ndarray
    estimator_ : the fitted estimator
    trained_prior_, true_prior_ : ndarray of shape (n_classes,)

    Raises
    ------
    AnalysisError, ModelError
        In ``fit``: if neither or both of rates and prior are given, or they do not fit the classes.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning. https://cseweb.ucsd.edu/~elkan/rescale.pdf

    Examples
    --------
    >>> import numpy as np, labelkit as lk
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random(20_000) < 0.05).astype(int)
    >>> X = rng.normal(size=(20_000, 1)) + y[:, None]
    >>> balanced = lk.balance(y)
    >>> model = lk.PriorCorrectedClassifier(LogisticRegression(), sampling_rates=balanced.sampling_rates)
    >>> fitted = model.fit(balanced.take(X), balanced.take(y))
    >>> round(float(fitted.predict_proba(X)[:, 1].mean()), 2)
    0.05
    """

    def __init__(
        self, estimator: Any, *, sampling_rates: Any = None, true_prior: Any = None, costs: Costs | None = None
    ) -> None:
        self.estimator = estimator
        self.sampling_rates = sampling_rates
        self.true_prior = true_prior
        self.costs = costs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the estimator to rebalanced rows.

        Parameters
        ----------
        X, y : as the estimator takes them
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows, which count as frequencies of their classes in training.
        """
        if (self.sampling_rates is None) == (self.true_prior is None):
            raise AnalysisError(
                "PriorCorrectedClassifier needs sampling_rates= or true_prior=, and not both",
                hint="sampling_rates=balanced.sampling_rates",
            )
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        options = {} if weights is None else {"sample_weight": weights}
        self.estimator_ = clone(self.estimator).fit(X, y, **options)
        self.classes_ = self.estimator_.classes_
        place = np.searchsorted(self.classes_, np.asarray(y))
        rows = np.bincount(place, minlength=len(self.classes_)).astype(np.float64)
        trained = np.bincount(place, weights=weights, minlength=len(self.classes_)).astype(np.float64)
        trained *= _class_weights(self.estimator, self.classes_, np.asarray(y), is_weighted=weights is not None)
        names = self._names
        self.trained_prior_ = checked_prior(trained, names, "the training rows")
        if self.true_prior is not None:
            self.true_prior_ = checked_prior(self.true_prior, names, "true_prior")
        else:
            before = rows / number_by_class(self.sampling_rates, names, "sampling_rates")  # weights drew no row
            self.true_prior_ = before / before.sum()
        if self.costs is not None:
            checked_costs(self.costs, names)
        return self

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(str(getattr(name, "name", name)) for name in self.classes_.tolist())

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return corrected probabilities; shape (n_rows, n_classes), columns in the order of ``classes_``."""
        check_is_fitted(self)
        proba = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        return reweighted(proba, self.true_prior_ / self.trained_prior_)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row, or the one of the least expected costs."""
        proba = self.predict_proba(X)
        scores = proba if self.costs is None else -(proba @ checked_costs(self.costs, self._names))
        return np.asarray(self.classes_[scores.argmax(axis=1)])


def _class_weights(estimator: Any, classes: NDArray[Any], y: NDArray[Any], *, is_weighted: bool) -> NDArray[np.float64]:
    """Return what the rows of each class weigh by ``class_weight`` of a classifier; shape (n_classes,)."""
    while hasattr(estimator, "steps") or type(estimator).__name__ == "FrozenEstimator":
        estimator = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator.estimator
    given = getattr(estimator, "class_weight", None)
    if isinstance(given, str) and is_weighted:
        raise AnalysisError(
            f"class_weight={given!r} of {type(estimator).__name__} beside sample_weight: not all classifiers of "
            "scikit-learn balance the classes by the weights of their rows",
            hint="give one of them: class_weight=None, or fit(X, y)",
        )
    given = "balanced" if given == "balanced_subsample" else given
    return np.asarray(compute_class_weight(given, classes=classes, y=y), dtype=np.float64)
