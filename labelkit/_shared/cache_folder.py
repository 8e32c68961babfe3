"""Find the folder in which votes and answers are kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_folder() -> Path:
    """The folder that is used where none is given."""
    given = os.environ.get("LABELKIT_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("labelkit"))
