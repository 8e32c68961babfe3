"""Learn how the authors of a corpus mistype: rare words that are one edit away from a frequent one.

References
----------
Kernighan, Church, Gale (1990), A spelling correction program based on a noisy channel model.
https://aclanthology.org/C90-2036/
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus import BATCH_ROWS, open_corpus
from labelkit.curation.augmentation.noise import CharacterNoise
from labelkit.exceptions import AnalysisError

LETTERS: Final = re.compile(r"[^\W\d_]+")

Edit = tuple[str, str]


@checks_keywords
def learn_noise(
    corpus: Any,
    column: str = "text",
    *,
    frequent: int = 20,
    ratio: float = 10.0,
    shortest: int = 5,
    max_rows: int = 200_000,
) -> CharacterNoise:
    """Learn the rates of character edits from the words of a corpus.

    A word that is one substitution, deletion, insertion or transposition away from a frequent word, and at least
    ``ratio`` times rarer, counts as that word mistyped. A change at the end of a word is left out, since that is how
    words are inflected. The odds of an edit are the number of words that show it by that of the clean words in which it
    could have been; words with several edits do not bias them.

    Parameters
    ----------
    corpus : object
        As :func:`labelkit.open_corpus` takes it.
    column : str
    frequent : int
        The least number of times that a word is there whose mistyped forms are looked for.
    ratio : float
        How many times rarer a mistyped form is, at least.
    shortest : int
        The fewest letters of such a word: short words are one edit away from many others.
    max_rows : int
        The first rows, which are read.

    Returns
    -------
    CharacterNoise
        For :func:`labelkit.typos`.

    Raises
    ------
    AnalysisError
        If no word is frequent enough.

    Examples
    --------
    >>> texts = ["seperate rooms", *["separate rooms"] * 49]
    >>> noise = learn_noise(texts)
    >>> round(noise.edits["a"]["e"], 4), noise.n_edits
    (0.0101, 1)
    """
    counts = _word_counts(corpus, column, max_rows)
    clean = {word: n for word, n in counts.items() if n >= frequent and len(word) >= shortest}
    if not clean:
        raise AnalysisError(
            f"no word of {shortest} letters or more stands {frequent} times in column {column!r}, so that mistyped "
            "ones cannot be told from others",
            hint="frequent=5, or a larger corpus",
        )
    edits: Counter[Edit] = Counter()
    for rare, word in _mistyped(counts, clean, ratio):
        edit = edit_between(word, rare)
        if edit is not None:
            edits[edit] += counts[rare]
    return _noise(edits, _places(clean), n_words=sum(clean.values()))


def _word_counts(corpus: Any, column: str, max_rows: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in open_corpus(corpus).batches([column], BATCH_ROWS):
        texts = batch.table.column(column)[: max(max_rows - batch.start, 0)].to_pylist()
        counts.update(word for text in texts if text for word in LETTERS.findall(str(text).casefold()))
        if batch.start + len(batch) >= max_rows:
            break
    return counts


def _mistyped(counts: Mapping[str, int], clean: Mapping[str, int], ratio: float) -> Iterator[tuple[str, str]]:
    """Find the rare words that are one edit away from a frequent one; of several, the most frequent.

    Two words are at most one edit apart only if they share a word after at most one deletion in each, so that look-ups
    of these take the place of comparisons of all pairs.
    """
    by_rest: defaultdict[str, list[str]] = defaultdict(list)
    for word in clean:
        for rest in {word, *_without_one(word)}:
            by_rest[rest].append(word)
    for rare, n in counts.items():
        near = {word for rest in {rare, *_without_one(rare)} for word in by_rest.get(rest, ())}
        likely = [word for word in near if word != rare and clean[word] >= ratio * n and edit_between(word, rare)]
        if likely:
            yield rare, max(likely, key=lambda word: (clean[word], word))


def _without_one(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def edit_between(word: str, other: str) -> Edit | None:
    """Return the edit that turns a word into another one; None if it is none, several, or one at the end.

    >>> edit_between("separate", "seperate"), edit_between("separate", "sepaarte"), edit_between("house", "houses")
    (('a', 'e'), ('ra', 'ar'), None)
    >>> [edit_between("separate", other) for other in ("sepaate", "sepparate", "xseparate")]
    [('r', ''), ('p', 'pp'), ('s', 'xs')]
    """
    first = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    last = len(word) - 1
    if len(other) == len(word) and first < len(word):
        swapped = word[first : first + 2][::-1]
        if first < last and other[first:] == swapped + word[first + 2 :]:
            return word[first : first + 2], swapped
        return (word[first], other[first]) if first < last and word[first + 1 :] == other[first + 1 :] else None
    if len(other) == len(word) - 1 and first < last and word[first + 1 :] == other[first:]:
        return word[first], ""
    if len(other) == len(word) + 1 and first <= last and word[first:] == other[first + 1 :]:
        source = word[max(first - 1, 0)]
        return source, source + other[first] if first else other[first] + source
    return None


def _places(clean: Mapping[str, int]) -> Counter[str]:
    """Count the places where an edit of a letter, or of two, could be seen in clean words."""
    places: Counter[str] = Counter()
    for word, n in clean.items():
        for i in range(len(word) - 1):
            places[word[i]] += n
            places[word[i : i + 2]] += n
    return places


def _noise(edits: Mapping[Edit, int], places: Mapping[str, int], *, n_words: int) -> CharacterNoise:
    odds: dict[str, dict[str, float]] = {}
    for (source, other), n in sorted(edits.items()):
        odds.setdefault(source, {})[other] = n / places[source]
    rates = {source: _of_odds(others) for source, others in odds.items()}
    n_characters = sum(n for source, n in places.items() if len(source) == 1)
    return CharacterNoise(rates, n_words=n_words, n_edits=sum(edits.values()), n_characters=float(n_characters))


def _of_odds(others: Mapping[str, float]) -> dict[str, float]:
    """Turn odds against the clean letter into probabilities."""
    whole = 1 + sum(others.values())
    return {other: odds / whole for other, odds in others.items()}
