"""Whatever stands in the draft folder of a run, the next one ends with the bytes of an undisturbed run."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.runs import pipeline

N_ROWS = 3 * 1024

RULES = """
import labelkit as lk

@lk.keywords("{word}", label=1)
def words(text): "Words."

@lk.labeling_function
def fails(text):
    if text == "hm":
        raise ValueError("hm")
    return 0 if len(text) == 4 else None
"""


class StoppedTestError(Exception):
    """What stops a run."""


def run(folder, out, **options):
    given = {"id": "id", "gold": folder / "gold.csv", "batch_size": 1024, "labels": 2, "model": "MajorityVote"}
    given |= {"report": False, "cache": False, "on_fault": "record", "progress": False}
    return lk.run(folder / "rules.py", folder / "corpus.csv", out, **{**given, **options})


def contents(folder):
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != "timings.json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def stop(folder, out, after):
    """Stop a run after its second part, or before its last rename."""
    stream = lk.Applier.stream

    def two_parts(applier, *given, **more):
        for n, delivered in enumerate(stream(applier, *given, **more)):
            yield delivered
            if n == 1:
                raise StoppedTestError

    def stopped(*_given):
        raise StoppedTestError

    place, name, instead = (lk.Applier, "stream", two_parts) if after == "voting" else (pipeline, "move", stopped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, name, instead)
        with pytest.raises(StoppedTestError):
            run(folder, out)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a whole run, and two that were stopped; and the parts of a run of other rules."""
    folder = tmp_path_factory.mktemp("project")
    texts = ["free money", "hm", "nice", "free"]
    pd.DataFrame({"id": range(N_ROWS), "text": texts * (N_ROWS // 4)}).to_csv(folder / "corpus.csv", index=False)
    pd.DataFrame({"id": range(90), "gold": [1, 0, 0] * 30}).to_csv(folder / "gold.csv", index=False)
    for word, out in (("nice", "other"), ("free", "voting")):
        (folder / "rules.py").write_text(RULES.format(word=word))
        stop(folder, folder / out, "voting")
    stop(folder, folder / "ending", "ending")
    run(folder, folder / "whole")
    return folder


def other_values(path):
    """Write other values in the format of a file, of the same shapes."""
    if path.suffix == ".npz":
        with np.load(path) as loaded:
            arrays = {name: array[::-1] if name == "index" else array for name, array in loaded.items()}
        np.savez(path, **arrays)
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(table.set_column(1, table.schema.field(1), table.column(1).combine_chunks()[::-1]), path)
    else:
        path.write_text(path.read_text().replace("hm", "mh").replace('"corpus": "', '"corpus": "0'))


def other_shapes(path):
    if path.suffix == ".npz":
        np.savez(path, keys=np.zeros((1, 1)), index=np.full(7, 99), counts=np.array([-1]), fields=np.zeros(3))
    elif path.suffix == ".parquet":
        pq.write_table(pa.table({"a": [1, 2]}), path)
    else:
        path.write_text('[{"row": "x"}, 5, null]')


def other_types(path):
    """Replace each value of a JSON object by another type; any other file by a number."""
    note = json.loads(path.read_text()) if path.name == "inputs.json" else {}
    path.write_text(json.dumps({name: [7] if isinstance(value, str) else 7 for name, value in note.items()} or 7))


def other_keys(path):
    note = json.loads(path.read_text()) if path.name == "inputs.json" else {}
    path.write_text(json.dumps({f"{name}s": value for name, value in note.items()}))


def make_folder(path):
    path.unlink()
    path.mkdir()
    (path / "inner").write_text("")


def flip(path):
    content = bytearray(path.read_bytes() or b"x")
    content[len(content) // 3] ^= 8
    path.write_bytes(content)


def of_another_run(path):
    source = Path(str(path).replace(".out.partial", ".other.partial"))
    if source.is_file():
        shutil.copyfile(source, path)


def of_another_part(path):
    other = path.with_name(path.name.replace("00000", "00001")) if "00000" in path.name else path
    path.write_bytes(other.read_bytes() if other.is_file() else b"")


def link(path):
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "without its end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "missing": lambda path: path.unlink(),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(500)),
    "no text": lambda path: path.write_bytes(b"\xff\xfe" * 9),
    "deeply nested": lambda path: path.write_text("[" * 100_000),
    "a bit": flip,
    "other values": other_values,
    "other shapes": other_shapes,
    "other types": other_types,
    "other keys": other_keys,
    "a folder": make_folder,
    "a link": link,
    "another run": of_another_run,
    "another part": of_another_part,
}


def check(project, out, *, force=False):
    """Let the run go on; it may say that it begins anew, and must end with the bytes of the whole run."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*begins anew", category=UserWarning)
        folder = run(project, out, force=force)
    assert contents(folder.path) == contents(project / "whole")
    assert [path.name for path in out.parent.iterdir() if path.name.startswith((".out", ".ending"))] == []


@pytest.mark.parametrize(
    ("stage", "damage"),
    [
        *(("voting", damage) for damage in DAMAGES),
        *(("ending", damage) for damage in ("halved", "missing", "a folder")),
    ],
)
def test_a_damaged_draft_heals(project, tmp_path, damage, stage):
    stopped = project / f".{stage}.partial"
    shutil.copytree(project / ".other.partial", tmp_path / ".other.partial")
    files = sorted(file.relative_to(stopped) for file in stopped.rglob("*") if file.is_file())
    assert {"inputs.json", "votes/part-00001.parquet", "work/00000.npz", "work/00000.json"} <= set(map(str, files))
    if stage == "ending":
        assert "labels/part-00001.parquet" in map(str, files)
    for file in files:
        shutil.copytree(stopped, tmp_path / ".out.partial", symlinks=True)
        DAMAGES[damage](tmp_path / ".out.partial" / file)
        check(project, tmp_path / "out")
        shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize("name", ["", "votes", "labels", "work"])
@pytest.mark.parametrize("instead", ["nothing", "a file", "a link", "a link to a folder"])
@pytest.mark.parametrize("force", [False, True])
def test_folders_of_a_draft_heal(project, tmp_path, name, instead, force):
    shutil.copytree(project / ".voting.partial", tmp_path / ".out.partial")
    place = tmp_path / ".out.partial" / name
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_text("")
    shutil.rmtree(place)
    if instead == "a file":
        place.write_text("")
    elif instead != "nothing":
        place.symlink_to(tmp_path / ("elsewhere" if instead == "a link to a folder" else "nowhere"))
    check(project, tmp_path / "out", force=force)
    assert (tmp_path / "elsewhere" / "precious").exists()


def test_what_is_whole_is_kept_and_what_follows_is_voted_again(project, tmp_path, monkeypatch):
    shutil.copytree(project / ".voting.partial", tmp_path / ".out.partial")
    (tmp_path / ".out.partial" / "work" / "00001.json").write_bytes(b"[]")
    firsts, stream = [], lk.Applier.stream
    monkeypatch.setattr(
        lk.Applier, "stream", lambda *given, **more: firsts.append(more["first"]) or stream(*given, **more)
    )
    check(project, tmp_path / "out")
    assert firsts == [1]


def test_force_begins_anew(project, tmp_path, monkeypatch):
    shutil.copytree(project / ".voting.partial", tmp_path / ".out.partial")
    firsts, stream = [], lk.Applier.stream
    monkeypatch.setattr(
        lk.Applier, "stream", lambda *given, **more: firsts.append(more["first"]) or stream(*given, **more)
    )
    check(project, tmp_path / "out", force=True)
    assert firsts == [0]
