"""Find slices whose labels are poor: searched for in one half of what is judged, tested on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import without_dictionary
from labelkit._shared.distributions import holm
from labelkit._shared.numbers import count, decimal, percent, plural, share_with_bounds
from labelkit._shared.plain_values import records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.rows_at import examples_at
from labelkit.curation.near_duplicates.shingles import BY_CHARACTERS
from labelkit.curation.slices.candidates import CandidateSlice, chosen, column_values, members, of_values, of_words
from labelkit.curation.slices.comparison import FALSE_ALARMS, GroupShares, moments_of, p_values
from labelkit.curation.slices.judged import JudgedLabels, NamedClasses
from labelkit.exceptions import AnalysisError
from labelkit.votes.gold import named_classes
from labelkit.votes.gold_beside import gold_was_judged
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.rules.labeling_function import LabelingFunction
    from labelkit.votes.example_names import ExampleNames


ALIKE: Final = 0.1
"""Intraclass correlation of the errors of copies from which one of them counts."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class FoundSlices(HasFrame, ShownResult):
    """Slices that may be poor, the surest first; made by :func:`labelkit.find_slices`.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by the name of the slice. All numbers are of the half that did not choose the slices: ``rows`` (judged
        examples in it), ``wrong``, ``error`` with Wilson's interval ``error_low``, ``error_high``, ``rest_error``,
        ``share`` (of the judged examples), ``p`` (Fisher's exact test that the error is not above that of the rest),
        ``p_corrected`` (Holm's, over all rows of the frame), ``confirmed`` (below 0.05), and ``source``, the condition
        as a program writes it.
    against : {"gold", "end model"}
        What a label is wrong by.
    n_judged, n_searched, n_candidates : int
        Judged examples, without copies; those of the half that chose; words, values and ranges that were candidates.
    note : str
        Why there are none, and how many copies of a text were left out.
    candidates : tuple of CandidateSlice
    """

    frame: pd.DataFrame
    against: str
    n_judged: int
    n_searched: int
    n_candidates: int
    note: str = ""
    candidates: tuple[CandidateSlice, ...] = ()

    def __len__(self) -> int:
        return int(self.frame["confirmed"].sum())

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The names of the slices that the other half confirmed."""
        return tuple(self.frame.index[self.frame["confirmed"]])

    def slices(self) -> list[LabelingFunction[...]]:
        """Return the confirmed slices, for :func:`labelkit.apply_slices`."""
        wanted = set(self.confirmed)
        return [one.condition.slice(name=one.name) for one in self.candidates if one.name in wanted]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the counts, and ``slices``, the surest first."""
        return {
            "against": self.against,
            "judged": self.n_judged,
            "searched": self.n_searched,
            "candidates": self.n_candidates,
            "note": self.note or None,
            "slices": records(self.frame, index="slice"),
        }

    def _page(self) -> ResultPage:
        rows = [
            [
                str(name),
                count(row["rows"]),
                share_with_bounds(row["error"], row["error_low"], row["error_high"]),
                percent(row["rest_error"]),
                "< 0.001" if row["p_corrected"] < 0.001 else decimal(row["p_corrected"]),
                "confirmed" if row["confirmed"] else "",
            ]
            for name, row in zip(self.frame.index, self.frame.to_dict("records"), strict=True)
        ]
        what = "error" if self.against == "gold" else "disagreement"
        lead = (
            f"{plural(len(self), 'poor slice')} confirmed, by {self.against}: {plural(len(self.frame), 'slice')} of "
            f"{plural(self.n_candidates, 'candidate')} and their pairs chosen on {plural(self.n_searched, 'example')}, "
            f"tested on {count(self.n_judged - self.n_searched)} others"
        )
        table = ResultTable(rows, ["slice", "rows", what, "rest", "p corrected", ""], align="<>>>><")
        return ResultPage([lead], [table], [self.note] if self.note else [])


