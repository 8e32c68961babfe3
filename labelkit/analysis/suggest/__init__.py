"""Find words and phrases that would make good rules: they cover uncovered examples, or tell two classes apart.

The labels that there are now teach which class a phrase speaks for; so suggestions improve with the rules and with the
label model: suggest, paste, run, suggest again. How often a suggestion agrees with these labels is not how often it is
right: the labels come from rules that read the same texts. Gold says that, and is then kept out of the choice. Counts
are of what the suggested rule does: it was run on the examples that were looked at.

>>> import labelkit as lk
>>> spam = [f"please subscribe to channel {i}, free money" for i in range(30)] + [f"free money {i}" for i in range(20)]
>>> ham = [f"what a great song {i}" for i in range(30)]
>>> rules = [lk.keywords("subscribe", label=1).rule(name="asks"), lk.keywords("song", label=0).rule(name="song")]
>>> matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(spam + ham)
>>> found = suggest(matrix, spam + ham, lk.MajorityVote().fit(matrix))
>>> found
1 suggestion; 80 of 80 examples were looked at
Sorted by gain: examples without a vote that get one, and that no suggestion above reaches.
Agreement is with the labels of the rules; gold= tells the precision.
   words  label  rows  new  gain              agreement
0  free   SPAM     50   20    20  100.0% (88.6 - 100.0%)
>>> print(found.as_rule(0))
@lk.keywords("free", label=1)  # SPAM
def says_free(text: str) -> None:
    \"\"\"Of 30 labeled examples with it 100% (89 - 100%) are labeled SPAM (not checked by gold); 20 have no vote.\"\"\"
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.distributions import exact_interval
from labelkit._shared.numbers import wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import gold_of, rows_of
from labelkit.analysis.suggest._function_words import is_function_phrase
from labelkit.analysis.suggest._held_back import none_found, said_of_held_back, said_of_teaching
from labelkit.analysis.suggest._sample import ScoredExamples, sampled, text_column
from labelkit.analysis.suggest._scoring import distinct_best, greedy, log_odds, of_labels, scored, with_lift
from labelkit.analysis.suggest.phrases import Grams, grams
from labelkit.analysis.suggest.suggestion import Suggestion, Suggestions
from labelkit.apply.plan import Plan
from labelkit.corpus import open_corpus
from labelkit.exceptions import AnalysisError
from labelkit.label_models import LabelModel
from labelkit.rules.base_columns import column_of_new_rule
from labelkit.rules.expressions import leaves
from labelkit.rules.keyword_source import free_name, keywords_call, label_source
from labelkit.rules.keywords import keywords
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.given_class import given_class
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.matched_labels import matched_labels
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.label_matrix import LabelMatrix

__all__ = ["Suggestion", "Suggestions", "suggest"]

KNOWN: Final = 0.99
"""A rule that votes alike on this share of a phrase's examples has it already."""

SPARE: Final = 2
"""Ratio of the phrases that are tried as rules to those that are asked for."""

TIE: Final = 1e-6
"""Weight of the lift beside an example: of two phrases with the same gain, the one that agrees better comes first."""

BY_GAIN: Final = "Sorted by gain: examples without a vote that get one, and that no suggestion above reaches."
BY_CLASS: Final = "Sorted by how surely they tell the two classes apart."
"""The order of suggestions, in words."""

N_IDS: Final = 5
"""Examples that are named for each suggestion."""


