"""``@transformation_function``: functions that change an example without changing its class, and the calls of them.

>>> @transformation_function
... def shout(text: str) -> str:
...     "Write in capitals."
...     return text.upper()
>>> shout, shout("free money")
(TransformationFunction(shout(text)), 'FREE MONEY')
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.missing import is_missing
from labelkit._shared.own_copies import own_copies
from labelkit._shared.time_limit import TimeUpError, limited
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import Errors
from labelkit.corpus.missing_columns import columns_listed, missing_hint
from labelkit.exceptions import CorpusError, RuleError, TimeLimitError
from labelkit.rules.inspection.syntax import returned, source_of
from labelkit.rules.late_values import check_late_functions
from labelkit.rules.parameters import Parameter, as_column, in_order, parameters_of

RECORD_NAMES: Final = frozenset({"x", "row", "record", "example"})
"""A single parameter of such a name that is no column of the corpus gets the whole example, as in Snorkel."""

RNG: Final = "rng"
"""A parameter of this name gets random numbers that depend on the seed and on the example alone."""

Changes = dict[str, Any]
"""The new values of the columns that a transformation changes."""


class Record(dict[str, Any]):
    """An example whose columns are read and set as keys or as attributes; a copy, so that nobody else sees changes.

    >>> record = Record(text="hi")
    >>> record.text = record.text + "!"
    >>> record
    {'text': 'hi!'}
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            columns = ", ".join(map(repr, list(self)[:12]))
            raise AttributeError(f"the example has no column {name!r}; it has {columns}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class TransformationFunction:
    """A function that changes examples; made by :func:`labelkit.transformation_function` and the ready ones.

    Attributes
    ----------
    name : str
        Stands in ``made_by``.
    function : callable
    parameters : tuple of Parameter
        The columns that it reads.
    column : str or None
        The column that a bare value is of.
    batch : bool
        Whether it takes columns, and returns a result for each example.
    takes_rng : bool
    namespace : mapping
        The globals of its module.
    may_wait : bool
        Whether it waits for others, whose requests have time limits of their own.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    column: str | None = None
    batch: bool = False
    takes_rng: bool = False
    namespace: Mapping[str, Any] = field(default_factory=dict)
    may_wait: bool = False

    def __call__(self, *values: Any, **options: Any) -> Any:
        """Call the function as it was written."""
        return self.function(*values, **options)

    def __repr__(self) -> str:
        return f"TransformationFunction({self.name}({', '.join(one.name for one in self.parameters)}))"

    def takes_record(self, column_names: Sequence[str]) -> bool:
        """Return True if its one parameter is the whole example."""
        names = [one.name for one in self.parameters]
        return len(names) == 1 and names[0] in RECORD_NAMES and names[0] not in column_names

    def columns_of(self, column_names: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of a corpus that it reads.

        Raises
        ------
        CorpusError
            If one is not there.
        """
        if self.takes_record(column_names):
            return tuple(column_names)
        for name in (*(one.name for one in self.parameters), *([] if self.column is None else [self.column])):
            if name not in column_names:
                raise CorpusError(
                    f"transformation {self.name!r} reads column {name!r}, which is not in the corpus (columns: "
                    f"{columns_listed(column_names)})",
                    hint=missing_hint(name, column_names) or "column=... of a ready transformation names another one",
                    code="LK202",
                )
        return tuple(one.name for one in self.parameters)

    def results(
        self,
        rows: Sequence[Mapping[str, Any]],
        rngs: Sequence[Callable[[], np.random.Generator]],
        schema: pa.Schema,
        *,
        time_limit: float,
    ) -> tuple[list[list[Changes]], Errors]:
        """Change examples.

        Parameters
        ----------
        rows : sequence of mapping from column to value
        rngs : sequence of callable
            Make the random numbers of each example.
        schema : pyarrow.Schema
            The columns that may be changed, with their types.
        time_limit : float
            Seconds for all of these.

        Returns
        -------
        results : list of lists of dict
            The changes that each example gets, several where several were returned; none where nothing changes.
        errors : dict
            By position: the type and the message of what was raised, or is wrong with what was returned.
        """
        whole = self.takes_record(list(rows[0])) if rows else False
        call = self._call_batch if self.batch else self._call_each
        results: list[list[Changes]] = [[] for _ in rows]
        errors: Errors = {}
        called = [i for i, row in enumerate(rows) if whole or self._takes(row)]
        with UserCode() as code:
            for i, result in zip(called, call(code, called, rows, rngs, time_limit, whole), strict=True):
                try:
                    results[i] = list(self._changes(_raised(result), rows[i], schema))
                except BaseException as error:  # noqa: BLE001 - whatever a user's function returns
                    errors[i] = code.described(error)
        return results, errors

    def _takes(self, row: Mapping[str, Any]) -> bool:
        """Return False where a column that it reads is missing: it is not called there, as rules are not."""
        return all(one.optional or not is_missing(row[one.name]) for one in self.parameters)

    def _call_each(
        self,
        code: UserCode,
        called: Sequence[int],
        rows: Sequence[Mapping[str, Any]],
        rngs: Sequence[Callable[[], np.random.Generator]],
        time_limit: float,
        whole: bool,  # noqa: FBT001 - shared by both ways to call
    ) -> list[Any]:
        results: list[Any] = []
        names = [one.name for one in self.parameters]
        try:
            with limited(time_limit, self._too_long(time_limit)):
                for i in called:
                    values = own_copies(
                        list(rows[i].values()) if whole else [rows[i][n] for n in names], self.namespace
                    )
                    given = [Record(zip(rows[i], values, strict=True))] if whole else values
                    more = {RNG: rngs[i]()} if self.takes_rng else {}
                    try:
                        result = self.function(*given, **more)
                        results.append(list(result) if isinstance(result, Iterator) else result)
                    except TimeUpError:
                        raise
                    except BaseException as error:  # noqa: BLE001 - whatever a user's function raises is a fault
                        code.described(error)  # which raises again what ends the run
                        results.append(error)
        except TimeUpError:
            raise TimeLimitError(
                self._too_long(time_limit), hint="make it faster, or raise time_limit (0 for none)"
            ) from None
        return results

    def _call_batch(
        self,
        code: UserCode,
        called: Sequence[int],
        rows: Sequence[Mapping[str, Any]],
        rngs: Sequence[Callable[[], np.random.Generator]],
        time_limit: float,
        _whole: bool,  # noqa: FBT001 - as above
    ) -> list[Any]:
        if not called:
            return []
        columns = [
            as_column(own_copies([rows[i][one.name] for i in called], self.namespace), one.annotation or list)
            for one in self.parameters
        ]
        more = {RNG: [rngs[i]() for i in called]} if self.takes_rng else {}
        try:
            with limited(0 if self.may_wait else time_limit, self._too_long(time_limit)):
                output = self.function(*columns, **more)
                return _one_each(in_order(output, len(called)), len(called))
        except TimeUpError:
            raise TimeLimitError(
                self._too_long(time_limit), hint="make it faster, or raise time_limit (0 for none)"
            ) from None
        except BaseException as error:  # noqa: BLE001 - as above: the fault of all examples
            code.described(error)
            return [error] * len(called)

    def _too_long(self, seconds: float) -> str:
        return f"transformation {self.name!r} took more than {seconds:g} seconds for one batch of examples"

    def _changes(self, result: Any, row: Mapping[str, Any], schema: pa.Schema) -> Iterator[Changes]:
        """Convert what was returned for an example to changes, those that change nothing left out."""
        for one in result if isinstance(result, list | tuple) else [result]:
            if one is None:
                continue
            changes = dict(one) if isinstance(one, Mapping) else {self._sole_column(one): one}
            changed = {name: value for name, value in changes.items() if not same(value, row.get(name, _ABSENT))}
            for name, value in changed.items():
                _check_value(name, value, schema)
            if changed:
                yield changed

    def _sole_column(self, value: Any) -> str:
        if self.column is not None:
            return self.column
        if len(self.parameters) == 1 and self.parameters[0].name not in RECORD_NAMES:
            return self.parameters[0].name
        raise TypeError(
            f"returned {value!r:.60}, and does not say of which column: return a dict, such as {{'text': ...}}"
        )


_ABSENT: Final = object()


def _raised(result: Any) -> Any:
    """Raise an exception that stands in the place of a result; return anything else."""
    if isinstance(result, BaseException):
        raise result
    return result


def same(one: Any, other: Any) -> bool:
    """Return True for equal values; missing ones are equal."""
    try:
        return bool(one == other) or (is_missing(one) and is_missing(other))
    except (TypeError, ValueError):  # arrays
        return bool(np.array_equal(one, other))


def _check_value(name: str, value: Any, schema: pa.Schema) -> None:
    """Raise KeyError or TypeError for a column that is not there, or a value that is not of its type."""
    if name not in schema.names:
        raise KeyError(
            f"returned a column {name!r}, which cannot be changed; those that can: {', '.join(schema.names)}"
        )
    kind = value_type(schema.field(name).type)
    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeError):
        raise TypeError(f"returned {value!r:.60} for column {name!r}, which holds {kind}") from None


