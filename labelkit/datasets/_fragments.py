"""Build texts from fragments, a chunk of rows at a time.

A *pool* holds the fragments of one kind ("insult", "url", "chat in Hindi"), filled in once from the lexicon. A text is
a run of fragments with something between them. Rows choose pools and fragments by whole arrays of random numbers, and
Arrow joins the strings, so that a text costs a few microseconds.

>>> import numpy as np
>>> pools = Pools.of({"greeting": ["hi", "hello"], "end": ["! "]})
>>> fragments = pools.draw(np.random.default_rng(0), np.array([0, 1, 0, 1, 0, 1]))
>>> join(pools, fragments, np.array([2, 4])).to_pylist()
['hi!', 'hi! hello!']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelkit.datasets._lexicon import SHORTENERS, SLOTS, TROLLS

POOL_SIZE = 2_500
"""Fragments made from phrases that have slots."""

SKEW = 1.6
"""Above 1, the first fragments of a pool are drawn more often than the last ones."""

_ROUND = np.array(["ka", "lo", "mi", "ra", "ne", "su", "ti", "vo", "be", "du", "fe", "gi", "ho", "ja", "zu", "py"])
_HARD = np.array(
    ["ar", "bel", "cor", "den", "fin", "gal", "hor", "jun", "kel", "mar", "nov", "pel", "ros", "tor", "wes"]
)

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pools:
    """Fragments of several kinds, one kind after the other.

    Parameters
    ----------
    numbers : dict of str to int
        The number of each kind, in order.
    fragments : pyarrow.StringArray
        The fragments of all kinds.
    starts, sizes : ndarray of shape (n_kinds,)
        Where each kind begins, and how many fragments it has.
    """

    numbers: dict[str, int]
    fragments: Any
    starts: Ints
    sizes: Ints

    @classmethod
    def of(cls, kinds: Mapping[str, Sequence[str]]) -> Pools:
        """Concatenate the fragments of all kinds."""
        sizes = np.array([len(fragments) for fragments in kinds.values()])
        return cls(
            numbers={kind: number for number, kind in enumerate(kinds)},
            fragments=pa.array([fragment for fragments in kinds.values() for fragment in fragments]),
            starts=np.cumsum(sizes) - sizes,
            sizes=sizes,
        )

    def draw(self, rng: np.random.Generator, numbers: Ints) -> Ints:
        """Draw a fragment of each kind asked for; the positions of the fragments."""
        within = rng.random(len(numbers)) ** SKEW * self.sizes[numbers]
        return self.starts[numbers] + within.astype(np.int64)


def join(pools: Pools, positions: Ints, counts: Ints) -> Any:
    """Join runs of fragments to texts.

    Parameters
    ----------
    pools : Pools
        The fragments.
    positions : ndarray of shape (counts.sum(),)
        Which fragments, text after text.
    counts : ndarray of shape (n_texts,)
        How many fragments each text has.

    Returns
    -------
    pyarrow.StringArray
        The texts, without white space at their ends.
    """
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    runs = pa.ListArray.from_arrays(pa.array(offsets), pools.fragments.take(pa.array(positions)))
    return pc.utf8_trim_whitespace(pc.binary_join(runs, ""))


def choose(rng: np.random.Generator, weights: NDArray[np.float64], rows: Ints) -> Ints:
    """Draw a column for each row number, by the weights in that row of a table."""
    edges = np.cumsum(weights, axis=1)
    shares = (edges / edges[:, -1:])[:, :-1]
    return np.asarray((rng.random(len(rows))[:, None] >= shares[rows]).sum(axis=1), dtype=np.int64)


def fill(phrases: Sequence[str], *, size: int = POOL_SIZE, seed: int = 0) -> list[str]:
    """Make fragments from phrases: as they are if none has a slot, else ``size`` of them with the slots filled.

    >>> fill(["hello", "bye"])
    ['hello', 'bye']
    >>> fill(["call {phone}"], size=2)
    ['call 0800 0003 22', 'call +44 20 7946 5260']
    """
    if not any("{" in phrase for phrase in phrases):
        return list(phrases)
    rng = np.random.default_rng(seed)
    fillings = _Fillings(rng)
    mixed = rng.permutation(max(size, len(phrases))) % len(phrases)
    return [re.sub(r"\{(\w+)\}", fillings.next, phrases[i]) for i in mixed]


class _Fillings:
    """Fillings for each slot, drawn without end."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._supplies: dict[str, Iterator[str]] = {}

    def next(self, slot: re.Match[str]) -> str:
        name = slot[1]
        if name not in self._supplies:
            self._supplies[name] = self._supply(name)
        return next(self._supplies[name])

    def _supply(self, name: str) -> Iterator[str]:
        words = SLOTS[name] if name in SLOTS else _MAKERS[name](self._rng)
        while True:
            for i in self._rng.integers(len(words), size=1_000):
                yield words[int(i)]


