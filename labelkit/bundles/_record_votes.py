"""Let rules vote on one record without a batch around it: the definitions, with the answers of one compiled scan.

A plan is made for batches; of one row, its arrays cost more than its work. Here, one scan of a column decides all words
and patterns, as in a plan, and each rule is evaluated by the logic of its own expressions, as its definition says. What
is not plain (a rule of a batch, a value of another type than the rules expect) is left to the plan, whose votes these
are held to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import pyarrow as pa

from labelkit._shared.user_errors import described
from labelkit.apply.plan import LongMapping, Plan
from labelkit.corpus import BATCH_ROWS, Batch, open_corpus
from labelkit.exceptions import CorpusError, StopRunError
from labelkit.rules.expressions import Expression, Leaf, leaves
from labelkit.rules.labeling_function import Calls, Cases, Column, LabelingFunction, derived_columns
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.predicates import Predicate, foreign
from labelkit.votes.label_space import ABSTAIN, LabelSpace

Place: TypeAlias = str | Column
"""A column of the corpus by its name, or a derived one."""

Owner = TypeVar("Owner")

Failures: TypeAlias = list[tuple[int, str, str]]
"""Rules that failed, by position, with the type of the exception and its message."""

_PLAIN: Final = frozenset((str, int, float, bool))
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1

_ROW_OF_LIST: Final = re.compile(r"a list, row (\d+)")
_MISFIT: Final = re.compile(r"""column ['"](.*)['"]: (?:\w+ expected, got |a time with)""")
_EXAMPLES: Final[Mapping[Any, str]] = {
    int: "a whole number, 7",
    float: "a number, 0.5",
    str: 'a text, "7"',
    bool: "True or False",
    datetime: 'a time without a zone, "2026-01-05T12:30:00"',
    date: 'a date, "2026-01-05"',
}
"""Values of the types in which columns are read, as a service gives them."""

_WITH_ZONE: Final = 'a time with a zone, "2026-01-05T12:30:00+01:00"'

_OF_TYPE: Final = "a value of the type that the rule reads"


class RecordVotes(NamedTuple):
    """The votes on one record."""

    votes: tuple[int, ...]
    failures: Failures


class _Cell:
    """A value of a record, with the answers of the scan of its column."""

    __slots__ = ("answers", "place", "value")

    def __init__(self, place: Place, value: Any, answers: list[bool] | None) -> None:
        self.place, self.value, self.answers = place, value, answers


_Record: TypeAlias = dict[Place, "_Cell | None"]


@dataclass(frozen=True)
class _OfCell(Predicate):
    """A predicate of cells: decided by the scan where it can be, and by its definition where not."""

    test: Predicate
    numbers: Mapping[Place, tuple[int, ...]]

    @property
    def width(self) -> int:
        """As the predicate that it stands for."""
        return self.test.width

    def matches(self, value: Any) -> bool:
        """Decide a cell, or a tuple of them."""
        if self.test.width:
            return self.test.matches(tuple(cell.value for cell in value))
        numbers, answers = self.numbers.get(value.place, ()), value.answers
        if answers is not None and not all(map(answers.__getitem__, numbers)):
            return False
        return (self.test.scanned and bool(numbers)) or self.test.matches(value.value)

    def describe(self) -> str:
        """As the predicate that it stands for."""
        return self.test.describe()


