"""Rules whose votes the library computes: the user's function gives the name, the columns and the docstring alone.

A decorator such as ``@similar_to`` returns a :class:`Declaration`, which decorates a function or makes rules in a loop.

>>> def longer_than(n):
...     return Declaration("length", lambda name, columns, function: lambda text: [int(len(t) > n) for t in text])
>>> longer_than(3).rule(name="long")("hello"), longer_than(9).rule(name="longer")("hello")
(1, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any, ParamSpec, TypeAlias, Unpack, cast

from labelkit.exceptions import RuleError
from labelkit.rules._caller import origin_of_caller
from labelkit.rules.condition import Condition
from labelkit.rules.inspection.bare_body import is_bare
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.options import Options, UnnamedOptions, takes_options
from labelkit.rules.parameters import column_names
from labelkit.rules.python_rule import calling

P = ParamSpec("P")

MakeBody: TypeAlias = Callable[[str, tuple[str, ...], Callable[..., Any]], Callable[..., Any]]
"""Given a rule's name, columns and decorated function, make the function that is called with a chunk of the columns."""


@dataclass(frozen=True, eq=False)
class Declaration:
    """The declaration of a rule whose body is called with columns.

    Parameters
    ----------
    kind : str
        Name of the decorator, for display.
    make : callable
        Makes the body.
    decide : callable, optional
        Turns the output of the body into votes.
    options : Options
    when : Condition, optional
        It is called only where this holds.
    enum : IntEnum, optional
        Of the labels that it was declared with.
    """

    kind: str
    make: MakeBody
    decide: Any = None
    options: Options = field(default_factory=Options)
    when: Condition | None = None
    enum: type[IntEnum] | None = None

    def __call__(self, function: Callable[P, None]) -> LabelingFunction[P]:
        """Make a rule of the function's name, columns and docstring."""
        rule = calling(
            function,
            kind=self.kind,
            batch=True,
            when=self.when,
            enum=self.enum,
            options=self.options,
            decide=self.decide,
        )
        if not is_bare(function):
            raise RuleError(
                f"the body of rule {rule.name!r} would never run: its votes come from what the decorator was given",
                hint="leave only the docstring",
                code="LK104",
            )
        assert isinstance(rule.body, Calls)
        return replace(rule, body=replace(rule.body, function=self.make(rule.name, rule.columns, function)))

    @takes_options(UnnamedOptions)
    def rule(
        self,
        *,
        name: str,
        column: str | tuple[str, ...] = "text",
        doc: str = "",
        **options: Unpack[UnnamedOptions],
    ) -> LabelingFunction[...]:
        """Make a rule without a function, as in a loop.

        Parameters
        ----------
        name : str
        column : str or tuple of str
            The column or columns that it reads.
        doc : str
            What the rule is for.
        examples, group, precision, trusted, cache
            As in :func:`labelkit.keywords`; they replace what was declared.

        Returns
        -------
        LabelingFunction
        """
        given = self.options.replaced_by(Options.of(Declaration.rule, {"name": name, **options}))
        columns = column_names(column)
        namespace = origin_of_caller().namespace
        return replace(self, options=given)(_bare_function(name, columns, doc, namespace))


def _bare_function(name: str, columns: tuple[str, ...], doc: str, namespace: Mapping[str, Any]) -> Callable[..., None]:
    """Make a function as a user would write it for a rule."""
    function = FunctionType((lambda: None).__code__, cast("dict[str, Any]", namespace), name)
    signature = Signature([Parameter(column, Parameter.POSITIONAL_OR_KEYWORD) for column in columns])
    function.__signature__ = signature  # type: ignore[attr-defined] # where ``inspect.signature`` looks first
    function.__doc__ = doc
    function.__module__ = namespace.get("__name__", "?")
    return function
