"""The interface of label models: from votes to probabilities of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels


@runtime_checkable
class LabelModelLike(Protocol):
    """Anything that learns from votes and labels examples.

    A model that learns from patterns of votes and their counts alone is a
    :class:`~labelkit.label_models.PatternLabelModel`. One that reads features of the examples too
    (:class:`~labelkit.label_models.ContentLabelModel`) takes them as the second argument of each method.

    Examples
    --------
    >>> from labelkit.label_models import MajorityVote
    >>> isinstance(MajorityVote(), LabelModelLike)
    True
    """

    def fit(self, matrix: Any, y: Any = None, *, gold: Any = None) -> Self:
        """Learn from votes, and from gold labels if given."""
        ...

    def predict_proba(self, matrix: Any) -> NDArray[np.float64]:
        """Return class probabilities of examples; ndarray of shape (n_examples, n_classes), rows sum to 1."""
        ...

    def predict(self, matrix: Any) -> NDArray[np.int64]:
        """Return the most probable class of each example, -1 for ties and examples without votes."""
        ...

    def label(self, matrix: Any, gold: Any = None) -> ProbabilisticLabels:
        """Return probabilistic labels of examples; those with gold have their gold class."""
        ...
