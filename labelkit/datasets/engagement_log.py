"""Generate logs of impressions and actions with known truth: position bias, delays, bots, duplicates, skewed clocks.

An impression is acted on if its position is examined and the item is relevant to the user:
``P(action) = theta(position) * relevance``, with ``theta(k) = k ** -position_bias`` (the position-based model). The log
ends when it ends: an action that would come later is not in it.

References
----------
Chuklin, Markov, de Rijke (2015), Click Models for Web Search, chapter 3.
https://doi.org/10.2200/S00654ED1V01Y201507ICR043
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.given_kinds import check_whole
from labelkit._shared.seed_streams import checked_seed
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.datasets._columns import START
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK: Final = 8_192
"""Impressions that are generated together, of users of their own. Part of the definition of the data."""

VIEWS: Final = 20
"""Impressions of a user, on average."""

BOT_VIEWS: Final = 400
"""Impressions of a bot, all within ten minutes."""

DAY: Final = 86_400_000_000
"""Microseconds."""

ACTIONS: Final = {"like": -1.0, "comment": -2.5}
"""The actions, with the log-odds of their relevance where all features are 0."""

SAME_TOPIC, ITEM_SCORE = 1.2, 0.8
"""Effects of the two features on the log-odds of relevance."""

_UNSEEN: Final = np.iinfo(np.int64).max // 4


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class EngagementLog:
    """A log, and what is true of its impressions.

    Attributes
    ----------
    events : pyarrow.Table
        A row for each event, in no order: ``id`` (of an impression; null for an action), ``user``, ``item``, ``event``
        (``impression``, ``like``, ``comment``), ``time`` (UTC); of impressions also ``position`` (from 1),
        ``randomised``, and the features ``same_topic`` and ``item_score``.
    impressions : pyarrow.Table
        The truth, a row for each impression: ``id``, ``user``, ``item``, ``time``, ``position``, ``randomised``, the
        features, ``propensity`` (the chance that it was examined), ``examined``, ``bot``; ``like_relevance`` and
        ``comment_relevance`` (the chance of the action once examined), and ``like_delay`` and ``comment_delay`` (how
        long after the impression the action came, or will come after the log ended; null if never, and 0 if it is
        logged shortly before its impression).
    end : numpy.datetime64
        When the log ends.
    """

    events: pa.Table
    impressions: pa.Table
    end: np.datetime64

    def __repr__(self) -> str:
        return f"EngagementLog({len(self.events):,} events, {len(self.impressions):,} impressions, until {self.end})"


@dataclass(frozen=True)
class _LogOptions:
    """The arguments of a log; see :func:`engagement_log`."""

    n_items: int
    n_positions: int
    position_bias: float
    randomised: float
    repeats: float
    duplicates: float
    skewed: float
    bots: float
    orphans: float
    days: int

    def __post_init__(self) -> None:
        for name in ("randomised", "repeats", "duplicates", "skewed", "bots", "orphans"):
            if not 0 <= getattr(self, name) <= 1:
                raise CorpusError(f"{name}={getattr(self, name)!r} is not a share from 0 to 1", hint=f"{name}=0.01")
        if self.repeats > 0.5:
            raise CorpusError(f"repeats={self.repeats!r} is above 0.5", hint="repeats=0.05")
        for name in ("n_items", "n_positions", "days"):
            if getattr(self, name) < 1:
                raise CorpusError(f"{name}={getattr(self, name)!r} is not above 0", hint=f"{name}=10")


@checks_keywords
def engagement_log(
    n_impressions: int = 10_000,
    *,
    n_items: int = 500,
    n_positions: int = 10,
    position_bias: float = 1.0,
    randomised: float = 0.1,
    repeats: float = 0.05,
    duplicates: float = 0.01,
    skewed: float = 0.1,
    bots: float = 0.02,
    orphans: float = 0.01,
    days: int = 30,
    random_state: int = 0,
) -> EngagementLog:
    """Generate a log of impressions, likes and comments, with what is true of each impression.

    Parameters
    ----------
    n_impressions : int
        Impressions, without duplicates.
    n_items : int
        Items; popular ones are shown much more often than others, whatever their quality.
    n_positions : int
        Positions on the page; a ranker puts items with a high ``item_score`` on top.
    position_bias : float
        The k-th position is examined with chance ``k ** -position_bias``.
    randomised : float in [0, 1]
        Share of impressions at a random position.
    repeats : float in [0, 1]
        Share of impressions that show an item to the same user again, after all that the first one led to.
    duplicates : float in [0, 1]
        Share of events that are logged twice, within a second.
    skewed : float in [0, 1]
        Share of actions that are logged up to four seconds before their impression, since clocks differ.
    bots : float in [0, 1]
        Share of impressions of users who look at hundreds of items in ten minutes, and like them all.
    orphans : float in [0, 1]
        Actions without an impression, as a share of the impressions.
    days : int
        Days that the log covers, from 1 January 2024.
    random_state : int

    Returns
    -------
    EngagementLog

    Raises
    ------
    CorpusError
        If a number is negative, or a share is not one.

    Examples
    --------
    >>> from labelkit.datasets import engagement_log
    >>> log = engagement_log(1_000)
    >>> log.impressions.num_rows, sorted(set(log.events["event"].to_pylist()))
    (1000, ['comment', 'impression', 'like'])
    """
    plan = _LogOptions(
        n_items, n_positions, position_bias, randomised, repeats, duplicates, skewed, bots, orphans, days
    )
    chunks = list(_chunks(plan, n_impressions, random_state))
    return EngagementLog(
        events=pa.Table.from_batches([events for events, _ in chunks]),
        impressions=pa.Table.from_batches([truth for _, truth in chunks]),
        end=START + np.timedelta64(days, "D"),
    )


@checks_keywords_with(engagement_log)
def generate_engagement_log(n_impressions: int, *, random_state: int = 0, **options: Any) -> Iterator[pa.RecordBatch]:
    """Generate the events of :func:`engagement_log`, a batch at a time.

    Parameters
    ----------
    n_impressions : int
    random_state : int
    **options
        As :func:`engagement_log` takes them.

    Yields
    ------
    pyarrow.RecordBatch

    Examples
    --------
    >>> from labelkit.datasets import generate_engagement_log
    >>> next(generate_engagement_log(100)).schema.names[:5]
    ['id', 'user', 'item', 'event', 'time']
    """
    plan = _LogOptions(**({**_DEFAULTS, **options}))
    return (events for events, _ in _chunks(plan, n_impressions, random_state))


_DEFAULTS: Final = {
    name: value for name, value in inspect.unwrap(engagement_log).__kwdefaults__.items() if name != "random_state"
}


def _chunks(plan: _LogOptions, n: int, random_state: int) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    checked_seed(random_state, CorpusError)
    check_whole(n, "n_impressions", CorpusError, "n_impressions=10_000")
    if n < 1:
        raise CorpusError(f"n_impressions={n} is no log", hint="n_impressions=10_000")
    scores = np.random.default_rng([random_state, 0, 1]).normal(size=plan.n_items)
    for number, first in enumerate(range(0, n, CHUNK)):
        yield _chunk(np.random.default_rng([random_state, 1, number]), plan, scores, first, min(CHUNK, n - first))


def _chunk(
    rng: np.random.Generator, plan: _LogOptions, scores: NDArray[np.float64], first: int, size: int
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Generate the impressions ``first`` to ``first + size``, and the events that they lead to."""
    is_bot = np.arange(size) >= size - round(size * plan.bots)
    is_repeat = ~is_bot & (np.arange(size) >= round((size - is_bot.sum()) * (1 - plan.repeats)))
    users, items = _pairs(rng, plan.n_items, is_bot, first)
    topics = rng.integers(5, size=size) == 0
    for values in (users, items, topics):
        values[is_repeat] = values[: is_repeat.sum()]
    shown = _shown(rng, plan, scores[items])
    time = rng.integers(plan.days * DAY, size=size)
    time[is_bot] = time[is_bot][0] // 2 + rng.integers(600_000_000, size=is_bot.sum()) if is_bot.any() else 0
    draft = {"user": users, "item": items, "time": time, "same_topic": topics, "item_score": scores[items], **shown}
    draft["examined"] = is_bot | (rng.random(size) < draft["propensity"])
    delays = {}
    for action in ACTIONS:
        draft[f"{action}_relevance"] = _relevance(action, draft, is_bot)
        acts = draft["examined"] & (rng.random(size) < draft[f"{action}_relevance"])
        delay = 1_000_000 + (600e6 * np.exp(rng.normal(0, 2.5, size))).astype(np.int64)
        delay[(rng.random(size) < plan.skewed) & ~is_repeat] = 0
        delays[action] = np.where(acts, np.where(is_bot, 1_000_000, delay), _UNSEEN)
    _show_again(rng, time, delays, is_repeat)
    return _events(rng, plan, draft, delays, first), _truth(draft, delays, is_bot, first)


