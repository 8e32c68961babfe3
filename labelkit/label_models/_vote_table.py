"""Vote tables: a sparse matrix of distinct patterns by (labeling function, class) columns, from votes of any form.

Label models take a label matrix, vote patterns, an array, a sparse matrix of ``label + 1`` or a DataFrame. All of them
are read here and arranged (:mod:`~labelkit.label_models._canonical_order`) as a :class:`VoteTable`, on whose sparse 0/1
matrix all computations are done: every score is that matrix times an array of weights.

>>> given = read_votes(np.array([[0, -1], [1, 1], [0, -1]]))
>>> given.outcomes.tolist(), given.counts.tolist(), given.class_names
([[0, -1], [1, 1]], [2, 1], ('0', '1'))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit._shared.numbers import plural
from labelkit.exceptions import MatrixError, ModelError
from labelkit.label_models._cells import VoteCells, cells_of
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.given_votes import column_names
from labelkit.votes.gold import GoldCounts
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK_CELLS: Final = 4_000_000
"""Posteriors are computed for at most this many cells (patterns times classes) at a time: 32 MB."""

FEW_CLASSES: Final = 16
"""Up to this many classes, votes are counted by class in dense rows."""


@dataclass(frozen=True, eq=False)
class VoteTable:
    """Votes of distinct patterns, as a sparse matrix over the (labeling function, class) pairs that occur.

    Attributes
    ----------
    hits : csr_array of float64, shape (n_patterns, n_columns)
        1 where a pattern has the column's vote.
    lf, label : ndarray of int64, shape (n_columns,)
        The labeling function and the class of each column, sorted by both.
    counts : ndarray of float64, shape (n_patterns,)
        Number of examples of each pattern.
    lfs : tuple of LFInfo
        The labeling functions, in the order of the numbers in ``lf``.
    class_names : tuple of str
    """

    hits: sparse.csr_array
    lf: NDArray[np.int64]
    label: NDArray[np.int64]
    counts: NDArray[np.float64]
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]

    @property
    def n_patterns(self) -> int:
        """Number of distinct patterns."""
        return len(self.counts)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def n_lfs(self) -> int:
        """Number of labeling functions."""
        return len(self.lfs)

    @property
    def n_columns(self) -> int:
        """Number of (labeling function, class) pairs that occur."""
        return len(self.lf)

    @property
    def codes(self) -> NDArray[np.int64]:
        """Each column as one number, ``lf * n_classes + label``; ascending."""
        return self.lf * self.n_classes + self.label

    @property
    def n_votes(self) -> NDArray[np.int64]:
        """Number of votes of each pattern; shape (n_patterns,)."""
        return np.diff(self.hits.indptr).astype(np.int64)

    @property
    def pattern_of_vote(self) -> NDArray[np.int64]:
        """The pattern of each vote, in the order of ``hits.indices``; shape (n_votes,)."""
        return np.repeat(np.arange(self.n_patterns), np.diff(self.hits.indptr))

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True for patterns with a vote; shape (n_patterns,)."""
        return self.n_votes > 0

    @cached_property
    def column_counts(self) -> NDArray[np.float64]:
        """Number of examples with each column's vote; shape (n_columns,)."""
        return np.asarray(self.hits.T @ self.counts)

    def label_matrix(self, weight: NDArray[np.float64] | None = None) -> sparse.csr_array:
        """Return the sparse matrix (n_columns, n_classes) with each column's weight (or 1) at its class."""
        weights = np.ones(self.n_columns) if weight is None else weight
        shape = (self.n_columns, self.n_classes)
        return sparse.csr_array((weights, (np.arange(self.n_columns), self.label)), shape=shape)

    def lf_matrix(self) -> sparse.csr_array:
        """Return the sparse 0/1 matrix (n_lfs, n_columns) with 1 at the columns of each LF."""
        shape = (self.n_lfs, self.n_columns)
        return sparse.csr_array((np.ones(self.n_columns), (self.lf, np.arange(self.n_columns))), shape=shape)

    def rows(self, chosen: slice) -> sparse.csr_array:
        """Return the hits of some patterns, without a copy of them."""
        start, stop, _ = chosen.indices(self.n_patterns)
        if (start, stop) == (0, self.n_patterns):
            return self.hits
        indptr = self.hits.indptr[start : stop + 1]
        votes = slice(indptr[0], indptr[-1])
        hits = sparse.csr_array((stop - start, self.n_columns))  # the constructor from arrays copies them
        hits.indices, hits.indptr = self.hits.indices[votes], indptr - indptr[0]
        hits.data = self.hits.data[: hits.indptr[-1]]  # all values are 1, and the first ones are in the cache
        return hits

    def some(self, patterns: NDArray[np.int64]) -> VoteTable:
        """Return the table of the patterns at some positions, each with a count of one."""
        return replace(self, hits=self.hits[patterns], counts=np.ones(len(patterns)))

    def chunks(self) -> Iterator[slice]:
        """Iterate over slices of patterns whose posteriors take bounded memory."""
        step = max(1, CHUNK_CELLS // self.n_classes)
        for start in range(0, self.n_patterns, step):
            yield slice(start, min(start + step, self.n_patterns))


@dataclass(frozen=True, eq=False)
class GivenVotes:
    """Checked votes of the input, with ids, names and gold.

    Attributes
    ----------
    stored : csr_array of int64, shape (n_patterns, n_lfs), or None
        The class of every vote, of sparse input; a cell that is not stored is an abstain.
    outcomes : ndarray or None, shape (n_patterns, n_lfs)
        Distinct patterns in lexicographic order, of dense input.
    counts, index, examples
        Examples of each pattern; the pattern of each example, and what names them (None for vote patterns).
    named : bool
        True if the labeling functions have names from the input.
    gold : ndarray or None, shape (n_patterns, n_classes)
        Gold counts of vote patterns that carry them.
    confidence : ndarray of uint8 or None, shape (n_patterns, n_lfs)
        Confidences of the votes.
    in_order : bool
        True if the patterns are in lexicographic order.
    """

    stored: sparse.csr_array | None
    outcomes: NDArray[Any] | None
    counts: NDArray[np.int64]
    index: NDArray[np.int64] | None
    examples: ExampleNames | None
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    named: bool
    gold: NDArray[np.int64] | None = None
    confidence: NDArray[np.uint8] | None = None
    in_order: bool = True

    @property
    def shape(self) -> tuple[int, int]:
        """(n_patterns, n_lfs)."""
        return len(self.counts), len(self.lfs)

    def cells(self, order: NDArray[np.int64], *, by_pattern: bool = False) -> VoteCells:
        """Return the votes with the labeling functions in an order; of dense input, with sorted patterns if asked."""
        n_classes = len(self.class_names)
        if self.outcomes is not None:
            return cells_of(self.outcomes, order, n_classes, by_pattern=by_pattern)
        assert self.stored is not None
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        codes = rank[self.stored.indices] * n_classes + self.stored.data
        return VoteCells(codes, self.stored.indptr, None)

    def votes_with_gold(self, labels: NDArray[np.int64]) -> tuple[NDArray[Any], GoldCounts]:
        """Return the patterns of examples with gold, below 0 where a rule does not vote, and counts of gold."""
        assert self.index is not None
        pairs = GoldCounts.of_examples(self.index, labels, len(self.class_names))
        patterns, place = np.unique(pairs.pattern, return_inverse=True)
        counts = GoldCounts(place.astype(np.int64), pairs.label, pairs.count)
        if self.outcomes is not None:
            return self.outcomes[patterns], counts
        assert self.stored is not None
        rows = self.stored[patterns]
        votes = np.full(rows.shape, ABSTAIN)
        votes[np.repeat(np.arange(len(patterns)), np.diff(rows.indptr)), rows.indices] = rows.data
        return votes, counts

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the labeling functions."""
        return tuple(lf.name for lf in self.lfs)


def read_votes(matrix: Any, n_classes: int | None = None) -> GivenVotes:
    """Check votes in any of the forms that label models take.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Raises
    ------
    MatrixError
        If these are not votes, or there are no labeling functions.
    ModelError
        If a matrix that knows its classes has another number of them.
    """
    if isinstance(matrix, LabelMatrix | VotePatterns):
        if n_classes is not None and n_classes != matrix.n_classes:
            raise ModelError(
                f"n_classes={n_classes}, but the matrix has {plural(matrix.n_classes, 'class', 'classes')}: "
                f"{list(matrix.class_names[:12])}",
                hint="leave n_classes out: a label matrix knows its classes",
                code="LK409",
            )
        given = _from_matrix(matrix, named=True)
    elif hasattr(matrix, "tocsr"):
        given = _from_sparse(matrix, n_classes)
    elif column_names(matrix) is not None:  # a frame of any library: its columns are matched by name
        given = _from_matrix(LabelMatrix.of(matrix, classes=n_classes), named=True)
    else:
        given = _from_matrix(LabelMatrix.of(_checked_array(matrix), classes=n_classes), named=False)
    if not given.lfs:
        raise MatrixError(
            f"there are 0 feature(s) (shape={given.shape}) while a minimum of 1 is required: no labeling function"
        )
    return given


def _checked_array(matrix: Any) -> NDArray[Any]:
    array: NDArray[Any] = np.asanyarray(matrix)  # with a mask, if it has one
    if array.dtype.kind == "c":
        raise MatrixError("Complex data not supported: a vote is a class number, or -1", code="LK311")
    if array.ndim == 0 or (array.ndim == 1 and array.dtype.kind in "OUT"):  # what is no array of numbers is named
        LabelMatrix.of(matrix)
    if array.ndim != 2:
        raise MatrixError(
            f"votes have shape {array.shape}, not (n_examples, n_lfs)",
            hint="Reshape your data: votes.reshape(-1, 1) for one labeling function, (1, -1) for one example",
            code="LK311",
        )
    return array


def _from_matrix(matrix: LabelMatrix | VotePatterns, *, named: bool) -> GivenVotes:
    examples = matrix if isinstance(matrix, LabelMatrix) else None
    patterns = matrix if isinstance(matrix, VotePatterns) else matrix.patterns
    return GivenVotes(
        stored=None,
        outcomes=patterns.outcomes,
        counts=patterns.counts,
        index=None if examples is None else examples.pattern_index,
        examples=None if examples is None else examples.examples,
        lfs=patterns.lfs,
        class_names=patterns.class_names,
        named=named,
        gold=patterns.gold,
        confidence=patterns.confidence,
    )


def _from_sparse(matrix: Any, n_classes: int | None) -> GivenVotes:
    """Votes of a sparse matrix, never made dense: a stored value is the class plus one."""
    cells = sparse.csr_array(matrix)
    cells.sum_duplicates()
    cells.eliminate_zeros()
    stored = cells.data.astype(np.int64) if cells.data.dtype.kind == "u" else cells.data
    LabelMatrix.of(stored.reshape(-1, 1))  # the same checks of type and value as for an array
    labels = cells.data.astype(np.int64) - 1
    if labels.min(initial=0) < 0:
        raise MatrixError(
            f"a sparse matrix holds {labels.min() + 1}", hint="it stores label + 1, and 0 is an abstain", code="LK311"
        )
    highest = int(labels.max(initial=-1))
    space = LabelSpace.of(max(2, highest + 1) if n_classes is None else n_classes)
    if highest >= len(space):
        raise MatrixError(
            f"votes hold class {highest}, but there are {len(space)} classes (0 .. {len(space) - 1})", code="LK311"
        )
    n_rows, n_lfs = (int(n) for n in cells.shape)
    return GivenVotes(
        stored=sparse.csr_array((labels, cells.indices, cells.indptr), shape=(n_rows, n_lfs)),
        outcomes=None,
        counts=np.ones(n_rows, dtype=np.int64),
        index=np.arange(n_rows),
        examples=ExampleNames(np.arange(n_rows)),
        lfs=tuple(LFInfo(name=f"lf{j}") for j in range(n_lfs)),
        class_names=space.names,
        named=False,
    )


def class_votes(hits: sparse.csr_array, to_class: sparse.csr_array) -> NDArray[np.float64]:
    """The weighted votes of patterns for each class.

    Parameters
    ----------
    hits : csr_array of shape (n_patterns, n_columns)
    to_class : csr_array of shape (n_columns, n_classes)
        The weight of each column's vote, at its class; see :meth:`VoteTable.label_matrix`.

    Returns
    -------
    ndarray of shape (n_patterns, n_classes)
    """
    if to_class.shape[1] > FEW_CLASSES:
        return np.asarray((hits @ to_class).toarray())
    return np.asarray(hits @ to_class.toarray())
