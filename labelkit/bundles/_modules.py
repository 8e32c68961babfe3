"""Import the modules of a bundle from its own folder, apart from all modules of the same names.

A process may have a module ``helpers`` of its own, and two bundles may have one each. While code of a bundle imports
something, the modules of that bundle, and no others of their names, stand in ``sys.modules``; afterwards what stood
there before is back. Functions of the bundle that import later do so by an ``__import__`` of their own, since the
names of builtins are looked up in the module that a function was written in.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_importing: Final = threading.RLock()
"""``sys.modules`` belongs to the whole process: one bundle imports at a time."""


class BundleModules:
    """The modules of one bundle.

    Parameters
    ----------
    files : mapping of str to Path
        The file of each module by its dotted name; that of a package is its ``__init__.py``.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._sources = {str(file): file.read_bytes() for file in self._files.values()}
        self._folders = _folders_of(self._files)
        self._tops = frozenset(name.partition(".")[0] for name in self._files)
        self._loaded: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, names: Sequence[str]) -> list[ModuleType]:
        """Import modules by their dotted names."""
        with self.in_place():
            return [importlib.import_module(name) for name in names]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let imports find the modules of this bundle, and restore those of the process afterwards."""
        with _importing:
            aside = self._taken_out()
            sys.modules.update(self._loaded)
            sys.meta_path.insert(0, self)
            try:
                yield
            finally:
                sys.meta_path.remove(self)
                self._loaded = self._taken_out()
                sys.modules.update(aside)

    def find_spec(
        self, fullname: str, _path: Any = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module of the bundle, as importers of Python do."""
        file = self._files.get(fullname)
        if file is None:
            folder = self._folders.get(fullname)
            if folder is None:
                return None
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(folder)]
            return spec
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        loader = _Loader(fullname, str(file), self._sources[str(file)], self._builtins)
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)

    def _taken_out(self) -> dict[str, ModuleType]:
        """Take the modules whose names are the bundle's out of the table of modules."""
        names = [name for name in sys.modules if name.partition(".")[0] in self._tops]
        return {name: sys.modules.pop(name) for name in names}

    def _import(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Import as ``__import__`` does, the modules of this bundle before others of their names."""
        given = dict(zip(("globals", "locals", "fromlist", "level"), arguments, strict=False)) | named
        level, wanted = given.get("level", 0), given.get("fromlist") or ()
        if not level and name.partition(".")[0] not in self._tops:
            return builtins.__import__(name, *arguments, **named)
        package = (given.get("globals") or {}).get("__package__")
        full = importlib.util.resolve_name(f"{'.' * level}{name}", package) if level else name
        module = self._loaded.get(full)
        if module is not None and all(hasattr(module, attribute) for attribute in wanted):
            return module if wanted else self._loaded[full.partition(".")[0]]
        with self.in_place():
            return builtins.__import__(name, *arguments, **named)


class _Loader(importlib.machinery.SourceFileLoader):
    """Run a module of a bundle with the builtins of its bundle; no compiled file is read or written.

    The source is kept, so that what a rule imports when it votes is there after the folder was removed.
    """

    def __init__(self, fullname: str, path: str, source: bytes, names: Mapping[str, Any]) -> None:
        super().__init__(fullname, path)
        self._source, self._names = source, names

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        vars(module)["__builtins__"] = self._names
        super().exec_module(module)

    def get_code(self, fullname: str) -> Any:
        """Compile the source."""
        return self.source_to_code(self._source, self.get_filename(fullname))


def _folders_of(files: Mapping[str, Path]) -> dict[str, Path]:
    """Map the packages without a file of their own (namespace packages) to their folders."""
    folders: dict[str, Path] = {}
    for name, file in files.items():
        folder = file.parent.parent if file.name == "__init__.py" else file.parent
        parent = name.rpartition(".")[0]
        while parent:
            if parent not in files:
                folders.setdefault(parent, folder)
            folder, parent = folder.parent, parent.rpartition(".")[0]
    return folders
