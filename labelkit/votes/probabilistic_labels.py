"""Labels of a label model: a probability for every class of each example, and a hard label where one is deserved.

Probabilities are kept once per pattern of votes and spread over the examples only when someone asks for rows. An
example without a vote is not labeled: its probability is the class prior, it is counted as uncovered, and it gets no
hard label unless the user names a default.

>>> import numpy as np
>>> labels = ProbabilisticLabels(
...     pattern_proba=np.array([[0.5, 0.5], [0.1, 0.9]]),
...     pattern_covered=np.array([False, True]),
...     index=np.array([1, 0, 1]),
...     ids=np.array(["a", "b", "c"]),
...     class_names=("HAM", "SPAM"),
... )
>>> labels.hard().tolist(), labels.hard(uncovered="HAM").tolist()
([1, -1, 1], [1, 0, 1])
>>> labels.proba.tolist()
[[0.1, 0.9], [0.5, 0.5], [0.1, 0.9]]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from labelkit._shared.computed_rows import ComputedRows, Rows, picked, stacked
from labelkit._shared.files import replaced
from labelkit._shared.markup import Chip, visible
from labelkit._shared.memory import check_room
from labelkit._shared.numbers import DASH, decimal, percent, plural
from labelkit._shared.optional import optional
from labelkit._shared.protected_values import protects_values
from labelkit._shared.stored_files import reading
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable
from labelkit._shared.threads import blocks
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import LabelkitError, MatrixError
from labelkit.votes._array_of_votes import positions_of
from labelkit.votes._concatenation import ids_of_all
from labelkit.votes.decisions import Objective, decide
from labelkit.votes.example_names import ExampleNames, FrameIndex, TableIndex
from labelkit.votes.given_class import given_class
from labelkit.votes.hard_labels import Ties, are_probabilities
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.saved_index import SavedIndex, read_index
from labelkit.votes.storage import METADATA, folder_hint, labels_table, stored_ids
from labelkit.votes.training_set import Rows as TrainingRows, TrainingSet, Weight as TrainingWeight, training_set

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from labelkit.votes.audit.certificate import Certificate, Guarantee
    from labelkit.votes.decisions import Costs

SAVED_CELLS: Final = 16_000_000
"""Labels are written to a file so many probabilities at a time: 128 MB."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class ProbabilisticLabels:
    """Probabilities of the classes for each example.

    Parameters
    ----------
    pattern_proba : ndarray or ComputedRows of shape (n_patterns, n_classes)
        The probabilities for each pattern of votes; rows sum to 1. Those of very many patterns and classes, more than
        0.5 GB of them, are made when they are asked for: index them, or go through the labels in parts.
    pattern_covered : ndarray of bool, shape (n_patterns,)
        Whether the pattern has a vote.
    index : ndarray of int, shape (n_examples,)
        The pattern of each example.
    ids : ndarray, shape (n_examples,)
    class_names : tuple of str
    frame_index : FrameIndex of length n_examples, optional
        The index of the pandas frame that the examples came from.
    prior_source : str, optional
        Where the class prior of the model comes from, in words (``model.prior_source_``).
    learned_from_gold : bool
        True if gold taught the model: labels are then not to be judged by the same.

    Raises
    ------
    MatrixError
        If the shapes do not fit.
    """

    pattern_proba: Rows
    pattern_covered: NDArray[np.bool_]
    index: NDArray[np.int64]
    ids: NDArray[Any]
    class_names: tuple[str, ...]
    frame_index: FrameIndex | None = None
    prior_source: str | None = None
    learned_from_gold: bool = False

    def __post_init__(self) -> None:
        n_patterns, n_classes = self.pattern_proba.shape
        if n_classes != len(self.class_names):
            raise MatrixError(f"probabilities of {n_classes} classes, but {len(self.class_names)} class names")
        if self.pattern_covered.shape != (n_patterns,) or self.index.shape != self.ids.shape:
            raise MatrixError(
                f"the parts do not fit together: {n_patterns} patterns, of which {self.pattern_covered.shape} "
                f"are covered or not; patterns of {self.index.shape} examples, ids of {self.ids.shape}"
            )
        if self.frame_index is not None and len(self.frame_index) != len(self):
            raise MatrixError(f"{len(self)} examples, but an index of {len(self.frame_index)} labels")
        if len(self.index) and not 0 <= self.index.min() <= self.index.max() < n_patterns:
            raise MatrixError(f"the index of examples goes beyond the {n_patterns} patterns")
        if not are_probabilities(self.pattern_proba):
            raise MatrixError("the probabilities of an example do not sum to 1, or one is below 0")

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        hard, some = self.hard(), self.class_names[:6]
        shares = [f"{name} {percent((hard == c).sum() / max(len(hard), 1))}" for c, name in enumerate(some)]
        more = ", ..." if len(self.class_names) > 6 else ""
        none = percent((hard == ABSTAIN).sum() / max(len(hard), 1))
        return visible(
            f"ProbabilisticLabels({plural(len(self), 'example')}: {', '.join(shares)}{more}, no label {none})"
        )

    def _repr_html_(self) -> str:
        first = self[:FIRST_ROWS]
        rows = [
            [
                str(name),
                DASH if label == ABSTAIN else Chip(self.class_names[label], label),
                "yes" if covered else "no",
                *map(decimal, proba),
            ]
            for name, label, covered, proba in zip(
                first.ids.tolist(), first.hard().tolist(), first.is_covered.tolist(), first.proba.tolist(), strict=True
            )
        ]
        more = f"... and {len(self) - FIRST_ROWS:,} more examples" if len(self) > FIRST_ROWS else ""
        heads = ["id", "label", "covered", *(f"p_{name}" for name in self.class_names)]
        return ResultPage([repr(self)], [ResultTable(rows, heads, align="<<<>", more=more)]).to_html()

    def __iter__(self) -> Iterator[ProbabilisticLabels]:
        """Yield each example, as labels; of what has no iterator, pandas fills a column with it."""
        return (self[row] for row in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:  # noqa: FBT001 - NumPy's protocol
        """Refuse to be an array or a column, which could be of classes, probabilities or a mask."""
        raise LabelkitError(  # of a ValueError, pandas would go on without the array
            "labels are no array: they hold classes and probabilities",
            hint="frame[labels.is_covered] picks rows, labels.hard() and labels.proba are arrays, "
            "labels.to_pandas() is a frame",
            code="LK310",
        )

    def __eq__(self, other: object) -> bool:
        """Refuse to be compared with a class, an array or other labels, which was False for all rows together."""
        if other is self or not (hasattr(other, "__len__") or isinstance(other, int | float | np.generic | Enum)):
            return other is self
        hint = "labels.hard() == 1 compares classes by their numbers, labels.proba[:, 1] > 0.5 probabilities"
        raise LabelkitError("labels are no array to be compared", hint=hint, code="LK310")

    __hash__ = object.__hash__

    def __getitem__(self, rows: Any) -> ProbabilisticLabels:
        """Some of the examples, by slice, mask (a Series is matched by its index), positions or index of pandas."""
        rows = positions_of(rows, self.examples)
        frame_index = None if self.frame_index is None else self.frame_index[rows]
        return replace(self, index=self.index[rows], ids=self.ids[rows], frame_index=frame_index)

    @property
    def examples(self) -> ExampleNames:
        """What names the examples: ids, and the index of their frame."""
        return ExampleNames(self.ids, self.frame_index)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def proba(self) -> NDArray[np.float64]:
        """The probability of each class for each example; shape (n_examples, n_classes). Kept read-only.

        Raises
        ------
        ModelError
            If that does not fit into memory; take some of the examples then, ``labels[:10_000].proba``.
        """
        what = "a probability for each example and class"
        check_room(8.0 * len(self) * self.n_classes, what, hint="labels[:10_000].proba, some of the examples at a time")
        return picked(self.pattern_proba, self.index)

    @property
    def is_covered(self) -> NDArray[np.bool_]:
        """True for each example on which a rule voted; shape (n_examples,)."""
        return np.asarray(self.pattern_covered[self.index])

    @property
    def covered(self) -> ProbabilisticLabels:
        """The labels of the examples that have a vote."""
        return self[np.flatnonzero(self.is_covered)]

    def hard(
        self,
        *,
        objective: Objective = "accuracy",
        positive: Any = None,
        costs: Costs | None = None,
        ties: Ties = "abstain",
        uncovered: Any = ABSTAIN,
        random_state: int = 0,
    ) -> NDArray[np.int64]:
        """One class for each example, or -1.

        Parameters
        ----------
        objective : {"accuracy", "f1", "macro_f1"}
            What is expected to be highest over the covered examples, if their probabilities are right: the share of
            right labels, which the most probable classes give; F1 of one class; or the mean F1 over all classes.
        positive : int, str or enum member, optional
            The class of ``objective="f1"``: its number or name; if not given, the second of two. The other examples get
            the most probable other class.
        costs : array-like of shape (n_classes, n_classes), or DataFrame or dict of dict by class, optional
            What a decision costs, in place of an objective: rows are true classes, columns decided ones. In a dict,
            ``{"SPAM": {"HAM": 10}}``, what is not named costs 1, and a right label 0.
        ties : {"abstain", "first", "random"}
            What becomes of an example whose most probable, or cheapest, classes are tied. Under F1, examples with equal
            probabilities get the same label.
        uncovered : int, str or enum member
            The label of an example without a vote, by number or name: none, unless one is named here.
        random_state : int
            For ``ties="random"``.

        Returns
        -------
        ndarray of int64, shape (n_examples,)

        Raises
        ------
        ModelError, LabelSpaceError
            If the objective is unknown, or costs or class do not fit the classes.

        Warns
        -----
        UserWarning
            If an objective but accuracy, or costs, rely on a class prior that nobody gave: thresholds on probabilities
            are only as right as their prior.

        Notes
        -----
        F1 and costs decide by the probabilities alone, also for a class that no rule voted for on the example.
        """
        default = given_class(uncovered, self.class_names, "uncovered", may_abstain=True)
        counts = np.bincount(self.index, minlength=len(self.pattern_proba))
        chosen = decide(
            self.pattern_proba,
            self.index,
            counts=np.where(self.pattern_covered, counts, 0),
            class_names=self.class_names,
            objective=objective,
            positive=positive,
            costs=costs,
            ties=ties,
            random_state=random_state,
            prior_source=self.prior_source,
        )
        return np.where(self.is_covered, chosen, default)

    def training_set(
        self, X: Any = None, *, rows: TrainingRows = "covered", weight: TrainingWeight = "certainty"
    ) -> TrainingSet:
        """Return ``X, y_soft, weight``, to train an end model of any framework.

        Parameters
        ----------
        X : array, sparse array, list, or DataFrame or Series, optional
            Features, a row for each example; a frame or a Series is matched by its index. If not given, the positions
            of the rows.
        rows : {"covered", "all"}
            Examples that a rule votes on, or all; those without a vote have the class prior as their label.
        weight : {"certainty", "equal"}
            Weigh rows by 1 less their entropy (0 for an even label), or all alike.

        Returns
        -------
        TrainingSet
            A named tuple; its ``by_class()`` serves learners that take hard labels and weights.

        Raises
        ------
        ModelError
            If no row is left, or X has other rows than the labels.
        """
        return training_set(self, X, rows, weight)

    def certify(
        self,
        gold: Any,
        max_error: float = 0.03,
        confidence: float = 0.95,
        *,
        guarantee: Guarantee = "bound",
        weights: Any = None,
        random_state: int = 0,
    ) -> Certificate:
        """Keep the largest set of labels, the most probable ones, whose error an audit proves to be below a level.

        Parameters
        ----------
        gold : array-like, mapping or Series
            Answers on a random sample of the labeled examples, from which the model did not learn.
        max_error, confidence : float in (0, 1)
            The highest share of wrong labels, and how sure (at least 0.8); a looser level never keeps fewer labels.
        guarantee : {"bound", "expected"}
            The error is below the level with that confidence, or on average over audits, which keeps more labels.
        weights : array-like, mapping or Series, optional
            Of each row of gold, 1 / the probability with which it was drawn, if these differ.
        random_state : int
            With weights, rows are left out at random until all are as if drawn alike.

        Returns
        -------
        Certificate
            Without a label where the audit proves nothing: see :func:`labelkit.audit_plan`.

        Raises
        ------
        GoldError, AnalysisError
            If gold does not fit, or is of no labeled example; if a number is out of its range.
        """
        from labelkit.votes.audit.certificate import certify  # noqa: PLC0415 - which takes labels

        options: dict[str, Any] = {"guarantee": guarantee, "weights": weights, "random_state": random_state}
        return certify(self, gold, max_error, confidence, **options)

    @classmethod
    def concat(cls, parts: Iterable[ProbabilisticLabels]) -> ProbabilisticLabels:
        """Put the labels of several corpora under one another; an example that is in two of them is refused."""
        given = list(parts)
        if not given or any(part.class_names != given[0].class_names for part in given):
            raise MatrixError("labels of the same classes are concatenated, at least one", code="LK312")
        offsets = np.cumsum([0, *(len(part.pattern_proba) for part in given[:-1])])
        return cls(
            pattern_proba=stacked([part.pattern_proba for part in given]),
            pattern_covered=np.concatenate([part.pattern_covered for part in given]),
            index=np.concatenate([part.index + offset for part, offset in zip(given, offsets, strict=True)]),
            ids=ids_of_all([part.ids for part in given]),
            class_names=given[0].class_names,
            frame_index=FrameIndex.joined([part.frame_index for part in given]),
            prior_source=given[0].prior_source if len({part.prior_source for part in given}) == 1 else None,
            learned_from_gold=any(part.learned_from_gold for part in given),
        )

    def to_arrow(self) -> pa.Table:
        """An Arrow table: ``id``, ``label`` (the hard label, null where there is none), ``covered``, ``p_<class>``."""
        check_room(8.0 * len(self) * self.n_classes, "a table of labels", hint="save() writes it a piece at a time")
        if isinstance(self.pattern_proba, ComputedRows) or len(self) < len(self.pattern_proba):
            index = np.arange(len(self))
            proba, covered = picked(self.pattern_proba, self.index), self.is_covered
            return replace(self, pattern_proba=proba, pattern_covered=covered, index=index).to_arrow()
        p = (np.ascontiguousarray(column)[self.index] for column in self.pattern_proba.T)
        origin = {"prior_source": self.prior_source, "learned_from_gold": self.learned_from_gold or None}
        return labels_table(self.ids, self.hard(), self.is_covered, p, self.class_names, origin=origin)

    def to_pandas(self, *, index: TableIndex | None = None) -> pd.DataFrame:
        """A DataFrame with ``label``, ``covered``, ``p_<class>``.

        Its index is that of the frame that the examples came from (``index="frame"``), as ``frame.join(...)`` needs
        it, or the ids (``"id"``). If not given, it is that of the frame if it had one of its own; a warning (LK342)
        says if that repeats labels, so that a join would multiply rows.
        """
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return self.examples.named_frame(frame.drop(columns="id").astype({"label": "Int64"}), index)

    def to_polars(self) -> Any:
        """A polars DataFrame: ``id``, ``label``, ``covered``, ``p_<class>``."""
        return optional("polars", extra="polars").from_arrow(self.to_arrow())

    def save(self, path: str | Path) -> Path:
        """Write the labels to a Parquet file."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks
        import pyarrow.parquet as pq  # noqa: PLC0415 - the same

        ids = pa.field("id", stored_ids(self.ids).type)  # which some of the ids may not tell
        index = SavedIndex.of(self.frame_index)
        schema = index.beside(self[:0].to_arrow(), slice(0)).schema.set(0, ids)
        with replaced(Path(path)) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for piece in blocks(len(self), SAVED_CELLS // self.n_classes):
                writer.write_table(index.beside(self[piece].to_arrow(), piece).cast(schema))
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> ProbabilisticLabels:
        """Read labels that :meth:`save` wrote.

        Raises
        ------
        MatrixError
            If the file holds no labels.
        ModelError
            If they do not fit into memory.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

        with reading(path, "cannot be read as labels", MatrixError, hint=folder_hint(path)):
            if Path(path).is_file():
                size = pq.read_metadata(path)
                hint = "pyarrow.parquet.ParquetFile(path).iter_batches() reads a piece at a time"
                check_room(40.0 * size.num_rows * size.num_columns, "reading these labels", hint=hint)
            table = pq.read_table(path)
        return cls.from_arrow(table, source=str(path))

    @classmethod
    def from_arrow(cls, table: pa.Table, *, source: str = "the table") -> ProbabilisticLabels:
        """Read labels from the table that :meth:`to_arrow` makes."""
        with reading(source, "cannot be read as labels", MatrixError):
            return cls._from_arrow(table, source)

    @classmethod
    def _from_arrow(cls, table: pa.Table, source: str) -> ProbabilisticLabels:
        metadata = (table.schema.metadata or {}).get(METADATA)
        description = {} if metadata is None else json.loads(metadata)
        if "classes" not in description or "lfs" in description:
            raise MatrixError(f"{source} holds no probabilistic labels")
        class_names = tuple(description["classes"])
        proba = np.empty((table.num_rows, len(class_names)))
        for column, name in zip(proba.T, class_names, strict=True):
            column[:] = table.column(f"p_{name}").to_numpy()
        return cls(
            pattern_proba=proba,
            pattern_covered=table.column("covered").to_numpy(),
            index=np.arange(table.num_rows),
            ids=table.column("id").to_numpy(),
            class_names=class_names,
            frame_index=read_index(table, table.num_rows),
            prior_source=description.get("prior_source"),
            learned_from_gold=description.get("learned_from_gold", False),
        )
