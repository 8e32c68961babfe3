"""Find the rows on which a rule would vote if it were written otherwise: the same name, other patterns or words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.apply.applier import Applier
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN, LabelSpace

LEAST: Final = 3
"""Votes that a rule gains, below which nothing is reported."""

LEAST_SHARE: Final = 0.05
"""Votes that a rule gains for each that it has, below which nothing is reported: a name may be a word, too."""


class GainedVotes(NamedTuple):
    """The rows on which a rule abstains and its other form votes, in order, and the number of its votes so far."""

    other: LabelingFunction[Any]
    rows: NDArray[np.intp]
    n_before: int


def clear_gains(
    others: Sequence[LabelingFunction[Any]], matrix: LabelMatrix, rows: pa.RecordBatch, space: LabelSpace
) -> Iterator[GainedVotes]:
    """Vote with other forms of rules, and yield those that gain clearly.

    Parameters
    ----------
    others : sequence of LabelingFunction
        With the names of the rules.
    matrix : LabelMatrix
        The votes of the rules on the rows.
    rows : pyarrow.RecordBatch
    space : LabelSpace
    """
    if not others:
        return
    applier = Applier(LabelingFunctions(others, labels=space))
    anew = applier.apply(pa.Table.from_batches([rows]), on_fault="record", cache=False, progress=False)
    for j, other in enumerate(others):
        before = matrix.outcomes[:, matrix.names.index(other.name)]
        gained = np.flatnonzero((before == ABSTAIN) & (anew.outcomes[:, j] >= 0))
        n_before = int(np.count_nonzero(before >= 0))
        if len(gained) >= max(LEAST, LEAST_SHARE * n_before):
            yield GainedVotes(other, gained, n_before)
