"""What a Python rule reads beside its arguments, found in its source: chance, the clock, files, what functions change.

A rule that depends on such things may vote otherwise another time, or in another order, or in another process.

>>> import random
>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     return 1 if random.random() < 0.1 else -1
>>> [str(impurity) for impurity in impurities(source_of(rule))]
['it uses random.random, which gives another answer each time (line 2)']
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from labelkit.rules.inspection.syntax import (
    UNKNOWN,
    FunctionNode,
    Source,
    chains,
    dotted_name,
    loads,
    own_names,
    reached,
)

_IMPURE: Final = {
    "gives another answer each time": (
        "random.",
        "numpy.random.",
        "secrets.",
        "uuid.uuid1",
        "uuid.uuid4",
        "os.urandom",
    ),
    "reads the clock": (
        *("time.time", "time.monotonic", "time.perf_counter", "time.localtime", "time.gmtime", "time.strftime"),
        *("time.ctime", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
        "datetime.date.today",
    ),
    "reads the environment": ("os.environ", "os.getenv", "os.getcwd", "sys.argv"),
    "reads a file each time": (
        *("io.open", "gzip.open", "codecs.open", "os.listdir", "os.scandir", "os.path.exists", "os.path.isfile"),
        *("glob.glob", "builtins.input"),
    ),
    "asks another program": ("requests.", "httpx.", "urllib.request.", "socket.", "subprocess."),
    "differs from process to process": ("builtins.hash", "builtins.id"),
}
"""What a rule should not use, by the dotted name of its home; a name that ends in a dot stands for all behind it."""

_SEEDED: Final = {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence"}
"""Called with a seed, these give the same answer each time."""

_MUTATING: Final = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove"),
    *("reverse", "setdefault", "sort", "subtract", "update"),
}


@dataclass(frozen=True)
class Impurity:
    """A reason why a function may answer otherwise another time."""

    what: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        helper = f"{self.function}, " if self.function else ""
        return f"{self.what} ({helper}line {self.line})"


def impurities(source: Source) -> list[Impurity]:
    """The reasons why a function, or one of its module that it calls, may answer otherwise for the same arguments."""
    found: dict[str, Impurity] = {}
    for one in reached(source):
        name = "" if one is source else f"{one.tree.name}()"
        for what, line in [*_state(one), *_outside(one)]:
            found.setdefault(what, Impurity(what, line, name))
    return list(found.values())


def _state(source: Source) -> Iterator[tuple[str, int]]:
    """Names of the module that functions change."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield from ((f"it changes the global {name}", node.lineno) for name in node.names)
    changed = _changed_names(source)
    for node in loads(source):
        if node.id in changed and source.look_up(node.id) is not UNKNOWN:
            yield f"it reads the global {node.id}, which functions change (line {changed[node.id]})", node.lineno


def _changed_names(source: Source) -> dict[str, int]:
    """The names of the module that a function of it assigns, or whose content it changes, with the line."""
    changed: dict[str, int] = {}
    for function in ast.walk(source.module):
        if isinstance(function, FunctionNode):
            own = own_names(function)
            for node in ast.walk(function):
                name = _changed_name(node, source.function.__globals__)
                if name is not None and name not in own and name in source.function.__globals__:
                    changed.setdefault(name, node.lineno)  # type: ignore[attr-defined] # statements and expressions have one
    return changed


def _changed_name(node: ast.AST, namespace: dict[str, Any]) -> str | None:
    """The name that a statement assigns to, or whose content it changes."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        name = _root(node)
        return None if isinstance(namespace.get(str(name)), ModuleType | type) else name
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATING:
        name = node.func.value.id if isinstance(node.func.value, ast.Name) else None
        return name if isinstance(namespace.get(str(name)), MutableMapping | MutableSequence | MutableSet) else None
    return None


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _outside(source: Source) -> Iterator[tuple[str, int]]:
    """Uses of chance, the clock, the environment, files and other programs."""
    seeded = {
        id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call) and (node.args or node.keywords)
    }
    for node in chains(source.tree.body):
        dotted = dotted_name(node, source)
        if dotted is None or (dotted in _SEEDED and id(node) in seeded):
            continue
        for reason, names in _IMPURE.items():
            if any(dotted == name or (name.endswith(".") and dotted.startswith(name)) for name in names):
                yield f"it uses {dotted.removeprefix('builtins.')}, which {reason}", node.lineno
            elif any(dotted.startswith(f"{name}.") for name in names):  # os.environ.get
                yield f"it uses {dotted}, which {reason}", node.lineno
