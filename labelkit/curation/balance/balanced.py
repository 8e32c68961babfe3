"""Rows of a balanced training set: which, how often, and how much of each class was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import DASH, count, decimal, percent, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.curation.balance.prior_correction import correct_prior
from labelkit.curation.step import CurationStep
from labelkit.votes.alignment import has_index, names_of, shown_names
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.resampled import mark_resampled
from labelkit.votes.storage import stored_ids
from labelkit.votes.training_set import rows_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

CALIBRATION: Final = (
    "A model trained on these rows gives probabilities for these class frequencies: balanced.correct(proba), or "
    "PriorCorrectedClassifier, makes them those of reality. Evaluate on other rows, as they come."
)


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Balanced(ShownResult):
    """Rows that :func:`labelkit.balance` has chosen, in their order; a row that is drawn twice stands there twice.

    Attributes
    ----------
    class_names : tuple of str
    positions : ndarray of int64, shape (n_drawn,)
        Among the rows given; rising.
    classes : ndarray of int, shape (n_drawn,)
    counts_before, counts_after : ndarray of int64, shape (n_classes,)
    examples : ExampleNames
        Of all rows given.
    step : CurationStep
    """

    class_names: tuple[str, ...]
    positions: NDArray[np.int64]
    classes: NDArray[Any]
    counts_before: NDArray[np.int64]
    counts_after: NDArray[np.int64]
    examples: ExampleNames
    step: CurationStep

    is_resampled: Final = True
    """By which metrics recognise data that is not as frequent as in reality."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def ids(self) -> NDArray[Any]:
        """The ids of the rows; shape (n_drawn,)."""
        return np.asarray(self.examples.ids[self.positions])

    @property
    def sampling_rates(self) -> dict[str, float]:
        """Rows drawn for each row there was, by class: ``PriorCorrectedClassifier(model, sampling_rates=...)``."""
        return {name: float(rate) for name, rate in zip(self.class_names, self._rates, strict=True) if rate > 0}

    @property
    def _rates(self) -> NDArray[np.float64]:
        before = self.counts_before
        return np.divide(self.counts_after, before, out=np.zeros(len(before)), where=before > 0)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each row with which sums are those of all rows of its class: 1 / the sampling rate.

        A learner that takes these weights undoes the balance; it learns from fewer rows, at their true frequencies.
        """
        rates = self._rates
        return np.asarray(np.divide(1.0, rates, out=np.zeros(len(rates)), where=rates > 0)[self.classes])

    def take(self, X: Any) -> Any:
        """Take the rows from features or texts of all rows: an array, sparse matrix, frame, Series or list.

        Returns
        -------
        The same type, of length n_drawn
            Frames are marked as resampled, so that metrics warn where they are evaluated.

        Raises
        ------
        ModelError
            If X has other rows.
        """
        taken = rows_of(X, self.examples, self.positions)
        if hasattr(taken, "attrs"):
            mark_resampled(taken, self._call)
        return taken

    def correct(self, proba: Any) -> Any:
        """Correct probabilities of a model that learned from these rows for the class frequencies of all rows.

        Parameters
        ----------
        proba : array-like of shape (n_rows, n_classes) or (n_rows,), or DataFrame
            Columns in the order of ``class_names``, but for classes that were left out, or named by them in a frame.

        Returns
        -------
        The same shape
            See :func:`labelkit.correct_prior`.
        """
        kept = np.flatnonzero(self.counts_after > 0)
        names = [self.class_names[number] for number in kept]
        after, before = (
            dict(zip(names, counts[kept], strict=True)) for counts in (self.counts_after, self.counts_before)
        )
        return correct_prior(proba, after, before, class_names=names)

    def check_evaluation(self, rows: Any) -> None:
        """Warn where rows are no fair test of a model that learned from these: they are among them, or repeat.

        Parameters
        ----------
        rows : array-like of ids, Series or DataFrame, mapping by id, ProbabilisticLabels or Balanced
            The evaluation data.

        Warns
        -----
        UserWarning
        """
        ids = _ids_of(rows)
        trained = ids[np.isin(ids.astype(str), self.ids.astype(str))] if ids.dtype != self.ids.dtype else (
            ids[np.isin(ids, self.ids)])  # fmt: skip
        if isinstance(rows, Balanced) or len(trained):
            why = f"{plural(len(trained), 'row')} of {count(len(ids))} were trained on, such as {shown_names(trained)}"
        elif len(np.unique(ids)) < len(ids):
            why = "it repeats rows, so that intervals are too narrow"
        else:
            return
        warn(
            f"the evaluation data is no fair test: {why}. Hint: split first, balance the training part alone, and "
            "evaluate on the other part as it is",
            code="LK542",
        )

    def rows(self) -> pa.Table:
        """Return ``id`` and ``label`` of each row, for a data set."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks

        names = pa.DictionaryArray.from_arrays(pa.array(self.classes.astype(np.int32)), pa.array(self.class_names))
        return pa.table({"id": stored_ids(self.ids), "label": names.cast(pa.string())})

    def to_pandas(self) -> pd.DataFrame:
        """Return ``id``, ``position``, ``label`` and ``weight`` of each row; marked as resampled."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        label = pd.Categorical.from_codes(self.classes.astype(np.int32), categories=pd.Index(self.class_names))
        columns = {"id": self.ids, "position": self.positions, "label": label, "weight": self.weights}
        frame = pd.DataFrame(columns)
        mark_resampled(frame, self._call)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: counts and rates by class, and the step."""
        counts = zip(self.class_names, self.counts_before.tolist(), self.counts_after.tolist(), strict=True)
        classes = {name: {"before": before, "after": after} for name, before, after in counts}
        return {"rows": len(self), "classes": classes, "rates": self.sampling_rates, "step": self.step.to_dict()}

    @property
    def _call(self) -> str:
        return f"{self.step.operation}({', '.join(f'{key}={value!r}' for key, value in self.step.parameters.items())})"

    def _page(self) -> ResultPage:
        rows = [
            [name, count(before), count(after), percent(before / self.counts_before.sum()),
             percent(after / max(self.counts_after.sum(), 1)), decimal(rate) if before else DASH]
            for name, before, after, rate in zip(
                self.class_names, self.counts_before, self.counts_after, self._rates, strict=True
            )
        ]  # fmt: skip
        heads = ["class", "rows before", "after", "share before", "after", "rate"]
        lead = f"{plural(len(self), 'row')} of {count(len(self.examples))}"
        return ResultPage([lead], [ResultTable(rows, heads, "<>")], [*self.step.notes, CALIBRATION])


def _ids_of(rows: Any) -> NDArray[Any]:
    """Return the ids of evaluation data, from whatever names its rows."""
    if isinstance(rows, Balanced | ProbabilisticLabels):
        return np.asarray(rows.ids)
    names = names_of(rows)
    if has_index(rows) and "id" in getattr(rows, "columns", []):
        return np.asarray(rows["id"].to_numpy())
    return np.asarray(rows) if names is None else names
