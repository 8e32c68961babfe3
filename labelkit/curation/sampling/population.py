"""What is sampled: the rows of a corpus, of a label matrix or of labels, with the values that a design needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.exact_values import are_numbers, column_series, quantile_slices
from labelkit._shared.names_beside import name_beside
from labelkit._shared.numbers import count
from labelkit.corpus import BATCH_ROWS, Corpus
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import aligned_values
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.listed_values import listed_values
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MISSING: Final = "(missing)"
NO_VOTE: Final = "(no vote)"
NO_LABEL: Final = "(no label)"

MOST_STRATA: Final = 1_000
QUANTILES: Final = 10
"""Strata of about equal size that numbers with more values than these are cut into."""

LABEL_ROWS: Final = 1_000_000
"""Labels whose probabilities are looked at together."""


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Strata or clusters.

    Attributes
    ----------
    names : tuple of str
        In the order of their first rows; of numbers that were cut, ascending.
    group : ndarray of int64, shape (n_rows,)
        The place of each row's group among the names.
    """

    names: tuple[str, ...]
    group: NDArray[np.int64]

    @classmethod
    def of(cls, values: Any, *, whole: bool = False) -> RowGroups:
        """Group rows by their values; a missing value is a group, too.

        Parameters
        ----------
        values : array-like
        whole : bool
            Keep all values apart (clusters); else many numbers are cut at their quantiles.
        """
        import pandas as pd  # noqa: PLC0415 - only where rows are grouped

        column = values if isinstance(values, pd.Series) else pd.Series(values)
        if not whole and are_numbers(column) and column.nunique() > 2 * QUANTILES:
            cut = quantile_slices(column, QUANTILES)
            return cls._named(cut.cat.codes.to_numpy(), [str(interval) for interval in cut.cat.categories])
        try:
            codes, distinct = pd.factorize(column, use_na_sentinel=True)
        except TypeError:
            raise AnalysisError("the values of by cannot be told apart: lists and dicts are no groups") from None
        if not whole and len(distinct) > MOST_STRATA:
            raise AnalysisError(
                f"by has {count(len(distinct))} different values, more than {count(MOST_STRATA)} strata",
                hint="by= a column with few values, such as a source or a month; method='cluster' draws whole groups",
            )
        return cls._named(codes, [str(getattr(value, "name", value)) for value in distinct])

    @classmethod
    def _named(cls, codes: NDArray[Any], names: Sequence[str]) -> RowGroups:
        """Number groups by their names: values that are written alike are of one group."""
        group = codes.astype(np.int64)
        if (group < 0).any():
            names, group = [*names, MISSING], np.where(group < 0, len(names), group)
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        if len(places) < len(names):
            group = np.array([places[name] for name in names], dtype=np.int64)[group]
        return cls(tuple(places), group)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each group."""
        return np.bincount(self.group, minlength=len(self.names))

    def filled(self) -> RowGroups:
        """Leave out groups without rows, such as a category that does not occur."""
        there = self.sizes > 0
        place = np.cumsum(there) - 1
        return RowGroups(tuple(name for name, one in zip(self.names, there, strict=True) if one), place[self.group])


@dataclass(frozen=True, eq=False)
class Population:
    """The rows, and what a design needs of them.

    Attributes
    ----------
    examples : ExampleNames
    by : object or None
        Values to group the rows by, one for each, in their order.
    weights : ndarray of float64 or None
    """

    examples: ExampleNames
    by: Any = None
    weights: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, data: Corpus | LabelMatrix | ProbabilisticLabels, by: Any, weights: Any) -> Population:
        """Read the population, and bring what is given beside it into its order.

        Parameters
        ----------
        data : Corpus, LabelMatrix or ProbabilisticLabels
        by, weights
            The name of a column, or of a rule, ``"label"``, ``"confidence"`` or ``"uncertainty"``; or values for each
            example, by name or position.

        Raises
        ------
        AnalysisError
            If they do not fit.
        """
        named = [value for value in (by, weights) if isinstance(value, str)]
        if isinstance(data, Corpus):
            examples, columns = _read(data, list(dict.fromkeys(named)))
        else:
            examples, columns = data.examples, {name: _values_of(data, name) for name in named}
        of_by = columns[by] if isinstance(by, str) else _aligned(by, examples, "by")
        of_weights = columns[weights] if isinstance(weights, str) else _aligned(weights, examples, "weights")
        return cls(examples, of_by, None if weights is None else checked_weights(of_weights, examples.ids))

    def __len__(self) -> int:
        return len(self.examples)

    def in_order(self) -> pd.Index[Any]:
        """Return the values to group the rows by, without names of rows."""
        import pandas as pd  # noqa: PLC0415 - only where rows are grouped

        values: pd.Index[Any] = pd.Index(self.by)
        return values


def checked_weights(values: Any, ids: NDArray[Any], *, zero: bool = True) -> NDArray[np.float64]:
    """Take weights for numbers that are not negative.

    Raises
    ------
    AnalysisError
        If one is not a number, is negative, or is 0 where ``zero`` is False; the message names its row.
    """
    import pandas as pd  # noqa: PLC0415 - only where rows are weighted

    try:
        weights = np.asarray(pd.to_numeric(pd.Series(values)), dtype=np.float64)
    except (TypeError, ValueError):
        raise AnalysisError(
            "weights are not numbers", hint="give a positive number for each example", code="LK332"
        ) from None
    wrong = ~np.isfinite(weights) | (weights < 0) | ((weights == 0) & (not zero))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise AnalysisError(
            f"the weight of {ids[row : row + 1].tolist()[0]!r} is {weights[row]:g} ({count(wrong.sum())} such rows)"
            f"{': a row with no chance to be drawn leaves every estimate biased' if weights[row] == 0 else ''}",
            hint="weights are positive; method='importance' gives rows of weight 0 a small chance",
            code="LK332",
        )
    if len(weights) and not weights.any():
        raise AnalysisError("all weights are 0", hint="leave weights out to draw all rows alike", code="LK332")
    return weights


def batches(corpus: Corpus, columns: Sequence[str]) -> Iterator[tuple[NDArray[Any] | None, pa.RecordBatch, int]]:
    """Read a corpus once: the ids, the columns and the number of rows of each batch."""
    with corpus.watched():
        for batch in corpus.batches(columns, BATCH_ROWS):
            ids = None if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False)
            yield ids, batch.table, len(batch)


def _read(corpus: Corpus, columns: list[str]) -> tuple[ExampleNames, dict[str, pd.Series]]:
    """Read ids and columns of all rows, in one pass."""
    ids: list[NDArray[Any]] = []
    parts: list[pa.RecordBatch] = []
    n_rows = 0
    for names, table, length in batches(corpus, columns):
        ids.append(np.arange(n_rows, n_rows + length) if names is None else names)
        parts.append(table)
        n_rows += length
    examples = ExampleNames(np.concatenate(ids) if ids else np.zeros(0, np.int64), corpus.frame_index)
    if not parts:
        raise AnalysisError(f"{corpus.name} has no rows", hint="check the export that made it", code="LK204")
    table = pa.Table.from_batches(parts)
    return examples, {name: column_series(table.column(name)) for name in columns}


def _values_of(data: LabelMatrix | ProbabilisticLabels, name: str) -> Any:
    """Return what is known of the examples of a matrix, or of labels, under a name."""
    if isinstance(data, LabelMatrix):
        if name not in data.names:
            raise AnalysisError(
                f"there is no rule {name!r} to group the examples by",
                hint=f"rules: {', '.join(data.names[:12])}",
                code="LK116",
            )
        votes = np.asarray(data.votes[:, data.names.index(name)])
        return _named_classes(votes, data.class_names, NO_VOTE)
    if name == "label":
        return _named_classes(data.hard(), data.class_names, NO_LABEL)
    if name == "confidence":
        return confidence(data)
    if name == "uncertainty":
        sure = confidence(data)
        return np.sqrt(np.maximum(sure * (1 - sure), 0))
    raise AnalysisError(f"labels have no {name!r}", hint="label, confidence and uncertainty; or give values by id")


def _named_classes(classes: NDArray[Any], names: Sequence[str], none: str) -> NDArray[Any]:
    return np.array([*names, name_beside(none, names)], dtype=object)[
        np.where(classes < 0, len(names), classes).astype(np.int64)
    ]


def confidence(labels: ProbabilisticLabels) -> NDArray[np.float64]:
    """Return the highest probability of each example, some examples at a time."""
    highest = np.empty(len(labels))
    for start in range(0, len(labels), LABEL_ROWS):
        here = slice(start, start + LABEL_ROWS)
        highest[here] = labels[here].proba.max(axis=1)
    return highest


def _aligned(given: Any, examples: ExampleNames, what: str) -> Any:
    if given is None:
        return None
    values = listed_values(given, what=what, error=AnalysisError)
    return aligned_values(given, values, examples, None, what=what, error=AnalysisError)


def numbered(ids: Any, examples: ExampleNames) -> NDArray[np.int64]:
    """Find the rows of ids that are named one by one."""
    return examples.places(ids, error=AnalysisError)


def label_spread(groups: RowGroups, labels: ProbabilisticLabels) -> NDArray[np.float64]:
    """Estimate, from the labels' probabilities, the standard deviation in each group of whether a label is right."""
    mean = np.bincount(groups.group, weights=confidence(labels)) / np.maximum(groups.sizes, 1)
    return np.sqrt(np.maximum(mean * (1 - mean), 1e-4))
