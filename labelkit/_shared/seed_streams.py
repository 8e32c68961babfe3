"""Draw random numbers that belong to one use of a seed alone.

Everybody seeds with 0. Data that were made with the same seed must not go with the sample, the halves or the rows that
are drawn from them, so each use has a name, which is mixed into the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import AnalysisError, LabelkitError

if TYPE_CHECKING:
    from numpy.random import Generator


def seed_stream(use: str, *seeds: int) -> Generator:
    """Return the random numbers of a use, which are those of nothing else with the same seed.

    Parameters
    ----------
    use : str
        Its name, in ASCII.
    *seeds : int
        The ``random_state`` of the user, and what else tells streams apart, such as a round or the hash of an id:
        equally many for each stream of a use, since zeros at the end are not told from nothing.

    Raises
    ------
    AnalysisError
        If the ``random_state`` is no whole number from 0.

    Examples
    --------
    >>> one, other = (seed_stream(use, 0).integers(1_000_000) for use in ("sample", "balance"))
    >>> bool(one != other), bool(one == seed_stream("sample", 0).integers(1_000_000))
    (True, True)
    """
    return np.random.default_rng([int.from_bytes(use.encode("ascii"), "big"), *map(checked_seed, seeds)])


def seeded(random_state: Any) -> Generator:
    """Return the random numbers of a seed, shared by all uses that name none.

    Raises
    ------
    AnalysisError
        If the seed is no whole number from 0.
    """
    return np.random.default_rng(checked_seed(random_state))


def checked_seed(random_state: Any, error: type[LabelkitError] = AnalysisError) -> int:
    """Return a seed, a whole number from 0.

    Raises
    ------
    LabelkitError
        Of the class that is given, if it is anything else.
    """
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer) or random_state < 0:
        raise error(f"random_state={random_state!r} is no whole number from 0", hint="random_state=0")
    return int(random_state)


def seed_of_32_bits(random_state: Any) -> int:
    """Return a seed for libraries that take no larger one; that of another seed, if it is larger.

    >>> seed_of_32_bits(7), seed_of_32_bits(2**32 + 7)
    (7, 7)
    """
    return checked_seed(random_state) % 2**32
