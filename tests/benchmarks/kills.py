"""Kill runs at random moments, edit what they depend on, let them go on: ``python -m tests.benchmarks.kills --n 100``.

After each trial, the bytes of the run folder are compared with those of an undisturbed run of what is there at the end,
and no draft may be left beside it, in it, or in the vote cache. A kill comes when some file of the run has appeared, after
a random share of the time that a whole run takes, or (with ``--aimed``) just before or after a rename or a removal of some
kind: of a draft, in the vote cache, of the report, of the run folder, or by ``cache clear``. The corpus is a CSV or Parquet
file or a folder of files; votes are computed serially, in threads or in processes.

With ``--update``, updates are killed: of a finished run whose corpus has grown, and whose rules may have been edited. After
each kill, the folder is the old version or the new one, whole; the update that goes on ends with the bytes of an undisturbed
one, and keeps the old version.
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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import labelkit as lk
from labelkit.apply.vote_cache import VoteCache
from labelkit.label_models import MODELS  # noqa: F401 - loaded once, before processes are forked
from labelkit.runs import report  # noqa: F401 - as above
from labelkit.runs.versions import verify

N_ROWS = 6 * 1024 + 100

N_OLD = 3600
"""Rows of a run that is to be updated: two files of the folder."""

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

ENGINES = (("serial", 1), ("thread", 2), ("thread", 2), ("process", 2))

CORPORA = ("corpus.csv", "corpus.parquet", "parts")

AIMS = {
    "a draft": (30, lambda path: path.name.endswith(".draft")),
    "a part": (30, lambda path: path.name.startswith((".part-", ".0000"))),
    "the vote cache": (15, lambda path: "cache" in path.parts),
    "the report": (1, lambda path: path.name.startswith(".report.html")),
    "the last renames": (4, lambda path: path.name in (".out.partial", ".out.old", "out", "inputs.json", "work")),
    "the lock": (1, lambda path: path.name == ".out.lock"),
    "cache clear": (5, lambda path: "cache" in path.parts),
}
"""What is renamed or removed at an aimed kill, and how often at most before it comes."""

UPDATED = ("version.json", "versions/00001/version.json", "work/00004.npz", "votes/part-00000.parquet")
"""Further moments of an update."""

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


def write_corpus(folder: Path, name: str, n_rows: int = N_ROWS) -> None:
    """Write the first rows of the corpus, in another format than CSV if wanted."""
    text = (folder / "corpus.csv").read_text()
    frame = pd.read_csv(folder / "corpus.csv").iloc[:n_rows]
    if name == "corpus.csv":
        (folder / name).write_text("".join(text.splitlines(keepends=True)[: n_rows + 1]))
        return
    if name == "corpus.parquet":
        frame.to_parquet(folder / name, row_group_size=1000)
        return
    (folder / name).mkdir(exist_ok=True)
    for n in range(-(-n_rows // 1800)):
        frame.iloc[n * 1800 : (n + 1) * 1800].to_parquet(folder / name / f"{n}.parquet", row_group_size=700)


@dataclass(frozen=True)
class Command:
    """A run, or (without a folder to write) ``cache clear``."""

    folder: Path
    out: Path | None
    corpus: str = "corpus.csv"
    engine: tuple[str, int] = ("serial", 1)
    force: bool = False
    cache: bool = True
    update: bool = False
    keep_model: bool = False

    def __call__(self) -> None:
        """Run it; its warnings go to the output of the process."""
        folder, (engine, workers) = self.folder, self.engine
        warnings.simplefilter("always")
        if self.out is None:
            VoteCache(folder / "cache").clear()
            return
        lk.run(
            folder / "rules.py",
            folder / self.corpus,
            self.out,
            id="id",
            gold=folder / "gold.csv",
            labels=["HAM", "SPAM"],
            batch_size=1024,
            workers=workers,
            engine=engine,
            cache=folder / "cache" if self.cache else False,
            force=self.force,
            update=self.update,
            keep_model=self.keep_model,
            progress=False,
        )


def aim(kind: str, number: int, after: bool) -> None:
    """Let this process be killed just before or after the rename or removal of that number, of that kind."""
    left, is_aimed_at = [number], AIMS[kind][1]

    def aimed(function):
        def step(path, *given, **more):
            of_kind = is_aimed_at(Path(path))
            left[0] -= of_kind
            hit = left[0] == 0 and of_kind
            if hit and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = function(path, *given, **more)
            if hit:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return step

    Path.replace, Path.unlink, shutil.rmtree = aimed(Path.replace), aimed(Path.unlink), aimed(shutil.rmtree)


def start(command: Command, aimed: tuple[str, int, bool] | None = None) -> int:
    """Start a run in a process of its own, which shares what is loaded here."""
    folder = command.folder
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if aimed is not None:
            aim(*aimed)
        command()
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


def left_over(folder: Path) -> list[str]:
    """List what processes left beside the run folder, in it, and in the vote cache."""
    hidden = [path for path in (*folder.rglob(".*"), folder / "out" / "work") if path.exists()]
    return sorted(str(path.relative_to(folder)) for path in hidden)


def stopped(command: Command, chance: random.Random, seconds: float, *, aimed: bool) -> bool:
    """Start a run and kill it at a moment by chance; returns whether it was still there."""
    if not aimed:
        moment = chance.choice((*MOMENTS, *UPDATED) if command.update else MOMENTS)
        return kill(start(command), command.folder / ".out.partial", moment, chance.random() * seconds)
    kind = chance.choice([kind for kind in AIMS if kind != "cache clear" or not command.update])
    if kind == "cache clear":
        os.waitpid(start(replace(command, out=command.folder / "other", force=True)), 0)
        command = replace(command, out=None)
    number = chance.randint(1, AIMS[kind][0])
    return os.WIFSIGNALED(os.waitpid(start(command, (kind, number, chance.random() < 0.5)), 0)[1])


def trial(seed: int, seconds: float, *, aimed: bool = False) -> tuple[list[str], str, bool]:
    """Make one trial; returns its edits, what went wrong (empty if nothing did), and whether a run was killed."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder, edits, killed = Path(name), [], False
        write_project(folder)
        command = Command(folder, folder / "out", chance.choice(CORPORA))
        write_corpus(folder, command.corpus)
        if chance.random() < 0.3:
            os.waitpid(start(command), 0)  # a folder to replace
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            here = replace(command, engine=chance.choice(ENGINES), force=(folder / "out").exists())
            killed |= stopped(here, chance, seconds, aimed=aimed)
            edits.append(chance.choice(list(EDITS)))
            file, old, new = EDITS[edits[-1]]
            path = folder / file
            path.write_text(path.read_text().replace(old, new))
            if file == "corpus.csv":
                write_corpus(folder, command.corpus)
        # A finished run stays as it is after an edit that changes no vote, with the texts of its rules.
        texts = any(edit in ("a comment", "a docstring") for edit in edits) and (folder / "out").exists()
        last = replace(command, engine=chance.choice(ENGINES), force=texts)
        if os.waitpid(start(last), 0)[1] and "exists already" in (folder / "log").read_text():
            last = replace(last, force=True)  # it was finished, or killed before it replaced what was there
        for final in (last, replace(command, out=folder / "whole", cache=False)):
            status = os.waitpid(start(final), 0)[1]
            if status:
                return edits, f"{final.out} ended with {status}: {(folder / 'log').read_text()[-2000:]}", killed
        one, other = contents(folder / "out"), contents(folder / "whole")
        different = [file for file in one.keys() | other.keys() if one.get(file) != other.get(file)]
        wrong = [
            *(f"{file} differs" for file in sorted(different)),
            *(f"{file} was left" for file in left_over(folder)),
        ]
        return edits, ", ".join(wrong), killed


