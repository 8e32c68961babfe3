"""Make examples of a batch of originals: sequences of transformations, with random numbers of each example alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.missing import is_blank
from labelkit._shared.seed_streams import seed_stream
from labelkit.curation.augmentation.policies import AugmentationPolicy
from labelkit.curation.augmentation.transformation import Changes, TransformationFunction, same
from labelkit.exceptions import FaultError
from labelkit.votes.outcomes import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FAULTS: Final = 1_000
"""Faults that are kept with their messages; all are counted."""

LOST: Final = np.uint64(0x2545F4914F6CDD1D)
"""Hash of a missing value."""

COUNTS: Final = ("tried", "unchanged", "faults", "emptied", "duplicates", "votes_changed", "made")


def key_of(value: Any) -> int:
    """Hash an id, or a name, to 64 bits that are the same in every process."""
    digest = hashlib.blake2b(repr(value).encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True)
class _Making:
    """An example on its way: transformations to apply to a row, and what they have changed so far."""

    row: int
    sequence: tuple[int, ...]
    path: tuple[int, ...]
    changes: Changes = field(default_factory=dict)
    applied: tuple[int, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """An example that was made.

    Attributes
    ----------
    row : int
        Its original's row in the batch.
    number : int
        From 1, among the examples made of this original.
    changes : dict
    applied : tuple of int
        The transformations that changed it.
    """

    row: int
    number: int
    changes: Changes
    applied: tuple[int, ...]


class Maker:
    """Make examples, and count what becomes of each transformation's.

    Parameters
    ----------
    tfs : sequence of TransformationFunction
    policy : AugmentationPolicy
    schema : pyarrow.Schema
        The columns of the corpus.
    fixed : collection of str
        Columns that may not be changed: that of the ids.
    random_state : int
    on_fault : {"raise", "record"}
    time_limit : float
    """

    def __init__(
        self,
        tfs: Sequence[TransformationFunction],
        policy: AugmentationPolicy,
        schema: pa.Schema,
        *,
        fixed: Sequence[str],
        random_state: int,
        on_fault: str,
        time_limit: float,
    ) -> None:
        self._tfs, self._policy, self._seed = tfs, policy, random_state
        self._reads = [tf.columns_of(schema.names) for tf in tfs]
        self._free = pa.schema([one for one in schema if one.name not in fixed])
        self._on_fault, self._time_limit = on_fault, time_limit
        self.columns: tuple[str, ...] = tuple(dict.fromkeys(name for names in self._reads for name in names))
        self.names: tuple[str, ...] = tuple(tf.name for tf in tfs)
        self.counts = np.zeros((len(tfs), len(COUNTS)), dtype=np.int64)
        self.faults: list[Fault] = []

    def note(self, what: str, applied: Sequence[int]) -> None:
        """Count an example for each of its transformations."""
        self.counts[list(dict.fromkeys(applied)), COUNTS.index(what)] += 1

    def candidates(self, ids: Sequence[Any], table: pa.Table, positions: NDArray[np.int64]) -> list[Candidate]:
        """Make the examples of a batch of originals, in the order of these.

        Parameters
        ----------
        ids : sequence
            Of the originals.
        table : pyarrow.Table
            Their columns.
        positions : ndarray of int64
            In the corpus, for messages.
        """
        values = {name: table.column(name).to_pylist() for name in self.columns}
        keys = [key_of(one) for one in ids]
        alike = None if getattr(self._policy, "draws", True) else self._sequences(0)
        tasks = [
            _Making(row, sequence, (place,))
            for row, key in enumerate(keys)
            for place, sequence in enumerate(alike or self._sequences(key))
        ]
        finished: list[_Making] = []
        stage = 0
        while tasks:
            finished += [task for task in tasks if len(task.sequence) == stage]
            tasks = [task for task in tasks if len(task.sequence) > stage]
            following: list[_Making] = []
            for tf in range(len(self._tfs)):
                chosen = [task for task in tasks if task.sequence[stage] == tf]
                following += self._applied(tf, chosen, values, keys, ids, positions) if chosen else []
            tasks, stage = following, stage + 1
        finished.sort(key=lambda task: (task.row, task.path))
        return _numbered([lasting for task in finished if (lasting := _lasting(task, table)).changes])

    def _applied(
        self,
        tf: int,
        tasks: Sequence[_Making],
        values: Mapping[str, list[Any]],
        keys: Sequence[int],
        ids: Sequence[Any],
        positions: NDArray[np.int64],
    ) -> list[_Making]:
        """Apply one transformation to all tasks that are at it; one that fails ends its task."""
        rows = [{name: values[name][task.row] for name in self._reads[tf]} for task in tasks]
        rows = [
            {**row, **{name: new for name, new in task.changes.items() if name in row}}
            for row, task in zip(rows, tasks, strict=True)
        ]
        name = key_of(self._tfs[tf].name)
        rngs = [_generator(self._seed, (keys[task.row], *task.path, len(task.applied), name)) for task in tasks]
        results, errors = self._tfs[tf].results(rows, rngs, self._free, time_limit=self._time_limit)
        self.counts[tf, COUNTS.index("tried")] += len(tasks)
        following = []
        for i, (task, several) in enumerate(zip(tasks, results, strict=True)):
            if i in errors:
                self._fail(tf, ids[task.row], int(positions[task.row]), *errors[i])
                continue
            if not several:
                self.counts[tf, COUNTS.index("unchanged")] += 1
                following.append(task)
            for place, changes in enumerate(several):
                path = (*task.path, place) if len(several) > 1 else task.path
                together = {**task.changes, **changes}
                following.append(replace(task, path=path, changes=together, applied=(*task.applied, tf)))
        return following

    def _fail(self, tf: int, example: Any, row: int, error: str, message: str) -> None:
        name = self._tfs[tf].name
        if self._on_fault == "raise":
            raise FaultError.of(
                f"transformation {name!r} failed on the example of id {example!r}: {error}: {message}",
                hint='on_fault="record" goes on without this example, and counts it',
            )
        self.counts[tf, COUNTS.index("faults")] += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(row, name, example, error, message))

    def _sequences(self, key: int) -> list[tuple[int, ...]]:
        return self._policy.sequences(len(self._tfs), _generator(self._seed, (key, 0))())


def _generator(seed: int, keys: tuple[int, ...]) -> Callable[[], np.random.Generator]:
    return lambda: seed_stream("augment", seed, *keys)


def _lasting(task: _Making, table: pa.Table) -> _Making:
    """Leave out changes that a later transformation has undone."""
    if len(task.applied) < 2:
        return task
    before = {name: table.column(name)[task.row].as_py() for name in task.changes}
    return replace(task, changes={name: new for name, new in task.changes.items() if not same(new, before[name])})


def _numbered(tasks: Sequence[_Making]) -> list[Candidate]:
    candidates: list[Candidate] = []
    for task in tasks:
        number = candidates[-1].number + 1 if candidates and candidates[-1].row == task.row else 1
        candidates.append(Candidate(task.row, number, task.changes, task.applied))
    return candidates


def made_table(originals: pa.Table, candidates: Sequence[Candidate]) -> pa.Table:
    """Build the columns of made examples: those of their originals, with the changes."""
    table = originals.take(pa.array([one.row for one in candidates], pa.int64()))
    for name in dict.fromkeys(name for one in candidates for name in one.changes):
        place = table.column_names.index(name)
        kind = value_type(table.schema.field(name).type)
        values = table.column(name).to_pylist()
        for i, one in enumerate(candidates):
            values[i] = one.changes.get(name, values[i])
        column = pa.array(values, kind).cast(table.schema.field(name).type)
        table = table.set_column(place, table.schema.field(name), column)
    return table


def is_emptied(candidate: Candidate, values: Mapping[str, list[Any]]) -> bool:
    """Return True if a text became empty."""
    return any(
        is_blank(new) and name in values and not is_blank(values[name][candidate.row])
        for name, new in candidate.changes.items()
    )


def content_keys(table: pa.Table) -> NDArray[np.uint64]:
    """Hash the columns of each row to 64 bits; equal rows have equal keys, whatever else is in their table.

    >>> key = content_keys(pa.table({"n": [1, 2]}))[1]
    >>> bool(key == content_keys(pa.table({"n": pa.array([None, 2])}))[1])
    True
    """
    import pandas as pd  # noqa: PLC0415 - only where rows are compared

    keys = np.full(table.num_rows, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in table.columns:
        is_lost = column.is_null().to_numpy()
        if pa.types.is_integer(column.type) or pa.types.is_boolean(
            column.type
        ):  # would be floats, or objects, with nulls
            column = pc.fill_null(column, pa.scalar(0).cast(column.type))  # noqa: PLW2901 - the same values
        values = column.combine_chunks().to_numpy(zero_copy_only=False)
        if values.dtype == object and not pa.types.is_string(column.type):
            values = np.array([repr(value) for value in values.tolist()], dtype=object)
        hashed = np.where(is_lost, LOST, pd.util.hash_array(values, categorize=False))
        keys = (keys ^ hashed) * np.uint64(0x100000001B3)
        keys ^= keys >> np.uint64(29)
    return keys


class SeenKeys:
    """Keys that were seen so far, as sorted runs, in eight bytes a key."""

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def first(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which keys are seen for the first time, and keep them.

        >>> seen = SeenKeys()
        >>> seen.first(np.array([3, 1, 3], np.uint64)).tolist(), seen.first(np.array([1, 2], np.uint64)).tolist()
        ([True, True, False], [False, True])
        """
        distinct, places = np.unique(keys, return_index=True)
        is_first = np.zeros(len(keys), dtype=bool)
        is_first[places] = True
        for run in self._runs:
            is_first &= ~holds(run, keys)
        self._keep(distinct)
        return is_first

    def _keep(self, run: NDArray[np.uint64]) -> None:
        while self._runs and len(self._runs[-1]) < 4 * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # which merges two sorted halves
        self._runs += [run] if len(run) else []


def holds(run: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which keys are in a sorted run."""
    places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
    return np.asarray(run[places] == keys)
