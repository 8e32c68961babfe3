"""labelkit sample: what it writes, and what it refuses."""

import json

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
