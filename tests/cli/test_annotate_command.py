"""What labelkit annotate says without a page: how far the answers are, and what is wrong, in its own spelling."""

import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main

LABELS = "--labels HAM,SPAM"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"id": [f"c{i}" for i in range(30)], "text": [f"text {i}" for i in range(30)]})
    frame.to_csv("corpus.csv", index=False)
    with lk.AnnotationSession("corpus.csv", "gold.parquet", labels=["HAM", "SPAM"], id="id", sample=10) as session:
        for label in ("HAM", "SPAM", "HAM"):
            session.answer("ann", session.next("ann")["example"]["key"], label=label)
    return tmp_path


def called(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def test_the_status_is_that_of_the_same_sample(here, capsys):
    status, out, _ = called(capsys, f"annotate corpus.csv --id id {LABELS} --out gold.parquet --sample 10 --status")
    assert status == 0
    assert "3 of 10 examples done (10 of 30 at random (seed 0)); 3 labels, 0 disputed, in gold.parquet" in out
    assert "share of SPAM" in out


@pytest.mark.parametrize(
    ("options", "status", "expected"),
    [
        ("--out g.parquet", 1, "give --rules, or --labels HAM,SPAM"),
        (f"{LABELS} --out g.csv", 1, "--out g.csv is no Parquet file"),
        (f"{LABELS} --out g.parquet --double 2", 1, "--double 2.0 is no share"),
        (f"{LABELS} --out g.parquet --sample 0", 1, "--sample 0 is not a number of rows"),
        (f"{LABELS} --out g.parquet --adjudicate", 1, "twice: --double 0.1"),
        (f"{LABELS} --out g.parquet --columns nix", 1, "column 'nix' is not in the corpus"),
        (f"{LABELS} --out g.parquet --select a", 2, "give --rules, too"),
        (f"{LABELS} --out gold.parquet", 1, "name the column of the ids by --id as before"),
        ("--labels A,B --id id --out gold.parquet", 1, "none of the classes A, B"),
        (LABELS, 2, "Missing option '--out'"),
    ],
)
def test_what_is_wrong_is_said_in_the_spelling_of_the_command_line(here, capsys, options, status, expected):
    code, out, err = called(capsys, f"annotate corpus.csv --status {options}")
    assert code == status
    assert out == ""
    assert expected in err
    assert not (here / "g.parquet.log").exists()


def test_rules_above_the_tables_of_the_project_say_the_classes(here, capsys):
    (here / "rules.py").write_text(
        'import labelkit as lk\nseven = lk.keywords("7", label=1).rule(name="seven")\n'
        'eight = lk.keywords("8", label=0).rule(name="eight")\n'
    )
    (here / "labelkit.toml").write_text(
        'rules = "rules.py"\ncorpus = "corpus.csv"\nid = "id"\nlabels = ["HAM", "SPAM"]\n'
    )
    status, out, err = called(capsys, "annotate --out other.parquet --sample 4 --status")
    assert (status, "0 of 4 examples done" in out) == (0, True)
    assert "rules = rules.py" in err
    (here / "labelkit.toml").write_text('rules = "rules.py"\ncorpus = "corpus.csv"\nid = "id"\n')
    assert called(capsys, "annotate --out third.parquet --sample 4 --status --no-rules")[0] == 1
    (here / "labelkit.toml").write_text('corpus = "corpus.csv"\nid = "id"\n[annotate]\nrules = "rules.py"\n')
    status, out, _ = called(capsys, f"annotate --out fourth.parquet --sample 4 --status {LABELS}")
    assert (status, "0 of 4 examples done" in out) == (0, True)


def test_rules_above_the_tables_are_not_those_that_have_moved(here, capsys):
    (here / "rules.py").write_text('import labelkit as lk\nseven = lk.keywords("7", label=1).rule(name="seven")\n')
    lk.run("rules.py", "corpus.csv", "out", labels=["HAM", "SPAM"], id="id", progress=False, report=False)
    (here / "labelkit.toml").write_text('rules = "nowhere.py"\n')
    assert called(capsys, "view out --labeled-by seven")[0] == 0


def test_help_says_what_rules_are_for(capsys):
    _, out, _ = called(capsys, "annotate --help")
    assert "Whose classes are asked for" in out
    assert "if they have moved" not in out
