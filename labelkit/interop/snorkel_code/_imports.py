r"""Rewrite the imports of Snorkel in Python source, by the positions of the syntax tree: all else stays as it is.

>>> rewritten = rewrite("from snorkel.labeling import LFAnalysis  # tables\n")
>>> rewritten.text
'from labelkit.interop.snorkel.labeling import LFAnalysis  # tables\n'
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OLD: Final = "snorkel"
NEW: Final = "labelkit.interop.snorkel"

_STAYS: Final = {
    "snorkel.classification": "the torch part is not in labelkit: labelkit.train_end_model, or keep Snorkel for it",
    "snorkel.slicing.modules": "slice-aware nets are not in labelkit: see labelkit.summarize_slices, or keep Snorkel",
    "snorkel.slicing.sliceaware_classifier": "slice-aware nets are not in labelkit: keep Snorkel for them",
    "snorkel.slicing.utils": "slice-aware nets are not in labelkit: keep Snorkel for them",
    "snorkel.contrib": "snorkel.contrib is not in labelkit: keep Snorkel for it",
}
"""Modules of which the imports stay as they are, with what to do."""

_NAMES_STAY: Final = frozenset(
    ("SliceAwareClassifier", "SliceCombinerModule", "add_slice_labels", "convert_to_slice_tasks")
)
"""Names of ``snorkel.slicing`` that belong to the torch part."""

_MOVED: Final = {
    ("snorkel.labeling", "LabelModel"): "snorkel.labeling.model",
    ("snorkel.labeling", "MajorityLabelVoter"): "snorkel.labeling.model",
    ("snorkel.labeling", "MajorityClassVoter"): "snorkel.labeling.model",
    ("snorkel.labeling", "RandomVoter"): "snorkel.labeling.model",
    ("snorkel.labeling", "DaskLFApplier"): "snorkel.labeling.apply.dask",
    ("snorkel.labeling", "PandasParallelLFApplier"): "snorkel.labeling.apply.dask",
}
"""Names that older versions of Snorkel had elsewhere."""

_SPARK: Final = re.compile(r"^snorkel(\.\w+)*\.(spark|nlp_spark)$")
_FROM: Final = re.compile(rb"from([\s\\]+)snorkel\b")
_TYPE_COMMENT: Final = re.compile(r"#\s*type:.*?\b(snorkel(?:\.\w+)+)")
_DOTTED: Final = re.compile(r"\bsnorkel(\.\w+)+")


@dataclass(frozen=True)
class Rewritten:
    """Source with its imports rewritten.

    Attributes
    ----------
    text : str
    by_hand : tuple of (line, what)
        What is left to do.
    """

    text: str
    by_hand: tuple[tuple[int, str], ...]


@dataclass(frozen=True, order=True)
class _Edit:
    """The place of a name ``snorkel`` that is replaced, as a position in bytes of UTF-8."""

    line: int
    column: int


def rewrite(text: str) -> Rewritten:
    """Rewrite the imports of Snorkel, and the uses of what they bind.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    tree = ast.parse(text)
    work = _Work(tree, text)
    return Rewritten(work.rewritten(), tuple(sorted(set(work.by_hand))))


