"""How much memory is left, and whether something large fits into it.

Who computes for hours should not learn from the system's out-of-memory killer that the result does not fit.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Final

import psutil

from labelkit.exceptions import ModelError

MUCH: Final = 2e9
"""From so many bytes on, it is said beforehand how much memory something takes."""

CONTAINER: Final = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use."""


def check_room(n_bytes: float, what: str, *, hint: str = "go through the matrix in parts of fewer rows") -> None:
    """Say how much memory something takes, where that is much; refuse it where it is more than there is.

    Parameters
    ----------
    n_bytes : float
    what : str
        What takes the memory, for the message: "a confusion matrix for each labeling function".
    hint : str
        What takes less.

    Raises
    ------
    ModelError
        If less memory is free.

    Warns
    -----
    UserWarning
        If it is more than 2 GB.
    """
    free = free_memory()
    if n_bytes > free:
        raise ModelError(f"{what} takes {n_bytes / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free", hint=hint)
    if n_bytes > MUCH:
        said = f"{what} takes {n_bytes / 1e9:,.1f} GB of the {free / 1e9:,.1f} GB that are free. Hint: {hint}"
        warnings.warn(said, stacklevel=_outside())


def free_memory() -> float:
    """How many bytes this process can still have: of the machine, of its container, by its own limit.

    >>> free_memory() > 0
    True
    """
    return max(0.0, min(float(psutil.virtual_memory().available), _of_container(CONTAINER), _of_process()))


def _of_container(folder: Path) -> float:
    """What is left of the limit of a control group; no limit where there is none."""
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
        cached = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return float("inf") if limit == "max" else float(limit) - float(used) + float(cached["inactive_file"])
    except (OSError, ValueError, KeyError):
        return float("inf")


def _of_process() -> float:
    """What is left of the address space that a process may have (``ulimit -v``)."""
    if sys.platform == "win32":
        return float("inf")
    import resource  # noqa: PLC0415 - not every system has it

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit - psutil.Process().memory_info().vms)


def _outside() -> int:
    """How many frames up the caller stands who is no part of labelkit."""
    depth, frame = 1, sys._getframe(1)  # noqa: SLF001 - what warnings.warn counts by
    own = str(Path(__file__).parent)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        depth, frame = depth + 1, frame.f_back
    return depth
