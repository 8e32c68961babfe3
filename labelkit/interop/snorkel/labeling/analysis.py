"""Statistics of rules over a matrix of votes, under Snorkel's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from labelkit.interop.snorkel._cells import check_rows, votes_of, warn_of_gold
from labelkit.interop.snorkel.utils.core import to_int_label_array

if TYPE_CHECKING:
    import pandas as pd

Array: TypeAlias = np.ndarray[Any, Any]


class Named(Protocol):
    """A rule: it has a name."""

    @property
    def name(self) -> str:
        """Its name."""


class LFAnalysis:
    """Statistics of rules.

    Parameters
    ----------
    L : array of shape (n_examples, n_lfs)
        Votes; -1 is none, as is what is no class: a number below, NaN, a fraction.
    lfs : list of rules, optional
        They name the rows of the summary.

    Raises
    ------
    ValueError
        If there are not as many rules as columns, or not two dimensions.

    Attributes
    ----------
    L : array of shape (n_examples, n_lfs)

    Examples
    --------
    >>> analysis = LFAnalysis(np.array([[-1, 0, 0], [-1, -1, -1], [1, 0, -1], [-1, 0, -1], [0, 0, 0]]))
    >>> float(analysis.label_coverage()), float(analysis.label_overlap()), float(analysis.label_conflict())
    (0.8, 0.6, 0.2)
    >>> analysis.lf_polarities(), analysis.lf_conflicts(normalize_by_overlaps=True).round(2).tolist()
    ([[0, 1], [0], [0]], [0.5, 0.33, 0.0])
    """

    def __init__(self, L: Array, lfs: Sequence[Named] | None = None) -> None:
        self.L: Array = votes_of(L)
        self._lf_names: list[str] | None = None
        if lfs is not None:
            if len(lfs) != self.L.shape[1]:
                raise ValueError(
                    f"Number of LFs ({len(lfs)}) and number of LF matrix columns ({self.L.shape[1]}) are different"
                )
            self._lf_names = [lf.name for lf in lfs]

    def _voted(self) -> Array:
        return np.asarray(self.L != -1)

    def _covered_data_points(self) -> Array:
        """Mark examples with a vote."""
        return np.asarray(self._voted().any(axis=1).astype(int))

    def _overlapped_data_points(self) -> Array:
        """Mark examples with at least two votes."""
        return np.asarray(self._voted().sum(axis=1) > 1).astype(int)

    def _conflicted_data_points(self) -> Array:
        """Mark examples with votes for at least two classes."""
        voted = self._voted()
        highest = self.L.max(axis=1, keepdims=True)
        return np.asarray((voted & (highest != self.L)).any(axis=1).astype(int))

    def label_coverage(self) -> np.float64:
        """Return the share of examples with a vote."""
        return np.float64(self._covered_data_points().sum() / len(self.L))

    def label_overlap(self) -> np.float64:
        """Return the share of examples with at least two votes."""
        return np.float64(self._overlapped_data_points().sum() / len(self.L))

    def label_conflict(self) -> np.float64:
        """Return the share of examples with votes for at least two classes."""
        return np.float64(self._conflicted_data_points().sum() / len(self.L))

    def lf_polarities(self) -> list[list[int]]:
        """List the classes that each rule votes for."""
        return [[int(label) for label in np.unique(column[column != -1])] for column in self.L.T]

    def lf_coverages(self) -> Array:
        """Return the share of examples on which each rule votes, of shape (n_lfs,)."""
        return np.asarray(self._voted().sum(axis=0) / len(self.L))

    def lf_overlaps(self, normalize_by_coverage: bool = False) -> Array:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Return the share of examples on which each rule votes beside another one, of shape (n_lfs,).

        Parameters
        ----------
        normalize_by_coverage : bool
            Of the examples on which the rule votes; 0 if there are none.
        """
        overlaps = self._voted().T @ self._overlapped_data_points() / len(self.L)
        return _shares(overlaps, self.lf_coverages()) if normalize_by_coverage else overlaps

    def lf_conflicts(self, normalize_by_overlaps: bool = False) -> Array:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Return the share of examples on which each rule votes and some two rules disagree, of shape (n_lfs,).

        Parameters
        ----------
        normalize_by_overlaps : bool
            Of the examples on which the rule votes beside another one; 0 if there are none.
        """
        conflicts = self._voted().T @ self._conflicted_data_points() / len(self.L)
        return _shares(conflicts, self.lf_overlaps()) if normalize_by_overlaps else conflicts

    def lf_empirical_accuracies(self, Y: Array) -> Array:
        """Return the share of the votes of each rule that are right, of shape (n_lfs,); 0 without a vote.

        Parameters
        ----------
        Y : array of shape (n_examples,) or (n_examples, 1)
            Gold. Examples without gold (-1) are left out; Snorkel counts votes on them as wrong.

        Raises
        ------
        ValueError
            If there is not a label for each example.
        """
        correct, incorrect = self._judged(Y)
        return _shares(correct, correct + incorrect)

    def _judged(self, Y: Array) -> tuple[Array, Array]:
        """Count right and wrong votes of each rule."""
        gold = self._gold(Y)[:, None]
        counted = self._voted() & (gold != -1)
        is_right = gold == self.L
        return (counted & is_right).sum(axis=0), (counted & ~is_right).sum(axis=0)

    def _gold(self, Y: Array) -> Array:
        gold = to_int_label_array(np.asarray(Y))
        check_rows(gold, len(self.L))
        warn_of_gold(gold, self.L)
        return gold

    def lf_empirical_probs(self, Y: Array, k: int) -> Array:
        """Return the shares of votes of each rule among the examples of each class.

        Parameters
        ----------
        Y : array of shape (n_examples,)
            Gold, 0 to k - 1.
        k : int
            The number of classes.

        Returns
        -------
        array of shape (n_lfs, k + 1, k)
            P(vote = l - 1 | class y) at ``[:, l, y]``; NaN of a class without examples.
        """
        gold = self._gold(Y)
        of_class = (gold[:, None] == np.arange(k)).astype(float)
        counts = np.stack([np.equal(self.L, label).T.astype(float) @ of_class for label in range(-1, k)], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(counts / of_class.sum(axis=0))

    def lf_summary(self, Y: Array | None = None, est_weights: Array | None = None) -> pd.DataFrame:
        """Tabulate the statistics of each rule.

        Parameters
        ----------
        Y : array of shape (n_examples,) or (n_examples, 1), optional
            Gold: adds the columns ``Correct``, ``Incorrect`` and ``Emp. Acc.``.
        est_weights : array of shape (n_lfs,), optional
            Weights of a label model: adds the column ``Learned Weight``.

        Returns
        -------
        DataFrame
            One row for each rule.
        """
        import pandas as pd  # noqa: PLC0415 - importing the drop-in stays light

        n_lfs = self.L.shape[1]
        index = list(range(n_lfs)) if self._lf_names is None else self._lf_names
        columns: dict[str, Any] = {} if self._lf_names is None else {"j": list(range(n_lfs))}
        columns["Polarity"] = pd.Series(self.lf_polarities(), index=index, dtype=object)
        columns["Coverage"] = self.lf_coverages()
        columns["Overlaps"] = self.lf_overlaps()
        columns["Conflicts"] = self.lf_conflicts()
        if Y is not None:
            correct, incorrect = columns["Correct"], columns["Incorrect"] = self._judged(Y)
            columns["Emp. Acc."] = _shares(correct, correct + incorrect)
        if est_weights is not None:
            columns["Learned Weight"] = pd.Series(est_weights, index=index)
        return pd.DataFrame(columns, index=index)


def _shares(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)
