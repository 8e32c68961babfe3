"""``labelkit check``: import rules, run their examples, lint them and judge their gates, before a long run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from labelkit._shared.numbers import plural
from labelkit._shared.written_lists import names_and_more
from labelkit.checks.check_report import ROWS, CheckReport
from labelkit.checks.examples import failures_of
from labelkit.checks.gates import Judgement, judge
from labelkit.checks.lint import Problem, begin_lint, costs, lint, untried
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import MissingExtraError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.module_spelling import as_module_spells

if TYPE_CHECKING:
    from labelkit.checks.tried_rows import TriedRows


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
    if corpus is None or all(map(costs, lfs)):
        problems += [*lint(lfs), *([] if corpus is None else map(untried, lfs))]
        return CheckReport(lfs, n_examples, _sorted(problems, lfs))
    linted = begin_lint(lfs)
    from labelkit.checks.tried_rows import try_rules  # noqa: PLC0415 - slow to import, and for a corpus alone
    from labelkit.checks.vote_lint import lint_votes  # noqa: PLC0415 - as above

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
        reason = f"no vote of {names_and_more(votes_without_gold, 3)} has gold in the rows that were tried"
        yield note(len(votes_without_gold), reason, f"{gold}; or {more}" if more else gold)
    if silent:
        one = len(silent) == 1
        look = (
            f"look at the {'rule: it votes' if one else 'rules: they vote'} on none of the {len(tried.matrix):,} rows"
        )
        reason = f"{names_and_more(silent, 3)} {'has' if one else 'have'} no vote in the rows that were tried"
        yield note(len(silent), reason, f"{more}; or {look}" if more else look)
    if failed:
        rules = list(dict.fromkeys(failed))  # a rule may have several gates
        yield note(
            len(failed),
            f"{names_and_more(rules, 3)} failed on every row",
            "mend the rule: its error is among the problems (LK907)",
        )


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
