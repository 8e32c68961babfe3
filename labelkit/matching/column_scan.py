"""Match several tests against a text column: the interface of the compiled matchers.

Every engine gives the result of the test's definition, ``test.matches``. :meth:`ColumnScan.explain` tells which engine
each test uses.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from labelkit._shared.garbage import nothing_is_garbage
from labelkit._shared.quiet_regex import may_warn
from labelkit._shared.time_limit import TimeUpError, answers_of
from labelkit.matching._numba import load_compiler
from labelkit.matching._phrase_engine import PhraseEngine, left_to_patterns
from labelkit.matching._regex_engine import RegexEngine
from labelkit.matching._text_column import TextColumn, text_column
from labelkit.matching.regex_syntax import NotReadError, items_of
from labelkit.rules.predicates import Pattern, Words

if TYPE_CHECKING:
    import pyarrow as pa

WORTH_COMPILING = 60_000
"""Work (see :meth:`ColumnScan._work`) above which loading the compiled engines, about a second, pays off."""


class ColumnScan:
    """Tests compiled together for one text column; any number of threads may scan at once, and they share the tables.

    Parameters
    ----------
    tests : sequence of Words or Pattern
        The columns of the result, in this order.

    Examples
    --------
    >>> import pyarrow as pa
    >>> scan = ColumnScan([Words(("c++", "check out")), Pattern(r"https?://")])
    >>> scan.scan(pa.array(["Check  out http://a.b", None, "C++"]))
    array([[ True,  True],
           [False, False],
           [ True, False]])
    """

    def __init__(self, tests: Sequence[Words | Pattern]) -> None:
        self.tests = tuple(tests)
        self._work_seen = 0.0
        self._work_expected = 0.0
        self._compiling = threading.Lock()
        self._idle: list[RegexEngine] = []

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the tests alone: each worker process compiles its own tables."""
        return {"tests": self.tests}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a scan that has compiled nothing."""
        self.__init__(**state)  # type: ignore[misc]

    @cached_property
    def _lists(self) -> dict[int, Words]:
        """The tests that the phrase engine can match, by number."""
        numbered = enumerate(self.tests)
        return {n: test for n, test in numbered if isinstance(test, Words) and not left_to_patterns(test)}

    @cached_property
    def _phrases(self) -> PhraseEngine:
        return PhraseEngine.build(self._lists)

    @cached_property
    def _regexes(self) -> RegexEngine:
        rest = (number for number in range(len(self.tests)) if number not in self._lists)
        return RegexEngine((number, _as_pattern(self.tests[number])) for number in rest)

    def scan(
        self, column: pa.StringArray | pa.LargeStringArray, need: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.bool_]:
        """Match each test against each row.

        Parameters
        ----------
        column : pyarrow.StringArray or pyarrow.LargeStringArray
            The texts; a null matches no test.
        need : bool array of shape (n_rows,), optional
            Rows whose result is used; the results of the others are undefined.

        Returns
        -------
        bool array of shape (n_rows, n_tests)
            True where the row matches the test; in Fortran order, so that the column of each test is contiguous.
        """
        return self.begin(column, need).finish()

    def begin(
        self, column: pa.StringArray | pa.LargeStringArray, need: npt.NDArray[np.bool_] | None = None
    ) -> BegunScan:
        """Do what compiled code does, beside which other threads run; the rest is left to :meth:`BegunScan.finish`."""
        text = text_column(column, need)
        votes = np.zeros((len(self.tests), len(text)), dtype=np.bool_)
        self._work_seen += self._work(int(text.active.sum()))
        if self._work_seen < WORTH_COMPILING and "numba" not in sys.modules:
            votes[:] = text.active
            return BegunScan(text, votes, {number: test.matches for number, test in enumerate(self.tests)})
        load_compiler()
        with self._compiling:
            phrases = self._phrases if self._lists else None
            regexes = self._idle.pop() if self._idle else self._regexes.twin()
        if phrases is not None:
            phrases.scan(text, votes)
        left = regexes.scan(text, votes)
        self._idle.append(regexes)
        return BegunScan(text, votes, {number: regexes.patterns[number].matches for number in left})

    def load(self, n_rows: int | None = None) -> None:
        """Import what so many more rows are worth, or any number, and parse what the parser may warn of.

        Threads that scan are to do neither: other threads may import, or change the filters of warnings, meanwhile.
        """
        self._work_expected += WORTH_COMPILING if n_rows is None else self._work(n_rows)
        if self._work_expected >= WORTH_COMPILING:
            with nothing_is_garbage():
                load_compiler()
            for test in self.tests:
                if isinstance(test, Pattern) and may_warn(test.pattern):
                    with suppress(NotReadError):
                        items_of(test)

    def prepare(self, n_rows: int) -> None:
        """Build the tables that so many rows are worth, which the first scan waits for otherwise."""
        if self._work(n_rows) >= WORTH_COMPILING:
            load_compiler()
            with self._compiling:
                self._phrases if self._lists else None  # noqa: B018 - built once
                self._regexes  # noqa: B018 - as above

    def explain(self) -> list[str]:
        """Describe for each test, in order, how a large scan matches it, and why."""
        regexes = [self._regexes, *self._idle][-1]  # prefer one that has scanned: it may have relaxed some patterns
        return [
            self._phrases_path(self._lists[number]) if number in self._lists else regexes.explain(number)
            for number in range(len(self.tests))
        ]

    def _phrases_path(self, words: Words) -> str:
        return "shared token trie" if words.whole_word else "shared trie of characters: words inside of words count"

    def _work(self, n_rows: int) -> float:
        """Estimate the cost of the tests, in calls of ``re.search``; a long list costs more than a short one."""
        return sum(n_rows + (n_rows + 100) * len(getattr(test, "words", ())) / 10 for test in self.tests)


@dataclass(frozen=True)
class BegunScan:
    """A scan of which Python has to finish some tests, each on the rows that it has selected so far.

    Little work is left to Python as a whole: that is faster than loading the compiled engines.
    """

    _text: TextColumn
    _votes: npt.NDArray[np.bool_]
    _left: dict[int, Callable[[str], bool]]

    def finish(self, limit: Callable[[int], AbstractContextManager[None]] | None = None) -> npt.NDArray[np.bool_]:
        """Call the definition of the tests that are left, each within ``limit(number)``; returns the matches.

        Raises
        ------
        TimeUpError
            If the limit raised it, with the row that was looked at.
        """
        for number, matches in self._left.items():
            rows = np.flatnonzero(self._votes[number])
            with nullcontext() if limit is None else limit(number):
                try:
                    self._votes[number, rows] = answers_of(matches, self._text.texts(rows))
                except TimeUpError as error:
                    raise error.of(rows) from None
        return self._votes.T


def _as_pattern(test: Words | Pattern) -> Pattern:
    """Return a test as a pattern; the definition of a list of words is a pattern too."""
    return test if isinstance(test, Pattern) else Pattern(test.regex.pattern, test.regex.flags)
