"""A labeling function as a value: name, columns, body, options, origin.

The decorators in :mod:`labelkit.rules.condition` and :mod:`labelkit.rules.models` make these; the plan compiles them;
the label matrix carries their description, :class:`LFInfo`. Calling one votes on a single example by the rule's
definition, which is what every faster path is held to.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, cached_property
from types import FunctionType
from typing import Any, Final, Generic, ParamSpec, TypeAlias

import numpy as np

from labelkit._shared.markup import visible
from labelkit._shared.secrets import masked
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._pickled import Copied, CopiedColumn
from labelkit.rules.data_points import values_of
from labelkit.rules.expressions import Expression, leaves
from labelkit.rules.gate import Gate
from labelkit.rules.inspection.fingerprint import fingerprint, is_specified
from labelkit.rules.inspection.rule_inputs import fingerprint_of
from labelkit.rules.parameters import Parameter, as_column, forms_of, resolved_hints, split_optional
from labelkit.rules.predicates import Predicate, foreign_code
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace
from labelkit.votes.lf_info import LFInfo

P = ParamSpec("P")

SLICE: Final = "slice"
"""The kind of a rule that names a slice of the corpus, and says nothing of classes."""

INSIDE: Final = 0
"""What such a rule returns of an example that is in its slice."""

_created = itertools.count()


@cache
def _any_class() -> LabelSpace:
    """All classes that a vote can name."""
    return LabelSpace.of(MAX_CLASSES)


@dataclass(frozen=True)
class Cases:
    """A declarative body: the label of the first case whose expression holds."""

    cases: tuple[tuple[Expression, int], ...]

    def vote(self, values: dict[str, Any]) -> int:
        """Return the label of the first case that holds, else abstain."""
        return next((label for expression, label in self.cases if expression.holds(values) is True), ABSTAIN)


@dataclass(frozen=True)
class Calls:
    """A Python body, called with one example or with columns of them.

    Parameters
    ----------
    function : callable
    batch : bool
        Whether it is called with columns and returns a vote for each example.
    when : Expression, optional
        It is called only for examples where this holds.
    decide : callable, optional
        Turns what a batch function returned into votes (for model outputs).
    """

    function: Callable[..., Any]
    batch: bool = False
    when: Expression | None = None
    decide: Callable[[Any, int, LabelSpace], Sequence[Any]] | None = None


Body: TypeAlias = Cases | Calls


@dataclass(frozen=True)
class Origin:
    """The module in which a rule was made: its name and its globals, in which derived columns are looked up.

    ``line`` is the user's line that made it, as ``file:number``, for messages; empty if that is not known.
    """

    module: str
    namespace: Mapping[str, Any] = field(repr=False, hash=False, compare=False)
    line: str = field(default="", compare=False)


@checks_keywords
@dataclass(frozen=True, eq=False)
class Column(CopiedColumn):
    """A derived column: computed once an example, for every rule that names it.

    Made by :func:`labelkit.column` and :func:`labelkit.spacy_doc`. Calling it computes the value for one example.

    Attributes
    ----------
    raw : type, optional
        What reads the column may be called with a value of this type, too: that of the only column that it is made of.
    fleeting : bool
        Whether its values are large: they are kept for a chunk of the corpus, and not for a batch.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    batch: bool
    origin: Origin
    raw: type | None = None
    fleeting: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the value for one example; a null argument gives ``None`` unless the parameter takes nulls."""
        values = _with_derived(self, _called_with(self, args, kwargs))
        if any(values[p.name] is None and not p.optional for p in self.parameters):
            return None
        if not self.batch:
            return self.function(*values.values())
        value = _first(self.function(*(as_column([values[p.name]], p.annotation) for p in self.parameters)))
        if isinstance(value, Exception):  # as a batch function says that it failed on an example
            raise value
        return value

    def __repr__(self) -> str:
        return f"<column {self.name}({', '.join(p.name for p in self.parameters)})>"

    @property
    def specification(self) -> list[Any]:
        """All that its declaration says of its values, without the code of its function."""
        return [self.name, self.batch, _specified(self.function), forms_of(self.parameters, batch=self.batch)]

    def __fingerprint_parts__(self) -> list[Any]:
        return [*self.specification, self.function]

    @cached_property
    def returns(self) -> Any:
        """The type that the function is annotated to return, or None."""
        return split_optional(resolved_hints(self.function).get("return"))[0]


def _called_with(
    reader: LabelingFunction[...] | Column, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the columns of a call: with each as an argument, or with a row of them, as appliers of Snorkel do it."""
    values = None if kwargs else values_of(reader, derived_columns(reader), args)
    return _bound(reader.name, reader.parameters, args, kwargs) if values is None else values


