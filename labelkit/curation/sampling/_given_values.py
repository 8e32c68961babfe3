"""Bring values that are given of sampled examples, or of all of the population, into the order of the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count, plural
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import (
    RowNames,
    has_index,
    is_default,
    is_default_order,
    label_ids,
    match,
    names_hint,
    names_of,
)
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.listed_values import listed_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.curation.sampling.drawn_sample import Sample

_OWN_COLUMNS: Final = {"stratum": "strata", "cluster": "clusters"}
"""Columns of the table of a sample, and its attributes."""


def _values_for(sample: Sample, given: Any, what: str) -> Any:
    """Return values that are given, or those of a column of the sample that is named.

    Raises
    ------
    AnalysisError
        If the sample has no such column.
    """
    if not isinstance(given, str):
        return given
    column = getattr(sample, _OWN_COLUMNS.get(given, ""), None)
    if column is None:
        raise AnalysisError(
            f"{what}={given!r} is a name, and a sample keeps no columns of the corpus",
            hint=f"give the column: {what}=df[{given!r}] of the frame, or {what}=sample.rows(corpus)[{given!r}], with "
            "the id= of the sample, if it has one",
            code="LK202",
        )
    return column


def values_in_order(sample: Sample, given: Any, what: str) -> NDArray[Any]:
    """Bring values into the order of the sample: by id, or by position; None where a row has none.

    Raises
    ------
    AnalysisError
        If they are not of the examples of the sample, or could be in two orders.
    """
    given = _values_for(sample, given, what)
    counted = has_index(given) and is_default(given.index) and len(given) == sample.n_population
    if has_index(given) and is_default(given.index) and len(given) == len(sample):
        match(given, ExampleNames(sample.ids), what=what, error=AnalysisError)  # refuses what could be of two orders
        if counted and not is_default_order(sample.positions):
            raise AnalysisError(
                f"{what} has the index 0, 1, 2, ..., and the sample holds all examples in an order of its own: it "
                "could be in the order of the corpus or of the sample",
                hint=f"give {what} as a dict by id; {what}.to_numpy() is in the order of the sample",
                code="LK326",
            )
    names = None if counted else names_of(given, sample.ids)
    values = listed_values(given, what=what, error=AnalysisError)
    if names is not None:
        rows = RowNames(names)
        places = rows.positions(sample.ids)
        as_ids = label_ids(given.index) if (places < 0).all() and has_index(given) else None
        if as_ids is not None:  # dates, floats and tuples of a frame's index are ids as texts
            rows = RowNames(as_ids)
            places = rows.positions(sample.ids)
        if (places < 0).all() and len(names):
            raise AnalysisError(
                f"{what} names {count(len(names))} id(s), none of which is of the sample, "
                f"such as {names[:1].tolist()[0]!r}",
                hint=names_hint(sample.ids, names),
                code="LK321",
            )
        if not rows.is_unique:
            raise AnalysisError(
                f"{what} names the id {rows.repeated()!r} twice", hint="keep one value an example", code="LK325"
            )
        aligned = values[places]
        aligned[places < 0] = None
        return np.asarray(aligned)
    if len(values) == sample.n_population and len(values) != len(sample):
        return values[sample.positions]
    if len(values) != len(sample):
        raise AnalysisError(
            f"{what} has {plural(len(values), 'value')} for a sample of {count(len(sample))} examples",
            hint="give them in the order of the sample, for the whole population, or as a dict by id",
            code="LK322",
        )
    return values
