"""The whole run: rules and a corpus in; votes, labels, statistics and a model out, in a folder.

Everything streams: memory is bounded by a batch for each worker and the distinct patterns of votes. The folder is made
beside its final place and moved there when it is whole; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._version import __version__
from labelkit.applier import BATCH_ROWS, Applier, OnFault
from labelkit.bulk import Gold, Parts, PartWriter, covered_patterns, write_part
from labelkit.cache import VoteCache
from labelkit.collecting import collect
from labelkit.corpus import Corpus, open_corpus
from labelkit.exceptions import CorpusError, GoldError, LabelkitError, RunFolderError
from labelkit.fingerprint import fingerprint
from labelkit.labels import ABSTAIN, LabelSpace
from labelkit.lf import LabelingFunctions
from labelkit.matrix import VotePatterns
from labelkit.plan import CHUNK
from labelkit.probabilistic_labels import hard_labels, labels_table
from labelkit.rule_text import text_of
from labelkit.run_folder import MANIFEST, PATTERNS, RunFolder, part_path, write_faults, write_json


def run(
    rules: LabelingFunctions | ModuleType | str | Path | Sequence[Any],
    corpus: Any,
    out: str | Path,
    *,
    id: str | None = None,  # noqa: A002 - the word that users write
    gold: Any = None,
    model: Any = "LabelModel",
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    workers: int = 1,
    batch_size: int = BATCH_ROWS,
    on_fault: OnFault = "raise",
    max_faults: int | None = None,
    on_bad_row: Literal["raise", "reject"] = "raise",
    force: bool = False,
    report: bool = True,
    progress: bool | None = None,
    cache: VoteCache | str | Path | bool | None = None,
) -> RunFolder:
    """Apply rules to a corpus, fit a label model, and write votes, labels and statistics to a folder.

    Parameters
    ----------
    rules : LabelingFunctions, module, path, dotted name, or several
        As :func:`labelkit.collect` takes them.
    corpus : object
        As :meth:`labelkit.Applier.apply` takes it.
    out : path
        The folder to make. If an earlier run of the same rules over the same corpus was stopped, it goes on where it
        was.
    id : str, optional
        The column that names the examples.
    gold : str, array, Series or mapping, optional
        Trusted labels of some examples: the name of a column, a file of ids and labels, or as in
        :func:`labelkit.summarize`. They are used to judge the rules, not to fit the model.
    model : str or label model
        The name of a label model, or one with parameters set.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given.
    workers, batch_size, on_fault, max_faults, on_bad_row, progress, cache
        As in :meth:`labelkit.Applier.apply`.
    force : bool
        Whether to replace a folder that exists.
    report : bool
        Whether to write ``report.html`` into the folder.

    Returns
    -------
    RunFolder

    Raises
    ------
    RunFolderError
        If the folder exists and ``force`` is not given.
    CorpusError
        If the corpus cannot be read, lacks a column, or has no rows.
    FaultError
        If a rule failed and ``on_fault`` is ``"raise"``, or there were more faults than ``max_faults``.
    """
    target = Path(out)
    _check_target(target, force=force)
    lfs = rules if isinstance(rules, LabelingFunctions) else _collected(rules, labels)
    applier = Applier(lfs, labels=labels)
    opened = applier.open(corpus, id=id, on_bad_row=on_bad_row)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(opened.fingerprint)  # the corpus is read while the libraries of label models are imported
        estimator = _model(model)
        digest.result()
    truth = None if gold is None else gold_of(gold, opened)
    batch_rows = -(-batch_size // CHUNK) * CHUNK
    draft = target.with_name(f".{target.name}.partial")
    texts = {lf.name: text_of(lf, lfs.space.names) for lf in applier.lfs}
    run_ = _Run(applier, opened, truth, draft, batch_rows, texts)
    run_.resume_or_start(_key(run_, gold, on_bad_row))
    clock = _Clock()
    n_rows = run_.vote(workers=workers, on_fault=on_fault, max_faults=max_faults, progress=progress, cache=cache)
    clock.note("apply")
    patterns, places = run_.parts.merged(run_.parts.count(until_fault=False))
    clock.note("patterns")
    # Gold judges the rules here; it does not teach the model.
    proba = estimator.fit_predict_pattern_proba(replace(patterns, gold=None))
    clock.note("fit")
    run_.label(proba, patterns, places, workers)
    clock.note("labels")
    _describe(run_, estimator, patterns, proba, n_rows, clock, report=report)
    _move(draft, target)
    return RunFolder(target)


def _collected(rules: Any, labels: Any) -> LabelingFunctions:
    made = (
        isinstance(rules, Sequence)
        and not isinstance(rules, str)
        and all(hasattr(rule, "parameters") for rule in rules)
    )
    return LabelingFunctions(rules, labels=labels) if made and len(rules) else collect(rules, labels=labels)


def _check_target(target: Path, *, force: bool) -> None:
    if not target.exists():
        return
    if not force:
        raise RunFolderError(f"{str(target)!r} exists already", hint="force=True (--force) replaces it")
    if not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise RunFolderError(f"{str(target)!r} is not a run folder, so it is not replaced", hint="name another folder")


def _model(model: Any) -> Any:
    if not isinstance(model, str):
        return model
    from labelkit.label_models import MODELS  # noqa: PLC0415 - brings scikit-learn

    if model not in MODELS:
        raise LabelkitError(f"there is no label model {model!r}", hint=f"there are {', '.join(MODELS)}")
    return MODELS[model]()


def gold_of(gold: Any, corpus: Corpus) -> Gold:
    """Find out where gold labels are.

    Raises
    ------
    GoldError
        If a name is neither a column nor a file, or a file does not name the examples by id.
    """
    if isinstance(gold, str | Path):
        if isinstance(gold, str) and gold in corpus.column_names:
            return Gold(column=gold)
        if not Path(gold).is_file():
            raise GoldError(
                f"gold={str(gold)!r} is neither a column of the corpus nor a file",
                hint=f"the columns are {', '.join(corpus.column_names)}",
            )
        return Gold(by_id=_gold_file(Path(gold), corpus))
    if isinstance(gold, Mapping):
        return Gold(by_id=dict(gold))
    if hasattr(gold, "index") and hasattr(gold, "to_dict"):
        return Gold(by_id=gold.to_dict())
    values = np.asarray(gold)
    if corpus.n_rows is not None and len(values) != corpus.n_rows:
        raise GoldError(f"gold has {len(values)} labels for {corpus.n_rows} examples", hint="give a dict by id")
    return Gold(in_order=values)


def _gold_file(path: Path, corpus: Corpus) -> dict[Any, Any]:
    """Read a file of two columns: the ids, named as in the corpus (or first), and the labels."""
    table = open_corpus(path)
    names = list(table.column_names)
    key = corpus.id if corpus.id in names else names[0]
    rest = [name for name in names if name != key]
    chosen = next((name for name in ("gold", "label") if name in rest), rest[0] if len(rest) == 1 else None)
    if chosen is None:
        raise GoldError(
            f"{path} has the columns {names}: which holds the labels is not clear", hint="name it 'gold' or 'label'"
        )
    textual = corpus.id is not None and pa.types.is_string(corpus.column_type(corpus.id))
    found: dict[Any, Any] = {}
    for batch in table.batches([key, chosen], BATCH_ROWS):
        for name, label in zip(*(column.to_pylist() for column in batch.table.columns), strict=True):
            found[str(name) if textual else int(name)] = label
    return found


@dataclass(frozen=True)
class _Run:
    """A run under way, in the folder beside its final place."""

    applier: Applier
    corpus: Corpus
    gold: Gold | None
    folder: Path
    batch_rows: int
    texts: dict[str, dict[str, Any]]  # of the rules, as they were when the run began

    @property
    def parts(self) -> Parts:
        return Parts(self.folder, self.applier.lfs.infos, self.applier.lfs.space.names)

    def resume_or_start(self, key: str) -> None:
        """Keep what an interrupted run of the same kind has made; clear away anything else."""
        note = self.folder / "key"
        if key and note.is_file() and note.read_text("utf-8") == key:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("votes", "labels", "work"):
            (self.folder / name).mkdir(parents=True)
        note.write_text(key, "utf-8")

    def vote(
        self, *, workers: int, on_fault: OnFault, max_faults: int | None, progress: bool | None, cache: Any = None
    ) -> int:
        """Vote on every batch that is not done yet; returns the number of rows of the corpus."""
        lfs = self.applier.lfs
        writer = PartWriter(self.folder, self.batch_rows, lfs.infos, lfs.space.names, self.gold)
        first = self.parts.count(until_fault=on_fault == "raise")
        n_rows = min(first * self.batch_rows, self.corpus.n_rows or first * self.batch_rows)
        if first:
            n_rows = sum(len(self.parts.index(number)) for number in range(first))
        known = sum(len(self.parts.faults(number)) for number in range(first))
        columns = [self.gold.column] if self.gold is not None and self.gold.column is not None else []
        if n_rows == first * self.batch_rows:
            for done in self.applier.stream(
                self.corpus,
                writer,
                also=columns,
                first=first,
                workers=workers,
                batch_size=self.batch_rows,
                on_fault=on_fault,
                max_faults=max_faults,
                known_faults=known,
                progress=progress,
                cache=cache,
            ):
                n_rows += done.n_rows
        if not n_rows:
            shutil.rmtree(self.folder)
            raise CorpusError("the corpus has no rows, so there is nothing to label")
        return n_rows

    def label(
        self, proba: NDArray[np.float64], patterns: VotePatterns, places: list[NDArray[np.int32]], workers: int
    ) -> None:
        """Write the labels of each part: those of its patterns, spread over its examples."""
        labels = _PatternLabels.of(proba, covered_patterns(patterns), patterns.class_names)

        def write(number: int) -> None:
            pattern = places[number][self.parts.index(number)]
            start = number * self.batch_rows
            positional = self.corpus.id is None
            ids = np.arange(start, start + len(pattern)) if positional else self.parts.ids(number).combine_chunks()
            write_part(labels.table(ids, pattern), part_path(self.folder, "labels", number))

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(write, range(len(places))))


@dataclass(frozen=True)
class _PatternLabels:
    """The labels of all patterns, each kind in an array of its own, from which those of a part are picked."""

    hard: NDArray[Any]
    covered: NDArray[np.bool_]
    proba: list[NDArray[np.float64]]
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, proba: NDArray[np.float64], covered: NDArray[np.bool_], class_names: tuple[str, ...]) -> _PatternLabels:
        hard = np.where(covered, hard_labels(proba), ABSTAIN).astype(LabelSpace(class_names).dtype)
        return cls(hard, covered, [np.ascontiguousarray(column) for column in proba.T], class_names)

    def table(self, ids: Any, pattern: NDArray[np.int32]) -> pa.Table:
        """The labels of examples, by the pattern of each."""
        proba = (column[pattern] for column in self.proba)
        return labels_table(ids, self.hard[pattern], self.covered[pattern], proba, self.class_names)


def _key(run_: _Run, gold: Any, on_bad_row: str) -> str:
    """What makes two runs the same, so that one can go on with the other's parts; empty if that cannot be known."""
    content = run_.corpus.fingerprint()
    if not content:
        return ""
    rules = [info.to_dict() for info in run_.applier.lfs.infos]
    asked = [run_.corpus.id, run_.batch_rows, on_bad_row, run_.applier.lfs.space.names, run_.applier.plan.types]
    return fingerprint(__version__, content, rules, asked, gold)


