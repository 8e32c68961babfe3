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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass, replace
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from labelkit.rules.inspection import _seeds, purity
from labelkit.rules.inspection._contents import ATOMS, HOLDERS, Look, is_large, plain_digest, short_digest
from labelkit.rules.inspection._instructions import Body, codes_in, digest_of_code, imports
from labelkit.rules.inspection._judged_names import is_judged
from labelkit.rules.inspection._objects import (
    around_of,
    attributes_of,
    functions_of,
    hides_state,
    members_of,
    methods_called_by,
    mutable_defaults,
    parts_of_kind,
    registers_subclasses,
)
from labelkit.rules.inspection._origin import is_ours, is_searched, version_of
from labelkit.rules.inspection._process_reads import unclear_reads
from labelkit.rules.inspection._reached import Reached
from labelkit.rules.inspection._set_columns import ColumnFunctions
from labelkit.rules.inspection._set_holders import holds_set, is_large_set
from labelkit.rules.inspection.fingerprint import PLAIN, fingerprint
from labelkit.rules.inspection.not_known import NotKnown
from labelkit.rules.inspection.resolution import Reason, Resolution
from labelkit.rules.inspection.syntax import home_of, source_of, sources_of

_T = TypeVar("_T")
_OS_PATH: Final = re.compile(r"^(posixpath|ntpath|genericpath)\b")
"""The names of ``os.path`` on each system."""
MOST_OF_PACKAGES: Final = 1_000
"""Functions and classes of packages that are searched for one rule; where there are more, it is not cached."""


def resolve(*functions: Any, columns: ColumnFunctions | None = None, look: Look | None = None) -> Resolution:
    """Find the inputs of functions besides their arguments.

    Parameters
    ----------
    *functions : callable
        Functions, methods, partial functions, callable objects of the project's own classes.
    columns : mapping of function to mapping of str to callable, optional
        Of each function, the functions that compute its arguments, by the names of the parameters.
    look : Look, optional
        What is known of objects at this moment; what is found is noted in it.
    """
    search = _InputSearch(look or Look())
    for function in functions:
        search.value(function, getattr(function, "__name__", type(function).__name__))
    reached = search.reached
    reasons = (*search.reasons(), *reached.reasons(columns or {}))
    packages = tuple(sorted(reached.packages.items()))
    digest = fingerprint(search.inputs, sorted(reached.packages))
    return Resolution(digest, packages, tuple(sorted(reached.files)), reasons)


