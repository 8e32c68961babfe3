"""Copies and pickles of rules: a rule takes along what it reads of its module, and not all the globals of a notebook.

A pickle of a declarative rule holds its values. That of a Python rule holds its function, which pickle cannot find by
its name, since a decorator has given that to the rule: cloudpickle and dill take functions by value.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final, Self

_OF_MODULE: Final = ("__name__", "__file__")


class Copied:
    """The base of rules and derived columns: a copy is the value itself, and a pickle holds no module.

    Of the globals of its module, a pickle keeps the derived columns that are read, and numbers, which may be classes.
    """

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        value: Any = self
        module = value.origin.namespace
        kept = {name: module[name] for name in _OF_MODULE if name in module}
        kept |= {name: number for name, number in list(module.items()) if type(number) is int}
        columns = {p.name: module[p.name] for p in value.parameters if isinstance(module.get(p.name), CopiedColumn)}
        kept |= {name: column for name, column in columns.items() if column is not self}
        state = {one.name: getattr(value, one.name) for one in fields(value)}
        return {**state, "origin": replace(value.origin, namespace=kept)}


class CopiedColumn(Copied):
    """The base of derived columns, by which they are told from other globals."""
