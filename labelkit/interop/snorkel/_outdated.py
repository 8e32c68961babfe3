"""Warn of rules that another cell of a notebook defined again, where an applier has the older ones."""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import Any

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn


def warn_of_older(lfs: Sequence[Any]) -> None:
    """Warn of rules that no name stands for any more, if there is another one of the same name that is not alike."""
    names = [lf.name for lf in lfs if _is_older(lf)]
    if names:
        warn(
            f"{plural(len(names), 'rule was', 'rules were')} defined again, and the older votes: "
            f"{', '.join(map(repr, names[:5]))}{', ...' if len(names) > 5 else ''}. Hint: run the line again that "
            "lists the rules, and make the applier of that list",
            code="LK138",
        )


def _is_older(lf: Any) -> bool:
    module = getattr(getattr(lf, "_f", None), "__globals__", {})
    rules = [value for value in list(module.values()) if type(value) is type(lf)]
    if any(rule is lf for rule in rules):
        return False
    return any(rule.name == lf.name and _parts(rule) != _parts(lf) for rule in rules)


def _parts(lf: Any) -> list[Any]:
    """Return what a rule does, as values that can be compared."""
    body = _body(getattr(lf._f, "__code__", None))  # noqa: SLF001 - of this package
    resources = [(name, repr(value)) for name, value in lf._resources.items()]  # noqa: SLF001 - the same
    return [body, resources, [step.name for step in lf._pre]]  # noqa: SLF001 - the same


def _body(code: Any) -> Any:
    """Return what code does, wherever it stands; other constants as they are."""
    if not isinstance(code, CodeType):
        return code
    return code.co_code, code.co_names, tuple(map(_body, code.co_consts))
