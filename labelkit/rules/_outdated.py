"""Warn of rules that were defined again, as in another cell of a notebook, where the older ones are about to vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.rules.labeling_function import LabelingFunction

SHOWN: Final = 5
"""Rules that the warning names, at the most."""


def warn_of_outdated(lfs: Sequence[LabelingFunction[...]]) -> None:
    """Warn of rules that their module no longer has, if it has newer ones of these names that vote otherwise.

    A rule that a name of its module still stands for is not outdated, whatever its own name is.
    """
    modules = {id(lf.origin.namespace): lf.origin.namespace for lf in lfs}
    rules = [rule for module in modules.values() for rule in _rules_of(module)]
    current = {id(rule) for rule in rules}
    newest = {(id(rule.origin.namespace), rule.name): rule for rule in sorted(rules, key=lambda rule: rule.order)}
    outdated = []
    for lf in lfs:
        newer = newest.get((id(lf.origin.namespace), lf.name), lf)
        if newer.order > lf.order and id(lf) not in current and newer.fingerprint != lf.fingerprint:
            outdated.append(lf.name)
    if outdated:
        names = ", ".join(map(repr, outdated[:SHOWN])) + ("" if len(outdated) <= SHOWN else ", ...")
        warn(
            f"{plural(len(outdated), 'rule was', 'rules were')} defined again, and the older votes: {names}. Hint: run "
            "the line again that lists, collects or imports the rules",
            code="LK138",
        )


def _rules_of(module: Mapping[str, Any]) -> list[LabelingFunction[...]]:
    """List the rules of a module that names of it stand for."""
    rules = [value for value in list(module.values()) if issubclass(type(value), LabelingFunction)]
    return [rule for rule in rules if rule.origin.namespace is module]