@checks_keywords_with(open_corpus)
def find_slices(
    corpus: Any,
    labels: Any,
    gold: Any = None,
    *,
    end_model_proba: Any = None,
    columns: Sequence[str] | None = None,
    text: str | None = "text",
    n: int = 10,
    min_rows: int = 20,
    max_values: int = 20,
    max_rows: int = 100_000,
    random_state: int = 0,
    **reading: Any,
) -> FoundSlices:
    """Find slices of a corpus in which labels are wrong, or an end model disagrees with them, more than elsewhere.

    Parameters
    ----------
    corpus : object
        As :func:`labelkit.open_corpus` takes it, with the examples of the labels.
    labels : ProbabilisticLabels, or probabilities of an end model of shape (n_examples, n_classes)
        What is judged. Of probabilities, the rows are those of the corpus.
    gold : array-like, Series or dict by id, optional
        Trusted labels: a label is wrong if gold says another one. Draw them at random.
    end_model_proba : array of shape (n_examples, n_classes), DataFrame by index or ProbabilisticLabels, optional
        In place of gold: a label is wrong if the end model says another one. Best of a model that did not learn from
        the examples that it is asked about.
    columns : list of str, optional
        Columns of which values and ranges are looked at; all that hold texts, numbers or truth values if not given,
        but the text and the ids. A column that holds the answer finds nothing else.
    text : str, optional
        The column of which words are looked at; None for none.
    n : int
        How many slices are chosen at most. The fewer, the more power has the test of each.
    min_rows : int
        Judged examples of a slice in each half.
    max_values : int
        Numbers with more values are cut at their tenths; of other columns, the most frequent values are looked at.
    max_rows : int
        Judged examples that are looked at; of more, a random part.
    random_state : int
        Of the halves, which do not depend on the order of the examples or of the classes.
    **reading
        Options of :func:`labelkit.open_corpus`.

    Returns
    -------
    FoundSlices

    Raises
    ------
    AnalysisError
        If neither gold nor probabilities are given, or both; if they are of other examples; if there is no such column.
    GoldError
        If gold does not fit the examples or the classes.

    Notes
    -----
    The best of many candidates look poor by chance. So half of the judged examples choose at most ``n`` of all words,
    values, ranges and pairs, and the other half, which had no part in the choice, tests these by Fisher's exact test,
    corrected by Holm's procedure. Where no slice is worse than its rest, any is confirmed in at most 5% of searches.
    Where copies of a text are right and wrong together, one of them counts, chosen at random (others are left out, and
    ``note`` says how many): copies in both halves would confirm themselves. Other rows are taken to be independent.

    Examples
    --------
    >>> import numpy as np, pandas as pd, labelkit as lk
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"text": ["hi"] * 2000, "country": rng.choice(["DE", "FR", "PL"], 2000)})
    >>> gold = rng.integers(0, 2, 2000)
    >>> poor = (frame["country"] == "PL") & (rng.random(2000) < 0.3)
    >>> found = lk.find_slices(frame, np.eye(2)[np.where(poor, 1 - gold, gold)], gold)
    >>> found.confirmed, found.frame["source"].iloc[0]
    (('country = PL',), "lk.lookup(['PL'], match='value', column='country')")
    """
    if (gold is None) == (end_model_proba is None):
        raise AnalysisError(
            "a label is wrong by gold, or by what an end model says: one of the two is needed",
            hint="find_slices(corpus, labels, gold), or end_model_proba=end_model.predict_proba(X)",
            code="LK329",
        )
    if min(n, min_rows, max_rows) < 1:
        raise AnalysisError(f"n={n}, min_rows={min_rows} and max_rows={max_rows} must be at least 1", hint="n=10")
    opened = open_corpus(corpus, **reading)
    examples = _examples_of(labels, opened)
    classes = NamedClasses.of(labels, examples)
    judged = _judged(classes, examples, gold, end_model_proba)
    rng = seed_stream("slice", random_state)
    by_id = np.argsort(examples.ids[judged.rows].astype(str), kind="stable")
    rows = np.sort(by_id[rng.permutation(len(by_id))[:max_rows]])
    wrong = ~judged.right[rows]
    against = "end model" if gold is None else "gold"
    if why := _why_not(wrong, min_rows):
        return _nothing(against, len(rows), why)
    wanted = _columns(opened, columns, text)
    table = examples_at(opened, examples, judged.rows[rows], [*wanted, *([] if text is None else [text])])
    order = _order_of_content(table, wrong)
    table, wrong = table.take(order), wrong[order]
    n_copies = 0
    if text is not None:
        kept = _without_copies(table.column(text).to_pylist(), wrong, rng)
        n_copies = len(table) - len(kept)
        table, wrong = table.take(kept), wrong[kept]
        if why := _why_not(wrong, min_rows, " without copies of texts"):
            return _nothing(against, len(table), why)
    candidates = [one for name in wanted for one in of_values(column_values(table, name), name, max_values)]
    half = rng.permutation(len(table)) < len(table) // 2
    if text is not None:
        texts = table.column(text).filter(pa.array(half)).to_pylist()
        candidates += of_words(texts, wrong[half], text, min_rows)
    inside = members(candidates, table)
    picked = chosen(candidates, inside[half], wrong[half], min_rows, n)
    frame = _tested(picked, members(picked, table.filter(pa.array(~half))), wrong[~half])
    notes = [] if picked else ["No slice has surely more errors than its rest in the half that was searched."]
    if n_copies:
        left_out = plural(n_copies, "copy", "copies")
        notes.append(f"Left out: {left_out} of a text, since copies are right and wrong together.")
    return FoundSlices(frame, against, len(table), int(half.sum()), len(candidates), " ".join(notes), tuple(picked))


def _why_not(wrong: NDArray[np.bool_], min_rows: int, which: str = "") -> str:
    """Say why a search is not worth it; empty if it is."""
    if len(wrong) < 4 * min_rows:
        return f"fewer than {count(4 * min_rows)}{which} are judged"
    return "" if wrong.any() else "no label is wrong"


