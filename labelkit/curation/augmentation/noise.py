"""Ready transformation by character noise: like that of a keyboard, of OCR, or that found in the corpus.

Noise is a table of edits: of each string of one or two characters, what it becomes and how often. A substitution is
``a -> b``, a deletion ``a -> ""``, an insertion ``a -> ab``, a transposition ``ab -> ba``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from operator import add
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.given_kinds import shown_kind
from labelkit._shared.numbers import count, percent
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.augmentation.transformation import TransformationFunction, column_transformation
from labelkit.curation.augmentation.word_changes import in_case_of
from labelkit.exceptions import RuleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS_OF_KEYS: Final = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}
"""Rows of letters; each is half a key to the right of the one above it."""

KEYBOARD_SHARES: Final = {"neighbour": 0.45, "deletion": 0.2, "doubled": 0.1, "transposed": 0.25}
"""Shares of the kinds of typing errors."""

OCR_PAIRS: Final = (
    *(("l", "1"), ("l", "I"), ("i", "l"), ("i", "1"), ("I", "l"), ("I", "1"), ("1", "l"), ("1", "I"), ("O", "0")),
    *(("0", "O"), ("o", "0"), ("S", "5"), ("5", "S"), ("B", "8"), ("8", "B"), ("Z", "2"), ("z", "2"), ("2", "Z")),
    *(("e", "c"), ("c", "e"), ("h", "b"), ("b", "h"), ("t", "f"), ("f", "t"), ("g", "9"), ("g", "q"), ("a", "o")),
    *(("m", "rn"), ("rn", "m"), ("d", "cl"), ("cl", "d"), ("w", "vv"), ("vv", "w"), ("n", "ri"), ("ri", "n")),
    *(("u", "ii"), ("ii", "u"), ("h", "li"), ("li", "h"), (".", ","), (",", "."), (" ", "")),
)
"""Characters that look alike in print, as OCR mistakes them."""

RATE: Final = 0.03
"""Edits of a character that can be edited, where no rate is given or was learned."""


class TotalRates(dict[str, float]):
    """Probabilities of an edit by string; those of further strings are added as they are looked up."""

    def __missing__(self, source: str) -> float:
        rate = self.get(source.lower(), 0.0)
        self[source] = rate
        return rate


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class CharacterNoise(ShownResult):
    """How characters are mistaken for others.

    Attributes
    ----------
    edits : mapping from str to mapping from str to float
        Of one or two characters: what they become, with the probability at each place where they stand.
    n_words, n_edits : int
        Words, and words with an edit, that it was learned from; 0 if it was not learned.
    n_characters : float
        Characters at which an edit could have been seen.
    """

    edits: Mapping[str, Mapping[str, float]]
    n_words: int = 0
    n_edits: int = 0
    n_characters: float = 0.0

    def __post_init__(self) -> None:
        for source, others in self.edits.items():
            if not 1 <= len(source) <= 2:
                raise RuleError(f"noise edits one or two characters, not {source!r}", hint='{"a": {"s": 0.01}}')
            wrong = [rate for rate in others.values() if not 0 <= rate <= 1]
            if wrong or sum(others.values()) > 1 + 1e-9 or source in others:
                raise RuleError(f"the edits of {source!r} are no probabilities: {dict(others)!r:.80}")

    @property
    def rate(self) -> float:
        """Return the edits for each character that the noise was learned with; NaN if it was not."""
        return self.n_edits / self.n_characters if self.n_characters else float("nan")

    @cached_property
    def totals(self) -> TotalRates:
        """Return the probability of any edit of each string; capitals have that of small letters."""
        return TotalRates({source: sum(others.values()) for source, others in self.edits.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(
            plain_value({"rate": self.rate, "words": self.n_words, "with_edit": self.n_edits, "edits": self.edits})
        )

    def _page(self) -> ResultPage:
        rows = [(source, other, rate) for source, others in self.edits.items() for other, rate in others.items()]
        rows.sort(key=lambda row: -row[2])
        shown = [[source, other or "(nothing)", percent(rate, decimals=2)] for source, other, rate in rows[:FIRST_ROWS]]
        learned = f", learned from {count(self.n_edits)} of {count(self.n_words)} words" if self.n_words else ""
        return ResultPage(
            [f"Noise of {count(len(rows))} edits{learned}"],
            [ResultTable(shown, ["of", "becomes", "rate"], align="<<>")],
        )


@checks_keywords
def typos(
    noise: str | CharacterNoise = "keyboard",
    *,
    rate: float | None = None,
    layout: str = "qwerty",
    column: str = "text",
    name: str | None = None,
) -> TransformationFunction:
    """Make a transformation that mistakes characters; at least one of each text that has one to mistake.

    Parameters
    ----------
    noise : {"keyboard", "ocr"} or CharacterNoise
        Neighbours of a key, letters left out, doubled or transposed; letters that look alike in print; or the noise
        that :func:`labelkit.learn_noise` finds in a corpus.
    rate : float in (0, 1), optional
        The probability of an edit at each character that the noise can edit: 0.03 if not given; of learned noise, that
        which was learned.
    layout : {"qwerty", "qwertz", "azerty"}
        Of the keyboard.
    column : str
    name : str, optional
        ``typos_keyboard``, ``typos_ocr`` or ``typos_learned`` if not given.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    RuleError
        If the noise or the layout is unknown, or the rate is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> typos("ocr", rate=0.2)("all the modern world", rng=np.random.default_rng(1))
    'al1 the m0dern w0rld'
    """
    table = _noise_of(noise, layout)
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 1):
        raise RuleError(f"rate={rate!r} is not between 0 and 1", hint=f"rate={RATE}")
    learned = isinstance(noise, CharacterNoise)
    overall = table.rate if table.n_characters else 1.0
    scale = (1.0 if learned else RATE) if rate is None else rate / overall

    def mistyped(text: str, rng: np.random.Generator) -> str | None:
        return mistaken(text, table, scale, rng)

    return column_transformation(name or f"typos_{'learned' if learned else noise}", column, mistyped)


def _noise_of(noise: Any, layout: str) -> CharacterNoise:
    if isinstance(noise, CharacterNoise):
        if not any(any(others.values()) for others in noise.edits.values()):
            raise RuleError("the noise has no edits", hint="lk.learn_noise(corpus) found none; typos('keyboard')")
        return noise
    if layout not in ROWS_OF_KEYS:
        raise RuleError(f"layout={layout!r} is not one of {', '.join(map(repr, ROWS_OF_KEYS))}")
    if not isinstance(noise, str):
        raise RuleError(f"noise={shown_kind(noise)} is unknown", hint="'keyboard', 'ocr', or lk.learn_noise(corpus)")
    if noise == "keyboard":
        return keyboard_noise(layout)
    if noise == "ocr":
        return ocr_noise()
    raise RuleError(f"noise={noise!r:.60} is unknown", hint="'keyboard', 'ocr', or lk.learn_noise(corpus)")


def mistaken(text: str, noise: CharacterNoise, scale: float, rng: np.random.Generator) -> str | None:
    """Edit a text: each place with its probability times ``scale``, at least one; None where nothing can be edited."""
    singles, pairs = _chances(text, noise)
    chances = scale * (singles + pairs)
    if not chances.any():
        return None
    hits = np.flatnonzero(rng.random(len(text)) < chances)
    if not len(hits):
        hits = rng.choice(len(text), 1, p=chances / chances.sum())
    pieces, end = [], 0
    for place in hits.tolist():
        if place < end:
            continue
        is_pair = rng.random() * (singles[place] + pairs[place]) >= singles[place]
        source = text[place : place + (2 if is_pair else 1)]
        pieces += [text[end:place], _edited(source, noise, rng)]
        end = place + len(source)
    return "".join([*pieces, text[end:]])


def _chances(text: str, noise: CharacterNoise) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of an edit of each character, and of it with the next; two arrays of len(text)."""
    totals = noise.totals
    singles = np.array([totals[character] for character in text])
    pairs = np.zeros(len(text))
    if any(len(source) == 2 for source in noise.edits):
        pairs[:-1] = [totals[pair] for pair in map(add, text, text[1:])]
    return singles, pairs


