"""A program that times regular expressions for :mod:`labelkit.checks.slow_regex`; it is killed when one takes too long.

It is started as a file, by itself, so that it loads nothing but the standard library. A line of JSON asks for one
search, ``[pattern, flags, beginning, repeated, end, length]``, and one number answers: the seconds of processor time.
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from typing import TextIO


def answer(questions: TextIO, answers: TextIO) -> None:
    """Time one search after the other, until there are no more questions.

    >>> import io
    >>> answers = io.StringIO()
    >>> answer(io.StringIO('["a+b", 0, "", "a", "!", 100]'), answers)
    >>> 0 <= float(answers.getvalue()) < 1
    True
    """
    warnings.simplefilter("ignore")
    for line in questions:
        pattern, flags, beginning, repeated, end, length = json.loads(line)
        text = beginning + repeated * max(1, (length - len(beginning) - len(end)) // len(repeated)) + end
        search = re.compile(pattern, flags).search
        started = time.process_time()
        search(text)
        answers.write(f"{time.process_time() - started}\n")
        answers.flush()


if __name__ == "__main__":
    answer(sys.stdin, sys.stdout)
