"""Texts that are nearly the same, and texts that are merely foreign: another language, or garbage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.curation.near_duplicates.shingles import Shingling, jaccard, shingles
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import aligned_values, object_array
from labelkit.votes.listed_values import listed_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames

TEMPLATES: Final = Shingling(digits_alike=True)
"""Texts that differ in numbers alone teach a person little more than one of them."""

SAME: Final = 0.7
"""Share of common shingles (Jaccard) from which two texts are nearly the same."""

KNOWN_IN: Final = 3
"""Texts in which a word must stand to be a known one."""

FEWEST_WORDS: Final = 4
"""A shorter text is not judged by its words."""

RARE: Final = 4.0
"""Robust standard deviations below the median from which a share of known words is foreign."""

FEWEST_TEXTS: Final = 100
"""Of fewer texts, nothing is known of what is usual."""

_WORD: Final = re.compile(r"\w+")


def aligned_texts(texts: Any, examples: ExampleNames) -> list[str | None]:
    """Return the text of each example, None for those that are missing.

    Parameters
    ----------
    texts : array-like, mapping or Series
        By the names of the examples, or in their order.
    examples : ExampleNames

    Raises
    ------
    AnalysisError
        If there is not a text for each example, a name is no example's, or a value is no text.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who has texts

    try:
        given = listed_values(texts, what="texts", error=AnalysisError)
        values = object_array(pa.array(given, pa.large_string(), from_pandas=True).to_pylist())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise AnalysisError(f"texts= holds values that are no texts: {error}") from error
    aligned = aligned_values(texts, values, examples, None, what="texts", unit="texts", error=AnalysisError)
    return list(aligned.tolist())


def pieces_of(text: str | None) -> frozenset[str]:
    """Return the pieces of a text by which it is compared, any digit as good as another."""
    return shingles(text, TEMPLATES)


def nearly_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two texts have most of their pieces in common.

    >>> nearly_same(pieces_of("Win 100 dollars now!"), pieces_of("win 250 dollars NOW!"))
    True
    """
    return one == other or jaccard(one, other) >= SAME


def foreign(texts: Sequence[str | None]) -> NDArray[np.bool_]:
    """Find texts of which hardly any word stands in others, far fewer than usual; shape (n_texts,)."""
    words = [set(_WORD.findall(text.casefold())) if text else set() for text in texts]
    counts: dict[str, int] = {}
    for of_text in words:
        for word in of_text:
            counts[word] = counts.get(word, 0) + 1
    if len(texts) < FEWEST_TEXTS:
        return np.zeros(len(texts), dtype=bool)
    usual = np.array(
        [
            sum(counts[word] >= KNOWN_IN for word in of_text) / len(of_text) if len(of_text) >= FEWEST_WORDS else np.nan
            for of_text in words
        ]
    )
    judged = usual[np.isfinite(usual)]
    if not len(judged):
        return np.zeros(len(texts), dtype=bool)
    middle = float(np.median(judged))
    spread = max(1.4826 * float(np.median(np.abs(judged - middle))), 0.05)
    return np.asarray(np.nan_to_num(usual, nan=1.0) < middle - RARE * spread)
