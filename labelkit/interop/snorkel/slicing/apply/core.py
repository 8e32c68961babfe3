"""Apply slicing functions to data points and to frames: a record array with a field for each slice."""

from typing import Any

import numpy as np
from labelkit.interop.snorkel.labeling.apply.core import LFApplier
from labelkit.interop.snorkel.labeling.apply.pandas import PandasLFApplier


class RecordsOfSlices:
    """Makes an applier return a record array, of shape (n,) and a field of int64 for each slicing function.

    A field is 1 where the function returned True, 0 for False, -1 for negative numbers, as for labeling functions.
    """

    _lfs: Any

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the functions; the arguments are those of the applier of labeling functions.

        Returns
        -------
        numpy.recarray, or a pair of it and the metadata with ``return_meta=True``
        """
        answer = super().apply(*args, **kwargs)  # type: ignore[misc] # that of the applier beside which it stands
        if isinstance(answer, tuple):
            return self._records(answer[0]), answer[1]
        return self._records(answer)

    def _records(self, votes: Any) -> Any:
        records: Any = np.recarray(len(votes), dtype=[(lf.name, np.int64) for lf in self._lfs])
        for place, lf in enumerate(self._lfs):
            records[lf.name] = votes[:, place]
        return records


class SFApplier(RecordsOfSlices, LFApplier):
    """Applies slicing functions to a list of data points or an array.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from labelkit.interop.snorkel.slicing import slicing_function
    >>> @slicing_function()
    ... def big(x):
    ...     return x.num > 42
    >>> SFApplier([big]).apply([SimpleNamespace(num=50), SimpleNamespace(num=1)], progress_bar=False)["big"]
    array([1, 0])
    """


class PandasSFApplier(RecordsOfSlices, PandasLFApplier):
    """Applies slicing functions to a pandas data frame."""
