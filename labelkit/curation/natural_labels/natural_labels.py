"""From logs of what people were shown and what they did to labels: the one way in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Literal

from labelkit._shared.names_beside import counts_beside
from labelkit._shared.optional import optional
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.corpus.corpus import Corpus
from labelkit.curation.natural_labels.attribution import AttributionRules, BotRate, EventCounts, attribute
from labelkit.curation.natural_labels.event_table import EventTable
from labelkit.curation.natural_labels.labels_of_log import NaturalLabels
from labelkit.curation.natural_labels.loading import kept_columns, load_logs, names_of_actions, names_of_impressions
from labelkit.curation.natural_labels.log_summary import LogSummary, column, summary_of
from labelkit.curation.natural_labels.propensity import (
    Propensities,
    checked_clip,
    estimated_propensities,
    given_propensities,
)
from labelkit.curation.natural_labels.targets import targets_of
from labelkit.curation.natural_labels.times import checked_zone, duration, moment, shown_duration
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError

MEMORY: Final = "1500MB"
"""What DuckDB may hold in memory; more goes to the temporary folder."""

MANY_ORPHANS: Final = 0.5
"""Share of actions without an impression at which a log is taken to be wrong."""

_RATE: Final = re.compile(r"\s*(\d+)\s*(?:/|per)\s*(.+?)\s*")


@checks_keywords
def natural_labels(
    log: Any,
    *,
    action: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    impression: str | Sequence[str] | None = None,
    actions: Any = None,
    explicit: str | Sequence[str] | None = None,
    implicit: str | Sequence[str] | None = None,
    window: Any = "7d",
    as_of: Any = None,
    user: str = "user",
    item: str = "item",
    event: str = "event",
    time: str = "time",
    id: str | None = None,  # noqa: A002 - the word that users write
    position: str | None = "position",
    randomised: str | None = "randomised",
    keep: Sequence[str] = (),
    propensities: Any = None,
    clip: float | None = None,
    time_zone: str | None = None,
    skew: Any = "5s",
    dedupe: Any = "1s",
    bots: str | None = None,
    on_bots: Literal["drop", "flag"] = "drop",
) -> NaturalLabels:
    """Label impressions by what people did: positive if the action came within the window, negative if not.

    An action belongs to the latest impression of the same user and item that is at most ``window`` before it. An
    impression without the action is negative once the window has passed, and unknown (-1) before that.

    Parameters
    ----------
    log : object
        As :func:`labelkit.open_corpus` takes it: paths, patterns, frames, Arrow, DuckDB relations. A row for each
        event, or, with ``actions``, for each impression.
    action : str, list of str, or mapping of str to str or list of str
        The names of the events that make an impression positive. A list gives a label to each, and one named ``any``; a
        mapping gives the labels that it names: ``{"engaged": ["like", "comment"]}``.
    impression : str or list of str
        The names of the events that show an item; may be left out with ``actions``.
    actions : object, optional
        A log of actions alone, with the same names of columns. Without a column of events, all of it is the one
        ``action``.
    explicit, implicit : str or list of str, optional
        Events that people do to say what they think (like, rate), and others (click, stay): a label for each, and one
        for each kind, named ``explicit`` and ``implicit``.
    window : str, timedelta, or mapping of label to these
        How long an action may take: ``"7d"``, ``"90 min"``.
    as_of : str or datetime, optional
        Up to when the log is whole; by default, its newest time. Later events are left out.
    user, item, event, time : str
        Columns. Times have a zone, or ``time_zone`` says which; numbers are seconds, milliseconds, microseconds or
        nanoseconds since 1970 (UTC), by their size.
    id : str, optional
        The column of the ids of impressions. By default, those that the corpus has, or positions in the log.
    position, randomised : str or None
        Columns of impressions: where on the page an item stood, and whether it was put there at random. A log may lack
        those of the default names.
    keep : list of str
        Further columns of impressions to take over, such as features or texts.
    propensities : mapping of int to float, optional
        The chance that each position is examined. By default estimated from the randomised impressions, if there are
        enough; the last lines of the printed labels say if not.
    clip : float in (0, 1], optional
        The least propensity that counts: 0.05 bounds weights at 20, for a bias at positions below that.
    time_zone : str, optional
        Of times without one, such as ``"Europe/Berlin"``.
    skew : str or timedelta
        How much clocks may differ: an action without an impression before it may come so much before its own.
    dedupe : str, timedelta or None
        An event of the same user, item and name that comes no later than this after the one before it is a duplicate.
    bots : str, optional
        Users with more events than this within any such time are bots: ``"300/1h"``. By default nobody is.
    on_bots : {"drop", "flag"}
        Leave what bots did out, or mark it in a column ``bot``.

    Returns
    -------
    NaturalLabels

    Raises
    ------
    AnalysisError
        If there are no impressions, no event of a name, a column is missing, times cannot be read or have no zone,
        no action has an impression, an id stands twice, or a propensity is 0.
    CorpusError
        If the log cannot be read.
    MissingExtraError
        If DuckDB is not installed.

    Warns
    -----
    UserWarning
        If most actions have no impression.

    References
    ----------
    Joachims, Swaminathan, Schnabel (2017), Unbiased Learning-to-Rank with Biased Feedback.
    https://doi.org/10.1145/3018661.3018699

    Examples
    --------
    >>> import labelkit as lk
    >>> log = {
    ...     "user": ["ann", "ann", "bob", "eve"],
    ...     "item": ["song"] * 4,
    ...     "event": ["view", "like", "view", "view"],
    ...     "time": ["2024-05-01T10:00Z", "2024-05-01T10:05Z", "2024-05-02T09:00Z", "2024-05-12T09:00Z"],
    ... }
    >>> natural = lk.natural_labels(log, impression="view", action="like", window="7d")
    >>> natural.gold("like").to_dict()
    {0: 1, 2: 0, 3: -1}
    """
    targets = targets_of(action, explicit, implicit, window)
    rate = _bot_rate(bots, on_bots)
    limits = (duration(skew, "skew"), None if dedupe is None else duration(dedupe, "dedupe"))
    least = checked_clip(clip)
    zone = None if time_zone is None else checked_zone(time_zone)
    given = None if propensities is None else given_propensities(propensities, least)
    kept = kept_columns(keep, targets)
    columns = {"user": user, "item": item, "event": event, "time": time, "id": id}
    columns |= {"position": position, "randomised": randomised}
    shown = names_of_impressions(impression, targets, actions)
    with ExitStack() as resources, _failures():
        connection = _database(resources)
        events = EventTable(connection, zone, (*shown, *names_of_actions(targets)), len(shown))
        has = load_logs(events, log, actions, columns, kept, has_names=impression is not None)
        newest = connection.execute("SELECT max(t) FROM events").fetchall()[0][0]
        if newest is None:
            raise AnalysisError("no event has a time that can be read", hint=f"time={time!r} names the column of times")
        end = newest if as_of is None else moment(as_of, zone)
        rules = AttributionRules(targets, end, *limits, rate, on_bots == "drop", kept)
        counted = attribute(events, rules)
        summary = summary_of(connection, counted, rules, has_randomised=has.randomised is not None)
        _check(summary, counted)
        _check_ids(events)
        chances, doubt = _propensities(connection, rules, given, least, summary, has_positions=has.position is not None)
        names = _write_labels(connection, rules, has, chances, has_ids=events.has_ids)
        step = CurationStep(
            "natural_labels",
            _parameters(locals()),
            before={"rows": summary.events},
            after=_counts(summary),
            notes=_notes(summary, chances, doubt),
        )
        return NaturalLabels(
            connection,
            summary,
            step,
            targets=targets,
            as_of=end,
            columns=names,
            propensities=chances,
            resources=resources.pop_all(),
        )


@contextmanager
def _failures() -> Iterator[None]:
    """Raise errors of DuckDB that a user can do something about as such."""
    duckdb = optional("duckdb", extra="duckdb")
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise AnalysisError(
            f"the log does not fit: {' '.join(str(error).split())[:300]}",
            hint="let TMPDIR name a folder with more room",
        ) from error


def _database(resources: ExitStack) -> Any:
    """Open a database in a folder that goes with the labels."""
    duckdb = optional("duckdb", extra="duckdb")
    folder = resources.enter_context(scratch_folder())
    connection = duckdb.connect(str(folder / "events.duckdb"), config={"memory_limit": MEMORY})
    resources.callback(connection.close)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")  # of its cursors, too
    connection.execute("SET enable_progress_bar = false")
    return connection


def _bot_rate(bots: Any, on_bots: str) -> BotRate | None:
    if on_bots not in {"drop", "flag"}:
        raise AnalysisError(f"on_bots={on_bots!r} is not known", hint='on_bots="drop" or "flag"')
    if bots is None:
        return None
    match = _RATE.fullmatch(bots) if isinstance(bots, str) else None
    if match is None or not int(match[1]):
        raise AnalysisError(f"bots={bots!r} is not a rate", hint='bots="300/1h": more than 300 events within an hour')
    text = match[2] if match[2][0].isdigit() else f"1{match[2]}"
    return BotRate(int(match[1]), duration(text, "bots"))


def _check_ids(events: EventTable) -> None:
    """Raise AnalysisError if an id repeats or is missing, which positions cannot."""
    if not events.has_ids:
        return
    connection = events.connection
    missing = connection.execute("SELECT min(row), count(*) FROM labelled WHERE id IS NULL").fetchall()[0]
    if missing[1]:
        raise AnalysisError(
            f"{missing[1]:,} impressions have no id, such as that of row {missing[0]}",
            hint="id= a column that names each impression, or none for positions in the log",
        )
    twice = connection.execute("SELECT id, count(*) FROM labelled GROUP BY id HAVING count(*) > 1 LIMIT 1").fetchall()
    if twice:
        raise AnalysisError(
            f"the id {twice[0][0]!r} stands at {twice[0][1]} impressions, so that labels by id have no meaning",
            hint="an id names one impression, not its user or item; or a larger dedupe=, if it was logged twice",
            code="LK205",
        )


def _check(summary: LogSummary, counted: EventCounts) -> None:
    """Raise AnalysisError if nothing can be labelled; warn if most actions have no impression."""
    if not summary.impressions:
        raise AnalysisError(
            f"no impression is left of {summary.events:,} events: {summary.incomplete:,} lack a user, item, name or "
            f"time, {summary.late:,} are after as_of, {summary.bot_events:,} are of bots",
            hint="check user=, item=, as_of= and bots=",
        )
    if not summary.actions or summary.orphans <= MANY_ORPHANS * summary.actions:
        return
    some = f"{summary.orphans:,} of {summary.actions:,} actions"
    message = f"{some} have no impression of their user and item within the window"
    hint = "both name users and items alike? user= and item= say by which columns"
    if summary.early > summary.orphans / 2:
        lead = shown_duration(max(1, round(counted.lead / counted.early / 1e6)) * 1_000_000)
        message = f"{message}: {summary.early:,} come before it, by {lead} on average"
        hint = f'clocks or time zones differ: time_zone= of the one without, or skew="{lead}"'
    if summary.orphans == summary.actions:
        raise AnalysisError(message, hint=hint, code="LK424")
    warn(f"{message}. Hint: {hint}", code="LK424")


def _propensities(
    connection: Any,
    rules: AttributionRules,
    given: Propensities | None,
    clip: float | None,
    summary: LogSummary,
    *,
    has_positions: bool,
) -> tuple[Propensities | None, str]:
    """Return the propensities; where there are none, the reason."""
    if given is not None:
        if not has_positions:
            raise AnalysisError(
                "propensities are of positions, and the log has no column of them", hint="position= names it"
            )
        return given, ""
    if not has_positions or not summary.randomised:
        return None, "the log tells no positions" if not has_positions else "no impression is at a random position"
    names = [column(target.name) for target in rules.targets]
    positive = " OR ".join(f"{name} = 1" for name in names)
    longest = max(target.window for target in rules.targets)
    try:
        return estimated_propensities(connection, positive, f"t + {longest} <= {rules.as_of}", clip), ""
    except AnalysisError as error:
        return None, error.message


def _write_labels(
    connection: Any, rules: AttributionRules, has: Any, propensities: Propensities | None, *, has_ids: bool
) -> tuple[str, ...]:
    """Write the table ``labels``, in the order of the log; return its columns beside the labels."""
    parts = {"id": "id" if has_ids else "row", "user": '"user"', "item": "item", "time": "make_timestamptz(t)"}
    parts |= {name: name for name in ("position", "randomised") if getattr(has, name) is not None}
    if propensities is not None:
        parts["propensity"] = "propensity"
    if rules.bots is not None and not rules.drops_bots:
        parts["bot"] = "bot"
    parts |= {name: column(f"keep_{name}") for name in rules.keep}
    chosen = ", ".join(f"{sql} AS {column(name)}" for name, sql in parts.items())
    labels = ", ".join(column(target.name) for target in rules.targets)
    source = "labelled"
    if propensities is not None:
        connection.execute("CREATE TABLE chances (position BIGINT, propensity DOUBLE)")
        pairs = zip(propensities.positions.tolist(), propensities.used.tolist(), strict=True)
        connection.executemany("INSERT INTO chances VALUES (?, ?)", list(pairs))
        source = "labelled LEFT JOIN chances USING (position)"
    connection.execute(f"CREATE TABLE labels AS SELECT {chosen}, {labels} FROM {source} ORDER BY row")  # noqa: S608
    for table in ("labelled", "events"):
        connection.execute(f"DROP TABLE {table}")
    return tuple(parts)


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as the manifest keeps them; logs by their kind or path."""
    names = (
        "action",
        "impression",
        "explicit",
        "implicit",
        "window",
        "user",
        "item",
        "event",
        "time",
        "id",
        "position",
    )
    more = ("randomised", "keep", "propensities", "clip", "time_zone", "skew", "dedupe", "bots", "on_bots")
    values = {name: given[name] for name in (*names, *more) if given[name] is not None}
    logs = {name: _log_name(given[name]) for name in ("log", "actions") if given[name] is not None}
    return {**logs, **values, "as_of": str(_shown_moment(given["end"]))}