class _InputSearch:
    """One search: the inputs by name, the reasons, and the objects that were searched already.

    A large object is searched by itself, without a look, and what is found is taken over.
    """

    def __init__(self, look: Look | None = None) -> None:
        self._look = look
        self.inputs: list[tuple[str, str]] = []
        self.reached = Reached()
        self.asked = self.reached.asked
        self.findings: list[Reason] = []
        self._searched: dict[int, tuple[int, Any]] = {}
        self._methods: tuple[str, ...] = ()
        self._within_methods: list[tuple[str, ...]] = []
        self.line = 0
        self._function = ""
        self._first = True
        self._cached = False
        self._in_package = False
        self._is_package_refused = False
        self._n_of_packages = 0
        self._kinds: dict[type, bool] = {}

    def value(self, value: Any, name: str) -> None:
        """Note a value that is read under a name."""
        try:
            self._value(value, name)
        except Exception as error:  # noqa: BLE001 - an object may raise whatever is asked of it
            self.unclear(f"reads {name}, which cannot be examined ({type(error).__name__}: {error})")

    def _value(self, value: Any, name: str) -> None:
        if type(value) in ATOMS:
            self.inputs.append((name, short_digest(value)))
            return
        home = home_of(value)
        if home is not None and home.startswith(("random.", "numpy.random.", "os.environ")):
            self.foreign(home)
        elif id(value) in self._searched:
            self.inputs.append((name, f"as {self._searched[id(value)][0]}"))
        elif type(value) in HOLDERS and (digest := self._known(value, plain_digest)) is not None:
            self._searched[id(value)] = len(self._searched), value
            self.inputs.append((name, digest))
        elif isinstance(value, (*PLAIN, Enum, re.Pattern, np.ndarray)):
            if isinstance(value, re.Pattern) and value.flags & re.LOCALE:
                self.unclear(f"reads {name}, a pattern that depends on the locale")
            is_array = isinstance(value, np.ndarray)
            self.inputs.append((name, self._known(value, fingerprint) if is_array else fingerprint(value)))
            self.reached.has_path |= isinstance(value, Path)
            if self._has_code(type(value)):  # a member of an enum, an instance of a subclass of str: methods count
                self._searched[id(value)] = len(self._searched), value
                self._instance(value, name)
        else:
            self._searched[id(value)] = len(self._searched), value
            if not self._is_taken(value, name):
                self._compound(value, name)

    def _has_code(self, kind: type) -> bool:
        """Return whether the code of a class is searched."""
        if kind not in self._kinds:
            self._kinds[kind] = is_searched(kind)
        return self._kinds[kind]

    def _known(self, value: Any, find: Callable[[Any], _T]) -> _T:
        """Return what is found of a value, once in a look."""
        return find(value) if self._look is None else self._look.known(value, find.__name__, lambda: find(value))

    def _is_taken(self, value: Any, name: str) -> bool:
        """Take over what a search of a large object by itself finds; False if it is not to be so searched."""
        is_within = self._methods or self._cached or self._in_package
        if self._look is None or is_within or not self._known(value, is_large):
            return False
        inner, digest = self._look.known(value, f"search as {name}", lambda: _searched_alone(value, name))
        if inner.findings:
            return False  # which belong to the function that reads it
        self.inputs.append((name, digest))
        self.reached.add(inner.reached)
        return True

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
            called = all(method in self.reached.asked or method.startswith("__") for method in methods)
            yield reason if called else replace(reason, impure=False)

    def _compound(self, value: Any, name: str) -> None:  # noqa: C901 - a table of kinds
        parts = parts_of_kind(value)
        self.reached.asked |= methods_called_by(value)
        if isinstance(value, FunctionType | type):
            self._definition(value, name)
        elif isinstance(value, NotKnown):
            self.unclear(value.why)
        elif isinstance(value, BuiltinFunctionType):
            self._builtin(value, name)
        elif isinstance(value, ModuleType):
            self.unclear(f"hands the module {value.__name__} on")
        elif hasattr(type(value), "__resolved_parts__") and not self._has_code(type(value)):
            self._parts(value.__resolved_parts__(), name)
        elif parts is not None:
            with self._in_cached(isinstance(value, functools.cached_property)):
                self._parts(parts, name)
            if self._has_code(type(value)):
                self._instance(value, name)
        elif "__wrapped__" in getattr(value, "__dict__", ()) and not self._has_code(type(value)):
            self._wrapped(value, name)
        elif isinstance(value, np.ufunc):
            self._ufunc(value, name)
        elif is_dataclass(value) or self._has_code(type(value)):
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
        kinds = set(map(type, parts))
        plain = all(issubclass(kind, PLAIN) and not is_searched(kind) for kind in kinds)
        self.reached.has_path |= any(issubclass(kind, Path) for kind in kinds)
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
        self.reached.objects.setdefault(type(value), name)
        self.value(type(value), type(value).__qualname__)

    def _note_set(self, attribute: str, value: Any) -> None:
        if is_large_set(value):
            self.reached.set_attributes.add(attribute)
        elif holds_set(value):
            self.reached.holder_attributes.add(attribute)

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
                    self.inputs.append((name, digest_of_code(value.__code__)))
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
            self._methods = (*before, attribute) if any(functions_of(part)) else before
            inner = functions_of(part) if isinstance(part, classmethod | staticmethod) else [part]
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
            self.reached.files.add(function.__code__.co_filename)
            self.reached.functions[function] = None
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
            for what, line in [*_seeds.unclear_draws(part, is_rule=not self._function), *unclear_reads(part)]:
                self.line = line
                self.unclear(what)
        unseeded = purity.SEEDED if source is None else _seeds.unseeded(source)
        around, defaults = self._closure(function), mutable_defaults(function)
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
        self.reached.packages[top] = version or ""
        if version is None:
            self.unclear(f"uses {top}, whose version is not known")


_MADE_OF: Final[WeakKeyDictionary[Any, str]] = WeakKeyDictionary()
"""Of each cached function, the digest of what it read when it held no answers."""


def _searched_alone(value: Any, name: str) -> tuple[_InputSearch, str]:
    """Search an object; returns the search, and the digest of its inputs."""
    search = _InputSearch()
    search.value(value, name)
    return search, fingerprint(search.inputs)


def _name_of(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"
