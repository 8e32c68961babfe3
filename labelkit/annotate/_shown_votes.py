"""Votes of rules on the examples that people are asked about, with the words that matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.markup import visible
from labelkit.annotate._examples import AskedExamples
from labelkit.apply.applier import Applier
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.views.view import view

if TYPE_CHECKING:
    from labelkit.votes.label_matrix import LabelMatrix


class ShownVotes:
    """The votes on the examples; rules that fail on one are shown as failed.

    Parameters
    ----------
    lfs : LabelingFunctions or None
    asked : AskedExamples
    """

    def __init__(self, lfs: LabelingFunctions | None, asked: AskedExamples) -> None:
        self._lfs, self._asked = lfs, asked
        self._matrix: LabelMatrix | None = None
        if lfs is not None:
            self._matrix = Applier(lfs).apply(asked.corpus, on_fault="record", cache=False, progress=False)

    def of(self, place: int) -> list[dict[str, Any]] | None:
        """List the votes on an example as plain values, each with its matches; None without rules."""
        matrix, lfs = self._matrix, self._lfs
        if matrix is None or lfs is None:
            return None
        shown = view(matrix, self._asked.corpus, lfs, ids=[self._asked.ids[place]])
        matches: dict[str, list[dict[str, Any]]] = {}
        for span in shown.spans[0]:
            match = {"column": span.column, "start": span.start, "stop": span.stop, "text": visible(span.text)}
            matches.setdefault(span.lf, []).append(match)
        votes = shown.votes.iloc[0].to_dict()
        return [
            {"rule": visible(str(name)), "vote": vote, "matches": matches.get(str(name), [])}
            for name, vote in votes.items()
            if vote is not None
        ]

    def labels(self) -> dict[Any, str]:
        """Return the class that most rules vote for, by example; nothing where none does, or several have as many."""
        matrix = self._matrix
        if matrix is None:
            return {}
        counts = np.stack([(matrix.votes == label).sum(axis=1) for label in range(matrix.n_classes)], axis=1)
        most = counts.max(axis=1)
        clear = np.flatnonzero((most > 0) & ((counts == most[:, None]).sum(axis=1) == 1))
        return {self._asked.ids[row]: matrix.class_names[counts[row].argmax()] for row in clear.tolist()}
