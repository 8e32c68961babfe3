"""Choose the examples that are exported, and the label of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.exceptions import ExportError
from labelkit.interop._sources import LabeledRows
from labelkit.votes.given_class import given_class
from labelkit.votes.label_space import ABSTAIN


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """Examples that are written.

    Parameters
    ----------
    ids : pyarrow.Array, shape (n,)
    label : ndarray of int64, shape (n,)
        -1 where there is none.
    confidence : ndarray of float64, shape (n,)
        The probability of the label; NaN where there is none.
    by_default : ndarray of bool, shape (n,)
        True where the label is the default one, not that of the model.
    covered : ndarray of bool, shape (n,)
    proba : ndarray of float64, shape (n, n_classes)
    outcomes : ndarray of int, shape (n, n_lfs), or None
    inputs : pyarrow.Table or None
        The columns of the corpus.
    """

    ids: pa.Array
    label: NDArray[np.int64]
    confidence: NDArray[np.float64]
    by_default: NDArray[np.bool_]
    covered: NDArray[np.bool_]
    proba: NDArray[np.float64]
    outcomes: NDArray[Any] | None
    inputs: pa.Table | None

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class LabelChoice:
    """The rule by which examples are chosen.

    Parameters
    ----------
    min_confidence : float
        Labels of a lower probability are not written.
    default : int
        The label of all other examples; -1 for none.
    unlabeled : bool
        Whether the others are written without a label, if there is no default.
    """

    min_confidence: float = 0.0
    default: int = ABSTAIN
    unlabeled: bool = False

    @classmethod
    def of(
        cls, class_names: Sequence[str], min_confidence: float | None, default: Any, *, unlabeled: bool
    ) -> LabelChoice:
        """Check what is asked for.

        Raises
        ------
        ExportError
            If the confidence is not a probability, or the default no class.
        """
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise ExportError(
                f"a confidence of {min_confidence} is no probability, which is a number from 0 to 1",
                hint="min_confidence=0.9 (--min-confidence 0.9)",
            )
        number = ABSTAIN if default is None else given_class(default, class_names, "default_label", error=ExportError)
        return cls(0.0 if min_confidence is None else float(min_confidence), number, unlabeled)

    def choose(self, rows: LabeledRows) -> tuple[NDArray[np.int64], ChosenRows]:
        """Return the positions of the chosen examples in a piece, and these without the columns of the corpus.

        Raises
        ------
        ExportError
            If a probability is not a number.
        """
        _check_proba(rows)
        top = rows.proba[np.arange(len(rows)), rows.hard]
        sure = (rows.hard >= 0) & (top >= self.min_confidence)
        label = np.where(sure, rows.hard, self.default)
        all_chosen = self.unlabeled or self.default >= 0
        chosen = np.arange(len(rows)) if all_chosen else np.flatnonzero(sure)
        confidence = np.where(label >= 0, rows.proba[np.arange(len(rows)), label], np.nan)
        return chosen, ChosenRows(
            rows.ids.take(pa.array(chosen)),
            label[chosen],
            confidence[chosen],
            ~sure[chosen] & (self.default >= 0),
            rows.covered[chosen],
            rows.proba[chosen],
            None if rows.outcomes is None else rows.outcomes[chosen],
            None,
        )


def _check_proba(rows: LabeledRows) -> None:
    odd = ~np.isfinite(rows.proba).all(axis=1)
    if odd.any():
        name = rows.ids[int(odd.argmax())].as_py()
        raise ExportError(
            f"the probabilities of the example {name!r} are not numbers ({int(odd.sum()):,} such examples here)",
            hint="fit the label model again; the parts of a run are not for editing",
        )
