"""labelkit sample: what it writes, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.datasets import generate_comments, write_corpus


@pytest.fixture(scope="module")
def comments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comments")
    path = write_corpus(generate_comments(400), folder / "comments.csv")
    lk.run("labeling_functions/comments.py", path, folder / "run", id="id")
    return path


def called(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, arguments)))
    return ended.value.code


def test_a_file_has_the_sample_of_the_function(comments, tmp_path, capsys):
    out = tmp_path / "drawn.csv"
    assert called("sample", comments, "--n", 30, "--id", "id", "--out", out, "--random-state", 3) == 0
    assert f"written to {out}" in capsys.readouterr().out
    drawn = lk.Sample.load(out)
    assert drawn.ids.tolist() == lk.sample(comments, 30, id="id", random_state=3).ids.tolist()
    assert np.allclose(drawn.probabilities, 30 / 400)


def test_a_sample_does_not_replace_the_corpus_that_it_is_drawn_from(comments, tmp_path, capsys):
    corpus = tmp_path / "comments.csv"
    corpus.write_bytes(comments.read_bytes())
    assert called("sample", corpus, "--n", 30, "--id", "id", "--out", corpus, "--force") == 1
    assert f"{str(corpus)!r} is the corpus, which would be lost" in capsys.readouterr().err
    assert corpus.read_bytes() == comments.read_bytes()
    assert called("sample", corpus, "--n", 30, "--id", "id", "--out", tmp_path / "comments_out.csv") == 0


@pytest.mark.parametrize("by", ["label", "confidence", lk.collect("labeling_functions/comments.py").names[0]])
def test_a_run_is_stratified_by_labels_and_by_votes(comments, by, tmp_path, capsys):
    out = tmp_path / "drawn.parquet"
    run = comments.parent / "run"
    assert called("sample", run, "--method", "stratified", "--by", by, "--n", 40, "--out", out, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["population"] == 400
    assert sum(document["strata"].values()) == 40
    assert lk.Sample.load(out).to_dict().items() <= document.items()


@pytest.mark.filterwarnings("always")
def test_judgment_warns_and_names_ids(comments, tmp_path, capsys):
    out = tmp_path / "drawn.csv"
    assert called("sample", comments, "--method", "judgment", "--ids", "3,17", "--out", out) == 0
    assert "nobody knows with what chance" in capsys.readouterr().err
    assert lk.Sample.load(out).ids.tolist() == [3, 17]


def test_texts_stand_beside_the_ids_of_a_corpus_and_of_a_run(comments, tmp_path, capsys):
    texts = pd.read_csv(comments).set_index("id").text
    for place, options in ((comments, ["--id", "id"]), (comments.parent / "run", [])):
        out = tmp_path / f"{place.name}.parquet"
        assert called("sample", place, "--n", 20, "--columns", "text", "--out", out, *options) == 0, capsys.readouterr()
        frame = pd.read_parquet(out)
        assert frame.text.tolist() == texts[frame.id].tolist()
        assert len(lk.Sample.load(out)) == 20


@pytest.mark.filterwarnings("always")
def test_a_snowball_follows_the_edges_of_a_file(comments, tmp_path, capsys):
    edges = tmp_path / "edges.csv"
    edges.write_text("from,to\n3,17\n17,5\n8,9\n", encoding="utf-8")
    out = tmp_path / "drawn.csv"
    options = ["--method", "snowball", "--n", 3, "--ids", "3", "--edges", edges, "--out", out]
    assert called("sample", comments, *options) == 0, capsys.readouterr()
    assert lk.Sample.load(out).ids.tolist() == [3, 5, 17]


@pytest.mark.parametrize("option", [("--id", "author"), ("--map", "text=video"), ("--delimiter", "tab")])
def test_a_sample_of_a_run_ignores_no_option_of_a_corpus(comments, tmp_path, capsys, option):
    assert called("sample", comments.parent / "run", "--n", 3, "--out", tmp_path / "s.csv", *option) == 2
    assert f"{option[0]} says how a corpus is read, and a run is given: leave it out" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--by", "video"), "--by is of --strategy slices, and --strategy random does not use it"),
        (("--by", "video", "--strategy", "bandit"), "--by is of --strategy slices, and --strategy bandit does not"),
        (("--rule", "asks", "--strategy", "margin"), "--rule is of --strategy rule, and --strategy margin does not"),
        (("--columns", "video"), "--columns are written beside the ids: give --out, too"),
    ],
)
def test_next_ignores_no_option(comments, capsys, options, what):
    assert called("next", comments.parent / "run", "--no-gold", "--n", 3, *options) == 2
    assert what in capsys.readouterr().err


def test_next_does_not_ask_again_what_gold_answers(comments, tmp_path, capsys, monkeypatch):
    frame = pd.read_csv(comments).astype({"spam": object})
    frame.loc[100:, "spam"] = None
    place = tmp_path / "some.csv"
    frame.to_csv(place, index=False)
    lk.run("labeling_functions/comments.py", place, tmp_path / "run", id="id", gold="spam", report=False, cache=False)
    answered, out = set(frame.id[:100]), tmp_path / "next.csv"

    def asked(*options):
        assert called("next", tmp_path / "run", "--n", 300, "--out", out, "--force", *options) == 0, capsys.readouterr()
        return set(pd.read_csv(out).id)

    assert asked() <= set(frame.id[100:])
    assert asked("--no-gold") & answered
    assert called("next", comments.parent / "run", "--gold", "spam") == 2
    assert "every example has gold, so that there is nothing to ask: --no-gold asks again" in capsys.readouterr().err
    few = tmp_path / "few.csv"
    frame[["id", "spam"]].loc[:4].to_csv(few, index=False)
    assert not asked("--gold", few) & set(frame.id[:5])


def test_a_file_is_replaced_only_if_asked_to(comments, tmp_path, capsys):
    out = tmp_path / "drawn.csv"
    out.write_text("answers of people", encoding="utf-8")
    assert called("sample", comments, "--n", 3, "--out", out) == 1
    assert "exists already" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "answers of people"
    assert called("sample", comments, "--n", 3, "--out", out, "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "stratified", "--n", "9"], "needs --by"),
        ([], "needs --n"),
        (["--n", "9", "--method", "weighted", "--weights", "text"], "not numbers"),
        (["--n", "9", "--by", "label"], "does not use --by"),
        (["--n", "1", "--method", "cluster", "--by", "nix"], "nix"),
    ],
)
def test_a_wrong_call_is_answered_in_the_words_of_the_command_line(comments, arguments, message, tmp_path, capsys):
    assert called("sample", comments, *arguments, "--out", tmp_path / "x.csv") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_estimates_are_those_of_the_sample_by_stratum_too(comments, tmp_path, capsys):
    drawn, answers = tmp_path / "drawn.csv", tmp_path / "answers.csv"
    run = comments.parent / "run"
    assert called("sample", run, "--method", "stratified", "--by", "label", "--n", 40, "--out", drawn) == 0
    sample = lk.Sample.load(drawn)
    gold = dict(zip(sample.ids.tolist(), ["SPAM" if i % 4 else "HAM" for i in range(39)], strict=False))
    pd.DataFrame({"id": list(gold), "label": list(gold.values())}).to_csv(answers, index=False)
    capsys.readouterr()
    assert called("estimate", drawn, "--answered", answers, "--confidence", 0.9, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == sample.estimate(gold, confidence=0.9).to_dict()
    assert (document["n"], document["unanswered"]) == (39, 1)
    assert called("estimate", drawn, "--answered", answers, "--by", "stratum", "--json") == 0
    assert json.loads(capsys.readouterr().out) == sample.estimate(gold, by=sample.strata).to_dict()
    for options, message in ((("--by", "nix"), "nix"), (("--confidence", 2), "2")):
        assert called("estimate", drawn, "--answered", answers, *options) in (1, 2)
        assert message in capsys.readouterr().err


def test_a_file_of_answers_shows_how_far_annotators_agree(tmp_path, capsys):
    answers = tmp_path / "answers.csv"
    said = [(i, who, "ABC"[(i + (who == "bob" and i % 5 == 0)) % 3]) for i in range(40) for who in ("ann", "bob")]
    pd.DataFrame(said, columns=["item", "annotator", "label"]).to_csv(answers, index=False)
    assert called("agreement", answers, "--ordinal", "--labels", "A,B,C", "--judges", "bob") in (0, 1)
    capsys.readouterr()
    assert called("agreement", answers, "--ordinal", "--labels", "A,B,C", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == lk.agreement(answers, ordinal=True, classes=["A", "B", "C"]).to_dict()
    assert document["observed"]["value"] == pytest.approx(0.8)


def test_a_file_of_other_columns_is_refused_in_the_spelling_of_the_command_line(tmp_path, capsys):
    pd.DataFrame({"item": [1, 2], "label": ["A", "B"]}).to_csv(tmp_path / "answers.csv", index=False)
    assert called("agreement", tmp_path / "answers.csv") == 1
    said = capsys.readouterr().err
    assert "Hint: call it annotator" in said
    assert "annotator=" not in said


@pytest.mark.filterwarnings("always")
def test_quotas_are_rows_of_each_group(comments, tmp_path, capsys):
    out, run = tmp_path / "drawn.csv", comments.parent / "run"
    options = ("--method", "quota", "--by", "label", "--out", out)
    assert called("sample", run, *options, "--quota", "SPAM=5,HAM=7", "--json") == 0
    assert json.loads(capsys.readouterr().out)["strata"] == {"HAM": 7, "SPAM": 5}
    assert called("sample", run, *options, "--quota", "SPAM=5", "--quota", "SPAM=6", "--force") == 2
    assert "--quota names 'SPAM' twice" in capsys.readouterr().err
    assert called("sample", run, *options, "--quota", "SPAM", "--force") == 2
    assert "GROUP=N" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:a (judgment|snowball) sample")
@pytest.mark.parametrize("source", ["mixed.csv", "r"])
def test_ids_are_of_the_type_of_those_that_there_are(source, tmp_path, capsys, monkeypatch):
    """A text of digits is an id of text where others are no numbers, in a list and in a file of edges."""
    monkeypatch.chdir(tmp_path)
    Path("mixed.csv").write_text("key,text\n5,free\nx7,hello\n6,hi\n", encoding="utf-8")
    Path("edges.csv").write_text("a,b\n5,6\n", encoding="utf-8")
    rules = [lk.keywords("free", label=1).rule(name="free")]
    lk.run(rules, "mixed.csv", "r", id="key", labels=["HAM", "SPAM"], progress=False, report=False)
    id_option = ["--id", "key"] if source == "mixed.csv" else []
    for number, options in enumerate(
        (["judgment", "--ids", "5,6"], ["snowball", "--ids", "5", "--edges", "edges.csv", "--n", "2"])
    ):
        out = f"drawn{number}.csv"
        with pytest.raises(SystemExit) as ended:
            main(["sample", source, *id_option, "--out", out, "--method", *options])
        assert ended.value.code == 0, capsys.readouterr().err
        assert pd.read_csv(out, dtype=str)["id"].tolist() == ["5", "6"]
