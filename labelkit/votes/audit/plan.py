"""Plan an audit: how many labels to check so that their error is known to be below a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from labelkit._shared.distributions import binomial_at_most
from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError
from labelkit.votes.audit._sequences import delta_shares

MOST_ROWS: Final = 10_000_000
"""An audit of more rows is refused."""

SHOWN_ERRORS: Final = 6
"""Numbers of wrong labels that a plan lists."""


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class AuditPlan(ShownResult):
    """How many labels to check.

    Attributes
    ----------
    max_error : float
        The level that the error of the labels is to be proved to be below.
    confidence : float
    expected_error : float
        The error that the labels are thought to have.
    power : float
        Probability that the audit proves the level, if the error is the expected one.
    n : int
        Rows to check.
    allowed : int
        Wrong labels that the audit may find among them, and still prove the level.
    rows_by_errors : dict of int to int
        Rows that must be checked if so many of them are wrong.
    """

    max_error: float
    confidence: float
    expected_error: float
    power: float
    n: int
    allowed: int
    rows_by_errors: dict[int, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(self.__dict__)

    def _page(self) -> ResultPage:
        sure = f"{percent(self.confidence, decimals=0)} sure"
        head = (
            f"Check {plural(self.n, 'label')}, drawn at random: with at most {count(self.allowed)} wrong among them, "
            f"at most {percent(self.max_error)} of all labels are wrong ({sure})"
        )
        if self.expected_error:
            chance = f"if {percent(self.expected_error)} of the labels are wrong, the audit succeeds in"
            lines = [head, f"{chance} {percent(self.power, decimals=0)} of the cases"]
        else:
            lines = [head, "that is the least number; it suffices only if no label among them is wrong"]
        rows = [[count(k), count(n)] for k, n in self.rows_by_errors.items()]
        return ResultPage(lines, [ResultTable(rows, ["wrong labels found", "rows to check"], align=">")])

    def __repr__(self) -> str:
        return f"AuditPlan({plural(self.n, 'row')}, at most {count(self.allowed)} wrong, for {percent(self.max_error)})"


@checks_keywords
def audit_plan(
    max_error: float = 0.03,
    confidence: float = 0.95,
    *,
    expected_error: float = 0.0,
    power: float = 0.8,
) -> AuditPlan:
    """Say how many labels people must check before an error below a level is proved; needs no labels yet.

    Parameters
    ----------
    max_error : float in (0, 1)
    confidence : float in (0, 1)
        Below 0.8, it counts as 0.8.
    expected_error : float in [0, max_error)
        The share of wrong labels that is thought likely. The nearer it is to ``max_error``, the more rows it takes.
    power : float in (0, 1)
        Wanted probability that the audit succeeds, if the error is the expected one.

    Returns
    -------
    AuditPlan

    Raises
    ------
    AnalysisError
        If a number is out of its range.

    See Also
    --------
    labelkit.ProbabilisticLabels.certify : What the answers prove.

    Notes
    -----
    The bound is that of Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404, which holds for a sample
    of any size, drawn at random of any number of labels. An audit of many rows may prove a part of the labels that is
    better than all of them; for that, ``certify`` keeps back a part of the chance of a wrong proof, and so does the
    plan.

    Examples
    --------
    >>> audit_plan(0.03).n
    99
    >>> print(audit_plan(0.03, expected_error=0.01))
    Check 385 labels, drawn at random: with at most 5 wrong among them, at most 3.0% of all labels are wrong (95% sure)
    if 1.0% of the labels are wrong, the audit succeeds in 81% of the cases
    wrong labels found  rows to check
                     0             99
                     1            157
                     2            213
                     3            276
                     4            332
                     5            385
    """
    check_level(max_error, confidence)
    if not 0 <= expected_error < max_error:
        raise AnalysisError(
            f"expected_error={expected_error!r} is not from 0 to below max_error={max_error}",
            hint="labels that are thought to be worse than the level cannot be proved to be better",
        )
    if not 0 < power < 1:
        raise AnalysisError(f"power={power!r} is not between 0 and 1")
    allowed = _allowed(max_error, confidence, expected_error, power)
    n = rows_needed(allowed, max_error, confidence)
    reached = float(binomial_at_most(allowed, n, expected_error))
    errors = sorted({*range(SHOWN_ERRORS), allowed})
    rows = {k: rows_needed(k, max_error, confidence) for k in errors}
    return AuditPlan(max_error, confidence, expected_error, reached, n, allowed, rows)


def _allowed(max_error: float, confidence: float, expected_error: float, power: float) -> int:
    """Find the least number of wrong labels that an audit has to allow for, so that it succeeds as often as wanted."""

    def suffices(k: int) -> bool:
        n = rows_needed(k, max_error, confidence)
        if n > MOST_ROWS:
            raise AnalysisError(
                f"to tell an error of {percent(expected_error, decimals=3)} from {percent(max_error, decimals=3)} "
                f"takes more than {count(MOST_ROWS)} rows",
                hint="raise max_error, or improve the labels",
            )
        return float(binomial_at_most(k, n, expected_error)) >= power

    below, above = -1, 0
    while not suffices(above):
        below, above = above, 2 * above + 1
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if suffices(middle) else (middle, above)
    return above


def rows_needed(n_wrong: int, max_error: float, confidence: float) -> int:
    """Return the least number of rows of which so many may be wrong while the level is proved of all labels.

    >>> rows_needed(0, 0.03, 0.95), rows_needed(1, 0.03, 0.95)
    (99, 157)
    """

    def suffices(n: int) -> bool:
        return bool(binomial_at_most(n_wrong, n, max_error) <= delta_shares(n, max_error, 1 - confidence)[0])

    low, high = n_wrong, max(16, 2 * n_wrong)
    while not suffices(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def check_level(max_error: float, confidence: float) -> None:
    """Refuse a level or a confidence that is no share.

    Raises
    ------
    AnalysisError
    """
    for name, value in {"max_error": max_error, "confidence": confidence}.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1:
            hint = f"a share: {name}={value / 100}" if isinstance(value, int | float) and 1 <= value < 100 else None
            raise AnalysisError(f"{name}={value!r} is not between 0 and 1", hint=hint)
