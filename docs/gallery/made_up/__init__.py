"""Made-up data for the gallery: templates whose slots are filled with words of a vocabulary, by a seed.

A module for each corpus. Nothing here is real, and no figure measured on it says how good a method is on other data.
"""

import re
from collections.abc import Mapping, Sequence
from random import Random

SLOT = re.compile(r"\{(\w+)\}")


def lines(block: str) -> tuple[str, ...]:
    """Return the lines of a block of text."""
    return tuple(line.strip() for line in block.strip().splitlines())


def words(block: str) -> tuple[str, ...]:
    """Return the words of a block of text."""
    return tuple(block.split())


def fill(template: str, vocabulary: Mapping[str, Sequence[str]], rng: Random) -> str:
    """Put a word or phrase of the vocabulary at random into each slot; a phrase may have slots, too.

    >>> fill("{greeting}, {name}!", {"greeting": ["Hello"], "name": ["Ann"]}, Random(0))
    'Hello, Ann!'
    """
    while SLOT.search(template):
        template = SLOT.sub(lambda slot: rng.choice(vocabulary[slot[1]]), template)
    return template[:1].upper() + template[1:]
