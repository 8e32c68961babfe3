"""Mappers over rows of Spark, which cannot be changed."""

from __future__ import annotations

from typing import Any

from labelkit.interop.snorkel.map.core import Mapper
from labelkit.interop.snorkel.types import FieldMap


def _update_fields(x: Any, mapped_fields: FieldMap) -> Any:
    """Make a row with more fields, or other values."""
    return type(x)(**{**x.asDict(), **mapped_fields})


def make_spark_mapper(mapper: Mapper) -> Mapper:
    """Let a mapper make new rows, since those of Spark cannot be changed.

    Parameters
    ----------
    mapper : Mapper

    Returns
    -------
    Mapper
        The same object.
    """
    mapper._update_fields = _update_fields  # type: ignore[method-assign] # noqa: SLF001 - as Snorkel does it
    return mapper
