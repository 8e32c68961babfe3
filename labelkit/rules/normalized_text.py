r"""``normalized_text``: a derived column of texts in which letters that look the same are the same.

Bound to the name of the column that it reads, it takes the column's place for every rule of its module.

>>> steps = ("composed", "quotes", "invisible")
>>> normalize(pa.array(["Mu\u0308ller", "don\u2019t", "free\u00a0mo\u00adney", None, "plain"]), steps).to_pylist()
['Müller', "don't", 'free money', None, 'plain']
>>> normalize(pa.array(["\ufb01ne \uff26\uff32\uff25\uff25"]), ("compatible",)).to_pylist()
['fine FREE']
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._caller import bound_name, frame_of_caller
from labelkit.rules.labeling_function import Column, Origin
from labelkit.rules.parameters import Parameter

STEPS: Final = ("composed", "quotes", "invisible", "compatible")
"""All steps, in the order of their table."""

USUAL: Final = ("composed", "quotes", "invisible")
"""The steps that change no meaning."""

THEN: Final = "then"
"""Divides the steps of one normalized column from those of the column that is made of it."""

_REPLACED: Final = {
    "quotes": (
        ("[\u2018\u2019\u201b\u2032\u00b4\uff07]", "'"),
        ("[\u201c\u201d\u201f\uff02]", '"'),
        ("[\u2010\u2011]", "-"),
    ),
    "invisible": (
        ("[\u00ad\u200b\u2060\ufeff]", ""),
        ("[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " "),
    ),
}
"""For each step, patterns (RE2) and what they become. Joiners (U+200C, U+200D) stay: they are spelling in Persian and
Hindi, and part of emoji."""


@checks_keywords
def normalized_text(column: str = "text", *, steps: Iterable[str] = USUAL) -> Column:
    r"""Declare a derived column of texts in which letters that look the same are the same.

    Assign it to a name at the top level of the module of the rules. With ``text = normalized_text("text")``, all rules
    and columns of the module that read ``text`` read the normalized texts. Words of rules are not changed: write them
    composed, with straight apostrophes.

    Parameters
    ----------
    column : str
        The column that holds the texts.
    steps : list of str
        ``"composed"``: one character for a letter and its accent (NFC). ``"quotes"``: straight apostrophes, quotes and
        hyphens in place of typographic ones. ``"invisible"``: no soft hyphens and zero-width spaces, and a plain space
        for each no-break or wide one. ``"compatible"``: plain letters for ligatures, full-width forms and the like
        (NFKC), which also makes ``2`` of ``²`` and ``TM`` of ``™``; not among the steps if none are given.

    Returns
    -------
    Column

    Raises
    ------
    RuleError
        If the column has no name, or there is no such step.

    Examples
    --------
    >>> import labelkit as lk
    >>> text = lk.normalized_text("text")
    >>> @lk.keywords("Müller", "don't", label=1)
    ... def names(text: str) -> None:
    ...     "Words, however their letters are stored."
    >>> names("Herr Mu\u0308ller"), names("I don\u2019t")
    (1, 1)
    """
    if not isinstance(column, str) or not column:
        raise RuleError(f"column={column!r} is not the name of a column", hint='text = normalized_text("text")')
    names = () if isinstance(steps, str) else tuple(steps)
    unknown = next((name for name in names if name not in STEPS), None)
    if not names or unknown is not None:
        given = repr(steps) if unknown is None else repr(unknown)
        raise RuleError(f"steps={given} of normalized_text: there are {', '.join(STEPS)}", hint='steps=["composed"]')
    frame = frame_of_caller()  # rules look the column up in the module that declares it
    name = bound_name(frame) or f"normalized_text({column!r})"
    origin = Origin(frame.f_globals.get("__name__", "?"), frame.f_globals)
    function = TextForm(tuple(step for step in STEPS if step in names))
    return Column(name, function, (Parameter(column, pa.Array),), batch=True, origin=origin, raw=str)


@dataclass(frozen=True)
class TextForm:
    """The function of a column of normalized texts.

    Parameters
    ----------
    steps : tuple of str
    """

    steps: tuple[str, ...]

    by_arrow: ClassVar[bool] = True
    """Whole batches are made at once, without Python strings."""

    def __call__(self, texts: pa.Array) -> pa.Array:
        """Normalize a column."""
        return normalize(texts, self.steps)

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.steps]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        return (self.steps,)


def normalize(texts: pa.Array, steps: Iterable[str]) -> pa.Array:
    """Normalize texts; a column of ASCII is returned as it is.

    Parameters
    ----------
    texts : pyarrow.Array of string or large_string
    steps : iterable of str
        As in :func:`normalized_text`; their order does not count.

    Returns
    -------
    pyarrow.Array
    """
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        raise TypeError(f"only text can be normalized, not {texts.type}")
    pairs, form = _pairs_and_form(steps)
    texts = _where(pc.invert(pc.string_is_ascii(texts)), texts, lambda odd: _replaced(odd, pairs))
    if form is None:
        return texts
    return _where(pc.invert(pc.string_is_ascii(texts)), texts, lambda odd: pc.utf8_normalize(odd, form=form))


def _pairs_and_form(steps: Iterable[str]) -> tuple[list[tuple[str, str]], Literal["NFC", "NFKC"] | None]:
    """Return what is replaced, in its order, and the form of Unicode that follows."""
    wanted = set(steps)
    pairs = [pair for step in ("invisible", "quotes") if step in wanted for pair in _REPLACED[step]]
    return pairs, "NFKC" if "compatible" in wanted else "NFC" if "composed" in wanted else None


@lru_cache(maxsize=2)  # the rules of a run ask for the same text one behind the other
def normalized_origins(text: str, steps: tuple[str, ...]) -> tuple[str, Sequence[tuple[int, int]]]:
    r"""Normalize a text, and find of each character of it the start and stop in the text as it was.

    Returns
    -------
    tuple of str and sequence of (int, int)
        A letter and its accent are one place; what was left out belongs to the character before it.

    Steps behind :data:`THEN` normalize what those before it made.

    >>> normalized_origins("fr\u00ade\u0301", ("composed", "invisible"))
    ('fré', [(0, 1), (1, 3), (3, 5)])
    """
    if text.isascii() or not steps:
        return text, [(i, i + 1) for i in range(len(text))]
    if THEN in steps:
        end = steps.index(THEN)
        first, origins_of_first = normalized_origins(text, steps[:end])
        normal, places = normalized_origins(first, steps[end + 1 :])
        return normal, [(origins_of_first[start][0], origins_of_first[stop - 1][1]) for start, stop in places]
    pairs, form = _pairs_and_form(steps)
    plain = "|".join(f"({pattern})" for pattern, _ in pairs)
    pieces: list[tuple[int, str]] = []
    for i, character in enumerate(text):
        match = re.fullmatch(plain, character) if plain and not character.isascii() else None
        kept = character if match is None else pairs[match.lastindex - 1][1] if match.lastindex else character
        if pieces and (not kept or _joins(pieces[-1][1], kept, form)):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + kept)
        else:
            pieces.append((i, kept))
    stops = [*(start for start, _ in pieces[1:]), len(text)]
    normalized, origins = "", list[tuple[int, int]]()
    for (start, piece), stop in zip(pieces, stops, strict=True):
        changed = piece if form is None else unicodedata.normalize(form, piece)
        normalized += changed
        origins += [(start, stop)] * len(changed)
    return normalized, origins


def _joins(before: str, character: str, form: Literal["NFC", "NFKC"] | None) -> bool:
    """Tell if a character changes with what is before it: an accent, or a part of a syllable."""
    if form is None or character.isascii():
        return False
    if unicodedata.combining(character):
        return True
    normal = unicodedata.normalize
    return normal(form, before + character) != normal(form, before) + normal(form, character)


def _replaced(texts: pa.Array, pairs: Iterable[tuple[str, str]]) -> pa.Array:
    """Replace what each pattern finds, in the texts in which any of them finds something."""
    pairs = list(pairs)
    if not pairs:
        return texts

    def replace(odd: pa.Array) -> pa.Array:
        for pattern, replacement in pairs:
            odd = pc.replace_substring_regex(odd, pattern=pattern, replacement=replacement)
        return odd

    return _where(pc.match_substring_regex(texts, "|".join(pattern for pattern, _ in pairs)), texts, replace)


def _where(mask: pa.Array, texts: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change the texts that a mask marks; a null in it marks none."""
    if not pc.any(mask, min_count=0).as_py():
        return texts
    mask = pc.and_kleene(mask, pc.is_valid(mask))
    return pc.replace_with_mask(texts, mask, change(texts.filter(mask)))


def is_ascii(texts: pa.Array) -> bool:
    """Return True if no text has a character beyond ASCII."""
    return bool(pc.all(pc.string_is_ascii(texts), min_count=0).as_py())
