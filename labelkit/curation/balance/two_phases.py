"""Two-phase learning: learn from balanced rows first, then go on with all rows at their true frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.balance.resampling import Method, balance
from labelkit.exceptions import AnalysisError
from labelkit.votes.training_set import taken_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


@checks_keywords
class TwoPhaseClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc] # untyped
    """Learn from balanced rows, then fine-tune on all rows, by ``partial_fit``.

    Parameters
    ----------
    estimator : classifier with ``partial_fit``
        Such as ``SGDClassifier(loss="log_loss")`` or ``MLPClassifier()``.
    to, method
        The balance of the first phase, as in :func:`labelkit.balance`.
    passes : tuple of two int
        Over the balanced rows, and over all rows. The more passes over all rows, the less is left of the first phase.
    random_state : int
        Of the balance.

    Attributes
    ----------
    classes_ : ndarray
    estimator_ : the fitted estimator
    balanced_ : Balanced
        The rows of the first phase.

    Raises
    ------
    AnalysisError
        In ``fit``: if the estimator cannot go on learning, or passes are no numbers.

    References
    ----------
    Lee, Park, Kim (2016), Plankton classification on imbalanced large scale database via convolutional neural networks
    with transfer learning. https://doi.org/10.1109/ICIP.2016.7533053

    Examples
    --------
    >>> import numpy as np, labelkit as lk
    >>> from sklearn.linear_model import SGDClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [1_900, 100])
    >>> X = rng.normal(size=(2_000, 2)) + 2 * y[:, None]
    >>> model = lk.TwoPhaseClassifier(SGDClassifier(loss="log_loss", random_state=0)).fit(X, y)
    >>> len(model.balanced_), model.score(X, y) > 0.95
    (200, True)
    """

    def __init__(
        self,
        estimator: Any,
        *,
        to: Any = "equal",
        method: Method = "under",
        passes: tuple[int, int] = (5, 1),
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.to = to
        self.method = method
        self.passes = passes
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn in two phases from features and classes of all rows."""
        if not hasattr(self.estimator, "partial_fit"):
            raise AnalysisError(
                f"{type(self.estimator).__name__} has no partial_fit, so it cannot go on learning",
                hint="SGDClassifier(loss='log_loss'), MLPClassifier(); elsewhere, train on balanced.take(X), then on X",
            )
        passes = tuple(self.passes)
        if len(passes) != 2 or not all(isinstance(n, int | np.integer) and n >= 0 for n in passes) or not sum(passes):
            raise AnalysisError(f"passes={self.passes!r} are no two numbers", hint="passes=(5, 1)")
        classes = np.unique(np.asarray(y))
        names = [str(getattr(name, "name", name)) for name in classes.tolist()]
        numbers = np.searchsorted(classes, np.asarray(y))
        self.balanced_ = balance(
            np.array(names, dtype=object)[numbers],
            self.to,
            method=self.method,
            class_names=names,
            random_state=self.random_state,
        )
        rows = self.balanced_.positions
        self.estimator_ = clone(self.estimator)
        y = np.asarray(y)
        first = taken_rows(X, rows)
        for _ in range(passes[0]):
            self.estimator_.partial_fit(first, y[rows], classes=classes)
        for _ in range(passes[1]):
            self.estimator_.partial_fit(X, y, classes=classes)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the estimator; shape (n_rows, n_classes)."""
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each row."""
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict(X))
