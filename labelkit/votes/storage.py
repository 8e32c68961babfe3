"""Store votes as Arrow tables: names of columns, metadata of the schema, columns of confidences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.exceptions import MatrixError
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
from labelkit.votes.outcomes import Fault

METADATA: Final = b"labelkit"


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
            sure[:, j] = table.column(_confidence_column(lf)).to_numpy()
    return sure


def read_table(path: str | Path, what: str) -> pa.Table:
    """Read a Parquet file, or say what it was wanted for."""
    import pyarrow as pa  # noqa: PLC0415 - only for who asks
    import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise MatrixError(f"{path} cannot be read as {what}: {error}") from None


def stored_ids(ids: NDArray[Any]) -> pa.Array:
    """Return ids as a column of a file.

    Raises
    ------
    MatrixError
        If they are of several types, as after examples of several corpora were put under one another.
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    try:
        return pa.array(ids)
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
