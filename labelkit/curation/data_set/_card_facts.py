"""Collect the facts of a card from the manifest of a data set; what was not recorded is said so, and nothing added."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.numbers import count, decimal, percent, plural, share_with_bounds
from labelkit._shared.plain_values import json_text
from labelkit._shared.stored_files import digest_of
from labelkit._shared.tables import ResultTable
from labelkit.curation.data_set.layout import source_of
from labelkit.curation.data_set.rows import UNSPLIT
from labelkit.runs.versions import Version

if TYPE_CHECKING:
    from labelkit.curation.data_set.data_set import DataSet
    from labelkit.curation.data_set.history import DataSetHistory

NOT_RECORDED: Final = "not recorded"
CELL: Final = 400
"""Characters of a cell."""

_EFFECTS: Final = {
    "resampled": "rows were repeated, or chosen by class: their classes are not as frequent as in the source",
    "made": "rows were made by transformations, and occur in no source",
    "weight": "rows have weights: what is counted without them is not what a model learns from",
    "label": "labels were set after the label model",
    "proba": "probabilities were set after the label model",
}


def title_of(data_set: DataSet) -> str:
    """Name the data set and its version."""
    return f"{data_set.layout.current.folder.name}, version {data_set.number}"


def card_tables(data_set: DataSet, history: DataSetHistory) -> Iterator[ResultTable]:
    """Yield the sections of a card.

    Parameters
    ----------
    data_set : DataSet
    history : DataSetHistory
        Of all versions.
    """
    manifest = data_set.manifest
    run, counts, steps = manifest["run"], manifest["counts"], manifest["steps"]
    yield _facts("What the author says", list((manifest.get("about") or {}).items()) or [("about", NOT_RECORDED)])
    yield _facts("Sources", _sources(manifest))
    yield from _rules(run)
    yield _facts("Label quality", _quality(manifest))
    names = [*data_set.class_names, *([UNSPLIT] if UNSPLIT in counts["classes"] else [])]
    rows = [
        [part, count(sum(sizes.values())), *(count(sizes.get(name, 0)) for name in names)]
        for part, sizes in counts["classes_of_parts"].items()
    ]
    training = ", ".join(manifest["training"])
    yield ResultTable(
        rows, ["part", "rows", *names], align="<>", title=f"Rows by part and class (training parts: {training})"
    )
    slices = [[name, count(n), percent(n / counts["rows"])] for name, n in counts["slices"].items()]
    if slices:
        yield ResultTable(slices, ["slice", "rows", "share"], align="<>", title="Slices")
    else:
        yield _facts("Slices", [("slices", NOT_RECORDED)])
    yield ResultTable(
        [_step(step, number) for number, step in enumerate(steps, 1)],
        ["step", "operation", "rows", "seed", "counts", "parameters", "labelkit"],
        align="><<><",
        title="Steps",
        cell_width=CELL,
    )
    yield _facts("Known biases and limits", _limits(manifest))
    yield _facts("Versions, and how to reproduce this one", _reproduce(data_set, history))


def _facts(title: str, rows: Sequence[tuple[str, Any]]) -> ResultTable:
    return ResultTable([[name, _shown(value)] for name, value in rows], title=title, cell_width=CELL)


def _shown(value: Any) -> str:
    if value is None or value in ("", []):
        return NOT_RECORDED
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value and all(isinstance(one, float) for one in value.values()):
        return ", ".join(f"{name} {percent(share)}" for name, share in value.items())
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else json_text(value)


def _sources(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    corpus, run = manifest["corpus"], manifest["run"]
    facts = [
        ("corpus", source_of(manifest)),
        ("rows of the corpus", corpus.get("rows")),
        ("fingerprint of the corpus", corpus.get("fingerprint")),
        ("column of ids", corpus.get("id")),
        ("columns that are kept", ", ".join(manifest["columns"])),
        ("examples", manifest["counts"]["examples"]),
        ("made by transformations", manifest["counts"]["made"]),
    ]
    if run is None:
        return [*facts, ("run that labeled it", NOT_RECORDED)]
    return [
        *facts,
        ("run that labeled it", f"{run['path']}, version {run['version']}"),
        ("fingerprint of the run", run.get("run_fingerprint")),
        ("fingerprint of the label model", run.get("model_fingerprint")),
    ]


def _rules(run: Mapping[str, Any] | None) -> Iterator[ResultTable]:
    if run is None:
        yield _facts("Rules", [("rules", NOT_RECORDED)])
        return
    rows = []
    for rule in run["rules"]:
        bounds = rule["precision_interval"]
        is_recorded = rule["precision"] is not None and bounds is not None
        precision = share_with_bounds(rule["precision"], *bounds) if is_recorded else NOT_RECORDED
        coverage = NOT_RECORDED if rule["coverage"] is None else percent(rule["coverage"])
        rows.append(
            [
                rule["name"],
                str(rule["kind"] or NOT_RECORDED),
                coverage,
                precision,
                _shown(None if rule["gold"] is None else int(rule["gold"])),
                str(rule["fingerprint"] or NOT_RECORDED)[:12],
            ]
        )
    heads = ["rule", "kind", "coverage", "precision on gold (95%)", "votes with gold", "fingerprint"]
    yield ResultTable(rows, heads, align="<<>>><", title="Rules")


def _quality(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    run = manifest["run"] or {}
    model, evaluation = run.get("model") or {}, run.get("evaluation") or {}
    certificate, agreement = run.get("certificate") or {}, manifest.get("agreement")
    interval = evaluation.get("accuracy_interval")
    accuracy = (
        f"{share_with_bounds(evaluation['accuracy'], *interval)} of {count(evaluation['n_covered'])} with gold"
        if evaluation.get("accuracy") is not None and interval and None not in interval
        else None
    )
    f1 = evaluation.get("f1_macro")
    ece = evaluation.get("ece")
    share = run["covered"] / run["examples"] if run.get("examples") else None
    return [
        ("label model", model.get("name")),
        ("its parameters", json_text(model["params"]) if model.get("params") else None),
        ("class prior", run.get("class_prior")),
        ("where the prior is from", run.get("prior_source") or manifest.get("prior_source")),
        ("examples with a vote", None if share is None else percent(share)),
        ("gold", run.get("gold")),
        ("gold taught the label model", None if not run else "yes" if run.get("taught") else "no"),
        ("accuracy of labels (95%)", accuracy),
        ("macro F1", None if f1 is None else decimal(f1)),
        ("calibration error", None if ece is None else percent(ece)),
        ("certificate", certificate.get("statement")),
        *[("failed certificate", one.get("statement")) for one in run.get("failed_certificates") or ()],
        ("agreement of people", _agreement(agreement)),
    ]


def _agreement(agreement: Any) -> str | None:
    """Show the numbers of an agreement, without its tables."""
    if not isinstance(agreement, Mapping):
        return None
    plain = {name: value for name, value in agreement.items() if isinstance(value, int | float | str)}
    return json_text(plain) if plain else json_text(agreement)[:CELL]


def _step(step: Mapping[str, Any], number: int) -> list[str]:
    rows = step.get("rows") or [None, None]
    parameters = {name: value for name, value in step["parameters"].items() if value is not None}
    return [
        str(number),
        step["operation"],
        f"{_shown(rows[0])} -> {_shown(rows[1])}",
        "-" if step["seed"] is None else str(step["seed"]),
        ", ".join(f"{name} {count(n)}" for name, n in (step.get("after") or {}).items()) or "-",
        json_text(parameters)[:CELL] if parameters else "-",
        step["version"],
    ]


def _limits(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List what steps noted, and what they did to the rows."""
    lines: list[tuple[str, Any]] = []
    for step in manifest["steps"]:
        lines += [(step["operation"], note) for note in step["notes"]]
        lines += [(step["operation"], _EFFECTS[name]) for name in step.get("effects", ()) if name in _EFFECTS]
    unlabeled = manifest["counts"]["classes"].get(UNSPLIT, 0)
    if unlabeled:
        lines.append(("labels", f"{plural(unlabeled, 'row has', 'rows have')} none"))
    return list(dict.fromkeys(lines)) or [("notes of the steps", NOT_RECORDED)]


def _reproduce(data_set: DataSet, history: DataSetHistory) -> list[tuple[str, Any]]:
    layout, manifest = data_set.layout, data_set.manifest
    note = Version.read(layout)
    folder = layout.current.folder.name
    libraries = (manifest["run"] or {}).get("versions")
    facts: list[tuple[str, Any]] = [
        ("this version", f"labelkit.open_dataset({folder!r}, {data_set.number})"),
        ("digest of this version", digest_of(layout.version) if note is not None else None),
        ("check", f"labelkit verify {shlex.quote(folder)}"),
        ("libraries of the run", libraries),
    ]
    for one in history.versions[: data_set.number]:
        operation = f"restore of version {one.restored}" if one.restored else one.operation
        facts.append((f"version {one.number}", f"{one.made or NOT_RECORDED}: {operation}, {plural(one.n_rows, 'row')}"))
    return facts
