"""Stop code that runs too long: Python's, and that of ``re``, which asks for signals while it searches.

A timer of the operating system sends SIGALRM, whose handler raises :class:`TimeUpError` in the main thread. So the
limit holds in the main thread of a process alone, where the system has such timers (not on Windows), and not for code
of other libraries that never returns to Python. Code that catches the exception again and again is ended with its
process where that is labelkit's own: the command line, a worker.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TIME_LIMIT: Final = 600.0
"""Seconds that a rule may take for a batch, if nothing else is asked for."""

_exit: Final = os._exit
"""The system's: while code of the user is called, ``os._exit`` is another."""

_AGAIN: Final = 0.1
"""Seconds after which code that caught the exception gets it again."""

_MOST_RAISES: Final = 50
"""Exceptions after which it is clear that the code catches all of them."""

may_exit: list[bool] = [False]
"""Whether the process may be ended; set by the command line."""


class TimeUpError(BaseException):
    """Raised in code that has run too long; no ``except Exception`` of the user's catches it.

    Attributes
    ----------
    column : str, optional
        The derived column that was being computed.
    first, last : int, optional
        The positions of the first and the last of the rows that were being looked at.
    """

    column: str | None = None
    first: int | None = None
    last: int | None = None

    def at(self, first: int, last: int) -> Self:
        """Note where it was raised, if that is not known yet."""
        if self.first is None:
            self.first, self.last = first, last
        return self

    def of(self, rows: npt.NDArray[np.intp], column: str | None = None) -> Self:
        """Turn positions among some rows into those of the rows."""
        if self.column is None:
            self.column = column
            if self.first is not None and self.last is not None:
                self.first, self.last = int(rows[self.first]), int(rows[self.last])
        return self


def answers_of(function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Call a function for each value; a :class:`TimeUpError` says for which one it was."""
    answers: list[Any] = []
    try:
        answers.extend(map(function, values))
    except TimeUpError as error:
        raise error.at(len(answers), len(answers)) from None
    return answers


@contextmanager
def limited(seconds: float, last_words: str = "") -> Iterator[None]:
    """Raise :class:`TimeUpError` in the block when it takes longer; also at its end, if the block caught that.

    ``last_words`` are written to the standard error stream if the process has to be ended. It does nothing if
    ``seconds`` is 0, and where a timer of somebody else's would end first.
    """
    previous = signal.getsignal(signal.SIGALRM) if _can_limit(seconds) else None
    if previous is None or 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= seconds:
        yield
        return
    armed, n_raised = True, 0

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal n_raised
        n_raised += 1
        if armed and n_raised > _MOST_RAISES and (may_exit[0] or multiprocessing.parent_process() is not None):
            with suppress(OSError):
                os.write(2, f"error: {last_words}\n".encode(errors="replace"))
            _exit(1)
        if armed:
            raise TimeUpError

    signal.signal(signal.SIGALRM, stop)
    started = time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), _AGAIN)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 1e-3), interval)
    if n_raised:
        raise TimeUpError


def _can_limit(seconds: float) -> bool:
    return seconds > 0 and hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
