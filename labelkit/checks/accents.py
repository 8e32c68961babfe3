"""Find keywords that the texts mostly write with accents, or without them, so that rules miss most of their rows.

Accents also tell words apart (Spanish *si*, *sí*; French *ou*, *où*; German *schon*, *schön*). Two spellings count as
one word only if the share of rows without accents is one that the texts show elsewhere: where *teléfono* and other
words lose their accents in a share D of their rows, a word that has none in far more than D is another word. Words are
counted by Arrow, once for all rules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import numpy_array
from labelkit._shared.numbers import plural
from labelkit.apply.plan.batch_votes import name_of_row
from labelkit.checks.gained_votes import LEAST, clear_gains
from labelkit.checks.lint import Problem
from labelkit.checks.look_alikes import votes_by_text_alone
from labelkit.rules.expressions import Leaf
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix

MOST_DROPPED: Final = 0.1
"""Share of the rows of a word without its accents that is a slip anywhere."""

TIMES_DROPPED: Final = 1.5
"""The largest such share of a word, for each share of a usual word."""

FEWEST_LETTERS: Final = 3
"""Letters of a word that is looked for: of two, accents mostly tell words apart."""

MOST_SEVERAL: Final = 0.15
"""Share of the words with accents that have several accented spellings, above which accents are no matter of care.

