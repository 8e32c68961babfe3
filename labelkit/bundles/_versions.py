"""Hold the versions of packages that a bundle was made with against those that are installed."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from labelkit._shared.user_errors import warn
from labelkit._version import __version__
from labelkit.exceptions import BundleError


def compare_versions(path: Path, versions: Mapping[str, Any]) -> None:
    """Warn of packages that have another version here; one that is missing is an error."""
    other, missing = [], []
    for name, version in versions["packages"].items():
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(f"{name}=={version}")
            continue
        if here != version:
            other.append((f"{name}=={version}", f"{name} {version}, and {here} is installed"))
    if missing:
        raise BundleError(
            f"the bundle {str(path)!r} needs {', '.join(missing)}, which is not installed",
            hint=f"pip install {' '.join(missing)}",
        )
    if versions["labelkit"] != __version__:
        other.append(
            (f"labelkit=={versions['labelkit']}", f"labelkit {versions['labelkit']}, and this is {__version__}")
        )
    python = platform.python_version()
    was = versions["python"]
    differs = was.split(".")[:2] != python.split(".")[:2]
    if other or differs:
        shown = [f"Python {was}, and this is {python}: rules are compared by their files alone"] if differs else []
        remedy = f" Hint: pip install {' '.join(one for one, _ in other)}" if other else ""
        warn(
            f"the bundle {str(path)!r} was made with {'; '.join([*shown, *(reason for _, reason in other)])}.{remedy}",
            code="LK553",
        )
