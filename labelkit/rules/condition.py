"""Conditions select examples; a condition with a label is a declarative rule.

``@keywords``, ``@regex``, ``@lookup`` and the like make a :class:`Condition`. It decorates a function whose parameters
name the columns and whose body is its docstring alone. Conditions combine with ``&``, ``|`` and ``~``, make rules in a
loop with :meth:`Condition.rule`, and guard Python rules with ``when=``.

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

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final, ParamSpec, Unpack
from weakref import WeakSet

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._caller import origin_of_caller
from labelkit.rules._labels import Label, label_and_enum
from labelkit.rules._make_rule import first_paragraph, make_rule, origin_of, rule_name
from labelkit.rules.expressions import AllOf, AnyOf, Expression, Not, columns_of, leaves
from labelkit.rules.inspection.bare_body import is_bare
from labelkit.rules.labeling_function import INSIDE, SLICE, Cases, Column, LabelingFunction, Origin
from labelkit.rules.options import Options, RuleOptions, UnnamedOptions, merged, takes_options
from labelkit.rules.parameters import Parameter, column_names, parameters_of
from labelkit.votes.label_space import ABSTAIN

P = ParamSpec("P")

_USED: Final[WeakSet[Condition]] = WeakSet()
"""Conditions of which something was made: a rule, a slice, a guard or another condition."""


def is_used(condition: Condition) -> bool:
    """Tell whether a rule, a slice, a guard or another condition was made of a condition."""
    return condition in _USED


@checks_keywords
@dataclass(frozen=True, eq=False)
class Condition:
    """A test that selects examples, with the label that they get if it has one.

    Made by :func:`keywords`, :func:`regex` and :func:`lookup`, and by combining conditions with ``&``, ``|`` and
    ``~``. A combination keeps the options (``group``, ``precision``, ...) of both sides; two values for one option are
    an error. A null is unknown: it matches nothing, and neither does its negation (unless the parameter is annotated as
    optional, such as ``text: str | None``: then a null is known not to match).

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

    @property
    def expressions(self) -> list[Expression]:
        """The expression of each case, for what is made of the condition."""
        return [expression for expression, _ in self.used_cases()]

    def used_cases(self) -> tuple[tuple[Expression, Label | None], ...]:
        """Return the cases for what is made of the condition, which is noted (:func:`is_used`)."""
        _USED.add(self)
        return self.cases

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

    @takes_options(RuleOptions)
    def labeled(
        self,
        label: Label,
        **options: Unpack[RuleOptions],
    ) -> Condition:
        """Give the condition a label in place of its own, and more options.

        Parameters
        ----------
        label : int
            The class to vote for.
        name, examples, group, precision, trusted, cache
            As in :func:`keywords`.

        Returns
        -------
        Condition

        Raises
        ------
        RuleError
            If the condition has another value for an option already.
        """
        given = Options.of(Condition.labeled, options, label)
        number, enum = label_and_enum(label)
        expression, _ = _single(self)
        return Condition(((expression, number),), self.kind, merged(self.options, given), enum)

    @takes_options(UnnamedOptions)
    def rule(
        self,
        *,
        name: str,
        column: str | tuple[str, ...] | None = None,
        label: Label | None = None,
        doc: str = "",
        **options: Unpack[UnnamedOptions],
    ) -> LabelingFunction[...]:
        """Make a rule without a function, as in a loop.

        Parameters
        ----------
        name : str
        column : str or tuple of str, optional
            The column or columns that those parts of the condition read that name none. If not given: ``"doc"`` if all
            of these ask for parsed documents, else ``"text"``.
        label : int, optional
            The label that it votes for; not needed where the condition has one.
        doc : str
            What the rule is for.
        examples, group, precision, trusted, cache
            As in :func:`keywords`; they replace what the condition was made with.

        Returns
        -------
        LabelingFunction
        """
        given = Options.of(Condition.rule, {"name": name, **options})
        self.used_cases()
        condition = replace(self, options=self.options.replaced_by(given))
        if label is not None:
            number, enum = label_and_enum(label)
            condition = replace(condition, cases=((_single(self)[0], number),), enum=enum or self.enum)
        columns = _columns_for(condition) if column is None else column_names(column)
        parameters = tuple(Parameter(name) for name in dict.fromkeys((*columns, *columns_of(*condition.expressions))))
        return _declare(condition, name, parameters, origin_of_caller(), doc, unnamed=columns)

    def slice(self, *, name: str, column: str | tuple[str, ...] | None = None, doc: str = "") -> LabelingFunction[...]:
        """Make a slice of the examples that the condition selects, whatever label it has.

        Parameters
        ----------
        name : str
        column, doc
            As in :meth:`rule`.

        Returns
        -------
        LabelingFunction
            One that :func:`labelkit.collect` leaves out; for :func:`labelkit.apply_slices`.

        Examples
        --------
        >>> from labelkit.rules.keywords import keywords
        >>> keywords("refund", "money back").slice(name="refunds")
        <slice refunds(text)>
        """
        expressions = self.expressions
        whole = expressions[0] if len(expressions) == 1 else AnyOf(tuple(expressions))
        return Condition(((whole, INSIDE),), SLICE).rule(name=name, column=column, doc=doc)

    def __call__(self, function: Callable[P, None]) -> LabelingFunction[P]:
        """Make a rule of the function's name, columns and docstring."""
        if not callable(function):
            raise RuleError(
                f"a condition decorates a function, and was called with {function!r:.60}",
                hint='a rule that is made of it votes on a text: condition.rule(name="...")(text)',
            )
        name, what = rule_name(function, self.options.values.get("name"))
        if not is_bare(function):
            raise RuleError(
                f"{what} is made by a condition, so its body would never run",
                hint="leave only the docstring, or use @labeling_function(when=condition)",
                code="LK104",
            )
        return _declare(self, name, parameters_of(function, what), origin_of(function), first_paragraph(function))


