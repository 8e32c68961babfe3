"""The number of classes: given by the user, or as far as votes and gold tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit._shared.masked_arrays import without_mask
from labelkit.exceptions import ModelError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.vote_patterns import VotePatterns


def n_classes_of(matrix: Any, gold: Any, n_classes: Any) -> int | None:
    """Return the number of classes if it is known; gold may hold a class that no labeling function votes for."""
    if n_classes is not None or isinstance(matrix, LabelMatrix | VotePatterns):
        return _checked(n_classes)
    labels = np.asarray(without_mask(gold) if gold is not None else [])
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        return None
    votes = matrix.data - np.int64(1) if hasattr(matrix, "tocsr") else np.asarray(without_mask(matrix, -1))
    if votes.dtype.kind not in "iuf":
        return None
    highest = np.nanmax(votes, initial=1)
    return int(max(highest, labels.max())) + 1 if np.isfinite(highest) else None


def _checked(n_classes: Any) -> int | None:
    """Check a number of classes that a user gave, if one was given."""
    if n_classes is None:
        return None
    if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 1:
        raise ModelError(f"n_classes={n_classes!r} is not a number of classes", hint="n_classes=2", code="LK409")
    return int(n_classes)
