r"""Change the imports of Snorkel in files and notebooks to those of the drop-in, with a diff first.

>>> import tempfile
>>> from pathlib import Path
>>> file = Path(tempfile.mkdtemp()) / "rules.py"
>>> _ = file.write_text("from snorkel.labeling import labeling_function\n")
>>> migration = migrate_snorkel(file)
>>> migration.n_changed, migration.written
(1, False)
>>> file.read_text()
'from snorkel.labeling import labeling_function\n'
"""

from __future__ import annotations

import difflib
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labelkit._shared.files import replaced
from labelkit._shared.given_paths import given_path, is_there
from labelkit._shared.near_names import path_hint
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import LabelkitError
from labelkit.interop.snorkel_code._imports import rewrite

_LEFT_OUT: Final = frozenset(("__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"))
"""Folders that hold no code of the project, beside those whose names begin with a dot."""

_MAGIC: Final = re.compile(r"^(\s*)(%|!|\?)")
_INSTALLS: Final = re.compile(r"\bpip3?\s+install\b.*\bsnorkel\b")


@dataclass(frozen=True)
class HandWork:
    """A line that needs a hand.

    Attributes
    ----------
    path : Path
    line : int
    cell : int or None
        Of a notebook, the number of the cell from 1; the line is one of the cell.
    what : str
    """

    path: Path
    line: int
    cell: int | None
    what: str

    def __str__(self) -> str:
        where = f"{self.line}" if self.cell is None else f"cell {self.cell}, line {self.line}"
        return f"{self.path}:{where}: {self.what}"


@dataclass(frozen=True)
class MigratedFile:
    """A file whose imports change.

    Attributes
    ----------
    path : Path
    diff : str
        The change, as unified diff; of a notebook, of the source of its cells.
    """

    path: Path
    diff: str