def _bound(name: str, parameters: Sequence[Parameter], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Bind the arguments of a call to the columns that a rule reads, in their order (a column may have any name)."""
    names = [p.name for p in parameters]
    if len(args) > len(names) or set(kwargs) != set(names[len(args) :]):
        got = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise TypeError(f"{name}({', '.join(names)}) was called as {name}({got})")
    values = {**dict(zip(names, args, strict=False)), **kwargs}
    return {column: values[column] for column in names}


def _with_derived(reader: LabelingFunction[...] | Column, values: dict[str, Any]) -> dict[str, Any]:
    """Compute derived columns from raw values that were passed in their place, such as a text for a parsed document."""
    raw = {name: column for name, column in derived_columns(reader).items() if column.raw is not None}
    return {n: raw[n](v) if n in raw and isinstance(v, raw[n].raw or ()) else v for n, v in values.items()}


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class LabelingFunction(Copied, Generic[P]):
    """A rule that votes for a class or abstains.

    Made by the decorators, never by hand. Call it like the function that it was made from to see its vote on one
    example.

    Attributes
    ----------
    name : str
    parameters : tuple of Parameter
        The columns that it reads, of the corpus or derived.
    kind : str
        Name of the decorator or of the sort of body, for display.
    gates : tuple of Gate
        What its author expects of its statistics.
    cache : bool, optional
        Whether its votes may be cached, as its author says; None if that is found out from its code.
    levels : int
        Number of steps of its confidence in a vote; 0 if it gives none.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: Body
    kind: str
    origin: Origin
    enum: type[IntEnum] | None = None
    examples: tuple[tuple[tuple[Any, ...], int], ...] = ()
    group: str | None = None
    precision: float | None = None
    trusted: bool = False
    doc: str = ""
    gates: tuple[Gate, ...] = ()
    cache: bool | None = None
    levels: int = 0
    order: int = field(default_factory=lambda: next(_created))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it reads."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def labels(self) -> tuple[int, ...] | None:
        """The classes that it can vote for; None if its declaration does not say."""
        if isinstance(self.body, Cases):
            return tuple(sorted({label for _, label in self.body.cases} - {ABSTAIN}))
        return getattr(self.body.decide, "labels", None)

    @property
    def is_slice(self) -> bool:
        """True if it names a slice of the corpus, and is no labeling function."""
        return self.kind == SLICE

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change when what the rule does changes; of the rule as it is now."""
        return fingerprint_of(self)

    @property
    def specification(self) -> list[Any]:
        """All that its declaration says of its votes, without the code of the functions that it calls."""
        batch = isinstance(self.body, Calls) and self.body.batch
        derived = [column.specification for column in self.derived]
        return [self._declared, forms_of(self.parameters, batch=batch), derived]

    @cached_property
    def _declared(self) -> str:
        """The digest of what cannot change, which may be long lists of words."""
        body: Any = self.body
        if isinstance(body, Calls):
            body = ["calls", body.batch, body.when, body.decide, _specified(body.function)]
        return fingerprint(body, self.levels, foreign_code(self.predicates))

    @property
    def owned_functions(self) -> list[tuple[LabelingFunction[...] | Column, Any]]:
        """The functions that it calls: its own, and those of the derived columns that it reads, each with its owner."""
        body = [(self, self.body.function)] if isinstance(self.body, Calls) else []
        return [*body, *((column, column.function) for column in self.derived)]

    @property
    def functions(self) -> list[Any]:
        """The functions that it calls, its own first."""
        return [function for _, function in self.owned_functions]

    @property
    def column_functions(self) -> dict[FunctionType, dict[str, Any]]:
        """Of each function that it calls, the functions of the derived columns that it gets, by the parameter."""
        return {
            function: {name: column.function for name, column in derived_columns(owner).items()}
            for owner, function in self.owned_functions
            if isinstance(function, FunctionType)
        }

    @property
    def derived(self) -> list[Column]:
        """The derived columns that it reads, and those that they read, in an order that the rule gives.

        Two of them may have the same name, where a module calls a column otherwise than the one that made it.
        """
        columns: dict[Column, None] = {}
        todo = list(derived_columns(self).values())
        while todo:
            column = todo.pop()
            if column not in columns:
                columns[column] = None
                todo += derived_columns(column).values()
        return list(columns)

    @property
    def corpus_columns(self) -> list[str]:
        """The columns of the corpus that it reads, by itself or through derived columns."""
        names: set[str] = set()
        owners: list[LabelingFunction[...] | Column] = [self, *self.derived]
        for owner in owners:  # the columns of a guard are among the parameters
            names |= {parameter.name for parameter in owner.parameters} - set(derived_columns(owner))
        return sorted(names)

    @property
    def expressions(self) -> list[Expression]:
        """The expressions of its cases, or of its guard."""
        if isinstance(self.body, Cases):
            return [expression for expression, _ in self.body.cases]
        return [] if self.body.when is None else [self.body.when]

    @property
    def predicates(self) -> list[Predicate]:
        """The predicates of its cases, or of its guard."""
        return [leaf.test for expression in self.expressions for leaf in leaves(expression)]

    @property
    def info(self) -> LFInfo:
        """The description that travels with the votes."""
        return self.described(self.fingerprint)

    def described(self, digest: str) -> LFInfo:
        """Return the description that travels with the votes, with the digest of the rule as it is now."""
        return LFInfo(
            name=self.name,
            labels=self.labels,
            group=self.group,
            precision=self.precision,
            trusted=self.trusted,
            kind=self.kind,
            columns=self.columns,
            fingerprint=digest,
            doc=masked(self.doc),
            levels=self.levels,
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> int:
        """Vote on one example.

        Returns
        -------
        int
            A class, or ``ABSTAIN`` (-1).

        Raises
        ------
        VoteError
            If the function returned something that is not a vote.
        """
        values = self.arguments(*args, **kwargs)
        space = _any_class() if self.enum is None else LabelSpace.of(self.enum)
        if isinstance(self.body, Cases):
            return self.body.vote(values)
        if any(values[p.name] is None and not p.optional for p in self.parameters):
            return ABSTAIN
        if self.body.when is not None and self.body.when.holds(values) is not True:
            return ABSTAIN
        if not self.body.batch:
            output = self.body.function(*values.values())
        else:
            output = _one(self.body, self.parameters, values, space)
        if not self.levels:
            return space.vote(output)
        is_row = self.enum is None and not isinstance(output, tuple | str | bytes) and hasattr(output, "__len__")
        return (LabelSpace.of(len(output)) if is_row else space).soft_vote(output)[0]

    def arguments(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the value of each column that it reads, for a call; derived ones are computed from raw values."""
        return _with_derived(self, _called_with(self, args, kwargs))

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.body, [(p.name, p.optional) for p in self.parameters]]

    def __repr__(self) -> str:
        if self.is_slice:
            return visible(f"<slice {self.name}({', '.join(self.columns)})>")
        space = None if self.enum is None else LabelSpace.of(self.enum)
        labels = self.labels
        votes = "" if labels is None else " -> " + ", ".join(str(n) if space is None else space.name(n) for n in labels)
        return visible(f"<{self.kind} rule {self.name}({', '.join(self.columns)}){votes}>")


