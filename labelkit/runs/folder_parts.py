"""Read the votes of a finished run part by part, and find the patterns of its examples among those of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from labelkit._shared.stored_files import read_parquet
from labelkit.exceptions import RunFolderError
from labelkit.runs.one_version import one_version
from labelkit.votes.distinct_rows import Fields, key_order, merge_packed, pack
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder
    from labelkit.votes.vote_patterns import VotePatterns


def matrices_of(folder: RunFolder) -> Iterator[tuple[int, LabelMatrix]]:
    """Yield the position of the first example and the votes of each part, with its faults."""
    start, faults = 0, np.array([fault.row for fault in folder.faults], dtype=np.int64)
    for file in folder.layout.parts("votes"):
        with one_version(folder):
            votes = LabelMatrix.from_arrow(read_parquet(file), source=str(file))
        of_part = np.flatnonzero((faults >= start) & (faults < start + len(votes))).tolist()
        failed = tuple(replace(folder.faults[i], row=folder.faults[i].row - start) for i in of_part)
        yield start, replace(votes, faults=failed)
        start += len(votes)


class PatternPlaces:
    """Find the patterns of parts among those of the whole.

    Parameters
    ----------
    patterns : VotePatterns
        Those of the whole.
    """

    def __init__(self, patterns: VotePatterns) -> None:
        self._soft = patterns.confidence is not None
        self._codes = coded(patterns.outcomes, patterns.confidence, patterns.n_classes, soft=self._soft)
        self._fields = Fields.of(self._codes)
        self._keys = pack(self._codes, self._fields)
        self._place = key_order(self._keys)

    def of(self, part: LabelMatrix) -> NDArray[np.int32]:
        """Return the position of each pattern of a part, as ``part.patterns`` has them.

        Raises
        ------
        RunFolderError
            If the whole lacks one: the files are not of one run.
        """
        of_part = part.patterns
        codes = coded(of_part.outcomes, of_part.confidence, of_part.n_classes, soft=self._soft)
        fields = self._fields | Fields.of(codes)
        if fields != self._fields:
            raise _other_run()
        keys = pack(codes, fields)
        order = key_order(keys)
        merged, (_, places) = merge_packed([self._keys[:, self._place], keys[:, order]], fields)
        if merged.shape[1] != self._keys.shape[1]:
            raise _other_run()
        place = np.empty(len(order), dtype=np.int32)
        place[order] = self._place[places]
        return place


def _other_run() -> RunFolderError:
    return RunFolderError(
        "the patterns of the run are not those of its votes: a file is damaged, or of another run",
        hint="labelkit apply ... --force makes them anew",
        code="LK506",
    )
