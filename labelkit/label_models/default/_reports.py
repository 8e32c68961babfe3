"""Reports of the default label model: precisions, redundancies, suspects, and a verdict against majority vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import beta, binomtest
from sklearn.utils.validation import check_is_fitted

from labelkit.label_models._agreement import co_votes
from labelkit.label_models._columns import own_class_sums, sums_by
from labelkit.label_models._posterior import by_blocks, vote_shares
from labelkit.votes.probabilistic_labels import hard_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._overlaps import Overlaps
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

MODEL_ROWS: Final = 3.0
"""Weight of the model's estimate of a precision, in gold rows: on real votes, 85 to 97% of the intervals then hold."""

REDUNDANT: Final = 0.5
"""Least Jaccard overlap of two labeling functions that are reported as redundant."""

SHARED: Final = 5
"""Least number of shared votes of such a pair."""

MOST_PAIRS: Final = 1_000
"""Upper bound of the number of redundant pairs that are kept."""

SUSPECT: Final = 3.0
"""Standard errors below chance agreement from which a vote is suspect."""


@dataclass(frozen=True)
class Verdict:
    """Recommendation to use the model, or majority vote, with its reason.

    Attributes
    ----------
    use : bool
    reason : str
    """

    use: bool
    reason: str

    def __str__(self) -> str:
        return f"{'use it' if self.use else 'no evidence of gain'}: {self.reason}"


