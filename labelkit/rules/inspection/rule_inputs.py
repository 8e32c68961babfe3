"""Find all that the votes of a rule depend on: the one digest of the vote cache, resumed runs, manifests and ``diff``.

A rule votes by its declaration (:attr:`LabelingFunction.specification`) and by the functions that it calls, its own and
those of derived columns, with all that they reach (:mod:`labelkit.rules.inspection.dependencies`). The values of its
columns, the classes and the versions of labelkit and Python are the same for all rules; whoever keeps votes adds them.

>>> import random, labelkit as lk
>>> @lk.labeling_function
... def lucky(text):
...     return 1 if random.random() < 0.5 else None
>>> inputs_of(lucky).unclear
('uses random.random, which gives another answer each time',)
>>> inputs_of(lk.keywords("free", label=1).rule(name="free")).unclear
()
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkit._shared.process_settings import OF_PACKAGES, ProcessSettings
from labelkit.rules.inspection._contents import Look
from labelkit.rules.inspection._origin import is_ours
from labelkit.rules.inspection.dependencies import resolve
from labelkit.rules.inspection.fingerprint import fingerprint, is_specified
from labelkit.rules.inspection.resolution import Resolution
from labelkit.rules.predicates import foreign

if TYPE_CHECKING:
    from labelkit.rules.labeling_function import LabelingFunction


@dataclass(frozen=True)
class RuleInputs:
    """The inputs of a rule besides the values of its columns.

    Attributes
    ----------
    digest : str
        Changes when anything does that the rule reads, the settings of the process among it
        (:mod:`labelkit._shared.process_settings`).
    packages : tuple of (name, version)
        The installed packages that it uses.
    files : tuple of str
        The files of its code, whose lines stand in the messages of faults.
    unclear : tuple of str
        Reasons why its votes may change though nothing here does; empty if all is known, or its author says so.
    settings : tuple of (name, value)
        The settings of the process that are not what one begins with; part of the digest.
    fingerprint : str
        What :func:`fingerprint_of` returns, of the same moment.
    """

    digest: str
    packages: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    unclear: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""


def inputs_of(lf: LabelingFunction[...]) -> RuleInputs:
    """Find the inputs of a rule as they are now; a model that it calls is loaded."""
    return inputs_of_all([lf])[0]


def inputs_of_all(lfs: Iterable[LabelingFunction[...]]) -> list[RuleInputs]:
    """Find the inputs of rules as they are now; what several of them read is searched once."""
    look, inputs = Look(), []
    for lf in lfs:
        inputs.append(_inputs(lf, look))
        if any(is_specified(function) for function in lf.functions):
            look.forget()  # a model may have been loaded, by code of the user's
    return inputs


def _inputs(lf: LabelingFunction[...], look: Look) -> RuleInputs:
    functions = lf.functions
    resolution = resolve(*functions, columns=lf.column_functions, look=look) if functions else None
    packages, files = (resolution.packages, resolution.files) if resolution else ((), ())
    digest = _digest(lf, resolution)
    has_models = any(map(_may_load, functions))
    described = _fingerprint(lf, look) if has_models else _first(lf, digest, resolution)
    changed = ProcessSettings.now().changed if functions else {}
    if not packages:
        changed = {name: value for name, value in changed.items() if name not in OF_PACKAGES}
    if changed:
        digest = fingerprint(digest, changed)
    return RuleInputs(digest, packages, files, _unclear(lf, resolution), tuple(sorted(changed.items())), described)


def fingerprint_of(lf: LabelingFunction[...]) -> str:
    """Digest a rule without loading a model: for a model, its content stands in the declaration.

    A rule that may change what it reads keeps its first digest: one with a model that is loaded by the first call, say.
    """
    return fingerprints_of_all([lf])[0]


def fingerprints_of_all(lfs: Iterable[LabelingFunction[...]]) -> list[str]:
    """Digest rules without loading a model; what several of them read is searched once."""
    look = Look()
    return [_fingerprint(lf, look) for lf in lfs]


def are_unclear(lfs: Iterable[LabelingFunction[...]]) -> bool:
    """Return whether some rule may vote otherwise though its digest is the same; no model is loaded."""
    look = Look()
    return any(_unclear(lf, _without_models(lf, look)) for lf in lfs)


def _without_models(lf: LabelingFunction[...], look: Look) -> Resolution | None:
    functions = [function for function in lf.functions if not _may_load(function)]
    return resolve(*functions, look=look) if functions else None


def _may_load(function: Any) -> bool:
    """Return whether a function is an object of labelkit, whose search may load a model."""
    return is_specified(function) and not is_ours(type(function))


def _fingerprint(lf: LabelingFunction[...], look: Look) -> str:
    resolution = _without_models(lf, look)
    return _first(lf, _digest(lf, resolution), resolution)


def _first(lf: LabelingFunction[...], digest: str, resolution: Resolution | None) -> str:
    """Return the digest of a rule; of one that may change what it reads, the first."""
    changes = resolution is not None and any(reason.changes for reason in resolution.findings)
    return str(vars(lf).setdefault("_first_digest", digest)) if changes else digest


def _digest(lf: LabelingFunction[...], resolution: Resolution | None) -> str:
    return fingerprint(lf.specification, resolution.digest if resolution else None)


def _unclear(lf: LabelingFunction[...], resolution: Resolution | None) -> tuple[str, ...]:
    if lf.cache is not None:
        return () if lf.cache else ("its decorator says cache=False",)
    predicates: list[Any] = lf.predicates
    if any(predicate.stored is not None for predicate in predicates):
        return ("asks a database, which may answer differently each time",)
    unknown = foreign(predicates)
    if unknown is not None:
        return (f"its predicate {type(unknown).__name__} is not of labelkit, so what it depends on is not known",)
    return resolution.problems if resolution else ()
