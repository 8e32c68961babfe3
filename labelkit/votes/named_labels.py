"""Labels as a table for people and other tools, with names of classes: the one of ``export`` and of ``predict``.

The tables of a run, which labelkit reads again, hold numbers in place of names; see
:func:`labelkit.votes.storage.labels_table`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.arrow_arrays import arrow_array, text_array

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

RESERVED: Final = ("label", "confidence", "covered", "by_default", "reasons")
"""Columns of such a table; a column of the corpus with such a name is written as ``corpus_label``."""

ROW: Final = "row"
"""The column of the ids where these are positions."""


def named_labels(
    id_name: str,
    ids: pa.Array,
    label: NDArray[np.int64],
    covered: NDArray[np.bool_],
    proba: NDArray[np.float64],
    class_names: Sequence[str],
    *,
    inputs: Mapping[str, Any] | None = None,
    by_default: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Return the columns: id, columns of the corpus, label, its confidence, covered, probabilities.

    Parameters
    ----------
    id_name : str
    ids : pyarrow.Array, shape (n,)
    label : ndarray of int64, shape (n,)
        -1 where there is none: the name and the confidence are null.
    covered : ndarray of bool, shape (n,)
    proba : ndarray of float64, shape (n, n_classes)
    class_names : sequence of str
    inputs : mapping of str to pyarrow.Array, optional
        Columns of the corpus by the names that they get.
    by_default : ndarray of bool, shape (n,), optional
        Where the label is that of the user, not of the model.

    Examples
    --------
    >>> import pyarrow as pa
    >>> proba = np.array([[0.1, 0.9], [0.5, 0.5]])
    >>> ids, label, covered = pa.array([0, 1]), np.array([1, -1]), np.array([True, False])
    >>> columns = named_labels("row", ids, label, covered, proba, ["no", "yes"])
    >>> pa.table(columns).to_pylist()[0]
    {'row': 0, 'label': 'yes', 'confidence': 0.9, 'covered': True, 'p_no': 0.1, 'p_yes': 0.9}
    """
    confidence = proba[np.arange(len(label)), label]
    named: dict[str, Any] = {id_name: ids, **(inputs or {})}
    named["label"] = names_of_classes(label, class_names)
    named["confidence"] = arrow_array(confidence, mask=label < 0)
    named["covered"] = arrow_array(covered)
    if by_default is not None:
        named["by_default"] = arrow_array(by_default)
    for name, column in zip(class_names, proba.T, strict=True):
        named[f"p_{name}"] = arrow_array(column)
    return named


def free_name(column: str, taken: Collection[str], class_names: Sequence[str]) -> str:
    """Return the name under which a column of the corpus stands beside labels, and beside columns that are there.

    >>> free_name("label", (), ["no"]), free_name("p_no", (), ["no"]), free_name("id", (), ["no"])
    ('corpus_label', 'corpus_p_no', 'id')
    """
    names = {*taken, *RESERVED, *(f"p_{name}" for name in class_names)}
    name = column
    while name in names:
        name = f"corpus_{name}"
    return name


def names_of_classes(label: NDArray[np.int64], class_names: Sequence[str]) -> pa.Array:
    """Return the names of classes; null for -1.

    >>> names_of_classes(np.array([1, -1]), ["HAM", "SPAM"]).to_pylist()
    ['SPAM', None]
    """
    return text_array(class_names).take(arrow_array(label, mask=label < 0))
