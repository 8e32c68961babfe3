"""Vote on one batch in three steps, so that an engine may run them in different threads.

``scan`` looks for the phrases and patterns of all rules in the columns of the corpus: most of the work, done by
compiled code beside which other threads run. ``call`` runs the functions of the user and the patterns that are left to
Python, and is best left to the main thread, where their authors expect to be and where they can be stopped when their
time is up. ``settle`` makes votes of what was found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.row_operations import first_rows
from labelkit._shared.time_limit import TimeUpError, limited
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import Errors
from labelkit.apply.plan._calls import CHUNK
from labelkit.apply.plan._frame import BatchColumns, Key, Mask, pick
from labelkit.apply.plan._steps import CompiledRule
from labelkit.apply.plan.call_ledger import watched
from labelkit.exceptions import TimeLimitError, with_code
from labelkit.rules.predicates import Predicate
from labelkit.rules.value_predicates import Stored, TableQuery
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import decoded

if TYPE_CHECKING:
    from labelkit.apply.plan import Plan
    from labelkit.matching.column_scan import BegunScan


_MORE_TIME: Final = (
    "labelkit check finds patterns that never end; mend the rule, or give it more time by time_limit=SECONDS "
    "(--time-limit SECONDS), 0 for no limit. What is finished is kept: the same run goes on after it"
)


@dataclass
class BatchVotes:
    """The votes on one batch.

    Attributes
    ----------
    votes : ndarray of int8 or int16, shape (n_rows, n_lfs)
        In Fortran order: the votes of one rule stand together.
    faults : list of (row, lf, error, message)
        Rows of the batch and columns of ``votes`` where a rule failed, in that order.
    seconds : ndarray of float, shape (n_lfs,)
        The time that each rule took; that of a shared scan is split evenly among the rules that share it.
    confidence : ndarray of uint8, shape (n_rows, n_lfs), or None
        How sure the rules were, where any rule says (see :class:`labelkit.LabelMatrix`).
    """

    votes: npt.NDArray[Any]
    faults: list[tuple[int, int, str, str]]
    seconds: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.uint8] | None = None


def name_of_row(row: int) -> str:
    """Name a row of a batch of which no more is known."""
    return f"row {row}"


class Voting:
    """The votes on one batch in the making: :meth:`scan`, :meth:`call` and :meth:`settle`, in this order, each once.

    Attributes
    ----------
    name_of : callable
        Names a row of the batch in messages.
    seconds_called : float
        Seconds that :meth:`call` took.
    seconds_other : float
        Seconds that the other two took.
    """

    def __init__(self, plan: Plan, table: pa.RecordBatch) -> None:
        self._plan = plan
        self.name_of: Callable[[int], str] = name_of_row
        self._frame = BatchColumns(table, plan.makers)
        self._scanned = _Scanned(plan, self._frame)
        self._votes = np.empty((table.num_rows, len(plan.lfs)), dtype=plan.lfs.space.dtype, order="F")
        soft = any(lf.levels for lf in plan.lfs)
        self._confidence = np.zeros(self._votes.shape, dtype=np.uint8, order="F") if soft else None
        self._errors: list[Errors] = [{} for _ in plan.lfs]
        self._seconds = np.zeros(len(plan.lfs))
        self.seconds_called = 0.0
        self.seconds_other = 0.0

    def scan(self) -> None:
        """Scan the columns of the corpus in which rules look for text, as far as compiled code does it."""
        started = time.perf_counter()
        for key in self._plan.scans:
            if isinstance(key, str):
                self._scanned.begin(key)
        self.seconds_other += time.perf_counter() - started

    def call(self) -> None:
        """Call the functions of rules and derived columns; what reads large values votes here, too."""
        scanned_before = self._scanned.seconds
        for key in self._plan.scans:
            if isinstance(key, str):
                self._finish_scan(self._scanned, key, 0)
        finishing = self._scanned.seconds - scanned_before
        if self._plan.in_chunks:
            for start in range(0, self._frame.n_rows, CHUNK):
                frame = self._frame.part(start, CHUNK)
                scanned = self._scanned.part(frame, start)
                self._call(frame, scanned, start)
                self._scanned.seconds += scanned.seconds
                self._frame.take_over(frame, start, self._plan.kept)
        else:
            self._call(self._frame, self._scanned, 0)
        self.seconds_called = float(self._seconds.sum()) + finishing

    def _call(self, frame: BatchColumns, scanned: _Scanned, start: int) -> None:
        for j, step in enumerate(self._plan.steps):
            started = time.perf_counter()
            with self._limited(j, start):
                for key in step.keys.values():
                    self._note(j, frame.errors(key), start)
            self._seconds[j] += time.perf_counter() - started
            if self._plan.is_called(step):
                self._vote(j, step, frame, scanned, start)

    def settle(self) -> BatchVotes:
        """Let the declarative rules vote, and put everything together."""
        started = time.perf_counter()
        for j, step in enumerate(self._plan.steps):
            if not self._plan.is_called(step):
                self._vote(j, step, self._frame, self._scanned, 0)
        faults = [
            (row, j, kind, message) for j, errors in enumerate(self._errors) for row, (kind, message) in errors.items()
        ]
        for row, j, _, _ in faults:
            self._votes[row, j] = ABSTAIN
            if self._confidence is not None:
                self._confidence[row, j] = 0
        self.seconds_other += time.perf_counter() - started
        return BatchVotes(self._votes, sorted(faults), self._seconds + self._shared(), self._confidence)

    def _vote(self, j: int, step: CompiledRule, frame: BatchColumns, scanned: _Scanned, start: int) -> None:
        for key in dict.fromkeys(key for key, _ in step.tests):
            if key in self._plan.scans:
                self._finish_scan(scanned, key, start)
        started, shared = time.perf_counter(), scanned.seconds
        rows = slice(start, start + frame.n_rows)
        space = self._plan.lfs.space
        with self._limited(j, start):
            votes, errors = step.vote(frame, scanned, space)
        if step.lf.levels and self._confidence is not None:
            labels, sure = decoded(votes, len(space), np.int64, soft=True)
            votes = labels
            self._confidence[rows, j] = 0 if sure is None else sure
        self._votes[rows, j] = votes
        self._note(j, {**scanned.errors(step.tests), **errors}, start)
        self._seconds[j] += time.perf_counter() - started - (scanned.seconds - shared)

    def _finish_scan(self, scanned: _Scanned, key: Key, start: int) -> None:
        """Scan a column to the end; each test that is left to Python has the time that a rule has."""
        tests = list(self._plan.scans[key][1])

        def limit(number: int) -> AbstractContextManager[None]:
            return self._limited(self._plan.reader_of(key, tests[number]), start)

        scanned.scan(key, limit)

    @contextmanager
    def _limited(self, j: int, start: int) -> Iterator[None]:
        """Give a rule the rest of its time for this batch.

        Raises
        ------
        TimeLimitError
            If it takes longer, with the example if that is known.
        """
        limit, name = self._plan.time_limit, self._plan.lfs.names[j]
        never = f"rule {name!r} took more than {limit:,g} s for one batch, and catches whatever stops it"
        never = with_code(never, TimeLimitError.code)
        try:
            with limited(limit and max(limit - float(self._seconds[j]), 1e-3), never):
                yield
        except TimeUpError as error:
            rule = f"rule {name!r}"
            if error.column is not None:
                rule += f", for which column {error.column!r} is computed,"
            raise TimeLimitError(
                f"{rule} took more than {limit:,g} s for one batch{self._where(error, start)}", hint=_MORE_TIME
            ) from None

    def _where(self, error: TimeUpError, start: int) -> str:
        """Name the example at which time was up, or the chunk, if that is known."""
        if error.first is None or error.last is None:
            return ""
        first, last = (self.name_of(start + row) for row in (error.first, error.last))
        if first == last:
            return f", and was stopped at the example of {first}"
        return f", and was stopped at the examples of {first} to {last}"

    def _note(self, j: int, errors: Errors, start: int) -> None:
        """Keep why a rule failed, unless it is known already."""
        if errors:
            self._errors[j] = {**{start + row: error for row, error in errors.items()}, **self._errors[j]}

    def _shared(self) -> npt.NDArray[np.float64]:
        """Seconds of the scans, divided evenly among the rules that share them, shape (n_lfs,)."""
        sharing = np.array([bool(step.tests) for step in self._plan.steps])
        return np.asarray(sharing * (self._scanned.seconds / max(1, int(sharing.sum()))))


class _Scanned:
    """Evaluate tests on one batch; each column is scanned once, for the first rule that reads it."""

    def __init__(self, plan: Plan, frame: BatchColumns, matches: dict[Key, Mask] | None = None) -> None:
        self._plan = plan
        self._frame = frame
        self._matches = matches or {}
        self._begun: dict[Key, BegunScan] = {}
        self._answers: dict[tuple[Key, TableQuery], list[Any]] = {}
        self._errors: dict[tuple[Key, Predicate], Errors] = {}
        self.seconds = 0.0

    def __call__(self, key: Key, test: Predicate) -> Mask:
        """Mask of the rows that meet a test (see :class:`labelkit.apply.plan._steps.Truths`)."""
        if test.scanned:
            self.scan(key)
            answer: Mask = self._matches[key][:, self._plan.scans[key][1][test]]
            return answer
        if test.reads in ("text", "document"):
            return self._by_definition(key, test)
        started = time.perf_counter()
        try:
            return self._among(key, test)
        finally:
            self.seconds += time.perf_counter() - started

    def part(self, frame: BatchColumns, start: int) -> _Scanned:
        """The same for some rows: what was scanned is known there, too."""
        rows = slice(start, start + frame.n_rows)
        return _Scanned(self._plan, frame, {key: mask[rows] for key, mask in self._matches.items()})

    def begin(self, key: Key) -> None:
        """Begin to look for all that the rules want to know of a column, as far as compiled code does it."""
        started = time.perf_counter()
        text = self._frame.text(key)
        if key not in self._matches and text is not None:
            self._begun[key] = self._plan.scans[key][0].begin(text)
        self.seconds += time.perf_counter() - started

    def scan(self, key: Key, limit: Callable[[int], AbstractContextManager[None]] | None = None) -> None:
        """Look for all that the rules want to know of a column; nothing is done for one that is no text, or done."""
        if key not in self._begun:
            self.begin(key)
        started = time.perf_counter()
        if key in self._begun:
            self._matches[key] = self._begun.pop(key).finish(limit)
        self.seconds += time.perf_counter() - started

    def _by_definition(self, key: Key, test: Predicate) -> Mask:
        """Evaluate the definition where all that it needs matches; a row that raises is a fault of that row."""
        possible = ~self._frame.nulls(key)
        for need in test.needs:
            possible &= self(key, need)
        rows = np.flatnonzero(possible)
        if not len(rows):
            return possible
        text = self._frame.text(key) if test.reads == "text" else None
        values = pick(self._frame.values(key), rows) if text is None else text.take(arrow_array(rows)).to_pylist()
        try:
            possible[rows], errors = _decide(test, values)
        except TimeUpError as error:
            raise error.of(rows) from None
        if errors:
            self._errors[key, test] = {int(rows[place]): error for place, error in errors.items()}
        return possible

    def errors(self, tests: list[tuple[Key, Predicate]]) -> Errors:
        """The rows on which tests could not be answered, and why; the first test's word counts."""
        if not self._errors:
            return {}
        return {row: error for one in reversed(tests) for row, error in self._errors.get(one, {}).items()}

    def _among(self, key: Key, test: Predicate) -> Mask:
        """Evaluate a test once for each distinct value."""
        coded = self._frame.coded(key)
        if coded is None:
            coded = np.arange(self._frame.n_rows), self._frame.values(key)
        codes, values = coded
        if test.stored is None:
            answers, errors = self._of_distinct(test, codes, values)
        else:
            answers, errors = self._judged(test.stored, self._asked(key, test.stored.query, values))
        rows = np.flatnonzero(np.isin(codes, list(errors))).tolist() if errors else []
        self._errors[key, test] = {row: errors[int(codes[row])] for row in rows}
        return answers[codes] if len(values) else np.zeros(self._frame.n_rows, np.bool_)

    def _of_distinct(self, test: Predicate, codes: npt.NDArray[np.int64], values: list[Any]) -> tuple[Mask, Errors]:
        """Evaluate a test on distinct values, nulls left out; returns the answers, and the values that raised."""
        places = np.flatnonzero(np.fromiter((value is not None for value in values), np.bool_, len(values)))
        answers = np.zeros(len(values), np.bool_)
        try:
            answers[places], errors = _decide(test, pick(values, places))
        except TimeUpError as error:
            raise error.of(places).of(first_rows(codes, len(values), none=0)) from None
        return answers, {int(places[place]): error for place, error in errors.items()}

    def _judged(self, test: Stored, table_answers: list[Any]) -> tuple[Mask, Errors]:
        """Judge the answers of a table, each distinct answer once; the answer for a null is None and fails the test."""
        verdicts: dict[Any, bool] = {None: False}
        failed: dict[Any, tuple[str, str]] = {}
        with UserCode() as code:
            for answer in set(table_answers) - {None}:
                try:
                    verdicts[answer] = test.judge(answer)
                except BaseException as error:  # noqa: BLE001 - whatever a driver raises is a fault
                    verdicts[answer], failed[answer] = False, code.described(error)
        errors: Errors = {}
        if failed:
            errors = {number: failed[answer] for number, answer in enumerate(table_answers) if answer in failed}
        return np.fromiter((verdicts[answer] for answer in table_answers), np.bool_, len(table_answers)), errors

    def _asked(self, key: Key, query: TableQuery, values: list[Any]) -> list[Any]:
        """Query a table for each value, once for all tests with the same query."""
        if (key, query) not in self._answers:
            there = [value for value in values if value is not None]
            answers = iter(query.find(there))
            self._answers[key, query] = [None if value is None else next(answers) for value in values]
        return self._answers[key, query]


def _decide(test: Predicate, values: list[Any]) -> tuple[Mask, Errors]:
    """Decide values at once; where that fails, or does not give one answer a value, decide each by the definition."""
    with UserCode() as code:
        try:
            answers = np.asarray(watched(test.matches_column)(values), np.bool_)
        except BaseException as error:
            if code.stopped_by(error):
                raise
            return _decide_each(test, values, code)  # which finds the values that raise
        return (answers, {}) if answers.shape == (len(values),) else _decide_each(test, values, code)


def _decide_each(test: Predicate, values: list[Any], code: UserCode) -> tuple[Mask, Errors]:
    answers, errors = np.zeros(len(values), np.bool_), Errors()
    matches = watched(test.matches)
    for place, value in enumerate(values):
        try:
            answers[place] = matches(value)
        except BaseException as error:  # noqa: BLE001 - a predicate may raise anything
            errors[place] = code.described(error)
    return answers, errors
