"""What names the examples: their ids, and the index of the pandas frame that they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from labelkit._shared.user_errors import warn
from labelkit.exceptions import MatrixError
from labelkit.votes.alignment import (
    RowNames,
    is_default,
    label_ids,
    labels_of,
    listed_names,
    names_hint,
    shown_names,
)
from labelkit.votes.name_habits import habit
from labelkit.votes.named_by import check_same_kind, named_by

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.exceptions import LabelkitError

TableIndex: TypeAlias = Literal["frame", "id"]
"""What the rows of a table can be indexed by."""


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """The index of the pandas frame that the examples came from.

    Parameters
    ----------
    labels : pandas.Index of length n_examples
    is_default : bool
        True if the frame was made without an index: 0, 1, 2, ...
    """

    labels: pd.Index[Any]
    is_default: bool

    @classmethod
    def of(cls, frame: Any) -> FrameIndex:
        """Take the index of a frame."""
        return cls(frame.index, is_default(frame.index))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Any) -> FrameIndex:
        """Some of the rows, by slice, mask or positions."""
        return FrameIndex(self.labels[rows], self.is_default)

    def first(self, n_rows: int) -> FrameIndex:
        """The index of the frame as it was with its first rows alone."""
        labels = self.labels[:n_rows]
        labels = labels if labels.nlevels > 1 else labels.infer_objects()
        return FrameIndex(labels, is_default(labels))

    @cached_property
    def names_rows(self) -> bool:
        """True if the labels tell the rows apart: none repeats, and none is empty."""
        return bool(self.labels.is_unique) and not (self.labels.nlevels == 1 and bool(self.labels.hasnans))

    @cached_property
    def ids(self) -> NDArray[Any] | None:
        """The ids that the labels give the examples; None where these are the positions.

        Numbers and text are ids as they are; labels of any other kind (dates, categories, floats, tuples of several
        levels), as text. An index that repeats, or has empty labels, names nothing.
        """
        if self.is_default or not self.names_rows:
            return None
        return label_ids(self.labels)

    @classmethod
    def joined(cls, parts: Sequence[FrameIndex | None]) -> FrameIndex | None:
        """Put the indexes of several frames under one another; None unless all parts have one."""
        given = [part for part in parts if part is not None]
        if not given or len(given) < len(parts):
            return None
        labels = given[0].labels.append([part.labels for part in given[1:]])
        return cls(labels, all(part.is_default for part in given))


@dataclass(frozen=True, eq=False)
class ExampleNames:
    """What names the examples.

    Parameters
    ----------
    ids : ndarray, shape (n_examples,)
    index : FrameIndex of length n_examples, optional
        It may repeat, and then names nothing.
    """

    ids: NDArray[Any]
    index: FrameIndex | None = None

    @classmethod
    def of(cls, examples: ExampleNames | NDArray[Any]) -> ExampleNames:
        """Take an array of ids for what names the examples."""
        return examples if isinstance(examples, ExampleNames) else cls(np.asarray(examples))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def by_id(self) -> RowNames:
        """The examples by their ids."""
        return RowNames(self.ids)

    @cached_property
    def by_index(self) -> RowNames | None:
        """The examples by the index of their frame; None if there is no frame, or its index names nothing."""
        return RowNames(labels_of(self.index.labels)) if self.index is not None and self.index.names_rows else None

    @cached_property
    def are_positions(self) -> bool:
        """True if nothing names the examples, and their positions stand for ids."""
        is_counted = self.ids.dtype.kind in "iu" and np.array_equal(self.ids, np.arange(len(self)))
        return self.index is None and is_counted

    def __getitem__(self, rows: Any) -> ExampleNames:
        """Some of the examples, by slice, mask or positions."""
        return ExampleNames(self.ids[rows], None if self.index is None else self.index[rows])

    def places(self, wanted: Any, *, error: type[LabelkitError]) -> NDArray[np.int64]:
        """Find examples that are named one by one: by their ids, or else by the index of their frame.

        Parameters
        ----------
        wanted : name or sequence of names
        error : type of LabelkitError

        Returns
        -------
        ndarray of int64, shape (n_wanted,)

        Raises
        ------
        LabelkitError
            If a name is no example's.
        """
        names = listed_names(wanted)
        matched = RowNames(self.ids.astype(object)).positions(names)
        if (matched < 0).any() and self.by_index is not None:
            by_index = self.by_index.positions(names)
            matched = matched if (by_index < 0).any() else by_index
        if (matched < 0).any():
            missing = names[matched < 0]
            raise error(
                f"no example has the id {missing.tolist()[0]!r}", hint=names_hint(self.ids, missing), code="LK321"
            )
        return matched

    def order(self, wanted: ExampleNames, *, what: str, error: type[LabelkitError]) -> NDArray[np.int64] | None:
        """Find the rows at which other examples stand among these.

        Parameters
        ----------
        wanted : ExampleNames
        what, error
            As in :func:`match`.

        Returns
        -------
        ndarray of int64, shape (len(wanted),), or None
            None where both are the same in the same order.

        Raises
        ------
        LabelkitError
            If some of them are not among these, or the ids of one are from a column, and the others index rows.
        """
        if len(self) == len(wanted) and np.array_equal(self.ids, wanted.ids):
            return None
        check_same_kind([named_by(self), named_by(wanted)], [self.ids, wanted.ids], what, error)
        places = self.by_id.positions(wanted.ids) if self.by_id.is_unique else np.full(len(wanted), -1)
        if (places < 0).any():
            lost = wanted.ids[places < 0]
            raise error(
                f"{what} are of other examples ({len(self):,} and {len(wanted):,}): they have ids such as "
                f"{shown_names(self.ids)}, and none bears the id {lost[:1].tolist()[0]!r}",
                hint=habit(lost, self.ids),
                code="LK321",
            )
        return places

    def named_frame(self, frame: pd.DataFrame, by: TableIndex | None = None) -> pd.DataFrame:
        """Give the rows of a frame, in the order of the examples, their names.

        Parameters
        ----------
        frame : pandas.DataFrame
        by : {"frame", "id"}, optional
            The index of the frame that the examples came from, or their ids. If not given, that of the frame if it had
            one of its own, with a warning if a label repeats; else the ids, with a warning where these are numbers of
            other rows of the frame.

        Raises
        ------
        MatrixError
            If the examples did not come from a pandas frame, and its index is wanted.
        """
        import pandas as pd  # noqa: PLC0415 - as above

        if by not in {None, "frame", "id"}:
            raise MatrixError(f"index={by!r} is neither 'frame' nor 'id'")
        if by == "frame" and self.index is None:
            raise MatrixError("the examples did not come from a pandas frame, so they have no index but their ids")
        if self.index is not None and (by == "frame" or (by is None and not self.index.is_default)):
            if by is None and not self.index.labels.is_unique:
                self._warn_of_repeats(self.index)
            return frame.set_axis(self.index.labels)
        if by is None:
            self._warn_of_overlap()
        return frame.set_axis(pd.Index(self.ids, name="id"))

    @staticmethod
    def _warn_of_repeats(index: FrameIndex) -> None:
        """Warn of a table by which a join multiplies rows."""
        repeated = shown_names(labels_of(index.labels[index.labels.duplicated()]), most=1)
        warn(
            f"the table has the index of the frame, which repeats labels such as {repeated}: frame.join(table) and "
            "other joins by it multiply rows. Hint: pandas.concat([frame, table], axis=1), or frame['label'] = "
            "table['label'], puts columns beside that very frame; to_pandas(index='frame') says that this is meant",
            code="LK342",
        )

    def _warn_of_overlap(self) -> None:
        """Warn if ids are labels of the frame's index too, but of other rows."""
        if self.index is None or not self.index.names_rows or self.ids.dtype.kind not in "iu":
            return
        labels = labels_of(self.index.labels)
        if np.array_equal(self.ids, labels) or not np.isin(self.ids, labels).any():
            return
        warn(
            f"the table is indexed by the ids, which begin with {shown_names(self.ids)}, and the index of the frame, "
            "0, 1, 2, ..., has such numbers for other rows. Hint: to_pandas(index='id'), for frame.join(table, on=...) "
            "with the column of ids; to_pandas(index='frame'), for frame['label'] = table['label']",
            code="LK326",
        )


def of_two_orders(what: str, ids: NDArray[Any], error: type[LabelkitError]) -> LabelkitError:
    """Return the error for examples 0, 1, 2, ... beside a corpus whose ids are these numbers in another order.

    Parameters
    ----------
    what : str
        The word for what has these examples.
    ids : ndarray
        The first ids of the corpus.
    error : type of LabelkitError
    """
    return error(
        f"{what} are named 0, 1, 2, ..., as of rules that were applied without id=, and the ids of the corpus are the "
        f"same numbers in another order, which begins with {shown_names(ids)}: they could be positions or ids",
        hint="open the corpus without id= if it has the order in which rules were applied; else apply them with id=",
        code="LK326",
    )
