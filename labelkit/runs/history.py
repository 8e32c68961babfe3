"""List the versions of a run folder, with what changed from each to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import WIDTH, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.written_lists import names_and_more
from labelkit._shared.written_options import NONE, as_written
from labelkit.runs.given_run import path_of_run
from labelkit.runs.local_copies import shown_place
from labelkit.runs.one_version import TRIES, Snapshot
from labelkit.runs.run_corpus import changed_reading
from labelkit.runs.run_folder import RunFolder
from labelkit.runs.versions import Version, version_layouts

MOST_NAMES: Final = 5
"""Rules of a kind that a line names."""


@dataclass(frozen=True)
class RunVersion:
    """One version of a run folder.

    Attributes
    ----------
    number : int
    made : str
        Date and time, UTC.
    n_examples, n_rules : int
    added, changed, removed : tuple of str
        Rules, compared with the version before.
    model : str
        The name of the label model; empty for votes alone.
    model_fingerprint, run_fingerprint : str
        As they stand in the metadata of its labels; empty in a run of an earlier labelkit.
    coverage : float
        Share of the examples that have a vote.
    changes : tuple of str
        What changed from the version before, rules included.
    path : Path
        A run folder.
    """

    number: int
    made: str
    n_examples: int
    n_rules: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    model: str
    model_fingerprint: str
    run_fingerprint: str
    coverage: float
    changes: tuple[str, ...]
    path: Path


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class History(ShownResult):
    """The versions of a run folder, the oldest first; the last is the current one.

    Attributes
    ----------
    path : Path
    versions : tuple of RunVersion
    """

    path: Path
    versions: tuple[RunVersion, ...]

    def __len__(self) -> int:
        return len(self.versions)

    def __getitem__(self, position: int) -> RunVersion:
        return self.versions[position]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the folder, and its versions, the oldest first."""
        versions = [plain_value({**asdict(one), "path": shown_place(one.path)}) for one in self.versions]
        return {"folder": shown_place(self.path), "versions": versions}

    def to_string(self, width: int = WIDTH) -> str:
        """Format the versions for a terminal."""
        return self._page(width).to_text()

    def _page(self, width: int = WIDTH) -> ResultPage:
        heads = ["version", "made (UTC)", "rows", "rules", "covered", "label model", "fitted", "run", "changes"]
        rows = [
            [
                str(one.number),
                one.made.replace("T", " ")[:16],
                count(one.n_examples),
                count(one.n_rules),
                percent(one.coverage),
                one.model or "none",
                one.model_fingerprint[:8],
                one.run_fingerprint[:8],
                "; ".join(one.changes) or "-",
            ]
            for one in self.versions
        ]
        table = ResultTable(rows, heads, align="><>>><<<<", cell_width=max(width, WIDTH))
        return ResultPage([f"{shown_place(self.path)}: version {self.versions[-1].number} is the current one"], [table])


@checks_keywords
def history(path: RunFolder | str | Path) -> History:
    """List the versions of a run folder: the run itself, each update, and each return to an old version.

    Parameters
    ----------
    path : RunFolder or path

    Returns
    -------
    History

    Raises
    ------
    RunFolderError
        If there is no run folder, or a version of it is damaged.
    """
    path = path_of_run(path)
    for _ in range(TRIES):
        top = RunFolder(path).layout.current
        mark = Snapshot.of(top).mark
        versions = _history(path)
        if Snapshot.of(top).mark == mark:
            return versions
    raise Snapshot.of(top).error()


def _history(path: Path) -> History:
    """List the versions that a folder has now; one that is written meanwhile may be among them under a wrong number."""
    versions: list[RunVersion] = []
    before: Mapping[str, Any] | None = None
    layouts = version_layouts(path)
    for number, layout in layouts.items():
        folder = RunFolder(layout.folder)
        manifest, note = folder.manifest, Version.read(layout)
        added, changed, removed = _rules(before, manifest)
        restored = [] if note is None or note.restored is None else [f"version {note.restored} again"]
        changes = [*restored, *changes_of(before, manifest)]
        if not changes and before is not None and (in_force := _in_force(manifest)) is not None:
            changes = [f"certified again: {_kept(in_force)}"]  # nothing else makes a version that is the same
        n_examples = int(manifest["examples"])
        versions.append(
            RunVersion(
                number=number,
                made=(note.made if note is not None else "") or str(folder.timings.get("finished", "")),
                n_examples=n_examples,
                n_rules=len(manifest["rules"]),
                added=added,
                changed=changed,
                removed=removed,
                model=(manifest["model"] or {}).get("name", ""),
                model_fingerprint=str(manifest.get("model_fingerprint", "")),
                run_fingerprint=str(manifest.get("run_fingerprint", "")),
                coverage=manifest["covered"] / n_examples if n_examples else 0.0,
                changes=tuple(changes),
                path=layout.folder,
            )
        )
        before = manifest
    top = [*layouts.values()][-1].folder
    return History(top, tuple(versions))


