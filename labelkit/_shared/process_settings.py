"""Settings of a process by which the same code gives other values: contexts of decimals, locale, dialects of CSV, ...

Taken in one process, they are put in place in another, so that rules vote there as they do here. Of modules that are
not loaded, nothing is taken: their settings are as they are when they are loaded.

>>> import decimal
>>> before = ProcessSettings.now()
>>> with decimal.localcontext(prec=3):
...     sorted(ProcessSettings.now().changed.keys() - before.changed.keys())
['decimals']
>>> before.put_in_place()
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

_DIALECT: Final = (
    *("delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace", "strict"),
)
_CONTEXT: Final = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_CATEGORIES: Final = ("LC_NUMERIC", "LC_TIME")
"""Categories of a locale by which numbers and times are formatted and read; others are asked for by name alone."""


@dataclass(frozen=True)
class _Setting:
    """One kind of settings.

    Parameters
    ----------
    module : str
        What has to be loaded.
    read : callable
        Returns the settings as plain values.
    write : callable
        Puts such values in place.
    initial : object
        What a process begins with.
    counts : bool
        Whether other settings count as another process; not of a limit at which functions fail.
    """

    module: str
    read: Callable[[], Any]
    write: Callable[[Any], None]
    initial: Any
    counts: bool = True


def _read_decimals() -> tuple[Any, ...]:
    import decimal  # noqa: PLC0415 - loaded already

    context = decimal.getcontext()
    traps = sorted(signal.__name__ for signal, is_on in context.traps.items() if is_on)
    return *(getattr(context, name) for name in _CONTEXT), tuple(traps)


def _write_decimals(values: tuple[Any, ...]) -> None:
    import decimal  # noqa: PLC0415 - as above

    *rest, traps = values
    given = dict(zip(_CONTEXT, rest, strict=True))
    decimal.setcontext(decimal.Context(**given, traps=[getattr(decimal, name) for name in traps]))


def _read_locale() -> tuple[str, ...]:
    import _locale  # noqa: PLC0415 - as above

    return tuple(_locale.setlocale(getattr(_locale, name), None) for name in _CATEGORIES)


def _write_locale(values: tuple[str, ...]) -> None:
    import _locale  # noqa: PLC0415 - as above

    for name, value in zip(_CATEGORIES, values, strict=True):
        _locale.setlocale(getattr(_locale, name), value)


def _read_csv() -> tuple[int, dict[str, tuple[Any, ...]]]:
    import _csv  # noqa: PLC0415 - as above

    dialects = {name: _csv.get_dialect(name) for name in sorted(_csv.list_dialects())}
    return _csv.field_size_limit(), {
        name: tuple(getattr(dialect, part) for part in _DIALECT) for name, dialect in dialects.items()
    }


def _write_csv(values: tuple[int, Mapping[str, tuple[Any, ...]]]) -> None:
    import _csv  # noqa: PLC0415 - as above

    limit, dialects = values
    _csv.field_size_limit(limit)
    for name in set(_csv.list_dialects()) - set(dialects):
        _csv.unregister_dialect(name)
    for name, parts in dialects.items():
        _csv.register_dialect(name, **dict(zip(_DIALECT, parts, strict=True)))


_ERRORS: Final = {"divide": "warn", "invalid": "warn", "over": "warn", "under": "ignore"}
_PRINTS: Final = {
    "edgeitems": 3,
    "floatmode": "maxprec",
    "formatter": None,
    "infstr": "inf",
    "legacy": False,
    "linewidth": 75,
    "nanstr": "nan",
    "precision": 8,
    "sign": "-",
    "suppress": False,
    "threshold": 1000,
}


def _read_arrays() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how NumPy treats errors of floating-point numbers and prints arrays, where it is not as at first."""
    import numpy as np  # noqa: PLC0415 - as above

    kinds = ((np.geterr(), _ERRORS), (np.get_printoptions(), _PRINTS))
    errors, prints = ({name: v for name, v in now.items() if v != first.get(name)} for now, first in kinds)
    return errors, prints


