"""Load logs into one table of DuckDB: a row for each event, times in microseconds (UTC), names of events as numbers.

The rows come through :func:`labelkit.open_corpus`, so that any source will do, and a row's number is its position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import nan_to_null, without_dictionary
from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.optional import optional
from labelkit.corpus.corpus import Batch, Corpus
from labelkit.corpus.missing_columns import columns_listed, missing_hint
from labelkit.curation.natural_labels.log_summary import column
from labelkit.curation.natural_labels.times import ISO, NAIVE, UNREADABLE, time_sql
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH: Final = 262_144
"""Rows that are handed to DuckDB together."""

PARTS: Final = 1_024
"""Users are spread over this many parts, of which some are computed at a time."""

MOST_NAMES: Final = 10_000
"""Distinct names of events; a column with more holds something else."""


@dataclass(frozen=True)
class LogColumns:
    """The names of the columns of a log; None for those that it does not have."""

    user: str
    item: str
    time: str
    event: str | None
    id: str | None = None
    position: str | None = None
    randomised: str | None = None
    keep: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All columns that are read."""
        named = [self.user, self.item, self.time, self.event, self.id, self.position, self.randomised]
        return list(dict.fromkeys([*(name for name in named if name is not None), *self.keep]))

    def check(self, corpus: Corpus) -> None:
        """Raise AnalysisError if the log lacks one of the columns."""
        for role in ("user", "item", "time", "event", "id", "position", "randomised"):
            name = getattr(self, role)
            if name is not None and not corpus.has_column(name):
                listed = columns_listed(corpus.column_names)
                raise AnalysisError(
                    f"{corpus.name} has no column {name!r} for {role}=; its columns are {listed}",
                    hint=missing_hint(name, corpus.column_names) or f"{role}= one of them",
                    code="LK202",
                )
        for name in self.keep:
            corpus.column_type(name)


@dataclass
class EventTable:
    """The table ``events`` of a connection, and what is in it."""

    connection: Any
    time_zone: str | None
    names: tuple[str, ...]
    n_impression_names: int
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    n_rows: int = 0
    has_ids: bool = False
    key_types: dict[str, tuple[pa.DataType, str]] = field(default_factory=dict)

    def load(self, corpus: Corpus, columns: LogColumns, *, event: str | None = None) -> None:
        """Append the rows of a log.

        Parameters
        ----------
        corpus : Corpus
        columns : LogColumns
        event : str, optional
            The event that all rows are, where no column says it.

        Raises
        ------
        AnalysisError
            If a column is missing or of another type, or times cannot be read or have no zone.
        """
        columns.check(corpus)
        kind = value_type(corpus.column_type(columns.time))
        if pa.types.is_timestamp(kind) and kind.tz is None and self.time_zone is None:
            raise _no_zone("the times have no zone", f"column {columns.time!r} of {corpus.name}")
        time, zone = time_sql(kind, columns.time, corpus.name, self.time_zone)
        counts = self.counts.setdefault(corpus.name, Counter())
        batches = _batches(corpus, columns, counts, event)
        first = next(batches, None)
        if first is None:
            return
        self._check_types(first.schema, corpus.name)
        failures: list[Exception] = []
        reader = pa.RecordBatchReader.from_batches(first.schema, _noted(chain([first], batches), failures))
        duckdb = optional("duckdb", extra="duckdb")
        try:
            self._insert(reader, first.schema, time, zone)
        except duckdb.Error as error:
            if failures:  # in the reading of the log, which DuckDB reports as an error of its own
                raise failures[0] from None
            raise AnalysisError(
                f"the events of {corpus.name} cannot be read: {' '.join(str(error).split())[:300]}",
                hint="position= holds whole numbers, and randomised= true or false",
            ) from error
        self._check_times(corpus, columns.time)
        self.has_ids = self.has_ids or columns.id is not None or corpus.has_ids
        self.n_rows = int(self.connection.execute("SELECT count(*) FROM events").fetchall()[0][0])

    def _insert(self, reader: pa.RecordBatchReader, schema: pa.Schema, time: str, zone: str) -> None:
        kept = [name for name in schema.names if name.startswith("keep_")]
        is_first = not self.n_rows
        names = ", ".join(f"'{_quoted(name)}'" for name in self.names)
        query = f"""
            SELECT row, {"id" if is_first else "NULL AS id"}, "user", item,
                CAST(coalesce(list_position([{names}], event), 0) AS UTINYINT) AS code,
                event IS NOT NULL AS named, {time} AS t, CAST(hash("user") % {PARTS} AS USMALLINT) AS part,
                CASE WHEN raw_time IS NULL THEN 0 ELSE {zone} END AS zone,
                CASE WHEN raw_time IS NOT NULL AND {zone} = {UNREADABLE} THEN CAST(raw_time AS VARCHAR) END AS unread,
                CAST(position AS BIGINT) AS position, coalesce(CAST(randomised AS BOOLEAN), FALSE) AS randomised
                {"".join(f", {column(name)}" for name in kept)}
            FROM arriving"""  # noqa: S608 - names are quoted
        self.connection.register("arriving", reader)
        try:
            self.connection.execute(
                f"CREATE TABLE events AS {query}" if is_first else f"INSERT INTO events BY NAME {query}"
            )
        finally:
            self.connection.unregister("arriving")

    def _check_types(self, schema: pa.Schema, name: str) -> None:
        """Raise AnalysisError if two logs name their users or items by values of different types."""
        for key in ("user", "item"):
            kind = schema.field(key).type
            before = self.key_types.setdefault(key, (kind, name))
            if before[0] != kind:
                raise AnalysisError(
                    f"the {key}s of {before[1]} are {before[0]} and those of {name} are {kind}: none would be the same",
                    hint=f'give both the same type: lk.open_corpus(path, types={{"{key}": "string"}})',
                )

    def _check_times(self, corpus: Corpus, column: str) -> None:
        rows = self.connection.execute(
            "SELECT zone, count(*), min(row), any_value(unread) FROM events GROUP BY zone"
        ).fetchall()
        zones = {zone: (count, row, unread) for zone, count, row, unread in rows}
        if UNREADABLE in zones:
            count, row, unread = zones[UNREADABLE]
            raise AnalysisError(
                f"{count:,} times of {corpus.name} cannot be read, such as {unread!r} (column {column!r}, "
                f"{corpus.place_of(row).row})",
                hint=ISO,
            )
        if NAIVE in zones and self.time_zone is None:
            aware = sum(count for zone, (count, _, _) in zones.items() if zone not in {0, NAIVE})
            count, row, _ = zones[NAIVE]
            what = f"{count:,} times have no time zone and {aware:,} have one" if aware else "the times have no zone"
            raise _no_zone(what, f"column {column!r} of {corpus.name}, {corpus.place_of(row).row}")


