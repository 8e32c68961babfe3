"""Waits for events and counts of work, so that no test depends on how fast the machine is."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager

GUARD = 600
"""Seconds after which a test that waits for an event has failed; nothing takes so long, on whichever machine."""


def wait_until(happened):
    """Ask until something has happened, and return what was answered."""
    until = time.monotonic() + GUARD
    while not (answer := happened()):
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.02)
    return answer


class Calls:
    """The number of calls of Python functions."""

    def __init__(self):
        self.n = 0

    def note(self, _frame, event, _argument):
        if event == "call":
            self.n += 1


@contextmanager
def counted_calls():
    """Count calls in this thread and in those that are started meanwhile: a measure of work that no other process changes."""
    calls = Calls()
    threading.setprofile(calls.note)
    sys.setprofile(calls.note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
