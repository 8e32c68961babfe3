"""The base class of database tables, and the queries that look up keys in them.

A table is read once, or queried for the keys of each batch; columns are given by name.
"""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias, TypeVar

from labelkit._shared.near_names import near_name
from labelkit.exceptions import DatabaseError, RuleError
from labelkit.rules.auditing import READS_DATABASE
from labelkit.rules.databases._keys import distinct_keys, strict_key

R = TypeVar("R")
Load: TypeAlias = Literal["once", "per batch"]

MOST_ROWS: Final = 2_000_000
"""Limit on the rows of a table that is read once; more would take gigabytes as Python values."""

RETRY_AFTER: Final = 0.5
"""Seconds before the one retry when a database does not answer."""

NOTHING: Final[frozenset[Any]] = frozenset()
PRESENT: Final[frozenset[Any]] = frozenset((True,))


class UnreachableError(DatabaseError):
    """A database does not answer; the failure may be temporary, so the query is worth a retry."""

    code = "LK621"


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
        """The table and its address, without passwords, for messages."""

    @property
    @abstractmethod
    def identity(self) -> tuple[Any, ...]:
        """The values that identify the table in hashes, the same for every user and password, on every machine."""

    @abstractmethod
    def describe_columns(self) -> dict[str, type | None]:
        """Query the database for the names of the columns, with the type of their values (None if they may be any)."""

    @abstractmethod
    def rows(self, columns: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
        """Return the distinct rows of some columns, at most ``limit`` of them."""

    @abstractmethod
    def rows_of(
        self, keys: Sequence[tuple[Any, ...]], columns: Sequence[str], value: str | None
    ) -> list[tuple[Any, ...]]:
        """Return the distinct rows in which ``columns`` hold one of the keys: those columns, then the value's."""

    @cached_property
    def columns(self) -> dict[str, type | None]:
        """The names of the columns, with their types; queried once."""
        return self.describe_columns()

    @property
    def cached_columns(self) -> dict[str, type | None] | None:
        """The columns if they were queried already, else None; never sends a query."""
        columns: dict[str, type | None] | None = vars(self).get("columns")
        return columns

    def with_retry(self, query: Callable[[], R]) -> R:
        """Run a query, and retry it once if the database cannot be reached.

        After a second failure, later calls raise the same error at once, without a query, for as long as the two
        attempts took: a run then spends at most half of its time waiting for a database that is down.
        """
        until, error = vars(self).get("_unreachable", (0.0, None))
        if time.monotonic() < until:
            raise error
        started = time.monotonic()
        try:
            try:
                return query()
            except UnreachableError:
                time.sleep(RETRY_AFTER)
                return query()
        except UnreachableError as failure:
            ended = time.monotonic()
            vars(self)["_unreachable"] = ended + (ended - started), failure
            raise

    def __fingerprint_parts__(self) -> list[Any]:
        return list(self.identity)

    def __repr__(self) -> str:
        return self.where

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the fields alone: connections stay in the process that opened them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def keyed(self, key: str | Sequence[str] | None, value: str | None, *, all_columns: bool = False) -> DatabaseQuery:
        """Choose the columns of keys and of values, from the options ``key=`` and ``value=`` of a look-up.

        Without ``key``, it is the first column other than ``value``, or, with ``all_columns``, all of them.

        Raises
        ------
        RuleError
            If ``key`` is missing for a table that is queried per batch, or names a column twice or none.
        DatabaseError
            If the columns must be queried to choose the key, and that fails.
        """
        if key is None and self.load == "per batch":
            raise RuleError(f"the column of keys of {self.where} is not named", hint='key="name"')
        if key is None:
            rest = [name for name in self.columns if name != value]
            key = tuple(rest) if all_columns else rest[0]
        names = (key,) if isinstance(key, str) else tuple(key)
        if not names or len(set(names)) < len(names):
            raise RuleError(f"key={key!r} does not name columns of {self.where}, each once")
        return DatabaseQuery(self, names, value, 0 if isinstance(key, str) else len(names))

    def entries(self, query: DatabaseQuery) -> list[tuple[Any, Any]]:
        """Read the whole table as pairs of a key and a value (None without a column of values).

        Raises
        ------
        DatabaseError
            If it cannot be read, lacks a column, is empty, or has too many rows.
        """
        sys.audit(READS_DATABASE, self.where)
        query.check(must_answer=True)
        names = query.columns
        entries: list[tuple[Any, Any]] = []
        rows = self.rows(names, MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            raise DatabaseError(f"{self.where} has more than {MOST_ROWS:,} rows", hint='query it: load="per batch"')
        for row in rows:
            key = row[: len(query.keys)]
            if any(part is None for part in key) or (query.value is not None and row[-1] is None):
                continue
            entries.append((key if query.width else key[0], None if query.value is None else row[-1]))
        if not entries:
            raise DatabaseError(f"{self.where} has no entries in {', '.join(map(repr, names))}")
        return entries


@dataclass(frozen=True)
class DatabaseQuery:
    """A look-up of keys in a table, by one query for the keys of a batch.

    It implements :class:`labelkit.rules.value_predicates.TableQuery`.

    Parameters
    ----------
    table : Table
    keys : tuple of str
        The columns that hold keys.
    value : str, optional
        The column with the value of each key.
    width : int
        Number of columns that are looked up together; 0 for single values.
    symmetric : bool
        If True, the order within a key does not matter.
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
        """Describe the look-up for messages: the columns of keys, and the table."""
        return f"{', '.join(map(repr, self.keys))} of {self.table.where}"

    def find(self, keys: Sequence[Any]) -> list[Any]:
        """Return the set of values of each key, or the exception that the query raised.

        The set is empty for a key that is not in the table, and ``{True}`` for one that is if there is no column of
        values.
        """
        try:
            values_by_key = self._values_by_key(keys)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is a fault of all these examples
            return [error] * len(keys)
        return [self._values_of(key, values_by_key) if _is_hashable(key) else NOTHING for key in keys]

    def _values_of(self, key: Any, values_by_key: dict[Any, frozenset[Any]]) -> frozenset[Any]:
        values = values_by_key.get(strict_key(key, self.width), NOTHING)
        if not self.symmetric:
            return values
        return values | values_by_key.get(strict_key(key[::-1], self.width), NOTHING)

    def _values_by_key(self, keys: Sequence[Any]) -> dict[Any, frozenset[Any]]:
        """Query the values of the keys that the table holds; the keys of its rows are compared again, strictly."""
        reversed_keys = [key[::-1] for key in keys] if self.symmetric else []
        hashable = [key for key in (*keys, *reversed_keys) if _is_hashable(key)]
        self.check(must_answer=True)
        queried = distinct_keys(hashable, [self.table.columns[name] for name in self.keys], self.width)
        by_key: dict[Any, frozenset[Any]] = {}
        for row in self.table.rows_of(queried, self.keys, self.value) if queried else ():
            key = strict_key(row[: len(self.keys)] if self.width else row[0], self.width)
            values = PRESENT if self.value is None else NOTHING if row[-1] is None else frozenset((row[-1],))
            by_key[key] = by_key[key] | values if key in by_key else values
        return by_key

    def check(self, *, must_answer: bool = False) -> None:
        """Check that the table has the columns.

        Raises
        ------
        DatabaseError
            If the table or a column is missing; with ``must_answer``, also if the database cannot be reached.
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
                near = near_name(name, names)
                raise DatabaseError(
                    f"{self.table.where} has no column {name!r}; it has {listed}",
                    hint=None if near is None else f"did you mean {near!r}?",
                    code="LK622",
                )

    def types(self) -> tuple[type | None, ...]:
        """Return the types of the parts of a key, or an empty tuple if the columns have not been queried yet."""
        columns = self.table.cached_columns
        return () if columns is None else tuple(columns[name] for name in self.keys)


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def check_options(load: Any, timeout: Any) -> None:
    """Raise RuleError unless ``load`` and ``timeout`` are valid."""
    if load not in ("once", "per batch"):
        raise RuleError(f"load={load!r} is neither 'once' nor 'per batch'")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise RuleError(f"timeout={timeout!r} is not a number of seconds", hint="timeout=30")
