"""Read gold of any container as values in its own order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.exact_values import exact_values
from labelkit._shared.given_kinds import kind_of
from labelkit._shared.masked_arrays import without_mask
from labelkit._shared.numbers import plural
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import has_index, object_array
from labelkit.votes.frame_as_gold import column_hint
from labelkit.votes.written_labels import MOST_SHOWN, REMEDY, written_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gold_values(gold: Any) -> NDArray[Any]:
    """Return gold of any form as an array in its own order; nulls stay, and numbers and names keep their types."""
    if kind_of(gold) not in ("", "table", "texts", "matrix"):
        raise _no_container(gold)
    gold = without_mask(_one_column(gold))
    if has_index(gold):
        return exact_values(gold)
    if isinstance(gold, Mapping):
        return object_array(gold.values())
    if isinstance(gold, np.ndarray):
        return gold[:, 0] if gold.ndim == 2 and gold.shape[1] == 1 else gold
    plain = getattr(gold, "to_pylist", None) or getattr(gold, "to_list", None)  # of Arrow, of polars
    if isinstance(gold, str | bytes) or not (plain or hasattr(gold, "__array__") or isinstance(gold, Sequence)):
        raise _no_container(gold)
    if not hasattr(gold, "__iter__"):  # an array by protocol only
        return np.asarray(gold)
    values = list(gold) if plain is None else plain()
    array = np.asarray(gold if plain is None else values)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    return object_array(values) if array.dtype.kind not in "iufb" and array.ndim == 1 else array


def _one_column(gold: Any) -> Any:
    """Return the column of a frame that has one; anything else as it is.

    Raises
    ------
    GoldError
        If it has several.
    """
    names = getattr(gold, "column_names", None)  # of Arrow
    names = getattr(gold, "columns", None) if names is None else names
    if names is None or isinstance(gold, Mapping) or getattr(gold, "ndim", 2) != 2:
        return gold
    if len(names) == 1:
        first = names[0]
        return gold.iloc[:, 0] if has_index(gold) else gold[first]
    listed = list(map(str, names))
    if not listed:
        raise GoldError(
            "gold is a frame without columns", hint='give the column of labels: frame["label"]', code="LK327"
        )
    label = next((name for name in listed if name in ("gold", "label", "y")), listed[-1])
    if telltale := written_columns(listed, label):
        raise GoldError(
            f"gold is a frame of labels that labelkit wrote, with the columns {', '.join(telltale[:MOST_SHOWN])}: "
            "accuracy against labels of a model says how far two models agree, not how right labels are",
            hint=f"give what people answered; {REMEDY}",
            code="LK339",
        )
    raise GoldError(
        f"gold is a frame with {plural(len(listed), 'column')}, {listed[:12]}",
        hint=column_hint(gold, listed, label),
        code="LK327",
    )


def _no_container(gold: Any) -> GoldError:
    """Return the error for what holds no labels in an order, such as a set, a generator, or the labels of a model."""
    shown = repr(gold) if isinstance(gold, str | bytes) else f"a {type(gold).__module__}.{type(gold).__qualname__}"
    return GoldError(
        f"gold is {shown}, which is no container of labels",
        hint="give a Series or dict by id, or a list or array in the order of the examples; "
        + (
            f"of a file, labelkit.read_gold({gold!r}); of a column, frame[{gold!r}]"
            if isinstance(gold, str)
            else "labels of a model are no gold: accuracy against them says how far two models agree"
        ),
    )
