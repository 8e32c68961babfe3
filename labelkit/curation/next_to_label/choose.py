"""Choose a batch of examples for people to label: the best by a strategy, none twice, and a share at random."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import count, decimal, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.tables import FIRST_ROWS, HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import gold_of
from labelkit.curation.next_to_label._texts import aligned_texts, foreign, nearly_same, pieces_of
from labelkit.curation.next_to_label.strategies import (
    ALIKE,
    STRATEGIES,
    QuestionPool,
    members_of,
    scores,
    validated_rule,
)
from labelkit.curation.slices.judged import NamedClasses
from labelkit.exceptions import AnalysisError
from labelkit.label_models import LabelModel
from labelkit.votes.alignment import aligned_values
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.listed_values import listed_values
from labelkit.votes.matched_labels import matched_proba
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BANDIT: Final = "bandit"
"""The strategy that chooses among strategies, by how often their answers were a surprise."""

ARMS: Final = ("entropy", "disagreement", "committee", "expected_change", "random")
"""The strategies that the bandit chooses among."""

LOOKED_AT: Final = 20_000
"""The best rows by a strategy that are looked at, and more for more than 400 examples: 50 for each."""

MOST_OF_PATTERN: Final = 0.2
"""Share of the chosen examples that may have the same votes."""


COLUMNS: Final = ("id", "position", "strategy", "score", "inclusion_probability")
"""Columns of a table of examples, with the names that a sample has."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class NextExamples(HasFrame, ShownResult):
    """Examples to label next, in the order of asking: random ones are mixed with the others.

    Attributes
    ----------
    ids : ndarray, shape (n,)
    positions : ndarray of int64, shape (n,)
        In the matrix.
    strategy : ndarray of str, shape (n,)
        By which each was chosen: ``random`` for the share at random.
    score : ndarray of shape (n,)
        By that strategy.
    inclusion : ndarray of shape (n,)
        The probability with which each was drawn; NaN where it was not drawn but taken for its score. Estimates are
        made from those that were drawn at random among all without an answer: see ``estimable``.
    n_pool : int
        Examples that could be chosen.
    n_foreign : int
        Examples that no strategy but random may choose, since hardly any of their words stand in others.
    rule : str or None
        The rule of which the strategy ``rule`` chooses votes, where it was taken.
    n_missing : int
        Examples that were asked for beyond these, of which there are none: the others have an answer, no score by the
        strategy, or a text that is nearly the same as one of these.
    """

    ids: NDArray[Any]
    positions: NDArray[np.int64]
    strategy: NDArray[Any]
    score: NDArray[np.float64]
    inclusion: NDArray[np.float64]
    n_pool: int
    n_foreign: int
    rule: str | None = None
    n_missing: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """True for the examples that were drawn at random among all without an answer, of which they are a sample."""
        return np.asarray(self.strategy == "random")

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each: ``id``, ``position``, ``strategy``, ``score``, ``inclusion_probability``."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        columns = dict(zip(COLUMNS, (self.ids, self.positions, self.strategy, self.score, self.inclusion), strict=True))
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        examples = self.frame.to_dict("records")
        return dict(
            plain_value({"examples": examples, "pool": self.n_pool, "foreign": self.n_foreign, "rule": self.rule})
        )

    def _page(self) -> ResultPage:
        names = dict.fromkeys(self.strategy.tolist())
        lines = [f"{plural(len(self), 'example')} to label next, of {count(self.n_pool)}"]
        lines += [
            f"{name}: {count((self.strategy == name).sum())}, good for {STRATEGIES[name].good_for}{self._of_rule(name)}"
            for name in names
        ]
        if self.n_missing:
            lines.append(
                f"{count(self.n_missing)} fewer than were asked for: the others have an answer, no score by the "
                "strategy, or a text that is nearly the same as one of these"
            )
        if self.n_foreign:
            lines.append(
                f"{plural(self.n_foreign, 'example')} left to chance, since hardly any of their words stand in others "
                "(another language, codes): of the strategies, random alone chooses such"
            )
        shown = zip(
            self.ids.tolist(), self.strategy.tolist(), self.score.tolist(), self.inclusion.tolist(), strict=True
        )
        rows = [
            [str(name), strategy, decimal(score), "" if math.isnan(drawn) else percent(drawn, decimals=2)]
            for name, strategy, score, drawn in shown
        ]
        more = f"... and {count(len(self) - FIRST_ROWS)} more" if len(self) > FIRST_ROWS else ""
        return ResultPage(lines, [ResultTable(rows, ["id", "strategy", "score", "drawn with"], align="<<>", more=more)])

    def _of_rule(self, strategy: str) -> str:
        return f" ({self.rule})" if strategy == "rule" and self.rule is not None else ""

    def __repr__(self) -> str:
        return f"NextExamples({plural(len(self), 'example')} of {count(self.n_pool)})"


