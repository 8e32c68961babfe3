r"""Find regular expressions that take too long on some text, by searching texts made to be bad for them.

``re`` backtracks where a match fails, and some patterns can be matched in exponentially many ways: ``(a+)+$`` on a row
of ``a`` and then something else. The bad texts follow from the pattern: the text that one of its repetitions reads,
many times, and then a character that cannot follow. Each is searched in another process, first with 2,000 characters,
then with 100,000, and the process is killed when it takes too long.

>>> from labelkit.rules.predicates import Pattern
>>> [print(slow) for slow in slow_patterns([Pattern(r"(a+)+$"), Pattern(r"^a+$")])]
'(a+)+$' takes more than 0.5 s on a text of 2,000 characters: 'a' over and over, then '\x00'
[None]
"""

from __future__ import annotations

import json
import math
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources
from itertools import zip_longest
from typing import Any, Final

from labelkit.checks._faster_regex import Rewriting, rewritings
from labelkit.checks._regex_timer import CAN_LIMIT, TIME_IS_UP
from labelkit.matching.charsets import character_set, contains
from labelkit.matching.regex_syntax import NotReadError, items_of
from labelkit.rules.predicates import Pattern

LENGTHS: Final = (2_000, 100_000)
"""Characters of the texts that are tried. A pattern too slow for the first is slow however short texts are. Of one
that takes the square of the second, the fastest machines need three times the limit."""

LIMIT_SECONDS: Final = 0.5
"""Processor time that a search may take, after which it is stopped (where the system cannot limit that, time on the
clock). One that reads the text once takes about a millisecond."""

FORESEEN_BY: Final = (2_500, 5_000, 10_000, 20_000)
"""Characters of the texts by which it is foreseen how long the longest takes; each is twice the one before."""

LEAST_SECONDS: Final = 0.01
"""Seconds that such a text takes before anything is foreseen by it: shorter times are not exact."""

SURELY: Final = 1.3
"""How many times the limit a search is foreseen to take, so that it is not made."""

SURELY_FAST: Final = 0.2
"""Seconds that a proposal in place of a slow pattern may take, so that it is not found slow in its turn."""

PATIENCE: Final = 600.0
"""Seconds on the clock that the other process may take to start, and to search where its processor time is limited."""

VARIANTS: Final = 6
"""Texts that are made of one repetition: other characters of its sets, other branches, with and without options."""

MOST_REPETITIONS: Final = 12
"""Repetitions of a pattern that are tried."""

ENDS: Final = ("\x00", "")
"""Ends of the texts, at which the match fails."""

_USUAL: Final = tuple(map(ord, "a0 -._A@/\n"))
"""Characters that stand for a set if they are in it, in this order: sets that overlap shall get the same ones."""


@dataclass(frozen=True)
class Attack:
    """A text that may be bad for a pattern.

    Parameters
    ----------
    beginning, repeated, end : str
    """

    beginning: str
    repeated: str
    end: str

    def __str__(self) -> str:
        begins = f"{self.beginning!r}, " if self.beginning else ""
        ends = f", then {self.end!r}" if self.end else ""
        return f"{begins}{self.repeated!r} over and over{ends}"


@dataclass(frozen=True)
class SlowPattern:
    """A pattern that took too long on a text.

    Attributes
    ----------
    pattern : Pattern
    attack : Attack
    length : int
        How many characters the text has.
    rewriting : Rewriting, optional
        What is not slow on any text that was tried; None where nothing simple is known.
    """

    pattern: Pattern
    attack: Attack
    length: int
    rewriting: Rewriting | None = None

    @property
    def hopeless(self) -> bool:
        """True if a short text is enough."""
        return self.length == LENGTHS[0]

    def __str__(self) -> str:
        text = f"a text of {self.length:,} characters: {self.attack}"
        return f"{self.pattern.pattern!r} takes more than {LIMIT_SECONDS} s on {text}"


def slow_patterns(patterns: Iterable[Pattern]) -> list[SlowPattern]:
    """Search each pattern in the texts that are bad for it, and return those that take too long, with the first text.

    Parameters
    ----------
    patterns : iterable of Pattern

    Returns
    -------
    list of SlowPattern
        In the order of the patterns, each at most once.
    """
    return begin_search(patterns).result()


def begin_search(patterns: Iterable[Pattern]) -> Future[list[SlowPattern]]:
    """Begin :func:`slow_patterns` in a thread, which waits for the process that searches."""
    plans = {pattern: attacks(pattern) for pattern in dict.fromkeys(patterns)}
    pool = ThreadPoolExecutor(1, thread_name_prefix="labelkit")
    try:
        return pool.submit(_search, plans)
    finally:
        pool.shutdown(wait=False)


