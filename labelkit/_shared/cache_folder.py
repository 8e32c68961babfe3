"""Find the folder of the caches of votes and of answers."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_folder() -> Path:
    """Return ``LABELKIT_CACHE`` where it is set, else the user's cache folder."""
    given = os.environ.get("LABELKIT_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("labelkit"))