@checks_keywords
def next_to_label(
    matrix: Any,
    labels: ProbabilisticLabels | None = None,
    *,
    n: int = 20,
    strategy: str = "random",
    gold: Any = None,
    random_share: float = 0.25,
    texts: Any = None,
    committee: Sequence[Any] | None = None,
    rule: str | None = None,
    slices: Any = None,
    answered: Mapping[str, Sequence[bool]] | None = None,
    covered_only: bool = True,
    random_state: int = 0,
) -> NextExamples:
    """Choose the examples whose answers are expected to tell most, and a share at random.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
        The votes.
    labels : ProbabilisticLabels, optional
        Of these examples; those of :class:`~labelkit.LabelModel` if not given.
    n : int
        How many to choose.
    strategy : str
        ``least_confident``, ``margin`` or ``entropy`` (where labels are uncertain), ``committee`` (where label models
        differ), ``disagreement`` (of rules), ``expected_change`` (of the label model), ``rule`` (the precision of a
        rule), ``slices`` (a slice that may be poor), ``random``, or ``bandit``, which mixes some by what they brought.
        :data:`labelkit.STRATEGIES` says what each is good for. To correct a label model, none was better than random
        rows on real sets (``docs/how_to/what_to_label.md``); others find where rules and labels fail.
    gold : array-like, mapping or Series, optional
        Answers that there are; these examples are not asked again.
    random_share : float in [0, 1]
        The share that is drawn at random among all examples without an answer, with known probabilities: estimates of
        accuracy, precision or the class prior are made from these alone, and are of the examples without an answer.
        Beside them, those answered before have the weight 1 (see the notes).
    texts : array-like, mapping or Series of str, optional
        Of the examples, by id or in their order; missing ones are None or NaN. Then no two of a batch are nearly the
        same, and foreign texts are left to chance.
    committee : sequence of label models or arrays of probabilities, optional
    rule : str, optional
        Of the strategy ``rule``; else the one whose precision is known worst, for the number of its votes.
    slices : array-like, optional
        A value for each example, for the strategy ``slices``.
    answered : mapping of str to sequence of bool, optional
        For the bandit: of each strategy, whether each answer to its examples was another than the label.
    covered_only : bool
        Whether strategies choose among the examples that have a vote; random ones are drawn among all.
    random_state : int

    Returns
    -------
    NextExamples

    Raises
    ------
    AnalysisError
        If there is no such strategy, or it lacks what it needs; if no example is left, or a number is out of its range.
    GoldError
        If gold does not fit the examples.

    Notes
    -----
    Where earlier batches took doubtful examples, what is left is easier than the whole. An estimate of the whole
    without bias has weights: 1 for each example that was answered before, which stands for itself, and 1 / inclusion
    for each random one of the last batch (a stratified estimate, whose first stratum is known in full).

    The bandit draws from the beta distributions of how often the answers to each strategy's examples were a surprise
    (Thompson 1933, https://doi.org/10.1093/biomet/25.3-4.285), for each example that it chooses.

    Examples
    --------
    >>> votes = [[0, -1], [1, 0], [1, 1], [-1, -1]] * 10
    >>> chosen = next_to_label(votes, n=4, strategy="disagreement", random_share=0)
    >>> (chosen.positions % 4).tolist()
    [1, 1, 1, 1]
    """
    votes = matrix if isinstance(matrix, LabelMatrix) else LabelMatrix.of(matrix)
    _check(n, random_share)
    surprises = _surprises(answered)
    labels = LabelModel().fit(votes).label(votes) if labels is None else labels
    proba = matched_proba(labels, votes.examples, votes.class_names, what="the labels", error=AnalysisError)
    truth = np.full(len(votes), -1) if gold is None else gold_of(votes, gold)
    hard = None
    if isinstance(labels, ProbabilisticLabels):
        named = NamedClasses.of(labels, votes.examples)
        hard = named.numbered_as(NamedClasses(np.zeros(0, np.int64), votes.class_names), "the labels")
    pool = QuestionPool(votes, proba, truth, members_of(committee, votes), rule, _numbered(slices, votes), hard)
    open_rows = np.flatnonzero(truth < 0)
    if not len(open_rows):
        raise AnalysisError("every example has an answer, so that there is nothing to ask")
    rng = seed_stream("next", random_state)
    n_wanted = min(n, len(open_rows))
    n_random = n_wanted if strategy == "random" else round(random_share * n_wanted)
    drawn = np.sort(rng.choice(open_rows, n_random, replace=False))
    texts = None if texts is None else aligned_texts(texts, votes.examples)
    strange = np.zeros(len(votes), bool) if texts is None else foreign(texts)
    allowed = np.ones(len(votes), bool)
    allowed[drawn] = False
    allowed &= (truth < 0) & ~strange & (votes.covered if covered_only else True)
    batch = _Asking(pool, texts, rng)
    kinds, places = batch.take(strategy, np.flatnonzero(allowed), n_wanted - n_random, surprises)
    positions = np.concatenate([drawn, np.array(places, dtype=np.int64)])
    names = np.array(["random"] * len(drawn) + kinds, dtype=object)
    score = np.concatenate(
        [np.ones(len(drawn)), [batch.score(kind)[row] for kind, row in zip(kinds, places, strict=True)]]
    )
    inclusion = np.full(len(positions), np.nan)
    inclusion[: len(drawn)] = n_random / len(open_rows)
    order = rng.permutation(len(positions))
    return NextExamples(
        ids=votes.ids[positions[order]],
        positions=positions[order],
        strategy=names[order],
        score=score[order].astype(np.float64),
        inclusion=inclusion[order],
        n_pool=len(open_rows),
        n_foreign=int((strange & (truth < 0)).sum()),
        rule=votes.names[validated_rule(pool)] if "rule" in kinds else None,
        n_missing=n - len(positions),
    )


