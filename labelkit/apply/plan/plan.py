"""A plan: rules compiled once, to vote on batch after batch.

The plan knows which columns to load, which tests share one scan of a column, and which rules call Python. It promises
the votes of the rules' definitions, whatever path it takes; ``explain`` says which.

>>> from labelkit.rules.labeling_functions import LabelingFunctions
>>> from labelkit.rules.keywords import keywords
>>> plan = Plan(LabelingFunctions([keywords("free", label=1).rule(name="free")], labels=2))
>>> plan.columns
('text',)
>>> plan.vote(pa.record_batch({"text": ["Free!", "no", None]})).votes.tolist()
[[1], [-1], [-1]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from numbers import Real
from typing import Any, Final

import pyarrow as pa

from labelkit._shared.numbers import plural
from labelkit.apply.plan._column_kinds import can_be_compared, is_of_other_zone, never_equal
from labelkit.apply.plan._frame import Key, Makers, key_of, makers_of
from labelkit.apply.plan._steps import Called, CompiledRule, step_of
from labelkit.apply.plan.batch_votes import BatchVotes, Voting, name_of_row
from labelkit.corpus import Corpus
from labelkit.corpus.all_missing import is_all_missing
from labelkit.corpus.decimal_commas import decimal_commas
from labelkit.corpus.frame_remedies import number_hint, text_hint
from labelkit.corpus.likely_text import likely_text
from labelkit.corpus.missing_columns import meant_column, renaming, renaming_hint
from labelkit.exceptions import CorpusError, DatabaseError, RuleError
from labelkit.matching import ColumnScan
from labelkit.rules.between import InRange
from labelkit.rules.inspection.row_reads import reads_of_row
from labelkit.rules.labeling_function import Calls, Column
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.module_spelling import as_module_spells
from labelkit.rules.predicates import Pattern, Predicate, Words
from labelkit.rules.value_predicates import TableQuery

LONGEST_TYPE: Final = 60
"""Characters of the type of a column that an error shows."""

_TYPES: Final = (str, bool, int, float, date, datetime)
"""Annotations that say how the text of a CSV column is to be read."""


@dataclass
class Plan:
    """Rules compiled for a corpus.

    Parameters
    ----------
    lfs : LabelingFunctions
    time_limit : float
        Seconds that a rule may take for a batch; 0 for no limit.
    """

    lfs: LabelingFunctions
    time_limit: float = 0.0

    @cached_property
    def steps(self) -> list[CompiledRule]:
        """One step a rule, in the order of the rules."""
        return [step_of(lf) for lf in self.lfs]

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """Every column that the rules read, of the corpus or derived, those that derived columns read included."""
        keys: dict[Key, None] = {}
        for lf in self.lfs:
            for name in lf.columns:
                _add(key_of(lf, name), keys, ())
        return tuple(keys)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the corpus that the rules read."""
        return tuple(key for key in self.keys if isinstance(key, str))

    @cached_property
    def types(self) -> dict[str, type]:
        """Types of the corpus's columns by the annotations of the rules, for formats that hold only text."""
        annotated: dict[str, tuple[type, str]] = {}
        owners: list[Any] = [*self.lfs, *(key for key in self.keys if isinstance(key, Column))]
        for owner in owners:
            for parameter in owner.parameters:
                kind = parameter.annotation
                if kind not in _TYPES or isinstance(key_of(owner, parameter.name), Column):
                    continue
                before, who = annotated.setdefault(parameter.name, (kind, owner.name))
                if before is not kind:
                    raise RuleError(
                        f"column {parameter.name!r} is {before.__name__} to {who!r}, {kind.__name__} to {owner.name!r}",
                        hint="annotate it alike everywhere",
                        code="LK129",
                    )
        return {name: kind for name, (kind, _) in annotated.items()}

    @cached_property
    def makers(self) -> Makers:
        """Return the functions of derived columns that are specialised for the rules that read them.

        Raises
        ------
        LabelkitError
            If a column cannot be made as its rules need it, such as by a pipeline that is not installed.
        """
        return makers_of([*self.lfs, *(key for key in self.keys if isinstance(key, Column))])

    @cached_property
    def in_chunks(self) -> bool:
        """True if functions are called chunk by chunk, since a derived column is too large for a whole batch."""
        return any(isinstance(key, Column) and key.fleeting for key in self.keys)

    @cached_property
    def kept(self) -> tuple[Column, ...]:
        """The derived columns that are read when all functions have been called."""
        later = (key for step in self.steps if not self.is_called(step) for key in step.keys.values())
        return tuple(dict.fromkeys(key for key in later if isinstance(key, Column)))

    def is_called(self, step: CompiledRule) -> bool:
        """Tell if a rule votes while functions are called: Python code decides it that may take long, or a document."""
        derived = any(isinstance(key, Column) for key in step.keys.values())
        defined = any(test.reads == "text" and not test.scanned for _, test in step.tests)
        return isinstance(step, Called) or derived or defined

    def reader_of(self, key: Key, test: Predicate) -> int:
        """Return the number of the first rule that wants to know a test of a column, or needs it for another test."""
        return next(
            j
            for j, step in enumerate(self.steps)
            if any(of == key and test in (one, *one.needs) for of, one in step.tests)
        )

    def check(self, corpus: Corpus) -> None:
        """Hold the rules against the columns that a corpus has.

        Raises
        ------
        CorpusError
            If a column that a rule reads is missing, or a rule looks for text in one that holds something else; one
            without a value is of any type.
        DatabaseError
            If a table that a rule asks is missing, or lacks a column. One that cannot be reached now is a fault of the
            examples for which it is asked, when it is.
        """
        try:
            self._check(corpus)
        except CorpusError as error:
            named = next((lf for lf in self.lfs if f"rule {lf.name!r}" in error.message), None)
            if named is None or error.hint is None:
                raise
            hint = as_module_spells(error.hint, named.origin.namespace)
            raise CorpusError(error.message, hint=hint, code=error.code) from None

    def _check(self, corpus: Corpus) -> None:
        there = list(corpus.column_names)
        for lf in self.lfs:
            needed: dict[Key, None] = {}
            for name in lf.columns:
                _add(key_of(lf, name), needed, ())
            for key in needed:
                if isinstance(key, str) and key not in there:
                    self._check_column(lf.name, key, corpus)
        for step in self.steps:
            for key, test in step.tests:
                if test.stored is not None:
                    _check_table(step.lf.name, test.stored.query)
                for place, part in enumerate(key if isinstance(key, tuple) else (key,)):
                    if isinstance(part, str):
                        _check_values(step.lf.name, part, test, place, corpus)
        self.makers  # noqa: B018 - what they cannot make is said before the first row

    def _check_column(self, rule: str, column: str, corpus: Corpus) -> None:
        """Raise CorpusError unless a column that is not listed is one of later rows alone, which is looked for now."""
        try:
            corpus.column_type(column)
        except CorpusError as error:
            parsed = self._is_parsed(rule, column)
            kind, whole = self.types.get(column), self._whole_row_hint(rule, column, corpus)
            raise _missing(rule, column, corpus, hint=whole or error.hint, parsed=parsed, kind=kind) from None

    def _whole_row_hint(self, rule: str, column: str, corpus: Corpus) -> str | None:
        """Say how a rule is written whose only parameter is the whole example, as in Snorkel; None for another rule."""
        lf = next((lf for lf in self.lfs if lf.name == rule), None)
        if lf is None or not isinstance(lf.body, Calls) or [one.name for one in lf.parameters] != [column]:
            return None
        fields = reads_of_row(lf.body.function)
        read = [] if fields is None else [name for name in corpus.column_names if name in fields.reads]
        if not read:
            return None
        return (
            f"a parameter is a column: def {lf.body.function.__name__}({', '.join(read)}); for whole examples, as in "
            "Snorkel: from labelkit.interop.snorkel.labeling import labeling_function"
        )

    def vote(self, table: pa.RecordBatch, name_of: Callable[[int], str] = name_of_row) -> BatchVotes:
        """Vote on a batch that starts at a multiple of 1,024 rows of the corpus.

        Parameters
        ----------
        table : pyarrow.RecordBatch
            Holds at least the columns of the corpus that the rules read.
        name_of : callable
            Names a row of the table in messages.

        Returns
        -------
        BatchVotes

        Raises
        ------
        TimeLimitError
            If a rule takes longer than the limit.
        """
        voting = self.begin(table)
        voting.name_of = name_of
        voting.scan()
        voting.call()
        return voting.settle()

    def begin(self, table: pa.RecordBatch) -> Voting:
        """Begin to vote on a batch; for engines that compute the three steps in different threads."""
        self.load(table.num_rows)
        return Voting(self, table)

    def load(self, n_rows: int) -> None:
        """Import what scans of so many more rows need, before threads scan: threads are not to import at once."""
        for key, (scan, _) in self.scans.items():
            if isinstance(key, str):
                scan.load(n_rows)

    def prepare(self, n_rows: int) -> None:
        """Build the tables that a scan of so many rows needs; for a thread beside the one that opens the corpus."""
        for key, (scan, _) in self.scans.items():
            if isinstance(key, str):
                scan.prepare(n_rows)

    def explain(self) -> str:
        """Say in words which path each rule takes, and why."""
        columns = ", ".join(_describe(key) for key in self.keys)
        lines = [f"{plural(len(self.lfs), 'rule reads', 'rules read')} {columns}"]
        for step in self.steps:
            lines.append(f"  {step.lf.name}: {step.explain()}")
            for key, test in step.tests:
                lines.append(f"    {_describe(key)}: {self._path(key, test)}")
        return "\n".join(lines)

    @cached_property
    def scans(self) -> dict[Key, tuple[ColumnScan, dict[Predicate, int]]]:
        """For each column in which rules look for text, its scan and the place of each test in its answer."""
        tests: dict[Key, dict[Words | Pattern, int]] = {}
        for step in self.steps:
            for wanted, test in step.tests:
                of_column = tests.setdefault(wanted, {})
                for need in test.needs:
                    of_column.setdefault(need, len(of_column))
        return {k: (ColumnScan(list(ts)), {test: n for n, test in enumerate(ts)}) for k, ts in tests.items() if ts}

    def _is_parsed(self, rule: str, column: str) -> bool:
        """Tell if a rule reads parsed documents in a column."""
        tests = (one for step in self.steps if step.lf.name == rule for one in step.tests)
        return any(key == column and test.reads == "document" for key, test in tests)

    def _path(self, key: Key, test: Predicate) -> str:
        if test.scanned:
            scan, places = self.scans[key]
            return scan.explain()[places[test]]
        if test.reads == "document":
            return test.describe()
        if test.stored is not None:
            return f"asks {test.stored.query.describe()}, once a batch for all distinct values"
        if test.reads != "text":
            return "asked once for each distinct value"
        return f"its definition, on rows that meet {len(test.needs)} scanned tests" if test.needs else "its definition"


