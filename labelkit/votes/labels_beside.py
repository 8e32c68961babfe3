"""Bring labels that are given beside votes, or beside other labels, into the order of their examples and classes.

>>> from labelkit.exceptions import AnalysisError
>>> class_places(("SPAM", "HAM"), ("HAM", "SPAM"), what="the labels", error=AnalysisError).tolist()
[1, 0]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.exceptions import LabelkitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

SHOWN: Final = 6
"""Classes that an error lists."""


def class_places(
    given: Sequence[str], wanted: Sequence[str], *, what: str, error: type[LabelkitError]
) -> NDArray[np.int64] | None:
    """Find classes by their names.

    Parameters
    ----------
    given, wanted : sequence of str
        Names of classes. Those of an array are its columns, ``"0"``, ``"1"``, ..., and name nothing.
    what : str
        The word for what has the classes given, in errors.
    error : type of LabelkitError

    Returns
    -------
    ndarray of int64, shape (n_classes,), or None
        The place of each wanted class among those given; None where they are in the same order.

    Raises
    ------
    LabelkitError
        If there are other classes.
    """
    columns = [str(number) for number in range(len(wanted))]
    if list(given) == list(wanted) or (len(given) == len(wanted) and columns in [list(given), list(wanted)]):
        return None
    if sorted(given) != sorted(wanted):
        raise error(
            f"{what} are of the {len(given)} classes {_shown(given)}, and not of the {len(wanted)} classes "
            f"{_shown(wanted)}",
            hint="give those of the same label space",
            code="LK402",
        )
    return np.array([list(given).index(name) for name in wanted], dtype=np.int64)


def proba_beside(
    labels: ProbabilisticLabels,
    examples: ExampleNames,
    class_names: Sequence[str],
    *,
    what: str,
    error: type[LabelkitError],
) -> NDArray[np.float64]:
    """Return the probabilities of examples, by the names of examples and classes; shape (n_examples, n_classes).

    Parameters
    ----------
    labels : ProbabilisticLabels
    examples : ExampleNames
        Where nothing names them, or those of the labels, the order does, if there are as many.
    class_names : sequence of str
    what, error
        As in :func:`class_places`.

    Raises
    ------
    LabelkitError
        If some examples have no label, or classes differ.
    """
    classes = class_places(labels.class_names, class_names, what=what, error=error)
    by_order = len(labels) == len(examples) and (examples.are_positions or labels.examples.are_positions)
    places = None if by_order else labels.examples.order(examples, what=what, error=error)
    proba = labels.proba if places is None else labels.proba[places]
    return proba if classes is None else proba[:, classes]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
