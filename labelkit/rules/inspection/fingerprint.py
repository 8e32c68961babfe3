"""Hash values and functions to short texts that are the same in every process.

Equal values have equal hashes, also in containers and dataclasses. A function is hashed by its syntax tree without
docstring, comments and layout, its constants, defaults and closure, and the values and functions of its own module and
folder that it uses. All that a rule depends on is found by :mod:`labelkit.rules.inspection.rule_inputs`.

>>> def shout(text):
...     "Ends loudly."
...     return text.endswith("!")
>>> fingerprint(shout) == fingerprint(shout), len(fingerprint(shout))
(True, 16)
"""

from __future__ import annotations

import ast
import datetime as dt
import functools
import hashlib
import inspect
import re
import textwrap
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum, EnumType
from fractions import Fraction
from pathlib import Path, PurePath
from types import BuiltinFunctionType, CodeType, EllipsisType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np

from labelkit.rules.inspection._origin import is_ours

PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray, range, EllipsisType, np.generic, PurePath),
    *(Decimal, Fraction, dt.date, dt.time, dt.timedelta),
)
"""Types of which equal ``repr`` means equal values."""


_BUILT_IN: Final = frozenset({type(None), bool, int, float, str, bytes})
"""The types of most values; an object of a class that is derived from one is of another type."""


