"""``labelkit check``: import rules, run their examples, lint them and judge their gates, before a long run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Unpack

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.checks.accents import of_accents
from labelkit.checks.check_report import CheckReport
from labelkit.checks.examples import failures_of
from labelkit.checks.gates import Judgement, judge
from labelkit.checks.ignored_case import of_ignored_case
from labelkit.checks.lint import Problem, Severity, begin_lint, lint, lint_votes
from labelkit.checks.look_alikes import of_look_alikes
from labelkit.checks.missing_values import of_missing_values
from labelkit.corpus import Batch, open_corpus
from labelkit.corpus.checked_gold import warn_by_first_rows
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.corpus.gold import GoldSource, open_gold
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import CorpusError, LabelkitError, MissingExtraError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.misread_columns import CODE as MISREAD, told_misread_columns
from labelkit.rules.module_spelling import as_module_spells
from labelkit.votes.gold import GoldCounts
from labelkit.votes.gold_beside import signs_against_gold
from labelkit.votes.label_matrix import LabelMatrix

ROWS: Final = 1_000
"""Rows of a corpus that a check tries."""


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
def check_rules(
    rules: Any,
    corpus: Any = None,
    *,
    labels: Sequence[str] | None = None,
    rows: int = ROWS,
    sample: int | None = None,
    random_state: int = 0,
    gold: Any = None,
    map_label: Mapping[Any, str | int | None] | None = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    **reading: Unpack[ReadOptions],
) -> CheckReport:
    """Import rules, run their examples, look for mistakes, and try them on the first rows of a corpus.

    Parameters
    ----------
    rules : LabelingFunctions, or as :func:`labelkit.collect` takes them
    corpus : object, optional
        As :meth:`labelkit.Applier.apply` takes it.
    labels : list of class names, optional
    rows : int
        The first rows, so many, are tried.
    sample : int, optional
        Try so many rows instead that are drawn at random, as :func:`labelkit.run` draws them.
    random_state : int
        The seed of the sample.
    gold : str, array, Series or mapping by id, optional
        As :func:`labelkit.run` takes it; for the gates on precision.
    map_label : mapping of value to name or number of a class, optional
        As :func:`labelkit.run` takes it.
    id : str, optional
        The column that names the examples, where gold is by id.
    format, delimiter, encoding, sheet : optional
        How the files of the corpus are read; see :func:`labelkit.open_corpus`.

    Returns
    -------
    CheckReport
    """
    lfs = collect(rules, labels=labels)
    n_examples = sum(len(lf.examples) for lf in lfs)
    problems = [problem for lf in lfs for problem in _of_examples(lf, lfs)]
    if corpus is None or all(map(_costs, lfs)):
        problems += [*lint(lfs), *([] if corpus is None else map(_untried, lfs))]
        return CheckReport(lfs, n_examples, _sorted(problems, lfs))
    linted = begin_lint(lfs)
    tried_rows = try_rules(
        lfs,
        corpus,
        rows=rows,
        sample=sample,
        random_state=random_state,
        gold=gold,
        map_label=map_label,
        id=id,
        **reading,
    )
    tried = lfs[list(tried_rows.matrix.names)]
    judgements = judge(tried, tried_rows.matrix, tried_rows.gold)
    of_gates = _of_gates(judgements, tried_rows)
    problems += [*tried_rows.problems, *lint_votes(tried, tried_rows.matrix), *of_gates, *linted()]
    votes = dict(zip(tried_rows.matrix.names, (tried_rows.matrix.votes >= 0).sum(axis=0).tolist(), strict=True))
    n_rows, are_first = len(tried_rows.matrix), sample is None and not tried_rows.is_whole
    return CheckReport(lfs, n_examples, _sorted(problems, lfs), judgements, votes, n_rows, are_first)


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
        As in :func:`check_rules`.

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
        if _costs(lf):
            misfits[lf.name] = _untried(lf)
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
    matrix = applier.apply(pa.table(batch.table), on_fault="record", progress=False)
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


def _costs(lf: LabelingFunction[...]) -> bool:
    """True if trying a rule costs money: it sends requests to a language model."""
    return lf.kind == "prompt"


def _untried(lf: LabelingFunction[...]) -> Problem:
    message = "it asks a language model, so it was not tried"
    return Problem("note", lf.name, message, "labelkit plan RULES CORPUS --ask", code="LK915")


def _first_rows(corpus: Any, applier: Applier, gold: GoldSource | None, rows: int) -> Batch:
    columns = dict.fromkeys((*applier.plan.columns, *([gold.column] if gold is not None and gold.column else [])))
    for batch in corpus.batches(tuple(columns), rows):
        first: Batch = batch
        return first
    raise CorpusError("the corpus has no rows to try", code="LK204")


def _of_examples(lf: LabelingFunction[...], lfs: LabelingFunctions) -> list[Problem]:
    """Report the examples that fail; if an extra is missing, note that they could not be run."""
    failures = list(failures_of(lf, lfs.space))
    missing = [failure.error for failure in failures if isinstance(failure.error, MissingExtraError)]
    if missing:
        message = f"its examples were not run: {missing[0].message}"
        return [Problem("note", lf.name, message, missing[0].hint, code=missing[0].code)]
    return [Problem("error", lf.name, str(failure), code="LK911") for failure in failures]


def _of_gates(judgements: list[Judgement], tried: TriedRows) -> list[Problem]:
    """Report broken gates as errors, undecided ones as notes, and those not judged by a note for each reason."""
    problems = []
    for judged in judgements:
        if judged.outcome == "broken":
            problems.append(Problem("error", judged.rule, str(judged), code="LK912"))
        elif judged.outcome == "undecided":
            message = f"{judged}: too few to tell"
            problems.append(Problem("note", judged.rule, message, _how_to_decide(judged, tried), code="LK913"))
    return [*problems, *_of_unknown([judged for judged in judgements if judged.outcome == "unknown"], tried)]


def _of_unknown(judgements: list[Judgement], tried: TriedRows) -> Iterator[Problem]:
    """Say which gates were not judged, and what would let them be: a note for each reason."""
    failed: list[str] = []
    silent: list[str] = []
    votes_without_gold: dict[str, int] = {}
    without_gold = 0
    n_faults = Counter(fault.lf for fault in tried.matrix.faults)
    for judged in judgements:
        n_votes = int((tried.matrix.votes[:, tried.matrix.names.index(judged.rule)] >= 0).sum())
        if n_faults[judged.rule] == len(tried.matrix):
            failed.append(judged.rule)
        elif tried.gold is None:
            without_gold += 1
        elif n_votes:
            votes_without_gold[judged.rule] = n_votes
        else:
            silent.append(judged.rule)
    more = "" if tried.is_whole else tried.more_rows

    def note(n_gates: int, reason: str, hint: str) -> Problem:
        return Problem("note", "", f"{plural(n_gates, 'gate')} could not be judged: {reason}", hint, code="LK914")

    if without_gold:
        yield note(without_gold, "a precision needs gold", "name the gold labels: --gold COLUMN or --gold FILE")
    if votes_without_gold:
        n_votes = sum(votes_without_gold.values())
        which = "its" if len(votes_without_gold) == 1 else "their"
        gold = f"give gold for some of {which} {plural(n_votes, 'vote')}, drawn at random"
        reason = f"no vote of {_listed(list(votes_without_gold))} has gold in the rows that were tried"
        yield note(len(votes_without_gold), reason, f"{gold}; or {more}" if more else gold)
    if silent:
        one = len(silent) == 1
        look = (
            f"look at the {'rule: it votes' if one else 'rules: they vote'} on none of the {len(tried.matrix):,} rows"
        )
        reason = f"{_listed(silent)} {'has' if one else 'have'} no vote in the rows that were tried"
        yield note(len(silent), reason, f"{more}; or {look}" if more else look)
    if failed:
        rules = list(dict.fromkeys(failed))  # a rule may have several gates
        yield note(
            len(failed),
            f"{_listed(rules)} failed on every row",
            "mend the rule: its error is among the problems (LK907)",
        )


def _listed(names: list[str]) -> str:
    """List the first three names, and count the others."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _how_to_decide(judged: Judgement, tried: TriedRows) -> str:
    """Say what decides a gate: more gold for a precision, more rows, or another range where there are no more."""
    if judged.gate.statistic == "precision":
        n_votes = int((tried.matrix.votes[:, tried.matrix.names.index(judged.rule)] >= 0).sum())
        if judged.n < n_votes:
            more_gold = f"give gold for more of its {n_votes:,} votes, drawn at random"
            return more_gold if tried.is_whole else f"{more_gold}; or {tried.more_rows}"
    if not tried.is_whole:
        return tried.more_rows
    return f"all {len(tried.matrix):,} rows were tried: check with a larger corpus, or widen the range of the gate"


def _sorted(problems: list[Problem], lfs: LabelingFunctions) -> list[Problem]:
    """Sort problems: errors, warnings, notes, each in the order of the rules; hints are spelled as their modules do."""
    severities, names = ("error", "warning", "note"), ("", *lfs.names)
    spelled = [_spelled(problem, lfs) for problem in problems]
    return sorted(spelled, key=lambda problem: (severities.index(problem.severity), names.index(problem.rule)))


def _spelled(problem: Problem, lfs: LabelingFunctions) -> Problem:
    """Return a problem whose hint names the functions of labelkit as the module of its rule does."""
    lf = lfs[problem.rule] if problem.rule else next(iter(lfs), None)
    if problem.hint is None or lf is None:
        return problem
    return replace(problem, hint=as_module_spells(problem.hint, lf.origin.namespace))
