"""Say what happens while something works, as records of Python's ``logging``: of the logger ``labelkit``.

Nobody hears of them unless a handler is set up, as the command line does (:mod:`labelkit.cli`) and a program may:

>>> import logging
>>> logging.getLogger("labelkit").isEnabledFor(logging.INFO)
False
>>> log_event("resumed", "resumed at row 20", rows=20)

A record has the attributes ``event``, a word for programs, and ``fields``, the values that its message tells of.
"""

from __future__ import annotations

import logging
from typing import Any, Final

LOGGER: Final = logging.getLogger("labelkit")


def log_event(event: str, message: str, **fields: Any) -> None:
    """Log what has happened, at the level ``INFO``.

    Parameters
    ----------
    event : str
        A word that stays the same, by which programs tell events apart.
    message : str
        One line for people.
    fields : object
        The values in it; numbers as numbers.
    """
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info("%s", message, extra={"event": event, "fields": fields})


def log_warning(message: str, kind: str) -> None:
    """Log a warning, at the level ``WARNING``.

    Parameters
    ----------
    message : str
    kind : str
        The name of its class, such as ``UserWarning``.
    """
    LOGGER.warning("%s", message, extra={"event": "warning", "fields": {"kind": kind}})