class RecordVoter:
    """Vote on single records by the rules of a plan.

    Parameters
    ----------
    plan : Plan
    types : mapping of str to type, optional
        The types in which columns are read; by default as the annotations of the rules say.
    """

    def __init__(self, plan: Plan, types: Mapping[str, type | pa.DataType] | None = None) -> None:
        self._plan, self._types = plan, plan.types if types is None else types
        self._space = plan.lfs.space
        self._derived = [key for key in plan.keys if isinstance(key, Column) and _is_plain_column(key, plan)]
        plain = [_is_plain(lf, plan) for lf in plan.lfs]
        self._rules = [(j, self._compiled(lf)) for j, lf in enumerate(plan.lfs) if plain[j]]
        rest = [lf for lf, is_plain in zip(plan.lfs, plain, strict=True) if not is_plain]
        self._rest_places = [j for j, is_plain in enumerate(plain) if not is_plain]
        self._rest = Plan(LabelingFunctions(rest, labels=self._space)) if rest else None
        self._kinds = self._kinds_of_columns([lf for lf in plan.lfs if lf not in rest])
        # Rules that say how sure they are, and columns that are read as two types, are the plan's affair.
        self._is_quick = not any(lf.levels for lf in plan.lfs) and all(kinds for _, kinds in self._kinds)
        derived = frozenset(self._derived)
        scans = plan.scans.items()
        self._scans = [
            (p, scan) for p, (scan, _) in scans if isinstance(p, str) or (isinstance(p, Column) and p in derived)
        ]

    def votes(self, record: Mapping[str, Any]) -> RecordVotes:
        """Vote on a record.

        Raises
        ------
        CorpusError
            If it lacks a column that a rule reads, or holds a value of a wrong type.
        """
        quick = self._quick_votes(record) if self._is_quick else None
        return self.votes_by_plan(record) if quick is None else quick

    def warm_up(self) -> None:
        """Load the compiled scans, which are loaded else when there has been work enough for them."""
        for _, scan in self._scans:
            scan.load()  # a scan is compiled from the moment on when the compiler is there
            scan.scan(pa.array([""], pa.string()))

    def votes_by_plan(self, record: Mapping[str, Any]) -> RecordVotes:
        """Vote on a record as on a corpus of one row."""
        votes, failures = _by_plan(self._plan, self._types, record)
        return RecordVotes(tuple(votes), failures)

    def _quick_votes(self, record: Mapping[str, Any]) -> RecordVotes | None:
        """Vote on a record of plain values; None where it is not one."""
        values: dict[Place, Any] = {}
        for name, kinds in self._kinds:
            value = record.get(name, record)  # a record never holds itself
            if value is not None and not _fits(value, kinds):
                return None
            values[name] = value
        broken = self._derive(values)
        cells = self._cells(values)
        if cells is None:
            return None
        votes: list[int] = [ABSTAIN] * len(self._plan.lfs)
        failures: Failures = []
        try:
            for j, rule in self._rules:
                votes[j], failure = rule(cells, broken)
                if failure is not None:
                    failures.append((j, *failure))
        except StopRunError:
            raise
        except Exception:  # noqa: BLE001 - of a predicate, which a derived column gave something odd: the plan knows
            return None
        if self._rest is not None:
            more, failed = _by_plan(self._rest, self._types, record)
            for j, vote in zip(self._rest_places, more, strict=True):
                votes[j] = vote
            failures = sorted(failures + [(self._rest_places[j], kind, message) for j, kind, message in failed])
        return RecordVotes(tuple(votes), failures)

    def _derive(self, values: dict[Place, Any]) -> dict[Place, tuple[str, str]]:
        """Compute the derived columns, in the order in which they read each other; returns those that failed."""
        broken: dict[Place, tuple[str, str]] = {}
        for column in self._derived:
            places = _places_of(column)
            failed = next((broken[place] for place in places.values() if place in broken), None)
            given = [values[places[p.name]] for p in column.parameters]
            values[column] = None
            if failed is not None:
                broken[column] = failed
            elif all(v is not None or p.optional for v, p in zip(given, column.parameters, strict=True)):
                try:
                    values[column] = column.function(*given)
                except StopRunError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever a user's function raises is a fault
                    broken[column] = described(error)
        return broken

    def _cells(self, values: dict[Place, Any]) -> _Record | None:
        """Scan the texts of a record; None if one is no text after all."""
        cells: _Record = {p: None if v is None else _Cell(p, v, None) for p, v in values.items()}
        for place, scan in self._scans:
            cell = cells.get(place)
            if cell is None:
                continue
            if type(cell.value) is not str:
                return None
            try:
                text = pa.array([cell.value], pa.string())
            except (UnicodeEncodeError, pa.ArrowException):
                return None
            cell.answers = scan.scan(text)[0].tolist()
        return cells

    # Compiled once ----------------------------------------------------------------------------------------------------

    def _compiled(self, lf: LabelingFunction[...]) -> Callable[[_Record, Any], tuple[int, Any]]:
        """Make a function of a rule, which returns its vote and why it failed, if it did."""
        names = _places_of(lf)
        derived = [place for place in names.values() if isinstance(place, Column)]
        decide = self._deciding(lf.body, names) if isinstance(lf.body, Cases) else self._calling(lf, lf.body, names)
        if not derived:
            return lambda cells, _: decide(cells)

        def voted(cells: _Record, broken: Mapping[Place, Any]) -> tuple[int, Any]:
            failed = next((broken[place] for place in derived if place in broken), None)
            return decide(cells) if failed is None else (ABSTAIN, failed)

        return voted

    def _deciding(self, body: Cases, names: Mapping[str, Place]) -> Callable[[_Record], tuple[int, Any]]:
        mapping = LongMapping.of(body)
        cases = self._answered_cases(body.cases if mapping is None else mapping.by_label, names)
        single = self._single(cases, names)
        if single is not None:
            place, number, label = single

            def scanned(cells: _Record) -> tuple[int, Any]:
                cell = cells[place]
                return (label if cell is not None and cell.answers[number] else ABSTAIN), None  # type: ignore[index] # it was scanned

            return scanned

        blocks = self._answered_cases(() if mapping is None else mapping.blocks, names)

        def decided(cells: _Record) -> tuple[int, Any]:
            values = {name: cells[place] for name, place in names.items()}
            voted = [label for expression, label in cases if expression.holds(values) is True]
            if mapping is not None and len(voted) > 1:  # which entry was declared first, the definition says
                declared = next((block for leaf, block in blocks if leaf.holds(values) is True), body)
                return declared.vote({n: None if c is None else c.value for n, c in values.items()}), None
            return (voted[0] if voted else ABSTAIN), None

        return decided

    def _answered_cases(
        self, cases: Iterable[tuple[Expression, Owner]], names: Mapping[str, Place]
    ) -> tuple[tuple[Expression, Owner], ...]:
        """Let the expressions of cases, or of blocks of them, read cells."""
        return tuple((self._answered(expression, names), owner) for expression, owner in cases)

    def _single(
        self, cases: tuple[tuple[Expression, int], ...], names: Mapping[str, Place]
    ) -> tuple[Place, int, int] | None:
        """Return place, number and label of a rule that is one scanned test of one column; None for others."""
        if len(cases) > 1:
            return None
        (expression, label), (leaf, *others) = cases[0], leaves(cases[0][0])
        test: Any = leaf.test
        if others or leaf is not expression or len(leaf.columns) > 1 or not test.test.scanned:
            return None
        numbers = test.numbers.get(names[leaf.columns[0]], ())
        return (names[leaf.columns[0]], numbers[0], label) if numbers else None

    def _calling(
        self, lf: LabelingFunction[...], body: Calls, names: Mapping[str, Place]
    ) -> Callable[[_Record], tuple[int, Any]]:
        guard = None if body.when is None else self._answered(body.when, names)
        places, required = [names[p.name] for p in lf.parameters], [not p.optional for p in lf.parameters]
        space, function = self._space, body.function

        def called(cells: _Record) -> tuple[int, Any]:
            given = [cells[place] for place in places]
            if any(cell is None and needed for cell, needed in zip(given, required, strict=True)):
                return ABSTAIN, None
            if guard is not None and guard.holds({name: cells[place] for name, place in names.items()}) is not True:
                return ABSTAIN, None
            return _voted(function, [None if cell is None else cell.value for cell in given], space)

        return called

    def _answered(self, expression: Expression, names: Mapping[str, Place]) -> Expression:
        """Let the leaves of an expression read cells."""

        def answered(leaf: Leaf, _: bool) -> Expression:  # noqa: FBT001 - as map_leaves calls it
            numbers = {}
            for place in (names[column] for column in leaf.columns):
                scanned = self._plan.scans[place][1] if place in self._plan.scans and leaf.test.reads == "text" else {}
                if all(need in scanned for need in leaf.test.needs):
                    numbers[place] = tuple(scanned[need] for need in leaf.test.needs)
            return replace(leaf, test=_OfCell(leaf.test, numbers))

        return expression.map_leaves(answered)

    def _kinds_of_columns(self, lfs: list[LabelingFunction[...]]) -> list[tuple[str, frozenset[type]]]:
        """List the columns with the types of values that need no second look."""
        kinds = dict.fromkeys(self._plan.columns, _PLAIN)
        for name, kind in self._types.items():
            kinds[name] &= {kind}
        for lf in lfs:
            names = _places_of(lf)
            for leaf in (leaf for expression in lf.expressions for leaf in leaves(expression)):
                for n, place in enumerate(names[column] for column in leaf.columns):
                    if isinstance(place, str):
                        kinds[place] &= _kinds_read(leaf.test, n if leaf.joint else 0)
        return list(kinds.items())


