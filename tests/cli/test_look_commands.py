"""view, suggest and fix on the command line say what Python says, for who writes no Python."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import labelkit as lk
from labelkit._shared.command_line import as_commands
from labelkit._shared.markup import visible
from labelkit.cli import main
from labelkit.datasets.starter_project import make_project
from labelkit.runs.command_again import command_to_teach
from tests.cli.test_terminal import EVIL, in_terminal


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("look") / "p"
    make_project(folder)
    (folder / "labelkit.toml").unlink()
    rules = folder / "labeling_functions" / "comments.py"
    lk.run(rules, folder / "comments.csv", folder / "out", id="id", gold="spam", progress=False)
    return folder


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project)
    return project


def called(capsys, *command, status=0):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    out, err = capsys.readouterr()
    assert ended.value.code == status, err
    return out if status == 0 else err


def ids_of(capsys, *options):
    shown = json.loads(called(capsys, "view", "out", *options, "--json"))
    return [one["id"] for one in shown["shown"]]


QUESTIONS = {
    ("--labeled-by", "link"): {"labeled_by": "link"},
    ("--labeled-by", "link,praise"): {"labeled_by": ["link", "praise"]},
    ("--labeled-by", "link", "--labeled-by", "praise"): {"labeled_by": ["link", "praise"]},
    ("--labeled-by", "short_comment", "--vote", "HAM"): {"labeled_by": "short_comment", "vote": "HAM"},
    ("--vote", "SPAM"): {"vote": "SPAM"},
    ("--conflicts",): {"conflict": True},
    ("--conflict-of", "link"): {"conflict": "link"},
    ("--conflict-of", "link,praise"): {"conflict": ["link", "praise"]},
    ("--uncovered",): {"uncovered": True},
    ("--pattern", "link=SPAM", "--pattern", "praise="): {"pattern": {"link": "SPAM", "praise": None}},
    ("--pattern", "link=SPAM,praise="): {"pattern": {"link": "SPAM", "praise": None}},
    ("--pattern", 'link="SPAM",praise='): {"pattern": {"link": "SPAM", "praise": None}},
    ("--pattern", 'link="SPAM"', "--pattern", '"praise"='): {"pattern": {"link": "SPAM", "praise": None}},
    ("--wrong",): {"wrong": True},
    ("--wrong", "--labeled-by", "praise"): {"wrong": True, "labeled_by": "praise"},
    ("--label", "SPAM"): {"label": "SPAM"},
    ("--no-label",): {"label": lk.ABSTAIN},
    ("--uncertain",): {"uncertain": True},
    ("--random-state", "7", "--n", "3"): {"random_state": 7, "n": 3},
    ("--uncovered", "--label", "HAM"): {"uncovered": True, "label": "HAM"},
}


@pytest.mark.parametrize("options", QUESTIONS, ids=" ".join)
def test_view_shows_what_it_shows_in_python(options, here, capsys):
    run = lk.RunFolder("out")
    frame = pd.read_csv("comments.csv")
    lfs = lk.collect("labeling_functions/comments.py")
    asked = {"gold": "spam", "labels": run.labels(), "id": "id", **QUESTIONS[options]}
    expected = lk.view(run.matrix(), frame, lfs, **asked)
    assert json.loads(called(capsys, "view", "out", *options, "--json"))["question"] == expected.question
    assert ids_of(capsys, *options) == expected.ids.tolist()
    assert called(capsys, "view", "out", *options) == f"{expected}\n"


def test_view_shows_the_examples_that_are_named(here, capsys):
    ids = lk.RunFolder("out").matrix().ids[[7, 3]].tolist()
    assert ids_of(capsys, "--ids", ",".join(ids)) == ids
    assert ids_of(capsys, "--ids", ids[0], "--ids", ids[1]) == ids
    shown = json.loads(
        called(capsys, "view", "out", "--ids", ids[0], "--columns", "author,text", "--votes-of", "link", "--json")
    )
    assert list(shown["shown"][0]["values"]) == ["author", "text"]
    assert "nix" in called(capsys, "view", "out", "--ids", "nix", status=1)


def test_positions_name_examples_without_ids(here, capsys, tmp_path):
    lk.run("labeling_functions/comments.py", "comments.csv", tmp_path / "n", progress=False)
    shown = json.loads(called(capsys, "view", str(tmp_path / "n"), "--ids", "7,3", "--json"))
    assert [one["id"] for one in shown["shown"]] == [7, 3]
    error = called(capsys, "view", str(tmp_path / "n"), "--ids", "seven", status=2)
    assert "the ids of this run are whole numbers" in error


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--labeled-by", "lnik"), 1, "did you mean 'link'?"),
        (("--vote", "EGG"), 1, "the classes are HAM=0, SPAM=1"),
        (("--label", "SPAM", "--no-label"), 2, "--label and --no-label exclude each other"),
        (("--pattern", "link"), 2, "write RULE=CLASS"),
        (("--pattern", "link=SPAM,praise=,link="), 2, "--pattern names 'link' twice, with two votes"),
        (("--pattern", "link=SPAM", "--pattern", "link="), 2, "--pattern names 'link' twice, with two votes"),
        (("--n", "0"), 2, "0 is not in the range"),
        (("--columns", "txt"), 1, "txt"),
        (("--gold", "nix"), 1, "--gold nix is neither a column of the corpus nor a file"),
        (("--corpus", "nix.csv"), 1, "nix.csv"),
        (("--rules", "nix.py"), 1, "nix.py"),
    ],
)
def test_what_cannot_be_shown_is_an_error_in_words_of_the_command_line(options, status, message, here, capsys):
    assert message in called(capsys, "view", "out", *options, status=status)


def test_wrong_without_gold_names_the_option(here, capsys, tmp_path):
    lk.run("labeling_functions/comments.py", "comments.csv", tmp_path / "n", id="id", progress=False)
    error = called(capsys, "view", str(tmp_path / "n"), "--wrong", status=1)
    assert "--wrong needs gold labels" in error
    assert "Hint: --gold names them\n" in error
    gold = pd.read_csv("comments.csv")[["id", "spam"]].rename(columns={"spam": "label"}).sample(200, random_state=1)
    gold.to_csv(tmp_path / "gold.csv", index=False)
    by_column = ids_of(capsys, "--wrong", "--gold", "spam", "--n", "500")
    by_file = json.loads(
        called(
            capsys, "view", str(tmp_path / "n"), "--wrong", "--gold", str(tmp_path / "gold.csv"), "--n", "500", "--json"
        )
    )
    found = [one["id"] for one in by_file["shown"]]
    assert found
    assert found == [name for name in by_column if name in set(gold["id"])]


def test_rules_and_corpus_that_moved_are_named(project, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = str(project / "out")
    moved = tmp_path / "moved.csv"
    moved.write_bytes((project / "comments.csv").read_bytes())
    rules = str(project / "labeling_functions" / "comments.py")
    shown = json.loads(
        called(capsys, "view", run, "--corpus", str(moved), "--rules", rules, "--labeled-by", "link", "--json")
    )
    assert shown["shown"][0]["matches"][0]["rule"] == "link"


def test_a_corpus_that_has_changed_is_refused_with_the_remedy(here, capsys, tmp_path):
    frame = pd.read_csv("comments.csv")
    frame.to_csv(tmp_path / "c.csv", index=False)
    lk.run("labeling_functions/comments.py", tmp_path / "c.csv", tmp_path / "n", id="id", progress=False)
    frame.assign(text="other").to_csv(tmp_path / "c.csv", index=False)
    for command in ("view", "suggest"):
        error = called(capsys, command, str(tmp_path / "n"), status=1)
        assert "has changed since the run" in error
        assert "--corpus FILE" in error


def test_without_the_rules_there_are_no_matches_and_a_note(here, capsys, tmp_path):
    rules = tmp_path / "mine.py"
    rules.write_bytes((here / "labeling_functions" / "comments.py").read_bytes())
    (tmp_path / "shorteners.txt").write_bytes((here / "labeling_functions" / "shorteners.txt").read_bytes())
    lk.run(rules, "comments.csv", tmp_path / "n", id="id", progress=False)
    rules.write_text("this is no Python")
    assert "The rules cannot be imported, so that no match is shown" in called(
        capsys, "view", str(tmp_path / "n"), "--n", "1"
    )
    rules.unlink()
    out = called(capsys, "view", str(tmp_path / "n"), "--labeled-by", "link", "--n", "1")
    assert "The module of the rules is not where it was, so that no match is shown; --rules says where it is." in out


def test_the_source_of_no_suggestion_is_a_comment(tmp_path, monkeypatch, capsys):
    """In ``>> rules.py``, the sentence that says why made a module that could not be read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(
        'import labelkit as lk\n\nfree = lk.keywords("free", label=1).rule(name="free")\n'
    )
    (tmp_path / "few.csv").write_text("id,text\n1,free money\n2,hello\n")
    called(capsys, "run", "rules.py", "few.csv", "--id", "id", "--labels", "HAM,SPAM", "--out", "out", "--no-report")
    source = called(capsys, "suggest", "out", "--source")
    assert source.startswith("# 0 suggestions")
    assert all(line.startswith("#") for line in source.splitlines())


