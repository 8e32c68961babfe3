"""A long table of answers: which annotator, a person or a language model, gave which example which label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.exact_values import whole_numbers
from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus.annotations import (
    ANSWER_COLUMNS,
    TASK_COLUMNS,
    TRUTH_COLUMN,
    WORKER_COLUMNS,
    answers_in,
    format_of,
    is_marked,
)
from labelkit.corpus.corpus import BATCH_ROWS
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.worker_answers import is_blank
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.exact_names import READ_EXACTLY, check_exact
from labelkit.votes.given_votes import tidy_answers
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import class_written, listed_class_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SECONDS_COLUMNS: Final = ("seconds", "duration", "lead_time", "time_spent")
"""Names that the column of the time for an answer may have."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Answers:
    """Answers, each of one annotator to one example; skipped ones are left out.

    Attributes
    ----------
    items : ndarray, shape (n_items,)
        The ids of the examples, in the order of their first answers.
    annotators : tuple of str
        In alphabetical order.
    class_names : tuple of str
        In the given order, or else sorted.
    item, annotator, label : ndarray of int64, shape (n_answers,)
        Places in the three.
    seconds : ndarray of shape (n_answers,)
        NaN where not known.
    """

    items: NDArray[Any]
    annotators: tuple[str, ...]
    class_names: tuple[str, ...]
    item: NDArray[np.int64]
    annotator: NDArray[np.int64]
    label: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.item)

    def __repr__(self) -> str:
        return f"Answers({len(self):,} of {len(self.annotators):,} annotators on {plural(len(self.items), 'example')})"

    @classmethod
    def of(
        cls,
        answers: Any,
        *,
        item: str | None = None,
        annotator: str | None = None,
        label: str | None = None,
        seconds: str | None = None,
        classes: Sequence[Any] | None = None,
    ) -> Answers:
        """Read answers of any form.

        Parameters
        ----------
        answers : Answers, LabelMatrix, path, DataFrame (pandas, polars, Arrow) or list of dict
            A long table with a row for each answer, or the file of an export of Label Studio or Prodigy; of a label
            matrix, the votes of a labeling function are the answers of an annotator.
        item, annotator, label, seconds : str, optional
            Names of the columns; by default ``item``, ``annotator``, ``label`` and ``seconds``, and what else is usual
            for them (``task``, ``worker``, ``answer``, ``lead_time``, ...). Seconds may be missing. Rows that a column
            ``ground_truth`` marks are left out: who gave them saw the answers of the others.
        classes : sequence of str or enum members, optional
            The classes in their order, which counts where they are ordinal; by default all labels, sorted (as numbers,
            if all are), or those that answers or a label matrix have.

        Returns
        -------
        Answers

        Raises
        ------
        GoldError
            If a column is missing, or named where there is no table; if an annotator answers an example twice, a label
            is none of the classes, or nobody knows whose answer one is, or to which example.
        """
        columns = {"item": item, "annotator": annotator, "label": label, "seconds": seconds}
        if isinstance(answers, cls | LabelMatrix):
            named = [name for name, column in columns.items() if column is not None]
            if named:
                raise GoldError(
                    f"{named[0]}= names a column of a long table, and these answers are {type(answers).__name__}",
                    hint=f"leave {named[0]}= out",
                )
            ready = cls._of_matrix(answers) if isinstance(answers, LabelMatrix) else answers
            return ready if classes is None else ready.of_classes(classes)
        table = _exported(answers, columns, classes)
        if table is None:
            table = _columns(answers, columns)
            table["label"] = tidy_answers(object_array(table["label"]), are_named=classes is not None).tolist()
        truth = table.get(TRUTH_COLUMN, ())
        keep = [
            place
            for place, value in enumerate(table["label"])
            if not is_blank(value) and not (truth and is_marked(truth[place]))
        ]
        _check_named(table, keep)
        given = [table["label"][place] for place in keep]
        names, codes = _classes(given, classes)
        check_exact(object_array(table["item"]), "a table of answers", GoldError, hint=READ_EXACTLY)
        items, item_codes = _numbered([table["item"][place] for place in keep])
        who, who_codes = _numbered([str(table["annotator"][place]) for place in keep])
        order = np.argsort(np.array(who, dtype=object), kind="stable") if who else np.zeros(0, np.int64)
        rank = np.empty(len(who), dtype=np.int64)
        rank[order] = np.arange(len(who))
        times = table.get("seconds")
        took = [math.nan if times is None else _seconds(times[place]) for place in keep]
        given_answers = cls(
            items=_as_ids(items),
            annotators=tuple(who[place] for place in order),
            class_names=names,
            item=item_codes,
            annotator=rank[who_codes] if len(who) else who_codes,
            label=codes,
            seconds=np.array(took, dtype=np.float64),
        )
        given_answers._check_once()
        return given_answers

    @classmethod
    def _of_matrix(cls, matrix: LabelMatrix) -> Answers:
        item, annotator = np.nonzero(matrix.votes >= 0)
        order = np.argsort(np.array(matrix.names, dtype=object), kind="stable")
        rank = np.argsort(order, kind="stable")
        return cls(
            items=matrix.ids,
            annotators=tuple(matrix.names[place] for place in order),
            class_names=tuple(matrix.class_names),
            item=item.astype(np.int64),
            annotator=rank[annotator],
            label=matrix.votes[item, annotator].astype(np.int64),
            seconds=np.full(len(item), np.nan),
        )

    def of_classes(self, classes: Sequence[Any]) -> Answers:
        """Number the labels by other classes, or by the same in another order."""
        there = np.unique(self.label)
        names, numbers = _classes([self.class_names[label] for label in there.tolist()], classes)
        return replace(self, class_names=names, label=numbers[np.searchsorted(there, self.label)])

    def _check_once(self) -> None:
        pairs = self.item * max(len(self.annotators), 1) + self.annotator
        order = np.argsort(pairs, kind="stable")
        twice = np.flatnonzero(pairs[order][1:] == pairs[order][:-1])
        if len(twice):
            first, second = order[twice[0]], order[twice[0] + 1]
            labels = self.class_names[self.label[first]], self.class_names[self.label[second]]
            (name,) = self.items[self.item[[first]]].tolist()
            raise GoldError(
                f"{self.annotators[self.annotator[first]]!r} answers {name!r} twice, {labels[0]!r} and {labels[1]!r}",
                hint="keep the last answer of each, by the names of the two columns: "
                "answers.drop_duplicates([ITEM, ANNOTATOR], keep='last')",
                code="LK331",
            )

    def of_annotators(self, names: Iterable[str]) -> Answers:
        """Return the answers of some annotators alone."""
        wanted = list(names)
        unknown = [name for name in wanted if name not in self.annotators]
        if unknown:
            raise GoldError(
                f"there is no annotator {unknown[0]!r}", hint=names_hint(unknown[0], self.annotators), code="LK333"
            )
        return self.at(np.isin(self.annotator, [self.annotators.index(name) for name in wanted]))

    def at(self, which: NDArray[np.bool_]) -> Answers:
        """Return some of the answers; examples, annotators and classes keep their places."""
        return replace(
            self,
            item=self.item[which],
            annotator=self.annotator[which],
            label=self.label[which],
            seconds=self.seconds[which],
        )

    def counts(self) -> NDArray[np.int64]:
        """Count the answers to each example by class; shape (n_items, n_classes)."""
        shape = len(self.items), len(self.class_names)
        flat = np.bincount(self.item * shape[1] + self.label, minlength=shape[0] * shape[1])
        return flat.reshape(shape).astype(np.int64)

    def to_matrix(self) -> LabelMatrix:
        """Return votes with a column for each annotator, which label models of crowds resolve.

        >>> answers = Answers.of([{"item": "a", "annotator": who, "label": "SPAM"} for who in ("ann", "bob")])
        >>> answers.to_matrix().votes.tolist()
        [[0, 0]]
        """
        votes = np.full((len(self.items), len(self.annotators)), -1, dtype=np.int64)
        votes[self.item, self.annotator] = self.label
        return LabelMatrix.of(votes, names=list(self.annotators), classes=list(self.class_names), ids=self.items)

    def to_pandas(self) -> pd.DataFrame:
        """Return the long table: ``item``, ``annotator``, ``label``, ``seconds``."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        names = np.array(self.class_names, dtype=object), np.array(self.annotators, dtype=object)
        return pd.DataFrame(
            {
                "item": self.items[self.item],
                "annotator": names[1][self.annotator],
                "label": names[0][self.label],
                "seconds": self.seconds,
            }
        )


_USUAL: Final = {
    "item": TASK_COLUMNS,
    "annotator": WORKER_COLUMNS,
    "label": ("label", *ANSWER_COLUMNS),
    "seconds": SECONDS_COLUMNS,
}


def _exported(
    answers: Any, named: Mapping[str, str | None], classes: Sequence[Any] | None
) -> dict[str, list[Any]] | None:
    """Read an export of Label Studio or Prodigy as a long table; None for anything else."""
    if not isinstance(answers, str | Path) or not Path(answers).is_file():
        return None
    path = Path(answers)
    kind = format_of(path)
    if kind is None or kind == "crowd":
        return None
    ids = () if named["item"] is None else (named["item"],)
    class_names = () if classes is None else listed_class_names(classes, "classes", GoldError)
    exported = answers_in(path, format=kind, id_columns=ids, label=named["label"], class_names=class_names)
    assert exported is not None
    names = ("item", "annotator", "label", TRUTH_COLUMN)
    return {name: [answer[place] for answer in exported[1]] for place, name in enumerate(names)}


def _columns(answers: Any, named: Mapping[str, str | None]) -> dict[str, list[Any]]:
    """Read the columns of a long table, by their names or the usual ones."""
    corpus = open_corpus(Path(answers) if isinstance(answers, str) else answers)
    columns = corpus.column_names
    chosen: dict[str, str] = {}
    for what, name in named.items():
        usual = [one for one in (what, *_USUAL[what]) if one in columns]
        if name is None and not usual and what == "seconds":
            continue
        if (name is None and not usual) or (name is not None and name not in columns):
            raise GoldError(
                f"the answers have no column {name or what!r}; they have {', '.join(map(repr, columns))}",
                hint=_hint_of_wide(answers, columns, named) or f"call it {what}, or give Answers.of(table, {what}=...)",
                code="LK327",
            )
        chosen[what] = name or usual[0]
    if len(set(chosen.values())) < len(chosen):
        raise GoldError(f"one column is meant for two things: {chosen}")
    if TRUTH_COLUMN in columns:
        chosen[TRUTH_COLUMN] = TRUTH_COLUMN
    values: dict[str, list[Any]] = {what: [] for what in chosen}
    for batch in corpus.batches(list(chosen.values()), BATCH_ROWS):
        for what, name in chosen.items():
            values[what] += batch.table.column(name).to_pylist()
    return values


def _hint_of_wide(answers: Any, columns: Sequence[str], named: Mapping[str, str | None]) -> str | None:
    """Return how a table with a column for each annotator becomes a long one; None if it does not seem to be that."""
    if any(named.values()) or not {"annotator", "label", *_USUAL["annotator"], *_USUAL["label"]}.isdisjoint(columns):
        return None
    item = next((one for one in ("item", *_USUAL["item"]) if one in columns), None)
    if item is None or len(columns) < 3:
        return None
    table = f"pandas.read_csv({str(answers)!r})" if isinstance(answers, str | Path) else "table"
    return (
        "of a column for each annotator, make a row for each answer: id, annotator, label; or give "
        f"pandas.melt({table}, {item!r}, var_name='annotator', value_name='label')"
    )


def _check_named(table: Mapping[str, list[Any]], rows: Sequence[int]) -> None:
    """Refuse answers of nobody, and to no example: those of two people would be taken for one's."""
    for what in ("item", "annotator"):
        unnamed = [place for place in rows if is_blank(table[what][place])]
        if unnamed:
            raise GoldError(
                f"{len(unnamed):,} of {len(rows):,} answers have no {what}, such as that of row {unnamed[0]:,}",
                hint=f"name it, or leave such rows out: answers.dropna(subset=[{what.upper()}]), with the name of the "
                "column",
            )


