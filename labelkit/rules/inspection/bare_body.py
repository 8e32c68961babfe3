"""Recognise functions whose body is a docstring or nothing, from their byte code.

Names and numbers of instructions differ between Pythons, so none is written here: this Python compiles functions that
do nothing, and whatever they are made of does nothing.

>>> def rule(text):
...     "A declarative rule."
>>> is_bare(rule), is_bare(lambda text: len(text))
(True, False)
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

_BODIES: Final = (
    "'doc'",
    "pass",
    "...",
    "return",
    "return None",
    "'doc'; return",
    "'doc'; ...",
    "...; pass; return None",
)
"""Bodies that do nothing, in every way that they are written."""


def is_bare(function: Callable[..., Any]) -> bool:
    """Tell if a function does nothing but return None."""
    idle = _idle_steps()
    return isinstance(function, FunctionType) and all(step in idle for step in _steps(function))


@functools.cache
def _idle_steps() -> list[tuple[str, Any]]:
    """List the instructions of functions that do nothing, as this Python compiles them."""
    scope: dict[str, Any] = {}
    source = "".join(f"def bare_{number}(text):\n    {body}\n" for number, body in enumerate(_BODIES))
    exec(source, scope)  # noqa: S102 - the bodies above
    return [step for name, function in scope.items() if name.startswith("bare_") for step in _steps(function)]


def _steps(function: FunctionType) -> list[tuple[str, Any]]:
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]
