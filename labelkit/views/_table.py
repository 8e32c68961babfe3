"""What a view looks like: a DataFrame for programs, lines for a terminal, marks and chips for a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from labelkit._shared.markup import DASH, STYLE, chip, escape, excerpt, marked, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.views.matches import Span

WIDTH: Final = 110
"""Cells of a line in a terminal."""

LENGTH: Final = 600
"""Characters of a text that a notebook shows."""


@dataclass(frozen=True, eq=False, repr=False)
class View:
    """Examples that answer a question.

    Attributes
    ----------
    ids : ndarray, shape (n_shown,)
        What names the examples.
    rows : ndarray of int64, shape (n_shown,)
        Their positions in the matrix.
    texts : pandas.DataFrame
        The columns of the corpus.
    votes : pandas.DataFrame
        The votes by the names of the classes, a column for each labeling function; ``None`` for an abstain and
        ``"(failed)"`` for a fault.
    beside : pandas.DataFrame
        ``gold``, ``label`` and ``probability`` (of the likeliest class), where they were given.
    spans : tuple of tuples of Span
        Where rules matched each example: labeling function, column, start, stop and text.
    n_found, n_examples : int
        How many examples answer the question, and how many there are.
    question : str
        The question in words.
    asked : tuple of str
        The labeling functions that it names; of a long text, the part where they matched is shown.
    class_names : tuple of str
    notes : tuple of str
        What else the reader should know.
    """

    ids: NDArray[Any]
    rows: NDArray[np.int64]
    texts: pd.DataFrame
    votes: pd.DataFrame
    beside: pd.DataFrame
    spans: tuple[tuple[Span, ...], ...]
    n_found: int
    n_examples: int
    question: str
    asked: tuple[str, ...]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One table with the ids as index: texts, what stands beside them, votes, and ``matched``, a tuple of spans.

        Where two columns would share a name, the later one gets an underscore.
        """
        columns: dict[str, pd.Series[Any]] = {}
        matched = pd.DataFrame({"matched": pd.Series(self.spans, dtype=object)})
        for part in (self.texts, self.beside, self.votes, matched):
            for name in part.columns:
                free = str(name)
                while free in columns:
                    free += "_"
                columns[free] = part[name]
        return pd.DataFrame(columns).set_axis(pd.Index(self.ids, name="id"))

    def __len__(self) -> int:
        return len(self.rows)

    # In words ---------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What is shown, in words."""
        asked = f" {self.question}" if self.question else ""
        if not self.n_found:
            return f"there is no example{asked} ({self.n_examples:,} in all)"
        share = f"all {self.n_found:,}" if len(self) == self.n_found else f"{len(self):,} of the {self.n_found:,}"
        of_all = "" if self.n_found == self.n_examples else f" ({self.n_examples:,} in all)"
        found = "the one example" if self.n_found == 1 else f"{share} examples"
        return f"{found}{asked}{of_all}"

    def to_string(self, width: int = WIDTH) -> str:
        """Lines for a terminal: each text cut to the part around the first match, and the votes under it."""
        names = [plain(str(name), width // 3) for name in self.ids.tolist()]
        margin = max(map(len, names), default=0) + 2
        lines = [plain(self.title, 10 * width)]
        for i, name in enumerate(names):
            told = [*self._text_lines(i, width - margin), plain(", ".join(self._said(i)), 10 * width)]
            lines += [(name if k == 0 else "").ljust(margin) + line for k, line in enumerate(told)]
        lines += [plain(note, 10 * width) for note in self.notes]
        return "\n".join(line.rstrip() for line in lines)

    __str__ = to_string
    __repr__ = to_string

    def _text_lines(self, i: int, width: int) -> list[str]:
        alone = len(self.texts.columns) == 1
        lines = []
        for name in self.texts.columns:
            head = "" if alone else f"{plain(str(name), 20)}: "
            spans = self._spans_in(i, name)
            lines.append(head + plain(_text(self.texts[name].iloc[i]), width - len(head), next(iter(spans), None)))
        return lines

    def _said(self, i: int) -> list[str]:
        """Votes, label and gold of one example; an abstain only of rules that say nothing else here."""
        votes = [f"{name} {vote or DASH}" for name, vote in zip(self.votes.columns, self.votes.iloc[i], strict=True)]
        shown = [told for told, vote in zip(votes, self.votes.iloc[i], strict=True) if vote is not None]
        beside = [
            f"{name} {_value(value)}" for name, value in zip(self.beside.columns, self.beside.iloc[i], strict=True)
        ]
        return [*(shown or ["no vote"]), *beside]

    def _spans_in(self, i: int, column: Any) -> list[tuple[int, int]]:
        """The matches in a column of an example: those of the rules asked about first, each in order."""
        found = [span for span in self.spans[i] if span.column == column and span.start < span.stop]
        found.sort(key=lambda span: (span.lf not in self.asked, span.start, span.stop))
        return [(span.start, span.stop) for span in found]

    # In a notebook ----------------------------------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        head = ["id", *self.texts.columns, *self.beside.columns, "votes"]
        body = "".join(f"<tr>{self._html_row(i)}</tr>" for i in range(len(self)))
        heads = "".join(f"<th>{escape(str(name))}</th>" for name in head)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>" if len(self) else ""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f'<div class="lk lk-view"><style>{STYLE}{_STYLE}</style><p>{escape(self.title)}</p>{table}{notes}</div>'

    def _html_row(self, i: int) -> str:
        texts = (self._html_text(i, name) for name in self.texts.columns)
        beside = (
            escape(_value(value)) if isinstance(value, float) else self._chip(value) for value in self.beside.iloc[i]
        )
        votes = (
            f'<span class="lk-vote">{escape(name)} {self._chip(vote)}</span>'
            for name, vote in zip(map(str, self.votes.columns), self.votes.iloc[i], strict=True)
            if vote is not None
        )
        return _cells([f"<bdi>{escape(plain(str(self.ids[i]), 60))}</bdi>", *texts, *beside, " ".join(votes) or DASH])

    def _html_text(self, i: int, name: Any) -> str:
        text, spans = excerpt(_text(self.texts[name].iloc[i]), self._spans_in(i, name), LENGTH)
        return f'<bdi class="lk-text">{marked(text, spans)}</bdi>'

    def _chip(self, name: str | None) -> str:
        if name is None:
            return DASH
        return chip(name, self.class_names.index(name) if name in self.class_names else -1)


_STYLE: Final = """
.lk-view td,.lk-view th{text-align:left!important;vertical-align:top;padding:.3em .8em .3em 0;max-width:50em}
.lk-text{white-space:pre-wrap;overflow-wrap:anywhere}
.lk-vote{display:inline-block;margin:0 .6em .2em 0;white-space:nowrap}
"""


def _cells(values: Iterable[str]) -> str:
    return "".join(f"<td>{value}</td>" for value in values)


def _text(value: Any) -> str:
    """A value of the corpus as text."""
    return value if isinstance(value, str) else DASH if value is None else str(value)


def _value(value: Any) -> str:
    """A label, or a probability."""
    return DASH if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
