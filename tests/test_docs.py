"""Each page of the site is reached from the first one, and each link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import labelkit
from labelkit.cli import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [page for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))) if "reference" not in page.parts]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_to_files_of_the_repository(page):
    gone = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert gone == []


def test_every_page_is_reached_from_the_first():
    """Each page stands in a tree of contents, so that the site shows it."""
    listed = {
        (page.parent / f"{line.rpartition('<')[2].rstrip('>')}.md").resolve()
        for page in PAGES
        for tree in re.findall(r"```\{toctree\}.*?```", page.read_text("utf-8"), re.DOTALL)
        for line in tree.splitlines()
    }
    assert set(PAGES) - listed == {ROOT / "README.md", DOCS / "index.md"}


def commands(group: click.Group, path: str = "labelkit") -> Iterator[str]:
    """Yield the names of all commands that are not hidden."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}"


def test_every_function_and_command_is_named_on_a_page_beside_the_reference():
    """What only the reference lists is not found by who does not know its name; classes are what functions return."""
    stub = (ROOT / "labelkit" / "__init__.pyi").read_text("utf-8")
    names = [name for name in re.findall(r"^    (\w+) as", stub, re.MULTILINE) if name.islower() and "__" not in name]
    functions = [name for name in names if callable(getattr(labelkit, name))]
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in [*functions, *commands(cli)] if not re.search(rf"\b{name}\b", text)] == []