def _write_arrays(values: tuple[dict[str, Any], dict[str, Any]]) -> None:
    import numpy as np  # noqa: PLC0415 - as above

    np.seterr(**{**_ERRORS, **values[0]})
    np.set_printoptions(**{**_PRINTS, **values[1]})


def _options() -> dict[str, tuple[Any, Any]]:
    """Return the options of pandas, each with its first value; read where pandas keeps them, without warnings."""
    from pandas._config import config  # noqa: PLC0415 - loaded already

    values, now = {}, getattr(config, "_global_config", {})
    for key, registered in getattr(config, "_registered_options", {}).items():
        value: Any = now
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values[key] = value, registered.defval
    return values


def _read_frames() -> dict[str, Any]:
    """Return the options of pandas that are not as at first."""
    return {
        key: value for key, (value, first) in _options().items() if type(value) is not type(first) or value != first
    }


def _write_frames(values: dict[str, Any]) -> None:
    import pandas as pd  # noqa: PLC0415 - as above

    for key, (value, first) in _options().items():
        if (given := values.get(key, first)) is not value and given != value:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of options that are deprecated
                pd.set_option(key, given)


_EXCEL: Final = (",", True, None, "\r\n", '"', 0, False, False)
_SETTINGS: Final = {
    "decimals": _Setting(
        "decimal",
        _read_decimals,
        _write_decimals,
        (28, "ROUND_HALF_EVEN", -999999, 999999, 1, 0, ("DivisionByZero", "InvalidOperation", "Overflow")),
    ),
    "locale": _Setting("_locale", _read_locale, _write_locale, ("C",) * len(_CATEGORIES)),
    "csv": _Setting(
        "csv",
        _read_csv,
        _write_csv,
        (
            131_072,
            {
                "excel": _EXCEL,
                "excel-tab": ("\t", *_EXCEL[1:]),
                "unix": (",", True, None, "\n", '"', 1, False, False),
            },
        ),
    ),
    "digits of integers": _Setting("sys", sys.get_int_max_str_digits, sys.set_int_max_str_digits, 4_300),
    "recursion": _Setting("sys", sys.getrecursionlimit, sys.setrecursionlimit, 1_000, counts=False),
    "arrays": _Setting("numpy", _read_arrays, _write_arrays, ({}, {})),
    "frames": _Setting("pandas", _read_frames, _write_frames, {}),
}
"""Kinds of settings by their names."""

OF_PACKAGES: Final = ("arrays", "frames")
"""Kinds that concern only code that uses packages."""


@dataclass(frozen=True)
class ProcessSettings:
    """The settings of a process, or a thread, at one time.

    Parameters
    ----------
    values : mapping of str to object
        By the names of their kinds; without those of modules that were not loaded.
    """

    values: Mapping[str, Any]

    @classmethod
    def now(cls) -> Self:
        """Take the settings as they are."""
        return cls({name: one.read() for name, one in _SETTINGS.items() if one.module in sys.modules})

    @property
    def changed(self) -> dict[str, str]:
        """Those that count and are not what a process begins with, as texts by the names of their kinds."""
        kinds = ((name, value, _SETTINGS[name]) for name, value in self.values.items())
        return {name: repr(value) for name, value, kind in kinds if kind.counts and value != kind.initial}

    def put_in_place(self) -> None:
        """Make those settings that differ what they are here."""
        for name, value in self.values.items():
            setting = _SETTINGS[name]
            __import__(setting.module)
            if setting.read() != value:
                setting.write(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the settings in place while the block lasts."""
        before = type(self).now()
        self.put_in_place()
        try:
            yield
        finally:
            before.put_in_place()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what cannot be sent to another process: functions that print numbers, of arrays and of frames."""
        values = dict(self.values)
        if "arrays" in values:
            errors, prints = values["arrays"]
            values["arrays"] = errors, {name: value for name, value in prints.items() if _can_be_sent(value)}
        if "frames" in values:
            values["frames"] = {name: value for name, value in values["frames"].items() if _can_be_sent(value)}
        return {"values": values}


def _can_be_sent(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - whatever the reason is
        return False
    return True
