"""The one function: it brings what is asked into one form, finds the rows, and reads what is shown of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelkit._shared.markup import FAILED
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_code import UserCode
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.gold_ids import column_values
from labelkit.corpus.likely_text import likely_text
from labelkit.corpus.missing_columns import meant_column, renaming, renaming_hint
from labelkit.corpus.rows_at import examples_at
from labelkit.exceptions import CorpusError, MatrixError, ModelError
from labelkit.rules.base_columns import base_columns
from labelkit.rules.labeling_function import Cases, Column, LabelingFunction, derived_columns
from labelkit.rules.row_rules import adopted, bound
from labelkit.views._select import Question, Selection, names_of, position_of
from labelkit.views._table import View
from labelkit.views.matches import Finder, Span, columns_shown, values_for
from labelkit.votes.gold_beside import gold_of_votes
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.matched_labels import matched_labels, matched_proba
from labelkit.votes.outcomes import FAULT
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

OTHER_TEXTS: Final = "the votes are of other texts, or of these in another order, since these rules vote otherwise here"


@checks_keywords
def view(
    matrix: Any,
    corpus: Any,
    lfs: Iterable[LabelingFunction[...]] | LabelingFunction[...] | None = None,
    *,
    labeled_by: str | Sequence[str] | None = None,
    vote: Any = None,
    conflict: bool | str | Sequence[str] | None = None,
    uncovered: bool = False,
    pattern: Mapping[str, Any] | Sequence[Any] | None = None,
    wrong: Any = None,
    label: Any = None,
    uncertain: Any = None,
    ids: Any = None,
    gold: Any = None,
    labels: Any = None,
    column: str | Sequence[str] | None = None,
    votes: str | Sequence[str] | None = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    n: int = 20,
    random_state: int = 0,
) -> View:
    """Show examples that answer a question, with their texts, their votes, and where the rules matched.

    Without a question, a random sample of all examples is shown. Several questions are asked together: the examples
    shown answer all of them.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
        The votes.
    corpus : object
        What the rules were applied to, as :func:`labelkit.open_corpus` takes it. Only the rows shown are kept of it.
    lfs : labeling functions, optional
        Where they matched is shown. A rule that was changed since it voted is left out.
    labeled_by : str or sequence of str, optional
        Examples that this rule labels, or all of these do.
    vote : class, optional
        Those that ``labeled_by`` (else: any rule) labels so. A class is a number, an enum member or a name.
    conflict : str, sequence of str or True, optional
        Examples on which two of these rules differ; on which this rule differs from any other; on which any two do.
    uncovered : bool
        Examples without a vote.
    pattern : mapping from str to class, or sequence of classes, optional
        Examples with these votes; ``None`` or ``ABSTAIN`` where a rule shall not have voted.
    wrong : gold labels or True, optional
        Examples where ``labeled_by`` is wrong; without that, those whose label is wrong (with ``labels``), or with a
        wrong vote.
    label : class, optional
        Examples that ``labels`` label so.
    uncertain : fitted label model, ProbabilisticLabels or True, optional
        Covered examples by the entropy of their probabilities, the highest first.
    ids : id or sequence of ids, optional
        These examples, in this order: of a suggestion, a difference, or a table of suspicious gold.
    gold : array-like, Series, dict by id, or str, optional
        Trusted labels, shown in a column; the name of a column of the corpus. ``wrong=gold`` gives them, too.
    labels : ProbabilisticLabels, fitted label model or array of shape (n_examples, n_classes), optional
        Labels, shown with their probability. ``uncertain=model`` gives them, too.
    column : str or sequence of str, optional
        The columns to show; those that the rules read if not given. With ``lfs``, derived ones, too.
    votes : str or sequence of str, optional
        The rules whose votes to show; those that voted on a row shown, and those asked about, if not given.
    id : str, optional
        The column of the examples' ids, if the matrix has ids of one.
    n : int
        How many examples to show.
    random_state : int
        Of the sample.

    Returns
    -------
    View

    Raises
    ------
    MatrixError
        If these are no votes, or a rule is not among them.
    CorpusError
        If the corpus has other ids or another length than the matrix, or lacks a column.
    GoldError, ModelError, LabelSpaceError
        If gold, labels or a class do not fit.

    Examples
    --------
    >>> texts = ["win a prize", "win", "the rain"]
    >>> shown = view([[1, 0], [1, -1], [-1, -1]], texts, pattern={"lf0": 1, "lf1": None})
    >>> shown.frame[["text", "lf0"]].to_dict("index")
    {1: {'text': 'win', 'lf0': '1'}}
    """
    source = open_corpus(corpus, id=id)
    rows = matrix if isinstance(matrix, LabelMatrix) else _in_order_of(source, LabelMatrix.of(matrix))
    rules, notes = _rules_of(lfs, rows)
    if n < 1:
        raise MatrixError(f"n={n} is not a number of examples to show", hint="n=20")
    truth = _gold_of(gold if wrong is None or isinstance(wrong, bool) else wrong, rows, source)
    given = labels if uncertain is None or isinstance(uncertain, bool) else uncertain
    proba = None if given is None else _labels_of(given, rows)
    question = Question(
        matrix=rows,
        labeled_by=labeled_by,
        vote=vote,
        conflict=conflict,
        uncovered=uncovered,
        pattern=pattern,
        wrong=wrong is not None and wrong is not False,
        label=label,
        uncertain=uncertain is not None and uncertain is not False,
        gold=truth,
        labels=proba,
        places=None if ids is None else _positions_of(ids, rows),
    )
    chosen = question.select(n, random_state)
    shown_votes = _votes_of(rows, chosen, votes)  # before the corpus is read: a wrong name is told at once
    texts, spans, failed = _texts_of(rows, chosen, source, rules, names_of(column))
    return _shown(question, chosen, texts, shown_votes, spans, (*notes, *failed))


def _shown(
    question: Question,
    chosen: Selection,
    texts: pd.DataFrame,
    votes: pd.DataFrame,
    spans: tuple[tuple[Span, ...], ...],
    notes: tuple[str, ...],
) -> View:
    matrix = question.matrix
    return View(
        ids=matrix.ids[chosen.rows],
        rows=chosen.rows,
        texts=texts,
        votes=votes,
        beside=_beside(matrix, chosen.rows, question.gold, question.labels),
        spans=spans,
        asked=chosen.named,
        n_found=chosen.n_found,
        n_examples=len(matrix),
        question=", ".join(clause.strip() for clause in chosen.clauses),
        class_names=matrix.class_names,
        notes=notes,
    )


def _in_order_of(corpus: Corpus, votes: LabelMatrix) -> LabelMatrix:
    """Give votes that name no examples the names of a frame with as many rows."""
    index = corpus.frame_index
    if votes.frame_index is not None or index is None or corpus.id is not None or len(index) != len(votes):
        return votes
    return replace(votes, ids=votes.ids if index.ids is None else index.ids, frame_index=index)


# What is given --------------------------------------------------------------------------------------------------------


def _rules_of(lfs: Any, matrix: LabelMatrix) -> tuple[dict[str, LabelingFunction[...]], list[str]]:
    """The rules by name that are those which voted, and a note of those that are not."""
    given = [] if lfs is None else ([lfs] if isinstance(lfs, LabelingFunction) else list(lfs))
    infos = {info.name: info for info in matrix.lfs}
    rules, changed = {}, []
    for one in given:
        lf = adopted(one)
        if not isinstance(lf, LabelingFunction):
            raise MatrixError(f"{lf!r} is not a labeling function", hint='lfs=lk.collect("rules.py")', code="LK116")
        if lf.name in infos:
            lf = bound(lf, infos[lf.name].columns)
            fingerprint = infos[lf.name].fingerprint
            if fingerprint and fingerprint != lf.fingerprint:
                changed.append(lf.name)
            else:
                rules[lf.name] = lf
    if not changed:
        return rules, []
    return rules, [f"changed since the votes were made, so that no match is shown: {', '.join(changed)}"]


def _gold_of(gold: Any, matrix: LabelMatrix, corpus: Corpus) -> NDArray[np.int64] | None:
    """Gold in the order of the matrix."""
    if gold is None or isinstance(gold, bool):
        return None
    if isinstance(gold, str):
        values = examples_at(corpus, matrix.examples, np.arange(len(matrix)), [gold]).column(0)
        gold = column_values(values)
    return gold_of_votes(gold, matrix)


def _labels_of(given: Any, matrix: LabelMatrix) -> ProbabilisticLabels:
    """Labels in the order of the matrix."""
    if isinstance(given, ProbabilisticLabels):
        labels = given
    elif callable(getattr(given, "label", None)):
        labels = given.label(matrix)
    else:
        if np.ndim(given) != 2 or np.asarray(given).dtype.kind != "f":
            raise ModelError(
                f"labels of type {type(given).__name__} are neither a fitted label model nor ProbabilisticLabels",
                hint="labels=model, labels=model.label(matrix), or probabilities of shape (n_examples, n_classes)",
                code="LK405",
            )
        proba = matched_proba(given, matrix.examples, matrix.class_names, what="the labels", error=ModelError)
        labels = ProbabilisticLabels(
            proba, matrix.covered, np.arange(len(proba)), matrix.ids, matrix.class_names, matrix.frame_index
        )
    return matched_labels(labels, matrix.examples, matrix.class_names, what="the labels", error=ModelError)


def _positions_of(ids: Any, matrix: LabelMatrix) -> NDArray[np.int64]:
    """Return the positions of the examples that are named."""
    return matrix.examples.places(ids, error=MatrixError)


# What is shown --------------------------------------------------------------------------------------------------------


def _votes_of(matrix: LabelMatrix, chosen: Selection, asked: str | Sequence[str] | None) -> pd.DataFrame:
    """The votes on the rows shown, by name; nothing for an abstain."""
    outcomes = matrix[chosen.rows].outcomes
    if asked is None:
        silent = (outcomes == ABSTAIN).all(axis=0)
        names = [name for name, idle in zip(matrix.names, silent, strict=True) if not idle or name in chosen.named]
    else:
        names = list(names_of(asked))
    shown: dict[int, str | None] = {FAULT: FAILED, ABSTAIN: None, **dict(enumerate(matrix.class_names))}
    places = [position_of(matrix, name) for name in names]
    columns = [pd.Series([shown[vote] for vote in outcomes[:, place].tolist()], dtype=object) for place in places]
    return pd.DataFrame(dict(zip(names, columns, strict=True)), index=pd.RangeIndex(len(outcomes)))


def _beside(
    matrix: LabelMatrix, rows: NDArray[np.int64], gold: NDArray[np.int64] | None, labels: ProbabilisticLabels | None
) -> pd.DataFrame:
    """Gold and labels of the rows shown, by name, and the probability of the likeliest class.

    An example with neither a vote nor a label has the class prior, which tells nothing of it: it has no probability.
    """
    names = np.array([*matrix.class_names, None], dtype=object)
    columns: dict[str, Any] = {}
    if gold is not None:
        columns["gold"] = pd.Series(names[gold[rows]], dtype=object)
    if labels is not None:
        chosen = labels[rows]
        hard = chosen.hard()
        columns["label"] = pd.Series(names[hard], dtype=object)
        columns["probability"] = np.where(chosen.is_covered | (hard >= 0), chosen.proba.max(axis=1), np.nan)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _texts_of(
    matrix: LabelMatrix,
    chosen: Selection,
    corpus: Corpus,
    rules: dict[str, LabelingFunction[...]],
    asked: tuple[str, ...],
) -> tuple[pd.DataFrame, tuple[tuple[Span, ...], ...], list[str]]:
    """The columns to show of the rows, where the rules matched in them, and a note of what could not be derived."""
    derived = _derived(rules)
    shown = list(asked) or _columns_read(matrix, corpus, rules)
    voters = [(rules[name], matrix.votes[chosen.rows, j]) for j, name in enumerate(matrix.names) if name in rules]
    voters = [(lf, votes) for lf, votes in voters if (votes != ABSTAIN).any()]
    makers: list[LabelingFunction[...] | Column] = [
        derived[name] for name in shown if name not in corpus.column_names and name in derived
    ]
    needed = dict.fromkeys(name for name in shown if name not in derived or name in corpus.column_names)
    needed |= dict.fromkeys(name for asker in [*makers, *(lf for lf, _ in voters)] for name in base_columns(asker))
    read = {name for info in matrix.lfs for name in info.columns}
    try:
        table = examples_at(corpus, matrix.examples, chosen.rows, list(needed))
    except CorpusError as error:
        lost = [name for name in needed if name in read and not corpus.has_column(name)]
        meant = meant_column(lost[0], corpus.column_names) if lost else None
        if error.code != "LK202" or not lost or (error.hint is not None and meant is None):
            raise
        asked_for = {*shown, *(name for maker in makers for name in base_columns(maker))}
        if meant is None and asked_for.isdisjoint(lost) and not read.isdisjoint(corpus.column_names):
            kept = {name: lf for name, lf in rules.items() if set(base_columns(lf)).isdisjoint(lost)}
            texts, spans, failed = _texts_of(matrix, chosen, corpus, kept, asked)
            return (
                texts,
                spans,
                [*failed, f"the corpus here has no column {', '.join(lost)}: matches in it are not shown"],
            )
        hint = _as_voted_on(lost[0], corpus) if meant is None else renaming_hint(lost[0], meant)
        raise CorpusError(error.message, hint=hint, code=error.code) from None
    reader = _ShownRows(table.to_pylist())
    spans = tuple(
        tuple(span for lf, votes in voters if votes[i] != ABSTAIN for span in reader.spans(i, lf))
        for i in range(len(chosen.rows))
    )
    others = [lf.name for lf, votes in voters if reader.votes_otherwise(lf, votes)]
    columns = {name: reader.column(name, None if name in corpus.column_names else derived.get(name)) for name in shown}
    texts = pd.DataFrame(columns, index=pd.RangeIndex(len(chosen.rows)))
    failed = [f"could not be derived, so that no match is shown: {', '.join(reader.failed)}"] if reader.failed else []
    if others:
        failed.append(f"{OTHER_TEXTS}: {', '.join(others)}")
    return texts, spans, failed


def _as_voted_on(column: str, corpus: Corpus) -> str:
    """Return how a corpus is read under the name of a column that rules voted on."""
    text = likely_text(corpus)
    reads = "a column" if text is None else f"{text!r}, or another column,"
    return f"the rules voted on it under this name: {renaming(column, text or 'COLUMN', reads=reads)}"


def _derived(rules: Mapping[str, LabelingFunction[...]]) -> dict[str, Column]:
    """The derived columns that rules read, also through others, by name."""
    derived: dict[str, Column] = {}
    queue: list[LabelingFunction[...] | Column] = list(rules.values())
    while queue:
        for name, column in derived_columns(queue.pop()).items():
            if name not in derived:
                derived[name] = column
                queue.append(column)
    return derived


def _columns_read(matrix: LabelMatrix, corpus: Corpus, rules: Mapping[str, LabelingFunction[...]]) -> list[str]:
    """The columns of the corpus that the rules read; where that is not known, its texts."""
    read = {
        name for info in matrix.lfs for name in (base_columns(rules[info.name]) if info.name in rules else info.columns)
    }
    return columns_shown(corpus, read)


class _ShownRows:
    """Examples, with the columns that rules derive from them; each is made once."""

    def __init__(self, examples: list[dict[str, Any]]) -> None:
        self._examples = examples
        self._made: list[dict[Column, Any]] = [{} for _ in examples]
        self._finder = Finder()
        self.failed: dict[str, None] = {}

    def spans(self, i: int, lf: LabelingFunction[...]) -> list[Span]:
        """Return the spans in which a rule matched example ``i``."""
        with UserCode() as code:
            try:
                return self._finder.spans(lf, values_for(lf, self._examples[i], self._made[i]), self._examples[i])
            except BaseException as error:
                if code.interrupted_by(error):
                    raise
                self.failed[lf.name] = None
                return []

    def votes_otherwise(self, lf: LabelingFunction[...], votes: NDArray[np.int64]) -> bool:
        """Return True if a rule of words and patterns votes otherwise on the texts here than it did."""
        if not isinstance(lf.body, Cases) or lf.derived or not all(test.scanned for test in lf.predicates):
            return False
        for example, vote in zip(self._examples, votes.tolist(), strict=True):
            values = {name: example[name] for name in lf.columns if name in example}
            are_texts = len(values) == len(lf.columns) and all(isinstance(one, str) for one in values.values())
            if are_texts and vote >= ABSTAIN and lf.body.vote(values) != vote:
                return True
        return False

    def column(self, name: str, derived: Column | None) -> pd.Series[Any]:
        """A column of the corpus, or a derived one."""
        values = [
            example[name] if derived is None else self._value(i, derived) for i, example in enumerate(self._examples)
        ]
        return pd.Series(values, dtype=object)

    def _value(self, i: int, column: Column) -> Any:
        computed = self._made[i]
        if column not in computed:
            with UserCode() as code:
                try:
                    computed[column] = column(**values_for(column, self._examples[i], computed))
                except BaseException as error:
                    if code.interrupted_by(error):
                        raise
                    self.failed[column.name] = None
                    return None
        return computed[column]
