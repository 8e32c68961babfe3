"""The class prior that a user gives: checked, scaled to sum to 1; uniform where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from labelkit._shared.numbers import plural
from labelkit.exceptions import ModelError
from labelkit.label_models.prior_estimate import PriorEstimate
from labelkit.votes.alignment import has_index, labels_of
from labelkit.votes.decisions import (
    PRIOR_EVEN,
    PRIOR_EXPECTED,
    PRIOR_GIVEN,
    PRIOR_OF_GOLD,
    PRIOR_OF_GOLD_AND_VOTES,
    PRIOR_OF_VOTES,
)
from labelkit.votes.described_prior import EVEN_BY_GOLD
from labelkit.votes.label_space import are_other_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    ClassPrior: TypeAlias = ArrayLike | Mapping[Any, float]


LEAST_REST: Final = 1e-9
"""Less than this is not left for classes without a prior: sums of shares are rounded."""


@dataclass(frozen=True, eq=False)
class SourcedPrior:
    """A class prior, and where it comes from: whoever chooses the one says the other.

    Parameters
    ----------
    values : ndarray of shape (n_classes,)
    source : str
        In words.
    """

    values: NDArray[np.float64]
    source: str

    @classmethod
    def given(cls, class_prior: ClassPrior | None, class_names: Sequence[str]) -> SourcedPrior | None:
        """Check a prior that a user gives; None where there is none. See :func:`checked_prior`."""
        values = checked_prior(class_prior, class_names)
        if values is None:
            return None
        return cls(values, class_prior.source if isinstance(class_prior, PriorEstimate) else PRIOR_GIVEN)

    @classmethod
    def even(cls, n_classes: int) -> SourcedPrior:
        """Take all classes as equally frequent."""
        return cls(uniform(n_classes), PRIOR_EVEN)

    @classmethod
    def learned(cls, values: NDArray[np.float64], *, has_gold: bool) -> SourcedPrior:
        """Take what a model learned from the votes, and from gold where there was some."""
        return cls(values, PRIOR_OF_GOLD_AND_VOTES if has_gold else PRIOR_OF_VOTES)

    @classmethod
    def expected(cls, values: NDArray[np.float64]) -> SourcedPrior:
        """Take the expected shares of the labels of rows with a vote, which the labels themselves do not depend on."""
        return cls(values, PRIOR_EXPECTED)

    @classmethod
    def by_gold(cls, values: NDArray[np.float64], n_gold: int) -> SourcedPrior:
        """Take an estimate from gold rows alone, which is even where these differ by no more than chance."""
        tells = np.ptp(values) > 0
        return cls(values, PRIOR_OF_GOLD if tells else f"{EVEN_BY_GOLD} {plural(n_gold, 'gold row')} can tell")

    @classmethod
    def given_or_even(cls, class_prior: ClassPrior | None, class_names: Sequence[str]) -> SourcedPrior:
        """Check a prior that a user gives, else take an even one."""
        return cls.given(class_prior, class_names) or cls.even(len(class_names))


def checked_prior(class_prior: ClassPrior | None, class_names: Sequence[str]) -> NDArray[np.float64] | None:
    """Bring a class prior into the order of the classes, check it, and scale it to sum to 1.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or mapping or Series by class, optional
        In a mapping or a Series, a class is its name or its number; those that are not named share the rest evenly.
    class_names : sequence of str

    Raises
    ------
    ModelError
        If it has not one positive number for each class, names another class, or does not sum to 1.

    Examples
    --------
    >>> checked_prior([0.2, 0.8], ["HAM", "SPAM"])
    array([0.2, 0.8])
    >>> checked_prior({"SPAM": 0.13}, ["HAM", "SPAM"])
    array([0.87, 0.13])
    """
    if class_prior is None:
        return None
    by_class = _by_class(class_prior)
    try:
        values = class_prior if by_class is None else _in_order(by_class, class_names)
        prior = np.asarray(values, dtype=np.float64)
    except ModelError:
        raise
    except (TypeError, ValueError):
        raise ModelError(
            f"class_prior={class_prior!r:.200} is not a probability for each class",
            hint=f"give a list in the order {', '.join(class_names[:6])}, or a dict by class name",
            code="LK403",
        ) from None
    if prior.shape != (len(class_names),):
        raise ModelError(
            f"class_prior has shape {prior.shape}, but there are {len(class_names)} classes",
            hint=f"give a list in the order {', '.join(class_names[:6])}, or a dict by class name",
            code="LK403",
        )
    if (prior > 1).any() and (prior <= 0).any():  # the class that was not named has what is left of 1
        raise ModelError(
            f"class_prior={class_prior!r:.200} holds {prior.max():g}, which is no share",
            hint=f"divide percent by 100: {prior.max() / 100:g}",
            code="LK403",
        )
    if not np.isfinite(prior).all() or (prior <= 0).any():
        raise ModelError(
            f"class_prior={prior[:12].tolist()} holds a number that is not above 0: such a class could never be found",
            hint="give a rare class a small prior, such as 0.001",
            code="LK403",
        )
    if abs(prior.sum() - 1) > 1e-3:
        raise ModelError(
            f"class_prior sums to {prior.sum():.4g}, not 1",
            hint=f"divide each share by {prior.sum():.4g}",
            code="LK403",
        )
    return np.asarray(prior / prior.sum())


def _by_class(class_prior: Any) -> list[tuple[Any, Any]] | None:
    """Return pairs of a class and its prior where it names its classes, as a mapping and a Series do."""
    if isinstance(class_prior, Mapping):
        return list(class_prior.items())
    if has_index(class_prior) and class_prior.ndim == 1:  # as value_counts gives it, the most frequent class first
        return list(zip(labels_of(class_prior.index).tolist(), class_prior.tolist(), strict=True))
    return None


def _in_order(by_class: Sequence[tuple[Any, Any]], class_names: Sequence[str]) -> list[float]:
    """Arrange a prior by class; the classes that are not named share what is left."""
    places = {str(place): place for place in range(len(class_names))}  # as a saved model has the numbers
    places |= {name: place for place, name in enumerate(class_names)}
    prior: list[float] = [float("nan")] * len(class_names)
    by_name = _are_names([key for key, _ in by_class if _is_whole(key)], class_names)
    for key, value in by_class:
        named = getattr(key, "name", int(key) if _is_whole(key) else key)  # a member of an enum
        is_place = _is_whole(key) and not by_name and 0 <= key < len(prior)
        place = int(key) if is_place else places.get(str(named))
        if place is None:
            raise ModelError(
                f"class_prior names the class {key!r}, which there is not",
                hint=f"the classes are {', '.join(class_names[:12])}",
                code="LK403",
            )
        if not np.isnan(prior[place]):
            raise ModelError(
                f"class_prior names the class {class_names[place]!r} twice",
                hint="give one share for each class",
                code="LK403",
            )
        prior[place] = float(value)
    unnamed = [place for place, value in enumerate(prior) if np.isnan(value)]
    if unnamed and len(by_class) == len(prior) - len(unnamed):
        rest = 1.0 - sum(value for value in prior if not np.isnan(value))
        for place in unnamed:
            prior[place] = rest / len(unnamed) if rest > LEAST_REST else 0.0
    return prior


def _is_whole(key: Any) -> bool:
    """Return True for a number that may be that of a class; of a column with gaps, value_counts gives floats."""
    return isinstance(key, int | np.integer | float) and not isinstance(key, bool) and key % 1 == 0


def _are_names(numbers: Sequence[Any], class_names: Sequence[str]) -> bool:
    """Return True for numbers that are the names of classes; refuse those that are places, too."""
    are_names = are_other_numbers(class_names) and all(str(int(number)) in class_names for number in numbers)
    if numbers and are_names and all(0 <= number < len(class_names) for number in numbers):
        raise ModelError(
            f"class_prior names {', '.join(map(str, numbers[:6]))}, which are the names of classes, and their places "
            "from 0 too",
            hint=f"give the names as text: {class_names[0]!r}",
            code="LK403",
        )
    return are_names


def uniform(n_classes: int) -> NDArray[np.float64]:
    """Return the same probability for every class; ndarray of shape (n_classes,)."""
    return np.full(n_classes, 1.0 / n_classes)
