"""Compute cosines between examples and references, in the space of TF-IDF or of an embedding.

Cosines are rounded to 5 decimals, so that a text is exactly 1.0 similar to itself, and the last bits of floats, which
depend on the machine, rarely decide a vote.
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
    """A space of vectors with the references in it."""

    @property
    def n_references(self) -> int:
        """The number of references."""

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """Convert texts, or vectors, to rows of unit length, and return an error for each that has no direction.

        Raises
        ------
        ValueError
            If none of them can be compared with these references.
        """

    def cosines(self, points: Any) -> Cosines:
        """Return the cosines of some rows of points with each reference."""


NO_NGRAM = np.uint64(2**64 - 1)
"""A number that no n-gram has: their hashes have 54 bits."""


@dataclass(frozen=True, eq=False)
class TfidfSpace:
    """TF-IDF vectors of character n-grams.

    The term frequency is 1 + log of the count. The inverse document frequency, log((1 + n) / (1 + n_with)) + 1, is
    computed on the references, and only if they have several labels: references of one label cannot tell which n-grams
    are common in general, so all weights are 1. The corpus is not used, so votes do not depend on it.

    Parameters
    ----------
    vocabulary : ndarray of uint64
        The hashes of the n-grams of the references, ascending.
    weights : ndarray of float
        The inverse document frequency of each.
    other : float
        The weight of n-grams that no reference has.
    references : scipy.sparse.csr_array, shape (n_references, n_ngrams)
        Rows of unit length.
    rule : str
        The name of the rule, for messages.
    """

    vocabulary: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.float64]
    other: float
    references: Any
    rule: str

    @classmethod
    def of(cls, texts: Sequence[str], groups: npt.NDArray[np.int64], rule: str, *, mean: bool) -> TfidfSpace:
        """Build the space of references; with ``mean``, each group becomes one reference, its mean."""
        bags = count_ngrams(texts)
        vocabulary, places = np.unique(bags.ngrams, return_inverse=True)
        n_texts, n_with = len(texts), np.bincount(places, minlength=len(vocabulary))
        several = len(np.unique(groups)) > 1
        weights = np.log((1 + n_texts) / (1 + n_with)) + 1 if several else np.ones(len(vocabulary))
        other = float(np.log(1 + n_texts) + 1) if several else 1.0
        counts = (1 + np.log(bags.counts)) * weights[places]
        points = unit_sparse(_sparse(counts, places, bags.sizes, len(vocabulary)))
        return cls(vocabulary, weights, other, unit_sparse(means(points, groups)) if mean else points, rule)

    @property
    def n_references(self) -> int:
        """The number of references."""
        return int(self.references.shape[0])

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """Convert texts to rows of unit length; a text without any n-gram has cosine 0 with every reference."""
        if not isinstance(values[0], str):
            raise TypeError(
                f"{self.rule} compares texts, and its column holds {type(values[0]).__name__}; "
                "if these are vectors, give the function that computed them as embed="
            )
        from scipy import sparse  # noqa: PLC0415 - only for rules that compare texts

        return sparse.vstack([self._points(bags) for bags in ngrams_in_blocks(values)], format="csr"), {}

    def _points(self, bags: Bags) -> Any:
        n_texts = len(bags.sizes)
        vocabulary = self.vocabulary if len(self.vocabulary) else np.full(1, NO_NGRAM)
        places = np.searchsorted(vocabulary, bags.ngrams).clip(max=len(vocabulary) - 1)
        shared = vocabulary[places] == bags.ngrams
        idf = self.weights if len(self.weights) else np.ones(1)
        weights = (1 + np.log(bags.counts)) * np.where(shared, idf[places], self.other)
        owners = np.repeat(np.arange(n_texts), bags.sizes)
        norms = np.sqrt(np.bincount(owners, weights**2, minlength=n_texts))
        sizes = np.bincount(owners[shared], minlength=n_texts)
        parts = weights[shared] / norms[owners[shared]]
        return _sparse(parts, places[shared], sizes, len(self.vocabulary))

    def cosines(self, points: Any) -> Cosines:
        """Return the cosines of some rows of points with each reference."""
        return _rounded(points @ self.references.T)


def _sparse(values: Any, places: Any, sizes: npt.NDArray[np.int64], n_columns: int) -> Any:
    """Build a sparse matrix from the concatenated entries of its rows."""
    from scipy import sparse  # noqa: PLC0415 - only for rules that compare texts

    return sparse.csr_array((values, places, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(sizes), n_columns))


@dataclass(frozen=True, eq=False)
class EmbeddingSpace:
    """Vectors, or texts in the space of an embedding.

    Parameters
    ----------
    references : ndarray of float32 or scipy.sparse.csr_array, shape (n_references, n_dimensions)
        Rows of unit length.
    embed : callable, optional
        Embeds texts as vectors.
    rule : str
        The name of the rule, for messages.
    """

    references: Any
    embed: Embed | None
    rule: str

    @classmethod
    def of(
        cls, entries: Any, groups: npt.NDArray[np.int64], embed: Embed | None, rule: str, *, mean: bool
    ) -> EmbeddingSpace:
        """Build the space of references, texts or vectors; with ``mean``, each group becomes one reference."""
        vectors = entries if embed is None or isinstance(entries, np.ndarray) else embedded(embed, entries, rule)
        points = _unit_references(vectors, rule)
        return cls(_unit_references(means(points, groups), rule) if mean else points, embed, rule)

    @property
    def n_references(self) -> int:
        """The number of references."""
        return int(self.references.shape[0])

    def points(self, values: Sequence[Any]) -> tuple[Any, VectorErrors]:
        """Convert texts, or vectors, to rows of unit length, and return an error for each that has no direction."""
        size = int(self.references.shape[1])
        vectors: Any
        invalid: VectorErrors = {}
        if not isinstance(values[0], str):
            vectors, invalid = stacked(values, size, self.rule)
        elif self.embed is None:
            raise TypeError(f"{self.rule} compares vectors, and its column holds text; give embed=, or vectors")
        else:
            vectors = embedded(self.embed, values, self.rule)
        if vectors.shape[1] != size:
            raise ValueError(
                f"the vectors have {vectors.shape[1]} numbers, and those of the examples of {self.rule} have {size}"
            )
        if not isinstance(vectors, np.ndarray):
            return unit_sparse(vectors), invalid
        points, without_direction = unit(vectors)
        return points, {**without_direction, **invalid}

    def cosines(self, points: Any) -> Cosines:
        """Return the cosines of some rows of points with each reference."""
        return _rounded(points @ self.references.T)


def _rounded(products: Any) -> Cosines:
    dense: Cosines = products.toarray() if hasattr(products, "toarray") else products.astype(np.float64)
    return np.round(dense, DIGITS)


def _unit_references(vectors: Any, rule: str) -> Any:
    """Scale references to unit length; raise RuleError for a zero or non-finite one."""
    if not isinstance(vectors, np.ndarray):
        return unit_sparse(vectors)
    points, errors = unit(vectors.astype(np.float32))
    for number, error in errors.items():
        raise RuleError(f"example {number} of {rule} cannot be compared with: {error}")
    return points
