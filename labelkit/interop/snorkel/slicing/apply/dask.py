"""Apply slicing functions to frames of dask, and to pandas frames in several processes."""

from labelkit.interop.snorkel.labeling.apply.dask import DaskLFApplier, PandasParallelLFApplier

from labelkit.interop.snorkel.slicing.apply.core import RecordsOfSlices


class DaskSFApplier(RecordsOfSlices, DaskLFApplier):
    """Applies slicing functions to a dask data frame."""


class PandasParallelSFApplier(RecordsOfSlices, PandasParallelLFApplier):
    """Applies slicing functions to a pandas data frame in several processes."""
