"""The page to begin with says what is so: its commands and programs are run, and their output compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [page for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))) if "reference" not in page.parts]
PAGE = (DOCS / "get_started.md").read_text("utf-8")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)


def runs_in(folder, line):
    """Run a command of the page as a user does, with this tree."""
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent), "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", *line.split()]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=True)


def test_the_commands_of_the_first_page_run_with_the_rule_that_it_adds(tmp_path):
    first, second = blocks("shell")
    rule = blocks("python")[0]
    folder = tmp_path
    for line in first.splitlines():
        if line.startswith("cd "):
            folder /= line.removeprefix("cd ")
        else:
            runs_in(folder, line)
    assert (folder / "runs" / "first" / "report.html").exists()
    with (folder / "labeling_functions" / "comments.py").open("a", encoding="utf-8") as module:
        module.write(f"\n\n{rule}")
    said = "".join(runs_in(folder, line).stdout for line in second.splitlines())
    assert "promises" in said


def test_the_program_of_the_first_page_prints_what_it_shows(capsys):
    exec(compile(blocks("python")[1], "get_started.md", "exec"), {"__name__": "get_started"})
    assert capsys.readouterr().out == blocks("text")[0]


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
