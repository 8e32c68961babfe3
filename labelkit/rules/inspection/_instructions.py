"""Read the byte code of a function: which globals, imports and attributes it reads, and what it changes.

Only instructions by name are interpreted. One that is not known, of a later Python, makes the function unknown: its
votes are not cached, and nothing is wrong.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, Protocol

from labelkit.rules.inspection import purity
from labelkit.rules.inspection._objects import DESCRIPTIONS, MUTABLE
from labelkit.rules.inspection._origin import is_ours, is_patched, is_searched, object_named, parents
from labelkit.rules.inspection.fingerprint import PLAIN, fingerprint
from labelkit.rules.inspection.syntax import GENERATOR, home_of

_PATHLIB: Final = re.compile(r"^pathlib\.(_local\.|_abc\.)?(Posix|Windows)?Path\b")
_NAME_INSTRUCTIONS: Final = frozenset(
    (
        *("LOAD_NAME", "STORE_NAME", "DELETE_NAME", "LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_ATTR"),
        *("STORE_ATTR", "DELETE_ATTR", "LOAD_METHOD", "IMPORT_NAME", "IMPORT_FROM", "LOAD_SUPER_ATTR"),
        *("LOAD_SUPER_METHOD", "LOAD_ZERO_SUPER_ATTR", "LOAD_ZERO_SUPER_METHOD", "LOAD_FROM_DICT_OR_GLOBALS"),
    )
)
"""Instructions with a name that are understood; another one, of a later Python, makes a function unknown."""

_FILLERS: Final = frozenset(("CACHE", "PUSH_NULL", "EXTENDED_ARG", "NOP", "RESUME"))
"""Instructions that may stand between others without effect here."""

_ATTRIBUTE: Final = frozenset(("LOAD_ATTR", "LOAD_METHOD"))
_STATE: Final = frozenset(
    (
        *("__globals__", "__hash__", "cache_info", "tb_lineno", "f_lineno", "co_firstlineno", "co_lines"),
        *("co_positions", "co_filename"),
    )
)
"""Attributes by which a function gets at other globals, a number of this process, earlier calls, or places in files."""

_STORE_ITEM: Final = frozenset(("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"))
_CLOSURE: Final = frozenset(("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"))


class Notes(Protocol):
    """The receiver of what a body reads."""

    line: int
    """The line of the instruction at hand."""

    asked: set[str]
    """The names of all attributes that are read."""

    def value(self, value: Any, name: str) -> None:
        """Note a value of the project that is read under a name."""

    def foreign(self, dotted: str, *, seeded: bool = False) -> None:
        """Note something of the standard library or a package."""

    def stands_for(self, name: str, dotted: str) -> None:
        """Note what a name stands for."""

    def impure(self, what: str) -> None:
        """Note what depends on more than the arguments."""

    def unclear(self, what: str) -> None:
        """Note what may."""


class Body:
    """The instructions of one code object of a function.

    Parameters
    ----------
    notes : Notes
    code : code
    scope : mapping
        The globals.
    around : mapping
        The variables of the closure.
    defaults : mapping
        The parameters that have a mutable default.
    imported : mapping
        The local names that the function imports, with the dotted name of each.
    unseeded : set of str
        Generators of random numbers that it makes without a seed.
    has_source : bool
        Whether the source of the function was searched for globals that it changes.
    """

    def __init__(
        self,
        notes: Notes,
        code: CodeType,
        scope: Mapping[str, Any],
        around: Mapping[str, Any],
        defaults: Mapping[str, Any],
        imported: Mapping[str, str],
        unseeded: frozenset[str] | set[str],
        *,
        has_source: bool,
    ) -> None:
        self._notes, self._scope, self._around, self._defaults = notes, scope, around, defaults
        self._imported, self._unseeded, self._has_source = imported, unseeded, has_source
        self._steps = steps_of(code)
        self._stores_items = any(step.opname in _STORE_ITEM for step in self._steps)
        self._reads_paths = False

    def search(self) -> None:
        """Note what each instruction reads."""
        names = dis.hasname
        for position, step in enumerate(self._steps):
            self._notes.line = _line_of(step) or self._notes.line
            after = self._steps[position + 1 :]
            if step.opcode in names and step.opname not in _NAME_INSTRUCTIONS:
                self._notes.unclear(f"has the instruction {step.opname}, which is not understood")
            elif step.opname in {"STORE_GLOBAL", "DELETE_GLOBAL"}:
                self._notes.impure(f"changes the global {step.argval}")
            elif step.opname == "IMPORT_NAME":
                self._import(imported_module(self._steps, position, self._scope))
            elif step.opname in {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}:
                self._load(step.argval, after, self._scope)
            elif step.opname in _CLOSURE and step.argval in self._around:
                self._load(step.argval, after, self._around)
            elif step.opname in {"STORE_DEREF", "DELETE_DEREF"} and step.argval in self._around:
                self._notes.impure(f"changes {step.argval}, a variable of the function around it")
            else:
                self._local(step, after)
        self._notes.asked |= {step.argval for step in self._steps if step.opname in _ATTRIBUTE}
        read = {step.argval for step in self._steps if isinstance(step.argval, str)} & DESCRIPTIONS
        for description in sorted(read):
            self._notes.unclear(f"reads {description}, and descriptions of code are not compared")
        for attribute in sorted({step.argval for step in self._steps if step.opname in _ATTRIBUTE} & _STATE):
            self._notes.unclear(f"reads {attribute}, which is not compared")
        self._file_methods()

    def _local(self, step: dis.Instruction, after: list[dis.Instruction]) -> None:
        """A local name of something that the function imports."""
        if not step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")):
            return
        if step.argval in self._imported:
            self._foreign(".".join([self._imported[step.argval], *_attributes_after(after)]))
        elif step.argval in self._defaults:
            self._changes(f"the default of {step.argval}", self._defaults[step.argval], after, certain=True)

    def _load(self, name: str, after: list[dis.Instruction], scope: Mapping[str, Any]) -> None:
        """A global name, with the attributes that follow it as far as they are those of modules and classes."""
        if name.startswith("@"):  # by which pytest describes an assertion that fails; it leads to all of its tests
            return
        if name not in scope and name not in self._imported and _is_added(name):
            scope = vars(builtins)
        if name not in scope:
            if name in self._imported:
                self._foreign(".".join([self._imported[name], *_attributes_after(after)]))
            elif hasattr(builtins, name):
                value = getattr(builtins, name)
                self._foreign(f"{getattr(value, '__module__', None) or 'builtins'}.{name}")
            else:
                self._notes.unclear(f"reads the global {name}, which does not exist")
            return
        value = scope[name]
        self._changes(name, value, after, certain=scope is self._around or not self._has_source)
        path, consumed = name, 0
        for step in after:
            if not isinstance(value, ModuleType | type) or step.opname not in _ATTRIBUTE:
                break
            if not is_searched(value):
                path = value.__name__ if isinstance(value, ModuleType) else f"{value.__module__}.{value.__qualname__}"
            if not hasattr(value, step.argval):
                break
            path, value, consumed = f"{path}.{step.argval}", getattr(value, step.argval), consumed + 1
        self._reached(name, path, value, after[consumed:])

    def _changes(self, name: str, value: Any, after: list[dis.Instruction], *, certain: bool) -> None:
        """Note a mutable object that is changed, or may be, since it gets a local name or items are stored.

        Globals that functions change are found in the source (:func:`purity.shared_state`), where there is one.
        """
        if not isinstance(value, MUTABLE) or not after:
            return
        if is_changed(after):
            note = self._notes.impure if certain else self._notes.unclear
            note(f"may change {name}, which outlives the call")
        elif self._stores_items or after[0].opname.startswith("STORE_"):
            self._notes.unclear(f"may change {name}, which outlives the call")

    def _reached(self, name: str, path: str, value: Any, after: list[dis.Instruction]) -> None:
        home = home_of(value)
        if isinstance(value, PurePath):
            self._reads_paths = True
        if home is not None and home.startswith(("random.", "numpy.random.", "os.environ")):
            read = _attributes_after(after)[:1] if home == "os.environ" or home.endswith(GENERATOR) else []
            self._foreign(".".join([home.removesuffix(" object") if read else home, *read]))
            return
        owner = path.rpartition(".")[0]
        module = next((m for m in parents(owner) if m in sys.modules), None)
        if module is not None and not _is_searched_name(path, sys.modules[module]) and not is_patched(value):
            self._notes.stands_for(f"module {name}", path)
            self._foreign(path)
            if isinstance(value, PLAIN):  # which the project may have set
                self._notes.value(value, path)
        elif isinstance(value, type) and not is_searched(value):
            self._notes.stands_for(name, f"{value.__module__}.{value.__qualname__}")
            self._foreign(f"{value.__module__}.{value.__qualname__}")
        else:
            self._notes.value(value, path)

    def _foreign(self, dotted: str) -> None:
        if _PATHLIB.match(dotted):
            self._reads_paths = True
        top = sys.modules.get(dotted.partition(".")[0])
        if top is not None and not is_ours(top) and _is_searched_name(dotted, top):
            try:
                self._notes.value(object_named(dotted), dotted)
            except LookupError:
                self._notes.unclear(f"uses {dotted}, which is not loaded")
            return
        self._notes.foreign(dotted, seeded=dotted in purity.SEEDED and dotted not in self._unseeded)

    def _import(self, name: str) -> None:
        """A module that is imported when the function is called."""
        module = sys.modules.get(name)
        if module is not None and is_ours(module):
            self._notes.unclear(f"imports {name}, a module of its own project, when it is called")
        elif purity.is_unclear(name) or purity.impurity(name) is not None:
            self._notes.unclear(f"imports {name}, which may depend on more than its arguments")
        elif module is None or not is_searched(module):
            self._foreign(name)  # else what is used of it is searched

    def _file_methods(self) -> None:
        """Methods by which paths read files, of whatever object."""
        methods = {step.argval: step for step in self._steps if step.opname in _ATTRIBUTE}
        reading = purity.FILE_METHODS | (purity.PATH_METHODS if self._reads_paths else frozenset())
        for name in sorted(methods.keys() & reading):
            self._notes.line = _line_of(methods[name]) or self._notes.line
            self._notes.impure(f"uses pathlib.Path.{name}, which {purity.OF_FILES}")


def _is_searched_name(path: str, module: ModuleType) -> bool:
    """Return True for a name of a module whose code is searched, unless the tables say that it is impure."""
    return is_searched(module) and (is_ours(module) or purity.impurity(path) is None)


def is_changed(after: list[dis.Instruction]) -> bool:
    """Return True if the value that was just loaded is changed: by a method, or by a store of one of its items."""
    following = [step.opname for step in after[:2]]
    if following[:1] and following[0] in _ATTRIBUTE:
        return after[0].argval in purity.MUTATORS
    is_key = len(following) == 2 and following[0].startswith("LOAD_")
    return is_key and (following[1] in _STORE_ITEM or following[1] == "COPY")  # of value[key] = 1, value[key] += 1


def changes_of_self(function: FunctionType) -> Iterator[tuple[str, bool]]:
    """List the attributes of its first parameter that a method changes, and whether it counts up (``self.n += 1``).

    Attributes of attributes are among them, by their dotted names.
    """
    code = function.__code__
    steps = steps_of(code) if code.co_argcount else []
    for position, step in enumerate(steps):
        if not step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) or step.argval != code.co_varnames[0]:
            continue
        read = _attributes_after(steps[position + 1 :])
        for n, attribute in enumerate([*read, ""]):
            after, path = steps[position + 1 + n : position + 5 + n], read[:n]
            if not after:
                break
            if after[0].opname in {"STORE_ATTR", "DELETE_ATTR"}:
                yield ".".join([*path, after[0].argval]), False
            elif len(after) > 1 and after[0].opname == "COPY" and after[1].opname == "LOAD_ATTR":
                yield ".".join([*path, after[1].argval]), True
            elif attribute and is_changed(after[1:]):
                yield ".".join([*path, attribute]), False


def _layout_of(code: CodeType) -> Iterator[Any]:
    """Iterate over all that decides what loaded code does, whatever its file says now.

    Constants stand where they are loaded, so that a docstring, which is not, does not count; nor do lines and the names
    of local variables.
    """
    n_parameters = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)
    n_parameters += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    yield code.co_varnames[:n_parameters], code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    yield (
        code.co_flags & ~getattr(inspect, "CO_HAS_DOCSTRING", 0),
        code.co_names,
        getattr(code, "co_exceptiontable", b""),
    )
    for step in dis.get_instructions(code):
        if step.opcode not in dis.hasconst:
            yield step.opcode, step.arg
            continue
        constant = code.co_consts[step.arg or 0]
        if isinstance(constant, CodeType):
            yield constant.co_name
            yield from _layout_of(constant)
        else:
            yield step.opcode, constant


def digest_of_code(code: CodeType) -> str:
    """Hash all that decides what loaded code does."""
    return _digest_of_code(code, code.co_flags, getattr(code, "co_exceptiontable", b""))


@lru_cache(maxsize=2**14)
def _digest_of_code(code: CodeType, *_not_compared: Any) -> str:
    """Hash code, once for code that is equal in all that counts; not each Python compares all of it."""
    return fingerprint(*_layout_of(code))


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Iterate over a function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def steps_of(code: CodeType) -> list[dis.Instruction]:
    """Decode the instructions of a function; one that loads or stores two local variables counts as two."""
    return list(_steps_of(code, code.co_linetable))


@lru_cache(maxsize=256)
def _steps_of(code: CodeType, _lines: bytes) -> list[dis.Instruction]:
    """Decode code once while a rule is searched; not each Python compares the lines of code, which steps have."""
    return [
        part
        for step in dis.get_instructions(code)
        if step.opname not in _FILLERS
        for part in (_halves(step) if isinstance(step.argval, tuple) and "_FAST" in step.opname else [step])
    ]


def _halves(step: dis.Instruction) -> list[dis.Instruction]:
    names = re.findall("LOAD_FAST|STORE_FAST", step.opname)
    return [step._replace(opname=name, argval=value) for name, value in zip(names, step.argval, strict=True)]


def _line_of(step: dis.Instruction) -> int | None:
    return step.positions.lineno if step.positions is not None else None


def _is_added(name: str) -> bool:
    """Return True for a value that somebody put among the builtins; functions and classes name their module."""
    value = getattr(builtins, name, None)
    is_of_python = value is None or value is Ellipsis or value is NotImplemented or name.startswith("__")
    return not is_of_python and not hasattr(value, "__module__")


def _attributes_after(steps: list[dis.Instruction]) -> list[str]:
    """List the attributes that are read of what was just loaded."""
    names: list[str] = []
    for step in steps:
        if step.opname not in _ATTRIBUTE:
            break
        names.append(step.argval)
    return names


def imports(code: CodeType, scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """List the local names that a function imports, with the dotted name of each."""
    steps = steps_of(code)
    for position, step in enumerate(steps):
        if step.opname != "IMPORT_NAME":
            continue
        name, following = imported_module(steps, position, scope), steps[position + 1 :]
        if position and steps[position - 1].argval is None and following[0].opname == "IMPORT_FROM":  # import a.b as c
            yield next(one.argval for one in following if one.opname.startswith("STORE_")), name
            continue
        if following and following[0].opname.startswith("STORE_"):  # import a.b binds a
            yield following[0].argval, name.partition(".")[0]
            continue
        for one, other in itertools.pairwise(following):
            if one.opname == "IMPORT_FROM" and other.opname.startswith("STORE_"):
                yield other.argval, f"{name}.{one.argval}"
            elif one.opname not in {"IMPORT_FROM", "SWAP", "POP_TOP"} and not one.opname.startswith("STORE_"):
                break


def imported_module(steps: list[dis.Instruction], position: int, scope: Mapping[str, Any]) -> str:
    """Return the dotted name of the module that an instruction imports; of a relative import, that of its package."""
    name = str(steps[position].argval)
    level = steps[position - 2].argval if position > 1 else 0
    if not isinstance(level, int) or level < 1:
        return name
    package = str(scope.get("__package__") or "").split(".")
    return ".".join([*package[: len(package) - level + 1], *filter(None, [name])])
