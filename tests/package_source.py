"""The source of the package, parsed once a process, when a test first asks: importing a test module parses nothing."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import labelkit

PACKAGE = Path(labelkit.__file__).parent


@functools.cache
def nodes_of(file):
    """All nodes of the tree of a source file, from the outside in, as ``ast.walk`` gives them."""
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@functools.cache
def nodes_of_files():
    """For each source file of the package, in the order of the paths, all nodes of its tree."""
    return {file: nodes_of(file) for file in sorted(PACKAGE.rglob("*.py"))}
