"""Prepare each script of the gallery for its run, let pages link to its page, and write that as Markdown, too."""

from __future__ import annotations

import re
import textwrap
import warnings
from contextlib import ExitStack
from typing import Any

STYLE = {
    "figure.constrained_layout.use": True,
    "figure.figsize": (7.0, 4.2),
    "savefig.dpi": 100,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
"""Settings of the figures; a script sets nothing that is not about its data."""

DIRECTIVE = re.compile(r"^\.\. .*\n(?:[ \t]+.*\n|[ \t]*\n(?=[ \t\n]))*", re.MULTILINE)

running = ExitStack()


def prepare(_config: dict[str, Any], _script: str | None, when: str) -> None:
    """Set the style of the figures, and make a warning of a script an error, until it has run."""
    import matplotlib as mpl  # noqa: PLC0415 - behind sphinx-gallery, which sets the backend

    running.close()
    if when == "before":
        mpl.rcParams.update(STYLE)
        running.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")


def linked(text: str, page: str, suffix: str) -> str:
    """Let links to scripts of the gallery, which are files of the repository, lead to their pages on the site.

    >>> linked("[spam](../gallery/plot_01_spam.py)", "docs/how_to/index", "rst")
    '[spam](../examples/plot_01_spam.rst)'
    >>> linked("[spam](plot_01_spam.py)", "docs/gallery/index", "md")
    '[spam](../examples/plot_01_spam.md)'
    """
    text = re.sub(r"(\]\([\w./]*)\bgallery/(plot_\w+)\.py", rf"\1examples/\2.{suffix}", text)
    beside = page.startswith("docs/gallery/")
    return re.sub(r"\]\((plot_\w+)\.py", rf"](../examples/\1.{suffix}", text) if beside else text


def as_markdown(rst: str) -> str:
    r"""Turn the page that sphinx-gallery makes of a script into Markdown: prose, code, output and figures.

    >>> print(as_markdown("Title\n=====\n\nSee :func:`x`.\n\n.. code-block:: Python\n\n    x = 1\n"))
    # Title
    <BLANKLINE>
    See `x`.
    <BLANKLINE>
    ```python
    x = 1
    ```
    <BLANKLINE>
    """
    prose = re.sub(r"^(.+)\n([=-])\2{2,}$", _heading, rst, flags=re.MULTILINE)
    pieces, place = [], 0
    for match in DIRECTIVE.finditer(prose):
        pieces += [_inline(prose[place : match.start()]), _directive(match[0])]
        place = match.end()
    pieces = [piece.strip("\n") for piece in (*pieces, _inline(prose[place:]))]
    return "\n\n".join(filter(None, pieces)) + "\n"


def _heading(match: re.Match[str]) -> str:
    return f"{'#' if match[2] == '=' else '##'} {match[1]}\n"


def _inline(prose: str) -> str:
    """Turn links, roles and literals of a text into those of Markdown, a blank line between paragraphs."""
    prose = re.sub(r"\n{3,}", "\n\n", prose)
    prose = re.sub(r"`([^`<]+?)\s*<([^`>]+)>`__?", r"[\1](\2)", prose)
    return re.sub(r"(?::[\w:]+:)?(`+)~?([^`]+)\1", r"`\2`", prose)


def _directive(text: str) -> str:
    """Keep code, output and figures; the rest is for the site."""
    if code := re.search(r"\.\. code-block:: (\w+)\n\n((?:[ \t]+.*\n|[ \t]*\n)*)", text):
        kind = "python" if code[1] == "Python" else "text"
        source = textwrap.dedent(code[2]).rstrip().lstrip("\n")
        return f"```{kind}\n{source}\n```"
    if figure := re.match(r"\.\. image-sg:: /docs/examples/images/(\S+)\n(?:.*\n)*? +:alt: (.*)", text):
        return f"![{figure[2]}](../../_images/{figure[1]})"
    return ""
