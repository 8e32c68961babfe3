"""Labels that were spread to examples without a vote: which rows, how sure, and the evidence that it does no harm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count, decimal, percent, plural, share_with_bounds
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import FIRST_ROWS, HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.storage import stored_ids

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from labelkit.curation.step import CurationStep
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

BY_GOLD: Final = "gold"
BY_HIDDEN: Final = "hidden labels"

PROVES: Final = {
    BY_GOLD: "Gold taught nothing, but it chose the number of rounds: the gain is a little too high, and holds for "
    "rows like those that have gold.",
    BY_HIDDEN: "Hidden labels are those of rules, on rows that rules vote on: they show neither what the rules get "
    "wrong nor whether rows without a vote are like those with one. Only gold can: gold=...",
}
"""What the evidence can prove, and what it cannot."""


@checks_keywords
@dataclass(frozen=True)
class SpreadEvidence:
    """What an end model loses or gains by labels that were spread, on rows whose labels taught nothing.

    Attributes
    ----------
    judged_by : {"gold", "hidden labels"}
        The second: labels by votes, a third at a time, hidden from all that is judged by them.
    n : int
        Rows that judge.
    losses : tuple of float
        Mean log-loss of an end model that learned from the labels of each round, at the best scale of its
        log-probabilities; the first, without any of them.
    chosen : int
        The round whose labels were taken, or would have been the best to take.
    gain, low, high : float
        By how much that round lowers the log-loss, with a 95% interval for independent rows, of t and wide enough for
        the choice of the round; NaN where one row decides; negative is harm. By gold, it is that of labels spread to
        rows without gold; by hidden labels, that of two thirds of the labels, on rows like those with votes, against
        labels in place of truth: too small, most often.
    n_labeled : int
        Rows of those judged that would have been labeled, had they no votes.
    accuracy, accuracy_low, accuracy_high : float
        The share of right labels among these, by gold or by the hidden labels; NaN if there are none.
    """

    judged_by: str
    n: int
    losses: tuple[float, ...]
    chosen: int
    gain: float
    low: float
    high: float
    n_labeled: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float

    @property
    def is_proved(self) -> bool:
        """Whether the whole interval of the gain is above 0."""
        return self.low > 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: plain_value(value) for name, value in vars(self).items()}


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class SpreadLabels(HasFrame, ShownResult):
    """Labels, some of which were spread to examples that had none.

    Attributes
    ----------
    labels : ProbabilisticLabels
        Of all examples. Those that had a label have the same; the others keep the class prior, or have a label now and
        count as covered. Where spreading would harm, the very labels that were given.
    method : str
    positions : ndarray of int64, shape (n_spread,)
        The examples that got a label.
    round : ndarray of int64, shape (n_spread,)
        The round since which each has had its label.
    reason : str
        Why the labels are as they are.
    evidence : SpreadEvidence or None
        None where there was nothing to judge.
    step : CurationStep
    """

    labels: ProbabilisticLabels
    method: str
    positions: NDArray[np.int64]
    round: NDArray[np.int64]
    reason: str
    evidence: SpreadEvidence | None
    step: CurationStep = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def is_changed(self) -> bool:
        """Whether any example got a label."""
        return len(self.positions) > 0

    @property
    def ids(self) -> NDArray[Any]:
        """The ids of the examples that got a label."""
        return np.asarray(self.labels.ids[self.positions])

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The probability of the label that each got; shape (n_spread,)."""
        return np.asarray(self.labels[self.positions].proba.max(axis=1, initial=0.0))

    @property
    def frame(self) -> pd.DataFrame:
        """Each new label: ``id``, ``position``, ``label``, ``confidence``, ``labeled_by``, ``round``."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        proba = self.labels[self.positions].proba
        names = np.array(self.labels.class_names, dtype=object)
        columns = {"id": self.ids, "position": self.positions, "label": names[proba.argmax(axis=1)]}
        columns |= {"confidence": proba.max(axis=1, initial=0.0), "labeled_by": self.method, "round": self.round}
        return pd.DataFrame(columns)

    def rows(self) -> pa.Table:
        """Return ``id``, ``label`` and ``proba`` of all examples that have a label, as an Arrow table."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks

        hard = self.labels.hard()
        labeled = np.flatnonzero(hard != ABSTAIN)
        proba = np.ascontiguousarray(self.labels[labeled].proba)
        starts = np.arange(len(labeled) + 1, dtype=np.int64) * self.labels.n_classes
        names = pa.array([str(name) for name in self.labels.class_names], pa.string())
        return pa.table(
            {
                "id": stored_ids(self.labels.ids[labeled]),
                "label": names.take(pa.array(hard[labeled])),
                "proba": pa.LargeListArray.from_arrays(pa.array(starts), pa.array(proba.ravel())),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the examples."""
        evidence = None if self.evidence is None else self.evidence.to_dict()
        return {
            "method": self.method,
            "n_spread": len(self),
            "reason": self.reason,
            "evidence": evidence,
            "step": self.step.to_dict(),
        }

    def _page(self) -> ResultPage:
        covered = count(self.labels.is_covered.sum())
        lead = [
            f"{plural(len(self), 'label')} spread by {self.method}; {covered} of {count(len(self.labels))} are labeled",
            self.reason,
        ]
        shown = self.frame.iloc[:FIRST_ROWS]
        rows = [
            [str(name), str(label), percent(sure), count(number)]
            for name, label, sure, number in zip(
                shown["id"], shown["label"], shown["confidence"], shown["round"], strict=True
            )
        ]
        more = f"... and {count(len(self) - FIRST_ROWS)} more" if len(self) > FIRST_ROWS else ""
        heads = ["id", "label", "confidence", "round"]
        examples = ResultTable(rows, heads, align="<<>", title="First labels", more=more)
        return ResultPage(lead, [*self._evidence_tables(), examples], self._notes())

    def _evidence_tables(self) -> list[ResultTable]:
        evidence = self.evidence
        if evidence is None:
            return []
        names = ["without", *(f"round {number}" for number in range(1, len(evidence.losses)))]
        rows = [[name, decimal(loss)] for name, loss in zip(names, evidence.losses, strict=True)]
        title = f"End model on {plural(evidence.n, 'row')} with {evidence.judged_by}"
        return [ResultTable(rows, ["labels spread", "log-loss"], align="<>", title=title)]

    def _notes(self) -> list[str]:
        evidence = self.evidence
        if evidence is None:
            return []
        right = share_with_bounds(evidence.accuracy, evidence.accuracy_low, evidence.accuracy_high)
        labeled = f"{count(evidence.n_labeled)} of the {count(evidence.n)} would have got a label"
        return [
            *([f"{labeled}, of which {right} are right by {evidence.judged_by}."] if evidence.n_labeled else []),
            PROVES[evidence.judged_by],
        ]

    def __repr__(self) -> str:
        return f"SpreadLabels({plural(len(self), 'label')} by {self.method}; {self.reason})"