class LearnedReports:
    """Tables of learned quantities; see :class:`~labelkit.label_models.LabelModel`."""

    lf_names_: tuple[str, ...]
    lf_order_: NDArray[np.int64]
    class_names_: tuple[str, ...]
    column_codes_: NDArray[np.int64]
    column_votes_: NDArray[np.float64]
    column_precision_: NDArray[np.float64]
    column_low_: NDArray[np.float64]
    column_high_: NDArray[np.float64]
    column_agreement_: NDArray[np.float64]
    column_chance_: NDArray[np.float64]
    column_met_: NDArray[np.float64]
    redundant_pairs_: NDArray[np.int64]
    redundant_overlap_: NDArray[np.float64]
    verdict_: tuple[Any, ...]

    def precisions(self) -> pd.DataFrame:
        """Return the estimated precision of each LF's votes for each class.

        Returns
        -------
        DataFrame
            A row for each LF and class that it voted for: ``lf``, ``vote``, ``votes``, ``precision``, ``low``, ``high``
            (95%). The model's estimate has the weight of three gold rows, so that the interval is wide without gold.
        """
        columns = {
            "votes": self.column_votes_.astype(np.int64),
            "precision": self.column_precision_,
            "low": self.column_low_,
            "high": self.column_high_,
        }
        check_is_fitted(self)
        lf, vote = np.divmod(self.column_codes_, len(self.class_names_))
        order = np.lexsort([vote, self.lf_order_[lf]])  # as the LFs were given
        return self._by_column(order, {name: values[order] for name, values in columns.items()})

    def suspects(self) -> pd.DataFrame:
        """Return votes that agree with the others less than by chance, by three standard errors or more.

        Such an LF is adversarial, mistaken, or right where a broader one is wrong: look at examples.

        Returns
        -------
        DataFrame
            ``lf``, ``vote``, ``beside`` (other votes on the same examples), ``agreement``, ``by_chance``; worst first.
        """
        error = np.sqrt(self.column_chance_ * (1 - self.column_chance_) / np.maximum(self.column_met_, 1))
        distance = (self.column_chance_ - self.column_agreement_) / np.maximum(error, 1e-12)
        chosen = np.flatnonzero((distance >= SUSPECT) & (self.column_met_ > 0))
        chosen = chosen[np.argsort(-distance[chosen], kind="stable")]
        columns = {
            "beside": self.column_met_[chosen],
            "agreement": self.column_agreement_[chosen],
            "by_chance": self.column_chance_[chosen],
        }
        return self._by_column(chosen, columns)

    def redundancies(self) -> pd.DataFrame:
        """Return pairs of LFs that cast the same votes on at least half of the examples that either votes on.

        Returns
        -------
        DataFrame
            ``lf``, ``other``, ``overlap`` (Jaccard, in [0.5, 1]); the closest first, at most 1,000 pairs.
        """
        check_is_fitted(self)
        names = [self.lf_names_[j] for j in self.lf_order_]
        first, second = self.redundant_pairs_
        return pd.DataFrame(
            {
                "lf": [names[j] for j in first],
                "other": [names[j] for j in second],
                "overlap": self.redundant_overlap_,
            }
        )

    def verdict(self) -> Verdict:
        """Judge by the votes, and gold if there was some, if the model beats majority vote."""
        check_is_fitted(self)
        use, reason = self.verdict_
        return Verdict(bool(use), str(reason))

    def _by_column(self, chosen: NDArray[np.int64], columns: dict[str, Any]) -> pd.DataFrame:
        check_is_fitted(self)
        k = len(self.class_names_)
        codes = self.column_codes_[chosen]
        names = [self.lf_names_[self.lf_order_[j]] for j in codes // k]
        return pd.DataFrame({"lf": names, "vote": [self.class_names_[c] for c in codes % k], **columns})


def describe(model: Any, table: VoteTable, overlaps: Overlaps, gold: GoldCounts) -> None:
    """Set the attributes that the reports need, from the fitted model and the votes."""
    totals = _totals(table, model._posterior(table))  # noqa: SLF001 - a part of the model's own folder
    if not model.known_prior_ and not model.crowd_:
        model.class_prior_ = _constrained(totals.classes)
    _describe_precisions(model, table, totals.right, gold)
    _describe_agreement(model, table)
    pairs, overlap = redundant_pairs(table, overlaps)
    model.redundant_pairs_, model.redundant_overlap_ = pairs, overlap
    on_gold = None
    if len(gold):
        rows = table.some(gold.pattern)
        uncorrected = model._uncorrected_posterior(rows)  # noqa: SLF001 - as above
        on_gold = LabelsOnGold(_labels_of(rows, uncorrected), _labels_of(rows, vote_shares(rows)), gold)
    model.verdict_ = judge(totals, on_gold)


@dataclass(frozen=True, eq=False)
class LabelTotals:
    """Sums of the model's probabilities over all patterns, and its differences from majority vote.

    Attributes
    ----------
    right : ndarray of shape (n_columns,)
        Expected number of right votes of each column.
    classes : ndarray of shape (n_classes,)
        Expected number of covered examples of each class.
    covered, differ, undecided : float
        Examples with a vote; those of them whose label differs from majority vote's; those that only majority vote
        leaves without a label.
    """

    right: NDArray[np.float64]
    classes: NDArray[np.float64]
    covered: float
    differ: float
    undecided: float


def _totals(table: VoteTable, posterior: Posterior) -> LabelTotals:
    right, classes, majority = np.zeros(table.n_columns), np.zeros(table.n_classes), vote_shares(table)
    covered = differ = undecided = 0.0
    for rows in table.chunks():
        weight = np.where(table.covered[rows], table.counts[rows], 0.0)
        proba, shares = (by_blocks(one, rows, table.n_classes) for one in (posterior, majority))
        labels, majority_labels = hard_labels(proba), hard_labels(shares)
        covered += float(weight.sum())
        differ += float(weight[labels != majority_labels].sum())
        undecided += float(weight[(majority_labels < 0) & (labels >= 0)].sum())
        proba *= weight[:, None]
        right += own_class_sums(table, rows, proba)
        classes += proba.sum(axis=0)
    return LabelTotals(right, classes, covered, differ, undecided)


@dataclass(frozen=True, eq=False)
class LabelsOnGold:
    """Labels of the patterns with gold, by the model before its correction by gold and by majority vote."""

    by_model: NDArray[np.int64]
    by_majority: NDArray[np.int64]
    gold: GoldCounts


def _labels_of(table: VoteTable, posterior: Posterior) -> NDArray[np.int64]:
    parts = [hard_labels(by_blocks(posterior, rows, table.n_classes)) for rows in table.chunks()]
    return np.concatenate(parts)


def _constrained(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the class prior from expected counts, with at least a tenth of an even share for each class."""
    share = (classes + 1) / (classes + 1).sum()
    share = np.maximum(share, 0.1 / len(share))
    return np.asarray(share / share.sum())


def _describe_precisions(model: Any, table: VoteTable, right: NDArray[np.float64], gold: GoldCounts) -> None:
    votes = table.column_counts
    estimate = np.clip(right / np.maximum(votes, 1e-12), 0.0, 1.0)
    n_gold, hits = np.zeros(table.n_columns), np.zeros(table.n_columns)
    if len(gold):
        rows = sparse.csr_array(table.hits[gold.pattern])
        n_gold = np.asarray(rows.T @ gold.count)
        place = np.repeat(np.arange(len(gold)), np.diff(rows.indptr))
        agrees = table.label[rows.indices] == gold.label[place]
        hits = sums_by(rows.indices.astype(np.int64), gold.count[place] * agrees, table.n_columns)
    ups, downs = hits + MODEL_ROWS * estimate, n_gold - hits + MODEL_ROWS * (1 - estimate)
    model.column_votes_, model.column_precision_ = votes, ups / (ups + downs)
    model.column_low_ = beta.ppf(0.025, ups + 1e-3, downs + 1e-3)
    model.column_high_ = beta.ppf(0.975, ups + 1e-3, downs + 1e-3)
    total = sums_by(table.lf, votes, table.n_lfs)
    weighted = sums_by(table.lf, votes * model.column_precision_, table.n_lfs)
    precision = np.divide(weighted, total, out=np.full(table.n_lfs, np.nan), where=total > 0)
    model.lf_precision_ = {lf.name: float(p) for lf, p in zip(table.lfs, precision, strict=True)}


def _describe_agreement(model: Any, table: VoteTable) -> None:
    """Set the share of other votes on each column's examples that agree with it, and the share by chance."""
    others = co_votes(table, model.independence_)
    model.column_met_, model.column_chance_ = others.met, others.chance
    share = others.agreeing / np.maximum(others.met, 1e-9)
    model.column_agreement_ = np.where(others.met > 1e-9, share, np.nan).clip(0, 1)


def redundant_pairs(table: VoteTable, overlaps: Overlaps) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find LFs (positions in the table, shape (2, n_pairs)) that cast the same votes, and their Jaccard overlap."""
    same = overlaps.same_votes().tocoo()
    first, second = (places.astype(np.int64) for places in same.coords)
    votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    overlap = same.data / np.maximum(votes[first] + votes[second] - same.data, 1e-12)
    chosen = np.flatnonzero((overlap >= REDUNDANT) & (same.data >= SHARED))
    chosen = chosen[np.argsort(-overlap[chosen], kind="stable")][:MOST_PAIRS]
    return np.stack([first[chosen], second[chosen]]), overlap[chosen]


def judge(totals: LabelTotals, on_gold: LabelsOnGold | None) -> tuple[bool, str]:
    """Compare the model's labels with majority vote's: on gold where there is some, else by how much they differ."""
    covered = max(totals.covered, 1.0)
    differ, undecided = totals.differ / covered, totals.undecided / covered
    if differ < 0.005:
        return False, f"its labels differ from majority vote's on only {differ:.1%} of the covered examples"
    text = f"it decides {undecided:.1%} of the covered examples where majority vote is tied" if undecided else ""
    if on_gold is not None:
        use, tested = _judged_by_gold(on_gold)
        return use, f"{tested}{'; ' * bool(text)}{text}"
    if undecided >= 0.01:
        return True, f"{text}, and differs on {differ - undecided:.1%} more; gold would tell who is right there"
    return False, f"its labels differ on {differ:.1%} of the covered examples, and only gold can tell who is right"


def _judged_by_gold(on_gold: LabelsOnGold) -> tuple[bool, str]:
    """Apply a sign test to the gold rows; a tie counts as half right."""
    gold = on_gold.gold
    credit = [np.where(labels < 0, 0.5, labels == gold.label) for labels in (on_gold.by_model, on_gold.by_majority)]
    wins = round(float(gold.count[credit[0] > credit[1]].sum()))
    losses = round(float(gold.count[credit[0] < credit[1]].sum()))
    text = (
        f"on {gold.count.sum():,.0f} gold rows, before it learned from them, it did better {wins} times, worse {losses}"
    )
    if wins + losses == 0:
        return False, text
    p = float(binomtest(wins, wins + losses, alternative="greater").pvalue)
    return p < 0.1, f"{text} (sign test, p = {p:.2g})"