def _pairs(
    rng: np.random.Generator, n_items: int, is_bot: NDArray[np.bool_], first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw users of this chunk alone and items, so that no user sees an item twice; that of a bot does not matter."""
    size = len(is_bot)
    n_users = max(1, -(-size // min(VIEWS, n_items)))
    shares = 1 / np.arange(1, n_items + 1) ** 0.7
    rank = rng.permutation(n_items) if n_items < 3 else np.arange(n_items)
    pairs = np.empty(0, dtype=np.int64)
    while len(pairs) < size:
        user = rng.integers(2 * n_users, size=2 * size)
        item = rank[rng.choice(n_items, p=shares / shares.sum(), size=2 * size)]
        distinct, at = np.unique(np.concatenate([pairs, user * n_items + item]), return_index=True)
        pairs = distinct[np.argsort(at)]
    users, items = np.divmod(pairs[:size], n_items)
    users[is_bot] = 2 * n_users + np.arange(is_bot.sum()) // BOT_VIEWS
    return users + 4 * first, items


def _shown(rng: np.random.Generator, plan: _LogOptions, scores: NDArray[np.float64]) -> dict[str, Any]:
    """Rank by score and noise, but for the randomised share."""
    size = len(scores)
    ranked = np.argsort(np.argsort(-(scores + rng.normal(size=size)))) * plan.n_positions // size + 1
    is_random = rng.random(size) < plan.randomised
    position = np.where(is_random, rng.integers(1, plan.n_positions + 1, size=size), ranked)
    return {"position": position, "randomised": is_random, "propensity": position ** -float(plan.position_bias)}


def _relevance(action: str, draft: dict[str, Any], is_bot: NDArray[np.bool_]) -> NDArray[np.float64]:
    odds = ACTIONS[action] + SAME_TOPIC * draft["same_topic"] + ITEM_SCORE * draft["item_score"]
    return np.where(is_bot, float(action == "like"), 1 / (1 + np.exp(-odds)))


def _show_again(
    rng: np.random.Generator, time: NDArray[np.int64], delays: dict[str, Any], is_repeat: NDArray[np.bool_]
) -> None:
    """Put repeated impressions after all that the first ones, at the beginning of the chunk, led to."""
    n = int(is_repeat.sum())
    last = np.maximum.reduce([np.where(delay[:n] == _UNSEEN, 0, delay[:n]) for delay in delays.values()])
    time[is_repeat] = time[:n] + last + 60_000_000 + rng.integers(DAY, size=n)


def _truth(draft: dict[str, Any], delays: dict[str, Any], is_bot: NDArray[np.bool_], first: int) -> pa.RecordBatch:
    ids = np.arange(first, first + len(is_bot))
    names = ("position", "randomised", "same_topic", "item_score", "propensity", "examined")
    relevance = (f"{action}_relevance" for action in ACTIONS)
    return pa.record_batch(
        {
            "id": _named("i", ids),
            "user": _named("u", draft["user"]),
            "item": _named("item", draft["item"]),
            "time": _times(draft["time"]),
            **{name: pa.array(draft[name]) for name in (*names, *relevance)},
            "bot": pa.array(is_bot),
            **{
                f"{action}_delay": pa.array(delay, pa.duration("us"), mask=delay == _UNSEEN)
                for action, delay in delays.items()
            },
        }
    )


def _events(
    rng: np.random.Generator, plan: _LogOptions, draft: dict[str, Any], delays: dict[str, Any], first: int
) -> pa.RecordBatch:
    """Write the events of the chunk that come before the end of the log."""
    size, end = len(draft["time"]), plan.days * DAY
    rows = [np.arange(size)]
    times, codes = [draft["time"]], [np.zeros(size, dtype=np.int64)]
    for number, delay in enumerate(delays.values(), start=1):
        acting = np.flatnonzero(delay < _UNSEEN)
        early = np.maximum(draft["time"] - rng.integers(100_000, 4_000_000, size=size), 0)
        rows.append(acting)
        times.append(np.where(delay == 0, early, draft["time"] + delay)[acting])
        codes.append(np.full(len(acting), number))
    row, time, code = (np.concatenate(parts) for parts in (rows, times, codes))
    copies = np.flatnonzero(rng.random(len(row)) < plan.duplicates)
    row, code = np.append(row, row[copies]), np.append(code, code[copies])
    time = np.append(time, time[copies] + rng.integers(1, 900_000, size=len(copies)))
    user, item = draft["user"][row], draft["item"][row]
    lost = rng.choice(size, round(size * plan.orphans), replace=False)
    row, code = np.append(row, lost), np.append(code, np.ones(len(lost), dtype=np.int64))
    time, item = np.append(time, rng.integers(end, size=len(lost))), np.append(item, draft["item"][lost])
    user = np.append(user, 4 * first + 3 * size + np.arange(len(lost)))  # users who saw nothing
    logged = rng.permutation(np.flatnonzero((time < end) & (time >= 0)))
    row, code = row[logged], code[logged]
    of_action = code > 0
    return pa.record_batch(
        {
            "id": _named("i", first + row, of_action),
            "user": _named("u", user[logged]),
            "item": _named("item", item[logged]),
            "event": pa.array(["impression", *ACTIONS]).take(pa.array(code)),
            "time": _times(time[logged]),
            **{
                name: pa.array(draft[name][row], mask=of_action)
                for name in ("position", "randomised", "same_topic", "item_score")
            },
        }
    )


def _named(prefix: str, numbers: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    import pyarrow.compute as pc  # noqa: PLC0415 - not all who import this generate

    return pc.binary_join_element_wise(prefix, pa.array(numbers, mask=missing).cast(pa.string()), "")


def _times(microseconds: NDArray[np.int64]) -> pa.Array:
    return pa.array(START + microseconds.astype("timedelta64[us]"), pa.timestamp("us", tz="UTC"))
