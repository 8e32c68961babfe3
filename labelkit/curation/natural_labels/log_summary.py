"""Count what a log holds, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkit._shared.numbers import DASH, count, percent, plural

if TYPE_CHECKING:
    from labelkit.curation.natural_labels.attribution import Counted


@dataclass(frozen=True)
class LogSummary:
    """Counts of a log and of its labels.

    Attributes
    ----------
    events : int
        Rows of the log.
    impressions : int
        Those that got labels.
    actions : int
        Events that count for a label, without duplicates and those of bots that were dropped.
    duplicates : int
        Events that repeat one of the same user, item and name; left out.
    bots : int or None
        Users over the rate; None if nobody looked for them.
    bot_events : int
        Their events.
    incomplete : int
        Events without a user, item, name or time; left out.
    late : int
        Events after ``as_of``; left out.
    other : int
        Events of other names.
    orphans : int
        Actions without an impression within the window.
    early : int
        Of the orphans, those before the only impression of the user and item.
    skewed : int
        Actions that belong to an impression shortly after them.
    labels : mapping of str to mapping
        ``positive``, ``negative`` and ``unknown`` impressions of each label, and ``randomised_positive``.
    randomised : int or None
        Impressions at random positions; None if the log does not say so.
    """

    events: int
    impressions: int
    actions: int
    duplicates: int
    bots: int | None
    bot_events: int
    incomplete: int
    late: int
    other: int
    orphans: int
    early: int
    skewed: int
    labels: Mapping[str, Mapping[str, int]]
    randomised: int | None

    @property
    def exploration(self) -> float:
        """The share of impressions at random positions; NaN if the log does not say so."""
        return float("nan") if self.randomised is None else self.randomised / self.impressions

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "labels": {name: dict(counts) for name, counts in self.labels.items()}}

    def lines(self) -> list[str]:
        """Say in sentences what was left out."""
        looked = DASH if self.bots is None else f"{plural(self.bots, 'bot')} with {plural(self.bot_events, 'event')}"
        lines = [
            f"{plural(self.impressions, 'impression')} and {plural(self.actions, 'action')} of "
            f"{plural(self.events, 'event')}",
            f"{plural(self.duplicates, 'duplicate')}, {self.incomplete:,} incomplete, {self.late:,} after the end, "
            f"{self.other:,} of other names, bots: {looked}",
            f"{plural(self.orphans, 'action')} without an impression, {self.skewed:,} shortly before theirs",
        ]
        if self.randomised is not None:
            lines.append(f"{percent(self.exploration)} of impressions at random positions")
        return lines

    def label_rows(self, shown: Mapping[str, str]) -> list[list[str]]:
        """Lay the labels out for people."""
        return [
            [
                name,
                *(count(counts[kind]) for kind in ("positive", "negative", "unknown")),
                percent(_share(counts["positive"], counts["negative"])),
                shown[name],
            ]
            for name, counts in self.labels.items()
        ]


def _share(positive: int, negative: int) -> float:
    return positive / (positive + negative) if positive + negative else float("nan")


def summary_of(connection: Any, counted: Counted, labels: tuple[str, ...], rules: Mapping[str, Any]) -> LogSummary:
    """Count the rows of the tables ``events`` and ``labelled``.

    Parameters
    ----------
    connection : DuckDBPyConnection
    counted : Counted
        By the attribution.
    labels : tuple of str
    rules : mapping
        ``as_of`` (microseconds), ``bots`` and ``randomised`` (whether they are looked at).
    """
    whole = '"user" IS NOT NULL AND item IS NOT NULL AND t IS NOT NULL AND named'
    events, incomplete, late, other = connection.execute(
        f"""SELECT count(*), count(*) FILTER (NOT ({whole})), count(*) FILTER ({whole} AND t > {rules["as_of"]}),
        count(*) FILTER ({whole} AND t <= {rules["as_of"]} AND code = 0) FROM events"""  # noqa: S608 - from here
    ).fetchone()
    kinds = {"positive": "= 1", "negative": "= 0", "unknown": "= -1", "randomised_positive": "= 1 AND randomised"}
    counts = ", ".join(
        f"count(*) FILTER ({column(label)} {test})" for label in labels for test in kinds.values()
    )
    impressions, randomised, *of_labels = connection.execute(
        f"SELECT count(*), count(*) FILTER (randomised), {counts} FROM labelled"  # noqa: S608 - as above
    ).fetchone()
    each = iter(of_labels)
    return LogSummary(
        events=events,
        impressions=impressions,
        actions=counted.actions,
        duplicates=counted.duplicates,
        bots=counted.bots if rules["bots"] else None,
        bot_events=counted.bot_events,
        incomplete=incomplete,
        late=late,
        other=other,
        orphans=counted.orphans,
        early=counted.early,
        skewed=counted.skewed,
        labels={label: {kind: next(each) for kind in kinds} for label in labels},
        randomised=randomised if rules["randomised"] else None,
    )


def column(name: str) -> str:
    """Quote the name of a column for SQL.

    >>> column('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'
