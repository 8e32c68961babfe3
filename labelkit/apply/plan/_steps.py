"""Vote on a batch: declarative rules by scans of columns that they share, Python rules by calls.

A step votes on a whole batch. Where the fast path does not apply (a derived column holds something other than text), it
evaluates the definition row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from labelkit._shared.time_limit import TimeUpError
from labelkit._shared.user_errors import Errors
from labelkit.apply.plan._calls import as_soft_votes, as_votes, call_chunks, call_each
from labelkit.apply.plan._frame import BatchColumns, FrameKeys, Key, Mask, key_of, pick
from labelkit.apply.plan.long_mappings import LongMapping
from labelkit.rules.expressions import Expression, Leaf, Truth, leaves
from labelkit.rules.labeling_function import Calls, Cases, Column, LabelingFunction
from labelkit.rules.predicates import Predicate
from labelkit.votes.label_space import ABSTAIN, LabelSpace


class Truths(Protocol):
    """Evaluate tests on the columns of the current batch."""

    def __call__(self, key: Key, test: Predicate) -> Mask:
        """Mask of the rows of a column that meet the test; False where the value is null."""


class CompiledRule(Protocol):
    """One rule, compiled."""

    @property
    def lf(self) -> LabelingFunction[...]:
        """The rule."""

    @property
    def keys(self) -> FrameKeys:
        """The columns that it reads, by the name that it has for them."""

    def vote(self, frame: BatchColumns, truths: Truths, space: LabelSpace) -> tuple[npt.NDArray[np.int64], Errors]:
        """The votes on a batch, and the rows on which the rule failed."""

    @property
    def tests(self) -> list[tuple[Key, Predicate]]:
        """The tests that it wants answered, each with the column that it is of."""

    def explain(self) -> str:
        """The path that it takes and why."""


def step_of(lf: LabelingFunction[...]) -> CompiledRule:
    """Compile a rule."""
    keys = {name: key_of(lf, name) for name in lf.columns}
    return Declared(lf, lf.body, keys) if isinstance(lf.body, Cases) else Called(lf, lf.body, keys)


@dataclass(frozen=True)
class Declared:
    """A declarative rule."""

    lf: LabelingFunction[...]
    body: Cases
    keys: FrameKeys

    @cached_property
    def tests(self) -> list[tuple[Key, Predicate]]:
        """The tests of its cases, merged by label where there are many."""
        mapping = self._mapping
        if mapping is None:
            return _tests([expression for expression, _ in self.body.cases], self.keys)
        return _tests([leaf for leaf, _ in (*mapping.by_label, *mapping.blocks)], self.keys)

    def vote(self, frame: BatchColumns, truths: Truths, space: LabelSpace) -> tuple[npt.NDArray[np.int64], Errors]:
        """Vote for the label of the first case that holds."""
        if _lacks_text(frame, self.tests):
            return self._by_definition(frame, np.arange(frame.n_rows), space)
        votes = np.full(frame.n_rows, ABSTAIN, dtype=space.dtype)
        if self._mapping is not None:
            return self._by_merged(self._mapping, votes, frame, truths, space)
        for expression, label in reversed(self.body.cases):
            np.putmask(votes, holds(expression, self.keys, frame, truths)[0], label)
        return votes, {}

    def explain(self) -> str:
        """Name the columns that it reads, and whether it shares their scan."""
        columns = ", ".join(sorted({_name(key) for key, _ in self.tests}))
        if all(test.reads == "document" for _, test in self.tests):
            return f"asks the documents of {columns}"
        return f"shares one scan of {columns}" if any(test.needs for _, test in self.tests) else f"reads {columns}"

    @cached_property
    def _mapping(self) -> LongMapping | None:
        return LongMapping.of(self.body)

    def _by_merged(
        self,
        mapping: LongMapping,
        votes: npt.NDArray[np.int64],
        frame: BatchColumns,
        truths: Truths,
        space: LabelSpace,
    ) -> tuple[npt.NDArray[np.int64], Errors]:
        """The label that matches; where several do, the definition says which entry was declared first."""
        n_labels = np.zeros(frame.n_rows, dtype=np.int64)
        for leaf, label in mapping.by_label:
            matches = holds(leaf, self.keys, frame, truths)[0]
            votes[matches] = label
            n_labels += matches
        several = np.flatnonzero(n_labels > 1)
        failed: Errors = {}
        for rows, cases in self._by_block(mapping, several, frame, truths):
            votes[rows], errors = self._by_definition(frame, rows, space, cases)
            failed |= {int(rows[position]): error for position, error in errors.items()}
        return votes, failed

    def _by_block(
        self, mapping: LongMapping, rows: npt.NDArray[np.int64], frame: BatchColumns, truths: Truths
    ) -> Iterator[tuple[npt.NDArray[np.int64], Cases]]:
        """Part rows by the first block of which a case holds, so that few cases are left to be asked."""
        for leaf, cases in mapping.blocks:
            if not len(rows):
                return
            matches = holds(leaf, self.keys, frame, truths)[0][rows]
            yield rows[matches], cases
            rows = rows[~matches]
        yield rows, self.body

    def _by_definition(
        self, frame: BatchColumns, rows: npt.NDArray[np.int64], space: LabelSpace, cases: Cases | None = None
    ) -> tuple[npt.NDArray[np.int64], Errors]:
        body = cases or self.body
        columns = [pick(frame.values(self.keys[name]), rows) for name in self.lf.columns]
        if not len(rows):
            return np.empty(0, dtype=np.int64), {}
        try:
            results, errors = call_each(lambda *row: body.vote(dict(zip(self.lf.columns, row, strict=True))), columns)
        except TimeUpError as error:
            raise error.of(rows) from None
        return as_votes(results, space)[0], errors


@dataclass(frozen=True)
class Called:
    """A rule that calls a Python function."""

    lf: LabelingFunction[...]
    body: Calls
    keys: FrameKeys

    @cached_property
    def tests(self) -> list[tuple[Key, Predicate]]:
        """The tests of its guard."""
        return [] if self.body.when is None else _tests([self.body.when], self.keys)

    def vote(self, frame: BatchColumns, truths: Truths, space: LabelSpace) -> tuple[npt.NDArray[np.int64], Errors]:
        """Call the function where no argument is null and the guard holds; abstain elsewhere."""
        votes = np.full(frame.n_rows, ABSTAIN, dtype=np.int64)
        skip = np.zeros(frame.n_rows, np.bool_)
        for parameter in self.lf.parameters:
            key = self.keys[parameter.name]
            if not parameter.optional:
                skip |= frame.nulls(key)
            skip[list(frame.errors(key))] = True
        unguarded: Errors = {}
        if self.body.when is not None:
            guarded, failed = self._guarded(frame, truths)
            unguarded = {row: error for row, error in failed.items() if not skip[row]}
            skip |= ~guarded
        rows = np.flatnonzero(~skip)
        if not len(rows):
            return votes, unguarded
        try:
            results, errors = self._call(frame, rows, space)
        except TimeUpError as error:
            raise error.of(rows) from None
        levels = self.lf.levels
        votes[rows], wrong = as_soft_votes(results, space, levels) if levels else as_votes(results, space)
        return votes, unguarded | {int(rows[position]): error for position, error in {**wrong, **errors}.items()}

    def explain(self) -> str:
        """Describe how often the function is called, and for which rows."""
        how = "called once a chunk of 1,024 rows" if self.body.batch else "called row by row"
        guard = "" if self.body.when is None else ", only where its guard holds"
        return f"a Python function, {how}{guard}"

    def _guarded(self, frame: BatchColumns, truths: Truths) -> tuple[Mask, Errors]:
        """Evaluate the guard; also the rows on which it raised, with the error."""
        assert self.body.when is not None
        if _lacks_text(frame, self.tests):
            when = self.body.when
            columns = [frame.values(key) for key in self.keys.values()]
            results, errors = call_each(lambda *row: when.holds(dict(zip(self.keys, row, strict=True))), columns)
            return np.fromiter((result is True for result in results), np.bool_, frame.n_rows), errors
        return holds(self.body.when, self.keys, frame, truths)[0], {}

    def _call(self, frame: BatchColumns, rows: npt.NDArray[np.int64], space: LabelSpace) -> tuple[Any, Errors]:
        keys = [self.keys[name] for name in self.lf.columns]
        if not self.body.batch:
            return call_each(self.body.function, [frame.given(key, rows) for key in keys])
        annotations = [parameter.annotation for parameter in self.lf.parameters]
        columns = [frame.given_column(key, rows) for key in keys]
        decide = self.body.decide
        unpack: Callable[[Any, int], Any] | None = None
        if decide is not None:
            unpack = lambda output, n: decide(output, n, space)  # noqa: E731 - the label space is known only here
        return call_chunks(self.body.function, columns, annotations, rows, frame.n_rows, unpack, votes=True)


def _lacks_text(frame: BatchColumns, tests: list[tuple[Key, Predicate]]) -> bool:
    """Tell if a column in which tests look for text holds something else."""
    return any(test.reads == "text" and frame.text(key) is None for key, test in tests)


def _tests(expressions: list[Any], keys: FrameKeys) -> list[tuple[Key, Predicate]]:
    tests: list[tuple[Key, Predicate]] = []
    for leaf in (leaf for expression in expressions for leaf in leaves(expression)):
        columns = tuple(keys[name] for name in leaf.columns)
        tests += [(columns, leaf.test)] if leaf.joint else [(column, leaf.test) for column in columns]
    return tests


def holds(expression: Expression, keys: FrameKeys, frame: BatchColumns, truths: Truths) -> Truth:
    """Decide where an expression is true, and where it is unknown, by the logic of three truth values.

    Returns
    -------
    true, unknown : ndarray of bool, shape (n_rows,)
    """

    def answer(leaf: Leaf) -> Truth:
        columns = tuple(keys[name] for name in leaf.columns)
        read: tuple[Key, ...] = (columns,) if leaf.joint else columns
        true = np.logical_or.reduce([truths(key, leaf.test) for key in read])
        unknown = np.zeros(frame.n_rows, np.bool_)
        for name in leaf.columns:
            if name not in leaf.optional:
                unknown |= frame.nulls(keys[name])
        return true, unknown & ~true

    return expression.truth(answer)


def _name(key: Key) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_name, key))})"
    return key.name if isinstance(key, Column) else key
