"""Find what code learns of its process by plain syntax: filters of warnings, depth of the stack, codecs, addresses."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Iterator
from itertools import islice
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource

_HANDLERS: Final = frozenset(
    (
        *("strict", "ignore", "replace", "xmlcharrefreplace", "backslashreplace", "namereplace"),
        *("surrogateescape", "surrogatepass"),
    )
)
"""Handlers of errors that Python registers itself."""

_SHOWN: Final = frozenset(("repr", "str", "format", "ascii"))
_ALL_OF_THEM: Final = frozenset(("always", "error"))
_MOST_ITEMS: Final = 1_000
"""Items of a container that are looked at."""


def unclear_reads(source: FunctionSource) -> Iterator[tuple[str, int]]:
    """List what a function does that may differ by the process in which it is called.

    Yields
    ------
    what : str
    line : int
    """
    for node in nodes_of(source.tree):
        for what in _reads_of(node, source):
            yield what, node.lineno  # type: ignore[attr-defined] # expressions and handlers have one


def _reads_of(node: ast.AST, source: FunctionSource) -> Iterator[str]:
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield from _caught(node.type, source)
    elif isinstance(node, ast.FormattedValue):
        yield from _addresses(node.value, source)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        is_many = isinstance(node.right, ast.Tuple)
        for operand in node.right.elts if is_many else [node.right]:  # type: ignore[attr-defined] # as just asked
            yield from _addresses(operand, source)
    elif isinstance(node, ast.Call):
        yield from _reads_of_call(node, source)


def _reads_of_call(call: ast.Call, source: FunctionSource) -> Iterator[str]:
    is_method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _SHOWN:  # also str.format
        for argument in call.args:
            yield from _addresses(argument, source)
    if name in {"encode", "decode"} and is_method:
        yield from _codecs_of(call, source)
    elif name in {"str", "bytes", "bytearray"} and not is_method:
        yield from _codecs_of(call, source, first=1)
    elif name == "suppress":
        for argument in call.args:
            yield from _caught(argument, source)
    elif name == "strptime" and any("%Z" in str(_value(argument, source)) for argument in call.args[1:]):
        yield "uses strptime() with %Z, which depends on the time zone"
    elif name == "catch_warnings" and _records(call) and not _lets_all_through(source):
        yield "records warnings, which depends on the filters of the process"


def _caught(kinds: ast.expr, source: FunctionSource) -> Iterator[str]:
    for node in kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]:
        value = _value(node, source)
        for kind in value if isinstance(value, tuple) else (value,):
            if isinstance(kind, type) and issubclass(kind, Warning):
                yield f"catches {kind.__name__}, which is raised by the filters of the process"
            elif kind in (RecursionError, MemoryError):
                yield f"catches {kind.__name__}, which depends on the limits of the process"


def _codecs_of(call: ast.Call, source: FunctionSource, first: int = 0) -> Iterator[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    given |= dict(zip(("encoding", "errors"), call.args[first:], strict=False))
    encoding, errors = (_value(given.get(name), source) for name in ("encoding", "errors"))
    if isinstance(errors, str) and errors not in _HANDLERS:
        yield f"uses {errors!r}, a handler of errors that is registered in the process"
    if isinstance(encoding, str) and _is_registered(encoding):
        yield f"uses {encoding!r}, a codec that is registered in the process"


def _is_registered(encoding: str) -> bool:
    """Return whether somebody registered an encoding: those of Python lie in its package ``encodings``."""
    try:
        encode: Any = codecs.lookup(encoding).encode
    except (LookupError, ValueError):  # what is given may be a text, and the method that of a model
        return False
    return str(getattr(encode, "__module__", "")).partition(".")[0] not in {"encodings", "_codecs", "codecs"}


def _records(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "record"]
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in given)


def _lets_all_through(source: FunctionSource) -> bool:
    """Return whether a function sets a filter by which every warning is noted, or raised."""
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"simplefilter", "filterwarnings"}
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in _ALL_OF_THEM
        for node in nodes_of(source.tree)
    )


def _addresses(node: ast.expr, source: FunctionSource) -> Iterator[str]:
    """Yield what is shown by its address: objects whose class does not say how, and functions."""
    is_made = isinstance(node, ast.Call)
    value = _value(node.func if isinstance(node, ast.Call) else node, source)
    is_shown = is_made and isinstance(value, type) and _has_no_text(value)
    if isinstance(node, ast.Lambda) or is_shown or (not is_made and _shows_address(value)):
        yield f"shows {ast.unparse(node)} by its address, which differs from process to process"


def _shows_address(value: Any) -> bool:
    if value is UNKNOWN or isinstance(value, type | ModuleType):
        return False
    if type(value) in (list, tuple, set, frozenset, dict):
        items = value.values() if isinstance(value, dict) else value
        return any(_is_address(item) for item in islice(items, _MOST_ITEMS))
    return _is_address(value)


def _is_address(value: Any) -> bool:
    kinds = (FunctionType, MethodType, GeneratorType)
    is_bound = isinstance(value, BuiltinFunctionType) and not isinstance(value.__self__, ModuleType | type | None)
    return isinstance(value, kinds) or is_bound or _has_no_text(type(value))


def _has_no_text(kind: Any) -> bool:
    return kind.__repr__ is object.__repr__ and kind.__str__ is object.__str__ and kind.__format__ is object.__format__


def _value(node: ast.expr | None, source: FunctionSource) -> Any:
    """Return the value of a constant, of a name from outside, or of an attribute of a module or class."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return source.look_up(node.id)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, source)
        if isinstance(owner, ModuleType | type):
            return vars(owner).get(node.attr, UNKNOWN)
    return UNKNOWN