@checks_keywords
def suggest(
    matrix: Any,
    corpus: Any,
    labels: Any = None,
    *,
    gold: Any = None,
    column: str | None = None,
    n: int = 20,
    between: Sequence[Any] | None = None,
    lfs: Iterable[LabelingFunction[...]] | None = None,
    max_words: int = 3,
    min_rows: int = 5,
    min_precision: float | None = None,
    max_rows: int = 50_000,
    random_state: int = 0,
) -> Suggestions:
    """Propose keyword rules for uncovered examples, or to tell two classes apart.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
        The votes of the present rules.
    corpus : object
        What they are of, in the same order, as :func:`labelkit.open_corpus` takes it.
    labels : ProbabilisticLabels or fitted label model, optional
        The present labels; those of a :class:`LabelModel` fitted to the matrix if not given.
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown. They tell the precision of each suggestion. To
        keep that free of bias, examples with gold do not choose the phrases; if more than half of the examples have
        gold, half of all examples do, drawn at random, and the gold of the others tells the precision. A phrase whose
        precision is surely below 50%, or below the class's share of the gold, is left out (``left_out``).
    column : str, optional
        The text that is looked at, also a derived one of the module of ``lfs``; ``text`` if not given, or else the
        first column of the corpus that the rules read. Where that module makes a derived column of this name, as
        ``text = lk.normalized_text("text")`` does, the derived text is looked at: the rule that is pasted reads it.
    n : int
        How many suggestions at most.
    between : two classes (names, numbers or enum members), optional
        Propose what tells these two apart, covered or not, rather than what covers uncovered examples.
    lfs : labeling functions, optional
        The present rules: words that they list are not proposed, and their enum names the classes in source text.
    max_words : int
        The words in a phrase, from 1 to 3.
    min_rows : int
        How many of the covered examples that are looked at have to have a phrase.
    min_precision : float in (0, 1), optional
        The least lower end of the interval of the agreement with the labels, since the precision is not known when
        phrases are chosen. Half way from the class's share of the labels to 1 if not given, or its share itself between
        two classes.
    max_rows : int
        How many examples are looked at: half of them uncovered and half covered where there are enough, drawn at
        random, and as many as half of this number with gold. Counts are scaled up to the corpus.
    random_state : int

    Returns
    -------
    Suggestions

    Raises
    ------
    AnalysisError
        If the corpus or the labels do not fit the matrix, or an option is out of range.
    GoldError
        If gold does not fit the examples or the classes.

    Notes
    -----
    Agreement is measured on covered examples, by labels that the present rules gave. It is higher than the precision
    where the phrase stands beside words of these rules, and says nothing of examples unlike those; so look at some
    before you paste. A phrase is proposed only if it has lift: it is surely more frequent in its class than in the
    others (false discovery rate 5%), at least three times so, and stands in at most 5% of the others' examples. Phrases
    of nothing but function words are left out: words of up to two letters, and English pronouns, prepositions and such.
    ``note`` says how many phrases the labels hold back where there are few, and which of them have lift by gold: these
    are not proposed, since the gold that chose them tells no precision.
    """
    rows = rows_of(matrix)
    _check(n, max_words, min_rows, max_rows, min_precision)
    if not len(rows) or not rows.covered.any():
        return Suggestions((), 0, len(rows), "No example has a vote, so that there are no labels to learn from.")
    current = _labels_of(labels, rows)
    if between is None and current.is_covered.all():
        return Suggestions((), 0, len(rows), 'Every example has a vote; between=["A", "B"] tells two classes apart.')
    present = tuple(lfs or ())
    truth = np.full(len(rows), ABSTAIN) if gold is None else gold_of(rows, gold)
    opened = open_corpus(corpus)
    column = text_column(rows, present, opened) if column is None else column
    derived = column_of_new_rule(column, present)
    sample = sampled(rows, current, truth, opened, derived or column, max_rows, random_state)
    phrases = grams(sample.texts, max_words=max_words, min_texts=min_rows)
    pair = None if between is None else _pair(between, rows.class_names)
    search = _PhraseSearch(
        rows.votes[sample.places], sample, phrases, pair, min_rows, min_precision, _words_of(present)
    )
    chosen = search.chosen(SPARE * n)
    items, left_out = _tried(search, chosen, rows, present, column, n)
    few = ""
    if pair is None and len(items) < n:
        named = {item.words for item in (*items, *left_out)}
        few = said_of_held_back(sample, phrases, named, search.is_new_and_means_something, min_rows, rows.class_names)
    notes = ("" if items else none_found(sample, left_out), said_of_teaching(rows, current, truth, items), few)
    return Suggestions(
        items,
        len(sample.texts),
        len(rows),
        " ".join(note for note in notes if note),
        BY_GAIN if pair is None else BY_CLASS,
        left_out,
    )


def _check(n: int, max_words: int, min_rows: int, max_rows: int, min_precision: float | None) -> None:
    if not 1 <= max_words <= 3:
        raise AnalysisError(f"max_words={max_words} is not from 1 to 3", hint="max_words=3")
    if min(n, min_rows, max_rows) < 1:
        raise AnalysisError(f"n={n}, min_rows={min_rows} and max_rows={max_rows} must be at least 1", hint="n=20")
    if min_precision is not None and not 0 < min_precision < 1:
        raise AnalysisError(f"min_precision={min_precision} is not between 0 and 1", hint="min_precision=0.8")


def _labels_of(labels: Any, rows: LabelMatrix) -> ProbabilisticLabels:
    if labels is None:
        labels = LabelModel().fit(rows)
    current = labels if isinstance(labels, ProbabilisticLabels) or not hasattr(labels, "label") else labels.label(rows)
    if not isinstance(current, ProbabilisticLabels):
        raise AnalysisError(
            f"{labels!r} is neither labels nor a label model", hint="suggest(matrix, corpus, model)", code="LK405"
        )
    return matched_labels(current, rows.examples, rows.class_names, what="the labels", error=AnalysisError)


def _pair(between: Sequence[Any], class_names: Sequence[str]) -> tuple[int, int]:
    if isinstance(between, str) or len(between) != 2:
        raise AnalysisError(f"between={between!r} is not two of the classes {', '.join(class_names)}")
    first, second = (given_class(one, class_names, "between", error=AnalysisError) for one in between)
    if first == second:
        raise AnalysisError(f"between={between!r} is not two of the classes {', '.join(class_names)}")
    return first, second