def _one_each(output: Any, n_rows: int) -> list[Any]:
    way = next((getattr(output, name) for name in ("tolist", "to_pylist", "to_list") if hasattr(output, name)), None)
    values = output if way is None else way()
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        raise TypeError(f"a batch function returns a result for each example, not one {type(output).__name__}")
    results = list(values)
    if len(results) != n_rows:
        raise ValueError(f"a batch function returned {len(results)} results for {n_rows} examples")
    return results


@overload
def transformation_function(function: Callable[..., Any], /) -> TransformationFunction: ...
@overload
def transformation_function(
    *, name: str | None = ..., column: str | None = ..., batch: bool = ...
) -> Callable[[Callable[..., Any]], TransformationFunction]: ...
@checks_keywords
def transformation_function(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    column: str | None = None,
    batch: bool = False,
) -> TransformationFunction | Callable[[Callable[..., Any]], TransformationFunction]:
    """Make a transformation of a Python function that changes an example, and keeps its class.

    Its parameters name the columns that it reads; a single one named ``x``, ``row``, ``record`` or ``example`` gets the
    whole example (``x.text``), which it may change and return. A parameter ``rng`` gets a NumPy generator whose numbers
    depend on the seed and on the example alone. It is not called for an example with a null among its columns, unless
    the parameter is annotated as optional.

    It returns the new value of the column that it reads, a dict of columns, the changed example, None where it changes
    nothing, or a list (or generator) of these, each of which becomes an example.

    Parameters
    ----------
    name : str, optional
        Stands in ``made_by``; the name of the function if not given.
    column : str, optional
        The column that a bare value is of, where the function reads several.
    batch : bool
        Whether the function takes columns (lists, or what the parameters are annotated with), and returns a result for
        each example; ``rng`` is then a list.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    RuleError
        If the function reads no column, or has no ``return``.

    Examples
    --------
    >>> @transformation_function
    ... def without_a_word(text: str, rng) -> str | None:
    ...     "Leave out a word."
    ...     words = text.split()
    ...     return " ".join(words[1:]) if len(words) > 1 else None
    >>> without_a_word("so very free", rng=None)
    'very free'
    """

    def decorate(function: Callable[..., Any]) -> TransformationFunction:
        return transformation(function, name=name, column=column, batch=batch)

    return decorate if function is None else decorate(function)


