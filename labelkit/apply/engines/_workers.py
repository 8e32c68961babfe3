"""Worker processes that may die: tasks go out in order, and it is known which task a worker died of."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from labelkit._shared.events import log_warning
from labelkit._shared.user_errors import described
from labelkit.exceptions import LabelkitError

AHEAD: Final = 2
"""Tasks that a worker is given at a time, so that it need not wait for the main process."""

POLL: Final = 1.0
"""Seconds after which workers are looked at also if nothing was heard: one that died may leave its pipes open."""

MOST_STARTS: Final = 3
"""Workers in a row that may die before they are ready."""


class WorkerTask:
    """A call that a worker is to make.

    Attributes
    ----------
    call : tuple of a function that can be pickled, and its arguments
    answer : object
        What it returned, once ``done``.
    """

    def __init__(self, *call: Any) -> None:
        self.call: tuple[Any, ...] = call
        self.answer: Any = None
        self.done = False


T = TypeVar("T", bound=WorkerTask)


@dataclass(frozen=True)
class Death(Generic[T]):
    """A worker died of a task.

    Attributes
    ----------
    task : WorkerTask
    how : str
        Such as ``"SIGSEGV"``.
    note : bytes
        What the worker wrote last where this process can read it.
    """

    task: T
    how: str
    note: bytes


@dataclass
class _WorkerProcess(Generic[T]):
    """One process, and the tasks that it was given and has not answered."""

    process: BaseProcess
    connection: Connection
    note: Path
    tasks: deque[T] = field(default_factory=deque)
    ready: bool = False


class Workers(Generic[T]):
    """Processes, started afresh (spawn); one that dies is replaced.

    Parameters
    ----------
    n_workers : int
    set_up : callable
        Called first in each worker, with ``argument`` and the path of a file of its own; it returns a dict, whose keys
        have to be the same in all workers.
    argument : bytes
    folder : Path
        For the files of the workers.
    """

    def __init__(self, n_workers: int, set_up: Callable[[bytes, Path], Any], argument: bytes, folder: Path) -> None:
        self._n_workers = n_workers
        self._set_up = (set_up, argument)
        self._folder = folder
        self._queue: deque[T] = deque()
        self._workers: list[_WorkerProcess[T]] = []
        self._n_started = 0
        self._n_died_early = 0
        self.greeting: dict[str, str] | None = None
        self._warned: set[tuple[str, str]] = set()
        self._closing = Finalize(self, _end, (self._workers,), exitpriority=100)

    def start(self) -> dict[str, str]:
        """Start all workers; returns what ``set_up`` did."""
        while len(self._workers) < self._n_workers:
            self._start_one()
        while not all(worker.ready for worker in self._workers):
            self.step()
        return self.greeting or {}

    def submit(self, task: T, *, first: bool = False) -> None:
        """Queue a task; ``first`` before all others."""
        if first:
            self._queue.appendleft(task)
        else:
            self._queue.append(task)
        self._hand_out()

    def step(self) -> list[Death[T]]:
        """Wait until something happens: answers are put into their tasks, deaths are returned."""
        heard = set(wait([end for one in self._workers for end in (one.connection, one.process.sentinel)], POLL))
        deaths = [self._look_after(worker, heard) for worker in list(self._workers)]
        self._hand_out()
        return [death for death in deaths if death is not None]

    def close(self) -> None:
        """Let the workers end by themselves; each has done its tasks."""
        for worker in self._workers:
            with suppress(OSError):
                worker.connection.send_bytes(pickle.dumps(None))
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
        self._workers.clear()

    def kill(self) -> None:
        """End the workers at once."""
        _end(self._workers)

    def _hand_out(self) -> None:
        while self._queue:
            worker = min(self._workers, key=lambda one: len(one.tasks))
            if len(worker.tasks) >= AHEAD:
                return
            task = self._queue.popleft()
            worker.tasks.append(task)
            with suppress(OSError):  # it died, which is noticed when it is looked after
                worker.connection.send_bytes(pickle.dumps(task.call))

    def _look_after(self, worker: _WorkerProcess[T], heard: set[Any]) -> Death[T] | None:
        try:
            if worker.connection in heard or worker.connection.poll():
                self._take(worker, pickle.loads(worker.connection.recv_bytes()))  # noqa: S301 - from a worker of ours
                return None
        except (EOFError, OSError):
            return self._bury(worker)
        return None if worker.process.is_alive() or worker.connection.poll() else self._bury(worker)

    def _take(self, worker: _WorkerProcess[T], message: tuple[str, Any, list[tuple[str, str]]]) -> None:
        kind, value, warned = message
        for one in warned:
            if worker.ready and one not in self._warned:  # before, the rules are imported, as they were here
                self._warned.add(one)
                log_warning(*one)
        if kind == "failed":
            raise value
        if worker.ready:
            task = worker.tasks.popleft()
            task.answer, task.done = value, True
            return
        if self.greeting is not None and set(value) != set(self.greeting):
            raise LabelkitError(
                "worker processes import other rules than each other", hint="do not edit rules while they run"
            )
        worker.ready, self._n_died_early, self.greeting = True, 0, value

    def _bury(self, worker: _WorkerProcess[T]) -> Death[T] | None:
        """Replace a worker that died; its other tasks are given to others."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        how = _how(worker.process.exitcode)
        self._n_died_early += not worker.ready
        if self._n_died_early >= MOST_STARTS:
            raise LabelkitError(
                f"worker processes die while they import the rules ({how})",
                hint="a module of rules may end the process, or memory runs out: try fewer workers",
                code="LK604",
            )
        self._start_one()
        guilty = worker.tasks.popleft() if worker.ready and worker.tasks else None
        self._queue.extendleft(reversed(worker.tasks))
        return None if guilty is None else Death(guilty, how, worker.note.read_bytes())

    def _start_one(self) -> None:
        here, there = multiprocessing.Pipe()
        note = self._folder / f"note-{self._n_started}"
        note.write_bytes(bytes(16))
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, *self._set_up, note))
        with _no_main_module():
            process.start()
        there.close()
        self._n_started += 1
        self._workers.append(_WorkerProcess(process, here, note))


