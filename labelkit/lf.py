"""A labeling function as a value: what it is called, which columns it reads, how its vote is made, whom it comes from.

The decorators in :mod:`labelkit.rules` and :mod:`labelkit.model_outputs` make these; the plan compiles them; the label
matrix carries their description, :class:`LFInfo`. Calling one votes on a single example by the rule's definition, which
is what every faster path is held to.
"""

from __future__ import annotations

import inspect
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeAlias, overload

import numpy as np

from labelkit.conditions import Expression, columns_of
from labelkit.exceptions import CollectError, LabelSpaceError, RuleError
from labelkit.fingerprint import fingerprint
from labelkit.labels import ABSTAIN, MAX_CLASSES, LabelSpace

P = ParamSpec("P")

_created = itertools.count()
_ANY_CLASS = LabelSpace.of(MAX_CLASSES)


@dataclass(frozen=True)
class LFInfo:
    """What models and statistics may know of a labeling function; it travels with the votes.

    Parameters
    ----------
    name : str
    labels : tuple of int, optional
        The classes that it can vote for, where its declaration says so.
    group : str, optional
        The person or source that it comes from.
    precision : float, optional
        How often its votes are thought to be right, in (0, 1): prior knowledge for label models.
    trusted : bool
        Whether its author vouches for it.
    kind : str
        How the vote is made: ``"keywords"``, ``"regex"``, ``"lookup"``, ``"condition"``, ``"python"``, ``"batch"``,
        ``"model"``, ``"similarity"``, ``"prompt"``.
    columns : tuple of str
        The columns that it reads.
    fingerprint : str
        Changes when what it does changes.
    doc : str
        The first paragraph of its docstring.
    levels : int
        How finely it says how sure it is of a vote; 0 if it does not.
    """

    name: str
    labels: tuple[int, ...] | None = None
    group: str | None = None
    precision: float | None = None
    trusted: bool = False
    kind: str = "python"
    columns: tuple[str, ...] = ()
    fingerprint: str = ""
    doc: str = ""
    levels: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The description as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LFInfo:
        """The inverse of :meth:`to_dict`."""
        made = dict(values)
        made["labels"] = None if made.get("labels") is None else tuple(made["labels"])
        made["columns"] = tuple(made.get("columns") or ())
        return cls(**made)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a rule: the column that it names, the type it is annotated with, whether it takes nulls."""

    name: str
    annotation: Any = None
    optional: bool = False


def parameters_of(function: Callable[..., Any], what: str) -> tuple[Parameter, ...]:
    """Read the columns that a function asks for from its signature.

    A parameter with a default is not a column. An annotation such as ``str | None`` says that the function takes nulls.

    Raises
    ------
    RuleError
        If the function takes ``*args`` or ``**kwargs``, or no column at all.
    """
    hints = _hints(function)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise RuleError(f"{what} takes {parameter}, which names no column", hint="name each column as a parameter")
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY:
            raise RuleError(
                f"{what} takes {name!r} by keyword only, but columns are passed by position",
                hint=f"give {name!r} a default, or move it before the *",
            )
        if parameter.default is parameter.empty:
            annotation, optional = _split_optional(hints.get(name))
            found.append(Parameter(name, annotation, optional))
    if not found:
        raise RuleError(f"{what} has no parameter, so it reads no column", hint="def rule(text): ...")
    return tuple(found)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations that can be resolved; one that is only there for type checkers is no reason to fail."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - an annotation is arbitrary code
        namespace = getattr(function, "__globals__", {})
        return {name: _evaluate(hint, namespace) for name, hint in getattr(function, "__annotations__", {}).items()}


def _evaluate(hint: Any, namespace: dict[str, Any]) -> Any:
    if not isinstance(hint, str):
        return hint
    try:
        return eval(hint, namespace)  # noqa: S307 - the annotation of a function that is about to be run
    except Exception:  # noqa: BLE001 - as above
        return None


def _split_optional(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        arguments = typing.get_args(annotation)
        rest = [a for a in arguments if a is not types.NoneType]
        return (rest[0] if len(rest) == 1 else None), len(rest) < len(arguments)
    return annotation, annotation is Any or annotation is object


@dataclass(frozen=True)
class Cases:
    """A declarative body: the label of the first case whose expression holds."""

    cases: tuple[tuple[Expression, int], ...]

    def vote(self, values: dict[str, Any]) -> int:
        """The definition: the label of the first case that holds, else abstain."""
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
    """Where a rule was made: the module's name and its globals, in which derived columns are looked up."""

    module: str
    namespace: Mapping[str, Any] = field(repr=False, hash=False, compare=False)


