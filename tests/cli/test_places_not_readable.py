"""A file or folder that this user may not read is named, with what to do, by every door; nothing is said to be missing."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import labelkit as lk
from tests.runs.test_not_readable import AS_ANYBODY, pytestmark  # noqa: F401 - marks this module, too
from tests.waiting import GUARD

RULES = """from enum import IntEnum

import labelkit as lk


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.lookup("words.txt", label=Label.SPAM).rule(name="free")
hello = lk.keywords("hello", label=Label.HAM).rule(name="hello")
"""
ROWS = pd.DataFrame({"id": ["a1", "a2", "a3"], "text": ["free money", "hello friend", "free win"]})

CALLS = {
    **{
        f"c.{suffix}": f"check rules c.{suffix}"
        for suffix in ("csv", "parquet", "jsonl", "json", "xlsx", "arrow", "csv.gz")
    },
    "many/1.csv": "check rules many",
    "many": "check rules many/*.csv",
    "rules": "check rules ok.csv",
    "rules/words.txt": "check rules ok.csv",
    "rules/rules.py": "check rules ok.csv",
    "gold.csv": "check rules ok.csv --id id --gold gold.csv",
    "gold.parquet": "fix out --gold gold.parquet",
    "asked.csv": "estimate asked.csv --answered gold.csv",
    "guide.md": "annotate ok.csv --labels A,B --out hand.parquet --status --guidelines guide.md",
    "b.labelkit": "predict b.labelkit ok.csv --out p.csv",
    "out": "summarize out",
    "out/labels": "summarize out",
    "out/votes": "view out",
    "out/manifest.json": "run rules ok.csv --id id --out out",
}
"""A call by each file or folder that may not be read."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unreadable")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.py").write_text(RULES)
    (folder / "rules" / "words.txt").write_text("free\n")
    (folder / "guide.md").write_text("## A\nall\n")
    (folder / "many").mkdir()
    for place in ("c.csv", "ok.csv", "many/0.csv", "many/1.csv"):
        ROWS.to_csv(folder / place, index=False)
    (folder / "c.csv.gz").write_bytes(gzip.compress((folder / "c.csv").read_bytes()))
    ROWS.to_parquet(folder / "c.parquet")
    ROWS.to_json(folder / "c.jsonl", orient="records", lines=True)
    ROWS.to_json(folder / "c.json", orient="records")
    ROWS.to_excel(folder / "c.xlsx", index=False)
    ROWS.to_feather(folder / "c.arrow")
    gold = ROWS[["id"]].assign(gold=["SPAM", "HAM", "SPAM"])
    gold.to_csv(folder / "gold.csv", index=False)
    gold.to_parquet(folder / "gold.parquet")
    run = lk.run(
        folder / "rules",
        folder / "ok.csv",
        folder / "out",
        id="id",
        progress=False,
        report=False,
    )
    lk.bundle(run, folder / "b.labelkit")
    lk.sample(folder / "ok.csv", 2, id="id").save(folder / "asked.csv")
    return folder


@pytest.mark.parametrize("place", CALLS)
def test_what_may_not_be_read_is_named_with_what_to_do(place, project):
    mode = (project / place).stat().st_mode
    (project / place).chmod(0)
    try:
        done = subprocess.run(
            [*AS_ANYBODY, sys.executable, "-m", "labelkit", *CALLS[place].split()],
            capture_output=True,
            text=True,
            check=False,
            cwd=project,
            timeout=GUARD,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    finally:
        (project / place).chmod(mode)
    assert done.returncode == 1, done.stderr
    assert "cannot be read: permission denied [LK519]" in done.stderr
    assert Path(place).name in done.stderr
    assert "Hint: let this user read it" in done.stderr
    assert "Errno" not in done.stderr
    assert "--force" not in done.stderr
