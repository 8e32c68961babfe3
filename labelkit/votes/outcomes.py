"""Outcomes of rules: votes, abstains and faults, and one integer for a vote with its confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAULT: Final = -2
"""In a pattern of outcomes: the rule failed there. A matrix reads -1 in such a cell."""

CODE: Final = np.int32
"""The type of an outcome together with its confidence (see :func:`coded`)."""


@checks_keywords
@dataclass(frozen=True)
class Fault:
    """A labeling function failed on an example.

    Parameters
    ----------
    row : int
        The position of the example.
    lf : str
        The name of the rule.
    id : object
        The example's id.
    error : str
        The type of the exception.
    message : str
    """

    row: int
    lf: str
    id: Any
    error: str
    message: str

    def describe(self) -> str:
        """Say which rule failed, on which example, and why.

        >>> Fault(7, "free", "k7", "ValueError", "no").describe()
        "rule 'free' failed on the example of id 'k7', row 7: ValueError: no"
        """
        id_ = "" if self.id is None else f"id {self.id!r}, "
        return f"rule {self.lf!r} failed on the example of {id_}row {self.row}: {self.error}: {self.message}"


def coded(
    outcomes: NDArray[Any], confidence: NDArray[np.uint8] | None, n_classes: int, *, soft: bool = False
) -> NDArray[Any]:
    """One number for an outcome and how sure the rule was; the outcomes themselves where no rule says.

    >>> coded(np.array([[1, -1]]), np.array([[200, 0]]), 2).tolist()
    [[401, -1]]
    """
    if confidence is None:
        return outcomes.astype(CODE) if soft else outcomes
    return np.where(outcomes > ABSTAIN, outcomes + confidence.astype(CODE) * CODE(n_classes), outcomes).astype(CODE)


def decoded(
    codes: NDArray[Any], n_classes: int, dtype: Any, *, soft: bool
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """The inverse of :func:`coded`: outcomes, and how sure the rules were if any rule says."""
    if not soft:
        return codes.astype(dtype, copy=False), None
    voted = codes > ABSTAIN
    outcomes = np.where(voted, codes % n_classes, codes).astype(dtype)
    return outcomes, np.where(voted, codes // n_classes, 0).astype(np.uint8)
