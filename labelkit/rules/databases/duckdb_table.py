"""Look up in DuckDB: Parquet, CSV and JSON files, local, on a server or in a bucket, and databases of DuckDB."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import pyarrow as pa

from labelkit._shared.near_names import path_hint
from labelkit._shared.optional import optional
from labelkit._shared.secrets import from_environment, masked, secrets_of, without_secrets
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import DatabaseError, LabelkitError, RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules.databases._keys import corpus_value
from labelkit.rules.databases.table import Load, Table, UnreachableError, check_options

R = TypeVar("R")

_READERS: Final = {
    "read_parquet($path)": (".parquet", ".pq"),
    "read_csv($path, header = true, all_varchar = true)": (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst"),
    "read_json($path)": (".json", ".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"),
}
_OPENING: Final = threading.Lock()
"""Held while a cursor is opened: threads share the connection, and each has its own cursor."""

_TYPES: Final[dict[str, type]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), int),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), int),
    **dict.fromkeys(("FLOAT", "DOUBLE"), float),
    **dict.fromkeys(("VARCHAR", "ENUM"), str),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"), datetime),
    "BOOLEAN": bool,
    "DATE": date,
    "TIME": time,
    "INTERVAL": timedelta,
    "DECIMAL": Decimal,
    "BLOB": bytes,
    "UUID": UUID,
}


@checks_keywords
def duckdb_table(
    source: str | Path, table: str | None = None, *, load: Load = "once", timeout: float = 60.0
) -> DuckDBTable:
    """Declare a table of DuckDB, or files that DuckDB reads, as the source of a look-up.

    Parameters
    ----------
    source : str or path
        Parquet, CSV or JSON files, also compressed, by a path, a pattern (``facts/*.parquet``) or an address
        (``s3://bucket/facts/*.parquet``, ``https://...``); or a database of DuckDB (``.duckdb``, ``.ddb``, ``.db``). A
        relative path starts at the folder of the calling module. ``${NAME}`` is the value of an environment variable.
        Buckets are opened with DuckDB's own credentials: the ``AWS_*`` variables, or a secret stored by
        ``CREATE PERSISTENT SECRET``.
    table : str, optional
        The table or view of a database.
    load : {"once", "per batch"}
        As in :func:`labelkit.sql_table`. A file has no index: DuckDB reads its columns of keys for each batch.
    timeout : float
        Time limit of a query, in seconds.

    Returns
    -------
    DuckDBTable

    Raises
    ------
    RuleError
        If the source is neither such a file nor a named table of a database, or an option is invalid.

    Notes
    -----
    The columns of CSV files are read as text, as everywhere in labelkit: ``007`` is not 7.

    Examples
    --------
    >>> duckdb_table("s3://bucket/facts/*.parquet", load="per batch")
    duckdb_table('s3://bucket/facts/*.parquet', load='per batch')
    """
    check_options(load, timeout)
    path = str(source)
    if (table is None) is not (_reader(path) is not None):
        if table is None:
            hint = 'duckdb_table("facts.parquet"), or duckdb_table("shop.duckdb", "banned")'
            raise RuleError(f"{masked(path)!r} is neither Parquet, CSV nor JSON, and no table is named", hint=hint)
        raise RuleError(f"{masked(path)!r} is a file of rows, which has no table {table!r}")
    file = file_of_caller()
    return DuckDBTable(path, table, load, float(timeout), "" if file is None else str(Path(file).parent))


@dataclass(frozen=True, repr=False)
class DuckDBTable(Table):
    """A table of a DuckDB database, or files that DuckDB reads; created by :func:`duckdb_table`.

    Attributes
    ----------
    source : str
    name : str or None
    load : {"once", "per batch"}
    timeout : float
    folder : str
        The folder at which a relative path starts.
    """

    source: str
    name: str | None = None
    load: Load = "once"
    timeout: float = 60.0
    folder: str = ""

    @property
    def where(self) -> str:
        """The table and its path or address, without passwords, for messages."""
        return masked(self.source) if self.name is None else f"table {self.name!r} of {masked(self.source)}"

    @property
    def identity(self) -> tuple[Any, ...]:
        """The path as given, without passwords, and the name of the table."""
        return "duckdb", masked(self.source), self.name

    def __repr__(self) -> str:
        name = "" if self.name is None else f", {self.name!r}"
        load = "" if self.load == "once" else f", load={self.load!r}"
        return f"duckdb_table({masked(self.source)!r}{name}{load})"

    def describe_columns(self) -> dict[str, type | None]:
        """Query the names and types of the columns."""
        rows = self._run(lambda cursor: self._fetch(cursor, f"DESCRIBE SELECT * FROM {self._from}"))  # noqa: S608 - quoted names
        return {row[0]: _TYPES.get(row[1].partition("(")[0], object) for row in rows}

    def rows(self, columns: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
        """Return the distinct rows of some columns, at most ``limit`` of them."""
        listed = ", ".join(map(_quoted, columns))
        query = f"SELECT DISTINCT {listed} FROM {self._from} LIMIT {limit:d}"  # noqa: S608 - quoted names
        return self._run(lambda cursor: self._fetch(cursor, query))

    def rows_of(
        self, keys: Sequence[tuple[Any, ...]], columns: Sequence[str], value: str | None
    ) -> list[tuple[Any, ...]]:
        """Return the distinct rows of some keys, by a semi-join with an Arrow table of the keys."""
        names = [*columns, *([] if value is None else [value])]
        listed = ", ".join(f"source.{_quoted(name)}" for name in names)
        same = " AND ".join(f"source.{_quoted(name)} = queried.key_{place}" for place, name in enumerate(columns))
        query = f"SELECT DISTINCT {listed} FROM {self._from} AS source SEMI JOIN queried ON {same}"  # noqa: S608 - quoted names
        key_table = pa.table({f"key_{place}": _array(part) for place, part in enumerate(zip(*keys, strict=True))})

        def fetch(cursor: Any) -> list[tuple[Any, ...]]:
            cursor.register("queried", key_table)
            return self._fetch(cursor, query)

        return self._run(fetch)

    @property
    def _from(self) -> str:
        """The SQL after FROM: the quoted name of a table, or a call that reads the file of parameter ``path``."""
        return str(_reader(self.source)) if self.name is None else _quoted(self.name)

    def _fetch(self, cursor: Any, query: str) -> list[tuple[Any, ...]]:
        parameters = {"path": self._path} if self.name is None else {}
        return [tuple(map(corpus_value, row)) for row in cursor.execute(query, parameters).fetchall()]

    @property
    def _path(self) -> str:
        try:
            path = from_environment(self.source)
        except LabelkitError as error:
            raise DatabaseError(f"{self.where}: {error.message}", hint=error.hint, code=error.code) from None
        return path if "://" in path else str(Path(self.folder) / path)

    @cached_property
    def _connection(self) -> Any:
        """The connection, closed with the table or at the end of the process; each thread opens a cursor of it."""
        duckdb = optional("duckdb", extra="duckdb")
        if self.name is None:
            connection = duckdb.connect()
        elif not Path(self._path).is_file():
            raise DatabaseError(
                f"{self.where}: there is no file {self._path}",
                hint=path_hint(self._path, "a path is relative to its module"),
                code="LK201",
            )
        else:
            connection = duckdb.connect(self._path, read_only=True)
        weakref.finalize(self, connection.close)
        return connection

    def _run(self, work: Callable[[Any], R]) -> R:
        return self.with_retry(lambda: self._run_once(work))

    def _run_once(self, work: Callable[[Any], R]) -> R:
        """Call a function with a cursor; raise a failure as DatabaseError, or UnreachableError if a retry may help."""
        duckdb = optional("duckdb", extra="duckdb")
        try:
            with _OPENING:
                opened = self._connection.cursor()
            with opened as cursor, _limited(cursor, self.timeout):
                return work(cursor)
        except duckdb.InterruptException:
            raise DatabaseError(
                f"{self.where} did not answer within {self.timeout:g} s", hint="timeout=300", code="LK623"
            ) from None
        except duckdb.Error as error:
            message = without_secrets(" ".join(str(error).split("\n\nLINE ")[0].split()), secrets_of(self._path))[:400]
            may_be_temporary = isinstance(error, duckdb.IOException) and "://" in self.source
            kind = UnreachableError if may_be_temporary else DatabaseError
            raise kind(f"{self.where}: {message}") from None


def _reader(path: str) -> str | None:
    """Return the call of DuckDB that reads a file, with the path as a parameter; None for a database."""
    plain = path.partition("?")[0].lower()
    return next((reader for reader, suffixes in _READERS.items() if plain.endswith(suffixes)), None)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _array(keys: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(keys)
    except OverflowError:  # unsigned numbers beside negative ones
        return pa.array([Decimal(key) for key in keys], pa.decimal128(20, 0))


@contextmanager
def _limited(cursor: Any, timeout: float) -> Iterator[None]:
    """Interrupt a query of the cursor that takes longer than ``timeout`` seconds."""
    timer = threading.Timer(timeout, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
