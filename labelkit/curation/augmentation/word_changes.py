"""Ready transformations of words: synonyms of a lexicon or of embeddings, words left out, words that change places.

References
----------
Wei, Zou (2019), EDA: Easy data augmentation techniques for boosting performance on text classification tasks.
https://doi.org/10.18653/v1/D19-1670
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.augmentation.transformation import TransformationFunction, column_transformation
from labelkit.exceptions import RuleError
from labelkit.rules.list_files import read_entries

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD: Final = re.compile(r"\w+(?:['’-]\w+)*")

LONGEST_PHRASE: Final = 5
"""Words of a phrase that is looked for in a text."""


class Alternatives(Protocol):
    """Finds what may stand in the place of a word or phrase."""

    def __call__(self, phrase: str) -> Sequence[str]:
        """Return other words for one in lower case; none if it is unknown."""
        ...


@checks_keywords
def synonyms(
    source: Any,
    *,
    column: str = "text",
    share: float = 0.2,
    n: int = 1,
    similarity: float = 0.6,
    neighbours: int = 5,
    name: str = "synonyms",
) -> TransformationFunction:
    """Make a transformation that replaces words by synonyms.

    Parameters
    ----------
    source : mapping, list of groups, path, or word vectors
        A mapping from a word or phrase to one or several others; groups of words that mean the same; a file (CSV, TSV,
        JSONL, Parquet) with a word in its first column and one for it in the column ``synonym``; a mapping from words
        to vectors; or an object with ``most_similar(word, topn=...)``, such as gensim's ``KeyedVectors``. Of vectors,
        the nearest neighbours are used.
    column : str
    share : float in (0, 1]
        The share of the words with a synonym that are replaced; at least one is.
    n : int
        Variants to make of a text.
    similarity : float
        The least cosine of a neighbour.
    neighbours : int
        The most neighbours of a word.
    name : str

    Returns
    -------
    TransformationFunction
        Words are compared without regard to case, and replaced in the case that they had.

    Raises
    ------
    RuleError
        If the source is empty, or is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> tf = synonyms({"free": ["gratis"], "a lot of": "much"}, share=1)
    >>> tf("Free stuff, A LOT OF it", rng=np.random.default_rng(0))
    'Gratis stuff, MUCH it'
    """
    _check_share(share)
    find = _alternatives(source, similarity, neighbours)
    longest = find.longest if isinstance(find, _Lexicon) else 1

    def replaced(text: str, rng: np.random.Generator) -> list[str] | str | None:
        spans = _phrases(text, find, longest)
        if not spans:
            return None
        variants = [_with_others(text, spans, share, rng) for _ in range(n)]
        return variants[0] if n == 1 else list(dict.fromkeys(variants))

    return column_transformation(name, column, replaced)


@checks_keywords
def drop_words(*, share: float = 0.1, column: str = "text", name: str = "drop_words") -> TransformationFunction:
    """Make a transformation that leaves words out, each with the probability ``share``, at least one but not all.

    >>> import numpy as np
    >>> drop_words(share=0.3)("a very good day", rng=np.random.default_rng(0))
    'a'
    """
    _check_share(share)

    def dropped(text: str, rng: np.random.Generator) -> str | None:
        words = list(re.finditer(r"\S+\s*", text))
        if len(words) < 2:
            return None
        out = rng.random(len(words)) < share
        out[rng.integers(len(words))] |= not out.any()
        if out.all():
            out[rng.integers(len(words))] = False
        start = text[: words[0].start()]
        return start + "".join(word.group() for word, left in zip(words, out, strict=True) if not left).rstrip()

    return column_transformation(name, column, dropped)


@checks_keywords
def swap_words(*, n: int = 1, column: str = "text", name: str = "swap_words") -> TransformationFunction:
    """Make a transformation in which ``n`` pairs of words change places.

    >>> import numpy as np
    >>> swap_words()("so very good", rng=np.random.default_rng(0))
    'so good very'
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise RuleError(f"n={n!r} is not a number of pairs", hint="n=1")

    def swapped(text: str, rng: np.random.Generator) -> str | None:
        pieces = re.split(r"(\s+)", text)
        places = [i for i, piece in enumerate(pieces) if piece.strip()]
        if len(places) < 2:
            return None
        for _ in range(n):
            one, other = (places[i] for i in rng.choice(len(places), 2, replace=False).tolist())
            pieces[one], pieces[other] = pieces[other], pieces[one]
        return "".join(pieces)

    return column_transformation(name, column, swapped)


def _check_share(share: Any) -> None:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise RuleError(f"share={share!r} is not a share of words", hint="share=0.2")


def _phrases(text: str, find: Alternatives, longest: int) -> list[tuple[int, int, Sequence[str]]]:
    """Find the words and phrases that have others, the longest first: start, end, the others."""
    words = list(WORD.finditer(text))
    spans: list[tuple[int, int, Sequence[str]]] = []
    i = 0
    while i < len(words):
        for length in range(min(longest, len(words) - i), 0, -1):
            first, last = words[i].start(), words[i + length - 1].end()
            phrase = " ".join(text[first:last].casefold().split())
            others = [other for other in find(phrase) if other.casefold() != phrase]
            if others:
                spans.append((first, last, others))
                i += length - 1
                break
        i += 1
    return spans


