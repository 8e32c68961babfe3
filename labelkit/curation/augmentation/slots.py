"""Ready transformation by templates with slots: values of a slot change, and sentences of one meaning.

>>> import numpy as np
>>> tf = swap_slots({"city": ["Berlin", "Paris"]}, templates=["fly to {city}", "a flight to {city}"])
>>> tf("fly to Berlin", rng=np.random.default_rng(0))
'a flight to Paris'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any

import numpy as np

from labelkit._shared.given_kinds import shown_kind
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.augmentation.transformation import TransformationFunction, column_transformation
from labelkit.exceptions import RuleError


@checks_keywords
def swap_slots(
    slots: Mapping[str, Sequence[str]] | None = None,
    *,
    templates: Sequence[str] = (),
    column: str = "text",
    name: str = "swap_slots",
) -> TransformationFunction:
    """Make a transformation that puts other values into slots, and other templates in the place of one.

    Parameters
    ----------
    slots : mapping from slot to values, optional
        Values that may stand for each other: ``{"city": ["Berlin", "Paris"]}``. A value in a text is replaced by
        another one of its slot; the same value by the same one all over the text.
    templates : sequence of str
        Sentences that mean the same, with slots in braces. A text that is one of them, apart from case and white space,
        becomes another one with the same values, which then change where ``slots`` lists them. A slot that ``slots``
        does not list holds any text.
    column, name : str

    Returns
    -------
    TransformationFunction

    Raises
    ------
    RuleError
        If there is neither a slot with two values nor two templates, or templates have different slots.
    """
    values = _checked_values({} if slots is None else slots)
    patterns = [_SlotTemplate.of(one, values) for one in templates]
    _check_templates(patterns, values)
    finder = _finder(values)

    def changed(text: str, rng: np.random.Generator) -> str | None:
        text = _rewritten(text, patterns, rng)
        return _refilled(text, finder, values, rng) if finder is not None else text

    return column_transformation(name, column, changed)


@dataclass(frozen=True)
class _SlotTemplate:
    """A sentence with slots."""

    text: str
    pieces: tuple[tuple[str, str | None], ...]
    values: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, text: str, values: Mapping[str, Sequence[str]]) -> _SlotTemplate:
        try:
            pieces = tuple((literal, slot) for literal, slot, _, _ in Formatter().parse(text))
        except ValueError as error:
            raise RuleError(
                f"the template {text[:60]!r} cannot be read: {error}", hint="double a literal brace: {{"
            ) from None
        wrong = next((slot for _, slot in pieces if slot is not None and not slot.isidentifier()), None)
        if wrong is not None:
            raise RuleError(f"the template {text[:60]!r} has a slot {wrong!r}, which is no name", hint="{city}")
        return cls(text, pieces, values)

    @property
    def slots(self) -> frozenset[str]:
        """Return the slots that it names."""
        return frozenset(slot for _, slot in self.pieces if slot is not None)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the pattern of texts that it makes; a slot that comes again has the same value."""
        parts, seen = [], set()
        for literal, slot in self.pieces:
            parts.append(r"\s+".join(map(re.escape, re.split(r"\s+", literal))))
            if slot is None:
                continue
            held = (
                "|".join(map(re.escape, sorted(self.values[slot], key=len, reverse=True)))
                if slot in self.values
                else ".+?"
            )
            parts.append(f"(?P={slot})" if slot in seen else f"(?P<{slot}>{held})")
            seen.add(slot)
        return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)

    def filled(self, values: Mapping[str, str]) -> str:
        """Put values into the slots."""
        return "".join(literal + ("" if slot is None else values[slot]) for literal, slot in self.pieces)


def _checked_values(slots: Mapping[str, Any]) -> dict[str, list[str]]:
    if not isinstance(slots, Mapping):
        raise RuleError(f"slots={shown_kind(slots)} does not map slots to values", hint='{"city": ["Berlin", "Paris"]}')
    for slot, values in slots.items():
        are_texts = isinstance(values, Iterable) and all(isinstance(one, str) and one.strip() for one in values)
        if isinstance(values, str) or not are_texts:
            raise RuleError(f"the values of the slot {slot!r} are not texts", hint='{"city": ["Berlin", "Paris"]}')
    return {slot: list(dict.fromkeys(values)) for slot, values in slots.items()}


def _check_templates(templates: Sequence[_SlotTemplate], values: Mapping[str, Sequence[str]]) -> None:
    if len(templates) < 2 and not any(len(several) > 1 for several in values.values()):
        raise RuleError(
            "there is nothing to swap: a slot needs two values, or a text two templates",
            hint='swap_slots({"city": ["Berlin", "Paris"]})',
        )
    for one in templates[1:]:
        if one.slots != templates[0].slots:
            raise RuleError(
                f"the templates {templates[0].text[:40]!r} and {one.text[:40]!r} have different slots, so that one "
                "cannot be written as the other",
                hint="one swap_slots for each meaning",
            )


def _finder(values: Mapping[str, Sequence[str]]) -> re.Pattern[str] | None:
    every = sorted({one for several in values.values() if len(several) > 1 for one in several}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)", re.IGNORECASE) if every else None


def _rewritten(text: str, templates: Sequence[_SlotTemplate], rng: np.random.Generator) -> str:
    for place, template in enumerate(templates):
        match = template.pattern.fullmatch(text.strip())
        if match is not None and len(templates) > 1:
            others = [one for i, one in enumerate(templates) if i != place]
            return others[int(rng.integers(len(others)))].filled(match.groupdict())
    return text


def _refilled(text: str, finder: re.Pattern[str], values: Mapping[str, Sequence[str]], rng: np.random.Generator) -> str:
    chosen: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        value = match.group()
        key = value.casefold()
        if key not in chosen:
            slot = next(
                several for several in values.values() if len(several) > 1 and key in map(str.casefold, several)
            )
            rest = [one for one in slot if one.casefold() != key]
            chosen[key] = rest[int(rng.integers(len(rest)))] if rest else value
        return chosen[key]

    return finder.sub(other, text)
