"""What all tables have in common: they are read once, or asked for keys, by the names of their columns."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias, TypeVar

from labelkit.exceptions import DatabaseError, RuleError
from labelkit.rules.databases._keys import distinct, strict

R = TypeVar("R")
Load: TypeAlias = Literal["once", "per batch"]

MOST_ROWS: Final = 2_000_000
"""Rows of a table that is read once; more take gigabytes as Python values."""

RETRY_AFTER: Final = 0.5
"""Seconds after which a database that did not answer is asked once more."""

NOTHING: Final[frozenset[Any]] = frozenset()
PRESENT: Final[frozenset[Any]] = frozenset((True,))


class UnreachableError(DatabaseError):
    """A database that does not answer now, and may do so later."""


class Table(ABC):
    """A table of a database, as a frozen value.

    Attributes
    ----------
    load : {"once", "per batch"}
    """

    load: Load

    @property
    @abstractmethod
    def where(self) -> str:
        """What and where the table is, without passwords."""

    @property
    @abstractmethod
    def identity(self) -> tuple[Any, ...]:
        """What tells it from other tables, the same for every user and password, on every machine."""

    @abstractmethod
    def described(self) -> dict[str, type | None]:
        """Ask for the names of its columns, with the types of their values where they have one."""

    @abstractmethod
    def rows(self, columns: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
        """All distinct rows of some columns, or as many as the limit says."""

    @abstractmethod
    def rows_of(
        self, keys: Sequence[tuple[Any, ...]], columns: Sequence[str], value: str | None
    ) -> list[tuple[Any, ...]]:
        """The distinct rows in which some columns hold one of the keys: those columns, and the value's."""

    @cached_property
    def columns(self) -> dict[str, type | None]:
        """The names of its columns, with their types; asked for once."""
        return self.described()

    @property
    def known_columns(self) -> dict[str, type | None] | None:
        """The same, if they were asked for."""
        known: dict[str, type | None] | None = vars(self).get("columns")
        return known

    def patiently(self, ask: Callable[[], R]) -> R:
        """Ask, and once more if the database cannot be reached; then leave it alone for as long as it made us wait."""
        until, error = vars(self).get("_silent", (0.0, None))
        if time.monotonic() < until:
            raise error
        started = time.monotonic()
        try:
            try:
                return ask()
            except UnreachableError:
                time.sleep(RETRY_AFTER)
                return ask()
        except UnreachableError as silence:
            ended = time.monotonic()
            vars(self)["_silent"] = ended + (ended - started), silence
            raise

    def __fingerprint_parts__(self) -> list[Any]:
        return list(self.identity)

    def __repr__(self) -> str:
        return self.where

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay in the process that made them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def keyed(self, key: str | Sequence[str] | None, value: str | None, *, all_columns: bool = False) -> Asking:
        """Choose the columns of keys and of values, as a look-up names them.

        Raises
        ------
        DatabaseError
            If the table is read to find out, and cannot be, or lacks a column.
        """
        if key is None and self.load == "per batch":
            raise RuleError(f"the column of keys of {self.where} is not named", hint='key="name"')
        if key is None:
            rest = [name for name in self.columns if name != value]
            key = tuple(rest) if all_columns else rest[0]
        names = (key,) if isinstance(key, str) else tuple(key)
        if not names or len(set(names)) < len(names):
            raise RuleError(f"key={key!r} does not name columns of {self.where}, each once")
        return Asking(self, names, value, 0 if isinstance(key, str) else len(names))

    def entries(self, asking: Asking) -> list[tuple[Any, Any]]:
        """Read the table: its keys, with what it says of each (None where no column of values is asked for).

        Raises
        ------
        DatabaseError
            If it cannot be read, lacks a column, is empty, or has too many rows.
        """
        asking.check(must_answer=True)
        names = asking.columns
        found: list[tuple[Any, Any]] = []
        rows = self.rows(names, MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            raise DatabaseError(f"{self.where} has more than {MOST_ROWS:,} rows", hint='ask it: load="per batch"')
        for row in rows:
            key = row[: len(asking.keys)]
            if any(part is None or part == "" for part in key) or (asking.value is not None and row[-1] is None):
                continue
            found.append((key if asking.width else key[0], None if asking.value is None else row[-1]))
        if not found:
            raise DatabaseError(f"{self.where} has no entries in {', '.join(map(repr, names))}")
        return found


@dataclass(frozen=True)
class Asking:
    """What is asked of a table (see :class:`labelkit.rules.value_predicates.TableQuery`).

    Parameters
    ----------
    table : Table
    keys : tuple of str
        The columns that hold keys.
    value : str, optional
        The column that says something of each.
    width : int
        How many columns are looked up together; 0 for single values.
    symmetric : bool
        Whether the order within a key does not matter.
    """

    table: Table
    keys: tuple[str, ...]
    value: str | None = None
    width: int = 0
    symmetric: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.keys if self.value is None else (*self.keys, self.value)

    def describe(self) -> str:
        """What is asked, for people."""
        return f"{', '.join(map(repr, self.keys))} of {self.table.where}"

    def find(self, keys: Sequence[Any]) -> list[Any]:
        """For each key the set of what the table says of it, or why it could not be asked."""
        try:
            there = self._there(keys)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is a fault of all these examples
            return [error] * len(keys)
        return [self._said(there, key) if _is_hashable(key) else NOTHING for key in keys]

    def _said(self, there: dict[Any, frozenset[Any]], key: Any) -> frozenset[Any]:
        said = there.get(strict(key, self.width), NOTHING)
        return said | there.get(strict(key[::-1], self.width), NOTHING) if self.symmetric else said

    def _there(self, keys: Sequence[Any]) -> dict[Any, frozenset[Any]]:
        """What the table says of the keys that it holds; keys are compared again, strictly."""
        turned = [key[::-1] for key in keys] if self.symmetric else []
        hashable = [key for key in (*keys, *turned) if _is_hashable(key)]
        self.check(must_answer=True)
        asked = distinct(hashable, [self.table.columns[name] for name in self.keys], self.width)
        found: dict[Any, frozenset[Any]] = {}
        for row in self.table.rows_of(asked, self.keys, self.value) if asked else ():
            key = strict(row[: len(self.keys)] if self.width else row[0], self.width)
            said = PRESENT if self.value is None else NOTHING if row[-1] is None else frozenset((row[-1],))
            found[key] = found[key] | said if key in found else said
        return found

    def check(self, *, must_answer: bool = False) -> None:
        """Hold the columns against the table's.

        Raises
        ------
        DatabaseError
            If the table or a column is not there; if it must answer, also if the database cannot be reached.
        """
        try:
            names = list(self.table.columns)
        except UnreachableError:
            if must_answer:
                raise
            return
        for name in self.columns:
            if name not in names:
                listed = ", ".join(map(repr, names))
                raise DatabaseError(f"{self.table.where} has no column {name!r}; it has {listed}")

    def types(self) -> tuple[type | None, ...]:
        """The types of the parts of a key, where they are known."""
        known = self.table.known_columns
        return () if known is None else tuple(known[name] for name in self.keys)


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def check_options(load: Any, timeout: Any) -> None:
    """Refuse what cannot be meant."""
    if load not in ("once", "per batch"):
        raise RuleError(f"load={load!r} is neither 'once' nor 'per batch'")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise RuleError(f"timeout={timeout!r} is not a number of seconds", hint="timeout=30")
