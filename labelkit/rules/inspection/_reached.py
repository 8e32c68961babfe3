"""All that a search of rules came upon, and what is known only once everything was: changed objects, files, sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import FunctionType
from typing import Final

from labelkit.rules.inspection import purity
from labelkit.rules.inspection._instructions import changes_of_self
from labelkit.rules.inspection._objects import functions_of
from labelkit.rules.inspection._origin import is_ours, is_searched
from labelkit.rules.inspection._set_columns import ColumnFunctions, parameters_of_sets
from labelkit.rules.inspection._set_order import SetOrder
from labelkit.rules.inspection.resolution import Reason

_BUILDERS: Final = frozenset(
    f"__{name}__" for name in ("init", "new", "post_init", "set_name", "init_subclass", "prepare", "setstate", "del")
)
"""Methods that change an object while it is made."""


@dataclass
class Reached:
    """What a search came upon.

    Attributes
    ----------
    packages : dict of str to str
        The versions of installed packages.
    files : set of str
        Those of the project's functions.
    asked : set of str
        The attributes that code asks for by name.
    objects : dict of type to str
        The classes of objects that outlive a call, with the name of one.
    functions : dict of function to None
        Those of the project, in order.
    set_attributes, holder_attributes : set of str
        The attributes that are sets, and those that hold some.
    has_path : bool
        Whether a path is among the values.
    """

    packages: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    objects: dict[type, str] = field(default_factory=dict)
    functions: dict[FunctionType, None] = field(default_factory=dict)
    set_attributes: set[str] = field(default_factory=set)
    holder_attributes: set[str] = field(default_factory=set)
    has_path: bool = False

    def add(self, other: Reached) -> None:
        """Take over what another search came upon."""
        self.packages |= other.packages
        self.files |= other.files
        self.asked |= other.asked
        self.objects = {**other.objects, **self.objects}
        self.functions |= other.functions
        self.set_attributes |= other.set_attributes
        self.holder_attributes |= other.holder_attributes
        self.has_path |= other.has_path

    def reasons(self, columns: ColumnFunctions) -> Iterator[Reason]:
        """Iterate over the reasons that follow from all of it together."""
        yield from self._changed_objects()
        for name in sorted(self.asked & (purity.FILE_METHODS | purity.PATH_METHODS)) if self.has_path else ():
            what = f"reads a path, and may use pathlib.Path.{name}, which {purity.OF_FILES}"
            yield Reason(what, impure=False)
        yield from self._order_of_sets(columns)

    def _changed_objects(self) -> Iterator[Reason]:
        """Iterate over the objects that outlive a call and have a method that is called and changes them."""
        for owner, name in self.objects.items():
            methods = {
                attribute: part
                for base in owner.__mro__[::-1]
                if is_searched(base)
                for attribute, part in vars(base).items()
            }
            for attribute, member in methods.items():
                for method in (
                    part for part in functions_of(member) if self._is_called(attribute) and is_searched(part)
                ):
                    line = method.__code__.co_firstlineno
                    for changed, counts in changes_of_self(method):
                        what = f"changes {name}.{changed}, which outlives the call"
                        yield Reason(what, impure=counts and is_ours(owner), line=line, function=attribute)

    def _is_called(self, attribute: str) -> bool:
        """Return whether a method is called by name, or by syntax, for an object that is there already."""
        return attribute in self.asked or (attribute.startswith("__") and attribute not in _BUILDERS)

    def _order_of_sets(self, columns: ColumnFunctions) -> Iterator[Reason]:
        """Iterate over what functions of the project do with sets that may depend on their order."""
        order = SetOrder(frozenset(self.set_attributes), frozenset(self.holder_attributes))
        with suppress(Exception):  # what cannot be searched is said below
            order = order.with_attributes_of(self.functions)
        for function in self.functions:
            try:
                sets = parameters_of_sets(order, function, columns)
                taken = order.taken_by(function, sets, holders=sets)
            except Exception as error:  # noqa: BLE001 - as above
                taken = [(f"cannot be searched for the order of sets ({type(error).__name__})", 0)]
            for what, line in taken:
                reason = f"{what}, which differs from process to process"
                yield Reason(reason, impure=False, line=line, function=function.__name__)
