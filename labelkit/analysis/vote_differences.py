"""Compare the votes of two rules on a corpus: an old one, and the one that is to take its place.

>>> from labelkit.rules.keywords import keywords
>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def free(text):
...     return 1 if "free" in text.lower() else -1
>>> differences = compare_votes(free, keywords("free", label=1).rule(name="new"), ["so free", "freedom", "no"])
>>> differences.equal, differences.n_differing
(False, 1)
>>> differences.differing[["id", "old", "new"]].values.tolist()
[[1, '1', 'abstain']]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from labelkit._shared.numbers import plural
from labelkit._shared.plain_values import records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.apply.applier import Applier, Delivered
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import AnalysisError, LabelSpaceError
from labelkit.rules.condition import Condition
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.row_rules import adopted
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.apply.plan import BatchVotes
    from labelkit.corpus import Batch

SHOWN: Final = 10
"""Examples that are shown in a terminal and in a notebook."""

FAULTY: Final = "fault"

_FAULT: Final = -2


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class VoteDifferences(ShownResult):
    """The examples on which two rules vote differently.

    A rule that fails on an example does not abstain there: a fault equals a fault alone.

    Attributes
    ----------
    old, new : str
        The names of the rules.
    n_examples, n_differing : int
    differing : pandas.DataFrame
        A row for each of the first examples on which they differ: its ``id``, the votes ``old`` and ``new`` by the
        names of the classes, ``"abstain"`` or ``"fault"``, and the columns that the rules read.
    changes : pandas.DataFrame
        How many examples changed from which vote to which: ``old``, ``new``, ``n``.
    errors : tuple of str
        The first fault of each rule, with its example.
    """

    old: str
    new: str
    n_examples: int
    n_differing: int
    differing: pd.DataFrame
    changes: pd.DataFrame
    errors: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """True if the votes are equal on all examples."""
        return self.n_differing == 0

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain ones, for programs."""
        return {
            "old": self.old,
            "new": self.new,
            "equal": self.equal,
            "n_examples": self.n_examples,
            "n_differing": self.n_differing,
            "differing": records(self.differing),
            "changes": records(self.changes),
            "errors": list(self.errors),
        }

    def _page(self) -> ResultPage:
        examples = plural(self.n_examples, "example")
        if self.equal:
            return ResultPage([f"{self.old} and {self.new} vote alike on {examples}"], notes=self.errors)
        lead = f"{self.old} and {self.new} differ on {self.n_differing:,} of {examples}"
        shown = self.differing.head(SHOWN)
        more = f"... and {self.n_differing - len(shown):,} more" if self.n_differing > len(shown) else ""
        listed = ResultTable(_cells(shown), list(shown.columns), title="examples", more=more)
        return ResultPage([lead], [ResultTable(_cells(self.changes), ["old", "new", "n"]), listed], self.errors)


