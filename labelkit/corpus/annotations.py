"""Read the answers of annotators as gold: exports of Label Studio and Prodigy, and long tables of a crowd.

A file is recognised by its content (:func:`read_annotations`). Its answers are a long table: example, annotator, label.
An example has the label that an annotator marked as ground truth, or else the one that most annotators gave; where
several labels have as many answers, it has none.

References
----------
Label Studio, Export formats. https://labelstud.io/guide/export
Prodigy, Annotation task formats. https://prodi.gy/docs/api-interfaces
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.json_objects import keys_once
from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.corpus._byte_streams import open_bytes
from labelkit.corpus._files import DataFile
from labelkit.corpus._label_studio import label_studio_answers
from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.gold_columns import NamedColumns
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.open_files import by_suffix
from labelkit.corpus.sources.json_lines import first_object
from labelkit.corpus.worker_answers import (
    DatedAnswer,
    WorkerAnswer,
    agreed_labels,
    distinct_answers,
    example_of,
    id_key,
    is_blank,
    last_answers,
    only_choice,
    single_answers,
    tidy_labels,
    warn_of_two_truths,
)
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.gold_mapping import GoldMapping
from labelkit.votes.written_labels import warn_of_own_labels

AnnotationFormat: TypeAlias = Literal["label-studio", "prodigy", "crowd"]
"""A format of answers."""

EXAMPLE_KEYS: Final = ("example_id", "row")
"""Names of the id of an example in files that labelkit wrote for a tool; ``row`` is a position."""

TASK_COLUMNS: Final = (*EXAMPLE_KEYS, "task", "task_id", "item", "item_id", "id", "example")
"""Names that the column of the examples may have in a long table."""

WORKER_COLUMNS: Final = ("worker", "worker_id", "annotator", "annotator_id", "rater")
"""Names that the column of the annotators may have in a long table."""

ANSWER_COLUMNS: Final = ("gold", "label", "answer", "response", "annotation")
"""Names that the column of the answers may have in a long table."""

TRUTH_COLUMN: Final = "ground_truth"
"""Name of the column of a long table that marks the answers that stand for all others to their example."""

_STATUS: Final = "status"
_NO_ANSWERS: Final = ("skipped", "unsure", "changed", "rejected", "cancelled", "discarded", "draft")
"""The column of a long table, and values in it, by which a label would be no answer."""

_STUDIO: Final = {"annotation_id", "annotator", "lead_time", "created_at", "updated_at"}
"""Columns that Label Studio adds to its short exports."""


@dataclass(frozen=True, eq=False)
class Annotations:
    """Labels of examples by the agreement of their annotators.

    Parameters
    ----------
    key : str
        The name of the id in the file.
    ids : ndarray of object, shape (n_labeled,)
    labels : ndarray of object, shape (n_labeled,)
    given : ndarray of object, shape (n_answers,)
        All labels that annotators gave, as they wrote them.
    """

    key: str
    ids: NDArray[Any]
    labels: NDArray[Any]
    given: NDArray[Any]


def read_annotations(path: Path, *, mapping: GoldMapping | None = None, **reading: Any) -> Annotations | None:
    """Read the labels on which annotators agree, if it holds answers.

    Parameters
    ----------
    path : Path
    mapping : GoldMapping, optional
        What labels mean: those of one meaning are counted together, as one of them.
    **reading : of :func:`answers_in`
    """
    exported = answers_in(path, are_mapped=mapping is not None, **reading)
    if exported is None:
        return None
    key, answers = exported
    given = object_array(answer.label for answer in answers)
    if mapping is not None:
        classes = reading.get("class_names", ())
        answers = [answer._replace(label=mapping.one_of(answer.label, classes)) for answer in answers]
    return _agreed(key, distinct_answers(answers), given, path)


def answers_in(
    path: Path,
    *,
    format: AnnotationFormat | None = None,  # noqa: A002 - the word that users write
    id_columns: Sequence[str | None] = (),
    label: str | None = None,
    class_names: Sequence[str] = (),
    are_mapped: bool = False,
    encoding: str | None = None,
) -> tuple[str, list[WorkerAnswer]] | None:
    """Read the answers of annotators, if a file holds such, and the name of the id in it.

    Parameters
    ----------
    format : {"label-studio", "prodigy", "crowd"}, optional
        Recognised by the content, if not given.
    id_columns : sequence of str
        Names that the id of an example may have in the file, before those that labelkit gives it.
    label : str, optional
        The name of the question, in a project of Label Studio that has several; the column of the answers of a crowd.
    class_names : sequence of str
        Where there are two, a label of Prodigy that was rejected is the other one. A label that means one of them is
        spelled as it is.
    are_mapped : bool
        Whether the caller knows what labels mean, so that they stay as they are written.
    encoding : str, optional
        That of the file, if it is text and not UTF-8.

    Raises
    ------
    GoldError
        If it does not say of which example an answer is, or an example has several labels by one annotator.
    """
    file = DataFile(path, encoding)
    kind = format or _recognised(file, label)
    if kind is None:
        return None
    keys = [*(name for name in id_columns if name is not None), *EXAMPLE_KEYS]
    if kind == "crowd":
        key, answers = _crowd(file, id_columns, label)
    elif kind == "prodigy":
        if label is not None:
            message = f"{path} is of Prodigy, whose questions have no name; label={label!r} names none"
            raise GoldError(message, hint="leave label= out", code="LK327")
        _warn_of_unasked(file)
        key, answers = _prodigy(file, keys, class_names)
    else:
        key, answers = label_studio_answers(file, keys, label)
    tidy = tidy_labels(list(answers), class_names, are_mapped=are_mapped)
    return key, distinct_answers(single_answers(tidy) if kind == "crowd" else last_answers(tidy, path))


def _agreed(key: str, answers: Sequence[WorkerAnswer], given: NDArray[Any], path: Path) -> Annotations:
    """Return the labels of a file, and warn of the examples that have none."""
    warn_of_two_truths(answers, path)
    labels = agreed_labels(answers)
    n_asked = len({answer.example for answer in answers})
    n_tied = len({answer.example for answer in answers if answer.label is not None} - labels.keys())
    if not labels and n_tied:
        raise GoldError(
            f"{path} holds no label that most annotators gave: they are tied on {plural(n_tied, 'example')}",
            hint="let a further person answer, or mark the right answers as ground truth",
            code="LK329",
        )
    if not labels:
        raise GoldError(f"{path} holds no label", hint="export the tasks after they were annotated", code="LK329")
    if len(labels) < n_asked:
        warn(
            f"{path}: {n_asked - len(labels):,} of {n_asked:,} examples have no label: they were skipped, rejected "
            "without a word of the right class, or annotators disagree",
            code="LK334",
        )
    return Annotations(key, object_array(labels), object_array(labels.values()), given)


# What a file is -------------------------------------------------------------------------------------------------------


def format_of(path: Path) -> AnnotationFormat | None:
    """Recognise a file of answers by its content; None for any other."""
    return _recognised(DataFile(path), None)


def _recognised(file: DataFile, label: str | None) -> AnnotationFormat | None:
    """Recognise a file by its first object, or its columns."""
    kind = by_suffix(file.path.name)
    if kind is None:
        return None
    if kind.name in {"json", "jsonl"}:
        first = first_object(file)
        if "answer" in first and ({"accept", "options", "_task_hash", "_input_hash", "meta"} & set(first)):
            return "prodigy"
        if {"fields", "suggestions"} <= set(first):
            raise _of_argilla(first, file.path)
        is_task = isinstance(first.get("data"), dict) or {"annotations", "predictions"} & set(first)
        if kind.name == "json" and (is_task or not first):
            return "label-studio"
    columns = set(_opened(file).column_names)
    if len(columns & _STUDIO) >= 3 and "annotation_id" in columns:
        return "label-studio"
    is_long = all(columns & set(names) for names in (TASK_COLUMNS, WORKER_COLUMNS, _answer_columns(label)))
    return "crowd" if is_long else None


def _of_argilla(record: Mapping[str, Any], path: Path) -> GoldError:
    """Return the error for records of Argilla: drafts and discarded responses stand in them as submitted ones do."""
    key = "row" if "row" in (record.get("metadata") or {}) else "example_id"
    answer = f"'{key}': record.metadata['{key}'], 'annotator': str(answer.user_id), 'label': answer.value"
    loops = "for record in dataset.records for answer in record.responses if answer.status == 'submitted'"
    return GoldError(
        f"{path} holds records of Argilla, which do not say which of their responses were submitted",
        hint=f"write these as a table of answers: pandas.DataFrame([{{{answer}}} {loops}]).to_csv('answers.csv')",
        code="LK327",
    )


def _answer_columns(label: str | None) -> Sequence[str]:
    return ANSWER_COLUMNS if label is None else (label,)


def _warn_of_unasked(file: DataFile) -> None:
    """Warn of tasks that labelkit wrote for Prodigy, with its labels accepted, and that Prodigy has not seen."""
    first = first_object(file)
    meta = first.get("meta")
    if isinstance(meta, dict) and "confidence" in meta and not any(name.startswith("_") for name in first):
        remedy = "label the tasks in Prodigy, and take what prodigy db-out writes"
        warn_of_own_labels(str(file.path), "Prodigy has not added its hashes to the tasks", remedy)


def _opened(file: DataFile) -> Corpus:
    return open_corpus(file.path, encoding=file.encoding)


# Prodigy --------------------------------------------------------------------------------------------------------------


def _prodigy(file: DataFile, keys: Sequence[str], class_names: Sequence[str]) -> tuple[str, Iterator[DatedAnswer]]:
    path = file.path
    tasks = list(_lines(file))
    if not tasks:
        raise GoldError(f"{path} holds no tasks", hint="prodigy db-out DATASET > file.jsonl")
    key = id_key({**(tasks[0].get("meta") or {}), **tasks[0]}, keys, path)
    return key, _prodigy_answers(tasks, key, class_names, path)


def _lines(file: DataFile) -> Iterator[dict[str, Any]]:
    path = file.path
    with open_bytes(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                task = json.loads(line, object_pairs_hook=keys_once)
            except (ValueError, RecursionError) as error:
                raise GoldError(f"{path}, line {number}: {error}", hint="export it again") from None
            if not isinstance(task, dict):
                raise GoldError(f"{path}, line {number} is no task", hint="prodigy db-out DATASET > file.jsonl")
            yield task


def _prodigy_answers(
    tasks: Iterable[Mapping[str, Any]], key: str, class_names: Sequence[str], path: Path
) -> Iterator[DatedAnswer]:
    """List the answers of an export, and warn of those that reject what others accept, and name no class."""
    rejected: set[tuple[Any, Any]] = set()
    answered: set[tuple[Any, Any]] = set()
    for task in tasks:
        example = example_of({**(task.get("meta") or {}), **task}, key, path)
        worker = task.get("_annotator_id", task.get("_session_id"))
        label = _prodigy_label(task, example, class_names, path)
        if label is not None:
            answered.add((example, worker))
        elif task.get("answer") == "reject":
            rejected.add((example, worker))
        is_choice = "accept" in task or "options" in task
        when = task.get("_timestamp")
        yield DatedAnswer(
            WorkerAnswer(example, worker, label),
            float(when) if isinstance(when, int | float) else -np.inf,
            None if is_choice else str(task.get("label")),
        )
    with_label = {example for example, _ in answered}
    unsaid = [example for example, worker in rejected - answered if example in with_label]
    if unsaid:
        remedy = "ask by choices, or about each class" if class_names else "of two classes, name both: classes=[...]"
        warn(
            f"{path}: {plural(len(unsaid), 'answer')} not counted, such as to {min(unsaid, key=str)!r}: they reject a "
            f"label and name no class, where others accept one. Hint: {remedy}",
            code="LK334",
        )


def _prodigy_label(task: Mapping[str, Any], example: Any, class_names: Sequence[str], path: Path) -> Any:
    """Return the label of a task; of a rejected one, the other class where there are two."""
    if task.get("answer") not in {"accept", "reject"}:
        return None
    if "accept" in task or "options" in task:
        return only_choice(task.get("accept") or [], example, path) if task["answer"] == "accept" else None
    label = task.get("label")
    if task["answer"] == "accept" or label is None:
        return label
    others = [name for name in class_names if name != label]
    return others[0] if len(class_names) == 2 and len(others) == 1 else None


# Long tables ----------------------------------------------------------------------------------------------------------


def _crowd(file: DataFile, id_columns: Sequence[str | None], label: str | None) -> tuple[str, Iterator[DatedAnswer]]:
    path = file.path
    corpus = _opened(file)
    columns = corpus.column_names
    NamedColumns(label=label).check(path, columns)
    tasks = [*id_columns, *(name for name in TASK_COLUMNS if name != label)]
    wanted = {"example": tasks, "annotator": WORKER_COLUMNS, "answer": _answer_columns(label)}
    named = {what: next((name for name in names if name in columns), None) for what, names in wanted.items()}
    missing = [what for what, name in named.items() if name is None]
    if missing:
        raise GoldError(
            f"{path} has the columns {', '.join(columns)}, and none that says the {' or the '.join(missing)}",
            hint="call them task, worker and label",
            code="LK327",
        )
    task, worker, answer = (str(named[what]) for what in wanted)
    if task == worker or len({task, worker, answer}) < 3:
        raise GoldError(f"{path} has one column for two things", hint="call them task, worker and label")
    truth = [TRUTH_COLUMN] * (TRUTH_COLUMN in columns)
    if _STATUS in columns and answer != _STATUS:
        _warn_of_status(corpus.batches([answer, _STATUS], BATCH_ROWS), path, answer)
    return task, _crowd_answers(corpus.batches([task, worker, answer, *truth], BATCH_ROWS), path, task)


def _warn_of_status(batches: Iterable[Batch], path: Path, answer: str) -> None:
    """Warn of labels that count beside a status by which they are no answers, as a tool may write them."""
    pairs = (zip(*(column.to_pylist() for column in batch.table.columns), strict=True) for batch in batches)
    counts = Counter(str(status).casefold() for rows in pairs for label, status in rows if not is_blank(label))
    status = next((word for word in _NO_ANSWERS if counts[word]), None)
    if status is not None:
        warn(
            f"{path}: {plural(counts[status], 'label')} in rows whose {_STATUS!r} is {status!r}: labels count whatever "
            f"it is. Hint: leave {answer!r} empty in rows that are no answers",
            code="LK334",
        )


def _crowd_answers(batches: Iterable[Batch], path: Path, key: str) -> Iterator[DatedAnswer]:
    for batch in batches:
        for place, (task, worker, label, *marks) in enumerate(
            zip(*(column.to_pylist() for column in batch.table.columns), strict=True), batch.start
        ):
            if is_blank(task):
                raise GoldError(
                    f"{path}, row {place}: the {key} is blank", hint="give each answer the id of an example"
                )
            answer = None if is_blank(label) else label
            yield DatedAnswer(
                WorkerAnswer(task, None if is_blank(worker) else worker, answer, any(map(is_marked, marks)))
            )


def is_marked(value: Any) -> bool:
    """Return whether a value of the column ``ground_truth`` marks an answer, also where a file holds it as text."""
    if isinstance(value, str):
        return value.strip().casefold() in {"true", "1", "yes"}
    return bool(value == True)  # noqa: E712 - NaN is no mark, and 1 is one
