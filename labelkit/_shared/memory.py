"""How much memory is left, and whether something large fits into it.

Who computes for hours should not learn from the system's out-of-memory killer that the result does not fit.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from labelkit._shared.user_errors import PACKAGE
from labelkit.exceptions import ModelError

MUCH: Final = 2e9
"""From so many bytes on, it is said beforehand how much memory something takes."""

LITTLE: Final = 50e6
"""So many bytes are not asked about: how much is free is known no better."""

FOR_MANY_CLASSES: Final = "MajorityVote and OneCoin take no such table for so many functions and classes"
"""A hint for models with confusion matrices."""


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
    if n_bytes < LITTLE:
        return
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
    return max(0.0, min(float(psutil.virtual_memory().available), _of_groups(Path("/")), _of_process()))


@dataclass(frozen=True)
class _Groups:
    """Where a version of Linux's control groups says what a group of processes may use, and what it could give back."""

    folder: str
    limit: str
    used: str
    cached: tuple[str, ...]

    def left(self, group: Path) -> float:
        """What is left of the limit of one group; no limit where there is none."""
        try:
            limit, used = ((group / name).read_text().strip() for name in (self.limit, self.used))
            known = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            cached = sum(float(known.get(name, 0)) for name in self.cached)
            return float("inf") if limit == "max" else max(0.0, float(limit) - float(used) + cached)
        except (OSError, ValueError):
            return float("inf")


_UNIFIED: Final = _Groups(
    "sys/fs/cgroup", "memory.max", "memory.current", ("inactive_file", "active_file", "slab_reclaimable")
)
_OLDER: Final = _Groups(
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)


def _of_groups(root: Path) -> float:
    """What is left of the limits of the control groups that this process is in: its own, and those around it."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return float("inf")
    left = [float("inf")]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        groups = _OLDER if controllers else _UNIFIED
        own = Path(path.lstrip("/"))
        left += [groups.left(root / groups.folder / group) for group in (own, *own.parents)]
    return min(left)


def _of_process() -> float:
    """What is left of the address space that a process may have (``ulimit -v``)."""
    if sys.platform == "win32":
        return float("inf")
    import resource  # noqa: PLC0415 - not every system has it

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit - psutil.Process().memory_info().vms)


def _outside() -> int:
    """How many frames up the caller stands who is no part of labelkit."""
    depth, outside, frame = 1, 1, sys._getframe(1)  # noqa: SLF001 - what warnings.warn counts by
    own = str(PACKAGE)
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
        if frame.f_back is not None and frame.f_code.co_filename.startswith(own):
            outside = depth + 1
    return max(outside, 2)
