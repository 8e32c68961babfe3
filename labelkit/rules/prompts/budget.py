"""Limits on the expenses of prompts: requests, tokens or money.

A budget is for one run: one process and the workers that it starts. Running the same command again grants the same
budget again. The cost of a request is not known before its answer arrives, so an estimate is reserved first and
corrected afterwards; requests are counted exactly.

>>> Budget.of("2_000 requests, 5 usd")
Budget(requests=2000.0, tokens=None, money=5.0)
>>> print(Budget.of(100))
100 requests
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import Any, Final

from labelkit.exceptions import RuleError

VARIABLE: Final = "LABELKIT_LLM_BUDGET"
"""Environment variable with the budget of all rules of a run together."""

BYTES_PER_TOKEN: Final = 4
"""Bytes of UTF-8 per token: an average of tokenizers over running text in any script."""

_UNITS: Final = {
    **dict.fromkeys(("request", "requests"), "requests"),
    **dict.fromkeys(("token", "tokens"), "tokens"),
    **dict.fromkeys(("usd", "eur", "gbp", "money"), "money"),
}
_PART: Final = re.compile(r"\s*([\d_]*\.?[\d_]+(?:e\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"\d,\d{3}(?!\d)")
_HINT: Final = 'such as "1000 requests", "200_000 tokens" or "5 usd", or several, separated by commas'


@dataclass(frozen=True)
class Expense:
    """The cost of requests, actual or estimated."""

    requests: int = 0
    tokens: float = 0.0
    money: float = 0.0

    def __sub__(self, other: Expense) -> Expense:
        return Expense(self.requests - other.requests, self.tokens - other.tokens, self.money - other.money)


@dataclass(frozen=True)
class Budget:
    """Upper limits of expenses; None where there is no limit."""

    requests: float | None = None
    tokens: float | None = None
    money: float | None = None

    @classmethod
    def of(cls, given: Any, *, where: str = "budget") -> Budget:
        """Read a budget: a number of requests, or a text with units.

        Raises
        ------
        RuleError
            If it is neither, or has an unknown unit.
        """
        if given is None or isinstance(given, cls):
            return given or cls()
        if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
            return cls(requests=float(given))
        limits: dict[str, float] = {}
        for part in given.split(",") if isinstance(given, str) else [""]:
            match = _PART.fullmatch(part)
            unit = _UNITS.get((match.group(2) or "requests").lower()) if match else None
            if match is None or unit is None or not match.group(1).strip("_."):
                raise RuleError(f"{where}={given!r} is not a budget", hint=_HINT)
            if unit in limits or _THOUSANDS.search(given):
                raise RuleError(f"{where}={given!r} has a comma within a number, or two limits of {unit}", hint=_HINT)
            limits[unit] = float(match.group(1).replace("_", ""))
        return cls(**limits)

    @classmethod
    def of_run(cls) -> Budget:
        """Read the budget of all rules of a run together from the environment."""
        return cls.of(os.environ.get(VARIABLE) or None, where=VARIABLE)

    def exceeded_by(self, spent: Expense, more: Expense) -> str:
        """Return the limit that one more expense would exceed, as text; empty if none."""
        for unit in ("requests", "tokens", "money"):
            limit, total = getattr(self, unit), getattr(spent, unit) + getattr(more, unit)
            if limit is not None and total > limit * (1 + 1e-12):
                return f"{limit:,.6g} {unit}"
        return ""

    def __bool__(self) -> bool:
        return self != Budget()

    def __str__(self) -> str:
        named = [
            (limit, unit) for unit in ("requests", "tokens", "money") if (limit := getattr(self, unit)) is not None
        ]
        return ", ".join(f"{limit:,.6g} {unit}" for limit, unit in named) or "no limit"


@dataclass(frozen=True)
class Prices:
    """The prices of a million input and output tokens; NaN if not given."""

    tokens_in: float = math.nan
    tokens_out: float = math.nan

    @classmethod
    def of(cls, given: Any, rule: str) -> Prices:
        """Check ``prices=``.

        Raises
        ------
        RuleError
            If they are not two numbers, 0 or greater.
        """
        if given is None:
            return cls()
        pair = tuple(given) if isinstance(given, tuple | list) else ()
        if len(pair) != 2 or not all(isinstance(price, int | float) and price >= 0 for price in pair):
            raise RuleError(
                f"prices={given!r} of rule {rule!r} are not two prices",
                hint="prices=(0.15, 0.60): for a million tokens of prompts, and of answers",
            )
        return cls(float(pair[0]), float(pair[1]))

    @property
    def known(self) -> bool:
        """True if both prices are given, so that money can be counted."""
        return not math.isnan(self.tokens_in + self.tokens_out)

    def cost(self, tokens_in: float, tokens_out: float) -> float:
        """Return the cost of tokens; NaN if prices are not given."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6

    def expense(self, tokens_in: float, tokens_out: float) -> Expense:
        """Return the expense of one request with its tokens; its money is 0 if prices are not given.

        >>> Prices(10, 20).expense(100, 5), Prices().expense(100, 5)
        (Expense(requests=1, tokens=105, money=0.0011), Expense(requests=1, tokens=105, money=0.0))
        """
        return Expense(1, tokens_in + tokens_out, self.cost(tokens_in, tokens_out) if self.known else 0.0)


def about_tokens(text: str) -> int:
    """Estimate the number of tokens of a text.

    >>> about_tokens("Is this comment spam?"), about_tokens("")
    (6, 0)
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)
