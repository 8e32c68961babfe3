"""Attribute actions to impressions, and label the impressions, for some of the users at a time.

All steps look at one user alone, so that a part of the users is sorted in memory at once, and any number of events in
all. Within a user and item, an action belongs to the latest impression at or before it that is within reach; if there
is none, to the next impression, if that comes within the tolerated difference of clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from labelkit.curation.natural_labels.event_table import PARTS, EventTable
from labelkit.curation.natural_labels.log_summary import column

if TYPE_CHECKING:
    from labelkit.curation.natural_labels.targets import Target

ROWS_AT_A_TIME: Final = 4_000_000
"""Events that are sorted at once, about."""


@dataclass(frozen=True)
class BotRate:
    """More than ``most`` events of a user within ``span`` microseconds."""

    most: int
    span: int


@dataclass(frozen=True)
class AttributionRules:
    """The arguments of an attribution; times in microseconds."""

    targets: tuple[Target, ...]
    as_of: int
    skew: int
    dedupe: int | None
    bots: BotRate | None
    drops_bots: bool
    keep: tuple[str, ...]


@dataclass
class EventCounts:
    """Counts of events while they are attributed; ``bots`` counts users, ``bot_events`` what they did.

    ``early`` are orphans before the only impression; ``lead`` sums up how much, in microseconds.
    """

    events: int = 0
    duplicates: int = 0
    bots: int = 0
    bot_events: int = 0
    actions: int = 0
    orphans: int = 0
    early: int = 0
    lead: float = 0.0
    skewed: int = 0


def attribute(events: EventTable, rules: AttributionRules) -> EventCounts:
    """Write a table ``labelled`` with a row for each impression, and a column for each label.

    Returns
    -------
    EventCounts
    """
    counted = EventCounts()
    n_pieces = min(PARTS, -(-events.n_rows // ROWS_AT_A_TIME) or 1)
    edges = [PARTS * piece // n_pieces for piece in range(n_pieces + 1)]
    for number, (low, high) in enumerate(pairwise(edges)):
        users = f"part >= {low} AND part < {high}"
        _keep_events(events, rules, users, counted)
        _find_bots(events.connection, rules, counted)
        _attribute_actions(events, rules, counted)
        _label(events, rules, users, is_first=number == 0)
    for table in ("kept", "bots", "attributed"):
        events.connection.execute(f"DROP TABLE {table}")
    return counted


def usable(rules: AttributionRules) -> str:
    """Write the SQL of the events that can be attributed: those that say who, what and when, up to ``as_of``."""
    return f'code > 0 AND "user" IS NOT NULL AND item IS NOT NULL AND t <= {rules.as_of}'


def _keep_events(events: EventTable, rules: AttributionRules, where: str, counted: EventCounts) -> None:
    """Leave out events that repeat the one before them."""
    gap = 't - lag(t) OVER (PARTITION BY "user", item, code ORDER BY t, row)' if rules.dedupe is not None else "NULL"
    source = f'SELECT row, "user", item, code, t, {gap} AS gap FROM events WHERE {where} AND {usable(rules)}'  # noqa: S608
    events.connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {source}")
    n = _number(events.connection, "SELECT count(*) FROM kept")
    counted.events += n
    if rules.dedupe is not None:
        events.connection.execute(f"DELETE FROM kept WHERE gap <= {rules.dedupe}")  # noqa: S608 - a number
        counted.duplicates += n - _number(events.connection, "SELECT count(*) FROM kept")


def _find_bots(connection: Any, rules: AttributionRules, counted: EventCounts) -> None:
    """Find the users with more events within a span than a person has."""
    rate = rules.bots
    if rate is None:
        connection.execute('CREATE OR REPLACE TEMP TABLE bots AS SELECT "user" FROM kept LIMIT 0')
        return
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE bots AS SELECT DISTINCT "user" FROM (
        SELECT "user", t - lag(t, {rate.most}) OVER (PARTITION BY "user" ORDER BY t, row) AS span FROM kept)
        WHERE span <= {rate.span}""")  # noqa: S608 - numbers
    counted.bots += _number(connection, "SELECT count(*) FROM bots")
    counted.bot_events += _number(connection, 'SELECT count(*) FROM kept WHERE "user" IN (FROM bots)')
    if rules.drops_bots:
        connection.execute('DELETE FROM kept WHERE "user" IN (FROM bots)')


