"""Rows of a data frame: series that are built only if somebody needs more than a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

CHUNK_ROWS: Final = 4096
"""Rows of a frame that are laid out as objects at a time."""


class RowLayout:
    """The columns of a frame: their places, and which are attributes of its rows.

    Parameters
    ----------
    index : Index
        The columns.
    dtype : dtype
        Of a row, as a series.
    """

    def __init__(self, index: pd.Index, dtype: Any) -> None:
        self.index = index
        self.dtype = dtype
        self.labels = tuple(index)
        self.places = {label: place for place, label in enumerate(self.labels)}
        self.attributes = tuple(item for item in self.places.items() if _is_attribute(item[0]))
        self.are_all = len(self.attributes) == len(self.labels)


def _is_attribute(label: Any) -> bool:
    return isinstance(label, str) and label not in names_of_rows()


class SeriesRow(pd.Series if not TYPE_CHECKING else Any):  # type: ignore[misc]
    """A row of a data frame, which is a pandas series once more is asked than the value of a field.

    Until then the fields stand in the dict of the object, where ``x.text`` is found at once. They are removed when
    pandas asks for the data of the series (``_mgr``), which is built then; from there on it is a series like any other.
    Attributes that are no columns stay attributes, as in pandas, and are kept when the row is copied.
    """

    __slots__ = ("__source__",)

    def __getattr__(self, name: str) -> Any:
        if name == "__source__":
            raise AttributeError(name)
        if name in _DATA and self.__dict__.keys().isdisjoint(_DATA) and self.__is_light__():
            become_series(self)
            return object.__getattribute__(self, name)
        if self.__is_light__():
            raise AttributeError(f"'Series' object has no attribute {name!r}", name=name, obj=self)
        return super().__getattr__(name)

    def __is_light__(self) -> bool:
        return "_mgr" not in self.__dict__ and hasattr(self, "__source__")

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.__is_light__() or name in names_of_rows():
            super().__setattr__(name, value)
            return
        layout = self.__source__[0]
        if name in layout.places and layout.dtype != object:
            become_series(self)
            super().__setattr__(name, value)
            return
        self.__dict__[name] = value

    def __getitem__(self, key: Any) -> Any:
        if type(key) is str and "_mgr" not in self.__dict__:
            layout, values, _ = self.__source__
            place = layout.places.get(key)
            if place is None:
                raise KeyError(key)
            return self.__dict__[key] if key in self.__dict__ else values[place]
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        if type(key) is str and "_mgr" not in self.__dict__:
            return key in self.__source__[0].places
        return bool(super().__contains__(key))

    def get(self, key: Any, default: Any = None) -> Any:
        """Return an item, or ``default`` if there is none."""
        if type(key) is str and "_mgr" not in self.__dict__:
            return self[key] if key in self.__source__[0].places else default
        return super().get(key, default)

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Iterate over pairs of column and value."""
        if "_mgr" not in self.__dict__ and self.__source__[0].dtype == object:
            return zip(self.__source__[0].labels, current_values(self), strict=True)
        items: Iterable[tuple[Any, Any]] = super().items()
        return items

    def __added_fields__(self) -> dict[str, Any]:
        """Return the attributes that are no columns."""
        fields, internal = () if "_mgr" in self.__dict__ else self.__source__[0].places, _internal_names()
        return {name: value for name, value in self.__dict__.items() if name not in fields and name not in internal}

    def __with_values__(self, copied: Callable[[Any], Any]) -> SeriesRow:
        """Make a row of copies of the values, and of what was added to them."""
        is_light = self.__is_light__()
        layout = self.__source__[0] if is_light else RowLayout(self.index, self.dtype)
        row = new_row(
            layout, [copied(value) for value in current_values(self)], self.__source__[2] if is_light else self.name
        )
        row.__dict__.update((name, copied(value)) for name, value in self.__added_fields__().items())
        return row

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return _unpickled, (pd.Series(self, copy=True), self.__added_fields__())


SeriesRow.__name__ = SeriesRow.__qualname__ = "Series"  # as messages of pandas call a row


_DATA: Final = frozenset(("_mgr", "_name", "_flags", "_attrs", "_item_cache"))
"""The attributes of a series that hold its data."""


@cache
def _internal_names() -> frozenset[str]:
    series: Any = pd.Series
    return frozenset(series._internal_names_set) | set(series._metadata) | _DATA  # noqa: SLF001 - pandas has no door


@cache
def names_of_rows() -> frozenset[str]:
    """List the names that a series uses itself: columns of these names are items, not attributes, as in pandas."""
    return frozenset(dir(SeriesRow)) | _internal_names()


def new_row(layout: RowLayout, values: Any, label: Any) -> SeriesRow:
    """Make a row of its values."""
    row: SeriesRow = object.__new__(SeriesRow)
    object.__setattr__(row, "__source__", (layout, values, label))
    if layout.are_all:
        row.__dict__.update(zip(layout.labels, values, strict=True))
    else:
        row.__dict__.update((name, values[place]) for name, place in layout.attributes)
    return row


def current_values(row: SeriesRow) -> list[Any]:
    """List the values of a row in the order of the columns, as they are now."""
    if "_mgr" in row.__dict__:
        return list(row.array)
    layout, values, _ = row.__source__
    fields = row.__dict__
    return [fields.get(label, value) for label, value in zip(layout.labels, values, strict=True)]


def become_series(row: SeriesRow) -> None:
    """Give a row the data of a series, and take the fields away that are its items."""
    layout, _, label = row.__source__
    series = pd.Series(current_values(row), index=layout.index, dtype=layout.dtype, name=label)
    for name, _ in layout.attributes:
        row.__dict__.pop(name, None)
    row.__dict__.update(series.__dict__)


def _unpickled(series: pd.Series, added: dict[str, Any]) -> pd.Series:
    for name, value in added.items():
        object.__setattr__(series, name, value)
    return series


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows of a frame, with the values that ``frame.apply(axis=1)`` hands out.

    A frame of another class, or whose columns repeat, gives series from the start.
    """
    if type(frame) is not pd.DataFrame or not frame.columns.is_unique or frame.columns.nlevels > 1 or frame.empty:
        yield from _plain_rows(frame)
        return
    layout = RowLayout(frame.columns, frame.iloc[0].dtype)
    for start in range(0, len(frame), CHUNK_ROWS):
        piece = frame.iloc[start : start + CHUNK_ROWS]
        for label, values in zip(piece.index, _values_of(piece, layout.dtype), strict=True):
            yield new_row(layout, values, label)


def _plain_rows(frame: pd.DataFrame) -> Iterator[pd.Series]:
    """Iterate over rows as pandas hands them out."""
    for start in range(0, len(frame), CHUNK_ROWS):
        rows: list[pd.Series] = []
        frame.iloc[start : start + CHUNK_ROWS].apply(lambda row, rows=rows: rows.append(row.copy()), axis=1)
        yield from rows


def _values_of(piece: pd.DataFrame, dtype: Any) -> Iterable[Any]:
    """Iterate over the values of each row, of the type that they have in a series of the row."""
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) or dtype.kind in "mM":  # times come as Timestamp
        columns = [piece.iloc[:, place].astype(dtype).array for place in range(piece.shape[1])]
        return zip(*columns, strict=True)
    values = piece.to_numpy()
    return values.tolist() if values.dtype == object else map(list, values)
