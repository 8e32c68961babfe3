"""Write the results of a run into its folder: of its votes, and, where there is one, of its label model."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.arrow_arrays import no_rows
from labelkit._shared.files import replaced
from labelkit._version import __version__
from labelkit.analysis.counts import VoteTally, tallied
from labelkit.analysis.summary import summary_of
from labelkit.corpus.growth import file_records
from labelkit.label_models.taught_examples import without_note
from labelkit.runs.finished_run import described_model, digested_model
from labelkit.runs.provenance import model_fingerprint, run_fingerprint
from labelkit.runs.run_corpus import described_place
from labelkit.runs.run_folder import RunLayout, write_json
from labelkit.runs.run_inputs import MIXED, RunInputs
from labelkit.runs.run_state import Run
from labelkit.runs.teaching import is_taught, write_rows
from labelkit.runs.update import column_types
from labelkit.votes.gold import GoldCounts
from labelkit.votes.outcomes import Fault
from labelkit.votes.saved_index import SavedIndex
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from labelkit.label_models import Evaluation
    from labelkit.votes.example_names import FrameIndex
    from labelkit.votes.packed_patterns import PackedPatterns


OF_LABELS: Final = (
    "certificate",
    "failed_certificates",
    "kept_model",
    "prior_source",
    "content",
    "class_prior",
)
"""Entries of a manifest that are there only of some labels; those of all labels are written with each."""


def write_votes(
    run_: Run, patterns: VotePatterns, tally: VoteTally, n_rows: int, *, keys: PackedPatterns | None = None
) -> dict[str, Any]:
    """Write what no label model changes: the faults, the rejects, the index and the patterns.

    Parameters
    ----------
    run_ : Run
    patterns : VotePatterns
        All of them; those with gold are enough if there are ``keys``.
    tally : VoteTally
    n_rows : int
    keys : PackedPatterns, optional
        Those of all patterns, if parts are shared with an earlier version.

    Returns
    -------
    dict
        The manifest of a run that has votes alone.
    """
    layout, parts = run_.layout, run_.parts
    n_parts = parts.count()
    faults = [fault for number in range(n_parts) for fault in parts.faults(number)]
    _write_faults(layout.faults, faults, run_.corpus.id_type)
    _write_index(layout.index, run_.corpus.frame_index, n_rows)
    rejects = [json.dumps(asdict(reject), ensure_ascii=False) for reject in run_.corpus.rejects]
    with replaced(layout.rejects) as draft:
        draft.write_text("".join(f"{line}\n" for line in rejects), "utf-8")
    if keys is None:
        patterns.save(layout.patterns)
    else:
        patterns.save_packed(layout.patterns, keys)
    if run_.gold is not None and keys is None:  # else the gold of old parts is counted, and not listed
        write_rows(layout.judged, parts.rows_with_gold())
    if RunInputs.read(layout.inputs).get("described") == MIXED:
        parts.describe(n_parts)
    counts = {"examples": n_rows, "parts": n_parts, "faults": len(faults), "rejects": len(rejects)}
    n_patterns = len(patterns) if keys is None else len(keys)
    return {**_manifest(run_, patterns), **counts, **_counted(tally), "patterns": n_patterns}


def of_votes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without what it says of labels that others are to replace: how they were made, and proofs.

    >>> of_votes({"examples": 3, "certificate": {"n_kept": 2}, "class_prior": {"HAM": 0.5}})
    {'examples': 3}
    """
    return {name: value for name, value in manifest.items() if name not in OF_LABELS}


def write_unlabeled(run_: Run, patterns: VotePatterns, n_rows: int) -> None:
    """Write all that a run with its patterns ends with, if it ends with its votes."""
    tally = tallied(patterns)
    manifest = write_votes(run_, patterns, tally, n_rows)
    _write_summary(run_.layout, patterns, tally)
    write_json(run_.layout.manifest, manifest)


def saved_model(layout: RunLayout, model: Any) -> str:
    """Write the label model, and return its fingerprint, which stands beside the labels."""
    without_note(model).save(layout.model)
    return model_fingerprint(layout.model)


def write_labeled(
    layout: RunLayout,
    manifest: Mapping[str, Any],
    model: Any,
    patterns: VotePatterns,
    tally: VoteTally,
    evaluation: Evaluation | None = None,
) -> None:
    """Write the statistics, and the manifest of votes completed by what is of the model, which is written already.

    A model that learns from votes alone is evaluated here by the patterns, of which those with gold are enough.
    """
    _write_summary(layout, patterns, tally)
    if patterns.gold is not None and evaluation is None:
        evaluation = model.evaluate(patterns)
    of_model = {
        "model_fingerprint": model_fingerprint(layout.model),
        "model": described_model(model),
        "taught": is_taught(model),
        "evaluation": None if evaluation is None else evaluation.to_dict(),
        **_known_of(model),
        "inputs": {**manifest["inputs"], "model": digested_model(model)},
    }
    write_json(layout.manifest, {**manifest, **_counted(tally), **of_model})