class _Asking:
    """Take examples by strategies, with none nearly the same as one that was taken."""

    def __init__(self, pool: QuestionPool, texts: Sequence[str | None] | None, rng: np.random.Generator) -> None:
        self._pool, self._texts, self._rng = pool, texts, rng
        self._scores: dict[str, NDArray[np.float64]] = {}
        self._noise = rng.random(len(pool.proba))  # which decides between equal scores

    def score(self, name: str) -> NDArray[np.float64]:
        """Return the scores by a strategy, computed once."""
        if name not in self._scores:
            self._scores[name] = scores(name, self._pool)
        return self._scores[name]

    def take(
        self, strategy: str, rows: NDArray[np.int64], n: int, answered: Mapping[str, list[bool]]
    ) -> tuple[list[str], list[int]]:
        """Take up to ``n`` of the rows; returns the strategy and the position of each."""
        arms = [name for name in ARMS if name in STRATEGIES] if strategy == BANDIT else [strategy]
        queues = {name: deque(self._queue(name, rows, n)) for name in arms}
        batch = _GrowingBatch(n)
        while len(batch.places) < n and any(queues.values()):
            name = self._arm([one for one in arms if queues[one]], answered)
            row = queues[name].popleft()
            pieces = None if self._texts is None else pieces_of(self._texts[row])
            pattern = int(self._pool.matrix.pattern_index[row])
            batch.add((name, row, pieces, pattern), is_capped=name not in ALIKE and pieces is not None)
        for one in batch.postponed:  # rather than to ask for fewer examples
            if len(batch.places) < n:
                batch.add(one, is_capped=False)
        return batch.kinds, batch.places

    def _queue(self, name: str, rows: NDArray[np.int64], n: int) -> list[int]:
        """Order the rows by their scores, the best first; those without any are left out."""
        score = self.score(name)[rows]
        rows, score = rows[score > 0], score[score > 0]
        best = np.lexsort((self._noise[rows], -score))[: max(LOOKED_AT, 50 * n)]
        return list(rows[best].tolist())

    def _arm(self, arms: Sequence[str], answered: Mapping[str, list[bool]]) -> str:
        """Choose a strategy, by a draw of how often its answers are a surprise."""
        if len(arms) == 1:
            return arms[0]
        draws = []
        for name in arms:
            given = answered.get(name, [])
            draws.append(self._rng.beta(1 + sum(given), 1 + len(given) - sum(given)))
        return arms[int(np.argmax(draws))]


