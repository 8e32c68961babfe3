"""Balance dense features by rows that are made (SMOTE) and by rows left out at the border (Tomek links)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, plural
from labelkit._shared.optional import optional
from labelkit._shared.protected_values import protects_values
from labelkit._shared.seed_streams import checked_seed
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.balance.class_column import ClassColumn
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from labelkit.votes.gold_values import gold_values
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.resampled import mark_resampled
from labelkit.votes.training_set import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES: Final = ("smote", "tomek", "smote_tomek")

NEIGHBORS: Final = 5
"""Rows of the same class between which SMOTE makes a row."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class ResampledFeatures(ShownResult):
    """Features and classes to train on: ``X, y = labelkit.resample_features(X, y)``.

    Attributes
    ----------
    X : ndarray or DataFrame of shape (n_rows, n_features)
        A frame is marked as resampled, so that metrics warn where it is evaluated.
    y : ndarray of shape (n_rows,)
        Classes, as they were given.
    is_made : ndarray of bool, shape (n_rows,)
        True for a row that nobody observed.
    positions : ndarray of int64, shape (n_rows,)
        The row given that each is; -1 for one that was made.
    class_names : tuple of str
    counts_before, counts_after, counts_made : ndarray of int64, shape (n_classes,)
    step : CurationStep
    """

    X: Any
    y: NDArray[Any]
    is_made: NDArray[np.bool_]
    positions: NDArray[np.int64]
    class_names: tuple[str, ...]
    counts_before: NDArray[np.int64]
    counts_after: NDArray[np.int64]
    counts_made: NDArray[np.int64]
    step: CurationStep

    is_resampled: Final = True
    """By which metrics recognise data that is not as frequent as in reality."""

    def __iter__(self) -> Iterator[Any]:
        return iter((self.X, self.y))

    def __len__(self) -> int:
        return len(self.y)

    @property
    def sampling_rates(self) -> dict[str, float]:
        """Rows of each class for each row there was: ``PriorCorrectedClassifier(model, sampling_rates=...)``."""
        counts = zip(self.class_names, self.counts_before.tolist(), self.counts_after.tolist(), strict=True)
        return {name: after / before for name, before, after in counts if before and after}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: counts by class, and the step."""
        counts = zip(self.class_names, self.counts_before, self.counts_after, self.counts_made, strict=True)
        classes = {
            name: {"before": int(before), "after": int(after), "made": int(n_made)}
            for name, before, after, n_made in counts
        }
        return {"rows": len(self), "classes": classes, "step": self.step.to_dict()}

    def _page(self) -> ResultPage:
        counts = zip(self.class_names, self.counts_before, self.counts_after, self.counts_made, strict=True)
        rows = [[name, *map(count, numbers)] for name, *numbers in counts]
        lead = f"{plural(len(self), 'row')}, of which {count(self.is_made.sum())} were made"
        heads = ["class", "rows before", "after", "of these made"]
        notes = [*self.step.notes, "Rows that were made are for training alone: evaluate on other rows, as they come."]
        return ResultPage([lead], [ResultTable(rows, heads, "<>")], notes)


@checks_keywords
def resample_features(
    X: Any, y: Any, sampler: Any = "smote", *, k_neighbors: int = NEIGHBORS, random_state: int = 0
) -> ResampledFeatures:
    """Balance dense features with imbalanced-learn, and mark the rows that it makes.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n_rows, n_features)
        Numbers, such as embeddings; a frame is matched with labels by its index.
    y : ProbabilisticLabels, array-like, Series or mapping by id
        Classes; rows without one are left out.
    sampler : {"smote", "tomek", "smote_tomek"}, or a sampler of imbalanced-learn
        Make rows between a row of a rare class and its nearest neighbours of the class, until all are as frequent as
        the largest; leave out the row of the more frequent class of each Tomek link, which is two nearest neighbours
        of different classes; or both, one after the other.
    k_neighbors : int
        Of SMOTE.
    random_state : int
        Of SMOTE; a sampler that is given has its own.

    Returns
    -------
    ResampledFeatures

    Raises
    ------
    AnalysisError
        If features are no finite numbers, or a class has too few rows for SMOTE.
    MissingExtraError
        Without imbalanced-learn: ``pip install 'labelkit[balance]'``.

    References
    ----------
    Chawla, Bowyer, Hall, Kegelmeyer (2002), SMOTE. https://doi.org/10.1613/jair.953

    Tomek (1976), Two modifications of CNN. https://doi.org/10.1109/TSMC.1976.4309452

    Examples
    --------
    >>> import numpy as np, labelkit as lk
    >>> rng = np.random.default_rng(0)
    >>> resampled = lk.resample_features(rng.normal(size=(100, 2)), [0] * 90 + [1] * 10)
    >>> resampled.counts_after.tolist(), int(resampled.is_made.sum())
    ([90, 90], 80)
    """
    checked_seed(random_state)
    column = ClassColumn.of(y)
    before = column.counts()
    chosen = np.flatnonzero(column.classes >= 0)
    features = rows_of(X, column.examples, chosen)
    values = _checked(features, column.examples.ids[chosen])
    classes = np.asarray(column.classes[chosen], dtype=np.int64)
    if (before > 0).sum() < 2:
        raise AnalysisError(
            "all rows are of one class: nothing to balance", hint="label examples of others", code="LK407"
        )
    if isinstance(sampler, str):
        _check_neighbors(sampler, before, k_neighbors, column.class_names)
    tool = _sampler(sampler, k_neighbors, random_state)
    try:
        new_values, new_classes = tool.fit_resample(values, classes)
    except ValueError as error:
        raise AnalysisError(
            f"{type(tool).__name__} cannot resample these rows: {error}",
            hint="a class with few rows needs fewer neighbours; labelkit.balance(method='over') repeats rows",
        ) from error
    sources = _sources(tool, values, classes, new_values, new_classes)
    is_made = sources < 0
    k = len(before)
    after = np.bincount(new_classes, minlength=k)
    name = sampler if isinstance(sampler, str) else type(tool).__name__
    step = CurationStep(
        "resample_features",
        {"sampler": name, **({"k_neighbors": k_neighbors} if "smote" in name else {})},
        seed=int(random_state) if isinstance(sampler, str) else None,
        before=counts_beside({"rows": len(column)}, "class", zip(column.class_names, before.tolist(), strict=True)),
        after=counts_beside({"rows": len(new_classes)}, "class", zip(column.class_names, after.tolist(), strict=True)),
        notes=(f"{plural(int(is_made.sum()), 'row')} made by {name}.",),
    )
    return ResampledFeatures(
        X=_as_given(features, new_values, name),
        y=_values_of(y, chosen, classes, k)[new_classes],
        is_made=is_made,
        positions=np.where(is_made, -1, chosen[sources]),
        class_names=column.class_names,
        counts_before=before,
        counts_after=after,
        counts_made=np.bincount(new_classes[is_made], minlength=k),
        step=step,
    )


def _checked(features: Any, ids: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Take features for an array of numbers."""
    dense = "of texts, sentence embeddings; of sparse features, sklearn.decomposition.TruncatedSVD"
    if hasattr(features, "tocsr"):
        raise AnalysisError("X is sparse: between two sparse rows lies no row that could be one of them", hint=dense)
    try:
        values = np.asarray(features)
        values = values if values.dtype == np.float32 else values.astype(np.float64)
    except (TypeError, ValueError):
        texts = [str(name) for name in getattr(features, "columns", []) if features[name].dtype.kind not in "iufb"]
        what = f"the column {texts[0]!r} of X" if texts else "X"
        raise AnalysisError(f"{what} holds values that are no numbers", hint=dense) from None
    if values.ndim != 2:
        raise AnalysisError(f"X has shape {values.shape}, not (n_rows, n_features)", hint=dense)
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        raise AnalysisError(
            f"the features of {ids[wrong][:1].tolist()[0]!r} are not finite ({count(wrong.sum())} such rows)",
            hint="sklearn.impute.SimpleImputer fills what is missing",
        )
    return values