def _search(plans: dict[Pattern, list[Attack]]) -> list[SlowPattern]:
    clock = _Clock()
    try:
        slow = [_first_slow(pattern, plan, clock) for pattern, plan in plans.items() if plan]
        return [replace(one, rewriting=_mended(one, plans, clock)) for one in slow if one is not None]
    finally:
        clock.stop()


def _first_slow(
    pattern: Pattern, plan: list[Attack], clock: _Clock, limit: float = LIMIT_SECONDS
) -> SlowPattern | None:
    for length in LENGTHS:
        for attack in plan:
            if length > LENGTHS[0] and _is_foreseen(pattern, attack, clock, limit):
                return SlowPattern(pattern, attack, length)
            seconds = clock.seconds(pattern, attack, length)
            if seconds is None or seconds > limit:
                return SlowPattern(pattern, attack, length)
    return None


def _is_foreseen(pattern: Pattern, attack: Attack, clock: _Clock, limit: float) -> bool:
    """True if the times of shorter texts show that the longest takes far more than the limit, so as not to wait for it.

    Time that grows with a power of the length is a line in logarithms; of a power above 2, the square alone is counted.
    The times of two texts that are 15% off, one up and the other down, make the power 0.44 too large.
    """
    before = 0.0
    for length in FORESEEN_BY:
        seconds = clock.seconds(pattern, attack, length)
        if seconds is None:
            return True
        times = LENGTHS[1] / length
        if seconds * times**2 < SURELY * limit:
            return False
        power = min(2.0, math.log2(seconds / before)) - 0.5 if before > 0 else 0.0
        if seconds > LEAST_SECONDS and seconds * times**power > SURELY * limit:
            return True
        before = seconds
    return False


def _mended(slow: SlowPattern, plans: dict[Pattern, list[Attack]], clock: _Clock) -> Rewriting | None:
    """Return the first rewriting that is fast on the texts that are bad for it, and on those for the pattern."""
    worst_first = [slow.attack, *plans[slow.pattern]]
    for one in rewritings(slow.pattern):
        plan = list(dict.fromkeys([*worst_first, *attacks(one.pattern)]))
        if _first_slow(one.pattern, plan, clock, SURELY_FAST) is None:
            return one
    return None


class _Clock:
    """The process that searches; started when there is something to search, and again after it had to be killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[float] = queue.SimpleQueue()

    def seconds(self, pattern: Pattern, attack: Attack, length: int) -> float | None:
        """The processor time of one search; None if it had to be stopped, NaN if the process died of it."""
        if self._process is None:
            self._start()
        self._ask(pattern, attack, length)
        try:
            taken = self._answers.get(timeout=PATIENCE if CAN_LIMIT else LIMIT_SECONDS)
        except queue.Empty:
            self.stop()
            return None
        if math.isnan(taken) and self.stop() == -TIME_IS_UP:
            return None
        return taken

    def stop(self) -> int:
        """End the process, whatever it is doing; returns its status, which is that of its own end if it has ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        return process.wait()

    def _start(self) -> None:
        source = (resources.files(__package__) / "_regex_timer.py").read_text("utf-8")  # which may lie in a zip file
        command, pipe, nothing = [sys.executable, "-I", "-S", "-c", source], subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(  # noqa: S603 - this Python, and a program of ours
            command, stdin=pipe, stdout=pipe, stderr=nothing, text=True, encoding="utf-8"
        )
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_forward, args=(self._process.stdout, self._answers), daemon=True).start()
        self._ask(Pattern("a"), Attack("", "a", ""), 1)
        self._answers.get(timeout=PATIENCE)  # so that the time to start is not the pattern's

    def _ask(self, pattern: Pattern, attack: Attack, length: int) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        flags = int(pattern.flags & ~re.DEBUG)  # which prints
        question = [pattern.pattern, flags, attack.beginning, attack.repeated, attack.end, length, LIMIT_SECONDS]
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()


def _forward(answers: Any, to: queue.SimpleQueue[float]) -> None:
    """Read answers as they come, and say when there will be no more; a pipe cannot be waited for everywhere."""
    with suppress(ValueError, OSError):  # the pipe was closed
        for line in answers:
            to.put(float(line))
    to.put(math.nan)


# The bad texts --------------------------------------------------------------------------------------------------------