def changes_of(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """List what changed from one manifest to the next, by name, old and new.

    Parameters
    ----------
    before, now : mapping
        Manifests; None for no version before.
    """
    if before is None:
        return []
    kinds = zip(("new", "changed", "gone"), _rules(before, now), strict=True)
    changes = [f"{kind}: {names_and_more(names, MOST_NAMES)}" for kind, names in kinds if names]
    rows = before["examples"], now["examples"]
    if rows[0] != rows[1]:
        changes.append(f"rows: {count(rows[0])} -> {count(rows[1])}")
    elif before["corpus"]["fingerprint"] != now["corpus"]["fingerprint"]:
        changes.append("the corpus has other content")
    changes += [
        f"{name}: {_shown(before[name])} -> {_shown(now[name])}"
        for name in ("classes", "gold")
        if before[name] != now[name]
    ]
    changes += _reading(before, now)
    changes += _gold_labels(before, now)
    changes += _model(before, now)
    changes += _certificates(before, now)
    options = [(one.get("inputs") or {}).get("options") or {} for one in (before, now)]
    names = [name for name in dict.fromkeys([*options[0], *options[1]]) if name != "labels"]
    changes += [
        f"{name}: {_shown(options[0].get(name))} -> {_shown(options[1].get(name))}"
        for name in names
        if options[0].get(name) != options[1].get(name)
    ]
    versions = [one["versions"].get("labelkit") for one in (before, now)]
    return changes + ([f"labelkit: {versions[0]} -> {versions[1]}"] if versions[0] != versions[1] else [])


def _reading(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """List what changed of how the corpus was read, and of what the values of gold mean."""
    changes = changed_reading(before["corpus"].get("reading"), now["corpus"].get("reading"), sep=":")
    if before["gold"] is not None and now["gold"] is not None and _meanings(before) != _meanings(now):
        changes.append(f"map_label (--map-label): {_meanings(before)} -> {_meanings(now)}")
    return changes


def _meanings(manifest: Mapping[str, Any]) -> str:
    """Show which class each value of gold means."""
    classes, meanings = manifest["classes"], manifest.get("map_label") or {}
    return as_written({value: None if label < 0 else classes[label] for value, label in meanings.items()})


def _certificates(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say which certificate is in force now, and which one failed."""
    changes = []
    failed = [one.get("failed_certificates") or [] for one in (before, now)]
    in_force = [_in_force(one) for one in (before, now)]
    if len(failed[1]) > len(failed[0]):
        stays = "; the certificate in force stays" if in_force[1] else ""
        changes.append(
            f"certificate failed: no set of labels is proved to have an error below {_level(failed[1][-1])}{stays}"
        )
    if in_force[0] != in_force[1]:
        changes.append("no longer certified" if in_force[1] is None else f"certified: {_kept(in_force[1])}")
    elif not in_force[1] and now.get("certificate") not in (None, before.get("certificate")):
        changes.append("certificate failed")  # as earlier versions of labelkit record it
    return changes


def _in_force(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the certificate of a manifest; one that keeps no label is none."""
    certificate: Mapping[str, Any] | None = manifest.get("certificate")
    return certificate if certificate and certificate["n_kept"] else None


def _kept(certificate: Mapping[str, Any]) -> str:
    return f"{plural(certificate['n_kept'], 'label')}, {_level(certificate)} wrong at most"


def _level(certificate: Mapping[str, Any]) -> str:
    on_average = " on average" if certificate["guarantee"] == "expected" else ""
    return f"{percent(certificate['max_error'])}{on_average}"


def _gold_labels(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say how many examples have got a gold label, or lost it, or that labels are others, from the same source."""
    counts = [(one.get("gold_labels") or {}).get("matched", -1) for one in (before, now)]
    is_same = before["gold"] is not None and before["gold"] == now["gold"] and _meanings(before) == _meanings(now)
    if not is_same or -1 in counts or counts[0] == counts[1]:
        return ["gold has other labels"] if _has_other_gold(before, now) else []
    if before["examples"] != now["examples"]:
        return [f"gold labels: {count(counts[0])} -> {count(counts[1])}"]
    more = counts[1] - counts[0]
    return [f"gold {'filled in' if more > 0 else 'taken out'}: {plural(abs(more), 'label')}"]


def _has_other_gold(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether the same examples have other gold labels than before, from the same source."""
    same = before["gold"] == now["gold"] and before["corpus"]["fingerprint"] == now["corpus"]["fingerprint"]
    old, new = ((one.get("inputs") or {}).get("gold") for one in (before, now))
    return same and before["examples"] == now["examples"] and bool(old and new) and old != new


def _model(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """List what changed of the label model."""
    models = [one["model"] or {"name": "none", "params": {}} for one in (before, now)]
    if models[0]["name"] != models[1]["name"]:
        changes = [f"label model: {models[0]['name']} -> {models[1]['name']}"]
    else:
        old, new = (model["params"] for model in models)
        changes = [
            f"{name}: {_shown(old.get(name))} -> {_shown(new[name])}" for name in new if old.get(name) != new[name]
        ]
    if kept := now.get("kept_model"):
        changes.append(f"label model kept from version {kept['version']}")
    if bool(before.get("taught")) != bool(now.get("taught")):
        changes.append(f"gold {'teaches' if now.get('taught') else 'no longer teaches'} the label model")
    return changes


def _rules(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the rules that were added, changed and removed."""
    if before is None:
        return (), (), ()
    old, new = ({rule["name"]: rule["fingerprint"] for rule in one["rules"]} for one in (before, now))
    added = tuple(name for name in new if name not in old)
    changed = tuple(name for name in new if name in old and old[name] != new[name])
    return added, changed, tuple(name for name in old if name not in new)


def _shown(value: Any) -> str:
    """Return a value, of which a list is one of names."""
    return ", ".join(map(str, value)) or NONE if isinstance(value, list) else as_written(value)
