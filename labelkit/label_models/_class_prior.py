"""The class prior that a user gives: checked, scaled to sum to 1; uniform where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelkit.exceptions import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_prior(class_prior: ArrayLike | None, n_classes: int) -> NDArray[np.float64] | None:
    """Check a class prior and scale it to sum to 1.

    Raises
    ------
    ModelError
        If it has not one positive number for each class, or does not sum to 1.

    Examples
    --------
    >>> checked_prior([0.2, 0.8], 2)
    array([0.2, 0.8])
    """
    if class_prior is None:
        return None
    prior = np.asarray(class_prior, dtype=np.float64)
    if prior.shape != (n_classes,):
        raise ModelError(f"class_prior has shape {prior.shape}, but there are {n_classes} classes")
    if not np.isfinite(prior).all() or (prior <= 0).any():
        raise ModelError(
            f"class_prior={prior[:12].tolist()} holds a number that is not above 0: such a class could never be found",
            hint="give a rare class a small prior, such as 0.001",
        )
    if abs(prior.sum() - 1) > 1e-3:
        raise ModelError(f"class_prior sums to {prior.sum():.4g}, not 1", hint="class_prior / class_prior.sum()")
    return np.asarray(prior / prior.sum())


def uniform(n_classes: int) -> NDArray[np.float64]:
    """Return the same probability for every class; ndarray of shape (n_classes,)."""
    return np.full(n_classes, 1.0 / n_classes)
