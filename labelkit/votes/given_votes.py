"""Read votes out of what users hold: wide frames and arrays, and long tables of answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unicodedata import normalize

import numpy as np

from labelkit._shared.exact_values import whole_numbers
from labelkit._shared.foreign import named_type, remedy_for
from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError, MatrixError
from labelkit.votes.alignment import has_index, labels_of, object_array, shown_names
from labelkit.votes.exact_names import READ_EXACTLY, check_exact
from labelkit.votes.gold import gold_classes
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.storage import METADATA

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKERS: Final = frozenset(
    {"worker", "annotator", "rater", "coder", "labeler", "labeller", "judge", "assessor", "participant", "turker"}
    | {"user", "respondent", "contributor", "crowdworker", "tasker", "reviewer", "expert", "person"}
)
"""What the column of those who answered is called in a long table."""

ANSWERS: Final = frozenset(
    {"label", "answer", "response", "annotation", "vote", "rating", "judgment", "judgement"}
    | {"choice", "score", "class", "category", "value", "result", "decision"}
)
"""What the column of the answers is called."""


ID_COLUMNS: Final = frozenset({"id", "ids", "index", "uid", "uuid", "key"})
"""What a column of ids is called, if not something that ends with ``_id``."""

MANY_COLUMNS: Final = 200
"""Columns without names from which on votes may be transposed."""

MANY_FOR_A_ROW: Final = 10
"""Columns for each row from which on they may be."""

FEWEST_IDS: Final = 3
"""Rows from which whole numbers, no two of them alike, are ids."""


class LongTable(NamedTuple):
    """Votes of a long table: an array, the workers by column, the tasks by row, and the classes."""

    votes: NDArray[Any]
    names: list[str]
    ids: NDArray[Any]
    space: LabelSpace


def column_names(votes: Any, names: Sequence[str] | None = None) -> list[str] | None:
    """Return the names of the columns of a frame of votes, told without importing its library; None for an array.

    Warn of an array, or a frame without names, that has far more columns than rows: it is probably transposed.

    Parameters
    ----------
    votes : object
    names : sequence of str, optional
        Those that a user gave, which are returned.

    Raises
    ------
    MatrixError
        If it is a long table of answers, or a container of a library that is not read.
    """
    remedy = remedy_for(votes)
    if remedy is not None and not hasattr(votes, "__array__"):
        raise MatrixError(f"an object of type {named_type(votes)} is not a frame of votes", hint=remedy, code="LK311")
    if hasattr(votes, "is_covered"):
        raise MatrixError(
            f"{type(votes).__name__} are labels, and no votes",
            hint="give the LabelMatrix that they were made of; of a run, run.matrix()",
            code="LK311",
        )
    columns = getattr(votes, "column_names", None) or getattr(votes, "columns", None)
    if columns is None:
        _warn_if_transposed(votes, names)
        return None if names is None else list(names)
    if remedy is not None:
        raise MatrixError(f"an object of type {named_type(votes)} is not a frame of votes", hint=remedy, code="LK311")
    heads = [str(name) for name in columns]
    _check_no_ids(votes, heads)
    bare = {name.casefold().removesuffix("id").strip("_ ") for name in heads}
    if bare & WORKERS and bare & ANSWERS:
        raise MatrixError(
            f"the columns {heads} are those of a long table, a row for each answer; a frame of votes has a column for "
            "each labeling function or worker",
            hint="LabelMatrix.from_long(frame[task], frame[worker], frame[label])",
            code="LK311",
        )
    if heads == [str(place) for place in range(len(heads))]:
        _warn_if_transposed(votes, names)
    return heads if names is None else list(names)


def _warn_if_transposed(votes: Any, names: Sequence[str] | None) -> None:
    """Warn of votes with hundreds of columns that nobody named, and few rows: examples may stand in the columns."""
    shape = getattr(votes, "shape", None)
    if shape is None and isinstance(votes, list | tuple) and votes and isinstance(votes[0], list | tuple | np.ndarray):
        shape = len(votes), len(votes[0])
    if names is not None or not isinstance(shape, tuple) or len(shape) != 2 or shape[0] < 2:
        return
    if shape[1] >= MANY_COLUMNS and shape[1] >= MANY_FOR_A_ROW * shape[0]:
        warn(
            f"the votes are {plural(shape[0], 'row')} of {shape[1]:,} columns, a row for each example and a column for "
            f"each labeling function: {plural(shape[0], 'example')}. Hint: if there are {shape[1]:,} examples, "
            "transpose: votes.T (of lists, numpy.transpose(votes)); if not, give LabelMatrix.of(votes, names=[...])",
            code="LK315",
        )


def _check_no_ids(votes: Any, names: Sequence[str]) -> None:
    """Refuse a column of ids, which would be taken for the votes of a rule for as many classes."""
    if METADATA in (getattr(getattr(votes, "schema", None), "metadata", None) or {}):
        raise MatrixError(
            "a table that LabelMatrix.to_arrow made has ids and descriptions beside the votes",
            hint="LabelMatrix.from_arrow(table)",
            code="LK311",
        )
    for place, name in enumerate(names):
        bare = name.casefold()
        if not (bare in ID_COLUMNS or bare.endswith("_id")):
            continue
        column = np.asarray(votes.iloc[:, place] if hasattr(votes, "iloc") else votes[name])
        if _are_ids(column):
            raise MatrixError(
                f"the column {name!r} holds ids, such as {column[:1].tolist()[0]!r}, and not votes of a rule",
                hint=f"LabelMatrix.of(frame.set_index({name!r})) of pandas, else LabelMatrix.of(frame.drop({name!r}), "
                f"ids=frame[{name!r}]); LabelMatrix.load(path) reads what matrix.save(path) wrote",
                code="LK311",
            )


def _are_ids(column: NDArray[Any]) -> bool:
    """Return True for text, and for whole numbers of which none repeats and none is an abstain."""
    if column.dtype.kind in "iuf":
        return len(column) >= FEWEST_IDS and len(np.unique(column)) == len(column) and bool(column.min() >= 0)
    return any(isinstance(value, str) for value in column[:1].tolist())


def read_long(task: Any, worker: Any, label: Any, classes: int | Sequence[str] | None) -> LongTable:
    """Bring a long table, a row for each answer, into an array with a row for each task and a column for each worker.

    Raises
    ------
    MatrixError
        If the columns do not fit together, a task or a worker is missing, an answer is no class, or a worker answers a
        task twice.
    """
    import pandas as pd  # noqa: PLC0415 - only for who asks

    _check_together({"task": task, "worker": worker, "label": label})
    values = tidy_answers(gold_values(label), are_named=classes is not None)
    space = LabelSpace.of(_classes_of(values) if classes is None else classes)
    try:
        answers = gold_classes(values, space.names)
    except GoldError as error:
        hint = (error.hint or "").replace("gold.", "label.") or None
        raise MatrixError(
            error.message.replace("gold", "the column of answers", 1), hint=hint, code=error.code
        ) from None
    codes, names = {}, {}
    for what, column in (("task", task), ("worker", worker)):
        codes[what], names[what] = pd.factorize(gold_values(column))
        if (codes[what] < 0).any():
            raise MatrixError(f"row {int(np.argmin(codes[what]))} has no {what}", hint="leave such rows out")
    tasks, workers = (np.asarray(names[what]) for what in ("task", "worker"))
    check_exact(tasks, "the column of tasks", MatrixError, hint=READ_EXACTLY)
    _check_once(codes["task"] * len(workers) + codes["worker"], answers, tasks, workers)
    votes = np.full((len(tasks), len(workers)), ABSTAIN, dtype=space.dtype)
    given = answers >= 0
    votes[codes["task"][given], codes["worker"][given]] = answers[given]
    ids = whole_numbers(tasks.tolist()) if tasks.dtype.kind in "iu" else object_array(map(str, tasks.tolist()))
    return LongTable(votes, [str(name) for name in workers.tolist()], ids, space)


def _check_together(columns: dict[str, Any]) -> None:
    """Refuse columns of several lengths, and Series with different indexes."""
    sizes = {what: len(gold_values(column)) for what, column in columns.items()}
    if len(set(sizes.values())) > 1:
        raise MatrixError(f"the columns of the table have different lengths: {sizes}")
    series = [column for column in columns.values() if has_index(column)]
    for other in series[1:]:
        if not other.index.equals(series[0].index):
            raise MatrixError(
                f"the columns are Series with different indexes: they begin with "
                f"{shown_names(labels_of(series[0].index))} and {shown_names(labels_of(other.index))}",
                hint="give the columns of one frame",
                code="LK326",
            )


def tidy_answers(values: NDArray[Any], *, are_named: bool) -> NDArray[Any]:
    """Return answers without the spaces around them, and null for blank text, which is no answer and no class.

    Letters with accents are composed. Warn of answers that were one class but for spaces or, unless ``are_named`` says
    that the classes are given, capitals.

    >>> tidy_answers(object_array(["ja", "cafe\u0301", " ", None]), are_named=False).tolist()
    ['ja', 'café', None, None]
    """
    if values.dtype.kind in "iufb":
        return values
    given = values.tolist()
    tidy = [normalize("NFC", value.strip()) or None if isinstance(value, str) else value for value in given]
    raw = sorted({value for value in given if isinstance(value, str) and value.strip()})
    spaced = [value for value in raw if value != value.strip() and value.strip() in raw]
    if spaced:
        message = f"the answers {spaced[0]!r} and {spaced[0].strip()!r} are taken for one class"
        warn(message, code="LK338")
    by_letters: dict[str, str] = {}
    for name in () if are_named else dict.fromkeys(normalize("NFC", value.strip()) for value in raw):
        other = by_letters.setdefault(name.casefold(), name)
        if other != name:
            message = f"the answers {other!r} and {name!r} are two classes"
            warn(f"{message}. Hint: if they are one, name the classes: classes=[...]", code="LK338")
    return object_array(tidy)


def _classes_of(values: NDArray[Any]) -> int | list[str]:
    """Return how many classes whole numbers need, or the names among the answers, sorted."""
    if values.dtype.kind in "iu":
        return max(2, int(values.max(initial=0)) + 1)
    given = [value for value in values.tolist() if isinstance(value, str) or value == value]  # noqa: PLR0124 - NaN
    names = sorted({value for value in given if isinstance(value, str)})
    if names and not all(name.isdecimal() for name in names):
        return names
    numbers = [int(value) for value in given if isinstance(value, str | int | float)]
    return max(2, max(numbers, default=-1) + 1)


def _check_once(
    cells: NDArray[np.int64], answers: NDArray[np.int64], tasks: NDArray[Any], workers: NDArray[Any]
) -> None:
    """Refuse two answers of a worker to a task."""
    given = np.flatnonzero(answers >= 0)
    cell, count = np.unique(cells[given], return_counts=True)
    if (count > 1).any():
        twice = cell[count > 1][0]
        rows = given[cells[given] == twice][:2].tolist()
        task, worker = tasks[twice // len(workers)], workers[twice % len(workers)]
        raise MatrixError(
            f"the worker {_plain(worker)!r} answers the task {_plain(task)!r} more than once, on rows {rows[0]} and "
            f"{rows[1]}",
            hint="choose one: frame.drop_duplicates([task, worker])",
            code="LK331",
        )


def _plain(name: Any) -> Any:
    return name.item() if isinstance(name, np.generic) else name
