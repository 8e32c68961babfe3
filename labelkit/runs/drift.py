"""Compare a run with a run of the same rules over new examples, of which the votes and labels should look alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.drift import Drift, drift_of
from labelkit.corpus.corpus import BATCH_ROWS
from labelkit.exceptions import RunFolderError
from labelkit.runs.run_corpus import opened_again, place_name, place_of, rows_of_run
from labelkit.runs.run_folder import RunFolder

_BY_VALUES: Final = "in Python, labelkit.drift(before, after, by=(values before, values after))"
"""What gives values that no corpus has at hand."""


@checks_keywords
def drift(
    before: Any,
    after: Any,
    *,
    by: Any = None,
    model: Any = None,
    alpha: float = 0.05,
    at_least: float = 0.1,
    max_slices: int = 20,
) -> Drift:
    """Say if the votes of rules on new examples are like those on the examples that a model was fitted on.

    Parameters
    ----------
    before, after : RunFolder, path of a run folder, LabelMatrix, VotePatterns, array-like or DataFrame
        Votes of the same rules on examples of which none is in both; rules are matched by name.
    by : str or (array-like, array-like), optional
        A column of the corpora of two run folders, or a value for each example before and after: coverage is compared
        in each slice, too.
    model : label model, optional
        Compares how its labels are distributed; by default, the model of the run ``before``, if it has one.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts, in (0, 1).
    at_least : float
        Least relative change of a share that is an alarm, in [0, 1].
    max_slices : int
        Slices that are looked at; numbers are cut into ten where they are more.

    Returns
    -------
    Drift
        ``drifted`` is True if there is an alarm; ``frame`` has all comparisons.

    Raises
    ------
    AnalysisError
        If the two have no rule in common, other classes, or an option is out of range.
    RunFolderError
        If there is no run folder, or its corpus is no file.

    Examples
    --------
    >>> from labelkit.votes.label_matrix import LabelMatrix
    >>> before = LabelMatrix.of([[0, -1], [-1, 1], [-1, 1], [-1, -1]] * 300, names=["short", "link"])
    >>> drift(before, before[:600]).drifted
    False
    """
    sides = [_opened(side) for side in (before, after)]
    first = sides[0]
    if model is None and isinstance(first, RunFolder) and first.is_labeled:
        model = first.votes_model()
    if isinstance(by, str):
        by = tuple(_column(side, by) for side in sides)
    votes = [
        side if not isinstance(side, RunFolder) else side.patterns() if by is None else side.matrix() for side in sides
    ]
    return drift_of(votes[0], votes[1], by=by, model=model, alpha=alpha, at_least=at_least, max_slices=max_slices)


def _opened(side: Any) -> Any:
    return RunFolder(Path(side)) if isinstance(side, str | Path) else side


def _column(side: Any, column: str) -> pa.ChunkedArray:
    """Read a column of the corpus of a run."""
    if not isinstance(side, RunFolder):
        raise RunFolderError(
            f"by={column!r} names a column of the corpora of two runs, and this is votes alone",
            hint=_BY_VALUES,
        )
    described = side.manifest.get("corpus") or {}
    place = place_of(described)
    if place is None:
        raise RunFolderError(
            f"the corpus of {str(side.path)!r} was no file, so that {column!r} cannot be read of it",
            hint=_BY_VALUES,
            code="LK533",
        )
    corpus = rows_of_run(opened_again(place, described), side.manifest)
    if corpus is None:
        raise RunFolderError(
            f"the corpus {place_name(place)} is not as it was when the run {str(side.path)!r} read it, so that its "
            f"{column!r} may be of other examples",
            hint=f"run the rules over it again; or {_BY_VALUES}",
            code="LK216",
        )
    return pa.chunked_array(_pieces(corpus, column), corpus.column_type(column))


def _pieces(corpus: Any, column: str) -> Iterator[pa.Array]:
    for batch in corpus.batches([column], BATCH_ROWS):
        yield batch.table.column(0)
