"""Rows of the result, a batch of originals at a time: made, compared with others, checked by votes, and labeled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit.corpus import Batch, Corpus
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.corpus.made_rows import MADE_BY, MADE_FROM
from labelkit.curation.augmentation.making import (
    Candidate,
    Maker,
    SeenKeys,
    content_keys,
    holds,
    is_emptied,
    key_of,
    made_table,
)
from labelkit.curation.augmentation.vote_check import VoteCheck
from labelkit.exceptions import AnalysisError
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_ROWS: Final = 16_384
"""Originals of which examples are made together."""

CHANGED: Final = "votes_changed"


@dataclass(frozen=True, eq=False)
class CorpusRows:
    """The whole corpus: names of its rows, and hashes of the columns that transformations read.

    Attributes
    ----------
    examples : ExampleNames
    keys : ndarray of uint64, ascending
    like_made : frozenset of str
        Ids that look like those of made examples.
    """

    examples: ExampleNames
    keys: NDArray[np.uint64]
    like_made: frozenset[str]

    @classmethod
    def read(cls, corpus: Corpus, columns: Sequence[str], separator: str) -> CorpusRows:
        """Read the columns once."""
        ids: list[NDArray[Any]] = [np.zeros(0, np.int64)]
        keys: list[NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
        like: set[str] = set()
        pattern, distinct = re.escape(separator) + r"\d+$", DistinctIds(corpus)
        with corpus.watched():
            for batch in corpus.batches(columns, BATCH_ROWS):
                names = ids_of(batch)
                distinct.add(batch.ids, batch.start)
                text = pc.cast(names, pa.string())
                like.update(text.filter(pc.match_substring_regex(text, pattern)).to_pylist())
                ids.append(names.to_numpy(zero_copy_only=False))
                keys.append(content_keys(pa.Table.from_batches([batch.table])))
        named = np.concatenate(ids[1:] or ids)
        return cls(ExampleNames(named, corpus.frame_index), np.sort(np.concatenate(keys)), frozenset(like))


def ids_of(batch: Batch) -> pa.Array:
    """Return the ids of a batch; positions where there are none."""
    return pa.array(np.arange(batch.start, batch.start + len(batch))) if batch.ids is None else batch.ids


@dataclass(eq=False)
class BatchMaker:
    """Make the rows of the result.

    Parameters
    ----------
    maker : Maker
    vote_check : VoteCheck or None
    whole : CorpusRows
    schema : pyarrow.Schema
        The columns that are read; afterwards, those of the result.
    carried : tuple of str
        The columns of the corpus in the result.
    labels : ProbabilisticLabels or None
    places : ndarray of int64, shape (n_examples,), or None
        The row of each example among the labels.
    keep_original : bool
    flag : bool
        Whether examples whose votes changed are kept.
    separator : str
    """

    maker: Maker
    vote_check: VoteCheck | None
    whole: CorpusRows
    schema: pa.Schema
    carried: tuple[str, ...]
    labels: ProbabilisticLabels | None
    places: NDArray[np.int64] | None
    keep_original: bool
    flag: bool
    separator: str
    n_made: int = 0
    n_originals: int = 0
    n_rows: int = 0
    _seen: SeenKeys = field(default_factory=SeenKeys)
    _label_places: list[NDArray[np.int64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        fields = [pa.field("id", pa.string()), *(self.schema.field(name) for name in self.carried)]
        kind = pa.int64() if self.whole.examples.ids.dtype.kind in "iu" else pa.string()
        fields += [pa.field(MADE_FROM, kind), pa.field(MADE_BY, pa.string())]
        if self.labels is not None:
            fields += [pa.field("label", pa.string()), pa.field("proba", pa.list_(pa.float64()))]
            self._classes = np.array([*self.labels.class_names, None], dtype=object)
            self._hard = self.labels.hard()
        if self.flag:
            fields += [pa.field(CHANGED, pa.list_(pa.string()))]
        self.schema = pa.schema(fields)

    def rows(self, batch: Batch, trained: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> pa.Table:
        """Make the rows of a batch.

        Parameters
        ----------
        batch : Batch
        trained, chosen : ndarray of bool, shape (len(batch),)
            The originals that may be trained on, and those to augment.
        """
        kept = np.flatnonzero(trained)
        self.n_originals += len(kept)
        whole = pa.Table.from_batches([batch.table]).take(pa.array(kept))
        ids, places = ids_of(batch).take(pa.array(kept)), batch.start + kept
        sources = np.flatnonzero(chosen[kept])
        few = whole.take(pa.array(sources))
        names = ids.take(pa.array(sources))
        candidates = self.maker.candidates(names.to_pylist(), few, places[sources])
        candidates, table = self._distinct(candidates, few, places[sources])
        candidates, table, changed = self._checked(candidates, few, table)
        for one in candidates:
            self.maker.note("made", one.applied)
        self.n_made += len(candidates)
        origin = sources[[one.row for one in candidates]] if candidates else np.zeros(0, np.int64)
        return self._assembled(whole, ids, places, table, candidates, origin, changed)

    def _distinct(
        self, candidates: list[Candidate], originals: pa.Table, positions: NDArray[np.int64]
    ) -> tuple[list[Candidate], pa.Table]:
        """Drop examples of which a text became empty, and those that equal an original or another one."""
        values = {name: originals.column(name).to_pylist() for name in self.maker.columns}
        full = []
        for one in candidates:
            if is_emptied(one, values):
                self.maker.note("emptied", one.applied)
            else:
                full.append(one)
        table = made_table(originals, full)
        keys = content_keys(table.select(list(self.maker.columns)))
        elsewhere = [i for i, one in enumerate(full) if not set(one.changes) <= set(values)]
        of_original = holds(self.whole.keys, keys)
        of_original[elsewhere] = False  # these differ in a column that was not compared
        for i in elsewhere:
            keys[i] = key_of((int(positions[full[i].row]), sorted(full[i].changes.items())))
        is_distinct = self._seen.first(keys) & ~of_original
        for one, is_kept in zip(full, is_distinct.tolist(), strict=True):
            if not is_kept:
                self.maker.note("duplicates", one.applied)
        distinct = np.flatnonzero(is_distinct).tolist()
        return [full[i] for i in distinct], table.take(pa.array(distinct, pa.int64()))

    def _checked(
        self, candidates: list[Candidate], originals: pa.Table, table: pa.Table
    ) -> tuple[list[Candidate], pa.Table, list[list[str]]]:
        """Compare votes; returns the examples that stay, and the rules that vote otherwise on each."""
        if self.vote_check is None or not candidates:
            return candidates, table, [[] for _ in candidates]
        rows, origin = np.unique([one.row for one in candidates], return_inverse=True)
        changed = self.vote_check.changed(originals.take(pa.array(rows)), table, origin)
        for one, differs in zip(candidates, np.any(changed, axis=1).tolist(), strict=True):
            if differs:
                self.maker.note("votes_changed", one.applied)
        stay = np.arange(len(candidates)) if self.flag else np.flatnonzero(~changed.any(axis=1))
        names = np.array(self.vote_check.names, dtype=object)
        rules = [names[changed[i]].tolist() for i in stay.tolist()]
        return [candidates[i] for i in stay.tolist()], table.take(pa.array(stay)), rules

    def _assembled(
        self,
        whole: pa.Table,
        ids: pa.Array,
        places: NDArray[np.int64],
        made: pa.Table,
        candidates: Sequence[Candidate],
        origin: NDArray[np.int64],
        changed: list[list[str]],
    ) -> pa.Table:
        """Put each original before the examples made of it, with ids, provenance and labels."""
        first = np.arange(len(whole)) if self.keep_original else np.zeros(0, np.int64)
        order = np.argsort(np.concatenate([first, origin]), kind="stable")
        text, columns = pc.cast(ids, pa.string()), list(self.carried)
        numbers = pa.array([str(one.number) for one in candidates], pa.string())
        made_ids = pc.binary_join_element_wise(text.take(pa.array(origin)), numbers, self.separator)
        self._check_ids(made_ids)
        kind = self.schema.field(MADE_FROM).type
        none = pa.nulls(len(first), kind)
        by = ["+".join(self.maker.names[tf] for tf in dict.fromkeys(one.applied)) for one in candidates]
        originals = whole.select(columns).take(pa.array(first))
        table = pa.concat_tables([originals, made.select(columns)])
        table = table.add_column(0, "id", pa.concat_arrays([text.take(pa.array(first)), made_ids]))
        made_from = ids.take(pa.array(origin)).cast(kind)
        table = table.append_column(MADE_FROM, pa.concat_arrays([none, made_from]))
        table = table.append_column(MADE_BY, pa.array([*[None] * len(first), *by], pa.string()))
        table = self._labeled(table, np.concatenate([places[first], places[origin]]), order)
        if self.flag:
            rules: list[list[str] | None] = [*[None] * len(first), *changed]
            table = table.append_column(CHANGED, pa.array(rules, pa.list_(pa.string())))
        self.n_rows += len(table)
        return table.take(pa.array(order)).cast(self.schema)

    def _labeled(self, table: pa.Table, rows: NDArray[np.int64], order: NDArray[np.int64]) -> pa.Table:
        if self.labels is None or self.places is None:
            return table
        places = self.places[rows]
        self._label_places.append(places[order])
        classes = pa.array(self._classes[self._hard[places]], pa.string())
        proba = self.labels[places].proba
        flat = pa.array(np.ascontiguousarray(proba).ravel())
        offsets = pa.array(np.arange(len(places) + 1, dtype=np.int32) * proba.shape[1])
        table = table.append_column("label", classes)
        return table.append_column("proba", pa.ListArray.from_arrays(offsets, flat))

    def _check_ids(self, ids: pa.Array) -> None:
        if not self.whole.like_made:
            return
        taken = next((name for name in ids.to_pylist() if name in self.whole.like_made), None)
        if taken is not None:
            raise AnalysisError(
                f"an example that was made would have the id {taken!r}, which one of the corpus has already",
                hint=f"separator='#', or another text, in place of {self.separator!r}",
            )

    def label_places(self) -> NDArray[np.int64] | None:
        """Return the row of each row of the result among the labels."""
        return None if self.labels is None else np.concatenate([np.zeros(0, np.int64), *self._label_places])

    def n_of_class(self) -> dict[str, int]:
        """Count the rows of each class."""
        places = self.label_places()
        if places is None or self.labels is None:
            return {}
        hard = self._hard[places]
        return {name: int((hard == label).sum()) for label, name in enumerate(self.labels.class_names)}