@takes_reading
def compare_votes(
    old_rule: Any,
    new_rule: Any,
    corpus: Any,
    *,
    id: str | None = None,  # noqa: A002 - the word that users write
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    rows: int = 1_000,
    progress: bool | None = None,
    **reading: Unpack[ReadOptions],
) -> VoteDifferences:
    """Apply two rules to a corpus, and find the examples on which their votes differ.

    The corpus is read once, batch by batch; every example is compared.

    Parameters
    ----------
    old_rule, new_rule : LabelingFunction, Condition or labeling function of Snorkel
        A rule of any kind; also one of Snorkel itself, or of ``labelkit.interop.snorkel``.
    corpus : object
        As :meth:`labelkit.Applier.apply` takes it.
    id : str, optional
        The column that names the examples.
    labels : IntEnum, list of class names or int, optional
        The classes; if not given, those of the rules, or else their numbers.
    rows : int
        Of so many differing examples, the first, the columns are kept; all are counted.
    progress : bool, optional
        As in :meth:`labelkit.Applier.apply`.
    format, delimiter, encoding, sheet : optional
        How the files of the corpus are read; see :func:`labelkit.open_corpus`.

    Returns
    -------
    VoteDifferences

    Raises
    ------
    AnalysisError
        If one of them is no rule.
    CorpusError
        If the corpus cannot be read, or lacks a column that a rule reads.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise AnalysisError(f"rows={rows!r} is not a number of examples", hint="give 0 or more")
    old, new = _as_rule(old_rule, "old"), _as_rule(new_rule, "new")
    apart = new if new.name != old.name else replace(new, name=f"{new.name} (new)")
    applier = Applier(_together(old, apart, labels))
    opened = applier.open(corpus, id=id, **reading)
    tally = _Tally(applier, rows)
    # A rule of Snorkel that reads all columns does so now by their names.
    columns = tuple(dict.fromkeys(name for lf in applier.lfs for name in lf.corpus_columns))
    deliver = _Differing(columns, rows)
    for part in applier.stream(opened, deliver, also=columns, on_fault="record", progress=progress, cache=False):
        tally.add(part)
    return tally.differences(old.name, apart.name)


def _as_rule(given: Any, which: str) -> LabelingFunction[...]:
    is_condition = isinstance(given, Condition)
    rule = given.rule(name=given.options.values.get("name") or which) if is_condition else adopted(given)
    if not isinstance(rule, LabelingFunction):
        raise AnalysisError(
            f"the {which} rule, {given!r:.80}, is not a rule",
            hint="decorate it with @labeling_function, or give a rule of lk.collect('rules.py') by its name",
        )
    return rule


def _together(old: LabelingFunction[...], new: LabelingFunction[...], labels: Any) -> LabelingFunctions:
    """Return both rules, over the numbers of classes where their names are not known."""
    try:
        return LabelingFunctions([old, new], labels=labels)
    except LabelSpaceError:
        if labels is not None:
            raise
        return LabelingFunctions([old, new], labels=MAX_CLASSES)


@dataclass(frozen=True)
class _Differing:
    """Find the rows of a batch that differ; called where the votes are made.

    Parameters
    ----------
    columns : tuple of str
        Kept of the first ``rows`` of them.
    """

    columns: tuple[str, ...]
    rows: int

    def __call__(self, batch: Batch, voted: BatchVotes) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Any]]:
        votes = voted.votes.astype(np.int64)
        for row, rule, _, _ in voted.faults:
            votes[row, rule] = _FAULT
        rows = np.flatnonzero(votes[:, 0] != votes[:, 1])
        kept = batch.table.select(list(self.columns)).take(rows[: self.rows]).to_pylist() if self.columns else []
        return rows, votes[rows], kept


class _Tally:
    """Counts of all differing examples, and the first of them."""

    def __init__(self, applier: Applier, rows: int) -> None:
        self._applier = applier
        self._space = applier.lfs.space
        self._rows = rows
        self._n_examples = 0
        self._counts: Counter[tuple[int, int]] = Counter()
        self._differing: list[dict[str, Any]] = []
        self._errors: dict[str, str] = {}

    def add(self, part: Delivered[Any]) -> None:
        rows, votes, kept = part.result
        self._n_examples += part.n_rows
        self._counts.update(map(tuple, votes.tolist()))
        for fault in self._applier.faults_of(part):
            self._errors.setdefault(fault.lf, fault.describe())
        for place in range(min(len(rows), self._rows - len(self._differing))):
            old, new = (self._name(vote) for vote in votes[place].tolist())
            votes_of = {"id": part.id_of(int(rows[place])), "old": old, "new": new}
            fields = kept[place] if kept else {}
            self._differing.append(votes_of | {name: value for name, value in fields.items() if name not in votes_of})

    def differences(self, old: str, new: str) -> VoteDifferences:
        named = [(self._name(a), self._name(b), n) for (a, b), n in self._counts.most_common()]
        differing = pd.DataFrame(self._differing, columns=None if self._differing else ["id", "old", "new"])
        return VoteDifferences(
            old,
            new,
            self._n_examples,
            self._counts.total(),
            differing,
            pd.DataFrame(named, columns=["old", "new", "n"]),
            tuple(self._errors.values()),
        )

    def _name(self, vote: int) -> str:
        return FAULTY if vote == _FAULT else "abstain" if vote == ABSTAIN else self._space.name(vote)


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [list(map(_text, row)) for row in frame.itertuples(index=False)]


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
