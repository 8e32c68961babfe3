"""Make a rule of the parts of its declaration: the function that was decorated, the options and the body."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from typing import Any

from labelkit.exceptions import RuleError
from labelkit.rules._lost_rules import note_rule
from labelkit.rules.labeling_function import Body, Column, LabelingFunction, Origin, examples_of
from labelkit.rules.options import Options
from labelkit.rules.parameters import Parameter


def make_rule(
    name: str,
    parameters: tuple[Parameter, ...],
    body: Body,
    *,
    kind: str,
    origin: Origin,
    enum: type[IntEnum] | None,
    options: Options,
    doc: str,
    levels: int = 0,
) -> LabelingFunction[Any]:
    """Check the options of a rule, and make it.

    Raises
    ------
    RuleError
        If an option has an impossible value, or ``examples`` do not fit the columns.
    """
    what = f"rule {name!r}"
    values = options.checked(what).values
    rule: LabelingFunction[Any] = LabelingFunction(
        name=name,
        parameters=parameters,
        body=body,
        kind=kind,
        origin=origin,
        enum=enum,
        examples=examples_of(values.get("examples"), len(parameters), what),
        group=values.get("group"),
        precision=values.get("precision"),
        trusted=bool(values.get("trusted")),
        doc=doc,
        cache=values.get("cache"),
        levels=levels,
    )
    return replace(rule, origin=replace(origin, line=note_rule(name, rule.order)))


def rule_name(function: Any, name: str | None) -> tuple[str, str]:
    """Return the name of the rule that a function becomes, and its name in messages.

    Raises
    ------
    RuleError
        If it is a rule or a column already, or cannot be called.
    """
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
    plain = _unwrapped(function)
    rule = str(name or getattr(plain, "__name__", type(plain).__name__))
    return rule, f"rule {rule!r}"


def _unwrapped(function: Any) -> Any:
    """Return the function of a partial, or the function itself."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def origin_of(function: Any) -> Origin:
    """Return the module in which a function, or the ``__call__`` of an object, was written."""
    plain = _unwrapped(function)
    written = plain if hasattr(plain, "__globals__") else type(plain).__call__
    return Origin(getattr(plain, "__module__", None) or "?", getattr(written, "__globals__", {}))


def first_paragraph(function: Callable[..., Any]) -> str:
    """Return the first paragraph of a docstring on one line."""
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
