"""Say where votes of a run are from that its rules did not give; ``remembered_from`` of ``timings.json``."""

from __future__ import annotations

from typing import Final

FROM_CACHE: Final = "vote cache"
FROM_VERSION: Final = "version before"

ORIGINS: Final = {
    FROM_CACHE: "are from the vote cache: the same rules were applied to the same values before, "
    "in this folder or another",
    FROM_VERSION: "on the rows that were there are those of the version before",
}
"""The origins in words, behind "the votes of 2"."""
