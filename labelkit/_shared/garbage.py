"""Import large libraries without a search for garbage meanwhile.

What modules make stays: functions, classes, tables. Python looks through all of it for circles again and again while it
grows, which takes a tenth of the time to import it.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

of_a_program: list[bool] = [False]
"""Whether this process is the program: then what there is after an import is never looked through, until it ends."""

_lock = threading.Lock()
_within: list[bool] = []
"""For each block that has not ended, whether the search was on before the first."""


@contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """Leave out the search for garbage while modules are imported; threads may do so at the same time.

    Examples
    --------
    >>> with nothing_is_garbage():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    with _lock:
        _within.append(_within[0] if _within else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_on = _within.pop()
            if was_on and not _within:
                if of_a_program[0]:
                    gc.freeze()
                gc.enable()
