"""Look up in a table of any database that SQLAlchemy supports; the tests cover PostgreSQL and SQLite."""

from __future__ import annotations

import re
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from labelkit._shared.near_names import near_name, path_hint
from labelkit._shared.optional import optional
from labelkit._shared.secrets import UNREAD_ADDRESS, anonymous, from_environment, masked, secrets_of, without_secrets
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import DatabaseError, LabelkitError, MissingExtraError, RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules.databases._keys import corpus_value
from labelkit.rules.databases.table import Load, Table, UnreachableError, check_options

R = TypeVar("R")

MOST_KEYS: Final = 500
"""Bound parameters in one query if keys cannot be sent as an array; some databases allow a thousand."""

MOST_INT: Final = 2**63
"""Integers from here on fit into no column of SQL."""

LONGEST_CONNECT: Final = 10.0
"""Time limit of a connection attempt, in seconds."""

_TYPES: Final = (bool, int, float, str, bytes, Decimal, UUID, datetime, date, time, timedelta)
_TAKES_TUPLES: Final = {"sqlite", "mysql", "mariadb"}
_PACKAGES: Final = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
_SQLITE: Final = {".db", ".sqlite", ".sqlite3"}
_REFUSED: Final = re.compile(
    r"authentication failed|no password supplied|access denied|permission denied|(?:role|database) \S+ does not exist",
    re.IGNORECASE,
)
"""Messages of databases about permanent failures, for which a retry is useless."""

_QUERY_CANCELED: Final = "57014"
"""SQLSTATE of PostgreSQL for a query that exceeded its time limit."""


@checks_keywords
def sql_table(
    url: str | Path, table: str, *, schema: str | None = None, load: Load = "once", timeout: float = 30.0
) -> SQLTable:
    """Declare a table (or view) of a database that SQLAlchemy supports, as the source of a look-up.

    Parameters
    ----------
    url : str or path
        An address of SQLAlchemy, such as ``postgresql+psycopg://reader:${DB_PASSWORD}@db.example/shop``, or the path of
        an SQLite file (``.db``, ``.sqlite``, ``.sqlite3``), relative to the folder of the calling module. ``${NAME}``
        is the value of an environment variable, looked up when a connection is opened; ``env:NAME`` stands for a whole
        address.
    table : str
        The name of the table.
    schema : str, optional
        The schema of the table, if not the default one.
    load : {"once", "per batch"}
        ``"once"`` reads the table when the rule is declared, like a file: its content becomes part of the rule's
        fingerprint. ``"per batch"`` queries the distinct keys of each batch, for tables that do not fit in memory. The
        votes of such a rule may change although the rule does not, so the vote cache skips it, unless it is declared
        with ``cache=True``.
    timeout : float
        Time limit of a query, in seconds.

    Returns
    -------
    SQLTable

    Raises
    ------
    RuleError
        If the address, the name or an option is invalid.

    Examples
    --------
    >>> sql_table("sqlite:///shop.db", "banned")
    sql_table('sqlite:///shop.db', 'banned')
    """
    check_options(load, timeout)
    if not isinstance(table, str) or not table:
        raise RuleError(f"table={table!r} is not the name of a table", hint='sql_table("sqlite:///shop.db", "banned")')
    address = str(url)
    if "://" not in address and not address.startswith("env:"):
        if Path(address).suffix.lower() not in _SQLITE:
            hint = "give sqlite:///file.db, postgresql+psycopg://..., or duckdb_table(...) for DuckDB's files"
            raise RuleError(f"{masked(address)!r} is not the address of a database", hint=hint)
        address = f"sqlite:///{address}"
    file = file_of_caller()
    return SQLTable(address, table, schema, load, float(timeout), "" if file is None else str(Path(file).parent))


