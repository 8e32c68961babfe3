"""``collect`` finds the labeling functions of a module, file, dotted name or folder, in the order of their creation."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from labelkit.exceptions import CollectError, LabelkitError
from labelkit.labels import LabelSpace
from labelkit.lf import LabelingFunction, LabelingFunctions

_OUTPUT: Final = re.compile(r"Out|_oh|_{1,3}|_\d+")
"""Names under which a notebook keeps what its cells showed."""


def collect(
    source: ModuleType | str | Path | Sequence[ModuleType | str | Path],
    *,
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
) -> LabelingFunctions:
    r"""Collect the labeling functions of rule modules.

    Rules are found among a module's globals and in lists, tuples and dicts of them, in the order in which they were
    made; rules imported from elsewhere are left out. A file is run anew at each call, so that an edit shows.

    Parameters
    ----------
    source : module, path, dotted name, or several of these
        A folder stands for its Python files, in alphabetical order, without those whose names begin with ``_``;
        ``"__main__"`` for the notebook (or script) that asks, with the newest version of each rule.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred if not given: the enum of the labels that the rules are declared with, else the only
        ``IntEnum`` of their modules.

    Returns
    -------
    LabelingFunctions

    Raises
    ------
    CollectError
        If a module cannot be imported, has no rules, two rules share a name, or rules belong to two label spaces.
    LabelSpaceError
        If the classes cannot be inferred.

    Examples
    --------
    >>> import types, labelkit as lk
    >>> module = types.ModuleType("my_rules")
    >>> exec('import labelkit as lk\nfree = lk.keywords("free", label=1).rule(name="free")', module.__dict__)
    >>> lk.collect(module, labels=["HAM", "SPAM"])
    1 labeling functions over LabelSpace(HAM=0, SPAM=1)
      <keywords rule free(text) -> 1>
    """
    sources = list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    _forget_neighbours()
    modules = [module for one in sources for module in _modules(one)]
    found = list({id(lf): lf for module in modules for lf in rules_of(module)}.values())
    if not found:
        names = ", ".join(getattr(m, "__file__", None) or m.__name__ for m in modules) or str(source)
        raise CollectError(
            f"{names} has no labeling functions of its own",
            hint="decorate one with @keywords, @regex or @labeling_function",
        )
    return LabelingFunctions(found, labels=labels)


def rules_of(module: ModuleType) -> list[LabelingFunction[...]]:
    """The labeling functions that a module made, in the order of their creation.

    One that a function of another module made for it is its own; one that stands in another module was imported.
    """
    own, found = vars(module), {}
    for lf in _walk(_as_of_now(own), depth=3):
        home = lf.origin.namespace
        if home is own or not any(other is lf for other in _walk(home, depth=3)):
            found[id(lf)] = lf
    return sorted(found.values(), key=lambda lf: lf.order)


def _as_of_now(own: Mapping[str, Any]) -> Mapping[str, Any] | list[LabelingFunction[...]]:
    """A module's globals; of a notebook, its rules without earlier versions that it keeps as outputs or in lists."""
    if "_oh" not in own:
        return own
    kept = {name: value for name, value in own.items() if not _OUTPUT.fullmatch(name)}
    newest: dict[str, LabelingFunction[...]] = {
        name: value for name, value in kept.items() if isinstance(value, LabelingFunction) and value.name == name
    }
    return [lf for lf in _walk(kept, depth=3) if newest.get(lf.name, lf).order <= lf.order]


def _walk(value: Any, depth: int) -> Iterator[LabelingFunction[...]]:
    if isinstance(value, LabelingFunction):
        yield value
    elif isinstance(value, Mapping | list | tuple) and depth:
        for part in list(value.values()) if isinstance(value, Mapping) else value:
            yield from _walk(part, depth - 1)