def _end(workers: list[_WorkerProcess[Any]]) -> None:
    for worker in workers:
        worker.process.kill()
    for worker in workers:
        worker.process.join()
        worker.connection.close()
    workers.clear()


def _how(status: int | None) -> str:
    """Say how a process ended.

    >>> _how(-11), _how(3)
    ('SIGSEGV', 'exit status 3')
    """
    if status is not None and status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit status {status}"


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep a new process from running the user's script again: workers import rules, never ``__main__``."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# In a worker ----------------------------------------------------------------------------------------------------------


def _serve(connection: Connection, set_up: Callable[[bytes, Path], Any], argument: bytes, note: Path) -> None:
    """Answer calls until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which ends its workers
    threading.Thread(target=_die_with_parent, daemon=True).start()
    warned: list[tuple[str, str]] = []
    warnings.showwarning = lambda message, category, *_where, **_more: warned.append((str(message), category.__name__))
    call: Any = (set_up, argument, note)
    while call is not None:
        try:
            kind, value = _answer(*call)
            connection.send_bytes(pickle.dumps((kind, value, warned)))
            warned.clear()
            call = pickle.loads(connection.recv_bytes())  # noqa: S301 - from the main process
        except (EOFError, OSError):  # the main process is gone, or code of the user closed the connection
            os._exit(1)
    if any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        os._exit(0)  # threads that rules left would keep the process


def _answer(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    try:
        return "done", function(*arguments)
    except BaseException as error:  # noqa: BLE001 - raised again in the main process
        return "failed", _portable(error)


def _portable(error: BaseException) -> BaseException:
    """Return the error itself if the main process can read it, else one that says the same."""
    with suppress(Exception):
        package = type(error).__module__.partition(".")[0]
        if package in {"builtins", "labelkit"} and type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301
            return error
    kind, message = described(error)
    return LabelkitError(f"{kind}: {message}")


def _die_with_parent() -> None:
    """End this worker when the main process is gone, however it went: nobody waits for the votes any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