@checks_keywords
@dataclass(frozen=True, repr=False)
class Migration:
    """Files whose imports change, and lines that need a hand.

    Attributes
    ----------
    files : tuple of MigratedFile
    by_hand : tuple of HandWork
    n_looked_at : int
    written : bool
        Whether the files were written.
    """

    files: tuple[MigratedFile, ...]
    by_hand: tuple[HandWork, ...]
    n_looked_at: int
    written: bool

    @property
    def n_changed(self) -> int:
        """The number of files that change."""
        return len(self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain ones, for programs."""
        return {
            "looked_at": self.n_looked_at,
            "written": self.written,
            "files": [{"path": file.path, "diff": file.diff} for file in self.files],
            "by_hand": [{"path": w.path, "cell": w.cell, "line": w.line, "what": w.what} for w in self.by_hand],
        }

    def __str__(self) -> str:
        did = "were changed" if self.written else "would change"
        lines = [*(file.diff for file in self.files)] if not self.written else []
        lines.append(f"{self.n_changed:,} of {plural(self.n_looked_at, 'file')} {did}")
        if self.by_hand:
            lines += [f"{plural(len(self.by_hand), 'line')} need a hand:", *(f"  {work}" for work in self.by_hand)]
        if self.files and not self.written:
            lines.append("nothing was written: write=True (--write) changes the files")
        return "\n".join(lines)

    __repr__ = __str__


@checks_keywords
def migrate_snorkel(path: str | Path, *, write: bool = False) -> Migration:
    """Change imports of ``snorkel`` to ``labelkit.interop.snorkel``; comments and layout stay.

    What the drop-in does not have (the torch part, ``snorkel.contrib``) keeps its import and is listed, as are lines
    that a rewriting of imports cannot decide: star imports, names of modules in strings.

    Parameters
    ----------
    path : path
        A Python file, a notebook, or a folder of such; hidden folders and those of packages are left out.
    write : bool
        Whether to write the files; if not, the result shows what would change.

    Returns
    -------
    Migration

    Raises
    ------
    LabelkitError
        If there is no such file or folder, or a file that is named can be neither Python nor a notebook.
    """
    given = given_path(path, "modules", LabelkitError, "give a .py or .ipynb file, or a folder")
    if not is_there(given):
        raise LabelkitError(
            f"there is no file or folder {str(path)!r}",
            hint=path_hint(path, "give a .py or .ipynb file, or a folder"),
            code="LK201",
        )
    if given.is_file() and given.suffix not in {".py", ".ipynb"}:
        raise LabelkitError(f"{str(path)!r} is no Python file and no notebook", hint="give a .py or .ipynb file")
    paths = [given] if given.is_file() else sorted(_files_below(given))
    files: list[MigratedFile] = []
    by_hand: list[HandWork] = []
    for file in paths:
        content = file.read_bytes()
        new, diff, work = _of_notebook(file, content) if file.suffix == ".ipynb" else _of_python(file, content)
        by_hand += work
        if diff:
            files.append(MigratedFile(file, diff))
            if write:
                _write(file, new)
    return Migration(tuple(files), tuple(by_hand), len(paths), write)


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_left_out = any(part.startswith(".") or part in _LEFT_OUT for part in path.relative_to(folder).parts)
        if not is_left_out and path.suffix in {".py", ".ipynb"} and path.is_file():
            yield path


def _write(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode
    target = path.resolve()  # a link stays a link
    with replaced(target) as draft:
        draft.write_bytes(content)
        draft.chmod(mode)


def _diff(name: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"{name} (before)", f"{name} (after)", lineterm="")
    return "\n".join(lines)


# Python files ---------------------------------------------------------------------------------------------------------


def _of_python(path: Path, content: bytes) -> tuple[bytes, str, list[HandWork]]:
    """Return a file with its imports rewritten, the diff, and what needs a hand."""
    if b"snorkel" not in content:
        return content, "", []
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        rewritten = rewrite(text)
    except (SyntaxError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        line = getattr(error, "lineno", None) or 1
        return content, "", [HandWork(path, line, None, f"the file cannot be read as Python: {_reason(error)}")]
    work = [HandWork(path, line, None, what) for line, what in rewritten.by_hand]
    if rewritten.text == text:
        return content, "", work
    return rewritten.text.encode(encoding), _diff(str(path), text, rewritten.text), work


def _reason(error: Exception) -> str:
    return str(getattr(error, "msg", None) or error)


# Notebooks ------------------------------------------------------------------------------------------------------------


def _of_notebook(path: Path, content: bytes) -> tuple[bytes, str, list[HandWork]]:
    """Return a notebook with the imports of its cells rewritten; outputs and metadata stay."""
    if b"snorkel" not in content:
        return content, "", []
    try:
        text = content.decode("utf-8")
        notebook = json.loads(text)
        cells = notebook["cells"]
    except (ValueError, KeyError, TypeError) as error:
        return content, "", [HandWork(path, 1, None, f"the file cannot be read as a notebook: {_reason(error)}")]
    diffs: list[str] = []
    work: list[HandWork] = []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") == "code":
            diffs += _rewrite_cell(path, number, cell, work)
    if not diffs:
        return content, "", work
    return _as_before(text, notebook).encode("utf-8"), "\n".join(diffs), work


def _rewrite_cell(path: Path, number: int, cell: dict[str, Any], work: list[HandWork]) -> Iterator[str]:
    """Rewrite the source of a cell in its place; yields the diff."""
    lines = cell["source"] if isinstance(cell["source"], list) else cell["source"].splitlines(keepends=True)
    source = "".join(lines)
    if "snorkel" not in source:
        return
    work += [
        HandWork(path, n, number, "installs snorkel: install labelkit in its place")
        for n, line in enumerate(lines, 1)
        if _INSTALLS.search(line)
    ]
    if source.startswith("%%") and not source.startswith(("%%time", "%%capture")):
        return
    # A magic line is no Python: its sign becomes that of a comment, and comes back afterwards.
    plain = [f"{m[1]}#{line[m.end() :]}" if (m := _MAGIC.match(line)) else line for line in lines]
    try:
        rewritten = rewrite("".join(plain))
    except SyntaxError as error:
        work.append(HandWork(path, error.lineno or 1, number, f"the cell cannot be read as Python: {_reason(error)}"))
        return
    work += [HandWork(path, line, number, what) for line, what in rewritten.by_hand]
    new = [
        before if _MAGIC.match(before) else after
        for before, after in zip(lines, rewritten.text.splitlines(keepends=True), strict=True)
    ]
    if "".join(new) != source:
        cell["source"] = new if isinstance(cell["source"], list) else "".join(new)
        yield _diff(f"{path}, cell {number}", source, "".join(new))


def _as_before(text: str, notebook: Any) -> str:
    """Lay a notebook out as its file was: indents, escapes, the end of the last line."""
    indent = re.match(r"\{\r?\n( +|\t)", text)
    escaped = text.isascii() and re.search(r"\\u[0-9a-fA-F]{4}", text) is not None
    width = None if indent is None else "\t" if indent[1] == "\t" else len(indent[1])
    separators = (",", ":") if indent is None and '": ' not in text[:80] else None
    laid_out = json.dumps(notebook, indent=width, ensure_ascii=escaped, separators=separators)
    if "\r\n" in text:
        laid_out = laid_out.replace("\n", "\r\n")
    return laid_out + text[len(text.rstrip("\r\n")) :]
