"""In a process that votes by rules of several projects, each rule imports the modules of its own."""

import json
import os
import pickle
import subprocess
import sys

import pyarrow as pa
import pytest

import labelkit as lk

TEXTS = ["LOUD", "quiet", "Free"]

LATE = """
import labelkit as lk


@lk.labeling_function
def late(text):
    from {module} import test
    return 1 if test(text) else 0
"""

EARLY = """
import labelkit as lk
from {module} import test


@lk.labeling_function
def early(text):
    return 1 if test(text) else 0
"""

PROGRAM = """
import json
import pickle
import sys
import pyarrow as pa

rows = pa.table({"key": [1, 2, 3], "text": ["LOUD", "quiet", "Free"]})
kept = {}
for name in sys.argv[1:]:
    if name not in kept:
        with open(name, "rb") as file:
            kept[name] = pickle.load(file)
    voted = kept[name](rows)
    print(json.dumps(voted.column(1).to_pylist()))
"""

TESTS = {"upper": [1, 0, 0], "lower": [0, 1, 0], "title": [0, 0, 1]}


def packed(folder, kind, test, layout):
    """Pack the rule of a project whose helper tests texts in one way."""
    project = folder / f"{kind} {test} {layout}"
    home = project / "package" if layout == "package" else project
    home.mkdir(parents=True)
    if layout == "package":
        (home / "__init__.py").write_text("")
    (home / "helping.py").write_text(f"def test(text):\n    return text.is{test}()\n")
    module = ".helping" if layout == "package" else "helping"
    (home / "ruling.py").write_text((LATE if kind == "late" else EARLY).format(module=module))
    votes = lk.collect(home / "ruling.py", labels=2).arrow("key")
    file = folder / f"{kind} {test}.pickle"
    file.write_bytes(pickle.dumps(votes))
    return project, file


@pytest.mark.parametrize("layout", ["files", "package"])
@pytest.mark.parametrize("there", ["gone", "on a disk that is shared"])
def test_rules_import_the_modules_of_their_own_project(tmp_path, there, layout):
    files, expected = [], {}
    for kind in ("late", "early"):
        for test, votes in TESTS.items():
            project, file = packed(tmp_path, kind, test, layout)
            if there == "gone":
                project.rename(tmp_path / f"away {len(files)}")
            files.append(str(file))
            expected[str(file)] = votes
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "helping.py").write_text("def test(text):\n    return True\n")
    order = [*files, *files[::-1], *files[::2]]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *order],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert list(map(json.loads, done.stdout.splitlines())) == [expected[name] for name in order]


def test_what_was_imported_before_is_there_again(tmp_path, monkeypatch):
    """The process that votes has a module of the name, too."""
    _, file = packed(tmp_path, "late", "upper", "files")
    program = PROGRAM + "import helping\nprint(json.dumps(helping.test('x')))\n"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "helping.py").write_text("def test(text):\n    return 'own'\n")
    done = subprocess.run(
        [sys.executable, "-c", "import helping\n" + program, str(file)],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["[1, 0, 0]", '"own"'], done.stderr


def test_here_the_rules_vote_alike(tmp_path):
    _, file = packed(tmp_path, "early", "title", "files")
    table = pa.table({"key": [1, 2, 3], "text": TEXTS})
    assert pickle.loads(file.read_bytes())(table)["early"].to_pylist() == TESTS["title"]
