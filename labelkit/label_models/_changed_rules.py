"""Tell rules that have the names of those that a model was fitted on, and do something else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from labelkit._shared.user_errors import warn
from labelkit._version import __version__
from labelkit.label_models._canonical_order import listed_rules

if TYPE_CHECKING:
    from labelkit.label_models._vote_table import GivenVotes


def note_rules(model: Any, given: GivenVotes) -> None:
    """Keep the fingerprints of the rules that a model is fitted on, in the order of ``lf_names_``."""
    model.lf_fingerprints_ = tuple(lf.fingerprint for lf in given.lfs)
    model.fingerprinted_by_ = _versions()


def warn_of_changed_rules(model: Any, given: GivenVotes) -> None:
    """Warn if rules have the names of those at fit, and do something else; where nothing tells, nothing is said."""
    if not (given.named and model.lf_named_) or getattr(model, "fingerprinted_by_", "") != _versions():
        return
    fitted = dict(zip(model.lf_names_, model.lf_fingerprints_, strict=True))
    changed = [lf.name for lf in given.lfs if lf.fingerprint and fitted.get(lf.name, "") not in ("", lf.fingerprint)]
    if changed:
        names = listed_rules(list(dict.fromkeys(changed)))
        warn(
            f"the model was fitted on other versions of {names}: the names are the same, and what the rules do is not. "
            "Hint: fit it again on votes of these rules",
            code="LK402",
        )


def _versions() -> str:
    """Return the versions of labelkit and Python, of which others take other fingerprints of the same rules."""
    return f"{__version__} {sys.version_info.major}.{sys.version_info.minor}"
