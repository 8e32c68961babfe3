"""Find a label model by its name, once it is needed."""

from __future__ import annotations

from typing import Any

from labelkit._shared.garbage import nothing_is_garbage
from labelkit._shared.near_names import names_hint
from labelkit.exceptions import LabelkitError


def label_model(model: Any) -> Any:
    """Return the label model of a name, with its defaults; a model as it is.

    Raises
    ------
    LabelkitError
        If there is none of that name.
    """
    if not isinstance(model, str):
        return model
    with nothing_is_garbage():
        from labelkit.label_models import EVERY_MODEL  # noqa: PLC0415 - brings SciPy

    if model not in EVERY_MODEL:
        raise LabelkitError(f"there is no label model {model!r}", hint=names_hint(model, EVERY_MODEL), code="LK404")
    return EVERY_MODEL[model]()
