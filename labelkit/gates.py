"""``expect``: what a team relies on in its rules, written above them and held against a sample of the corpus.

A sample is small, so a gate does not fail by chance. It is *kept* where the sample's share lies in the range, *broken*
where not even the interval of the share reaches into it, and *undecided* between the two: more rows will tell. The
intervals are Wilson's, of 99%: wider than those of a summary, since a project holds hundreds of gates. Of a thousand
gates whose true share lies just on the bound, about five are broken by an unlucky sample; of those a little inside,
none. A sample that stays the same gives the same answer each time.

>>> from labelkit.rules import keywords
>>> @expect(coverage=0.01, conflicts=0.05)
... @keywords("subscribe", label=1)
... def asks_to_subscribe(text: str) -> None:
...     "Spammers ask the viewer to come to their channel."
>>> [str(gate) for gate in asks_to_subscribe.gates]
['coverage of at least 1%', 'conflicts of at most 5%']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, ParamSpec, TypeAlias

from labelkit.exceptions import RuleError
from labelkit.lf import Gate, LabelingFunction

P = ParamSpec("P")

Range: TypeAlias = float | tuple[float | None, float | None]
"""A bound, or a pair of them, of which one may be ``None``; shares in [0, 1]."""

CONFIDENCE: Final = 0.99
"""Of the intervals that gates are judged by."""

_AT_MOST: Final = {"conflicts", "overlaps"}
"""Statistics of which a single number is the most that is expected; of the others it is the least."""


def expect(
    *,
    coverage: Range | None = None,
    precision: Range | None = None,
    conflicts: Range | None = None,
    overlaps: Range | None = None,
) -> Callable[[LabelingFunction[P]], LabelingFunction[P]]:
    """Say what is expected of a rule's statistics; ``labelkit check`` and pytest hold a sample against it.

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


@dataclass(frozen=True)
class Judgement:
    """What a sample says of a gate.

    Attributes
    ----------
    rule : str
    gate : Gate
    count, n : int
        The share on the sample: ``count`` of ``n`` examples (of the rule's votes that have gold, for its precision).
    low, high : float
        Wilson's interval of that share; NaN where ``n`` is 0.

    Examples
    --------
    >>> print(Judgement("short", Gate("precision", low=0.8), count=5, n=20, low=0.08, high=0.55))
    expected precision of at least 80%, found 25.0% (99% interval 8.0% - 55.0%): 5 of 20 votes with gold
    """

    rule: str
    gate: Gate
    count: int
    n: int
    low: float
    high: float

    @property
    def outcome(self) -> Literal["kept", "undecided", "broken", "unknown"]:
        """Whether the gate is kept; ``"unknown"`` where the sample has nothing to judge it by."""
        if not self.n:
            return "unknown"
        if self.gate.low <= self.count / self.n <= self.gate.high:
            return "kept"
        return "broken" if self.high < self.gate.low or self.low > self.gate.high else "undecided"

    def __str__(self) -> str:
        units = "votes with gold" if self.gate.statistic == "precision" else "rows"
        if not self.n:
            return f"expected {self.gate}, found no {units}"
        interval = f"{CONFIDENCE:.0%} interval {self.low:.1%} - {self.high:.1%}"
        return (
            f"expected {self.gate}, found {self.count / self.n:.1%} ({interval}): {self.count:,} of {self.n:,} {units}"
        )


def judge(lfs: Iterable[LabelingFunction[...]], matrix: Any, gold: Any = None) -> list[Judgement]:
    """Hold the gates of rules against their votes on a sample.

    Parameters
    ----------
    lfs : iterable of LabelingFunction
    matrix : LabelMatrix or VotePatterns
        The votes of these rules; of others too, where overlaps and conflicts are to count them.
    gold : array-like, Series or dict by id, optional
        As in :func:`labelkit.summarize`.

    Returns
    -------
    list of Judgement
        One for each gate, in the order of the rules.
    """
    gated = [lf for lf in lfs if lf.gates]
    if not gated:
        return []
    from labelkit.analysis import summarize  # noqa: PLC0415 - brings pandas and scipy, which declaring a rule needs not
    from labelkit.metrics import wilson_interval  # noqa: PLC0415 - as above

    frame = summarize(matrix, gold=gold).frame
    judged = []
    for lf in gated:
        row = frame.iloc[matrix.names.index(lf.name)]
        for gate in lf.gates:
            count, n = _counts(row, gate.statistic, matrix.n_examples)
            low, high = wilson_interval(count, n, confidence=CONFIDENCE)
            judged.append(Judgement(lf.name, gate, count, n, float(low), float(high)))
    return judged


def _counts(row: Any, statistic: str, n_examples: int) -> tuple[int, int]:
    """The counts behind a share of a summary; examples on which the rule failed do not count."""
    if statistic == "precision":
        return (int(row["correct"]), int(row["gold"])) if "gold" in row.index else (0, 0)
    n = n_examples - int(row["faults"])
    return (round(row[statistic] * n) if n else 0), n
