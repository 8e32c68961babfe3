"""The decorators that make labeling functions: @keywords, @regex, @lookup, @labeling_function, and @column.

The first three make a :class:`Condition`: which examples match. A condition with a label decorates a function whose
parameters name the columns, and whose body is its docstring alone. Conditions combine with ``&``, ``|`` and ``~``, make
rules in a loop with :meth:`Condition.rule`, and guard Python rules with ``when=``.

>>> from labelkit.rules.keywords import keywords
>>> @keywords("subscribe", "check out my", label=1)
... def asks_to_subscribe(text: str) -> None:
...     "Spammers ask the viewer to come to their channel."
>>> asks_to_subscribe
<keywords rule asks_to_subscribe(text) -> 1>
>>> asks_to_subscribe("Please SUBSCRIBE!"), asks_to_subscribe("nice song"), asks_to_subscribe(None)
(1, -1, -1)
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import FunctionType
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np

from labelkit.exceptions import LabelSpaceError, RuleError
from labelkit.rules.expressions import AllOf, AnyOf, Expression, Not, columns_of, leaves
from labelkit.rules.labeling_function import Cases, Column, LabelingFunction, Origin, examples_of
from labelkit.rules.parameters import Parameter, parameters_of
from labelkit.votes.label_space import ABSTAIN, LabelSpace

P = ParamSpec("P")
R = TypeVar("R")
Label: TypeAlias = int


@dataclass(frozen=True)
class Options:
    """What a decorator says of a rule beside how it votes."""

    name: str | None = None
    examples: Mapping[Any, Any] | None = None
    group: str | None = None
    precision: float | None = None
    trusted: bool = False
    cache: bool | None = None

    def checked(self, what: str) -> Options:
        """Refuse what cannot be meant."""
        if self.precision is not None and not (
            isinstance(self.precision, float | np.floating) and 0 < self.precision < 1
        ):
            raise RuleError(
                f"precision={self.precision!r} of {what} is not between 0 and 1",
                hint="precision is the share of its votes that you think right, such as 0.9",
            )
        return self


@dataclass(frozen=True, eq=False)
class Condition:
    """Which examples match, and perhaps the label that they get.

    Made by :func:`keywords`, :func:`regex` and :func:`lookup`, and by combining conditions with ``&``, ``|`` and
    ``~``. A null is unknown: it matches nothing, and neither does its negation (unless the parameter is annotated as
    optional, such as
    ``text: str | None``: then a null is known not to match).

    Examples
    --------
    >>> from labelkit.rules.keywords import keywords, regex
    >>> link = regex(r"https?://")
    >>> own_site = keywords("example.org")
    >>> @(link & ~own_site).labeled(1)
    ... def outside_link(text: str) -> None:
    ...     "A link that leaves the site."
    >>> outside_link("see https://spam.example"), outside_link("see https://example.org")
    (1, -1)
    >>> [keywords(word, label=1).rule(name=f"says_{word}", column="text") for word in ("win", "free")]
    [<keywords rule says_win(text) -> 1>, <keywords rule says_free(text) -> 1>]
    """

    cases: tuple[tuple[Expression, Label | None], ...]
    kind: str
    options: Options = field(default_factory=Options)
    enum: type[IntEnum] | None = None

    def __and__(self, other: Condition) -> Condition:
        return _combine(AllOf, self, other)

    def __or__(self, other: Condition) -> Condition:
        return _combine(AnyOf, self, other)

    def __invert__(self) -> Condition:
        expression, label = _single(self)
        return Condition(((Not(expression), label),), "condition", self.options, self.enum)

    def __bool__(self) -> bool:
        raise TypeError(
            "a Condition is neither true nor false: combine conditions with &, | and ~, not and, or and not"
        )

    def labeled(
        self,
        label: Label,
        *,
        name: str | None = None,
        examples: Mapping[Any, Any] | None = None,
        group: str | None = None,
        precision: float | None = None,
        trusted: bool = False,
    ) -> Condition:
        """The same condition with a label, and what else a decorator says of a rule."""
        number, enum = class_of(label)
        expression, _ = _single(self)
        options = Options(name, examples, group, precision, trusted, self.options.cache)
        return Condition(((expression, number),), self.kind, options, enum)

    def rule(
        self,
        *,
        name: str,
        column: str | tuple[str, ...] | None = None,
        label: Label | None = None,
        examples: Mapping[Any, Any] | None = None,
        group: str | None = None,
        precision: float | None = None,
        trusted: bool | None = None,
        doc: str = "",
    ) -> LabelingFunction[...]:
        """Make a rule without a function, as in a loop.

        Parameters
        ----------
        name : str
        column : str or tuple of str, optional
            The column or columns that it reads, beside those that parts of the condition name. If not given and some
            part names none: ``"doc"`` if all of these ask for parsed documents, else ``"text"``.
        label : int, optional
            The label that it votes for; not needed where the condition has one.
        examples, group, precision, trusted
            As in the decorators; they replace what the condition was made with.
        doc : str
            What the rule is for.

        Returns
        -------
        LabelingFunction
        """
        condition = self
        if label is not None:
            number, enum = class_of(label)
            condition = replace(self, cases=((_single(self)[0], number),), enum=enum or self.enum)
        given = Options(name, examples, group, precision, bool(trusted))
        options = Options(
            name,
            given.examples if examples is not None else self.options.examples,
            given.group if group is not None else self.options.group,
            given.precision if precision is not None else self.options.precision,
            self.options.trusted if trusted is None else given.trusted,
            self.options.cache,
        )
        columns = _columns_for(condition) if column is None else as_columns(column)
        parameters = tuple(
            Parameter(name) for name in dict.fromkeys((*columns, *columns_of(*expressions_of(condition))))
        )
        frame = sys._getframe(1)  # noqa: SLF001 - the module that makes the rule is where its derived columns are
        origin = Origin(frame.f_globals.get("__name__", "?"), frame.f_globals)
        return _declare(replace(condition, options=options), name, parameters, origin, doc)

    def __call__(self, function: Callable[P, None]) -> LabelingFunction[P]:
        """Make a rule of the function's name, columns and docstring."""
        name, what = rule_name(function, self.options.name)
        if not is_bare(function):
            raise RuleError(
                f"{what} is made by a condition, so its body would never run",
                hint="leave only the docstring, or use @labeling_function(when=condition)",
            )
        return _declare(self, name, parameters_of(function, what), origin_of(function), first_paragraph(function))


