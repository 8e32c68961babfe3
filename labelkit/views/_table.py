"""Examples that answer a question, as a DataFrame, as lines of a terminal, and as a table of a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from labelkit._shared.markup import MARKS, Chip, cells_of, excerpt, plain
from labelkit._shared.numbers import DASH, decimal
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import LINE_WIDTH, WIDTH, HasFrame, padded
from labelkit._shared.templates import rendered
from labelkit._shared.unknown_keywords import checks_keywords

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.views.matches import Span

LENGTH: Final = 600
"""Characters of a text that a notebook shows."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class View(HasFrame):
    """Examples that answer a question.

    Attributes
    ----------
    ids : ndarray, shape (n_shown,)
        Ids of the examples.
    rows : ndarray of int64, shape (n_shown,)
        Their positions in the matrix.
    texts : pandas.DataFrame
        The columns of the corpus.
    votes : pandas.DataFrame
        The votes by the names of the classes, a column for each labeling function; ``None`` for an abstain and
        ``"(failed)"`` for a fault.
    beside : pandas.DataFrame
        ``gold``, ``label`` and ``probability`` (of the likeliest class; NaN without a vote and a label), where they
        were given.
    spans : tuple of tuples of Span
        The matches of rules in each example: labeling function, column, start, stop and text.
    n_found, n_examples : int
        Examples that answer the question, and all examples.
    question : str
        The question in words.
    asked : tuple of str
        The labeling functions that it names; of a long text, the part where they matched is shown.
    class_names : tuple of str
    notes : tuple of str
        Remarks, such as on rules that have changed since.
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``question``, ``found``, ``examples``, ``shown`` (a dict for each example), ``notes``.

        An example has its ``id``, its ``row``, its ``values`` by column, ``gold``, ``label`` and ``probability`` where
        they were given, the ``votes`` of the rules that voted, and the ``matches``, which begin at ``start`` and end
        before ``stop``, in characters.
        """
        counts = {"question": self.question, "found": self.n_found, "examples": self.n_examples}
        return dict(plain_value({**counts, "shown": [*map(self._values, range(len(self)))], "notes": self.notes}))

    def _values(self, i: int) -> dict[str, Any]:
        votes = self.votes.iloc[i].to_dict()
        return {
            "id": self.ids[i],
            "row": self.rows[i],
            "values": self.texts.iloc[i].to_dict(),
            **{str(name): value for name, value in self.beside.iloc[i].items()},
            "votes": {name: vote for name, vote in votes.items() if vote is not None},
            "matches": [
                {"rule": span.lf, "column": span.column, "start": span.start, "stop": span.stop, "text": span.text}
                for span in self.spans[i]
            ],
        }

    def __len__(self) -> int:
        return len(self.rows)

    # In words ---------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The question and the number of examples that answer it, in words."""
        asked = f" {self.question}" if self.question else ""
        if not self.n_found:
            return f"there is no example{asked} ({self.n_examples:,} in all)"
        share = f"all {self.n_found:,}" if len(self) == self.n_found else f"{len(self):,} of the {self.n_found:,}"
        of_all = "" if self.n_found == self.n_examples else f" ({self.n_examples:,} in all)"
        examples = "the one example" if self.n_found == 1 else f"{share} examples"
        return f"{examples}{asked}{of_all}"

    def to_string(self, width: int = WIDTH, marks: tuple[str, str] = MARKS) -> str:
        """Format the view for a terminal: each text cut to the part around the first match, and the votes under it.

        Where rules that vote for several classes have matches in a text, there is a line for the first of each class.

        Parameters
        ----------
        width : int
            Cells of a line.
        marks : (str, str)
            What stands before and after the match.
        """
        names = [plain(str(name), width // 3) for name in self.ids.tolist()]
        margin = max(map(cells_of, names), default=0) + 2
        lines = [plain(self.title, LINE_WIDTH)]
        for i, name in enumerate(names):
            beside = [*self._text_lines(i, width - margin, marks), plain(", ".join(self._outcomes(i)), LINE_WIDTH)]
            lines += [padded(name if k == 0 else "", margin) + line for k, line in enumerate(beside)]
        lines += [plain(note, LINE_WIDTH) for note in self.notes]
        return "\n".join(line.rstrip() for line in lines)

    def __str__(self) -> str:
        return self.to_string()

    __repr__ = __str__

    def _text_lines(self, i: int, width: int, marks: tuple[str, str]) -> list[str]:
        """Cut each text to the part around a match; where matches speak for several classes, one line for each."""
        alone = len(self.texts.columns) == 1
        lines = []
        for name in self.texts.columns:
            head = "" if alone else f"{plain(str(name), 20)}: "
            text, sides = _text(self.texts[name].iloc[i]), self._first_of_sides(i, name)
            if len(sides) < 2:
                first = next(iter(self._spans_in(i, name)), None)
                lines.append(head + plain(text, width - len(head), first, marks))
                continue
            heads = [f"{head}{plain(side, 20)}: " for side in sides]
            longest = max(map(cells_of, heads))
            for of_side, first in zip(heads, sides.values(), strict=True):
                lines.append(padded(of_side, longest) + plain(text, width - longest, first, marks))
        return lines

    def _first_of_sides(self, i: int, column: Any) -> dict[str, tuple[int, int]]:
        """Return the first match of the rules that vote for each class, by its name."""
        votes = self.votes.iloc[i].to_dict()
        sides: dict[str, tuple[int, int]] = {}
        for span in self._sorted_spans(i, column):
            vote = votes.get(span.lf)
            if vote in self.class_names:
                sides.setdefault(str(vote), (span.start, span.stop))
        return sides

    def _outcomes(self, i: int) -> list[str]:
        """Name the votes, the label and the gold of one example; rules that abstain are left out."""
        row = zip(self.votes.columns, self.votes.iloc[i], strict=True)
        votes = [f"{name} {vote}" for name, vote in row if vote is not None]
        beside = [
            f"{name} {_value(value)}" for name, value in zip(self.beside.columns, self.beside.iloc[i], strict=True)
        ]
        return [*(votes or ["no vote"]), *beside]

    def _spans_in(self, i: int, column: Any) -> list[tuple[int, int]]:
        """List the matches in a column of an example: those of the rules asked about first, each in order."""
        return [(span.start, span.stop) for span in self._sorted_spans(i, column)]

    def _sorted_spans(self, i: int, column: Any) -> list[Span]:
        spans = [span for span in self.spans[i] if span.column == column and span.start < span.stop]
        return sorted(spans, key=lambda span: (span.lf not in self.asked, span.start, span.stop))

    # In a notebook ----------------------------------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        heads = ["id", *map(str, self.texts.columns), *map(str, self.beside.columns), "votes"]
        rows = [self._html_row(i) for i in range(len(self))]
        return rendered("views/view.html.jinja", view=self, heads=heads, rows=rows)

    def _html_row(self, i: int) -> dict[str, Any]:
        """The values of one row of the template."""
        votes = zip(map(str, self.votes.columns), self.votes.iloc[i], strict=True)
        return {
            "id": str(self.ids[i]),
            "texts": [
                excerpt(_text(self.texts[name].iloc[i]), self._spans_in(i, name), LENGTH) for name in self.texts.columns
            ],
            "beside": [
                _value(value) if value is None or isinstance(value, float) else self._chip(value)
                for value in self.beside.iloc[i]
            ],
            "votes": [(name, self._chip(vote)) for name, vote in votes if vote is not None],
        }

    def _chip(self, name: str) -> Chip:
        return Chip(name, self.class_names.index(name) if name in self.class_names else -1)


def _text(value: Any) -> str:
    """Format a value of the corpus."""
    return value if isinstance(value, str) else DASH if value is None else str(value)


def _value(value: Any) -> str:
    """Format a label or a probability."""
    return DASH if value is None else decimal(value, 2) if isinstance(value, float) else str(value)