def update_trial(seed: int, seconds: float, *, aimed: bool = False) -> tuple[list[str], str, bool]:
    """Make one trial of an update; returns as :func:`trial` does."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder, killed = Path(name), False
        write_project(folder)
        whole = (folder / "corpus.csv").read_text()
        command = Command(folder, folder / "out", chance.choice(("corpus.csv", "parts")))
        write_corpus(folder, command.corpus, N_OLD)
        os.waitpid(start(command), 0)
        before = contents(folder / "out")
        shutil.copytree(folder / "out", folder / "undisturbed")
        (folder / "corpus.csv").write_text(whole)
        write_corpus(folder, command.corpus)
        keeps = chance.random() < 0.4  # the label model, which only the same rules can
        edit = "nothing" if keeps else chance.choice([one for one in EDITS if one != "the corpus"])
        file, old, new = EDITS[edit]
        (folder / file).write_text((folder / file).read_text().replace(old, new))
        command = replace(command, update=True, keep_model=keeps)
        for _ in range(chance.choice((1, 1, 2, 3))):
            killed |= stopped(replace(command, engine=chance.choice(ENGINES)), chance, seconds, aimed=aimed)
            if not is_whole(folder / "out", before):
                return [edit], "the folder was neither the old version nor the new one", killed
        for out in ("out", "undisturbed"):
            status = os.waitpid(start(replace(command, out=folder / out, engine=chance.choice(ENGINES))), 0)[1]
            if status:
                return [edit], f"{out} ended with {status}: {(folder / 'log').read_text()[-2000:]}", killed
        one, other = contents(folder / "out"), contents(folder / "undisturbed")
        dated = {"version.json"}
        different = sorted(file for file in (one.keys() | other.keys()) - dated if one.get(file) != other.get(file))
        lost = sorted(file for file in before if one.get(f"versions/00001/{file}") != before[file])
        wrong = [f"{file} differs" for file in different] + [f"{file} was lost" for file in lost]
        wrong += [f"{file} was left" for file in left_over(folder)] + verify(folder / "out")
        return [edit], ", ".join(wrong), killed


def is_whole(out: Path, before: dict[str, bytes]) -> bool:
    """Return whether a folder is the version that it was, or the next one; between two renames, it has another name."""
    there = out if out.exists() else out.with_name(f".{out.name}.old")
    return contents(there) == before or (there == out and verify(out) == [])


def main() -> None:
    """Make the trials, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--random-state", type=int, default=0)
    parser.add_argument("--aimed", action="store_true", help="Kill at renames and removals.")
    parser.add_argument("--update", action="store_true", help="Kill updates of finished runs.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        write_project(Path(name))
        os.waitpid(start(Command(Path(name), Path(name) / "first")), 0)
        began = time.monotonic()
        os.waitpid(start(Command(Path(name), Path(name) / "second")), 0)
        seconds = time.monotonic() - began
    edits: Counter[str] = Counter()
    n_killed = n_wrong = 0
    for seed in range(given.random_state, given.random_state + given.n):
        made, wrong, killed = (update_trial if given.update else trial)(seed, seconds, aimed=given.aimed)
        edits.update(made)
        n_killed += killed
        n_wrong += bool(wrong)
        if wrong:
            print(f"trial {seed} ({', '.join(made)}): {wrong}", flush=True)
    print(f"{given.n} trials, {n_killed} with a kill, {n_wrong} with other bytes than an undisturbed run or drafts")
    print(f"edits: {', '.join(f'{name} {n}' for name, n in edits.most_common())}")
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
