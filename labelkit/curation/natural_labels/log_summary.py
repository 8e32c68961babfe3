"""Count what a log holds, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkit._shared.numbers import DASH, count, percent, plural

if TYPE_CHECKING:
    from labelkit.curation.natural_labels.attribution import AttributionRules, EventCounts


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
        ``positive``, ``negative`` and ``unknown`` impressions of each label; of the positive ones, those whose window
        has passed (``settled``) and those at random positions (``randomised_positive``).
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
        rest = f"{self.incomplete:,} incomplete, {self.late:,} after the end, {self.other:,} of other names"
        impressions, actions = plural(self.impressions, "impression"), plural(self.actions, "action")
        lines = [
            f"{impressions} and {actions} of {plural(self.events, 'event')}",
            f"{plural(self.duplicates, 'duplicate')}, {rest}, bots: {looked}",
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
                percent(_share(counts["settled"], counts["negative"])),
                shown[name],
            ]
            for name, counts in self.labels.items()
        ]


def _share(positive: int, negative: int) -> float:
    """Compute a rate of impressions whose window has passed: among younger ones, positives alone are known."""
    return positive / (positive + negative) if positive + negative else float("nan")


def summary_of(connection: Any, counted: EventCounts, rules: AttributionRules, *, has_randomised: bool) -> LogSummary:
    """Count the rows of the tables ``events`` and ``labelled``.

    Parameters
    ----------
    connection : DuckDBPyConnection
    counted : EventCounts
        By the attribution.
    rules : AttributionRules
    has_randomised : bool
        Whether the log says which impressions were at random positions.
    """
    whole = '"user" IS NOT NULL AND item IS NOT NULL AND t IS NOT NULL AND named'
    events, incomplete, late, other = connection.execute(
        f"""SELECT count(*), count(*) FILTER (NOT ({whole})), count(*) FILTER ({whole} AND t > {rules.as_of}),
        count(*) FILTER ({whole} AND t <= {rules.as_of} AND code = 0) FROM events"""  # noqa: S608 - from here
    ).fetchall()[0]
    counts = ", ".join(
        f"count(*) FILTER ({column(target.name)} {test})"
        for target in rules.targets
        for test in _kinds(rules.as_of - target.window).values()
    )
    impressions, randomised, *of_labels = connection.execute(
        f"SELECT count(*), count(*) FILTER (randomised), {counts} FROM labelled"  # noqa: S608 - as above
    ).fetchall()[0]
    each = iter(of_labels)
    return LogSummary(
        events=events,
        impressions=impressions,
        actions=counted.actions,
        duplicates=counted.duplicates,
        bots=counted.bots if rules.bots is not None else None,
        bot_events=counted.bot_events,
        incomplete=incomplete,
        late=late,
        other=other,
        orphans=counted.orphans,
        early=counted.early,
        skewed=counted.skewed,
        labels={target.name: {kind: next(each) for kind in _kinds(0)} for target in rules.targets},
        randomised=randomised if has_randomised else None,
    )


def _kinds(settled: int) -> dict[str, str]:
    """Write the SQL of the kinds of impressions that are counted; ``settled`` is the latest time of a passed window."""
    kinds = {"positive": "= 1", "negative": "= 0", "unknown": "= -1"}
    return {**kinds, "settled": f"= 1 AND t <= {settled}", "randomised_positive": "= 1 AND randomised"}


def column(name: str) -> str:
    """Quote the name of a column for SQL.

    >>> column('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'
