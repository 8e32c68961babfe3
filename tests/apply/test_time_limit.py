"""A rule that never ends is stopped, by name and example, in every engine; one that ends votes as without a limit."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

import labelkit as lk
from labelkit._shared.time_limit import TimeUpError, limited
from labelkit.exceptions import LabelkitError, TimeLimitError
from labelkit.matching import column_scan

LIMIT = 2.0

# The alarm may come while the garbage collector calls something, where Python drops what is raised; it comes again then.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
BAD = "a" * 60 + "x" * 60 + "!"
ROWS = [{"id": f"i{n}", "text": BAD if n == 1500 else f"good {n}", "n": n} for n in range(3000)]
"""Two chunks of two batches end before the bad text, at row 476 of the second."""

HEAD = "import re, time\nimport labelkit as lk\n\nfree = lk.keywords('good', label=1).rule(name='free')\n"

NEVER_END = {
    "pattern": "never = lk.regex(r'(a+)+(?=x+y)', label=1).rule(name='never')\n",
    "alternatives": "never = lk.regex(r'(x|x)*(?=!+y)', label=1).rule(name='never')\n",
    "back reference": "never = lk.regex(r'((a*)*)*(?=x+\\1b)', label=1).rule(name='never')\n",
    "re in a function": "@lk.labeling_function\ndef never(text):\n    return 1 if re.search(r'(a+)+$', text) else None\n",
    "re in a batch function": (
        "@lk.labeling_function(batch=True)\n"
        "def never(text):\n    return [1 if re.search(r'(a+)+$', one) else None for one in text]\n"
    ),
    "a loop": "@lk.labeling_function\ndef never(text):\n    while text[0] == 'a':\n        pass\n    return 1\n",
    "a wait": "@lk.labeling_function\ndef never(text):\n    text[0] == 'a' and time.sleep(1000)\n    return 1\n",
    "a loop that catches exceptions": (
        "@lk.labeling_function\ndef never(text):\n    while text[0] == 'a':\n        try:\n            time.sleep(0.01)\n"
        "        except Exception:\n            pass\n    return 1\n"
    ),
    "a call that catches everything": (
        "@lk.labeling_function\ndef never(text):\n    try:\n        return 1 if re.search(r'(a+)+$', text) else None\n"
        "    except:\n        return 0\n"
    ),
    "a derived column": (
        "@lk.column\ndef found(text):\n    return bool(re.search(r'(a+)+$', text))\n"
        "@lk.labeling_function\ndef never(found):\n    return int(found)\n"
    ),
    "a derived column of a batch": (
        "@lk.column(batch=True)\ndef found(text):\n    return [bool(re.search(r'(a+)+$', one)) for one in text]\n"
        "never = lk.lookup({True: 1}, match='value').rule(name='never', column='found')\n"
    ),
    "a pattern of a derived column": (
        "@lk.column\ndef lower(text):\n    return text.lower()\n"
        "never = lk.regex(r'(a+)+(?=x+y)', label=1).rule(name='never', column='lower')\n"
    ),
    "a guard": (
        "@lk.labeling_function(when=lk.regex(r'(a+)+(?=x+y)'))\ndef never(text):\n    return 1\n"
    ),
    "a pattern in a sentence": "never = lk.within('sentence', lk.regex(r'(a+)+(?=x+y)')).rule(name='never', label=1)\n",
}  # fmt: skip
NAMED = {"re in a batch function", "a derived column of a batch", "a call that catches everything"}
"""Where the example is known only to stand in a chunk, or not at all."""

IN_THREADS = ["pattern", "re in a function", "a pattern of a derived column", "a guard", "a pattern in a sentence"]
"""Where the engine with threads has a way of its own."""


@pytest.fixture
def rules(tmp_path):
    def write(source):
        path = tmp_path / "the_rules.py"
        path.write_text(HEAD + source)
        return lk.collect(path, labels=2)

    return write


@pytest.mark.parametrize(
    ("kind", "engine"), [*((kind, "serial") for kind in NEVER_END), *((kind, "thread") for kind in IN_THREADS)]
)
def test_a_rule_that_never_ends_is_stopped_by_name_and_example(rules, kind, engine):
    lfs = rules(NEVER_END[kind])
    with pytest.raises(TimeLimitError) as caught:
        lk.Applier(lfs).apply(ROWS, id="id", batch_size=1024, engine=engine, workers=2, time_limit=LIMIT, cache=False)
    message = str(caught.value)
    assert message.startswith("rule 'never'")
    assert "took more than 2 s for one batch" in message
    assert "--time-limit" in message
    if kind not in NAMED:
        assert "at the example of id 'i1500', row 1500" in message
    elif kind != "a call that catches everything":
        assert "at the examples of id 'i1024', row 1024 to id 'i2047', row 2047" in message
    assert ("column 'found'" in message) == ("derived column" in kind and "pattern" not in kind)


@pytest.mark.parametrize("kind", ["pattern", "re in a function", "a loop"])
def test_worker_processes_are_stopped_too(rules, kind):
    lfs = rules(NEVER_END[kind])
    with pytest.raises(TimeLimitError, match=r"rule 'never' took more than 2 s .* example of id 'i1500', row 1500"):
        lk.Applier(lfs).apply(
            ROWS, id="id", batch_size=1024, engine="process", workers=2, time_limit=LIMIT, cache=False
        )


def test_rules_that_a_worker_cannot_import_are_stopped_in_the_main_process(rules):
    lfs = rules(NEVER_END["pattern"])
    there = lk.labeling_function(name="never_here")(lambda text: 1 if re.search(r"(a+)+$", text) else None)
    both = lk.LabelingFunctions([lfs["free"], there], labels=2)
    with pytest.warns(UserWarning, match="main process"), pytest.raises(TimeLimitError, match="rule 'never_here'"):
        lk.Applier(both).apply(ROWS, batch_size=1024, engine="process", workers=2, time_limit=LIMIT, cache=False)


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_a_limit_that_is_kept_changes_nothing(rules, engine):
    lfs = rules("@lk.labeling_function\ndef slow(n):\n    n % 1000 or time.sleep(0.05)\n    return n % 2\n")
    with_limit, without = (
        lk.Applier(lfs).apply(ROWS, batch_size=1024, engine=engine, workers=2, cache=False, time_limit=limit).votes
        for limit in (300, 0)
    )
    assert np.array_equal(with_limit, without)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_limit_holds_for_a_rule_and_batch_and_not_for_the_run(rules):
    source = "@lk.labeling_function\ndef slow_{i}(n):\n    n % 1024 or time.sleep(0.4)\n    return 0\n"  # 3.6 s in all
    lfs = rules("".join(source.replace("{i}", str(i)) for i in range(3)))
    assert len(lk.Applier(lfs).apply(ROWS, batch_size=1024, time_limit=3.5, cache=False).votes) == len(ROWS)


def test_the_chunks_of_a_batch_share_its_time(rules):
    lfs = rules(
        "doc = lk.spacy_doc('text', model='blank:en')\n"
        "@lk.labeling_function\ndef slow(doc, n):\n    n % 1024 or time.sleep(0.5)\n    return 0\n"
    )
    with pytest.raises(TimeLimitError, match="rule 'slow'"):
        lk.Applier(lfs).apply(ROWS, time_limit=1.25, cache=False)


@pytest.mark.parametrize("engine", ["serial", "thread"])
def test_patterns_that_the_compiled_tables_leave_to_re_are_stopped(rules, engine, monkeypatch):
    monkeypatch.setattr(column_scan, "WORTH_COMPILING", 0)
    exact = lk.Applier(rules("ends = lk.regex(r'(a+)+$', label=1).rule(name='ends')\n"))
    assert exact.apply(ROWS, engine=engine, workers=2, time_limit=LIMIT, cache=False).votes.shape == (len(ROWS), 2)
    with pytest.raises(TimeLimitError, match=r"rule 'never' took more than 2 s .* of row 1500"):
        lk.Applier(rules("never = lk.regex(r'(?:a|aa)+x(?<=yyy)', label=1).rule(name='never')\n")).apply(
            ROWS, engine=engine, workers=2, batch_size=1024, time_limit=LIMIT, cache=False
        )


def test_a_run_that_was_stopped_goes_on_after_its_finished_parts(tmp_path):
    rules, corpus, out = tmp_path / "the_rules.py", tmp_path / "corpus.csv", tmp_path / "out"
    rules.write_text(HEAD + NEVER_END["pattern"])
    corpus.write_text("id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in ROWS))
    command = [sys.executable, "-m", "labelkit", "run", rules, corpus, "--out", out, "--id", "id"]
    command += ["--batch-size", "1024", "--labels", "HAM,SPAM", "--no-cache", "--no-report"]
    done = subprocess.run([*command, "--time-limit", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    first, hint = done.stderr.splitlines()
    assert first == (
        "error: rule 'never' took more than 2 s for one batch, and was stopped at the example of id 'i1500', row 1500 [LK133]"
    )
    assert hint.startswith("Hint: labelkit check finds patterns that never end")
    assert not out.exists()
    parts = sorted(path.name for path in tmp_path.rglob("part-*.parquet") if path.parent.name == "votes")
    assert parts == ["part-00000.parquet"]


def test_a_rule_that_catches_whatever_stops_it_ends_the_command(tmp_path):
    rules, corpus = tmp_path / "the_rules.py", tmp_path / "corpus.csv"
    rules.write_text(
        HEAD + "@lk.labeling_function\ndef never(text):\n    while True:\n        try:\n            time.sleep(0.01)\n"
        "        except:\n            pass\n    return 1\n"
    )
    corpus.write_text("text\ngood\n")
    command = [sys.executable, "-m", "labelkit", "run", rules, corpus, "--out", tmp_path / "out", "--time-limit", "0.2"]
    done = subprocess.run([*command, "--labels", "HAM,SPAM"], capture_output=True, text=True, check=False)
    message = "error: rule 'never' took more than 0.2 s for one batch, and catches whatever stops it [LK133]\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.parametrize("wrong", [-1, "10", True, float("nan"), None])
def test_a_limit_that_is_none_is_refused(rules, tmp_path, wrong):
    lfs = rules("")
    with pytest.raises(LabelkitError, match="is not a number of seconds"):
        lk.Applier(lfs).apply(ROWS, time_limit=wrong)
    with pytest.raises(LabelkitError, match="is not a number of seconds"):
        lk.run(lfs, ROWS, tmp_path / "out", time_limit=wrong)


def test_no_limit_is_no_limit_in_other_threads(rules):
    votes = []
    applying = threading.Thread(target=lambda: votes.append(lk.Applier(rules("")).apply(ROWS, time_limit=float("inf"))))
    applying.start()
    applying.join()
    assert len(votes[0].votes) == len(ROWS)


class TestLimited:
    def test_the_alarm_of_somebody_else_comes_when_it_is_due(self):
        rung = []
        before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.6)
            with pytest.raises(TimeUpError), limited(0.2):
                time.sleep(1000)
            assert not rung
            while not rung:
                time.sleep(0.01)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with limited(1000):
                while len(rung) < 2:
                    time.sleep(0.01)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_a_block_that_catches_everything_raises_at_its_end(self):
        with pytest.raises(TimeUpError), limited(0.1), suppress(BaseException):
            time.sleep(1000)

    def test_nothing_is_left_behind(self):
        before = signal.getsignal(signal.SIGALRM)
        for _ in range(3):
            with limited(1000):
                pass
        assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)) == (before, (0.0, 0.0))