def _add(key: Key, keys: dict[Key, None], path: tuple[Key, ...]) -> None:
    """Note a column, and before it those that it is derived from."""
    if key in path:
        names = " -> ".join(_describe(k) for k in (*path[path.index(key) :], key))
        raise RuleError(f"derived columns read each other in a circle: {names}", code="LK129")
    if isinstance(key, Column):
        for parameter in key.parameters:
            _add(key_of(key, parameter.name), keys, (*path, key))
    keys.setdefault(key)


def _describe(key: Key) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_describe, key))})"
    return f"{key.name} (derived)" if isinstance(key, Column) else key


def _missing(
    rule: str, column: str, corpus: Corpus, *, hint: str | None, parsed: bool, kind: type | None
) -> CorpusError:
    there = list(corpus.column_names)
    if parsed:
        return CorpusError(
            f"rule {rule!r} reads documents in {column!r}, which its module does not make",
            hint=f"at the top of the rule's module: {column} = spacy_doc({there[0]!r}, model='blank:en')",
            code="LK202",
        )
    meant, renamed = meant_column(column, there), corpus.reading.get("rename") or {}
    if meant is not None and meant in renamed:
        hint = f"{renamed[meant]!r} is read as {meant!r}: {renaming(column, renamed[meant], kind)}"
    elif meant is not None:
        hint = renaming_hint(column, meant, kind)
    hint = corpus.skip_hint(column) or hint
    if hint is not None:
        other = None
    elif kind is None or kind is str:
        other = likely_text(corpus)
    else:
        other = next((name for name in there if not name.isidentifier() and name != corpus.id), None)
    other = None if other is None else renamed.get(other, other)
    reads = "a column" if other is None else f"{other!r}, or another column,"
    return CorpusError(
        f"rule {rule!r} reads column {column!r}, which the corpus does not have; it has {', '.join(map(repr, there))}",
        hint=hint
        or f"{renaming(column, other or 'COLUMN', kind, reads=reads)}; or name the parameter (or column= of a "
        f"condition) after a column; or derive it in the rule's module: @column def {column}(...)",
        code="LK202",
    )