def _nothing(against: str, n_judged: int, why: str) -> FoundSlices:
    frame = _tested([], np.zeros((0, 0), bool), np.zeros(0, bool))
    return FoundSlices(frame, against, n_judged, 0, 0, f"Not searched: {why}.")


def _without_copies(texts: list[str | None], wrong: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose a row of each text at random, if copies are right and wrong together; else, all rows.

    In both halves, such copies would confirm what they themselves chose. Case and white space do not count, and blank
    texts are no copies.
    """
    keys = [BY_CHARACTERS.units(text) or ("blank", row) for row, text in enumerate(texts)]
    number: dict[Any, int] = {}
    text_of = np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)
    n, n_wrong = np.bincount(text_of), np.bincount(text_of, weights=wrong)
    has_copies, share = n > 1, float(wrong.mean())
    differing = float((2 * n_wrong * (n - n_wrong))[has_copies] @ (1 / (n[has_copies] - 1)))
    if differing >= (1 - ALIKE) * 2 * share * (1 - share) * n[has_copies].sum():
        return np.arange(len(texts))
    order = rng.permutation(len(texts))
    return np.sort(order[np.unique(text_of[order], return_index=True)[1]])


def _examples_of(labels: Any, corpus: Corpus) -> ExampleNames:
    if isinstance(labels, ProbabilisticLabels):
        return labels.examples
    from labelkit.curation.sampling.population import Population  # noqa: PLC0415 - labels name their examples

    return Population.of(corpus, None, None).examples


def _judged(classes: NamedClasses, examples: ExampleNames, gold: Any, proba: Any) -> JudgedLabels:
    if gold is not None:
        return JudgedLabels.of(classes, examples, gold)
    end_model = NamedClasses.of(proba, examples, "end_model_proba")
    with gold_was_judged():  # an end model is no gold
        return JudgedLabels.of(
            classes, examples, named_classes(end_model.numbered_as(classes, "end_model_proba"), classes.names)
        )


def _columns(corpus: Corpus, columns: Sequence[str] | None, text: str | None) -> list[str]:
    """Choose the columns of which values are looked at."""
    given = [name for name in corpus.column_names if _has_values(corpus.column_type(name))]
    wanted = [name for name in given if name != corpus.id] if columns is None else list(columns)
    missing = [name for name in (*wanted, *([] if text is None else [text])) if not corpus.has_column(name)]
    if missing:
        raise AnalysisError(
            f"{corpus.name} has no column {missing[0]!r}",
            hint=f"columns: {', '.join(corpus.column_names[:12])}; text=None looks at no words",
            code="LK202",
        )
    return [name for name in wanted if name != text]


def _has_values(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
    )
    return any(test(kind) for test in tests)


def _order_of_content(table: pa.Table, wrong: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Order rows by what they hold, so that their halves do not depend on the order in which they are given."""
    plain = [without_dictionary(table.column(name)) for name in sorted(table.column_names)]
    keys = pa.table([*plain, pa.array(wrong)], names=[str(number) for number in range(len(plain) + 1)])
    sort_keys = [(name, "ascending") for name in keys.column_names]
    return np.asarray(pc.sort_indices(keys, sort_keys=sort_keys), dtype=np.int64)


def _tested(picked: list[CandidateSlice], inside: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> pd.DataFrame:
    """Test the slices on examples that did not choose them."""
    ones = np.ones(len(wrong))
    of_slice = [moments_of(ones[mask], wrong[mask]) for mask in inside.T]
    of_rest = [moments_of(ones[~mask], wrong[~mask]) for mask in inside.T]
    slices, rest = (GroupShares.of_moments(np.array(side).reshape(-1, 4).T) for side in (of_slice, of_rest))
    p = p_values(_complement(slices), _complement(rest), side="below") if picked else np.zeros(0)
    low, high = slices.bounds
    corrected = holm(p)
    n = inside.sum(axis=0).astype(np.int64) if picked else np.zeros(0, np.int64)
    frame = pd.DataFrame(
        {
            "rows": n,
            "wrong": np.rint(np.nan_to_num(slices.share) * n).astype(np.int64),
            "error": slices.share,
            "error_low": low,
            "error_high": high,
            "rest_error": rest.share,
            "share": n / max(len(wrong), 1),
            "p": p,
            "p_corrected": corrected,
            "confirmed": corrected < FALSE_ALARMS,
            "source": pd.Series([one.source for one in picked], dtype=object),
        },
    ).set_axis(pd.Index([one.name for one in picked], name="slice", dtype=object))
    return frame.sort_values(["p_corrected", "error"], ascending=[True, False], kind="stable")


def _complement(shares: GroupShares) -> GroupShares:
    return GroupShares(1 - shares.share, shares.size)