It is 0.24 in Vietnamese, and at most 0.07 in 18 European languages (the translations of Django).
"""

FEWEST_WORDS: Final = 20
"""Words with accents that show it."""

MOST_SPELLINGS: Final = 8
"""Spellings of a phrase that are tried."""

_BETWEEN: Final = r"[^\p{L}\p{N}\p{M}_]+"
"""What stands between words (RE2)."""

_STROKES: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "œ": "oe", "æ": "ae", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y"}
)
"""Letters with a stroke, a hook or a ligature, which are no letter and an accent to Unicode."""


def without_accents(word: str) -> str:
    """Return a word in small letters without its accents; letters of other scripts than Latin and Greek stay.

    >>> without_accents("Téléphone"), without_accents("cœur"), without_accents("ёлка"), without_accents("straße")
    ('telephone', 'coeur', 'ёлка', 'straße')
    """
    word = word.casefold() if "ß" not in word else word.lower()
    if word.isascii():
        return word
    kept, has_accents = [], False
    for sign in unicodedata.normalize("NFD", word):
        if not unicodedata.combining(sign):
            has_accents = unicodedata.name(sign, "").startswith(("LATIN", "GREEK"))
        elif has_accents:
            continue
        kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_STROKES)


def of_accents(
    lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch, name_of: Callable[[int], str] = name_of_row
) -> Iterator[Problem]:
    """Report each rule that would vote on clearly more rows if its keywords had the accents that the texts have.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the rows.
    rows : pyarrow.RecordBatch
        The columns that they read.
    name_of : callable
        Names a row in messages.

    Yields
    ------
    Problem
    """
    asked = [lf for lf in lfs if isinstance(lf.body, Cases) and votes_by_text_alone(lf)]
    searched = _words_by_column(asked, rows)
    spellings = {name: _spellings(rows.column(name), words) for name, words in searched.items()}
    others = [other for lf in asked if (other := _respelled(lf, spellings)) != lf]
    for other, gained, n_before in clear_gains(others, matrix, rows, lfs.space):
        one = _most_frequent(lfs[other.name], other, spellings)
        yield Problem(
            "note",
            other.name,
            f"{one.word!r} stands in {one.n_rows:,} of the {plural(len(rows), 'row')} that were tried, and "
            f"{one.other!r} in {one.n_others:,}: spelled both ways, its keywords would vote on {len(gained):,} more, "
            f"beside {n_before:,} (the first: {name_of(int(gained[0]))})",
            f"give both spellings: labelkit.keywords({one.word!r}, {one.other!r}, ...); if they are two words, nothing",
            code="LK925",
        )


@dataclass(frozen=True)
class _Spelling:
    """A word of a rule, and another spelling of it in the texts."""

    word: str
    other: str
    n_rows: int
    n_others: int


_Spellings = dict[str, list[_Spelling]]
"""The other spellings of a word, in small letters; the most frequent first."""


def _words_by_column(lfs: Sequence[LabelingFunction[...]], rows: pa.RecordBatch) -> dict[str, set[str]]:
    """Return the words of the keywords that have to be found in each text column, in small letters."""
    words: dict[str, set[str]] = {}

    def note(leaf: Leaf, negated: bool) -> Leaf:  # noqa: FBT001 - as map_leaves calls it
        names = [] if negated else _text_columns(leaf, rows)

        def add(word: str) -> tuple[str, ...]:
            for name in names:
                words.setdefault(name, set()).update(_parts(word))
            return ()

        leaf.test.spelled(add)
        return leaf

    for lf in lfs:
        assert isinstance(lf.body, Cases)
        for expression, _ in lf.body.cases:
            expression.map_leaves(note)
    return words


def _text_columns(leaf: Leaf, rows: pa.RecordBatch) -> list[str]:
    names = [name for name in leaf.columns if name in rows.schema.names]
    kinds = [rows.schema.field(name).type for name in names]
    return [
        name
        for name, kind in zip(names, kinds, strict=True)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ]


def _parts(word: str) -> list[str]:
    return [unicodedata.normalize("NFC", part.lower()) for part in word.split()]


def _spellings(column: pa.Array, words: set[str]) -> _Spellings:
    """Find the words of rules that texts spell with other accents, by the rows of each spelling."""
    if all(word.isascii() for word in words) and pc.all(pc.string_is_ascii(column)).as_py() is not False:
        return {}
    counts = _WordRows.of(column)
    groups: dict[str, list[int]] = {}
    for place, token in enumerate(counts.tokens):
        groups.setdefault(without_accents(token), []).append(place)
    shares = _dropped_shares(groups, counts)
    if shares is None:
        return {}
    spellings: _Spellings = {}
    for word in sorted(one for one in words if len(one) >= FEWEST_LETTERS):
        plain = without_accents(word)
        places = [place for place in groups.get(plain, ()) if counts.tokens[place] != word]
        if word != plain:  # with the accents that it has, or with none
            places = [place for place in places if counts.tokens[place] == plain]
        n_rows = counts.n_rows([place for place in groups.get(plain, ()) if counts.tokens[place] == word])
        n_others = counts.n_rows(places)
        n_plain = n_rows if word == plain else n_others
        if n_others < LEAST or n_plain > max(MOST_DROPPED, TIMES_DROPPED * _usual(shares, plain)) * (n_rows + n_others):
            continue  # these are other words
        frequent = sorted(places, key=lambda place: -counts.counts[place])
        spellings[word] = [_Spelling(word, counts.tokens[i], n_rows, counts.n_rows([i])) for i in frequent]
    return spellings


def _dropped_shares(groups: Mapping[str, Sequence[int]], counts: _WordRows) -> dict[str, float] | None:
    """Return the share of the rows of each word with accents in which it has none, by its letters.

    None where accents tell words apart throughout, as tones do in Vietnamese.
    """
    accented = {plain: [i for i in places if counts.tokens[i] != plain] for plain, places in groups.items()}
    accented = {plain: places for plain, places in accented.items() if places}
    n_several = sum(len(places) > 1 for places in accented.values())
    if len(accented) >= FEWEST_WORDS and n_several > MOST_SEVERAL * len(accented):
        return None
    totals = {plain: (counts.n_rows(places), counts.n_rows(groups[plain])) for plain, places in accented.items()}
    return {
        plain: 1 - n_accented / n_rows
        for plain, (n_accented, n_rows) in totals.items()
        if n_rows >= LEAST and len(plain) >= FEWEST_LETTERS
    }


def _usual(shares: Mapping[str, float], plain: str) -> float:
    """Return the share of a usual word other than one; 1 if no word has accents, 0 if no other has."""
    others = [share for word, share in shares.items() if word != plain]
    return float(np.median(others)) if others else float(not shares)


@dataclass(frozen=True)
class _WordRows:
    """The distinct words of a column of texts, in small letters, and the rows in which each stands."""

    tokens: list[str]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.Array) -> _WordRows:
        """Split the texts, and count each word once a row."""
        texts = pc.utf8_lower(pc.utf8_normalize(column.cast(pa.large_string()), "NFC"))
        words = pc.split_pattern_regex(texts, _BETWEEN)
        rows = numpy_array(pc.list_parent_indices(words))
        encoded = pc.list_flatten(words).dictionary_encode()
        codes = numpy_array(encoded.indices)
        pairs = np.unique(rows.astype(np.int64) * max(len(encoded.dictionary), 1) + codes)
        counts = np.bincount(pairs % max(len(encoded.dictionary), 1), minlength=len(encoded.dictionary))
        return cls(encoded.dictionary.to_pylist(), counts)

    def n_rows(self, places: Sequence[int]) -> int:
        """Add up the rows of some words."""
        return int(self.counts[list(places)].sum())


def _respelled(lf: LabelingFunction[...], spellings: Mapping[str, _Spellings]) -> LabelingFunction[...]:
    """Return the rule with the other spellings of its keywords beside them; what must not be found stays as it is."""

    def more(leaf: Leaf, negated: bool) -> Leaf:  # noqa: FBT001 - as map_leaves calls it
        listed = {word: several for name in leaf.columns for word, several in spellings.get(name, {}).items()}
        return leaf if negated else replace(leaf, test=leaf.test.spelled(lambda word: _other_spellings(word, listed)))

    assert isinstance(lf.body, Cases)
    cases = tuple((expression.map_leaves(more), label) for expression, label in lf.body.cases)
    return lf if cases == lf.body.cases else replace(lf, body=Cases(cases))


def _other_spellings(word: str, spellings: _Spellings) -> Iterator[str]:
    parts = [[part, *(one.other for one in spellings.get(part, ()))] for part in _parts(word)]
    return (" ".join(spelled) for spelled in islice(product(*parts), 1, MOST_SPELLINGS))


def _most_frequent(
    lf: LabelingFunction[...], other: LabelingFunction[...], spellings: Mapping[str, _Spellings]
) -> _Spelling:
    """Return the spelling that a rule lacks, of those that its other form has, which stands in most rows."""
    words, more = (
        {part for test in rule.predicates for word in test.entries for part in _parts(str(word))}
        for rule in (lf, other)
    )
    listed = [one for name in spellings for word in words for one in spellings[name].get(word, ())]
    return max((one for one in listed if one.other in more - words), key=lambda one: one.n_others)