_Candidate: TypeAlias = tuple[str, int, frozenset[str] | None, int]
"""A strategy, a row, the pieces of its text and its pattern of votes."""


class _GrowingBatch:
    """The examples that are chosen, none of them nearly the same as another, nor too many with the same votes."""

    def __init__(self, n: int) -> None:
        self.kinds: list[str] = []
        self.places: list[int] = []
        self.postponed: list[_Candidate] = []
        self._most = max(1, math.ceil(MOST_OF_PATTERN * n))
        self._rows: set[int] = set()
        self._pieces: list[frozenset[str]] = []
        self._of_pattern: Counter[int] = Counter()

    def add(self, candidate: _Candidate, *, is_capped: bool) -> None:
        """Take a row, unless it is like one that was taken; postpone it if its pattern of votes is there often."""
        kind, row, pieces, pattern = candidate
        if row in self._rows or (pieces is not None and any(nearly_same(pieces, one) for one in self._pieces)):
            return
        if is_capped and self._of_pattern[pattern] >= self._most:
            self.postponed.append(candidate)
            return
        self._rows.add(row)
        self._pieces += [] if pieces is None else [pieces]
        self._of_pattern[pattern] += 1
        self.kinds.append(kind)
        self.places.append(row)


def _numbered(slices: Any, votes: LabelMatrix) -> NDArray[np.int64] | None:
    """Number the slices of the examples; -1 where there is no value."""
    if slices is None:
        return None
    import pandas as pd  # noqa: PLC0415 - only where there are slices

    values = listed_values(slices, what="slices", error=AnalysisError)
    aligned = aligned_values(slices, values, votes.examples, None, what="slices", unit="slices", error=AnalysisError)
    return np.asarray(pd.factorize(aligned, sort=False)[0], dtype=np.int64)


def _check(n: int, random_share: float) -> None:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise AnalysisError(f"n={n!r} is not a number of examples", hint="n=20")
    if not 0 <= random_share <= 1:
        raise AnalysisError(f"random_share={random_share!r} is not a share from 0 to 1")


def _surprises(answered: Any) -> dict[str, list[bool]]:
    """Return of each strategy whether its answers were another class than the label."""
    if answered is None:
        return {}
    if not isinstance(answered, Mapping):
        raise AnalysisError(
            f"answered is {type(answered).__name__}, and no dict by strategy",
            hint='answered={"entropy": [True, False]}: of each answer, whether it was another class than the label',
        )
    surprises = {}
    for name, values in answered.items():
        if name not in STRATEGIES:
            raise AnalysisError(f"answered names no strategy by {name!r}", hint=names_hint(name, STRATEGIES))
        listed = list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [None]
        if not all(isinstance(one, int | np.bool_ | np.integer) and one in (0, 1) for one in listed):
            raise AnalysisError(
                f"answered[{name!r}] is no list of truth values",
                hint="(answers != labels).tolist(), of the examples that it chose",
            )
        surprises[name] = [bool(one) for one in listed]
    return surprises
