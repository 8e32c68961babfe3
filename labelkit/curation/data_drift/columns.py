"""Say if new examples are like those that a model was trained on: each column by a test of its kind, and the labels.

Numbers are compared by the test of Kolmogorov and Smirnov, categories and labels by chi-square (rare ones of a small
set beside a large one by Fisher's exact test), the length of texts as numbers, and missing values as a share. A
comparison is an alarm if chance would seldom make such a difference, corrected for the number of comparisons (Holm),
and if it matters: among ten million examples, one of no consequence is sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import coded, nan_to_null, without_dictionary
from labelkit._shared.arrow_kinds import is_number
from labelkit._shared.distributions import holm
from labelkit._shared.numbers import DASH, count, decimal, p_value, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.drift import DriftTable
from labelkit.analysis.two_samples import p_of_distribution, p_of_numbers, shares_of, stability_index
from labelkit.corpus import BATCH_ROWS, Corpus, open_corpus
from labelkit.corpus.remote import is_address
from labelkit.curation.data_set import DataSet
from labelkit.curation.data_set.layout import DataSetLayout
from labelkit.exceptions import AnalysisError
from labelkit.runs.versioned_layout import named_version
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW_VALUES: Final = 20
"""Whole numbers of so many values, or fewer, are categories."""

MANY_VALUES: Final = 1_000
"""Text of more values is compared by its length."""

TIED: Final = 1e-12
"""Changes of shares that differ by less are alike: of two categories, one gains what the other loses."""

BINS: Final = 10
"""Of equal frequency, by which the stability index of numbers is computed."""

LABEL: Final = "label"
CONFIDENCE: Final = "confidence"


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class DataDrift(ShownResult, DriftTable):
    """The differences between two sets of examples.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each comparison: ``column``; ``what``: ``numbers``, ``length`` (of texts), ``categories``, ``labels``,
        ``missing``; ``test``: ``ks`` or ``chi-square``; ``n_before`` and ``n_after``, the values compared; ``change``,
        the largest difference of the two distribution functions (``ks``), or half the sum of the differences of shares
        (total variation), in [0, 1]; ``largest``, the category whose share changed most, None for numbers; ``psi``, the
        population stability index; ``p``; ``p_corrected``, Holm's over all rows; and ``alarm``.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts.
    at_least : float
        Least ``change`` that is an alarm, in [0, 1].
    notes : tuple of str
        What was not compared, and why.
    """

    def _page(self) -> ResultPage:
        n_alarms = int(self.frame["alarm"].sum())
        lead = f"{plural(n_alarms, 'alarm')} in {plural(len(self.frame), 'comparison')}, at {self.alpha:g}; "
        lead += f"a distribution has to change by {self.at_least:g}"
        shown = self.frame.sort_values(["alarm", "p"], ascending=[False, True], kind="stable").head(40)
        rows = [
            [
                str(row["column"]),
                row["what"],
                count(row["n_before"]),
                count(row["n_after"]),
                decimal(row["change"]),
                DASH if row["largest"] is None else str(row["largest"]),
                decimal(row["psi"]),
                p_value(row["p_corrected"]).removeprefix("p = ").replace("p < ", "<"),
                "alarm" if row["alarm"] else "",
            ]
            for row in shown.to_dict("records")
        ]
        heads = ["column", "what", "before", "after", "change", "most", "PSI", "p", ""]
        more = f"... and {len(self.frame) - 40:,} more" if len(self.frame) > 40 else ""
        return ResultPage([lead], [ResultTable(rows, heads, align="<<>>><>><", more=more)], self.notes)


@checks_keywords
def data_drift(
    old: Any,
    new: Any,
    columns: Sequence[str] | None = None,
    *,
    split: str | Sequence[str] | None = None,
    alpha: float = 0.05,
    at_least: float = 0.05,
) -> DataDrift:
    """Compare the features and labels of two sets of examples, such as a training set and what came since.

    Parameters
    ----------
    old, new : DataSet or path of one, ProbabilisticLabels, or whatever :func:`labelkit.open_corpus` takes
        Examples of which none is in both. Of labels, the classes and the probability of each are compared.
    columns : sequence of str, optional
        By default, the columns that both have and whose values can be compared; of data sets, the labels, too.
    split : str or sequence of str, optional
        Parts of the data sets.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts, in (0, 1).
    at_least : float
        Least change of a distribution that is an alarm, in [0, 1]: of the distribution function of numbers, or the
        share of rows that would have to be of another category.

    Returns
    -------
    DataDrift
        ``drifted`` is True if there is an alarm; ``frame`` has all comparisons.

    Raises
    ------
    AnalysisError
        If there are no columns to compare, a side has no rows, the classes differ, or an option is out of range.

    References
    ----------
    Hodges (1958), The significance probability of the Smirnov two-sample test. https://doi.org/10.1007/BF02589501
    Holm (1979), A simple sequentially rejective multiple test procedure. https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old = {"words": rng.poisson(30, 1000), "source": rng.choice(["web", "mail"], 1000)}
    >>> new = {"words": rng.poisson(36, 1000), "source": rng.choice(["web", "mail"], 1000)}
    >>> data_drift(old, new).alarms["column"].tolist()
    ['words']
    """
    if not 0 < alpha < 1 or not 0 <= at_least <= 1:
        raise AnalysisError(f"alpha={alpha!r} and at_least={at_least!r} must be in (0, 1) and in [0, 1]")
    sides = [_ComparedExamples.of(one, split) for one in (old, new)]
    names, notes = _columns(sides, columns)
    compared = [row for name in names for row in _compared(name, sides, notes)]
    if not compared:
        raise AnalysisError(
            "there is nothing to compare",
            hint=notes[0] if notes else "name columns that both sides have: columns=['words']",
        )
    frame = pd.DataFrame(compared)
    frame["largest"] = pd.Series([row["largest"] for row in compared], dtype=object)
    frame["p_corrected"] = holm(frame["p"].to_numpy(np.float64))
    frame["alarm"] = (frame["p_corrected"] <= alpha) & (frame["change"] >= at_least)
    return DataDrift(frame, alpha, at_least, tuple(notes))


@dataclass(frozen=True, eq=False)
class _ComparedExamples:
    """One of the two sets of examples: columns that are read when asked for."""

    names: tuple[str, ...]
    source: Corpus | pa.Table
    classes: tuple[str, ...] | None = None

    @classmethod
    def of(cls, given: Any, split: str | Sequence[str] | None) -> _ComparedExamples:
        given = _data_set_of(given)
        if split is not None and not isinstance(given, DataSet):
            raise AnalysisError(
                f"split={split!r} names a part of a data set, and this is a {type(given).__name__}",
                hint="give two data sets, or their tables: data_set.table(split='train')",
            )
        if isinstance(given, DataSet):
            table = given.table(split=split)
            kept = table.select([*given.columns, LABEL])
            return cls(tuple(kept.column_names), kept, given.class_names)
        if isinstance(given, ProbabilisticLabels):
            covered = given.covered
            hard = covered.hard()
            label = pa.array(np.array([*covered.class_names, None], dtype=object)[hard], pa.string())
            table = pa.table({LABEL: label, CONFIDENCE: covered.proba.max(axis=1) if len(covered) else np.zeros(0)})
            return cls((LABEL, CONFIDENCE), table, given.class_names)
        corpus = open_corpus(given)
        return cls(tuple(name for name in corpus.column_names if name != corpus.id), corpus)

    def column(self, name: str) -> pa.ChunkedArray:
        """Read a column."""
        if isinstance(self.source, pa.Table):
            return self.source.column(name)
        pieces = [batch.table.column(0) for batch in self.source.batches([name], BATCH_ROWS)]
        return pa.chunked_array(pieces, self.source.column_type(name))


def _data_set_of(given: Any) -> Any:
    """Return the data set that a path names; anything else as it is."""
    is_path = isinstance(given, str | Path) and not is_address(str(given))
    if is_path and DataSetLayout(named_version(Path(given))[0]).is_data_set:
        return DataSet(Path(given))
    return given


def _columns(sides: Sequence[_ComparedExamples], wanted: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the columns to compare, and notes on those that only one side has."""
    old, new = sides
    if old.classes is not None and new.classes is not None and old.classes != new.classes:
        raise AnalysisError(f"the classes were {', '.join(old.classes)}, and are {', '.join(new.classes)}")
    if wanted is None:
        alone = sorted(set(old.names) ^ set(new.names))
        notes = [f"not compared, since only one side has them: {', '.join(alone)}"] if alone else []
        return [name for name in old.names if name in new.names], notes
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for side, where in zip(sides, ("old", "new"), strict=True):
        missing = [name for name in names if name not in side.names]
        if missing:
            raise AnalysisError(
                f"the {where} examples have no column {missing[0]!r}", hint=f"they have {', '.join(side.names)}"
            )
    return names, []