def _modules(source: Any) -> list[ModuleType]:
    if isinstance(source, ModuleType):
        return [source]
    if not isinstance(source, str | Path):
        raise CollectError(f"rules cannot be collected from {source!r}", hint="give a module, a path or a dotted name")
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        if not files:
            raise CollectError(f"the folder {path} has no Python files")
        loaded = [load_file(file) for file in files]
        return [module for module in loaded if rules_of(module)] or loaded
    if path.is_file():
        return [load_file(path)]
    if isinstance(source, str) and not source.endswith(".py") and all(p.isidentifier() for p in source.split(".")):
        with _importable(Path.cwd()), _reported(source):
            try:
                return [importlib.import_module(source)]
            except ModuleNotFoundError as error:
                if error.name is None or not f"{source}.".startswith(f"{error.name}."):
                    raise  # the module is there, and misses another
            raise CollectError(f"there is no module or file {source!r}", hint=f"looked in {Path.cwd()} and sys.path")
    raise CollectError(f"there is no file {str(source)!r}", hint=f"paths start from {Path.cwd()}")


_neighbours: dict[str, ModuleType] = {}
"""Modules that rule files imported from beside them."""


def _forget_neighbours(other_than: Path | None = None) -> None:
    """Let the neighbours of rule files be imported anew: they may have been edited, or another folder has its own."""
    for name, module in list(_neighbours.items()):
        if other_than is None or not _stands_in(module, other_than):
            del _neighbours[name]
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stands_in(module: ModuleType, folder: Path) -> bool:
    """Whether a module is a file of the folder (a package, which holds others, is not)."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).parent == folder and not hasattr(module, "__path__")


def load_file(path: Path) -> ModuleType:
    """Run a Python file as a module, under its dotted name if it stands in a package.

    While it runs, the folder that holds it (or its outermost package) is importable, as it is for a script; what it
    imports from beside it is not shared with rule files of other folders.

    Raises
    ------
    CollectError
        If it raises; the message names the line.
    """
    path = path.resolve()
    root, names = path.parent, [path.stem]
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    name = ".".join(names)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CollectError(f"{path} is not a Python file", hint="rules stand in a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    _forget_neighbours(other_than=path.parent)
    before, loaded = sys.modules.get(name), set(sys.modules)
    with _importable(root), _own_package(root / names[0]), _reported(str(path)):
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
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - the user's rules, as an import would run them


_set_aside: dict[Path, dict[str, ModuleType]] = {}
"""The modules of packages whose name another one has in the table of modules, by their folder."""


@contextmanager
def _own_package(folder: Path) -> Iterator[None]:
    """Let a package of the same name that stands elsewhere make way while a file of this one is run."""
    known = sys.modules.get(folder.name)
    importlib.invalidate_caches()
    if known is None or str(folder) in map(str, getattr(known, "__path__", (folder,))):
        yield
        return
    aside = _take_out(folder.name)
    sys.modules.update(_set_aside.get(folder, {}))
    try:
        yield
    finally:
        _set_aside[folder] = _take_out(folder.name)
        sys.modules.update(aside)


def _take_out(package: str) -> dict[str, ModuleType]:
    """Take a package and its modules out of the table of modules."""
    return {n: sys.modules.pop(n) for n in list(sys.modules) if n == package or n.startswith(f"{package}.")}


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a rule module import its neighbours, as a script can, without leaving a trace on the import path."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


@contextmanager
def _reported(source: str) -> Iterator[None]:
    """Turn whatever a rule module raises into an error that names the line."""
    try:
        yield
    except CollectError:
        raise
    except LabelkitError as error:
        raise CollectError(f"{_place(error, source)}: {error.message}", hint=error.hint) from error
    except SyntaxError as error:
        raise CollectError(f"{error.filename or source}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise CollectError(f"{_place(error, source)}: {type(error).__name__}: {error}") from error


def _place(error: BaseException, source: str) -> str:
    """The last line of the user's own code in a traceback."""
    trace, place = error.__traceback__, source
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if source in (file, trace.tb_frame.f_globals.get("__name__")):
            place = f"{file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
