"""Find what a module makes for a rule, and is none: nothing else would tell that its votes are missing.

These are a condition with a label of which no rule is made, a rule where none is looked for, as in a class, and a
function that returns labels and has no decorator.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit._shared.written_lists import names_and_more
from labelkit.rules._walk import CONTAINERS, PLAIN, globals_of, is_hidden
from labelkit.rules.condition import Condition, is_used
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.load_module import neighbours
from labelkit.rules.module_spelling import as_module_spells
from labelkit.votes.label_space import ABSTAIN

MOST_NAMES: Final = 5
"""Names that a message lists."""

_listed = partial(names_and_more, most=MOST_NAMES)

_RULE: Final = re.compile(r"\.rule\(|^\s*@(\w+\.)?(labeling_function\b|\w+\(.*label=)", re.MULTILINE)
"""What makes a rule in a file of Python."""

_IS_DECORATOR: Final = re.compile(r"labelkit\.rules\..*\.(labeling_function|model_output|prompt)\.<locals>\..*")

DEPTH: Final = 6
"""Lists in lists, and objects in objects, that are looked into."""


@dataclass(frozen=True)
class NotRun:
    """What of a module does not vote, and how it would."""

    message: str
    hint: str


def not_run(module: ModuleType, lfs: Collection[LabelingFunction[...]]) -> Iterator[NotRun]:
    """Find what a module makes for rules, and is not run.

    Parameters
    ----------
    module : module
    lfs : collection of LabelingFunction
        The rules that are collected.

    Yields
    ------
    NotRun
        One for each kind.
    """
    file = Path(getattr(module, "__file__", None) or module.__name__).name
    there, newer = {lf.order for lf in lfs}, {lf.name for lf in lfs} if module.__name__ == "__main__" else ()
    parts = list(_parts(globals_of(module), "", DEPTH, module.__name__))
    conditions = [path for path, part in parts if isinstance(part, Condition) and _is_lost(part, path, module)]
    if conditions:
        yield NotRun(
            f"{file} has conditions with a label, of which no rule is made: {_listed(conditions)}",
            _to_make(conditions),
        )
    elsewhere = {
        path: part.name
        for path, part in parts
        if isinstance(part, LabelingFunction) and part.order not in there and not part.is_slice
        if part.origin.namespace is vars(module) and part.name not in newer
    }
    if elsewhere:
        yield NotRun(
            f"{file} has rules where none are looked for, so that they are not run: {_listed(elsewhere.values())}",
            f"a list of the module runs them: lfs = [{', '.join(elsewhere)}]",
        )
    tree = _tree(module)
    decorators = list(_unapplied(tree, vars(module)))
    if decorators:
        yield NotRun(
            f"{file} has decorators that decorate nothing, so that no rule is made: {_listed(decorators)}",
            f"@{decorators[0]} above a function makes a rule of it",
        )
    functions = list(_undecorated(tree, vars(module), lfs))
    if functions:
        yield NotRun(
            f"{file} has functions that return labels, and no decorator makes rules of them: {_listed(functions)}",
            f"{as_module_spells('@labeling_function', vars(module))} above a function makes a rule of it; a name that "
            "begins with _ says that it is none",
        )


def not_read(source: Any) -> Iterator[NotRun]:
    """Find the files of rules in the folders of a folder that stands for its files."""
    folder = Path(source) if isinstance(source, str | Path) else Path()
    below = folder.glob("*/*.py") if isinstance(source, str | Path) and folder.is_dir() else []
    files = [file for file in sorted(below) if _has_rules(file)]
    if files:
        names = _listed(file.relative_to(folder) for file in files)
        yield NotRun(
            f"rules in the folders of {folder} are not run: {names}",
            "a folder stands for its own files: import these rules in one of them, and list them there, lfs = [...]",
        )


def _has_rules(file: Path) -> bool:
    if file.parent.name.startswith(("_", ".")) or file.name.startswith(("_", "test_")):
        return False
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return "labelkit" in source and _RULE.search(source) is not None


def _to_make(conditions: Sequence[str]) -> str:
    one = next((path for path in conditions if path.isidentifier()), None)
    if one is None:
        return f'rules = [{conditions[0]}.rule(name="...")] makes a rule of one'
    return f'{one} = {one}.rule(name="{one}") makes a rule of it'


# --------------------------------------------------------------------------------- conditions, and rules out of reach


def _parts(value: Any, path: str, depth: int, module: str) -> Iterator[tuple[str, Any]]:
    """Iterate over the rules and conditions in globals, lists, classes and objects, with the code for each."""
    if issubclass(type(value), (Condition, LabelingFunction)):
        yield path, value
    elif depth and type(value) not in PLAIN:
        for step, part in _steps(value, path, module):
            yield from _parts(part, step, depth - 1, module)


def _steps(value: Any, path: str, module: str) -> Iterator[tuple[str, Any]]:
    if issubclass(type(value), Mapping):
        for key, part in list(value.items()):
            if type(part) not in PLAIN and (path or not is_hidden(key)):
                yield (f"{path}[{key!r}]" if path else str(key)), part
    elif issubclass(type(value), CONTAINERS):
        places = issubclass(type(value), Sequence)
        for number, part in enumerate(value):
            if type(part) not in PLAIN:
                yield (f"{path}[{number}]" if places else f"*{path}"), part
    elif issubclass(type(value), type):
        attributes = _attributes(value)
        if attributes.get("__module__") == module:
            yield from _named(attributes, path)
    elif issubclass(type(value), SimpleNamespace) or _attributes(type(value)).get("__module__") == module:
        yield from _named(_attributes(value), path)


def _named(attributes: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    return ((f"{path}.{name}", part) for name, part in list(attributes.items()) if not is_hidden(name))


def _attributes(value: Any) -> Mapping[str, Any]:
    """Return the attributes of a class or an object as Python keeps them, whatever its own methods say of them."""
    kind = type if issubclass(type(value), type) else object
    try:
        attributes = kind.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):  # of slots
        return {}
    return attributes if issubclass(type(attributes), Mapping) else {}


def _is_lost(condition: Condition, path: str, module: ModuleType) -> bool:
    """Tell if nothing was made of a condition that has a label, and that the module did not import."""
    if is_used(condition) or all(label in {None, ABSTAIN} for _, label in condition.cases):
        return False
    file = getattr(module, "__file__", None)
    for other in _user_modules(module):
        if vars(other).get("__file__") != file:
            if any(part is condition for part in list(vars(other).values())):
                return False
        elif file is not None and any(
            name == path and isinstance(part, Condition) and is_used(part)
            for name, part in _parts(globals_of(other), "", DEPTH, other.__name__)
        ):
            return False  # another file imported this one, and made something of it
    return True


def _user_modules(module: ModuleType) -> list[ModuleType]:
    """List the other modules that are loaded and beside which this one stands, and those of notebooks and scripts."""
    folder = Path(getattr(module, "__file__", None) or ".").parent
    return [
        other
        for other in (*sys.modules.values(), *neighbours())
        if isinstance(other, ModuleType) and other is not module and isinstance(vars(other).get("__file__"), str)
        if Path(vars(other)["__file__"]).is_relative_to(folder)
    ]


# -------------------------------------------------------------- functions without a decorator, decorators without one


def _undecorated(
    tree: ast.Module, namespace: Mapping[str, Any], lfs: Collection[LabelingFunction[...]]
) -> Iterator[str]:
    """Iterate over functions that nothing decorates or calls, read the columns of rules, and return labels alone."""
    columns, used = {column for lf in lfs for column in lf.columns}, _names_read(tree)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or node.name in used or node.name[0] == "_":
            continue
        given = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        is_plain = type(namespace.get(node.name)) is FunctionType and not (node.args.vararg or node.args.kwarg)
        if is_plain and given and (not lfs or columns.issuperset(given)) and _returns_labels(node, namespace):
            yield f"{node.name}({', '.join(given)})"


def _unapplied(tree: ast.Module, namespace: Mapping[str, Any]) -> Iterator[str]:
    """Iterate over the decorators of rules that were assigned to a name, and not used."""
    used = _names_read(tree)
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for name in (target.id for target in targets if isinstance(target, ast.Name) and target.id not in used):
            value = namespace.get(name)
            if type(value) is FunctionType and _IS_DECORATOR.fullmatch(f"{value.__module__}.{value.__qualname__}"):
                yield name


def _names_read(tree: ast.Module) -> set[str]:
    return {node.id for node in nodes_of(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _tree(module: ModuleType) -> ast.Module:
    file = getattr(module, "__file__", None)
    try:
        return ast.parse(Path(file).read_bytes()) if isinstance(file, str) else ast.Module([], [])
    except (OSError, SyntaxError, ValueError):  # which may be edited or removed while it is loaded
        return ast.Module([], [])


def _returns_labels(function: ast.FunctionDef, namespace: Mapping[str, Any]) -> bool:
    values = [
        value for node in nodes_of(function) if isinstance(node, ast.Return) for value in _alternatives(node.value)
    ]
    labels = [_label(value, namespace) for value in values]
    return None not in labels and any(label != ABSTAIN for label in labels)


def _alternatives(value: ast.expr | None) -> Iterator[ast.expr | None]:
    if isinstance(value, ast.IfExp):
        yield from _alternatives(value.body)
        yield from _alternatives(value.orelse)
    else:
        yield value


def _label(value: ast.expr | None, namespace: Mapping[str, Any]) -> int | None:
    """Return the label that an expression stands for; None if it is another value, or not known."""
    try:
        label = ast.literal_eval(value) if value is not None else ABSTAIN
    except ValueError:
        path = ast.unparse(value).split(".") if isinstance(value, ast.Name | ast.Attribute) else [""]
        label = namespace.get(path[0])
        for name in path[1:]:
            label = getattr(label, name, None)
    if label is None:
        return ABSTAIN if isinstance(value, ast.Constant) else None
    return int(label) if isinstance(label, int) and not isinstance(label, bool) and label >= ABSTAIN else None
