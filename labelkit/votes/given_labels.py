"""Refuse what is no labels of a label model, with the call that gives them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, cast

from labelkit.exceptions import ModelError

if TYPE_CHECKING:
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels


_HAVE: Final = ("examples", "is_covered", "hard", "training_set")
"""What only labels have; their class itself imports what checks them."""


def checked_labels(labels: Any) -> ProbabilisticLabels:
    """Return labels if they are :class:`ProbabilisticLabels`.

    Raises
    ------
    ModelError
        If they are something else, such as a run, its path, a label model, or classes.

    Examples
    --------
    >>> checked_labels("runs/first")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.ModelError: the labels are given as 'runs/first', which is no ProbabilisticLabels [LK405]
    Hint: of the run there, labelkit.RunFolder('runs/first').labels(); of a label model, model.label(matrix)
    """
    if all(hasattr(type(labels), name) for name in _HAVE):
        return cast("ProbabilisticLabels", labels)
    if isinstance(labels, str | os.PathLike):
        given, run = repr(os.fspath(labels)), f"of the run there, labelkit.RunFolder({os.fspath(labels)!r}).labels()"
    else:
        given, run = f"an object of type {type(labels).__name__}", "of a run, run.labels()"
    raise ModelError(
        f"the labels are given as {given}, which is no ProbabilisticLabels",
        hint=f"{run}; of a label model, model.label(matrix)",
        code="LK405",
    )
