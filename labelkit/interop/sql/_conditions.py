"""Write the conditions of rules as SQL expressions, with the truth values of SQL, which are those of labelkit."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from labelkit._shared.optional import optional
from labelkit.interop.sql._dialects import SqlDialect
from labelkit.interop.sql._folded_values import folded_values
from labelkit.interop.sql._portable_regex import NEVER, empty_matches, portable
from labelkit.matching.charsets import unsure_characters
from labelkit.matching.regex_syntax import Node, NotReadError, items_of, read
from labelkit.rules.predicates import Pattern, foreign, word_parts
from labelkit.rules.writing import NotWritableError

Test: TypeAlias = Callable[[Any], Any]
"""Function from the SQL expression of a value to that of a condition on it."""

MOST_WORDS: Final = 400
"""Words in one regular expression; of more, several are combined."""

SOURCE: Final = "labelkit_rows"
"""The name of the table in a query, where a column without it may be one of the result."""

EXACT: Final = 2**53
"""Below it, whole numbers are exact as floating-point numbers."""

_INEXACT: Final = {
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a condition on a group",
    "ASSERT": "look-around of several characters",
    "ASSERT_NOT": "look-around of several characters",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repetition",
}


class SqlConditions:
    """A :class:`~labelkit.rules.writing.ConditionWriter` for one dialect."""

    def __init__(self, dialect: SqlDialect) -> None:
        self.dialect = dialect
        self.exp = optional("sqlglot.expressions", extra="sqlglot")

    # Predicates: functions from a value to a condition ----------------------------------------------------------------

    def words(self, words: Sequence[str], *, ignore_case: bool, whole_word: bool) -> Test:
        """Search for alternatives; words with the same kinds of ends share the tests of their neighbours."""
        flags = re.IGNORECASE if ignore_case else 0
        by_ends: dict[tuple[str, str], list[str]] = {}
        for word in dict.fromkeys(words):
            before, bare, after = word_parts(word, whole_word=whole_word)
            by_ends.setdefault((before, after), []).append(bare)
        patterns = [
            f"{before}(?:{'|'.join(some)}){after}"
            for (before, after), same in by_ends.items()
            for some in (same[at : at + MOST_WORDS] for at in range(0, len(same), MOST_WORDS))
        ]
        tests = [self.search(pattern, flags) for pattern in patterns]
        return lambda value: self.any_of([test(value) for test in tests])

    def search(self, pattern: str, flags: int) -> Test:
        """Search for an expression whose tree is exact, spelled without assertions and classes."""
        test = Pattern(pattern, int(flags))
        try:
            items, all_flags = items_of(test)
            parsed = read(test)
        except (NotReadError, RecursionError):
            raise NotWritableError("this expression is understood by Python alone") from None
        if not parsed.exact:
            reason = next(
                filter(None, map(_INEXACT.get, _operators(items))), "a repetition of what may be empty, or large"
            )
            raise NotWritableError(f"the expression has {reason}")
        if all_flags & re.IGNORECASE and (r"\U" in pattern or not unsure_characters().isdisjoint(pattern)):
            raise NotWritableError("it ignores the case of letters beyond U+FFFF, which Python compares in two ways")
        return self._found(portable(parsed.tree))

    def among(self, values: Sequence[Any], *, ignore_case: bool) -> Test:
        """Compare with the values of each type, where the column has that type."""
        by_type: dict[type, list[Any]] = {}
        for kind, value in dict.fromkeys((type(value), value) for value in values):
            by_type.setdefault(kind, []).append(value)
        self._check_kinds(by_type)
        tests = {kind: self._among_type(kind, same, ignore_case=ignore_case) for kind, same in by_type.items()}

        def among(value: Any) -> Any:
            case = self.exp.Case()
            for kind, test in tests.items():
                fits = self.dialect.type_is(value.copy(), kind)
                if fits is None:
                    return self.any_of([test(value.copy()) for test in tests.values()])
                case = case.when(fits, test(value.copy()))
            return case.when(self._is_there(value), self._stopped(value, _looks_for(values[0])))

        return among

    def among_tuples(self, rows: Sequence[tuple[Any, ...]], *, ignore_case: bool, symmetric: bool) -> Test:
        """Compare the columns with each tuple, in every order if it does not matter."""
        orders = [order for row in rows for order in (set(itertools.permutations(row)) if symmetric else (row,))]
        kinds = [list(dict.fromkeys(map(type, column))) for column in zip(*orders, strict=True)]
        for of_column in kinds:
            self._check_kinds(of_column)
        tests = [
            [
                self._if_only(type(part), kinds[place], self._among_type(type(part), [part], ignore_case=ignore_case))
                for place, part in enumerate(row)
            ]
            for row in orders
        ]

        def joint(values: Any) -> Any:
            case = self.exp.Case()
            for value, of_column, shown in zip(values, kinds, orders[0], strict=True):
                fits = [self.dialect.type_is(value.copy(), kind) for kind in of_column]
                if None not in fits:
                    case = case.when(self.exp.not_(self.any_of(fits)), self._stopped(value, _looks_for(shown)))
            each = ([test(value.copy()) for test, value in zip(row, values, strict=True)] for row in tests)
            equal = self.any_of([self.all_of(conditions) for conditions in each])
            return case.else_(equal) if case.args.get("ifs") else equal

        return joint

    def in_range(self, low: Any, high: Any) -> Test:
        """Compare numbers as floating-point numbers, of which NaN is in no range, or texts by their code points."""
        ends = [end for end in (low, high) if end is not None]
        if all(type(end) is str for end in ends):
            ends = [end if end is None else self._text(end) for end in (low, high)]
            return lambda value: self._if_text(value, self._ordered(self.dialect.text(value.copy()), *ends))
        if any(type(end) not in (int, float) for end in ends):
            raise NotWritableError(f"the ends {low!r:.60} and {high!r:.60} are neither numbers nor texts")
        if any(abs(end) >= EXACT and math.isfinite(end) for end in ends):
            raise NotWritableError("whole numbers from 2 ** 53 on are not exact where an engine compares as floats")
        top = math.inf if high is None else high
        ends = [end if end is None else self.number(end) for end in (low, top)]
        of_decimals = _is_below_its_digits(low), not _is_below_its_digits(top)

        def between(value: Any) -> Any:
            double = self.exp.cast(value, "DOUBLE")
            condition = self._ordered(double, *ends)
            is_float = self.dialect.type_is(value.copy(), float)
            if of_decimals != (False, True) and is_float is not None:
                exact = self._ordered(double.copy(), *ends, low_too=of_decimals[0], high_too=of_decimals[1])
                condition = self.exp.Case().when(is_float, condition).else_(exact)
            return self._if(self.dialect.is_number(value.copy()), value, condition, "a rule looks for numbers in")

        return between

    # Expressions ------------------------------------------------------------------------------------------------------

    def leaf(self, test: Any, columns: tuple[str, ...], optional: tuple[str, ...]) -> Any:
        """Test each column by itself, or all together; a null is unknown, or known not to match where it may be one."""
        stranger = foreign([test])
        if stranger is not None:
            raise NotWritableError(f"the class {type(stranger).__name__} is not labelkit's")
        holds = test.write(self)
        if not test.width:
            answers = [(holds(self.column(name)), name in optional) for name in columns]
            false = self.exp.false()
            return self.any_of(
                [self.exp.func("COALESCE", one, false) if may_be_null else one for one, may_be_null in answers]
            )
        case = self.exp.Case()
        for names, answer in ((set(columns) - set(optional), self.exp.null()), (set(optional), self.exp.false())):
            missing = [self.column(name).is_(self.exp.null()) for name in columns if name in names]
            if missing:
                case = case.when(self.any_of(missing), answer)
        return case.else_(holds([self.column(name) for name in columns]))

    def all_of(self, parts: Sequence[Any]) -> Any:
        """Combine by AND."""
        return parts[0] if len(parts) == 1 else self.exp.paren(self.exp.and_(*parts), copy=False)

    def any_of(self, parts: Sequence[Any]) -> Any:
        """Combine by OR."""
        return parts[0] if len(parts) == 1 else self.exp.paren(self.exp.or_(*parts), copy=False)

    def at_least(self, number: int, parts: Sequence[Any]) -> Any:
        """Count the parts that are true, and those that may be."""
        one, zero = self.exp.Literal.number(1), self.exp.Literal.number(0)
        true = [self.exp.Case().when(part, one).else_(zero) for part in parts]
        possible = [self.exp.Case().when(self.exp.not_(part), zero).else_(one) for part in parts]
        enough = self.exp.Literal.number(number)
        return (
            self.exp.Case()
            .when(self.exp.GTE(this=_sum(self.exp, true), expression=enough), self.exp.true())
            .when(self.exp.GTE(this=_sum(self.exp, possible), expression=enough), self.exp.null())
            .else_(self.exp.false())
        )

    def negated(self, part: Any) -> Any:
        """Combine by NOT."""
        return self.exp.not_(self.exp.paren(part))

    # Parts of SQL -----------------------------------------------------------------------------------------------------

    def column(self, name: str) -> Any:
        """Return a column; for an engine that folds names without quotes, a usual name in capitals."""
        problem = self.dialect.name_problem(name)
        if problem:
            raise NotWritableError(f"the column {name!r} cannot be: {problem}")
        if self.dialect.name == "snowflake" and re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            name = name.upper()
        table = SOURCE if self.dialect.reads_result else None
        return self.exp.column(self.exp.to_identifier(name, quoted=True), table=table)

    def number(self, value: float) -> Any:
        """Return a floating-point number, exactly."""
        text = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value) or repr(float(value))
        if self.dialect.name in ("bigquery", "snowflake"):
            text = text.replace("Infinity", "inf")
        return self.exp.cast(self.exp.Literal.string(text), "DOUBLE")

    def _text(self, value: str) -> Any:
        if re.search("[\0\ud800-\udfff]", value):
            raise NotWritableError(f"the text {value[:40]!r} holds a character that no text of an engine may hold")
        return self.dialect.string(value)

    def _ordered(self, value: Any, low: Any, high: Any, *, low_too: bool = False, high_too: bool = True) -> Any:
        above, below = self.exp.GTE if low_too else self.exp.GT, self.exp.LTE if high_too else self.exp.LT
        conditions = [] if low is None else [above(this=value, expression=low)]
        conditions += [] if high is None else [below(this=value.copy(), expression=high)]
        return self.all_of(conditions)

    def _if_text(self, value: Any, condition: Any) -> Any:
        return self._if(self.dialect.type_is(value.copy(), str), value, condition, "a rule looks for text in")

    def _if(self, fits: Any, value: Any, condition: Any, reason: str) -> Any:
        """Test a value if the type of its column fits; if not, end the query, as labelkit refuses the column."""
        if fits is None:
            return condition
        return self.exp.Case().when(fits, condition).when(self._is_there(value), self._stopped(value, reason))

    def _stopped(self, value: Any, reason: str) -> Any:
        return self.dialect.stopped(value, f"labelkit: {reason} the column {value.name!r}, which holds ")

    def _is_there(self, value: Any) -> Any:
        return self.exp.not_(value.copy().is_(self.exp.null()))

    def _found(self, tree: Node) -> Test:
        empty = empty_matches(tree)
        if tree == NEVER:
            return lambda value: self._whatever(value, self.exp.false())
        if any(len(ends) < 2 for ends in empty):  # every text has a start, and an end
            return lambda value: self._whatever(value, self.exp.true())
        expression = self.dialect.style.text(tree)
        if empty and self.dialect.name == "snowflake":  # where it is not documented which place no characters have
            nothing = self._text("")
            return lambda value: self.any_of(
                [
                    self.exp.EQ(this=self.dialect.text(value), expression=nothing),
                    self.dialect.found(value.copy(), expression),
                ]
            )
        if self.dialect.name != "spark":  # which takes numbers for texts
            return lambda value: self.dialect.found(value, expression)
        return lambda value: self._if_text(value, self.dialect.found(value.copy(), expression))

    def _whatever(self, value: Any, answer: Any) -> Any:
        """Return an answer for every text that is not null."""
        text = self.dialect.text(value.copy()) if self.dialect.name == "postgres" else value  # which refuses others
        return self._if_text(value, self.exp.Case().when(self._is_there(text), answer))

    def _among_type(self, kind: type, values: list[Any], *, ignore_case: bool) -> Test:
        if kind is str and ignore_case:
            if any(re.search("[\0\ud800-\udfff]", value) for value in values):
                raise NotWritableError("a value holds a character that no text of an engine may hold")
            return self._found(folded_values(values))
        if kind is str:
            entries = [self._text(value) for value in values]
        elif kind is float:
            entries = [self.number(value) for value in values]
        elif kind is bool:
            entries = [self.exp.true() if value else self.exp.false() for value in values]
        elif kind is int and all(-(2**63) <= value < 2**63 for value in values):
            entries = [self.exp.convert(value) for value in values]
        else:
            raise NotWritableError(f"values of the type {kind.__name__} are not compared alike by all engines")

        def among(value: Any) -> Any:
            if kind in (str, float):
                value = self.dialect.text(value) if kind is str else self.exp.cast(value, "DOUBLE")
            return self.exp.In(this=value, expressions=entries)

        return among

    def _check_kinds(self, kinds: Iterable[type]) -> None:
        if self.dialect.name == "postgres" and len(set(kinds)) > 1:
            raise NotWritableError("PostgreSQL compares a column with values of one type alone")

    def _if_only(self, kind: type, kinds: Sequence[type], test: Test) -> Test:
        """Test a value, which is not null, unless its column has the type of others that are looked for in it."""

        def tested(value: Any) -> Any:
            fits = None if len(kinds) == 1 else self.dialect.type_is(value.copy(), kind)
            if fits is None:
                return test(value)
            return self.exp.Case().when(fits, test(value)).else_(self.exp.false())

        return tested


def _looks_for(value: Any) -> str:
    return f"a rule looks for values such as {ascii(value)[:40]} ({type(value).__name__}) in"


def _is_below_its_digits(end: float | None) -> bool:
    """Return whether an end is below the decimal that it is written as: 0.3 is, so that a decimal 0.3 is above it."""
    return isinstance(end, float) and math.isfinite(end) and Decimal(end) < Decimal(repr(end))


def _sum(exp: Any, parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total


def _operators(items: Any) -> Iterator[str]:
    """List the names of all operators of parsed items, at any depth."""
    for item in items if hasattr(items, "__iter__") and not isinstance(items, str) else ():
        name = getattr(item, "name", None)
        if name is not None:
            yield str(name)
        else:
            yield from _operators(item)
