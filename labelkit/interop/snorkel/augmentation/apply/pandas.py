"""Apply transformation functions to the rows of a pandas data frame, as a policy says."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from labelkit.interop.snorkel.augmentation.apply.core import BaseTFApplier


class PandasTFApplier(BaseTFApplier):
    """Applies transformation functions to a data frame, each row of which is a series."""

    def apply(self, df: pd.DataFrame, progress_bar: bool = True) -> pd.DataFrame:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Return a frame of the rows that the policy makes of all, in order; each has the index of its original.

        Where nothing is made of any row, the frame is empty (in Snorkel, an error of pandas).
        """
        rows = (x for _, x in df.iterrows())
        return _framed(self._all_transformed(rows, len(df), progress_bar), df)

    def apply_generator(self, df: pd.DataFrame, batch_size: int) -> Iterator[pd.DataFrame]:
        """Yield a frame of what the policy makes of ``batch_size`` rows at a time.

        The last batch may have fewer rows; in Snorkel, a number of rows that ``batch_size`` divides is an error at the
        end.
        """
        for start in range(0, len(df), batch_size):
            batch = df.iloc[start : start + batch_size]
            yield _framed(self._all_transformed((x for _, x in batch.iterrows()), len(batch), progress_bar=False), df)


def _framed(rows: list[Any], like: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(rows, axis=1).T.infer_objects() if rows else like.iloc[:0].copy()
