"""Take the result of a function of curation over into the rows of a data set; evaluation stays as it is.

A result sets columns of rows (a split, slices, labels), chooses, repeats or weighs rows (a balance), or brings rows
that were made of others (an augmentation). Rows of parts that are no training parts are for evaluation: they are never
dropped, repeated, weighed anew or made, since what is measured on such rows is of no population.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import count, plural
from labelkit._shared.row_operations import first_rows
from labelkit.analysis.two_samples import p_of_distribution
from labelkit.curation.data_set._taken_values import with_values
from labelkit.curation.data_set.layout import ID, MADE, DataSetLayout, positions_in
from labelkit.curation.data_set.rows import (
    classes_of,
    codes_of,
    copies_of,
    in_parts,
    parts_of,
    places_of,
    replaced_column,
    weights_of,
)
from labelkit.exceptions import DataSetError
from labelkit.votes.alignment import RowNames, of_strangers, shown_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.curation.step import CurationStep

SET: Final = ("split", "slices", "proba", "label", "weight")
"""Columns that a step may set; labels after probabilities, which say them where labels are not given."""

SURE: Final = 1e-3
"""Rows were chosen by class if chance makes such a difference of classes more seldom than this."""


@dataclass
class Taking:
    """Rows of a data set while a result is taken over.

    Attributes
    ----------
    rows : pyarrow.Table
    examples : RowNames
        The ids of the examples.
    classes : tuple of str
    training : tuple of str
        Names of the training parts.
    step : CurationStep
    before : list of steps
        Those that were taken over before, as the manifest has them.
    is_made : ndarray of bool, shape (n_examples,)
        Whether a transformation made the example.
    added : pyarrow.Table or None
        Examples that the result brings.
    effects : set of str
        What the step changed: names of columns, ``rows`` and ``made``.
    notes : list of str
    """

    rows: pa.Table
    examples: RowNames
    classes: tuple[str, ...]
    training: tuple[str, ...]
    step: CurationStep
    before: Sequence[dict[str, Any]]
    is_made: NDArray[np.bool_]
    added: pa.Table | None = None
    effects: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        """The operation, for messages."""
        return self.step.operation

    def take(self, table: pa.Table, only: Sequence[str] | None) -> None:
        """Take a table over.

        Parameters
        ----------
        table : pyarrow.Table
            As :meth:`labelkit.curation.step.Curated.rows` returns it.
        only : sequence of str, optional
            Take over rows of these parts alone.

        Raises
        ------
        DataSetError
            If ids are no examples, stand twice where that has no meaning, values do not fit, or rows of evaluation
            would change.
        """
        chosen, brought = _divided(table)
        positions = self._positions(chosen)
        selects = self._selects(chosen, positions, brought)
        if only is not None:
            self._check_parts(only)
            kept = np.isin(positions, places_of(self.rows)[in_parts(self.rows, only)])
            chosen, positions = chosen.filter(pa.array(kept)), positions[kept]
        rows_before = self.rows
        if chosen.num_rows or not brought.num_rows:
            if selects:
                self._select(chosen, positions)
            else:
                self._set_columns(chosen, positions)
        if brought.num_rows:
            self._bring(brought, only)
        if "split" in self.effects:
            self._check_new_split(rows_before)
        else:
            self._check_evaluation(rows_before)

    def _positions(self, chosen: pa.Table) -> NDArray[np.int64]:
        names = chosen.column(ID).to_numpy()
        positions = positions_in(self.examples, names)
        lost = positions < 0
        if lost.any():
            error = of_strangers(names[lost], self.examples.names, self.what, DataSetError)
            more = (
                "the result must be of this data set: of data_set.table(), or of the corpus and labels it was made of"
            )
            raise DataSetError(error.message, hint=f"{more}; {error.hint}" if error.hint else more, code=error.code)
        return positions

    def _check_parts(self, only: Sequence[str]) -> None:
        parts = parts_of(self.rows)
        unknown = [part for part in only if part not in parts]
        if unknown:
            raise DataSetError(
                f"the data set has no part {unknown[0]!r}", hint=f"its parts are {', '.join(parts) or 'none yet'}"
            )

    def _selects(self, chosen: pa.Table, positions: NDArray[np.int64], brought: pa.Table) -> bool:
        """Return whether the rows are chosen from those that are there, in place of setting columns of them."""
        if len(positions) and np.bincount(positions).max() > 1:
            return True
        sets = [name for name in SET[:-1] if name in chosen.column_names]
        rows_before, rows_after = (counts.get("rows") for counts in (self.step.before, self.step.after))
        if brought.num_rows:  # beside the originals, which stay unless some were left out
            return rows_before is not None and chosen.num_rows < rows_before
        if rows_before == rows_after == chosen.num_rows:
            return False
        fewer = rows_before is not None and rows_after == chosen.num_rows and chosen.num_rows < rows_before
        return not sets or (fewer and "split" not in sets)

    # Rows that are chosen ---------------------------------------------------------------------------------------------

    def _select(self, chosen: pa.Table, positions: NDArray[np.int64]) -> None:
        """Put the chosen rows in the place of all rows of their parts."""
        if "split" in chosen.column_names:
            names = RowNames(chosen.column(ID).to_numpy())
            raise DataSetError(
                f"{self.what} names the id {names.repeated()!r} twice, so that it would stand in two parts",
                hint="a split names each example once",
            )
        places = places_of(self.rows)
        first = first_rows(places, len(self.examples))
        taken = first[positions]
        if (taken < 0).any():
            gone = self.examples.names[positions[taken < 0]]
            raise DataSetError(
                f"{self.what} chooses {plural(len(gone), 'example')} that an earlier step dropped, such as "
                f"{shown_names(gone, 1)}",
                hint="compute it on data_set.table(), or data_set.restore(n) a version that has them",
            )
        split, _ = codes_of(self.rows.column("split"))
        touched = np.bincount(split[taken] + 1, minlength=int(split.max(initial=0)) + 2) > 0
        left = np.flatnonzero(~touched[split + 1])
        selected = self.rows.take(pa.array(taken))
        for name in SET:
            if name in chosen.column_names:
                selected = self._with_values(selected, name, chosen, np.arange(len(taken)))
        rows = pa.concat_tables([self.rows.take(pa.array(left)), selected]).unify_dictionaries()
        self.effects.add("rows")
        if self._by_class(rows):
            self.effects.add("resampled")
        self.rows = rows.take(pa.array(np.argsort(places_of(rows), kind="stable")))

    def _by_class(self, rows: pa.Table) -> bool:
        """Return whether rows were repeated, or chosen by their class."""
        if copies_of(rows, len(self.examples)).max(initial=0) > 1:
            return True
        sizes = []
        for table in (rows, self.rows):
            codes = classes_of(table, self.classes)
            sizes.append(np.bincount(codes[codes >= 0], minlength=len(self.classes)).astype(float))
        return p_of_distribution(sizes[0], sizes[1] - sizes[0]) < SURE

    # Columns that are set ---------------------------------------------------------------------------------------------

    def _set_columns(self, chosen: pa.Table, positions: NDArray[np.int64]) -> None:
        """Set the columns of the rows that are named; a row that a split does not name is in no part."""
        named = np.full(len(self.examples), -1, dtype=np.int64)
        named[positions] = np.arange(len(positions))
        source = named[places_of(self.rows)]
        for name in SET:
            if name in chosen.column_names:
                self.rows = self._with_values(self.rows, name, chosen, source)

    def _with_values(self, rows: pa.Table, name: str, table: pa.Table, source: NDArray[np.int64]) -> pa.Table:
        """Return rows whose column has the values at ``source``, and stays where that is -1."""
        after = with_values(rows, name, table, source, self.classes, self.what)
        if name == "split" or not after.column(name).equals(rows.column(name)):
            self.effects.add(name)
        return after

    # Rows that are made -----------------------------------------------------------------------------------------------

    def _bring(self, brought: pa.Table, only: Sequence[str] | None) -> None:
        """Add examples that were made of others, to the training parts of those."""
        parents = self._positions(brought.select([MADE[0]]).rename_columns([ID]))
        places = places_of(self.rows)
        first = first_rows(places, len(self.examples))
        if parts_of(self.rows):
            kept = self._of_training(parents, first, only)
            brought, parents = brought.filter(pa.array(kept)), parents[kept]
        lost = first[parents] < 0
        if lost.any():
            self.notes.append(f"{plural(int(lost.sum()), 'made row')} left out: an earlier step dropped the originals")
            brought, parents = brought.filter(pa.array(~lost)), parents[~lost]
        self._check_new_ids(brought)
        rows = self.rows.take(pa.array(first[parents]))
        n_before = len(self.examples)
        rows = replaced_column(rows, "place", pa.array(np.arange(n_before, n_before + len(parents))))
        for name in SET[1:]:
            if name in brought.column_names:
                rows = self._with_values(rows, name, brought, np.arange(len(parents)))
        self.rows = pa.concat_tables([self.rows, rows]).unify_dictionaries()
        self.added = brought
        self.effects |= {"rows", "made"}

    def _of_training(
        self, parents: NDArray[np.int64], first: NDArray[np.int64], only: Sequence[str] | None
    ) -> NDArray[np.bool_]:
        """Return which made rows are of training rows; those of evaluation rows are refused unless left out by name."""
        parts = self.training if only is None else [part for part in only if part in self.training]
        of_training = np.zeros(len(self.examples), dtype=bool)
        of_training[places_of(self.rows)[in_parts(self.rows, parts)]] = True
        evaluation = np.zeros(len(self.examples), dtype=bool)
        evaluation[places_of(self.rows)[self._is_evaluation(self.rows)]] = True
        wrong = evaluation[parents]
        if wrong.any() and only is None:
            names = self.examples.names[parents[wrong]]
            raise DataSetError(
                f"{self.what} made {plural(len(names), 'row')} of examples for evaluation, such as "
                f"{shown_names(names, 1)}",
                hint=self._remedy(),
                code="LK541",
            )
        left_out = int((~of_training[parents] & (first[parents] >= 0)).sum())
        if left_out:
            self.notes.append(f"{plural(left_out, 'made row')} left out: the originals are in no training part")
        return of_training[parents] | (first[parents] < 0)

    def _check_new_ids(self, brought: pa.Table) -> None:
        names = RowNames(brought.column(ID).to_numpy())
        there = self.examples.positions(names.names) >= 0
        if there.any() or not names.is_unique:
            name = names.names[there][:1].tolist()[0] if there.any() else names.repeated()
            raise DataSetError(
                f"{self.what} made a row with the id {name!r}, which another one bears",
                hint="a made row has an id of its own; the same augmentation cannot be taken over twice",
            )

    # Evaluation -------------------------------------------------------------------------------------------------------

    def _is_evaluation(self, rows: pa.Table) -> NDArray[np.bool_]:
        parts = [part for part in parts_of(rows) if part not in self.training]
        return in_parts(rows, parts)

    def _remedy(self) -> str:
        part = next((part for part in parts_of(self.rows) if part in self.training), "train")
        return (
            f"compute it on data_set.table(split={part!r}), or take(..., split={part!r}) leaves out the rows of other "
            f"parts; training parts are {', '.join(self.training)} (training= of create_dataset)"
        )

    def _check_evaluation(self, before: pa.Table) -> None:
        """Refuse a step that drops, repeats or weighs rows of evaluation."""
        old, new = before.filter(pa.array(self._is_evaluation(before))), self._evaluation_rows()
        n_added = 0 if self.added is None else self.added.num_rows
        copies_before, copies_after = (copies_of(rows, len(self.examples) + n_added) for rows in (old, new))
        dropped = np.flatnonzero((copies_before > 0) & (copies_after == 0))
        repeated = np.flatnonzero(copies_after > np.maximum(copies_before, 1))
        if len(dropped) or len(repeated):
            doing, places = ("drops", dropped) if len(dropped) else ("repeats", repeated)
            raise DataSetError(
                f"{self.what} {doing} {plural(len(places), 'example')} for evaluation, such as "
                f"{shown_names(self.examples.names[places], 1)}: what is measured on resampled rows is of no "
                "population",
                hint=self._remedy(),
                code="LK541",
            )
        if "weight" in self.effects and old.num_rows == new.num_rows:
            weighed = weights_of(old) != weights_of(new)
            if weighed.any():
                names = self.examples.names[places_of(old)[weighed]]
                raise DataSetError(
                    f"{self.what} weighs {plural(len(names), 'example')} for evaluation anew, such as "
                    f"{shown_names(names, 1)}",
                    hint=self._remedy(),
                    code="LK541",
                )
        changed = sorted({"label", "proba"} & self.effects)
        if changed and old.num_rows and not all(old.column(one).equals(new.column(one)) for one in changed):
            self.notes.append("the labels of examples for evaluation changed, too")

    def _evaluation_rows(self) -> pa.Table:
        return self.rows.filter(pa.array(self._is_evaluation(self.rows)))

    def _check_new_split(self, before: pa.Table) -> None:
        """Refuse a split of rows that were resampled, weighed by class or made before: evaluation would be of them."""
        evaluation = self._evaluation_rows()
        copies = copies_of(evaluation, len(self.examples))
        places = np.flatnonzero(copies)
        synthetic = places[self.is_made[places]]
        if len(synthetic):
            raise DataSetError(
                f"{self.what} puts {count(len(synthetic))} made examples into evaluation, such as "
                f"{shown_names(self.examples.names[synthetic], 1)}",
                hint="split first, and augment the training part: data_set.restore(n) goes back to the version before",
                code="LK541",
            )
        resampled = [step["operation"] for step in self.before if "resampled" in step.get("effects", ())]
        old = places_of(before.filter(pa.array(self._is_evaluation(before))))
        if copies.max(initial=0) > 1 or (resampled and not np.isin(places, old).all()):
            raise DataSetError(
                f"the rows were resampled before they are split ({', '.join(resampled)}): evaluation would be of "
                "resampled rows",
                hint="split first, and balance the training part: data_set.restore(n) goes back to the version before",
                code="LK541",
            )
        if self._weighed_by_class(evaluation):
            raise DataSetError(
                "the rows for evaluation would have weights by class, so that what is measured is of no population",
                hint="split first, and weigh the training part: data_set.restore(n) goes back to the version before",
                code="LK541",
            )

    def _weighed_by_class(self, rows: pa.Table) -> bool:
        codes, names = codes_of(rows.column("label"))
        weights = weights_of(rows)
        of_class = [weights[codes == code] for code in range(len(names)) if (codes == code).any()]
        alike = all(one.min() == one.max() for one in of_class)
        return alike and len({float(one[0]) for one in of_class}) > 1


def _divided(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Divide a result into the rows that were chosen and those that were made."""
    if ID not in table.column_names:
        raise DataSetError("the rows of the result have no column 'id'", hint="rows() names the examples by their ids")
    if MADE[0] not in table.column_names:
        return table, table.slice(0, 0)
    is_made = table.column(MADE[0]).is_valid()
    return table.filter(pc.invert(is_made)), table.filter(is_made)


def as_examples(brought: pa.Table, layout: DataSetLayout, columns: Sequence[str], id_type: pa.DataType) -> pa.Table:
    """Return made rows as examples of a data set: its columns, of their types; null where a row has no value.

    Raises
    ------
    DataSetError
        If a column has values of another type.
    """
    schema = layout.examples_schema
    types = {ID: id_type, **{name: schema.field(name).type for name in columns}, MADE[0]: id_type, MADE[1]: pa.string()}
    arrays = {}
    for name, kind in types.items():
        there = name in brought.column_names
        try:
            arrays[name] = brought.column(name).cast(kind) if there else pa.nulls(brought.num_rows, kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataSetError(
                f"the made rows have other values of {name!r} than the data set, which has {kind}: {error}",
                hint="a transformation keeps the types of the columns",
            ) from None
    return pa.table(arrays)
