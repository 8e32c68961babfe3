"""Read the answers in an export of Label Studio: JSON, or its short forms, JSON-MIN and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labelkit._shared.json_objects import keys_once
from labelkit.corpus._byte_streams import unpacked_name
from labelkit.corpus._files import DataFile
from labelkit.corpus.corpus import BATCH_ROWS
from labelkit.corpus.gold_columns import NamedColumns
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.text_file import open_text
from labelkit.corpus.worker_answers import DatedAnswer, WorkerAnswer, example_of, id_key, only_choice
from labelkit.exceptions import GoldError


def label_studio_answers(file: DataFile, keys: Sequence[str], label: str | None) -> tuple[str, Iterator[DatedAnswer]]:
    """Return the name of the id in an export, and its answers.

    Parameters
    ----------
    keys : sequence of str
        Names that the id may have.
    label : str or None
        The name of the question; None where it is the only one, or has a usual name.
    """
    path = file.path
    tasks = _tasks(file)
    if not tasks:
        raise GoldError(f"{path} holds no tasks", hint="export the project as JSON, JSON-MIN or CSV")
    if isinstance(tasks[0].get("data"), dict):
        key = id_key(tasks[0]["data"], keys, path)
        return key, _full_answers(tasks, key, _question(tasks, label, path), path)
    key = id_key(tasks[0], [name for name in keys if name != "id"], path)  # which is the number of the task
    return key, _short_answers(tasks, key, label, path)


def _tasks(file: DataFile) -> list[dict[str, Any]]:
    path = file.path
    if unpacked_name(path.name).endswith(".json"):
        try:
            with open_text(path, file.encoding) as opened:
                value = json.load(opened, object_pairs_hook=keys_once)
        except (ValueError, RecursionError) as error:
            fault = "cannot be read" if type(error) is ValueError else "is not JSON"
            raise GoldError(f"{path} {fault}: {error}", hint="export it again") from None
        tasks = value if isinstance(value, list) else [value]
        if not all(isinstance(task, dict) for task in tasks):
            raise GoldError(f"{path} is no list of tasks", hint="export the project of Label Studio as JSON")
        return tasks
    corpus = open_corpus(path, encoding=file.encoding)
    rows = (row for batch in corpus.batches(corpus.column_names, BATCH_ROWS) for row in batch.table.to_pylist())
    return list(rows)


def _results(annotation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [result for result in annotation.get("result") or () if result.get("type") == "choices"]


def _question(tasks: Iterable[Mapping[str, Any]], label: str | None, path: Path) -> str | None:
    """Return the name of the question whose choices are the labels; None if none was answered."""
    answered = [annotation for task in tasks for annotation in task.get("annotations") or ()]
    names = sorted({str(result.get("from_name")) for annotation in answered for result in _results(annotation)})
    if not names:
        kinds = sorted(
            {str(result.get("type")) for annotation in answered for result in annotation.get("result") or ()}
        )
        if kinds:
            raise _no_choices(path, f"answers of the type {', '.join(kinds)}")
    if label is not None and names and label not in names:
        raise GoldError(
            f"{path} has no answer to a question {label!r}, but to {', '.join(names)}",
            hint="name one of them: label=, or leave it out",
            code="LK327",
        )
    if label is not None or len(names) < 2:
        return label or next(iter(names), None)
    if "label" in names:
        return "label"
    raise GoldError(
        f"{path} has answers to several questions: {', '.join(names)}",
        hint="call the question 'label' in the labeling configuration; in Python, lk.read_gold(path, label=...)",
        code="LK327",
    )


def _no_choices(path: Path, answers: str) -> GoldError:
    return GoldError(
        f"{path} has {answers}, and a label is a choice",
        hint='ask by <Choices name="label" toName="text" choice="single"> in the labeling configuration',
        code="LK327",
    )


def _full_answers(tasks: Iterable[Mapping[str, Any]], key: str, label: str | None, path: Path) -> Iterator[DatedAnswer]:
    """List the answers of an export as JSON."""
    for task in tasks:
        example = example_of(task.get("data") or {}, key, path)
        given = [answer for answer in task.get("annotations") or () if not answer.get("was_cancelled")]
        if not given:
            yield DatedAnswer(WorkerAnswer(example, None, None))
        for annotation in given:
            choices = [
                choice
                for result in _results(annotation)
                if result.get("from_name") == label
                for choice in (result.get("value") or {}).get("choices") or ()
            ]
            chosen = only_choice(choices, example, path)
            answer = WorkerAnswer(example, _worker(annotation), chosen, bool(annotation.get("ground_truth")))
            yield DatedAnswer(answer, _when(annotation))


def _worker(annotation: Mapping[str, Any]) -> Any:
    who = annotation.get("completed_by")
    return who.get("id", who.get("email")) if isinstance(who, dict) else who


def _when(answer: Mapping[str, Any]) -> str:
    """Return the time of an answer as ISO 8601, which sorts as it is; blank if it has none."""
    return str(answer.get("updated_at") or answer.get("created_at") or "")


def _short_answers(
    tasks: Sequence[Mapping[str, Any]], key: str, label: str | None, path: Path
) -> Iterator[DatedAnswer]:
    """List the answers of an export as JSON-MIN or CSV: a row for each task and annotator."""
    columns = {name for task in tasks for name in task}
    NamedColumns(label=label).check(path, sorted(columns))
    question = label or next((name for name in ("label", "gold", "choice", "sentiment") if name in columns), None)
    if question is None:
        raise GoldError(
            f"{path} has the columns {', '.join(sorted(columns))}: which is the question is not clear",
            hint="call the question 'label' in the labeling configuration; in Python, lk.read_gold(path, label=...)",
            code="LK327",
        )
    for task in tasks:
        example = example_of(task, key, path)
        choices = _short_choices(task.get(question), path)
        yield DatedAnswer(
            WorkerAnswer(example, task.get("annotator"), only_choice(choices, example, path)), _when(task)
        )


def _short_choices(value: Any, path: Path) -> list[Any]:
    """Return the choices of a short answer: one as it is, several in a list or as JSON."""
    if isinstance(value, str) and value.startswith('{"choices"'):
        try:
            value = json.loads(value, object_pairs_hook=keys_once)
        except (ValueError, RecursionError) as error:
            raise GoldError(f"{path}: the answer {value[:80]!r} is not JSON: {error}", hint="export it again") from None
    if isinstance(value, dict):
        value = value.get("choices") or []
    choices = value if isinstance(value, list) else [value]
    if any(isinstance(choice, list | dict) for choice in choices):
        raise _no_choices(path, f"the answer {str(value)[:80]}")
    return [choice for choice in choices if choice is not None and choice != ""]