@dataclass(frozen=True, repr=False)
class SQLTable(Table):
    """A table of a database that SQLAlchemy supports; created by :func:`sql_table`.

    Attributes
    ----------
    address : str
        As given, with references to environment variables.
    name : str
    schema : str or None
    load : {"once", "per batch"}
    timeout : float
    folder : str
        The folder at which the path of an SQLite file starts.
    """

    address: str
    name: str
    schema: str | None = None
    load: Load = "once"
    timeout: float = 30.0
    folder: str = field(default="", compare=True)

    @property
    def where(self) -> str:
        """The table and its address, without passwords, for messages."""
        name = self.name if self.schema is None else f"{self.schema}.{self.name}"
        return f"table {name!r} of {masked(self.address)}"

    @property
    def identity(self) -> tuple[Any, ...]:
        """The address without user and password, the schema and the name."""
        return "sql", anonymous(self.address), self.schema, self.name

    def __repr__(self) -> str:
        schema = "" if self.schema is None else f", schema={self.schema!r}"
        load = "" if self.load == "once" else f", load={self.load!r}"
        return f"sql_table({masked(self.address)!r}, {self.name!r}{schema}{load})"

    def describe_columns(self) -> dict[str, type | None]:
        """Query the names and types of the columns."""
        return {column.name: _python_type(column.type) for column in self._reflected.columns}

    def rows(self, columns: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
        """Return the distinct rows of some columns, at most ``limit`` of them."""
        sa = _sqlalchemy()
        chosen = [self._reflected.columns[name] for name in columns]
        query = sa.select(*chosen).distinct().limit(limit)
        return self._run(lambda connection: _fetch(connection, query))

    def rows_of(
        self, keys: Sequence[tuple[Any, ...]], columns: Sequence[str], value: str | None
    ) -> list[tuple[Any, ...]]:
        """Return the distinct rows of some keys, by as many queries as the limit of parameters requires."""
        sa = _sqlalchemy()
        names = tuple(columns) if value is None else (*columns, value)
        query = sa.select(*(self._reflected.columns[name] for name in names)).distinct()
        key_columns = [self._reflected.columns[name] for name in columns]

        def fetch(connection: Any) -> list[tuple[Any, ...]]:
            dialect = connection.dialect.name
            accepted = _accepted_keys(dialect, key_columns, keys)
            conditions = _conditions(dialect, key_columns, accepted) if accepted else ()
            return [row for condition in conditions for row in _fetch(connection, query.where(condition))]

        return self._run(fetch)

    @cached_property
    def _engine(self) -> Any:
        """The connection pool, closed with the table or at the end of the process."""
        sa = _sqlalchemy()
        address = self._resolved
        try:
            url = sa.make_url(address)
            if url.get_backend_name() == "sqlite":
                url = url.set(database=str(self._file(url.database)))
            engine = sa.create_engine(url, hide_parameters=True, connect_args=_time_limits(url, self.timeout))
        except ModuleNotFoundError as error:
            package = _PACKAGES.get(str(error.name), str(error.name))
            message = f"{self.where} needs the package {error.name!r}, which is not installed"
            raise MissingExtraError(message, hint=f"pip install '{package}'") from None
        except sa.exc.SQLAlchemyError as error:
            raise DatabaseError(f"{self.where}: {without_secrets(str(error), secrets_of(address))}") from None
        except ValueError:  # whose message holds a piece of the address
            raise DatabaseError(f"{self.where}: this is no address", hint=UNREAD_ADDRESS) from None
        weakref.finalize(self, engine.dispose)
        return engine

    @property
    def _resolved(self) -> str:
        try:
            return from_environment(self.address)
        except LabelkitError as error:
            raise DatabaseError(f"{self.where}: {error.message}", hint=error.hint, code=error.code) from None

    def _file(self, database: str | None) -> Path:
        path = Path(self.folder) / (database or "")
        if not path.is_file():
            raise DatabaseError(
                f"{self.where}: there is no file {path}",
                hint=path_hint(path, "a path is relative to its module"),
                code="LK201",
            )
        return path

    @cached_property
    def _reflected(self) -> Any:
        """The table as the database describes it."""
        sa = _sqlalchemy()

        def reflect(connection: Any) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sa.exc.SAWarning)  # unknown types of columns that no rule reads
                metadata = sa.MetaData()
                return sa.Table(self.name, metadata, schema=self.schema, autoload_with=connection, resolve_fks=False)

        try:
            return self._run(reflect)
        except sa.exc.NoSuchTableError:
            names = self._run(lambda connection: _names(sa.inspect(connection), self.schema))
            listed = ", ".join(map(repr, names)) or "none"
            near = near_name(self.name, names)
            raise DatabaseError(
                f"{self.where} does not exist; the database has {listed}",
                hint=None if near is None else f"did you mean {near!r}?",
                code="LK622",
            ) from None

    def _run(self, work: Callable[[Any], R]) -> R:
        """Call a function with a connection, and retry once if the database cannot be reached."""
        return self.with_retry(lambda: self._run_once(work))

    def _run_once(self, work: Callable[[Any], R]) -> R:
        sa = _sqlalchemy()
        engine = self._engine
        try:
            with engine.connect() as connection, _limited(connection, self.timeout):
                return work(connection)
        except sa.exc.NoSuchTableError:
            raise
        except sa.exc.SQLAlchemyError as error:
            raise self._failure(error) from None

    def _failure(self, error: Any) -> DatabaseError:
        """Convert an error of a driver, without the password and the keys; UnreachableError if a retry may help."""
        cause = getattr(error, "orig", None) or error
        message = without_secrets(" ".join(str(cause).split()), secrets_of(self._resolved))[:400]
        if getattr(cause, "sqlstate", None) == _QUERY_CANCELED or str(cause) == "interrupted":
            hint = "an index on the columns of keys, or a longer timeout=, may help"
            return DatabaseError(f"{self.where} did not answer within {self.timeout:g} s", hint=hint, code="LK623")
        exc = _sqlalchemy().exc
        if _REFUSED.search(message):
            hint = "check the user and the password, or the environment variable that holds it"
            return DatabaseError(f"{self.where} may not be read: {message}", hint=hint, code="LK622")
        may_be_temporary = isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError)
        if may_be_temporary or getattr(error, "connection_invalidated", False):
            return UnreachableError(f"{self.where} does not answer: {message}")
        return DatabaseError(f"{self.where}: {message}")


