"""Convert single values of NumPy to those of Python, times of any unit too.

>>> import numpy as np
>>> plain_scalar(np.int64(3)), plain_scalar("a"), plain_scalar(np.datetime64("2024-01-02T03:04", "us"))
(3, 'a', datetime.datetime(2024, 1, 2, 3, 4))
>>> plain_scalar(np.datetime64("2024-01-02T03:04", "ns"))
Timestamp('2024-01-02 03:04:00')
"""

from __future__ import annotations

from typing import Any

import numpy as np


def plain_scalar(value: Any) -> Any:
    """Return a scalar of NumPy as a value of Python, any other value as it is.

    NumPy makes whole numbers of times finer than Python's, as those of pandas are: they become times of pandas.
    """
    if not isinstance(value, np.generic):
        return value
    plain = value.item()
    if not isinstance(plain, int) or not isinstance(value, np.datetime64 | np.timedelta64):
        return plain
    import pandas as pd  # noqa: PLC0415 - makes `import labelkit` slow

    return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
