"""Read durations and moments, and write the SQL that turns a column of times into microseconds since 1970 (UTC).

A time without a zone is a moment only if somebody says which zone its clock showed: it is refused, unless
``time_zone=`` is given.

>>> duration("7d", "window"), duration("1h30m", "window")
(604800000000, 5400000000)
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from labelkit.exceptions import AnalysisError

UNITS: Final = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
"""Microseconds of the units of a duration."""

ISO: Final = "write times as in ISO 8601: 2024-05-31T18:00:00Z"

AWARE, NAIVE, UNREADABLE = 1, 2, 3
"""What a time is: with a zone, without one, or not a time."""

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_TIME: Final = r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_ZONED: Final = r":\d{2}(\.\d+)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)\s*$"


def duration(given: Any, name: str) -> int:
    """Return a duration in microseconds.

    Parameters
    ----------
    given : str or timedelta
        Such as ``"7d"``, ``"90 min"``, ``"1h30m"``.
    name : str
        The option, for messages.

    Raises
    ------
    AnalysisError
        If it is none, or negative.
    """
    if isinstance(given, timedelta):
        length = round(given / timedelta(microseconds=1))
    elif isinstance(given, np.timedelta64):
        length = int(given / np.timedelta64(1, "us"))
    else:
        length = _written(given, name)
    if length < 0:
        raise AnalysisError(f"{name}={given!r} is negative", hint=f'{name}="1h"')
    return length


def _written(given: Any, name: str) -> int:
    text = given.strip().lower() if isinstance(given, str) else ""
    parts = _PART.findall(text)
    if not parts or "".join(_PART.split(text)[::3]).strip() or any(unit not in UNITS for _, unit in parts):
        raise AnalysisError(
            f"{name}={given!r} is not a duration", hint=f'{name}="7d", or 30s, 5m, 12h, 2w, 1h30m, or a timedelta'
        )
    return round(sum(float(number) * UNITS[unit] for number, unit in parts))


def shown_duration(length: int) -> str:
    """Write a duration in its largest whole unit.

    >>> shown_duration(604_800_000_000), shown_duration(5_400_000_000)
    ('7d', '90m')
    """
    units = sorted(((size, unit) for unit, size in UNITS.items() if unit not in {"w", "min"}), reverse=True)
    return next((f"{length // size}{unit}" for size, unit in units if length and not length % size), "0s")


def moment(given: Any, time_zone: str | None) -> int:
    """Return a moment in microseconds since 1970 (UTC).

    Parameters
    ----------
    given : str, datetime or datetime64
    time_zone : str or None
        Of a time without a zone.

    Raises
    ------
    AnalysisError
        If it is not a moment.
    """
    import pandas as pd  # noqa: PLC0415 - reads all kinds of times

    is_time = isinstance(given, str | date | np.datetime64) and (not isinstance(given, date) or _has_clock(given))
    try:
        stamp = pd.Timestamp(given) if is_time else None
    except ValueError:
        stamp = None
    if stamp is None or pd.isna(stamp):
        raise AnalysisError(f"as_of={given!r} is not a time", hint='as_of="2024-05-31T18:00:00Z"')
    if stamp.tzinfo is None:
        if time_zone is None:
            raise AnalysisError(
                f"as_of={given!r} has no time zone", hint='as_of="2024-05-31T18:00:00Z", or time_zone="Europe/Berlin"'
            )
        stamp = stamp.tz_localize(checked_zone(time_zone))
    return int(stamp.value // 1_000)


def _has_clock(given: Any) -> bool:
    return isinstance(given, datetime)


def checked_zone(name: Any) -> str:
    """Return the name of a time zone.

    Raises
    ------
    AnalysisError
        If there is none of this name.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise AnalysisError(
            f"time_zone={name!r} is not a time zone", hint='time_zone="UTC", or "Europe/Berlin"'
        ) from error
    return str(name)


def time_sql(kind: pa.DataType, column: str, table: str, time_zone: str | None) -> tuple[str, str]:
    """Write the SQL of a time in microseconds, and of what it is (:data:`AWARE`, ...), of the values of ``raw_time``.

    Parameters
    ----------
    kind : pyarrow.DataType
        Of the column.
    column, table : str
        For messages.
    time_zone : str or None
        Of times without a zone.

    Raises
    ------
    AnalysisError
        If a column of this type holds no times.
    """
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            return "epoch_us(raw_time)", str(AWARE)
        return (f"epoch_us({_localised('raw_time', time_zone)})", str(NAIVE))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _SINCE_1970, f"CASE WHEN abs(raw_time) < 1e8 THEN {UNREADABLE} ELSE {AWARE} END"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _of_text(time_zone)
    raise AnalysisError(
        f"the column {column!r} of {table} is of type {kind}, and holds no times",
        hint="a time has a date and a clock: timestamps, seconds or milliseconds since 1970, or text as in ISO 8601",
    )


_SINCE_1970: Final = """CAST(raw_time * CASE WHEN abs(raw_time) < 1e11 THEN 1e6 WHEN abs(raw_time) < 1e14 THEN 1e3
    WHEN abs(raw_time) < 1e17 THEN 1 ELSE 1e-3 END AS BIGINT)"""
"""Seconds, milliseconds, microseconds or nanoseconds, which differ by a factor of a thousand."""


def _localised(value: str, time_zone: str | None) -> str:
    return f"timezone('{time_zone or 'UTC'}', {value})"


def _of_text(time_zone: str | None) -> tuple[str, str]:
    zoned = f"regexp_matches(raw_time, '{_ZONED}')"
    naive = _localised("TRY_CAST(raw_time AS TIMESTAMP)", time_zone)
    value = f"epoch_us(CASE WHEN {zoned} THEN TRY_CAST(raw_time AS TIMESTAMPTZ) ELSE {naive} END)"
    written = f"CASE WHEN regexp_matches(raw_time, '{_TIME}') THEN {value} END"
    return written, f"CASE WHEN {written} IS NULL THEN {UNREADABLE} WHEN {zoned} THEN {AWARE} ELSE {NAIVE} END"
