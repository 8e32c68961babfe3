"""A range in which the author of a rule expects one of its statistics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """A range, bounds included, in which the author of a rule expects one of its statistics.

    Made by :func:`labelkit.expect`, never by hand. It is no part of how the rule votes, nor of its fingerprint.

    >>> print(Gate("coverage", low=0.01)), print(Gate("conflicts", high=0.05)), print(Gate("precision", 0.8, 0.9))
    coverage of at least 1%
    conflicts of at most 5%
    precision of 80% to 90%
    (None, None, None)
    """

    statistic: str
    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        low, high = (f"{100 * bound:.4g}%" for bound in (self.low, self.high))
        if self.low > 0 and self.high < 1:
            return f"{self.statistic} of {low} to {high}"
        return f"{self.statistic} of at most {high}" if self.high < 1 else f"{self.statistic} of at least {low}"
