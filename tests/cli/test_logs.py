"""What a command says while it works is a log on standard error: as text with time stamps, or as JSON."""

import json
import re
import signal
import subprocess
import sys

import pandas as pd
import pytest

import labelkit as lk
from labelkit.apply.applier import Applier
from labelkit.cli import main
from tests.cli.test_terminal import in_terminal
from tests.waiting import GUARD

pytestmark = pytest.mark.filterwarnings("always:mind the gap")

RULES = """
import warnings
import labelkit as lk

warnings.warn("mind the gap, password=hunter2")
short = lk.keywords("a", label=1).rule(name="short")

@lk.labeling_function
def parity(text):
    return len(text) % 2
"""

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
RUN = ("run", "rules.py", "corpus.parquet", "--labels", "A,B", "--out", "out", "--batch-size", "1024", "--no-cache")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    pd.DataFrame({"text": ["a" * (n % 7 + 1) for n in range(11_000)]}).to_parquet(tmp_path / "corpus.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    out, err = capsys.readouterr()
    return ended.value.code, out, err.splitlines()


def interrupted_after(n_parts, monkeypatch, capsys, *more):
    """Interrupt a run after some parts."""
    stream = Applier.stream

    def held(*arguments, **options):
        for number, done in enumerate(stream(*arguments, **options), start=1):
            yield done
            if number == n_parts:
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Applier, "stream", held)
        return called(capsys, *RUN, *more)


def test_lines_have_a_time_stamp_where_nobody_watches(project, capsys):
    status, _, lines = called(capsys, *RUN)
    assert status == 0
    assert all(re.match(STAMP, line) for line in lines)
    assert re.fullmatch(rf"{STAMP} warning: mind the gap, password=\*\*\*", lines[0])
    rows = [line.split(" ", 1)[1] for line in lines[1:]]
    assert [row for row in rows if row.startswith("2,048 of 11,000 rows (19%), ")]
    assert not [row for row in rows if row.startswith("11,000")]  # the end needs no line


def test_lines_are_objects_with_time_level_event_and_fields(project, capsys):
    status, out, lines = called(capsys, *RUN, "--log-format", "json")
    assert status == 0
    assert "11,000 examples" in out
    warning, *progress = map(json.loads, lines)
    assert warning | {"time": ""} == {
        "time": "",
        "level": "warning",
        "event": "warning",
        "message": "mind the gap, password=***",
        "kind": "UserWarning",
    }
    assert {one["event"] for one in progress} == {"progress"}
    assert {1024 * n for n in range(2, 11)} <= {one["rows"] for one in progress}
    assert {one["of"] for one in progress} == {11_000}
    assert all(one["level"] == "info" and re.fullmatch(STAMP, one["time"]) for one in progress)


def test_a_run_that_goes_on_says_from_where(project, monkeypatch, capsys):
    status, _, lines = interrupted_after(3, monkeypatch, capsys)
    assert status == 130
    assert lines[-1].startswith("interrupted: nothing was written under the final name; the same command goes on")
    status, _, lines = called(capsys, *RUN, "--log-format", "json")
    assert status == 0
    resumed = next(one for one in map(json.loads, lines) if one["event"] == "resumed")
    assert (resumed["message"], resumed["rows"], resumed["of"]) == ("resumed at row 3,072 of 11,000", 3072, 11_000)
    assert lk.RunFolder("out").manifest["examples"] == 11_000


def test_an_interruption_is_an_error_in_json(project, monkeypatch, capsys):
    status, out, lines = interrupted_after(1, monkeypatch, capsys, "--json", "--log-format", "json")
    assert status == 130
    assert json.loads(out)["error"]["kind"] == "Interrupted"
    last = json.loads(lines[-1])
    assert (last["level"], last["event"], last["kind"]) == ("error", "error", "Interrupted")


def test_the_error_at_the_end_is_a_line_too(project, capsys):
    status, out, lines = called(capsys, *RUN, "--id", "txt", "--log-format", "json")
    assert (status, out) == (1, "")
    last = json.loads(lines[-1])
    assert (last["level"], last["event"], last["kind"]) == ("error", "error", "CorpusError")
    assert "txt" in last["message"]
    assert last["hint"]


