"""Find the columns of the corpus that a rule reads, and the derived column that a new rule of its module would read."""

from __future__ import annotations

from collections.abc import Iterable

from labelkit.rules.labeling_function import Column, LabelingFunction, derived_columns


def base_columns(lf: LabelingFunction[...] | Column) -> list[str]:
    """List the columns of the corpus that a rule reads, itself or through derived columns."""
    derived = derived_columns(lf)
    return list(
        dict.fromkeys(
            name
            for parameter in lf.parameters
            for name in (base_columns(derived[parameter.name]) if parameter.name in derived else [parameter.name])
        )
    )


def column_of_new_rule(name: str, lfs: Iterable[LabelingFunction[...]]) -> Column | None:
    """Return the derived column that a rule below the first of ``lfs`` reads by a name; None for one of the corpus."""
    first = next(iter(lfs), None)
    column = None if first is None else first.origin.namespace.get(name)
    return column if isinstance(column, Column) else None
