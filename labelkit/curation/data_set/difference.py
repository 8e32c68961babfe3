"""Compare two versions of a data set, or two data sets: examples, splits, labels, weights, slices, steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import count, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.row_operations import first_rows
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit.curation.data_set.layout import ID, positions_in, type_named
from labelkit.curation.data_set.rows import classes_of, codes_of, copies_of, places_of, proba_of, weights_of
from labelkit.exceptions import DataSetError
from labelkit.runs.one_version import one_version
from labelkit.votes.alignment import RowNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.curation.data_set.data_set import DataSet

COMPARED: Final = ("split", "label", "proba", "weight", "slices", "copies")
"""What may change of an example that is in both; ``copies`` are the rows that it has."""


SEPARATOR: Final = "\x1f"
"""Stands between the slices of a row where they are compared."""


@dataclass(frozen=True, eq=False, repr=False)
class DataSetDifference(ShownResult):
    """Changes from one version of a data set to another, on the examples that have rows.

    Attributes
    ----------
    before, after : int
        Numbers of the versions.
    steps : tuple of str
        Operations that only the later version has, in their order.
    rows : tuple of two int
    only_before, only_after, both : int
        Examples with rows in one version, and in both.
    changed : dict of str to int
        Examples in both whose ``split``, ``label``, ``proba``, ``weight``, ``slices`` or ``copies`` changed.
    classes, parts : dict of str to tuple of two int
        Rows of each class and part, before and after.
    examples : dict of str to tuple of ids
        A few examples of each kind of change.
    """

    before: int
    after: int
    steps: tuple[str, ...]
    rows: tuple[int, int]
    only_before: int
    only_after: int
    both: int
    changed: Mapping[str, int]
    classes: Mapping[str, tuple[int, int]]
    parts: Mapping[str, tuple[int, int]]
    examples: Mapping[str, tuple[Any, ...]]

    @property
    def differs(self) -> bool:
        """True if anything differs."""
        return bool(self.only_before or self.only_after or any(self.changed.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``differs``, the attributes."""
        return {"differs": self.differs, **dict(plain_value(dict(vars(self))))}

    def _page(self) -> ResultPage:
        lead = [f"version {self.before} -> {self.after}: {' -> '.join(self.steps) or 'no step'}"]
        lead.append(f"rows: {count(self.rows[0])} -> {count(self.rows[1])}")
        kinds = [("only before", self.only_before, "dropped"), ("only after", self.only_after, "came")]
        kinds += [(f"{name} changed", n, name) for name, n in self.changed.items()]
        changes = [[name, count(n), ", ".join(map(str, self.examples.get(key, ())))] for name, n, key in kinds if n]
        sides = [
            ResultTable(
                [[name, count(old), count(new)] for name, (old, new) in sizes.items()],
                [head, "before", "after"],
                align="<>",
                title=f"rows by {head}",
            )
            for head, sizes in (("part", self.parts), ("class", self.classes))
        ]
        notes = [] if self.differs else [f"nothing differs in {plural(self.both, 'example')}"]
        return ResultPage(lead, [ResultTable(changes, ["examples", "n", "such as"], align="<><"), *sides], notes)


def difference_of(before: DataSet, after: DataSet) -> DataSetDifference:
    """Compare two versions of one data set, or two data sets whose examples have the same ids.

    Raises
    ------
    DataSetError
        If they have other classes, or no example in common.
    RunFolderError
        If another version of one is written meanwhile.
    """
    with one_version(before, after):
        return _difference_of(before, after)


