"""Apply rules to a list of data points, or to the rows of an array."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from labelkit.interop.snorkel._cells import warn_of_faults, warn_of_fraction
from labelkit.interop.snorkel._outdated import warn_of_older
from labelkit.interop.snorkel.labeling.lf.core import LabelingFunction
from labelkit.interop.snorkel.types import DataPoint, DataPoints
from labelkit.interop.snorkel.utils.data_operators import check_unique_names

RowData: TypeAlias = list[tuple[int, int, int]]

Matrix: TypeAlias = np.ndarray[Any, Any]

PartAnswer: TypeAlias = tuple[Matrix, dict[str, int]]
"""The votes on a part of the data points, and the faults of each rule there."""

CHUNK_ROWS = 8192
"""Data points whose votes are kept as Python objects before they are written to the matrix."""


_CALLED = ("__call__", "_preprocess_data_point")
"""The methods of a rule that are left out where they do nothing; a subclass may have its own."""


class ApplierMetadata(NamedTuple):
    """Counts of faults by the name of their rule."""

    faults: dict[str, int]


class _FunctionCaller:
    """Call rules; an exception is a fault, and the vote -1, if the caller tolerates faults."""

    def __init__(self, fault_tolerant: bool) -> None:  # noqa: FBT001 - Snorkel's signature
        self.fault_tolerant = fault_tolerant
        self.fault_counts: defaultdict[str, int] = defaultdict(int)

    def __call__(self, f: LabelingFunction, x: DataPoint) -> int:
        if not self.fault_tolerant:
            return f(x)
        try:
            return f(x)
        except Exception:  # noqa: BLE001 - rules may raise anything
            self.fault_counts[f.name] += 1
            return -1

    def bound_to(self, f: LabelingFunction) -> Callable[[DataPoint], int]:
        """Return a rule as a function that is called the way this object calls it."""
        function = _bare(f)
        return self._tolerant(f.name, function) if self.fault_tolerant else function

    def _tolerant(self, name: str, function: Callable[[DataPoint], int]) -> Callable[[DataPoint], int]:
        def call(x: DataPoint) -> int:
            try:
                return function(x)
            except Exception:  # noqa: BLE001 - rules may raise anything
                self.fault_counts[name] += 1
                return -1

        return call


def _bare(f: LabelingFunction) -> Callable[[DataPoint], int]:
    """Return the function of a rule that does no more than call it; else the rule."""
    if not isinstance(f, LabelingFunction) or f._pre or f._resources:  # noqa: SLF001 - of this package
        return f
    is_changed = any(getattr(type(f), name) is not getattr(LabelingFunction, name) for name in _CALLED)
    return f if is_changed else f._f  # noqa: SLF001 - the same


def _adopted(lfs: Iterable[Any]) -> list[Any]:
    """Return the rules as labelkit's, which can be looked at; others are left out."""
    from labelkit.rules.labeling_function import LabelingFunction as Rule  # noqa: PLC0415 - importing the drop-in stays light
    from labelkit.rules.row_rules import adopted  # noqa: PLC0415 - the same

    return [rule for rule in map(adopted, lfs) if isinstance(rule, Rule)]


class BaseLFApplier:
    """The base of what applies rules.

    Parameters
    ----------
    lfs : list of rules

    Raises
    ------
    ValueError
        If two rules have the same name.
    TypeError
        If one rule is given in place of a list.
    """

    _use_recarray = False

    def __init__(self, lfs: Sequence[LabelingFunction]) -> None:
        if isinstance(lfs, LabelingFunction):
            raise TypeError(f"{lfs.name!r} is one rule, not a list of rules; give [{lfs.name}]")
        self._lfs = lfs
        self._lf_names = [lf.name for lf in lfs]
        check_unique_names(self._lf_names)

    def _voted(self, data_points: Iterable[DataPoint], caller: _FunctionCaller) -> Matrix:
        """Vote on data points; returns an array of shape (n_examples, n_lfs)."""
        votes = _votes(data_points, [caller.bound_to(lf) for lf in self._lfs], self._lf_names)
        return stacked(votes, len(self._lfs))

    def _answer(self, L: Matrix, faults: dict[str, int], *, return_meta: bool = False) -> Any:
        """Return the votes; faults beside them, or warn of these."""
        warn_of_older(self._lfs)
        self._warn_of_oddities()
        if return_meta:
            return self._result(L), ApplierMetadata(faults)
        warn_of_faults(faults, len(L))
        return self._result(L)

    def _warn_of_oddities(self) -> None:
        """Warn of what in the rules is probably not meant as it is written."""
        from labelkit.rules.oddities import warn_of_oddities  # noqa: PLC0415 - importing the drop-in stays light

        warn_of_oddities(_adopted(self._lfs))

    def _gathered(self, parts: Iterable[PartAnswer]) -> Matrix:
        """Return the votes on all parts, in their order."""
        matrices, faults = [], Counter[str]()
        for votes, counts in parts:
            matrices.append(votes)
            faults.update(counts)
        L: Matrix = self._answer(stacked(matrices, len(self._lfs)), faults)
        return L

    def _result(self, L: Matrix) -> Matrix:
        """Return the matrix; as a record array with a field for each rule where the class asks for one."""
        if not self._use_recarray:
            return L
        records = np.recarray(len(L), dtype=[(name, np.int64) for name in self._lf_names])
        for name, column in zip(self._lf_names, L.T, strict=True):
            records[name] = column
        return records

    def _numpy_from_row_data(self, labels: Sequence[RowData]) -> Matrix:
        L = np.full((len(labels), len(self._lfs)), -1)
        for row in labels:
            for i, j, label in row:
                L[i, j] = label
        return self._result(L)

    def __repr__(self) -> str:
        return f"{type(self).__name__}, LFs: {self._lf_names}"


