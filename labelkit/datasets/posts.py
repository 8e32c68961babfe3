"""Generate posts of a social network, with author, time, language and the gold label ``offensive``.

A fifth are offensive. Most of those show it in some word; some only in tone. A few harmless posts use the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.datasets._columns import authors, ids, moments, with_nulls
from labelkit.datasets._fragments import Bools, Ints, Pools, choose, fill
from labelkit.datasets._latent import Profile, Profiles, ends, write_texts
from labelkit.datasets._lexicon import FOREIGN_CHAT, FOREIGN_INSULTS, LANGUAGES, PHRASES
from labelkit.datasets._streams import stream

if TYPE_CHECKING:
    import pandas as pd

_QUOTED = {
    "insult": 0.014,
    "masked": 0.004,
    "sarcasm": 0.01,
    "threat": 0.005,
    "crude": 0.012,
    "looks": 0.005,
    "politics_attack": 0.005,
    "religion_attack": 0.003,
    "work_rude": 0.005,
    "death_wish": 0.003,
    "frown": 0.03,
}
"""Weights of the hurtful kinds in harmless posts, which quote them or jest."""

_TRIMMINGS = {
    **_QUOTED,
    "url": 0.2,
    "mention": 0.35,
    "hashtag": 0.6,
    "smile": 0.5,
    "polite": 0.3,
    "slang": 0.3,
    "joke": 0.1,
}
_RUDE_TRIMMINGS = {
    "joke": 0.15,
    "money": 0.05,
    "phone": 0.02,
    "chat": 2.2,
    "mention": 0.6,
    "hashtag": 0.3,
    "frown": 0.5,
    "slang": 0.4,
    "url": 0.05,
    "smile": 0.1,
}

FINE = (
    Profile("everyday", 34, {"chat": 4, **_TRIMMINGS, "money": 0.1, "death": 0.03}),
    Profile("sport", 10, {"sport": 2, "chat": 1.5, **_TRIMMINGS}, capitals=0.08, heat=0.35),
    Profile("politics", 6, {"politics": 2.5, "chat": 1, **_TRIMMINGS, "url": 0.5}, heat=0.2),
    Profile("religion", 5, {"religion": 2.5, "chat": 1, **_TRIMMINGS}),
    Profile("mourning", 4, {"death": 2, "chat": 1, "religion": 0.3, "polite": 0.8, "mention": 0.2, **_QUOTED}),
    Profile("work", 8, {"work": 3, "chat": 0.6, "polite": 0.6, "url": 0.4, "hashtag": 0.3, **_QUOTED}),
    Profile(
        "trade",
        6,
        {"ad": 3, "shortlink": 0.6, "url": 0.4, "hashtag": 0.6, "phone": 0.3, **_QUOTED},
        capitals=0.1,
        heat=0.4,
    ),
    Profile(
        "banter",
        7,
        {"joke": 1.5, "chat": 2, "slang": 1, "smile": 0.8, "mention": 0.5, **_QUOTED, "crude": 0.25},
        heat=0.3,
    ),
)
OFFENSIVE = (
    Profile("quarrel", 6, {"insult": 2, "masked": 0.3, "sarcasm": 0.6, **_RUDE_TRIMMINGS}, 0.2, 0.6),
    Profile("threat", 2, {"threat": 2, "insult": 0.7, **_RUDE_TRIMMINGS}, 0.2, 0.5),
    Profile("partisan", 3, {"politics_attack": 2, "politics": 1, "insult": 0.4, **_RUDE_TRIMMINGS}, 0.18, 0.6),
    Profile("bigot", 1.6, {"religion_attack": 2, "religion": 0.5, "insult": 0.4, **_RUDE_TRIMMINGS}, 0.12, 0.5),
    Profile("ill wish", 1.4, {"death_wish": 2, "insult": 0.7, "threat": 0.3, **_RUDE_TRIMMINGS}, 0.15, 0.5),
    Profile("foul mouth", 2.5, {"crude": 2.5, "insult": 0.5, "looks": 0.4, **_RUDE_TRIMMINGS}, 0.15, 0.5),
    Profile("bad colleague", 1.5, {"work_rude": 2, "work": 0.8, "sarcasm": 0.5, **_RUDE_TRIMMINGS}, 0.06, 0.3),
    Profile("veiled", 2, {"sarcasm": 2, "chat": 2, "looks": 0.4, "polite": 0.3, "smile": 0.3}, 0.03, 0.15),
)
"""The latent classes of posts; the shares add up to 100."""


@checks_keywords
def generate_posts(n: int, *, random_state: int = 0, batch_rows: int = 65_536) -> Iterator[Any]:
    """Generate posts, a batch at a time.

    Parameters
    ----------
    n : int
        How many.
    random_state : int, default=0
        The seed; it gives the same posts whatever ``batch_rows`` is, and more posts begin with the same fewer ones.
    batch_rows : int, default=65,536
        The rows of a batch; the last one may have fewer.

    Yields
    ------
    pyarrow.RecordBatch
        Columns ``id``, ``text``, ``author``, ``n_followers``, ``created_at``, ``lang``, ``score`` (what some classifier
        thinks, from 0 to 1) and ``offensive`` (gold, 0 or 1).

    Raises
    ------
    CorpusError
        If ``n`` or ``random_state`` is negative, or ``batch_rows`` is not from 1 to 1,048,576.

    Examples
    --------
    >>> from labelkit.datasets import generate_posts
    >>> first, second = generate_posts(5, batch_rows=3)
    >>> first.num_rows, second.num_rows, first.schema.names[:3]
    (3, 2, ['id', 'text', 'author'])
    """

    def make(rng: np.random.Generator, first: int, size: int) -> Any:
        rows = np.arange(first, first + size)
        return pa.record_batch({"id": ids("p", rows, random_state=random_state), **_columns(rng, size)})

    return stream(make, n, random_state=random_state, batch_rows=batch_rows)


@checks_keywords
def load_posts(n: int = 1_000, random_state: int = 0) -> pd.DataFrame:
    """Generate posts as a data frame.

    Parameters
    ----------
    n : int, default=1,000
        How many.
    random_state : int, default=0
        The seed.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`generate_posts`.

    Examples
    --------
    >>> from labelkit.datasets import load_posts
    >>> posts = load_posts(1_000)
    >>> bool(0.15 < posts["offensive"].mean() < 0.25)
    True
    """
    frame: pd.DataFrame = pa.Table.from_batches(generate_posts(n, random_state=random_state)).to_pandas()
    return frame.astype({"n_followers": "Int64"})


def _columns(rng: np.random.Generator, size: int) -> dict[str, Any]:
    table = _table()
    profiles = table.draw(rng, size)
    offensive = table.is_positive(profiles)
    languages = choose(rng, np.array([list(LANGUAGES.values())]), np.zeros(size, dtype=np.int64))
    return {
        "text": write_texts(rng, table, profiles, _translations()[:, languages]),
        "author": authors(rng, offensive),
        "n_followers": with_nulls(rng, _followers(rng, offensive), 0.03),
        "created_at": moments(rng, size),
        "lang": pa.array(list(LANGUAGES)).take(pa.array(languages)),
        "score": with_nulls(rng, _scores(rng, offensive), 0.02),
        "offensive": pa.array(offensive.astype(np.int8)),
    }


@cache
def _table() -> Profiles:
    kinds = {kind: fill(phrases, seed=number) for number, (kind, phrases) in enumerate(PHRASES.items())}
    chat = {f"chat {code}": fill(phrases, size=200) for code, phrases in FOREIGN_CHAT.items()}
    insults = {f"insult {code}": phrases for code, phrases in FOREIGN_INSULTS.items()}
    pools = Pools.of({**kinds, **chat, **insults, **ends()})
    return Profiles(FINE, OFFENSIVE, pools, typical_fragments=4.7, spread=0.95)


@cache
def _translations() -> Ints:
    """Return the kind with the same meaning in each language, shape (n_kinds, n_languages); itself if there is none."""
    numbers = _table().pools.numbers
    return np.array([[numbers.get(f"{kind} {code}", number) for code in LANGUAGES] for kind, number in numbers.items()])


def _followers(rng: np.random.Generator, offensive: Bools) -> Ints:
    middle = np.where(offensive, 60.0, 220.0)
    return np.exp(rng.normal(np.log(middle), 1.9)).astype(np.int64)


def _scores(rng: np.random.Generator, offensive: Bools) -> Any:
    return np.round(rng.beta(np.where(offensive, 3.2, 1.8), np.where(offensive, 2.2, 6.0)), 4)
