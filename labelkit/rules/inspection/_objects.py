"""Take objects and classes apart: all that decides how they behave, as values that can be searched and compared."""

from __future__ import annotations

import abc
import array
import functools
import inspect
import operator
import string
import types
import typing
import uuid
import weakref
from collections import ChainMap, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum, EnumType
from types import FunctionType, MemberDescriptorType
from typing import Any, Final

import numpy as np

from labelkit.rules.inspection._origin import is_searched
from labelkit.rules.inspection.fingerprint import PLAIN, fingerprint

_FIELD_OF_TUPLE: Final[type] = type(vars(namedtuple("_FIELD_OF_TUPLE", "field"))["field"])  # noqa: PYI024 - its kind is wanted

DESCRIPTIONS: Final = frozenset(f"__{name}__" for name in ("annotations", "doc", "type_params", "dataclass_params"))
"""Attributes that describe code and do not decide what it does, unless it reads them."""

_BOOKKEEPING: Final = DESCRIPTIONS | {
    *("__module__", "__qualname__", "__dict__", "__weakref__", "__slots__", "__dataclass_fields__", "__parameters__"),
    *("__abstractmethods__", "_abc_impl", "__orig_bases__", "__static_attributes__", "__firstlineno__", "__annotate__"),
    *("__annotate_func__", "__annotations_cache__", "__classdictcell__", "__classcell__", "__protocol_attrs__"),
    *("__non_callable_proto_members__", "_is_protocol", "_is_runtime_protocol"),
}
"""Attributes of classes that Python keeps for itself."""

MUTABLE: Final = (list, dict, set, bytearray, deque, np.ndarray)
"""Kinds of objects of which the content may change."""

_OPTIONS_OF_DATACLASSES: Final = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")


