"""Mappers: functions from data points to data points, which may be chained, and remember what they made.

A mapper works on a copy of its data point. So does each rule that gets what a mapper remembers: what one rule does
to it, no other sees (in Snorkel all share one object). Fields that a mapper adds to a row of a data frame reach the
mappers after it (in Snorkel they are lost, since a series forgets them when it is pickled).
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable, Hashable, Mapping
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

import numpy as np

from labelkit._shared.foreign import is_series
from labelkit._shared.own_copies import own_copies
from labelkit.interop.snorkel.types import DataPoint, FieldMap, HashingFunction

_CONTAINERS: Final = (list, dict, set, bytearray, np.ndarray, SimpleNamespace)

MapFunction: TypeAlias = Callable[[DataPoint], DataPoint | None]


def get_parameters(f: Callable[..., Any], allow_args: bool = False, allow_kwargs: bool = False) -> list[str]:  # noqa: FBT001, FBT002 - Snorkel's signature
    """List the names of a function's parameters.

    Raises
    ------
    ValueError
        If it has ``*args`` or ``**kwargs``, which are not allowed.
    """
    spec = inspect.getfullargspec(f)
    if spec.varargs is not None and not allow_args:
        raise ValueError(f"Function {f.__name__} should not have *args")
    if spec.varkw is not None and not allow_kwargs:
        raise ValueError(f"Function {f.__name__} should not have **kwargs")
    return spec.args


def is_hashable(obj: Any) -> bool:
    """Tell if an object can be hashed, by trying."""
    try:
        hash(obj)
    except Exception:  # noqa: BLE001 - __hash__ of a user's class may raise anything
        return False
    return True


def get_hashable(obj: Any) -> Hashable:
    """Return an object by whose value a data point can be remembered.

    Parameters
    ----------
    obj : object
        What can be hashed is returned as it is; of namespaces, dicts and series, the items count, whatever the row is
        called; of lists, tuples and arrays, the values.

    Raises
    ------
    ValueError
        If there is no such object.

    Examples
    --------
    >>> get_hashable({"a": [1, 2]}) == get_hashable(SimpleNamespace(a=[1, 2]))
    True
    """
    if is_hashable(obj):
        return obj  # type: ignore[no-any-return]
    items = _items(obj)
    if items is not None:
        return frozenset((key, get_hashable(value)) for key, value in items)
    if isinstance(obj, list | tuple):
        return tuple(get_hashable(value) for value in obj)
    if isinstance(obj, np.ndarray):
        return obj.data.tobytes()
    raise ValueError(f"Object {obj} has no hashing proxy.")


def _items(obj: Any) -> list[tuple[Any, Any]] | None:
    if isinstance(obj, SimpleNamespace):
        return list(vars(obj).items())
    if isinstance(obj, dict):
        return list(obj.items())
    if is_series(obj):
        return [*obj.items(), *((name, _if_hashable(value)) for name, value in added_fields(obj).items())]
    return None


def _if_hashable(value: Any) -> Hashable:
    """Return the value of an added field that counts, or None: in Snorkel none of them do."""
    try:
        return get_hashable(value)
    except ValueError:
        return None


def added_fields(series: Any) -> dict[str, Any]:
    """Return what was set as an attribute of a series and is none of its items."""
    if hasattr(type(series), "__added_fields__"):
        return dict(type(series).__added_fields__(series))
    internal = type(series)._internal_names_set | {*type(series)._metadata, "_attrs"}  # noqa: SLF001 - pandas has no door
    return {k: v for k, v in vars(series).items() if k not in internal}


def copy_of(x: DataPoint) -> DataPoint:
    """Copy a data point deeply, with the fields that mappers have added to it."""
    if hasattr(type(x), "__with_values__"):
        return x.__with_values__(_own)
    y = pickle.loads(pickle.dumps(x))  # noqa: S301 - made a moment ago
    if is_series(x):
        for name, value in added_fields(x).items():
            object.__setattr__(y, name, _own(value))
    return y


def _own(value: Any) -> Any:
    """Copy a value that may be changed; what cannot be copied is shared."""
    try:
        return own_copies([value], {})[0]
    except Exception:  # noqa: BLE001 - values of users may raise anything
        return value


def handed_out(x: DataPoint) -> DataPoint:
    """Copy a data point that is remembered: the point, and its lists, dicts, sets and arrays, but no other object."""
    if hasattr(type(x), "__with_values__"):
        return x.__with_values__(_container)
    if isinstance(x, list | set | np.ndarray):
        return _container(x)
    if not is_series(x):
        return _with_own_fields(x)
    y = x.copy()
    for name, value in added_fields(x).items():
        object.__setattr__(y, name, _container(value))
    for place, value in enumerate(x.array if x.dtype == object else ()):
        if (mine := _container(value)) is not value:
            y.iat[place] = mine
    return y


def _with_own_fields(x: Any) -> Any:
    """Copy a namespace, a dict, or an object with fields; what cannot be copied is shared."""
    try:
        point = copy.copy(x)
    except Exception:  # noqa: BLE001 - classes of users may raise anything
        return x
    fields = point if isinstance(point, dict) else getattr(point, "__dict__", None)
    if point is not x and isinstance(fields, dict):
        fields.update([(name, _container(value)) for name, value in fields.items()])
    return point


def _container(value: Any) -> Any:
    """Copy a value that holds others; documents and models are shared by all their rules."""
    if not isinstance(value, _CONTAINERS):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - what it holds may not be copied
        return copy.copy(value)


class BaseMapper:
    """A mapper: it copies its data point, runs the mappers before it, and remembers what it made, if asked to.

    Parameters
    ----------
    name : str
    pre : list of BaseMapper
        Mappers that run first.
    memoize : bool
        Whether to remember results by their data point.
    memoize_key : callable, optional
        Returns what a data point is remembered by; by default its value (:func:`get_hashable`).

    Attributes
    ----------
    name : str
    memoize : bool
    """

    def __init__(
        self,
        name: str,
        pre: list[BaseMapper],
        memoize: bool,  # noqa: FBT001 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
    ) -> None:
        self.name = name
        self._pre = pre
        self._memoize_key = get_hashable if memoize_key is None else memoize_key
        self.memoize = memoize
        self.reset_cache()

    def reset_cache(self) -> None:
        """Forget all results."""
        self._cache: dict[Hashable, DataPoint | None] = {}

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        raise NotImplementedError

    def __call__(self, x: DataPoint) -> DataPoint | None:
        """Map a data point, which stays as it is.

        Parameters
        ----------
        x : object

        Returns
        -------
        object
            A data point of the same kind; None if the mapper returns None.
        """
        if not self.memoize:
            return self._mapped(x)
        key = self._memoize_key(x)
        if key not in self._cache:
            self._cache[key] = self._mapped(x)
        return handed_out(self._cache[key])

    def _mapped(self, x: DataPoint) -> DataPoint | None:
        x_mapped = copy_of(x)
        for mapper in self._pre:
            x_mapped = mapper(x_mapped)
        return self._generate_mapped_data_point(x_mapped)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is remembered, when the mapper is sent to another process."""
        return {name: value for name, value in vars(self).items() if name != "_cache"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.reset_cache()

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Pre: {self._pre}"


class Mapper(BaseMapper):
    """A mapper whose method ``run`` takes fields of a data point and returns new ones.

    Parameters
    ----------
    name : str
    field_names : mapping of str to str, optional
        For each parameter of ``run``, the field that it gets; by default the one of its name.
    mapped_field_names : mapping of str to str, optional
        For each key that ``run`` returns, the field that it becomes; by default the one of its name.
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.

    Examples
    --------
    >>> class Shout(Mapper):
    ...     def run(self, text):
    ...         return {"text": text.upper()}
    >>> Shout("shout")(SimpleNamespace(text="hi"))
    namespace(text='HI')
    """

    def __init__(
        self,
        name: str,
        field_names: Mapping[str, str] | None = None,
        mapped_field_names: Mapping[str, str] | None = None,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
    ) -> None:
        if field_names is None:
            field_names = {name: name for name in get_parameters(self.run)[1:]}
        self.field_names = field_names
        self.mapped_field_names = mapped_field_names
        super().__init__(name, pre or [], memoize, memoize_key)

    def run(self, **kwargs: Any) -> FieldMap | None:
        """Return new fields for the fields of a data point; None if there is no result."""
        raise NotImplementedError

    def _update_fields(self, x: DataPoint, mapped_fields: FieldMap) -> DataPoint:
        for name, value in mapped_fields.items():
            setattr(x, name, value)
        return x

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        fields = self.run(**{parameter: getattr(x, field) for parameter, field in self.field_names.items()})
        if fields is None:
            return None
        if self.mapped_field_names is not None:
            fields = {field: fields[key] for key, field in self.mapped_field_names.items()}
        return self._update_fields(x, fields)


class LambdaMapper(BaseMapper):
    """A mapper made of a function of a data point; the function may change its argument, which is a copy.

    Parameters
    ----------
    name : str
    f : callable
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.
    """

    def __init__(
        self,
        name: str,
        f: MapFunction,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
    ) -> None:
        self._f = f
        super().__init__(name, pre or [], memoize, memoize_key)

    def _generate_mapped_data_point(self, x: DataPoint) -> DataPoint | None:
        return self._f(x)


class lambda_mapper:  # noqa: N801 - Snorkel's name
    """Decorate a function of a data point to make a :class:`LambdaMapper`.

    Parameters
    ----------
    name : str, optional
        By default that of the function.
    pre, memoize, memoize_key
        As for :class:`BaseMapper`.

    Raises
    ------
    ValueError
        If the decorator is used without parentheses.

    Examples
    --------
    >>> @lambda_mapper()
    ... def joined(x):
    ...     x.article = f"{x.title} {x.body}"
    ...     return x
    >>> joined(SimpleNamespace(title="A", body="b")).article
    'A b'
    """

    def __init__(
        self,
        name: str | None = None,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
    ) -> None:
        if callable(name):
            raise ValueError("Looks like this decorator is missing parentheses!")  # noqa: TRY004 - as Snorkel raises it
        self.name = name
        self.pre = pre
        self.memoize = memoize
        self.memoize_key = memoize_key

    def __call__(self, f: MapFunction) -> LambdaMapper:
        """Make a mapper of a function."""
        name: str = self.name or f.__name__
        return LambdaMapper(name, f, pre=self.pre, memoize=self.memoize, memoize_key=self.memoize_key)
