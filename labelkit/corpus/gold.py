"""Read gold labels from a column of the corpus, a file of ids and labels, a mapping, a Series or an array.

:func:`open_gold` finds out where gold is; a :class:`GoldSource` then gives the labels of the examples of a batch, or of
examples that are named. It is small, and travels to the workers that write a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.corpus.annotations import read_annotations
from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.gold_columns import (
    ROW_COLUMNS,
    NamedColumns,
    check_header,
    check_names_of_file,
    columns_of_gold,
)
from labelkit.corpus.gold_file import gold_file, shown_place, unreadable_gold
from labelkit.corpus.gold_ids import cells_of_file, column_values, ids_before_run, ids_of_file, joined_values
from labelkit.corpus.gold_table import open_gold_table
from labelkit.corpus.remote import is_address, shown_address
from labelkit.corpus.text_file import encoding_beside, hint_for_gold
from labelkit.exceptions import GoldError, LabelkitError
from labelkit.votes.alignment import (
    RowNames,
    aligned_values,
    is_default,
    match,
    names_of,
    object_array,
    shown_names,
)
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold import REPLACED, classes_by_name, gold_classes
from labelkit.votes.gold_mapping import GoldMapping
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import are_other_numbers
from labelkit.votes.minus_one import warn_of_minus_one
from labelkit.votes.name_habits import habit
from labelkit.votes.unrelated_gold import NAME, POSITION
from labelkit.votes.written_labels import warn_of_written_labels

NAME_IDS: Final = "name the column of the corpus that holds the ids: id= (--id)"
ALIGNED: Final = "; of a Series, gold.to_numpy() is in the order of its rows"


@dataclass(frozen=True, eq=False)
class GoldSource:
    """The place of gold labels: a column of the corpus, or values by the ids of examples or in the order of the corpus.

    Parameters
    ----------
    column : str, optional
        A column of the corpus; then there are no values.
    values : ndarray, shape (n_gold,), optional
    names : RowNames of length n_gold, optional
        The ids that the values belong to; without it, they are in the order of the corpus.
    mapping : GoldMapping, optional
        What the values mean that are not the names of classes.
    in_order_of : tuple of str, optional
        The file without ids, and the column of the corpus that has some.
    file : str, optional
        The file or address that the values were read from, without secrets.
    meant : GoldMapping, optional
        The mapping by which values have been made class numbers.
    numbers : {"names", "classes", "unclear"}
        What numbers are where classes are named by others than they have: ``"names"`` in data that were read;
        ``"classes"`` where values have been made class numbers.
    by_index : bool
        Whether the order of the values was found by the index of a frame.
    answers : ndarray, optional
        All labels that annotators gave, where the values are those on which they agree.
    """

    column: str | None = None
    values: NDArray[Any] | None = None
    names: RowNames | None = None
    mapping: GoldMapping | None = None
    in_order_of: tuple[str, str] | None = None
    file: str | None = None
    numbers: Literal["names", "classes", "unclear"] = "unclear"
    meant: GoldMapping | None = None
    by_index: bool = False
    answers: NDArray[Any] | None = None

    @property
    def way(self) -> str:
        """How labels are matched with examples, in words."""
        if self.column is not None:
            return f"row by row, as the column {self.column!r}"
        return NAME if self.names is not None or self.by_index else POSITION

    def of(self, batch: Batch, class_names: Sequence[str]) -> NDArray[np.int64]:
        """Return the gold labels of a batch, -1 where unknown."""
        if self.column is not None:
            return self.classes(column_values(batch.table.column(self.column)), class_names)
        positions = np.arange(batch.start, batch.start + len(batch))
        ids = positions if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False)
        return self.at(positions, ids, class_names)

    def at(self, positions: NDArray[np.int64], ids: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """Return the gold labels of examples by their ids, or else their positions; -1 where unknown."""
        assert self.values is not None
        places = positions if self.names is None else self.names.positions(ids)
        gold = np.full(len(ids), -1, dtype=np.int64)
        there = (places >= 0) & (places < len(self.values))
        gold[there] = self.classes(self.values[places[there]], class_names)
        return gold

    def checked(self, class_names: Sequence[str]) -> GoldSource:
        """Turn all values into class numbers at once.

        Raises
        ------
        GoldError
            If a value is not a class.
        """
        if self.values is None:
            return self
        classes = self.classes(self.values, class_names)
        if self.mapping is not None:
            self.mapping.check_used(self.values if self.answers is None else self.answers)
        elif not are_other_numbers(class_names):
            warn_of_minus_one(self.values, gold_values, classes, class_names, can_map=True)
        return replace(self, values=classes, mapping=None, numbers="classes", meant=self.mapping)

    def classes(self, values: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """Turn values of this gold into class numbers, -1 where unknown.

        Raises
        ------
        GoldError
            If a value is not a class.
        """
        if self.numbers == "classes":
            return values.astype(np.int64, copy=False)
        try:
            if self.mapping is not None:
                return self.mapping.apply(values, class_names)
            by_name = self.numbers == "names" and are_other_numbers(class_names)
            return np.asarray((classes_by_name if by_name else gold_classes)(values, class_names))
        except GoldError as error:
            if "map_label=" in (error.hint or ""):
                raise
            hint = (
                "map_label={value: class} (--map-label VALUE=CLASS) says what other values mean, and "
                "map_label={value: None} (--map-label VALUE=) that one means none"
            )
            other = (error.hint or "").partition(REPLACED)[0]
            raise GoldError(error.message, hint=f"{other}; {hint}" if other else hint, code=error.code) from None

    @property
    def n_labels(self) -> int | None:
        """The number of labels, once they are :meth:`checked`; None for a column: all are of an example."""
        return None if self.values is None else int((self.values >= 0).sum())

    def _warn_of_order(self) -> None:
        """Warn of a file without ids, where the examples have some."""
        if self.in_order_of is not None:
            place, id_column = self.in_order_of
            warn(
                f"{place} has no column of ids: its labels are matched by their order, though the examples have ids. "
                f"Hint: with a column {id_column!r} in it, no order can be wrong",
                code="LK335",
            )

    def check_matched(self, n_matched: int, n_rows: int | None, ids: NDArray[Any], *, n_rejects: int = 0) -> None:
        """Refuse gold of which no label is an example's, and gold in an order of another length.

        Parameters
        ----------
        n_matched : int
            Examples of the corpus that have a label.
        n_rows : int or None
            Examples of the corpus; None for some of those that gold is in the order of.
        ids : ndarray
            Those of the first ones.
        n_rejects : int
            Rows that could not be read, and are no examples.

        Raises
        ------
        GoldError
        """
        if self.names is None and self.values is not None and n_rows is not None and len(self.values) != n_rows:
            raise _other_length(len(self.values), n_rows, n_rejects)
        if n_matched:
            self._warn_of_order()
            return
        if self.names is None or not self.n_labels:
            place = "gold" if self.column is None else f"the column {self.column!r}"
            raise GoldError(f"{place} holds no label", hint="give gold of some examples, or none", code="LK329")
        names = self.names.names
        raise GoldError(
            f"none of the {len(names):,} gold labels is of an example: gold names {shown_names(names)}, and the "
            f"examples are {shown_names(ids)}",
            hint=habit(names, ids) or f"{NAME_IDS}{'' if self.file or self.column else ALIGNED}",
            code="LK321",
        )


def open_gold(
    gold: Any, corpus: Corpus, class_names: Sequence[str] = (), map_label: Mapping[Any, str | int | None] | None = None
) -> GoldSource:
    """Find out where gold labels are.

    Parameters
    ----------
    gold : str, path, mapping, Series or array-like
        The name of a column of the corpus; a file of ids and labels; labels by id, or by the index of the frame; or
        labels in the order of the corpus.
    corpus : Corpus
    class_names : sequence of str, optional
        By which a file without a header is recognised.
    map_label : mapping of value to name or number of a class, optional
        What the values mean that are not the names of classes; None for those that say nothing.

    Raises
    ------
    GoldError
        If a name is neither a column nor a file, a file does not name the examples by id, an id is named twice, or an
        array has another length than the corpus.
    """
    mapping = GoldMapping.of(map_label, class_names) if map_label else None
    if isinstance(gold, str) and corpus.has_column(gold):
        warn_of_written_labels(f"the corpus {corpus.name}", corpus.column_names, gold)
        return GoldSource(column=gold, mapping=mapping, numbers="names")
    if isinstance(gold, str | Path):
        with gold_file(gold, corpus.column_names) as path:
            source = read_gold_file(
                path,
                [corpus.id],
                are_text=corpus.has_ids and pa.types.is_string(corpus.id_type),
                are_positions=corpus.named_by_position,
                corpus_columns=corpus.column_names,
                class_names=class_names,
                mapping=mapping,
                encoding=encoding_beside(path, corpus.reading, gold),
            )
        source = replace(source, file=shown_address(str(gold)) if is_address(gold) else str(gold))
        if source.names is None and corpus.id is not None:
            source = replace(source, in_order_of=(shown_place(gold), corpus.id))
    else:
        source = _given_gold(gold, corpus)
    n_values = 0 if source.values is None else len(source.values)
    if source.names is None and corpus.n_whole is not None and n_values != corpus.n_whole:
        raise _other_length(n_values, corpus.n_whole)
    if source.names is None and source.values is not None and corpus.drawn_positions is not None:
        source = replace(source, values=source.values[corpus.drawn_positions])
    return replace(source, mapping=mapping)


def _other_length(n_gold: int, n_rows: int, n_rejects: int = 0) -> GoldError:
    left_out = f" ({plural(n_rejects, 'row')} could not be read)" if n_rejects else ""
    return GoldError(
        f"gold has {plural(n_gold, 'label')} for {plural(n_rows, 'example')}{left_out}",
        hint="give a file with a column of ids; or give dict(zip(ids, labels))",
        code="LK322",
    )


def named_gold(gold: Any) -> GoldSource | None:
    """Take gold by id from a mapping or a Series; None for anything else.

    Raises
    ------
    GoldError
        If an id is named twice.
    """
    names = names_of(gold)
    return None if names is None else gold_by_name(names, gold_values(gold), "unclear")


def _given_gold(gold: Any, corpus: Corpus) -> GoldSource:
    """Match a mapping or a Series with the names that the corpus has; anything else is in its order."""
    names, values = names_of(gold), gold_values(gold)
    if names is None:
        return GoldSource(values=values)
    if corpus.frame_index is None and (isinstance(gold, Mapping) or (corpus.has_ids and not is_default(gold.index))):
        return gold_by_name(names, values, "unclear")
    examples = ExampleNames(ids_before_run(corpus, names), corpus.frame_index)
    matched = match(gold, examples, what="gold", error=GoldError)
    if matched is None:
        return GoldSource(values=values)
    if matched.examples is not examples.by_index:
        return gold_by_name(names, values, "unclear")
    unknown = values if values.dtype.kind in "iuf" else values.astype(object)
    fill = None if unknown.dtype == object else -1
    aligned = aligned_values(gold, unknown, examples, fill, what="gold", error=GoldError)
    return GoldSource(values=aligned, by_index=True)


def gold_by_name(names: NDArray[Any], values: NDArray[Any], numbers: Literal["names", "unclear"]) -> GoldSource:
    """Take gold labels and the names of their examples, none of which may occur twice."""
    rows = RowNames(names)
    if not rows.is_unique:
        raise GoldError(f"gold names the id {rows.repeated()!r} twice", hint="keep one label an example", code="LK325")
    return GoldSource(values=values, names=rows, numbers=numbers)


# Columns and files ----------------------------------------------------------------------------------------------------


def read_gold_column(corpus: Corpus, column: str, *, also: Sequence[str] = ()) -> GoldSource:
    """Read a column of labels and the ids beside it; without ids, positions are the ids.

    Parameters
    ----------
    corpus : Corpus
    column : str
    also : list of str
        Columns to load, too: rows that are bad in any of them are left out, and do not count in positions.

    Raises
    ------
    GoldError
        If the corpus cannot be read, or an id names several rows.
    """
    names, values = [], []
    warn_of_written_labels(f"the corpus {corpus.name}", corpus.column_names, column)
    try:
        for batch in corpus.batches(list(dict.fromkeys([column, *also])), BATCH_ROWS):
            positions = np.arange(batch.start, batch.start + len(batch))
            names.append(positions if batch.ids is None else column_values(batch.ids))
            values.append(column_values(batch.table.column(0)))
    except LabelkitError as error:
        raise unreadable_gold(error, error.hint) from None
    return gold_by_name(joined_values(names), joined_values(values), "names")


def read_gold_file(
    path: Path,
    id_columns: Sequence[str | None],
    *,
    are_text: bool | None,
    are_positions: bool = False,
    corpus_columns: Sequence[str] = (),
    class_names: Sequence[str] = (),
    mapping: GoldMapping | None = None,
    encoding: str | None = None,
    encoding_option: str = "gold_encoding",
    table: NamedColumns | None = None,
) -> GoldSource:
    """Read a file of ids and labels, of labels alone in the order of the corpus, or of the answers of annotators.

    Parameters
    ----------
    path : Path
        A table, or what :func:`labelkit.corpus.annotations.read_annotations` recognises.
    id_columns : list of str
        Names that the column of the ids may have; the first column that is not of labels holds them if none is there.
    are_text : bool or None
        Whether ids are text; else they are numbers, maybe held as text. None, if not known: ids stay as they are.
    are_positions : bool
        Whether the examples have no ids, so that only a column ``row`` (or ``position``) can name them.
    corpus_columns : sequence of str
        The columns of the corpus, one of which the file may name the examples by.
    class_names : sequence of str
        By which a file without a header is recognised.
    mapping : GoldMapping, optional
        By which answers of annotators that mean one class are counted together.
    encoding : str, optional
        That of the file, if it is text and not UTF-8; ``encoding_option`` is what messages call it.
    table : NamedColumns, optional
        Says that the file is a table, and names columns of it.

    Raises
    ------
    GoldError
        If the file cannot be read, is not clear about its columns, or has an id twice, or of another kind than theirs.
    """
    try:
        answers = None
        if table is None:
            answers = read_annotations(
                path, id_columns=id_columns, class_names=class_names, mapping=mapping, encoding=encoding
            )
        if answers is not None:
            check_names_of_file(path, answers.key, id_columns, corpus_columns, are_positions=are_positions)
            agreed = gold_by_name(ids_of_file(answers.ids, path, are_text=are_text), answers.labels, "names")
            return replace(agreed, answers=answers.given)
        opened = open_gold_table(path, encoding, id_columns, None if table is None else table.label)
        keys = [*id_columns, *ROW_COLUMNS * are_positions]
        key, label = columns_of_gold(path, list(opened.column_names), keys, table)
        check_header(path, key, label, id_columns, class_names)
        check_names_of_file(path, key, id_columns, corpus_columns, are_positions=are_positions)
        warn_of_written_labels(str(path), opened.column_names, label)
        wanted = [label] if key is None else [label, key]
        batches = [batch.table for batch in opened.batches(wanted, BATCH_ROWS)]
    except LabelkitError as error:
        if isinstance(error, GoldError):
            raise
        raise unreadable_gold(error, hint_for_gold(error, path, encoding_option)) from None
    values = cells_of_file(joined_values([column_values(batch.column(0)) for batch in batches]), path)
    if key is None:
        return GoldSource(values=values, numbers="names")
    ids = joined_values([object_array(batch.column(1).to_pylist()) for batch in batches])
    return gold_by_name(ids_of_file(ids, path, are_text=are_text, place_of=opened.place_of), values, "names")
