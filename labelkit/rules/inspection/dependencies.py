"""Find every input of a function besides its arguments, and hash them; used by the vote cache and the lint.

A vote may be cached only if it would be the same today. The byte code of a rule, and of all that it calls in its own
project, is searched for what it reads: constants, functions, classes and containers of the project (their content
counts), installed packages (their versions count, and their code is searched alike, but for some that are judged by
name, :mod:`labelkit.rules.inspection._judged_names`), and what is impure, such as files, clocks, random numbers and
networks (:mod:`labelkit.rules.inspection.purity`). What is not understood counts as not known.

>>> def short(text):
...     return len(text) < LIMIT
>>> LIMIT = 5
>>> resolve(short).problems
()
>>> import random
>>> def lucky(text):
...     return random.random() < 0.5
>>> resolve(lucky).problems
('uses random.random, which gives another answer each time',)
>>> [str(finding) for finding in resolve(lucky).impure]
['it uses random.random, which gives another answer each time (line 2)']
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass, replace
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from labelkit.rules.inspection import _seeds, purity
from labelkit.rules.inspection._instructions import MUTABLE, Body, changes_of_self, codes_in, imports, layout_of
from labelkit.rules.inspection._judged_names import is_judged
from labelkit.rules.inspection._objects import (
    around_of,
    attributes_of,
    hides_state,
    members_of,
    methods_called_by,
    parts_of_kind,
    registers_subclasses,
)
from labelkit.rules.inspection._origin import is_ours, is_searched, version_of
from labelkit.rules.inspection._set_columns import ColumnFunctions, parameters_of_sets
from labelkit.rules.inspection._set_holders import holds_set, is_large_set
from labelkit.rules.inspection._set_order import SetOrder
from labelkit.rules.inspection.fingerprint import PLAIN, fingerprint
from labelkit.rules.inspection.not_known import NotKnown
from labelkit.rules.inspection.resolution import Reason, Resolution
from labelkit.rules.inspection.syntax import home_of, source_of, sources_of

_OS_PATH: Final = re.compile(r"^(posixpath|ntpath|genericpath)\b")
"""The names of ``os.path`` on each system."""
MOST_OF_PACKAGES: Final = 1_000
"""Functions and classes of packages that are searched for one rule; where there are more, it is not cached."""

_BUILDERS: Final = frozenset(
    f"__{name}__" for name in ("init", "new", "post_init", "set_name", "init_subclass", "prepare", "setstate", "del")
)
"""Methods that change an object while it is made."""


def resolve(*functions: Any, columns: ColumnFunctions | None = None) -> Resolution:
    """Find the inputs of functions besides their arguments.

    Parameters
    ----------
    *functions : callable
        Functions, methods, partial functions, callable objects of the project's own classes.
    columns : mapping of function to mapping of str to callable, optional
        Of each function, the functions that compute its arguments, by the names of the parameters.
    """
    search = _InputSearch()
    for function in functions:
        search.value(function, getattr(function, "__name__", type(function).__name__))
    search.note_changed_objects()
    search.note_files_of_paths()
    search.note_order_of_sets(columns or {})
    packages = tuple(sorted(search.packages.items()))
    digest = fingerprint(search.inputs, sorted(search.packages))
    return Resolution(digest, packages, tuple(sorted(search.files)), tuple(search.reasons()))


class _InputSearch:
    """One search: the inputs by name, the reasons, and the objects that were searched already."""

    def __init__(self) -> None:
        self.inputs: list[tuple[str, str]] = []
        self.packages: dict[str, str] = {}
        self.files: set[str] = set()
        self.asked: set[str] = set()
        self.findings: list[Reason] = []
        self._searched: dict[int, tuple[int, Any]] = {}
        self._objects: dict[type, str] = {}
        self._functions: dict[FunctionType, None] = {}
        self._set_attributes: set[str] = set()
        self._holder_attributes: set[str] = set()
        self._has_path = False
        self._methods: tuple[str, ...] = ()
        self._within_methods: list[tuple[str, ...]] = []
        self.line = 0
        self._function = ""
        self._first = True
        self._cached = False
        self._in_package = False
        self._is_package_refused = False
        self._n_of_packages = 0

    def value(self, value: Any, name: str) -> None:
        """Note a value that is read under a name."""
        try:
            self._value(value, name)
        except Exception as error:  # noqa: BLE001 - an object may raise whatever is asked of it
            self.unclear(f"reads {name}, which cannot be examined ({type(error).__name__}: {error})")

    def _value(self, value: Any, name: str) -> None:
        home = home_of(value)
        if home is not None and home.startswith(("random.", "numpy.random.", "os.environ")):
            self.foreign(home)
        elif id(value) in self._searched:
            self.inputs.append((name, f"as {self._searched[id(value)][0]}"))
        elif isinstance(value, (*PLAIN, Enum, re.Pattern, np.ndarray)):
            self.inputs.append((name, fingerprint(value)))
            self._has_path |= isinstance(value, Path)
            if is_searched(type(value)):  # a member of an enum, or an instance of a subclass of str: its methods count
                self._searched[id(value)] = len(self._searched), value
                self._instance(value, name)
        else:
            self._searched[id(value)] = len(self._searched), value
            self._compound(value, name)

    def unclear(self, what: str) -> None:
        """Note what cannot be ruled out."""
        self._note(what, impure=False)

    def impure(self, what: str) -> None:
        """Note what is impure; in a function of a package, or one that is cached for the process, it is unclear."""
        self._note(what, impure=not self._cached and not self._in_package)

    def _note(self, what: str, *, impure: bool) -> None:
        self.findings.append(Reason(what, impure=impure, line=self.line, function=self._function))
        self._within_methods.append(self._methods)
        self._is_package_refused |= self._in_package

    def reasons(self) -> Iterator[Reason]:
        """Iterate over the reasons; what is impure in a method that no code asks for by name is unclear."""
        for reason, methods in zip(self.findings, self._within_methods, strict=True):
            called = all(method in self.asked or method.startswith("__") for method in methods)
            yield reason if called else replace(reason, impure=False)

    def _compound(self, value: Any, name: str) -> None:  # noqa: C901 - a table of kinds
        parts = parts_of_kind(value)
        self.asked |= methods_called_by(value)
        if isinstance(value, FunctionType | type):
            self._definition(value, name)
        elif isinstance(value, NotKnown):
            self.unclear(value.why)
        elif isinstance(value, BuiltinFunctionType):
            self._builtin(value, name)
        elif isinstance(value, ModuleType):
            self.unclear(f"hands the module {value.__name__} on")
        elif hasattr(type(value), "__resolved_parts__") and not is_searched(type(value)):
            self._parts(value.__resolved_parts__(), name)
        elif parts is not None:
            with self._in_cached(isinstance(value, functools.cached_property)):
                self._parts(parts, name)
            if is_searched(type(value)):
                self._instance(value, name)
        elif "__wrapped__" in getattr(value, "__dict__", ()) and not is_searched(type(value)):
            self._wrapped(value, name)
        elif isinstance(value, np.ufunc):
            self._ufunc(value, name)
        elif is_dataclass(value) or is_searched(type(value)):
            self._instance(value, name)
        elif isinstance(value, Iterator):
            self.impure(f"reads {name}, a {type(value).__qualname__}, which goes on from call to call")
        else:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            self.unclear(f"reads {name}, a {kind}, whose content is not known")

    def stands_for(self, name: str, dotted: str) -> None:
        """Note what a name stands for: operator.lt now, and operator.gt after an edit."""
        self.inputs.append((name, dotted))

    def _builtin(self, value: BuiltinFunctionType, name: str) -> None:
        owner = getattr(value, "__self__", None)
        self.stands_for(name, f"{value.__module__}.{value.__qualname__}")
        if isinstance(owner, type):  # a class method, such as datetime.now
            self.foreign(f"{owner.__module__}.{owner.__qualname__}.{value.__name__}")
        elif owner is None or isinstance(owner, ModuleType):
            self.foreign(f"{value.__module__ or 'builtins'}.{value.__qualname__}")
        else:  # a method of an object, such as words.append
            self.value(owner, f"{name} of")
            if value.__name__ in purity.MUTATORS:
                self.impure(f"changes {name} of {type(owner).__name__}, which outlives the call")

    def _ufunc(self, value: np.ufunc, name: str) -> None:
        module = next(
            (m for m in ("numpy", "scipy.special") if vars(sys.modules.get(m, np)).get(value.__name__) is value), ""
        )
        if module:
            self.stands_for(name, value.__name__)
            self.foreign(f"{module}.{value.__name__}")
        else:  # as numpy.frompyfunc makes
            self.unclear(f"reads {name}, a function of arrays, whose content is not known")

    def _wrapped(self, value: Any, name: str) -> None:
        """The function that a decorator wrapped; one that is cached is called once a process for the same arguments."""
        around = list(around_of(value)) if isinstance(value, FunctionType) else []
        is_cached = hasattr(value, "cache_info")
        if is_cached and is_ours(value.__wrapped__):
            self._answers_of(value, name)
        with self._in_cached(is_cached):
            self._parts([value.__wrapped__, *around], name)

    def _answers_of(self, value: Any, name: str) -> None:
        """Note the answers that a cached function holds, unless all were made of what it reads now."""
        inner = _InputSearch()
        inner.value(value.__wrapped__, name)
        digest, defaults = fingerprint(inner.inputs), ("module ", "defaults of ", "keyword defaults of ")
        reads_more = any(read != name and not read.startswith(defaults) for read, _ in inner.inputs)
        if value.cache_info().currsize == 0:
            _MADE_OF[value] = digest
        elif self._methods or (reads_more and _MADE_OF.get(value) != digest):
            self.unclear(f"calls {value.__name__}, which holds answers from before")

    @contextmanager
    def _in_cached(self, cached: bool) -> Iterator[None]:  # noqa: FBT001 - a flag that is passed on
        before, self._cached = self._cached, self._cached or cached
        yield
        self._cached = before

    def _parts(self, parts: Any, name: str) -> None:
        plain = all(isinstance(part, PLAIN) and not is_searched(type(part)) for part in parts)
        self._has_path |= any(isinstance(part, Path) for part in parts)
        self.inputs.append((name, fingerprint(parts) if plain else str(len(parts))))
        for position, part in enumerate(() if plain else parts):
            self.value(part, f"{name}[{position}]")

    def _instance(self, value: Any, name: str) -> None:
        """An object of the project's own class, or a dataclass: its attributes, and what its methods read."""
        hidden = hides_state(value)
        if hidden:
            self.unclear(f"reads {name}, a {hidden} by its base, whose content is not known")
        for attribute, part in attributes_of(value).items():
            self._note_set(attribute, part)
            if isinstance(inspect.getattr_static(type(value), attribute, None), functools.cached_property):
                self.unclear(f"reads {name}.{attribute}, which was computed before")
            else:
                self.value(part, f"{name}.{attribute}")
        self._objects.setdefault(type(value), name)
        self.value(type(value), type(value).__qualname__)

    def note_changed_objects(self) -> None:
        """Note the objects that outlive a call and have a method that is called and changes them."""
        for owner, name in self._objects.items():
            methods = {
                attribute: part
                for base in owner.__mro__[::-1]
                if is_searched(base)
                for attribute, part in vars(base).items()
            }
            for attribute, member in methods.items():
                for method in (
                    part for part in _functions_of(member) if self._is_called(attribute) and is_searched(part)
                ):
                    self._function, self.line = attribute, method.__code__.co_firstlineno
                    for changed, counts in changes_of_self(method):
                        note = self.impure if counts and is_ours(owner) else self.unclear
                        note(f"changes {name}.{changed}, which outlives the call")

    def note_files_of_paths(self) -> None:
        """Note the methods that read files, where a path is among the values, wherever it came from."""
        self._function, self.line = "", 0
        for name in sorted(self.asked & (purity.FILE_METHODS | purity.PATH_METHODS)) if self._has_path else ():
            self.unclear(f"reads a path, and may use pathlib.Path.{name}, which {purity.OF_FILES}")

    def note_order_of_sets(self, columns: ColumnFunctions) -> None:
        """Note what functions of the project do with sets that may depend on their order."""
        order = SetOrder(frozenset(self._set_attributes), frozenset(self._holder_attributes))
        with suppress(Exception):  # what cannot be searched is said below
            order = order.with_attributes_of(self._functions)
        for function in self._functions:
            try:
                sets = parameters_of_sets(order, function, columns)
                taken = order.taken_by(function, sets, holders=sets)
            except Exception as error:  # noqa: BLE001 - as above
                taken = [(f"cannot be searched for the order of sets ({type(error).__name__})", 0)]
            for what, line in taken:
                self._function, self.line = function.__name__, line
                self.unclear(f"{what}, which differs from process to process")

    def _note_set(self, attribute: str, value: Any) -> None:
        if is_large_set(value):
            self._set_attributes.add(attribute)
        elif holds_set(value):
            self._holder_attributes.add(attribute)

    def _is_called(self, attribute: str) -> bool:
        """Return whether a method is called by name, or by syntax, for an object that is there already."""
        return attribute in self.asked or (attribute.startswith("__") and attribute not in _BUILDERS)

    def _definition(self, value: Any, name: str) -> None:
        """A function or a class: of the project, it is searched; of a package, the version counts."""
        if isinstance(value, FunctionType) and not is_searched(value) and hasattr(value, "__wrapped__"):
            self._wrapped(value, name)  # what a decorator of a package made of a function of the project
        elif not is_searched(value) or (not is_ours(value) and purity.impurity(_name_of(value)) is not None):
            self.stands_for(name, _name_of(value))
            self.foreign(_name_of(value))
        else:
            with self._within_package(value) as goes_on:
                if goes_on and isinstance(value, FunctionType):
                    self.inputs.append((name, fingerprint(*layout_of(value.__code__))))
                    self._within(value)
                elif goes_on:
                    self._class(value, name)

    @contextmanager
    def _within_package(self, value: Any) -> Iterator[bool]:
        """Note the package of a function or class, if it is of one; False if enough of packages was searched."""
        if is_ours(value):
            yield True
            return
        self._package(value.__module__.partition(".")[0])
        self._n_of_packages += 1
        if self._n_of_packages == MOST_OF_PACKAGES + 1:
            self.unclear(f"uses {_name_of(value)}, behind which is more code of packages than is searched")
        before, self._in_package = self._in_package, True
        yield not self._is_package_refused and self._n_of_packages <= MOST_OF_PACKAGES
        self._in_package = before

    def _class(self, value: type, name: str) -> None:
        for attribute, part in members_of(value):
            self._note_set(attribute, part)
            before = self._methods
            self._methods = (*before, attribute) if any(_functions_of(part)) else before
            inner = _functions_of(part) if isinstance(part, classmethod | staticmethod) else [part]
            self.value(inner[0] if inner else part, f"{name}.{attribute}")
            self._methods = before
        if registers_subclasses(value):
            self.unclear(f"asks for {name}, of which other classes were registered as subclasses")
        for base in (*value.__bases__, type(value)):
            if base not in (object, type):
                self.value(base, base.__qualname__)

    def _within(self, function: FunctionType) -> None:
        """Search a function of the project, with its line and name for findings."""
        before = self.line, self._function, self._first
        self._function, self._first = ("" if self._first else function.__name__), False
        self._called(function)
        self.line, self._function, self._first = before

    def _called(self, function: FunctionType) -> None:
        self.line = function.__code__.co_firstlineno
        if is_ours(function):
            self.files.add(function.__code__.co_filename)
            self._functions[function] = None
        self.value(function.__defaults__ or (), f"defaults of {function.__name__}")
        self.value(function.__kwdefaults__ or {}, f"keyword defaults of {function.__name__}")
        for attribute, part in vars(function).items():
            if attribute != "__wrapped__":
                self.value(part, f"{function.__name__}.{attribute}")
        source = source_of(function)
        if source is not None:
            for what, self.line in [*purity.shared_state(source), *purity.arbitrary_choices(source)]:
                self.impure(what)
        for part in sources_of(function) if is_ours(function) else ():
            for what, line in _seeds.unclear_draws(part, is_rule=not self._function):
                self.line = line
                self.unclear(what)
        unseeded = purity.SEEDED if source is None else _seeds.unseeded(source)
        around, defaults = self._closure(function), _mutable_defaults(function)
        codes = list(codes_in(function.__code__))
        imported = {name: dotted for code in codes for name, dotted in imports(code, function.__globals__)}
        for code in codes:
            Body(
                self, code, function.__globals__, around, defaults, imported, unseeded, has_source=source is not None
            ).search()

    def _closure(self, function: FunctionType) -> dict[str, Any]:
        around: dict[str, Any] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                around[name] = cell.cell_contents
            except ValueError:  # not bound yet
                self.unclear(f"reads {name} before it has a value")
            if name in around and not isinstance(around[name], ModuleType):
                self.value(around[name], name)
        return around

    def foreign(self, dotted: str, *, seeded: bool = False) -> None:
        """Note something of the standard library or an installed package, by its dotted name."""
        dotted = _OS_PATH.sub("os.path", dotted)
        reason = None if seeded else purity.impurity(dotted)
        if reason is not None:
            self.impure(f"uses {dotted.removeprefix('builtins.')}, which {reason}")
        elif not seeded and purity.is_unclear(dotted):
            self.unclear(f"uses {dotted}, which may depend on more than its arguments")
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names or top == "builtins":
            return
        if reason is None and not is_judged(top):
            self.unclear(f"uses {dotted}, whose code cannot be read")
        self._package(top)

    def _package(self, top: str) -> None:
        """Note a package, whose version counts."""
        version = version_of(top)
        self.packages[top] = version or ""
        if version is None:
            self.unclear(f"uses {top}, whose version is not known")


_MADE_OF: Final[WeakKeyDictionary[Any, str]] = WeakKeyDictionary()
"""Of each cached function, the digest of what it read when it held no answers."""


def _name_of(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _functions_of(member: Any) -> list[FunctionType]:
    """List the functions of a member of a class: itself, or those of a property, a class method, a static method."""
    if type(member) in (property, classmethod, staticmethod, functools.cached_property):
        return [part for part in (parts_of_kind(member) or ())[1:] if isinstance(part, FunctionType)]
    return [member] if isinstance(member, FunctionType) else []


def _mutable_defaults(function: FunctionType) -> dict[str, Any]:
    """Return the parameters that have a default which can change, with the default."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    defaults = {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}
    return {name: value for name, value in defaults.items() if isinstance(value, MUTABLE)}