def test_quiet_leaves_warnings_and_errors(project, capsys):
    status, out, lines = called(capsys, *RUN, "--quiet")
    assert (status, out, len(lines)) == (0, "", 1)
    assert "mind the gap" in lines[0]


def test_a_terminal_shows_a_bar_and_no_time_stamps(project):
    status, written = in_terminal(*RUN, folder=project)
    assert status == 0, written
    assert "it/s" in written or "rows/s" in written
    assert "\nwarning: mind the gap" in f"\n{written}"
    assert not re.search(STAMP, written)


def test_a_terminal_shows_lines_if_asked_for_json(project):
    status, written = in_terminal(*RUN, "--log-format", "json", "--json", folder=project)
    assert status == 0, written
    assert '"event": "progress"' in written
    assert "|" not in written


def test_warnings_in_worker_processes_come_the_same_way_once(project, capfd):
    (project / "rules.py").write_text(
        RULES.replace("    return len(text) % 2", "    warnings.warn('odd text')\n    return len(text) % 2"),
        encoding="utf-8",
    )
    workers = ("--engine", "process", "--workers", "2", "--log-format", "json")
    status, _, lines = called(capfd, *RUN, *workers)
    assert status == 0, lines
    events = [json.loads(line) for line in lines]
    assert [one["message"] for one in events if one["event"] == "warning"] == ["mind the gap, password=***", "odd text"]


@pytest.mark.parametrize("form", [("--log-format", "json"), ("--log-format=json",)])
def test_a_wrong_call_is_a_line_too(form, project, capsys):
    status, out, lines = called(capsys, "run", *form, "--nope")
    assert (status, out) == (2, "")
    assert json.loads(lines[-1])["kind"] == "NoSuchOption"


def test_threads_that_are_left_are_a_line_too(project):
    (project / "rules.py").write_text(
        "import threading\nimport time\nthreading.Thread(target=time.sleep, args=(600,), name='sleeper').start()\n"
        + RULES,
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "labelkit", "check", "rules.py", "--labels", "A,B", "--log-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD)
    last = json.loads(done.stderr.splitlines()[-1])
    assert (done.returncode, last["event"], "sleeper" in last["message"]) == (0, "warning", True)


def test_handlers_are_gone_afterwards(project, capsys):
    import logging
    import warnings

    logger = logging.getLogger("labelkit")
    before = (*logger.handlers,), logger.level, logger.propagate
    called(capsys, *RUN)
    assert ((*logger.handlers,), logger.level, logger.propagate) == before
    with pytest.warns(UserWarning, match="still as it was"):
        warnings.warn("still as it was", stacklevel=1)


@pytest.mark.filterwarnings("always:.* is given twice")
def test_a_warning_is_said_once(project, capsys):
    status, _, lines = called(capsys, *RUN[:2], "corpus.parquet", "corpus.parquet", *RUN[3:], "--log-format", "json")
    assert status == 0, lines
    messages = [json.loads(line)["message"] for line in lines]
    assert sum("and its rows count twice" in one for one in messages) == 1


def test_the_delimiter_of_a_file_is_said_once(tmp_path, monkeypatch, capsys):
    from labelkit.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text('import labelkit as lk\nwin = lk.keywords("win", label=1).rule(name="win")\n')
    (tmp_path / "c.csv").write_text("id;text;gold\n" + "".join(f"{i};win a, b;1\n" for i in range(30)))
    for command in ("check rules.py c.csv", "run rules.py c.csv --out out --gold gold"):
        with pytest.raises(SystemExit):
            main([*command.split(), "--labels", "HAM,SPAM", "--id", "id"])
        assert capsys.readouterr().err.count("is read with the delimiter") == 1


@pytest.mark.filterwarnings("always::SyntaxWarning")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_warning_of_python_about_a_module_says_where(log_format, project, capsys):
    rule = "@lk.labeling_function\ndef odd(text):\n    return 1 if text is 'a' else None\n"
    (project / "rules.py").write_text(f"import labelkit as lk\n{rule}", encoding="utf-8")
    _, _, lines = called(capsys, *RUN, "--log-format", log_format)
    (line,) = (one for one in lines if "with a literal" in one or "with 'str' literal" in one)
    assert "(rules.py, line 4)" in line
    assert any("text is 'a' asks for the same object (line 4)" in one and "LK926" in one for one in lines)
