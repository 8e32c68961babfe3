"""Recognise gold that a model learned from, so that it is not judged on what it was told.

An example is recognised by its id and its votes; where both sides have names and share none, all are others. Where ids
say nothing (vote patterns, rows that were picked from an array), votes and classes are compared. If the gold holds
nine tenths of that from fit, or is held by it as far,
as many examples with the same votes and class are taken as seen as the model has seen. Gold of which more was corrected
since is known by its votes alone, if it has the very rows of votes from fit, and these are many different ones.
Votes are compared by hashes that depend neither on the order nor on the container of the votes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.exceptions import ModelError
from labelkit.label_models._columns import sums_by
from labelkit.label_models.evaluation import DrawnRows, Evaluation
from labelkit.votes.gold_beside import gold_was_judged
from labelkit.votes.row_weights import RowWeights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit._shared.computed_rows import Rows
    from labelkit.label_models._cross_fit import HeldOutGold
    from labelkit.label_models._gold_rows import GoldIds, GoldRows
    from labelkit.label_models._vote_table import VoteTable

SAME_EXAMPLES: Final = 0.9
"""Least share of examples that must be as at fit, if it is the same gold: of those with an id from there, in votes;
of the smaller gold, where there are no ids, in votes and class."""

SAME_ROWS: Final = 0.99
"""Least share of the rows of votes that must be those from fit, if only the classes were corrected."""

SAME_CLASSES: Final = 0.5
"""Least share of the classes that must be as at fit, if the others were corrected."""

TELLING_PATTERNS: Final = 12.0
"""Least effective number of rows of votes, (sum of sqrt(n))^2 / n, of which another sample has other counts: half the
differences of two samples sum to sqrt(n times that number / pi) on average, and to a quarter of it by 3.4 standard
deviations, 0.98 sqrt(that number), at most."""


@dataclass(frozen=True, eq=False)
class SeenGold:
    """Gold that a model learned from, with the probabilities of models that did not see it.

    Attributes
    ----------
    keys : ndarray of uint64, shape (n_pairs,)
        Hashes of votes and class, ascending; a hash may occur several times.
    counts : ndarray of shape (n_pairs,)
    proba : ndarray of shape (n_pairs, n_classes)
    ids, id_keys : ndarray of uint64, shape (n_gold,)
        Hashes of the ids, ascending, and of the votes and class of each; empty where the examples had no ids.
    ids_are_names : bool
        False if the ids are positions.
    """

    keys: NDArray[np.uint64]
    counts: NDArray[np.float64]
    proba: NDArray[np.float64]
    ids: NDArray[np.uint64]
    id_keys: NDArray[np.uint64]
    ids_are_names: bool

    @classmethod
    def none(cls, n_classes: int) -> SeenGold:
        """Make it for a model that did not learn from gold."""
        nothing = np.zeros(0, np.uint64)
        return cls(nothing, np.zeros(0), np.zeros((0, n_classes)), nothing, nothing, ids_are_names=False)

    @classmethod
    def of(cls, table: VoteTable, rows: GoldRows, ids: GoldIds | None, held_out: HeldOutGold) -> SeenGold:
        """Make it from the gold at fit, and the ids of its examples."""
        hashes = pattern_hashes(table)
        keys = _with_class(hashes[held_out.gold.pattern], held_out.gold.label)
        by_key = np.argsort(keys, kind="stable")
        id_hashes = np.zeros(0, np.uint64) if ids is None else _id_hashes(ids.ids)
        by_id = np.argsort(id_hashes, kind="stable")
        id_keys = _with_class(hashes[rows.pattern], rows.label)[by_id] if len(by_id) else id_hashes
        by_votes = keys[by_key], held_out.gold.count[by_key], held_out.proba[by_key]
        return cls(*by_votes, id_hashes[by_id], id_keys, ids is not None and ids.are_names)

    def recognised(
        self, hashes: NDArray[np.uint64], label: NDArray[np.int64], count: NDArray[np.float64], ids: GoldIds | None
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Find the gold that the model learned from; with ids, also where its class was corrected since.

        Parameters
        ----------
        hashes : ndarray of uint64, shape (n,)
            Hashes of votes.
        label : ndarray of int64, shape (n,)
        count : ndarray of shape (n,)
            Examples that each stands for.
        ids : GoldIds of n examples, or None

        Returns
        -------
        is_seen : ndarray of bool, shape (n,)
        keys : ndarray of uint64, shape (n,)
            Hashes of votes and class, as they were at fit.
        """
        keys = _with_class(hashes, label)
        if not len(self.keys) or not len(keys):
            return np.zeros(len(keys), dtype=bool), keys
        by_id = None if ids is None else self.recognised_by_id(hashes, label, ids)
        if by_id is not None:
            return by_id
        is_seen = self._recognised_by_votes(keys, count)
        return (is_seen, keys) if is_seen.any() else self._recognised_rows(hashes, keys, count)

    def recognised_by_id(
        self, hashes: NDArray[np.uint64], label: NDArray[np.int64], ids: GoldIds
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint64]] | None:
        """Find the gold that the model learned from by ids and votes; None if the ids are of other examples.

        Parameters and results are those of :meth:`recognised`.
        """
        if not len(self.ids):
            return None
        keys, id_hashes = _with_class(hashes, label), _id_hashes(ids.ids)
        place = np.minimum(np.searchsorted(self.ids, id_hashes), len(self.ids) - 1)
        with_id, at_fit = self.ids[place] == id_hashes, self.id_keys[place]
        same = with_id & (at_fit == keys)
        other = np.flatnonzero(with_id & ~same)
        for label_at_fit in range(self.proba.shape[1]):
            same[other] |= at_fit[other] == _with_class(hashes[other], np.full(len(other), label_at_fit))
        if ids.are_names and self.ids_are_names and not with_id.any():
            return same, keys
        if not same.any() or same.sum() < SAME_EXAMPLES * with_id.sum():
            return None
        return same, np.where(same, at_fit, keys)

    def _recognised_by_votes(self, keys: NDArray[np.uint64], count: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Take as seen as many of each pair of votes and class as the model has seen, if one gold holds the other."""
        distinct, pair = np.unique(keys, return_inverse=True)
        n_seen = self._n_seen(distinct)
        shared = np.minimum(np.bincount(pair, weights=count), n_seen).sum()
        if shared < SAME_EXAMPLES * min(count.sum(), self.counts.sum()):
            return np.zeros(len(keys), dtype=bool)
        by_pair = np.argsort(pair, kind="stable")
        before = np.cumsum(count[by_pair]) - count[by_pair]
        before -= before[np.searchsorted(pair[by_pair], pair[by_pair])]
        is_seen = np.empty(len(keys), dtype=bool)
        is_seen[by_pair] = before + 1e-9 < n_seen[pair[by_pair]]
        return is_seen

    def _recognised_rows(
        self, hashes: NDArray[np.uint64], keys: NDArray[np.uint64], count: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Take all as seen if the rows of votes are those from fit, whatever became of up to half of their classes."""
        distinct, pattern = np.unique(hashes, return_inverse=True)
        classes = np.arange(self.proba.shape[1])
        of_class = [_with_class(distinct, np.full(len(distinct), label)) for label in classes]
        at_fit = np.stack([self._n_seen(one) for one in of_class], axis=1)
        n_now, n_at_fit = np.bincount(pattern, weights=count), at_fit.sum(axis=1)
        n_rows = max(float(count.sum()), float(self.counts.sum()))
        n_patterns = np.sqrt(n_now).sum() ** 2 / n_now.sum()
        pairs, pair = np.unique(keys, return_inverse=True)
        n_same = np.minimum(np.bincount(pair, weights=count), self._n_seen(pairs)).sum()
        is_same = np.minimum(n_now, n_at_fit).sum() >= SAME_ROWS * n_rows and n_same >= SAME_CLASSES * n_rows
        if not is_same or n_patterns < TELLING_PATTERNS:
            return np.zeros(len(keys), dtype=bool), keys
        likely = np.stack(of_class, axis=1)[np.arange(len(distinct)), at_fit.argmax(axis=1)]
        return n_at_fit[pattern] > 0, np.where(self._n_seen(keys) > 0, keys, likely[pattern])

    def _n_seen(self, keys: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Count the examples from fit with each pair of votes and class."""
        start, stop = (np.searchsorted(self.keys, keys, side=side) for side in ("left", "right"))
        total = np.append(0.0, np.cumsum(self.counts))
        return np.asarray(total[stop] - total[start])

    def held_out(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Find the probabilities of pairs of votes and class by models that did not see them.

        Returns
        -------
        pair : ndarray of int64, shape (n,)
            The position in ``keys`` that a row is of.
        share : ndarray of shape (n,)
            The part of that pair's examples that the row stands for; they sum to 1.
        proba : ndarray of shape (n, n_classes)

        See Also
        --------
        mean_held_out : one row for each pair.
        """
        start, stop = (np.searchsorted(self.keys, keys, side=side) for side in ("left", "right"))
        n_entries = stop - start
        pair = np.repeat(np.arange(len(keys)), n_entries)
        entry = np.arange(len(pair)) - np.repeat(np.cumsum(n_entries) - n_entries, n_entries) + start[pair]
        total = np.bincount(pair, weights=self.counts[entry], minlength=len(keys))
        return pair, self.counts[entry] / total[pair], self.proba[entry]

    def mean_held_out(self, keys: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the mean probabilities of pairs of votes and class by models that did not see them."""
        pair, share, proba = self.held_out(keys)
        return np.stack([sums_by(pair, share * column, len(keys)) for column in proba.T], axis=1)


@dataclass(frozen=True, eq=False)
class JudgedGold:
    """Gold with the probabilities that a model is judged by.

    Attributes
    ----------
    proba : ndarray or ComputedRows of shape (n, n_classes)
        By the model; of gold that it learned from, by models that did not see it.
    label : ndarray of int64, shape (n,)
    weight : ndarray of shape (n,)
    covered : ndarray of bool, shape (n,)
    n_seen : int
        Examples whose gold the model learned from.
    drawn : DrawnRows or None
        The rows behind the weights, if these are of a sample.
    """

    proba: Rows
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    covered: NDArray[np.bool_]
    n_seen: int
    drawn: DrawnRows | None = None

    @classmethod
    def weighted(cls, judge: Callable[[Any], JudgedGold], weights: Any) -> JudgedGold:
        """Judge gold of a sample, whose rows were drawn with different chances.

        Parameters
        ----------
        judge : function
            From the weights of rows (None: all alike) to the judged gold; in the same order for any weights.
        weights : array-like, Series or mapping by id, or None
        """
        if weights is None:
            return judge(None)
        given = RowWeights(weights, ModelError)
        judged = judge(given)
        with gold_was_judged():
            alike, squares = judge(None), judge(replace(given, power=2))
        return replace(judged, drawn=DrawnRows(alike.weight, squares.weight))

    @classmethod
    def joined(cls, parts: Sequence[JudgedGold]) -> JudgedGold:
        """Put the gold of the parts of a corpus under one another."""
        proba, label, weight, covered = (
            np.concatenate([np.asarray(getattr(part, name)) for part in parts])
            for name in ("proba", "label", "weight", "covered")
        )
        return cls(proba, label, weight, covered, sum(part.n_seen for part in parts))

    def evaluation(self, class_names: tuple[str, ...]) -> Evaluation:
        """Compare the probabilities with the gold."""
        return Evaluation.of(
            proba=np.asarray(self.proba),
            gold=self.label,
            weights=self.weight,
            covered=self.covered,
            n_seen=self.n_seen,
            class_names=class_names,
            drawn=self.drawn,
        )


def judge_gold(
    table: VoteTable,
    rows: GoldRows,
    ids: GoldIds | None,
    *,
    seen: SeenGold,
    predict: Callable[[NDArray[np.int64]], Rows],
) -> JudgedGold:
    """Take the probabilities of gold from a model, and of gold that it learned from by cross-fitting.

    Parameters
    ----------
    table : VoteTable
    rows : GoldRows
    ids : GoldIds or None
        The id of each row.
    seen : SeenGold
        Gold that the model learned from.
    predict : function
        From positions of patterns to the model's probabilities.

    Returns
    -------
    JudgedGold
    """
    examples = rows.weight if rows.example is None else np.ones(len(rows.pattern))
    is_seen, keys = seen.recognised(pattern_hashes(table)[rows.pattern], rows.label, examples, ids)
    fresh = rows.counts(table.n_classes, ~is_seen)
    judged = JudgedGold(predict(fresh.pattern), fresh.label, fresh.count, table.covered[fresh.pattern], 0)
    if not is_seen.any():
        return judged
    pattern, label = rows.pattern[is_seen], rows.label[is_seen]
    _, first, group = np.unique(_with_class(keys[is_seen], label), return_index=True, return_inverse=True)
    weight = sums_by(group, rows.weight[is_seen], len(first))
    pair, share, proba = seen.held_out(keys[is_seen][first])
    return JudgedGold(
        proba=np.concatenate([np.asarray(judged.proba), proba]),
        label=np.concatenate([judged.label, label[first][pair]]),
        weight=np.concatenate([judged.weight, share * weight[pair]]),
        covered=np.concatenate([judged.covered, table.covered[pattern[first][pair]]]),
        n_seen=round(min(float(examples[is_seen].sum()), float(seen.counts.sum()))),  # of counts, all are judged so
    )


def pattern_hashes(table: VoteTable) -> NDArray[np.uint64]:
    """Hash the votes of each pattern, as a sum over its votes; shape (n_patterns,)."""
    sums = np.append(np.uint64(0), np.cumsum(mixed_bits(table.codes.astype(np.uint64))[table.hits.indices]))
    return np.asarray(sums[table.hits.indptr[1:]] - sums[table.hits.indptr[:-1]])


def _with_class(hashes: NDArray[np.uint64], label: NDArray[np.int64]) -> NDArray[np.uint64]:
    return mixed_bits(hashes + mixed_bits(label.astype(np.uint64)))


def mixed_bits(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble numbers by the finaliser of SplitMix64 (Steele et al. 2014, https://doi.org/10.1145/2660193.2660195)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _id_hashes(ids: NDArray[Any]) -> NDArray[np.uint64]:
    import pandas as pd  # noqa: PLC0415 - only where gold has ids

    return np.asarray(pd.util.hash_array(ids), dtype=np.uint64)
