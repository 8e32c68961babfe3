"""Recognise containers of other libraries, which Python would iterate over without an error, and say what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    import pandas as pd

REMEDIES: Final = {
    "dask": "call its .compute(), or write it with .to_parquet() and give the folder",
    "modin": "call its ._to_pandas()",
    "pyspark": "give a frame of Spark (.toDF() makes one of an RDD, .to_spark() one of a pandas-on-Spark frame) with "
    "engine='spark'; .toPandas() brings the rows of a frame here",
    "xarray": "call its .to_dataframe()",
    "vaex": "call its .to_pandas_df(), or export it to Parquet",
    "cudf": "call its .to_pandas()",
    "ibis": "call its .to_pandas()",
    "torch": "give tensor.tolist()",
    "tensorflow": "give tensor.numpy().tolist()",
    "jax": "give array.tolist()",
    "jaxlib": "give array.tolist()",
    "cupy": "give array.get().tolist()",
    "h5py": "give dataset[:].tolist()",
    "zarr": "give array[:].tolist()",
}
"""What makes a container of a library one that can be read."""


def remedy_for(data: Any) -> str | None:
    """Return what to do with a container of another library; None if it is not known to be one.

    >>> remedy_for([1, 2])
    """
    for base in type(data).__mro__:
        remedy = REMEDIES.get(base.__module__.partition(".")[0])
        if remedy is not None:
            return remedy
    return None


def named_type(data: Any) -> str:
    """Return the type of an object with its library.

    >>> named_type({1})
    'set'
    """
    kind = type(data)
    library = kind.__module__.partition(".")[0]
    return kind.__name__ if library == "builtins" else f"{library} {kind.__name__}"


def is_series(value: Any) -> TypeGuard[pd.Series[Any]]:
    """Return whether a value is a Series of pandas, which is not imported for that."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)
