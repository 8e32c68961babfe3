"""Apply slicing functions to data points and to frames: a record array with a field of int64 for each slice.

A field is 1 where the function returned True, 0 for False, and -1 for a number below 0, as for labeling functions.
"""

from labelkit.interop.snorkel.labeling.apply.core import LFApplier
from labelkit.interop.snorkel.labeling.apply.pandas import PandasLFApplier


class SFApplier(LFApplier):
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

    _use_recarray = True


class PandasSFApplier(PandasLFApplier):
    """Applies slicing functions to a pandas data frame."""

    _use_recarray = True