@dataclass(frozen=True)
class _Answered:
    """A model that has been asked about all patterns already."""

    proba: NDArray[np.float64]

    def predict_pattern_proba(self, _patterns: VotePatterns) -> NDArray[np.float64]:
        """What it answered."""
        return self.proba


class _Clock:
    """How long each stage of a run took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, stage: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now


def _describe(
    run_: _Run,
    model: Any,
    patterns: VotePatterns,
    proba: NDArray[np.float64],
    n_rows: int,
    clock: _Clock,
    *,
    report: bool,
) -> None:
    """Write the statistics, the model, the faults, the rejects, the manifest, the report and the timings."""
    from labelkit.analysis import summarize  # noqa: PLC0415 - brings pandas
    from labelkit.report import write_report  # noqa: PLC0415 - brings scikit-learn

    folder, parts = run_.folder, run_.parts
    n_parts = parts.count(until_fault=False)
    faults = [fault for number in range(n_parts) for fault in parts.faults(number)]
    ids = pa.int64() if run_.corpus.id is None else run_.corpus.column_type(run_.corpus.id)
    write_faults(folder / "faults.parquet", faults, ids)
    rejects = [json.dumps(asdict(reject), ensure_ascii=False) for reject in run_.corpus.rejects]
    (folder / "rejects.jsonl").write_text("".join(f"{line}\n" for line in rejects), "utf-8")
    answered: Any = _Answered(proba)
    summarize(patterns, model=answered).frame.to_csv(folder / "summary.csv")
    clock.note("summary")
    model.save(folder / "model")
    write_json(folder / MANIFEST, _manifest(run_, model, patterns, n_rows, len(faults)))
    patterns.save(folder / PATTERNS)
    if report:
        write_report(folder, corpus=run_.corpus, history=False)
    clock.note("report")
    per_lf = dict(sorted(run_.applier.seconds.items()))
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    timings = {"finished": finished, "seconds": clock.seconds, "seconds_per_lf": per_lf}
    write_json(folder / "timings.json", {**timings, "remembered": list(run_.applier.remembered)})
    shutil.rmtree(folder / "work")
    (folder / "key").unlink()


def _manifest(run_: _Run, model: Any, patterns: VotePatterns, n_rows: int, n_faults: int) -> dict[str, Any]:
    lfs, corpus = run_.applier.lfs, run_.corpus
    covered = int(patterns.counts[covered_patterns(patterns)].sum())
    libraries = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn")
    return {
        "rules": [{**lf.info.to_dict(), "module": lf.origin.module, **run_.texts[lf.name]} for lf in lfs],
        "classes": list(lfs.space.names),
        "corpus": {
            "path": None if corpus.path is None else str(corpus.path),
            "fingerprint": corpus.fingerprint(),
            "id": corpus.id,
            "columns": list(run_.applier.plan.columns),
            "types": {name: kind.__name__ for name, kind in sorted(run_.applier.plan.types.items())},
        },
        "gold": None if run_.gold is None else (run_.gold.column or "given"),
        "model": {"name": type(model).__name__, "params": {k: _plain(v) for k, v in model.get_params().items()}},
        "evaluation": None if patterns.gold is None else model.evaluate(patterns).to_dict(),
        "examples": n_rows,
        "covered": covered,
        "patterns": len(patterns),
        "faults": n_faults,
        "rejects": len(corpus.rejects),
        "batch_rows": run_.batch_rows,
        "versions": {
            "labelkit": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in libraries},
        },
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _move(draft: Path, target: Path) -> None:
    """Put the finished folder in its place; an old one goes only when the new one stands ready."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)