def _write_summary(layout: RunLayout, patterns: VotePatterns, tally: VoteTally) -> None:
    gold = None if patterns.gold is None else GoldCounts.of_table(patterns.gold)
    summary_of(tally, patterns, gold).to_csv(layout.summary)


def _counted(tally: VoteTally) -> dict[str, Any]:
    """Return what the manifest says of counts; those of the summary, so that an update adds new rows to them."""
    return {"covered": int(tally.any_vote), "counts": tally.to_dict()}


def _known_of(model: Any) -> dict[str, Any]:
    """Return the class prior of a model, where it came from, and what content is used for, as far as it says so."""
    prior, source, gate = (getattr(model, name, None) for name in ("class_prior_", "prior_source_", "gate_"))
    values: dict[str, Any] = {"prior_source": source, "content": None if gate is None else str(gate)}
    if prior is not None:
        values["class_prior"] = dict(zip(model.class_names_, np.asarray(prior).tolist(), strict=True))
    return {name: value for name, value in values.items() if value is not None}


def write_timings(layout: RunLayout, seconds: Mapping[str, float], rest: Mapping[str, Any]) -> None:
    """Write the date, the seconds of each stage, and what else is not the same when a run is made again."""
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(layout.timings, {**rest, "finished": finished, "seconds": dict(seconds)})


def _manifest(run_: Run, patterns: VotePatterns) -> dict[str, Any]:
    lfs, corpus = run_.applier.lfs, run_.corpus
    meanings = None if run_.gold is None else run_.gold.mapping or run_.gold.meant
    libraries = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn")
    return {
        "rules": [
            {
                **info.to_dict(),
                "module": lf.origin.module,
                "file": _below_here(lf.origin.namespace.get("__file__")),
                **run_.texts[lf.name],
            }
            for lf, info in zip(lfs, lfs.infos, strict=True)
        ],
        "selected": {"select": list(lfs.selected), "exclude": list(lfs.excluded)},
        "classes": list(lfs.space.names),
        "corpus": {
            **described_place(corpus),
            "fingerprint": corpus.fingerprint(),
            "name": corpus.name if not corpus.files else None,
            "reading": dict(corpus.reading),
            "id": corpus.id,
            "rows": corpus.choice.to_dict() if corpus.choice else None,
            "columns": list(dict.fromkeys([*run_.applier.plan.columns, *run_.text_columns])),
            "types": {name: kind.__name__ for name, kind in sorted(run_.applier.plan.types.items())},
            "column_types": column_types(run_),
            "records": file_records(corpus),
        },
        "gold": None if run_.gold is None else (run_.gold.column or "given"),
        "gold_file": None if run_.gold is None else run_.gold.file,
        "map_label": None if meanings is None else dict(meanings.classes),
        "gold_labels": _gold_labels(run_, patterns),
        "run_fingerprint": run_fingerprint(run_.inputs.lasting),
        "model": None,
        "taught": False,
        "inputs": run_.inputs.lasting,
        "evaluation": None,
        "batch_rows": run_.batch_rows,
        "versions": {
            "labelkit": __version__,
            "python": platform.python_version(),
            **{name: _version_of(name) for name in libraries},
        },
    }


def _version_of(package: str) -> str:
    """Return the version of an installed package; all else that it says of itself, pages of text, is not parsed."""
    lines = (metadata.distribution(package).read_text("METADATA") or "").splitlines()
    stated = (line.removeprefix("Version:").strip() for line in lines if line.startswith("Version:"))
    return next(stated, None) or metadata.version(package)


def _below_here(file: str | None) -> str | None:
    """Return the path of a file from the current folder, if it is below that: a project may stand anywhere."""
    if file is None:
        return None
    path = Path(file)
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return file
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _gold_labels(run_: Run, patterns: VotePatterns) -> dict[str, int] | None:
    """Count the gold labels that are of an example, and those that were given."""
    if run_.gold is None or patterns.gold is None:
        return None
    n_matched = int(patterns.gold.sum())
    n_labels = run_.gold.n_labels
    return {"matched": n_matched, "given": n_matched if n_labels is None else n_labels}


def _write_index(path: Path, index: FrameIndex | None, n_rows: int) -> None:
    """Write the index of the frame that was the corpus, if it was one, and all its rows could be read."""
    saved = SavedIndex.of(index if index is not None and len(index) == n_rows else None)
    if saved.metadata:
        with replaced(path) as draft:
            pq.write_table(saved.table(), draft, compression="zstd")


def _write_faults(path: Path, faults: Sequence[Fault], ids: pa.DataType) -> None:
    """Write the table of faults."""
    schema = pa.schema(
        [("row", pa.int64()), ("lf", pa.string()), ("id", ids), ("error", pa.string()), ("message", pa.string())]
    )
    with replaced(path) as draft:
        table = pa.Table.from_pylist([fault.__dict__ for fault in faults], schema=schema) if faults else no_rows(schema)
        pq.write_table(table, draft)
