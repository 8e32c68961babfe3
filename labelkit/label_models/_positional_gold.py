"""Tell gold of the rows from Snorkel's second argument, where somebody gives labels without a word for them."""

from __future__ import annotations

import sys
from typing import Any

from labelkit._shared.user_errors import is_of_labelkit, warn
from labelkit.exceptions import GoldError


def named_gold(y: Any, gold: Any) -> Any:
    """Return the gold that ``fit(votes, y, gold=gold)`` was given.

    Warns if the user gave it by position. scikit-learn may: its pipelines know labels of rows alone.

    Raises
    ------
    GoldError
        If it is given twice.
    """
    if y is None:
        return gold
    if gold is not None:
        raise GoldError("fit was given labels both by position and as gold", hint="fit(votes, gold=gold)")
    if not _is_called_by_sklearn():
        warn(
            "fit(votes, y) takes y for gold labels of these very rows; say so: fit(votes, gold=y). Snorkel's second "
            "argument, fit(L_train, Y_dev), was the labels of another set, of which only the share of each class was "
            "used: LabelModel(class_prior=np.bincount(Y_dev) / len(Y_dev)).fit(L_train)",
            code="LK413",
        )
    return y


def _is_called_by_sklearn() -> bool:
    frame = sys._getframe(1)  # noqa: SLF001 - there is no public way to ask
    while frame.f_back is not None and is_of_labelkit(frame.f_code.co_filename):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "sklearn"
