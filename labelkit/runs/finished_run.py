"""Decide whether a finished run is what the same command would make again, and say what has changed if it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.numbers import count, plural
from labelkit._shared.unreadable import opening
from labelkit._shared.written_options import as_written
from labelkit.corpus.growth import file_sizes
from labelkit.exceptions import RunFolderError
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.runs.run_corpus import Place, changed_reading, described_place, is_there, place_name, place_of
from labelkit.runs.run_folder import RunLayout
from labelkit.runs.run_inputs import LASTING, OTHER_CORPUS, RunInputs, checked_note
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    from labelkit.runs.label_stage import LabelStage
    from labelkit.runs.run_state import Run

MOST_FILES: Final = 3
"""Files of a kind of change that a reason names."""

LEARNED_FROM: Final = ("labels", "group", "precision", "trusted", "levels")
"""What label models know of a rule besides its votes."""


@dataclass(frozen=True)
class WantedRun:
    """What a run is asked to make.

    Parameters
    ----------
    inputs : RunInputs
    rules : sequence of LFInfo
    model : label model or None
        None for votes alone: a run that has labels, too, is also such a run.
    most_faults : int or None
        More faults would stop it; None for any number.
    report : bool
    teach : bool
        Whether gold teaches the label model.
    kept : bool
        Whether the label model is that of the finished run, whatever that learned from.
    files : sequence of (name, bytes)
        The files of the corpus, if it is of files.
    reading : mapping
        The options of reading them.
    places : (place or None, place or None)
        Where the corpus and the gold are read.
    """

    inputs: RunInputs
    rules: Sequence[LFInfo]
    model: Any
    most_faults: int | None
    report: bool
    teach: bool = False
    kept: bool = False
    files: Sequence[tuple[str, int]] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[Place | None, Place | None] = (None, None)

    @classmethod
    def of(cls, run_: Run, labeling: LabelStage | None, most_faults: int | None) -> WantedRun:
        """Describe a run that is about to be made, and what is to be done after its votes."""
        inputs, rules, files = run_.inputs, run_.applier.lfs.infos, file_sizes(run_.corpus)
        gold_file = None if run_.gold is None or run_.gold.file is None else Path(run_.gold.file)
        wanted = cls(
            inputs,
            rules,
            None,
            most_faults,
            report=False,
            files=files,
            reading=dict(run_.corpus.reading),
            places=(place_of(described_place(run_.corpus)), gold_file),
        )
        if labeling is None:
            return wanted
        kept = labeling.kept is not None
        return replace(wanted, model=labeling.model, report=labeling.report, teach=labeling.teach, kept=kept)

    def differences(self, layout: RunLayout) -> list[str]:
        """List what is different in a finished run, or missing; empty if it is the run that is wanted."""
        manifest = _read(layout)
        if not manifest:
            return [f"its {layout.manifest.name} is damaged, or of an earlier version of labelkit"]
        reasons = [
            self._of_corpus(manifest) if reason == OTHER_CORPUS else reason
            for reason in self.inputs.differences(manifest["inputs"])
        ]
        reasons += _of_rules(self.rules, manifest["rules"])
        labeled = self.model is not None
        if labeled:
            reasons += _of_model(self.model, manifest["model"], manifest["inputs"].get("model"))
        if labeled and manifest["model"] is not None and bool(manifest.get("taught")) != self.teach:
            reasons.append(f"gold {'did not teach' if self.teach else 'taught'} its label model")
        if labeled and not self.kept and (fitted := manifest.get("kept_model")):
            reasons.append(
                f"its label model was kept from version {fitted['version']}, and learned from "
                f"{count(fitted['examples'])} of its {count(manifest['examples'])} examples"
            )
        unlabeled = labeled and manifest["model"] is None
        n_faults, missing = manifest["faults"], layout.missing(manifest["parts"], labeled=labeled and not unlabeled)
        if self.most_faults is not None and n_faults > self.most_faults:
            reasons.append(f"its {plural(n_faults, 'fault')} would stop it")
        if missing:
            names = ", ".join(path.relative_to(layout.folder).as_posix() for path in missing[:3])
            reasons.append(
                f"{names}{' and more' if len(missing) > 3 else ''} {'is' if missing[1:] == [] else 'are'} missing"
            )
        if self.report and not unlabeled and not layout.report.is_file():
            reasons.append("it has no report (`labelkit report` writes one)")
        return reasons

    def moved(self, layout: RunLayout) -> list[str]:
        """Say that the corpus or the gold file of a finished run, with the same content, is not where it was."""
        manifest = _read(layout)
        gold_file = manifest.get("gold_file")
        before = place_of(manifest.get("corpus") or {}), None if gold_file is None else Path(gold_file)
        return [
            f"{place_name(place)} is gone, and {place_name(now)} has what it had"
            for place, now in zip(before, self.places, strict=True)
            if place is not None and now is not None and not is_there(place)
        ]

    def is_read_otherwise(self, layout: RunLayout) -> bool:
        """Return whether a finished run read its corpus by other options of reading, which no update takes."""
        return bool(self._changed_reading(_read(layout)))

    def _changed_reading(self, manifest: Mapping[str, Any]) -> list[str]:
        return changed_reading((manifest.get("corpus") or {}).get("reading"), self.reading)

    def _of_corpus(self, manifest: Mapping[str, Any]) -> str:
        """Say that other rows are read: by which options of reading, or of which files."""
        reading, files = self._changed_reading(manifest), self._of_files(manifest)
        if not reading:
            return f"{OTHER_CORPUS}{files}"
        same_files = bool(self.files) and not files
        return "; ".join([*reading, *([] if same_files else [f"{OTHER_CORPUS}{files}"])])

    def _of_files(self, manifest: Mapping[str, Any]) -> str:
        """Say which files of the corpus are others, by their sizes."""
        before = {name: size for name, size, *_ in (manifest.get("corpus") or {}).get("records") or ()}
        now = dict(self.files)
        if not before or not now:
            return f" (the run had {plural(manifest['examples'], 'row')})"
        gone, new = [name for name in before if name not in now], [name for name in now if name not in before]
        sizes = [
            f"{name}: {count(before[name])} -> {count(now[name])} bytes"
            for name in before
            if now.get(name, before[name]) != before[name]
        ]
        kinds = [sizes, [f"new: {name}" for name in new], [f"gone: {name}" for name in gone]]
        shown = [*(line for lines in kinds for line in lines[:MOST_FILES])]
        more = sum(max(len(lines) - MOST_FILES, 0) for lines in kinds)
        rest = [f"and {more} more"] if more else []
        return f" ({'; '.join(shown + rest)})" if shown else ""


def described_model(model: Any) -> dict[str, Any]:
    """Return the name and the parameters of a label model, as people read them."""
    return {"name": type(model).__name__, "params": {name: _plain(value) for name, value in _params(model).items()}}


def digested_model(model: Any) -> dict[str, str]:
    """Digest each parameter of a label model: two arrays that are shown alike may differ."""
    return {name: fingerprint(value) for name, value in _params(model).items()}


def _params(model: Any) -> dict[str, Any]:
    params: dict[str, Any] = model.get_params()
    return params


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _read(layout: RunLayout) -> dict[str, Any]:
    """Read the manifest of a finished run; empty if it lacks what a comparison needs."""
    try:
        with opening(RunFolderError):
            manifest, timings = (json.loads(path.read_bytes()) for path in (layout.manifest, layout.timings))
    except RunFolderError:
        raise
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(manifest, dict) or not isinstance(timings, dict):
        return {}
    kinds = {name: kind for name, kind in RunInputs.__annotations__.items() if name in LASTING}
    inputs = checked_note(manifest.get("inputs"), kinds)
    numbers = all(isinstance(manifest.get(name), int) for name in ("faults", "parts", "examples"))
    model, rules = manifest.get("model"), manifest.get("rules")
    described = model is None or (isinstance(model, dict) and isinstance(model.get("params"), dict))
    shown = isinstance(rules, list) and described
    return manifest if inputs and numbers and shown else {}


def _of_rules(rules: Sequence[LFInfo], described: Any) -> list[str]:
    """List what a label model knows of the rules and is another now, such as a precision."""
    before = {rule.get("name"): rule for rule in described if isinstance(rule, dict)}
    reasons = []
    for rule in rules:
        now = json.loads(json.dumps(rule.to_dict()))
        changed = [name for name in LEARNED_FROM if before.get(rule.name, now).get(name) != now[name]]
        reasons += [f"{name} of the rule {rule.name!r} is {now[name]!r}" for name in changed]
    return reasons


def _of_model(model: Any, described: Mapping[str, Any] | None, digests: Any) -> list[str]:
    if described is None:
        return ["it has votes alone (`labelkit fit` and `labelkit label` go on from them)"]
    now = described_model(model)
    if described.get("name") != now["name"]:
        return [f"the label model is {now['name']}, and was {described.get('name')}"]
    before = digests if isinstance(digests, dict) else {}
    changed = [name for name, digest in digested_model(model).items() if before.get(name) != digest]
    return [
        f"{name} of the label model is {as_written(now['params'][name])}, "
        f"and was {as_written(described['params'].get(name))}"
        for name in changed
    ]
