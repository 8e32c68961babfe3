"""Call code of the user: whatever it raises is a fault, and what it does to the process is undone."""

from __future__ import annotations

import contextlib
import functools
import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from labelkit._shared.process_settings import ProcessSettings
from labelkit._shared.time_limit import TimeUpError
from labelkit._shared.user_errors import described
from labelkit.exceptions import StopRunError

STREAMS: Final = {"stdin": 0, "stdout": 1, "stderr": 2}
"""The standard streams, with their file descriptors."""

SIGNALS: Final = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]
"""The signals whose handlers are put back."""

_exit: Final = os._exit
"""The system's ``os._exit``."""


class UserCode:
    """The context in which functions of the user are called: by the main thread, the process is as before afterwards.

    What is put back: the current folder, the standard streams, a recursion limit that was lowered; and after calls also
    the environment, signal handlers, filters of warnings, the context of decimals, the locale and the like
    (:mod:`labelkit._shared.process_settings`), the collection of garbage. A process that the code forked, and in which
    it returns, ends here. ``os._exit`` raises meanwhile: it would end a command without output, and with the status of
    success.

    Parameters
    ----------
    importing : bool
        Whether a module is imported: it may set up the process for its functions.
    """

    def __init__(self, *, importing: bool = False) -> None:
        self._importing = importing
        self._stop: BaseException | None = None
        self._process: _ProcessState | None = None
        self._limit = sys.getrecursionlimit()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._process = _ProcessState(importing=self._importing)
            self._process.note_interrupts(self._noting)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if sys.getrecursionlimit() < self._limit:
            sys.setrecursionlimit(self._limit)  # at once: where it was lowered, hardly anything can be called
        if self._process is not None:
            self._process.put_back()
        if self._stop is not None and error is not self._stop:
            raise self._stop  # the code swallowed Ctrl-C

    def _noting(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Tell Ctrl-C from a KeyboardInterrupt that the code raises itself."""

        def handle(number: int, frame: Any) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                self._stop = error
                raise

        return handle

    def interrupted_by(self, error: BaseException) -> bool:
        """Tell if an exception is Ctrl-C, or the code swallowed one before."""
        unknown = self._process is not None and self._process.handlers[0] is None  # a handler that is not Python's
        return self._stop is not None or (unknown and isinstance(error, KeyboardInterrupt))

    def stopped_by(self, error: BaseException) -> bool:
        """Tell if an exception ends the run, and is no fault: Ctrl-C, a time limit, a rule that cannot go on at all."""
        return self.interrupted_by(error) or isinstance(error, StopRunError | TimeUpError)

    def described(self, error: BaseException) -> tuple[str, str]:
        """Return the type and the message of a fault; raise again what ends the run.

        >>> with UserCode() as code:
        ...     try:
        ...         raise SystemExit(0)
        ...     except BaseException as error:
        ...         code.described(error)[0]
        'SystemExit'
        """
        if sys.getrecursionlimit() < self._limit:
            sys.setrecursionlimit(self._limit)  # at once: where it was lowered, hardly anything can be called
        if self.stopped_by(error):
            raise self._stop or error
        return described(error)


class _ProcessState:
    """What code of the user can do to the process, as it was before."""

    def __init__(self, *, importing: bool) -> None:
        self._importing = importing
        self.handlers = [signal.getsignal(number) for number in SIGNALS]
        self._pid = os.getpid()
        self._folder = _folder()
        self._streams = {name: getattr(sys, name) for name in STREAMS}
        self._files = {number: _file_of(number) for number in STREAMS.values()}
        self._copies = {number: os.dup(number) for number, file in self._files.items() if file is not None}
        self._environment = {} if importing else dict(os.environ)
        self._filters = list(warnings.filters)
        self._show_warning = warnings.showwarning
        self._settings = None if importing else ProcessSettings.now()
        self._collects = gc.isenabled()
        self._noting: Callable[..., Any] | None = None
        self._exit = os._exit
        if multiprocessing.parent_process() is None:  # a worker may end
            os._exit = functools.partial(_raise_exit, self._pid)

    def note_interrupts(self, noting: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Put a handler of Ctrl-C around the one that is there."""
        handler = self.handlers[0]
        if callable(handler):
            self._noting = noting(handler)
            signal.signal(signal.SIGINT, self._noting)

    def put_back(self) -> None:
        """Make the process what it was."""
        if os.getpid() != self._pid:
            _exit(1)
        os._exit = self._exit
        if self._folder is not None and _folder() != self._folder:
            with contextlib.suppress(OSError):
                os.chdir(self._folder)
        self._put_back_streams()
        if self._importing:
            if self._noting is not None and signal.getsignal(signal.SIGINT) is self._noting:
                signal.signal(signal.SIGINT, self.handlers[0])
            return
        self._put_back_handlers()
        if os.environ != self._environment:
            for name in os.environ.keys() - self._environment.keys():
                del os.environ[name]
            os.environ.update(self._environment)
        warnings.showwarning = self._show_warning
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]
            with warnings.catch_warnings():
                pass  # which lets the interpreter look at the filters again
        if self._settings is not None:
            self._settings.put_in_place()
        if self._collects:
            gc.enable()

    def _put_back_streams(self) -> None:
        for number, copy in self._copies.items():
            with contextlib.suppress(OSError):
                if _file_of(number) != self._files[number]:
                    os.dup2(copy, number)
                os.close(copy)
        for name, stream in self._streams.items():
            if stream is not None and _is_closed(stream) and self._files[STREAMS[name]] is not None:
                mode = "r" if name == "stdin" else "w"
                stream = open(  # noqa: SIM115, PLW2901 - it stays open as long as the process
                    STREAMS[name], mode, buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
                )
            setattr(sys, name, stream)

    def _put_back_handlers(self) -> None:
        for number, handler in zip(SIGNALS, self.handlers, strict=True):
            if handler is None or signal.getsignal(number) is handler:
                continue
            if number == getattr(signal, "SIGALRM", None):
                signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm that is still to come would find no handler
            signal.signal(number, handler)


def _raise_exit(process: int, status: int) -> NoReturn:
    """Raise in place of ending a process; what was forked from it ends."""
    if os.getpid() != process:
        _exit(status)
    raise SystemExit(f"os._exit({status})")


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a string is compared sooner
    except OSError:  # it was removed
        return None


def _file_of(number: int) -> tuple[int, int] | None:
    """Identify the file behind a descriptor; None if it is closed."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_closed(stream: Any) -> bool:
    try:
        return bool(stream.closed)
    except ValueError:  # its buffer was detached
        return True
    except AttributeError:
        return False
