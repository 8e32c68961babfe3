"""The decorators that make labeling functions: @keywords, @regex, @lookup, @labeling_function, and @column.

The first three make a :class:`Condition`: which examples match. A condition with a label decorates a function whose
parameters name the columns, and whose body is its docstring alone. Conditions combine with ``&``, ``|`` and ``~``, make
rules in a loop with :meth:`Condition.rule`, and guard Python rules with ``when=``.

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
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import FunctionType
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

import numpy as np

from labelkit.conditions import (
    AllOf,
    AnyOf,
    Expression,
    Leaf,
    Not,
    OfDocument,
    Pattern,
    Values,
    Words,
    bind,
    columns_of,
    leaves,
)
from labelkit.exceptions import LabelSpaceError, RuleError
from labelkit.labels import ABSTAIN, LabelSpace
from labelkit.lf import (
    Calls,
    Cases,
    Column,
    LabelingFunction,
    Origin,
    Parameter,
    examples_of,
    parameters_of,
)

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
        parameters = tuple(Parameter(name) for name in dict.fromkeys((*columns, *columns_of(*_expressions(condition)))))
        frame = sys._getframe(1)  # noqa: SLF001 - the module that makes the rule is where its derived columns are
        origin = Origin(frame.f_globals.get("__name__", "?"), frame.f_globals)
        return _declare(replace(condition, options=options), name, parameters, origin, doc)

    def __call__(self, function: Callable[P, None]) -> LabelingFunction[P]:
        """Make a rule of the function's name, columns and docstring."""
        name, what = _named(function, self.options.name)
        if not is_bare(function):
            raise RuleError(
                f"{what} is made by a condition, so its body would never run",
                hint="leave only the docstring, or use @labeling_function(when=condition)",
            )
        return _declare(self, name, parameters_of(function, what), _origin(function), _doc(function))


def _columns_for(condition: Condition) -> tuple[str, ...]:
    """The column that a condition reads where nobody says which."""
    tests = [leaf.test for expression in _expressions(condition) for leaf in leaves(expression) if not leaf.columns]
    parsed = all(isinstance(test, OfDocument) for test in tests)
    return () if not tests else ("doc",) if parsed else ("text",)


def _named(function: Any, name: str | None) -> tuple[str, str]:
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


def _origin(function: Any) -> Origin:
    """Where a function was written, or the method that an object is called by."""
    plain = _plain(function)
    written = plain if hasattr(plain, "__globals__") else type(plain).__call__
    return Origin(getattr(plain, "__module__", None) or "?", getattr(written, "__globals__", {}))


def _expressions(condition: Condition) -> list[Expression]:
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
        cases.append((_bound(expression, columns, optional, what, parsed), label))
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


