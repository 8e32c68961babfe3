"""Import a module of rules from a file, with the modules beside it."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from labelkit._shared.unreadable import CODE, LET_READ, why_not_opened
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import described, plain, traceback_of
from labelkit.exceptions import CollectError, LabelkitError
from labelkit.rules._syntax_hints import hint_of_syntax
from labelkit.rules.module_spelling import hint_of_undefined

RULES_FIRST: Final = "rules come first, and the corpus behind them"
"""What to do where a corpus stands in the place of rules."""

_neighbours: dict[str, ModuleType] = {}
"""Modules that rule files imported from their folder."""


def neighbours() -> list[ModuleType]:
    """List the modules that the rule files which were run last imported from their folder."""
    return list(_neighbours.values())


def forget_neighbours(other_than: Path | None = None) -> None:
    """Import the neighbours of rule files anew: they may have been edited, or another folder has its own."""
    for name, module in list(_neighbours.items()):
        if other_than is None or not _stands_in(module, other_than):
            del _neighbours[name]
            for modules in (sys.modules, *_set_aside.values()):
                if modules.get(name) is module:
                    del modules[name]


def _stands_in(module: ModuleType, folder: Path) -> bool:
    """Tell if a module is a file of the folder; a package, which holds others, is not."""
    file = vars(module).get("__file__")  # a module may have a __getattr__ that answers anything
    return isinstance(file, str) and Path(file).parent == folder and "__path__" not in vars(module)


def import_root(path: Path) -> Path:
    """Return the folder at which imports of a file begin: its own, or that of the outermost package around it."""
    root = path.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    return root


@contextmanager
def imports_of(roots: Iterable[Path]) -> Iterator[None]:
    """Let functions import what stands in their own folders, whatever other modules of these names are loaded."""
    with ExitStack() as stack:
        for root in roots:
            stack.enter_context(_own_modules(root))
            stack.enter_context(importable(root))
        yield


def load_file(path: Path) -> ModuleType:
    """Run a Python file as a module, under its dotted name if it stands in a package.

    While it runs, the folder that holds it (or its outermost package) is importable, as it is for a script; what it
    imports from beside it is not shared with rule files of other folders.

    Raises
    ------
    CollectError
        If it raises; the message names the line.
    """
    shown, path = str(path), path.resolve()
    root = import_root(path)
    names = path.relative_to(root).with_suffix("").parts
    name = ".".join(names)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CollectError(
            f"{shown!r} is not a Python file",
            hint=f"rules stand in a file that ends in .py; {RULES_FIRST}",
            code="LK113",
        )
    module = importlib.util.module_from_spec(spec)
    forget_neighbours(other_than=path.parent)
    with _own_modules(root), importable(root), reported(str(path)):
        before, loaded = sys.modules.get(name), set(sys.modules)
        if len(names) > 1:
            importlib.import_module(".".join(names[:-1]))
        sys.modules[name] = module  # dataclasses and pickles look a class's module up here while it runs
        try:
            _execute(module, path)
        finally:
            if before is not None:
                sys.modules[name] = before
            elif sys.modules.get(name) is module and len(names) == 1:
                del sys.modules[name]
            new = {n: m for n, m in sys.modules.items() if n not in loaded}
            _neighbours.update({n: m for n, m in new.items() if _stands_in(m, path.parent)})
    return module


def _execute(module: ModuleType, path: Path) -> None:
    """Run a file as it is now: compiled files and remembered lines may be those of an edit within the same second."""
    linecache.cache.pop(str(path), None)
    source = path.read_bytes()
    code = compile(source, str(path), "exec", dont_inherit=True)  # not with the __future__ of this file
    with UserCode(importing=True):
        exec(code, module.__dict__)  # noqa: S102 - the user's rules, as an import would run them


_set_aside: dict[Path, dict[str, ModuleType]] = {}
"""By folder, its modules whose names those of another one have in the table of modules."""


@contextmanager
def _own_modules(folder: Path) -> Iterator[None]:
    """Take modules out of ``sys.modules`` where a file that is run has others of the same name beside it.

    What another rule file imported from its folder is not what this file means; it is kept for its folder. What the
    session imported from its own path is put back afterwards. The standard library and installed packages stay.
    """
    importlib.invalidate_caches()
    on_path = {Path(entry).resolve() for entry in sys.path}
    aside: dict[str, ModuleType] = {}
    for name in _names_in(folder):
        home = _home_elsewhere(name, folder, on_path)
        if home is not None:
            (aside if home in on_path else _set_aside.setdefault(home, {})).update(_take_out(name))
    sys.modules.update(_set_aside.pop(folder, {}))
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # it would hide an edit within the same second
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_none
        for name in {name.partition(".")[0] for name in aside}:
            _set_aside.setdefault(folder, {}).update(_take_out(name))
        sys.modules.update(aside)


def _names_in(folder: Path) -> set[str]:
    """Return the names of the modules and packages in a folder that are loaded, from wherever."""
    try:
        entries = list(folder.iterdir())
    except OSError:  # which may be entered, but not listed
        return set()
    return {entry.stem if entry.suffix == ".py" else entry.name for entry in entries} & sys.modules.keys()


_INSTALLED: Final = tuple(
    Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")
)
"""The folders of the standard library and of installed packages."""


def _home_elsewhere(name: str, folder: Path, on_path: set[Path]) -> Path | None:
    """Return the folder of a loaded module or package of the user, if an import in this folder would find another."""
    if name in {"labelkit", "__main__", *sys.stdlib_module_names}:
        return None
    homes = {home for n in _names_below(name) for home in _homes(n)} - {folder}
    is_regular = any((folder / place).is_file() for place in (f"{name}.py", f"{name}/__init__.py"))
    for home in sorted(homes):
        is_installed = any(home.is_relative_to(place) for place in _INSTALLED)
        if not is_installed and (is_regular or home not in on_path):  # a folder without __init__.py comes last
            return home
    return None


def _homes(name: str) -> list[Path]:
    """Return the folder in which the file of a module, or its outermost package, stands; those of a namespace."""
    attributes = vars(sys.modules[name])
    file, portions = attributes.get("__file__"), attributes.get("__path__")
    places = [file] if isinstance(file, str) else list(portions or ())
    depth = name.count(".") + (isinstance(file, str) and portions is not None)
    return [Path(place).resolve().parents[depth] for place in places]


def _names_below(package: str) -> list[str]:
    return [name for name in sys.modules if name == package or name.startswith(f"{package}.")]


def _take_out(package: str) -> dict[str, ModuleType]:
    """Take a package and its modules out of the table of modules."""
    return {name: sys.modules.pop(name) for name in _names_below(package)}


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let a rule module import its neighbours, as a script can, without leaving a trace on the import path."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


@contextmanager
def reported(source: str) -> Iterator[None]:
    """Turn whatever a rule module raises into an error that names the line."""
    try:
        with UserCode(importing=True) as code:
            yield
    except CollectError:
        raise
    except LabelkitError as error:
        raise CollectError(f"{_place(error, source)}: {error.message}", hint=error.hint, code=error.code) from error
    except PermissionError as error:
        if error.filename != source or code.stopped_by(error):
            raise CollectError(f"{_place(error, source)}: {why_not_opened(error)}", hint=LET_READ, code=CODE) from error
        raise CollectError(why_not_opened(error), hint=LET_READ, code=CODE) from error
    except SyntaxError as error:
        place = error.filename or source
        place += f", line {error.lineno}" if error.lineno is not None else ""
        hint = hint_of_syntax(error.msg, error.text or "")
        raise CollectError(plain(f"{place}: {error.msg}"), hint=hint, code="LK114") from error
    except BaseException as error:
        if code.stopped_by(error):
            raise
        kind, message = described(error, with_place=False)
        hint = None
        if isinstance(error, ModuleNotFoundError) and error.name is not None:
            hint = f"install what {error.name.partition('.')[0]!r} is of, or correct the name"
        elif isinstance(error, NameError) and isinstance(error.name, str):
            hint = hint_of_undefined(error.name, _namespace(error))
        raise CollectError(f"{_place(error, source)}: {kind}: {message}", hint=hint, code="LK114") from error


def _namespace(error: BaseException) -> Mapping[str, Any]:
    """Return the globals of the code that raised an error."""
    trace, namespace = traceback_of(error), {}
    while trace is not None:
        namespace, trace = trace.tb_frame.f_globals, trace.tb_next
    return namespace


def _place(error: BaseException, source: str) -> str:
    """Find the last line of the user's code in a traceback."""
    trace, place = traceback_of(error), source
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if source in (file, trace.tb_frame.f_globals.get("__name__")):
            place = plain(f"{file}, line {trace.tb_lineno}")
        trace = trace.tb_next
    return place
