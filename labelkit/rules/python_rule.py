"""Make rules and derived columns of Python functions: ``labeling_function`` and ``column``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, ParamSpec, TypeVar, Unpack, overload

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._labels import checked_enum
from labelkit.rules._make_rule import first_paragraph, make_rule, origin_of, rule_name
from labelkit.rules.condition import Condition, bind_columns
from labelkit.rules.expressions import AnyOf, Expression, leaves
from labelkit.rules.labeling_function import Calls, Column, LabelingFunction
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import Parameter, parameters_of

P = ParamSpec("P")
R = TypeVar("R")


@overload
def labeling_function(function: Callable[P, Any], /) -> LabelingFunction[P]: ...
@overload
def labeling_function(
    *,
    batch: bool = ...,
    when: Condition | None = ...,
    label: type[IntEnum] | None = ...,
    levels: int = ...,
    **options: Unpack[RuleOptions],
) -> Callable[[Callable[P, Any]], LabelingFunction[P]]: ...
@takes_options(RuleOptions)
def labeling_function(
    function: Callable[P, Any] | None = None,
    /,
    *,
    batch: bool = False,
    when: Condition | None = None,
    label: type[IntEnum] | None = None,
    levels: int = 0,
    **options: Unpack[RuleOptions],
) -> LabelingFunction[P] | Callable[[Callable[P, Any]], LabelingFunction[P]]:
    """Make a rule of a Python function that returns a class, or ``ABSTAIN`` or ``None``.

    Its parameters name the columns that it reads. It is not called for an example with a null among them (it abstains
    there), unless the parameter is annotated as optional.

    Parameters
    ----------
    batch : bool
        Whether the function takes columns and returns a vote for each example: NumPy arrays, or what the parameters are
        annotated with (a pyarrow array, a pandas series, a list). It is called on fixed chunks of 1,024 examples.
    when : Condition, optional
        Call the function only where this holds. Columns that the condition names must be among the parameters; one that
        names none reads the only one. Its label, if it has one, does not count, and it may have no other option: those
        of the rule are given here.
    label : IntEnum, optional
        The enum of the classes that it returns, where the module has several.
    levels : int
        The number of steps of its confidence, from 1 to 255: it returns a pair of a label and a confidence from 0 to 1,
        or a probability for each class, and the confidence is rounded to so many steps. Keep it coarse (8, say) where
        many rules do so: each combination is a pattern of its own.
    name, examples, group, precision, trusted, cache
        As in :func:`keywords`.

    Returns
    -------
    LabelingFunction

    Raises
    ------
    RuleError
        If the function reads no column, or the guard reads one that it does not or has options of a rule.
    LabelSpaceError
        If the label is no enum of classes.

    Examples
    --------
    >>> @labeling_function(examples={"hi": 0, "a long and winding road": None})
    ... def short(text: str) -> int:
    ...     "Genuine comments are often short."
    ...     return 0 if len(text.split()) < 5 else -1
    >>> short("nice song")
    0
    """
    given = Options.of(labeling_function, options)

    def decorate(function: Callable[P, Any]) -> LabelingFunction[P]:
        return calling(
            function,
            kind="batch" if batch else "python",
            batch=batch,
            when=when,
            enum=label,
            options=given,
            levels=levels,
        )

    return decorate if function is None else decorate(function)


def calling(
    function: Callable[P, Any],
    *,
    kind: str,
    batch: bool,
    options: Options,
    when: Condition | None = None,
    enum: type[IntEnum] | None = None,
    decide: Any = None,
    levels: int = 0,
) -> LabelingFunction[P]:
    """Make a rule that calls a Python function; shared by all decorators of functions with a body."""
    name, what = rule_name(function, options.values.get("name"))
    parameters = parameters_of(function, what)
    return make_rule(
        name,
        parameters,
        Calls(function, batch, None if when is None else guard_of(when, parameters, what), decide),
        kind=kind,
        origin=origin_of(function),
        enum=checked_enum(enum, what) or _enum_among((options.values.get("examples") or {}).values()),
        options=options,
        doc=first_paragraph(function),
        levels=_checked_levels(levels or getattr(decide, "levels", 0), what),
    )


def _checked_levels(levels: int, what: str) -> int:
    if isinstance(levels, bool) or not isinstance(levels, int) or not 0 <= levels <= 255:
        raise RuleError(f"levels={levels!r} of {what} is not a number of steps from 0 to 255", hint="levels=8")
    return levels


def guard_of(when: Condition, parameters: tuple[Parameter, ...], what: str) -> Expression:
    """Bind a guard to the columns of the function that it guards, and refuse options of a rule."""
    if not isinstance(when, Condition):
        raise RuleError(f"when={when!r} of {what} is not a condition", hint="when=keywords('refund')", code="LK119")
    for option, value in when.options.values.items():
        call = when.options.sources.get(option, "when=")
        raise RuleError(
            f"the guard of {what} has {option}={value!r} in {call}, which is an option of a rule",
            hint=f"give {option}= to the decorator of the rule: (when=..., {option}=...)",
        )
    names = tuple(p.name for p in parameters)
    optional = tuple(p.name for p in parameters if p.optional)
    expressions = when.expressions
    whole = expressions[0] if len(expressions) == 1 else AnyOf(tuple(expressions))
    if len(names) > 1 and any(not leaf.columns for leaf in leaves(whole)):
        raise RuleError(
            f"{what} reads {len(names)} columns, and its guard does not say which one it means",
            hint=f"when=keywords(..., column={names[0]!r})",
            code="LK101",
        )
    bind_columns(whole, names, optional, what)
    return whole.bind(names[:1], optional)


def _enum_among(values: Iterable[Any]) -> type[IntEnum] | None:
    return next((type(v) for v in values if isinstance(v, IntEnum)), None)


@overload
def column(function: Callable[P, R], /) -> Column: ...
@overload
def column(*, batch: bool = ...) -> Callable[[Callable[P, R]], Column]: ...
@checks_keywords
def column(
    function: Callable[..., Any] | None = None, /, *, batch: bool = False
) -> Column | Callable[[Callable[..., Any]], Column]:
    """Make a derived column: computed once an example, for every rule and column of its module that names it.

    It stands at the top of the module (or is imported there), where rules find it by its name.

    Parameters
    ----------
    batch : bool
        Whether the function takes columns, and returns one, instead of single values. It is called on fixed chunks of
        1,024 examples.

    Returns
    -------
    Column

    Examples
    --------
    >>> @column
    ... def n_words(text: str) -> int:
    ...     "How many words the text has."
    ...     return len(text.split())
    >>> n_words("nice song"), n_words(None)
    (2, None)
    """

    def decorate(function: Callable[..., Any]) -> Column:
        name, _ = rule_name(function, None)
        return Column(name, function, parameters_of(function, f"column {name!r}"), batch, origin_of(function))

    return decorate if function is None else decorate(function)