def _check_neighbors(sampler: str, before: NDArray[np.int64], k_neighbors: int, names: tuple[str, ...]) -> None:
    """Refuse classes that SMOTE is to make rows of, and that have too few."""
    if isinstance(k_neighbors, bool) or not isinstance(k_neighbors, int | np.integer) or k_neighbors < 1:
        raise AnalysisError(f"k_neighbors={k_neighbors!r} is no number from 1", hint=f"k_neighbors={NEIGHBORS}")
    few = np.flatnonzero((before > 0) & (before < before.max()) & (before <= k_neighbors))
    if not sampler.startswith("smote") or not len(few):
        return
    c = int(few[before[few].argmin()])
    hint = f"k_neighbors={before[c] - 1}, " if before[c] > 1 else ""
    raise AnalysisError(
        f"SMOTE makes a row between a row and its {k_neighbors} nearest neighbours (k_neighbors) of the same class, "
        f"and {names[c]!r} has {plural(int(before[c]), 'row')}",
        hint=f"{hint}label more of it, or labelkit.balance(method='over') repeats rows",
    )


def _sampler(sampler: Any, k_neighbors: int, random_state: int) -> Any:
    if not isinstance(sampler, str):
        if not hasattr(sampler, "fit_resample"):
            raise AnalysisError(f"{sampler!r} is no sampler", hint=f"one of {', '.join(map(repr, NAMES))}")
        return optional("sklearn.base", extra="balance").clone(sampler)
    if sampler not in NAMES:
        raise AnalysisError(f"sampler={sampler!r} is not one of {', '.join(map(repr, NAMES))}")
    if sampler == "tomek":
        return optional("imblearn.under_sampling", extra="balance").TomekLinks()
    smote = optional("imblearn.over_sampling", extra="balance").SMOTE(
        k_neighbors=int(k_neighbors), random_state=int(random_state)
    )
    return smote if sampler == "smote" else optional("imblearn.combine", extra="balance").SMOTETomek(smote=smote)


