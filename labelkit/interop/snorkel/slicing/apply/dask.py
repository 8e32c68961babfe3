"""Apply slicing functions to frames of dask, and to pandas frames in several processes."""

from labelkit.interop.snorkel.labeling.apply.dask import DaskLFApplier, PandasParallelLFApplier


class DaskSFApplier(DaskLFApplier):
    """Applies slicing functions to a dask data frame."""

    _use_recarray = True


class PandasParallelSFApplier(PandasParallelLFApplier):
    """Applies slicing functions to a pandas data frame in several processes."""

    _use_recarray = True
