"""Spell a portable tree as a regular expression of an SQL engine: explicit sets of characters, no flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from labelkit.interop.sql._portable_regex import TEXT_END, TEXT_START
from labelkit.matching.charsets import Ranges, complement, contains, union
from labelkit.matching.regex_syntax import After, Before, Chars, Concat, Either, Node, Repeat
from labelkit.rules.writing import NotWritableError

SURROGATES: Final = (0xD800, 0xE000)

_PAIRS: Final = tuple((ord(a), ord(a) + 1, ord(b), ord(b) + 1) for a, b in ("Kk", "Ss"))
"""The sets of an ASCII letter in both cases, of which another character is a third one."""


@dataclass(frozen=True)
class RegexStyle:
    r"""How an engine spells what all of them have.

    Parameters
    ----------
    escape : {"braces", "digits", "itself"}
        A code point as ``\x{41}``, as ``\u0041``, or as the character, with a backslash outside of a set alone.
    start, end, group : str
        The start of the text, its very end, and what opens a group.
    most_times : int
        The largest number in a counted repetition.
    first : int
        The first code point that a text may hold.
    folds_pairs : bool
        Whether the engine takes ``[Kk]`` for ``(?i:k)``, which finds the Kelvin sign, too: RE2, in an alternation.
    """

    escape: str = "braces"
    start: str = r"\A"
    end: str = r"\z"
    group: str = "(?:"
    most_times: int = 255
    first: int = 0
    folds_pairs: bool = False

    def text(self, node: Node) -> str:
        """Return the regular expression of a tree, in which nothing needs another group around it."""
        match node:
            case Chars(ranges):
                return self._set(ranges)
            case Before() if node == TEXT_START:
                return self.start
            case After() if node == TEXT_END:
                return self.end
            case Concat(parts):
                return "".join(map(self.text, parts))
            case Either(parts):
                ways = list(map(self.text, parts))  # an empty alternative is undefined in POSIX
                return f"{self.group}{'|'.join(filter(None, ways))}){'' if all(ways) else '?'}"
            case Repeat(body, least, most):
                return self._repeated(body, least, most)
        raise NotWritableError("it has a condition without an equivalent")

    def _repeated(self, body: Node, least: int, most: int | None) -> str:
        if max(least, most or 0) > self.most_times:
            raise NotWritableError(f"a repetition counts to more than {self.most_times}")
        times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
        inner = self.text(body)
        if not inner:
            return ""
        if not isinstance(body, Chars):
            inner = f"{self.group}{inner})"
        return inner + (times or f"{{{least},{'' if most is None else most}}}")

    def _set(self, ranges: Ranges) -> str:
        """Spell a set of code points, or its complement if that is shorter; a text holds no surrogates."""
        inside = _without_surrogates(ranges, self.first)
        if len(inside) == 2 and inside[1] - inside[0] == 1:
            return self._character(inside[0])
        outside = _without_surrogates(complement(ranges), self.first)
        if self.folds_pairs and inside in _PAIRS:
            return f"[{self._members(inside)}{self._character(SURROGATES[0])}]"
        posix = self.escape == "itself"  # where a literal need not hold a NUL
        if posix and not outside:
            return f"{self.group}.|\n)"
        if inside and outside and (contains(inside, 0) if posix else len(outside) < len(inside)):
            return f"[^{self._members(outside)}]"
        if not inside:
            raise NotWritableError("it looks for halves of surrogate pairs, which no text of an engine holds")
        return f"[{self._members(inside)}]"

    def _members(self, ranges: Ranges) -> str:
        return _posix_members(ranges) if self.escape == "itself" else _listed(ranges, self._character)

    def _character(self, code: int) -> str:
        character = chr(code)
        if character.isascii() and (character.isalnum() or character == " "):
            return character
        if self.escape == "itself":
            return f"\\{character}" if character in r"\^$.|?*+()[{" else character
        if self.escape == "digits":
            return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
        return f"\\x{{{code:X}}}"


def _without_surrogates(ranges: Ranges, first: int) -> Ranges:
    """Return the code points of a set that a text may hold; a range may go on over the gap of the surrogates."""
    low, high = SURROGATES
    kept: list[int] = []
    for start, stop in zip(ranges[::2], ranges[1::2], strict=True):
        for a, b in ((max(start, first), min(stop, low)), (max(start, high), stop)):
            if a >= b:
                continue
            if kept and a == high and kept[-1] == low:
                kept[-1] = b
            else:
                kept += (a, b)
    return tuple(kept)


def _listed(ranges: Ranges, spelled: Callable[[int], str]) -> str:
    pairs = zip(ranges[::2], ranges[1::2], strict=True)
    return "".join(spelled(a) if stop - a == 1 else f"{spelled(a)}-{spelled(stop - 1)}" for a, stop in pairs)


def _posix_members(ranges: Ranges) -> str:
    r"""List the members of a set by themselves: the same set, whether a backslash there means itself or not.

    >>> print(_posix_members((45, 46, 91, 95, 97, 99)))
    ]a-b[\\^-
    """
    special = {sign for sign in r"[]\^-" if contains(ranges, ord(sign))}
    others = complement(union((complement(ranges), *((ord(sign), ord(sign) + 1) for sign in special))))
    signs = "".join("\\\\" if sign == "\\" else sign for sign in r"[\^-" if sign in special)
    listed = ("]" if "]" in special else "") + _listed(others, chr) + signs
    return "-^" if listed == "^-" else listed
