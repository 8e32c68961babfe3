"""A file of gold has an encoding of its own, and UTF-8 that is read as something else is told."""

import shlex
from pathlib import Path

import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import cli, main
from labelkit.exceptions import CorpusError, GoldError

RULES = (
    "import labelkit as lk\n\n"
    'leave = lk.keywords("résilier", label=0).rule(name="leave")\n'
    'stay = lk.keywords("payé", "merci", label=1).rule(name="stay")\n'
)
TEXTS = "id,text\nc0,Je veux résilier mon abonnement\nc1,Déjà payé hier\nc2,reçu merci\nc3,résilier svp\n"
GOLD = "id,label\nc0,résilié\nc1,gardé\n"
NAMED = ("--id", "id", "--labels", "résilié,gardé")


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, command)])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("rules.py").write_text(RULES, "utf-8")
    Path("c.csv").write_text(TEXTS, "utf-8")
    Path("g.csv").write_text(GOLD, "cp1252")
    pd.read_csv("c.csv").to_excel("c.xlsx", index=False)


@pytest.mark.parametrize("corpus", ["c.csv", "c.xlsx"])
def test_the_remedy_for_gold_in_another_encoding_leaves_the_corpus_as_it_is(project, capsys, corpus):
    call = ("run", "rules.py", corpus, *NAMED, "--gold", "g.csv", "--out", "r")
    status, _, err = called(capsys, *call)
    assert (status, "give --gold-encoding cp1252; or iconv" in err, "--on-bad-row" in err) == (1, True, False)
    status, out, err = called(capsys, *call, *shlex.split("--gold-encoding cp1252"))
    assert (status, "gold: 2 of 2 labels matched an example" in out, "LK222" in err) == (0, True, False)
    assert "Je veux »résilier« mon" in called(capsys, "view", "r")[1]
    assert called(capsys, "check", *call[1:-2], "--gold-encoding", "cp1252")[0] == 0
    assert called(capsys, "diff", "r", "r", "--gold", "g.csv")[0] == 0


def test_the_encoding_of_gold_may_stand_in_the_file_of_the_project(project, capsys):
    Path("labelkit.toml").write_text('gold = "g.csv"\ngold-encoding = "cp1252"\n', "utf-8")
    assert called(capsys, "run", "rules.py", "c.csv", *NAMED, "--out", "r")[0] == 0
    assert "gold résilié" in called(capsys, "view", "r")[1]


def test_another_encoding_of_gold_does_not_make_the_rows_others(project, capsys):
    call = ("run", "rules.py", "c.csv", *NAMED, "--gold", "g.csv", "--out", "r")
    assert called(capsys, *call, "--gold-encoding", "cp1252")[0] == 0
    assert called(capsys, *call, "--gold-encoding", "latin-1", "--update")[0] == 0


def test_utf8_that_is_read_by_a_given_encoding_is_told(project, capsys):
    Path("g.csv").write_text(GOLD, "utf-8")
    call = ("run", "rules.py", "c.csv", *NAMED, "--gold", "g.csv", "--out", "r", "--encoding", "cp1252")
    err = called(capsys, *call)[2]
    told = "'c.csv' is valid UTF-8, and is read as cp1252: 'rÃ©silier' is 'résilier' in UTF-8 [LK222]. Hint: leave out"
    assert err.count(told) == 1
    assert "--encoding is of the corpus, --gold-encoding of a file of gold" in err
    call = ("run", "rules.py", "c.csv", *NAMED, "--gold", "g.csv", "--out", "s", "--gold-encoding", "cp1252")
    assert "'g.csv' is valid UTF-8, and is read as cp1252: 'rÃ©siliÃ©' is 'résilié'" in called(capsys, *call)[2]