@dataclass(frozen=True, eq=False)
class Column:
    """A derived column: made once an example, for every rule that names it.

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
        values = _made(self, _bound(self.name, self.parameters, args, kwargs))
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

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.function, self.batch, [(p.name, p.optional) for p in self.parameters]]

    @cached_property
    def returns(self) -> Any:
        """The type that the function is annotated to return, or None."""
        return _split_optional(_hints(self.function).get("return"))[0]


def _bound(name: str, parameters: Sequence[Parameter], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Bind the arguments of a call to the columns that a rule reads, in their order (a column may have any name)."""
    names = [p.name for p in parameters]
    if len(args) > len(names) or set(kwargs) != set(names[len(args) :]):
        got = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise TypeError(f"{name}({', '.join(names)}) was called as {name}({got})")
    values = {**dict(zip(names, args, strict=False)), **kwargs}
    return {column: values[column] for column in names}


def _made(reader: LabelingFunction[...] | Column, values: dict[str, Any]) -> dict[str, Any]:
    """Make the derived columns for which a reader was handed what they are made of, as a text for a parsed document."""
    near = {name: column for name, column in derived_columns(reader).items() if column.raw is not None}
    return {n: near[n](v) if n in near and isinstance(v, near[n].raw or ()) else v for n, v in values.items()}


@dataclass(frozen=True)
class Gate:
    """What the author of a rule expects of one of its statistics: that it lies in a range, bounds included.

    Made by :func:`labelkit.expect`, never by hand. It is no part of how the rule votes, nor of its fingerprint.

    >>> print(Gate("coverage", low=0.01)), print(Gate("conflicts", high=0.05)), print(Gate("precision", 0.8, 0.9))
    coverage of at least 1%
    conflicts of at most 5%
    precision of 80% to 90%
    (None, None, None)
    """

    statistic: str
    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        low, high = (f"{100 * bound:.4g}%" for bound in (self.low, self.high))
        if self.low > 0 and self.high < 1:
            return f"{self.statistic} of {low} to {high}"
        return f"{self.statistic} of at most {high}" if self.high < 1 else f"{self.statistic} of at least {low}"


