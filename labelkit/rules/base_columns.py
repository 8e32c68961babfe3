"""Find the columns of the corpus that a rule reads, and the derived column that a new rule of its module would read."""

from __future__ import annotations

from collections.abc import Iterable

from labelkit.rules.labeling_function import Column, LabelingFunction, derived_columns
from labelkit.rules.normalized_text import THEN, TextForm


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


def text_behind(lf: LabelingFunction[...] | Column, name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the column of the corpus whose texts a rule reads by a name, and the steps that normalize them before.

    Where one normalized column is made of another, :data:`~labelkit.rules.normalized_text.THEN` divides their steps.
    None where a function of the user's makes the column: where its matches stand in the corpus is not known.
    """
    column = derived_columns(lf).get(name)
    if column is None:
        return name, ()
    behind = text_behind(column, column.parameters[0].name) if column.raw is str else None
    if behind is None or not isinstance(column.function, TextForm):
        return behind
    before, steps = behind
    return before, (*steps, THEN, *column.function.steps) if steps else column.function.steps


def column_of_new_rule(name: str, lfs: Iterable[LabelingFunction[...]]) -> Column | None:
    """Return the derived column that a rule below the first of ``lfs`` reads by a name; None for one of the corpus."""
    first = next(iter(lfs), None)
    column = None if first is None else first.origin.namespace.get(name)
    return column if isinstance(column, Column) else None
