"""The command line says what happened, and ends with a status that a script can rely on."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest

import labelkit as lk
from labelkit._shared.command_line import as_on_command_line
from labelkit.apply.engines import ENGINES
from labelkit.cli._model_options import chosen_model
from tests.test_import import HEAVY
from tests.waiting import GUARD

RULES = '''
from enum import IntEnum
from labelkit import keywords

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", label=Label.SPAM, examples={"subscribe!": Label.SPAM, "hello": None})
def asks(text: str) -> None:
    """Asks."""

@keywords("love", label=Label.HAM)
def loves(text: str) -> None:
    """Loves."""
'''


def labelkit(*arguments, cwd=None):
    command = [sys.executable, "-m", "labelkit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=GUARD)


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return tmp_path / "rules.py"


@pytest.fixture
def corpus(tmp_path):
    lk.load_comments(300).to_csv(tmp_path / "comments.csv", index=False)
    return tmp_path / "comments.csv"


def test_run_prints_the_statistics_and_where_the_labels_are(rules, corpus, tmp_path):
    done = labelkit("run", rules, corpus, "--out", tmp_path / "out", "--gold", "spam", "--id", "id")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "2 rules voted on 300 examples" in done.stdout
    assert "asks" in done.stdout
    assert "against gold" in done.stdout
    assert str(tmp_path / "out") in done.stdout
    assert labelkit("summarize", tmp_path / "out").stdout == done.stdout


def test_a_run_that_is_finished_is_not_made_again(rules, corpus, tmp_path):
    labelkit("run", rules, corpus, "--out", tmp_path / "out")
    made = (tmp_path / "out" / "timings.json").read_bytes()
    again = labelkit("run", rules, corpus, "--out", tmp_path / "out", "--workers", 2)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith(f"finished already: {tmp_path / 'out'} (20")
    assert "300 rows, 2 rules); nothing has changed since" in again.stdout
    assert again.stdout.count("\n") == 1
    assert (tmp_path / "out" / "timings.json").read_bytes() == made
    assert labelkit("run", rules, corpus, "--out", tmp_path / "out", "--quiet").stdout == ""


@pytest.mark.parametrize("address", ["memory://runs/first", "memory:/runs/first", "MEMORY://runs/first"])
@pytest.mark.parametrize("command", ["run", "apply"])
def test_a_run_is_not_made_where_it_ends_with_the_command(rules, corpus, tmp_path, command, address):
    done = labelkit(command, rules, corpus, "--out", address, cwd=tmp_path)
    assert done.returncode == 1
    assert "is in the memory of this process: a run there would be lost when the command ends [LK512]" in done.stderr
    assert "Hint: name a folder, or a store that lasts" in done.stderr
    assert not (tmp_path / "memory:").exists()


def test_run_refuses_to_overwrite_without_force(rules, corpus, tmp_path):
    labelkit("run", rules, corpus, "--out", tmp_path / "out")
    again = labelkit("run", rules, corpus, "--out", tmp_path / "out", "--model", "MajorityVote")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert "--force" in again.stderr
    assert labelkit("run", rules, corpus, "--out", tmp_path / "out", "--force", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("rules_text", "message"),
    [
        ("from labelkit import keywords\n@keywords(label=1)\ndef f(text): ...", "needs at least one entry"),
        (
            "from labelkit import regex\n@regex('(', label=1)\ndef broken(text): ...",
            "'(' of rule 'broken' does not compile",
        ),
        ("from labelkit import keywords\n@keywords('a', label=1)\ndef f(text): return 1", "its body would never run"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("x = 1", "no labeling functions"),
        ("def f(:\n  pass", "line 1"),
    ],
)
def test_a_mistake_in_the_rules_is_one_clear_line_without_a_traceback(rules_text, message, corpus, tmp_path):
    (tmp_path / "bad.py").write_text(rules_text)
    done = labelkit("check", tmp_path / "bad.py", corpus)
    assert done.returncode == 1
    assert message in done.stderr
    assert "bad.py" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in labelkit("check", tmp_path / "bad.py", "--debug").stderr


def test_a_missing_corpus_and_a_missing_column_are_named(rules, tmp_path):
    missing = labelkit("run", rules, tmp_path / "none.csv", "--out", tmp_path / "out")
    assert missing.returncode == 1
    assert "none.csv" in missing.stderr
    (tmp_path / "other.csv").write_text("body\nhello\n")
    column = labelkit("run", rules, tmp_path / "other.csv", "--out", tmp_path / "out")
    assert column.returncode == 1
    assert "rule 'asks' reads column 'text', which the corpus does not have; it has 'body'" in column.stderr
    (tmp_path / "empty.csv").write_text("")
    empty = labelkit("run", rules, tmp_path / "empty.csv", "--out", tmp_path / "out")
    assert empty.returncode == 1
    assert "empty" in empty.stderr


def test_check_lists_the_rules_runs_their_examples_and_tries_some_rows(rules, corpus):
    done = labelkit("check", rules, corpus)
    assert done.returncode == 0, done.stderr
    assert "asks" in done.stdout
    assert "reads text -> SPAM" in done.stdout
    assert "2 examples were run" in done.stdout
    assert "300 rows of the corpus were tried" in done.stdout
    assert "no problems" in done.stdout


def test_check_fails_when_an_example_does_not_get_its_vote(rules):
    rules.write_text(RULES.replace('"hello": None', '"hello": Label.SPAM'))
    done = labelkit("check", rules)
    assert done.returncode == 1
    assert "error: asks('hello') voted ABSTAIN, but its example expects SPAM" in done.stdout


def test_check_judges_gates_and_tells_warnings_from_errors(rules, corpus):
    rules.write_text(RULES.replace("import keywords", "import expect, keywords"))
    text = rules.read_text().replace('@keywords("love"', '@expect(precision=BOUND)\n@keywords("love"')
    rules.write_text(text.replace("BOUND", "0.99"))
    assert (
        "1 of 1 gate (what a rule promises by @expect) was judged: 1 unknown" in labelkit("check", rules, corpus).stdout
    )
    broken = labelkit("check", rules, corpus, "--gold", "spam", "--rows", 250)
    assert broken.returncode == 1
    assert "250 rows of the corpus were tried" in broken.stdout
    assert "error: loves: expected precision of at least 99%, found" in broken.stdout
    rules.write_text(text.replace("BOUND", "0.3") + "\n\n@keywords('zebra', label=1)\ndef zebra(text): 'Never.'\n")
    assert labelkit("check", rules, corpus, "--gold", "spam").returncode == 0
    strict = labelkit("check", rules, corpus, "--gold", "spam", "--strict")
    assert strict.returncode == 1
    assert "warning: zebra: it never voted on 300 rows" in strict.stdout


def test_wrong_usage_ends_with_status_2():
    assert labelkit("run").returncode == 2
    assert labelkit("no-such-command").returncode == 2
    assert labelkit("run", "a", "b", "--out", "c", "--on-fault", "ignore").returncode == 2


def test_the_package_can_be_run_as_a_module(tmp_path):
    done = labelkit("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert lk.__version__ in done.stdout
    failed = labelkit("summarize", tmp_path / "missing")
    assert (failed.returncode, failed.stdout) == (1, "")
    error = f"error: there is no folder {str(tmp_path / 'missing')!r} [LK503]\n"
    assert failed.stderr == f"{error}Hint: give the folder of a run: --out of labelkit run\n"


def test_an_engine_can_be_named(rules, corpus, tmp_path):
    for name in ENGINES:
        assert name in " ".join(labelkit("run", "--help").stdout.split("--engine")[1].split("--batch-size")[0].split())
    done = labelkit("run", rules, corpus, "--out", tmp_path / "out", "--engine", "thread", "--workers", 2)
    assert done.returncode == 0, done.stderr
    unknown = labelkit("run", rules, corpus, "--out", tmp_path / "other", "--engine", "cloud")
    assert unknown.returncode == 1
    assert (
        unknown.stderr
        == "error: there is no engine 'cloud' [LK602]\nHint: there are serial, thread, process, dask, spark\n"
    )


def test_the_command_line_prints_the_description_of_the_run_folder(rules, corpus, tmp_path):
    folder = lk.run(rules, corpus, tmp_path / "out")
    assert labelkit("summarize", folder.path).stdout == f"{folder.describe()}\n"


def test_an_option_of_a_label_model_can_be_set(rules, corpus, tmp_path):
    done = labelkit(
        "run",
        rules,
        corpus,
        "--out",
        tmp_path / "out",
        "--model",
        "QuorumVote",
        "--set",
        "share=0.25",
        "--gold",
        "spam",
    )
    assert done.returncode == 0, done.stderr
    assert lk.RunFolder(tmp_path / "out").manifest["model"]["params"]["share"] == 0.25
    wrong = labelkit("run", rules, corpus, "--out", tmp_path / "x", "--model", "QuorumVote", "--set", "shaer=0.25")
    assert wrong.returncode == 2
    assert "shaer" in wrong.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["share=half"], "--set share=half: share is a number, such as share=0.5"),
        (["share=0,5"], "share is a number"),
        (["share=True"], "share is a number"),
        (["share=0.3", "share=0.4"], "--set names share twice"),
    ],
)
def test_a_parameter_of_a_label_model_is_read_before_the_corpus(given, said):
    with pytest.raises(click.BadParameter, match=re.escape(said)):
        chosen_model("QuorumVote", given, (), ())
    model = chosen_model("QuorumVote", ["share=1", "share=1", "groups=None", "of=voting"], (), ())
    assert (model.share, model.groups, model.of) == (1, None, "voting")


def test_the_commands_that_init_prints_work_as_printed(tmp_path):
    made = labelkit("init", "my project", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    commands = [line.strip() for line in made.stdout.splitlines() if line.startswith("  ")]
    assert len(commands) == 4
    script = "\n".join(commands).replace("labelkit ", f"{shlex.quote(sys.executable)} -m labelkit.cli ")
    done = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=GUARD
    )
    assert done.returncode == 0, done.stderr
    assert "against gold" in done.stdout
    readme = (tmp_path / "my project" / "README.md").read_text()
    assert all(command in readme for command in commands[1:])


def test_init_refuses_a_folder_that_is_not_empty(tmp_path):
    (tmp_path / "file").write_text("")
    assert "not empty" in labelkit("init", tmp_path).stderr


def test_generate_writes_a_corpus(tmp_path):
    done = labelkit("generate", "posts", "--rows", 50, "--out", tmp_path / "posts.jsonl")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "posts.jsonl").read_text().splitlines()) == 50


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path, rules, corpus):
    run = labelkit("run", rules, corpus, "--out", tmp_path / "run", "--no-report")
    assert run.returncode == 0, run.stderr
    kept = tmp_path / "kept.csv"
    for command in (
        ["generate", "comments", "--rows", 5],
        ["sql", rules, "--dialect", "duckdb"],
        ["bundle", tmp_path / "run"],
    ):
        kept.write_text("mine")
        refused = labelkit(*command, "--out", kept)
        assert (refused.returncode, kept.read_text()) == (1, "mine"), command
        assert "kept.csv' exists already" in refused.stderr
        assert "Hint: --force replaces it, or name another" in refused.stderr
        done = labelkit(*command, "--out", kept, "--force")
        assert done.returncode == 0, done.stderr
        assert kept.read_bytes() != b"mine"


def test_help_loads_nothing_heavy():
    code = (
        "import json, sys; from labelkit.cli import main\n"
        "try: main()\nexcept SystemExit as end: print(json.dumps([end.code, *sys.modules]))"
    )
    command = [sys.executable, "-c", code, "run", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GUARD)
    assert "--help" in done.stdout
    status, *modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert not {name.split(".")[0] for name in modules} & (HEAVY | {"numpy"}) - {"click"}
    assert len([name for name in modules if name.startswith("labelkit")]) < 22


def test_a_check_a_run_its_report_its_update_and_its_tables_need_no_pandas(tmp_path):
    """Arrow imports it before most conversions, and that takes a tenth of a second or more."""
    rules = Path(__file__).parents[2] / "labeling_functions" / "moderation.py"
    (tmp_path / "corpus").mkdir()
    for part in (1, 2):
        labelkit("generate", "posts", "--rows", 300, "--random-state", part, "--out", tmp_path / f"{part}.parquet")
    code = (
        "import json, sys; from labelkit.cli import main\n"
        "try: main()\nexcept SystemExit as end: print(json.dumps([end.code, *{'pandas'} & set(sys.modules)]))"
    )
    run = ["run", rules, tmp_path / "corpus", "--out", tmp_path / "out", "--workers", 2]
    check = ["check", rules, tmp_path / "corpus"]
    for part, arguments in (
        (1, check),
        (None, run),
        (None, ["summarize", tmp_path / "out"]),
        (2, [*run, "--update", "--keep-model"]),
    ):
        if part:
            (tmp_path / f"{part}.parquet").rename(tmp_path / "corpus" / f"{part}.parquet")
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD)
        assert json.loads(done.stdout.splitlines()[-1]) == [0], (arguments, done.stderr)


def test_real_comments_get_the_votes_and_labels_of_the_benchmark(shared_data, tmp_path):
    """Run the example rules by the command line over the 2,056 comments of the youtube set."""
    import gzip
    import json

    import numpy as np

    folder = shared_data / "lf" / "youtube"
    with gzip.open(folder / "texts.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    given = np.load(folder / "votes.npz")
    names = json.loads((folder / "meta.json").read_text())["lf_names"]
    with (tmp_path / "comments.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in texts)
    rules = Path(__file__).parents[2] / "labeling_functions" / "comments.py"
    command = ["run", rules, tmp_path / "comments.jsonl", "--out", tmp_path / "out", "--workers", 2]
    repeated = labelkit(*command, "--id", "id")  # the ids begin anew with the second half of this set
    assert (repeated.returncode, repeated.stdout) == (1, "")
    assert "the id '0' (column 'id') stands twice" in repeated.stderr
    done = labelkit(*command)
    assert done.returncode == 0, done.stderr
    matrix = lk.RunFolder(tmp_path / "out").matrix()
    assert len(matrix) == 2_056
    shared = [name for name in names if name in matrix.names]
    assert len(shared) >= 7
    for name in shared:
        agreement = (matrix[name].votes[:, 0] == given["L"][:, names.index(name)]).mean()
        assert agreement >= 0.97, f"{name}: {agreement:.4f}"


def test_the_shell_can_complete_commands():
    environment = {**os.environ, "_LABELKIT_COMPLETE": "bash_complete", "COMP_WORDS": "labelkit su", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "labelkit"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["plain,suggest", "plain,summarize"], "")


def test_export_writes_a_table_and_says_how_many_examples_it_left_out(rules, corpus, tmp_path):
    labelkit("run", rules, corpus, "--out", tmp_path / "out", "--id", "id", "--quiet", "--no-report")
    options = ("--columns", "text, author", "--votes", "--reasons")
    done = labelkit("export", tmp_path / "out", "--to", tmp_path / "labels.csv", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(pd.read_csv(tmp_path / 'labels.csv'))} examples written to ")
    assert "without such a label left out" in done.stdout
    names = ["id", "text", "author", "label", "confidence", "covered", "p_HAM", "p_SPAM", "vote_asks", "vote_loves"]
    assert list(pd.read_csv(tmp_path / "labels.csv").columns) == [*names, "reasons"]
    again = labelkit("export", tmp_path / "out", "--to", tmp_path / "labels.csv")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert "--force" in again.stderr
    wrong = labelkit("export", tmp_path / "out", "--to", tmp_path / "b.csv", "--columns", "txt")
    assert (wrong.returncode, "did you mean 'text'?" in wrong.stderr) == (1, True)


def test_export_tells_the_labeling_configuration_and_its_annotations_are_gold(rules, corpus, tmp_path):
    labelkit("run", rules, corpus, "--out", tmp_path / "out", "--id", "id", "--quiet", "--no-report")
    to = tmp_path / "tasks.json"
    done = labelkit("export", tmp_path / "out", "--to", to, "--format", "label-studio", "--default-label", "HAM")
    assert done.returncode == 0, done.stderr
    assert '<Choice value="SPAM"/>' in done.stdout
    tasks = json.loads(to.read_text("utf-8"))
    for task in tasks:
        task["annotations"] = task.pop("predictions")
    to.write_text(json.dumps(tasks), "utf-8")
    done = labelkit("run", rules, corpus, "--out", tmp_path / "again", "--id", "id", "--gold", to, "--no-report")
    assert done.returncode == 0, done.stderr
    assert "300" in done.stdout
    assert "against gold" in done.stdout


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("name one: format= (--format), of csv", "name one: --format, of csv"),
        ("say where it is now: corpus= (--corpus FILE)", "say where it is now: --corpus FILE"),
        ("rules=... (--rules) says where", "--rules says where"),
        ("workers=-1 and alpha=5.5", "--workers -1 and --alpha 5.5"),
        ("run it again; or give labelkit.export(labels, corpus=..., id=...), which", "run it again"),
    ],
)
def test_options_of_messages_are_spelled_as_here(message, shown):
    assert as_on_command_line(message) == shown


def test_gold_without_a_corpus_to_check_is_refused(tmp_path):
    rules = tmp_path / "rules.py"
    rules.write_text("import labelkit as lk\nfree = lk.keywords('free', label=0).rule(name='free')\n")
    done = labelkit("check", rules, "--gold", "gold", "--labels", "HAM,SPAM")
    assert done.returncode == 2
    assert "give CORPUS behind RULES" in done.stderr