def test_suggest_proposes_what_it_proposes_in_python(here, capsys):
    run = lk.RunFolder("out")
    frame = pd.read_csv("comments.csv", index_col="id")
    lfs = lk.collect("labeling_functions/comments.py")
    expected = lk.suggest(run.matrix(), frame, run.labels(), gold=frame["spam"], lfs=lfs)
    teach = command_to_teach(run.manifest, "out")
    assert teach
    assert called(capsys, "suggest", "out") == as_commands(f"{expected}\n", "out", teach)
    sources = [expected.as_rule(place) for place in range(len(expected))]
    assert called(capsys, "suggest", "out", "--source") == "\n\n".join(sources) + "\n"
    between = lk.suggest(run.matrix(), frame, run.labels(), gold=frame["spam"], lfs=lfs, between=("HAM", "SPAM"), n=2)
    shown = called(capsys, "suggest", "out", "--between", "HAM, SPAM", "--n", "2")
    assert shown == as_commands(f"{between}\n", "out", teach)
    document = json.loads(called(capsys, "suggest", "out", "--json"))
    assert document["suggestions"][0]["source"] == expected.as_rule(0)


def test_without_gold_that_of_the_run_judges_nothing(here, capsys, tmp_path):
    """A user who says --no-gold wants none, also where the run has its own."""
    run = lk.RunFolder("out")
    frame, lfs = pd.read_csv("comments.csv", index_col="id"), lk.collect("labeling_functions/comments.py")
    assert "precision" in called(capsys, "suggest", "out")
    assert called(capsys, "suggest", "out", "--no-gold") == (
        f"{lk.suggest(run.matrix(), frame, run.labels(), lfs=lfs)}\n".replace("gold=", "--gold")
    )
    bare = replace(run.patterns(), gold=None)
    found = json.loads(called(capsys, "fix", "out", "--no-gold", "--json"))["findings"]
    assert [one["code"] for one in found] == [one.code for one in lk.what_to_fix(bare, model=run.votes_model())]
    assert [one["code"] for one in found] != [one.code for one in lk.what_to_fix(run.patterns())]
    assert "gold" not in called(capsys, "view", "out", "--n", "5", "--no-gold")
    assert "gold" in called(capsys, "view", "out", "--n", "5")
    fitted = json.loads(called(capsys, "fit", "out", "--out", str(tmp_path / "model"), "--no-gold", "--json"))
    assert fitted["evaluation"] is None


