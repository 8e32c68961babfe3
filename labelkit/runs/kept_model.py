"""Keep the label model of a finished run in an update of it, where its rules are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import RunFolderError
from labelkit.runs.label_stage import LabelStage
from labelkit.runs.run_folder import RunFolder
from labelkit.runs.run_inputs import RunInputs
from labelkit.runs.teaching import warn_of_untaught


def check_options(*, force: bool, update: bool, keep_model: bool) -> None:
    """Refuse options that contradict one another.

    Raises
    ------
    RunFolderError
    """
    if force and update:
        raise RunFolderError(
            "force=True (--force) makes a run anew, and update=True (--update) goes on from the old one",
            hint="give one of the two",
            code="LK514",
        )
    if keep_model and not update:
        raise RunFolderError(
            "keep_model=True (--keep-model) keeps the label model of a run that is updated",
            hint="give update=True (--update), too",
            code="LK514",
        )


def with_kept_model(labeling: LabelStage, old: RunFolder) -> LabelStage:
    """Return a stage with the label model of an old run, and the version and the number of examples it is from."""
    fitted_in: Mapping[str, int] = old.manifest.get("kept_model") or {
        "version": old.layout.number,
        "examples": int(old.manifest["examples"]),
    }
    teach = bool(old.manifest.get("taught"))
    return replace(labeling, model=old.model(), teach=teach, kept=dict(fitted_in), taught=old.layout.taught)


def check_kept(inputs: RunInputs, old: RunFolder) -> None:
    """Refuse to keep a label model that learned from other rules.

    Raises
    ------
    RunFolderError
        If a rule was changed, is new or is gone.
    """
    before: Mapping[str, Any] = old.manifest["inputs"]
    rules, now = dict(before["rules"]), dict(inputs.rules)
    other = [name for name in dict.fromkeys([*now, *rules]) if now.get(name) != rules.get(name)]
    if other:
        what = names_and_more(map(repr, other), 5)
        raise RunFolderError(
            f"the label model cannot be kept: it learned from the votes of other rules than these ({what})",
            hint="without keep_model=True (--keep-model), it is fitted to the votes of all rows",
            code="LK402",
        )


def check_relabeled(out: Path, old: RunFolder | None, *, teach: bool | None) -> None:
    """Refuse to update the votes of a run that has labels, and not these; warn if gold taught them and now does not.

    Parameters
    ----------
    out : Path
    old : RunFolder or None
        The finished run; None where there is none to update.
    teach : bool or None
        Whether gold teaches the label model of the update; None if there are to be votes alone.

    Raises
    ------
    RunFolderError
    """
    if old is None:
        return
    if teach is None and old.is_labeled:
        raise RunFolderError(
            f"{str(out)!r} has a label model and labels, which would not be of the new votes",
            hint="`labelkit run --update` (in Python update=True of lk.run) updates all; or name another folder",
            code="LK510",
        )
    if teach is False and old.manifest.get("taught"):
        warn_of_untaught(old.place)
