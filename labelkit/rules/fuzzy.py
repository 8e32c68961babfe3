"""Words and phrases with typos: ``fuzzy`` (extra ``fuzzy``, RapidFuzz).

An entry is compared with each run of words of the text that has as many words as the entry, one fewer or one more, so
that a space too many or too few is a typo like any other. The distance is the number of edits (insert, delete or
replace a letter, swap two neighbours), or, for phrases whose words may change places, a ratio of their sorted words.

>>> @fuzzy("subscribe", "giveaway", label=1)
... def asks(text: str) -> None:
...     "Spammers misspell on purpose."
>>> asks("please subcsribe"), asks("a big give away!"), asks("I described it")
(1, 1, -1)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any, Final, Literal, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelkit._shared.optional import optional
from labelkit.exceptions import RuleError
from labelkit.rules._labels import Label, runs_of
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.keywords import checked_word
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import column_names
from labelkit.rules.predicates import Predicate, as_text, joined, listed

SHORT: Final = 2
MIDDLING: Final = 5
"""With ``edits="auto"``, entries of up to so many characters may have 0 and 1 edits, and longer ones 2."""

_WORD: Final = re.compile(r"\w+")
_END: Final = "\x1e"
"""A character that is in no word, put between the texts of a column."""
_WORD_OR_END: Final = re.compile(rf"\w+|{_END}")


@called_first('("viagra", label=Label.SPAM)')
@takes_options(RuleOptions)
def fuzzy(
    *words: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    edits: int | Literal["auto"] = "auto",
    ratio: float | None = None,
    ignore_case: bool = True,
    **options: Unpack[RuleOptions],
) -> Condition:
    r"""Match texts that contain one of several words or phrases, typos allowed (extra ``fuzzy``).

    Parameters
    ----------
    *words : str, iterable of str, or one mapping from str to label
        Words and phrases; everything but word characters (``\w``) only separates words. Of a mapping, the first
        declared entry that matches gives the label.
    label : int, optional
        The class to vote for; a mapping here stands for one in ``words``.
    column : str or tuple of str, optional
        The column that this condition reads, where it is not all the columns of the rule.
    edits : int or "auto"
        The most edits between an entry and the words of the text: letters inserted, deleted or replaced, and
        neighbours swapped (optimal string alignment). ``"auto"`` allows none in entries of 1 or 2 characters, 1 in
        entries of 3 to 5, and 2 in longer ones.
    ratio : float, optional
        In place of ``edits``: the least similarity from 0 to 100, where words may change places (RapidFuzz's
        ``token_sort_ratio``: 100 times 1 minus the share of letters to insert and delete in the sorted words).
    ignore_case : bool
        Whether to compare after ``str.casefold``.
    name, examples, group, precision, trusted, cache
        As in :func:`keywords`.

    Returns
    -------
    Condition
        Decorates a function, or combines with other conditions.

    Raises
    ------
    RuleError
        If there are no words, one has no word character, or both ``edits`` and ``ratio`` are given.
    MissingExtraError
        If RapidFuzz is not installed.

    References
    ----------
    Damerau (1964), A technique for computer detection and correction of spelling errors.
    https://doi.org/10.1145/363958.363994

    Examples
    --------
    >>> offer = fuzzy("free money", ratio=90, label=1).rule(name="offer")
    >>> offer("Money, free!"), offer("free monney"), offer("free time")
    (1, 1, -1)
    """
    optional("rapidfuzz", extra="fuzzy")
    given = Options.of(fuzzy, options, *words)
    _check_limits(edits, ratio)
    cases, enum = runs_of("fuzzy", words, label)
    columns = column_names(column)
    leaves = tuple(
        (Leaf(Fuzzy(tuple(map(_checked, entries)), edits, ratio, ignore_case), columns), number)
        for entries, number in cases
    )
    return Condition(leaves, "fuzzy", given, enum)


def _check_limits(edits: int | str, ratio: float | None) -> None:
    is_number = isinstance(edits, int) and not isinstance(edits, bool) and edits >= 0
    if edits != "auto" and not is_number:
        raise RuleError(f"edits={edits!r} is not a number of edits", hint='edits=1, or edits="auto" by the length')
    if ratio is None:
        return
    if edits != "auto":
        raise RuleError("fuzzy takes either edits or ratio, not both", hint="ratio=90 lets words change places")
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio <= 100:
        raise RuleError(f"ratio={ratio!r} is not between 0 and 100", hint="ratio=90")


def _checked(word: Any) -> str:
    text = checked_word(word, "fuzzy")
    if not _WORD.search(text):
        raise RuleError(
            f"fuzzy compares words, and {text!r} has no letter or digit", hint="use keywords for signs", code="LK106"
        )
    return text


@dataclass(frozen=True)
class Fuzzy(Predicate):
    """One of several words or phrases stands in the text, typos allowed; see :func:`fuzzy`."""

    words: tuple[str, ...]
    edits: int | Literal["auto"] = "auto"
    ratio: float | None = None
    ignore_case: bool = True

    def matches(self, value: str) -> bool:
        """Compare every entry with every run of words."""
        return next(self._candidates(as_text(value)), None) is not None

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the runs of words that match, of those that overlap the most similar one."""
        taken: list[tuple[int, int]] = []
        for _, start, stop in sorted(self._candidates(value)):
            if all(stop <= first or last <= start for first, last in taken):
                taken.append((start, stop))
        return iter(sorted(taken))

    def describe(self) -> str:
        """Name the words and the limit."""
        if self.ratio is not None:
            limit = f"at least {self.ratio:g}% alike"
        else:
            limit = "with up to 2 typos, by length" if self.edits == "auto" else f"with up to {self.edits} typos"
        return f"one of {listed(self.words)}, {limit}"

    @property
    def entries(self) -> tuple[str, ...]:
        """The words."""
        return self.words

    def merged(self, others: Sequence[Predicate]) -> Fuzzy | None:
        """Return all words as one list, if the limits are the same."""
        return joined(self, others, "words")

    def matches_column(self, values: Sequence[str]) -> Sequence[bool]:
        """Compare each distinct run of words of a column once."""
        try:
            tokens = _Tokens.of(values, ignore_case=self.ignore_case)
        except UnicodeEncodeError:  # a lone surrogate, which Arrow does not hold
            return super().matches_column(values)
        matched = np.zeros(len(values), np.bool_)
        for size, phrases in self._by_size.items():
            for phrase in phrases:
                matched[tokens.rows(size, phrase, self._limits[phrase], self.ratio)] = True
        answers: Sequence[bool] = matched.tolist()
        return answers

    def __fingerprint_parts__(self) -> tuple[Any, ...]:
        """Add the version of the library whose distances decide."""
        return self.words, self.edits, self.ratio, self.ignore_case, metadata.version("rapidfuzz")

    def _candidates(self, text: str) -> Iterator[tuple[float, int, int]]:
        """List the runs that match with their distance (for a ratio, 100 minus it), start and stop."""
        words = list(_WORD.finditer(text))
        folded = [self._folded(word[0]) for word in words]
        for size, phrases in self._by_size.items():
            for first in range(len(words) - size + 1):
                run = " ".join(folded[first : first + size])
                for phrase in phrases:
                    distance = float(_distances(phrase, [run], self._limits[phrase], self.ratio)[0])
                    if distance <= self._limits[phrase]:
                        yield distance, words[first].start(), words[first + size - 1].end()

    def _folded(self, word: str) -> str:
        return word.casefold() if self.ignore_case else word

    @cached_property
    def _limits(self) -> dict[str, float]:
        """The largest distance that matches, by entry; entries are written as runs of the text are."""
        phrases = (" ".join(map(self._folded, _WORD.findall(word))) for word in self.words)
        return {phrase: self._limit(phrase) for phrase in phrases}

    def _limit(self, phrase: str) -> float:
        if self.ratio is not None:
            return 100.0 - self.ratio
        if self.edits != "auto":
            return self.edits
        return 0 if len(phrase) <= SHORT else 1 if len(phrase) <= MIDDLING else 2

    @cached_property
    def _by_size(self) -> dict[int, list[str]]:
        """The entries by the number of words of the runs that they are compared with."""
        sizes: dict[int, list[str]] = {}
        for phrase in self._limits:
            n_words = phrase.count(" ") + 1
            for size in range(max(1, n_words - 1), n_words + 2):
                sizes.setdefault(size, []).append(phrase)
        return sizes


