r"""Rules of one class each that are alike: their votes and abstentions together tell how frequent the classes are.

Let each of the m_y rules for class y vote on the share c_y of the examples of its class and on f_y of the others,
independently given the class. Then the log-score of a class is linear in its number n_y of votes:

.. math:: s_y = \log \pi_y + n_y \log\frac{c_y}{f_y} + (m_y - n_y) \log\frac{1 - c_y}{1 - f_y}

The class prior, c and f are learned by expectation maximisation. Most rules are not alike, and such a model is then far
wrong; so it is used only where it predicts what it was not fitted to: how often each rule votes, and how often each
pair of rules votes on the same example. No public vote matrix comes near the bounds
(``python -m tests.benchmarks.alike_rules``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._columns import sums_by
from labelkit.label_models._overlaps import DENSE_COLUMNS, shared_examples
from labelkit.label_models._posterior import by_blocks, softmax
from labelkit.label_models._vote_table import class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

LEAST_RULES: Final = 3
"""Rules of each class: two do not determine the share of a class and the rates of its rules."""

LEAST_EXAMPLES: Final = 1_000
"""Examples, with and without votes, below which chance alone may look alike."""

UNEVEN: Final = 0.15
"""Upper bound of the mean difference between a rule's votes and those of its class's rules, as a share of the votes."""

UNFORESEEN: Final = 0.1
"""Upper bound of the share of the votes in pairs on one example that the model does not foresee, less chance's."""

MOST_STRAY: Final = 0.5
"""Upper bound of f/c: of rules that stray more, the two parts of the model can change places."""

STEPS: Final = 200
"""Steps of expectation maximisation."""


@dataclass(frozen=True, eq=False)
class AlikeRules:
    """The learned rates; arrays of shape (n_classes,).

    Attributes
    ----------
    prior : ndarray
    slopes : ndarray
        Gain in log-score by a vote for the class.
    offsets : ndarray
        Log-score of a class without a vote for it.
    """

    prior: NDArray[np.float64]
    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Rates:
    """The parameters of the model: of each class its share, and how often its rules vote on it, and elsewhere."""

    prior: NDArray[np.float64]
    own: NDArray[np.float64]
    stray: NDArray[np.float64]

    def scores(self, n_rules: NDArray[np.float64]) -> AlikeRules:
        silent = np.log((1 - self.own) / (1 - self.stray))
        return AlikeRules(self.prior, np.log(self.own / self.stray) - silent, np.log(self.prior) + n_rules * silent)


def alike_rules(table: VoteTable, known_prior: NDArray[np.float64] | None = None) -> AlikeRules | None:
    """Learn the rates of rules that are alike; None where they are not, or the votes are too few to tell.

    Parameters
    ----------
    table : VoteTable
        Of rules that vote for one class each.
    known_prior : ndarray of shape (n_classes,), optional
        Taken as it is.
    """
    n_rules = np.bincount(table.label, minlength=table.n_classes).astype(np.float64)
    if not _may_be_alike(table, n_rules):
        return None
    counted = _counted_votes(table, n_rules)
    rates = _learned(*counted, n_rules, known_prior)
    if (rates.stray > MOST_STRAY * rates.own).any() or _unforeseen(table, rates) > UNFORESEEN:
        return None
    return rates.scores(n_rules)


def _may_be_alike(table: VoteTable, n_rules: NDArray[np.float64]) -> bool:
    """Return True if all classes have enough rules, which vote about as often as each other."""
    enough = bool((n_rules >= LEAST_RULES).all()) and table.counts.sum() >= LEAST_EXAMPLES
    if not enough or table.n_columns > DENSE_COLUMNS or np.log2(n_rules + 1).sum() > 62:  # bits of a key
        return False
    votes = table.column_counts
    mean = sums_by(table.label, votes, table.n_classes) / n_rules
    return bool(np.abs(votes - mean[table.label]).sum() <= UNEVEN * votes.sum())


def _counted_votes(table: VoteTable, n_rules: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct numbers of votes for each class, and the examples that have them."""
    base = (n_rules + 1).astype(np.int64)
    stride = np.cumprod(np.concatenate([np.ones(1, dtype=np.int64), base[:-1]]))
    to_class = table.label_matrix()

    def keys_of(rows: slice) -> NDArray[np.float64]:
        votes = class_votes(table.rows(rows), to_class)
        return np.asarray((votes.astype(np.int64) @ stride)[:, None].view(np.float64))

    keys = np.concatenate([by_blocks(keys_of, rows, 1)[:, 0].view(np.int64) for rows in table.chunks()])
    distinct, place = np.unique(keys, return_inverse=True)
    votes = (distinct[:, None] // stride % base).astype(np.float64)
    return votes, sums_by(place, table.counts, len(distinct))


def _learned(
    votes: NDArray[np.float64],
    n_examples: NDArray[np.float64],
    n_rules: NDArray[np.float64],
    known_prior: NDArray[np.float64] | None,
) -> _Rates:
    """Run expectation maximisation from the shares of the votes."""
    total, n_votes = n_examples.sum(), n_examples @ votes
    posterior = (votes + 0.1) / (votes + 0.1).sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        weight = posterior * n_examples[:, None]
        of_class, right = weight.sum(axis=0), (weight * votes).sum(axis=0)
        on_class = (right + 1) / (of_class * n_rules + 4)
        stray = (n_votes - right + 0.5) / ((total - of_class) * n_rules + 10)
        prior = (of_class + 1) / (total + len(of_class)) if known_prior is None else known_prior
        rates = _Rates(prior, on_class, stray)
        scores = rates.scores(n_rules)
        posterior = softmax(scores.offsets + votes * scores.slopes)
    return rates


def _unforeseen(table: VoteTable, rates: _Rates) -> float:
    """Return the difference between the pairs of votes on one example and the expected ones, as a share of them.

    What chance makes of the difference on average is left out; infinite where no two rules vote on one example.
    """
    n = table.counts.sum()
    on_class = np.where(
        table.label[:, None] == np.arange(table.n_classes), rates.own[table.label, None], rates.stray[table.label, None]
    )
    pairs = np.triu_indices(table.n_columns, 1)
    expected = n * ((on_class * rates.prior) @ on_class.T)[pairs]
    observed = shared_examples(table).toarray()[pairs]
    by_chance = np.sqrt(2 / np.pi * expected)
    if observed.sum() <= by_chance.sum():
        return float("inf")
    return float((np.abs(observed - expected).sum() - by_chance.sum()) / observed.sum())
