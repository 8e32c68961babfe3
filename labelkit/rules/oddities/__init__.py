"""Find what in a rule is probably not meant as it is written: its words and patterns, and the tests in its code.

>>> from labelkit.rules.keywords import keywords
>>> [oddity.code for oddity in oddities(keywords("priz*", label=1).rule(name="prize"))]
['LK905']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakSet

from labelkit._shared.user_errors import warn
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.oddities.code import odd_code, odd_patterns_in_code, only_abstains
from labelkit.rules.oddities.words import idle_patterns, odd_words

IN_WORDS: Final = "LK905"
IN_CODE: Final = "LK926"
ONLY_ABSTAINS: Final = "LK902"
IN_EVERY_TEXT: Final = "LK922"


@dataclass(frozen=True)
class Oddity:
    """What is probably not meant as it is written.

    Attributes
    ----------
    reason, remedy, code : str
    """

    reason: str
    remedy: str
    code: str


def oddities(lf: LabelingFunction[...]) -> Iterator[Oddity]:
    """Find what in a rule is probably not meant as it is written.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    Oddity
    """
    for odd in dict.fromkeys((*odd_words(lf), *odd_patterns_in_code(lf))):
        yield Oddity(odd.reason, odd.remedy, IN_WORDS)
    for odd in odd_code(lf):
        yield Oddity(odd.reason, odd.remedy, IN_CODE)
    for odd in idle_patterns(lf):
        yield Oddity(odd.reason, odd.remedy, IN_EVERY_TEXT)
    silent = only_abstains(lf)
    if silent is not None:
        yield Oddity(silent.reason, silent.remedy, ONLY_ABSTAINS)


_TOLD: Final[WeakSet[Any]] = WeakSet()
"""Rules of which was warned already."""


def warn_of_oddities(lfs: Iterable[LabelingFunction[...]]) -> None:
    """Warn of what is odd in rules that users wrote, a line for each; once for a rule."""
    for lf in lfs:
        home = str(lf.origin.namespace.get("__name__") or "")
        if lf not in _TOLD and home.partition(".")[0] != "labelkit":
            _TOLD.add(lf)
            for odd in oddities(lf):
                warn(f"rule {lf.name!r}: {odd.reason}. Hint: {odd.remedy}", code=odd.code)


def note_told(lfs: Iterable[LabelingFunction[...]]) -> None:
    """Note that what is odd in rules is told in another way."""
    _TOLD.update(lfs)
