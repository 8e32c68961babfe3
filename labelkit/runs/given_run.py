"""Take a run that a user gives: a run folder that is open, or its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelkit._shared.given_paths import given_path
from labelkit.exceptions import RunFolderError
from labelkit.runs._version_names import RUN_HINT
from labelkit.runs.local_copies import origin
from labelkit.runs.run_folder import RunFolder


def opened_run(run: Any, hint: str = RUN_HINT) -> RunFolder:
    """Return an open run folder as it is, and open one by its path.

    Parameters
    ----------
    run : RunFolder or path
    hint : str
        What to do with other values.

    Raises
    ------
    RunFolderError
        If it is neither, or there is no run folder.
    """
    return run if isinstance(run, RunFolder) else RunFolder(given_path(run, "a run folder", RunFolderError, hint))


def path_of_run(run: Any) -> Path:
    """Return the path of a run, also of an open run folder.

    Raises
    ------
    RunFolderError
        If it is neither.
    """
    return origin(run.path) if isinstance(run, RunFolder) else given_path(run, "a run folder", RunFolderError, RUN_HINT)
