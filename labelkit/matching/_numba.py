"""Compile functions by numba, with its cache on disk; no other module imports numba.

Modules named ``*_kernel`` are imported inside functions, so that ``import labelkit`` stays light. If numba finds no
writable folder for its cache, the functions are compiled in each process (some 15 seconds), with the same results.

A cached function is compiled again when its own file changes, not when a function or constant that it uses does: after
such an edit, remove the ``*.nbi`` and ``*.nbc`` files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from labelkit._shared.importing import TAKING_TURNS

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of arrays by numba, cached on disk if a folder is writable."""
    return _compile(function)


def inlined(function: F) -> F:
    """Compile a small function inline into each of its callers, since passing arrays costs as much as it computes."""
    return _compile(function, forceinline=True)


def load_compiler() -> None:
    """Import all that compiled functions need, in the thread that calls.

    Numba imports parts of NumPy and SciPy, when it is imported and at the first call of a compiled function.
    """
    with TAKING_TURNS:
        _loaded()


@cache
def _loaded() -> None:
    import_module("numpy.ma")  # as np.unique and np.isin do
    with _linear_algebra_later():
        compiled(_nothing)()


@contextmanager
def _linear_algebra_later() -> Iterator[None]:
    """Let numba take a BLAS for granted while it loads: scans use none, and SciPy, which labelkit needs, brings one.

    To be sure, numba would import ``scipy.linalg``, for some 60 ms of each run. It asks again for each function that
    needs a BLAS, as those of a user may.
    """
    from numba.np import linalg  # noqa: PLC0415 - as below

    asked = getattr(linalg, "ensure_blas", None)
    if asked is None:
        yield
        return
    linalg.ensure_blas = _nothing
    try:
        yield
    finally:
        linalg.ensure_blas = asked


def _nothing() -> int:
    return 0


def _compile(function: F, **options: bool) -> F:
    import numba  # noqa: PLC0415  heavy, and needed only by the scans that compile something

    try:
        return cast("F", numba.njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:  # no folder is writable for numba's cache
        return cast("F", numba.njit(nogil=True, **options)(function))
