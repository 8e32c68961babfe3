"""Options of voting that each way of voting takes: what a fault does, and how long a rule may take."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from labelkit.exceptions import LabelkitError

OnFault: TypeAlias = Literal["raise", "record"]

_LONGEST: Final = 1e8
"""Seconds, three years, from which on a limit is none."""


def check_on_fault(on_fault: Any) -> None:
    """Raise LabelkitError for a policy that there is not."""
    if on_fault not in ("raise", "record"):
        raise LabelkitError(f"on_fault={on_fault!r} is neither 'raise' nor 'record'")


def checked_time_limit(seconds: Any) -> float:
    """Return the seconds that a rule may take for a batch; 0 for no limit.

    Raises
    ------
    LabelkitError
        If it is no number, or a negative one.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise LabelkitError(
            f"time_limit={seconds!r} is not a number of seconds", hint="give more than 0, or 0 for no limit"
        )
    return float(seconds) if seconds < _LONGEST else 0.0
