"""Helpers of the benchmarks: timing, memory of a process tree, and a control for the speed-up of two processes."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

_PAGE = resource.getpagesize()


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call took, and what it returned."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


class Memory:
    """The highest proportional set size of a process and its descendants, in MB, while it is being watched."""

    def __init__(self) -> None:
        self.peak_mb = 0.0


@contextmanager
def watched(pid: int, every: float = 0.1) -> Iterator[Memory]:
    """Watch the memory of a process and its descendants (on Linux; elsewhere it stays 0).

    To add up what is shared stops the process for many milliseconds; so that is done only when the plain resident size,
    which costs nothing, is higher than ever before.
    """
    memory, done = Memory(), threading.Event()

    def watch() -> None:
        most = 0.0
        while not done.wait(every):
            resident = sum(map(_resident_mb, _tree(pid)))
            if resident > 1.01 * most:
                most = resident
                memory.peak_mb = max(memory.peak_mb, sum(map(_pss_mb, _tree(pid))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        with suppress(OSError):  # it may end at any moment
            for task in Path(f"/proc/{process}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
    return found


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20
    except OSError:
        return 0.0


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def run_and_time(command: Sequence[str | Path]) -> tuple[float, float]:
    """Run a command; returns its seconds, and those of the processors that it and its children had."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=as_installed(),
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def as_installed() -> dict[str, str]:
    """Return the environment without what keeps Python from storing bytecode: an installed package has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_and_watch(command: Sequence[str | Path]) -> tuple[float, float, str]:
    """Run a command; returns its seconds, its peak memory in MB, and what it printed.

    To watch the memory takes a few milliseconds each time: :func:`run_and_time` measures what takes seconds.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=as_installed()
    ) as process:
        with watched(process.pid) as memory:
            output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{output}")
    return time.perf_counter() - started, memory.peak_mb, output


def _burn(n: int) -> int:
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def control_gain(workers: int, n: int = 6_000_000) -> float:
    """Return the speed-up of pure computation by ``workers`` processes on this machine, at this moment."""
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.map(_burn, [1000] * workers)
        one, _ = timed(lambda: [_burn(n) for _ in range(workers)])
        many, _ = timed(lambda: pool.map(_burn, [n] * workers, chunksize=1))
    return one / many


def machine() -> dict[str, str]:
    """Describe the machine and the versions of packages."""
    names = ("numpy", "pyarrow", "pandas", "numba", "scikit-learn", "snorkel")
    return {"python": platform.python_version(), "machine": platform.machine(), **{n: _version(n) for n in names}}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
