"""run --update, history, restore, verify, and RUN@2, on the command line."""

import pandas as pd
import pytest
from click.testing import CliRunner

from labelkit.cli import cli

RULES = "import labelkit as lk\nfree = lk.keywords('free', label=1).rule(name='free')\n"


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def run(tmp_path):
    """The arguments of a run that was updated once."""
    (tmp_path / "rules.py").write_text(RULES)
    frame = pd.DataFrame({"text": ["free", "nice"] * 20})
    arguments = (tmp_path / "rules.py", tmp_path / "c.csv", "--out", tmp_path / "out", "--labels", "HAM,SPAM")
    frame[:30].to_csv(tmp_path / "c.csv", index=False)
    assert call("run", *arguments, "--no-report").exit_code == 0
    frame.to_csv(tmp_path / "c.csv", index=False)
    return arguments


def test_update_history_restore_verify(run, tmp_path):
    out = tmp_path / "out"
    assert call("run", *run, "--no-report", "--update").exit_code == 0
    again = call("run", *run, "--no-report", "--update")
    assert "nothing has changed since" in again.output
    assert "rows: 30 -> 40" in call("history", out).output
    assert "voted on 30 examples" in call("summarize", f"{out}@1").output
    assert "version 3 is version 1 again" in call("restore", out, 1).output
    again = call("restore", out, 3)
    assert (again.exit_code, again.output) == (0, f"{out}: version 3 is the current one, so there is nothing to do\n")
    assert "whole and unchanged (3 versions)" in call("verify", out).output
    (out / "summary.csv").write_text("changed")
    damaged = call("verify", out)
    assert damaged.return_value == 1
    assert damaged.output == f"{out}: 1 problem found (3 versions)\n  summary.csv was changed\n"


def test_a_run_that_has_changed_names_both_ways_as_they_are_written_here(run):
    from labelkit._shared.command_line import as_on_command_line

    refused = call("run", *run, "--no-report")
    hint = as_on_command_line(str(refused.exception))
    assert "c.csv: " in hint
    assert "--update makes a new version of it" in hint
    assert "--force makes the run anew" in hint
    assert "True" not in hint


def test_keep_model(run, tmp_path):
    assert call("run", *run, "--no-report", "--update", "--keep-model").exit_code == 0
    assert "label model kept from version 1" in call("history", tmp_path / "out").output
