"""The class of each row, from labels, gold or a column of a corpus: a number for each, and the names of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.exact_values import column_series, exact_values
from labelkit._shared.missing import is_missing
from labelkit.corpus import open_corpus
from labelkit.curation.sampling.population import batches
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.alignment import has_index, object_array
from labelkit.votes.example_names import ExampleNames, FrameIndex
from labelkit.votes.gold import classes_by_name, gold_classes
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import ABSTAIN, are_other_numbers, listed_class_names
from labelkit.votes.matched_labels import places_of_classes
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ONE = frozenset({"1", "1.0"})
_MINUS_ONE = frozenset({"-1", "-1.0"})

_NOTHING = frozenset({"", *_MINUS_ONE})
"""Values of a row without a class, as text; so are None and NaN."""

_UNCLEAR = frozenset({"None", "nan", "<NA>", "NaT"})
"""Texts that may be the name of a class, or be made of a value that is missing."""


@dataclass(frozen=True, eq=False)
class ClassColumn:
    """Rows and their classes.

    Attributes
    ----------
    classes : ndarray of int, shape (n_rows,)
        -1 where a row has none.
    class_names : tuple of str
    examples : ExampleNames
    """

    classes: NDArray[Any]
    class_names: tuple[str, ...]
    examples: ExampleNames

    @classmethod
    def of(
        cls,
        labels: Any,
        *,
        class_names: Sequence[Any] | None = None,
        column: str | None = None,
        ids: Any = None,
        **reading: Any,
    ) -> ClassColumn:
        """Take hard labels, values, or a column of whatever :func:`labelkit.open_corpus` takes.

        Parameters
        ----------
        labels : ProbabilisticLabels, array-like, Series or mapping by id; with ``column``, a corpus
        class_names : sequence, optional
            In the order in which they are numbered; by default that of the labels, else of the sorted distinct values.
        column : str, optional
            The column of the corpus.
        ids : array-like, optional
            Of values that have no names.
        **reading
            Options of :func:`labelkit.open_corpus`.

        Raises
        ------
        AnalysisError, GoldError, CorpusError
            If there are no rows, or a value is no class.
        """
        names = None if class_names is None else listed_class_names(class_names, "class_names", AnalysisError)
        if ids is not None and (column is not None or isinstance(labels, ProbabilisticLabels)):
            raise AnalysisError(
                "ids= are of labels without names, and these have their own",
                hint="id= names the column of a corpus that names its rows; leave ids= out of labels",
            )
        if column is not None:
            values, examples = _read(labels, column, reading)
        elif isinstance(labels, ProbabilisticLabels):
            return cls._of_labels(labels, names)
        else:
            values = _values_of(labels)
            examples = _names_of(labels, len(values), ids)
        if values.ndim != 1:
            raise AnalysisError(
                f"labels have shape {values.shape}, not (n_rows,)", hint="of probabilities: labels.argmax(axis=1)"
            )
        return cls(*_numbered(values, names), examples)

    @classmethod
    def _of_labels(cls, labels: ProbabilisticLabels, names: tuple[str, ...] | None) -> ClassColumn:
        """Take hard labels, numbered by the names in the order in which they are given."""
        hard = labels.hard()
        if names is not None and names != labels.class_names:
            places = places_of_classes(names, labels.class_names, what="class_names", error=AnalysisError)
            hard = np.append(places, ABSTAIN)[hard]
        return cls(hard, labels.class_names if names is None else names, labels.examples)

    def __len__(self) -> int:
        return len(self.classes)

    def counts(self) -> NDArray[np.int64]:
        """Count the rows of each class; shape (n_classes,).

        Raises
        ------
        AnalysisError
            If no row has a class.
        """
        counts = np.bincount(self.classes[self.classes >= 0], minlength=len(self.class_names))
        if not counts.any():
            raise AnalysisError(
                f"none of the {len(self):,} rows has a class", hint="labels without votes have no hard label"
            )
        return counts


def _values_of(labels: Any) -> NDArray[Any]:
    """Return labels as an array; a frame of several columns needs the name of one."""
    try:
        return gold_values(labels)
    except GoldError as error:
        if error.code != "LK327" or not hasattr(labels, "columns"):
            raise
        columns = [str(name) for name in labels.columns]
        raise AnalysisError(
            f"labels= is a frame with {len(columns)} columns, {columns[:6]}",
            hint=f"name that of the classes: column={columns[-1]!r}",
            code="LK327",
        ) from None


def _names_of(labels: Any, n_rows: int, ids: Any) -> ExampleNames:
    if ids is not None:
        given = exact_values(ids) if has_index(ids) else ids.to_numpy() if hasattr(ids, "to_numpy") else np.asarray(ids)
        if len(given) != n_rows:
            raise AnalysisError(f"{len(given):,} ids for {n_rows:,} labels", hint="give an id for each label")
        return ExampleNames(given)
    if isinstance(labels, Mapping):
        return ExampleNames(object_array(labels))
    if not has_index(labels):
        return ExampleNames(np.arange(n_rows))
    index = FrameIndex.of(labels)
    return ExampleNames(np.arange(n_rows) if index.ids is None else index.ids, index)


def _read(data: Any, column: str, reading: dict[str, Any]) -> tuple[NDArray[Any], ExampleNames]:
    """Read one column; values of text are kept as numbers of a dictionary until all are read."""
    import pyarrow as pa  # noqa: PLC0415 - only where a corpus is read

    corpus = open_corpus(data, **reading)
    ids: list[NDArray[Any]] = []
    parts: list[pa.Array] = []
    n_rows = 0
    for names, table, length in batches(corpus, [column]):
        ids.append(np.arange(n_rows, n_rows + length) if names is None else names)
        parts.append(table.column(0))
        n_rows += length
    if not parts:
        raise AnalysisError(f"{corpus.name} has no rows", hint="check the export that made it", code="LK204")
    values = column_series(pa.chunked_array(parts)).to_numpy()
    return values, ExampleNames(np.concatenate(ids), corpus.frame_index)


def _numbered(values: NDArray[Any], names: tuple[str, ...] | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the distinct values, of which there are few, and take these numbers over to all rows."""
    import pandas as pd  # noqa: PLC0415 - as above

    codes, found_values = pd.factorize(values)
    distinct = object_array(np.asarray(found_values).tolist())
    if names is None:
        texts = [_text(value) for value in distinct]
        numeric = all(not isinstance(value, str) for value in distinct)
        _check_clear(distinct)
        missing = [is_missing(value) or text in _NOTHING for text, value in zip(texts, distinct, strict=True)]
        order = {text: value for text, value, none in zip(texts, distinct, missing, strict=True) if not none}
        names = tuple(sorted(order, key=order.__getitem__ if numeric else str))
        numbers = np.array([names.index(text) if text in order else ABSTAIN for text in texts], dtype=np.int64)
        if order and set(order) <= _ONE and not _MINUS_ONE.isdisjoint(texts):
            raise AnalysisError(
                "labels hold -1 and 1 alone, and -1 stands for none, which leaves one class",
                hint="class_names=['-1', '1'] makes -1 a class" + ("; or give (labels + 1) // 2" if numeric else ""),
            )
        if any(text.startswith("-") and text in order and numeric for text in texts):
            raise AnalysisError(
                f"labels hold {min(order.values())}, and classes are numbers from 0 (-1 for none)",
                hint="of -1 and 1: (labels + 1) // 2; or give the names of the classes",
            )
    else:
        numbers = classes_by_name(distinct, names) if are_other_numbers(names) else gold_classes(distinct, names)
    return np.append(numbers, ABSTAIN)[codes], names


def _check_clear(distinct: NDArray[Any]) -> None:
    """Refuse texts that may be names, or be made of missing values.

    Raises
    ------
    AnalysisError
    """
    unclear = [value for value in distinct if isinstance(value, str) and value in _UNCLEAR]
    if unclear:
        raise AnalysisError(
            f"labels hold the text {unclear[0]!r}, which may be the name of a class, or stand for none",
            hint=f"class_names=[..., {unclear[0]!r}] makes it a class; None, NaN or nothing stands for none",
        )


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(getattr(value, "name", value))
