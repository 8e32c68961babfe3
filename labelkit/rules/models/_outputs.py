"""Convert the outputs of models to one form: for each example, a score of each of the model's labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores of a model's labels.

    Attributes
    ----------
    labels : tuple
        The labels of the model, as plain Python values.
    scores : ndarray of float, shape (n_examples, n_labels)
    complete : bool
        True if these are all labels of the model, with all their scores.
    """

    labels: tuple[Any, ...]
    scores: npt.NDArray[np.float64]
    complete: bool = True

    def __len__(self) -> int:
        return len(self.scores)


def plain(labels: Iterable[Any]) -> tuple[Any, ...]:
    """Convert labels to plain Python values.

    >>> plain(np.array(["ham", "spam"]))
    ('ham', 'spam')
    """
    return tuple(label.item() if isinstance(label, np.generic) else label for label in labels)


def one_hot(labels: Sequence[Any], predicted: Iterable[Any]) -> Scored:
    """Convert predicted labels to scores: 1 for the predicted label, 0 for the others.

    >>> one_hot(("ham", "spam"), ["spam"]).scores
    array([[0., 1.]])
    """
    place = {label: number for number, label in enumerate(labels)}
    places = np.array([place[label] for label in plain(predicted)], dtype=np.int64)
    return Scored(tuple(labels), np.eye(len(labels))[places])


def from_dicts(output: Any, known: Sequence[Any] | None = None) -> Scored | None:
    """Convert the output of a Hugging Face pipeline: for each example a label with its score, or a list of them.

    Parameters
    ----------
    output : object
    known : sequence, optional
        All labels of the model, if known.

    Returns
    -------
    Scored or None
        None if the output has another form.

    Examples
    --------
    >>> scored = from_dicts([[{"label": "b", "score": 0.7}, {"label": "a", "score": 0.3}]])
    >>> scored.labels, scored.scores.tolist(), scored.complete
    (('a', 'b'), [[0.3, 0.7]], True)
    """
    if not isinstance(output, list) or not output:
        return None
    rows = [[row] if isinstance(row, dict) else row for row in output]
    if not all(isinstance(row, list) and row and all(map(_is_answer, row)) for row in rows):
        return None
    seen = {answer["label"] for row in rows for answer in row}
    labels = tuple(known) if known is not None and seen <= set(known) else tuple(sorted(seen, key=str))
    place = {label: number for number, label in enumerate(labels)}
    scores = np.zeros((len(rows), len(labels)))
    for number, row in enumerate(rows):
        scores[number, [place[answer["label"]] for answer in row]] = [float(answer["score"]) for answer in row]
    return Scored(labels, scores, all(len(row) == len(labels) > 1 for row in rows))


def _is_answer(answer: Any) -> bool:
    return isinstance(answer, dict) and "label" in answer and "score" in answer


def joined(parts: Sequence[Any]) -> Any:
    """Join the outputs for the pieces of a chunk.

    >>> joined([[1, 2], [3]]), joined([np.array([1]), np.array([2])])
    ([1, 2, 3], array([1, 2]))
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Scored):
        same = all(part.labels == first.labels for part in parts)
        return _joined(parts) if same else _joined([_widened(part, _labels_of(parts)) for part in parts])
    if isinstance(first, list):
        return [value for part in parts for value in part]
    return np.concatenate([np.asarray(part) for part in parts])


def _joined(parts: Sequence[Scored]) -> Scored:
    scores = np.concatenate([part.scores for part in parts])
    return Scored(parts[0].labels, scores, all(part.complete for part in parts))


def _labels_of(parts: Sequence[Scored]) -> tuple[Any, ...]:
    return tuple(sorted({label for part in parts for label in part.labels}, key=str))


def _widened(part: Scored, labels: tuple[Any, ...]) -> Scored:
    scores = np.zeros((len(part), len(labels)))
    scores[:, [labels.index(label) for label in part.labels]] = part.scores
    return Scored(labels, scores, complete=False)
