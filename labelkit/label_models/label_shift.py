"""Label shift: estimate the class prior of new data from its votes, by a model that was fitted on other data.

If the classes have another frequency in the new data, and the examples of each class are as they were, the posterior of
each example changes by the ratio of new to old priors, and the new prior is the one that its own posteriors average to:
a fixed point of EM (Saerens et al. 2002). The old prior is the mean posterior over the data of the fit, which is such a
fixed point of that data whatever the calibration of the model; so data without a shift shows none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import special

from labelkit._shared.given_kinds import check_kind
from labelkit._shared.numbers import count, p_value, percent
from labelkit._shared.protected_values import protects_values
from labelkit._shared.row_operations import first_rows
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.exceptions import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models.pattern_label_model import PatternLabelModel
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

SIGNIFICANT: Final = 0.01
"""p-value below which a shift is warned of."""

LOOSE: Final = 0.1
"""p-value above which that of chi-square will do: there simulations find it right within a tenth."""

DRAWS: Final = 2_000
BLOCKS: Final = 20
"""Random permutations for a smaller one, and the blocks in which they are held in memory."""

MOST_STEPS: Final = 1_000
TOLERANCE: Final = 1e-8

LEAST: Final = 1e-6
"""Share of a class that EM does not go below, so that a prior stays above 0."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class LabelShift(ShownResult):
    """How the frequency of the classes differs between the data of a fit and new data.

    Attributes
    ----------
    class_names : tuple of str
    before, after : ndarray of shape (n_classes,)
        The class prior of the model, and the one that the votes on the new data speak for.
    p : float
        Probability that votes of one and the same kind of data differ so much. It is small for any change of the votes:
        a change of texts or rules moves them too (``labelkit.drift`` tells which rules changed).
    n_before, n_after : int
        Covered examples.
    ratio : ndarray of shape (n_classes,)
        What the posterior odds of covered examples are multiplied by.
    """

    class_names: tuple[str, ...]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    p: float
    n_before: int
    n_after: int
    ratio: NDArray[np.float64]

    @property
    def is_significant(self) -> bool:
        """Return True if the votes differ by more than chance: p below 0.01."""
        return self.p < SIGNIFICANT

    @property
    def class_prior(self) -> dict[str, float]:
        """The new class prior by class name, for ``class_prior=`` of a model that is fitted on the new data."""
        return dict(zip(self.class_names, self.after.tolist(), strict=True))

    def adjusted(self, labels: ProbabilisticLabels) -> ProbabilisticLabels:
        """Return labels of the new data under the new class prior.

        Parameters
        ----------
        labels : ProbabilisticLabels
            ``model.label(matrix)`` of the new votes.

        Returns
        -------
        ProbabilisticLabels
            As with a given prior, a class that no rule voted for on the example may be the most probable one.
        """
        if labels.class_names != self.class_names:
            raise ModelError(
                f"the shift is of the classes {self.class_names}, the labels of {labels.class_names}", code="LK402"
            )
        used, place = np.unique(labels.index, return_inverse=True)
        proba = _reweighted(labels[first_rows(place, len(used), none=0)].proba, self.ratio)
        covered = labels.pattern_covered[used]
        proba[~covered] = self.after
        return replace(labels, pattern_proba=proba, pattern_covered=covered, index=place, prior_source=SOURCE)

    def _page(self) -> ResultPage:
        verdict = "differ" if self.is_significant else "do not differ by more than chance"
        head = (
            f"Votes on {count(self.n_after)} new and {count(self.n_before)} old covered examples {verdict} "
            f"({p_value(self.p)})"
        )
        rows = [
            [name, percent(before), percent(after)]
            for name, before, after in zip(self.class_names, self.before, self.after, strict=True)
        ]
        return ResultPage([head], [ResultTable(rows, ["class", "prior at fit", "prior now"], align="<>")])

    def __repr__(self) -> str:
        moved = (
            f"{name} {percent(before)} -> {percent(after)}"
            for name, before, after in zip(self.class_names[:6], self.before, self.after, strict=False)
        )
        return f"LabelShift({', '.join(moved)}; {p_value(self.p)})"


SOURCE: Final = "a re-estimate from the votes on new data"
"""Where the prior of adjusted labels comes from."""


