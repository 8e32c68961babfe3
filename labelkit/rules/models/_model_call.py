"""What a rule that asks a model calls: a chunk of columns goes in, perhaps in pieces, and outputs come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labelkit.exceptions import LabelkitError
from labelkit.rules.models._model import OutputModel
from labelkit.rules.models._outputs import joined


@dataclass(frozen=True, eq=False)
class ModelCall:
    """Asks a model.

    Parameters
    ----------
    rule : str
    columns : tuple of str
        The columns that it is called with.
    model : OutputModel
    batch_size : int, optional
        Examples that the model sees at a time; a whole chunk if not given.
    function : callable
        What the rule was made of: its text is the rule's, for people.
    """

    rule: str
    columns: tuple[str, ...]
    model: OutputModel
    batch_size: int | None
    function: Any

    @property
    def __wrapped__(self) -> Any:
        return self.function  # where Python looks for the source

    def __call__(self, *columns: Any) -> Any:
        """What the model says of the examples of a chunk."""
        ask = self.model.asked_by(self.rule)
        return joined([ask(piece, self.columns) for piece in pieces(columns, self.batch_size)])

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.model.content, self.batch_size]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """What the votes depend on beside the columns; a model that cannot be had is not known."""
        try:
            behind = self.model.behind(self.rule)
        except LabelkitError:
            return (UnreadableModel(),)
        return (behind.digest, *behind.code)


@dataclass(frozen=True, eq=False)
class InPieces:
    """Calls a function of the user's with pieces of a chunk.

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
        """The outputs of the function for all pieces."""
        return joined([self.function(*piece) for piece in pieces(columns, self.batch_size)])

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.function, self.batch_size]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        return (self.function, self.batch_size)


class UnreadableModel:
    """Stands for a model that cannot be had, so that its content is not known and votes are not kept."""


def pieces(columns: Sequence[Any], size: int | None) -> Iterator[list[Any]]:
    """Cut columns into pieces of ``size`` examples; the last may be shorter.

    >>> list(pieces([[1, 2, 3], "abc"], 2))
    [[[1, 2], 'ab'], [[3], 'c']]
    """
    n_examples = len(columns[0])
    for start in range(0, n_examples, size or max(n_examples, 1)):
        yield [column[start : start + (size or n_examples)] for column in columns]
