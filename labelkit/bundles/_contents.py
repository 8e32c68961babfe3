"""Find the files that a bundle must hold: the modules of the rules, those that they import, and what they read."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labelkit._shared.user_errors import is_of_project
from labelkit.exceptions import BundleError


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
        modules = _with_imports({name: Path(file) for name, file in loaded.items()})
        for name, file in modules.items():
            if file.suffix != ".py":
                raise BundleError(
                    f"the module {name!r} ({file.name}) is no Python source, so it cannot be bundled",
                    hint="install it as a package where the bundle is used",
                )
        others = [file for path in (*map(Path, read), *include) for file in _files_at(path)]
        files = tuple(sorted({*modules.values(), *others}))
        roots = [str(_root(name, file)) for name, file in modules.items()]
        try:
            base = Path(os.path.commonpath([*roots, *(str(file.parent) for file in files)]))
        except ValueError:
            raise BundleError("the rules and their files are on several drives", hint="keep them together") from None
        imports = {dotted.partition(".")[0] for name, file in modules.items() for dotted in _imported(name, file)}
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


def _with_imports(modules: dict[str, Path]) -> dict[str, Path]:
    """Add the modules of the project that the given ones import anywhere, also within functions."""
    todo, roots = list(modules.items()), {_root(name, file) for name, file in modules.items()}
    while todo:
        name, file = todo.pop()
        for dotted in _imported(name, file) if file.suffix == ".py" else ():
            for part in _prefixes(dotted):
                there = None if part in modules else _module_file(part, roots)
                if there is not None:
                    modules[part] = there
                    todo.append((part, there))
    return modules


def _root(name: str, file: Path) -> Path:
    """Return the folder from which a module has its dotted name."""
    depth = name.count(".") + (file.name == "__init__.py")
    return file.parents[depth]


def _imported(name: str, file: Path) -> Iterator[str]:
    """Iterate over the dotted names that the import statements of a file may mean."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:  # of a module that nothing imports so far
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            yield start
            yield from (f"{start}.{alias.name}" for alias in node.names)


def _prefixes(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    return (".".join(parts[: n + 1]) for n in range(len(parts)))


def _module_file(dotted: str, roots: Iterable[Path]) -> Path | None:
    for root in roots:
        place = root.joinpath(*dotted.split("."))
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file() and is_of_project(str(file.resolve())):
                return file.resolve()
    return None