def _edited(source: str, noise: CharacterNoise, rng: np.random.Generator) -> str:
    exact = source in noise.edits
    others = noise.edits[source if exact else source.lower()]
    rates = np.array(list(others.values()))
    other = list(others)[int(rng.choice(len(rates), p=rates / rates.sum()))]
    if exact:
        return other
    return other.upper() if source.isupper() else in_case_of(source, other)


@cache
def keyboard_noise(layout: str) -> CharacterNoise:
    """Return the noise of a keyboard; probabilities add up to 1 for a letter and the pair that it begins."""
    keys = {
        letter: (row, column + row / 2)
        for row, letters in enumerate(ROWS_OF_KEYS[layout])
        for column, letter in enumerate(letters)
    }
    shares, edits = KEYBOARD_SHARES, {}
    for letter, place in keys.items():
        near = [other for other, at in keys.items() if other != letter and _is_near(place, at)]
        edits[letter] = {other: shares["neighbour"] / len(near) for other in near}
        edits[letter] |= {"": shares["deletion"], 2 * letter: shares["doubled"]}
        edits |= {letter + other: {other + letter: shares["transposed"]} for other in keys if other != letter}
    return CharacterNoise(edits)


def _is_near(one: tuple[int, float], other: tuple[int, float]) -> bool:
    return abs(one[0] - other[0]) <= 1 and abs(one[1] - other[1]) <= 1


@cache
def ocr_noise() -> CharacterNoise:
    """Return the noise of OCR: all mistakes of a string are as frequent."""
    others: dict[str, list[str]] = {}
    for source, other in OCR_PAIRS:
        others.setdefault(source, []).append(other)
    return CharacterNoise({source: dict.fromkeys(several, 1 / len(several)) for source, several in others.items()})
