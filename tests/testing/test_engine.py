"""The suite that a third party holds an engine against: good ones pass, each fault of an engine is found."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pyarrow as pa
import pytest

from labelkit.testing.engine import CHECKS, check_engine


def in_process(votes, table):
    return votes(table)


def backwards(votes, table):
    return [votes(batch) for batch in table.combine_chunks().to_batches(max_chunksize=1_000)[::-1]] or votes(table)


def in_other_processes(votes, table):
    batches = table.combine_chunks().to_batches(max_chunksize=40_000)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return list(pool.map(votes, batches)) or votes(table)


def problems(engine):
    return {finding.name: finding.problem for finding in check_engine(engine) if finding.problem}


@pytest.mark.parametrize("engine", [in_process, backwards, in_other_processes])
def test_engines_that_keep_everything_pass(engine):
    assert problems(engine) == {}


def loses(votes, table):
    return votes(table).slice(1)


def doubles(votes, table):
    voted = votes(table)
    return pa.concat_tables([voted, voted.slice(0, 1)])


def nulls_to_empty(votes, table):
    return votes(table.set_column(1, "text", table["text"].fill_null("")))


def upper(votes, table):
    return votes(table.set_column(1, "text", pa.compute.utf8_upper(table["text"])))


def in_floats(votes, table):
    if pa.types.is_integer(table["key"].type):
        table = table.set_column(0, "key", table["key"].cast(pa.float64(), safe=False))
    return votes(table)


def shifts_ids(votes, table):
    voted = votes(table)
    return voted.set_column(
        0, "key", pa.concat_arrays([voted["key"].combine_chunks()[1:], voted["key"].combine_chunks()[:1]])
    )


def swallows(votes, table):
    try:
        return votes(table)
    except Exception:  # noqa: BLE001 - the fault of this engine
        return votes(table.slice(0, 0))


def forgets_faults(votes, table):
    voted = votes(table)
    return voted.set_column(
        voted.schema.get_field_index("faults"), "faults", pa.nulls(len(voted), voted.schema.field("faults").type)
    )


def drops_a_column(votes, table):
    return votes(table).drop(["faults"])


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (loses, "1 are lost"),
        (doubles, "1 too many"),
        (nulls_to_empty, "rule 'empty'"),
        (upper, "differ; rule"),
        (in_floats, "lost"),
        (shifts_ids, "differ"),
        (swallows, "nothing was raised"),
        (forgets_faults, "0 faults"),
        (drops_a_column, "the columns are"),
    ],
)
def test_an_engine_that_changes_something_is_found_out(engine, said):
    assert any(said in problem for problem in problems(engine).values()), problems(engine)


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "labelkit.testing.engine", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_what_holds_and_what_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, sys.path)))
    (tmp_path / "mine.py").write_text(
        "def run(votes, table):\n    return votes(table)\ndef bad(votes, table):\n    return votes(table.slice(1))\nnothing = 3\n"
    )
    good = command(tmp_path, "mine:run")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith(f"{len(CHECKS)} of {len(CHECKS)} checks hold\n")
    bad = command(tmp_path, "mine.bad")
    assert bad.returncode == 1
    assert "FAILS  missing texts stay missing" in bad.stdout
    for wrong in ("mine:nothing", "mine:absent", "absent:run"):
        done = command(tmp_path, wrong)
        assert done.returncode == 2
        assert "error: " in done.stderr
