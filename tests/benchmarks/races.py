"""Start two to four runs of different rules into one folder, at random moments: ``python -m tests.benchmarks.races --n 50``.

At the end, the folder has to hold the bytes of one undisturbed run, nothing may be left beside it, and each process must
have ended well, or with exit code 1 and one line that says which process writes (or that the folder exists already).
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from labelkit import cli
from labelkit.label_models import MODELS  # noqa: F401 - loaded once, before processes are forked
from labelkit.runs import pipeline  # noqa: F401 - as above
from tests.benchmarks.kills import contents, left_over, write_project

WORDS = ("free", "nice", "win", "hm")
"""The rule of each process is to find another word."""

REFUSED = re.compile(
    r"error: another run writes to '.*': process \d+ on .*, since \d{4}.* \(.*\); wait until it is done \[LK502\]\n"
)

EXISTS = re.compile(r"error: '.*' exists already, and is not what this run would make: .*\nHint: .*\n")


def start(folder: Path, number: int, out: str, *, wait: float = 0.0, force: bool = False) -> int:
    """Start the command line in a process of its own, after a while; its errors go to a file."""
    sys.stdout.flush()
    if process := os.fork():
        return process
    os.dup2(os.open(folder / f"errors{number}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.chdir(folder)
    time.sleep(wait)
    options = ["--labels", "HAM,SPAM", "--id", "id", "--batch-size", "1024", "--no-cache", "--no-report", "--quiet"]
    try:
        cli.main(["run", f"rules{number}.py", "corpus.csv", "--out", out, *options, *["--force"] * force])
    except SystemExit as end:
        os._exit(int(end.code or 0))
    finally:
        os._exit(9)


def ended(process: int) -> int:
    """Wait for a process, and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def write_rules(folder: Path) -> None:
    """Write a corpus, and a file of rules for each process."""
    write_project(folder)
    for number, word in enumerate(WORDS):
        rule = f'@lk.keywords("{word}", label={number % 2})\ndef words(text): "A word."\n'
        (folder / f"rules{number}.py").write_text(f"import labelkit as lk\n\n{rule}")


def trial(folder: Path, seed: int, seconds: float, whole: list[dict[str, bytes]]) -> tuple[list[int], str]:
    """Start some runs at random moments; returns their exit codes, and what went wrong."""
    chance = random.Random(seed)
    (folder / "sub").mkdir(exist_ok=True)
    names = ["out", "./out", "sub/../out", str(folder / "out")]
    processes = [
        start(folder, n, chance.choice(names), wait=chance.random() * seconds, force=chance.random() < 0.3)
        for n in range(chance.choice((2, 3, 4)))
    ]
    codes = [ended(process) for process in processes]
    errors = [(folder / f"errors{n}").read_text() for n in range(len(codes))]
    wrong = [text for code, text in zip(codes, errors, strict=True) if not _is_right(code, text)]
    if contents(folder / "out") not in [whole[n] for n, code in enumerate(codes) if code == 0]:
        wrong.append("the folder holds no run that ended well")
    return codes, "; ".join([*wrong, *(f"{file} was left" for file in left_over(folder))])


def _is_right(code: int, errors: str) -> bool:
    return not errors if code == 0 else code == 1 and bool(REFUSED.fullmatch(errors) or EXISTS.fullmatch(errors))


def main() -> None:
    """Make the trials, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--random-state", type=int, default=0)
    given = parser.parse_args()
    whole, n_wrong, codes = [], 0, Counter[int]()
    for seed in range(given.random_state - 1, given.random_state + given.n):
        with tempfile.TemporaryDirectory(prefix="races-") as name:
            folder = Path(name).resolve()
            write_rules(folder)
            if not whole:
                began = time.monotonic()
                assert [ended(start(folder, n, f"whole{n}")) for n in range(len(WORDS))] == [0] * len(WORDS)
                seconds = 2 * (time.monotonic() - began) / len(WORDS)
                whole = [contents(folder / f"whole{n}") for n in range(len(WORDS))]
                continue
            ends, wrong = trial(folder, seed, seconds, whole)
            codes.update(ends)
            n_wrong += bool(wrong)
            if wrong:
                print(f"trial {seed}: {wrong}", flush=True)
    print(f"{given.n} trials, {codes[0]} runs ended well, {codes[1]} were refused, {n_wrong} trials went wrong")
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