@pytest.mark.parametrize("column", ["text", "comment"])
def test_the_source_of_suggest_can_be_pasted_below_the_starter_rules(column, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    called(capsys, "init", "mine")
    monkeypatch.chdir(tmp_path / "mine")
    module = tmp_path / "mine" / "labeling_functions" / "comments.py"
    module.write_text(module.read_text("utf-8").replace("text: str", f"{column}: str").replace("(text", f"({column}"))
    frame = pd.concat([pd.read_csv("comments.csv").rename(columns={"text": column})] * 4, ignore_index=True)
    frame.assign(id=range(len(frame))).to_csv("comments.csv", index=False)
    called(capsys, "run", "--no-report")
    found = json.loads(called(capsys, "suggest", "runs/first", "--json"))["suggestions"]
    assert found
    assert [one["gain"] for one in found] == sorted((one["gain"] for one in found), reverse=True)
    source = called(capsys, "suggest", "runs/first", "--source")
    assert f"({column}: str) -> None:" in source
    with module.open("a", encoding="utf-8") as file:
        file.write(f"\n\n{source}")
    checked = json.loads(called(capsys, "check", "--rows", "100000", "--json"))
    votes = {one["name"]: one["votes"] for one in checked["rules"]}
    assert {one["name"]: votes[one["name"]] for one in found} == {one["name"]: one["rows"] for one in found}


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--between", "HAM"), 2, "name two classes, A,B"),
        (("--between", "HAM,EGG"), 1, "--between EGG is no class"),
        (("--between", "HAM,spma"), 1, "did you mean 'SPAM'?"),
        (("--max-words", "4"), 2, "4 is not in the range"),
        (("--min-precision", "1"), 2, "not in the range"),
        (("--column", "nix"), 1, "nix"),
    ],
)
def test_suggest_says_what_it_cannot_do(options, status, message, here, capsys):
    assert message in called(capsys, "suggest", "out", *options, status=status)


