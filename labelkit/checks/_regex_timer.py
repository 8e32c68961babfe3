"""A program that times regular expressions for :mod:`labelkit.checks.slow_regex`; it is killed when one takes too long.

It is started by itself, from its source, so that it loads nothing but the standard library. A line of JSON asks for one
search, ``[pattern, flags, beginning, repeated, end, length, limit]``, and one number answers: the seconds of processor
time. Where the system can, it ends the program when a search has taken more of them than the limit.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
import warnings
from typing import Final, TextIO

CAN_LIMIT: Final = hasattr(signal, "setitimer")
"""True if the system can limit the processor time of a search."""

TIME_IS_UP: Final = int(getattr(signal, "SIGPROF", 0))
"""The signal that ends the process then."""


def answer(questions: TextIO, answers: TextIO) -> None:
    """Time one search after the other, until there are no more questions.

    >>> import io
    >>> answers = io.StringIO()
    >>> answer(io.StringIO('["a+b", 0, "", "a", "!", 100, 60]'), answers)
    >>> 0 <= float(answers.getvalue()) < 1
    True
    """
    warnings.simplefilter("ignore")
    for line in questions:
        pattern, flags, beginning, repeated, end, length, limit = json.loads(line)
        text = beginning + repeated * max(1, (length - len(beginning) - len(end)) // len(repeated)) + end
        search = re.compile(pattern, flags).search
        started = time.process_time()
        _limit(limit)
        search(text)
        _limit(0)
        answers.write(f"{time.process_time() - started}\n")
        answers.flush()


def _limit(seconds: float) -> None:
    """Let the system end this process after so much more processor time; 0 for no limit."""
    if CAN_LIMIT:
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    answer(sys.stdin, sys.stdout)
