"""Nightly jobs: standard streams that are closed, or on a disk that is full, stop no work and end up in no file."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import labelkit as lk
from tests.waiting import GUARD

RULES = """
import os
from contextlib import suppress

import labelkit as lk

HAM, SPAM = 0, 1
free = lk.keywords("free", label=SPAM).rule(name="free")
nice = lk.keywords("nice", label=HAM).rule(name="nice")


@lk.labeling_function
def noisy(text):
    for number in (1, 2):
        with suppress(OSError):
            os.write(number, b"printed by " + b"C code")
    return SPAM if "win" in text else None
"""
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")


def labelkit(command, folder):
    """Call a command in a shell; standard streams are redirected in it."""
    called = f"{shlex.quote(sys.executable)} -m labelkit {command}"
    return subprocess.run(called, shell=True, cwd=folder, capture_output=True, text=True, check=False, timeout=GUARD)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    lines = (json.dumps({"id": i, "text": ["free win", "nice", "so nice", "other"][i % 4]}) for i in range(40))
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


RUN = "run rules.py corpus.jsonl --id id --labels HAM,SPAM --out out --no-report"


@pytest.mark.parametrize(
    "streams",
    [
        ">&-",
        "2>&-",
        "<&-",
        ">&- 2>&-",
        "<&- >&- 2>&-",
        pytest.param("2>/dev/full", marks=FULL),
        pytest.param(">&- 2>/dev/full", marks=FULL),
    ],
)
def test_a_run_ends_as_ever_and_nothing_is_printed_into_its_files(streams, project):
    ended = labelkit(f"{RUN} {streams}", project)
    assert ended.returncode == 0, ended.stderr
    assert lk.verify(project / "out") == []
    assert lk.RunFolder(project / "out").manifest["examples"] == 40
    with (project / "corpus.jsonl").open("a") as file:
        file.write(json.dumps({"id": 40, "text": "free"}) + "\n")
    ended = labelkit(f"{RUN} --update --json {streams}", project)
    assert ended.returncode == 0, ended.stderr
    assert lk.verify(project / "out") == []
    assert lk.RunFolder(project / "out").labels().ids.tolist() == list(range(41))
    if ">&-" not in streams.replace("2>&-", "").split():
        assert json.loads(ended.stdout)["examples"] == 41
    printed = [path for path in project.rglob("*") if path.is_file() and b"printed by C" in path.read_bytes()]
    assert [path.name for path in printed if path.suffix not in (".py", ".pyc")] == []


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", pytest.param("2>/dev/full", marks=FULL)])
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_failure_has_its_status_and_is_told_where_it_can_be(streams, form, project):
    ended = labelkit(f"history nowhere {form} {streams}", project)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    if streams == ">&-":
        assert "LK503" in ended.stderr
    elif form and ">&- " not in streams:
        assert json.loads(ended.stdout)["error"]["code"] == "LK503"


@FULL
@pytest.mark.parametrize("form", ["", "--json"])
def test_an_answer_that_cannot_be_written_is_an_error_of_one_line(form, project):
    assert labelkit(f"{RUN} --quiet", project).returncode == 0
    ended = labelkit(f"history out {form} >/dev/full", project)
    assert ended.returncode == 1
    assert ended.stderr == (
        "error: [Errno 28] the answer cannot be written to standard output: No space left on device\n"
    )
    assert labelkit(f"history out {form} >/dev/full 2>/dev/full", project).returncode == 1


def test_a_current_folder_that_was_removed_is_missed_where_a_path_needs_it_alone(project):
    def called(arguments):
        (project / "gone").mkdir()
        command = f"cd gone && rmdir ../gone && {shlex.quote(sys.executable)} -m labelkit {arguments}"
        return subprocess.run(
            command, shell=True, cwd=project, capture_output=True, text=True, check=False, timeout=GUARD
        )

    options = "--id id --labels HAM,SPAM --no-report --quiet"
    made = called(f"run {project}/rules.py {project}/corpus.jsonl --out {project}/out {options}")
    assert made.returncode == 0, made.stderr
    assert lk.verify(project / "out") == []
    missed = called("check rules.py")
    assert missed.returncode == 1
    assert missed.stderr.endswith("error: the current folder was removed\nHint: cd into a folder that exists\n")


PRINTS = """
@lk.labeling_function
def noisy(text):
    print("printed by a rule")
    return SPAM if "win" in text else None
"""


def test_labels_of_a_bundle_go_to_standard_output_and_all_else_to_standard_error(project):
    (project / "rules.py").write_text(RULES.split("@lk", maxsplit=1)[0] + PRINTS)
    assert labelkit(RUN, project).returncode == 0
    assert labelkit("bundle out --out spam.labelkit", project).returncode == 0
    called = "predict spam.labelkit corpus.jsonl --id id --out"
    assert labelkit(f"{called} labels.csv", project).returncode == 0
    ended = labelkit(f"{called} -", project)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (project / "labels.csv").read_text("utf-8")
    assert "40 examples: HAM 20 (50.0%), SPAM 10 (25.0%), no label 10\nwritten to standard output" in ended.stderr
    assert labelkit(f"{called} labels.jsonl", project).returncode == 0
    piped = called.replace("corpus.jsonl", "- --format jsonl")
    ended = labelkit(f"{piped} - --out-format jsonl --quiet < corpus.jsonl", project)
    assert ended.stdout == (project / "labels.jsonl").read_text("utf-8")
    assert "examples" not in ended.stderr
    ended = labelkit(f"{called} - | head -n 1", project)
    assert len(ended.stdout.splitlines()) == 1
    assert "error" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--out - --json", "--json and --out - both write to standard output"),
        ("--out a.csv --out-format jsonl", "--out-format is of standard output, --out -: the suffix of a.csv"),
    ],
)
def test_options_of_standard_output_that_do_not_combine(options, message, project):
    ended = labelkit(f"predict spam.labelkit corpus.jsonl {options}", project)
    assert ended.returncode == 2
    assert message in ended.stdout + ended.stderr
