"""Choose from a stream of examples as they come: the uncertain ones, at a steady rate, and a share at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.given_kinds import shown_kind
from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import plural
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.next_to_label.strategies import QuestionPool, entropy, least_confident, margin
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

REMEMBERED: Final = 10_000
"""Scores of the stream by which the threshold is set: a random sample of all that came."""

FEWEST: Final = 100
"""Of fewer scores, nothing is known of which are high; all choices are made at random until then."""

_SCORES: Final = {"entropy": entropy, "least_confident": least_confident, "margin": margin}


@checks_keywords
class StreamChooser:
    """Say of each example of a stream whether to ask a person about it.

    A share of the stream is chosen: part at random, with known probability, and the others where the score is among the
    highest that were met. Memory is bounded.

    Parameters
    ----------
    share : float in (0, 1)
        Of the stream that people can label.
    random_share : float in [0, 1]
        Of what is chosen, how much at random.
    strategy : {"entropy", "least_confident", "margin"}
    random_state : int

    Attributes
    ----------
    drawn : ndarray of bool, shape (n_examples,)
        Which examples of the last call were drawn at random.
    inclusion : ndarray of shape (n_examples,)
        With which probability each of them was to be: ``share * random_share``, and ``share`` for the first 100 of a
        stream, of which nothing else is known.

    Examples
    --------
    >>> chooser = StreamChooser(0.1)
    >>> proba = np.random.default_rng(0).dirichlet([1, 1], size=5_000)
    >>> wanted = chooser.choose(proba)
    >>> bool(0.08 < wanted.mean() < 0.12), bool(proba[wanted].max(axis=1).mean() < proba.max(axis=1).mean())
    (True, True)
    """

    def __init__(
        self, share: float, *, random_share: float = 0.25, strategy: str = "entropy", random_state: int = 0
    ) -> None:
        if not isinstance(share, float | np.floating) or not 0 < share < 1:
            raise AnalysisError(f"share={shown_kind(share)} is not between 0 and 1", hint="share=0.1")
        if not 0 <= random_share <= 1:
            raise AnalysisError(f"random_share={random_share!r} is not a share from 0 to 1")
        if strategy not in _SCORES:
            raise AnalysisError(f"there is no strategy {strategy!r} for streams", hint=names_hint(strategy, _SCORES))
        self.share, self.random_share, self.strategy = share, random_share, strategy
        self.n_seen = 0
        self._rate = share * random_share
        self._rng = seed_stream("next", random_state)
        self._scores = np.zeros(0)
        self.drawn, self.inclusion = np.zeros(0, dtype=bool), np.zeros(0)

    def __repr__(self) -> str:
        return f"StreamChooser({self.share}, random_share={self.random_share}, {plural(self.n_seen, 'example')} seen)"

    def choose(self, proba: ArrayLike) -> NDArray[np.bool_]:
        """Return which of the next examples to ask about; ``drawn`` and ``inclusion`` are of them afterwards.

        Parameters
        ----------
        proba : array-like of shape (n_examples, n_classes)
            The probabilities of the classes of the examples that have come; of one, ``[row]``.

        Returns
        -------
        ndarray of bool, shape (n_examples,)
        """
        table = np.asarray(proba, dtype=np.float64)
        if table.ndim != 2 or not np.isfinite(table).all():
            raise AnalysisError(f"probabilities have shape (n_examples, n_classes) and no NaN, not {table.shape}")
        nothing: Any = None
        score = _SCORES[self.strategy](QuestionPool(nothing, table, nothing))
        wanted = np.zeros(len(table), dtype=bool)
        self.drawn, self.inclusion = np.zeros(len(table), dtype=bool), np.zeros(len(table))
        rest = (self.share - self._rate) / (1 - self._rate)
        for row, value in enumerate(score.tolist()):
            few = len(self._scores) < FEWEST
            self.inclusion[row] = self.share if few else self._rate
            self.drawn[row] = self._rng.random() < self.inclusion[row]
            high = not few and self._above(value, rest)
            wanted[row] = self.drawn[row] or high
            self._remember(value)
        return wanted

    def _above(self, value: float, share: float) -> bool:
        """Return whether a score is among the highest of those that are remembered; of ties, some are."""
        above = float((self._scores > value).mean())
        ties = float((self._scores == value).mean())
        return above + ties * self._rng.random() < share

    def _remember(self, value: float) -> None:
        """Keep a random sample of the scores (Vitter 1985, https://doi.org/10.1145/3147.3165)."""
        self.n_seen += 1
        if len(self._scores) < REMEMBERED:
            self._scores = np.append(self._scores, value)
        elif (place := int(self._rng.integers(self.n_seen))) < REMEMBERED:
            self._scores[place] = value
