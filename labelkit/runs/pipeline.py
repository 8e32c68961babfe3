"""Run rules over a corpus, fit a label model, and write votes, labels and statistics to a folder.

Everything streams: memory is bounded by a batch for each worker and the distinct patterns of votes. The folder is
written beside its final place and renamed when it is complete; a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Unpack

from labelkit._shared.files import remove
from labelkit._shared.time_limit import TIME_LIMIT
from labelkit.apply.applier import Applier, OnFault, checked_time_limit
from labelkit.apply.engines import engine_named
from labelkit.apply.plan import CHUNK
from labelkit.apply.vote_cache import VoteCache, cache_of
from labelkit.corpus import BATCH_ROWS, Corpus
from labelkit.corpus.gold import open_gold
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import CorpusChangedError, LabelkitError
from labelkit.rules.collect import collect
from labelkit.rules.inspection.source_text import text_of
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.odd_words import warn_of_odd_words
from labelkit.runs.finished_run import WantedRun
from labelkit.runs.manifest import write_results
from labelkit.runs.match_patterns import match_patterns
from labelkit.runs.run_folder import RunFolder, RunLayout
from labelkit.runs.run_inputs import RunInputs
from labelkit.runs.run_place import finished_before, held_place, move
from labelkit.runs.run_state import Run, StageTimes
from labelkit.runs.sudden_death import noted, warn_of_death
from labelkit.votes.label_space import LabelSpace


@takes_reading
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
    engine: str | None = None,
    isolate: bool = False,
    batch_size: int = BATCH_ROWS,
    on_fault: OnFault = "raise",
    max_faults: int | None = None,
    time_limit: float = TIME_LIMIT,
    on_bad_row: Literal["raise", "reject"] = "raise",
    force: bool = False,
    report: bool = True,
    progress: bool | None = None,
    cache: VoteCache | str | Path | bool | None = None,
    **reading: Unpack[ReadOptions],
) -> RunFolder:
    """Apply rules to a corpus, fit a label model, and write votes, labels and statistics to a folder.

    Parameters
    ----------
    rules : LabelingFunctions, list of rules, module, path, dotted name, or several
        As :func:`labelkit.collect` takes them.
    corpus : object
        As :meth:`labelkit.Applier.apply` takes it.
    out : path
        The folder to make. If an earlier run into it was stopped, it goes on where it was, provided that all is the
        same that its votes depend on: rules with all that they reach, corpus, gold, options, versions. Else it begins
        anew, with a warning that says why. Parts that are damaged are made anew. If an earlier run into it was finished
        and nothing has changed since, it is returned as it is (:attr:`RunFolder.was_finished`). One run at a time
        writes a folder.
    id : str, optional
        The column that names the examples; as in :meth:`labelkit.Applier.apply`.
    gold : str, array, Series or mapping, optional
        Trusted labels of some examples: the name of a column, a file of ids and labels, or as in
        :func:`labelkit.summarize`. They are used to judge the rules, not to fit the model. Labels of ids that are not
        in the corpus are left out; the manifest and the report say how many were matched, of how many.
    model : str or label model
        The name of a label model, or one with parameters set.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given.
    workers, engine, isolate, batch_size, on_fault, max_faults, time_limit, on_bad_row, progress, cache
        As in :meth:`labelkit.Applier.apply`.
    force : bool
        Whether to begin anew, whatever an earlier run left, and to replace a folder that exists.
    report : bool
        Whether to write ``report.html`` into the folder.
    format, delimiter, encoding, sheet : optional
        How the files of the corpus are read; see :func:`labelkit.open_corpus`.

    Returns
    -------
    RunFolder

    Raises
    ------
    RunFolderError
        If another run writes the folder (the message names its process); or if the folder exists, something has changed
        since it was made (the message says what), and ``force`` is not given.
    CorpusError
        If the corpus cannot be read, lacks a column, has an id twice, has no rows, or its file was written again during
        the run.
    GoldError
        If gold does not fit the corpus or the classes, or none of it is of an example.
    FaultError
        If a rule failed and ``on_fault`` is ``"raise"``, or there were more faults than ``max_faults``.
    TimeLimitError
        If a rule took longer for a batch than ``time_limit``. The same run goes on after the last finished batch.
    """
    checked_time_limit(time_limit)
    engine_named(engine, workers, isolate=isolate)  # a mistake is an error before anything is read
    with held_place(Path(out), force=force) as layout:
        applier = Applier(collect(rules, labels=labels))
        warn_of_odd_words(applier.lfs)
        opened = applier.open(corpus, id=id, on_bad_row=on_bad_row, **reading)
        with ThreadPoolExecutor(1, thread_name_prefix="labelkit") as pool:
            digest = pool.submit(opened.fingerprint)  # the corpus is read while the libraries of models are imported
            estimator = _model(model)
            digest.result()
        run_ = _opened_run(applier, opened, gold, RunLayout(layout.draft), batch_size)
        if not force:
            most_faults = 0 if on_fault == "raise" else max_faults
            wanted = WantedRun(run_.inputs, applier.lfs.infos, estimator, most_faults, report)
            before = finished_before(layout, Path(out), wanted)
            if before is not None:
                if (kept := cache_of(cache, opened.n_rows)) is not None:
                    kept.tidy()
                return before
        with _nothing_mixed(run_.layout):
            _make(
                run_,
                estimator,
                anew=force,
                report=report,
                workers=workers,
                engine=engine,
                isolate=isolate,
                on_fault=on_fault,
                max_faults=max_faults,
                time_limit=time_limit,
                progress=progress,
                cache=cache,
            )
        move(layout)
    return RunFolder(Path(out))


def _opened_run(applier: Applier, corpus: Corpus, gold: Any, layout: RunLayout, batch_size: int) -> Run:
    """Read gold, and find out all that the run depends on."""
    lfs, batch_rows = applier.lfs, -(-batch_size // CHUNK) * CHUNK
    names = lfs.space.names
    truth = None if gold is None else open_gold(gold, corpus, names).checked(names)
    inputs = RunInputs.of(lfs, corpus, truth, batch_rows=batch_rows, types=applier.plan.types)
    texts = {lf.name: {**text_of(lf, names), "finds": match_patterns(lf)} for lf in lfs}
    return Run(applier, corpus, truth, layout, batch_rows, inputs, texts)


def _make(run_: Run, estimator: Any, *, anew: bool, report: bool, workers: int, **voting: Any) -> None:
    """Vote, fit the label model, and write everything into the draft folder."""
    if not anew:
        isolated = voting["isolate"] or voting["engine"] == "process"
        warn_of_death(run_.layout, run_.parts.count(until_fault=False), isolate=isolated)
    run_.resume_or_start(anew=anew)
    times = StageTimes()
    with noted(run_.layout, run_.parts.count(until_fault=False)):
        n_rows = run_.vote(workers=workers, **voting)
    times.note("apply")
    patterns, places = run_.parts.merged(run_.parts.count(until_fault=False))
    if run_.gold is not None and patterns.gold is not None:
        run_.gold.check_matched(int(patterns.gold.sum()), n_rows, run_.parts.ids(0).to_numpy())
    times.note("patterns")
    # Gold evaluates the rules; the model is fitted without it.
    proba = estimator.fit_predict_pattern_proba(replace(patterns, gold=None))
    times.note("fit")
    run_.label(proba, patterns, places, workers)
    times.note("labels")
    write_results(run_, estimator, patterns, proba, n_rows, times, report=report)
    run_.corpus.check_unchanged()  # gold and the examples of the report were read from it, too


@contextmanager
def _nothing_mixed(layout: RunLayout) -> Iterator[None]:
    """Remove the parts of a run whose corpus changed: nobody knows which of its rows they are of."""
    try:
        yield
    except CorpusChangedError:
        remove(layout.folder)
        raise


def _model(model: Any) -> Any:
    if not isinstance(model, str):
        return model
    from labelkit.label_models import MODELS  # noqa: PLC0415 - brings scikit-learn

    if model not in MODELS:
        raise LabelkitError(f"there is no label model {model!r}", hint=f"there are {', '.join(MODELS)}")
    return MODELS[model]()