def _by_plan(
    plan: Plan, types: Mapping[str, type | pa.DataType], record: Mapping[str, Any]
) -> tuple[list[int], Failures]:
    (batch,) = batches_of_records(plan, [record], types, "the record")
    voted = plan.vote(batch.table)
    return voted.votes[0].tolist(), [(j, kind, message) for _, j, kind, message in voted.faults]


def batches_of_records(
    plan: Plan, records: list[Mapping[str, Any]], types: Mapping[str, type | pa.DataType], name: str = "record {}"
) -> list[Batch]:
    """Read the columns of a plan from records; in errors, a record has the given name, with its place for the braces.

    Raises
    ------
    CorpusError
        If a value is not of its column's type.
    """
    try:
        corpus = open_corpus(records, types=types)
        plan.check(corpus)
        return list(corpus.batches(plan.columns, BATCH_ROWS))
    except CorpusError as error:
        message, given = _ROW_OF_LIST.sub(lambda row: name.format(row[1]), error.message), _MISFIT.search(error.message)
        is_of_type = given is not None or error.code == "LK209" or " does not fit " in message
        example = _OF_TYPE if given is None else _example(types.get(given[1]))
        hint = f"give {example}; None where it is not known" if is_of_type else error.hint
        raise CorpusError(message, hint=hint, code=error.code) from None


