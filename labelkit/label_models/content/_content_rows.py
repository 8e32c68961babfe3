"""Votes and features of examples, read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.computed_rows import picked
from labelkit.exceptions import ModelError
from labelkit.label_models._seen_gold import mixed_bits, pattern_hashes
from labelkit.label_models.content._classifier import FOLDS
from labelkit.label_models.content.feature_rows import Features, batches, feature_hashes, read_features
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit._shared.computed_rows import Rows
    from labelkit.label_models._vote_table import GivenVotes, VoteTable
    from labelkit.label_models.default.label_model import LabelModel
    from labelkit.votes.example_names import ExampleNames

MOST_ROWS: Final = 20_000
"""Rows that content is learned from."""


FEWEST_GOLD: Final = 10
"""Covered gold rows from which exponents are chosen."""


@dataclass(frozen=True, eq=False)
class ContentRows:
    """Votes and features of some examples, checked.

    Attributes
    ----------
    given, table, index, examples
        The votes, as a table of patterns, the pattern of each example, and the names of the examples.
    features : array of shape (n_examples, n_features)
    posterior : ndarray or ComputedRows of shape (n_patterns, n_classes)
        Of the votes alone.
    fold : ndarray of int64, shape (n_examples,)
    rank : ndarray of uint64, shape (n_examples,)
        A hash, by which a sample is taken.
    """

    given: GivenVotes
    table: VoteTable
    index: NDArray[np.int64]
    examples: ExampleNames
    features: Features
    posterior: Rows
    fold: NDArray[np.int64]
    rank: NDArray[np.uint64]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True for each example with a vote."""
        return np.asarray(self.table.covered[self.index])

    def by_votes(self, rows: Any) -> NDArray[np.float64]:
        """Return the probabilities of some examples by their votes alone."""
        return picked(self.posterior, self.index[rows])

    def show_by_gold(self, truth: NDArray[np.int64]) -> bool:
        """Return whether enough covered rows have gold (-1 for none) to choose how much votes and content count."""
        return int((truth[self.covered] >= 0).sum()) >= FEWEST_GOLD

    def sample(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return at most MOST_ROWS of the chosen rows, by their hashes, in an order that is not that of the input."""
        rows = np.flatnonzero(chosen)
        return rows[np.argsort(self.rank[rows], kind="stable")[:MOST_ROWS]]


def votes_alone() -> ModelError:
    """Return the error for a use that has votes alone."""
    return ModelError(
        "ContentLabelModel reads features of examples beside their votes, and there are votes alone",
        hint="labelkit run --model ContentLabelModel --text-column text reads texts; in Python, model.fit(matrix, "
        "features) does, and model.base_ is the LabelModel that learned from votes alone",
        code="LK406",
    )


def check_examples(matrix: Any, features: Any) -> None:
    """Raise ModelError for vote patterns, which have no examples that features could be of, and without features."""
    if features is None or isinstance(matrix, VotePatterns):
        raise votes_alone()


def read_rows(
    base: LabelModel, matrix: Any, features: Any, n_features: int | None = None, columns: tuple[str, ...] = ()
) -> ContentRows:
    """Read votes by a fitted model of votes, and the features beside them, of which the model learned some columns.

    Raises
    ------
    MatrixError, ModelError
        If the matrix is not votes that the model can read, or features do not fit it.
    """
    check_examples(matrix, features)
    given = base._read(matrix)  # noqa: SLF001 - of the same package
    table, index = base._placed(given)  # noqa: SLF001 - the same
    assert given.examples is not None
    checked = read_features(features, given.examples, n_features, columns)
    hashes = np.concatenate([np.zeros(0, np.uint64), *(feature_hashes(some) for _, some in batches(checked))])
    rank = mixed_bits(hashes + pattern_hashes(table)[index])
    return ContentRows(
        given=given,
        table=table,
        index=index,
        examples=given.examples,
        features=checked,
        posterior=base._proba(table),  # noqa: SLF001 - the same
        fold=(rank % np.uint64(FOLDS)).astype(np.int64),
        rank=rank,
    )