def fingerprint(*parts: Any) -> str:
    """Hash values and functions to 16 hexadecimal digits that are the same in every process.

    Parameters
    ----------
    *parts : object
        Plain values, containers, dataclasses, enum members, patterns, arrays and functions.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        for piece in _pieces(part, {}):
            digest.update(f"{len(piece)}:".encode())
            digest.update(piece)
    return digest.hexdigest()


def is_specified(value: Any) -> bool:
    """Return whether an object of labelkit says itself which parts of it count."""
    return hasattr(type(value), "__fingerprint_parts__")


def _pieces(value: Any, seen: dict[int, Any]) -> list[bytes]:  # noqa: PLR0911 - a table of kinds, each with its layout
    """Lay a value out as byte strings, the same for equal values."""
    kind = type(value).__qualname__
    if type(value) in _BUILT_IN:  # as are the items of long lists
        return [kind.encode(), repr(value).encode("utf-8", "surrogatepass")]
    if isinstance(value, Enum):
        return [kind.encode(), str(value.name).encode(), repr(value.value).encode("utf-8", "surrogatepass")]
    if isinstance(value, PLAIN):
        return [kind.encode(), _plain_repr(value).encode("utf-8", "surrogatepass")]
    if isinstance(value, re.Pattern):
        return [b"pattern", repr((value.pattern, value.flags)).encode("utf-8", "surrogatepass")]
    if isinstance(value, np.ndarray):
        return _array_pieces(value, seen)
    if isinstance(value, ModuleType):
        return [b"module", value.__name__.encode()]
    if id(value) in seen:
        return [b"seen", str(list(seen).index(id(value))).encode()]
    # What is being laid out stays noted until it is done, so that circles end; a function stays noted for good, so that
    # helpers that call each other are laid out once. Equal values elsewhere are laid out alike, shared or not.
    seen[id(value)] = value
    pieces = [kind.encode(), *_container_pieces(value, seen), b"end"]
    if not isinstance(value, FunctionType):
        del seen[id(value)]
    return pieces


def _plain_repr(value: Any) -> str:
    """Return ``repr`` as a class of Python defines it: one that a project derives from it may show anything."""
    if type(value) in _BUILT_IN:
        return repr(value)
    home: Any = next(kind for kind in type(value).__mro__ if not is_ours(kind))
    return str(home.__repr__(value))


def _array_pieces(value: Any, seen: dict[int, Any]) -> list[bytes]:
    """Lay an array out by its bytes; one of objects, whose bytes are addresses, by its items."""
    kind = repr((type(value).__name__, value.dtype, value.shape)).encode()
    mask = _array_pieces(np.ma.getmaskarray(value), seen) if isinstance(value, np.ma.MaskedArray) else []
    plain = np.asarray(value)
    if plain.dtype.hasobject:
        return [b"ndarray", kind, *mask, *_pieces(plain.tolist(), seen)]
    return [b"ndarray", kind, *mask, np.ascontiguousarray(plain).tobytes()]


def _container_pieces(value: Any, seen: dict[int, Any]) -> list[bytes]:  # noqa: PLR0911 - as above
    if is_specified(value):
        return _pieces(value.__fingerprint_parts__(), seen)
    if isinstance(value, dict):
        return [piece for pair in value.items() for part in pair for piece in _pieces(part, seen)]
    if isinstance(value, list | tuple):
        return [piece for part in value for piece in _pieces(part, seen)]
    if isinstance(value, set | frozenset):
        return sorted(b"".join(_pieces(part, dict(seen))) for part in value)
    if isinstance(value, EnumType):
        members: dict[str, Any] = dict(value.__members__)
        return [piece for member in members.values() for piece in _pieces(member, seen)]
    if is_dataclass(value) and not isinstance(value, type):
        return [piece for field in fields(value) for piece in _pieces(getattr(value, field.name), seen)]
    if callable(value):
        return _callable_pieces(value, seen)
    return [str(getattr(value, name, None) or "").encode() for name in ("__module__", "__qualname__")]


def _callable_pieces(value: Any, seen: dict[int, Any]) -> list[bytes]:
    if isinstance(value, FunctionType):
        return _function_pieces(value, seen)
    if isinstance(value, functools.partial):
        return _pieces([value.func, value.args, value.keywords], seen)
    if isinstance(value, MethodType):
        return _pieces([value.__func__, value.__self__], seen)
    if isinstance(getattr(value, "__wrapped__", None), FunctionType):  # as functools.cache makes
        return _pieces(value.__wrapped__, seen)
    named = [str(getattr(value, name, None) or "").encode() for name in ("__module__", "__qualname__")]
    owner = getattr(value, "__self__", None) if isinstance(value, BuiltinFunctionType) else None
    return named if owner is None or isinstance(owner, ModuleType | type) else [*named, *_pieces(owner, seen)]


def _function_pieces(function: FunctionType, seen: dict[int, Any]) -> list[bytes]:
    cells = [_cell(cell) for cell in function.__closure__ or ()]
    pieces = [_syntax(function)]
    for part in (function.__defaults__, function.__kwdefaults__, cells, _globals_used(function)):
        pieces += _pieces(part, seen)
    return pieces


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is not bound yet
        return None


def _syntax(function: FunctionType) -> bytes:
    """Dump the function's syntax tree, or its byte code where there is no source (or it holds other functions too)."""
    if function.__name__ == "<lambda>":
        return _code(function.__code__)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function.__code__)))
    except (OSError, TypeError, SyntaxError):
        return _code(function.__code__)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:]
            if node is tree.body[0]:
                node.decorator_list = []  # what a decorator sets is part of the rule's specification
    return ast.dump(tree).encode("utf-8", "surrogatepass")


def _code(code: CodeType) -> bytes:
    constants = [_code(c) if isinstance(c, CodeType) else b"".join(_pieces(c, {})) for c in code.co_consts]
    return b"|".join([code.co_code, repr(code.co_names).encode(), *constants])


def _globals_used(function: FunctionType) -> dict[str, Any]:
    """Collect the values of the module's names that a function uses, those of functions inside it included."""
    values: dict[str, Any] = {}
    todo = [function.__code__]
    while todo:
        code = todo.pop()
        todo += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for name in code.co_names:
            if name in function.__globals__:
                value = function.__globals__[name]
                foreign = isinstance(value, FunctionType) and not _are_neighbours(value, function)
                values[name] = f"{value.__module__}.{value.__qualname__}" if foreign else value
    return dict(sorted(values.items()))


def _are_neighbours(one: FunctionType, other: FunctionType) -> bool:
    """Return True for functions of one module, or of files in one folder."""
    folders = {Path(function.__code__.co_filename).parent for function in (one, other)}
    return one.__module__ == other.__module__ or len(folders) == 1
