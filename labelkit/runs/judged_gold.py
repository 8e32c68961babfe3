"""Tell how many rows of an audit have gold that a run was judged by, in whatever form either was given.

Gold that can be read again, a column of the corpus or a file, is compared row by row. Of other gold, the run keeps a
digest of ids and labels that does not depend on their order, and counts by the pattern of votes.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.corpus.gold import GoldSource
from labelkit.corpus.remote import is_address
from labelkit.exceptions import LabelkitError
from labelkit.runs.folder_gold import gold_by_example, same_gold_by_pattern
from labelkit.runs.run_inputs import digest_of_gold
from labelkit.votes.alignment import RowNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder

FEWEST_COUNTS: Final = 4
"""Counts by pattern and class which have to be the same: two samples of 500 have 4 in common once in some 10,000."""


def n_judged_before(folder: RunFolder, classes: NDArray[np.int64]) -> int:
    """Count the rows of an audit whose gold a run was judged by, as far as it can be known.

    Parameters
    ----------
    folder : RunFolder
    classes : ndarray of int64, shape (n_examples,)
        Gold of the audit, -1 where unknown.
    """
    if folder.manifest.get("gold") is None:
        return 0
    rows = np.flatnonzero(classes >= 0)
    if _digest_of(folder, classes, rows) or same_gold_by_pattern(folder, classes, FEWEST_COUNTS):
        return len(rows)
    of_run = _read_again(folder)
    return 0 if of_run is None else int((of_run[rows] >= 0).sum())


def _digest_of(folder: RunFolder, classes: NDArray[np.int64], rows: NDArray[np.int64]) -> bool:
    """Return whether a run was judged by labels of the same ids, or in the same order of its examples."""
    noted = (folder.manifest.get("inputs") or {}).get("gold")
    ids = folder.labels().ids[rows]
    ways = (
        GoldSource(values=classes[rows], names=RowNames(ids), numbers="classes"),
        GoldSource(values=classes, numbers="classes"),
    )
    return any(digest_of_gold(gold) == noted for gold in ways)


def _read_again(folder: RunFolder) -> NDArray[np.int64] | None:
    """Return the gold that a run was judged by, if that is where it was and as it was."""
    column, file = folder.manifest["gold"], folder.manifest.get("gold_file")
    if file is not None and (is_address(file) or not Path(file).is_file()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the run has said what there is to say of its gold
        try:
            of_run = gold_by_example(folder, column if file is None else Path(file), None).classes
        except (LabelkitError, OSError):
            return None
    return of_run if file is None or _digest_of(folder, of_run, np.flatnonzero(of_run >= 0)) else None
