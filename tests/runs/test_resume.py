"""A run that was stopped goes on only with parts that would be the same, and says why if it does not."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import warnings

import pandas as pd
import pytest

import labelkit as lk
from labelkit.runs.run_folder import RunLayout
from labelkit.runs.run_state import Run
from tests.waiting import GUARD

N_ROWS = 3 * 1024
WORDS = lk.keywords("free", label=1).rule(name="words")


class StoppedTestError(Exception):
    """What stops a run after two parts."""


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.csv"
    pd.DataFrame({"id": range(N_ROWS), "text": ["free money", "hm", "nice"] * 1024}).to_csv(path, index=False)
    return path


def run(lfs, corpus, out, **options):
    given = {"id": "id", "batch_size": 1024, "labels": 2, "model": "MajorityVote", "report": False, "cache": False}
    return lk.run(lfs, corpus, out, **{**given, **options})


def stop(monkeypatch, *arguments, **options):
    stream = lk.Applier.stream

    def two_parts(applier, *given, **more):
        for n, delivered in enumerate(stream(applier, *given, **more)):
            yield delivered
            if n == 1:
                raise StoppedTestError

    with monkeypatch.context() as patch:
        patch.setattr(lk.Applier, "stream", two_parts)
        with pytest.raises(StoppedTestError):
            run(*arguments, **options)


def options_of(given):
    return {name: value for name, value in given.items() if name != "lfs"}


def inode(layout):
    return layout.part_patterns(0).stat().st_ino, layout.part_patterns(0).stat().st_mtime_ns


def contents(folder):
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != "timings.json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@lk.labeling_function
def lucky(text):
    return int(random.random() < 0.5)


@lk.labeling_function(cache=True)
def vouched(text):
    return int(random.Random(text).random() < 0.5)


def rewrite(path):
    stat = path.stat()
    content = path.read_text()
    path.write_text(content.replace("free", "nice"))
    path.write_text(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))


CHANGES = {
    "nothing": ({}, {}, None),
    "workers": ({}, {"workers": 2}, None),
    "the label model": ({}, {"model": "QuorumVote"}, None),
    "the report": ({}, {"report": True}, None),
    "a rule": ({}, {"lfs": [lk.keywords("nice", label=1).rule(name="words")]}, "the rule 'words' is changed"),
    "another rule": ({}, {"lfs": [WORDS, lk.keywords("hm", label=0).rule(name="hm")]}, "the rule 'hm' is new"),
    "ids": ({}, {"id": None}, "id changed"),
    "classes": ({}, {"labels": ["HAM", "SPAM"]}, "labels changed"),
    "the size of batches": ({}, {"batch_size": 2048}, "batch_size changed"),
    "bad rows": ({}, {"on_bad_row": "reject"}, "on_bad_row changed"),
    "gold": ({"gold": {"1": 0}}, {"gold": {"1": 1}}, "gold changed"),
    "no gold": ({"gold": {"1": 0}}, {}, "gold changed"),
    "a rule that is not known": (
        {"lfs": [lucky]},
        {"lfs": [lucky]},
        "it is not known what the rule 'lucky' depends on",
    ),
    "a rule that its author vouches for": ({"lfs": [vouched]}, {"lfs": [vouched]}, None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_goes_on_or_says_why_not(change, corpus, tmp_path, monkeypatch):
    before, after, reason = CHANGES[change]
    stop(monkeypatch, before.get("lfs", [WORDS]), corpus, tmp_path / "out", **options_of(before))
    first, seen = inode(RunLayout(tmp_path / ".out.partial")), []
    label = Run.label
    monkeypatch.setattr(Run, "label", lambda run_, *given: seen.append(inode(run_.layout)) or label(run_, *given))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(after.get("lfs", [WORDS]), corpus, tmp_path / "out", **options_of(after))
    messages = [str(warning.message) for warning in caught if "begins anew" in str(warning.message)]
    assert len(messages) == (reason is not None)
    assert (seen[0] == first) == (reason is None)
    assert reason is None or reason in messages[0]


def test_a_corpus_that_was_other_meanwhile_is_voted_on_anew(corpus, tmp_path, monkeypatch):
    stop(monkeypatch, [WORDS], corpus, tmp_path / "out")
    rewrite(corpus)
    with pytest.warns(UserWarning, match="the corpus was written again"):
        run([WORDS], corpus, tmp_path / "out")


def test_what_a_kill_left_half_done_is_removed(corpus, tmp_path, monkeypatch):
    stop(monkeypatch, [WORDS], corpus, tmp_path / "out")
    draft = tmp_path / ".out.partial"
    for name in (
        "votes/.part-00002.parquet.7.draft",
        "votes/part-00002.parquet",
        "report.html",
        "labels/part-00000.parquet",
    ):
        (draft / name).write_bytes(b"half")
    folder = run([WORDS], corpus, tmp_path / "out")
    assert contents(folder.path) == contents(run([WORDS], corpus, tmp_path / "whole").path)


def test_a_run_that_was_killed_at_its_end_goes_on_without_its_folder_of_work(corpus, tmp_path, monkeypatch):
    stop(monkeypatch, [WORDS], corpus, tmp_path / "out")
    shutil.rmtree(tmp_path / ".out.partial" / "work")
    folder = run([WORDS], corpus, tmp_path / "out")
    assert contents(folder.path) == contents(run([WORDS], corpus, tmp_path / "whole").path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "0123456789abcdef", '{"rules": [], "versions": 3}'])
def test_a_note_of_inputs_that_cannot_be_read_is_none(corpus, tmp_path, monkeypatch, content):
    stop(monkeypatch, [WORDS], corpus, tmp_path / "out")
    (tmp_path / ".out.partial" / "inputs.json").write_text(content)
    with pytest.warns(UserWarning, match="another version of labelkit or Python began it"):
        folder = run([WORDS], corpus, tmp_path / "out")
    assert contents(folder.path) == contents(run([WORDS], corpus, tmp_path / "whole").path)


FAULTY = """
import labelkit as lk
@lk.labeling_function
def fails(text):
    if text == "hm":
        raise ValueError("hm")
    return 1
"""


def test_the_lines_of_faults_are_those_of_the_file_as_it_is(corpus, tmp_path, monkeypatch):
    rules = tmp_path / "rules.py"
    rules.write_text(FAULTY)
    stop(monkeypatch, rules, corpus, tmp_path / "out", on_fault="record")
    rules.write_text("# a comment\n" + FAULTY)
    folder = run(rules, corpus, tmp_path / "out", on_fault="record")
    assert folder.faults[0].message.endswith("(rules.py, line 7)")
    assert contents(folder.path) == contents(run(rules, corpus, tmp_path / "whole", on_fault="record").path)


def test_killed_runs_end_with_the_bytes_of_what_is_there_at_the_end():
    """As ``python -m tests.benchmarks.kills`` tries a hundred times."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.kills", "--n", "3", "--random-state", "500"],
        capture_output=True,
        text=True,
        check=False,
        timeout=GUARD,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("3 trials, ")