def stacked(parts: Iterable[Matrix], n_lfs: int) -> Matrix:
    """Put votes on parts of the examples below each other."""
    return np.concatenate([np.empty((0, n_lfs), dtype=int), *parts])


def _votes(
    data_points: Iterable[DataPoint], rules: Sequence[Callable[[DataPoint], int]], names: Sequence[str]
) -> Iterator[Matrix]:
    """Vote on data points, in chunks; a label below 0 is no vote, as is NaN."""
    rows = iter(data_points)
    numbered = list(enumerate(rules))
    while True:
        places: list[int] = []
        lfs: list[int] = []
        labels: list[Any] = []
        n_rows = 0
        for x in rows:
            for j, rule in numbered:
                label = rule(x)
                if label >= 0:
                    places.append(n_rows)
                    lfs.append(j)
                    labels.append(label)
            n_rows += 1
            if n_rows == CHUNK_ROWS:
                break
        if not n_rows:
            return
        L = np.full((n_rows, len(numbered)), -1)
        if labels:
            L[places, lfs] = returned = np.asarray(labels)
            if returned.dtype.kind == "f" and (cut := np.flatnonzero(returned % 1)).size:
                warn_of_fraction(names[lfs[cut[0]]], returned[cut[0]])
        yield L


def apply_lfs_to_data_point(
    x: DataPoint, index: int, lfs: Sequence[LabelingFunction], f_caller: _FunctionCaller
) -> RowData:
    """Label one data point; returns its position, the position of the rule, and the label, of each vote."""
    labels = ((j, f_caller(lf, x)) for j, lf in enumerate(lfs))
    return [(index, j, label) for j, label in labels if label >= 0]


class LFApplier(BaseLFApplier):
    """Apply rules to a list of data points, or to the rows of an array.

    Parameters
    ----------
    lfs : list of rules

    Examples
    --------
    >>> big = LabelingFunction("big", lambda x: 1 if x[0] > 42 else 0)
    >>> LFApplier([big]).apply(np.array([[10], [100]]), progress_bar=False).tolist()
    [[0], [1]]
    """

    def apply(
        self,
        data_points: DataPoints | Matrix,
        progress_bar: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        fault_tolerant: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        return_meta: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> Any:
        """Label data points.

        Parameters
        ----------
        data_points : sequence or array
        progress_bar : bool
        fault_tolerant : bool
            Whether an exception of a rule is the vote -1, and counted.
        return_meta : bool
            Whether to return the counts, too.

        Returns
        -------
        array of int, of shape (n_examples, n_lfs)
        ApplierMetadata
            If ``return_meta``.

        Raises
        ------
        TypeError
            If a frame is given.
        Exception
            Whatever a rule raises, as it is.
        """
        if hasattr(data_points, "columns"):
            raise TypeError(
                f"{type(self).__name__} takes a list of data points; of a frame: Pandas{type(self).__name__}"
            )
        caller = _FunctionCaller(fault_tolerant)
        n_rows = len(data_points) if hasattr(data_points, "__len__") else None
        L = self._voted(shown(data_points, n_rows, progress_bar=progress_bar), caller)
        return self._answer(L, caller.fault_counts, return_meta=return_meta)


def shown(data_points: Iterable[DataPoint], n_rows: int | None, *, progress_bar: bool) -> Iterable[DataPoint]:
    """Show a bar of progress, if asked to."""
    if not progress_bar:
        return data_points
    from tqdm import tqdm  # noqa: PLC0415 - importing the drop-in stays light

    bar: Iterable[DataPoint] = tqdm(data_points, total=n_rows)
    return bar
