"""Check the options of ``@model_output`` by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Set as AbstractSet
from enum import Enum
from numbers import Real
from typing import Any

import numpy as np

from labelkit.exceptions import RuleError
from labelkit.rules._labels import label_and_enum
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES


def check_threshold(threshold: Any) -> None:
    """Refuse a threshold that is no probability, nor a probability for each class."""
    for key in threshold if isinstance(threshold, Mapping) else ():
        if not _is_class(key):
            raise RuleError(
                f"threshold= names {key!r:.80}, which is not a class", hint="threshold={Label.SPAM: 0.9}", code="LK102"
            )
    for limit in list(threshold.values()) if isinstance(threshold, Mapping) else [threshold]:
        check_share(limit, "threshold")


def check_label(label: Any, threshold: Any) -> None:
    """Refuse a label that is no class, or has no threshold."""
    if isinstance(label, Mapping) or (isinstance(label, type) and issubclass(label, Enum)):
        shown = label.__name__ if isinstance(label, type) else f"{label!r:.80}"
        raise RuleError(
            f"label={shown} is not one class",
            hint=f"the classes of all labels of a model: classes={shown}",
            code="LK102",
        )
    if label_and_enum(label)[0] == ABSTAIN:
        raise RuleError(f"label={label!r} is no class to vote for", hint="label=Label.SPAM", code="LK105")
    if not isinstance(threshold, Real):
        raise RuleError("label= votes by the score of one class, which needs one threshold", hint="threshold=0.9")


def check_classes(classes: Any, *, is_enum: bool) -> None:
    """Refuse what does not say the classes of a model's labels, one of each."""
    if classes is None or is_enum:
        return
    hint = (
        "numbers or members of an IntEnum, in the order of the columns: classes=[0, 1]; a model that returns "
        'labels takes a mapping, classes={"ham": 0, "spam": 1}'
    )
    is_column = isinstance(classes, np.ndarray) and classes.ndim == 1
    if not is_column and not isinstance(classes, Mapping | list | tuple | range):
        what = "has no order" if isinstance(classes, AbstractSet) else "does not say the classes of a model's labels"
        raise RuleError(f"classes={classes!r:.80} {what}", hint=hint, code="LK102")
    for one in classes.values() if isinstance(classes, Mapping) else classes:
        if one is not None and not _is_class(one):
            raise RuleError(f"classes= holds {one!r}, which is not the number of a class", hint=hint, code="LK102")


def checked_band(given: Any) -> tuple[float, float]:
    """Read the ends between which a rule abstains."""
    try:
        low, high = (float(bound) for bound in given)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not 0 <= low <= high <= 1:
        raise RuleError(f"abstain={given!r} is not a range of probabilities", hint="abstain=(0.4, 0.6)")
    return low, high


def check_share(value: Any, option: str) -> None:
    """Refuse what is no probability."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise RuleError(
            f"{option}={value!r} is not a probability",
            hint=f"give a number from 0 to 1, such as {0.9 if option == 'threshold' else 0.2}",
        )


def _is_class(value: Any) -> bool:
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return is_number and ABSTAIN <= int(value) < MAX_CLASSES