def _columns_for(condition: Condition) -> tuple[str, ...]:
    """The column that a condition reads where nobody says which."""
    tests = [leaf.test for expression in expressions_of(condition) for leaf in leaves(expression) if not leaf.columns]
    parsed = all(test.reads == "document" for test in tests)
    return () if not tests else ("doc",) if parsed else ("text",)


def rule_name(function: Any, name: str | None) -> tuple[str, str]:
    """The name of the rule that a function becomes, and what to call it in messages."""
    if isinstance(function, LabelingFunction):
        raise RuleError(f"{function.name!r} is a rule already", hint="one decorator makes one rule")
    if isinstance(function, Column):
        raise RuleError(
            f"{function.name!r} is a derived column already",
            hint=f"let the rule read it: def rule({function.name}): ...",
        )
    if not callable(function):
        raise RuleError(
            f"{function!r} is not a function", hint="options are given by keyword: @labeling_function(name='...')"
        )
    plain = _plain(function)
    made = str(name or getattr(plain, "__name__", type(plain).__name__))
    return made, f"rule {made!r}"


def _plain(function: Any) -> Any:
    """The function that a partial was made of."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def origin_of(function: Any) -> Origin:
    """Where a function was written, or the method that an object is called by."""
    plain = _plain(function)
    written = plain if hasattr(plain, "__globals__") else type(plain).__call__
    return Origin(getattr(plain, "__module__", None) or "?", getattr(written, "__globals__", {}))


def expressions_of(condition: Condition) -> list[Expression]:
    """Return the expression of each case."""
    return [expression for expression, _ in condition.cases]


def _single(condition: Condition) -> tuple[Expression, Label | None]:
    """The expression of a condition that is to be combined."""
    if len(condition.cases) != 1:
        raise RuleError(
            "a condition that maps entries to several labels cannot be combined or relabeled",
            hint="combine conditions without a mapping, one for each label",
        )
    return condition.cases[0]


def _combine(kind: type[AllOf | AnyOf], left: Condition, right: Condition) -> Condition:
    if not isinstance(right, Condition):
        raise TypeError(f"only conditions combine with & and |, not {type(right).__name__}; rules never do")
    (first, a), (second, b) = _single(left), _single(right)
    if a is not None and b is not None and a != b:
        raise RuleError(
            f"the combined conditions have two labels, {a} and {b}", hint="give the label with .labeled(label)"
        )
    options = left.options if left.options != Options() else right.options
    return Condition(((kind((first, second)), b if a is None else a),), "condition", options, left.enum or right.enum)


def _declare(
    condition: Condition, name: str, parameters: tuple[Parameter, ...], origin: Origin, doc: str
) -> LabelingFunction[Any]:
    """Make the rule, once all that it says has been checked."""
    what = f"rule {name!r}"
    columns = tuple(p.name for p in parameters)
    optional = tuple(p.name for p in parameters if p.optional)
    near = {name: origin.namespace.get(name) for name in columns}
    parsed = tuple(name for name, value in near.items() if isinstance(value, Column) and value.raw is not None)
    cases = []
    for expression, label in condition.cases:
        if label is None:
            raise RuleError(f"{what} has no label to vote for", hint=f"@{condition.kind}(..., label=Label.SPAM)")
        cases.append((bind_columns(expression, columns, optional, what, parsed), label))
    if all(label == ABSTAIN for _, label in cases):
        raise RuleError(f"{what} can only abstain", hint="label=Label.SPAM, or leave the rule out")
    options = condition.options.checked(what)
    return LabelingFunction(
        name=name,
        parameters=parameters,
        body=Cases(tuple(cases)),
        kind=condition.kind,
        origin=origin,
        enum=condition.enum,
        examples=examples_of(options.examples, len(parameters), what),
        group=options.group,
        precision=options.precision,
        trusted=options.trusted,
        doc=doc,
        cache=options.cache,
    )


def bind_columns(
    expression: Expression, columns: tuple[str, ...], optional: tuple[str, ...], what: str, parsed: tuple[str, ...] = ()
) -> Expression:
    """Give a condition its columns, and check its parts against the rule that they are for."""
    unknown = [c for c in columns_of(expression) if c not in columns]
    if unknown:
        raise RuleError(
            f"the condition of {what} reads column {unknown[0]!r}, which is not among its parameters {columns}",
            hint="name every column that the rule reads as a parameter",
        )
    for leaf in leaves(expression):
        if leaf.joint and leaf.width != len(leaf.columns or columns):
            raise RuleError(
                f"{what} looks up {leaf.width} columns together, and reads {leaf.columns or columns}",
                hint="its parameters are the columns, in the order of the key; or column=('city', 'country') says so",
            )
        problem = leaf.test.problem(what)
        if problem:
            raise RuleError(problem)
    return expression.bind(columns, optional, parsed)


def as_columns(column: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The columns that ``column=`` means."""
    return () if column is None else (column,) if isinstance(column, str) else tuple(column)


def class_of(value: Any) -> tuple[Label, type[IntEnum] | None]:
    """A label that a rule is declared with, and the enum that it is of."""
    if isinstance(value, np.integer):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < ABSTAIN:
        raise RuleError(
            f"label={value!r} is not a class",
            hint="give a member of an IntEnum, or a number from 0 (ABSTAIN in a mapping)",
        )
    if isinstance(value, IntEnum):
        try:
            LabelSpace.of(type(value))
        except LabelSpaceError as error:
            raise RuleError(error.message, hint=error.hint) from None
        return int(value), type(value)
    return value, None


_BARE = {"RESUME", "NOP", "CACHE", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


def is_bare(function: Callable[..., Any]) -> bool:
    """Whether a function does nothing but return None."""
    return isinstance(function, FunctionType) and all(
        step.opname in _BARE and (step.opname not in ("LOAD_CONST", "RETURN_CONST") or step.argval is None)
        for step in dis.get_instructions(function)
    )


def first_paragraph(function: Callable[..., Any]) -> str:
    """Return the first paragraph of a docstring on one line."""
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
