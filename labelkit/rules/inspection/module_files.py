"""Find the files of the modules that a module of the user's imports, by its dotted name, from its source alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from labelkit._shared.syntax_trees import nodes_of
from labelkit._shared.user_errors import is_of_project


def with_imports(modules: dict[str, Path]) -> dict[str, Path]:
    """Add the modules of the project that the given ones import anywhere, also within functions."""
    todo, roots = list(modules.items()), {root_of(name, file) for name, file in modules.items()}
    while todo:
        name, file = todo.pop()
        for dotted in imported_names(name, file) if file.suffix == ".py" else ():
            for part in _prefixes(dotted):
                there = None if part in modules else _module_file(part, roots)
                if there is not None:
                    modules[part] = there
                    todo.append((part, there))
    return modules


def root_of(name: str, file: Path) -> Path:
    """Return the folder from which a module has its dotted name."""
    depth = name.count(".") + (file.name == "__init__.py")
    return file.parents[depth]


def imported_names(name: str, file: Path) -> Iterator[str]:
    """Iterate over the dotted names that the import statements of a file may mean."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:  # of a module that nothing imports so far
        return
    for node in nodes_of(tree):
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