def _with_others(text: str, spans: Sequence[tuple[int, int, Sequence[str]]], share: float, rng: Any) -> str:
    chosen = sorted(rng.choice(len(spans), max(1, math.ceil(share * len(spans))), replace=False).tolist())
    pieces, end = [], 0
    for start, stop, others in (spans[i] for i in chosen):
        other = others[int(rng.integers(len(others)))]
        pieces += [text[end:start], in_case_of(text[start:stop], other)]
        end = stop
    return "".join([*pieces, text[end:]])


def in_case_of(word: str, other: str) -> str:
    """Write a word in the case of another one.

    >>> in_case_of("FREE", "gratis"), in_case_of("Free", "gratis"), in_case_of("free", "iPad")
    ('GRATIS', 'Gratis', 'iPad')
    """
    if len(word) > 1 and word.isupper():
        return other.upper()
    return other[:1].upper() + other[1:] if word[:1].isupper() else other


# Where synonyms come from ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lexicon:
    """Words with others, in lower case."""

    others: Mapping[str, Sequence[str]]

    @property
    def longest(self) -> int:
        """Return the number of words of the longest phrase."""
        return min(max(len(phrase.split()) for phrase in self.others), LONGEST_PHRASE)

    def __call__(self, phrase: str) -> Sequence[str]:
        return self.others.get(phrase, ())


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Nearest neighbours among word vectors of length 1."""

    words: Sequence[str]
    vectors: NDArray[np.float64]
    similarity: float
    most: int
    _memory: dict[str, list[str]] = field(default_factory=dict)
    _place: dict[str, int] = field(default_factory=dict)

    def __call__(self, phrase: str) -> Sequence[str]:
        if not self._place:
            self._place.update((word.casefold(), i) for i, word in reversed(list(enumerate(self.words))))
        place = self._place.get(phrase)
        if place is None:
            return ()
        if phrase not in self._memory:
            cosine = self.vectors @ self.vectors[place]
            nearest = [i for i in np.argsort(-cosine, kind="stable")[: self.most + 1].tolist() if i != place]
            self._memory[phrase] = [self.words[i] for i in nearest[: self.most] if cosine[i] >= self.similarity]
        return self._memory[phrase]


@dataclass(frozen=True, eq=False)
class _KeyedVectors:
    """Nearest neighbours by an object with ``most_similar``."""

    vectors: Any
    similarity: float
    most: int
    _memory: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, phrase: str) -> Sequence[str]:
        if phrase not in self._memory:
            try:
                near = self.vectors.most_similar(phrase, topn=self.most)
            except KeyError:
                near = ()
            self._memory[phrase] = [str(word) for word, cosine in near if cosine >= self.similarity]
        return self._memory[phrase]


def _alternatives(source: Any, similarity: float, most: int) -> Alternatives:
    if callable(getattr(source, "most_similar", None)):
        return _KeyedVectors(source, similarity, most)
    if isinstance(source, str | Path):
        return _lexicon(read_entries(source, value="synonym"), str(source))
    if isinstance(source, Mapping):
        first = next(iter(source.values()), None)
        if first is not None and not isinstance(first, str) and _is_vector(first):
            return _vectors(source, similarity, most)
        return _lexicon(source.items(), "the mapping")
    if isinstance(source, Iterable):
        groups = [list(group) if isinstance(group, Iterable) and not isinstance(group, str) else [] for group in source]
        if any(len(group) < 2 for group in groups):
            raise RuleError(
                "a list of synonyms holds groups of two words or more", hint='synonyms([["buy", "purchase"], ...])'
            )
        return _lexicon(((word, group) for group in groups for word in group), "the list")
    raise RuleError(
        f"synonyms of {source!r:.60} cannot be found",
        hint='give a dict such as {"buy": ["purchase"]}, groups of words, a file, or word vectors',
    )


def _lexicon(entries: Iterable[tuple[Any, Any]], what: str) -> _Lexicon:
    others: dict[str, list[str]] = {}
    for word, given in entries:
        several = [given] if isinstance(given, str) else given
        if not isinstance(word, str) or not isinstance(several, Iterable):
            raise RuleError(f"{what} maps {word!r:.60} to {given!r:.60}: synonyms are texts")
        texts = list(several)
        wrong = [one for one in texts if not isinstance(one, str) or not one.strip()]
        if wrong:
            raise RuleError(f"{what} has {wrong[0]!r:.60} for {word!r:.60}, which is no word")
        known_others = others.setdefault(" ".join(word.casefold().split()), [])
        known_others += [one for one in texts if one not in known_others and one.casefold() != word.casefold()]
    if not any(others.values()):
        raise RuleError(f"{what} has no synonyms", hint='synonyms({"buy": ["purchase"]})')
    return _Lexicon({word: tuple(several) for word, several in others.items() if several})


def _is_vector(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "iuf" and np.ndim(value) == 1
    except ValueError:
        return False


def _vectors(source: Mapping[str, Any], similarity: float, most: int) -> _Vectors:
    try:
        vectors = np.stack([np.asarray(one, dtype=np.float64) for one in source.values()])
    except ValueError:
        raise RuleError("the word vectors have different lengths") from None
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return _Vectors(list(source), vectors / np.where(norms > 0, norms, 1), similarity, most)
