"""Declare bounds that a rule must keep, such as a precision of at least 0.9: ``expect``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, ParamSpec, TypeAlias

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._parentheses import called_first
from labelkit.rules.gate import Gate
from labelkit.rules.labeling_function import LabelingFunction

P = ParamSpec("P")

Range: TypeAlias = float | tuple[float | None, float | None]
"""A bound, or a pair of them, of which one may be ``None``; shares in [0, 1]."""

_AT_MOST: Final = {"conflicts", "overlaps"}
"""Statistics of which a single number is the upper bound; of the others it is the lower bound."""


@called_first("(coverage=0.01)")
@checks_keywords
def expect(
    *,
    coverage: Range | None = None,
    precision: Range | None = None,
    conflicts: Range | None = None,
    overlaps: Range | None = None,
) -> Callable[[LabelingFunction[P]], LabelingFunction[P]]:
    """Declare ranges for a rule's statistics; ``labelkit check`` and pytest compare a sample with them.

    It stands above the decorator that makes the rule, and changes nothing in how the rule votes. A number is the least
    ``coverage`` and ``precision``, and the most ``conflicts`` and ``overlaps``; a pair is a range, such as
    ``(0.01, 0.2)`` or ``(None, 0.05)``, bounds included.

    Parameters
    ----------
    coverage : float or pair, optional
        The share of examples that the rule votes on.
    precision : float or pair, optional
        The share of its votes that are right; judged where there is gold.
    conflicts, overlaps : float or pair, optional
        The share of examples on which it votes against another rule, and beside another one.

    Returns
    -------
    callable
        Takes a rule, and returns it with its gates.

    Raises
    ------
    RuleError
        If a bound is not a share, or what it decorates is not a rule.

    Examples
    --------
    >>> from labelkit import keywords
    >>> words = ("win", "free")
    >>> [expect(coverage=(0.001, 0.1))(keywords(word, label=1).rule(name=f"says_{word}")).gates for word in words]
    [(Gate(statistic='coverage', low=0.001, high=0.1),), (Gate(statistic='coverage', low=0.001, high=0.1),)]
    """
    given = {"coverage": coverage, "precision": precision, "conflicts": conflicts, "overlaps": overlaps}
    gates = tuple(_gate(statistic, asked) for statistic, asked in given.items() if asked is not None)
    if not gates:
        raise RuleError("expect() expects nothing", hint="expect(coverage=0.01, precision=0.8)")

    def decorate(rule: LabelingFunction[P]) -> LabelingFunction[P]:
        if not isinstance(rule, LabelingFunction):
            raise RuleError(
                f"expect() takes a rule, not {rule!r}",
                hint="write @expect(...) above the decorator that makes the rule",
            )
        twice = {gate.statistic for gate in gates} & {gate.statistic for gate in rule.gates}
        if twice:
            raise RuleError(f"rule {rule.name!r} has two expectations of its {min(twice)}", hint="keep one")
        return replace(rule, gates=gates + rule.gates)

    return decorate


def _gate(statistic: str, asked: Any) -> Gate:
    """Check one expectation."""
    pair = asked if isinstance(asked, tuple | list) else (None, asked) if statistic in _AT_MOST else (asked, None)
    bounds = [bound for bound in pair if bound is not None]
    if len(pair) != 2 or not bounds or not all(map(_is_share, bounds)):
        raise RuleError(
            f"{statistic}={asked!r} is no share, and no pair of shares",
            hint=f"give a number from 0 to 1 such as 0.1 (10%), or a range: {statistic}=(0.01, 0.2)",
        )
    low, high = (0.0 if pair[0] is None else float(pair[0])), (1.0 if pair[1] is None else float(pair[1]))
    if low > high:
        raise RuleError(f"{statistic}={asked!r} is a range without anything in it", hint="the lower bound stands first")
    return Gate(statistic, low, high)


def _is_share(bound: Any) -> bool:
    return not isinstance(bound, bool) and isinstance(bound, int | float) and 0 <= bound <= 1