class _Work:
    """The edits of one source, and what is left to do by hand."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        self._lines = [line.encode() for line in _lines_of(text)]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.by_hand: list[tuple[int, str]] = []
        self._edits: set[_Edit] = set()
        binds = False
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                binds |= self._import(node)
        self._uses(tree, binds=binds)
        self._strings(tree)
        self._type_comments()

    def rewritten(self) -> str:
        """Return the source after the edits."""
        source = b"".join(self._lines)
        for edit in sorted(self._edits, reverse=True):
            at = self._starts[edit.line - 1] + edit.column
            source = source[:at] + NEW.encode() + source[at + len(OLD) :]
        return source.decode()

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or not _is_snorkel(module):
            return
        names = [alias.name for alias in node.names]
        stays = _stays(module, names)
        if stays:
            rest = [name for name in names if not _stays(module, [name])]
            more = f"; import {', '.join(rest)} apart, from {_new(module)}" if rest else ""
            self.by_hand.append((node.lineno, f"{_shown(module, names)} stays: {stays}{more}"))
            return
        self._note(module, node.lineno)
        for name in names:
            if name == "*":
                self.by_hand.append((node.lineno, f"from {module} import * hides what is used: name what you import"))
            home = _MOVED.get((module, name))
            if home is not None:
                self.by_hand.append((node.lineno, f"{name} is in {_new(home)}"))
        start = self._starts[node.lineno - 1] + node.col_offset
        match = _FROM.match(b"".join(self._lines), start)
        assert match is not None
        self._edit_at(match.end() - len(OLD))

    def _import(self, node: ast.Import) -> bool:
        """Rewrite the names of an import; True if one binds ``snorkel`` itself."""
        binds = False
        for alias in node.names:
            if not _is_snorkel(alias.name):
                continue
            stays = _stays(alias.name, [])
            if stays:
                self.by_hand.append((alias.lineno, f"import {alias.name} stays: {stays}"))
                continue
            self._note(alias.name, alias.lineno)
            self._edits.add(_Edit(alias.lineno, alias.col_offset))
            binds |= alias.asname is None
        return binds

    def _note(self, module: str, line: int) -> None:
        if _SPARK.match(module):
            self.by_hand.append((line, f"{module}: over data frames of Spark, Applier.arrow in mapInArrow is quicker"))

    def _uses(self, tree: ast.Module, *, binds: bool) -> None:
        """Rewrite the name ``snorkel`` where it is the package that an import bound."""
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == OLD]
        arguments = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.arg == OLD]
        if not binds:
            return
        stored = [one.lineno for one in names if not isinstance(one.ctx, ast.Load)]
        for line in (*stored, *(one.lineno for one in arguments)):
            self.by_hand.append((line, "the name snorkel is bound again: rename it"))
        if not arguments and all(isinstance(one.ctx, ast.Load) for one in names):
            for node in names:
                self._edit_name(node)
        for parent in ast.walk(tree):
            dotted = _dotted(parent) if isinstance(parent, ast.Attribute) else None
            if isinstance(parent, ast.Attribute) and dotted is not None and _stays(dotted, []):
                self.by_hand.append((parent.lineno, f"{dotted}: {_stays(dotted, [])}"))

    def _strings(self, tree: ast.Module) -> None:
        """Note strings that name a module of Snorkel, as those of ``importlib`` and of patches do."""
        docstrings = {id(doc) for doc in _docstrings(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                match = _DOTTED.search(node.value)
                if match is not None or node.value == OLD:
                    shown = OLD if match is None else match[0]
                    self.by_hand.append(
                        (node.lineno, f"a string names {shown!r}: if it is the module, {_new(shown)!r}")
                    )

    def _type_comments(self) -> None:
        """Note comments that are types, which name a module of Snorkel in full."""
        for number, line in enumerate(self._lines, start=1):
            match = _TYPE_COMMENT.search(line.decode())
            if match is not None:
                self.by_hand.append((number, f"a type comment names {match[1]!r}: write {_new(match[1])!r}"))

    def _edit_name(self, node: ast.Name) -> None:
        """Note an edit, unless the syntax tree misplaces the name, as it does within some f-strings."""
        line = self._lines[node.lineno - 1]
        if line[node.col_offset : node.col_offset + len(OLD)] == OLD.encode():
            self._edits.add(_Edit(node.lineno, node.col_offset))
        else:
            self.by_hand.append((node.lineno, f"an f-string names snorkel: write {NEW}"))

    def _edit_at(self, position: int) -> None:
        line = max(n for n, start in enumerate(self._starts) if start <= position)
        self._edits.add(_Edit(line + 1, position - self._starts[line]))


def _lines_of(text: str) -> list[str]:
    """Split at the ends of lines that Python's parser knows, which stay."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _is_snorkel(module: str) -> bool:
    return module == OLD or module.startswith(f"{OLD}.")


def _new(module: str) -> str:
    return NEW + module.removeprefix(OLD)


def _stays(module: str, names: list[str]) -> str:
    """Return why an import stays as it is; empty if it does not."""
    for dotted in (module, *(f"{module}.{name}" for name in names)):
        for stays, why in _STAYS.items():
            if dotted == stays or dotted.startswith(f"{stays}."):
                return why
    if module == "snorkel.slicing" and not _NAMES_STAY.isdisjoint(names):
        return _STAYS["snorkel.slicing.modules"]
    return ""


def _shown(module: str, names: list[str]) -> str:
    return f"from {module} import {', '.join(names)}"


def _dotted(node: ast.AST) -> str | None:
    """Return an expression ``snorkel.a.b`` as text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([OLD, *parts]) if parts and isinstance(node, ast.Name) and node.id == OLD else None


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value
