"""Rules whose votes are compared or counted, so that their classes need no names: of slices, and of made examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from labelkit.exceptions import CollectError, LabelSpaceError
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import LabelSpace

ANY_LABEL: Final = 127
"""Classes of rules that say of none what it means; as many as one byte holds."""


def of_any_classes(rules: Any) -> LabelingFunctions:
    """Bring rules together, also if it is not known which classes there are, or if they are of several enums."""
    listed = list(rules) if isinstance(rules, Iterator) else rules
    try:
        return LabelingFunctions(listed)
    except LabelSpaceError:
        pass
    except CollectError as error:
        if error.code != "LK123":
            raise
    highest = max((label for rule in listed for label in getattr(rule, "labels", None) or ()), default=0)
    return LabelingFunctions(listed, labels=LabelSpace.of(max(ANY_LABEL, highest + 1)))