def _sqlalchemy() -> Any:
    return optional("sqlalchemy", extra="sql")


def _names(inspector: Any, schema: str | None) -> list[str]:
    return sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])


def _fetch(connection: Any, query: Any) -> list[tuple[Any, ...]]:
    """Run a query, and convert its rows to the values that corpora use."""
    return [tuple(map(corpus_value, row)) for row in connection.execute(query)]


def _python_type(kind: Any) -> type | None:
    """Return the type of a column's values; None if they may be of any type, object if no corpus can hold them."""
    if isinstance(kind, _sqlalchemy().types.NullType):
        return None
    try:
        python_type = kind.python_type
    except NotImplementedError:
        return object
    return next((one for one in _TYPES if python_type is one), object)


def _accepted_keys(dialect: str, columns: Sequence[Any], keys: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the keys that a driver accepts for these columns, converted for it; no row can have any of the others."""
    sa = _sqlalchemy()
    enums = [set(column.type.enums) if isinstance(column.type, sa.Enum) else None for column in columns]
    ids = [_python_type(column.type) is UUID for column in columns]

    def takes(part: Any, enum: set[str] | None) -> bool:
        if isinstance(part, str):
            return part in enum if enum is not None else dialect == "sqlite" or "\x00" not in part
        return not isinstance(part, int) or part < MOST_INT

    kept = (key for key in keys if all(map(takes, key, enums)))
    return [tuple(UUID(part) if is_id else part for part, is_id in zip(key, ids, strict=True)) for key in kept]


def _conditions(dialect: str, columns: Sequence[Any], keys: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """Yield conditions that select the rows of the keys, one for each query; keys are bound parameters."""
    if dialect == "postgresql" and all(_in_arrays(column.type) for column in columns):
        yield _in_array(columns, keys)
        return
    sa = _sqlalchemy()
    step = max(1, MOST_KEYS // len(columns))
    for start in range(0, len(keys), step):
        some = keys[start : start + step]
        if len(columns) == 1:
            yield columns[0].in_([key[0] for key in some])
        elif dialect in _TAKES_TUPLES:
            yield sa.tuple_(*columns).in_(some)
        else:
            pairs = (zip(columns, key, strict=True) for key in some)
            yield sa.or_(*(sa.and_(*(column == part for column, part in pair)) for pair in pairs))


def _in_arrays(kind: Any) -> bool:
    """Return True if values of a type can be sent to PostgreSQL as an array without loss."""
    return _python_type(kind) in _TYPES and not isinstance(kind, _sqlalchemy().Enum)


def _in_array(columns: Sequence[Any], keys: Sequence[tuple[Any, ...]]) -> Any:
    """Build a condition of PostgreSQL that takes all keys in one query, as one array for each column."""
    sa = _sqlalchemy()
    arrays = [
        sa.bindparam(f"keys_{place}", [key[place] for key in keys], sa.ARRAY(_wide(column.type)), unique=True)
        for place, column in enumerate(columns)
    ]
    if len(columns) == 1:
        return columns[0] == sa.any_(arrays[0])
    names = [sa.column(f"key_{place}", _wide(column.type)) for place, column in enumerate(columns)]
    return sa.tuple_(*columns).in_(sa.select(sa.func.unnest(*arrays).table_valued(*names).render_derived()))


def _wide(kind: Any) -> Any:
    """Return a type wide enough for every key: a cast to a shorter one would truncate it."""
    sa = _sqlalchemy()
    if isinstance(kind, sa.Integer):
        return sa.BigInteger()
    return sa.Text() if isinstance(kind, sa.String) and not isinstance(kind, sa.CHAR) else kind


def _time_limits(url: Any, timeout: float) -> dict[str, Any]:
    """Return the connection arguments by which each driver limits the time to connect (and to read)."""
    connect = max(1, int(min(timeout, LONGEST_CONNECT)))
    driver = url.get_driver_name()
    if url.get_backend_name() == "postgresql" and driver in ("psycopg", "psycopg2"):
        return {"connect_timeout": connect}
    if driver in ("pymysql", "mysqldb"):
        return {"connect_timeout": connect, "read_timeout": max(1, int(timeout))}
    return {"timeout": connect} if driver == "pysqlite" else {}


@contextmanager
def _limited(connection: Any, timeout: float) -> Iterator[None]:
    """Cancel a query of the connection that takes longer than ``timeout`` seconds."""
    sa = _sqlalchemy()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.set_config("statement_timeout", str(int(1000 * timeout)), True)))  # noqa: FBT003 - SQL's word
    interrupt = getattr(connection.connection.dbapi_connection, "interrupt", None)
    if interrupt is None:
        yield
        return
    timer = threading.Timer(timeout, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
