"""The interface of scores: log-scores of patterns, and the same scores as sums over votes, in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labelkit.label_models._posterior import softmax

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models.explanation import Contributions
    from labelkit.label_models.formula import ScoreFormula


class PatternScores(Protocol):
    """Log-scores of the patterns of one vote table.

    For every pattern, the prior and the votes of ``contributions`` sum to its row of ``scores``.
    """

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Compute the log-scores of some patterns; shape (n_rows, n_classes)."""
        ...

    def contributions(self) -> Contributions:
        """Decompose the log-scores of all patterns into a prior and a term for each vote."""
        ...

    def formula(self) -> ScoreFormula:
        """Return the scores as a formula of the votes of one example, for systems that know no arrays."""
        ...


def posterior_of(pattern_scores: PatternScores) -> Posterior:
    """Return the softmax of log-scores."""
    return lambda rows: softmax(pattern_scores.scores(rows))