def _sources(
    tool: Any,
    values: NDArray[Any],
    classes: NDArray[np.int64],
    new_values: NDArray[Any],
    new_classes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find the row that each row of the result is, -1 where there is none: by the sampler's word, else bit by bit.

    Rows that are the same stand for one another in their order; one more of them than there were was made.
    """
    named = getattr(tool, "sample_indices_", None)
    if named is not None and len(named) == len(new_values) and np.array_equal(values[named], new_values):
        return np.asarray(named, dtype=np.int64)
    import pandas as pd  # noqa: PLC0415 - only where rows are compared

    frames = []
    for rows, of in ((values, classes), (new_values, new_classes)):
        whole = np.ascontiguousarray(np.column_stack([rows.astype(np.float64), of]))
        keys = whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel().tolist()
        frame = pd.DataFrame({"key": keys})
        frame["nth"] = frame.groupby("key", sort=False).cumcount()
        frames.append(frame)
    before, after = frames
    before["row"] = np.arange(len(before))
    return after.merge(before, how="left", on=["key", "nth"])["row"].fillna(-1).to_numpy(np.int64)


def _as_given(features: Any, values: NDArray[Any], name: str) -> Any:
    """Return a frame where a frame was given."""
    if not hasattr(features, "columns"):
        return values
    frame = type(features)(values, columns=features.columns)
    mark_resampled(frame, f"resample_features(sampler={name!r})")
    return frame


def _values_of(y: Any, chosen: NDArray[np.int64], classes: NDArray[np.int64], n_classes: int) -> NDArray[Any]:
    """Return the value by which each class was given; shape (n_classes,)."""
    if isinstance(y, ProbabilisticLabels):
        return np.arange(n_classes)
    values = gold_values(y)[chosen]
    there, first = np.unique(classes, return_index=True)
    by_class = np.empty(n_classes, dtype=values.dtype)
    by_class[there] = values[first]
    return by_class