def _call_of(caller: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Return the name, the arguments and the keywords of the call that a ``methodcaller`` makes."""
    made_by, arguments = caller.__reduce__()
    if isinstance(made_by, functools.partial):  # as one with keywords is pickled
        return made_by.args[0], arguments, made_by.keywords
    return arguments[0], arguments[1:], {}


_KINDS: Final[dict[type, Callable[[Any], Any]]] = {
    functools.partial: lambda value: (value.func, value.args, value.keywords),
    types.MethodType: lambda value: (value.__func__, value.__self__),
    property: lambda value: (value.fget, value.fset, value.fdel),
    classmethod: lambda value: (value.__func__,),
    staticmethod: lambda value: (value.__func__,),
    functools.cached_property: lambda value: (value.func,),
    functools.partialmethod: lambda value: (value.func, value.args, value.keywords),
    functools.singledispatchmethod: lambda value: (value.func, value.dispatcher),
    operator.itemgetter: lambda value: value.__reduce__()[1],
    operator.attrgetter: lambda value: value.__reduce__()[1],
    operator.methodcaller: _call_of,
    dict: lambda value: [*value, *value.values()],
    types.MappingProxyType: lambda value: [*value, *value.values()],
    list: list,
    tuple: tuple,
    set: lambda value: sorted(value, key=fingerprint),
    frozenset: lambda value: sorted(value, key=fingerprint),
    deque: lambda value: [value.maxlen, *value],
    array.array: lambda value: (value.typecode, value.tobytes()),
    types.SimpleNamespace: lambda value: (vars(value),),
    uuid.UUID: lambda value: (value.int,),
    string.Template: lambda value: (value.template,),
    ChainMap: lambda value: value.maps,
    UserDict: lambda value: (value.data,),
    UserList: lambda value: (value.data,),
    UserString: lambda value: (value.data,),
    types.GenericAlias: lambda value: (value.__origin__, value.__args__),
    type(typing.List[int]): lambda value: (value.__origin__, value.__args__),  # noqa: UP006 - the kind of these aliases
    types.UnionType: lambda value: (value.__args__,),
}
"""Kinds of objects that are what their parts are."""

_UNDERSTOOD: Final = (*PLAIN, *_KINDS, Enum, BaseException, np.ndarray, type)
"""Classes of which the parts of an instance are known, and of those derived from them, though they are written in C."""


def methods_called_by(value: Any) -> set[str]:
    """Return the name of the method that a ``methodcaller`` calls; empty for any other object."""
    return {_call_of(value)[0]} if isinstance(value, operator.methodcaller) else set()


def parts_of_kind(value: Any) -> list[Any] | None:
    """List the parts of an object of a kind that is known, the name of the kind first; None of others."""
    for kind in type(value).__mro__:
        if kind in _KINDS:
            if (
                type(value) is not kind
                and not is_searched(type(value))
                and kind not in (dict, list, tuple, set, frozenset)
            ):
                return None  # a class of a package, which may hold more
            factory = (value.default_factory,) if isinstance(value, defaultdict) else ()
            return [type(value).__name__, *factory, *_KINDS[kind](value)]
    return None


def hides_state(value: Any) -> str:
    """Return the name of a class that the class of an object is derived from, and that may hold more; empty if none."""
    for base in type(value).__mro__:
        if is_searched(base) or base is object or issubclass(base, _UNDERSTOOD):
            continue
        is_written_in_python = any(isinstance(part, FunctionType) for part in vars(base).values())
        if not is_written_in_python and base.__basicsize__ > object.__basicsize__ + 2 * 8:
            return f"{base.__module__}.{base.__qualname__}"
    return ""


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an instance: of its dictionary, its slots, and the fields of a dataclass."""
    attributes = dict(vars(value)) if inspect.getattr_static(value, "__dict__", None) is not None else {}
    attributes.pop("__orig_class__", None)  # how it was written: C[int]()
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
            if slot not in {"__dict__", "__weakref__"} and hasattr(value, name):
                attributes[name] = getattr(value, name)
    if isinstance(value, Enum):
        attributes = {name: part for name, part in attributes.items() if not _is_of_enum(type(value), name)}
        return {**attributes, "value": value.value}
    if isinstance(value, BaseException):
        attributes["args"] = value.args
    if is_dataclass(value) and not isinstance(value, type):
        attributes |= {field.name: getattr(value, field.name) for field in fields(value)}
    return attributes


def members_of(owner: type) -> Iterator[tuple[str, Any]]:
    """Iterate over what a class defines: methods, attributes, and the fields and options of a dataclass."""
    for attribute, part in vars(owner).items():
        is_code = isinstance(part, FunctionType | classmethod | staticmethod | property)
        is_left_out = attribute in _BOOKKEEPING or _is_of_enum(owner, attribute) or _is_own_of_enum(owner, attribute)
        if is_left_out and not is_code:
            continue
        if not isinstance(part, MemberDescriptorType | _FIELD_OF_TUPLE) and not _is_generated(owner, part):
            yield attribute, part  # what is left out is a slot, or follows from the fields
    if "__dataclass_fields__" in vars(owner):
        options = vars(owner).get("__dataclass_params__")
        yield "options", tuple(getattr(options, name, None) for name in _OPTIONS_OF_DATACLASSES)
        for field in fields(owner):
            shown = (field.name, field.init, field.repr, field.hash, field.compare, field.kw_only)
            default = [part for part in (field.default, field.default_factory) if not _is_missing(part)]
            yield field.name, [shown, default, dict(field.metadata)]


def registers_subclasses(owner: type) -> bool:
    """Return whether other classes were registered as subclasses of an abstract class."""
    dump = getattr(abc, "_get_dump", None)
    if not isinstance(owner, abc.ABCMeta):
        return False
    return dump is None or bool(dump(owner)[0])


def around_of(function: FunctionType) -> Iterator[Any]:
    """Iterate over what a function that a decorator of a package made holds: its closure, and its attributes."""
    yield from (part for name, part in vars(function).items() if name not in {"__wrapped__", "_clear_cache"})
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:  # not bound yet
            continue
        if not isinstance(content, weakref.WeakKeyDictionary):  # the cache of functools.singledispatch
            yield content


def _is_missing(part: Any) -> bool:
    return type(part).__name__ == "_MISSING_TYPE"


def _is_of_enum(owner: type, attribute: str) -> bool:
    """Return whether an attribute is one by which ``enum`` keeps its members, such as ``_value_repr_``."""
    return isinstance(owner, EnumType) and attribute.startswith("_") and attribute.endswith("_")


def _is_own_of_enum(owner: type, attribute: str) -> bool:
    return isinstance(owner, EnumType) and attribute.startswith("__")


def _is_generated(owner: type, method: Any) -> bool:
    """Return whether a method was generated by ``dataclass``, from the fields."""
    return is_dataclass(owner) and isinstance(method, FunctionType) and method.__code__.co_filename == "<string>"


def functions_of(member: Any) -> list[FunctionType]:
    """List the functions of a member of a class: itself, or those of a property, a class method, a static method."""
    if type(member) in (property, classmethod, staticmethod, functools.cached_property):
        return [part for part in (parts_of_kind(member) or ())[1:] if isinstance(part, FunctionType)]
    return [member] if isinstance(member, FunctionType) else []


def mutable_defaults(function: FunctionType) -> dict[str, Any]:
    """Return the parameters that have a default which can change, with the default."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    defaults = {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}
    return {name: value for name, value in defaults.items() if isinstance(value, MUTABLE)}
