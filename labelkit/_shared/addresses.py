"""Recognise the address of a store where a path is expected: as a path it has lost one of its two slashes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["parts_of_address"]

_COLLAPSED: Final = re.compile(r"([a-zA-Z][\w+.-]+(?:::[a-zA-Z][\w+.-]+)*):/+(.+)", re.DOTALL)


def parts_of_address(path: str | Path) -> tuple[str, str] | None:
    """Split an address into its scheme and the rest; None for a path, also into a folder that has such a name.

    >>> parts_of_address(Path("s3://bucket/labels.csv")), parts_of_address("C:/labels.csv")
    (('s3', 'bucket/labels.csv'), None)
    """
    named = _COLLAPSED.fullmatch(path.as_posix() if isinstance(path, Path) else path)
    return None if named is None or Path(f"{named[1]}:").exists() else (named[1], named[2])
