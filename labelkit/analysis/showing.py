"""How numbers are shown to people."""

from __future__ import annotations

from typing import Final

from labelkit.metrics import wilson_interval

DASH: Final = "–"
"""What an undefined number looks like."""


def percent(share: float) -> str:
    """A share as a percentage with one decimal, or a dash.

    >>> percent(0.125), percent(float("nan"))
    ('12.5%', '–')
    """
    return DASH if share != share else f"{100 * share:.1f}%"  # noqa: PLR0124 - NaN differs from itself


def interval(part: float, whole: float) -> str:
    """A share with Wilson's 95% interval.

    >>> interval(40, 100), interval(0, 0)
    ('40.0% (30.9 - 49.8%)', '–')
    """
    low, high = (float(bound) for bound in wilson_interval(part, whole))
    return f"{percent(part / whole)} ({100 * low:.1f} - {100 * high:.1f}%)" if whole else DASH
