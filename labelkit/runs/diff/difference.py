"""What a difference is, and what it looks like: tables for programs, lines for a terminal, chips for a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import DASH, STYLE, cells_of, chip, escape, plain

if TYPE_CHECKING:
    import pandas as pd

WIDTH: Final = 110
"""Cells of a line in a terminal."""

MOST: Final = 40
"""Rows of a table that are shown; the frames hold all."""

ARROW: Final = "->"


@dataclass(frozen=True, eq=False, repr=False)
class Difference:
    """What changed from one label matrix or run to another, on the examples that both have.

    Attributes
    ----------
    lfs : pandas.DataFrame
        A row for each labeling function of either side: ``status`` (``same``, ``changed``, ``renamed``, ``added``,
        ``removed``, or ``without a version`` where there is no fingerprint to tell by), ``votes_before``,
        ``votes_after``, ``flips``, ``label_flips`` (its flips on examples whose label flipped, too; of runs); with
        gold, for before and after: ``gold`` (votes on examples with gold), ``precision`` with Wilson's 95% interval;
        and on the same examples ``right_gained`` (votes that became right), ``right_lost``, ``wrong_gained`` and
        ``wrong_lost``.
    votes : pandas.DataFrame
        A row for each labeling function and kind of flip: ``lf``, ``before``, ``after`` (a class's name, ``None`` for
        an abstain), ``n``, and the ``ids`` of a few examples.
    labels : pandas.DataFrame or None
        The same for labels, where both sides have them: ``before``, ``after``, ``n``, how many of them flipped
        ``without_a_vote`` that flipped, the labeling functions they flipped ``by`` with counts, ``ids``.
    gold : pandas.DataFrame or None
        How right the labels are, before and after: of ``gold`` examples, ``labeled`` and ``right``; ``accuracy`` of the
        labeled with Wilson's 95% interval; and on the same examples ``right_gained``, ``right_lost``,
        ``wrong_gained``, ``wrong_lost``, and the ``p_value`` of McNemar's exact test.
    n_examples, only_before, only_after : int
        How many examples both have, and only one has.
    covered : tuple of two int
        How many of the common examples have a vote, before and after.
    class_names : tuple of str
    notes : tuple of str
        What else the reader should know.
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
        """Whether nothing differs: the same examples and rules, the same votes and labels."""
        changed = bool((~self.lfs["status"].isin(["same", "without a version"])).any())
        flipped = len(self.votes) or (self.labels is not None and len(self.labels))
        return not (changed or flipped or self.only_before or self.only_after)

    # In words ---------------------------------------------------------------------------------------------------------

    def to_string(self, width: int = WIDTH) -> str:
        """Lines for a terminal."""
        lines = [*self._heads()]
        for title, table in self._tables():
            lines += ["", title] if title else []
            lines += _laid_out(table, width)
        return "\n".join(line.rstrip() for line in lines)

    __str__ = to_string
    __repr__ = to_string

    def _heads(self) -> Iterator[str]:
        """What can be said in a sentence."""
        sides = [(self.only_before, "only before"), (self.only_after, "only after")]
        one_sided = "".join(f", {n:,} {where}" for n, where in sides if n)
        shares = f" {ARROW} ".join(_percent(n / self.n_examples if self.n_examples else math.nan) for n in self.covered)
        yield f"{self.n_examples:,} examples in both{one_sided}; covered: {shares}"
        counts = self.lfs["status"].value_counts()
        order = ("added", "removed", "renamed", "changed", "without a version", "same")
        yield f"rules: {', '.join(f'{counts[s]:,} {s}' for s in order if s in counts) or 'none'}"
        if self.empty:
            yield "nothing differs"
        if self.labels is not None and len(self.labels):
            n, alone = int(self.labels["n"].sum()), int(self.labels["without_a_vote"].sum())
            model = f", {alone:,} of them where no vote did" if alone else ""
            yield f"labels: {n:,} flipped ({_percent(n / self.n_examples)}){model}"
        if self.gold is not None:
            yield from self._judged(self.gold)
        yield from self.notes

    def _judged(self, gold: pd.DataFrame) -> Iterator[str]:
        """What gold says of the labels."""
        if not gold["gold"].iloc[0]:
            yield "gold: of none of these examples"
            return
        shares = (
            f"{_estimate(row.accuracy, row.accuracy_low, row.accuracy_high)} right of {row.labeled:,} labeled"
            for row in _rows(gold)
        )
        yield f"gold of {gold['gold'].iloc[0]:,} examples: {f' {ARROW} '.join(shares)}"
        first = gold.iloc[0]
        gained, lost = int(first["right_gained"]), int(first["right_lost"])
        test = "" if math.isnan(first["p_value"]) else f" ({_p(first['p_value'])} by McNemar's exact test)"
        yield f"on the same examples: {gained:,} labels became right, {lost:,} no longer are{test}"

    # As tables --------------------------------------------------------------------------------------------------------

    def _tables(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Tables for people, the first row the heads."""
        if not self.empty:
            yield "", [*self._rules()]
        if len(self.votes):
            yield "votes that flipped", [*self._flips(self.votes, ["rule"])]
        if self.labels is not None and len(self.labels):
            yield "labels that flipped", [*self._flips(self.labels, [])]

    def _rules(self) -> Iterator[list[str]]:
        judged, labeled = "right_gained" in self.lfs, "label_flips" in self.lfs
        heads = ["rule", "status", "votes", "flips", *(["label flips"] if labeled else [])]
        yield [*heads, *(["precision", "precision after", "right", "wrong"] if judged else [])]
        differing = self.lfs[(self.lfs["flips"] > 0) | ~self.lfs["status"].isin(["same", "without a version"])]
        for row in _rows(differing.sort_values("flips", ascending=False, kind="stable").reset_index()):
            cells = [row.lf, row.status, f"{row.votes_before:,} {ARROW} {row.votes_after:,}", f"{row.flips:,}"]
            cells += [f"{row.label_flips:,}"] if labeled else []
            if judged:
                cells += [
                    _estimate(row.precision_before, row.precision_low_before, row.precision_high_before),
                    _estimate(row.precision_after, row.precision_low_after, row.precision_high_after),
                    f"+{row.right_gained:,} -{row.right_lost:,}",
                    f"+{row.wrong_gained:,} -{row.wrong_lost:,}",
                ]
            yield cells

    def _flips(self, table: pd.DataFrame, first: list[str]) -> Iterator[list[str]]:
        labels = "by" in table
        yield [*first, "before", "after", "n", *(["by"] if labels else []), "such as"]
        for row in _rows(table.sort_values("n", ascending=False, kind="stable")):
            said = [row.before or DASH, row.after or DASH, f"{row.n:,}"]
            by = [_by(row.by)] if labels else []
            yield [*([row.lf] if first else []), *said, *by, ", ".join(map(str, row.ids))]

    # In a notebook ----------------------------------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        parts = [f"<p>{'<br>'.join(map(escape, self._heads()))}</p>"]
        for title, table in self._tables():
            heads = "".join(f"<th>{escape(head)}</th>" for head in table[0])
            rows = "".join(f"<tr>{self._cells(table[0], row)}</tr>" for row in table[1 : MOST + 1])
            parts.append(f"<p>{escape(title)}</p>" if title else "")
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{_more(table)}")
        return f'<div class="lk lk-diff"><style>{STYLE}{_STYLE}</style>{"".join(parts)}</div>'

    def _cells(self, heads: Sequence[str], row: Sequence[str]) -> str:
        shown = []
        for head, cell in zip(heads, row, strict=True):
            known = head in {"before", "after"} and cell in self.class_names
            inner = chip(cell, self.class_names.index(cell)) if known else f"<bdi>{escape(plain(cell, 200))}</bdi>"
            shown.append(f"<td>{inner}</td>")
        return "".join(shown)


_STYLE: Final = """
.lk-diff td,.lk-diff th{text-align:left!important;vertical-align:top;padding:.2em 1em .2em 0}
"""


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples()


def _laid_out(table: list[list[str]], width: int) -> list[str]:
    """A table as lines, the columns under one another."""
    cells = [[plain(cell, width // 2) for cell in row] for row in table[: MOST + 1]]
    widths = [max(map(cells_of, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell + " " * (room - cells_of(cell)) for cell, room in zip(row, widths, strict=True)) for row in cells
    ]
    return [*lines, _more(table)] if _more(table) else lines


def _more(table: list[list[str]]) -> str:
    return f"... and {len(table) - MOST - 1:,} more" if len(table) > MOST + 1 else ""


def _by(counts: Mapping[str, int]) -> str:
    shown = [f"{name} ({n:,})" for name, n in list(counts.items())[:4]]
    return ", ".join([*shown, *(["..."] if len(counts) > 4 else [])]) or DASH


def _percent(share: float) -> str:
    return DASH if math.isnan(share) else f"{100 * share:.1f}%"


def _interval(low: float, high: float) -> str:
    return DASH if math.isnan(low) else f"{100 * low:.1f} - {100 * high:.1f}%"


def _estimate(share: float, low: float, high: float) -> str:
    return DASH if math.isnan(share) else f"{_percent(share)} ({_interval(low, high)})"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
