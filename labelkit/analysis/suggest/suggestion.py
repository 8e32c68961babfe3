"""A suggested rule, with its numbers and its source text; and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, overload

import pandas as pd

from labelkit._shared.markup import Code
from labelkit._shared.numbers import count, plural, share_with_bounds
from labelkit._shared.plain_values import records
from labelkit._shared.tables import Cell, HasFrame, ResultPage, ResultTable
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.written_lists import names_and_more
from labelkit.rules.keyword_source import in_docstring, keywords_source
from labelkit.rules.keywords import keywords
from labelkit.rules.labeling_function import LabelingFunction, Origin

NAMED: Final = 5
"""Phrases that were left out and are named."""

_COLUMNS: Final = (
    "words", "label", "rows", "share", "share_low", "share_high", "new", "gain",
    "agreement", "agreement_low", "agreement_high", "support",
    "precision", "precision_low", "precision_high", "gold", "ids",
)  # fmt: skip


@checks_keywords
@dataclass(frozen=True)
class Suggestion:
    """A word or phrase that would make a rule.

    Attributes
    ----------
    words : str
        The word or phrase.
    label, number : str, int
        The class that it speaks for, by name and by number.
    rows, share : int, float
        About how many examples of the corpus have it, and their share, with the 95% interval ``share_low`` and
        ``share_high``.
    new : int
        About how many of them have no vote now.
    gain : int
        About how many of these no suggestion above it reaches; suggestions are sorted by it, but for those that tell
        two classes apart.
    agreement : float
        The mean probability of the class among the covered examples that have it, by the labels of the present rules,
        with Wilson's 95% interval ``agreement_low`` and ``agreement_high``. It is no precision: the labels err, the
        more often on such examples the more their rules read the same words; and the phrases that agree best by chance
        are the ones that are proposed.
    support : int
        How many examples that is the mean of.
    precision : float
        The share of the examples with it that are of the class, by gold that did not choose it, with Wilson's 95%
        interval ``precision_low`` and ``precision_high``; NaN without gold.
    gold : int
        How many examples that is the share of.
    ids : tuple
        Some examples that have it, those without a vote first.
    name : str
        A name for the rule.
    column : str
        The column that it reads.
    whole_word : bool
        False for pieces of scripts without spaces.
    source_label, source_call : str
        How the class and ``keywords`` are written in the module of the rules, such as ``Label.SPAM``.
    origin : Origin, optional
        The module of the rules, where it derives the column.
    """

    words: str
    label: str
    number: int
    rows: int
    share: float
    share_low: float
    share_high: float
    new: int
    gain: int
    agreement: float
    agreement_low: float
    agreement_high: float
    support: int
    precision: float
    precision_low: float
    precision_high: float
    gold: int
    ids: tuple[Any, ...]
    name: str
    column: str
    whole_word: bool
    source_label: str
    source_call: str = "lk.keywords"
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        """The rule, ready to paste."""
        return keywords_source(
            [self.words],
            label=self.source_label,
            label_name=self.label,
            name=self.name,
            column=self.column,
            doc=self.why(),
            whole_word=self.whole_word,
            call=self.source_call,
        )

    def why(self) -> str:
        """The numbers in a sentence."""
        label, new = in_docstring(self.label), f"{self.new:,} {'has' if self.new == 1 else 'have'} no vote"
        if self.gold:
            share = share_with_bounds(self.precision, self.precision_low, self.precision_high, decimals=0)
            return f"Of {plural(self.gold, 'gold example')} with it {share} are {label}; {new}."
        share = share_with_bounds(self.agreement, self.agreement_low, self.agreement_high, decimals=0)
        labeled = plural(self.support, "labeled example")
        return f"Of {labeled} with it {share} are labeled {label} (not checked by gold); {new}."

    def rule(self) -> LabelingFunction[...]:
        """The rule itself, to apply beside the others."""
        condition = keywords(self.words, label=self.number, whole_word=self.whole_word)
        rule = condition.rule(name=self.name, column=self.column, doc=self.why())
        return rule if self.origin is None else replace(rule, origin=self.origin)


@checks_keywords
@dataclass(frozen=True, repr=False)
class Suggestions(HasFrame, Sequence[Suggestion]):
    """Suggested rules, the best first.

    Attributes
    ----------
    items : tuple of Suggestion
    n_looked_at, n_examples : int
        How many examples were looked at, and how many there are.
    note : str
        Why there are none, or few.
    order : str
        In which order they are.
    left_out : tuple of Suggestion
        Phrases that agree with the labels of the present rules, and that gold speaks against: the exact interval of
        their precision is below 50%, or below the share of their class in the gold.
    """

    items: tuple[Suggestion, ...]
    n_looked_at: int
    n_examples: int
    note: str = ""
    order: str = ""
    left_out: tuple[Suggestion, ...] = ()

    @overload
    def __getitem__(self, key: int) -> Suggestion: ...
    @overload
    def __getitem__(self, key: slice) -> Suggestions: ...
    def __getitem__(self, key: int | slice) -> Suggestion | Suggestions:
        """One suggestion by position, or several by slice."""
        if isinstance(key, slice):
            return replace(self, items=self.items[key])
        return self.items[key]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each suggestion, with the numbers of :class:`Suggestion`."""
        rows = [[getattr(item, name) for name in _COLUMNS] for item in self.items]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values.

        ``examples``, ``looked_at``, ``note``, ``order``, ``suggestions``, each with its ``source``, and ``left_out``.
        """
        suggestions = [
            {**row, "name": item.name, "column": item.column, "source": str(item)}
            for row, item in zip(records(self.frame), self.items, strict=True)
        ]
        values = {
            "examples": self.n_examples,
            "looked_at": self.n_looked_at,
            "note": self.note or None,
            "order": self.order or None,
        }
        left_out = records(replace(self, items=self.left_out, left_out=()).frame)
        return {**values, "suggestions": suggestions, "left_out": left_out}

    def as_rule(self, i: int) -> str:
        """The source text of a suggested rule, ready to paste."""
        return str(self.items[i])

    def rules(self) -> list[LabelingFunction[...]]:
        """The suggested rules themselves, to apply beside the others."""
        return [item.rule() for item in self.items]

    def __str__(self) -> str:
        return self._page().to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._page(with_source=True).to_html()

    def _page(self, *, with_source: bool = False) -> ResultPage:
        rows: list[list[Cell]] = [
            [str(i), item.words, item.label, count(item.rows), count(item.new), count(item.gain), _agreement(item)]
            for i, item in enumerate(self.items)
        ]
        heads = ["", "words", "label", "rows", "new", "gain", "agreement"]
        if self._has_gold():
            rows = [[*row, _precision(item)] for row, item in zip(rows, self.items, strict=True)]
            heads.append("precision")
        if with_source:
            rows = [[*row, Code(item)] for row, item in zip(rows, self.items, strict=True)]
            heads.append("rule")
        return ResultPage(
            self._head(),
            [ResultTable(rows, heads=heads, align="><<>>>>><" if self._has_gold() else "><<>>>><", head_column=1)],
        )

    def _head(self) -> list[str]:
        looked = f"{self.n_looked_at:,} of {plural(self.n_examples, 'example')} were looked at"
        notes = [self.note] if self.note else []
        if self.items and self.order:
            notes.append(self.order)
        if self.left_out:
            notes.append(self._said_of_left_out())
        if nothing_new := sum(not item.new for item in self.items):
            one = nothing_new == 1
            notes.append(
                f"{nothing_new} of these {'reaches' if one else 'reach'} no example without a vote (new is 0): "
                f"{'it adds' if one else 'they add'} votes to examples that have one."
            )
        if mostly_wrong := [item for item in self.items if item.gold and item.precision < 0.5]:
            notes.append(_said_of_mostly_wrong(mostly_wrong))
        if self.items and not self._has_gold():
            notes.append("Agreement is with the labels of the rules; gold= tells the precision.")
        return [f"{plural(len(self), 'suggestion')}; {looked}", *notes]

    def _said_of_left_out(self) -> str:
        named = names_and_more((item.words for item in self.left_out), NAMED)
        return (
            f"Left out: {plural(len(self.left_out), 'phrase')} that {'agrees' if len(self.left_out) == 1 else 'agree'} "
            "with the labels and that gold speaks against, with a precision surely below 50% or the share of the class "
            f"({named})."
        )

    def _has_gold(self) -> bool:
        return any(item.gold for item in self.items)


def _said_of_mostly_wrong(items: list[Suggestion]) -> str:
    """Warn of what gold speaks against, though not surely; leaving it out would flatter the precision of the others."""
    named = (f"{item.words} ({item.precision * item.gold:.0f} of {item.gold:,})" for item in items)
    listed = names_and_more(named, NAMED)
    return f"Not worth a rule as they stand, since most of their gold is of other classes: {listed}."


def _agreement(item: Suggestion) -> str:
    return share_with_bounds(item.agreement, item.agreement_low, item.agreement_high)


def _precision(item: Suggestion) -> str:
    return share_with_bounds(item.precision, item.precision_low, item.precision_high)