def handles(rng: np.random.Generator, size: int = 4_000) -> list[str]:
    """Make up names of accounts; the first are :data:`~labelkit.datasets._lexicon.TROLLS`."""
    parts = _ROUND[rng.integers(len(_ROUND), size=(size, 4))]
    tails = np.where(rng.random(size) < 0.4, "", rng.integers(1, 2_100, size=size).astype(str))
    names = ("".join(parts[i, : 2 + i % 3]) + "_" * (i % 5 == 0) + tails[i] for i in range(size))
    return list(TROLLS) + list(dict.fromkeys(names))


def _brands(rng: np.random.Generator) -> list[str]:
    parts = _HARD[rng.integers(len(_HARD), size=(4_000, 3))]
    return ["".join(parts[i, : 2 + i % 2]).capitalize() for i in range(len(parts))]


def _phones(rng: np.random.Generator) -> list[str]:
    shapes = ("+1 (555) 010-{:04d}", "555-{:04d}", "+44 20 7946 {:04d}", "0800 {:04d} 22", "(555)010{:04d}")
    return [shapes[i % len(shapes)].format(number) for i, number in enumerate(rng.integers(10_000, size=600))]


def _sums(rng: np.random.Generator) -> list[str]:
    shapes = ("${:,}", "{:,} USD", "€{}", "£{}.99", "{} euros", "${}k", "₹{:,}")
    amounts = np.exp(rng.uniform(0.5, 9, size=600)).astype(int)
    return [shapes[i % len(shapes)].format(amount) for i, amount in enumerate(amounts)]


def _codes(rng: np.random.Generator) -> list[str]:
    letters = np.array(list("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"))
    return ["".join(code) for code in letters[rng.integers(len(letters), size=(600, 9))]]


def _urls(rng: np.random.Generator) -> list[str]:
    shapes = (
        "https://www.example.com/{}",
        "http://news.example.org/2024/05/{}.html",
        "https://example.net/watch?id={}&ref=share",
        "www.example.com/{}",
        "https://blog.example.com/{}#top",
    )
    return [shapes[i % len(shapes)].format(code) for i, code in enumerate(_codes(rng))]


def _shortlinks(rng: np.random.Generator) -> list[str]:
    return [f"{SHORTENERS[i % len(SHORTENERS)]}/{code}" for i, code in enumerate(_codes(rng))]


def _clocks(rng: np.random.Generator) -> list[str]:
    return [f"{second // 60}:{second % 60:02d}" for second in rng.integers(5, 300, size=200)]


def _numbers(rng: np.random.Generator) -> list[str]:
    return [str(number) for number in rng.integers(2, 990, size=200)]


_MAKERS = {
    "handle": handles,
    "phone": _phones,
    "money": _sums,
    "url": _urls,
    "shortlink": _shortlinks,
    "code": _codes,
    "clock": _clocks,
    "brand": _brands,
    "n": _numbers,
}
