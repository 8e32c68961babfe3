"""Read a module of Snorkel rules without running it: its constants, and the functions that are decorated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from labelkit._shared.quiet_regex import quietly_compiled

DECORATORS: Final = ("labeling_function", "nlp_labeling_function", "spark_nlp_labeling_function", "slicing_function")


@dataclass
class RuleModule:
    """What a file defines.

    Attributes
    ----------
    text : str
    tree : ast.Module
    values : dict from str to object
        The constants by name: numbers, texts, lists of them, compiled patterns, and enums as dicts of their members.
    homes : dict from str to ast.stmt
        The statement that defines each of them.
    functions : set of str
        The functions and libraries by name.
    """

    text: str
    tree: ast.Module
    values: dict[str, Any] = field(default_factory=dict)
    homes: dict[str, ast.stmt] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, path: Path) -> RuleModule:
        """Read a file, and the constants that it imports from files beside it.

        Raises
        ------
        SyntaxError
            If it is no Python.
        """
        text = path.read_text("utf-8-sig")
        module = cls(text, ast.parse(text))
        module._read(path.parent)
        return module

    def _read(self, folder: Path) -> None:
        for statement in self.tree.body:
            for name, value in self._defined(statement, folder):
                if name in self.homes:  # assigned twice: which value counts is not known
                    self.values.pop(name, None)
                elif value is not UNKNOWN:
                    self.values[name] = value
                self.homes[name] = statement
            for name in _functions_and_libraries(statement):
                self.values.pop(name, None)
                self.functions.add(name)
            if _is_other_re(statement):
                self.values["re"] = OTHER_RE
        for node in ast.walk(self.tree):
            for name in node.names if isinstance(node, ast.Global) else ():
                self.values.pop(name, None)
        changed = {id(one) for name in _changed_in_place(self.tree) for one in _lists_in(self.values.get(name))}
        for name in [name for name, value in self.values.items() if changed & {*map(id, _lists_in(value))}]:
            del self.values[name]

    def _defined(self, statement: ast.stmt, folder: Path) -> Iterator[tuple[str, Any]]:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _bound_names(target, self.evaluated(statement.value))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _bound_names(statement.target, self.evaluated(statement.value))
        elif isinstance(statement, ast.ClassDef):
            yield statement.name, _members(statement, self)
        elif isinstance(statement, ast.ImportFrom):
            yield from _imported(statement, folder)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ((node.id, UNKNOWN) for node in ast.walk(statement) if _is_stored(node))  # type: ignore[attr-defined]

    def evaluated(self, node: ast.expr) -> Any:
        """Evaluate a constant expression; UNKNOWN if it is none."""
        return _evaluated(node, self.values)

    def rules(self) -> Iterator[tuple[ast.FunctionDef, str, ast.Call | None]]:
        """Iterate over the decorated functions: the function, the name of the decorator, its call."""
        aliases = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in self.tree.body:
            for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                call = decorator if isinstance(decorator, ast.Call) else None
                named = decorator.func if isinstance(decorator, ast.Call) else decorator
                name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
                kind = aliases.get(name, name)
                if kind in DECORATORS:
                    assert isinstance(node, ast.FunctionDef)
                    yield node, kind, call


class _Unknown:
    """The value of what is no constant."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()

OTHER_RE: Final = object()
"""The value of ``re`` where another library has this name."""

_READING: Final = frozenset(("index", "count", "copy"))
"""Methods of lists that change nothing."""

_MOST_FLAGS: Final = {name: getattr(re, name) for name in ("I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X")} | {
    name: getattr(re, name) for name in ("VERBOSE", "A", "ASCII", "U", "UNICODE")
}


