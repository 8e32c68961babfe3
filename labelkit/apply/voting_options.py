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


def check_batches(batch_size: Any, max_faults: Any) -> None:
    """Raise LabelkitError for what is no number of rows of a batch, or of faults."""
    if max_faults is not None and (not isinstance(max_faults, int) or max_faults < 0):
        raise LabelkitError(
            f"max_faults={max_faults!r} is not a number of faults", hint="give 0 or more; without it, there is no limit"
        )
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise LabelkitError(f"batch_size={batch_size!r} is not a number of rows", hint="give 1,024 or more")


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
