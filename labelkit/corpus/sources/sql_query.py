"""Read the rows of a query to a database, with a cursor of the server, into a temporary file.

The query is sent once: its rows and their order stay as they came, whatever becomes of the tables meanwhile. See
:mod:`labelkit.corpus.sources.spooled`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from labelkit._shared.near_names import path_hint
from labelkit._shared.optional import optional
from labelkit._shared.secrets import UNREAD_ADDRESS, from_environment, masked, secrets_of, without_secrets
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus.sources._typed_rows import write_rows
from labelkit.corpus.sources.lazy_frames import relation_reader
from labelkit.corpus.sources.spooled import BATCH, LeftOut, SpooledSource, write_kept
from labelkit.exceptions import CorpusError, DatabaseError, LabelkitError, MissingExtraError

LONGEST_CONNECT: Final = 10
"""Time limit of a connection attempt, in seconds."""

SHOWN: Final = 60
"""Characters of a query in messages."""

CAST: Final = "give the column one type in the query: CAST({name} AS TEXT)"

_SQLITE: Final = (".db", ".sqlite", ".sqlite3")
_DUCKDB: Final = (".duckdb", ".ddb")
_PACKAGES: Final = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
_READS: Final = {"select", "with", "values", "table", "from", "show", "describe", "explain", "pivot", "unpivot"}
_APART: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \$(\w*)\$.*?\$\1\$ | --[^\n]* | /\*.*?\*/""",
    re.VERBOSE | re.DOTALL,
)
"""Texts, quoted names and comments, in which a semicolon ends nothing."""

_REFUSED: Final = re.compile(
    r"authentication failed|no password supplied|access denied|permission denied|(?:role|database) \S+ does not exist",
    re.IGNORECASE,
)


@checks_keywords
@dataclass(frozen=True, repr=False)
class SqlQuery:
    """A query whose rows are a corpus, wherever one is taken.

    The query is sent once, and its rows are kept in a temporary file, so that they are the same rows in the same order
    for all that reads them in this process. Another run sends it again: add ``ORDER BY`` with a column that is unique,
    or name the ids (``id=``), so that rows are recognised.

    Parameters
    ----------
    query : str
        One statement that reads.
    database : str, path or connection
        An address of SQLAlchemy, such as ``postgresql://reader:${DB_PASSWORD}@db.example/shop``; the path of an SQLite
        or DuckDB file (``.db``, ``.sqlite``, ``.sqlite3``, ``.duckdb``), or ``sqlite:///file``, ``duckdb:///file``; an
        engine or a connection of SQLAlchemy, or a connection of sqlite3 or DuckDB. ``${NAME}`` is the value of an
        environment variable, ``env:NAME`` that of the whole address. A database that is opened by its address is opened
        for reading alone.

    Raises
    ------
    CorpusError
        If the query is not one statement, or does not read.

    Examples
    --------
    >>> SqlQuery("SELECT text FROM mails ORDER BY id", "postgresql://bob:hunter2@db.example/mails")
    SqlQuery('SELECT text FROM mails ORDER BY id', 'postgresql://bob:***@db.example/mails')
    """

    query: str
    database: Any

    def __post_init__(self) -> None:
        if not isinstance(self.query, str):
            raise CorpusError(
                f"query={self.query!r:.80} is no text", hint='SqlQuery("SELECT ...", "sqlite:///shop.db")'
            )
        bare = _APART.sub(" ", self.query).strip().rstrip(";").strip()
        if ";" in bare:
            raise CorpusError(f"the query {self.shown} is several statements", hint="give one that reads the rows")
        word = re.match(r"[\s(]*(\w*)", bare)
        if word is None or word[1].lower() not in _READS:
            raise CorpusError(
                f"the query {self.shown} does not begin as one that reads rows", hint="SELECT text FROM table"
            )

    @property
    def shown(self) -> str:
        """The beginning of the query, for messages."""
        text = " ".join(self.query.split())
        return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")

    @property
    def where(self) -> str:
        """The query and the database, without passwords, for messages."""
        given = self.database
        return f"the query {self.shown} to {masked(str(given)) if isinstance(given, str | Path) else _kind(given)}"

    def __repr__(self) -> str:
        given = self.database
        return f"SqlQuery({self.query!r}, {masked(str(given)) if isinstance(given, str | Path) else given!r:.80})"


