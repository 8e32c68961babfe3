"""Write pages as plain Markdown, for readers without a browser, and take the sentence that sums a page up."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import labelkit

TITLE = re.compile(r"^# .*\n", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
COMMENT = re.compile(r"^<!--.*?-->\n+", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(`{3,}).*?^\1$\n?", re.DOTALL | re.MULTILINE)
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```\n+", re.DOTALL | re.MULTILINE)
DIRECTIVES = re.compile(r"^```\{eval-rst\}\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
MEMBER = re.compile(r"^\.\. auto(?:class|function|data):: labelkit\.(\S+)$", re.MULTILINE)
ROLE = re.compile(r"\{[\w:]+\}`([^`<]+?)(?: <[^`>]+>)?`")
PICTURE = re.compile(r"(!\[[^]]*\]\()[^)]*_static/")
SCRIPT = re.compile(r"\[([^]]+)\]\([\w./]+\.py\)")
FILE = re.compile(r"<!--+ file: (>> )?(\S+) -+->\n")
"""What names the file of a block: see tests/test_pages.py."""


def plain(text: str, page: str, titles: Callable[[str], str]) -> str:
    r"""Leave out what only Sphinx and the tests read; pictures are those of the site.

    >>> plain("# A\n\n<!-- needs: x -->\n\n```{toctree}\n:maxdepth: 1\n\nb\n```\n", "docs/a", str)
    '# A\n\n- [docs/b](b.md)\n'
    >>> plain("![x](../_static/x.svg) [y.py](../y.py)\n", "docs/how_to/a", str)
    '![x](../../_static/x.svg) y.py\n'
    """
    folder = os.path.dirname(page)  # noqa: PTH120 - a name of a page, not a path

    def tree(match: re.Match[str]) -> str:
        options, _, names = match[1].rpartition("\n\n")
        if ":hidden:" in match[1]:
            return ""
        caption = re.search(r":caption: (.*)", options)
        entries = re.findall(r"^(?:(.*) <)?([\w./]+)>?$", names, re.MULTILINE)
        lines = [f"- [{title or titles(os.path.normpath(f'{folder}/{name}'))}]({name}.md)" for title, name in entries]
        return (f"{caption[1]}:\n\n" if caption else "") + "\n".join(lines) + "\n\n"

    text = COMMENT.sub("", with_files(FRONT_MATTER.sub("", text)))
    text = DIRECTIVES.sub(lambda match: "\n".join(map(described, MEMBER.findall(match[1]))), TREE.sub(tree, text))
    text = PICTURE.sub(rf"\1{'../' * page.count('/')}_static/", ROLE.sub(r"`\1`", text))
    return SCRIPT.sub(r"\1", text).rstrip("\n") + "\n"


def with_files(text: str) -> str:
    r"""Name the file of a block above it.

    >>> with_files("<!-- file: rules.py -->\n")
    '`rules.py`:\n'
    """
    return FILE.sub(lambda file: f"{'At the end of ' if file[1] else ''}`{file[2]}`:\n", text)


def described(name: str) -> str:
    """Write the signature and docstring of a public name, and a line for each method of a class."""
    value = getattr(labelkit, name.rpartition(".")[2])
    if not callable(value):
        return f"### labelkit.{name.rpartition('.')[2]}\n\n`{value!r}`\n"
    lines = [f"{name}{signature(value)}", "", inspect.getdoc(value) or ""]
    if isinstance(value, type):
        lines += [
            f"\n{name}.{method}{signature(function)}\n    {first_line(function)}"
            for method, function in vars(value).items()
            if not method.startswith("_") and inspect.isfunction(function)
        ]
    text = "\n".join(lines).rstrip()
    return f"### labelkit.{name}\n\n````text\n{text}\n````\n"


def signature(value: Any) -> str:
    """Write the parameters of a function or class; some built-in ones cannot be asked."""
    try:
        return str(inspect.signature(value))
    except ValueError:
        return "(...)"


def first_line(value: Any) -> str:
    """Take the first line of a docstring."""
    return (inspect.getdoc(value) or "").partition("\n")[0]


def from_notebook(text: str) -> str:
    """Take the first Markdown cell of a notebook."""
    cells = json.loads(text)["cells"]
    return next(("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown"), "")


def summary(text: str) -> str:
    r"""Take the first sentence of a page's first paragraph.

    >>> summary("# A\n\n<!-- needs: x -->\n\n`lk.a` reads [b](b.md), and: more. It is quick.\n")
    '`lk.a` reads b, and: more.'
    """
    title = TITLE.search(text)
    rest = FENCE.sub("\n", COMMENT.sub("", text[title.end() :] if title else ""))
    paragraph = next(paragraphs(rest), "")
    sentence = re.split(r"(?<=\.)\s", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.split())))[0]
    return sentence.replace("**", "").rstrip(":")


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of prose: no heading, table, list, picture or directive."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if block and not re.match(r"[#|>:!-]", block):
            yield block
