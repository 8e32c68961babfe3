"""Times of rows as numbers that can be compared, or an error where they cannot.

>>> moments(pa.chunked_array([["2026-01-02", "2026-01-01T12:00"]]), "day").astype(str).tolist()
['2026-01-02T00:00:00.000000', '2026-01-01T12:00:00.000000']
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import nan_to_null, without_dictionary
from labelkit._shared.arrow_kinds import is_number
from labelkit._shared.numbers import count, plural
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZONE: Final = r"(Z|z|UTC|GMT|[+-]\d{2}:?(\d{2})?)\s*$"
"""How the zone stands at the end of a time."""

CLOCK: Final = r"\d:\d{2}"
"""A time of day, without which the end of a date could be taken for a zone."""

DATES: Final = (pa.types.is_timestamp, pa.types.is_date)
UNIT: Final = pa.timestamp("us")


def moments(values: pa.ChunkedArray | NDArray[Any], name: str) -> NDArray[Any]:
    """Return the times as datetime64[us] (UTC where they have a zone), or numbers as they are.

    Parameters
    ----------
    values : pyarrow.ChunkedArray or ndarray
        Timestamps, dates, numbers, or texts as in ISO 8601.
    name : str
        Of the column, for errors.

    Raises
    ------
    AnalysisError
        If one is missing or is no time, or some have a zone and others have none.
    """
    column = values if isinstance(values, pa.ChunkedArray) else _of_objects(values, name)
    column = nan_to_null(without_dictionary(column))
    if column.null_count:
        row = pc.index(pc.is_null(column), value=True).as_py()
        raise AnalysisError(
            f"{name!r} has no time on {count(column.null_count)} of {count(len(column))} rows, such as row {row:,}",
            hint="a row without a time is neither past nor future: leave such rows out, or fill their times in",
        )
    if is_number(column.type):
        return np.asarray(column.to_numpy())
    if any(test(column.type) for test in DATES):
        zoned = pa.types.is_timestamp(column.type) and column.type.tz
        column = column.cast(pa.timestamp("us", column.type.tz) if zoned else UNIT, safe=False)
        return np.asarray(column.cast(pa.int64()).to_numpy()).view("datetime64[us]")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _parsed(column, name)
    raise AnalysisError(f"{name!r} has no times, but {column.type}", hint="timestamps, dates, numbers or ISO 8601")


def _of_objects(values: NDArray[Any], name: str) -> pa.ChunkedArray:
    """Return values beside the corpus as a column."""
    zoned = [value.tzinfo is not None for value in values.tolist() if isinstance(value, datetime)]
    if any(zoned) and not all(zoned):
        raise _mixed(name, sum(zoned), len(zoned) - sum(zoned))
    try:
        return pa.chunked_array([pa.array(values, from_pandas=True)])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise AnalysisError(f"{name!r} has no times: {error}", hint="timestamps, numbers or ISO 8601") from None


def _parsed(column: pa.ChunkedArray, name: str) -> NDArray[Any]:
    import pandas as pd  # noqa: PLC0415 - only for times that are texts

    zoned = pc.and_(pc.match_substring_regex(column, ZONE), pc.match_substring_regex(column, CLOCK))
    n_zoned = pc.sum(zoned).as_py() or 0
    if 0 < n_zoned < len(column):
        examples = [column.filter(mask)[0].as_py() for mask in (zoned, pc.invert(zoned))]
        raise _mixed(name, n_zoned, len(column) - n_zoned, *examples)
    times = pd.to_datetime(column.to_pandas(), utc=True, format="ISO8601", errors="coerce")
    wrong = np.flatnonzero(times.isna())
    if len(wrong):
        raise AnalysisError(
            f"{name!r} has no time in {column[int(wrong[0])].as_py()!r} ({count(len(wrong))} such rows)",
            hint="times as in ISO 8601, 2026-11-29T05:35:00Z; or parse them: pd.to_datetime(df[...], format=...)",
        )
    return np.asarray(times.dt.as_unit("us").astype("int64")).view("datetime64[us]")


def _mixed(name: str, zoned: int, naive: int, *examples: str) -> AnalysisError:
    shown = f", such as {examples[0]!r} and {examples[1]!r}" if examples else ""
    return AnalysisError(
        f"{name!r} has times with a zone on {plural(zoned, 'row')}, and without on {count(naive)}{shown}: nobody knows "
        "which of them is earlier",
        hint="give all of them their zone: df[...].dt.tz_localize('Europe/Berlin'), or write the offset behind each",
    )
