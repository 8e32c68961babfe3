"""Name the labels that a log is to give: which events make one positive, within which window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.curation.natural_labels.times import duration, shown_duration
from labelkit.exceptions import AnalysisError

ANY: Final = "any"
"""The label of an impression with any of the actions of a list."""

TAKEN: Final = {"id", "user", "item", "time", "position", "randomised", "propensity", "bot", "row"}
"""Columns of the labels, which cannot be names of actions."""

_EXAMPLE: Final = 'action="like", or ["like", "comment"], or {"engaged": ["like", "comment"]}'


@dataclass(frozen=True)
class Target:
    """A label of impressions.

    Attributes
    ----------
    name : str
    events : tuple of str
        The names of the events of which one within the window makes it positive.
    window : int
        In microseconds.
    """

    name: str
    events: tuple[str, ...]
    window: int

    @property
    def shown(self) -> str:
        """The events and the window, for people."""
        return f"{', '.join(self.events)} within {shown_duration(self.window)}"


def targets_of(action: Any, explicit: Any, implicit: Any, window: Any) -> tuple[Target, ...]:
    """Return the labels that arguments name.

    Parameters
    ----------
    action : str, list of str, or mapping of str to str or list of str, or None
        A list gives a label to each, and ``any``; a mapping gives the labels that it names.
    explicit, implicit : str or list of str, or None
        Each event gives a label, and all together one named ``explicit`` or ``implicit``.
    window : str, timedelta, or mapping of label to these

    Raises
    ------
    AnalysisError
        If there is none, or a name is not one.
    """
    events = dict(_named_events(action))
    if isinstance(action, Sequence) and not isinstance(action, str) and len(events) > 1:
        events[ANY] = tuple(name for names in list(events.values()) for name in names)
    for name, kind in (("explicit", explicit), ("implicit", implicit)):
        of_kind = dict(_named_events(kind))
        events |= {one: names for one, names in of_kind.items() if one not in events}
        if of_kind:
            events[name] = tuple(dict.fromkeys(one for names in of_kind.values() for one in names))
    if not events:
        raise AnalysisError("no action is named, so that there is nothing to label", hint=_EXAMPLE)
    both = sorted(set(events.get("explicit", ())) & set(events.get("implicit", ())))
    if both and explicit and implicit:
        raise AnalysisError(f"{both[0]!r} is both explicit and implicit", hint="name it once")
    clash = clashing([*TAKEN, *events])
    if clash is not None:
        raise AnalysisError(
            f"a label cannot be named {clash!r}: a column or another label is, but for its case",
            hint=f'action={{"acted": "{events[clash][0]}"}} names the label "acted"',
        )
    windows = _windows(window, list(events))
    return tuple(Target(name, names, windows[name]) for name, names in events.items())


def clashing(names: Sequence[str]) -> str | None:
    """Return the first name that a database does not tell from one before it; None if there is none.

    >>> clashing(["id", "like", "Like"])
    'Like'
    """
    folded = [name.lower() for name in names]
    return next((name for place, name in enumerate(names) if folded.index(name.lower()) < place), None)


def _named_events(given: Any) -> list[tuple[str, tuple[str, ...]]]:
    if given is None:
        return []
    if isinstance(given, str):
        return [(given, (given,))]
    pairs = list(given.items()) if isinstance(given, Mapping) else None
    if pairs is None and isinstance(given, Sequence | set | frozenset):
        pairs = [(name, name) for name in given]
    listed = [(name, (names,) if isinstance(names, str) else tuple(names or ())) for name, names in pairs or ()]
    if not listed or not all(
        isinstance(name, str) and name and names and all(isinstance(one, str) for one in names)
        for name, names in listed
    ):
        raise AnalysisError(f"{given!r} does not name actions", hint=_EXAMPLE)
    return listed


def _windows(window: Any, names: list[str]) -> dict[str, int]:
    if not isinstance(window, Mapping):
        lengths = dict.fromkeys(names, duration(window, "window"))
    else:
        unknown = [name for name in window if name not in names]
        missing = [name for name in names if name not in window]
        if unknown or missing:
            fault = f"names {unknown[0]!r}, which is no label" if unknown else f"has none for {missing[0]!r}"
            raise AnalysisError(f"window= {fault}; the labels are {', '.join(names)}", hint='window="7d" is for all')
        lengths = {name: duration(window[name], f"window of {name!r}") for name in names}
    if not min(lengths.values()):
        raise AnalysisError("a window of 0 gives no action time to come", hint='window="7d"')
    return lengths


def check_events(wanted: Sequence[str], counts: Mapping[str, int], option: str, table: str) -> None:
    """Raise AnalysisError if the log has no event of a name."""
    for name in wanted:
        if name not in counts:
            close = near_name(name, counts)
            listed = ", ".join(sorted(counts, key=lambda one: -counts[one])[:8])
            raise AnalysisError(
                f"{table} has no event {name!r} ({option}); it has {listed or 'no events'}",
                hint=did_you_mean(name, close) if close else "name events as the log does",
            )
