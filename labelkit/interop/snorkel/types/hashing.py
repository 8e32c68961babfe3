"""The type of functions by which mappers remember data points."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

HashingFunction: TypeAlias = Callable[[Any], Hashable]
