"""The card of a data set: what was recorded of it, for who uses it, as Markdown and as one HTML page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkit._shared.files import replaced
from labelkit._shared.markup import visible
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.data_set._card_facts import card_tables, title_of
from labelkit.exceptions import ExportError
from labelkit.runs.one_version import one_version

if TYPE_CHECKING:
    from labelkit.curation.data_set.data_set import DataSet

_ACTS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$])")
"""Characters that mean something in Markdown."""


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class DataCard(ShownResult):
    """A card of a data set: sections of facts, each as it was recorded.

    Attributes
    ----------
    title : str
    tables : tuple of ResultTable
        A section each; those without heads list a fact a row.
    facts : dict
        The manifest and the versions that the card was made of.
    """

    title: str
    tables: tuple[ResultTable, ...]
    facts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``title``, and what the card was made of."""
        return {"title": self.title, **dict(plain_value(self.facts))}

    def to_markdown(self) -> str:
        """Return the card as Markdown; no character of a name or text acts in it."""
        lines = [f"# {_literal(self.title)}"]
        for table in self.tables:
            lines += ["", f"## {_heading(table.title)}", "", *_markdown(table)]
        return "\n".join(lines) + "\n"

    def to_html(self) -> str:
        """Return the card as an HTML page that needs nothing else and runs nothing."""
        from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

        from labelkit._shared.templates import page_base, policy_digest, rendered  # noqa: PLC0415 - brings Jinja2

        style = page_base() + _STYLE
        return rendered(
            "curation/data_set/card.html.jinja",
            card=self,
            style=Markup(style),  # noqa: S704 - files and constants of this package
            style_digest=policy_digest(style),
        )

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the card: Markdown, or HTML if the path ends in ``.html``.

        Raises
        ------
        ExportError
            If the file exists, or has another suffix.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in {".md", ".html", ".htm"}:
            raise ExportError(
                f"{str(target)!r} is neither .md nor .html", hint="name a file such as card.md", code="LK532"
            )
        if target.exists() and not force:
            raise ExportError(f"{str(target)!r} exists already", hint="force=True (--force) replaces it", code="LK501")
        with replaced(target) as draft:
            draft.write_text(self.to_markdown() if suffix == ".md" else self.to_html(), "utf-8", newline="\n")
        return target

    def _page(self) -> ResultPage:
        return ResultPage([self.title], self.tables)


def card_of(data_set: DataSet) -> DataCard:
    """Make the card of a version of a data set."""
    with one_version(data_set), data_set.layout.reading(data_set.layout.manifest):
        history = data_set.history()
        facts = {**data_set.to_dict(), "versions": history.to_dict()["versions"]}
        return DataCard(title_of(data_set), tuple(card_tables(data_set, history)), facts)


def _markdown(table: ResultTable) -> list[str]:
    rows = [[_literal(str(cell)) for cell in row] for row in table.rows]
    if not table.heads:
        return [f"- **{row[0]}**: {' '.join(row[1:])}" for row in rows]
    rules = ["---:" if table.is_right(i) else "---" for i in range(len(table.heads))]
    lines = [[_literal(head) for head in table.heads], rules, *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _heading(title: str) -> str:
    """Return a heading as it is read, with its parentheses: without brackets before them, they do not act."""
    return _literal(title).replace("\\(", "(").replace("\\)", ")")


def _literal(text: str) -> str:
    """Return a text as Markdown that shows it, on one line."""
    return _ACTS.sub(r"\\\1", " ".join(visible(text).split()))


_STYLE = """
.card { max-width: 60rem; margin: 0 auto; padding: 1.2rem clamp(.8rem, 3vw, 2rem) 3rem }
.card section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.2rem;
  margin-top: 1rem; box-shadow: var(--shadow) }
.card .scroll { overflow-x: auto }
.card table { border-collapse: collapse; width: 100% }
.card th, .card td { text-align: left; vertical-align: top; padding: .28rem .8rem .28rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; min-width: 3.5rem }
.card th { font-weight: 600 }
.card thead th { border-top: 0; color: var(--soft); font-weight: 500; overflow-wrap: normal }
.card .right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.card table:not(.facts) th, .card table:not(.facts) td { min-width: 5.6rem; overflow-wrap: break-word }
.card .facts th { width: 13rem; overflow-wrap: break-word }
@media (max-width: 500px) { .card .facts th { width: 8rem } .card section { padding: .8rem } }
"""
