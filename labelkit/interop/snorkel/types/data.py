"""Types of data points: whatever a rule can be called with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

DataPoint: TypeAlias = Any
DataPoints: TypeAlias = Sequence[DataPoint]

Field: TypeAlias = Any
FieldMap: TypeAlias = Mapping[str, Field]