def from_query(query: SqlQuery) -> SpooledSource:
    """Read the rows of a query."""
    send = _sender(query)
    return SpooledSource(query.where, lambda path: send(query, path))


def _sender(query: SqlQuery) -> Callable[[SqlQuery, Path], LeftOut | None]:
    """Return what sends a query to its database."""
    database = query.database
    if isinstance(database, str | Path):
        is_duckdb = _duckdb_file(_address(query)) is not None
        return _from_duckdb_file if is_duckdb else _from_address
    kind = type(database)
    if isinstance(database, sqlite3.Connection):
        return _from_sqlite_connection
    if kind.__module__.partition(".")[0].strip("_") == "duckdb" and hasattr(database, "sql"):
        return _from_duckdb_connection
    if hasattr(database, "exec_driver_sql"):
        return lambda one, path: _from_connection(one, path, database)
    if hasattr(database, "connect") and hasattr(database, "dialect"):
        return lambda one, path: _from_engine(one, path, database)
    raise CorpusError(
        f"{_kind(database)} is no database that can be asked",
        hint="give an address, an engine of SQLAlchemy, or a connection of SQLAlchemy, sqlite3 or DuckDB",
        code="LK213",
    )


def _kind(value: Any) -> str:
    return f"a {type(value).__module__.partition('.')[0].strip('_')} {type(value).__name__}"


def _address(query: SqlQuery) -> str:
    """Return the address of a database as SQLAlchemy writes it."""
    try:
        address = from_environment(str(query.database))
    except LabelkitError as error:
        raise DatabaseError(f"{query.where}: {error.message}", hint=error.hint, code=error.code) from None
    if "://" not in address:
        suffix = Path(address).suffix.lower()
        if suffix not in (*_SQLITE, *_DUCKDB):
            raise DatabaseError(
                f"{masked(address)!r} is not the address of a database",
                hint="give postgresql://user:${DB_PASSWORD}@host/name, sqlite:///file.db or duckdb:///file.duckdb",
            )
        return f"{'duckdb' if suffix in _DUCKDB else 'sqlite'}:///{Path(address).expanduser()}"
    scheme, rest = address.split("://", 1)
    if scheme in {"postgres", "postgresql"}:  # the former is no name of SQLAlchemy, but hosts write it
        scheme = "postgresql+psycopg" if find_spec("psycopg") is not None else "postgresql"
    return f"{scheme}://{rest}"


# DuckDB ---------------------------------------------------------------------------------------------------------------


def _duckdb_file(address: str) -> str | None:
    """Return the file of an address of DuckDB; empty for a database in memory, None for other databases."""
    if not address.startswith("duckdb:"):
        return None
    return address.partition("://")[2].removeprefix("/").partition("?")[0].removeprefix(":memory:")


def _from_duckdb_file(query: SqlQuery, path: Path) -> LeftOut:
    duckdb = optional("duckdb", extra="duckdb")
    file = _duckdb_file(_address(query))
    if file:
        _check_file(query, file)
    with _failures(query, duckdb.Error):
        connection = duckdb.connect(file, read_only=True) if file else duckdb.connect()
        with connection:
            return _send_to_duckdb(query, path, connection)


def _from_duckdb_connection(query: SqlQuery, path: Path) -> LeftOut:
    duckdb = optional("duckdb", extra="duckdb")
    with _failures(query, duckdb.Error), query.database.cursor() as cursor:
        return _send_to_duckdb(query, path, cursor)


def _send_to_duckdb(query: SqlQuery, path: Path, connection: Any) -> LeftOut:
    reader = relation_reader(connection.sql(query.query))
    return write_kept(path, reader.schema, reader)


# Other databases ------------------------------------------------------------------------------------------------------


def _from_sqlite_connection(query: SqlQuery, path: Path) -> None:
    with _failures(query, sqlite3.Error), closing(query.database.cursor()) as cursor:
        cursor.execute(query.query)
        _write(query, path, cursor)