def _distances(phrase: str, runs: Sequence[str], limit: float, ratio: float | None) -> NDArray[Any]:
    """Return the distance of an entry from each run; above the limit, any number above it."""
    process = optional("rapidfuzz.process", extra="fuzzy")
    if ratio is not None:
        scorer = optional("rapidfuzz.fuzz", extra="fuzzy").token_sort_ratio
        similarity: NDArray[Any] = process.cdist([phrase], runs, scorer=scorer, dtype=np.float64)[0]
        return 100.0 - similarity
    scorer = optional("rapidfuzz.distance", extra="fuzzy").OSA.distance
    distances: NDArray[Any] = process.cdist([phrase], runs, scorer=scorer, score_cutoff=int(limit))[0]
    return distances


@dataclass(frozen=True)
class _Tokens:
    """The words of a column, in order.

    Attributes
    ----------
    words : list of str
        The distinct words.
    codes : ndarray of int64
        For each word of the column its position in ``words``.
    row : ndarray of int64
        The row of each.
    """

    words: list[str]
    codes: NDArray[np.int64]
    row: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], *, ignore_case: bool) -> _Tokens:
        """Cut texts into words, all in one pass."""
        column = _END.join(text.replace(_END, " ") for text in map(as_text, texts))
        words = pa.array(_WORD_OR_END.findall(column), pa.string())
        is_end = np.asarray(pc.equal(words, _END))
        row = np.cumsum(is_end)[~is_end]
        coded = words.filter(pa.array(~is_end)).dictionary_encode()
        exact = coded.dictionary.to_pylist()
        if not ignore_case:
            return cls(exact, coded.indices.to_numpy().astype(np.int64), row)
        numbers: dict[str, int] = {}
        folded = np.array([numbers.setdefault(word.casefold(), len(numbers)) for word in exact], dtype=np.int64)
        return cls(list(numbers), folded[coded.indices.to_numpy()], row)

    def rows(self, size: int, phrase: str, limit: float, ratio: float | None) -> NDArray[np.int64]:
        """List the rows with a run of so many words within the limit of an entry."""
        first = np.flatnonzero(self._is_run(size) & self._may_match(size, len(phrase), limit, ratio))
        if not len(first):
            return first
        number = self.codes[first]
        for place in range(1, size):  # number the runs word by word: the numbers stay below that of the words
            number = number * len(self.words) + self.codes[first + place]
            number = np.unique(number, return_inverse=True)[1]
        _, example, number = np.unique(number, return_index=True, return_inverse=True)
        runs = [" ".join(self.words[code] for code in self.codes[at : at + size]) for at in first[example].tolist()]
        like = _distances(phrase, runs, limit, ratio) <= limit
        return self.row[first[like[number]]]

    def _is_run(self, size: int) -> NDArray[np.bool_]:
        """Mark the words that begin a run of so many words of one row."""
        n_runs = max(len(self.row) - size + 1, 0)
        same: NDArray[np.bool_] = self.row[:n_runs] == self.row[len(self.row) - n_runs :]
        return same

    def _may_match(self, size: int, length: int, limit: float, ratio: float | None) -> NDArray[np.bool_]:
        """Mark the runs whose length allows a match: an edit changes it by 1 at the most.

        A ratio is 100 (1 - d / (m + n)) for lengths m and n, and d, the number of letters to insert and delete, is at
        least their difference.
        """
        lengths = np.array([len(word) for word in self.words], dtype=np.int64)[self.codes]
        n_runs = max(len(lengths) - size + 1, 0)
        total = sum((lengths[place : place + n_runs] for place in range(size)), np.full(n_runs, size - 1))
        most = np.full(n_runs, limit) if ratio is None else limit / 100 * (total + length) + 1e-9
        return np.less_equal(np.abs(total - length), most)
