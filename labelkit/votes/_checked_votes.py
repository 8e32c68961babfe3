"""Check arrays of votes and confidences, and bring them to the smallest type that holds their classes."""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.given_kinds import shown_kind, votes_remedy
from labelkit._shared.row_operations import read_only
from labelkit.exceptions import MatrixError
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked_confidence(confidence: Any, votes: NDArray[Any]) -> NDArray[np.uint8]:
    """Refuse confidences that are not uint8, of the shape of the votes, and 0 where a rule abstained."""
    sure = np.asarray(confidence)
    if sure.shape != votes.shape or sure.dtype != np.uint8:
        raise MatrixError(
            f"confidence is {sure.dtype} of shape {sure.shape}, but the votes have shape {votes.shape}",
            hint="uint8, as np.rint(255 * share)",
        )
    if (sure[votes == ABSTAIN] != 0).any():
        raise MatrixError("an abstain has a confidence", hint="it is 0 where a rule did not vote")
    return read_only(sure)


def from_sparse(votes: Any) -> NDArray[np.int16]:
    """The votes of a sparse matrix of ``label + 1``, checked before they are brought to a small type."""
    stored = np.asarray(votes.tocsr().data)
    if stored.dtype.kind not in "iuf" or (stored != np.rint(stored)).any():
        raise MatrixError(
            "a sparse matrix holds votes that are not whole numbers", hint="it stores label + 1", code="LK311"
        )
    if stored.min(initial=0) < 0 or stored.max(initial=0) > MAX_CLASSES:
        raise MatrixError(
            f"a sparse matrix holds {stored.min()} .. {stored.max()}", hint="it stores label + 1", code="LK311"
        )
    array: NDArray[np.int16] = votes.astype(np.int16).toarray()
    return array - np.int16(1)


def _check_is_array(array: NDArray[Any]) -> None:
    """Refuse what NumPy takes for one value, such as a run or its path."""
    if array.ndim or array.dtype.kind not in "OU":
        return
    value = array.item()
    given, run = shown_kind(value), votes_remedy(value) or "of a run, run.matrix()"
    if isinstance(value, str | PathLike):
        path = str(value)
        given, run = f"{path!r:.80}", "of a run, labelkit.RunFolder(path).matrix()"
        with suppress(OSError, ValueError):  # a text that can be no path
            if Path(path).is_dir():
                run = f"of the run there, labelkit.RunFolder({path!r}).matrix()"
            elif Path(path).is_file():
                run = f"of a file that matrix.save(path) wrote, labelkit.LabelMatrix.load({path!r})"
    raise MatrixError(
        f"the votes are given as {given}, which is no matrix",
        hint=f"give a LabelMatrix, an array or a frame; {run}",
        code="LK311",
    )


def as_votes(votes: Any, n_classes: int | None) -> NDArray[Any]:
    """Check an array of votes, and bring it to the type that its classes need."""
    array = np.asarray(votes)
    _check_is_array(array)
    remedy = votes_remedy(array.ravel()[:1].tolist()) if array.dtype.kind in "OUT" else None
    if array.ndim != 2:
        message = f"votes have shape {array.shape}, not (n_examples, n_lfs)"
        raise MatrixError(message, hint=remedy or "a row for each example, a column for each rule", code="LK311")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise MatrixError("votes hold NaN or infinity", hint="an abstain is -1: frame.fillna(-1)", code="LK311")
        if (array != np.rint(array)).any():
            raise MatrixError("votes are not whole numbers", hint="a vote is a class number, or -1", code="LK311")
    elif array.dtype.kind not in "iu":
        hint = "a vote is a class number, or -1"
        raise MatrixError(
            f"votes are of type {array.dtype}, not integers",
            hint=f"{hint}; {remedy}" if remedy else hint,
            code="LK311",
        )
    if array.dtype.kind == "u":
        if array.max(initial=0) == np.iinfo(array.dtype).max:
            raise MatrixError(
                f"votes of type {array.dtype} hold {np.iinfo(array.dtype).max}, which an abstain, -1, becomes there",
                hint="keep votes as signed numbers, int8 or int16",
                code="LK311",
            )
        array = array.astype(np.int64)
    low, high = int(array.min(initial=0)), int(array.max(initial=-1))
    if low < ABSTAIN:
        raise MatrixError(f"votes hold {low}, which is below ABSTAIN (-1)", code="LK311")
    if n_classes is not None and high >= n_classes:
        raise MatrixError(
            f"votes hold class {high}, but there are {n_classes} classes (0 .. {n_classes - 1})", code="LK311"
        )
    dtype = LabelSpace.of(n_classes or max(high + 1, 1)).dtype
    return read_only(array.astype(dtype, copy=False))
