"""The pages hang together: links lead to files, and every page is reached from the first."""

import re
from pathlib import Path

import pytest

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
