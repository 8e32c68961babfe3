"""Tell whether the gold that a run was judged by has changed since, so that its figures are by what gold was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelkit._shared.user_errors import warn

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder


def warn_of_changed_gold(folder: RunFolder) -> None:
    """Warn if the file of gold of a run, or the corpus with its column of gold, is not as it was.

    What is at an address is not asked, and what is not there any more is not known to have changed. The content is read
    only of files that are newer than the run.
    """
    if folder.manifest.get("gold") is None or not folder.manifest.get("gold_labels"):
        return
    from labelkit.runs._gold_since import changed  # noqa: PLC0415 - it brings the readers of files, which is slow

    what = changed(folder)
    if what is not None:
        warn(
            f"{what} has changed since the run: these figures are by the gold of the run. Hint: `labelkit run ... "
            "--update` takes the gold as it is now",
            code="LK343",
        )
