"""Judge gates, the ranges that ``expect`` declares for the statistics of a rule, on a sample of the corpus.

A sample is small, so a gate does not fail by chance. It is *kept* where the sample's share lies in the range, *broken*
where the interval of the share does not reach into it, and *undecided* between the two: more rows, or more gold, will
tell. The intervals are exact (Clopper and Pearson's), of 99%: wider than those of a summary, since a project holds
hundreds of gates, and right for any number of rows. Of a thousand gates whose true share lies just on the bound, at
most five are broken by an unlucky sample; of those a little inside, none. A sample that stays the same gives the same
answer each time.

>>> from labelkit import expect, keywords
>>> @expect(coverage=0.01, conflicts=0.05)
... @keywords("subscribe", label=1)
... def asks_to_subscribe(text: str) -> None:
...     "Spammers ask the viewer to come to their channel."
>>> [str(gate) for gate in asks_to_subscribe.gates]
['coverage of at least 1%', 'conflicts of at most 5%']
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from labelkit._shared.numbers import percent
from labelkit.rules.gate import Gate
from labelkit.rules.labeling_function import LabelingFunction

CONFIDENCE: Final = 0.99
"""Confidence of the intervals by which gates are judged."""


@dataclass(frozen=True)
class Judgement:
    """A gate, held against a sample.

    Attributes
    ----------
    rule : str
    gate : Gate
    count, n : int
        The share on the sample: ``count`` of ``n`` examples (of the rule's votes that have gold, for its precision).
    low, high : float
        The exact 99% interval of that share (Clopper and Pearson's); NaN where ``n`` is 0.

    Examples
    --------
    >>> print(Judgement("short", Gate("precision", low=0.8), count=5, n=20, low=0.06, high=0.58))
    expected precision of at least 80%, found 25.0% (99% interval 6.0% - 58.0%): 5 of 20 votes with gold
    """

    rule: str
    gate: Gate
    count: int
    n: int
    low: float
    high: float

    @property
    def outcome(self) -> Literal["kept", "undecided", "broken", "unknown"]:
        """Compare the interval with the gate; ``"unknown"`` where the sample has no example to judge it by."""
        if not self.n:
            return "unknown"
        if self.gate.low <= self.count / self.n <= self.gate.high:
            return "kept"
        return "broken" if self.high < self.gate.low or self.low > self.gate.high else "undecided"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the attributes, ``expected`` in words, ``outcome``, and the 99% ``interval``."""
        ends = None if not self.n else [self.low, self.high]
        gate = {"rule": self.rule, "expected": str(self.gate), "statistic": self.gate.statistic}
        return {**gate, "outcome": self.outcome, "count": self.count, "n": self.n, "interval": ends}

    def __str__(self) -> str:
        units = "votes with gold" if self.gate.statistic == "precision" else "rows"
        if not self.n:
            return f"expected {self.gate}, found no {units}"
        ends = f"{percent(CONFIDENCE, decimals=0)} interval {percent(self.low)} - {percent(self.high)}"
        share = percent(self.count / self.n)
        return f"expected {self.gate}, found {share} ({ends}): {self.count:,} of {self.n:,} {units}"


def judge(lfs: Iterable[LabelingFunction[...]], matrix: Any, gold: Any = None) -> list[Judgement]:
    """Judge the gates of rules by their votes on a sample.

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
    from labelkit._shared.distributions import exact_interval  # noqa: PLC0415 - this and the next bring scipy, which
    from labelkit.analysis.summary import summarize  # noqa: PLC0415 - declaring a rule does not need

    columns = summarize(matrix, gold=gold).columns
    judged = []
    for lf in gated:
        row = {name: column[matrix.names.index(lf.name)] for name, column in columns.items()}
        for gate in lf.gates:
            count, n = _counts(row, gate.statistic, matrix.n_examples)
            low, high = exact_interval(count, n, CONFIDENCE)
            judged.append(Judgement(lf.name, gate, count, n, float(low), float(high)))
    return judged


def _counts(row: dict[str, Any], statistic: str, n_examples: int) -> tuple[int, int]:
    """Return the counts behind a share of a summary; examples on which the rule failed do not count."""
    if statistic == "precision":
        return (int(row["correct"]), int(row["gold"])) if "gold" in row else (0, 0)
    n = n_examples - int(row["faults"])
    return (round(row[statistic] * n) if n else 0), n
