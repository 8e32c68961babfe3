"""Make further examples of those that there are, checked by the rules, and kept out of what judges a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, plural
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.seed_streams import checked_seed
from labelkit._shared.time_limit import TIME_LIMIT
from labelkit._shared.user_errors import warn
from labelkit.apply.applier import Applier
from labelkit.apply.voting_options import OnFault
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.made_rows import MADE_BY, MADE_FROM
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.curation.any_classes import of_any_classes
from labelkit.curation.augmentation.augmented import Augmented
from labelkit.curation.augmentation.batch_rows import BATCH_ROWS, BatchMaker, CorpusRows
from labelkit.curation.augmentation.held_out import may_be_augmented
from labelkit.curation.augmentation.making import COUNTS, Maker
from labelkit.curation.augmentation.policies import policy_of, policy_parameters
from labelkit.curation.augmentation.transformation import TransformationFunction, transformations_of
from labelkit.curation.augmentation.vote_check import CHECKS, VOTE_CHANGES, Check, VoteChange, VoteCheck
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from labelkit.votes.given_labels import checked_labels
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESERVED: Final = ("id", MADE_FROM, MADE_BY, "label", "proba", "votes_changed")


@dataclass(frozen=True)
class _AugmentOptions:
    """What was asked for, apart from the data."""

    check: Check | None
    changes: VoteChange
    part: str
    rows: str
    separator: str
    random_state: int


@takes_reading
def augment(
    corpus: Any,
    tfs: Any,
    *,
    policy: Any = None,
    labels: ProbabilisticLabels | None = None,
    lfs: Any = None,
    check: Check | None = "drop",
    changes: VoteChange = "any",
    split: Any = None,
    part: str = "train",
    evaluation: Any = None,
    rows: Literal["covered", "all"] = "covered",
    columns: Sequence[str] | None = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    separator: str = "~",
    out: str | Path | None = None,
    on_fault: OnFault = "raise",
    time_limit: float = TIME_LIMIT,
    random_state: int = 0,
    **reading: Unpack[ReadOptions],
) -> Augmented:
    """Make further examples by transformations that keep the class, for training alone.

    Each example's random numbers depend on ``random_state`` and its id alone: neither on the order of the corpus nor on
    the size of a batch.

    Parameters
    ----------
    corpus : object
        The originals, of whatever kind :func:`labelkit.open_corpus` takes.
    tfs : TransformationFunction, function, or sequence of these
        Functions by :func:`labelkit.transformation_function`, or ready ones such as :func:`labelkit.synonyms`.
    policy : policy, optional
        Which transformations are applied to an example: :class:`labelkit.ApplyOnePolicy`, ``ApplyAllPolicy``,
        ``ApplyEachPolicy`` (if not given), ``RandomPolicy`` or ``MeanFieldPolicy``.
    labels : ProbabilisticLabels, optional
        Of the corpus; a made example has those of its original.
    lfs : LabelingFunctions or iterable of LabelingFunction, optional
        Rules that check that the class was kept: they vote on each made example and on its original.
    check : {"drop", "flag"}, optional
        Whether an example whose votes change is dropped or has the rules in its column ``votes_changed``; None does not
        look at votes.
    changes : {"any", "class"}
        Whether any change of a vote counts, or only one to another class: a lost vote does not.
    split : optional
        The rows that may be augmented, or be among the rows of the result: ids; a mapping or Series from id to the name
        of a part; or the result of a split. If not given, all that ``evaluation`` does not name.
    part : str
        The part of the split that is trained on.
    evaluation : optional
        Gold by id (a mapping or Series), a :class:`labelkit.Sample` or ids: these rows judge a model, so they are
        neither augmented nor among the rows of the result.
    rows : {"covered", "all"}
        With labels: whether only originals are augmented that a rule votes on.
    columns : sequence of str, optional
        The columns of the result; all of the corpus if not given.
    id : str, optional
        The column that names the originals.
    separator : str
        Stands between the id of an original and the number of the example made of it: ``"c7~1"``.
    out : path, optional
        Write the rows to this Parquet file as they are made, so that they need not fit into memory.
    on_fault : {"raise", "record"}
        Whether a transformation that raises, or returns what does not fit, stops, or is counted and listed in
        ``faults``.
    time_limit : float
        Seconds that a transformation may take for a batch of 16,384 examples; 0 for no limit.
    random_state : int
    format, delimiter, encoding, sheet, rename : optional
        How the files of the corpus are read; see :func:`labelkit.open_corpus`.

    Returns
    -------
    Augmented
        ``rows()``, ``labels``, and counts for each transformation. Dropped are examples that equal an original or
        another made one in the columns that transformations read, and those of which a text became empty.

    Raises
    ------
    AnalysisError
        If the corpus has no row to augment, ids collide, an option is unknown, or a row would be trained and evaluated
        on.
    FaultError
        If a transformation failed and ``on_fault`` is ``"raise"``.
    CorpusError
        If the corpus cannot be read, or lacks a column that a transformation reads.

    Warns
    -----
    UserWarning
        If a transformation changed none of the examples.

    Examples
    --------
    >>> import labelkit as lk
    >>> @lk.transformation_function
    ... def shout(text: str) -> str:
    ...     return text.upper()
    >>> spam = lk.keywords("free", label=1).rule(name="free")
    >>> rules = lk.LabelingFunctions([spam], labels=["HAM", "SPAM"])
    >>> result = lk.augment({"id": ["a", "b"], "text": ["free money", "NICE"]}, shout, lfs=rules, id="id")
    >>> result.made.select(["id", "text", "made_from", "made_by"]).to_pylist()
    [{'id': 'a~1', 'text': 'FREE MONEY', 'made_from': 'a', 'made_by': 'shout'}]
    """
    functions = transformations_of(tfs)
    chosen = policy_of(policy, len(functions))
    settings = _AugmentOptions(
        check if lfs is not None else None, changes, part, rows, separator, checked_seed(random_state)
    )
    _check_options(settings, check, on_fault, lfs)
    labels = None if labels is None else checked_labels(labels)
    with ExitStack() as stack:
        applier = None if lfs is None else _checking(lfs, labels)
        opened = open_corpus(corpus, id=id, **reading) if applier is None else applier.open(corpus, id=id, **reading)
        opened = stack.enter_context(_repeatable(opened))
        carried = _carried(opened, columns, labeled=labels is not None)
        names = dict.fromkeys([*carried, *(name for tf in functions for name in tf.columns_of(opened.column_names))])
        loaded = tuple(dict.fromkeys([*names, *(() if applier is None else applier.plan.columns)]))
        schema = pa.schema([(name, opened.column_type(name)) for name in loaded])
        maker = Maker(
            functions,
            chosen,
            schema,
            fixed=[name for name in loaded if name not in carried],
            random_state=settings.random_state,
            on_fault=on_fault,
            time_limit=time_limit,
        )
        whole = CorpusRows.read(opened, maker.columns, separator)
        trained = may_be_augmented(whole.examples, split=split, part=part, evaluation=evaluation)
        places = None if labels is None else _places_of(labels, whole)
        chosen_rows = trained if labels is None or rows == "all" else trained & labels.is_covered[places]
        _check_rows(opened, trained, chosen_rows, evaluation)
        batches = BatchMaker(
            maker=maker,
            vote_check=None if applier is None or check is None else VoteCheck(applier, changes),
            whole=whole,
            schema=schema,
            carried=carried,
            labels=labels,
            places=places,
            keep_original=chosen.keep_original,
            flag=settings.check == "flag",
            separator=separator,
        )
        parts = _made(opened, batches, loaded, trained, chosen_rows)
        table, path = _collected(parts, batches.schema, out)
    notes = _notes(functions, maker, batches, len(trained) - int(trained.sum()), int(chosen_rows.sum()))
    return _result(settings, functions, policy_parameters(chosen), batches, notes, labels, table, path, len(trained))


def _checking(lfs: Any, labels: ProbabilisticLabels | None) -> Applier:
    """Return the applier of the rules that check examples: their classes are those of the labels, or need no names."""
    return Applier(of_any_classes(lfs)) if labels is None else Applier(lfs, labels=list(labels.class_names))


def _made(
    corpus: Corpus,
    batches: BatchMaker,
    columns: Sequence[str],
    trained: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
) -> Iterator[pa.Table]:
    with corpus.watched():
        for batch in corpus.batches(columns, BATCH_ROWS):
            here = slice(batch.start, batch.start + len(batch))
            yield batches.rows(batch, trained[here], chosen[here])


def _collected(
    parts: Iterator[pa.Table], schema: pa.Schema, out: str | Path | None
) -> tuple[pa.Table | None, Path | None]:
    if out is None:
        return pa.concat_tables([schema.empty_table(), *parts]), None
    path = Path(out)
    with replaced(path) as draft, pq.ParquetWriter(draft, schema) as writer:
        for part in parts:
            writer.write_table(part)
    return None, path


@contextmanager
def _repeatable(corpus: Corpus) -> Iterator[Corpus]:
    """Write what can be read only once to a temporary file, since it is read twice."""
    if corpus.is_repeatable:
        yield corpus
        return
    with scratch_folder() as folder:
        path, schema = folder / "corpus.parquet", corpus.schema
        with pq.ParquetWriter(path, schema) as writer:
            for batch in corpus.batches(schema.names, BATCH_ROWS):
                writer.write_table(pa.Table.from_batches([batch.table]).cast(schema))
        yield open_corpus(path, id=corpus.id)


def _carried(corpus: Corpus, columns: Sequence[str] | None, *, labeled: bool) -> tuple[str, ...]:
    """Return the columns of the result beside the ids."""
    for name in (MADE_FROM, MADE_BY):
        if corpus.has_column(name):
            raise AnalysisError(
                f"the corpus has a column {name!r}: it holds examples that were made already",
                hint="augment the originals, with all transformations at once",
            )
    wanted = corpus.column_names if columns is None else tuple([columns] if isinstance(columns, str) else columns)
    carried = tuple(name for name in wanted if name != corpus.id)
    for name in carried:
        corpus.column_type(name)  # which raises for a column that is not there
    if "id" in carried:
        raise AnalysisError(
            "the corpus has a column 'id' that does not name its examples, and made examples have ids of their own",
            hint="id='id' names them by it; columns=['text'] leaves it out",
        )
    taken = [name for name in ("label", "proba") if labeled and name in carried]
    if taken:
        raise AnalysisError(
            f"the corpus has a column {taken[0]!r} already, which the labels would replace",
            hint=f"columns={[name for name in carried if name not in taken][:6]!r} leaves it out",
        )
    return carried


def _places_of(labels: ProbabilisticLabels, whole: CorpusRows) -> NDArray[np.int64]:
    places = labels.examples.order(whole.examples, what="the labels", error=AnalysisError)
    return np.arange(len(whole.examples)) if places is None else places


def _check_options(settings: _AugmentOptions, check: Any, on_fault: str, lfs: Any) -> None:
    options = (
        ("check", check, CHECKS),
        ("changes", settings.changes, VOTE_CHANGES),
        ("rows", settings.rows, ("covered", "all")),
        ("on_fault", on_fault, ("raise", "record")),
    )
    for name, value, allowed in options:
        if value not in allowed:
            raise AnalysisError(f"{name}={value!r} is not one of {', '.join(map(repr, allowed))}")
    if check == "flag" and lfs is None:
        raise AnalysisError("check='flag' needs rules whose votes are compared", hint="lfs=lk.collect('rules.py')")
    if not isinstance(settings.separator, str) or not settings.separator:
        raise AnalysisError(f"separator={settings.separator!r} is not a text", hint="separator='~'")


def _check_rows(corpus: Corpus, trained: NDArray[np.bool_], chosen: NDArray[np.bool_], evaluation: Any) -> None:
    if not len(trained):
        raise AnalysisError(f"{corpus.name} has no rows to augment", hint="check the export that made it", code="LK204")
    if not trained.any():
        which = "evaluation= names all of them" if evaluation is not None else "split= names none of them"
        raise AnalysisError(f"no row of {corpus.name} may be augmented: {which}")
    if not chosen.any():
        raise AnalysisError(
            f"no rule votes on any row of {corpus.name} that may be augmented",
            hint="rows='all' augments rows without a vote, too",
        )


def _notes(
    tfs: Sequence[TransformationFunction], maker: Maker, batches: BatchMaker, n_held_out: int, n_chosen: int
) -> tuple[str, ...]:
    """Return what a reader has to know, and warn of transformations that did nothing."""
    notes = [f"{plural(n_held_out, 'row')} kept out, for evaluation"] if n_held_out else []
    if n_chosen < batches.n_originals:
        notes.append(f"{plural(batches.n_originals - n_chosen, 'original')} without a vote not augmented")
    for tf, row in zip(tfs, maker.counts.tolist(), strict=True):
        counts = dict(zip(COUNTS, row, strict=True))
        if counts["tried"] and counts["unchanged"] == counts["tried"]:
            idle = f"changed none of the {plural(counts['tried'], 'example')} that it was tried on"
            notes.append(f"{tf.name} {idle}")
            warn(
                f"transformation {tf.name!r} {idle}. Hint: "
                "its words, slots or templates may not occur in the corpus, or it reads another column",
                code="LK422",
            )
    if maker.counts[:, COUNTS.index("faults")].any():
        notes.append(f"{count(maker.counts[:, COUNTS.index('faults')].sum())} failures of transformations")
    if batches.vote_check is not None and batches.vote_check.n_faults:
        notes.append(f"{count(batches.vote_check.n_faults)} failures of rules, counted as changed votes")
    return tuple(notes)


def _result(
    settings: _AugmentOptions,
    tfs: Sequence[TransformationFunction],
    policy: Any,
    batches: BatchMaker,
    notes: tuple[str, ...],
    labels: ProbabilisticLabels | None,
    table: pa.Table | None,
    path: Path | None,
    n_rows: int,
) -> Augmented:
    import pandas as pd  # noqa: PLC0415 - only for the table of counts

    counts = pd.DataFrame(batches.maker.counts, columns=list(COUNTS), index=[tf.name for tf in tfs])
    parameters = {
        "transformations": [tf.name for tf in tfs],
        **policy,
        "check": settings.check,
        "changes": settings.changes,
        "part": settings.part,
        "rows": settings.rows,
    }
    step = CurationStep(
        "augment",
        parameters,
        seed=settings.random_state,
        before={"rows": n_rows},
        after=counts_beside({"rows": batches.n_rows, "made": batches.n_made}, "class", batches.n_of_class().items()),
        notes=notes,
    )
    check = batches.vote_check
    changed = {} if check is None else dict(zip(check.names, check.n_changed.tolist(), strict=True))
    return Augmented(
        step=step,
        counts=counts,
        faults=tuple(batches.maker.faults),
        rule_changes=changed,
        n_made=batches.n_made,
        n_originals=batches.n_originals,
        path=path,
        _table=table,
        _source=labels,
        _places=batches.label_places(),
    )