def attacks(pattern: Pattern) -> list[Attack]:
    r"""List the texts to try on a pattern, each once; none for a pattern without an unbounded repetition.

    >>> from labelkit.rules.predicates import Pattern
    >>> [str(attack) for attack in attacks(Pattern("x[0-9]+y"))][:3]
    ["'x', '0' over and over, then '\\x00'", "'x', '0' over and over", "'x0' over and over"]
    >>> attacks(Pattern("colou?r"))
    []
    """
    try:
        items, flags = items_of(pattern)
        sampler = _Sampler(tuple(dict.fromkeys(_literals(items))))
        repetitions = list(_repetitions(items, [""] * VARIANTS, flags, sampler))[:MOST_REPETITIONS]
    except (NotReadError, RecursionError):  # another Python, or nested beyond reason
        return []
    tried = []
    for beginnings, bodies in repetitions:
        for beginning, body in zip(beginnings, bodies, strict=True):
            if body:
                tried += [Attack(beginning, body, end) for end in ENDS]
                tried.append(Attack("", beginning + body, ""))
    return list(dict.fromkeys(tried))


def _repetitions(
    items: list[Any], before: list[str], flags: int, sampler: _Sampler
) -> Iterator[tuple[list[str], list[str]]]:
    """Each repetition of any length: what may stand before it, and what it reads, in every variant."""
    for op, argument in items:
        kind = str(op)
        if kind in _LOOPS:
            least, most, body = argument
            if int(most) > max(int(least), _SHORT):
                yield before, [sampler.sample(list(body), flags, variant) for variant in range(VARIANTS)]
        for inner, inner_flags in _inside(kind, argument, flags):
            yield from _repetitions(inner, before, inner_flags, sampler)
        before = [text + sampler.sample([(op, argument)], flags, variant) for variant, text in enumerate(before)]


def _literals(items: list[Any]) -> Iterator[int]:
    """The characters that a pattern names one by one."""
    for op, argument in items:
        if str(op) == "LITERAL":
            yield int(argument)
        for inner, _ in _inside(str(op), argument, 0):
            yield from _literals(inner)


_LOOPS: Final = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_SHORT: Final = 8
"""A repetition of so many times at the most is harmless."""


def _inside(kind: str, argument: Any, flags: int) -> list[tuple[list[Any], int]]:  # noqa: PLR0911 - a table of kinds
    """The sequences that an item of the parser is made of, with the flags that hold in them."""
    if kind in _LOOPS:
        return [(list(argument[2]), flags)]
    if kind == "SUBPATTERN":
        _, added, removed, body = argument
        return [(list(body), (flags | added) & ~removed)]
    if kind == "BRANCH":
        return [(list(branch), flags) for branch in argument[1]]
    if kind in {"ASSERT", "ASSERT_NOT"}:
        return [(list(argument[1]), flags)]
    if kind == "ATOMIC_GROUP":
        return [(list(argument), flags)]
    if kind == "GROUPREF_EXISTS":
        return [(list(part), flags) for part in argument[1:] if part]
    return []


@dataclass(frozen=True)
class _Sampler:
    """Makes texts that parts of a pattern read.

    Parameters
    ----------
    literals : tuple of int
        The characters that the pattern names, which may well follow a repetition that reads them too.
    """

    literals: tuple[int, ...]

    def sample(self, items: list[Any], flags: int, variant: int) -> str:
        """A text that a sequence may read; anchors, look-around and back-references read nothing here."""
        text = ""
        for op, argument in items:
            kind = str(op)
            if kind in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
                text += self._character(kind, argument, flags, variant)
            elif kind in _LOOPS:
                least, most, body = argument
                times = min(int(least) + (variant % 2 if int(most) > int(least) else 0), _MOST_TIMES)
                text += self.sample(list(body), flags, variant) * times
            elif kind not in {"ASSERT", "ASSERT_NOT"}:
                ways = _inside(kind, argument, flags)
                if ways:
                    text += self.sample(*ways[variant % len(ways)], variant)
        return text

    def _character(self, kind: str, argument: Any, flags: int, variant: int) -> str:
        """A character that an item reads."""
        if kind == "LITERAL":
            return chr(argument)
        ranges = character_set(kind, tuple(argument) if kind == "IN" else argument, flags & _MATTERS_TO_SETS)
        usual = [code for code in _USUAL if contains(ranges, code)]
        named = [code for code in self.literals if contains(ranges, code) and code not in usual]
        mixed = [code for pair in zip_longest(usual, named) for code in pair if code is not None]
        candidates = mixed or list(ranges[:1])
        return chr(candidates[variant % len(candidates)]) if candidates else ""


_MATTERS_TO_SETS: Final = int(re.ASCII | re.IGNORECASE | re.DOTALL | re.UNICODE)

_MOST_TIMES: Final = 50
"""A repetition that asks for more is sampled with fewer."""