def _specified(function: Any) -> Any:
    """Return a function of labelkit's that says which parts of it count; None for those of users."""
    return function if is_specified(function) else None


def _one(body: Calls, parameters: Sequence[Parameter], values: dict[str, Any], space: LabelSpace) -> Any:
    """Vote on one example by a batch rule."""
    output = body.function(*(as_column([values[p.name]], p.annotation) for p in parameters))
    vote = _first(output if body.decide is None else body.decide(output, 1, space))
    if isinstance(vote, Exception):
        raise vote
    return vote


def _first(output: Any) -> Any:
    """Return the value of a batch of one as the plain Python value that a plan makes of it."""
    value = next(iter(output))
    plain = getattr(value, "as_py", None) or (None if np.ndim(value) else getattr(value, "item", None))
    return value if plain is None else plain()


def examples_of(given: Mapping[Any, Any] | None, n_columns: int, what: str) -> tuple[tuple[tuple[Any, ...], int], ...]:
    """Normalise ``examples=``: an input, or a tuple of inputs, to the vote that is expected.

    Raises
    ------
    RuleError
        If it is no mapping, the number of inputs is not the number of columns, or an expected vote is not a vote.
    """
    if given is not None and not isinstance(given, Mapping):
        raise RuleError(
            f"examples={given!r} of {what} does not say which vote is expected of each",
            hint="examples={'free': Label.SPAM, 'hello': None}",
            code="LK126",
        )
    examples = []
    for inputs, expected in (given or {}).items():
        arguments = inputs if isinstance(inputs, tuple) else (inputs,)
        if len(arguments) != n_columns:
            raise RuleError(
                f"the example {inputs!r} of {what} has {len(arguments)} input(s), but it reads {n_columns} column(s)",
                hint="several columns take a tuple: examples={(title, text): Label.SPAM}",
                code="LK126",
            )
        try:
            examples.append((arguments, _any_class().vote(expected)))
        except ValueError:
            raise RuleError(
                f"the example {inputs!r} of {what} expects {expected!r}, which is not a vote",
                hint="a class, or None for no vote: examples={'free': Label.SPAM, 'hello': None}",
                code="LK126",
            ) from None
    return tuple(examples)


def derived_columns(lf: LabelingFunction[...] | Column) -> dict[str, Column]:
    """Find the derived columns that a rule or a column reads, by the name of the parameter."""
    module = lf.origin.namespace
    return {
        p.name: module[p.name]
        for p in lf.parameters
        if isinstance(module.get(p.name), Column) and module[p.name] is not lf
    }
