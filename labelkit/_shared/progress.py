"""Show how far something is: as a bar in a terminal, else as a line in the log from time to time.

>>> import logging, sys
>>> from labelkit._shared.events import LOGGER
>>> handler = logging.StreamHandler(sys.stdout)
>>> LOGGER.addHandler(handler); LOGGER.setLevel("INFO")
>>> seconds = iter([0.0, 2.0, 4.0])
>>> lines = ProgressLines(40_000, clock=lambda: next(seconds))
>>> lines.update(10_000)
10,000 of 40,000 rows (25%), 5,000 rows/s, 6 s left
>>> lines.update(30_000)  # what has ended needs no progress
>>> LOGGER.removeHandler(handler); LOGGER.setLevel("NOTSET")
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from logging import INFO
from threading import Event, Lock, Thread
from typing import Any, Final, Literal, Protocol

from labelkit._shared.events import LOGGER, log_event
from labelkit._shared.numbers import count, percent

LINES: Final = 10
"""Lines that are due for all rows, after equal shares of them."""

SECONDS: Final = 30.0
"""Seconds after which a line is due, whatever was done meanwhile."""

SHOWN_AS: ContextVar[Literal["bar", "lines", "nothing"] | None] = ContextVar("SHOWN_AS", default=None)
"""How the program shows progress where its caller does not say; None for a bar in a terminal, and lines elsewhere."""


class ShownProgress(Protocol):
    """Takes note of the rows that are done."""

    def update(self, n: int, /) -> Any:
        """Add rows that are done."""


class ProgressLines:
    """Log a line for each tenth of the rows, and each half minute.

    Parameters
    ----------
    total : int, optional
        Rows to do; without it, the lines tell of the rows done alone.
    done : int
        Rows that were done before.
    clock : callable
        Seconds.
    """

    def __init__(self, total: int | None, done: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._done, self._before, self._clock = total, done, done, clock
        self._began = self._logged = clock()
        self._tenths = self._tenths_done()
        self._turn = Lock()

    def update(self, n: int) -> None:
        """Add rows that are done, and log a line if one is due; the last rows need none."""
        with self._turn:
            self._done += n
            now, tenths = self._clock(), self._tenths_done()
            if self._total is not None and self._done >= self._total:
                return
            if tenths > self._tenths or now - self._logged >= SECONDS:
                self._tenths, self._logged = tenths, now
                self._log(now - self._began)

    @contextmanager
    def heard_of(self) -> Iterator[ProgressLines]:
        """Log a line each half minute also while no row is finished, such as in a batch of slow rules."""
        ended = Event()

        def tell() -> None:
            while not ended.wait(SECONDS):
                self.update(0)

        thread = Thread(target=tell, name="labelkit-progress", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join()

    def _tenths_done(self) -> int:
        return LINES * self._done // self._total if self._total else 0

    def _log(self, seconds: float) -> None:
        total, speed = self._total, (self._done - self._before) / seconds if seconds > 0 else None
        left = None if total is None or not speed else (total - self._done) / speed
        parts = [_rows(self._done, total)]
        parts += [] if speed is None else [f"{count(speed)} rows/s"]
        parts += [] if left is None else [f"{_duration(left)} left"]
        fields = {"rows": self._done, "of": total, "rows_per_second": speed, "seconds_left": left}
        log_event("progress", ", ".join(parts), **fields)


class _Nothing:
    def update(self, _n: int, /) -> None:
        """Show nothing."""


def _rows(done: int, total: int | None) -> str:
    if total is None:
        return f"{count(done)} rows"
    return f"{count(done)} of {count(total)} rows ({percent(done / total, decimals=0)})"


def _duration(seconds: float) -> str:
    """Format a time that is left.

    >>> _duration(0.2), _duration(59.4), _duration(61), _duration(7_300)
    ('1 s', '59 s', '1 min', '2.0 h')
    """
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 3_600 else f"{seconds / 3_600:.1f} h"


@contextmanager
def shown_progress(n_rows: int | None, done: int, *, shown: bool | None) -> Iterator[ShownProgress]:
    """Show the progress of rows on the standard error stream, or in the log.

    Parameters
    ----------
    n_rows : int, optional
        Rows to do, where that is known.
    done : int
        Rows that were done before.
    shown : bool, optional
        Whether to draw a bar; if not given, as the program shows progress.
    """
    form = _form(asked=shown)
    if form == "lines" and LOGGER.isEnabledFor(INFO):
        with ProgressLines(n_rows, done).heard_of() as lines:
            yield lines
        return
    if form != "bar":
        yield _Nothing()
        return
    from tqdm import tqdm  # noqa: PLC0415 - a bar is drawn only when rules are applied

    with tqdm(total=n_rows, initial=done, unit=" rows", unit_scale=True, file=sys.stderr) as bar:
        yield bar


def _form(*, asked: bool | None) -> Literal["bar", "lines", "nothing"]:
    if asked is not None:
        return "bar" if asked else "nothing"
    in_terminal = sys.stderr is not None and sys.stderr.isatty()
    return SHOWN_AS.get() or ("bar" if in_terminal else "lines")
