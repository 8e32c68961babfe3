"""The part of Snorkel's slicing that needs torch, which is out: its names say so where they are asked for."""

from collections.abc import Callable
from typing import Final, NoReturn

from labelkit.exceptions import MissingExtraError

NAMES: Final = frozenset(("SliceAwareClassifier", "SliceCombinerModule", "add_slice_labels", "convert_to_slice_tasks"))


def refuse_names_of(module: str) -> Callable[[str], NoReturn]:
    """Return what a module of slice-aware nets does when it is asked for a name."""

    def refuse(name: str) -> NoReturn:
        if name not in NAMES:
            raise AttributeError(f"module 'labelkit.interop.snorkel.{module}' has no attribute {name!r}")
        raise MissingExtraError(
            f"{name} belongs to Snorkel's slice-aware nets, which are not in labelkit",
            hint="labelkit.summarize_slices and labelkit.find_slices say what labels and predictions are worth in each "
            f"slice; the nets stay with Snorkel: from snorkel.{module} import {name}",
        )

    return refuse
