"""Notice that the process of the run before died while it called rules, and name the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labelkit._shared.user_errors import warn
from labelkit.runs.run_folder import RunLayout


@contextmanager
def noted(layout: RunLayout, n_parts: int) -> Iterator[None]:
    """Leave a note in the folder while rules are called; what raises removes it, and what ends the process does not."""
    layout.work.mkdir(parents=True, exist_ok=True)  # a run that was killed at its end had removed it
    layout.voting.write_text(str(n_parts), "utf-8")
    try:
        yield
    finally:
        layout.voting.unlink(missing_ok=True)


def warn_of_death(layout: RunLayout, n_parts: int, *, isolate: bool) -> None:
    """Warn if the process of the run before died without finishing a part: it may die of the same example again.

    Parameters
    ----------
    layout : RunLayout
    n_parts : int
        Parts that are finished now.
    isolate : bool
        Whether rules are called in worker processes this time.
    """
    try:
        before = layout.voting.read_text("utf-8")
    except (OSError, ValueError):  # it ended as it should, or the note is damaged
        return
    if before == str(n_parts) and not isolate:
        warn(
            "the process of the run before ended while rules were called: it was killed, memory ran out, or a rule "
            "ended it. Hint: if it happens again, isolate=True (--isolate) finds the rule and the example",
            code="LK132",
        )