def _words_of(lfs: Iterable[LabelingFunction[...]]) -> frozenset[str]:
    """Return the phrases that the rules look for already, in lower case."""
    tests = [
        leaf.test
        for lf in lfs
        if isinstance(lf.body, Cases)
        for expression, _ in lf.body.cases
        for leaf in leaves(expression)
    ]
    entries = (entry for test in tests for entry in test.entries if isinstance(entry, str))
    return frozenset(" ".join(entry.split()).lower() for entry in entries)


# The search -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _PhraseSearch:
    """A search for phrases in a sample; ``votes`` are those of the examples in it."""

    votes: NDArray[Any]
    sample: ScoredExamples
    grams: Grams
    pair: tuple[int, int] | None
    min_rows: int
    min_precision: float | None
    listed: frozenset[str]

    @property
    def base(self) -> NDArray[np.float64]:
        """Each class's share of the labels."""
        return np.asarray(self.sample.proba[self.sample.teaches].mean(axis=0))

    def least_precision(self, label: int) -> float:
        """What a rule for the class has to reach by gold: half of its votes right, and more than at random."""
        gold = self.sample.gold[self.sample.gold >= 0]
        return max(0.5, float((gold == label).mean())) if len(gold) else 0.0

    def chosen(self, n: int) -> list[tuple[int, int]]:
        """Up to ``n`` phrases, each with its class."""
        teaches = self.sample.teaches
        has, proba = self.grams.matrix[np.flatnonzero(teaches)], self.sample.proba[teaches]
        hard = self.sample.hard[teaches]
        scores = scored(has, proba)
        label = scores.label
        if self.pair is not None:
            z = log_odds(has, proba, *self.pair)
            label = np.where(z > 0, self.pair[0], self.pair[1])
            right = np.asarray((has.T @ proba)[np.arange(len(z)), label])
            scores = of_labels(label, right, scores.support, self.base)
            hard = np.where(np.isin(hard, self.pair), hard, ABSTAIN)
        lifted = with_lift(has, hard, label, scores.support >= self.min_rows)
        good = np.flatnonzero(lifted & self._good(scores.low, scores.lift))
        good = np.array([g for g in good.tolist() if self.is_new_and_means_something(g)], dtype=np.int64)
        by_gram = self.grams.matrix[:, good].T.tocsr()

        def wanted(place: int) -> bool:
            hit_rows = by_gram.indices[by_gram.indptr[place] : by_gram.indptr[place + 1]]
            return self.is_news(hit_rows, int(label[good[place]]))

        if self.pair is not None:
            best = distinct_best(self.grams.matrix[:, good], np.abs(z[good]), n, wanted)
        else:
            uncovered = np.flatnonzero(~self.sample.covered)
            value = 1 + TIE * scores.lift[good]
            best = greedy(self.grams.matrix[uncovered][:, good], value, n, wanted)
        return [(int(good[b]), int(label[good[b]])) for b in best]

    def is_news(self, own: NDArray[Any], label: int) -> bool:
        """Return True if no rule votes for the class on all of some examples, and there is something to gain."""
        if not len(own) or (self.pair is None and self.sample.covered[own].all()):
            return False
        return bool((self.votes[own] == label).mean(axis=0).max(initial=0) < KNOWN)

    def is_new_and_means_something(self, gram: int) -> bool:
        """Return whether no rule lists a phrase, and it is not of function words alone."""
        text = self.grams.text(gram)
        return text not in self.listed and not is_function_phrase(text)

    def _good(self, low: NDArray[np.float64], lift: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return a mask of the phrases that agree enough with the labels."""
        if self.min_precision is not None:
            return (low >= self.min_precision) & (lift > 0)
        return lift > 0 if self.pair is not None else lift >= 0.5


# The suggestions ------------------------------------------------------------------------------------------------------


def _tried(
    search: _PhraseSearch,
    chosen: list[tuple[int, int]],
    rows: LabelMatrix,
    lfs: Sequence[LabelingFunction[...]],
    column: str,
    n: int,
) -> tuple[tuple[Suggestion, ...], tuple[Suggestion, ...]]:
    """Run the proposed rules on the examples that were looked at, say what they did, and sort them by their gain.

    Returns
    -------
    suggestions, left_out : tuple of Suggestion
        Those to propose, at most ``n``; those that gold speaks against.
    """
    if not chosen:
        return (), ()
    phrases = [(search.grams.text(g), not search.grams.is_piece(g), label) for g, label in chosen]
    rules = [
        keywords(words, label=label, whole_word=whole).rule(name=f"s{i}", column=column)
        for i, (words, whole, label) in enumerate(phrases)
    ]
    sample = search.sample
    table = pa.record_batch({column: pa.array(sample.texts, pa.large_string())})
    hits = Plan(LabelingFunctions(rules, labels=rows.class_names)).vote(table).votes != ABSTAIN
    news = [j for j, (_, _, label) in enumerate(phrases) if search.is_news(np.flatnonzero(hits[:, j]), label)]
    numbers = {j: _numbers(search, rows, np.flatnonzero(hits[:, j]), phrases[j][2]) for j in news}
    poor = [j for j in news if _is_surely_below(numbers[j], search.least_precision(phrases[j][2]))]
    news = [j for j in news if j not in poor]
    gains = _gains(hits[:, news], np.where(sample.covered, 0.0, sample.weight), keep_order=search.pair is not None)
    taken = set(rows.names) | {name for lf in lfs for name in lf.origin.namespace}
    source = {label: label_source(label, lfs) for _, _, label in phrases}

    def suggestion(j: int, gain: float) -> Suggestion:
        words, whole, label = phrases[j]
        return Suggestion(
            words=words,
            label=rows.class_names[label],
            number=label,
            name=free_name(words, taken),
            column=column,
            whole_word=whole,
            source_label=source[label],
            source_call=keywords_call(lfs),
            origin=lfs[0].origin if column_of_new_rule(column, lfs) else None,
            gain=round(gain),
            **numbers[j],
        )

    return tuple(suggestion(news[place], gain) for place, gain in gains[:n]), tuple(suggestion(j, 0.0) for j in poor)


def _gains(hits: NDArray[np.bool_], weight: NDArray[np.float64], *, keep_order: bool) -> list[tuple[int, float]]:
    """Sort rules by the weight of the examples that they reach and none before them; none that reaches nothing.

    Parameters
    ----------
    hits : ndarray of bool, shape (n_examples, n_rules)
    weight : ndarray of shape (n_examples,)
    keep_order : bool
        Count the gains of the rules as they stand, and leave none out.

    >>> hits = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 1, 0]], dtype=bool)
    >>> _gains(hits, np.ones(4), keep_order=False), _gains(hits, np.ones(4), keep_order=True)
    ([(1, 3.0), (0, 1.0)], [(0, 2.0), (1, 2.0), (2, 0.0)])
    """
    weight, rest, gains = weight.copy(), list(range(hits.shape[1])), []
    while rest:
        reach = hits[:, rest].T @ weight
        at = 0 if keep_order else int(reach.argmax())
        if not keep_order and reach[at] <= 0:
            break
        place = rest.pop(at)
        gains.append((place, float(reach[at])))
        weight[hits[:, place]] = 0
    return gains


def _numbers(search: _PhraseSearch, rows: LabelMatrix, own: NDArray[np.int64], label: int) -> dict[str, Any]:
    sample = search.sample
    weight, covered = sample.weight[own], sample.covered[own]
    share = weight.sum() / sample.weight.sum()
    size = sample.weight.sum() ** 2 / (sample.weight**2).sum()  # of a simple sample that says as much
    share_low, share_high = wilson_interval(share * size, size)
    taught = sample.proba[own[sample.teaches[own]], label]
    agreement = _mean_with_bounds(taught)
    precision = _mean_with_bounds(sample.gold[own[sample.gold[own] >= 0]] == label)
    named = np.concatenate([own[~covered], own[covered]])[:N_IDS]
    return {
        "rows": round(weight.sum()),
        "share": float(share),
        "share_low": float(share_low),
        "share_high": float(share_high),
        "new": round(weight[~covered].sum()),
        **dict(zip(("agreement", "agreement_low", "agreement_high"), agreement, strict=True)),
        "support": len(taught),
        **dict(zip(("precision", "precision_low", "precision_high"), precision, strict=True)),
        "gold": int((sample.gold[own] >= 0).sum()),
        "ids": tuple(rows.ids[sample.places[named]].tolist()),
    }


def _is_surely_below(numbers: Mapping[str, Any], least: float) -> bool:
    """Return whether the exact 95% interval of a precision by gold is below what a rule has to reach.

    >>> [_is_surely_below({"precision": 0.0, "gold": n}, 0.5) for n in (0, 4, 5, 6)]
    [False, False, False, True]
    """
    n = numbers["gold"]
    return bool(n) and bool(exact_interval(numbers["precision"] * n, n, 0.95)[1] < least)


def _mean_with_bounds(values: NDArray[Any]) -> tuple[float, float, float]:
    """Return a mean of values in [0, 1], and Wilson's 95% interval; NaN for none."""
    if not len(values):
        return math.nan, math.nan, math.nan  # one object, so that equal suggestions are equal
    low, high = wilson_interval(values.sum(), len(values))
    return float(values.mean()), float(low), float(high)
