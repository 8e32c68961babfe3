"""Tell code of the user's project from the standard library and installed packages, and find their versions."""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from labelkit._shared.user_errors import SITES, is_of_labelkit, is_of_project
from labelkit._version import __version__
from labelkit.rules.inspection._judged_names import is_judged

_OF_PYTHON: Final = frozenset(("__dict__", "__weakref__", "__slots__"))
"""Attributes of classes that are written in Python, or their bases; C has classes that their modules do not name."""


def parents(path: str) -> Iterator[str]:
    """Iterate over a dotted path and all that it lies in, longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def is_ours(thing: Any) -> bool:
    """Return True for code of the user's project: neither built in nor installed.

    What has no file is of a notebook.
    """
    file = _file_of(thing)
    return file is not None and is_of_project(file)


def is_searched(thing: Any) -> bool:
    """Return True for code that is searched: of the project, or of a package that is not judged by its names."""
    file = _file_of(thing)
    return file is not None and (is_of_project(file) or _is_of_searched_package(file))


def _file_of(thing: Any) -> str | None:
    """Return the file that a function, class or module is defined in; None of what is built in."""
    if isinstance(thing, FunctionType):
        return thing.__code__.co_filename
    if isinstance(thing, type) and _is_made_by_call(thing):
        return "<none>"
    module = thing if isinstance(thing, ModuleType) else _home(thing)
    name = getattr(module, "__name__", "")
    if name.partition(".")[0] in sys.stdlib_module_names and name != "__main__":
        return None
    return getattr(module, "__file__", None) or "<none>"


@functools.lru_cache(maxsize=4096)
def _is_of_searched_package(file: str) -> bool:
    """Return True for a file of an installed package that the tables of names do not judge."""
    parts = Path(file).resolve().parts
    below = [parts[n + 1] for n, part in enumerate(parts[:-1]) if part in SITES]
    return bool(below) and not is_of_labelkit(file) and not is_judged(below[-1])


def object_named(dotted: str) -> Any:
    """Return what a dotted name of a loaded package stands for, as far as its modules and classes reach.

    Raises
    ------
    LookupError
        If its module is not loaded, or has no such attribute.
    """
    module = next((name for name in parents(dotted) if name in sys.modules), None)
    if module is None:
        raise LookupError(dotted)
    value: Any = sys.modules[module]
    for name in dotted[len(module) + 1 :].split(".") if module != dotted else ():
        if not isinstance(value, ModuleType | type):
            break
        if not hasattr(value, name):
            raise LookupError(dotted)
        value = getattr(value, name)
    return value


def is_patched(thing: Any) -> bool:
    """Return True for a function or class that is searched, and may have been put into a module of a package."""
    home = _home(thing)
    return isinstance(thing, FunctionType | type) and (home is None or is_searched(home))


def _home(thing: Any) -> ModuleType | None:
    """Return the module that a function or class names as its own, if it is loaded."""
    name = getattr(thing, "__module__", None)
    return sys.modules.get(name) if isinstance(name, str) else None


def _is_made_by_call(kind: type) -> bool:
    """Return whether a class was made by a call, as by ``make_dataclass``: it names the module of that function."""
    home = _home(kind)
    written = any(not _OF_PYTHON.isdisjoint(vars(base)) for base in kind.__mro__)
    if home is None or not written or home is builtins or "<locals>" in kind.__qualname__:
        return False
    value: Any = home
    for name in kind.__qualname__.split("."):
        value = getattr(value, name, None)
    return value is None


@functools.cache
def version_of(package: str) -> str | None:
    """Return the version of an installed package, by its ``__version__`` or its distribution's; None if unknown."""
    if package == "labelkit":
        return __version__
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):
        return version
    names = [package] if _installed(package) else metadata.packages_distributions().get(package, [])
    return ",".join(map(metadata.version, names)) or None


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