def _bound(
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
        if isinstance(leaf.test, Pattern):
            try:
                leaf.test.regex  # noqa: B018 - compiled here, so that the error names the rule
            except (re.error, OverflowError, ValueError) as error:
                raise RuleError(f"the pattern {leaf.test.pattern!r} of {what} does not compile: {error}") from None
    return bind(expression, columns, optional, parsed)


def keywords(
    *words: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    ignore_case: bool = True,
    whole_word: bool = True,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
) -> Condition:
    """Match texts in which one of several words or phrases stands.

    Parameters
    ----------
    *words : str, iterable of str, or one mapping from str to label
        Words and phrases. White space inside a phrase matches any run of white space. Of a mapping, the first declared
        entry that matches gives the label.
    label : int, optional
        The class to vote for; a mapping here stands for one in ``words``.
    column : str or tuple of str, optional
        The column that this condition reads, where it is not all the columns of the rule.
    ignore_case : bool
        As ``re.IGNORECASE`` has it: ``ß`` does not match ``ss``, and Turkish ``İ`` matches both ``i`` and ``ı`` as
        Python says. Composed and decomposed accents are different characters; normalise the text in a ``@column``
        where that matters.
    whole_word : bool
        A word character may not stand next to a word that begins or ends with one. Scripts without spaces (Chinese,
        Japanese, Thai) want ``False``.
    name : str, optional
        The rule's name; the function's if not given.
    examples : mapping, optional
        An input, or a tuple of inputs, to the expected vote; run by ``labelkit check``.
    group : str, optional
        The person or source that the rule comes from.
    precision : float, optional
        The share of its votes that you think right, in (0, 1).
    trusted : bool
        Whether you vouch for the rule.

    Returns
    -------
    Condition
        Decorates a function, or combines with other conditions.

    Raises
    ------
    RuleError
        If there are no words, or one is empty or no string.

    Examples
    --------
    >>> @keywords({"great song": 0, "free": 1})
    ... def tone(text: str) -> None:
    ...     "The first entry that matches wins."
    >>> tone("a great song, and free"), tone("Free!")
    (0, 1)
    """
    cases, enum = in_runs("keywords", words, label)

    def test(entries: list[str]) -> Words:
        return Words(tuple(checked_word(word, "keywords") for word in entries), ignore_case, whole_word)

    options = Options(name, examples, group, precision, trusted)
    return Condition(_as_cases(cases, test, column), "keywords", options, enum)


def regex(
    pattern: str | re.Pattern[str] | Mapping[str, Label],
    flags: int | re.RegexFlag = 0,
    *,
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
) -> Condition:
    r"""Match texts in which Python's ``re.search`` finds a regular expression.

    Parameters
    ----------
    pattern : str, compiled pattern, or mapping from str to label
        Of a mapping, the first declared entry that matches gives the label.
    flags : int
        Such as ``re.IGNORECASE``.
    label, column, name, examples, group, precision, trusted
        As in :func:`keywords`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        When it becomes a rule, if the pattern does not compile.

    Examples
    --------
    >>> @regex(r"https?://(?!www\.example\.org)", label=1)
    ... def outside_link(text: str) -> None:
    ...     "A link that leaves the site."
    >>> outside_link("http://spam.example")
    1
    """
    if isinstance(pattern, re.Pattern):
        if flags:
            raise RuleError("a compiled pattern has its flags already", hint="regex(re.compile(pattern, flags))")
        given: Any = pattern.pattern
        flags = pattern.flags & ~re.UNICODE
    else:
        given = pattern
    cases, enum = in_runs("regex", (given,), label)
    made = tuple(
        (Leaf(Pattern(_checked_pattern(entry), int(flags)), as_columns(column)), number)
        for entries, number in cases
        for entry in entries
    )
    return Condition(made, "regex", Options(name, examples, group, precision, trusted), enum)


def in_runs(
    kind: str, given: tuple[Any, ...], label: Any
) -> tuple[list[tuple[list[Any], Label | None]], type[IntEnum] | None]:
    """Sort what a decorator was given into runs of entries with the same label, in the order declared."""
    if isinstance(label, Mapping):
        given, label = (*given, label), None
    mappings = [part for part in given if isinstance(part, Mapping)]
    if mappings and (len(given) > 1 or label is not None):
        raise RuleError(f"{kind} takes either entries and one label, or one mapping from entries to labels")
    if mappings:
        pairs: list[tuple[Any, tuple[Label | None, type[IntEnum] | None]]] = [
            (entry, class_of(number)) for entry, number in mappings[0].items()
        ]
    else:
        one: tuple[Label | None, type[IntEnum] | None] = (None, None) if label is None else class_of(label)
        pairs = [(entry, one) for part in given for entry in _flat(part)]
    if not pairs:
        raise RuleError(f"{kind} needs at least one entry", hint=f"@{kind}('first', 'second', label=Label.SPAM)")
    enums = {enum for _, (_, enum) in pairs if enum is not None}
    if len(enums) > 1:
        raise RuleError(f"{kind} has labels of {len(enums)} enums: {sorted(e.__name__ for e in enums)}")
    cases: list[tuple[list[Any], Label | None]] = []
    for entry, (number, _) in pairs:
        if cases and cases[-1][1] == number:
            cases[-1][0].append(entry)
        else:
            cases.append(([entry], number))
    return cases, next(iter(enums), None)


def _flat(part: Any) -> list[Any]:
    if isinstance(part, set | frozenset):
        return sorted(part, key=lambda entry: (type(entry).__name__, entry))
    if isinstance(part, str | bytes) or not isinstance(part, Iterable):
        return [part]
    return list(part)


def _as_cases(
    cases: list[tuple[list[Any], Label | None]],
    test: Callable[[list[Any]], Words | Values],
    column: str | tuple[str, ...] | None,
) -> tuple[tuple[Expression, Label | None], ...]:
    return tuple((Leaf(test(entries), as_columns(column)), label) for entries, label in cases)


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


def checked_word(word: Any, kind: str) -> str:
    """Refuse what is no word or phrase."""
    if not isinstance(word, str):
        hint = 'match="value" compares whole values of any type' if kind == "lookup" else None
        raise RuleError(f"{kind} takes strings, not {word!r} ({type(word).__name__})", hint=hint)
    if not word.strip():
        raise RuleError(f"{kind} has an empty entry {word!r}, which would match everywhere", hint="leave it out")
    return str(word)


def _checked_pattern(pattern: Any) -> str:
    if not isinstance(pattern, str):
        raise RuleError(f"regex takes a string, not {pattern!r} ({type(pattern).__name__})")
    return pattern


_BARE = {"RESUME", "NOP", "CACHE", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


def is_bare(function: Callable[..., Any]) -> bool:
    """Whether a function does nothing but return None."""
    return isinstance(function, FunctionType) and all(
        step.opname in _BARE and (step.opname not in ("LOAD_CONST", "RETURN_CONST") or step.argval is None)
        for step in dis.get_instructions(function)
    )


def _doc(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")


@overload
def labeling_function(function: Callable[P, Any], /) -> LabelingFunction[P]: ...
@overload
def labeling_function(
    *,
    batch: bool = ...,
    when: Condition | None = ...,
    label: type[IntEnum] | None = ...,
    name: str | None = ...,
    examples: Mapping[Any, Any] | None = ...,
    group: str | None = ...,
    precision: float | None = ...,
    trusted: bool = ...,
) -> Callable[[Callable[P, Any]], LabelingFunction[P]]: ...
def labeling_function(
    function: Callable[P, Any] | None = None,
    /,
    *,
    batch: bool = False,
    when: Condition | None = None,
    label: type[IntEnum] | None = None,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
    cache: bool | None = None,
    levels: int = 0,
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
        names none reads the only one.
    label : IntEnum, optional
        The enum of the classes that it returns, where the module has several.
    name, examples, group, precision, trusted
        As in :func:`keywords`.
    cache : bool, optional
        Whether its votes may be kept and used again: your word that they depend on its columns and its source alone (or
        that they do not). If not given, that is found out; ``labelkit cache info`` says what was found.
    levels : int
        The rule says how sure it is: it returns a pair of a label and a confidence from 0 to 1, or a probability for
        each class, and the confidence is rounded to so many steps (from 1 to 255). Keep it coarse (8, say) where many
        rules do so: each combination is a pattern of its own.

    Returns
    -------
    LabelingFunction

    Raises
    ------
    RuleError
        If the function reads no column, or the guard reads one that it does not.

    Examples
    --------
    >>> @labeling_function(examples={"hi": 0, "a long and winding road": None})
    ... def short(text: str) -> int:
    ...     "Genuine comments are often short."
    ...     return 0 if len(text.split()) < 5 else -1
    >>> short("nice song")
    0
    """

    def decorate(function: Callable[P, Any]) -> LabelingFunction[P]:
        return calling(
            function,
            kind="batch" if batch else "python",
            batch=batch,
            when=when,
            enum=label,
            options=Options(name, examples, group, precision, trusted),
            cache=cache,
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
    cache: bool | None = None,
    levels: int = 0,
) -> LabelingFunction[P]:
    """Make a rule that calls a Python function; what all decorators of functions with a body share."""
    name, what = _named(function, options.name)
    parameters = parameters_of(function, what)
    checked = options.checked(what)
    return LabelingFunction(
        name=name,
        parameters=parameters,
        body=Calls(function, batch, None if when is None else _guard(when, parameters, what), decide),
        kind=kind,
        origin=_origin(function),
        enum=enum or _enum_among((checked.examples or {}).values()),
        examples=examples_of(checked.examples, len(parameters), what),
        group=checked.group,
        precision=checked.precision,
        trusted=checked.trusted,
        doc=_doc(function),
        cache=cache,
        levels=_checked_levels(levels or getattr(decide, "levels", 0), what),
    )


def _checked_levels(levels: int, what: str) -> int:
    if isinstance(levels, bool) or not isinstance(levels, int) or not 0 <= levels <= 255:
        raise RuleError(f"levels={levels!r} of {what} is not a number of steps from 0 to 255", hint="levels=8")
    return levels


def _guard(when: Condition, parameters: tuple[Parameter, ...], what: str) -> Expression:
    if not isinstance(when, Condition):
        raise RuleError(f"when={when!r} of {what} is not a condition", hint="when=keywords('refund')")
    names = tuple(p.name for p in parameters)
    optional = tuple(p.name for p in parameters if p.optional)
    expressions = _expressions(when)
    whole = expressions[0] if len(expressions) == 1 else AnyOf(tuple(expressions))
    if len(names) > 1 and any(not leaf.columns for leaf in leaves(whole)):
        raise RuleError(
            f"{what} reads {len(names)} columns, and its guard does not say which one it means",
            hint=f"when=keywords(..., column={names[0]!r})",
        )
    _bound(whole, names, optional, what)
    return bind(whole, names[:1], optional)


def _enum_among(values: Iterable[Any]) -> type[IntEnum] | None:
    return next((type(v) for v in values if isinstance(v, IntEnum)), None)


@overload
def column(function: Callable[P, R], /) -> Column: ...
@overload
def column(*, batch: bool = ...) -> Callable[[Callable[P, R]], Column]: ...
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
        name, _ = _named(function, None)
        return Column(name, function, parameters_of(function, f"column {name!r}"), batch, _origin(function))

    return decorate if function is None else decorate(function)
