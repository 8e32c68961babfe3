"""Try rules on the first rows of a corpus, or on a sample of it, and look for mistakes in what they read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.checks.accents import of_accents
from labelkit.checks.check_report import ROWS
from labelkit.checks.ignored_case import of_ignored_case
from labelkit.checks.lint import Problem, Severity, costs, untried
from labelkit.checks.look_alikes import of_look_alikes
from labelkit.checks.missing_values import of_missing_values
from labelkit.corpus import Batch, open_corpus
from labelkit.corpus.checked_gold import warn_by_first_rows
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.corpus.gold import GoldSource, open_gold
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import CorpusError, LabelkitError, MissingExtraError
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.misread_columns import CODE as MISREAD, told_misread_columns
from labelkit.votes.gold import GoldCounts
from labelkit.votes.gold_beside import signs_against_gold
from labelkit.votes.label_matrix import LabelMatrix


@dataclass(frozen=True)
class TriedRows:
    """The first rows of a corpus, or a sample of them, voted on.

    Attributes
    ----------
    matrix : LabelMatrix
        Without the rules that cannot be tried.
    gold : ndarray of shape (n_rows,) or None
    problems : tuple of Problem
        Rules that read a column that is not there or is of another type, or that ask a language model; missing texts;
        letters that look the same and do not match; words that the texts spell with other accents.
    is_whole : bool
        Whether these are all rows of the corpus.
    more_rows : str
        How to try more.
    """

    matrix: LabelMatrix
    gold: Any
    problems: tuple[Problem, ...] = ()
    is_whole: bool = False
    more_rows: str = ""


@takes_reading
def try_rules(
    lfs: LabelingFunctions,
    corpus: Any,
    *,
    rows: int = ROWS,
    sample: int | None = None,
    random_state: int = 0,
    gold: Any = None,
    map_label: Mapping[Any, str | int | None] | None = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    **reading: Unpack[ReadOptions],
) -> TriedRows:
    """Vote on the first rows of a corpus, or on a sample, without the rules that do not fit its columns.

    Faults are recorded. Rules that ask a language model are left out, too: trying them would cost money.

    Parameters
    ----------
    lfs, corpus, rows, sample, random_state, gold, map_label, id, format, delimiter, encoding, sheet
        As in :func:`labelkit.checks.check_rules.check_rules`.

    Returns
    -------
    TriedRows

    Raises
    ------
    CorpusError
        If the corpus cannot be read or has no rows, or no rule fits its columns.
    GoldError
        If ``gold`` is neither a column nor a file, or holds what is not a class.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise LabelkitError(f"rows={rows!r} is not a number of rows", hint="give 1 or more")
    opened = open_corpus(corpus, id=id, types=Applier(lfs).plan.types, **reading)
    lfs = lfs.bound(opened.column_names)
    choice = RowChoice(None, sample, random_state)
    rows = rows if sample is None else sample
    misfits: dict[str, Problem] = {}
    for lf in lfs:
        if costs(lf):
            misfits[lf.name] = untried(lf)
        try:
            Applier(lfs[[lf.name]]).plan.check(opened)
        except LabelkitError as error:
            severity: Severity = "note" if isinstance(error, MissingExtraError) else "error"
            misfits[lf.name] = Problem(severity, lf.name, error.message, error.hint, code=error.code)
    misread = [
        Problem("warning", lf.name, one.reason, one.remedy, code=MISREAD)
        for lf in lfs
        if lf.name not in misfits
        for one in told_misread_columns(lf, opened)
    ]
    fitting = [name for name in lfs.names if name not in misfits]
    if not fitting:
        first = min(misfits.values(), key=lambda problem: problem.severity != "error")
        raise CorpusError(first.message, hint=first.hint, code=first.code)
    names = lfs.space.names
    applier = Applier(lfs[fitting])
    n_rows = opened.n_rows
    opened = opened.chosen(choice, applier.plan.columns)
    truth = None if gold is None else open_gold(gold, opened, names, map_label).checked(names)
    if truth is not None:
        warn_by_first_rows(truth, opened, names)
    batch = _first_rows(opened, applier, truth, rows)
    DistinctIds(opened).add(batch.ids, batch.start)
    is_whole = len(batch) < rows or n_rows == rows
    more_rows = f"try more rows: --{'rows' if sample is None else 'sample'} {max(10_000, 10 * rows)}"
    matrix = applier.apply(pa.Table.from_batches([batch.table]), on_fault="record", progress=False)
    read = batch.table.select(applier.plan.columns)
    problems = (
        *misfits.values(),
        *misread,
        *of_missing_values(applier.lfs, matrix, read),
        *of_look_alikes(applier.lfs, matrix, read, batch.name_of),
        *of_ignored_case(applier.lfs, matrix, read, batch.name_of),
        *of_accents(applier.lfs, matrix, read, batch.name_of),
    )
    if truth is None:
        return TriedRows(matrix, None, problems, is_whole, more_rows)
    labels = truth.of(batch, names)
    of_gold = _of_gold(truth, labels, batch, more_rows=None if is_whole else more_rows)
    return TriedRows(matrix, labels, (*problems, of_gold, *_of_signs(matrix, labels, truth.way)), is_whole, more_rows)


def _of_signs(matrix: LabelMatrix, labels: NDArray[np.int64], way: str) -> list[Problem]:
    """Warn of gold that does not go with the votes."""
    counts = GoldCounts.of_examples(matrix.pattern_index, labels, matrix.n_classes)
    signs = signs_against_gold(matrix.patterns.votes, counts, matrix.class_names, lambda: way, can_map=True)
    if signs is None:
        return []
    message, hint, code = signs
    return [Problem("warning", "", message, hint, code=code)]


def _of_gold(gold: GoldSource, labels: NDArray[np.int64], batch: Batch, *, more_rows: str | None) -> Problem:
    """Note how many gold labels are of the rows that were tried, of how many; none of a whole corpus is an error."""
    n_matched = int((labels >= 0).sum())
    n_labels = gold.n_labels
    if more_rows is None:
        ids = np.arange(len(batch)) if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False)
        gold.check_matched(n_matched, len(batch), ids)
    if n_labels is None:
        return Problem("note", "", f"gold: {plural(n_matched, 'label')} in the rows that were tried", code="LK916")
    message = f"gold: {n_matched:,} of {plural(n_labels, 'label')} are of the rows that were tried"
    if n_matched:
        return Problem("note", "", message, code="LK916")
    return Problem("warning", "", message, more_rows, code="LK916")


def _first_rows(corpus: Any, applier: Applier, gold: GoldSource | None, rows: int) -> Batch:
    columns = dict.fromkeys((*applier.plan.columns, *([gold.column] if gold is not None and gold.column else [])))
    for batch in corpus.batches(tuple(columns), rows):
        first: Batch = batch
        return first
    raise CorpusError("the corpus has no rows to try", code="LK204")
