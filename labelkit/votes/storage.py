"""Store votes as Arrow tables: names of columns, metadata of the schema, columns of confidences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.arrow_arrays import arrow_array, numpy_array
from labelkit._shared.memory import check_room
from labelkit._shared.shapes import check_shape
from labelkit._shared.stored_files import read_parquet, reading
from labelkit.exceptions import MatrixError
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
from labelkit.votes.outcomes import Fault

METADATA: Final = b"labelkit"

_LF: Final = {
    "name": str,
    "labels": ([int], None),
    "group": (str, None),
    "precision": (float, None),
    "trusted": bool,
    "kind": str,
    "columns": [str],
    "fingerprint": str,
    "doc": str,
}
_DESCRIPTION: Final = {
    "lfs": [_LF],
    "classes": [str],
    "faults": [{"row": int, "lf": str, "error": str, "message": str}],
}
"""What :func:`table_description` gives."""


def read_description(table: pa.Table) -> dict[str, Any]:
    """Read the description of rules, classes and faults back; empty if the table has none.

    Raises
    ------
    ValueError
        If it is not as :func:`table_description` gives it.
    """
    description = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
    if not isinstance(description, dict) or "lfs" not in description:
        return {}
    check_shape(description, _DESCRIPTION)
    n_classes = len(description["classes"])
    odd = [label for lf in description["lfs"] for label in lf["labels"] or () if not 0 <= label < n_classes]
    if odd:
        raise ValueError(f"a rule votes for the class {odd[0]} of {n_classes}")
    return description


def whole_numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of whole numbers.

    Raises
    ------
    ValueError
        If it holds anything else, or null.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    if not pa.types.is_integer(column.type) or column.null_count:
        raise ValueError(f"a column holds {column.type}{' and null' * bool(column.null_count)}, not whole numbers")
    return numpy_array(column)


def confidence_columns(lfs: Sequence[LFInfo], confidence: NDArray[np.uint8] | None) -> dict[str, NDArray[np.uint8]]:
    """The columns that a table of votes has for how sure rules were: one for each rule that says."""
    if confidence is None:
        return {}
    return {_confidence_column(lf): np.ascontiguousarray(confidence[:, j]) for j, lf in enumerate(lfs) if lf.levels}


def _confidence_column(lf: LFInfo) -> str:
    return f"{lf.name} (confidence)"


def read_confidence(table: pa.Table, lfs: Sequence[LFInfo]) -> NDArray[np.uint8] | None:
    """Read the confidences of all rules back; None if no rule gives one."""
    if not any(lf.levels for lf in lfs):
        return None
    sure = np.zeros((table.num_rows, len(lfs)), dtype=np.uint8, order="F")
    for j, lf in enumerate(lfs):
        if lf.levels and _confidence_column(lf) in table.column_names:
            sure[:, j] = numpy_array(table.column(_confidence_column(lf)))
    return sure


def read_table(path: str | Path, what: str) -> pa.Table:
    """Read a Parquet file, or say what it was wanted for."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

    with reading(path, f"cannot be read as {what}", MatrixError, hint=folder_hint(path)):
        with pq.ParquetFile(path) as file:
            check_room(8.0 * file.metadata.num_rows * file.metadata.num_columns, f"reading {what}")
        return read_parquet(Path(path))


def folder_hint(path: str | Path) -> str | None:
    """Return what reads a folder, where a file of votes or labels was wanted."""
    return "a run folder is read by RunFolder(path): matrix(), patterns(), labels()" if Path(path).is_dir() else None


def stored_ids(ids: NDArray[Any]) -> pa.Array:
    """Return ids as a column of a file.

    Raises
    ------
    MatrixError
        If they are of several types, as after examples of several corpora were put under one another.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    try:
        return arrow_array(ids)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        kinds = {type(name).__name__: name for name in ids[::-1].tolist()}
        shown = " and ".join(f"{name!r} ({kind})" for kind, name in sorted(kinds.items()))
        raise MatrixError(
            f"ids of several types, {shown}, cannot stand in one column of a file",
            hint="open each corpus with ids of one type: text, or numbers (df.astype({'id': str}))",
        ) from None


def vote_columns(names: Sequence[str]) -> list[str]:
    """Column names of a table of votes: the id's, kept apart from a rule that is itself called ``id``."""
    id_name = "id"
    while id_name in names:
        id_name = f"example_{id_name}"
    return [id_name, *names]


def read_votes(table: pa.Table, lfs: Sequence[LFInfo], dtype: Any) -> NDArray[Any]:
    """Read the votes of a table, which has the columns of its rules in their order.

    Raises
    ------
    ValueError
        If it has others: votes would be taken for those of another rule.
    """
    names = vote_columns([lf.name for lf in lfs])
    rest = set(table.column_names[len(names) :]) - {_confidence_column(lf) for lf in lfs if lf.levels}
    if table.column_names[: len(names)] != names or rest:
        raise ValueError("its columns are not those of its rules")
    votes = np.empty((table.num_rows, len(lfs)), dtype=dtype, order="F")
    for j in range(len(lfs)):
        votes[:, j] = whole_numbers(table.column(j + 1))
    return votes


def matrix_metadata(
    lfs: Sequence[LFInfo], class_names: Sequence[str], faults: Sequence[Fault] = ()
) -> dict[bytes, bytes]:
    """Return the schema metadata of a table of votes, from which it can be read back as a matrix."""
    return {METADATA: as_json(table_description(lfs, class_names, faults))}


def table_description(
    lfs: Sequence[LFInfo], class_names: Sequence[str], faults: Sequence[Fault] = ()
) -> dict[str, Any]:
    """Describe rules, classes and faults as plain values."""
    return {
        "lfs": [lf.to_dict() for lf in lfs],
        "classes": list(class_names),
        "faults": [{**fault.__dict__, "id": _plain(fault.id)} for fault in faults],
    }


def as_json(description: dict[str, Any]) -> bytes:
    """Encode a description as JSON with sorted keys."""
    return json.dumps(description, sort_keys=True, default=str).encode()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def labels_table(
    ids: Any,
    hard: NDArray[Any],
    covered: NDArray[np.bool_],
    proba: Iterable[NDArray[np.float64]],
    class_names: tuple[str, ...],
    *,
    origin: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Labels as an Arrow table; see :meth:`ProbabilisticLabels.to_arrow`.

    Parameters
    ----------
    ids : array
    hard : ndarray of int, shape (n_examples,)
        -1 where there is none.
    covered : ndarray of bool, shape (n_examples,)
    proba : iterable of ndarray, shape (n_examples,)
        One array for each class.
    class_names : tuple of str
    origin : mapping, optional
        Where they come from, plain values; kept in the metadata of the table, but for None.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    labels = hard.astype(LabelSpace(class_names).dtype, copy=False)
    columns = {
        "id": stored_ids(ids),
        "label": arrow_array(labels, mask=labels == ABSTAIN),
        "covered": arrow_array(covered),
    }
    columns |= {f"p_{name}": arrow_array(column) for name, column in zip(class_names, proba, strict=True)}
    origins = {name: value for name, value in (origin or {}).items() if value is not None}
    metadata = {METADATA: json.dumps({"classes": list(class_names), **origins}).encode()}
    return pa.table(columns).replace_schema_metadata(metadata)
