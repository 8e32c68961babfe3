"""apply, fit and label on the command line, with the options that choose rules, rows, models and gold."""

import json
import re
import signal
import warnings

import numpy as np
import pytest

import labelkit as lk
from labelkit._shared.time_limit import may_exit
from labelkit.cli import main

RULES = '''
from enum import IntEnum
from labelkit import keywords, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM, group="words")
def asks(text: str) -> None:
    """Asks."""

@keywords("love", "song", label=Label.HAM, group="words")
def loves(text: str) -> None:
    """Loves."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with rules and a corpus."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "rules.py").write_text(RULES)
    lk.load_comments(300).to_csv(folder / "comments.csv", index=False)
    return folder


@pytest.fixture
def labelkit(place, tmp_path, monkeypatch, capsys):
    """Call the command line in this process: returns its status, output and errors."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.chdir(tmp_path)
    for name in ("rules.py", "comments.csv"):
        (tmp_path / name).write_bytes((place / name).read_bytes())

    def call(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            with pytest.raises(SystemExit) as end:
                main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return end.value.code, shown.out, shown.err

    yield call
    may_exit[0] = False
    for number, handler in handlers.items():
        signal.signal(number, handler)


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


RUN = ("run", "rules.py", "comments.csv", "--id", "id")


def test_three_commands_make_what_run_makes(labelkit, tmp_path):
    gold = ("--gold", "spam")
    assert labelkit(*RUN, *gold, "--out", "run")[0] == 0
    status, out, err = labelkit("apply", "rules.py", "comments.csv", "--id", "id", *gold, "--out", "votes")
    assert (status, err) == (0, "")
    assert "3 rules voted on 300 examples" in out
    assert "labelkit fit votes --out MODEL" in out
    assert labelkit("summarize", "votes")[1] == out
    status, out, err = labelkit("fit", "votes", "--out", "model")
    assert (status, err) == (0, "")
    assert out.startswith("LabelModel learned from VotePatterns(")
    assert "accuracy" in out
    status, out, err = labelkit("label", "votes", "--model", "model", "--out", "labels")
    assert (status, err) == (0, "")
    assert "labels by LabelModel" in out
    made = {
        name: {
            str(path.relative_to(name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file() and path.name != "timings.json"
        }
        for name in ("run", "labels")
        for name in [tmp_path / name]
    }
    assert made[tmp_path / "run"] == made[tmp_path / "labels"]
    assert labelkit("export", "labels", "--to", "labels.csv")[0] == 0
    status, out, _ = labelkit("label", "votes", "--model", "run", "--out", "labels.parquet")
    assert (status, out) == (0, "300 examples written to labels.parquet\n")
    stored = lk.ProbabilisticLabels.load("labels.parquet")
    assert np.array_equal(stored.proba, lk.RunFolder("run").labels().proba)


def test_where_a_step_is_missing_the_error_names_its_command(labelkit):
    labelkit("apply", "rules.py", "comments.csv", "--out", "votes")
    for command in (("export", "votes", "--to", "a.csv"), ("report", "votes"), ("why", "votes", "0")):
        status, _, err = labelkit(*command)
        assert (status, err.count("\n")) == (1, 2)
        assert "'votes' has votes alone" in err
        assert "labelkit fit" in err
    status, _, err = labelkit("run", "rules.py", "comments.csv", "--out", "votes")
    assert (status, "it has votes alone" in err, "--force" in err) == (1, True, True)
    status, _, err = labelkit("label", "votes", "--model", "nothing", "--out", "labels")
    assert (status, "'nothing' holds no label model: there is no such folder" in err) == (1, True)
    status, _, err = labelkit("label", "votes", "--model", "votes", "--out", "labels.csv")
    assert (status, "labelkit export" in err) == (1, True)
    status, _, err = labelkit("fit", "nothing", "--out", "model")
    assert (status, "there is no folder 'nothing'" in err) == (1, True)
    assert labelkit("fit", "votes", "--out", "model", "--model", "MajorityVote")[0] == 0
    status, _, err = labelkit("fit", "votes", "--out", "model")
    assert (status, "--force replaces it" in err) == (1, True)
    assert labelkit("fit", "votes", "--out", "model", "--force")[0] == 0


def test_a_model_of_other_rules_and_of_other_versions_is_told(labelkit, tmp_path):
    labelkit("apply", "rules.py", "comments.csv", "--out", "votes")
    labelkit("fit", "votes", "--out", "model")
    labelkit("apply", "rules.py", "comments.csv", "--out", "some", "--exclude", "link")
    status, _, err = labelkit("label", "some", "--model", "model", "--out", "labels")
    assert (status, "link" in err) == (1, True)
    (tmp_path / "rules.py").write_text(RULES.replace("https?", "http"))
    labelkit("apply", "rules.py", "comments.csv", "--out", "changed")
    status, _, err = labelkit("label", "changed", "--model", "model", "--out", "labels")
    assert status == 0
    assert "warning: the model was fitted on other versions of 'link'" in err
    status, _, err = labelkit("fit", "votes", "changed", "--out", "both")
    assert (status, "other versions of 'link'" in err) == (1, True)


# Options --------------------------------------------------------------------------------------------------------------


def test_rules_are_selected_and_excluded_by_name_pattern_and_group(labelkit, tmp_path):
    assert labelkit(*RUN, "--out", "a", "--select", "group:words,link", "--exclude", "lov*", "--quiet")[0] == 0
    made = manifest(tmp_path / "a")
    assert [rule["name"] for rule in made["rules"]] == ["asks", "link"]
    assert made["selected"] == {"select": ["group:words", "link"], "exclude": ["lov*"]}
    status, _, err = labelkit(*RUN, "--out", "a", "--select", "link")
    assert (status, "the rule 'asks' is gone" in err) == (1, True)
    labelkit("apply", "rules.py", "comments.csv", "--out", "b", "--select", "asks", "--select", "link", "--quiet")
    assert lk.RunFolder("b").matrix().names == ("asks", "link")
    out = labelkit("check", "rules.py", "comments.csv", "--select", "l*")[1]
    assert "loves" in out
    assert "asks" not in out
    assert "asks" not in labelkit("cache", "info", "rules.py", "--exclude", "asks")[1]
    assert "--select names no rule" in labelkit("check", "rules.py", "--select", " , ")[2]
    for command in (("check", "rules.py"), RUN, ("plan", "rules.py", "comments.csv"), ("cache", "info", "rules.py")):
        out = ("--out", "c") if command == RUN else ()
        status, _, err = labelkit(*command, *out, "--select", "lnik")
        assert (status, err) == (1, "error: no rule fits 'lnik' [LK116]\nHint: did you mean 'link'?\n")


def test_a_class_prior_is_by_name_and_checked_before_anything_is_read(labelkit, tmp_path):
    assert labelkit(*RUN, "--out", "a", "--class-prior", "SPAM=0.25", "--quiet")[0] == 0
    assert manifest(tmp_path / "a")["model"]["params"]["class_prior"] == "{'HAM': 0.75, 'SPAM': 0.25}"
    assert lk.RunFolder("a").model().class_prior_.tolist() == pytest.approx([0.75, 0.25])
    again = labelkit(*RUN, "--out", "a", "--class-prior", "SPAM=0.25, HAM=0.75")
    assert again[1].startswith("finished already")
    labelkit("apply", "rules.py", "comments.csv", "--id", "id", "--out", "votes", "--quiet")
    labelkit("fit", "votes", "--out", "model", "--class-prior", "HAM=0.75")
    model, fitted = (lk.load_model(folder) for folder in ("a/model", "model"))
    assert np.array_equal(
        fitted.predict_pattern_proba(lk.RunFolder("a").patterns()),
        lk.RunFolder("a").model().predict_pattern_proba(lk.RunFolder("a").patterns()),
    )
    assert model.class_prior == fitted.class_prior
    for command, out in ((RUN, "b"), (("fit", "votes"), "c")):
        status, _, err = labelkit(*command, "--out", out, "--class-prior", "spam=0.13")
        assert status == 1
        assert (
            err
            == "error: the class prior names the class 'spam', which there is not [LK403]\nHint: did you mean 'SPAM'?\n"
        )
        status, _, err = labelkit(*command, "--out", out, "--class-prior", "SPAM=0.13", "--model", "QuorumVote")
        assert (status, "--class-prior: QuorumVote does not use how frequent" in err) == (2, True)
        options = ("--class-prior", "SPAM=0.13", "--set", "class_prior=None")
        assert "are the same: give one of them" in labelkit(*command, "--out", out, *options)[2]
        assert not (tmp_path / out).exists()


def test_gold_teaches_if_it_is_asked_to(labelkit, tmp_path):
    gold = ("--gold", "spam")
    status, out, err = labelkit(*RUN, *gold, "--out", "a", "--teach")
    assert (status, err) == (0, "")
    assert re.search(r"the model learned from 300 of them: they are judged by cross-fitting", out)
    labelkit("apply", "rules.py", "comments.csv", "--id", "id", "--out", "votes", "--quiet")
    status, out, err = labelkit("fit", "votes", *gold, "--teach", "--out", "model")
    assert (status, err) == (0, "")
    assert "300 of them taught the model, or cannot be told from such, and are judged by cross-fitting" in out
    assert (tmp_path / "model" / "arrays.npz").read_bytes() == (tmp_path / "a" / "model" / "arrays.npz").read_bytes()
    status, _, err = labelkit("fit", "votes", "--teach", "--out", "none")
    assert (
        status,
        "error: --teach lets gold teach the label model, and there is no gold [LK329]\nHint: name a column or a file of trusted labels: --gold"
        in err,
    ) == (1, True)
    status, _, err = labelkit(*RUN, *gold, "--out", "b", "--teach", "--model", "MajorityVote")
    assert (status, "MajorityVote does not learn from gold" in err) == (1, True)
    assert "teach=" not in err


def test_values_of_gold_are_mapped_to_classes(labelkit, tmp_path):
    frame = lk.load_comments(300)
    frame["truth"] = frame["spam"].map({0: "fine, really", 1: "junk"})
    frame.to_csv(tmp_path / "comments.csv", index=False)
    gold = ("--gold", "truth", "--map-label", "junk=SPAM,fine, really=HAM")
    status, out, err = labelkit(*RUN, *gold, "--out", "a")
    assert (status, err) == (0, "")
    assert "gold: 300 of 300 labels matched an example" in out
    labelkit("apply", "rules.py", "comments.csv", "--id", "id", "--out", "votes", "--quiet")
    status, out, err = labelkit("fit", "votes", *gold, "--out", "model")
    assert (status, err) == (0, "")
    assert "examples with gold" in out
    assert "gold: 300 labels in the rows that were tried" in labelkit("check", "rules.py", "comments.csv", *gold)[1]
    for command in ((*RUN, "--out", "b"), ("fit", "votes", "--out", "b"), ("check", "rules.py", "comments.csv")):
        status, _, err = labelkit(*command, "--gold", "truth")
        assert status == 1
        assert "--map-label VALUE=CLASS says what other values mean" in err
        assert "map_label=" not in err
        status, _, err = labelkit(*command, "--gold", "truth", "--map-label", "junk=spam")
        assert (status, "names the class 'spam', which there is not [LK324]\nHint: did you mean 'SPAM'?" in err) == (
            1,
            True,
        )
        status, _, err = labelkit(*command, "--map-label", "junk=SPAM")
        assert (status, "give --gold, too" in err) == (2, True)
        status, _, err = labelkit(*command, "--gold", "truth", "--map-label", "junk")
        assert (status, "write VALUE=CLASS" in err) == (2, True)


def test_some_rows_are_used_and_keep_their_ids(labelkit, tmp_path):
    rows = ("--sample", 40, "--random-state", 3)
    status, out, err = labelkit(*RUN, "--gold", "spam", *rows, "--out", "a")
    assert (status, err) == (0, "")
    assert "voted on 40 examples (a random sample of 40 of the rows (seed 3))" in out
    status, out, err = labelkit("apply", "rules.py", "comments.csv", "--id", "id", *rows, "--out", "b")
    assert (status, err) == (0, "")
    ids = lk.RunFolder("a").matrix().ids.tolist()
    assert ids == lk.RunFolder("b").matrix().ids.tolist()
    assert "SPAM" in labelkit("why", "a", ids[7])[1]
    status, _, err = labelkit(*RUN, "--gold", "spam", "--sample", 41, "--random-state", 3, "--out", "a")
    assert (status, "would make: sample changed: 40 -> 41 [LK501]\n" in err) == (1, True)
    assert "voted on 7 examples (the first 7 rows)" in labelkit(*RUN, "--limit", 7, "--out", "c")[1]
    assert "30 rows of the corpus were tried" in labelkit("check", "rules.py", "comments.csv", "--sample", 30)[1]
    status, _, err = labelkit(*RUN, "--limit", 0, "--out", "d")
    assert (status, err) == (
        1,
        "error: --limit 0 is not a number of rows [LK200]\nHint: give 1 or more, or leave it out\n",
    )