def _example(kind: type | pa.DataType | None) -> str:
    """Return a value of the type in which a column is read, as a service gives it."""
    if isinstance(kind, pa.DataType):
        return _WITH_ZONE if pa.types.is_timestamp(kind) else _EXAMPLES[int]
    return _EXAMPLES.get(kind, _OF_TYPE)


def _voted(function: Callable[..., Any], values: list[Any], space: LabelSpace) -> tuple[int, Any]:
    """Call a user's function for its vote."""
    try:
        output = function(*values)
    except StopRunError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises is a fault
        return ABSTAIN, described(error)
    if isinstance(output, Exception):
        return ABSTAIN, described(output)
    try:
        return space.vote(output), None
    except ValueError as error:
        return ABSTAIN, (type(error).__name__, str(error))


def _fits(value: Any, kinds: frozenset[type]) -> bool:
    kind = type(value)
    if kind not in kinds or (kind is float and value != value):  # noqa: PLR0124 - NaN, which is a missing value
        return False
    if kind is str:
        return value.isascii() or _SURROGATE.search(value) is None
    return kind is not int or _SMALLEST <= value <= _LARGEST


def _kinds_read(test: Predicate, place: int) -> frozenset[type]:
    """Return the types that a test may meet in a column; a plan looks at others more closely, or refuses them."""
    if test.reads == "text":
        return frozenset((str,))
    entries = {kind for _, kind in test.entry_types(place)}
    return _PLAIN & entries if entries else _PLAIN


def _places_of(owner: LabelingFunction[...] | Column) -> dict[str, Place]:
    derived = derived_columns(owner)
    return {parameter.name: derived.get(parameter.name, parameter.name) for parameter in owner.parameters}


def _is_plain_column(column: Column, plan: Plan) -> bool:
    inputs = [place for place in _places_of(column).values() if isinstance(place, Column)]
    plain = not (column.batch or column.fleeting or column in plan.makers or column.raw is not None)
    return plain and all(_is_plain_column(place, plan) for place in inputs)


def _is_plain(lf: LabelingFunction[...], plan: Plan) -> bool:
    """Return True for rules that vote row by row, by predicates of labelkit that read texts and values."""
    tests: list[Predicate] = lf.predicates
    odd = any(test.reads == "document" or test.stored is not None for test in tests) or foreign(tests) is not None
    batch = isinstance(lf.body, Calls) and (lf.body.batch or lf.body.decide is not None)
    columns = (place for place in _places_of(lf).values() if isinstance(place, Column))
    return not (odd or batch or lf.levels) and all(_is_plain_column(column, plan) for column in columns)