def _evaluated(node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 - a table of kinds
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return values.get(node.id, UNKNOWN)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts = [_evaluated(part, values) for part in node.elts]
        if any(part is UNKNOWN for part in parts):
            return UNKNOWN
        return parts if isinstance(node, ast.List) else tuple(parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _evaluated(node.operand, values)
        return -inner if isinstance(inner, int | float) else UNKNOWN
    if isinstance(node, ast.Attribute):
        return _attribute(node, values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _evaluated(node.left, values), _evaluated(node.right, values)
        return left | right if isinstance(left, int) and isinstance(right, int) else UNKNOWN
    if isinstance(node, ast.Call):
        return _called(node, values)
    if isinstance(node, ast.JoinedStr):
        parts = [_evaluated(part, values) for part in node.values]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else UNKNOWN
    if isinstance(node, ast.FormattedValue):
        value = _evaluated(node.value, values)
        return (
            str(value) if isinstance(value, str | int) and node.conversion == -1 and not node.format_spec else UNKNOWN
        )
    if isinstance(node, ast.Subscript):
        owner, place = _evaluated(node.value, values), _evaluated(node.slice, values)
        is_there = isinstance(owner, list | tuple) and isinstance(place, int) and -len(owner) <= place < len(owner)
        return owner[place] if is_there else UNKNOWN
    return UNKNOWN


def _attribute(node: ast.Attribute, values: Mapping[str, Any]) -> Any:
    if isinstance(node.value, ast.Name) and node.value.id == "re" and "re" not in values:
        return _MOST_FLAGS.get(node.attr, UNKNOWN)
    owner = _evaluated(node.value, values)
    if isinstance(owner, dict) and node.attr in owner:
        return owner[node.attr]
    return owner if isinstance(owner, int) and node.attr == "value" else UNKNOWN


def _called(node: ast.Call, values: Mapping[str, Any]) -> Any:
    """Evaluate ``re.compile`` of constants."""
    if ast.unparse(node.func) != "re.compile" or "re" in values or not node.args:
        return UNKNOWN
    keyword = [one.value for one in node.keywords if one.arg == "flags"]
    pattern, *rest = [_evaluated(part, values) for part in (*node.args, *keyword)]
    if not isinstance(pattern, str) or not all(isinstance(flags, int) for flags in rest) or len(rest) > 1:
        return UNKNOWN
    try:
        return quietly_compiled(pattern, *rest)
    except re.error:
        return UNKNOWN


def _bound_names(target: ast.expr, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        fits = isinstance(value, list | tuple) and len(value) == len(target.elts)
        for part, one in zip(target.elts, value if fits else [UNKNOWN] * len(target.elts), strict=True):
            yield from _bound_names(part, one)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)


def _functions_and_libraries(statement: ast.stmt) -> list[str]:
    """List the names of the functions and libraries that a statement defines."""
    if isinstance(statement, ast.Import):
        return [one.asname or one.name.partition(".")[0] for one in statement.names]
    return [statement.name] if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) else []


def _is_other_re(statement: ast.stmt) -> bool:
    """Return True if another library goes under the name of ``re``."""
    return isinstance(statement, ast.Import) and any(one.asname == "re" and one.name != "re" for one in statement.names)


def _changed_in_place(tree: ast.Module) -> Iterator[str]:
    """Iterate over the names whose values a module may change: by a method, an item, or a call for its effect."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and node.attr not in _READING and isinstance(node.value, ast.expr)) or (
            isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
        ):
            yield from _root(node.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _prints(node.value):
            arguments = [*node.value.args, *(one.value for one in node.value.keywords)]
            yield from (name for one in arguments for name in _root(one))


def _root(node: ast.expr) -> Iterator[str]:
    """Yield the name that an expression such as ``WORDS["a"][0]`` begins with."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _prints(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "print"


def _lists_in(value: Any) -> Iterator[Any]:
    """Iterate over the lists that a value is made of, which can be changed."""
    if isinstance(value, list):
        yield value
    for part in value if isinstance(value, list | tuple) else value.values() if isinstance(value, dict) else ():
        yield from _lists_in(part)


def _members(node: ast.ClassDef, module: RuleModule) -> Any:
    """Return the members of an enum of numbers; UNKNOWN of another class."""
    bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}
    if not bases & {"IntEnum", "IntFlag"} and bases:
        return UNKNOWN
    members: dict[str, Any] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            value = module.evaluated(statement.value)
            if isinstance(statement.targets[0], ast.Name) and isinstance(value, int):
                members[statement.targets[0].id] = value
    return members or UNKNOWN


def _imported(node: ast.ImportFrom, folder: Path) -> Iterator[tuple[str, Any]]:
    """Read the constants that are imported from a file beside this one."""
    place = folder.joinpath(*(node.module or "").split(".")).with_suffix(".py")
    there: dict[str, Any] = {}
    if node.level <= 1 and node.module and place.is_file():
        try:
            there = RuleModule.of(place).values
        except (SyntaxError, ValueError, RecursionError):
            there = {}
    for alias in node.names:
        yield alias.asname or alias.name, there.get(alias.name, UNKNOWN)
