"""Find the files that a bundle must hold: the modules of the rules, those that they import, and what they read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelkit.exceptions import BundleError
from labelkit.rules.inspection.module_files import imported_names, root_of, with_imports


@dataclass(frozen=True)
class Contents:
    """The files of a bundle.

    Attributes
    ----------
    base : Path
        The folder that all of them lie in; a bundle keeps their places below it.
    modules : dict of str to Path
        Modules of the project by dotted name.
    files : tuple of Path
        All files, modules included.
    imports : frozenset of str
        The top-level names that the modules import, of the project or not.
    """

    base: Path
    modules: dict[str, Path]
    files: tuple[Path, ...]
    imports: frozenset[str]

    @classmethod
    def of(cls, loaded: Mapping[str, str], read: Iterable[str], include: Iterable[Path]) -> Contents:
        """Gather the modules that were loaded, those that they may import later, and the files that were read.

        Raises
        ------
        BundleError
            If a module is not Python source, or a file is on another drive.
        """
        modules = with_imports({name: Path(file) for name, file in loaded.items()})
        for name, file in modules.items():
            if file.suffix != ".py":
                raise BundleError(
                    f"the module {name!r} ({file.name}) is no Python source, so it cannot be bundled",
                    hint="install it as a package where the bundle is used",
                    code="LK552",
                )
        others = [file for path in (*map(Path, read), *include) for file in _files_at(path)]
        files = tuple(sorted({*modules.values(), *others}))
        roots = [str(root_of(name, file)) for name, file in modules.items()]
        try:
            base = Path(os.path.commonpath([*roots, *(str(file.parent) for file in files)]))
        except ValueError:
            raise BundleError("the rules and their files are on several drives", hint="keep them together") from None
        imports = {dotted.partition(".")[0] for name, file in modules.items() for dotted in imported_names(name, file)}
        return cls(base, modules, files, frozenset(imports))

    def name_of(self, file: Path) -> str:
        """Return the name of the member of the bundle that holds a file."""
        return f"files/{file.relative_to(self.base).as_posix()}"


def _files_at(path: Path) -> Iterator[Path]:
    """Iterate over a file, or all files of a folder; what is not there is the rules' own affair."""
    if path.is_dir():
        yield from (f.resolve() for f in path.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    elif path.is_file():
        yield path.resolve()
