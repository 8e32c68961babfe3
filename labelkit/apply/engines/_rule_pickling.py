"""Send rules to a worker process: declarative ones as pickled values, Python ones as a reference to their module.

A worker receives the file or the module of a Python rule, runs it, looks the rule up by its name, and checks by its
fingerprint that it is the same rule. A rule that it cannot find runs in the main process.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from labelkit.rules.collect import rules_of
from labelkit.rules.labeling_function import Cases, LabelingFunction, Origin, derived_columns
from labelkit.rules.load_module import load_file
from labelkit.rules.predicates import foreign


@dataclass(frozen=True)
class Reference:
    """Location of a rule, for a worker that imports it.

    Parameters
    ----------
    name : str
    module : str
        The module's name, if it was imported by that name; else empty.
    file : str
        The module's file.
    fingerprint : str
        Of the rule as it is here.
    """

    name: str
    module: str
    file: str
    fingerprint: str


Shipped: TypeAlias = LabelingFunction[...] | Reference


def ship(lf: LabelingFunction[...]) -> Shipped | str:
    """Pack a rule for a worker, or say why it has to stay."""
    if isinstance(lf.body, Cases) and not derived_columns(lf) and foreign(lf.predicates) is None:
        bare = tuple(replace(parameter, annotation=None) for parameter in lf.parameters)
        return replace(lf, origin=Origin(lf.origin.module, {}), enum=None, parameters=bare)
    module, file = lf.origin.module, lf.origin.namespace.get("__file__")
    if module == "__main__":
        return "it was made in the main script or notebook"
    if not isinstance(file, str) or not Path(file).is_file():
        return f"its module {module} has no file"
    imported = getattr(sys.modules.get(module), "__dict__", None) is lf.origin.namespace
    return Reference(lf.name, module if imported else "", file, lf.fingerprint)


def unship(shipped: Sequence[Shipped]) -> tuple[list[LabelingFunction[...]], dict[str, str]]:
    """Unpack rules in a worker; also why some could not be."""
    lfs, failed = [], {}
    for one in shipped:
        if isinstance(one, LabelingFunction):
            lfs.append(one)
            continue
        try:
            lfs.append(_find(one))
        except Exception as error:  # noqa: BLE001 - importing a user's module may raise anything
            failed[one.name] = str(error)
    return lfs, failed


def _find(reference: Reference) -> LabelingFunction[...]:
    lf = _rules_in(reference.module, reference.file).get(reference.name)
    if lf is None:
        raise LookupError(f"it is not among the globals of {reference.file}")
    if lf.fingerprint != reference.fingerprint:
        raise LookupError(f"{reference.file} has changed since it was imported, or gives another rule each time")
    return lf


@cache
def _rules_in(module: str, file: str) -> dict[str, LabelingFunction[...]]:
    """The rules of a module, which is run once in a worker."""
    loaded: Any = None
    if module:
        try:
            loaded = importlib.import_module(module)
        except ImportError:
            loaded = None
    if loaded is None or getattr(loaded, "__file__", None) != file:
        loaded = load_file(Path(file))
    return {lf.name: lf for lf in rules_of(loaded)}