def _difference_of(before: DataSet, after: DataSet) -> DataSetDifference:
    """Compare two versions that nobody replaces."""
    if before.class_names != after.class_names:
        raise DataSetError(
            f"the classes are {', '.join(before.class_names)} before and {', '.join(after.class_names)} after",
            hint="versions of one data set have the same classes",
        )
    as_text = before.manifest["id_type"] != after.manifest["id_type"]
    old, new = (_State.of(one, as_text=as_text) for one in (before, after))
    places = positions_in(RowNames(new.ids), old.ids)
    in_old = np.flatnonzero((places >= 0) & (old.copies > 0))
    in_both = in_old[new.copies[places[in_old]] > 0]
    came = np.flatnonzero((new.copies > 0) & ~_mask(places[in_both], len(new.ids)))
    dropped = np.flatnonzero((old.copies > 0) & ~_mask(in_both, len(old.ids)))
    if not len(in_both) and len(old.ids) and len(new.ids):
        raise DataSetError(
            "the two data sets have no example in common",
            hint="compare versions of one data set, or of the same ids",
            code="LK313",
        )
    flags = {name: old.differs(new, name, in_both, places[in_both]) for name in COMPARED}
    examples = {name: tuple(old.ids[in_both[flag]][:3].tolist()) for name, flag in flags.items() if flag.any()}
    examples |= {"dropped": tuple(old.ids[dropped][:3].tolist()), "came": tuple(new.ids[came][:3].tolist())}
    steps = [one.manifest["steps"] for one in (before, after)]
    common = 0
    while common < min(map(len, steps)) and steps[0][common] == steps[1][common]:
        common += 1
    return DataSetDifference(
        before=before.number,
        after=after.number,
        steps=tuple(step["operation"] for step in steps[1][common:]),
        rows=(len(before), len(after)),
        only_before=len(dropped),
        only_after=len(came),
        both=len(in_both),
        changed={name: int(flag.sum()) for name, flag in flags.items()},
        classes=_sizes(before, after, "classes"),
        parts=_sizes(before, after, "parts"),
        examples=examples,
    )


def _mask(places: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    there = np.zeros(n, dtype=bool)
    there[places] = True
    return there


def _sizes(before: DataSet, after: DataSet, name: str) -> dict[str, tuple[int, int]]:
    old, new = (one.manifest["counts"][name] for one in (before, after))
    return {one: (old.get(one, 0), new.get(one, 0)) for one in dict.fromkeys([*old, *new])}


@dataclass(frozen=True, eq=False)
class _State:
    """What a version says of each example: the values of its first row, and how many rows it has."""

    ids: NDArray[Any]
    copies: NDArray[np.int64]
    first: NDArray[np.int64]
    rows: pa.Table
    classes: tuple[str, ...]

    @classmethod
    def of(cls, data_set: DataSet, *, as_text: bool) -> _State:
        kind = pa.string() if as_text else type_named(data_set.manifest["id_type"])
        ids = data_set.layout.read_examples([ID], kind).column(ID).to_numpy()
        rows = data_set.layout.read_rows()
        first = first_rows(places_of(rows), len(ids))
        return cls(ids, copies_of(rows, len(ids)), first, rows, data_set.class_names)

    def differs(self, other: _State, name: str, here: NDArray[np.int64], there: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return True for each example of which something is another."""
        if name == "copies":
            return np.asarray(self.copies[here] != other.copies[there])
        old, new = self._values(name), other._values(name)
        rows = old[self.first[here]], new[other.first[there]]
        if name == "proba":
            both_none = np.isnan(rows[0]).any(axis=1) & np.isnan(rows[1]).any(axis=1)
            return np.asarray((rows[0] != rows[1]).any(axis=1) & ~both_none)
        return np.asarray(rows[0] != rows[1])

    def _values(self, name: str) -> NDArray[Any]:
        if name == "weight":
            return weights_of(self.rows)
        if name == "proba":
            return proba_of(self.rows.column("proba"), len(self.classes))
        if name == "label":
            return classes_of(self.rows, self.classes)
        column = self.rows.column("split")
        if name == "slices":
            column = pc.binary_join(self.rows.column("slices"), SEPARATOR)
        codes, names = codes_of(column)
        return np.array([*names, ""], dtype=object)[codes]
