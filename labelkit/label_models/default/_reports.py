"""Reports of the default label model: precisions, redundancies, suspects, and a verdict against majority vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._agreement import co_votes
from labelkit.label_models._class_prior import SourcedPrior, checked_prior
from labelkit.label_models._columns import sums_by
from labelkit.label_models.default._precisions import BASES, describe_precisions
from labelkit.label_models.default._verdict import Verdict, judge, label_totals, paired_credits
from labelkit.label_models.scikit_learn_estimator import ScikitLearnEstimator

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.label_models._cross_fit import HeldOutGold
    from labelkit.label_models._overlaps import Overlaps
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

REDUNDANT: Final = 0.5
"""Least Jaccard overlap of two labeling functions that are reported as redundant."""

SHARED: Final = 5
"""Least number of shared votes of such a pair."""

MOST_PAIRS: Final = 1_000
"""Upper bound of the number of redundant pairs that are kept."""

SUSPECT: Final = 3.0
"""Standard errors below chance agreement from which a vote is suspect."""


@checks_keywords
class LearnedReports(ScikitLearnEstimator):
    """Tables of learned quantities; see :class:`~labelkit.label_models.LabelModel`."""

    lf_names_: tuple[str, ...]
    lf_order_: NDArray[np.int64]
    class_names_: tuple[str, ...]
    column_codes_: NDArray[np.int64]
    column_votes_: NDArray[np.float64]
    column_precision_: NDArray[np.float64]
    column_low_: NDArray[np.float64]
    column_high_: NDArray[np.float64]
    column_gold_: NDArray[np.float64]
    column_basis_: NDArray[np.int64]
    column_agreement_: NDArray[np.float64]
    column_chance_: NDArray[np.float64]
    column_met_: NDArray[np.float64]
    redundant_pairs_: NDArray[np.int64]
    redundant_overlap_: NDArray[np.float64]
    verdict_: tuple[Any, ...]

    def precisions(self) -> pd.DataFrame:
        """Return the estimated precision of each LF's votes for each class.

        The interval holds what is known without assumptions about the rules, so votes alone give none: whatever the
        classes are, the votes could be the same. With gold on a rule's votes it is Wilson's interval; where the class
        prior was given, precision is bounded by the number of examples of the class. The estimate is the belief of the
        model, which has the weight of three gold rows, within the interval.

        Returns
        -------
        DataFrame
            A row for each LF and class that it voted for: ``lf``, ``vote``, ``votes``, ``precision``, ``low``, ``high``
            (95%), ``gold`` (examples with that vote and gold), ``basis`` of the interval ("gold", "class prior", or
            "none": 0 to 1).

        References
        ----------
        Wilson (1927), Probable inference, the law of succession, and statistical inference.
        https://doi.org/10.1080/01621459.1927.10502953
        """
        self._check_fitted()
        columns = {
            "votes": self.column_votes_.astype(np.int64),
            "precision": self.column_precision_,
            "low": self.column_low_,
            "high": self.column_high_,
            "gold": self.column_gold_.astype(np.int64),
            "basis": np.array(BASES)[self.column_basis_],
        }
        lf, vote = np.divmod(self.column_codes_, len(self.class_names_))
        order = np.lexsort([vote, self.lf_order_[lf]])  # as the LFs were given
        return self._by_column(order, {name: values[order] for name, values in columns.items()})

    def suspects(self) -> pd.DataFrame:
        """Return votes that agree with the others less than by chance, by three standard errors or more.

        The others' votes on an example count as one there at most, since they have its class in common. Such an LF is
        adversarial, mistaken, or right where a broader one is wrong: look at examples.

        Returns
        -------
        DataFrame
            ``lf``, ``vote``, ``beside`` (other votes on the same examples), ``agreement``, ``by_chance``; worst first.
        """
        self._check_fitted()
        size = np.maximum(np.minimum(self.column_met_, self.column_votes_), 1)  # votes on one example go together
        error = np.sqrt(self.column_chance_ * (1 - self.column_chance_) / size)
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
        import pandas as pd  # noqa: PLC0415 - fitting needs no tables

        self._check_fitted()
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
        """Judge by gold, if there was some, whether the model or majority vote labels more covered examples rightly.

        Gold is compared by cross-fitting, each example by a model that did not see it. Without gold there is no
        verdict: where their labels differ, votes alone cannot tell who is right.
        """
        self._check_fitted()
        return Verdict(*self.verdict_)

    def _by_column(self, chosen: NDArray[np.int64], columns: dict[str, Any]) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 - fitting needs no tables

        k = len(self.class_names_)
        codes = self.column_codes_[chosen]
        names = [self.lf_names_[self.lf_order_[j]] for j in codes // k]
        return pd.DataFrame({"lf": names, "vote": [self.class_names_[c] for c in codes % k], **columns})


def describe_overlaps(model: Any, table: VoteTable, overlaps: Overlaps) -> None:
    """Set what the reports say of votes on the same examples, from the votes alone."""
    others = co_votes(table, model.independence_)
    model.column_met_, model.column_chance_ = others.met, others.chance
    share = others.agreeing / np.maximum(others.met, 1e-9)
    model.column_agreement_ = np.where(others.met > 1e-9, share, np.nan).clip(0, 1)
    model.redundant_pairs_, model.redundant_overlap_ = redundant_pairs(table, overlaps)


def describe(model: Any, table: VoteTable, gold: GoldCounts, held_out: HeldOutGold | None) -> None:
    """Set the attributes that the reports need, from the fitted model, the votes, and gold that it did not see."""
    totals = label_totals(table, model._posterior(table))  # noqa: SLF001 - a part of the model's own folder
    if not model.known_prior_ and not model.crowd_:
        model._take_prior(SourcedPrior.expected(_constrained(totals.classes)))  # noqa: SLF001 - as above
    class_prior = checked_prior(model.class_prior, table.class_names)
    describe_precisions(model, table, totals.right, gold, class_prior)
    model.verdict_ = judge(totals, None if held_out is None else paired_credits(table, held_out))


def _constrained(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the class prior from expected counts, with at least a tenth of an even share for each class."""
    share = (classes + 1) / (classes + 1).sum()
    share = np.maximum(share, 0.1 / len(share))
    return np.asarray(share / share.sum())


def redundant_pairs(table: VoteTable, overlaps: Overlaps) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find LFs (positions in the table, shape (2, n_pairs)) that cast the same votes, and their Jaccard overlap."""
    same = overlaps.same_votes().tocoo()
    first, second = (places.astype(np.int64) for places in (same.row, same.col))
    votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    overlap = same.data / np.maximum(votes[first] + votes[second] - same.data, 1e-12)
    chosen = np.flatnonzero((overlap >= REDUNDANT) & (same.data >= SHARED))
    chosen = chosen[np.argsort(-overlap[chosen], kind="stable")][:MOST_PAIRS]
    return np.stack([first[chosen], second[chosen]]), overlap[chosen]
