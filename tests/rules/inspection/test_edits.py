"""After an edit, votes are those of the rules as they are: under the vote cache, and between a kill and its resumption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import pytest

import labelkit as lk
from labelkit.apply.vote_cache import VoteCache
from labelkit.corpus.gold import open_gold
from labelkit.rules.inspection.rule_inputs import inputs_of
from labelkit.runs.run_inputs import RunInputs
from tests.rules.inspection import edits
from tests.rules.inspection.edits import BASE, NOTHING, OTHER_RULES, TEXTS, VOTER
from tests.rules.inspection.package_edits import HARMLESS, PACKAGE_EDITS

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the packages leave files open, as many do
EDITS = {**edits.EDITS, **PACKAGE_EDITS}
PARTS = 2
CORPUS = [TEXTS[n % len(TEXTS)] for n in range(PARTS * 1024)]
RULES_OF_BASE = {"loud", "listed", "voted"}

ALL = os.environ.get("LABELKIT_ALL_EDITS") == "1"
"""Whether every edit is tried between a kill and its resumption; else every eighth, by its place."""


@pytest.fixture(autouse=True)
def own_modules(tmp_path, monkeypatch):
    """Forget what an edit imported, and what it did to the environment."""
    monkeypatch.chdir(tmp_path)
    path, environment = list(sys.path), dict(os.environ)
    yield
    forget(tmp_path)
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environment)


def forget(folder):
    """Forget the modules of a folder, as a new process does: also a package, of which a session keeps what it loaded."""
    for name, module in list(sys.modules.items()):
        if str(vars(module).get("__file__")).startswith(str(folder)) or name == "lk_edit":
            del sys.modules[name]


def collect(file):
    """Import rules as a new process would."""
    forget(file.parent)
    return lk.collect(file, labels=997)


def votes_of(lfs, **options):
    return lk.Applier(lfs).apply(list(TEXTS), **options).votes.tolist()


class InterruptedTestError(Exception):
    """What stops a run after its first part, in place of a kill."""


def interrupt(lfs, out, monkeypatch):
    """Start a run, and stop it when its first part is there."""
    stream = lk.Applier.stream

    def first_part(applier, *arguments, **options):
        for delivered in stream(applier, *arguments, **options):
            yield delivered
            raise InterruptedTestError

    with monkeypatch.context() as patch:
        patch.setattr(lk.Applier, "stream", first_part)
        with pytest.raises(InterruptedTestError):
            run(lfs, out)


def run(lfs, out):
    return lk.run(lfs, CORPUS, out, batch_size=1024, model="MajorityVote", report=False, cache=False)


@pytest.mark.parametrize("name", EDITS)
def test_no_vote_is_stale_under_the_cache(name, tmp_path):
    edit, cache = EDITS[name], VoteCache(tmp_path / "cache")
    lfs = collect(edit.write(tmp_path, edited=False))
    before = votes_of(lfs, cache=cache)
    assert votes_of(lfs, cache=cache) == before
    lfs = collect(edit.write(tmp_path, edited=True))
    after = votes_of(lfs, cache=cache)
    assert after == votes_of(lfs, cache=False)
    assert after != before, "this edit changes nothing"


@pytest.mark.parametrize("name", HARMLESS)
def test_a_rule_of_a_package_that_reads_nothing_is_cached(name, tmp_path):
    lfs = collect(HARMLESS[name].write(tmp_path, edited=False))
    assert {lf.name: inputs_of(lf).unclear for lf in lfs} == {"voted": ()}


@pytest.mark.parametrize("name", EDITS)
def test_a_run_does_not_go_on_after_an_edit(name, tmp_path):
    edit = EDITS[name]
    inputs = [run_inputs(collect(edit.write(tmp_path, edited=edited))) for edited in (False, True)]
    assert inputs[1].differences(inputs[0].to_dict())


def run_inputs(lfs):
    corpus = lk.Applier(lfs).open(list(TEXTS))
    return RunInputs.of(lfs, corpus, None, batch_rows=1024, types={})


@pytest.mark.parametrize("name", list(EDITS) if ALL else list(EDITS)[::8])
def test_old_and_new_votes_are_not_mixed_between_a_kill_and_its_resumption(name, tmp_path, monkeypatch):
    edit = EDITS[name]
    interrupt(collect(edit.write(tmp_path, edited=False)), tmp_path / "out", monkeypatch)
    lfs = collect(edit.write(tmp_path, edited=True))
    with pytest.warns(UserWarning, match=r"begins anew: .*the rule"):
        folder = run(lfs, tmp_path / "out")
    assert folder.matrix().votes[: len(TEXTS)].tolist() == votes_of(lfs, cache=False)


def edited_base(folder, old, new):
    source = BASE + VOTER
    assert old in source
    (folder / "rules.py").write_text(source.replace(old, new))
    return collect(folder / "rules.py")


@pytest.mark.parametrize("name", NOTHING)
def test_an_edit_that_changes_nothing_lets_nobody_vote_anew(name, tmp_path):
    cache = VoteCache(tmp_path / "cache")
    before = edited_base(tmp_path, "LIMIT", "LIMIT")
    assert {lf.name: inputs_of(lf).unclear for lf in before} == dict.fromkeys(RULES_OF_BASE, ())
    votes = votes_of(before, cache=cache)
    applier = lk.Applier(edited_base(tmp_path, *NOTHING[name]))
    assert applier.apply(list(TEXTS), cache=cache).votes.tolist() == votes
    assert set(applier.remembered) == RULES_OF_BASE


@pytest.mark.parametrize("name", NOTHING)
def test_after_an_edit_that_changes_nothing_a_run_goes_on_and_ends_with_the_same_bytes(name, tmp_path, monkeypatch):
    if not ALL and list(NOTHING).index(name) % 3:
        assert not run_inputs(edited_base(tmp_path, *NOTHING[name])).differences(
            run_inputs(edited_base(tmp_path, "LIMIT", "LIMIT")).to_dict()
        )
        return
    interrupt(edited_base(tmp_path, "LIMIT", "LIMIT"), tmp_path / "out", monkeypatch)
    first = tmp_path / ".out.partial" / "work" / "00000.npz"
    made = first.stat().st_mtime_ns
    lfs = edited_base(tmp_path, *NOTHING[name])
    times = []
    with warnings.catch_warnings(), monkeypatch.context() as patch:
        warnings.simplefilter("error")
        merged = lk.runs.parts.FinishedParts.merged
        patch.setattr(
            "labelkit.runs.parts.FinishedParts.merged",
            lambda parts, n: times.append(first.stat().st_mtime_ns) or merged(parts, n),
        )
        folder = run(lfs, tmp_path / "out")
    assert times == [made], "the first part was made anew"
    assert contents(folder.path) == contents(run(lfs, tmp_path / "whole").path)


def contents(folder):
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != "timings.json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("name", OTHER_RULES)
def test_an_edit_of_one_rule_lets_the_others_keep_their_votes(name, tmp_path):
    cache = VoteCache(tmp_path / "cache")
    votes_of(edited_base(tmp_path, "LIMIT", "LIMIT"), cache=cache)
    edit, changed = OTHER_RULES[name]
    applier = lk.Applier(edited_base(tmp_path, *edit))
    applier.apply(list(TEXTS), cache=cache)
    assert set(applier.remembered) == RULES_OF_BASE - changed


def test_the_tables_are_as_large_as_they_should_be():
    assert len(EDITS) >= 400
    assert len(NOTHING) >= 20


@pytest.mark.parametrize("kind", ["mapping", "file", "array"])
def test_the_content_of_gold_counts(kind, tmp_path):
    lfs = edited_base(tmp_path, "LIMIT", "LIMIT")
    corpus = lk.Applier(lfs).open(list(TEXTS))
    inputs = []
    for gold in ([0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 0]):
        if kind == "file":
            (tmp_path / "gold.csv").write_text("row,gold\n" + "".join(f"{n},{label}\n" for n, label in enumerate(gold)))
        given = {"mapping": dict(enumerate(gold)), "array": gold, "file": tmp_path / "gold.csv"}[kind]
        inputs.append(RunInputs.of(lfs, corpus, open_gold(given, corpus), batch_rows=1024, types={}))
    assert inputs[1].differences(inputs[0].to_dict()) == []
    assert inputs[2].differences(inputs[1].to_dict()) == ["gold changed"]


def test_digests_are_the_same_in_every_process(tmp_path):
    """Of all that is understood: else a run would never go on."""
    script = (
        "import json, sys; from pathlib import Path; from tests.rules.inspection.test_edits import *\n"
        "folder, digests = Path(sys.argv[1]), {}\n"
        "for n, (name, edit) in enumerate(EDITS.items()):\n"
        "    forget(folder)\n"
        "    (folder / str(n)).mkdir()\n"
        "    lfs = collect(edit.write(folder / str(n), edited=False))\n"
        "    inputs = [inputs_of(lf) for lf in lfs]\n"
        "    digests[name] = [one.digest for one in inputs if not one.unclear]\n"
        "print(json.dumps(digests))\n"
    )
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", script, folder],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert {name for name in found[0] if found[0][name] != found[1][name]} == set()