def _seconds(value: Any) -> float:
    """Return how long an answer took; NaN if nobody knows."""
    if is_blank(value):
        return math.nan
    try:
        return value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError):
        raise GoldError(
            f"the column of seconds holds {value!r}, which is no number", hint="seconds as numbers, nothing if unknown"
        ) from None


def _check_no_abstains(distinct: Iterable[Any]) -> None:
    """Refuse -1 among labels that are counted from 0: it is a class, or stands for none."""
    numbers = [float(one) for one in distinct if _is_number(one) or _is_whole(one)]
    if -1 in numbers and min(numbers) == -1:
        raise GoldError(
            "the labels hold -1, which may be a class, or stand for no answer, as in gold",
            hint="classes=[-1, 0, 1] names it as a class; else leave such rows out: answers[answers[LABEL] != -1]",
            code="LK324",
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _classes(given: Sequence[Any], classes: Sequence[Any] | None) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Name the classes, and number the labels by them."""
    if classes is None:
        distinct = dict.fromkeys(given)
        _check_no_abstains(distinct)
        try:
            ordered = sorted(distinct, key=float if all(map(_is_number, distinct)) else None)
        except TypeError:
            ordered = sorted(distinct, key=str)
        places: dict[Any, int | None] = {value: place for place, value in enumerate(ordered)}
        if all(map(_is_whole, ordered)):  # floats beside gaps
            return tuple(str(int(one)) for one in ordered), np.array([places[value] for value in given], dtype=np.int64)
        return tuple(map(str, ordered)), np.array([places[value] for value in given], dtype=np.int64)
    names = listed_class_names(classes, "classes", GoldError)
    numbers = {value: _number(value, classes, names) for value in dict.fromkeys(given)}
    unknown = [value for value, number in numbers.items() if number is None]
    if unknown:
        raise GoldError(
            f"the label {unknown[0]!r} is none of the classes {', '.join(names[:12])}",
            hint="classes=[...] names the classes: all that the answers hold",
            code="LK324",
        )
    return names, np.array([numbers[value] for value in given], dtype=np.int64)


def _is_number(value: Any) -> bool:
    """Return True for a text that is a number, as all values of a CSV file are texts."""
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _number(value: Any, classes: Sequence[Any], names: Sequence[str]) -> int | None:
    for place, one in enumerate(classes):
        if value == one:
            return place
    return class_written(value, names) if isinstance(value, str) else None


def _numbered(values: Sequence[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    places: dict[Any, int] = {}
    codes = np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)
    return list(places), codes


def _as_ids(values: list[Any]) -> NDArray[Any]:
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    return whole_numbers(values) if whole and values else object_array(values)
