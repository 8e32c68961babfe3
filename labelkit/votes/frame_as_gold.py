"""Say which column of a frame that is given as gold to give, in code for the library that it is of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labelkit.votes.alignment import has_index


def column_hint(gold: Any, names: Sequence[str], label: str) -> str:
    """Return how a column of a frame is given as gold.

    Parameters
    ----------
    gold : frame of pandas, polars or Arrow
    names : sequence of str
        Its columns.
    label : str
        The one that holds the labels, perhaps.
    """
    if _has_column_of_each_class(gold):
        frame = "gold" if has_index(gold) else "gold.to_pandas()"
        classes = f"{frame}.idxmax(axis=1).where({frame}.sum(axis=1) > 0)"
        return f"of a column for each class: {classes}{'' if has_index(gold) else '.to_numpy()'}"
    of_ids = "id" if "id" in names else names[0] if len(names) == 2 else None
    if of_ids == label:
        of_ids = None
    if has_index(gold):
        by_id = "" if of_ids is None else f", or with the ids as its index: gold.set_index({of_ids!r})[{label!r}]"
        return f"give one, gold[{label!r}], if the index of the frame names the examples{by_id}"
    values = ".to_pylist()" if hasattr(gold, "column_names") else ".to_list()"
    by_id = "" if of_ids is None else f", or by id: dict(zip(gold[{of_ids!r}]{values}, gold[{label!r}]{values}))"
    return f"give one, gold[{label!r}], if its rows are in the order of the examples{by_id}"


def _has_column_of_each_class(gold: Any) -> bool:
    """Return True for numbers from 0 to 1 whose rows sum to 1, or to 0 where nothing is known, as of get_dummies."""
    try:
        values = np.asarray(gold, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    sums = np.nan_to_num(values).sum(axis=1)
    is_one = np.isclose(sums, 1, atol=1e-6)
    return bool(is_one.any() and (is_one | (sums == 0)).all() and np.nanmin(values) >= 0)
