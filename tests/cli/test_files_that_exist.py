"""No command, and no function that makes a file of that name, writes over what exists unless it is told to."""

import click
import pytest

import labelkit as lk
from labelkit.cli import cli
from labelkit.cli._command import Settings
from labelkit.exceptions import LabelkitError

GOES_ON = {"annotate"}
"""Commands that add to the file that they name."""


def commands():
    """Return each command with its context and options, those of groups too."""
    todo = [("", cli)]
    for prefix, one in todo:
        context = click.Context(one)
        if isinstance(one, click.Group):
            todo += [(f"{prefix}{name} ", one.get_command(context, name)) for name in one.list_commands(context)]
        else:
            yield prefix.strip(), one


def test_every_command_that_writes_a_named_file_has_force():
    options = {name: {flag for param in one.params for flag in param.opts} for name, one in commands()}
    writing = {name for name, flags in options.items() if flags & {"--out", "--to"}}
    assert {"report", "bundle", "export", "run", "sql", "skill"} <= writing
    assert sorted(name for name in writing if "--force" not in options[name]) == sorted(GOES_ON)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exists")
    (folder / "rules.py").write_text('import labelkit as lk\nasks = lk.keywords("a", label=1).rule(name="asks")\n')
    (folder / "a.csv").write_text("text\na\nb\n")
    return lk.run(folder / "rules.py", folder / "a.csv", folder / "run", labels=["HAM", "SPAM"], progress=False)


CALLS = {
    "report": "report {run} --out {out}",
    "export": "export {run} --to {out} --format csv",
    "bundle": "bundle {run} --out {out}",
    "sample": "sample {corpus} --n 1 --out {out}",
    "generate": "generate comments --rows 5 --out {out}",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_command_refuses_and_replaces_if_told_to(run, tmp_path, name):
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    call = CALLS[name].format(run=run.path, out=out, corpus=run.path.parent / "a.csv").split()
    with pytest.raises(LabelkitError, match="exists already") as caught:
        cli.main([*call, "--no-config"], standalone_mode=False, obj=Settings())
    assert "--force" in caught.value.hint
    assert caught.value.code == "LK501"
    assert out.read_text() == "mine"
    cli.main([*call, "--force", "--no-config"], standalone_mode=False, obj=Settings())
    assert out.read_bytes() != b"mine"


def test_so_do_functions(run, tmp_path):
    out = tmp_path / "mine.html"
    out.write_text("mine")
    for write in (lk.write_report, lk.bundle):
        with pytest.raises(LabelkitError, match="exists already") as caught:
            write(run, out)
        assert caught.value.hint.startswith("force=True (--force) replaces it")
        assert out.read_text() == "mine"
    assert lk.write_report(run, out, force=True).read_text() != "mine"


def test_the_report_of_the_run_is_made_anew(run):
    assert lk.write_report(run) == lk.write_report(run, run.layout.report) == run.layout.report
