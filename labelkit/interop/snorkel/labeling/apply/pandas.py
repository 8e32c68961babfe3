"""Apply rules to the rows of a data frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from labelkit.interop.snorkel.labeling.apply.core import (
    BaseLFApplier,
    RowData,
    _adopted,
    _FunctionCaller,
    shown,
)
from labelkit.interop.snorkel.labeling.lf.core import LabelingFunction
from labelkit.interop.snorkel.types import DataPoint

if TYPE_CHECKING:
    import pandas as pd

PandasRowData: TypeAlias = list[tuple[int, int]]


def apply_lfs_to_data_point(x: DataPoint, lfs: Sequence[LabelingFunction], f_caller: _FunctionCaller) -> PandasRowData:
    """Label one data point; returns the position of the rule, and the label, of each vote."""
    labels = ((j, f_caller(lf, x)) for j, lf in enumerate(lfs))
    return [(j, label) for j, label in labels if label >= 0]


def rows_to_triplets(labels: Sequence[PandasRowData]) -> list[RowData]:
    """Put the position of its row before each vote."""
    return [[(i, j, label) for j, label in row] for i, row in enumerate(labels)]


LOOKED_AT: Final = 1_000
"""Rows of a frame whose types are looked at."""


def warn_of_types(lfs: Sequence[LabelingFunction], df: pd.DataFrame) -> None:
    """Warn of comparisons in the code of rules that the types of a frame decide, whatever it holds."""
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - importing the drop-in stays light
    from labelkit.exceptions import LabelkitError  # noqa: PLC0415 - the same
    from labelkit.rules.misread_columns import warn_of_columns  # noqa: PLC0415 - the same

    first = df.head(LOOKED_AT).reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the frame, which is not read as a corpus
        try:
            corpus = open_corpus(first)
        except LabelkitError:  # it cannot be read as one: names twice, values of several types
            return
    nones = [name for name in first.columns if any(value is None for value in first[name])]
    warn_of_columns(_adopted(lfs), corpus, nones)


class PandasLFApplier(BaseLFApplier):
    """Apply rules to the rows of a data frame, in their order.

    Rules are called with rows that are series, but are built only if a rule needs more than fields: ``x.text``,
    ``x["text"]``, ``x.get("text")`` and ``"text" in x`` cost next to nothing.

    Parameters
    ----------
    lfs : list of rules

    Examples
    --------
    >>> import pandas as pd
    >>> big = LabelingFunction("big", lambda x: 1 if x.num > 42 else 0)
    >>> PandasLFApplier([big]).apply(pd.DataFrame({"num": [10, 100]}), progress_bar=False).tolist()
    [[0], [1]]
    """

    def apply(
        self,
        df: pd.DataFrame,
        progress_bar: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        fault_tolerant: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        return_meta: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> Any:
        """Label the rows of a frame.

        Parameters
        ----------
        df : DataFrame
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
            If something else than a DataFrame of pandas is given.
        Exception
            Whatever a rule raises, as it is.
        """
        from labelkit.interop.snorkel._series_rows import rows_of  # noqa: PLC0415 - importing the drop-in stays light

        if not hasattr(df, "iloc") or not hasattr(df, "columns"):
            raise TypeError(f"df is a {type(df).__name__}, not a DataFrame of pandas; of a list: LFApplier")
        caller = _FunctionCaller(fault_tolerant)
        rows = shown(rows_of(df), len(df), progress_bar=progress_bar)
        votes = self._voted(rows, caller)
        warn_of_types(self._lfs, df)
        return self._answer(votes, caller.fault_counts, return_meta=return_meta)
