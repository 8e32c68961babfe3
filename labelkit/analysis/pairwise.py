"""Pairs of labeling functions: where both vote, where they disagree, and which of them say the same.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"])
>>> pairwise_conflicts(votes).to_numpy().tolist()
[[0.0, 0.25], [0.25, 0.0]]
>>> len(near_duplicate_rules(votes))
0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import blocks, fault_cells, ones_like, read, share, vote_cells
from labelkit.exceptions import AnalysisError
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy import sparse

MANY_CLASSES: Final = 16
"""With more classes than this, votes are compared as sparse matrices."""

FEW_VOTES: Final = 0.3
"""And where a smaller share of the cells than this holds a vote."""


@checks_keywords
def pairwise_overlaps(matrix: Any, *, n_classes: int | None = None) -> pd.DataFrame:
    """The share of examples on which two labeling functions both vote; n_lfs x n_lfs, coverage on the diagonal.

    Examples on which either failed are left out.

    >>> from labelkit.votes.label_matrix import LabelMatrix
    >>> pairwise_overlaps(LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]])).to_numpy().tolist()
    [[0.5, 0.25], [0.25, 0.5]]
    """
    patterns, _ = read(matrix, None, n_classes)
    pairs = count_pairs(patterns)
    return _square(pairs.both / pairs.ran, patterns)


@checks_keywords
def pairwise_conflicts(matrix: Any, *, n_classes: int | None = None) -> pd.DataFrame:
    """The share of examples on which two labeling functions vote for different classes; 0 on the diagonal.

    The frame is n_lfs x n_lfs. Examples on which either failed are left out.

    >>> from labelkit.votes.label_matrix import LabelMatrix
    >>> pairwise_conflicts(LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]])).to_numpy().tolist()
    [[0.0, 0.25], [0.25, 0.0]]
    """
    patterns, _ = read(matrix, None, n_classes)
    pairs = count_pairs(patterns)
    return _square((pairs.both - pairs.alike) / pairs.ran, patterns)


@checks_keywords
def near_duplicate_rules(matrix: Any, *, threshold: float = 0.99, n_classes: int | None = None) -> pd.DataFrame:
    """Pairs of labeling functions of which one says (almost) nothing that the other does not say.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    threshold : float in [0, 1)
        Two rules are duplicates where they vote alike on more than this share of the examples that either votes on. A
        rule is contained in another where the other votes alike on more than this share of the examples that it votes
        on.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Returns
    -------
    pandas.DataFrame
        A row for each pair, those with the most common votes first: ``first``, ``second``, ``relation``
        (``"duplicate"``, or ``"contained"``: the first in the second), ``agreement`` (the share that is held against
        the threshold) with Wilson's 95% interval ``low`` and ``high``, ``alike`` (examples on which both vote the same)
        and ``votes`` (examples behind the share). Examples on which either failed are left out.

    Examples
    --------
    >>> from labelkit.votes.label_matrix import LabelMatrix
    >>> votes = LabelMatrix.of([[0, 0, 0], [1, 1, -1], [0, 0, -1]], names=["a", "copy", "part"])
    >>> near_duplicate_rules(votes)[["first", "second", "relation", "alike", "votes"]]
      first second   relation  alike  votes
    0     a   copy  duplicate      3      3
    1  part      a  contained      1      1
    2  part   copy  contained      1      1
    """
    if not 0 <= threshold < 1:
        raise AnalysisError(f"threshold={threshold!r} is not from 0 to below 1", hint="threshold=0.99")
    patterns, _ = read(matrix, None, n_classes)
    import pandas as pd  # noqa: PLC0415 - slow to import, and reports of runs do without

    return pd.DataFrame(alike_columns(count_pairs(patterns), patterns.names, threshold))


def alike_columns(pairs: Pairs, names: tuple[str, ...], threshold: float) -> dict[str, Any]:
    """The columns of :func:`near_duplicate_rules`, from counts of pairs."""
    m = len(names)
    either = pairs.first + pairs.first.T - pairs.both
    same = share(pairs.alike.ravel(), either.ravel()).reshape(m, m) > threshold
    within = share(pairs.alike.ravel(), pairs.first.ravel()).reshape(m, m) > threshold
    twins = np.argwhere(np.triu(same, 1))
    parts = np.argwhere(within & ~same & ~np.eye(m, dtype=bool))
    places = np.concatenate([twins, parts]).astype(np.int64)
    i, j = places.T
    votes = np.concatenate([either[tuple(twins.T)], pairs.first[tuple(parts.T)]])
    alike = pairs.alike[i, j]
    low, high = wilson_interval(alike, votes)
    relation = np.repeat(["duplicate", "contained"], [len(twins), len(parts)])
    order = np.argsort(-alike, kind="stable")
    return {
        "first": [names[a] for a in i[order]],
        "second": [names[b] for b in j[order]],
        "relation": relation[order].tolist(),
        "agreement": share(alike, votes)[order],
        "low": low[order],
        "high": high[order],
        "alike": alike[order].astype(np.int64),
        "votes": votes[order].astype(np.int64),
    }


# Counting -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pairs:
    """Counts of examples for each pair of labeling functions; every array is n_lfs x n_lfs.

    Attributes
    ----------
    both, alike : ndarray
        Both vote; both vote for the same class.
    first : ndarray
        The first votes and the second did not fail.
    ran : ndarray
        Neither failed; NaN where there is no such example.
    """

    both: NDArray[np.float64]
    alike: NDArray[np.float64]
    first: NDArray[np.float64]
    ran: NDArray[np.float64]


def count_pairs(patterns: VotePatterns) -> Pairs:
    """Count examples for each pair of labeling functions."""
    votes = vote_cells(patterns)
    few = votes.nnz < FEW_VOTES * max(votes.shape[0] * votes.shape[1], 1)
    both, alike = _sparse(votes, patterns) if few or patterns.n_classes > MANY_CLASSES else _dense(patterns)
    failed, lost = _faults(votes, patterns)
    ran = patterns.n_examples - failed
    return Pairs(both, alike, np.diagonal(both)[:, None] - lost, np.where(ran > 0, ran, np.nan))


def _sparse(votes: sparse.csr_array, patterns: VotePatterns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Examples on which two LFs vote, and vote alike: one product over the pairs of an LF and a class that occur."""
    from scipy import sparse  # noqa: PLC0415 - slow to import

    m, k = patterns.n_lfs, patterns.n_classes
    codes = votes.indices.astype(np.int64) * k + votes.data
    seen, column = np.unique(codes, return_inverse=True) if m * k > votes.nnz else (np.arange(m * k), codes)
    hits = sparse.csr_array((np.ones(len(codes)), column, votes.indptr), shape=(len(patterns), len(seen)))
    weights = np.repeat(patterns.counts.astype(np.float64), np.diff(votes.indptr))
    weighted = sparse.csr_array((weights, column, votes.indptr), shape=hits.shape)
    joint = (hits.T @ weighted).tocoo()
    one, other = seen[joint.row], seen[joint.col]
    cell = (one // k) * m + other // k
    same = one % k == other % k
    both = np.bincount(cell, weights=joint.data, minlength=m * m)
    alike = np.bincount(cell[same], weights=joint.data[same], minlength=m * m)
    return np.asarray(both.reshape(m, m), np.float64), np.asarray(alike.reshape(m, m), np.float64)


def _dense(patterns: VotePatterns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same, for matrices that are full of votes for few classes."""
    both, alike = np.zeros((2, patterns.n_lfs, patterns.n_lfs))
    for rows in blocks(len(patterns), patterns.n_lfs):
        outcomes, counts = patterns.outcomes[rows], patterns.counts[rows].astype(np.float64)[:, None]
        voted = (outcomes >= 0).astype(np.float64)
        both += voted.T @ (counts * voted)
        for c in range(patterns.n_classes):
            of_class = (outcomes == c).astype(np.float64)
            alike += of_class.T @ (counts * of_class)
    return both, alike


def _faults(votes: sparse.csr_array, patterns: VotePatterns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Examples on which either failed, and on which the first votes and the second failed."""
    from scipy import sparse  # noqa: PLC0415 - slow to import

    m = patterns.n_lfs
    failed = fault_cells(patterns)
    if not failed.nnz:
        return np.zeros((m, m)), np.zeros((m, m))
    counts = patterns.counts.astype(np.float64)
    weighted = sparse.diags_array(counts) @ failed
    one = (failed.T @ counts)[None, :]
    both = (failed.T @ weighted).toarray()
    return one + one.T - both, (ones_like(votes).T @ weighted).toarray()


def _square(values: NDArray[np.float64], patterns: VotePatterns) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - as above

    names = pd.Index(patterns.names, name="lf")
    return pd.DataFrame(values, index=names, columns=names)