def _check_table(rule: str, query: TableQuery) -> None:
    try:
        query.check()
    except DatabaseError as error:
        raise DatabaseError(f"rule {rule!r}: {error.message}", hint=error.hint, code=error.code) from None


def _is_no_text(rule: str, column: str, kind: pa.DataType, corpus: Corpus) -> CorpusError:
    """Return the error for a column that should be text; one of pandas' JSON, by columns, is known by its keys."""
    keys = [kind.field(place).name for place in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    if keys and all(key.isdecimal() for key in keys):
        return CorpusError(
            f"column {column!r}, which rule {rule!r} reads, holds one row with the keys {', '.join(keys[:3])}, ...: "
            "the file seems to be one JSON object of whole columns, as pandas writes it",
            hint="write a row a line: df.to_json(path, orient='records', lines=True)",
            code="LK209",
        )
    shown = str(kind) if len(str(kind)) < LONGEST_TYPE else f"{str(kind)[:LONGEST_TYPE]}..."
    return CorpusError(
        f"rule {rule!r} looks for text in column {column!r}, which holds {shown}",
        hint=text_hint(corpus.name, column, kind),
        code="LK209",
    )


def _check_values(rule: str, column: str, test: Predicate, place: int, corpus: Corpus) -> None:
    """Refuse values of a type that a test cannot read; a column without a value may be stored as any."""
    try:
        _check_type(rule, column, test, place, corpus)
    except CorpusError:
        if not is_all_missing(corpus, column):
            raise


def _check_type(rule: str, column: str, test: Predicate, place: int, corpus: Corpus) -> None:
    kind = corpus.column_type(column)
    if test.reads == "document":
        raise CorpusError(
            f"rule {rule!r} looks for {test.describe()} in column {column!r}, which holds {kind}, not parsed documents",
            hint=f"at the top of the rule's module: doc = spacy_doc({column!r}, model='blank:en'), and def {rule}(doc)",
            code="LK209",
        )
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    if test.reads == "text":
        if not is_text:
            raise _is_no_text(rule, column, kind, corpus)
        return
    if isinstance(test, InRange) and not can_be_compared(test.end, kind):
        raise CorpusError(
            f"rule {rule!r} asks whether column {column!r} is {test.describe()}, and it holds {kind}: they cannot be "
            "compared",
            hint=_range_of_text(rule, column, test.end, corpus) if is_text else _hint_of_values("ends", test.end, kind),
            code="LK209",
        )
    entries = test.entry_types(place)
    other_zone = bool(test.entries) and all(is_of_other_zone(entry, kind) for entry in test.entries)
    if entries and (other_zone or all(never_equal(sought, kind) for _, sought in entries)):
        shown, sought = entries[0]
        example = f"{shown} ({sought.__name__})" if shown else f"{sought.__name__}s"
        raise CorpusError(
            f"rule {rule!r} looks for values such as {example} in column {column!r}, which "
            f"holds {kind}: they are never equal",
            hint=f"look-ups are strict in type; {_hint_of_values('entries', next(iter(test.entries), None), kind)}",
            code="LK209",
        )


def _hint_of_values(what: str, value: Any, kind: pa.DataType) -> str:
    """Say how the ends of a range, or the entries of a list, become values of a column's type."""
    if not is_of_other_zone(value, kind):
        return f"give the {what} the type of the column, or convert it in a @column"
    return f"give the {what} a zone, datetime(..., tzinfo=UTC)" if kind.tz else f"give the {what} no zone"


def _range_of_text(rule: str, column: str, end: Any, corpus: Corpus) -> str:
    """Say how a column of text, as one of CSV is, gets the type that the ends of a range have."""
    name = column if column.isidentifier() else "number"
    if not isinstance(end, Real):
        kind = type(end).__name__
        return f"the column holds text: make a {kind} of it in a @column of the rule's module, and name that in column="
    if (read := decimal_commas(corpus, column, name)) is not None:
        given = f"; {renaming(name, column, str)}" if name != column else ""
        return (
            f"its numbers have a decimal comma: in the rule's module, @column def {name}_number({name}: str): "
            f"return {read} reads them, and name column='{name}_number' in the rule{given}"
        )
    if (of_frame := number_hint(corpus.name, column)) is not None:
        return of_frame
    derived = f"@column def {name}_number({name}: float): return {name}"
    read = (
        f"a CSV file holds text: read a column with a type, {derived} in the rule's module, by column='{name}_number', "
        f"or decorate a function with the condition (def {rule if rule.isidentifier() else 'rule'}({name}: float))"
    )
    if name != column:
        read += f"; {renaming(name, column, float)}"
    return f"{read}; or give lk.open_corpus(corpus, types={{{column!r}: float}})"
