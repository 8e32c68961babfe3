"""Say why a record has its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkit._shared.markup import visible
from labelkit.exceptions import ModelError
from labelkit.rules.labeling_function import Column
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import Fault
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class VoteReason:
    """A vote on a record, with its reasons.

    Attributes
    ----------
    lf : str
        The name of the rule.
    label : str
        The class that it voted for.
    matches : tuple of str
        The words that made it vote, where it looks for some.
    log_odds : float or None
        What the vote adds to the log-odds of the most probable class; None where the model gives no such terms.
    """

    lf: str
    label: str
    matches: tuple[str, ...]
    log_odds: float | None


@dataclass(frozen=True)
class RecordExplanation:
    """The reasons for the label of a record.

    Attributes
    ----------
    label : str or None
        The class; None where no rule voted, or the most probable classes are tied.
    proba : dict of str to float
        The probability of each class.
    votes : tuple of VoteReason
    prior : float or None
        The log-odds of the most probable class without any vote, where the model says.
    faults : tuple of Fault
        The rules that failed, and abstain.
    """

    label: str | None
    proba: dict[str, float]
    votes: tuple[VoteReason, ...]
    prior: float | None
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.proba.items())
        lines = [f"{self.label or 'no label'} ({shares})"]
        for vote in self.votes:
            words = f": {', '.join(f'“{match}”' for match in vote.matches)}" if vote.matches else ""
            added = "" if vote.log_odds is None else f" ({vote.log_odds:+.2f})"
            lines.append(f"  {vote.lf} votes {vote.label}{added}{words}")
        lines += [f"  {fault.lf} failed: {fault.error}: {fault.message}" for fault in self.faults]
        return visible("\n".join(lines))


def explained(
    lfs: LabelingFunctions,
    model: Any,
    patterns: VotePatterns,
    record: Mapping[str, Any],
    label: int,
    proba: NDArray[np.float64],
    faults: Sequence[Fault],
) -> RecordExplanation:
    """Explain the label of a record, given its votes as one pattern."""
    from labelkit.views.matches import Finder, values_for  # noqa: PLC0415 - brings pandas, and only this needs it

    names, most = lfs.space.names, int(proba.argmax())
    prior, added = _log_odds(model, patterns, most)
    finder, computed = Finder(), dict[Column, Any]()
    reasons = []
    for lf, vote in zip(lfs, patterns.votes[0].tolist(), strict=True):
        if vote == ABSTAIN:
            continue
        spans = finder.spans(lf, values_for(lf, record, computed)) if lf.expressions else []
        matches = tuple(dict.fromkeys(span.text for span in spans))
        reasons.append(VoteReason(lf.name, names[vote], matches, added.get(lf.name)))
    shares = dict(zip(names, proba.tolist(), strict=True))
    return RecordExplanation(None if label == ABSTAIN else names[label], shares, tuple(reasons), prior, tuple(faults))


def _log_odds(model: Any, patterns: VotePatterns, label: int) -> tuple[float | None, dict[str, float]]:
    """Return the log-odds of a class without votes, and what each rule adds; empty where the model has none."""
    try:
        terms = model.explain(patterns, [0])
    except ModelError:
        return None, {}
    added = dict(zip(terms.lf_names, terms.contributions[0, :, label].tolist(), strict=True))
    return float(terms.prior[0, label]), added
