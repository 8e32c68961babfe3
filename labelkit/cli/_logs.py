"""Write what a command says while it works to standard error: events, warnings and progress, as text or as JSON.

A line of text has a time stamp where standard error is no terminal; a line of JSON is an object with ``time`` (ISO
8601, UTC), ``level``, ``event`` and ``message``, and the fields of the event beside them.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from labelkit._shared.events import LOGGER, log_warning
from labelkit._shared.plain_values import json_text
from labelkit._shared.progress import SHOWN_AS
from labelkit._shared.user_errors import with_place
from labelkit.cli._answers import say

LogFormat: TypeAlias = Literal["text", "json"]

_NO_FIELDS: Final[Mapping[str, Any]] = {}


class LogLines(logging.Handler):
    """Writes a line for each record; what is said again of a corpus that is opened again has one line.

    Parameters
    ----------
    log_format : {"text", "json"}
    spelled : callable
        Spells a message as the command line does, without secrets.
    """

    def __init__(self, log_format: LogFormat, spelled: Callable[[str], str]) -> None:
        super().__init__()
        self._format, self._spelled = log_format, spelled
        self._said_once: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, above the bar of progress where there is one."""
        if record.levelno == logging.WARNING or getattr(record, "event", "") == "delimiter":
            message = record.getMessage()
            if message in self._said_once:
                return
            self._said_once.add(message)
        bars = sys.modules.get("tqdm")
        if bars is None:
            self._write(record)
            return
        with bars.tqdm.external_write_mode(file=sys.stderr):
            self._write(record)

    def _write(self, record: logging.LogRecord) -> None:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        level, message = record.levelname.lower(), self._spelled(record.getMessage())
        if self._format == "json":
            event, fields = getattr(record, "event", level), getattr(record, "fields", _NO_FIELDS)
            say(json_text({"time": when, "level": level, "event": event, "message": message, **fields}), err=True)
            return
        named = message if level == "info" else f"{level}: {message}"
        say(named if sys.stderr.isatty() else f"{when} {named}", err=True)


@contextmanager
def logging_to_stderr(log_format: LogFormat, spelled: Callable[[str], str], *, quiet: bool) -> Iterator[None]:
    """Write events and warnings to standard error while a command works; if quiet, warnings alone."""
    handler = LogLines(log_format, spelled)
    level, before = LOGGER.level, (LOGGER.propagate, warnings.showwarning)
    shown_as = SHOWN_AS.set("nothing" if quiet else "lines" if log_format == "json" else None)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.WARNING if quiet else logging.INFO)
    LOGGER.propagate = False  # a rule may have set up a handler of its own for everything
    warnings.showwarning = _log_warning
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)  # which also forgets what it has answered
        LOGGER.propagate, warnings.showwarning = before
        SHOWN_AS.reset(shown_as)


def _log_warning(
    message: Warning | str, category: type[Warning], filename: str = "", lineno: int = 0, *_where: Any, **_more: Any
) -> None:
    log_warning(with_place(message, category, filename, lineno), category.__name__)


def log_error(failure: Mapping[str, Any], spelled: Callable[[str], str]) -> None:
    """Log as JSON the error that a command ended with: its ``kind``, ``message`` and ``hint``."""
    fields = {name: value for name, value in failure.items() if name != "message"}
    with logging_to_stderr("json", spelled, quiet=False):
        LOGGER.error("%s", failure["message"], extra={"event": "error", "fields": fields})
