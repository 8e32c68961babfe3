"""Tell code of the user's project from the standard library and installed packages, and find their versions."""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from labelkit._shared.user_errors import PACKAGE
from labelkit._version import __version__

_INSTALLED: Final = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")})


def parents(path: str) -> Iterator[str]:
    """A dotted path and all that it lies in, longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


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
def version_of(package: str) -> str | None:
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
