"""Say in words what a class prior is to its label model: an input, learned, or a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from labelkit._shared.numbers import percent, plural
from labelkit.votes.decisions import (
    PRIOR_EVEN,
    PRIOR_EXPECTED,
    PRIOR_OF_CONTENT,
    PRIOR_OF_GOLD,
    PRIOR_OF_GOLD_AND_VOTES,
    PRIOR_OF_VOTES,
)

EVEN_BY_GOLD: Final = "even, as far as"
"""Begins the source of a prior for which there is too little gold, or gold of classes that are equally frequent."""

MOST_CLASSES: Final = 12
"""Classes whose share is listed."""

_MEANINGS: Final = {
    PRIOR_EXPECTED: "estimated shares of the classes among rows with a vote (by the label model; rows without a vote "
    "have these as their probabilities)",
    PRIOR_OF_VOTES: "class prior, learned from the votes alone",
    PRIOR_OF_GOLD_AND_VOTES: "class prior, learned from the gold that teaches, and the votes",
    PRIOR_OF_GOLD: "class prior, estimated from the gold that teaches (nearer to even than the gold, by what may be "
    "chance)",
    PRIOR_OF_CONTENT: "class prior of rows without a vote, learned from the votes and the content of examples",
    PRIOR_EVEN: "class prior, taken as even",
}
"""What the prior of each source is. Any other is given: by the user, or as an estimate."""


def meaning_of_prior(source: str | None) -> str:
    """Return what a class prior is, by its source.

    >>> meaning_of_prior("a statement of the user"), meaning_of_prior(PRIOR_OF_VOTES)
    ('class prior, given (a statement of the user)', 'class prior, learned from the votes alone')
    """
    if not source:
        return "class prior of the label model"
    if source.startswith(EVEN_BY_GOLD):
        return f"class prior, {source}"
    return _MEANINGS.get(source, f"class prior, given ({source})")


def described_prior(shares: Mapping[str, float], source: str | None) -> str:
    """Return a line with the meaning of a class prior and its shares, in the order in which they are given."""
    shown = ", ".join(f"{name} {percent(share)}" for name, share in list(shares.items())[:MOST_CLASSES])
    n_more = len(shares) - MOST_CLASSES
    more = f" and {plural(n_more, 'more class', 'more classes')}" if n_more > 0 else ""
    return f"{meaning_of_prior(source)}: {shown}{more}"