def _no_zone(what: str, where: str) -> AnalysisError:
    return AnalysisError(
        f"{what} ({where}): it is not known when they were",
        hint='time_zone="UTC", or the zone of the clock that wrote those without one, such as "Europe/Berlin"',
    )


def _noted(batches: Iterator[pa.RecordBatch], failures: list[Exception]) -> Iterator[pa.RecordBatch]:
    """Deliver batches; note what goes wrong."""
    try:
        yield from batches
    except Exception as error:
        failures.append(error)
        raise


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _batches(corpus: Corpus, columns: LogColumns, counts: Counter[str], event: str | None) -> Iterator[pa.RecordBatch]:
    """Deliver the rows under common names, with their numbers; count the names of events."""
    for batch in corpus.batches(columns.names, BATCH):
        yield _common(batch, columns, counts, event, corpus.name)


def _common(batch: Batch, columns: LogColumns, counts: Counter[str], event: str | None, table: str) -> pa.RecordBatch:
    rows = pa.array(np.arange(batch.start, batch.start + len(batch)))
    read = {name: without_dictionary(batch.table.column(name)) for name in columns.names}
    ids = read[columns.id] if columns.id is not None else rows if batch.ids is None else without_dictionary(batch.ids)
    events = pa.array([event]).take(pa.array(np.zeros(len(batch), dtype=np.int64)))
    if columns.event is not None:
        events = read[columns.event].cast(pa.string())
        _count(events, counts, columns.event, table)
    nothing = pa.nulls(len(batch), pa.int64())
    return pa.record_batch(
        {
            "row": rows,
            "id": ids,
            "user": _key(read[columns.user], columns.user, table),
            "item": _key(read[columns.item], columns.item, table),
            "event": events,
            "raw_time": _time(read[columns.time]),
            "position": nothing if columns.position is None else _without_blanks(read[columns.position]),
            "randomised": nothing if columns.randomised is None else _without_blanks(read[columns.randomised]),
            **{f"keep_{name}": read[name] for name in columns.keep},
        }
    )


def _count(events: pa.Array, counts: Counter[str], column: str, table: str) -> None:
    for entry in pc.value_counts(events.drop_null()):
        counts[entry["values"].as_py()] += entry["counts"].as_py()
    if len(counts) > MOST_NAMES:
        raise AnalysisError(
            f"the column {column!r} of {table} has over {MOST_NAMES:,} distinct values: it does not name events",
            hint="event= the column of impression, like, ...",
        )


def _without_blanks(values: pa.Array) -> pa.Array:
    """Make NaN and empty texts null."""
    values = nan_to_null(values)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), None, values)
    return values


def _time(values: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", tz=values.type.tz), safe=False)
    return _without_blanks(values)


def _key(values: pa.Array, column: str, table: str) -> pa.Array:
    """Return users or items as text or whole numbers, null where there is none."""
    values = _without_blanks(values)
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        try:
            return values.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise AnalysisError(
                f"the column {column!r} of {table} has numbers with fractions, which name nobody",
                hint="name users and items by text or whole numbers",
            ) from error
    if pa.types.is_null(values.type):
        return values.cast(pa.string())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return values.cast(pa.string())
    raise AnalysisError(
        f"the column {column!r} of {table} is of type {values.type}, which names nobody",
        hint="name users and items by text or whole numbers",
    )


def log_columns(
    corpus: Corpus, columns: Mapping[str, str | None], optional_names: Sequence[str], keep: tuple[str, ...]
) -> LogColumns:
    """Return the columns of a log; an optional one that has its usual name may be missing."""
    present = {
        role: None if name == role and role in optional_names and not corpus.has_column(name or "") else name
        for role, name in columns.items()
    }
    return LogColumns(
        user=present["user"] or "user",
        item=present["item"] or "item",
        time=present["time"] or "time",
        event=present.get("event"),
        id=present.get("id"),
        position=present.get("position"),
        randomised=present.get("randomised"),
        keep=keep,
    )
