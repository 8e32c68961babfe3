"""Correct probabilities of a model that learned from other class frequencies than it meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import has_index
from labelkit.votes.scored_gold import class_heads, named_columns, values_by_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STEPS: Final = 1_000
TOLERANCE: Final = 1e-9

LEAST: Final = 1e-12
"""Probability below which a model's are not taken for 0."""


@checks_keywords
def correct_prior(
    proba: Any, trained_prior: Any, true_prior: Any = None, *, class_names: Sequence[Any] | None = None
) -> Any:
    """Correct the probabilities of a model that learned from classes of other frequencies, as after down-sampling.

    ``p'(c | x)`` is proportional to ``p(c | x) true_prior[c] / trained_prior[c]``: exact, if the examples of each class
    are the same in training and use, and only the frequencies of the classes differ.

    Parameters
    ----------
    proba : array-like of shape (n_rows, n_classes) or (n_rows,), Series or DataFrame
        A column for each class, or the probability of the second of two.
    trained_prior : array-like of shape (n_classes,), or mapping by class
        How frequent the classes were in training: shares or counts. Of weighted training, sums of weights.
    true_prior : array-like or mapping by class, optional
        How frequent they are in use. If not given, it is estimated from the probabilities: the prior that they average
        to (EM). That needs hundreds of rows, all of one time and place.
    class_names : sequence, optional
        In the order of the columns; for mappings, unless proba is a frame with a column for each class.

    Returns
    -------
    ndarray, Series or DataFrame
        In the shape of ``proba``; rows sum to 1.

    Raises
    ------
    AnalysisError
        If a prior is 0, negative or NaN, is of other classes, or shares do not sum to 1; if a number is no probability.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, theorem 2. https://cseweb.ucsd.edu/~elkan/rescale.pdf

    Saerens, Latinne, Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities: a simple
    procedure. https://doi.org/10.1162/089976602753284446

    Examples
    --------
    >>> import labelkit as lk
    >>> lk.correct_prior([0.5, 0.9], [0.5, 0.5], [0.95, 0.05]).round(3).tolist()
    [0.05, 0.321]
    """
    table, names = _table(proba, class_names)
    given_names = names if class_names is None else tuple(str(getattr(name, "name", name)) for name in class_names)
    by_order = [prior for prior in (trained_prior, true_prior) if not (isinstance(prior, Mapping) or has_index(prior))]
    if names != given_names and any(prior is not None for prior in by_order):
        raise AnalysisError(
            f"the columns of proba are {', '.join(names[:6])}, and class_names {', '.join(given_names[:6])}: it is not "
            "clear in which order the priors are",
            hint="give the priors as dicts by class",
            code="LK403",
        )
    trained = checked_prior(trained_prior, names, "trained_prior")
    given = true_prior is not None
    true = checked_prior(true_prior, names, "true_prior") if given else estimated_prior(table, trained)
    corrected = reweighted(table, true / trained)
    if np.ndim(proba) == 1:
        corrected = corrected[:, 1]
    if not has_index(proba):
        return corrected
    return type(proba)(corrected, index=proba.index, **({"columns": proba.columns} if np.ndim(proba) == 2 else {}))


def reweighted(proba: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply the odds of the classes by a ratio of priors; rows sum to 1."""
    scaled = proba * ratio
    total = scaled.sum(axis=1, keepdims=True)
    return np.asarray(scaled / np.where(total > 0, total, 1))


def estimated_prior(proba: NDArray[np.float64], trained: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the class prior of new rows as the fixed point of EM (Saerens et al. 2002).

    >>> even = np.array([[0.9, 0.1]] * 80 + [[0.1, 0.9]] * 20)
    >>> estimated_prior(even, np.array([0.5, 0.5])).round(3).tolist()
    [0.875, 0.125]
    """
    if not len(proba):
        raise AnalysisError("there are no rows to estimate the class prior from", hint="give true_prior=")
    prior = trained
    for _ in range(MOST_STEPS):
        new = np.maximum(reweighted(proba, prior / trained).mean(axis=0), LEAST)
        if np.abs(new - prior).max() < TOLERANCE:
            return np.asarray(new / new.sum())
        prior = new
    return np.asarray(prior / prior.sum())


def checked_prior(prior: Any, names: Sequence[str], what: str) -> NDArray[np.float64]:
    """Bring a prior, as shares or counts, into the order of the classes; sums to 1.

    Raises
    ------
    AnalysisError
        If it is of other classes, shares do not sum to 1, or a class has none.
    """
    values = number_by_class(prior, names, what)
    total = float(values.sum())
    if abs(total - 1) > 1e-3 and (values <= 1).all() and (values < 1).any():
        raise AnalysisError(
            f"{what} sums to {total:g}, not to 1", hint="give shares that sum to 1, or counts of rows", code="LK403"
        )
    return np.asarray(values / total)


def number_by_class(given: Any, names: Sequence[str], what: str) -> NDArray[np.float64]:
    """Bring a positive number for each class into the order of the classes; shape (n_classes,).

    Raises
    ------
    AnalysisError
        If they are of other classes, or one is no positive number.
    """
    if isinstance(given, Mapping) or has_index(given):
        numbers = values_by_class(given, names, what)
        missing = [name for c, name in enumerate(names) if c not in numbers]
        if missing:
            raise AnalysisError(
                f"{what} does not name the class {missing[0]!r}", hint="give a number for each class", code="LK403"
            )
        given = [numbers[c] for c in range(len(names))]
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise AnalysisError(
            f"{what}={given!r} is no list of numbers", hint=f"{what}=[0.95, 0.05]", code="LK403"
        ) from None
    if values.shape != (len(names),):
        raise AnalysisError(
            f"{what} has shape {values.shape} for {plural(len(names), 'class', 'classes')}: {', '.join(names[:12])}",
            hint="give a number for each class, in the order of the columns",
            code="LK403",
        )
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        c = int(np.flatnonzero(wrong)[0])
        raise AnalysisError(
            f"{what} of the class {names[c]!r} is {values[c]:g}: no probability can be corrected by it",
            hint="a class that never occurs, or was never trained on, is left out of the columns; priors are above 0",
            code="LK403",
        )
    return values


def _table(proba: Any, class_names: Sequence[Any] | None) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    try:
        values = np.asarray(proba, dtype=np.float64)
    except (TypeError, ValueError):
        raise AnalysisError("proba is no array of numbers", hint="give model.predict_proba(X)") from None
    table = np.column_stack([1 - values, values]) if values.ndim == 1 else values
    if table.ndim != 2 or table.shape[1] < 2:
        raise AnalysisError(f"proba has shape {values.shape}", hint="a column for each class, or one of two classes")
    if not ((table >= -1e-9) & (table <= 1 + 1e-9)).all():
        row = int(np.flatnonzero(~((table >= -1e-9) & (table <= 1 + 1e-9)).all(axis=1))[0])
        raise AnalysisError(f"row {row} of proba is {table[row].tolist()[:6]}", hint="probabilities are from 0 to 1")
    heads = class_heads(proba) or {number: str(number) for number in range(table.shape[1])}
    names = tuple(str(getattr(name, "name", name)) for name in named_columns(heads, class_names))
    if len(names) != table.shape[1]:
        raise AnalysisError(
            f"proba has {table.shape[1]} columns for {plural(len(names), 'class', 'classes')}: {', '.join(names[:12])}",
            hint="give class_names in the order of the columns",
        )
    return table, names