def test_suggest_speaks_of_options_of_the_command_line(here, capsys, tmp_path):
    (tmp_path / "all.py").write_text(
        "import labelkit as lk\n@lk.labeling_function\ndef all_of_them(id):\n    return len(id) % 2\n"
    )
    lk.run(tmp_path / "all.py", "comments.csv", tmp_path / "n", labels=["A", "B"], id="id", progress=False)
    assert "--between A,B tells two classes apart" in called(capsys, "suggest", str(tmp_path / "n"))


def test_fix_lists_what_python_lists(here, capsys):
    run = lk.RunFolder("out")
    expected = lk.what_to_fix(run.patterns(), model=run.model())
    out = called(capsys, "fix", "out")
    advice = as_commands(" ".join(str(expected).split()), "out", command_to_teach(run.manifest, "out"))
    assert out.split() == advice.split()  # wherever lines are broken
    document = json.loads(called(capsys, "fix", "out", "--json"))
    assert [one["subject"] for one in document["findings"]] == expected.frame["subject"].tolist()
    assert len(json.loads(called(capsys, "fix", "out", "--json", "--n", "1"))["findings"]) == 1
    by_column = called(capsys, "fix", "out", "--gold", "spam")
    assert by_column.startswith("1. examples: no vote")


def test_matched_words_are_coloured_in_a_terminal_alone(project, monkeypatch, capsys, here):
    command = ("view", "out", "--labeled-by", "link", "--n", "3")
    assert "»http" in called(capsys, *command)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    _, written = in_terminal(*command, folder=project)
    assert re.search("\x1b\\[33m\x1b\\[1m»https?://«\x1b\\[0m", written)
    monkeypatch.setenv("NO_COLOR", "1")
    _, written = in_terminal(*command, folder=project)
    assert "»http" in written
    assert "\x1b" not in written


