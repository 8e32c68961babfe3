"""Keep the largest set of labels whose error an audit proves to be below a level."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.distributions import binomial_above, binomial_at_most, clopper_pearson
from labelkit._shared.numbers import DASH, count, percent, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.exceptions import AnalysisError
from labelkit.votes.audit._audit_rows import AuditRows
from labelkit.votes.audit._sequences import RATIO, delta_shares
from labelkit.votes.audit.plan import audit_plan, check_level
from labelkit.votes.given_labels import checked_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

Guarantee: TypeAlias = Literal["bound", "expected"]

SURELY: Final = 0.05
"""p-value from which on labels are worse than a level, however few were checked."""

LEVEL_STEP: Final = 0.001
"""Levels that a failed certificate proposes are multiples of it."""

WORST_LEVEL: Final = 0.5
"""The highest level that it proposes."""

STEPS: Final = 20
"""Sets that a sequence of tests goes through, from where it starts to all labels."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Certificate(ShownResult):
    """Labels whose error is below a level, with the audit that proves it.

    Attributes
    ----------
    labels : ProbabilisticLabels
        The labels that are kept.
    kept : ndarray of bool, shape (n_examples,)
        Which of all labels these are.
    guarantee : {"bound", "expected"}
        ``"bound"``: with the given confidence, the error of the kept labels is below the level. ``"expected"``: over
        audits, the kept labels have at most that error on average.
    max_error : float
    confidence : float
        NaN where the guarantee is of an average.
    threshold : float
        The least probability of a kept label; NaN if none is kept.
    min_confidence : float
        A short number that selects the same labels: exactly those with at least this probability are kept.
    n_labels : int
        Examples that have a hard label.
    n_audit, n_audit_wrong : int
        Audited labels, and those of them that are wrong.
    n_kept_audit, n_kept_wrong : int
        The same, of the labels that are kept.
    error_bound : float
        The upper bound of Clopper and Pearson for the kept labels, as if they had not been chosen by the same answers:
        at most ``max_error``, which alone is proved. NaN if none is kept.
    """

    labels: ProbabilisticLabels
    kept: NDArray[np.bool_]
    guarantee: Guarantee
    max_error: float
    confidence: float
    threshold: float
    min_confidence: float
    n_labels: int
    n_audit: int
    n_audit_wrong: int
    n_kept_audit: int
    n_kept_wrong: int
    error_bound: float

    @property
    def certified(self) -> bool:
        """Whether anything is proved: a certificate that keeps no label is a failed one."""
        return self.n_kept > 0

    @property
    def n_kept(self) -> int:
        """How many labels are kept."""
        return len(self.labels)

    @property
    def statement(self) -> str:
        """What the certificate says, in a sentence."""
        n_wrong = plural(self.n_audit_wrong, "of them is", "of them are")
        audited = f"{plural(self.n_audit, 'label was', 'labels were')} checked, {n_wrong} wrong"
        if not self.n_kept:
            what = f"No set of labels is proved to have an error below {percent(self.max_error)}"
            return f"{what}: {audited}; {self._why_not}"
        share = f"{percent(self.n_kept / self.n_labels)} of the {count(self.n_labels)}"
        least = max(f"{self.min_confidence:.3f}", repr(self.min_confidence), key=len)
        which = f"those with a probability of at least {least}"
        kept = f"{plural(self.n_kept, 'label')} ({share}, {which})"
        if self.guarantee == "expected":
            return f"{kept}: at most {percent(self.max_error)} of them are wrong on average over audits; {audited}"
        sure = percent(self.confidence, decimals=0)
        return f"{kept}: at most {percent(self.max_error)} of them are wrong, {sure} sure; {audited}"

    @property
    def _why_not(self) -> str:
        """Why nothing is proved: labels that are worse than the level, or an audit that is too small."""
        level, error = self.max_error, self.n_audit_wrong / self.n_audit
        surely_worse = binomial_above(self.n_audit_wrong - 1, self.n_audit, level) <= SURELY
        least = self._rows_for(0.0)
        if self.n_audit < least and not surely_worse:
            there = f", and there are {count(self.n_labels)} labels" if self.n_labels < least else ""
            return f"no audit of fewer than {count(least)} rows can{there}"
        estimate = f"by estimate {percent(error)} of all are"
        if error >= level:
            return f"{estimate}: the labels are not that good{self._what_is_left_may_prove(error)}"
        more = self._rows_for(error)
        if more > self.n_labels - self.n_audit:
            return f"{estimate}: this corpus has too few labels to prove it{self._what_is_left_may_prove(error)}"
        step = 10 ** max(len(str(int(more))) - 2, 0)  # two digits are shown
        shown = min(math.ceil(more / step) * step, self.n_labels - self.n_audit)
        remedy = f"about {count(shown)} more, as an audit of their own, may prove it"
        return f"{estimate}: too few labels were checked; {remedy}"

    def _what_is_left_may_prove(self, error: float) -> str:
        """Say which level an audit of all labels that were not checked may prove; nothing if that is no use."""
        left = self.n_labels - self.n_audit
        levels = range(math.floor(max(error, self.max_error) / LEVEL_STEP) + 1, round(WORST_LEVEL / LEVEL_STEP) + 1)
        place = bisect_left(levels, -float(left), key=lambda step: -self._rows_for(error, step * LEVEL_STEP))
        if place == len(levels):
            return ""
        return f"; an audit of the {count(left)} that were not checked may prove {percent(levels[place] * LEVEL_STEP)}"

    def _rows_for(self, error: float, level: float | None = None) -> float:
        """Return how many rows an audit needs that is to prove a level for all labels, if they have an error.

        Infinity if nobody checks as many.
        """
        level = self.max_error if level is None else level
        if self.guarantee == "expected":
            return math.ceil((1 - level) / (level - error) - 1e-9)
        try:
            return audit_plan(level, self.confidence, expected_error=error).n
        except AnalysisError:
            return math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and the statement, for JSON; an undefined number is None."""
        left_out = ("labels", "kept")
        plain = {name: value for name, value in self.__dict__.items() if name not in left_out}
        plain = {name: None if isinstance(one, float) and math.isnan(one) else one for name, one in plain.items()}
        return {"certified": self.certified, **plain, "n_kept": self.n_kept, "statement": self.statement}

    def _page(self) -> ResultPage:
        kept_share = self.n_kept / self.n_labels if self.n_labels else math.nan
        rows = [
            ["all", count(self.n_labels), count(self.n_audit), count(self.n_audit_wrong), ""],
            [
                f"kept ({percent(kept_share)})",
                count(self.n_kept),
                count(self.n_kept_audit),
                count(self.n_kept_wrong),
                DASH if not self.n_kept else f"at most {percent(self.max_error)}",
            ],
        ]
        heads = ["labels", "number", "checked", "wrong", "error"]
        return ResultPage([self.statement], [ResultTable(rows, heads, align="<>")])

    def __repr__(self) -> str:
        return f"Certificate({self.statement})"


@checks_keywords
def certify(
    labels: ProbabilisticLabels,
    gold: Any,
    max_error: float = 0.03,
    confidence: float = 0.95,
    *,
    guarantee: Guarantee = "bound",
    weights: Any = None,
    random_state: int = 0,
) -> Certificate:
    """Keep the largest set of labels that gold proves good enough; see :meth:`labelkit.ProbabilisticLabels.certify`.

    Examples
    --------
    >>> from labelkit.votes.probabilistic_labels import ProbabilisticLabels
    >>> n = np.arange(20_000)
    >>> labels = ProbabilisticLabels(
    ...     np.array([[0.3, 0.7], [0.02, 0.98]]), np.ones(2, bool), n % 2, n, ("HAM", "SPAM")
    ... )
    >>> right = (n % 2 == 1) | (n % 3 > 0)  # all of the sure ones, and two thirds of the others
    >>> certificate = certify(labels, {int(i): int(right[i]) for i in n[::67]})
    >>> certificate.n_kept, certificate.threshold, round(certificate.error_bound, 3)
    (10000, 0.98, 0.026)
    """
    check_level(max_error, confidence)
    labels = checked_labels(labels)
    if guarantee not in get_args(Guarantee):
        raise AnalysisError(f"guarantee={guarantee!r} is not one of {', '.join(map(repr, get_args(Guarantee)))}")
    if labels.learned_from_gold:
        warn(
            "the model of these labels was fitted with gold: the rows that prove their error must be others. "
            "Hint: fit it without the gold of the audit",
            code="LK330",
        )
    audit = AuditRows.of(labels, gold, weights=weights, random_state=random_state)
    find = _proved if guarantee == "bound" else _selected
    threshold, bound = find(audit, max_error, 1 - confidence)
    kept = audit.confidence >= threshold
    kept_audit = kept[audit.rows]
    return Certificate(
        labels=labels[np.flatnonzero(kept)],
        kept=kept,
        guarantee=guarantee,
        max_error=max_error,
        confidence=confidence if guarantee == "bound" else math.nan,
        threshold=threshold if kept.any() else math.nan,
        min_confidence=_short_threshold(audit.confidence, threshold) if kept.any() else math.nan,
        n_labels=audit.n_labels,
        n_audit=len(audit.rows),
        n_audit_wrong=int(audit.wrong.sum()),
        n_kept_audit=int(kept_audit.sum()),
        n_kept_wrong=int(audit.wrong[kept_audit].sum()),
        error_bound=bound if kept.any() else math.nan,
    )


def _short_threshold(confidence: NDArray[np.float64], threshold: float) -> float:
    """Return the number with the fewest decimals, at least three, that selects the same labels as a threshold.

    >>> _short_threshold(np.array([0.5123, 0.51249, 0.9]), 0.51249), _short_threshold(np.array([0.5, 0.9]), 0.9)
    (0.5124, 0.9)
    """
    n_kept = np.count_nonzero(confidence >= threshold)
    for decimals in range(3, 16):
        nearest = round(threshold, decimals)
        for short in (nearest, nearest - 10.0**-decimals):
            one = round(short, decimals)
            if one <= threshold and np.count_nonzero(confidence >= one) == n_kept:
                return one
    return threshold


def _proved(audit: AuditRows, max_error: float, delta: float) -> tuple[float, float]:
    """Find the lowest threshold above which the error is below the level with probability ``1 - delta``.

    Sets of labels above a threshold are tested in sequences that are fixed before any answer is looked at: each starts
    at a share of the labels, goes on to larger ones, and ends at the first that is not proved. A sequence errs with the
    probability at which its tests are done, and the sequences share ``delta`` (fixed sequence testing with several
    starts: Angelopoulos et al. 2021, https://doi.org/10.48550/arXiv.2110.01052), since a small set may be too small to
    be proved, and a large one too bad. Sets and order are the same at each level, and what a part of ``delta`` admits
    at a level, it admits at a higher one: there, each sequence goes at least as far.
    """
    best, bound = math.inf, math.nan
    for place, part in enumerate(delta_shares(len(audit.rows), max_error, delta)):
        for share in np.linspace(RATIO**-place, 1.0, STEPS) if place else [1.0]:
            threshold = audit.threshold_at(share)
            n, n_wrong = audit.above(threshold)
            if binomial_at_most(n_wrong, n, max_error) > part:
                break
            if threshold <= best:
                best, bound = threshold, float(clopper_pearson(n_wrong, n, 1 - part))
    return best, bound


def _selected(audit: AuditRows, max_error: float, _delta: float) -> tuple[float, float]:
    """Find the lowest threshold at which the share of wrong labels among the others is at most the level on average.

    The conformal p-value of a label is the share of audited labels, itself included, that are wrong and at least as
    probable; those of Benjamini and Hochberg's procedure are kept (Jin and Candes 2023,
    https://jmlr.org/papers/v24/22-1176.html; for labels, https://arxiv.org/abs/2510.14581).
    """
    others = np.ones(len(audit.confidence), dtype=bool)
    others[audit.rows] = False
    confidence = np.sort(audit.confidence[others & np.isfinite(audit.confidence)])[::-1]
    if not len(confidence):
        return math.inf, math.nan
    wrong = np.sort(audit.confidence[audit.rows][audit.wrong])
    n_above = np.searchsorted(-confidence, -confidence, side="right")
    n_wrong = len(wrong) - np.searchsorted(wrong, confidence, side="left")
    false_share = (1 + n_wrong) / (1 + len(audit.rows)) * len(confidence) / n_above
    good = np.flatnonzero(false_share <= max_error)
    return (float(confidence[good[-1]]), float(false_share[good[-1]])) if len(good) else (math.inf, math.nan)