@dataclass(frozen=True, eq=False, repr=False)
class LabelingFunction(Generic[P]):
    """A rule that votes for a class or abstains.

    Made by the decorators, never by hand. Call it like the function that it was made from to see its vote on one
    example.

    Attributes
    ----------
    name : str
    parameters : tuple of Parameter
        The columns that it reads, of the corpus or derived.
    kind : str
        How the vote is made, for people.
    gates : tuple of Gate
        What its author expects of its statistics.
    cache : bool, optional
        Whether its votes may be kept: its author's word; None where that is found out.
    levels : int
        How finely it says how sure it is of a vote; 0 if it does not.
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
        """The classes that it can vote for, where its declaration says so."""
        if isinstance(self.body, Cases):
            return tuple(sorted({label for _, label in self.body.cases} - {ABSTAIN}))
        return getattr(self.body.decide, "labels", None)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change when what the rule does changes."""
        derived = [self.origin.namespace.get(c) for c in self.columns]
        return fingerprint(
            self.body,
            [(p.name, p.optional) for p in self.parameters],
            [c for c in derived if isinstance(c, Column)],
            *([self.levels] if self.levels else []),
        )

    @cached_property
    def info(self) -> LFInfo:
        """The description that travels with the votes."""
        return LFInfo(
            name=self.name,
            labels=self.labels,
            group=self.group,
            precision=self.precision,
            trusted=self.trusted,
            kind=self.kind,
            columns=self.columns,
            fingerprint=self.fingerprint,
            doc=self.doc,
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
        space = _ANY_CLASS if self.enum is None else LabelSpace.of(self.enum)
        if isinstance(self.body, Cases):
            return self.body.vote(values)
        if any(values[p.name] is None and not p.optional for p in self.parameters):
            return ABSTAIN
        if self.body.when is not None and self.body.when.holds(values) is not True:
            return ABSTAIN
        if not self.body.batch:
            said = self.body.function(*values.values())
        else:
            said = _one(self.body, self.parameters, values, space)
        if not self.levels:
            return space.vote(said)
        is_row = self.enum is None and not isinstance(said, tuple | str | bytes) and hasattr(said, "__len__")
        return (LabelSpace.of(len(said)) if is_row else space).soft_vote(said)[0]

    def arguments(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The value of each column that it reads, for a call; derived ones are made of raw values."""
        return _made(self, _bound(self.name, self.parameters, args, kwargs))

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.body, [(p.name, p.optional) for p in self.parameters]]

    def __repr__(self) -> str:
        space = None if self.enum is None else LabelSpace.of(self.enum)
        labels = self.labels
        votes = "" if labels is None else " -> " + ", ".join(str(n) if space is None else space.name(n) for n in labels)
        return f"<{self.kind} rule {self.name}({', '.join(self.columns)}){votes}>"


def _one(body: Calls, parameters: Sequence[Parameter], values: dict[str, Any], space: LabelSpace) -> Any:
    """The vote of a batch rule on one example."""
    output = body.function(*(as_column([values[p.name]], p.annotation) for p in parameters))
    vote = _first(output if body.decide is None else body.decide(output, 1, space))
    if isinstance(vote, Exception):
        raise vote
    return vote


def _first(output: Any) -> Any:
    """The one value of a batch of one, as the plain Python value that a plan makes of it."""
    value = next(iter(output))
    plain = getattr(value, "as_py", None) or (None if np.ndim(value) else getattr(value, "item", None))
    return value if plain is None else plain()


def as_column(values: Any, annotation: Any) -> Any:
    """Hand a column to a batch rule as it is annotated: Arrow, pandas, a list, else NumPy.

    Parameters
    ----------
    values : pyarrow.Array or list
    annotation : type or None

    Returns
    -------
    pyarrow.Array, pandas.Series, list or numpy.ndarray
    """
    origin = typing.get_origin(annotation) or annotation
    library = (getattr(origin, "__module__", "") or "").split(".")[0]
    if origin is list or getattr(origin, "__name__", "") in {"Sequence", "Iterable"}:
        return values if isinstance(values, list) else values.to_pylist()
    try:
        array = _as_arrow(values)
    except (TypeError, ValueError, OverflowError):  # objects that Arrow cannot hold, such as parsed documents
        objects = np.empty(len(values), dtype=object)
        objects[:] = values
        return _as_series(objects) if library == "pandas" else objects
    if library == "pyarrow":
        return array
    return array.to_pandas() if library == "pandas" else array.to_numpy(zero_copy_only=False)


def _as_arrow(values: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - a rule that is written but not run needs no Arrow

    return pa.array(values) if isinstance(values, list) else values


def _as_series(objects: Any) -> Any:
    import pandas as pd  # noqa: PLC0415 - only for rules that ask for it

    return pd.Series(objects)


def examples_of(given: Mapping[Any, Any] | None, n_columns: int, what: str) -> tuple[tuple[tuple[Any, ...], int], ...]:
    """Normalise ``examples=``: an input, or a tuple of inputs, to the vote that is expected.

    Raises
    ------
    RuleError
        If the number of inputs is not the number of columns, or an expected vote is not a vote.
    """
    found = []
    for inputs, expected in (given or {}).items():
        arguments = inputs if isinstance(inputs, tuple) else (inputs,)
        if len(arguments) != n_columns:
            raise RuleError(
                f"the example {inputs!r} of {what} has {len(arguments)} input(s), but it reads {n_columns} column(s)",
                hint="several columns take a tuple: examples={(title, text): Label.SPAM}",
            )
        try:
            found.append((arguments, _ANY_CLASS.vote(expected)))
        except ValueError:
            raise RuleError(f"the example {inputs!r} of {what} expects {expected!r}, which is not a vote") from None
    return tuple(found)


class LabelingFunctions(Sequence[LabelingFunction[...]]):
    """Labeling functions of one label space, in order, with distinct names.

    Parameters
    ----------
    lfs : iterable of LabelingFunction
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given: the enum of the labels that they are declared with, else
        the only ``IntEnum`` in the modules that they come from.

    Raises
    ------
    CollectError
        If there are no rules, two share a name, or they belong to two label spaces.
    LabelSpaceError
        If the label space cannot be inferred.
    """

    def __init__(
        self,
        lfs: Iterable[LabelingFunction[...]],
        *,
        labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    ) -> None:
        if isinstance(lfs, LabelingFunction):
            raise CollectError(f"{lfs!r} is one labeling function, not several", hint="give a list of it: [lf]")
        if not hasattr(lfs, "__iter__") or hasattr(lfs, "encode"):
            raise CollectError(f"{lfs!r} is no list of labeling functions", hint='collect("rules.py") makes one')
        inherited: LabelSpace | None = lfs.space if isinstance(lfs, LabelingFunctions) else None
        self._lfs = tuple(lfs)
        _check_rules(self._lfs)
        self.space: LabelSpace
        if labels is not None:
            self.space = LabelSpace.of(labels)
        else:
            self.space = _space_of(self._lfs) if inherited is None else inherited
        _check_labels(self._lfs, self.space)
        for lf in self._lfs:
            lf.fingerprint  # noqa: B018 - of the source as it is now: the file may be edited before the rules run

    @overload
    def __getitem__(self, key: int | str) -> LabelingFunction[...]: ...
    @overload
    def __getitem__(self, key: slice | list[str]) -> LabelingFunctions: ...
    def __getitem__(self, key: int | str | slice | list[str]) -> LabelingFunction[...] | LabelingFunctions:
        """One rule by position or name, several by slice or a list of names."""
        if isinstance(key, slice):
            return LabelingFunctions(self._lfs[key], labels=self.space)
        if isinstance(key, list):
            return LabelingFunctions([self[name] for name in key], labels=self.space)
        if isinstance(key, str):
            by_name = {lf.name: lf for lf in self._lfs}
            if key not in by_name:
                raise KeyError(f"no rule is named {key!r}; there are {', '.join(by_name)}")
            return by_name[key]
        return self._lfs[key]

    def __len__(self) -> int:
        return len(self._lfs)

    def __iter__(self) -> Iterator[LabelingFunction[...]]:
        return iter(self._lfs)

    def __repr__(self) -> str:
        lines = [f"{len(self)} labeling functions over {self.space!r}", *(f"  {lf!r}" for lf in self._lfs)]
        return "\n".join(lines)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules, in order."""
        return tuple(lf.name for lf in self._lfs)

    @property
    def infos(self) -> tuple[LFInfo, ...]:
        """The descriptions of the rules, in order."""
        return tuple(lf.info for lf in self._lfs)


def _check_rules(lfs: Sequence[LabelingFunction[...]]) -> None:
    if not lfs:
        raise CollectError(
            "there are no labeling functions", hint="decorate one with @keywords, @regex or @labeling_function"
        )
    seen: dict[str, LabelingFunction[...]] = {}
    for lf in lfs:
        if not isinstance(lf, LabelingFunction):
            raise CollectError(f"{lf!r} is not a labeling function", hint="decorate it with @labeling_function")
        if lf.name in seen:
            where = {seen[lf.name].origin.module, lf.origin.module}
            raise CollectError(
                f"two labeling functions are named {lf.name!r} (in {' and '.join(sorted(where))})",
                hint="rename one, or give it name=...",
            )
        seen[lf.name] = lf


def _check_labels(lfs: Sequence[LabelingFunction[...]], space: LabelSpace) -> None:
    for lf in lfs:
        for label in (*(lf.labels or ()), *(expected for _, expected in lf.examples)):
            if label >= len(space):
                raise LabelSpaceError(
                    f"rule {lf.name!r} votes for class {label}, but there are {len(space)} classes: {space!r}",
                    hint="pass labels= with all classes",
                )


def _space_of(lfs: Sequence[LabelingFunction[...]]) -> LabelSpace:
    """Infer the one label space that rules belong to."""
    spaces: dict[LabelSpace, str] = {}
    for lf in lfs:
        if lf.enum is not None:
            spaces.setdefault(LabelSpace.of(lf.enum), f"{lf.enum.__name__} of rule {lf.name!r}")
    if not spaces:
        for enum in _enums_near(lfs):
            spaces.setdefault(LabelSpace.of(enum), f"{enum.__name__} of module {enum.__module__}")
    if len(spaces) == 1:
        return next(iter(spaces))
    if not spaces:
        raise LabelSpaceError(
            "the classes are not known", hint="declare an IntEnum of them, or pass labels=['HAM', 'SPAM']"
        )
    listed = "; ".join(f"{space!r} ({where})" for space, where in spaces.items())
    raise CollectError(
        f"the rules belong to {len(spaces)} label spaces: {listed}", hint="collect them apart, or pass labels=..."
    )


def _enums_near(lfs: Sequence[LabelingFunction[...]]) -> list[type[IntEnum]]:
    """The integer enums of the rules' modules: those made there, else those imported."""
    found = {
        id(value): (value, value.__module__ == lf.origin.module)
        for lf in lfs
        for value in list(lf.origin.namespace.values())
        if isinstance(value, type) and issubclass(value, IntEnum) and len(value)
    }
    return [enum for enum, own in found.values() if own] or [enum for enum, _ in found.values()]


def derived_columns(lf: LabelingFunction[...] | Column) -> dict[str, Column]:
    """The columns that a rule or a column reads which are derived, by the name of the parameter."""
    near = lf.origin.namespace
    return {
        p.name: near[p.name] for p in lf.parameters if isinstance(near.get(p.name), Column) and near[p.name] is not lf
    }


def condition_columns(body: Calls) -> tuple[str, ...]:
    """The columns that the guard of a Python rule reads."""
    return () if body.when is None else columns_of(body.when)
