"""Gold labels in any form become one array aligned with the examples: a class, or -1 where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import GoldError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def aligned_gold(gold: Any, ids: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Bring gold labels into the order of the examples.

    Parameters
    ----------
    gold : array-like of shape (n_examples,), pandas Series or mapping by id
        Class numbers, enum members or class names; -1, ``None`` or NaN where unknown. A Series is matched by its
        index, a mapping by its keys, and both may leave examples out; any other array is in the order of the examples.
    ids : ndarray, shape (n_examples,)
    class_names : list of str

    Returns
    -------
    ndarray of int64, shape (n_examples,)

    Raises
    ------
    GoldError
        If the length does not fit, an id is not an example's (or of several), or a value is not a class.

    Examples
    --------
    >>> aligned_gold({"b": 1, "c": "ham"}, np.array(["a", "b", "c"]), ["ham", "spam"])
    array([-1,  1,  0])
    """
    if hasattr(getattr(gold, "index", None), "to_numpy"):  # a pandas series
        values, keys = gold.to_numpy(), gold.index.to_numpy()
        default = len(values) == len(ids) and np.array_equal(keys, np.arange(len(values)))
        if default and not set(keys.tolist()) <= set(ids.tolist()):
            keys = None  # a series without an index of its own is in the order of the examples
    elif isinstance(gold, Mapping):
        values, keys = _object_array(list(gold.values())), _object_array(list(gold))
    else:
        values, keys = _as_array(gold), None
    if values.ndim != 1:
        raise GoldError(f"gold has shape {values.shape}, not (n_examples,)")
    classes = _as_classes(values, class_names)
    if keys is not None:
        return _by_id(classes, keys, ids)
    if len(classes) != len(ids):
        raise GoldError(
            f"gold has {len(classes)} labels for {len(ids)} examples",
            hint="give a Series or dict by id where gold is partial",
        )
    return classes


def _as_array(gold: Any) -> NDArray[Any]:
    """Gold in the order of the examples: nulls are kept, and numbers and names are not made into one another."""
    if isinstance(gold, np.ndarray):
        return gold
    if not hasattr(gold, "__iter__"):  # an array by protocol only
        return np.asarray(gold)
    plain = getattr(gold, "to_pylist", None) or getattr(gold, "to_list", None)  # of Arrow, of polars
    values = list(gold) if plain is None else plain()
    array = np.asarray(gold if plain is None else values)
    return _object_array(values) if array.dtype.kind not in "iufb" and array.ndim == 1 else array


def _object_array(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _as_classes(values: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Class numbers of gold values, -1 where unknown."""
    if values.dtype.kind in "iu":
        classes = values.astype(np.int64)
    elif values.dtype.kind == "f":
        filled = np.where(np.isnan(values), -1, values)
        whole = np.isfinite(filled) & (filled == np.rint(filled))
        if not whole.all():
            raise GoldError(f"gold holds {filled[~whole][0]}, which is not a class")
        classes = filled.astype(np.int64)
    elif values.dtype.kind == "b":
        raise GoldError(
            "gold is True and False, not classes", hint="gold.astype(int), if False is class 0 and True class 1"
        )
    else:
        numbers = {name: i for i, name in enumerate(class_names)}
        classes = np.array([_as_class(value, numbers) for value in values.tolist()], dtype=np.int64)
    wrong = (classes < -1) | (classes >= len(class_names))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise GoldError(
            f"gold holds class {classes[first]} at position {first}, but there are {len(class_names)} classes: "
            f"{', '.join(f'{name}={i}' for i, name in enumerate(class_names[:12]))}"
        )
    return classes


def _as_class(value: Any, numbers: dict[str, int]) -> int:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and np.isnan(value)):
        return -1
    if isinstance(value, str):
        if value in numbers:
            return numbers[value]
        if value.strip().removeprefix("-").isdecimal():  # as a CSV file has it
            return int(value)
    if isinstance(value, int | np.integer | float) and not isinstance(value, bool) and value % 1 == 0:
        return int(value)
    raise GoldError(f"gold holds {value!r}, which is neither a class number nor one of the names {list(numbers)[:12]}")


def _by_id(classes: NDArray[np.int64], keys: NDArray[Any], ids: NDArray[Any]) -> NDArray[np.int64]:
    import pandas as pd  # noqa: PLC0415 - only for gold by id

    index = pd.Index(ids)
    if not index.is_unique:
        raise GoldError(
            f"the id {index[index.duplicated()].tolist()[0]!r} names several examples, so gold by id has no meaning",
            hint="give gold as an array in the order of the examples",
        )
    places = index.get_indexer(pd.Index(keys))
    if (places < 0).any():
        missing = keys[places < 0]
        raise GoldError(
            f"gold names {len(missing)} id(s) that are not examples, such as {missing[0]!r}",
            hint=f"ids look like {ids[:1].tolist()[0]!r}" if len(ids) else None,
        )
    named = pd.Index(places)
    if not named.is_unique:
        twice = keys[named.duplicated()].tolist()[0]
        raise GoldError(f"gold names the id {twice!r} twice", hint="keep one label an example")
    aligned = np.full(len(ids), -1, dtype=np.int64)
    aligned[places] = classes
    return aligned
