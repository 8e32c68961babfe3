"""Checks that need votes alone: coverage, faults, ties, rules that never vote, vote always or repeat another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from labelkit._shared.distributions import is_surely_above
from labelkit._shared.numbers import interval, percent
from labelkit._shared.written_lists import names_and_more
from labelkit.analysis.pairwise import alike_columns
from labelkit.analysis.what_to_fix._evidence import LITTLE_GOLD, Evidence
from labelkit.analysis.what_to_fix.findings import Draft, of_lf

COPIES: Final = 0.9
"""Least lower bound of the agreement of two rules that are reported as copies."""


def uncovered(e: Evidence) -> Iterator[Draft]:
    """A large share of the examples has no vote."""
    missing = e.n - e.tally.any_vote
    if missing > 0.1 * e.n:
        advice = "lk.suggest(matrix, corpus) proposes rules for them." if e.tally.any_vote else "No rule votes at all."
        yield Draft("no vote", "examples", missing, f"{interval(missing, e.n)} of the examples get no label. {advice}")


def failing(e: Evidence) -> Iterator[Draft]:
    """A rule raises, or returns a value that is not a vote."""
    for name, faults in zip(e.patterns.names, e.tally.faults, strict=True):
        if faults:
            why = f"It failed on {interval(faults, e.n)} of the examples, and cannot vote there. The faults of the "
            yield of_lf("fails", name, faults, f"{why}matrix (faults.parquet of a run) say on which, and how.")


def silent(e: Evidence) -> Iterator[Draft]:
    """Rules never vote; one finding for all of them."""
    ran = e.n - e.tally.faults
    names = tuple(name for name, n, v in zip(e.patterns.names, ran, e.tally.votes, strict=True) if n and not v)
    if names:
        what = "It matches" if len(names) == 1 else f"These {len(names)} match"
        why = f"{what} nothing in this corpus. Look for a slip in words or columns, or leave out what is not needed."
        yield Draft("never votes", names_and_more(names, 3), 0.0, why, names)


def indiscriminate(e: Evidence) -> Iterator[Draft]:
    """A rule votes for one class on nearly every example."""
    for j, name, votes in e.columns():
        ran = e.n - e.tally.faults[j]
        if is_surely_above(0.9, votes, ran) and (e.tally.by_class[j] > 0).sum() == 1 and e.patterns.n_classes > 1:
            label = e.patterns.class_names[int(e.tally.by_class[j].argmax())]
            why = f"It says {label} of {interval(votes, ran)} of the examples, which tells none from another."
            yield of_lf("votes on everything", name, votes, why)


def contrary(e: Evidence) -> Iterator[Draft]:
    """Most votes beside those of a rule are for other classes, and gold does not say that the rule is right."""
    both, alike = (values - np.diag(np.diagonal(values)) for values in (e.pairs.both, e.pairs.alike))
    for j, name, votes in e.columns():
        met, overlaps = both[j].sum(), e.tally.overlaps[j]
        against = 1 - alike[j].sum() / met if met else 0.0
        right, n, _ = e.judged(j)
        if n >= LITTLE_GOLD or is_surely_above(0.5, right, n):
            continue  # gold says better than the others whether it is right
        if is_surely_above(0.5, against * overlaps, overlaps, 1 - 0.05 / e.patterns.n_lfs):
            why = f"{percent(against)} of the votes that it meets are for another class; others vote on "
            why += (
                f"{overlaps:,.0f} of its {votes:,.0f} examples. Votes cannot tell which side errs there: a rule that "
            )
            why += "sees what the others miss looks the same as a mistaken one. Label some of these examples."
            yield of_lf("against the others", name, e.tally.conflicts[j], why)


def repeated(e: Evidence) -> Iterator[Draft]:
    """Two rules vote alike, or one votes only as another does."""
    reported: set[str] = set()
    pairs = alike_columns(e.pairs, e.patterns.names, 0.99)
    columns = [pairs[name] for name in ("first", "second", "relation", "alike", "votes")]
    for one, other, relation, alike, votes in zip(*columns, strict=True):
        share = interval(alike, votes)
        if one in reported or not is_surely_above(COPIES, alike, votes):
            continue
        reported.add(one)
        if relation == "duplicate":
            why = f"They vote alike on {share} of the examples that either votes on, so that one opinion counts twice. "
            why += "Keep one of them."
            yield Draft("the same rule twice", f"{one}, {other}", votes, why, (one, other))
        else:
            why = f"{other} votes alike on {share} of the examples that it votes on, so that it adds weight, not news."
            yield Draft("nothing of its own", one, alike, why, (one, other))


def voiceless(e: Evidence) -> Iterator[Draft]:
    """No rule votes for a class; one finding for all such classes."""
    silent_ = np.flatnonzero(~e.tally.by_class.any(axis=0)) if e.tally.any_vote else np.empty(0, dtype=np.int64)
    if not len(silent_):
        return
    gold, of_these = e.gold_counts.sum(), e.gold_counts[silent_].sum()
    share = of_these / gold if gold else len(silent_) / e.patterns.n_classes
    seen = f"{interval(of_these, gold)} of the gold examples are" if gold else "Without gold, nobody knows how many are"
    why = f"{seen} of {'this class' if len(silent_) == 1 else 'these classes'}; none can get that label. Write a rule."
    yield Draft(
        "no rule votes for it", names_and_more((e.patterns.class_names[c] for c in silent_), 3), share * e.n, why
    )


def tied(e: Evidence) -> Iterator[Draft]:
    """Votes are tied on many examples."""
    covered = e.tally.any_vote
    tied = float(e.patterns.counts[e.covered & (e.labels < 0)].sum())
    if tied > 0.01 * covered:
        why = f"{interval(tied, covered)} of the examples with votes have no most probable class. "
        why += "A label model may weigh the votes." if e.model is None else "A rule that breaks the ties would help."
        yield Draft("votes are tied", "examples", tied, why, e.voters_on(np.flatnonzero(e.covered & (e.labels < 0))))


def unnamed(e: Evidence) -> Iterator[Draft]:
    """A class is hardly ever the label, and no gold says whether it is rare."""
    total, k = e.label_counts.sum(), e.patterns.n_classes
    for label, name in enumerate(e.patterns.class_names):
        n_labels = e.label_counts[label]
        if e.gold is None and n_labels < 0.1 * total / k and e.tally.by_class[:, label].any():
            why = (
                f"{interval(n_labels, total)} of the labels are {name}. If it is not that rare, its rules are too weak."
            )
            yield Draft("hardly any label", name, n_labels, why, e.voters_for(label))