def _log_name(log: Any) -> str:
    return log if isinstance(log, str) else log.name if isinstance(log, Corpus) else type(log).__name__


def _shown_moment(microseconds: int) -> str:
    import pandas as pd  # noqa: PLC0415 - loaded by now

    return str(pd.Timestamp(microseconds, unit="us", tz="UTC").isoformat())


def _counts(summary: LogSummary) -> dict[str, int]:
    kinds = ("positive", "negative", "unknown")
    counts = ((f"{name} {kind}", by[kind]) for name, by in summary.labels.items() for kind in kinds)
    return counts_beside({"rows": summary.impressions}, "action", counts)


def _notes(summary: LogSummary, propensities: Propensities | None, doubt: str) -> tuple[str, ...]:
    """Say what a reader of the data card has to know."""
    notes = []
    if summary.bots is None:
        notes.append("Nobody looked for bots (bots=).")
    if doubt:
        notes.append(f"Rates and weights are not corrected for position bias: {doubt}.")
    else:
        notes.append("Propensities are those of positions relative to the first, in the position-based model.")
    rare = None if propensities is None else propensities.rarest
    if rare is not None:
        notes.append(
            f"Position {rare} rests on few randomised positives: weights there are uncertain, and high on average."
        )
    if summary.incomplete:
        notes.append(f"{summary.incomplete:,} events without a user, item, name or time were left out.")
    return tuple(notes)