def _from_address(query: SqlQuery, path: Path) -> None:
    sa = optional("sqlalchemy", extra="sql")
    address = _address(query)
    try:
        url = sa.make_url(address)
        engine = _sqlite_engine(query, url) if url.get_backend_name() == "sqlite" else _engine(url)
    except ModuleNotFoundError as error:
        package = _PACKAGES.get(str(error.name), str(error.name))
        message = f"{query.where} needs the package {error.name!r}, which is not installed"
        raise MissingExtraError(message, hint=f"pip install '{package}'") from None
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseError(f"{query.where}: {without_secrets(str(error), secrets_of(address))}") from None
    except ValueError:  # whose message holds a piece of the address
        raise DatabaseError(f"{query.where}: this is no address", hint=UNREAD_ADDRESS) from None
    try:
        _from_engine(query, path, engine)
    finally:
        engine.dispose()


def _engine(url: Any) -> Any:
    sa = optional("sqlalchemy", extra="sql")
    is_psycopg = url.get_driver_name() in {"psycopg", "psycopg2"}
    limit = {"connect_timeout": LONGEST_CONNECT} if is_psycopg and "connect_timeout" not in url.query else {}
    reads = {"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}
    return sa.create_engine(url, hide_parameters=True, connect_args=limit, execution_options=reads)


def _sqlite_engine(query: SqlQuery, url: Any) -> Any:
    """Open a file of SQLite for reading alone."""
    sa = optional("sqlalchemy", extra="sql")
    file = Path(url.database or "").expanduser()
    _check_file(query, str(file))
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    )


def _check_file(query: SqlQuery, file: str) -> None:
    if not Path(file).is_file():
        raise DatabaseError(f"{query.where}: there is no file {file!r}", hint=path_hint(file), code="LK201")


def _from_engine(query: SqlQuery, path: Path, engine: Any) -> None:
    sa = optional("sqlalchemy", extra="sql")
    with _failures(query, sa.exc.SQLAlchemyError), engine.connect() as connection:
        _from_connection(query, path, connection)


def _from_connection(query: SqlQuery, path: Path, connection: Any) -> None:
    sa = optional("sqlalchemy", extra="sql")
    options = {"stream_results": True, "no_parameters": True, "max_row_buffer": BATCH}  # % is no place of a parameter
    with (
        _failures(query, sa.exc.SQLAlchemyError),
        connection.exec_driver_sql(query.query, execution_options=options) as result,
    ):
        if not result.returns_rows:
            raise CorpusError(f"{query.where} gives no rows", hint="SELECT text FROM table", code="LK204")
        _write_rows(query, path, list(result.keys()), iter(lambda: result.fetchmany(BATCH), []))


def _write(query: SqlQuery, path: Path, cursor: sqlite3.Cursor) -> None:
    names = [column[0] for column in cursor.description]
    _write_rows(query, path, names, iter(lambda: cursor.fetchmany(BATCH), []))


def _write_rows(query: SqlQuery, path: Path, names: Sequence[str], batches: Iterator[Sequence[Any]]) -> None:
    try:
        write_rows(path, names, (batches if names else ()), CAST)
    except CorpusError as error:
        raise CorpusError(f"{query.where}, {error.message}", hint=error.hint, code=error.code) from None


@contextmanager
def _failures(query: SqlQuery, kinds: type[Exception]) -> Iterator[None]:
    """Raise the errors of a driver as DatabaseError, in one line, without passwords."""
    try:
        yield
    except kinds as error:
        cause = getattr(error, "orig", None) or error
        given = _address(query) if isinstance(query.database, str | Path) else ""
        shown = str(cause).split("\n\nLINE ")[0]
        message = without_secrets(" ".join(shown.split()), secrets_of(given))[:400]
        raise DatabaseError(f"{query.where}: {message}", hint=_hint(message, error)) from None


def _hint(message: str, error: Exception) -> str | None:
    """Return what to do about a failure of a database."""
    if _REFUSED.search(message):
        return "check the user and the password, or the environment variable that holds it"
    if "read-only" in message or "readonly" in message:
        return "a corpus is read alone: give a query that does not write"
    is_lost = getattr(error, "connection_invalidated", False) or type(error).__name__ in {
        "OperationalError",
        "InterfaceError",
    }
    return "if the connection was lost, or the server is busy, run it again: nothing was kept" if is_lost else None
