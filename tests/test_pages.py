"""All code of all pages is run: each page is a program, from top to bottom, in an empty folder.

- A block ``python`` runs in the namespace of its page.
- A block ``shell`` runs in the folder of its page, and stops at the first command that fails; a ``cd`` holds for what follows.
- A block ``text`` straight after either is what it printed; a line ``...`` stands for any lines, ``...`` in a line for
  any characters.
- ``<!-- file: rules.py -->`` before a block writes it to that file instead.
- ``<!-- invisible-code-block: python`` begins a comment with a program that readers do not see: use it seldom.
- ``<!-- skip: next -->`` before a block leaves it out: for what needs a service that is not here.
- ``<!-- needs: pyspark -->`` at the top names packages without which the page is skipped.
- A block ``console`` is shown, and never run.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = ROOT / "docs" / "reference"
HEAVY = {"pyspark", "snorkel", "torch"}
LATER = {
    *("README.md", "docs/get_started.md", "docs/how_to/annotate.md", "docs/how_to/audits.md", "docs/how_to/engines.md"),
    *("docs/how_to/coming_from_snorkel.md", "docs/how_to/data_sets.md", "docs/how_to/runs_elsewhere.md"),
    *("docs/how_to/sampling.md", "docs/how_to/service.md", "docs/how_to/slices.md", "docs/how_to/spark.md"),
    "docs/how_to/what_to_label.md",
}
"""Pages whose programs do not stand on their feet yet: to be empty."""

FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<language>\w+)[^\n]*\n"))
FILE = re.compile(r"<!--+ file: (\S+) -+->\s*\Z")
NEEDS = re.compile(r"<!--+ needs: ([\w, ]+?) -+->")


def parsed(document: Document):
    """Yield the blocks that do something: those of programs, their output, and files."""
    end = -1
    for region in FENCES(document):
        language, source = region.lexemes["language"], region.lexemes["source"]
        file = FILE.search(document.text, 0, region.start)
        if file is not None:
            yield Region(region.start, region.end, (file[1], source), written)
        elif language in RUNS:
            yield Region(region.start, region.end, source, RUNS[language])
            end = region.end
        elif language == "text" and end >= 0 and not document.text[end : region.start].strip():
            yield Region(region.start, region.end, source, printed)


def hidden(document: Document):
    """Yield the programs in comments."""
    return (region for region in CodeBlockParser("python")(document) if document.text[region.start :].startswith("<!"))


def written(example: Example) -> None:
    """Write a block to a file."""
    name, source = example.parsed
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(source, encoding="utf-8")


def python(example: Example) -> None:
    """Run a block, and keep what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        PythonEvaluator()(example)
    example.document.output = output.getvalue()


def shell(example: Example) -> None:
    """Run commands as a user does, with this tree, and keep what they print."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": paths, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    program = f"{example.parsed}\npwd > '{example.document.place}'"
    command = ["bash", "-e", "-o", "pipefail", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    where = f"{example.path}:{example.line}"
    assert done.returncode == 0, f"{where}\n{example.parsed}\n{done.stdout}\n{done.stderr}"
    example.document.output = done.stdout
    os.chdir(example.document.place.read_text("utf-8").strip())


def printed(example: Example) -> None:
    """Compare what the last block printed."""
    shown = [line.rstrip() for line in example.parsed.rstrip().splitlines()]
    got = "\n".join(line.rstrip() for line in example.document.output.rstrip().splitlines())
    pattern = "\n".join(".*" if line == "..." else re.escape(line).replace(r"\.\.\.", "[^\n]*") for line in shown)
    fits = re.fullmatch(pattern, got, re.DOTALL)
    assert fits, f"{example.path}:{example.line} shows\n{example.parsed}\nand the block above it prints\n{got}"


RUNS = {"python": python, "shell": shell}
SYBIL = Sybil([parsed, hidden, SkipParser()])


def cases():
    """Each page with code, marked as heavy where it needs what the heavy tests have."""
    for page in PAGES:
        if GENERATED in page.parents:
            continue
        needs = ",".join(NEEDS.findall(page.read_text("utf-8"))).replace(" ", "").split(",")
        marks = [pytest.mark.heavy] if HEAVY & set(needs) else []
        name = page.relative_to(ROOT).as_posix()
        if name not in LATER and list(SYBIL.parse(page).examples()):
            yield pytest.param(page, list(filter(None, needs)), id=name, marks=marks)


@pytest.mark.parametrize(("page", "needs"), list(cases()))
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(page, needs, tmp_path, monkeypatch):
    for package in needs:
        pytest.importorskip(package)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    document = SYBIL.parse(page)
    document.place, document.namespace["__name__"] = tmp_path / "place", page.stem
    for example in document.examples():
        example.evaluate()


def test_a_page_whose_output_is_another_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\nprint(2)\n```\n\n```text\n1\n...\n3\n```\n", "utf-8")
    program, output = SYBIL.parse(page).examples()
    program.evaluate()
    with pytest.raises(AssertionError, match=r"prints\s+1\s+2"):
        output.evaluate()
