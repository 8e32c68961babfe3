"""Check and convert the values that a step sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import integers, without_dictionary
from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.numbers import plural
from labelkit.curation.data_set.rows import (
    SLICES_TYPE,
    classes_of,
    codes_of,
    names_column,
    proba_column,
    proba_of,
    replaced_column,
)
from labelkit.exceptions import DataSetError
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN, are_other_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_values(
    rows: pa.Table, name: str, table: pa.Table, source: NDArray[np.int64], classes: Sequence[str], what: str
) -> pa.Table:
    """Return rows whose column has the values at ``source``, and stays as it is where that is -1.

    Parameters
    ----------
    rows : pyarrow.Table
    name : {"split", "slices", "label", "proba", "weight"}
        A row that no value is of is in no part, if this is ``split``.
    table : pyarrow.Table
        The values, in the column of that name.
    source : ndarray of int64, shape (n_rows,)
    classes : sequence of str
    what : str
        The operation, for messages.

    Raises
    ------
    DataSetError
        If a value does not fit.
    """
    try:
        return _converted(rows, name, table, source, classes, what)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise DataSetError(
            f"{what} gives {name} as {table.schema.field(name).type}, which cannot be taken over: {error}",
            hint="split: a text; weight: a number; slices: a list of texts; label: a class; proba: a list of numbers",
        ) from None


def _converted(
    rows: pa.Table, name: str, table: pa.Table, source: NDArray[np.int64], classes: Sequence[str], what: str
) -> pa.Table:
    values = table.column(name)
    if name == "label":
        certain = "proba" not in table.column_names
        return _labeled(rows, _classes_of(values, classes, what), source, classes, certain=certain)
    if name == "proba":
        return _with_proba(rows, _probabilities(values, len(classes), what), source, classes)
    if name == "weight":
        weight = rows.column("weight").to_numpy().copy()
        named = source >= 0
        weight[named] = _weights(values, what)[source[named]]
        return replaced_column(rows, name, pa.array(weight))
    index = pa.array(source, mask=source < 0)
    if name == "split":
        codes, names = codes_of(values.cast(pa.string()) if not _is_names(values) else values)
        return replaced_column(rows, name, names_column(np.append(codes, -1)[source], names))
    taken = values.cast(SLICES_TYPE).take(index)
    kept = taken if (source >= 0).all() else pc.if_else(pa.array(source >= 0), taken, rows.column(name))
    return replaced_column(rows, name, kept)


def _is_names(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_dictionary(values.type) or pa.types.is_string(values.type))


def _weights(values: pa.ChunkedArray, what: str) -> NDArray[np.float64]:
    weight = np.asarray(values.cast(pa.float64()).fill_null(np.nan).to_numpy(), dtype=np.float64)
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        raise DataSetError(
            f"{what} gives {plural(int(wrong.sum()), 'row')} a weight that is no weight, such as {weight[wrong][0]:g}",
            hint="weights are numbers that are not negative",
            code="LK332",
        )
    return weight


def _classes_of(values: pa.ChunkedArray, classes: Sequence[str], what: str) -> NDArray[np.int64]:
    """Return labels, by name or number, as classes; -1 for none. Where numbers name classes, a number is a name."""
    values = without_dictionary(values) if pa.types.is_integer(value_type(values.type)) else values
    if pa.types.is_integer(values.type) and are_other_numbers(classes):
        values = pc.if_else(pc.equal(values, ABSTAIN), None, values) if str(ABSTAIN) not in classes else values
        values = values.cast(pa.string())
    if pa.types.is_integer(values.type):
        codes = integers(values.cast(pa.int64()), null=ABSTAIN)
        wrong: list[Any] = codes[(codes < -1) | (codes >= len(classes))][:1].tolist()
    else:
        own_codes, names = codes_of(values)
        wrong = [name for name in names if name not in classes]
        table = np.array([*(classes.index(name) if name in classes else -1 for name in names), -1])
        codes = table[own_codes]
    if wrong:
        raise DataSetError(
            f"{what} gives the label {wrong[0]!r}, which is no class", hint=f"the classes are {', '.join(classes)}"
        )
    return codes


def _probabilities(values: pa.ChunkedArray, n_classes: int, what: str) -> NDArray[np.float64]:
    problem = f"{what} gives probabilities that are none of {n_classes} classes"
    kind = values.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or pc.any(pc.not_equal(pc.list_value_length(values), n_classes)).as_py():
        raise DataSetError(problem, hint="proba has a list of a number for each class")
    proba = np.full((len(values), n_classes), np.nan)
    given = pc.list_flatten(values.drop_null()).cast(pa.float64()).to_numpy().reshape(-1, n_classes)
    proba[values.is_valid().to_numpy()] = given
    there = ~np.isnan(proba).any(axis=1)
    if (proba[there] < 0).any() or not np.allclose(proba[there].sum(axis=1), 1, atol=1e-6):
        raise DataSetError(problem, hint="the probabilities of a row are not negative, and sum to 1")
    return proba


def _labeled(
    rows: pa.Table, label: NDArray[np.int64], source: NDArray[np.int64], classes: Sequence[str], *, certain: bool
) -> pa.Table:
    """Set labels; with ``certain``, the probabilities of a label that is another become certain."""
    named = source >= 0
    before = classes_of(rows, classes)
    after = before.copy()
    after[named] = label[source[named]]
    other = (after != before) & (after >= 0)
    rows = replaced_column(rows, "label", names_column(after, classes))
    rows = replaced_column(rows, "covered", pa.array(rows.column("covered").to_numpy() | other))
    if not certain or not other.any():
        return rows
    proba = proba_of(rows.column("proba"), len(classes))
    proba[other] = np.eye(len(classes))[after[other]]
    return replaced_column(rows, "proba", proba_column(proba))


def _with_proba(
    rows: pa.Table, given: NDArray[np.float64], source: NDArray[np.int64], classes: Sequence[str]
) -> pa.Table:
    """Set probabilities, and with them the labels of rows whose probabilities are others than before."""
    proba = proba_of(rows.column("proba"), len(classes))
    named = np.flatnonzero(source >= 0)
    named = named[~np.isnan(given[source[named]]).any(axis=1)]
    named = named[(proba[named] != given[source[named]]).any(axis=1)]
    proba[named] = given[source[named]]
    label, covered = classes_of(rows, classes), rows.column("covered").to_numpy().copy()
    label[named], covered[named] = hard_labels(proba[named]), True
    rows = replaced_column(rows, "proba", proba_column(proba))
    rows = replaced_column(rows, "label", names_column(label, classes))
    return replaced_column(rows, "covered", pa.array(covered))
