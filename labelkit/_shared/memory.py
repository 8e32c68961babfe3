"""Measure the memory that is left, and refuse a computation that needs more, before it begins.

Otherwise the system's out-of-memory killer would end it, perhaps after hours.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labelkit._shared.user_errors import warn
from labelkit.exceptions import ModelError

MUCH: Final = 2e9
"""Warn before a computation that takes at least this many bytes."""

LITTLE: Final = 50e6
"""Do not check fewer bytes than these: free memory is not known more precisely."""

FOR_MANY_CLASSES: Final = "MajorityVote and OneCoin take no such table for so many functions and classes"
"""A hint for models with confusion matrices."""


def check_room(n_bytes: float, what: str, *, hint: str = "go through the matrix in parts of fewer rows") -> None:
    """Raise ModelError if a computation needs more memory than is free; warn if it needs much.

    Parameters
    ----------
    n_bytes : float
    what : str
        The table that takes the memory, for the message: "a confusion matrix for each labeling function".
    hint : str
        A way that takes less.

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
        raise ModelError(
            f"{what} takes {n_bytes / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free", hint=hint, code="LK411"
        )
    if n_bytes > MUCH:
        message = f"{what} takes {n_bytes / 1e9:,.1f} GB of the {free / 1e9:,.1f} GB that are free. Hint: {hint}"
        warn(message, code="LK411")


def free_memory() -> float:
    """Return the bytes that this process can still have: of the machine, of its container, by its own limit.

    >>> free_memory() > 0
    True
    """
    import psutil  # noqa: PLC0415 - slow to import, and needed for much alone

    return max(0.0, min(float(psutil.virtual_memory().available), _of_groups(Path("/")), _of_process()))


@dataclass(frozen=True)
class _Groups:
    """The files in which a version of Linux's control groups keeps limit, use and reclaimable bytes of a group."""

    folder: str
    limit: str
    used: str
    cached: tuple[str, ...]

    def left(self, group: Path) -> float:
        """Return what is left of the limit of one group; infinity if it has none."""
        try:
            limit, used = ((group / name).read_text().strip() for name in (self.limit, self.used))
            statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            cached = sum(float(statistics.get(name, 0)) for name in self.cached)
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
    """Return what is left of the limits of the control groups that this process is in: its own, and those around it."""
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
        innermost = Path(path.lstrip("/"))
        left += [groups.left(root / groups.folder / group) for group in (innermost, *innermost.parents)]
    return min(left)


def _of_process() -> float:
    """Return what is left of the address space that a process may have (``ulimit -v``)."""
    if sys.platform == "win32":
        return float("inf")
    import resource  # noqa: PLC0415 - not every system has it

    import psutil  # noqa: PLC0415 - as above

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit - psutil.Process().memory_info().vms)