def test_functions_of_python_take_it_too(project):
    options = {"id": "id", "labels": ["résilié", "gardé"], "progress": False}
    with pytest.raises(GoldError) as error:
        lk.run("rules.py", "c.csv", "r", gold="g.csv", **options)
    assert 'give gold_encoding="cp1252"; or iconv' in error.value.hint
    assert error.value.hint.endswith("; or give labelkit.read_gold('g.csv', encoding=\"cp1252\")")
    run = lk.run("rules.py", "c.csv", "r", gold="g.csv", gold_encoding="cp1252", **options)
    gold = lk.read_gold("g.csv", encoding="cp1252")
    assert gold.to_dict() == {"c0": "résilié", "c1": "gardé"}
    frame = pd.read_csv("c.csv")
    again = lk.run("rules.py", frame, "s", gold="g.csv", gold_encoding="cp1252", **options)
    assert [one.manifest["corpus"]["reading"] for one in (run, again)] == [{"gold_encoding": "cp1252"}] * 2
    with pytest.raises(GoldError, match=r'give encoding="cp1252"; or iconv'):
        lk.read_gold("g.csv")
    with pytest.raises(CorpusError, match=r"gold_encoding='klingon' is no encoding"):
        lk.open_corpus("c.csv", gold_encoding="klingon")
    with pytest.raises(CorpusError, match=r"\nHint: give gold_encoding= where it is opened"):
        lk.run("rules.py", lk.open_corpus("c.csv", id="id"), "t", gold="g.csv", gold_encoding="cp1252", **options)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "text\nJe veux résilier\nDéjà payé, reçu\nÀ bientôt, ÇA VA, ÉTÉ\n"),
        ("latin-1", "text\nGrüße aus München, größer\nÜbergrößenträger\n"),
        ("cp1251", "text\nпривет всем, добрый день\nДО СВИДАНИЯ\n"),
        ("koi8-r", "text\nпривет всем, добрый день\nДО СВИДАНИЯ\n"),
        ("cp866", "text\nраб привет всем, добрый день\nДО СВИДАНИЯ\n"),
        ("cp1250", "text\nżółć gęślą jaźń\n"),
        ("shift_jis", "text\n返金してください\n"),
    ],
)
def test_text_in_the_encoding_that_was_given_is_no_alarm(tmp_path, encoding, text):
    text = text.replace(",", "")
    (tmp_path / "c.csv").write_text(text, encoding)
    corpus = lk.open_corpus(tmp_path / "c.csv", encoding=encoding)
    assert next(iter(corpus.batches(["text"], 10))).table.column(0).to_pylist() == text.splitlines()[1:]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".csv.gz"])
def test_every_kind_of_text_is_looked_at_once(tmp_path, suffix):
    frame = pd.DataFrame({"text": ["résilier", "déjà payé", "reçu"]})
    for name in ("a", "b"):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".jsonl":
            frame.to_json(path, orient="records", lines=True, force_ascii=False)
        else:
            frame.to_csv(path, index=False)
    for place in (tmp_path / f"a{suffix}", tmp_path):
        with pytest.warns(UserWarning, match=r"'rÃ©silier' is 'résilier' in UTF-8 \[LK222\]") as told:
            lk.open_corpus(place, encoding="cp1252")
        assert len(told) == 1


def test_every_command_that_takes_gold_takes_its_encoding():
    options = {name: {text for one in command.params for text in one.opts} for name, command in cli.commands.items()}
    lacking = [name for name, there in options.items() if "--gold" in there and not {"--gold-encoding"} <= there]
    assert not lacking
    assert all("--encoding" in options[name] for name in ("estimate", "agreement"))


ON_RUNS = {
    "view": ("view", "r"),
    "suggest": ("suggest", "r"),
    "fix": ("fix", "r"),
    "next": ("next", "r", "--n", "1"),
    "diff": ("diff", "r", "r"),
    "certify": ("certify", "r"),
    "fit": ("fit", "r", "--out", "m"),
}


@pytest.mark.parametrize("command", ON_RUNS)
@pytest.mark.parametrize("by_run", [False, True])
def test_finished_runs_read_gold_in_its_encoding(project, capsys, command, by_run):
    of_run = ("--gold", "g.csv", "--gold-encoding", "cp1252") if by_run else ()
    assert called(capsys, "run", "rules.py", "c.csv", *NAMED, *of_run, "--out", "r")[0] == 0
    Path("h.csv").write_text(GOLD.replace("c0", "c3").replace("c1", "c2"), "cp1252")
    call = (*ON_RUNS[command], "--gold", "h.csv")
    status, _, err = called(capsys, *call)
    if by_run:  # which says in which encoding such files are
        assert "UTF-8" not in err
        return
    assert (status, "--gold-encoding cp1252" in err) == (1, True), err
    status, _, err = called(capsys, *call, "--gold-encoding", "cp1252")
    assert status in {0, 3}, err
    assert "UTF-8" not in err
    assert called(capsys, *call, "--gold-encoding", "klingon")[0] == 1


def test_an_encoding_without_gold_is_refused(project, capsys):
    assert called(capsys, "run", "rules.py", "c.csv", *NAMED, "--out", "r")[0] == 0
    status, _, err = called(capsys, "view", "r", "--gold-encoding", "cp1252")
    assert (status, "give --gold, too" in err) == (2, True)


def test_answers_have_an_encoding(project, capsys):
    frame = lk.open_corpus("c.csv", id="id")
    lk.sample(frame, 3).save("s.csv")
    Path("a.csv").write_text(
        "id,annotator,label\n" + "".join(f"c{i},{a},gardé\n" for i in range(4) for a in "xy"), "cp1252"
    )
    Path("l.csv").write_text("id,label\n" + "".join(f"c{i},gardé\n" for i in range(4)), "cp1252")
    for call in (("agreement", "a.csv"), ("estimate", "s.csv", "--answered", "l.csv")):
        status, _, err = called(capsys, *call)
        assert (status, "--encoding cp1252" in err) == (1, True), err
        assert called(capsys, *call, "--encoding", "cp1252")[0] == 0
