"""Generate comments under music videos: genuine (ham), or advertisements (spam).

Two fifths are spam. Much of it asks to subscribe or leads elsewhere; some of it only advertises.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.datasets._columns import authors, ids, moments
from labelkit.datasets._fragments import Pools, fill
from labelkit.datasets._latent import Profile, Profiles, ends, write_texts
from labelkit.datasets._lexicon import COMMENT_PHRASES
from labelkit.datasets._streams import stream

if TYPE_CHECKING:
    import pandas as pd

VIDEOS = ("Waka Wheel", "Shuffle Anthem", "Roaring Kitten", "Love Is a Lie", "Party Stone", "Golden Hour 9")

HAM = (
    Profile("reaction", 22, {"reaction": 3, "smile": 1, "foreign": 0.5}, capitals=0.08, heat=0.4),
    Profile("about the song", 14, {"song": 3, "artist": 0.6, "reaction": 0.6, "smile": 0.4, "memory": 0.2}, heat=0.3),
    Profile("about the artist", 10, {"artist": 3, "song": 0.5, "reaction": 0.4, "smile": 0.4}, heat=0.3),
    Profile("memory", 7, {"memory": 3, "song": 0.5, "foreign": 0.3}),
    Profile("counter", 4, {"views": 3, "reaction": 0.6}),
    Profile("abroad", 3, {"foreign": 3, "smile": 1, "reaction": 0.4}),
)
SPAM = (
    Profile("channel", 14, {"subscribe": 2, "checkout": 1.6, "plea": 0.7, "reaction": 0.4}, 0.15, 0.4, 1.3),
    Profile("links", 9, {"outside_link": 2.5, "checkout": 0.8, "reaction": 0.5, "song": 0.2}, 0.06),
    Profile("money", 6, {"money": 2.5, "outside_link": 1, "subscribe": 0.2}, 0.15, 0.5),
    Profile(
        "plea", 6, {"plea": 2.5, "artist": 0.3, "checkout": 0.5, "subscribe": 0.5, "quiet_spam": 0.4}, 0.05, 0.1, 2.5
    ),
    Profile("quiet", 5, {"quiet_spam": 2.5, "reaction": 0.5, "song": 0.4, "foreign": 0.3}, 0.02, 0.1, 1.3),
)
"""The latent classes of comments; the shares add up to 100."""


@checks_keywords
def generate_comments(n: int, *, random_state: int = 0, batch_rows: int = 65_536) -> Iterator[Any]:
    """Generate comments, a batch at a time.

    Parameters
    ----------
    n : int
        How many.
    random_state : int, default=0
        The seed; it works as in :func:`generate_posts`.
    batch_rows : int, default=65,536
        The rows of a batch; the last one may have fewer.

    Yields
    ------
    pyarrow.RecordBatch
        Columns ``id``, ``text``, ``author``, ``likes``, ``created_at``, ``video`` and ``spam`` (gold, 0 or 1).

    Raises
    ------
    CorpusError
        If ``n`` or ``random_state`` is negative, or ``batch_rows`` is not from 1 to 1,048,576.

    Examples
    --------
    >>> from labelkit.datasets import generate_comments
    >>> next(generate_comments(3)).column("spam").to_pylist()
    [1, 0, 0]
    """

    def make(rng: np.random.Generator, first: int, size: int) -> Any:
        rows = np.arange(first, first + size)
        return pa.record_batch({"id": ids("c", rows, random_state=random_state), **_columns(rng, size)})

    return stream(make, n, random_state=random_state, batch_rows=batch_rows)


@checks_keywords
def load_comments(n: int = 1_000, random_state: int = 0) -> pd.DataFrame:
    """Generate comments as a data frame.

    Parameters
    ----------
    n : int, default=1,000
        How many.
    random_state : int, default=0
        The seed.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`generate_comments`.

    Examples
    --------
    >>> from labelkit.datasets import load_comments
    >>> load_comments(50).shape
    (50, 7)
    """
    frame: pd.DataFrame = pa.Table.from_batches(generate_comments(n, random_state=random_state)).to_pandas()
    return frame


@cache
def _table() -> Profiles:
    kinds = {kind: fill(phrases, seed=100 + number) for number, (kind, phrases) in enumerate(COMMENT_PHRASES.items())}
    return Profiles(HAM, SPAM, Pools.of({**kinds, **ends()}), typical_fragments=1.7, spread=0.75)


def _columns(rng: np.random.Generator, size: int) -> dict[str, Any]:
    table = _table()
    profiles = table.draw(rng, size)
    spam = table.is_positive(profiles)
    return {
        "text": write_texts(rng, table, profiles),
        "author": authors(rng, np.zeros(size, dtype=np.bool_)),
        "likes": pa.array(rng.negative_binomial(0.3, np.where(spam, 0.4, 0.03))),
        "created_at": moments(rng, size),
        "video": pa.array(VIDEOS).take(pa.array(rng.integers(len(VIDEOS), size=size))),
        "spam": pa.array(spam.astype(np.int8)),
    }