def _attribute_actions(events: EventTable, rules: AttributionRules, counted: EventCounts) -> None:
    """Find the impression of each action, and how long it took."""
    shown = f"code <= {events.n_impression_names}"
    reach = _reach(events.names, rules.targets)
    events.connection.execute(f"""CREATE OR REPLACE TEMP TABLE attributed AS
        WITH ordered AS (
            SELECT code, t,
                max(CASE WHEN {shown} THEN t END) OVER past AS past_t,
                last_value(CASE WHEN {shown} THEN row END IGNORE NULLS) OVER past AS past_row,
                min(CASE WHEN {shown} THEN t END) OVER coming AS next_t,
                first_value(CASE WHEN {shown} THEN row END IGNORE NULLS) OVER coming AS next_row
            FROM kept
            WINDOW past AS (PARTITION BY "user", item ORDER BY t, {shown} DESC, row
                            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                   coming AS (PARTITION BY "user", item ORDER BY t, {shown} DESC, row
                              ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)),
        actions AS (
            SELECT *, past_t IS NOT NULL AND t - past_t <= {reach} AS follows,
                next_t IS NOT NULL AND next_t - t <= {rules.skew} AS precedes
            FROM ordered WHERE NOT {shown})
        SELECT code, CASE WHEN follows THEN past_row WHEN precedes THEN next_row END AS row,
            CASE WHEN follows THEN t - past_t WHEN precedes THEN t - next_t END AS delay,
            CASE WHEN past_t IS NULL AND NOT precedes THEN next_t - t END AS lead
        FROM actions""")  # noqa: S608 - numbers
    actions, orphans, skewed, early, lead = events.connection.execute(
        """SELECT count(*), count(*) FILTER (row IS NULL), count(*) FILTER (delay < 0),
        count(lead), coalesce(sum(CAST(lead AS DOUBLE)), 0) FROM attributed"""
    ).fetchall()[0]
    counted.early += early
    counted.lead += lead
    counted.actions += actions
    counted.orphans += orphans
    counted.skewed += skewed


def _reach(names: Sequence[str], targets: Sequence[Target]) -> str:
    """Write the SQL of the longest window of the labels that an event counts for."""
    cases = [
        f"WHEN {code} THEN {max(target.window for target in targets if name in target.events)}"
        for code, name in enumerate(names, start=1)
        if any(name in target.events for target in targets)
    ]
    return f"CASE code {' '.join(cases)} END"


def _label(events: EventTable, rules: AttributionRules, users: str, *, is_first: bool) -> None:
    """Append the impressions of this part of the users, with their labels."""
    codes = {name: code for code, name in enumerate(events.names, start=1)}
    delays = ", ".join(
        f"min(delay) FILTER (code IN ({', '.join(str(codes[name]) for name in target.events)})) AS delay_{number}"
        for number, target in enumerate(rules.targets)
    )
    labels = ", ".join(
        f"CAST(CASE WHEN delay_{number} <= {target.window} THEN 1 WHEN e.t + {target.window} <= {rules.as_of} THEN 0"
        f" ELSE -1 END AS TINYINT) AS {column(target.name)}"
        for number, target in enumerate(rules.targets)
    )
    bot = "" if rules.bots is None or rules.drops_bots else ', e."user" IN (FROM bots) AS bot'
    keep = "".join(f", e.{column(f'keep_{name}')}" for name in rules.keep)
    query = f"""
        WITH acted AS (SELECT row, {delays} FROM attributed WHERE row IS NOT NULL GROUP BY row)
        SELECT e.row, e.id, e."user", e.item, e.t, e.position, e.randomised{bot}{keep}, {labels}
        FROM kept AS k JOIN events AS e ON k.row = e.row AND k.code = e.code
        LEFT JOIN acted ON acted.row = e.row
        WHERE e.{users.replace("AND ", "AND e.")} AND k.code <= {events.n_impression_names}"""  # noqa: S608 - names are quoted
    head = "CREATE TABLE labelled AS" if is_first else "INSERT INTO labelled"
    events.connection.execute(f"{head} {query}")


def _number(connection: Any, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
