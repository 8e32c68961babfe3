"""Hashed word 1-2-grams with TF-IDF weights, counted in one pass over the texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit.votes.alignment import object_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BUCKETS: Final = 2**18
"""Columns of hashed features; collisions cost nothing that is measurable on the sets of the quality benchmark."""

WORD: Final = r"\w+|[^\w\s]"
"""A word, or a single other character."""

NAMED_TEXTS: Final = 2_000
"""Texts whose words give hashed columns their names."""


class HashedWords:
    """Hashed word 1-2-grams with weights ``(1 + log tf) idf``, of length 1; idf as TfidfTransformer has it."""

    def __init__(self) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - slow to import

        self._vectorizer = HashingVectorizer(
            n_features=N_BUCKETS,
            ngram_range=(1, 2),
            token_pattern=WORD,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        self._n_texts, self._frequency = 0, np.zeros(N_BUCKETS)
        self._first: list[str] = []

    def counted(self, texts: Any) -> sparse.csr_array:
        """Count the words of some texts, and how many texts each is in."""
        self._first += _joined(texts)[: max(NAMED_TEXTS - len(self._first), 0)]
        counts = self._counts(texts)
        self._n_texts += counts.shape[0]
        self._frequency += np.bincount(counts.indices, minlength=N_BUCKETS)
        return counts

    def _counts(self, texts: Any) -> sparse.csr_array:
        counts = sparse.csr_array(self._vectorizer.transform(_joined(texts)))
        np.log(counts.data, out=counts.data)
        counts.data += 1
        return counts

    def weighted(self, counts: sparse.csr_array) -> sparse.csr_array:
        """Weigh and scale the rows, in place."""
        idf = (np.log((1 + self._n_texts) / (1 + self._frequency)) + 1).astype(np.float32)
        idf[self._frequency < 2] = 0.0  # a word of one text tells nothing of others
        counts.data *= idf[counts.indices]
        squares = np.append(0.0, np.cumsum(counts.data.astype(np.float64) ** 2))
        length = np.sqrt(np.maximum(squares[counts.indptr[1:]] - squares[counts.indptr[:-1]], 0))
        counts.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(counts.indptr)).astype(np.float32)
        counts.eliminate_zeros()
        return counts

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was counted, to be saved."""
        there = np.flatnonzero(self._frequency)
        return {"n_texts": np.array(self._n_texts), "bucket": there, "frequency": self._frequency[there]}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> HashedWords:
        """Make it of what was saved."""
        words = cls()
        words._n_texts = int(arrays["n_texts"])
        words._frequency[arrays["bucket"]] = arrays["frequency"]
        return words

    def __call__(self, texts: Any) -> sparse.csr_array:
        """Return the features of texts, by the document frequencies that were counted."""
        return self.weighted(self._counts(texts))

    def names(self) -> NDArray[np.str_]:
        """Return the most frequent word of each column among the first texts; others have a number."""
        analyze = self._vectorizer.build_analyzer()
        counts: dict[str, int] = {}
        for text in self._first:
            for gram in analyze(text):
                counts[gram] = counts.get(gram, 0) + 1
        grams = sorted(counts, key=lambda gram: (counts[gram], gram))
        names = np.char.add("feature ", np.arange(N_BUCKETS).astype(np.str_)).astype(object)
        if grams:
            one = self._vectorizer.__class__(**{**self._vectorizer.get_params(), "analyzer": lambda gram: [gram]})
            names[one.transform(grams).indices] = object_array(grams)  # the most frequent last
        return names


def _joined(texts: Any) -> list[str]:
    """Return the texts, those of several columns with line breaks between them."""
    if isinstance(texts, list):
        return texts
    return ["\n".join("" if cell is None or cell != cell else str(cell) for cell in row) for row in texts.to_numpy()]  # noqa: PLR0124 - NaN
