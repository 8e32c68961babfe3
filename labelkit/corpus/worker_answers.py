"""Answers of annotators to examples, and the label on which those to one example agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn


class WorkerAnswer(NamedTuple):
    """One answer of an annotator; the label is None for none, and ``truth`` marks one that stands for all."""

    example: Any
    worker: Any
    label: Any
    truth: bool = False


def agreed_labels(answers: Sequence[WorkerAnswer]) -> dict[Any, Any]:
    """Return the label of each example that stands for all, or that most annotators gave, in the order of the answers.

    Of several labels of an example that stand for all, the most frequent one is taken; none of a tie.

    >>> pairs = [("ann", "HAM"), ("bob", "SPAM"), ("cid", "HAM")]
    >>> ann, bob, cid = (WorkerAnswer("x", who, label) for who, label in pairs)
    >>> agreed_labels([ann, bob, cid]), agreed_labels([ann, bob]), agreed_labels([ann, bob._replace(truth=True)])
    ({'x': 'HAM'}, {}, {'x': 'SPAM'})
    >>> agreed_labels([ann._replace(truth=True), bob._replace(truth=True), cid])
    {}
    """
    truths, labels = _counts(answer for answer in answers if answer.truth), {}
    for example, votes in _counts(answers).items():
        decisive = truths.get(example, votes)
        best = [label for label, n in decisive.items() if n == max(decisive.values())]
        if len(best) == 1:
            labels[example] = best[0]
    return labels


def distinct_answers(answers: Iterable[WorkerAnswer]) -> list[WorkerAnswer]:
    """Leave out what an annotator says of an example a second time: it counts once.

    Answers without an annotator stay, since they may be of several.

    >>> ann, bob, nobody = (WorkerAnswer("x", who, "HAM") for who in ("ann", "bob", None))
    >>> [answer.worker for answer in distinct_answers([ann, bob, ann, nobody, nobody])]
    ['ann', 'bob', None, None]
    """
    seen: set[WorkerAnswer] = set()
    distinct = []
    for answer in answers:
        if answer.worker is None or answer not in seen:
            distinct.append(answer)
        seen.add(answer)
    return distinct


def _counts(answers: Iterable[WorkerAnswer]) -> dict[Any, Counter[Any]]:
    """Count the labels of each example."""
    counts: dict[Any, Counter[Any]] = {}
    for answer in answers:
        if answer.label is not None:
            counts.setdefault(answer.example, Counter())[answer.label] += 1
    return counts


def warn_of_two_truths(answers: Sequence[WorkerAnswer], path: Path) -> None:
    """Warn of examples with several labels that each claim to stand for all."""
    truths = _counts(answer for answer in answers if answer.truth)
    disputed = [example for example, votes in truths.items() if len(votes) > 1]
    if not disputed:
        return
    of_first = ", ".join(f"{label} {n}" for label, n in truths[disputed[0]].items())
    warn(
        f"{path}: {plural(len(disputed), 'example')} with several labels that are marked as ground truth, such as "
        f"{disputed[0]!r} ({of_first}): the most frequent of these is taken, and none of a tie. "
        "Hint: mark one answer of each example",
        code="LK334",
    )
