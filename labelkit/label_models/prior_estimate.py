"""An estimate of the class prior with its intervals: a mapping by class that every model takes as ``class_prior=``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from labelkit._shared.numbers import bounds, count, percent, plural, share_with_bounds
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError
from labelkit.label_models.scikit_learn_estimator import unfitted
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models.pattern_label_model import PatternLabelModel

M = TypeVar("M", bound="PatternLabelModel")

LEAST: Final = 1e-6
"""Prior of a class at an end of its interval that is 0: a class with the prior 0 could never be labeled."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class PriorEstimate(ShownResult, Mapping[str, float]):
    """How frequent each class is, with 95% intervals: give it to a model, ``LabelModel(class_prior=estimate)``.

    As a mapping, it gives the probability of each class by its name.

    Attributes
    ----------
    class_names : tuple of str
    shares : ndarray of shape (n_classes,)
        The estimates; positive, and with the sum 1.
    low, high : ndarray of shape (n_classes,)
        The ends of the interval of each class.
    counts : ndarray of int64, shape (n_classes,)
        Gold rows of each class.
    effective_n : ndarray of shape (n_classes,)
        Rows of a simple random sample that would tell as much of the class.
    confidence : float
    simultaneous : bool
        True if all intervals hold together with that confidence; else each does by itself.
    by_votes : bool
        True if the votes of the other rows sharpened the estimate, of one class at the least.
    """

    class_names: tuple[str, ...]
    shares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    counts: NDArray[np.int64]
    effective_n: NDArray[np.float64]
    confidence: float
    simultaneous: bool
    by_votes: bool

    def __getitem__(self, name: str) -> float:
        try:
            return float(self.shares[self.class_names.index(name)])
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.class_names)

    def __len__(self) -> int:
        return len(self.class_names)

    @property
    def class_prior(self) -> dict[str, float]:
        """The estimates by class name."""
        return dict(self)

    @property
    def n_gold(self) -> int:
        """Gold rows that the estimate is from."""
        return int(self.counts.sum())

    @property
    def source(self) -> str:
        """Where the prior comes from, in words: what a model that takes it says of its prior."""
        return f"an estimate from {plural(self.n_gold, 'gold row')}{' and the votes' if self.by_votes else ''}"

    def at_ends(self) -> dict[str, dict[str, float]]:
        """Return the prior at both ends of the interval of each class; the others keep their proportions.

        Returns
        -------
        dict of dict of str to float
            By ``"<class> low"`` and ``"<class> high"``. Of two classes, the ends of the first are those of the second.
        """
        ends: dict[str, dict[str, float]] = {}
        for place, name in enumerate(self.class_names[:1] if len(self) == 2 else self.class_names):
            for end, values in (("low", self.low), ("high", self.high)):
                share = float(np.clip(values[place], LEAST, 1 - LEAST))
                moved = self.shares * (1 - share) / (1 - self.shares[place])
                moved[place] = share
                ends[f"{name} {end}"] = dict(zip(self.class_names, (moved / moved.sum()).tolist(), strict=True))
        return ends

    def flips(self, model: PatternLabelModel, matrix: Any) -> PriorFlips:
        """Find the labels that depend on where in its interval the prior is.

        The model is fitted again with the estimate, and with the prior at both ends of the interval of each class.

        Parameters
        ----------
        model : PatternLabelModel
            One that takes ``class_prior=``; it need not be fitted, and is not changed.
        matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
            As in ``model.fit``.

        Returns
        -------
        PriorFlips

        Raises
        ------
        ModelError
            If the model takes no class prior, or its classes are others than the estimate's.
        """
        if isinstance(matrix, VotePatterns):
            raise ModelError(
                "vote patterns know no examples", hint="give the label matrix that they are of", code="LK328"
            )
        labels = _given(model, self).fit(matrix).label(matrix)
        hard = labels.hard()
        moved = {name: _given(model, prior).fit(matrix).label(matrix).hard() for name, prior in self.at_ends().items()}
        return PriorFlips(
            ids=labels.ids,
            covered=labels.is_covered,
            flipped={name: np.flatnonzero(other != hard) for name, other in moved.items()},
        )

    def _page(self) -> ResultPage:
        kind = "all intervals hold together" if self.simultaneous else "each interval by itself"
        head = f"Class prior: {self.source} ({percent(self.confidence, decimals=0)} intervals, {kind})"
        rows = [
            [name, share_with_bounds(*values), count(n), count(round(effective))]
            for name, *values, n, effective in zip(
                self.class_names, self.shares, self.low, self.high, self.counts, self.effective_n, strict=True
            )
        ]
        heads = ["class", "share", "gold rows", "worth rows"]
        return ResultPage([head], [ResultTable(rows, heads, align="<>")])

    def __repr__(self) -> str:
        shares = (
            f"{name} {percent(share)} ({bounds(low, high)})"
            for name, share, low, high in zip(self.class_names[:6], self.shares, self.low, self.high, strict=False)
        )
        more = ", ..." if len(self) > 6 else ""
        return f"PriorEstimate({', '.join(shares)}{more}; {self.source})"


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class PriorFlips(ShownResult):
    """Examples whose hard label changes between the estimated prior and the ends of its intervals.

    Attributes
    ----------
    ids : ndarray, shape (n_examples,)
    covered : ndarray of bool, shape (n_examples,)
        Examples without votes have no hard label, and do not flip.
    flipped : dict of str to ndarray of int64
        Positions of the examples that flip, by the end, such as ``"SPAM high"``.
    """

    ids: NDArray[Any]
    covered: NDArray[np.bool_]
    flipped: dict[str, NDArray[np.int64]]

    @property
    def positions(self) -> NDArray[np.int64]:
        """The examples that flip at any end, in ascending order."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *self.flipped.values()]))

    @property
    def n_flipped(self) -> int:
        """How many examples flip at any end."""
        return len(self.positions)

    @property
    def share(self) -> float:
        """The share of the covered examples that flip; NaN if none is covered."""
        n_covered = int(self.covered.sum())
        return self.n_flipped / n_covered if n_covered else float("nan")

    def _page(self) -> ResultPage:
        head = (
            f"{count(self.n_flipped)} of {plural(int(self.covered.sum()), 'labeled example')} ({percent(self.share)}) "
            "would have another label somewhere in the intervals of the class prior"
        )
        few = self.ids[self.positions[:5]].tolist()
        lines = [head, f"such as {', '.join(map(repr, few))}"] if few else [head]
        rows = [[name, count(len(places))] for name, places in self.flipped.items()]
        return ResultPage(lines, [ResultTable(rows, ["prior at", "labels that flip"], align="<>")])

    def __repr__(self) -> str:
        return f"PriorFlips({plural(self.n_flipped, 'label')}, {percent(self.share)} of the covered examples)"


def _given(model: M, prior: Mapping[str, float]) -> M:
    """Return an unfitted copy of a model that takes a class prior.

    Raises
    ------
    ModelError
        If the model has no such parameter.
    """
    if "class_prior" not in model.get_params(deep=False):
        raise ModelError(
            f"{type(model).__name__} takes no class prior, so that none can move its labels",
            hint="labelkit.LabelModel() takes one",
            code="LK412",
        )
    copied = unfitted(model)
    copied.set_params(class_prior=prior)
    return copied
