"""Write the results of a run into its folder: statistics, model, faults, rejects, manifest, report and timings."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.files import replaced
from labelkit._version import __version__
from labelkit.runs.finished_run import described_model, digested_model
from labelkit.runs.parts import covered_patterns
from labelkit.runs.run_folder import write_faults, write_index, write_json
from labelkit.runs.run_inputs import MIXED, RunInputs
from labelkit.runs.run_state import Run, StageTimes
from labelkit.votes.vote_patterns import VotePatterns


@dataclass(frozen=True)
class _Answered:
    """A stand-in for a model whose probabilities of all patterns are computed already."""

    proba: NDArray[np.float64]

    def predict_pattern_proba(self, _patterns: VotePatterns) -> NDArray[np.float64]:
        """Return the probabilities."""
        return self.proba


def write_results(
    run_: Run,
    model: Any,
    patterns: VotePatterns,
    proba: NDArray[np.float64],
    n_rows: int,
    times: StageTimes,
    *,
    report: bool,
) -> None:
    """Write the statistics, the model, the faults, the rejects, the manifest, the report and the timings."""
    from labelkit.analysis import summarize  # noqa: PLC0415 - brings pandas
    from labelkit.runs.report import write_report  # noqa: PLC0415 - brings scikit-learn

    layout, parts = run_.layout, run_.parts
    n_parts = parts.count(until_fault=False)
    faults = [fault for number in range(n_parts) for fault in parts.faults(number)]
    write_faults(layout.faults, faults, run_.corpus.id_type)
    write_index(layout.index, run_.corpus.frame_index, n_rows)
    rejects = [json.dumps(asdict(reject), ensure_ascii=False) for reject in run_.corpus.rejects]
    with replaced(layout.rejects) as draft:
        draft.write_text("".join(f"{line}\n" for line in rejects), "utf-8")
    answered: Any = _Answered(proba)
    summarize(patterns, model=answered).to_csv(layout.summary)
    times.note("summary")
    model.save(layout.model)
    counts = {"examples": n_rows, "parts": n_parts, "faults": len(faults), "rejects": len(rejects)}
    write_json(layout.manifest, {**_manifest(run_, model, patterns), **counts})
    patterns.save(layout.patterns)
    if RunInputs.read(layout.inputs).get("described") == MIXED:
        parts.describe(n_parts)
    if report:
        write_report(layout.folder, corpus=run_.corpus, history=False)
    times.note("report")
    per_lf = dict(sorted(run_.applier.seconds.items()))
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    timings = {"finished": finished, "seconds": times.seconds, "seconds_per_lf": per_lf}
    write_json(layout.timings, {**timings, "remembered": list(run_.applier.remembered)})


def _manifest(run_: Run, model: Any, patterns: VotePatterns) -> dict[str, Any]:
    lfs, corpus = run_.applier.lfs, run_.corpus
    covered = int(patterns.counts[covered_patterns(patterns)].sum())
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
        "classes": list(lfs.space.names),
        "corpus": {
            "path": None if corpus.path is None else str(corpus.path),
            "fingerprint": corpus.fingerprint(),
            "files": [] if corpus.path is not None else [str(path) for path in corpus.files],
            "reading": dict(corpus.reading),
            "id": corpus.id,
            "columns": list(run_.applier.plan.columns),
            "types": {name: kind.__name__ for name, kind in sorted(run_.applier.plan.types.items())},
        },
        "gold": None if run_.gold is None else (run_.gold.column or "given"),
        "gold_labels": _gold_labels(run_, patterns),
        "model": described_model(model),
        "inputs": {**run_.inputs.lasting, "model": digested_model(model)},
        "evaluation": None if patterns.gold is None else model.evaluate(patterns).to_dict(),
        "covered": covered,
        "patterns": len(patterns),
        "batch_rows": run_.batch_rows,
        "versions": {
            "labelkit": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in libraries},
        },
    }


def _below_here(file: str | None) -> str | None:
    """Return the path of a file from the current folder, if it is below that: a project may stand anywhere."""
    if file is None:
        return None
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _gold_labels(run_: Run, patterns: VotePatterns) -> dict[str, int] | None:
    """Count the gold labels that are of an example, and those that were given."""
    if run_.gold is None or patterns.gold is None:
        return None
    n_matched = int(patterns.gold.sum())
    n_labels = run_.gold.n_labels
    return {"matched": n_matched, "given": n_matched if n_labels is None else n_labels}
