"""Results that cannot be written into by accident: writing into what they hand out changes nothing of them.

Counts, shares and intervals of one result are made of the same arrays. Whoever writes into one of them, such as a sort
in place or ``frame["share"] *= 100``, would leave an object whose numbers no longer agree. Arrays are handed out as
views that cannot be written through, and frames as copies: pandas has no frame that is read-only.

>>> from dataclasses import dataclass
>>> import numpy as np
>>> @protects_values
... @dataclass(frozen=True)
... class Counted:
...     counts: NDArray[np.int64]
>>> Counted(np.array([2, 1])).counts.sort()
Traceback (most recent call last):
    ...
ValueError: sort array is read-only
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np

from labelkit._shared.row_operations import read_only

T = TypeVar("T", bound=type)

_HOLDERS: Final = ("NDArray", "DataFrame", "Series", "Mapping", "dict", "tuple", "Rows")
"""Words in the annotations of fields that may hold arrays or frames; a field of another type is left as it is."""


def protected(value: Any) -> Any:
    """Return a value that may be handed out: an array read-only, a frame as a copy, others as they are.

    Mappings, tuples and lists that hold arrays or frames are handed out as new ones.

    >>> protected({"votes": np.array([1])})["votes"].flags.writeable
    False
    """
    if isinstance(value, np.ndarray):
        return read_only(value) if value.flags.writeable else value
    if isinstance(value, Mapping):
        return {key: protected(one) for key, one in value.items()} if _holds(value.values()) else value
    if type(value) in {tuple, list}:
        return type(value)(map(protected, value)) if _holds(value) else value
    return value.copy() if _is_frame(value) else value


def _holds(values: Any) -> bool:
    return any(isinstance(one, np.ndarray) or _is_frame(one) for one in values)


def _is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series)


class _ProtectedField:
    """A field, or an attribute that is computed once, whose value is handed out by :func:`protected`."""

    def __init__(self, name: str, computed: Any = None, default: Any = MISSING) -> None:
        self.name, self.computed, self.default = name, computed, default
        self.__doc__ = None if computed is None else computed.__doc__

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        values = vars(owner)
        if self.name in values:
            return protected(values[self.name])
        if self.computed is not None:
            return protected(self.computed.__get__(owner, kind))
        if self.default is MISSING:
            raise AttributeError(f"{type(owner).__name__!r} object has no attribute {self.name!r}")
        return self.default

    def __set__(self, owner: Any, value: Any) -> None:
        vars(owner)[self.name] = value


def protects_values(kind: T) -> T:
    """Let a dataclass hand out arrays and frames so that writing into them does not change it; a decorator."""
    for field in fields(kind):
        stored = inspect.getattr_static(kind, field.name, None)
        if not isinstance(stored, _ProtectedField) and any(word in str(field.type) for word in _HOLDERS):
            setattr(kind, field.name, _ProtectedField(field.name, default=field.default))
    for name, member in list(vars(kind).items()):
        if isinstance(member, cached_property):
            setattr(kind, name, _ProtectedField(name, member))
    return kind


class ProtectsFitted:
    """An estimator whose fitted attributes, which end in ``_``, are arrays that cannot be written through."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, protected(value) if name.endswith("_") else value)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
