"""Mark data whose rows were resampled, and warn where it is evaluated: its classes are not as frequent as in reality.

>>> import pandas as pd
>>> frame = pd.DataFrame({"label": ["SPAM", "HAM"]})
>>> mark_resampled(frame, "balance(method='under')")
>>> is_resampled(frame["label"]), is_resampled([0, 1])
(True, False)
"""

from __future__ import annotations

from typing import Any, Final

from labelkit._shared.user_errors import warn
from labelkit.votes.alignment import has_index

MARK: Final = "labelkit_resampled"
"""Key of ``DataFrame.attrs``, which pandas hands on to columns and to selected rows."""


def mark_resampled(frame: Any, by: str) -> None:
    """Note in a pandas frame or Series by which call its rows were resampled."""
    frame.attrs[MARK] = by


def is_resampled(data: Any) -> bool:
    """Return True for marked data, and for a result of a function that resamples (attribute ``is_resampled``)."""
    return bool(getattr(data, "is_resampled", False)) or MARK in getattr(data, "attrs", {})


def warn_if_resampled(*given: Any, weights: Any = None) -> None:
    """Warn of evaluation data that was resampled; that of rows left out is right with weights.

    Parameters
    ----------
    *given
        Gold and probabilities, as the user gave them.
    weights
        Of the rows, if they have any.

    Warns
    -----
    UserWarning
        If something is marked, or a row stands there several times.
    """
    repeats = [data for data in given if has_index(data) and not data.index.is_unique]
    marked = [data for data in given if is_resampled(data)]
    if repeats and marked:
        why = "it repeats rows, which count as independent ones, so that intervals are too narrow"
    elif marked and weights is None:
        why = "precision, calibration and averages are those of its class frequencies, not of reality"
    else:
        return
    warn(
        f"the evaluation data was resampled: {why}. Hint: evaluate on rows that were split off before balancing"
        f"{'' if repeats else ', or give weights=balanced.weights'}",
        code="LK542",
    )
