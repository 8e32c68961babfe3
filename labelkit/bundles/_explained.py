"""Say why a record has its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkit._shared.importing import TAKING_TURNS
from labelkit._shared.markup import visible
from labelkit.exceptions import ModelError
from labelkit.label_models.explanation import HELD_TERMS, meaning_of, scale_of
from labelkit.rules.labeling_function import Column
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import Fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.label_models.explanation import Explanation
    from labelkit.votes.label_matrix import LabelMatrix
    from labelkit.votes.vote_patterns import VotePatterns


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
        What the vote adds to ``total``; None where the model gives no such terms.
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
        The term of the class prior, where the model gives one.
    faults : tuple of Fault
        The rules that failed, and abstain.
    scale : str
        ``"log-odds"``: ``total`` is ``ln(p / (1 - p))`` of the most probable class. ``"mean log-odds"``, of more than
        two classes: the mean of ``ln(p / p(another class))`` over the other classes.
    total : float or None
        The log-odds of the most probable class: the sum of the prior and of the terms of the votes.
    held : bool
        Whether the terms favour a class that no rule voted for: its probability was lowered to that of the best class
        with a vote, so that they do not add up to the probabilities, and the record has no label.
    """

    label: str | None
    proba: dict[str, float]
    votes: tuple[VoteReason, ...]
    prior: float | None
    faults: tuple[Fault, ...]
    scale: str = "log-odds"
    total: float | None = None
    held: bool = False

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.proba.items())
        lines = [f"{self.label or 'no label'} ({shares})"]
        for vote in self.votes:
            words = f": {', '.join(f'“{match}”' for match in vote.matches)}" if vote.matches else ""
            added = "" if vote.log_odds is None else f" ({vote.log_odds:+.2f})"
            lines.append(f"  {vote.lf} votes {vote.label}{added}{words}")
        if self.total is not None and self.prior is not None:
            best = max(self.proba, key=lambda name: self.proba[name])
            added = f"{self.total - self.prior:+.2f} by the votes"
            lines.append(f"  {self.scale} of {best}: {self.total:+.2f} = prior {self.prior:+.2f}, {added}")
            lines += [f"  {line}" for line in [*meaning_of(best, len(self.proba)), *[HELD_TERMS] * self.held]]
        lines += [f"  {fault.lf} failed: {fault.error}: {fault.message}" for fault in self.faults]
        return visible("\n".join(lines))


def load_explaining() -> None:
    """Import what an explanation needs, which brings pandas and SciPy; one thread at a time."""
    with TAKING_TURNS:
        import labelkit.views.matches  # noqa: F401, PLC0415 - only this needs it


def explained(
    lfs: LabelingFunctions,
    model: Any,
    votes: LabelMatrix | VotePatterns,
    record: Mapping[str, Any],
    label: int,
    proba: NDArray[np.float64],
    faults: Sequence[Fault],
) -> RecordExplanation:
    """Explain the label of a record, given its votes as a matrix of one row, or one pattern."""
    load_explaining()
    from labelkit.views.matches import Finder, values_for  # noqa: PLC0415 - as above

    names, most = lfs.space.names, int(proba.argmax())
    terms = _terms(model, votes)
    added = {} if terms is None else terms.terms_of(0, most, lfs.names)
    finder, computed = Finder(), dict[Column, Any]()
    reasons = []
    for lf, vote in zip(lfs, votes.votes[0].tolist(), strict=True):
        if vote == ABSTAIN:
            continue
        spans = finder.spans(lf, values_for(lf, record, computed)) if lf.expressions else []
        matches = tuple(dict.fromkeys(span.text for span in spans))
        reasons.append(VoteReason(lf.name, names[vote], matches, added.get(lf.name)))
    shares = dict(zip(names, proba.tolist(), strict=True))
    return RecordExplanation(
        label=None if label == ABSTAIN else names[label],
        proba=shares,
        votes=tuple(reasons),
        prior=None if terms is None else float(terms.prior[0, most]),
        faults=tuple(faults),
        scale=scale_of(len(names)),
        total=None if terms is None else float(terms.log_odds[0, most]),
        held=terms is not None and bool(terms.held[0]),
    )


def _terms(model: Any, votes: LabelMatrix | VotePatterns) -> Explanation | None:
    """Return what the prior and each vote add to the log-odds; None where the model has no such terms."""
    try:
        explanation: Explanation = model.explain(votes, [0])
    except ModelError:
        return None
    return explanation
