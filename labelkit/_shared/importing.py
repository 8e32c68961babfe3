"""Import large libraries in functions that several threads may call: one thread at a time.

NumPy, SciPy, pandas and Numba import parts of one another. Where two threads import them at once, each may hold a
module that the other waits for, and Python ends one of the two with an error
(https://github.com/python/cpython/issues/83065). So threads that labelkit starts import nothing from outside, and where
the threads are the user's, as in a service, they take turns.
"""

from __future__ import annotations

import threading
from typing import Final

TAKING_TURNS: Final = threading.RLock()
"""Held by functions while they import; never while a module is imported, of which another thread may hold a part."""
