"""Slicing functions of Snorkel: parts of a data set with a name. What they find is scored by ``Scorer.score_slices``.

Slice-aware nets are out: :func:`labelkit.summarize_slices` says what labels are worth in each slice.

>>> import pandas as pd
>>> @slicing_function()
... def short(x):
...     return len(x.text) < 5
>>> slice_dataframe(pd.DataFrame({"text": ["nice", "a long text"]}), short)["text"].tolist()
['nice']
"""

from labelkit.interop.snorkel.slicing._torch import refuse_names_of
from labelkit.interop.snorkel.slicing.apply.core import PandasSFApplier, SFApplier
from labelkit.interop.snorkel.slicing.monitor import slice_dataframe
from labelkit.interop.snorkel.slicing.sf.core import SlicingFunction, slicing_function

__all__ = ["PandasSFApplier", "SFApplier", "SlicingFunction", "slice_dataframe", "slicing_function"]

__getattr__ = refuse_names_of("slicing")
