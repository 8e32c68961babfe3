"""Answers of annotators to examples, and the label on which those to one example agree."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.given_votes import tidy_answers
from labelkit.votes.label_space import is_written


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


# Answers in files -----------------------------------------------------------------------------------------------------


class DatedAnswer(NamedTuple):
    """One answer in a file, its time, and which of several questions of one label it is to."""

    answer: WorkerAnswer
    when: float | str = ""
    question: str | None = None


def last_answers(dated: Iterable[DatedAnswer], path: Path) -> list[WorkerAnswer]:
    """Return of several answers of an annotator to the same question the last, and warn where they differ.

    Answers without an annotator all stay, behind the others.
    """
    unnamed: list[WorkerAnswer] = []
    last: dict[tuple[Any, Any, bool, str | None], DatedAnswer] = {}
    changed: dict[tuple[Any, Any], tuple[WorkerAnswer, WorkerAnswer]] = {}
    for new in dated:
        answer = new.answer
        if answer.worker is None:
            unnamed.append(answer)
            continue
        asked = answer.example, answer.worker, answer.truth, new.question
        before = last.setdefault(asked, new)
        earlier, later = (before, new) if new.when >= before.when else (new, before)  # type: ignore[operator]
        if earlier.answer.label != later.answer.label:
            changed[asked[:2]] = earlier.answer, later.answer
        last[asked] = later
    if changed:
        first, then = next(iter(changed.values()))
        warn(
            f"{path}: {plural(len(changed), 'example')} that an annotator answered again, and otherwise, such as "
            f"{then.example!r} by {then.worker!r} ({first.label}, then {then.label}): the last answer is taken",
            code="LK331",
        )
    return [*(each.answer for each in last.values()), *unnamed]


def single_answers(dated: Iterable[DatedAnswer]) -> list[WorkerAnswer]:
    """Return answers whose order is not known.

    Raises
    ------
    GoldError
        If an annotator gives an example two labels.
    """
    answers = [each.answer for each in dated]
    labels: dict[tuple[Any, Any, bool], Any] = {}
    for example, worker, label, truth in answers:
        if worker is not None and (before := labels.setdefault((example, worker, truth), label)) != label:
            raise GoldError(
                f"{worker!r} answers {example!r} twice, {before!r} and {label!r}",
                hint="keep one answer of each annotator to an example",
                code="LK331",
            )
    return answers


def tidy_labels(
    dated: Sequence[DatedAnswer], class_names: Sequence[str], *, are_mapped: bool = False
) -> list[DatedAnswer]:
    """Spell labels alike before they are counted: as the class that one means, if classes are named and no mapping.

    >>> answers = [DatedAnswer(WorkerAnswer("a", None, label)) for label in ("spam ", "SPAM", "ad", None)]
    >>> [each.answer.label for each in tidy_labels(answers, ["HAM", "SPAM"])]
    ['SPAM', 'SPAM', 'ad', None]
    """
    labels = tidy_answers(object_array(each.answer.label for each in dated), are_named=bool(class_names)).tolist()
    spelled: dict[str, str] = {}
    names = () if are_mapped else class_names
    for label in labels:
        if isinstance(label, str) and label not in spelled:
            alike = [label] if label in names else [name for name in names if is_written(name, label)]
            spelled[label] = alike[0] if len(alike) == 1 else label
    return [
        each._replace(answer=each.answer._replace(label=spelled[label] if isinstance(label, str) else label))
        for each, label in zip(dated, labels, strict=True)
    ]


def is_blank(value: Any) -> bool:
    """Return True for null, NaN and blank text."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def id_key(row: Mapping[str, Any], keys: Sequence[str], path: Path) -> str:
    """Return the name of the id of an example in a file."""
    for key in keys:
        if key in row:
            return key
    raise GoldError(
        f"{path} does not say of which examples its labels are: its first task has {', '.join(map(str, row))}",
        hint="tasks that labelkit exported hold the id as 'example_id'; else name the one that does: id= (--id)",
    )


def example_of(row: Mapping[str, Any], key: str, path: Path) -> Any:
    """Return the id of the example of a task."""
    name = row.get(key)
    if name is None:
        raise GoldError(f"{path} has a task without {key!r}: {str(dict(row))[:80]}", hint="each task needs the id")
    if not isinstance(name, str | int | float | np.integer):
        raise GoldError(f"{path} names an example {name!r}, which is neither text nor a number")
    return name


def only_choice(choices: Sequence[Any], example: Any, path: Path) -> Any:
    """Return the one choice, or None; several are no gold of exclusive classes."""
    if len(set(choices)) > 1:
        raise GoldError(
            f"{path} has several labels for the example {example!r}: {', '.join(map(str, choices))}",
            hint="labels exclude each other: annotate with a single choice",
            code="LK331",
        )
    return choices[0] if choices else None
