"""Apply rules to a frame of Dask, or to a data frame in several processes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from labelkit._shared.optional import optional
from labelkit.interop.snorkel.labeling.apply.core import BaseLFApplier, Matrix, PartAnswer, _FunctionCaller

if TYPE_CHECKING:
    import pandas as pd

Scheduler: TypeAlias = Any
"""The name of a scheduler of Dask, or a client."""


class DaskLFApplier(BaseLFApplier):
    """Apply rules to the partitions of a frame of Dask; the votes are in the order of its rows.

    Rules are called with rows of the frame alone (Snorkel calls them with rows of made-up text first, to find out what
    they return).

    Parameters
    ----------
    lfs : list of rules
    """

    def apply(
        self,
        df: Any,
        scheduler: Scheduler = "processes",
        fault_tolerant: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> Matrix:
        """Label the rows of a frame.

        Parameters
        ----------
        df : dask.dataframe.DataFrame
        scheduler : str or distributed.Client
            As ``dask.compute`` takes it.
        fault_tolerant : bool
            Whether an exception of a rule is the vote -1.

        Returns
        -------
        array of int, of shape (n_examples, n_lfs)

        Raises
        ------
        MissingExtraError
            If Dask is not installed.
        Exception
            Whatever a rule raises, as it is.
        """
        return self._in_parts(df.to_delayed(), scheduler, fault_tolerant=fault_tolerant)

    def _in_parts(self, parts: list[Any], scheduler: Scheduler, *, fault_tolerant: bool) -> Matrix:
        dask = optional("dask", extra="dask")
        vote = dask.delayed(_PartVotes(self, fault_tolerant=fault_tolerant), pure=False)
        answers = dask.compute(*map(vote, parts), scheduler=scheduler)
        return self._gathered(answers)


class PandasParallelLFApplier(DaskLFApplier):
    """Apply rules to a data frame in several processes; the votes are in the order of its rows.

    Snorkel gives the votes in the order of the sorted index.

    Parameters
    ----------
    lfs : list of rules
    """

    def apply(  # type: ignore[override]
        self,
        df: pd.DataFrame,
        n_parallel: int = 2,
        scheduler: Scheduler = "processes",
        fault_tolerant: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> Matrix:
        """Label the rows of a frame.

        Parameters
        ----------
        df : DataFrame
        n_parallel : int
            Into how many parts the frame is cut, 2 or more.
        scheduler, fault_tolerant
            As for :class:`DaskLFApplier`.

        Returns
        -------
        array of int, of shape (n_examples, n_lfs)

        Raises
        ------
        ValueError
            If ``n_parallel`` is below 2.
        """
        if n_parallel < 2:
            raise ValueError("n_parallel should be >= 2. For single process Pandas, use PandasLFApplier.")
        bounds = np.linspace(0, len(df), n_parallel + 1).astype(int).tolist()
        parts = [df.iloc[start:stop] for start, stop in pairwise(bounds)]
        return self._in_parts(parts, scheduler, fault_tolerant=fault_tolerant)


class _PartVotes:
    """Vote on one part of a frame, in any process."""

    def __init__(self, applier: BaseLFApplier, *, fault_tolerant: bool) -> None:
        self._applier = applier
        self._fault_tolerant = fault_tolerant

    def __call__(self, part: pd.DataFrame) -> PartAnswer:
        from labelkit.interop.snorkel._series_rows import rows_of  # noqa: PLC0415 - importing the drop-in stays light

        caller = _FunctionCaller(self._fault_tolerant)
        return self._applier._voted(rows_of(part), caller), caller.fault_counts  # noqa: SLF001
