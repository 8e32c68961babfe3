"""The result of a comparison of two runs: data frames for programs, and a page for a terminal or a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import Chip
from labelkit._shared.numbers import DASH, p_value, percent, plural, share_with_bounds
from labelkit._shared.plain_values import records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import WIDTH, Cell, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords

if TYPE_CHECKING:
    import pandas as pd

MOST: Final = 40
"""Rows of a table that are shown; the frames hold all."""

ARROW: Final = "->"


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Difference(ShownResult):
    """Changes from one label matrix or run to another, on the examples that both have.

    Attributes
    ----------
    lfs : pandas.DataFrame
        A row for each labeling function of either side: ``status`` (``same``, ``changed``, ``renamed``, ``added``,
        ``removed``, or ``without a version`` where there is no fingerprint to tell by), ``votes_before``,
        ``votes_after``, ``flips``, ``label_flips`` (its flips on examples whose label flipped, too; of runs); with
        gold, for before and after: ``gold`` (votes on examples with gold), ``precision`` with Wilson's 95% interval;
        and on the same examples ``right_gained`` (right votes that were wrong, or not there), ``right_lost``,
        ``wrong_gained`` and ``wrong_lost``, and what they are made of: ``newly_right`` and ``newly_wrong`` (there was
        no vote), ``wrong_to_right``, ``right_to_wrong``, ``lost_right`` and ``lost_wrong`` (there is none any more).
    votes : pandas.DataFrame
        A row for each labeling function and kind of flip: ``lf``, ``before``, ``after`` (a class's name, ``None`` for
        an abstain), ``n``, and the ``ids`` of a few examples.
    labels : pandas.DataFrame or None
        The same for labels, where both sides have them: ``before``, ``after``, ``n``, how many of them flipped
        ``without_a_vote`` that flipped, the labeling functions they flipped ``by`` with counts, ``ids``.
    gold : pandas.DataFrame or None
        How right the labels are, before and after: of ``gold`` examples, ``labeled`` and ``right``; ``accuracy`` of the
        labeled with Wilson's 95% interval; and on the same examples the counts that ``lfs`` has, of labels, and the
        ``p_value`` of McNemar's exact test of ``wrong_to_right`` and ``right_to_wrong``.
    n_examples, only_before, only_after : int
        How many examples both have, and only one has.
    covered : tuple of two int
        How many of the common examples have a vote, before and after.
    class_names : tuple of str
    notes : tuple of str
        Remarks on how the two sides were compared.
    """

    lfs: pd.DataFrame
    votes: pd.DataFrame
    labels: pd.DataFrame | None
    gold: pd.DataFrame | None
    n_examples: int
    only_before: int
    only_after: int
    covered: tuple[int, int]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True if both sides have the same examples, rules, votes and labels."""
        changed = bool((~self.lfs["status"].isin(["same", "without a version"])).any())
        flipped = len(self.votes) or (self.labels is not None and len(self.labels))
        return not (changed or flipped or self.only_before or self.only_after)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the counts, and the rows of each frame; of gold, ``before`` and ``after``."""
        gold = None if self.gold is None else records(self.gold, index="side")
        return {
            "differs": not self.empty,
            "examples": self.n_examples,
            "only_before": self.only_before,
            "only_after": self.only_after,
            "covered": dict(zip(("before", "after"), self.covered, strict=True)),
            "classes": list(self.class_names),
            "rules": records(self.lfs, index="rule"),
            "votes": records(self.votes.rename(columns={"lf": "rule"})),
            "labels": None if self.labels is None else records(self.labels),
            "gold": gold,
            "notes": list(self.notes),
        }

    # In words ---------------------------------------------------------------------------------------------------------

    def to_string(self, width: int = WIDTH) -> str:
        """Format the difference for a terminal."""
        return self._page(width).to_text()

    def _page(self, width: int = WIDTH) -> ResultPage:
        return ResultPage([*self._sentences()], [*self._tables(width // 2)])

    def _sentences(self) -> Iterator[str]:
        sides = [(self.only_before, "only before"), (self.only_after, "only after")]
        one_sided = "".join(f", {n:,} {where}" for n, where in sides if n)
        shares = f" {ARROW} ".join(percent(n / self.n_examples if self.n_examples else math.nan) for n in self.covered)
        yield f"{plural(self.n_examples, 'example')} in both{one_sided}; covered: {shares}"
        counts = self.lfs["status"].value_counts()
        order = ("added", "removed", "renamed", "changed", "without a version", "same")
        yield f"rules: {', '.join(f'{counts[s]:,} {s}' for s in order if s in counts) or 'none'}"
        if self.empty:
            yield "nothing differs"
        if self.labels is not None and len(self.labels):
            n, alone = int(self.labels["n"].sum()), int(self.labels["without_a_vote"].sum())
            model = f", {alone:,} of them where no vote did" if alone else ""
            yield f"labels: {n:,} flipped ({percent(n / self.n_examples)}){model}"
        if self.gold is not None:
            yield from self._judged(self.gold)
        yield from self.notes

    def _judged(self, gold: pd.DataFrame) -> Iterator[str]:
        """Compare the labels of both sides with gold."""
        if not gold["gold"].iloc[0]:
            yield "gold: of none of these examples"
            return
        shares = (
            f"{share_with_bounds(row.accuracy, row.accuracy_low, row.accuracy_high)} right of {row.labeled:,} labeled"
            for row in _rows(gold)
        )
        yield f"gold of {gold['gold'].iloc[0]:,} examples: {f' {ARROW} '.join(shares)}"
        first = next(_rows(gold))
        test = "" if math.isnan(first.p_value) else f" ({p_value(first.p_value)} by McNemar's exact test)"
        switched = f"{first.wrong_to_right:,} from wrong to right, {first.right_to_wrong:,} from right to wrong"
        yield f"labeled before and after: {switched}{test}"
        if first.newly_right or first.newly_wrong:
            yield f"newly labeled: {first.newly_right:,} right, {first.newly_wrong:,} wrong"
        if first.lost_right or first.lost_wrong:
            yield f"no longer labeled: {first.lost_right:,} that were right, {first.lost_wrong:,} that were wrong"

    # As tables --------------------------------------------------------------------------------------------------------

    def _tables(self, cell_width: int) -> Iterator[ResultTable]:
        if not self.empty:
            yield _table("", self._rules(), cell_width)
        if len(self.votes):
            yield _table("votes that flipped", self._flips(self.votes, ["rule"]), cell_width)
        if self.labels is not None and len(self.labels):
            yield _table("labels that flipped", self._flips(self.labels, []), cell_width)

    def _rules(self) -> Iterator[list[Cell]]:
        judged, labeled = "right_gained" in self.lfs, "label_flips" in self.lfs
        heads = ["rule", "status", "votes", "flips", *(["label flips"] if labeled else [])]
        yield [*heads, *(["precision", "precision after", "right", "wrong"] if judged else [])]
        differing = self.lfs[(self.lfs["flips"] > 0) | ~self.lfs["status"].isin(["same", "without a version"])]
        for row in _rows(differing.sort_values("flips", ascending=False, kind="stable").reset_index()):
            cells = [row.lf, row.status, f"{row.votes_before:,} {ARROW} {row.votes_after:,}", f"{row.flips:,}"]
            cells += [f"{row.label_flips:,}"] if labeled else []
            if judged:
                cells += [
                    share_with_bounds(row.precision_before, row.precision_low_before, row.precision_high_before),
                    share_with_bounds(row.precision_after, row.precision_low_after, row.precision_high_after),
                    f"+{row.right_gained:,} -{row.right_lost:,}",
                    f"+{row.wrong_gained:,} -{row.wrong_lost:,}",
                ]
            yield cells

    def _flips(self, table: pd.DataFrame, first: list[str]) -> Iterator[list[Cell]]:
        labels = "by" in table
        yield [*first, "before", "after", "n", *(["by"] if labels else []), "such as"]
        for row in _rows(table.sort_values("n", ascending=False, kind="stable")):
            flip = [self._class(row.before), self._class(row.after), f"{row.n:,}"]
            by = [_by(row.by)] if labels else []
            yield [*([row.lf] if first else []), *flip, *by, ", ".join(map(str, row.ids))]

    def _class(self, name: str | None) -> Cell:
        return Chip(name, self.class_names.index(name)) if name in self.class_names else name or DASH


def _table(title: str, rows: Iterator[list[Cell]], cell_width: int) -> ResultTable:
    """Make a table of the first rows; the first one holds the heads."""
    heads, *body = rows
    more = f"... and {len(body) - MOST:,} more" if len(body) > MOST else ""
    names = [str(head) for head in heads]
    return ResultTable(body[:MOST], names, title=title, more=more, head_column=None, cell_width=cell_width)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples()


def _by(counts: Mapping[str, int]) -> str:
    shown = [f"{name} ({n:,})" for name, n in list(counts.items())[:4]]
    return ", ".join([*shown, *(["..."] if len(counts) > 4 else [])]) or DASH
