"""Compare a run with a run of the same rules over new examples, of which the votes and labels should look alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.analysis.drift import Drift, check_pair, drift_of
from labelkit.analysis.slice_values import aligned
from labelkit.corpus.corpus import BATCH_ROWS
from labelkit.exceptions import RunFolderError
from labelkit.runs._new_examples import SharedExamples, new_patterns, shared_examples
from labelkit.runs.one_version import one_version
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
        Votes of the same rules on examples of which none is in both; rules are matched by name. Of an update, in which
        all examples before are among those after by their ids, the new ones alone are compared. Where some are in both,
        a warning says how many (LK314).
    by : str or (array-like, array-like), optional
        A column of the corpora of two run folders, or a value for each example before and after: coverage is compared
        in each slice, too.
    model : label model, optional
        Compares how its labels are distributed: it labels both sides. By default, the model of the run ``before``, if
        it has one; the labels that are stored in the run ``after`` are not read.
    alpha : float
        Least upper bound of the probability of any alarm where nothing drifts, in (0, 1), for examples that are
        independent: of copies of one text, give the votes on one.
    at_least : float
        Least relative change of a share, or of the rest beside it, that is an alarm, in [0, 1]: a coverage of 98% that
        falls to 90% leaves five times as many examples without a vote.
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
    with one_version(*(side for side in sides if isinstance(side, RunFolder))):
        if model is None and isinstance(first, RunFolder) and first.is_labeled:
            model = first.votes_model()
        if isinstance(by, str):
            by = tuple(_column(side, by) for side in sides)
        shared = shared_examples(*sides)
        old, new = (_votes(side, as_rows=by is not None) for side in sides)
        notes: tuple[str, ...] = ()
        if shared is not None and shared.n_shared == shared.n_before < shared.n_after:
            new, by = _of_new_examples(sides[1], new, by, shared)
            n_new = shared.n_after - shared.n_shared
            note = (
                f"compared with the {plural(n_new, 'new example')} alone: by their ids, all {shared.n_before:,} before "
            )
            notes = (f"{note}are among the {shared.n_after:,} after",)
        else:
            _warn_of_shared(sides, shared)
    result = drift_of(old, new, by=by, model=model, alpha=alpha, at_least=at_least, max_slices=max_slices)
    return replace(result, notes=(*notes, *result.notes))


def _votes(side: Any, *, as_rows: bool) -> Any:
    if not isinstance(side, RunFolder):
        return side
    return side.matrix() if as_rows else side.patterns()


def _of_new_examples(side: Any, votes: Any, by: Any, shared: SharedExamples) -> tuple[Any, Any]:
    """Return the votes on the examples of the second side that the first lacks, and their values of ``by``."""
    if isinstance(side, RunFolder) and by is None:
        return new_patterns(side, shared.new_rows()), None
    is_new = np.concatenate(list(shared.new_rows()))
    if by is None:
        return votes[is_new], None
    check_pair(by)
    return votes[is_new], (by[0], aligned(by[1], votes.examples)[is_new].reset_index(drop=True))


def _warn_of_shared(sides: Sequence[Any], shared: SharedExamples | None) -> None:
    if shared is not None and shared.n_shared:
        warn(
            f"{shared.n_shared:,} of the {plural(shared.n_after, 'example')} after are among the {shared.n_before:,} "
            "before, too, by their ids: a difference of the others is hardly seen beside them, and the probability of "
            "a false alarm is not the one that is said. Hint: compare with new examples alone",
            code="LK314",
        )
    elif shared is None and all(isinstance(side, RunFolder) for side in sides) and _are_one_run(*sides):
        warn(
            f"{sides[0].place!r} and {sides[1].place!r} are versions of one run, whose examples have no ids, so that "
            "those that are in both cannot be told from new ones. Hint: compare with votes on the new rows alone, or "
            "name a column of ids when the run is made: labelkit run --id COLUMN (in Python run(..., id=...))",
            code="LK314",
        )


def _are_one_run(before: RunFolder, after: RunFolder) -> bool:
    return before.layout.current.folder.resolve() == after.layout.current.folder.resolve()


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
