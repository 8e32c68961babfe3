"""Refuse what is given as a label model and is none."""

from __future__ import annotations

from typing import Any

from labelkit.exceptions import ModelError


def check_model(model: Any, call: str) -> None:
    """Raise ModelError unless a value is a label model; gold in its place, by position, is told where it belongs.

    >>> check_model([1, 0], "summarize")
    Traceback (most recent call last):
    ...
    labelkit.exceptions.ModelError: a list is no label model [LK405]
    Hint: of gold: summarize(matrix, gold=gold)
    """
    if hasattr(model, "predict_pattern_proba"):
        return
    if hasattr(model, "__len__") and not isinstance(model, str):
        hint = f"of gold: {call}(matrix, gold=gold)"
        raise ModelError(f"a {type(model).__name__} is no label model", hint=hint, code="LK405")
    raise ModelError(
        f"{model!r} is no label model", hint=f"{call}(matrix, model=LabelModel().fit(matrix))", code="LK405"
    )
