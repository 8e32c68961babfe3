"""Match labels and probabilities with the examples and the classes of votes, before they stand beside one another.

Examples are matched by name, as gold is; classes by their names where both sides have some. Labels stay labels of
their own label space, so that one with the same classes in another order is refused: each number would mean another
class on each side. Probabilities alone are brought into the order of the classes.

>>> from labelkit.exceptions import AnalysisError
>>> import pandas as pd
>>> frame = pd.DataFrame({"SPAM": [0.9, 0.2], "HAM": [0.1, 0.8]})
>>> matched_proba(frame, ExampleNames(np.arange(2)), ("HAM", "SPAM"), what="proba", error=AnalysisError).tolist()
[[0.1, 0.9], [0.8, 0.2]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import LabelkitError
from labelkit.votes.alignment import aligned_values, has_index
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.label_space import are_same_classes
from labelkit.votes.listed_values import column_heads
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray


def matched_labels(
    labels: ProbabilisticLabels,
    examples: ExampleNames,
    class_names: Sequence[str],
    *,
    what: str,
    error: type[LabelkitError],
) -> ProbabilisticLabels:
    """Bring labels into the order of the examples.

    Parameters
    ----------
    labels : ProbabilisticLabels
        Of these examples, in any order, or of more.
    examples : ExampleNames
    class_names : sequence of str
        Those of the votes.
    what : str
        The word for the labels in errors, in the plural.
    error : type of LabelkitError

    Raises
    ------
    LabelkitError
        If an example has no label, or the classes are others.
    """
    check_classes(labels.class_names, class_names, what=what, error=error)
    places = labels.examples.order(examples, what=what, error=error)
    return labels if places is None else labels[places]


def matched_proba(
    proba: Any, examples: ExampleNames, class_names: Sequence[str], *, what: str, error: type[LabelkitError]
) -> NDArray[np.float64]:
    """Bring probabilities into the order of the examples and of the classes.

    Parameters
    ----------
    proba : ProbabilisticLabels, or array-like or DataFrame of shape (n_examples, n_classes)
        An array is in both orders; the columns of a frame that are names of classes, or ``p_`` and such a name, are
        matched by them, and its rows by its index.
    examples, class_names, what, error
        As in :func:`matched_labels`.

    Returns
    -------
    ndarray of float64, shape (n_examples, n_classes)

    Raises
    ------
    LabelkitError
        If it has another shape, holds no numbers, or names other classes or examples.
    """
    if isinstance(proba, ProbabilisticLabels):
        columns = places_of_classes(proba.class_names, class_names, what=what, error=error)
        rows = proba.examples.order(examples, what=what, error=error)
        return (proba.proba if rows is None else proba.proba[rows])[:, columns]
    try:
        values = np.asarray(proba, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    n_rows = len(values) if has_index(proba) else len(examples)  # an index says which examples the rows are of
    if values.shape != (n_rows, len(class_names)):
        raise error(
            f"{what} have shape {np.shape(proba)}, and there are {len(examples):,} examples and {len(class_names)} "
            "classes",
            hint="give model.label(matrix), or an array of numbers with a column for each class",
        )
    values = values[:, columns_of_classes(proba, class_names, what=what, error=error)]
    if not has_index(proba):
        return values
    return aligned_values(proba, values, examples, np.nan, what=what, unit="rows", error=error)


def columns_of_classes(
    frame: Any, class_names: Sequence[str], *, what: str, error: type[LabelkitError]
) -> NDArray[np.int64]:
    """Return the position of the column of each class; that of the class where the columns have no names.

    Raises
    ------
    LabelkitError
        If the columns name other classes.
    """
    heads = tuple(str(getattr(name, "name", name)) for name in column_heads(frame))
    return places_of_classes(heads or class_names, class_names, what=what, error=error)


def places_of_classes(
    names: Sequence[str], class_names: Sequence[str], *, what: str, error: type[LabelkitError]
) -> NDArray[np.int64]:
    """Return where each class stands among names, which are those of classes, ``p_`` and such a name, or numbers.

    Raises
    ------
    LabelkitError
        If the names are of other classes.
    """
    bare = tuple(name.removeprefix("p_") for name in names)
    given = bare if set(bare) == set(class_names) else tuple(names)
    if set(given) == set(class_names) and len(given) == len(class_names):
        return np.array([given.index(name) for name in class_names], dtype=np.int64)
    check_classes(given, class_names, what=what, error=error)
    return np.arange(len(class_names))


def check_classes(given: Sequence[str], class_names: Sequence[str], *, what: str, error: type[LabelkitError]) -> None:
    """Refuse classes that are others than those of the votes, or in another order.

    Raises
    ------
    LabelkitError
    """
    if are_same_classes(given, class_names):
        return
    raise error(
        f"{what} are of the classes {', '.join(given[:12])}, and not of {', '.join(class_names[:12])} in this order",
        hint="use one label space for both: the classes of a number must be the same, in the same order",
        code="LK312",
    )
