"""The one place where numba is met: functions compiled once, kept on disk, and only when a scan is worth it.

Modules named ``*_kernel`` are imported inside functions, so that ``import labelkit`` stays light. Where no folder is
writable for numba's cache, the functions are compiled anew in each process, with the same results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of arrays by numba, with its cache on disk where there is room for one."""
    import numba  # noqa: PLC0415  heavy, and needed only by the scans that compile something

    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba finds no folder that it may write to
        return cast("F", numba.njit(nogil=True)(function))
