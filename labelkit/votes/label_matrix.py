"""The label matrix: what each labeling function said of each example, and all that is known beside it.

A cell is a class or ``ABSTAIN`` (-1). A cell where the rule failed reads -1 too, and is in the fault table. Patterns
of votes are the same without the examples: the distinct rows of votes and their counts, which models learn from.

>>> import numpy as np
>>> matrix = LabelMatrix.of(np.array([[0, -1], [1, 1], [0, -1]]), names=["short", "link"])
>>> matrix
LabelMatrix(3 examples x 2 labeling functions, 2 classes, 100.0% covered)
>>> matrix["link"].votes.tolist()
[[-1], [1], [-1]]
>>> matrix.patterns.votes.tolist(), matrix.patterns.counts.tolist()
([[0, -1], [1, 1]], [2, 1])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.arrow_arrays import arrow_array, numpy_array
from labelkit._shared.files import replaced
from labelkit._shared.markup import Chip
from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import DASH, percent, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.stored_files import reading
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import MatrixError
from labelkit.votes.alignment import has_index, shown_names
from labelkit.votes.distinct_rows import distinct
from labelkit.votes.example_names import ExampleNames, FrameIndex, TableIndex
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    from types import EllipsisType

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray
from labelkit.votes._array_of_votes import IDS_CHOOSE, ArrayOfVotes, positions_of
from labelkit.votes._checked_votes import array_of_votes, as_votes, checked_confidence, from_sparse
from labelkit.votes._concatenation import concatenated, side_by_side
from labelkit.votes.given_votes import column_names, read_long
from labelkit.votes.named_by import check_same_kind, named_by
from labelkit.votes.outcomes import FAULT, Fault, coded, decoded
from labelkit.votes.saved_index import SavedIndex, read_index, without_index
from labelkit.votes.storage import (
    confidence_columns,
    matrix_metadata,
    read_confidence,
    read_description,
    read_table,
    read_votes,
    stored_ids,
    vote_columns,
)
from labelkit.votes.vote_patterns import VotePatterns


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class LabelMatrix(ArrayOfVotes):
    """The votes of labeling functions on examples.

    Behaves as the array of votes where an array is expected: comparisons and arithmetic give arrays, and the methods of
    an array (``mean``, ``sum``, ``any``, ...) are there.

    Parameters
    ----------
    votes : ndarray of int8 (int16 from 128 classes), shape (n_examples, n_lfs)
        Classes, or -1. Kept read-only.
    lfs : tuple of LFInfo
        A description of each labeling function, by column.
    class_names : tuple of str
        The name of each class.
    ids : ndarray, shape (n_examples,)
        What names each example: strings or integers; positions where nothing else is known.
    faults : tuple of Fault
        Where rules failed, in the order of the examples.
    confidence : ndarray of uint8, shape (n_examples, n_lfs), optional
        How sure a rule was of its vote, from 1 to 255 (certain); 0 where it did not say, or did not vote.
    frame_index : FrameIndex of length n_examples, optional
        The index of the pandas frame that the examples came from, by which a Series is matched too.

    Raises
    ------
    MatrixError
        If the shapes do not fit, or a vote is not a class.
    """

    votes: NDArray[Any]
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    ids: NDArray[Any]
    faults: tuple[Fault, ...] = ()
    confidence: NDArray[np.uint8] | None = None
    frame_index: FrameIndex | None = None

    def __post_init__(self) -> None:
        votes = as_votes(self.votes, len(self.class_names))
        set_ = object.__setattr__
        set_(self, "votes", votes)
        set_(self, "lfs", tuple(self.lfs))
        set_(self, "class_names", tuple(self.class_names))
        set_(self, "ids", np.asarray(self.ids))
        set_(self, "faults", tuple(self.faults))
        if len(self.lfs) != votes.shape[1]:
            raise MatrixError(f"{votes.shape[1]} columns of votes, but {len(self.lfs)} labeling functions")
        if self.ids.shape != (len(votes),):
            raise MatrixError(f"{plural(len(votes), 'row')} of votes, but ids of shape {self.ids.shape}")
        if self.frame_index is not None and len(self.frame_index) != len(votes):
            raise MatrixError(f"{plural(len(votes), 'row')} of votes, but an index of {len(self.frame_index)} labels")
        names = [lf.name for lf in self.lfs]
        if len(set(names)) != len(names):
            raise MatrixError(f"labeling functions share a name: {sorted({n for n in names if names.count(n) > 1})}")
        if self.confidence is not None:
            set_(self, "confidence", checked_confidence(self.confidence, votes))
        for fault in self.faults:
            if fault.lf not in names or not 0 <= fault.row < len(votes):
                raise MatrixError(f"a fault of {fault.lf!r} on row {fault.row} is outside the matrix")

    @classmethod
    def of(
        cls,
        votes: Any,
        *,
        names: Sequence[str] | None = None,
        classes: int | Sequence[str] | None = None,
        ids: ArrayLike | None = None,
    ) -> LabelMatrix:
        """Make a label matrix from an array, a scipy sparse matrix of ``label + 1``, or a DataFrame of votes.

        Parameters
        ----------
        votes : array-like of int, shape (n_examples, n_lfs)
            -1 is an abstain. Of a DataFrame, the column names name the labeling functions, and the index is the ids,
            unless it repeats.
        names : list of str, optional
            Names of the labeling functions; ``lf0``, ``lf1``, ... if not given.
        classes : int or list of str, optional
            The classes; as many as the highest vote needs (at least two) if not given.
        ids : array-like, shape (n_examples,), optional
            What names the examples; their positions if not given.

        Returns
        -------
        LabelMatrix

        Raises
        ------
        MatrixError
            If these are not votes, or a long table of answers: that is for :meth:`from_long`.
        """
        names = column_names(votes, names)
        index = FrameIndex.of(votes) if hasattr(votes, "columns") and has_index(votes) else None
        if index is not None and ids is None:
            ids = index.ids
        if hasattr(votes, "tocsr"):
            votes = from_sparse(votes)
        array = as_votes(array_of_votes(votes), None)  # a copy: what the user does to it later is not known here
        n_classes = max(2, int(array.max(initial=-1)) + 1)
        space = LabelSpace.of(n_classes if classes is None else classes)
        named = [f"lf{j}" for j in range(array.shape[1])] if names is None else list(names)
        return cls(
            votes=as_votes(array, len(space)),
            lfs=tuple(LFInfo(name=name) for name in named),
            class_names=space.names,
            ids=np.arange(len(array)) if ids is None else np.asarray(ids),
            frame_index=index,
        )

    @classmethod
    def from_long(
        cls, task: Any, worker: Any, label: Any, *, classes: int | Sequence[str] | None = None
    ) -> LabelMatrix:
        """Make a label matrix from a long table, a row for each answer, as crowds give them.

        Parameters
        ----------
        task, worker : array-like or Series, shape (n_answers,)
            What was asked, and who answered. Tasks become the examples, named by their ids, and workers the labeling
            functions, both in the order of their first answers.
        label : array-like or Series, shape (n_answers,)
            Class numbers, enum members or class names; -1, None or NaN where there is no answer.
        classes : int or list of str, optional
            The classes; as many as the highest number needs, or the names that occur, sorted, if not given.

        Returns
        -------
        LabelMatrix

        Raises
        ------
        MatrixError
            If the columns do not fit together, an answer is no class, or a worker answers a task twice.

        Examples
        --------
        >>> matrix = LabelMatrix.from_long([7, 7, 9], ["ann", "bob", "bob"], ["cat", "dog", "dog"])
        >>> matrix.names, matrix.class_names, matrix.ids.tolist(), matrix.votes.tolist()
        (('ann', 'bob'), ('cat', 'dog'), [7, 9], [[0, 1], [-1, 1]])
        """
        table = read_long(task, worker, label, classes)
        return cls.of(table.votes, names=table.names, classes=table.space.names, ids=table.ids)

    # What it looks like -----------------------------------------------------------------------------------------------

    @cached_property
    def examples(self) -> ExampleNames:
        """What names the examples: ids, and the index of their frame."""
        return ExampleNames(self.ids, self.frame_index)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the labeling functions."""
        return tuple(lf.name for lf in self.lfs)

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """True for each example on which a rule voted."""
        return np.asarray((self.votes != ABSTAIN).any(axis=1))

    def __repr__(self) -> str:
        share = f"{percent(float(self.covered.mean()))} covered" if len(self) else "empty"
        lfs, classes = plural(self.n_lfs, "labeling function"), plural(self.n_classes, "class", "classes")
        faults = f", {plural(len(self.faults), 'fault')}" if self.faults else ""
        return f"LabelMatrix({plural(self.n_examples, 'example')} x {lfs}, {classes}, {share}{faults})"

    def _repr_html_(self) -> str:
        classes = dict(enumerate(self.class_names))
        rows = [
            [str(name), *(Chip(classes[vote], vote) if vote in classes else DASH for vote in row)]
            for name, row in zip(self.ids[:FIRST_ROWS].tolist(), self.votes[:FIRST_ROWS].tolist(), strict=True)
        ]
        more = f"... and {len(self) - FIRST_ROWS:,} more examples" if len(self) > FIRST_ROWS else ""
        return ResultPage([repr(self)], [ResultTable(rows, ["id", *self.names], more=more)]).to_html()

    # Parts and wholes -------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> LabelMatrix:
        """Rows, or labeling functions by name.

        ``matrix["link"]`` and ``matrix[["link", "short"]]`` pick labeling functions; a slice, mask, positions or index
        of pandas pick examples, the last by name, as a mask that is a Series is; ``matrix[rows, names]`` picks both.
        """
        if isinstance(key, tuple) and (len(key) != 2 or isinstance(key[0], str)):
            raise MatrixError(
                f"matrix[{', '.join(map(repr, key))}] is neither rows nor labeling functions, nor both",
                hint='matrix[["short", "link"]], or matrix[rows, ["short", "link"]]',
            )
        if getattr(key, "ndim", 1) == 2:
            raise MatrixError("a mask of votes picks no rows", hint="matrix.votes[mask] gives the votes themselves")
        are_ids = hasattr(key, "get_indexer") and set(self.names).isdisjoint(key)  # an index of pandas
        rows, columns = key if isinstance(key, tuple) else (key, ...) if are_ids or not _names_lfs(key) else (..., key)
        chosen = self if columns is ... else self._columns(columns)
        return chosen if rows is ... else chosen._rows(rows)  # noqa: SLF001 - another matrix of this class

    def _columns(self, key: Any) -> LabelMatrix:
        if isinstance(key, str):
            key = [key]
        if _names_lfs(key):
            key = [self._position(name) for name in key]
        positions = np.atleast_1d(np.arange(self.n_lfs)[key])
        lfs = tuple(self.lfs[j] for j in positions)
        kept = {lf.name for lf in lfs}
        faults = tuple(fault for fault in self.faults if fault.lf in kept)
        sure = None if self.confidence is None else self.confidence[:, positions]
        return replace(self, votes=self.votes[:, positions], lfs=lfs, faults=faults, confidence=sure)

    def _position(self, name: str) -> int:
        if name not in self.names:
            is_id = bool((self.ids.astype(object) == name).any())
            hint = f"it is the id of an example: {IDS_CHOOSE}" if is_id else names_hint(name, self.names)
            raise MatrixError(f"no labeling function is named {name!r}", hint=hint, code="LK116")
        return self.names.index(name)

    def _rows(self, key: slice | NDArray[Any] | Sequence[int] | int | EllipsisType) -> LabelMatrix:
        positions = positions_of(key, self.examples)
        places: dict[int, list[int]] = {}
        wanted = {fault.row for fault in self.faults}
        for new, old in enumerate(positions.tolist()) if wanted else ():
            if old in wanted:
                places.setdefault(old, []).append(new)
        faults = [replace(fault, row=new) for fault in self.faults for new in places.get(fault.row, ())]
        faults.sort(key=lambda fault: fault.row)
        sure = None if self.confidence is None else self.confidence[positions]
        return replace(
            self,
            votes=self.votes[positions],
            ids=self.ids[positions],
            faults=tuple(faults),
            confidence=sure,
            frame_index=None if self.frame_index is None else self.frame_index[positions],
        )

    @classmethod
    def concat(cls, matrices: Iterable[LabelMatrix]) -> LabelMatrix:
        """Put the examples of several matrices under one another: of the same rules and classes, none twice."""
        parts = list(matrices)
        if not parts:
            raise MatrixError("there is nothing to concatenate")
        return replace(parts[0], **concatenated(parts))

    def join(self, other: LabelMatrix) -> LabelMatrix:
        """Put the rules of another matrix over the same examples, in any order, beside these.

        Raises
        ------
        MatrixError
            If the ids or the classes differ, or a rule stands in both.
        """
        if self.class_names != other.class_names:
            raise MatrixError(f"the classes differ: {self.class_names} and {other.class_names}", code="LK312")
        other = other.arranged(self.examples)
        faults = sorted((*self.faults, *other.faults), key=lambda fault: fault.row)
        votes = np.concatenate([self.votes, other.votes], axis=1)
        sure = side_by_side([self, other], axis=1)
        return replace(self, votes=votes, lfs=(*self.lfs, *other.lfs), faults=tuple(faults), confidence=sure)

    def arranged(self, examples: ExampleNames) -> LabelMatrix:
        """Bring these examples into the order of others, by their ids.

        Raises
        ------
        MatrixError
            If they are not the same examples, or the ids of one are from a column, and those of the other index rows.
        """
        if len(self) == len(examples) and np.array_equal(self.ids, examples.ids):
            return self
        both = self.examples, examples
        check_same_kind([named_by(one) for one in both], [one.ids for one in both], "the examples", MatrixError)
        rows = self.examples.by_id
        places = rows.positions(examples.ids)
        if len(self) != len(examples) or not rows.is_unique or (places < 0).any():
            raise MatrixError(
                f"the examples differ ({len(examples)} and {len(self)} rows)",
                hint="apply both sets of rules to the same corpus; the ids are "
                f"{shown_names(examples.ids)} and {shown_names(self.ids)}",
                code="LK313",
            )
        return self[places]

    # What models and statistics learn from ----------------------------------------------------------------------------

    @cached_property
    def outcomes(self) -> NDArray[Any]:
        """The votes, with :data:`FAULT` (-2) where the rule failed; shape (n_examples, n_lfs)."""
        if not self.faults:
            return self.votes
        outcomes = self.votes.copy()
        columns = {name: j for j, name in enumerate(self.names)}
        outcomes[[fault.row for fault in self.faults], [columns[fault.lf] for fault in self.faults]] = FAULT
        return outcomes

    @cached_property
    def _distinct(self) -> tuple[VotePatterns, NDArray[np.int64]]:
        rows = distinct(coded(self.outcomes, self.confidence, self.n_classes))
        outcomes, sure = decoded(rows.values, self.n_classes, self.dtype, soft=self.confidence is not None)
        return VotePatterns(outcomes, rows.counts, self.lfs, self.class_names, confidence=sure), rows.index

    @property
    def patterns(self) -> VotePatterns:
        """The distinct rows of votes and how often each occurs."""
        return self._distinct[0]

    @property
    def pattern_index(self) -> NDArray[np.int64]:
        """For each example, the position of its row of votes in ``patterns``; shape (n_examples,)."""
        return self._distinct[1]

    # Other forms ------------------------------------------------------------------------------------------------------

    def to_pandas(self, *, index: TableIndex | None = None) -> pd.DataFrame:
        """A DataFrame of votes, a column per labeling function; ``index`` as of :class:`ProbabilisticLabels`."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        return self.examples.named_frame(pd.DataFrame(self.votes, columns=list(self.names)), index)

    def to_arrow(self) -> pa.Table:
        """An Arrow table: ``id``, then a column of votes per labeling function; the rest in its metadata."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks

        sure = confidence_columns(self.lfs, self.confidence)
        columns = [stored_ids(self.ids), *map(arrow_array, self.votes.T), *map(arrow_array, sure.values())]
        table = pa.table(columns, names=[*vote_columns(self.names), *sure])
        return table.replace_schema_metadata(matrix_metadata(self.lfs, self.class_names, self.faults))

    def save(self, path: str | Path) -> Path:
        """Write the matrix, with all that it knows, to one Parquet file (which any Parquet reader can open)."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

        with replaced(Path(path)) as draft:
            pq.write_table(SavedIndex.of(self.frame_index).beside(self.to_arrow()), draft, compression="zstd")
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> LabelMatrix:
        """Read a matrix that :meth:`save` wrote.

        Raises
        ------
        MatrixError
            If the file is missing or holds no label matrix.
        """
        return cls.from_arrow(read_table(path, "a label matrix"), source=str(path))

    @classmethod
    def from_arrow(cls, table: pa.Table, *, source: str = "the table") -> LabelMatrix:
        """Read a matrix from the table that :meth:`to_arrow` makes."""
        with reading(source, "cannot be read as a label matrix", MatrixError):
            return cls._from_arrow(table, source)

    @classmethod
    def _from_arrow(cls, table: pa.Table, source: str) -> LabelMatrix:
        description = read_description(table)
        if not description:
            raise MatrixError(
                f"{source} holds no label matrix", hint="LabelMatrix.of(frame) takes a plain frame of votes"
            )
        lfs = tuple(LFInfo.from_dict(lf) for lf in description["lfs"])
        return cls(
            votes=read_votes(without_index(table), lfs, LabelSpace.of(description["classes"]).dtype),
            lfs=lfs,
            class_names=tuple(description["classes"]),
            ids=numpy_array(table.column(0)),
            faults=tuple(Fault(**fault) for fault in description["faults"]),
            confidence=read_confidence(table, lfs),
            frame_index=read_index(table, table.num_rows),
        )


def _names_lfs(key: Any) -> bool:
    if isinstance(key, str):
        return True
    return isinstance(key, Iterable) and len(list(key)) > 0 and all(isinstance(part, str) for part in key)
