"""Draw a latent class for each row, which decides with noise the fragments of its text.

A :class:`Profile` is one latent class. It knows how common it is, which kinds of fragments its texts are made of, and
in which temper they are written. Gold says only whether a row's profile is one of the positive ones, so that rules see
the class through the words, never the class itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit.datasets._fragments import Bools, Ints, Pools, choose, join
from labelkit.datasets._lexicon import CALM_ENDS, HEATED_ENDS, LAST_CALM_ENDS, LAST_HEATED_ENDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_FRAGMENTS = 160
"""The longest texts, about 5,000 characters."""

BARE = ("url", "shortlink", "outside_link", "mention", "hashtag", "smile", "frown", "phone")
"""Kinds of fragments that no mark follows."""

NULL_TEXT, EMPTY_TEXT = 0.01, 0.004
"""Shares of texts that are null, and that are empty or white space only."""


@dataclass(frozen=True)
class Profile:
    """One latent class of rows.

    Parameters
    ----------
    name : str
        What such a row is, for the reader of the table.
    share : float
        How common it is, relative to the others.
    kinds : mapping of str to float
        The weights of the kinds of fragments.
    capitals, heat : float
        The probabilities that a text is written in capitals throughout, and with heated punctuation.
    length : float
        How long its texts are, relative to the others.
    """

    name: str
    share: float
    kinds: Mapping[str, float]
    capitals: float = 0.02
    heat: float = 0.1
    length: float = 1.0


@dataclass(frozen=True)
class Profiles:
    """A table of latent classes, over the pools that their texts are drawn from.

    Parameters
    ----------
    negative, positive : sequence of Profile
        The latent classes whose gold is 0, and those whose gold is 1.
    pools : Pools
        The fragments, with the kinds of :func:`ends`.
    typical_fragments, spread : float
        The median number of fragments of a text, and the standard deviation of its logarithm.
    """

    negative: Sequence[Profile]
    positive: Sequence[Profile]
    pools: Pools
    typical_fragments: float
    spread: float

    @property
    def members(self) -> list[Profile]:
        """All latent classes, in the order of their numbers."""
        return [*self.negative, *self.positive]

    def is_positive(self, profiles: Ints) -> Bools:
        """Look up the gold label of each row."""
        return profiles >= len(self.negative)

    def draw(self, rng: np.random.Generator, size: int) -> Ints:
        """Draw the latent class of each row."""
        shares = np.array([[profile.share for profile in self.members]])
        return choose(rng, shares, np.zeros(size, dtype=np.int64))

    def trait(self, name: str, profiles: Ints) -> NDArray[Any]:
        """Look up a trait of each row's latent class."""
        return np.array([getattr(profile, name) for profile in self.members])[profiles]

    def kinds(self) -> NDArray[np.float64]:
        """Return the weights of the kinds, shape (n_profiles, n_kinds)."""
        names = self.pools.numbers
        return np.array([[profile.kinds.get(kind, 0.0) for kind in names] for profile in self.members])


def write_texts(rng: np.random.Generator, table: Profiles, profiles: Ints, languages: Ints | None = None) -> Any:
    """Write a text for each row.

    Parameters
    ----------
    rng : Generator
        Where the noise comes from.
    table : Profiles
        The latent classes and their fragments.
    profiles : ndarray of shape (n_rows,)
        The latent class of each row.
    languages : ndarray of shape (n_kinds, n_rows), optional
        For each kind of fragment the kind that says it in the row's language.

    Returns
    -------
    pyarrow.StringArray
        The texts, a few of them null, empty or white space.
    """
    counts = _counts(rng, table, profiles)
    rows = np.repeat(np.arange(len(profiles)), counts)
    kinds = choose(rng, table.kinds(), profiles[rows])
    if languages is not None:
        kinds = languages[kinds, rows]
    ends = _ends(rng, table, profiles, counts, kinds)
    positions = np.column_stack([table.pools.draw(rng, kinds), table.pools.draw(rng, ends)]).ravel()
    texts = join(table.pools, positions, 2 * counts)
    return _blanked(rng, _cased(rng, texts, table.trait("capitals", profiles)))


def _counts(rng: np.random.Generator, table: Profiles, profiles: Ints) -> Ints:
    typical = table.typical_fragments * table.trait("length", profiles)
    lengths = np.exp(rng.normal(np.log(typical), table.spread))
    return np.clip(np.rint(lengths), 1, MAX_FRAGMENTS).astype(np.int64)


def _ends(rng: np.random.Generator, table: Profiles, profiles: Ints, counts: Ints, kinds: Ints) -> Ints:
    """Choose the separators: a mark, calm or heated as the row is; after a link or an emoji mostly a space."""
    numbers = table.pools.numbers
    heated = rng.random(len(profiles)) < table.trait("heat", profiles)
    following = np.repeat(np.where(heated, numbers["heated end"], numbers["calm end"]), counts)
    bare = np.isin(kinds, [numbers[kind] for kind in BARE if kind in numbers]) & (rng.random(len(kinds)) < 0.9)
    following[bare] = numbers["space"]
    last = np.cumsum(counts) - 1
    following[last] = np.where(heated, numbers["last heated end"], numbers["last calm end"])
    return following


def _cased(rng: np.random.Generator, texts: Any, capitals: NDArray[np.float64]) -> Any:
    """Write some texts in capitals, and many in small letters."""
    luck = rng.random(len(texts))
    upper, lower = luck < capitals, luck > 0.7
    texts = pc.replace_with_mask(texts, pa.array(upper), pc.utf8_upper(texts.filter(pa.array(upper))))
    return pc.replace_with_mask(texts, pa.array(lower), pc.utf8_lower(texts.filter(pa.array(lower))))


def _blanked(rng: np.random.Generator, texts: Any) -> Any:
    """Replace some texts by null, by empty ones or by white space."""
    luck = rng.random(len(texts))
    blank = luck > 1 - EMPTY_TEXT
    blanks = pa.array(["", "   ", "\n", "\u00a0 "]).take(pa.array(rng.integers(4, size=int(blank.sum()))))
    texts = pc.replace_with_mask(texts, pa.array(blank), blanks)
    return pc.if_else(pa.array(luck < NULL_TEXT), pa.scalar(None, pa.string()), texts)


def ends() -> dict[str, Sequence[str]]:
    """Return the kinds of separators between fragments and after the last one."""
    return {
        "space": (" ",),
        "calm end": CALM_ENDS,
        "heated end": HEATED_ENDS,
        "last calm end": LAST_CALM_ENDS,
        "last heated end": LAST_HEATED_ENDS,
    }
