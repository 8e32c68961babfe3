"""Put label matrices under or beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import MatrixError
from labelkit.votes.alignment import RowNames
from labelkit.votes.example_names import FrameIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.label_matrix import LabelMatrix


def concatenated(parts: Sequence[LabelMatrix]) -> dict[str, Any]:
    """Return the fields of the matrix that has the examples of all parts.

    Raises
    ------
    MatrixError
        If the parts have other rules or classes than the first, or an example is in two of them.
    """
    first, offset, faults = parts[0], 0, []
    for part in parts:
        if part.names != first.names or part.class_names != first.class_names:
            raise MatrixError(
                f"matrices of other rules or classes cannot be concatenated: {part.names} and {first.names}",
                hint="to put rules side by side, use join",
                code="LK312",
            )
        faults += [replace(fault, row=fault.row + offset) for fault in part.faults]
        offset += len(part)
    if all(_are_positions(part.ids) for part in parts):
        faults = [replace(fault, id=fault.row) for fault in faults]
    return {
        "votes": np.concatenate([part.votes for part in parts]),
        "ids": ids_of_all([part.ids for part in parts]),
        "faults": tuple(faults),
        "confidence": side_by_side(parts, axis=0),
        "frame_index": FrameIndex.joined([part.frame_index for part in parts]),
    }


def ids_of_all(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the ids of the examples of several parts; positions in each part become positions in the whole.

    Numbers and texts stay what they are.

    Raises
    ------
    MatrixError
        If an example is in two parts.

    Examples
    --------
    >>> ids_of_all([np.arange(2), np.arange(3)]).tolist()
    [0, 1, 2, 3, 4]
    >>> ids_of_all([np.array(["a"]), np.array([7])]).tolist()
    ['a', 7]
    """
    if all(map(_are_positions, parts)):
        return np.arange(sum(map(len, parts)))
    kinds = {part.dtype.kind for part in parts if len(part)}
    ids = np.concatenate([part if len(kinds) < 2 else part.astype(object) for part in parts])
    names = RowNames(ids)
    if not names.is_unique:
        raise MatrixError(
            f"the example {names.repeated()!r} is in several parts",
            hint="concatenate the examples of different corpora, or leave out those that are there twice: part[rows]",
            code="LK313",
        )
    return ids


def side_by_side(parts: Sequence[LabelMatrix], *, axis: int) -> NDArray[np.uint8] | None:
    """The confidences of several matrices together; 0 for those that have none."""
    if all(part.confidence is None for part in parts):
        return None
    blank = [np.zeros(part.shape, np.uint8) if part.confidence is None else part.confidence for part in parts]
    return np.concatenate(blank, axis=axis)


def _are_positions(ids: NDArray[Any]) -> bool:
    return ids.dtype.kind == "i" and np.array_equal(ids, np.arange(len(ids)))