def test_no_character_of_a_text_acts_even_beside_colours(tmp_path, monkeypatch):
    (tmp_path / "rules.py").write_text('import labelkit as lk\nred = lk.keywords("red", label=1).rule(name="red")\n')
    marks = "\x01»red«\x02 red \x01"
    pd.DataFrame({"text": [f"{EVIL} red {marks}", marks]}).to_parquet(tmp_path / "c.parquet")
    lk.run(tmp_path / "rules.py", tmp_path / "c.parquet", tmp_path / "out", labels=["A", "B"], progress=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for command in (("view", "out"), ("view", "out", "--json"), ("suggest", "out"), ("fix", "out")):
        status, written = in_terminal(*command, folder=tmp_path)
        assert status == 0
        plain = re.sub("\x1b\\[(33|1|0)m", "", written).replace("\r\n", "\n")
        assert visible(plain) == plain
        assert written.count("\x1b[33m") == (2 if command == ("view", "out") else 0)


@pytest.mark.parametrize("rows", [("--limit", "120"), ("--sample", "120", "--random-state", "3")], ids=" ".join)
def test_chosen_rows_and_mapped_gold_are_those_of_the_run(rows, here, capsys, tmp_path):
    frame = pd.read_csv("comments.csv")
    frame["meant"] = frame["spam"].map({1: "junk", 0: "fine", "SPAM": "junk", "HAM": "fine"})
    frame.to_csv(tmp_path / "c.csv", index=False)
    out, meanings = str(tmp_path / "n"), ("--map-label", "junk=SPAM,fine=HAM")
    command = ("run", "labeling_functions/comments.py", str(tmp_path / "c.csv"), "--out", out, "--id", "id", *rows)
    called(capsys, *command, "--gold", "meant", *meanings, "--quiet")
    matrix = lk.RunFolder(out).matrix()
    gold = frame.set_index("id")["spam"].loc[matrix.ids]
    expected = lk.view(matrix, frame, labels=lk.RunFolder(out).labels(), gold=gold, wrong=True, id="id", n=200)
    for options in ((), ("--gold", "meant"), ("--gold", "meant", *meanings), ("--gold", "spam")):
        shown = json.loads(called(capsys, "view", out, "--wrong", "--n", "200", "--json", *options))
        assert [one["id"] for one in shown["shown"]] == expected.ids.tolist()
        assert shown["examples"] == 120
        assert called(capsys, "suggest", out, *options)
        assert "examples" in called(capsys, "fix", out, *options)


def test_votes_without_labels_can_be_looked_at(here, capsys, tmp_path):
    out = str(tmp_path / "votes")
    called(capsys, "apply", "labeling_functions/comments.py", "comments.csv", "--out", out, "--id", "id", "--quiet")
    assert "»http" in called(capsys, "view", out, "--labeled-by", "link")
    assert "suggestion" in called(capsys, "suggest", out)
    assert called(capsys, "fix", out).startswith("1. examples: no vote")
    assert "labelkit fit" in called(capsys, "view", out, "--label", "SPAM", status=1)


@pytest.mark.filterwarnings("ignore:votes and gold agree")  # all of it is wrong
@pytest.mark.parametrize("by_default", [False, True])
def test_a_run_is_judged_by_the_gold_it_was_made_with(by_default, tmp_path, monkeypatch, capsys):
    """Not by the default of the project, which is another gold, unless that is named."""
    make_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    comments = pd.read_csv("comments.csv")
    mistaken = comments.assign(label=1 - comments["spam"])[["id", "label"]]
    mistaken.to_csv("mistaken.csv", index=False)
    options = [] if by_default else ["--no-config"]
    run = ["run", "labeling_functions/comments.py", "comments.csv", "--id", "id", "--quiet", *options]
    called(capsys, *run, "--gold", "mistaken.csv", "--out", "other")
    called(capsys, *run, "--gold", "spam", "--out", "own")
    wrong = {
        out: len(json.loads(called(capsys, "view", out, "--wrong", "--n", "500", "--json", *options))["shown"])
        for out in ("other", "own")
    }
    covered = len(json.loads(called(capsys, "view", "own", "--n", "500", "--json", "--label", "SPAM"))["shown"])
    covered += len(json.loads(called(capsys, "view", "own", "--n", "500", "--json", "--label", "HAM"))["shown"])
    assert wrong["other"] + wrong["own"] == covered
    assert wrong["other"] > 3 * wrong["own"]
    named = called(capsys, "view", "other", "--wrong", "--n", "500", "--json", "--gold", "spam", *options)
    assert len(json.loads(named)["shown"]) == wrong["own"]
    errors = [json.loads(called(capsys, "fix", out, "--json", *options))["findings"] for out in ("other", "own")]
    assert len(errors[0]) > len(errors[1])


@pytest.mark.parametrize("command", [("view", "--wrong"), ("suggest",), ("fix",), ("next", "--n", "5")], ids=" ".join)
@pytest.mark.parametrize("file_of_run", [False, True])
def test_what_is_said_of_gold_is_what_judges(command, file_of_run, tmp_path, monkeypatch, capsys):
    make_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    comments = pd.read_csv("comments.csv")
    known = comments["spam"].where(comments.index % 2 == 0)
    comments.assign(spam=known, other=1 - known).to_csv("comments.csv", index=False)
    comments[["id"]].assign(label=known).to_csv("gold.csv", index=False)
    own = "gold.csv" if file_of_run else "spam"
    rules = "labeling_functions/comments.py"
    called(capsys, "run", rules, "comments.csv", "--id", "id", "--gold", own, "--out", "out", "--quiet", "--no-config")
    (name, *options) = command
    config = Path("labelkit.toml")

    def said(gold):
        config.write_text(f"gold = {gold!r}\nmap-label = {{ 0 = 'HAM', 1 = 'SPAM' }}\n", encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main([name, "out", *options, "--log-format", "json"])
        out, err = capsys.readouterr()
        assert not ended.value.code, err
        return out, [json.loads(line) for line in err.splitlines()]

    judged, events = said(own)
    assert events == []
    assert judged == called(capsys, name, "out", *options, "--no-config")
    by_other, events = said("other")
    assert by_other == judged
    assert [(one["event"], one["gold"], one["default"]) for one in events] == [("gold", own, "other")]
    assert (
        events[0]["message"] == f"judged by the gold of the run, {own}: --gold other takes the default of the project"
    )

    called(
        capsys,
        "run",
        rules,
        "comments.csv",
        "--id",
        "id",
        "--out",
        "out",
        "--force",
        "--quiet",
        "--no-config",
        "--no-gold",
    )
    _, events = said("spam")  # a run without gold is judged by the default
    assert [(one["event"], one["defaults"]["gold"]) for one in events] == [("config", "spam")]


def test_gold_of_a_run_that_is_gone_is_named(tmp_path, monkeypatch, capsys):
    make_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    pd.read_csv("comments.csv")[["id", "spam"]].rename(columns={"spam": "label"}).to_csv("gold.csv", index=False)
    called(capsys, "run", "--gold", "gold.csv", "--out", "run", "--quiet")
    (tmp_path / "p" / "gold.csv").unlink()
    assert "gold.csv any more" in called(capsys, "view", "run", "--uncovered")