def _columns_for(condition: Condition) -> tuple[str, ...]:
    """Choose the column that a condition reads if none is named."""
    tests = [leaf.test for expression in condition.expressions for leaf in leaves(expression) if not leaf.columns]
    parsed = all(test.reads == "document" for test in tests)
    return () if not tests else ("doc",) if parsed else ("text",)


def _single(condition: Condition) -> tuple[Expression, Label | None]:
    """Return the one case of a condition, or raise RuleError if it maps entries to several labels."""
    cases = condition.used_cases()
    if len(cases) != 1:
        raise RuleError(
            "a condition that maps entries to several labels cannot be combined or relabeled",
            hint="combine conditions without a mapping, one for each label",
            code="LK119",
        )
    return cases[0]


def _combine(kind: type[AllOf | AnyOf], left: Condition, right: Condition) -> Condition:
    if not isinstance(right, Condition):
        raise TypeError(f"only conditions combine with & and |, not {type(right).__name__}; rules never do")
    (first, a), (second, b) = _single(left), _single(right)
    if a is not None and b is not None and a != b:
        raise RuleError(
            f"the combined conditions have two labels, {a} and {b}",
            hint="give the label with .labeled(label)",
            code="LK119",
        )
    return Condition(
        ((kind((first, second)), b if a is None else a),),
        "condition",
        merged(left.options, right.options),
        left.enum or right.enum,
    )


def _declare(
    condition: Condition,
    name: str,
    parameters: tuple[Parameter, ...],
    origin: Origin,
    doc: str,
    *,
    unnamed: tuple[str, ...] = (),
) -> LabelingFunction[Any]:
    """Check the labels and columns of a rule, and make it; parts without a column read ``unnamed``, or else all."""
    what = f"rule {name!r}"
    columns = tuple(p.name for p in parameters)
    optional = tuple(p.name for p in parameters if p.optional)
    values = {column: origin.namespace.get(column) for column in columns}
    parsed = tuple(column for column, value in values.items() if isinstance(value, Column) and value.raw is not None)
    cases = []
    for expression, label in condition.used_cases():
        if label is None:
            raise RuleError(
                f"{what} has no label to vote for", hint=f"@{condition.kind}(..., label=Label.SPAM)", code="LK105"
            )
        named = expression.bind(unnamed, optional, parsed) if unnamed else expression
        cases.append((bind_columns(named, columns, optional, what, parsed), label))
    if all(label == ABSTAIN for _, label in cases):
        raise RuleError(f"{what} can only abstain", hint="label=Label.SPAM, or leave the rule out", code="LK105")
    return make_rule(
        name,
        parameters,
        Cases(tuple(cases)),
        kind=condition.kind,
        origin=origin,
        enum=condition.enum,
        options=condition.options,
        doc=doc,
    )


def bind_columns(
    expression: Expression, columns: tuple[str, ...], optional: tuple[str, ...], what: str, parsed: tuple[str, ...] = ()
) -> Expression:
    """Bind the tests of a guard or condition to the columns of its rule, and check that they fit."""
    unknown = [c for c in columns_of(expression) if c not in columns]
    if unknown:
        raise RuleError(
            f"the condition of {what} reads column {unknown[0]!r}, which is not among its parameters {columns}",
            hint="name every column that the rule reads as a parameter",
            code="LK101",
        )
    for leaf in leaves(expression):
        if leaf.joint and leaf.width != len(leaf.columns or columns):
            raise RuleError(
                f"{what} looks up {leaf.width} columns together, and reads {leaf.columns or columns}",
                hint="its parameters are the columns, in the order of the key; or column=('city', 'country') says so",
                code="LK101",
            )
        problem = leaf.test.problem(what)
        if problem:
            hint = (
                r"a sign that is meant as itself has a backslash before it: r'\('; or keywords(...) takes it as it is"
            )
            raise RuleError(problem, hint=hint, code="LK118")
    return expression.bind(columns, optional, parsed)
