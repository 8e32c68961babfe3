"""The functions that model rules call: take the columns of a chunk, call the model on pieces, join the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labelkit.exceptions import LabelkitError
from labelkit.rules.models._model import ModelSource
from labelkit.rules.models._outputs import joined


@dataclass(frozen=True, eq=False)
class ModelCall:
    """Call the model of a rule.

    Parameters
    ----------
    rule : str
    columns : tuple of str
        The columns of a call, in order.
    model : ModelSource
    batch_size : int, optional
        Examples in one call of the model; a whole chunk if not given.
    function : callable
        The decorated function; its source is shown as the source of the rule.
    """

    rule: str
    columns: tuple[str, ...]
    model: ModelSource
    batch_size: int | None
    function: Any

    @property
    def __wrapped__(self) -> Any:
        return self.function  # inspect.getsource follows this attribute

    def __call__(self, *columns: Any) -> Any:
        """Return the model's outputs for the examples of a chunk."""
        predict = self.model.predictor(self.rule)
        return joined([predict(piece, self.columns) for piece in pieces(columns, self.batch_size)])

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.model.content, self.batch_size]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """Return the dependencies of the votes besides the columns; a model that cannot be loaded prevents caching."""
        try:
            dependencies = self.model.dependencies(self.rule)
        except LabelkitError:
            return (UnreadableModel(),)
        return (dependencies.digest, *dependencies.code)


@dataclass(frozen=True, eq=False)
class InPieces:
    """Call a user's function with pieces of a chunk.

    Parameters
    ----------
    function : callable
    batch_size : int
    """

    function: Callable[..., Any]
    batch_size: int

    @property
    def __wrapped__(self) -> Any:
        return self.function

    def __call__(self, *columns: Any) -> Any:
        """Return the outputs of the function for all pieces."""
        return joined([self.function(*piece) for piece in pieces(columns, self.batch_size)])

    def __resolved_parts__(self) -> tuple[Any, ...]:
        return (self.function, self.batch_size)


class UnreadableModel:
    """Placeholder for a model that cannot be loaded: its content is unknown, so the votes are not cached."""


def pieces(columns: Sequence[Any], size: int | None) -> Iterator[list[Any]]:
    """Cut columns into pieces of ``size`` examples; the last may be shorter.

    >>> list(pieces([[1, 2, 3], "abc"], 2))
    [[[1, 2], 'ab'], [[3], 'c']]
    """
    n_examples = len(columns[0])
    for start in range(0, n_examples, size or max(n_examples, 1)):
        yield [column[start : start + (size or n_examples)] for column in columns]
