"""Load one log, or one of impressions and one of actions, and check that they hold what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from labelkit.corpus import open_corpus
from labelkit.corpus.corpus import Corpus
from labelkit.curation.natural_labels.event_table import EventTable, LogColumns, log_columns
from labelkit.curation.natural_labels.targets import TAKEN, Target, check_events, clashing
from labelkit.exceptions import AnalysisError

IMPRESSION: Final = "impression"
"""The name of the events of a table of impressions without a column of names."""


def names_of_impressions(impression: Any, targets: tuple[Target, ...], actions: Any) -> tuple[str, ...]:
    """Return the names of the events that show an item; raise AnalysisError if none is named, or one is an action."""
    if impression is None and actions is None:
        raise AnalysisError(
            "the log holds events of several kinds, and none is named as the impression",
            hint='impression="view"; or actions= a second table, if this one holds impressions alone',
        )
    names = (IMPRESSION,) if impression is None else (impression,) if isinstance(impression, str) else tuple(impression)
    if not names or not all(isinstance(name, str) for name in names):
        raise AnalysisError(f"impression={impression!r} names no events", hint='impression="view"')
    both = [name for name in names_of_actions(targets) if name in names]
    if both:
        raise AnalysisError(
            f"{both[0]!r} is an impression and an action", hint="an action is something else than to be shown an item"
        )
    return tuple(dict.fromkeys(names))


def names_of_actions(targets: tuple[Target, ...]) -> tuple[str, ...]:
    """Return the names of the events that make an impression positive."""
    return tuple(dict.fromkeys(name for target in targets for name in target.events))


def kept_columns(keep: Sequence[str], targets: tuple[Target, ...]) -> tuple[str, ...]:
    """Return the further columns to take over; raise AnalysisError if one has the name of a column of the labels."""
    if isinstance(keep, str):
        raise AnalysisError(f"keep={keep!r} is one text", hint=f"keep=[{keep!r}]")
    kept = tuple(dict.fromkeys(keep))
    clash = clashing([*TAKEN, *(target.name for target in targets), *kept])
    if clash is not None:
        raise AnalysisError(
            f"keep= names {clash!r}, and another column or label has that name, but for its case",
            hint="lk.open_corpus(log, rename={NEW: OLD}) gives it another",
        )
    return kept


def load_logs(
    events: EventTable,
    log: Any,
    actions: Any,
    columns: dict[str, str | None],
    keep: tuple[str, ...],
    *,
    has_names: bool,
) -> LogColumns:
    """Load the log, or both; return the columns that the impressions have."""
    corpus = open_corpus(log)
    wanted = {**columns, "id": columns["id"] or corpus.id}
    has = log_columns(corpus, wanted if has_names else {**wanted, "event": None}, ("position", "randomised"), keep)
    events.load(corpus, has, event=None if has_names else IMPRESSION)
    shown, acting = events.names[: events.n_impression_names], events.names[events.n_impression_names :]
    if has_names:
        check_events(shown, events.counts[corpus.name], "impression=", corpus.name)
    if actions is None:
        check_events(acting, events.counts[corpus.name], "action=", corpus.name)
        return has
    _load_actions(events, open_corpus(actions), columns, acting)
    return has


def _load_actions(events: EventTable, corpus: Corpus, columns: dict[str, str | None], acting: tuple[str, ...]) -> None:
    """Load a log of actions alone."""
    before = events.counts
    events.counts = {}
    named = {**columns, "id": None, "position": None, "randomised": None}
    has_names = corpus.has_column(columns["event"] or "")
    if not has_names and len(acting) > 1:
        raise AnalysisError(
            f"{corpus.name} has no column {columns['event']!r}, so that it is not known which rows are "
            f"{' and which '.join(repr(name) for name in acting[:3])}",
            hint="event= the column that names the actions",
        )
    named = named if has_names else {**named, "event": None}
    events.load(corpus, log_columns(corpus, named, (), ()), event=None if has_names else acting[0])
    if has_names:
        shown = [name for name in events.names[: events.n_impression_names] if name in events.counts[corpus.name]]
        if shown:
            raise AnalysisError(
                f"the table of actions has events {shown[0]!r}, which are impressions", hint="leave them out"
            )
        check_events(acting, events.counts[corpus.name], "action=", corpus.name)
    events.counts = before | events.counts
