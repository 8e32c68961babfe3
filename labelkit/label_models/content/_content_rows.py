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


MOST_TWINS: Final = 0.01
"""Share of the covered rows that may have the features of rows with other votes, before folds are by features alone."""

FEWEST_TEXTS: Final = 50
"""Distinct features from which on folds may be by features: each of a few categories would be unknown to its fold."""

FEWEST_FEATURES: Final = 3
"""Features that are not 0 in the mean row of a text; a row of fewer is of a category."""

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
    twin : ndarray of uint64, shape (n_examples,)
        Equal for rows that show one thing, and share a fold: of the same features, or of the same features and votes.
    by_content : bool
        Whether these are rows of the same features alone.
    """

    given: GivenVotes
    table: VoteTable
    index: NDArray[np.int64]
    examples: ExampleNames
    features: Features
    posterior: Rows
    fold: NDArray[np.int64]
    rank: NDArray[np.uint64]
    twin: NDArray[np.uint64]
    by_content: bool

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
    base: LabelModel,
    matrix: Any,
    features: Any,
    n_features: int | None = None,
    columns: tuple[str, ...] = (),
    *,
    by_content: bool | None = None,
) -> ContentRows:
    """Read votes by a fitted model of votes, and the features beside them, of which the model learned some columns.

    ``by_content`` is that of the rows from fit; None chooses it: True where texts have copies with other votes.

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
    if by_content is None:
        by_content = _have_twins(checked, hashes, index, table.covered[index])
    twin = np.where(hashes != 0, mixed_bits(hashes), rank) if by_content else rank
    return ContentRows(
        given=given,
        table=table,
        index=index,
        examples=given.examples,
        features=checked,
        posterior=base._proba(table),  # noqa: SLF001 - the same
        fold=(twin % np.uint64(FOLDS)).astype(np.int64),
        rank=rank,
        twin=twin,
        by_content=by_content,
    )


def _have_twins(
    features: Features, hashes: NDArray[np.uint64], index: NDArray[np.int64], covered: NDArray[np.bool_]
) -> bool:
    """Return True for features of texts of which many stand beside different votes."""
    rows = np.flatnonzero(covered & (hashes != 0))
    _, text = np.unique(hashes[rows], return_inverse=True)
    n_texts = int(text.max(initial=-1)) + 1
    pairs = np.unique(np.stack([text, index[rows]]), axis=1)
    several = np.bincount(pairs[0], minlength=n_texts) > 1
    twins = rows[several[text]]
    if n_texts < FEWEST_TEXTS or len(twins) <= MOST_TWINS * len(rows):
        return False
    some = features[twins[:MOST_ROWS]]
    n_values = some.nnz if hasattr(some, "nnz") else np.count_nonzero(some)
    return bool(n_values >= FEWEST_FEATURES * some.shape[0])
