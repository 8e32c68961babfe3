"""Choose rules by patterns: a name, a glob of names, or ``group:`` and a group or a glob of groups."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import CollectError

if TYPE_CHECKING:
    from labelkit.rules.labeling_function import LabelingFunction

GROUP: Final = "group:"
"""What stands before a pattern of groups."""

MOST_NAMES: Final = 12
"""Names that an error lists."""


def chosen_names(lfs: Sequence[LabelingFunction[...]], patterns: Sequence[Any]) -> set[str]:
    """Return the names of the rules that any of the patterns is of.

    Raises
    ------
    CollectError
        If a pattern is no text, or is of no rule.
    """
    return {name for pattern in patterns for name in _names_of(lfs, pattern)}


def _names_of(lfs: Sequence[LabelingFunction[...]], pattern: Any) -> list[str]:
    if not isinstance(pattern, str):
        raise CollectError(
            f"{pattern!r} is no pattern of rules",
            hint='give names or patterns: select("link*", "group:links")',
            code="LK116",
        )
    exact = [lf.name for lf in lfs if lf.name == pattern]  # also where a name holds * or begins with group:
    if exact:
        return exact
    if pattern.startswith(GROUP):
        group = pattern.removeprefix(GROUP)
        names = [lf.name for lf in lfs if lf.group is not None and fnmatchcase(lf.group, group)]
    else:
        names = [lf.name for lf in lfs if fnmatchcase(lf.name, pattern)]
    if not names:
        raise _no_rule(lfs, pattern)
    return names


def _no_rule(lfs: Sequence[LabelingFunction[...]], pattern: str) -> CollectError:
    """Return the error for a pattern of no rule, with what it may have meant."""
    names = [lf.name for lf in lfs]
    groups = sorted({lf.group for lf in lfs if lf.group is not None})
    if pattern.startswith(GROUP):
        bare, there, what = pattern.removeprefix(GROUP), groups, "groups"
    elif pattern in groups:
        return CollectError(
            f"no rule is called {pattern!r}", hint=f"{pattern!r} is a group: {GROUP}{pattern}", code="LK116"
        )
    else:
        bare, there, what = pattern, names, "rules"
    lower = {name.casefold(): name for name in there}
    close = [lower[name] for name in difflib.get_close_matches(bare.strip("*").casefold(), lower, n=3)]
    listed = names_and_more(there, MOST_NAMES)
    return CollectError(
        f"no rule fits {pattern!r}",
        hint=f"did you mean {' or '.join(map(repr, close))}?" if close else f"the {what} are {listed or 'none'}",
        code="LK116",
    )
