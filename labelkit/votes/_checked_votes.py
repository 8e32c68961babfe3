"""Check arrays of votes and confidences, and bring them to the smallest type that holds their classes."""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.given_kinds import shown_kind, votes_remedy
from labelkit._shared.masked_arrays import without_mask
from labelkit._shared.missing import MISSING_TYPES
from labelkit._shared.row_operations import read_only
from labelkit.exceptions import MatrixError
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBERS: Final = (int, float, np.integer, np.floating)
"""Types of votes in an array of objects."""


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


def array_of_votes(votes: Any) -> NDArray[Any]:
    """Copy the votes of any container to an array; what is masked abstains.

    Columns of pandas that may hold gaps (``Int64``, types of Arrow) arrive as objects, and become numbers again.

    Raises
    ------
    MatrixError
        If a vote is NaN, None or NA.

    Examples
    --------
    >>> array_of_votes(np.array([[1, -1]], dtype=object)).tolist()
    [[1.0, -1.0]]
    """
    array = np.array(without_mask(votes, ABSTAIN))
    if array.dtype.kind == "O":
        values = array.ravel().tolist()
        kinds = set(map(type, values))
        missing = {kind for kind in kinds if kind.__name__ in MISSING_TYPES}
        if kinds - missing and all(issubclass(kind, _NUMBERS) and kind is not bool for kind in kinds - missing):
            numbers = [np.nan if type(value) in missing else value for value in values] if missing else values
            array = np.array(numbers, dtype=np.float64).reshape(array.shape)
    _check_finite(array, votes)
    return array


def _check_finite(array: NDArray[Any], votes: Any) -> None:
    """Refuse NaN and infinity among votes, with the remedy for what they were given as."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    remedy = "pandas.DataFrame(votes).fillna(-1).to_numpy()"
    if hasattr(votes, "fill_null"):  # polars
        remedy = "frame.fill_nan(None).fill_null(-1)"
    elif hasattr(votes, "column_names"):  # Arrow
        remedy = "table.to_pandas().fillna(-1)"
    elif hasattr(votes, "fillna"):
        remedy = "frame.fillna(-1)"
    raise MatrixError("votes hold NaN or infinity", hint=f"an abstain is -1: {remedy}", code="LK311")


def as_votes(votes: Any, n_classes: int | None) -> NDArray[Any]:
    """Check an array of votes, and bring it to the type that its classes need."""
    array = np.asarray(votes)
    _check_is_array(array)
    remedy = votes_remedy(array.ravel()[:1].tolist()) if array.dtype.kind in "OUT" else None
    if array.ndim != 2:
        message = f"votes have shape {array.shape}, not (n_examples, n_lfs)"
        raise MatrixError(message, hint=remedy or "a row for each example, a column for each rule", code="LK311")
    if array.dtype.kind == "f":
        _check_finite(array, votes)
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