def transformation(
    function: Callable[..., Any], *, name: str | None = None, column: str | None = None, batch: bool = False
) -> TransformationFunction:
    """Make a transformation of a function, of whatever kind."""
    if isinstance(function, TransformationFunction):
        raise RuleError(f"{function.name!r} is a transformation already", hint="one decorator makes one transformation")
    if not callable(function):
        raise RuleError(
            f"{function!r:.80} is not a function", hint="def shorter(text): ..., under @lk.transformation_function"
        )
    what = str(name or getattr(function, "__name__", type(function).__name__))
    parameters = _parameters(function, what)
    columns = tuple(one for one in parameters if one.name != RNG)
    if not columns:
        raise RuleError(f"transformation {what!r} reads no column", hint=f"def {what}(text, rng): ...", code="LK101")
    if _returns_nothing(function):
        raise RuleError(
            f"transformation {what!r} returns nothing, so that it would make no example",
            hint=f"return the changed {columns[0].name} at the end of its function",
            code="LK422",
        )
    return TransformationFunction(
        name=what,
        function=function,
        parameters=columns,
        column=column,
        batch=batch,
        takes_rng=RNG in inspect.signature(function).parameters,
        namespace=getattr(function, "__globals__", {}),
    )


def _returns_nothing(function: Callable[..., Any]) -> bool:
    """Return True for a function that can return None alone, as its source says."""
    source = source_of(function)
    if source is None or inspect.isgeneratorfunction(source.function) or inspect.iscoroutinefunction(source.function):
        return False
    answers = returned(source)
    return answers.complete and not answers.missing and all(value is None for value, _ in answers.values)


def _parameters(function: Callable[..., Any], what: str) -> tuple[Parameter, ...]:
    named = {name: one for name, one in inspect.signature(function).parameters.items() if name != RNG}
    if RNG in inspect.signature(function).parameters and not named:
        return ()
    try:
        return parameters_of(function, f"transformation {what!r}")
    except RuleError as error:
        raise RuleError(
            error.message, hint=(error.hint or "").replace("rule(", f"{what}(") or None, code=error.code
        ) from None


def column_transformation(
    name: str, column: str, function: Callable[[str, np.random.Generator], Any]
) -> TransformationFunction:
    """Make a ready transformation of a function of a text and random numbers."""
    return TransformationFunction(
        name=name, function=function, parameters=(Parameter(column, str),), column=column, takes_rng=True
    )


def transformations_of(given: Any) -> tuple[TransformationFunction, ...]:
    """Take one or several transformations; plain functions become ones.

    Raises
    ------
    RuleError
        If there is none, something else is among them, or two have one name.
    """
    is_one = callable(given) or isinstance(given, str) or not isinstance(given, Iterable)
    several = [given] if is_one else list(given)
    if not several:
        raise RuleError("there are no transformations to apply", hint="tfs=[lk.drop_words()], or functions of your own")
    tfs = tuple(one if isinstance(one, TransformationFunction) else transformation(one) for one in several)
    names = [tf.name for tf in tfs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RuleError(
            f"two transformations are named {twice!r}, so that made_by would not tell them apart",
            hint="name='...'",
            code="LK112",
        )
    check_late_functions((f"transformation {tf.name!r}", tf.function) for tf in tfs)
    return tfs
