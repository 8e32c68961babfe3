"""Where references stand and examples are compared with them: TF-IDF of texts, or the space of an embedding.

A space answers with cosines. They are rounded to 5 decimals, so that a text is exactly 1.0 similar to itself, and the
last bits of floats, which depend on the machine, rarely decide a vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from labelkit.exceptions import RuleError
from labelkit.rules.similarity._ngrams import Bags, count_ngrams, ngrams_in_blocks
from labelkit.rules.similarity._vectors import Embed, VectorErrors, embedded, means, stacked, unit, unit_sparse

DIGITS: Final = 5
"""Decimals of a cosine."""

Cosines: TypeAlias = npt.NDArray[np.float64]


class Space(Protocol):
    """References to compare examples with."""

    @property
    def n_references(self) -> int:
        """How many there are."""

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """Where texts, or vectors, stand: a row each, and why some stand nowhere.

        Raises
        ------
        ValueError
            If none of them can be compared with these references.
        """

    def cosines(self, points: Any) -> Cosines:
        """The cosines of some rows of points with each reference."""


NO_NGRAM = np.uint64(2**64 - 1)
"""No n-gram has this number: theirs have 54 bits."""


@dataclass(frozen=True, eq=False)
class Tfidf:
    """Texts by the n-grams that they share.

    An n-gram counts more, slowly, where a text has it several times (1 + log of its count). Where there are references
    of several labels, one that many references share counts less; those of a single label say nothing of what is common
    elsewhere, and all count alike. The corpus has no say: votes do not depend on it.

    Parameters
    ----------
    vocabulary : ndarray of uint64
        The numbers of the n-grams of the references, ascending.
    weights : ndarray of float
        What each counts.
    other : float
        What an n-gram counts that no reference has.
    references : scipy.sparse.csr_array, shape (n_references, n_ngrams)
        Of length 1.
    what : str
        What to call the rule in messages.
    """

    vocabulary: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.float64]
    other: float
    references: Any
    what: str

    @classmethod
    def of(cls, texts: Sequence[str], groups: npt.NDArray[np.int64], what: str, *, mean: bool) -> Tfidf:
        """Make the space of references, each of a group; one point for each group if their mean is meant."""
        bags = count_ngrams(texts)
        vocabulary, places = np.unique(bags.ngrams, return_inverse=True)
        n_texts, n_with = len(texts), np.bincount(places, minlength=len(vocabulary))
        several = len(np.unique(groups)) > 1
        weights = np.log((1 + n_texts) / (1 + n_with)) + 1 if several else np.ones(len(vocabulary))
        other = float(np.log(1 + n_texts) + 1) if several else 1.0
        counts = (1 + np.log(bags.counts)) * weights[places]
        points = unit_sparse(_sparse(counts, places, bags.sizes, len(vocabulary)))
        return cls(vocabulary, weights, other, unit_sparse(means(points, groups)) if mean else points, what)

    @property
    def n_references(self) -> int:
        """How many there are."""
        return int(self.references.shape[0])

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """As the protocol has it; a text without any n-gram is like no other."""
        if not isinstance(values[0], str):
            raise TypeError(
                f"{self.what} compares texts, and its column holds {type(values[0]).__name__}; "
                "give embed= if these are vectors: what made them"
            )
        from scipy import sparse  # noqa: PLC0415 - only for rules that compare texts

        return sparse.vstack([self._points(bags) for bags in ngrams_in_blocks(values)], format="csr"), {}

    def _points(self, bags: Bags) -> Any:
        n_texts = len(bags.sizes)
        known = self.vocabulary if len(self.vocabulary) else np.full(1, NO_NGRAM)
        places = np.searchsorted(known, bags.ngrams).clip(max=len(known) - 1)
        shared = known[places] == bags.ngrams
        own = self.weights if len(self.weights) else np.ones(1)
        weights = (1 + np.log(bags.counts)) * np.where(shared, own[places], self.other)
        owners = np.repeat(np.arange(n_texts), bags.sizes)
        norms = np.sqrt(np.bincount(owners, weights**2, minlength=n_texts))
        sizes = np.bincount(owners[shared], minlength=n_texts)
        parts = weights[shared] / norms[owners[shared]]
        return _sparse(parts, places[shared], sizes, len(self.vocabulary))

    def cosines(self, points: Any) -> Cosines:
        """As the protocol has it."""
        return _rounded(points @ self.references.T)


def _sparse(values: Any, places: Any, sizes: npt.NDArray[np.int64], n_columns: int) -> Any:
    """A sparse matrix of rows that stand one after the other."""
    from scipy import sparse  # noqa: PLC0415 - only for rules that compare texts

    return sparse.csr_array((values, places, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(sizes), n_columns))


@dataclass(frozen=True, eq=False)
class Embedded:
    """Vectors, or texts by their embedding.

    Parameters
    ----------
    references : ndarray of float32 or scipy.sparse.csr_array, shape (n_references, n_dimensions)
        Of length 1.
    embed : callable, optional
        Makes vectors of texts.
    what : str
        What to call the rule in messages.
    """

    references: Any
    embed: Embed | None
    what: str

    @classmethod
    def of(cls, entries: Any, groups: npt.NDArray[np.int64], embed: Embed | None, what: str, *, mean: bool) -> Embedded:
        """Make the space of references, texts or vectors, each of a group; a point for each group if ``mean``."""
        vectors = entries if embed is None or isinstance(entries, np.ndarray) else embedded(embed, entries, what)
        points = _usable(vectors, what)
        return cls(_usable(means(points, groups), what) if mean else points, embed, what)

    @property
    def n_references(self) -> int:
        """How many there are."""
        return int(self.references.shape[0])

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """As the protocol has it."""
        size = int(self.references.shape[1])
        vectors: Any
        wrong: VectorErrors = {}
        if not isinstance(values[0], str):
            vectors, wrong = stacked(values, size, self.what)
        elif self.embed is None:
            raise TypeError(f"{self.what} compares vectors, and its column holds text; give embed=, or vectors")
        else:
            vectors = embedded(self.embed, values, self.what)
        if vectors.shape[1] != size:
            raise ValueError(
                f"the vectors have {vectors.shape[1]} numbers, and those of the examples of {self.what} have {size}"
            )
        if not isinstance(vectors, np.ndarray):
            return unit_sparse(vectors), wrong
        points, pointless = unit(vectors)
        return points, {**pointless, **wrong}

    def cosines(self, points: Any) -> Cosines:
        """As the protocol has it."""
        return _rounded(points @ self.references.T)


def _rounded(products: Any) -> Cosines:
    dense: Cosines = products.toarray() if hasattr(products, "toarray") else products.astype(np.float64)
    return np.round(dense, DIGITS)


def _usable(vectors: Any, what: str) -> Any:
    """References of length 1; one that points nowhere is an error."""
    if not isinstance(vectors, np.ndarray):
        return unit_sparse(vectors)
    points, errors = unit(vectors.astype(np.float32))
    for number, error in errors.items():
        raise RuleError(f"example {number} of {what} cannot be compared with: {error}")
    return points
