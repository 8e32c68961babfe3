"""The signature that all finders of odd code share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from labelkit.rules.inspection.syntax import FunctionSource
from labelkit.rules.oddities.patterns import OddWord

Finder: TypeAlias = Callable[[FunctionSource], Iterator[OddWord]]
"""Called with the source of one function that decides a vote, it yields an ``OddWord`` for each finding: what the code
does, with its line, and what to write instead. It runs nothing of the function."""
