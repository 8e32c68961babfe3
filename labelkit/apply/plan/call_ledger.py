"""Find the call of a user's function that ends its process: calls are numbered, and noted where others can read it.

The same rules on the same batch make the same calls in the same order. The process that started the worker reads from
the note which call was under way when the worker died; the worker that votes on the batch again leaves this call out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from labelkit.exceptions import WorkerDiedError

NUMBER: Final = struct.Struct("<q")
"""The form of the note: the number of the call under way, from 1, or 0."""


class NotCalledError(Exception):
    """What a call after the last one gives."""


@dataclass
class CallLedger:
    """Number calls.

    Parameters
    ----------
    note : buffer that can be written to
        Shared memory, which outlives the process.
    deadly : mapping of int to str
        Calls that ended a worker, and how; they are left out, and raise WorkerDiedError.
    last : int, optional
        The call after which nothing is called any more.
    """

    note: Any
    deadly: Mapping[int, str]
    last: int | None = None
    _n_calls: int = 0

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that notes its calls."""

        def noted(*arguments: Any) -> Any:
            self._n_calls += 1
            number = self._n_calls
            if number in self.deadly:
                raise WorkerDiedError(f"this call ended the process: {self.deadly[number]}")
            if self.last is not None and number > self.last:
                raise NotCalledError
            NUMBER.pack_into(self.note, 0, number)
            try:
                return function(*arguments)
            finally:
                NUMBER.pack_into(self.note, 0, 0)

        return noted


_in_use: list[CallLedger] = []


@contextmanager
def calls_noted(ledger: CallLedger) -> Iterator[None]:
    """Note all calls of users' functions that are made meanwhile."""
    _in_use.append(ledger)
    try:
        yield
    finally:
        _in_use.pop()


def watched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function itself, or one that notes its calls."""
    return _in_use[-1].wrapped(function) if _in_use else function
