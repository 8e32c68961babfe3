"""Call the user's functions, once for each row or chunk; catch every exception and keep it with its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.time_limit import TimeUpError
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import Errors
from labelkit.apply.plan.call_ledger import watched
from labelkit.rules.parameters import as_column, in_order
from labelkit.votes.label_space import ABSTAIN, LabelSpace

CHUNK: Final = 1024
"""Rows on which batch functions are called, aligned with the position in the corpus: models may depend on the batch."""


def call_each(function: Callable[..., Any], columns: Sequence[list[Any]]) -> tuple[list[Any], Errors]:
    """Call a function once for each row; where it raises, the result is None and the error is kept.

    >>> call_each(lambda x: 1 // x, [[1, 0, 2]])
    ([1, None, 0], {1: ('ZeroDivisionError', 'integer division or modulo by zero (<doctest ...>, line 1)')})
    """
    function = watched(function)
    results: list[Any] = []
    errors: Errors = {}
    n_rows, rest = len(columns[0]), zip(*columns, strict=True)
    with UserCode() as code:
        while len(results) < n_rows:
            try:
                # The loop runs in C. What was appended before an exception stays, so each row is called exactly once.
                results.extend(starmap(function, rest))
                if len(results) < n_rows:
                    raise StopIteration("raised by the rule")  # noqa: TRY301 - a rule's own StopIteration ends the loop quietly
            except TimeUpError as error:
                raise error.at(len(results), len(results)) from None
            except BaseException as error:  # noqa: BLE001 - whatever a user's function raises is a fault
                errors[len(results)] = code.described(error)
                results.append(None)
    return results, errors


def call_chunks(
    function: Callable[..., Any],
    columns: Sequence[pa.Array | list[Any]],
    annotations: Sequence[Any],
    rows: npt.NDArray[np.int64],
    n_rows: int,
    unpack: Callable[[Any, int], Sequence[Any]] | None = None,
    *,
    votes: bool = False,
) -> tuple[list[Any] | npt.NDArray[Any], Errors]:
    """Call a batch function on the chosen rows of each fixed chunk; where it raises, the whole chunk has the error.

    Returns
    -------
    results : list or ndarray of integers
        One for each of ``rows``; an array only if ``votes`` are wanted and every chunk gave one.
    errors : dict
        By position in ``rows``.
    """
    function = watched(function)
    chunks: list[Any] = []
    errors: Errors = {}
    with UserCode() as code:
        for start in range(0, n_rows, CHUNK):
            first, last = np.searchsorted(rows, [start, start + CHUNK])
            chosen = rows[first:last]
            if not len(chosen):
                continue
            given = [as_column(_take(column, chosen), hint) for column, hint in zip(columns, annotations, strict=True)]
            try:
                output = in_order(function(*given), len(chosen))
                is_array = votes and unpack is None and _holds_integers(output, len(chosen))
                chunks.append(output if is_array else _checked(output, len(chosen), unpack))
            except TimeUpError as error:
                raise error.at(int(first), int(last) - 1) from None
            except BaseException as error:  # noqa: BLE001 - whatever a user's function raises is a fault
                errors.update(dict.fromkeys(range(int(first), int(last)), code.described(error)))
                chunks.append([None] * len(chosen))
    if chunks and all(isinstance(chunk, np.ndarray) for chunk in chunks):
        return np.concatenate(chunks), errors
    return [value for chunk in chunks for value in (chunk if isinstance(chunk, list) else chunk.tolist())], errors


def _holds_integers(output: Any, n_rows: int) -> bool:
    """Tell if a batch function returned an array of integers that can be used as votes without conversion."""
    return isinstance(output, np.ndarray) and output.dtype.kind == "i" and output.shape == (n_rows,)


def _take(column: pa.Array | list[Any], rows: npt.NDArray[np.int64]) -> Any:
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    if rows[-1] - rows[0] + 1 == len(rows):
        return column.slice(int(rows[0]), len(rows))
    return column.take(arrow_array(rows))


def _checked(output: Any, n_rows: int, unpack: Callable[[Any, int], Sequence[Any]] | None) -> list[Any]:
    if unpack is not None:
        return list(unpack(output, n_rows))
    plain = next((getattr(output, way) for way in ("tolist", "to_pylist", "to_list") if hasattr(output, way)), None)
    values = output if plain is None else plain()
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise TypeError(f"a batch function returns a value for each example, not one {type(output).__name__}")
    if len(values) != n_rows:
        raise ValueError(f"a batch function returned {len(values)} values for {n_rows} examples")
    return list(values)


def as_votes(results: Any, space: LabelSpace) -> tuple[npt.NDArray[np.int64], Errors]:
    """Check what rules returned; where it is not a vote, the vote is an abstain and the reason is kept.

    A batch function may return an exception in the place of a vote: the rule failed on that example alone.

    >>> as_votes([1, None, "SPAM"], LabelSpace(("HAM", "SPAM")))[0]
    array([ 1, -1, -1])
    """
    if isinstance(results, np.ndarray):
        if results.min(initial=0) >= ABSTAIN and results.max(initial=0) < len(space):
            return results.astype(np.int64, copy=False), {}
        results = results.tolist()
    kinds = set(map(type, results))
    if type(None) in kinds:
        results = [ABSTAIN if result is None else result for result in results]
    if bool not in kinds and all(kind is type(None) or issubclass(kind, int) for kind in kinds):
        try:
            votes = np.fromiter(results, np.int64, len(results))
        except OverflowError:
            return _one_by_one(results, space)
        if votes.min(initial=0) >= ABSTAIN and votes.max(initial=0) < len(space):
            return votes, {}
    return _one_by_one(results, space)


def _one_by_one(results: list[Any], space: LabelSpace) -> tuple[npt.NDArray[np.int64], Errors]:
    votes = np.full(len(results), ABSTAIN, dtype=np.int64)
    errors: Errors = {}
    with UserCode() as code:
        for position, result in enumerate(results):
            try:
                votes[position] = space.vote(_returned(result))
            except BaseException as error:  # noqa: BLE001 - a value may raise anything when it is looked at
                errors[position] = code.described(error)
    return votes, errors


def _returned(result: Any) -> Any:
    """Return what a rule returned; an exception in the place of a vote is raised."""
    if isinstance(result, BaseException):
        raise result
    return result


def as_soft_votes(results: Any, space: LabelSpace, levels: int) -> tuple[npt.NDArray[np.int64], Errors]:
    """Check what rules returned that say how sure they are: labels, pairs of a label and a confidence, or rows.

    Returns
    -------
    codes : ndarray of int64
        The vote and its confidence, rounded to ``levels`` steps, as :func:`labelkit.votes.outcomes.coded`
        puts them together.
    errors : dict

    Examples
    --------
    >>> space = LabelSpace(("HAM", "SPAM"))
    >>> as_soft_votes([(1, 0.9), 0, None, [0.25, 0.75], (0, 2.0)], space, 4)[0].tolist()
    [511, 0, -1, 383, -1]
    """
    codes = np.full(len(results), ABSTAIN, dtype=np.int64)
    errors: Errors = {}
    with UserCode() as code:
        for position, result in enumerate(results):
            try:
                vote, share = space.soft_vote(_returned(result))
                step = 0 if share is None else max(1, round(share * levels))
                codes[position] = vote if vote == ABSTAIN else vote + len(space) * round(255 * step / levels)
            except BaseException as error:  # noqa: BLE001 - a value may raise anything when it is looked at
                errors[position] = code.described(error)
    return codes, errors
