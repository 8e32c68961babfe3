"""Apply rules to a collection of Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from labelkit.interop.snorkel.labeling.apply.core import BaseLFApplier, Matrix, PartAnswer, _FunctionCaller


class SparkLFApplier(BaseLFApplier):
    """Apply rules to an RDD of Spark; the votes are in the order of its rows.

    Parameters
    ----------
    lfs : list of rules
    """

    def apply(self, data_points: Any, fault_tolerant: bool = False) -> Matrix:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Label the rows of a collection.

        Parameters
        ----------
        data_points : pyspark.RDD
        fault_tolerant : bool
            Whether an exception of a rule is the vote -1.

        Returns
        -------
        array of int, of shape (n_examples, n_lfs)
        """

        def vote(rows: Iterable[Any]) -> Iterator[PartAnswer]:
            caller = _FunctionCaller(fault_tolerant)
            yield self._voted(rows, caller), caller.fault_counts

        return self._gathered(data_points.mapPartitions(vote).collect())
