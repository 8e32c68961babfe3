"""The rows of a data frame that are in a slice."""

import pandas as pd

from labelkit.interop.snorkel.labeling.lf.core import LabelingFunction
from labelkit.interop.snorkel.slicing.apply.core import PandasSFApplier


def slice_dataframe(df: pd.DataFrame, slicing_function: LabelingFunction) -> pd.DataFrame:
    """Return the rows that a slicing function is true of.

    One that answers -1 (an abstain, as labeling functions answer) leaves the row out; Snorkel keeps such rows, since
    it takes every number but 0 for true.

    Parameters
    ----------
    df : pandas.DataFrame
    slicing_function : SlicingFunction

    Returns
    -------
    pandas.DataFrame
        With the index of ``df``.

    Examples
    --------
    >>> from labelkit.interop.snorkel.slicing import slicing_function
    >>> @slicing_function()
    ... def liked(x):
    ...     return 1 if x.likes > 3 else -1
    >>> slice_dataframe(pd.DataFrame({"likes": [1, 5]}), liked)["likes"].tolist()
    [5]
    """
    membership = PandasSFApplier([slicing_function]).apply(df, progress_bar=False)
    rows: pd.DataFrame = df.iloc[membership[slicing_function.name] > 0]
    return rows
