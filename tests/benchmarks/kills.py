"""Kill runs at random moments, edit what they depend on, let them go on: ``python -m tests.benchmarks.kills --n 100``.

After each trial, the bytes of the run folder are compared with those of an undisturbed run of what is there at the end.
A kill comes when some file of the run has appeared, or after a random share of the time that a whole run takes; wherever
it lands, the result has to be the same.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import labelkit as lk
from labelkit.label_models import MODELS  # noqa: F401 - loaded once, before processes are forked
from labelkit.runs import report  # noqa: F401 - as above

N_ROWS = 6 * 1024 + 100

FILES = {
    "rules.py": '''import labelkit as lk
import settings
from pack.part import shorten

class Scale:
    """Scales."""
    factor = 2
    def of(self, text):
        return len(text) * self.factor

scale = Scale()

@lk.column
def first_word(text):
    return text.split()[0]

@lk.keywords("free", label=1)
def offers(text): "Offers."

@lk.lookup("words.txt", match="phrase", label=0)
def listed(text): "Words of a list."

@lk.regex("^n", label=0)
def by_column(first_word): "The first word."

@lk.labeling_function
def long(text):
    """Long."""
    return 1 if scale.of(text) > settings.LIMIT else None

@lk.labeling_function
def short(text):
    """Short."""
    return 0 if len(shorten(text)) < 4 else None
''',
    "settings.py": "LIMIT = 20\n",
    "pack/__init__.py": "",
    "pack/part.py": "def shorten(text): return text[:6].strip()\n",
    "words.txt": "nice\n",
}
"""The project of each trial."""

EDITS = {
    "nothing": ("settings.py", "LIMIT", "LIMIT"),
    "a comment": ("rules.py", "scale = ", "# one scale\nscale = "),
    "a docstring": ("rules.py", '"""Long."""', '"""Long texts."""'),
    "a setting": ("settings.py", "20", "30"),
    "a class attribute": ("rules.py", "factor = 2", "factor = 3"),
    "a method": ("rules.py", "len(text) * self", "len(text.split()) * self"),
    "a function of a package": ("pack/part.py", "[:6]", "[:3]"),
    "a column": ("rules.py", "text.split()[0]", "text.split()[-1]"),
    "keywords": ("rules.py", '"free"', '"win"'),
    "a list of words": ("words.txt", "nice", "win"),
    "a precision": ("rules.py", '@lk.keywords("free", label=1)', '@lk.keywords("free", label=1, precision=0.8)'),
    "another rule": ("rules.py", "^n", "^w"),
    "gold": ("gold.csv", "3,1", "3,0"),
    "the corpus": ("corpus.csv", "free money", "nice money"),
}
"""What is edited after a kill."""

MOMENTS = (
    *("work/00000.npz", "work/00002.npz", "work/00005.npz", "votes/part-00003.parquet", "labels/part-00000.parquet"),
    *("labels/part-00006.parquet", "faults.parquet", "summary.csv", "model/model.json", "manifest.json", "inputs.json"),
    *("patterns.parquet", "timings.json", None, None, None, None, None),
)
"""The file of the draft at whose appearance a run is killed; None for a moment by chance."""


def write_project(folder: Path) -> None:
    """Write rules, corpus and gold."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    texts = np.array(["free money", "nice", "win now and for ever", "so nice of you", "hm", "now free"])
    rng = np.random.default_rng(0)
    corpus = pd.DataFrame({"id": np.arange(N_ROWS), "text": texts[rng.integers(0, len(texts), N_ROWS)]})
    corpus.to_csv(folder / "corpus.csv", index=False)
    pd.DataFrame({"id": np.arange(200), "gold": rng.integers(0, 2, 200)}).to_csv(folder / "gold.csv", index=False)
    gold = (folder / "gold.csv").read_text().splitlines()
    gold[4] = "3,1"
    (folder / "gold.csv").write_text("\n".join(gold) + "\n")


def run(folder: Path, out: Path, workers: int) -> None:
    """Make the run; its warnings go to the output of the process."""
    warnings.simplefilter("always")
    lk.run(
        folder / "rules.py",
        folder / "corpus.csv",
        out,
        id="id",
        gold=folder / "gold.csv",
        labels=["HAM", "SPAM"],
        batch_size=1024,
        workers=workers,
        cache=folder / "cache",
        progress=False,
    )


def start(folder: Path, out: Path, workers: int) -> int:
    """Start a run in a process of its own, which shares what is loaded here."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        run(folder, out, workers)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, it goes to the log
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def kill(process: int, draft: Path, moment: str | None, seconds: float) -> bool:
    """Kill a run at a moment; returns whether it was still there."""
    until = time.monotonic() + seconds
    while os.waitpid(process, os.WNOHANG)[0] == 0:
        if (draft / moment).exists() if moment else time.monotonic() >= until:
            os.kill(process, signal.SIGKILL)
            return bool(os.WIFSIGNALED(os.waitpid(process, 0)[1]))
        time.sleep(0.0005)
    return False


def contents(out: Path) -> dict[str, bytes]:
    """The bytes of a run folder, without times and the report, which shows them."""
    files = (
        file for file in sorted(out.rglob("*")) if file.is_file() and file.name not in ("timings.json", "report.html")
    )
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def trial(seed: int, seconds: float) -> tuple[list[str], str, bool]:
    """Make one trial; returns its edits, what went wrong (empty if nothing did), and whether a run was killed."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder, edits, killed = Path(name), [], False
        write_project(folder)
        out = folder / "out"
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            process = start(folder, out, chance.choice((1, 1, 2)))
            killed |= kill(process, folder / ".out.partial", chance.choice(MOMENTS), chance.random() * seconds)
            shutil.rmtree(out, ignore_errors=True)  # where it was finished before
            edits.append(chance.choice(list(EDITS)))
            file, old, new = EDITS[edits[-1]]
            path = folder / file
            path.write_text(path.read_text().replace(old, new))
        for target in (out, folder / "whole"):
            status = os.waitpid(start(folder, target, 1), 0)[1]
            if status:
                return edits, f"{target.name} ended with {status}: {(folder / 'log').read_text()[-2000:]}", killed
        one, other = contents(out), contents(folder / "whole")
        different = [file for file in one.keys() | other.keys() if one.get(file) != other.get(file)]
        return edits, f"{', '.join(sorted(different))} differ" if different else "", killed


def main() -> None:
    """Make the trials, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--random-state", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        write_project(Path(name))
        os.waitpid(start(Path(name), Path(name) / "first", 1), 0)
        began = time.monotonic()
        os.waitpid(start(Path(name), Path(name) / "second", 1), 0)
        seconds = time.monotonic() - began
    edits: Counter[str] = Counter()
    n_killed = n_wrong = 0
    for seed in range(given.random_state, given.random_state + given.n):
        made, wrong, killed = trial(seed, seconds)
        edits.update(made)
        n_killed += killed
        n_wrong += bool(wrong)
        if wrong:
            print(f"trial {seed} ({', '.join(made)}): {wrong}", flush=True)
    print(f"{given.n} trials, {n_killed} with a kill, {n_wrong} with other bytes than an undisturbed run")
    print(f"edits: {', '.join(f'{name} {n}' for name, n in edits.most_common())}")
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
