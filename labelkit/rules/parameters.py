"""Read the columns that a function asks for from its signature, and convert columns to what it is annotated with."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelkit.exceptions import RuleError


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
    hints = resolved_hints(function)
    columns = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise RuleError(
                f"{what} takes {parameter}, which names no column", hint="name each column as a parameter", code="LK101"
            )
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY:
            raise RuleError(
                f"{what} takes {name!r} by keyword only, but columns are passed by position",
                hint=f"give {name!r} a default, or move it before the *",
                code="LK101",
            )
        if parameter.default is parameter.empty:
            annotation, optional = split_optional(hints.get(name))
            columns.append(Parameter(name, annotation, optional))
    if not columns:
        raise RuleError(f"{what} has no parameter, so it reads no column", hint="def rule(text): ...", code="LK101")
    return tuple(columns)


def column_names(column: Any) -> tuple[str, ...]:
    """Read ``column=``: none, one or several columns.

    Raises
    ------
    RuleError
        If it is no name, such as a derived column itself.

    Examples
    --------
    >>> column_names("text"), column_names(["title", "text"])
    (('text',), ('title', 'text'))
    """
    if column is None:
        return ()
    names = (column,) if isinstance(column, str) or not isinstance(column, Iterable) else tuple(column)
    for name in names:
        if not isinstance(name, str):
            named = getattr(name, "name", None)
            hint = f"column={named if isinstance(named, str) else 'text'!r}"
            raise RuleError(f"column={column!r:.80} is not the name of a column", hint=hint)
    return names


def resolved_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Resolve the annotations that can be resolved; leave out one that only type checkers can see."""
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


def split_optional(annotation: Any) -> tuple[Any, bool]:
    """Split ``X | None`` into X and True; of several types, the first part is None."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        arguments = typing.get_args(annotation)
        rest = [a for a in arguments if a is not types.NoneType]
        return (rest[0] if len(rest) == 1 else None), len(rest) < len(arguments)
    return annotation, annotation is Any or annotation is object


def as_column(values: Any, annotation: Any) -> Any:
    """Hand a column to a batch rule as it is annotated: Arrow, pandas, a list, else NumPy.

    The function may change what it gets, other than Arrow: no memory is shared with the corpus or other rules.

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
    if library == "pandas":
        return array.to_pandas().copy()
    given = array.to_numpy(zero_copy_only=False)
    return given if given.flags.writeable else given.copy()


def in_order(output: Any, n_rows: int) -> Any:
    """Return what a batch function returned in the order of its examples: a Series or frame of pandas by its index.

    A function that sorts or regroups the Series that it is given hands its index on. One that names something else than
    the places of the examples says nothing of their order.
    """
    index: Any = getattr(output, "index", None)
    if not hasattr(index, "to_numpy") or len(output) != n_rows:  # a list's ``index`` is a method
        return output
    labels = index.to_numpy()
    if labels.dtype.kind != "i" or np.array_equal(labels, np.arange(n_rows)):
        return output
    order = np.argsort(labels)
    return output.iloc[order] if np.array_equal(labels[order], np.arange(n_rows)) else output


def _as_arrow(values: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - a rule that is written but not run needs no Arrow

    return pa.array(values) if isinstance(values, list) else values


def _as_series(objects: Any) -> Any:
    import pandas as pd  # noqa: PLC0415 - only for rules that ask for it

    return pd.Series(objects)


def forms_of(parameters: Sequence[Parameter], *, batch: bool) -> list[Any]:
    """List the columns of a function with the form in which each is given; an annotation decides it for batches."""
    kinds = [typing.get_origin(p.annotation) or p.annotation if batch else None for p in parameters]
    forms = [f"{getattr(kind, '__module__', '')}.{getattr(kind, '__name__', '')}" for kind in kinds]
    return [(p.name, p.optional, form) for p, form in zip(parameters, forms, strict=True)]
