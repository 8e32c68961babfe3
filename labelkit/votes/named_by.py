"""Tell what gave examples their ids, and refuse to match ids of two kinds that are the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from labelkit.votes.alignment import labels_of, shown_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from labelkit.exceptions import LabelkitError
    from labelkit.votes.example_names import ExampleNames, FrameIndex


@dataclass(frozen=True)
class NamedBy:
    """What gave the examples their ids.

    Parameters
    ----------
    kind : {"column", "index", "positions"}
        A column of the corpus, the index of the frame, or the positions of the rows.
    name : str, optional
        That of the column or the index; None where it is not known, or has none.
    is_counted : bool
        True for the index 0, 1, 2, ... of a frame that was made without one.
    """

    kind: Literal["column", "index", "positions"]
    name: str | None = None
    is_counted: bool = False

    @classmethod
    def of_index(cls, index: FrameIndex) -> NamedBy:
        """Take the index of a frame."""
        name = index.labels.name
        return cls("index", None if name is None else str(name), index.is_default)

    def __str__(self) -> str:
        if self.kind == "positions" or self.is_counted:
            return "positions"
        if self.kind == "column":
            return "a column" if self.name is None else f"column {self.name!r}"
        return f"the index{'' if self.name is None else f' {self.name!r}'} of the frame"


def named_by(examples: ExampleNames) -> NamedBy | None:
    """Tell what gave examples in memory their ids; None if that is not known.

    >>> import pandas as pd
    >>> from labelkit.votes.example_names import ExampleNames, FrameIndex
    >>> index = FrameIndex.of(pd.DataFrame(index=[7, 3]))
    >>> str(named_by(ExampleNames(np.array([7, 3]), index))), str(named_by(ExampleNames(np.array([1, 2]), index)))
    ('the index of the frame', 'a column')
    """
    index = examples.index
    if index is None or not index.names_rows:
        return None
    ids = labels_of(index.labels) if index.is_default else index.ids
    same = ids is not None and np.array_equal(examples.ids, ids)
    return NamedBy.of_index(index) if same else NamedBy("column")


def check_same_kind(
    named: Sequence[NamedBy | None], ids: Sequence[NDArray[Any]], what: str, error: type[LabelkitError]
) -> None:
    """Refuse integers of which those of one side are from a column, and those of the other count or index the rows.

    Parameters
    ----------
    named : sequence of two NamedBy or None
    ids : sequence of two ndarray
        Ids of each side, some or all.
    what : str
        The word for the two in the error.
    error : type of LabelkitError

    Raises
    ------
    LabelkitError
    """
    first, second = named
    if first is None or second is None or (first.kind == "column") == (second.kind == "column"):
        return
    if any(side.dtype.kind not in "iu" for side in ids):
        return
    column, rows = (first, second) if first.kind == "column" else (second, first)
    if rows.name is not None and column.name in {rows.name, None}:
        return
    raise error(
        f"{what} are named in two ways: by {first} ({shown_names(ids[0])}) and by {second} ({shown_names(ids[1])}), so "
        "that the same number is of two examples",
        hint=f"apply the rules to both with {_option(column)}, or to both without",
        code="LK313",
    )


def _option(column: NamedBy) -> str:
    return "the same id=" if column.name is None else f"id={column.name!r} (--id {quote(column.name)})"


def matched_by(before: NamedBy | None, after: NamedBy | None) -> str:
    """Say by what the examples of two sides are matched."""
    sides = [side for side in (before, after) if side is not None]
    if not sides or any(side.kind == "column" for side in sides):
        return "their ids"
    if any(side.kind == "index" and not side.is_counted for side in sides):
        return "the index of the frame"
    return "their positions in the whole corpus, since they have no ids"
