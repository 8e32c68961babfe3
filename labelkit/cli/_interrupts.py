"""Ctrl-C and SIGTERM end a command by a KeyboardInterrupt, but not while an extension module is started.

Such code may drop an exception that Python raises in it: pandas then goes on without its parser, and the process dies
of a memory fault at the next table that it reads.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader
from types import CodeType, FrameType
from typing import Any, Final

AGAIN_SECONDS: Final = 0.05
"""How long a signal waits that comes while an extension module is started."""

LONGEST_SECONDS: Final = 5.0
"""How long such signals wait in all: a module of the user's may do all its work as it is imported."""

_STARTING: Final[frozenset[CodeType]] = frozenset(
    {ExtensionFileLoader.create_module.__code__, ExtensionFileLoader.exec_module.__code__}
)

_ended_by: list[int] = [signal.SIGINT]
_waiting_since: list[float] = []


def ended_by() -> int:
    """Return the number of the signal by which the command was ended."""
    return _ended_by[0]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, also within the code of a rule; nothing is done in another thread."""
    _ended_by[0] = signal.SIGINT
    _waiting_since.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end_if_terminated)
    elif before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _end:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _terminate(_number: int, _frame: Any) -> None:
    """End as Ctrl-C does, also within the code of a rule."""
    _ended_by[0] = signal.SIGTERM
    signal.raise_signal(signal.SIGINT)


def _end_if_terminated(number: int, frame: FrameType | None) -> None:
    """Stand in for an ignored SIGINT, as a command in the background of a script has it: end for SIGTERM alone."""
    if _ended_by[0] == signal.SIGTERM:
        _end(number, frame)


def _end(_number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or look again in a moment if an extension module is being started."""
    if _starts_extension(frame):
        if not _waiting_since:
            _waiting_since.append(time.monotonic())
        if time.monotonic() - _waiting_since[0] < LONGEST_SECONDS:
            again = threading.Timer(AGAIN_SECONDS, _signal_again)
            again.daemon = True
            again.start()
            return
    _waiting_since.clear()
    raise KeyboardInterrupt


def _starts_extension(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _STARTING:
            return True
        frame = frame.f_back
    return False


def _signal_again() -> None:
    """Send the signal to the main thread, which it wakes where the system can."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main(signal.SIGINT)
