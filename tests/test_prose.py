"""Docstrings say what the code does, verb or mechanism first, in words that a reader would search for."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

import labelkit

PACKAGE = Path(labelkit.__file__).parent
ROOT = PACKAGE.parent

OPENERS = re.compile(r"(what|where|whether|which|how|who|whom|whose)\b", re.IGNORECASE)
"""A docstring that begins so names a question, not what the function does."""
MOST_OPENERS = 0.03

METAPHORS = re.compile(r"\b(springs?|pens?|lazy workers?|rooms? in memory|pulls? gigabytes)\b", re.IGNORECASE)
"""Private pictures, for which there is a standard term: penalty, recorder, constant voter, free memory."""

VAGUE = {"told", "said", "made", "own", "known", "found"}
"""Local names that do not say what they hold."""


def sources():
    return sorted(PACKAGE.rglob("*.py"))


@functools.cache
def docstrings(file):
    """List each docstring of a file with its line; an attribute's, below it, included."""
    return list(_docstrings(file))


def _docstrings(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for place, inner in enumerate(body):
            is_text = isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
            if is_text and isinstance(inner.value.value, str):
                before = body[place - 1] if place else node
                if place == 0 or isinstance(before, ast.Assign | ast.AnnAssign):
                    yield inner.lineno, inner.value.value.strip()


def openers(files):
    return [
        f"{file.relative_to(PACKAGE)}:{line}: {text.splitlines()[0]}"
        for file in files
        for line, text in docstrings(file)
        if text and OPENERS.match(text)
    ]


def vague_names(files):
    """Names that a function or a loop binds, by file and line; fields of classes are attributes, not local names."""
    return [
        f"{file.relative_to(PACKAGE)}:{node.lineno}: {node.id}"
        for file in files
        for node in local_nodes(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE
    ]


def local_nodes(tree):
    """All nodes but the targets of assignments in the body of a class."""
    fields = {
        inner.target
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.AnnAssign)
    }
    return [node for node in ast.walk(tree) if node not in fields]


def test_docstrings_begin_with_what_is_done():
    texts = [text for file in sources() for _, text in docstrings(file)]
    questions = openers(sources())
    assert len(questions) < MOST_OPENERS * len(texts), "\n".join(questions)


@pytest.mark.parametrize("file", [*sources(), ROOT / "README.md", ROOT / "CHANGELOG.md"], ids=lambda f: f.name)
def test_no_private_metaphors(file):
    if file.is_file():
        assert not METAPHORS.findall(file.read_text(encoding="utf-8"))


def test_local_names_say_what_they_hold():
    assert not vague_names(sources())


if __name__ == "__main__":  # python tests/test_prose.py [FOLDER]: what is left to do
    import sys

    chosen = [file for file in sources() if str(file.relative_to(PACKAGE)).startswith(tuple(sys.argv[1:] or [""]))]
    print(*openers(chosen), *vague_names(chosen), sep="\n")
    total = sum(1 for file in chosen for _ in docstrings(file))
    print(f"{len(openers(chosen))} of {total} docstrings, {len(vague_names(chosen))} names")
