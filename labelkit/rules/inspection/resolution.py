"""What a function reads beside its arguments: whether all of it can be known, and a digest of it.

A vote may be kept and used again only if it would be the same today. So the byte code of a rule, and of all that it
calls in its own project, is searched for what it reads: constants, functions, classes and containers of the project
(their content counts), installed packages (their versions count), and whatever may answer differently each time, such
as files, clocks, dice and networks. What is not understood counts as not known.

>>> def short(text):
...     return len(text) < LIMIT
>>> LIMIT = 5
>>> resolve(short).problems
()
>>> import random
>>> def lucky(text):
...     return random.random() < 0.5
>>> resolve(lucky).problems
('uses random.random, which may answer differently each time',)
"""

from __future__ import annotations

import builtins
import dis
import functools
import inspect
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np

from labelkit._shared.user_errors import PACKAGE
from labelkit._version import __version__
from labelkit.rules.inspection.fingerprint import PLAIN, fingerprint

_FICKLE_BUILTINS: Final = frozenset(
    ("breakpoint", "compile", "eval", "exec", "globals", "hash", "id", "input", "locals", "open", "vars", "__import__")
)
"""Built-in functions whose answer depends on more than their arguments."""

_FICKLE_MODULES: Final = frozenset(
    (
        *("asyncio", "aiohttp", "boto3", "ctypes", "duckdb", "fileinput", "getpass", "gc", "glob", "http", "httpx"),
        *("importlib", "inspect", "io", "locale", "multiprocessing", "mysql", "openai", "os", "pathlib", "pickle"),
        *("platform", "psycopg", "psycopg2", "pymongo", "random", "redis", "requests", "secrets", "select"),
        *("shelve", "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "ssl", "subprocess", "sys", "tempfile"),
        *("threading", "time", "torch", "urllib.request", "urllib3", "uuid", "weakref"),
        *("bz2", "codecs", "dbm", "ftplib", "gzip", "linecache", "lzma", "mmap", "tarfile", "xml", "zipfile"),
        *("numpy.random", "pandas.io", "pyarrow.csv", "pyarrow.dataset", "pyarrow.feather", "pyarrow.parquet"),
    )
)
"""Modules that read files, clocks, dice, networks or the state of the process."""

_STEADY: Final = re.compile(
    r"os\.path\.(basename|dirname|join|normpath|split|splitext)|pathlib\.Pure\w+|time\.strptime"
)
"""What in those modules depends on its arguments alone."""

_FICKLE_NAMES: Final = re.compile(
    r"datetime\.(datetime\.(now|today|utcnow)|date\.today)|pandas\.read_\w+|polars\.(read|scan)_\w+"
    r"|numpy\.(load|fromfile|genfromtxt|memmap)\w*"
)
"""What elsewhere does not."""

_MUTATORS: Final = frozenset(
    (
        *("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove"),
        *("reverse", "setdefault", "sort", "update", "appendleft", "difference_update", "intersection_update"),
        *("symmetric_difference_update", "fill", "put", "resize", "__setitem__", "__delitem__"),
    )
)

_ALIASES: Final = re.compile(r"^(posixpath|ntpath|genericpath)\b")
"""What ``os.path`` is called inside."""

_SILENT: Final = frozenset(("CACHE", "PUSH_NULL", "EXTENDED_ARG"))
"""Instructions that may stand between others and say nothing."""

_MUTABLE: Final = (list, dict, set, bytearray, np.ndarray)
_INSTALLED: Final = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class Resolution:
    """What was found.

    Attributes
    ----------
    digest : str
        Changes when anything does that was read.
    problems : tuple of str
        Why the answer may change though the digest does not; empty if all is known.
    """

    digest: str
    problems: tuple[str, ...]


def resolve(*functions: Any) -> Resolution:
    """Find what functions read beside their arguments.

    Parameters
    ----------
    *functions : callable
        Functions, methods, partial functions, callable objects of one's own classes.
    """
    search = _Search()
    for function in functions:
        search.value(function, getattr(function, "__name__", type(function).__name__))
    return Resolution(fingerprint(sys.version, sorted(search.found.items())), tuple(dict.fromkeys(search.problems)))


class _Search:
    """One search: what was found by its name, the problems, and what was seen already."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.problems: list[str] = []
        self._seen: dict[int, Any] = {}

    def value(self, value: Any, name: str) -> None:
        """Take note of a value that is read under a name."""
        if isinstance(value, (*PLAIN, Enum, re.Pattern, np.ndarray)):
            self.found[name] = fingerprint(value)
        elif id(value) not in self._seen:
            self._seen[id(value)] = value
            self._compound(value, name)

    def _compound(self, value: Any, name: str) -> None:
        inner = getattr(value, "__resolved_parts__", None) or getattr(value, "__wrapped__", None)
        if isinstance(value, FunctionType | type):
            self._definition(value, name)
        elif isinstance(value, BuiltinFunctionType):
            self._foreign(value.__module__ or "builtins", value.__name__)
        elif isinstance(value, ModuleType):
            self.problems.append(f"hands the module {value.__name__} on")
        elif isinstance(value, functools.partial | MethodType):
            parts = (
                (value.func, value.args, value.keywords)
                if isinstance(value, functools.partial)
                else (value.__func__, value.__self__)
            )
            self._parts(parts, name)
        elif inner is not None:
            self._parts(inner() if hasattr(value, "__resolved_parts__") else (inner,), name)
        elif isinstance(value, dict):
            self._parts([*value, *value.values()], name)
        elif isinstance(value, list | tuple | set | frozenset):
            self._parts(value, name)
        elif isinstance(value, np.ufunc):
            self._foreign("numpy", value.__name__)
        elif is_dataclass(value) or is_ours(type(value)):
            self._instance(value, name)
        else:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            self.problems.append(f"reads {name}, a {kind}, whose content is not known")

    def _parts(self, parts: Any, name: str) -> None:
        plain = all(isinstance(part, PLAIN) for part in parts)
        self.found[name] = fingerprint(parts) if plain else str(len(parts))
        for position, part in enumerate(() if plain else parts):
            self.value(part, f"{name}[{position}]")

    def _instance(self, value: Any, name: str) -> None:
        """An object of the project's own class, or a dataclass: its attributes, and what its methods read."""
        own = vars(value) if hasattr(value, "__dict__") else {f.name: getattr(value, f.name) for f in fields(value)}
        for attribute, part in own.items():
            self.value(part, f"{name}.{attribute}")
        self.value(type(value), type(value).__qualname__)

    def _definition(self, value: Any, name: str) -> None:
        """A function or a class: of the project, it is read; of a package, the version counts."""
        if isinstance(value, FunctionType) and not is_ours(value) and hasattr(value, "__wrapped__"):
            self.value(value.__wrapped__, name)  # what a decorator of a package made of a function of the project
        elif not is_ours(value):
            self._foreign(value.__module__, value.__qualname__)
        elif isinstance(value, FunctionType):
            self.found[name] = fingerprint(*_layout(value.__code__))
            self._function(value)
        else:
            for attribute, part in vars(value).items():
                if not attribute.startswith("__") or isinstance(part, FunctionType):
                    inner = getattr(part, "__func__", None) or getattr(part, "fget", None) or part
                    self.value(inner, f"{name}.{attribute}")
            for base in value.__bases__:
                self.value(base, base.__qualname__)

    def _function(self, function: FunctionType) -> None:
        for part in (function.__defaults__ or (), function.__kwdefaults__ or {}):
            self.value(part, f"defaults of {function.__name__}")
        around: dict[str, Any] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                around[name] = cell.cell_contents
            except ValueError:  # not bound yet
                self.problems.append(f"reads {name} before it has a value")
            if name in around and not isinstance(around[name], ModuleType):
                self.value(around[name], name)
        for code in _codes(function.__code__):
            self._code(code, function.__globals__, around)

    def _code(self, code: CodeType, scope: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        steps = [
            step for step in dis.get_instructions(code) if step.opname not in {"CACHE", "PUSH_NULL", "EXTENDED_ARG"}
        ]
        stores = any(step.opname in {"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"} for step in steps)
        for position, step in enumerate(steps):
            if step.opname in {"STORE_GLOBAL", "DELETE_GLOBAL"}:
                self.problems.append(f"changes the global {step.argval}")
            elif step.opname == "IMPORT_NAME":
                self._imported(step.argval)
            elif step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
                self._loaded(step.argval, steps[position + 1 :], scope, stores=stores)
            elif step.opname == "LOAD_DEREF" and step.argval in around:
                self._loaded(step.argval, steps[position + 1 :], around, stores=stores)

    def _loaded(self, name: str, after: list[dis.Instruction], scope: Mapping[str, Any], *, stores: bool) -> None:
        """A global name, with the attributes that follow it as far as they are those of modules and classes."""
        if name not in scope:
            if name in _FICKLE_BUILTINS:
                self.problems.append(f"calls {name}(), whose answer may differ each time")
            elif not hasattr(builtins, name):
                self.problems.append(f"reads the global {name}, which does not exist")
            return
        value = scope[name]
        if isinstance(value, _MUTABLE) and after:
            first = after[0]
            mutates = first.opname in {"LOAD_ATTR", "LOAD_METHOD"} and first.argval in _MUTATORS
            if mutates or stores or first.opname in {"STORE_FAST", "STORE_DEREF"}:
                self.problems.append(f"may change {name}, which outlives the call")
        path = name
        for step in after:
            if not isinstance(value, ModuleType | type) or step.opname not in {"LOAD_ATTR", "LOAD_METHOD"}:
                break
            if not is_ours(value):
                path = value.__name__ if isinstance(value, ModuleType) else f"{value.__module__}.{value.__qualname__}"
            if not hasattr(value, step.argval):
                break
            path, value = f"{path}.{step.argval}", getattr(value, step.argval)
        self._reached(path, value)

    def _reached(self, path: str, value: Any) -> None:
        owner = path.rpartition(".")[0]
        module = next((m for m in _parents(owner) if m in sys.modules), None)
        if module is not None and not is_ours(sys.modules[module]):
            self._foreign(module, path.removeprefix(f"{module}."))
        else:
            self.value(value, path)

    def _imported(self, name: str) -> None:
        """A module that is imported when the function is called."""
        module = sys.modules.get(name)
        if module is not None and is_ours(module):
            self.problems.append(f"imports {name}, a module of its own project, when it is called")
        else:
            self._foreign(name, "")

    def _foreign(self, module: str, name: str) -> None:
        """Something of the standard library or an installed package."""
        full = _ALIASES.sub("os.path", f"{module}.{name}".strip("."))
        if is_fickle(full):
            self.problems.append(f"uses {full}, which may answer differently each time")
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top == "builtins":
            return
        version = _version_of(top)
        self.found[f"package {top}"] = version or ""
        if version is None:
            self.problems.append(f"uses {top}, whose version is not known")


def is_fickle(name: str) -> bool:
    """Whether something outside of a project, by its dotted name, may answer differently each time.

    >>> is_fickle("random.random"), is_fickle("builtins.open"), is_fickle("os.path.join"), is_fickle("math.sqrt")
    (True, True, False, False)
    """
    module, _, last = name.rpartition(".")
    if module == "builtins":
        return last in _FICKLE_BUILTINS
    inside = not _FICKLE_MODULES.isdisjoint(_parents(name)) and not _STEADY.fullmatch(name)
    return inside or _FICKLE_NAMES.match(name) is not None


def _parents(path: str) -> Iterator[str]:
    """A dotted path and all that it lies in, longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _layout(code: CodeType) -> Iterator[Any]:
    """What a function does as it was loaded: its file may have been edited since. Docstrings and lines do not count."""
    may_have_docstring = code.co_flags & inspect.CO_NEWLOCALS and code.co_name != "<lambda>"
    yield from (code.co_code, code.co_exceptiontable, code.co_names, code.co_varnames, code.co_flags)
    for position, constant in enumerate(code.co_consts):
        if isinstance(constant, CodeType):
            yield from _layout(constant)
        else:
            yield None if position == 0 and may_have_docstring and isinstance(constant, str) else constant


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def is_ours(thing: Any) -> bool:
    """Whether something is of the user's project: neither built in nor installed (what has no file is a notebook's)."""
    if isinstance(thing, FunctionType):
        file: str | None = thing.__code__.co_filename
    else:
        module = thing if isinstance(thing, ModuleType) else sys.modules.get(getattr(thing, "__module__", ""))
        name = getattr(module, "__name__", "")
        if name.partition(".")[0] in sys.stdlib_module_names and name != "__main__":
            return False
        file = getattr(module, "__file__", None)
    path = Path(file or "<none>")
    if not path.is_absolute():
        return True
    path = path.resolve()
    inside = any(folder in path.parents for folder in _INSTALLED) or PACKAGE in path.parents
    return not inside


@functools.cache
def _version_of(package: str) -> str | None:
    """The version of an installed package, by its own word or its distribution's."""
    if package == "labelkit":
        return __version__
    told = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(told, str):
        return told
    names = [package] if _installed(package) else metadata.packages_distributions().get(package, [])
    return ",".join(map(metadata.version, names)) or None


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