@checks_keywords
def label_shift(model: PatternLabelModel, matrix: Any, fitted_on: Any) -> LabelShift:
    """Estimate how frequent the classes are in new data, from the votes on it.

    Parameters
    ----------
    model : PatternLabelModel
        Fitted on other data.
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
        Votes of the same rules on the new data.
    fitted_on
        Those that the model was fitted on, or others of that data.

    Returns
    -------
    LabelShift

    Raises
    ------
    ModelError
        If no example of either is covered.

    Warns
    -----
    UserWarning
        If the shift is significant: labels of ``model`` on the new data then have the old prior in them.

    Notes
    -----
    EM starts at the old prior and iterates: posteriors under the current prior, then their mean. Only covered examples
    count; since a class is covered as often as before, the prior of all examples moves by the same ratio. The p-value
    is of Hotelling's two-sample test of the mean posteriors, which needs no calibration; a small one is that of 2,000
    random permutations of the examples, which holds for rare classes and few examples too. The estimate does need it:
    of a model whose posteriors are too sure, the shift is too small, and the other way round.

    References
    ----------
    Saerens, Latinne, Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities: a simple
    procedure. https://doi.org/10.1162/089976602753284446

    Examples
    --------
    >>> from labelkit import MajorityVote
    >>> old, new = np.array([[0, 0, 1], [1, 1, 0]] * 50), np.array([[0, 0, 1]] * 12 + [[1, 1, 0]] * 8)
    >>> label_shift(MajorityVote().fit(old), new, old)
    LabelShift(0 50.0% -> 80.0%, 1 50.0% -> 20.0%; p = 0.416)
    """
    check_kind(model, ("fit", "label"), "a label model", ModelError, "labelkit.LabelModel().fit(matrix)", code="LK405")
    old, new = (_covered(model, votes, name) for votes, name in ((fitted_on, "fitted_on"), (matrix, "matrix")))
    at_fit = _scaled(old[1] @ old[0])
    now = _em(*new, at_fit)
    ratio = now / at_fit
    shift = LabelShift(
        class_names=model.class_names_,
        before=model.class_prior_,
        after=_scaled(model.class_prior_ * ratio),
        p=_chance(old, new),
        n_before=int(old[1].sum()),
        n_after=int(new[1].sum()),
        ratio=ratio,
    )
    if shift.is_significant:
        warn(
            f"the votes on the new data differ from those of the fit ({p_value(shift.p)}), as they do when classes are "
            f"more or less frequent: {shift!r}. Hint: shift.adjusted(labels), or label 50 examples of the new data "
            "drawn at random, and labelkit.estimate_prior(gold, matrix)",
            code="LK414",
        )
    return shift


Weighted = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Posteriors of patterns, and the examples of each."""


def _covered(model: PatternLabelModel, votes: Any, name: str) -> Weighted:
    """Return the posteriors of the covered patterns, and their counts."""
    labels = model.label(votes)
    given = getattr(votes, "counts", None)
    counts = np.ones(len(labels)) if given is None else np.asarray(given, dtype=np.float64)
    weight = np.bincount(labels.index, weights=counts, minlength=len(labels.pattern_proba)).astype(np.float64)
    chosen = np.flatnonzero((weight > 0) & labels.pattern_covered)
    if not len(chosen):
        raise ModelError(f"no rule votes on any example of {name}", hint="votes tell of covered examples alone")
    places = first_rows(labels.index, len(labels.pattern_proba), none=0)[chosen]
    return labels[places].proba, weight[chosen]


def _em(proba: NDArray[np.float64], weight: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    prior = start
    for _ in range(MOST_STEPS):
        following = _scaled(weight @ _reweighted(proba, prior / start))
        done = np.abs(following - prior).max() < TOLERANCE
        prior = following
        if done:
            break
    return prior


def _reweighted(proba: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    scores = np.maximum(proba, 1e-300) * ratio
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _scaled(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    floored = np.maximum(shares / shares.sum(), LEAST)
    return np.asarray(floored / floored.sum())


def _chance(old: Weighted, new: Weighted) -> float:
    """Test if two samples have the same mean posterior, by Hotelling's statistic under the covariance of both together.

    Its tail is that of chi-square only where no class is rare. So a small p-value is that of random permutations of the
    examples: one below ``level`` has at most that probability if the samples do not differ, whatever their size.
    """
    counts = np.concatenate([old[1], new[1]])
    n, n_new = counts.sum(), new[1].sum()
    apart = np.concatenate([old[0], new[0]])
    apart = apart - counts @ apart / n
    values, vectors = np.linalg.eigh((apart.T * counts) @ apart / n)
    usable = values > 1e-9 * max(values.max(), 1e-12)
    if not usable.any():
        return 1.0
    scores = apart @ vectors[:, usable] / np.sqrt(values[usable])

    def distance(chosen: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(((chosen @ scores) ** 2).sum(axis=-1))

    observed = float(distance(np.concatenate([np.zeros(len(old[1])), new[1]])))
    spread = n_new * (n - n_new) / (n - 1)
    by_chi_square = float(special.gammaincc(usable.sum() / 2, observed / spread / 2))
    if by_chi_square > LOOSE:
        return by_chi_square
    order = np.argsort(-counts, kind="stable")  # the sooner a draw is full
    scores, whole = scores[order], np.rint(counts[order]).astype(np.int64)
    rng, as_far = np.random.default_rng(0), 1
    for _ in range(BLOCKS):
        drawn = rng.multivariate_hypergeometric(whole, int(n_new), size=DRAWS // BLOCKS, method="marginals")
        as_far += int((distance(drawn) >= observed * (1 - 1e-9)).sum())
    return as_far / (DRAWS + 1)
