"""Go through the rules in the globals of a module, and in the lists, sets and dicts among them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.row_rules import adopted

CONTAINERS: Final = (list, tuple, set, frozenset, deque, LabelingFunctions)
"""What may hold rules, beside mappings."""

PLAIN: Final = frozenset((str, bytes, int, float, bool, type(None)))
"""Types of values that are not looked into."""

_OUTPUT: Final = re.compile(r"Out|_oh|_{1,3}|_\d+")
"""Names under which a notebook keeps what its cells showed."""


def is_hidden(name: object) -> bool:
    """Return True for the name of what Python, or a notebook, keeps in a module."""
    return isinstance(name, str) and (is_output(name) or (name.startswith("__") and name.endswith("__")))


def is_output(name: str) -> bool:
    """Return True for a name under which a notebook keeps what a cell showed."""
    return _OUTPUT.fullmatch(name) is not None


def globals_of(module: ModuleType) -> Mapping[str, Any]:
    """Return the globals; of a notebook or script, without the collections that it made of its rules before."""
    if module.__name__ != "__main__":
        return vars(module)
    return {name: value for name, value in vars(module).items() if type(value) is not LabelingFunctions}


def walk(value: Any, depth: int) -> Iterator[LabelingFunction[...]]:
    """Iterate over the rules in a value, in lists, sets and dicts in it, and so on as deep as is asked."""
    kind = type(value)
    if kind in PLAIN:
        return
    rule = adopted(value)
    if issubclass(type(rule), LabelingFunction):
        yield rule
    elif depth and issubclass(kind, Mapping):
        for part in list(value.values()):
            if type(part) not in PLAIN:
                yield from walk(part, depth - 1)
    elif depth and issubclass(kind, CONTAINERS):
        for part in list(value):
            if type(part) not in PLAIN:
                yield from walk(part, depth - 1)