def _compared(name: str, sides: Sequence[_ComparedExamples], notes: list[str]) -> Iterator[dict[str, Any]]:
    """Compare a column: its values, and how many are missing."""
    old, new = (_plain(side.column(name)) for side in sides)
    if not len(old) or not len(new):
        where = "new" if len(old) else "old"
        raise AnalysisError(f"there are no {where} examples", hint="give examples to compare")
    missing = [np.array([one.null_count, len(one) - one.null_count], dtype=float) for one in (old, new)]
    if missing[0][0] or missing[1][0]:
        yield _of_counts(name, "missing", missing[0], missing[1], ["missing", "there"])
    old, new = old.drop_null(), new.drop_null()
    if not len(old) or not len(new):
        return
    kind = _kind_of(old, new)
    if kind is None:
        why = f"its values ({old.type}) are neither numbers, times, text nor categories"
        why = why if old.type == new.type else f"it holds {old.type} before, and {new.type} after"
        notes.append(f"{name} is not compared: {why}")
    elif kind == "categories":
        yield _of_categories(name, LABEL + "s" if name == LABEL else kind, old, new)
    else:
        yield _of_numbers(name, kind, _numbers(old, kind), _numbers(new, kind))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with NaN as missing, dictionaries as their values, and points in time in one unit and zone."""
    column = nan_to_null(without_dictionary(column))
    if pa.types.is_null(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", None if column.type.tz is None else "UTC"), safe=False)
    return column


def _kind_of(old: pa.ChunkedArray, new: pa.ChunkedArray) -> str | None:
    """Return how two columns are compared; None if they cannot be."""
    kinds = (old.type, new.type)
    if all(map(is_number, kinds)):
        whole = all(map(pa.types.is_integer, kinds))
        few = whole and max(pc.count_distinct(one).as_py() for one in (old, new)) <= FEW_VALUES
        return "categories" if few else "numbers"
    if all(pa.types.is_temporal(kind) for kind in kinds) and kinds[0] == kinds[1]:
        return "times"
    if all(map(pa.types.is_boolean, kinds)):
        return "categories"
    if all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in kinds):
        n_values = [pc.count_distinct(one).as_py() for one in (old, new)]
        few = all(
            n <= MANY_VALUES and n <= max(len(one) / 2, FEW_VALUES) for n, one in zip(n_values, (old, new), strict=True)
        )
        return "categories" if few else "length"
    return None


def _numbers(column: pa.ChunkedArray, kind: str) -> NDArray[np.float64]:
    if kind == "length":
        column = pc.utf8_length(column)
    if kind == "times":
        column = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _of_numbers(name: str, kind: str, old: NDArray[np.float64], new: NDArray[np.float64]) -> dict[str, Any]:
    distance, p = p_of_numbers(old, new)
    finite = old[np.isfinite(old)]
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1])) if len(finite) else np.zeros(0)
    binned = [np.bincount(np.searchsorted(edges, one), minlength=len(edges) + 1).astype(float) for one in (old, new)]
    return {
        "column": name,
        "what": kind,
        "test": "ks",
        "n_before": len(old),
        "n_after": len(new),
        "change": distance,
        "largest": None,
        "psi": stability_index(binned[0], binned[1]),
        "p": p,
    }


def _of_categories(name: str, what: str, old: pa.ChunkedArray, new: pa.ChunkedArray) -> dict[str, Any]:
    codes, values = coded(pa.chunked_array([*old.cast(pa.string()).chunks, *new.cast(pa.string()).chunks]))
    names = values.to_pylist()
    counts = [np.bincount(part, minlength=len(names)).astype(float) for part in np.split(codes, [len(old)])]
    return _of_counts(name, what, counts[0], counts[1], names)


def _of_counts(
    name: str, what: str, old: NDArray[np.float64], new: NDArray[np.float64], names: Sequence[Any]
) -> dict[str, Any]:
    changes = np.abs(shares_of(new) - shares_of(old))
    most = np.flatnonzero(changes >= changes.max() - TIED)
    return {
        "column": name,
        "what": what,
        "test": "chi-square",
        "n_before": int(old.sum()),
        "n_after": int(new.sum()),
        "change": float(changes.sum() / 2),
        "largest": min((names[one] for one in most.tolist()), key=str),
        "psi": stability_index(old, new),
        "p": p_of_distribution(old, new),
    }
