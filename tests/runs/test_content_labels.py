"""A run by a model that reads the examples gives its labels, whatever the workers, and says what content was used for."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError, ModelError, RunFolderError
from labelkit.runs import content_labels
from labelkit.runs.run_folder import RunFolder

RULES = """
from labelkit import keywords, regex

asks = keywords("subscribe", "check out", label=1).rule(name="asks", column="text")
link = regex(r"https?://", label=1).rule(name="link", column="text")
loves = keywords("love", "amazing", label=0).rule(name="loves", column="text")
song = keywords("song", label=0).rule(name="song", column="text")
"""


def comments(n, seed=0):
    """Texts whose other words tell the class, too."""
    rng = np.random.default_rng(seed)
    spam = rng.random(n) < 0.4
    words = {
        True: ["win", "prize", "cash", "channel", "follow", "subscribe", "http://x.y"],
        False: ["melody", "voice", "band", "guitar", "song", "love", "live"],
    }
    texts = [" ".join(rng.choice(words[bool(one)], 4)) + f" w{rng.integers(40)}" for one in spam]
    return pd.DataFrame({"id": [f"c{i}" for i in range(n)], "text": texts, "gold": spam.astype(int)})


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("content")
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    comments(3_000).to_parquet(folder / "corpus.parquet")
    return folder


def made(project, out, corpus="corpus.parquet", **options):
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "model": "ContentLabelModel", "progress": False, "report": False}
    return lk.run(project / "rules.py", project / corpus, out, **{**settings, **options})


def test_labels_are_those_of_the_model_in_memory(project, tmp_path):
    run = made(project, tmp_path / "run", gold="gold", batch_size=1_024, workers=2)
    frame = pd.read_parquet(project / "corpus.parquet")
    lfs = lk.collect(project / "rules.py", labels=["HAM", "SPAM"])
    matrix = lk.Applier(lfs).apply(frame, id="id")
    features = lk.read_features(frame, "text")
    model = lk.ContentLabelModel().fit(matrix, features.values)
    assert model.gate_.is_open
    labels = model.label(matrix, features.values)
    assert np.abs(run.labels().proba - labels.proba).max() < 1e-9
    assert run.labels().hard().tolist() == labels.hard().tolist()
    assert run.manifest["content"] == str(model.gate_)
    evaluation = model.evaluate(matrix, features.values, frame["gold"].to_numpy())
    assert run.manifest["evaluation"]["accuracy"] == pytest.approx(evaluation.accuracy)
    assert run.manifest["evaluation"]["n_covered"] == 3_000
    assert "content is used, on all rows" in run.describe()
    assert "class prior" in run.describe()


def test_the_bytes_do_not_depend_on_workers_and_a_second_run_finds_the_first(project, tmp_path):
    first = made(project, tmp_path / "first", batch_size=1_024)
    second = made(project, tmp_path / "second", batch_size=1_024, workers=2)
    for file in ["labels/part-00001.parquet", "manifest.json", "summary.csv", "model/features.npz", "model/model.json"]:
        assert (first.path / file).read_bytes() == (second.path / file).read_bytes(), file
    assert made(project, tmp_path / "first", batch_size=1_024).was_finished
    with pytest.raises(RunFolderError, match="the label model is LabelModel, and was ContentLabelModel"):
        made(project, tmp_path / "first", batch_size=1_024, model="LabelModel")


def test_of_a_large_corpus_a_sample_is_read(project, tmp_path, monkeypatch):
    monkeypatch.setattr(content_labels, "SAMPLED_ROWS", 1_200)
    run = made(project, tmp_path / "run", gold="gold", teach=True, batch_size=1_024)
    assert run.manifest["evaluation"]["n_seen"] > 1_000
    assert run.manifest["evaluation"]["accuracy"] > 0.95
    assert len(run.labels()) == 3_000


def test_texts_that_say_nothing_give_the_labels_of_votes(project, tmp_path):
    frame = pd.read_parquet(project / "corpus.parquet")
    frame["noise"] = np.random.default_rng(0).permutation([f"a{i % 50} b{i % 7}" for i in range(len(frame))])
    frame.to_parquet(tmp_path / "corpus.parquet")
    run = made(project, tmp_path / "run", tmp_path / "corpus.parquet", text_columns="noise", gold="gold")
    votes = made(project, tmp_path / "votes", tmp_path / "corpus.parquet", model="LabelModel", gold="gold")
    assert "content is not used" in run.manifest["content"]
    assert run.labels().proba.tolist() == votes.labels().proba.tolist()
    assert run.manifest["evaluation"] == votes.manifest["evaluation"]


def test_other_commands_read_such_a_run(project, tmp_path):
    run = made(project, tmp_path / "run", gold="gold", report=True, batch_size=1_024)
    why = lk.why(run, "c5")
    assert why.content.words
    assert why.proba["SPAM"] == pytest.approx(run.labels().proba[5, 1])
    total = why.prior + why.content.log_odds + sum(vote.log_odds for vote in why.votes)
    assert total == pytest.approx(np.log(max(why.proba.values()) / min(why.proba.values())), abs=1e-6)
    assert "content" in str(why)
    assert json.loads(json.dumps(why.to_dict()))["content"]["words"]
    assert "content in the labels" in run.layout.report.read_text("utf-8")
    assert lk.verify(run.path) == []
    exported = lk.export(run, tmp_path / "labels.csv", columns=["text"])
    assert exported.n_written == 3_000
    third = made(project, tmp_path / "third", model="LabelModel")
    assert lk.diff(run, third).to_dict()["differs"]
    with pytest.warns(UserWarning, match="LK314"):  # of the same examples
        assert not lk.drift(run, third).drifted
    certificate = run.labels().certify(dict(zip(run.labels().ids, comments(3_000)["gold"], strict=True)), 0.05)
    assert certificate.n_kept > 2_000
    origins = next(iter(run.origins()))
    assert origins.model == pq.read_schema(run.layout.part("labels", 1)).metadata[b"labelkit.model"].decode()


def test_an_update_labels_new_rows_and_equals_a_new_run(project, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    comments(2_500).to_parquet(folder / "a.parquet")
    made(project, tmp_path / "run", folder, batch_size=1_024)
    comments(600, seed=1).assign(id=[f"d{i}" for i in range(600)]).to_parquet(folder / "b.parquet")
    with pytest.raises(RunFolderError, match="ContentLabelModel cannot be kept"):
        made(project, tmp_path / "run", folder, batch_size=1_024, update=True, keep_model=True)
    updated = made(project, tmp_path / "run", folder, batch_size=1_024, update=True)
    anew = made(project, tmp_path / "anew", folder, batch_size=1_024)
    assert updated.layout.number == 2
    for part in anew.layout.parts("labels"):
        assert part.read_bytes() == (updated.path / "labels" / part.name).read_bytes()


def test_what_cannot_be_read_is_refused_at_once(project, tmp_path):
    with pytest.raises(ModelError, match=r"(?s)LabelModel learns from votes alone.*'text'"):
        made(project, tmp_path / "a", model="LabelModel", text_columns=["text"])
    with pytest.raises(LabelkitError, match="column 'body' is not in the corpus"):
        made(project, tmp_path / "a", text_columns="body")
    frame = pd.read_parquet(project / "corpus.parquet").rename(columns={"text": "body"})
    rules = [lk.keywords("song", label=0).rule(name="song", column="body")]
    with pytest.raises(ModelError, match=r"(?s)it is not said in which column.*--text-columns.*'id', 'body', 'gold'"):
        lk.run(rules, frame, tmp_path / "a", labels=["HAM", "SPAM"], model="ContentLabelModel", progress=False)
    run = made(project, tmp_path / "run")
    with pytest.raises(ModelError, match=r"(?s)reads features.*--text-column"):
        lk.label_to_folder(run.path, run.model(), tmp_path / "labels")
    with pytest.raises(ModelError, match=r"(?s)reads features.*--text-column"):
        lk.fit_votes(run.path, model="ContentLabelModel")
    assert not RunFolder(run.path).layout.draft.exists()


def test_texts_that_are_null_and_rows_that_are_rejected(project, tmp_path):
    frame = comments(1_500)
    frame.loc[::7, "text"] = None
    lines = frame.to_json(orient="records", lines=True).splitlines()
    lines[20] = "{broken"
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    run = made(project, tmp_path / "run", tmp_path / "corpus.jsonl", on_bad_row="reject", gold="gold")
    assert len(run.labels()) == 1_499
    assert run.manifest["rejects"] == 1


def test_a_run_that_stops_while_content_labels_goes_on_to_the_same_bytes(project, tmp_path, monkeypatch):
    whole = made(project, tmp_path / "whole", gold="gold", batch_size=1_024)
    n_written, write = [], content_labels.write_part

    def full_disk(*arguments, **options):
        n_written.append(1)
        if len(n_written) == 2:
            raise OSError(28, "No space left on device")
        write(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(content_labels, "write_part", full_disk)
        with pytest.raises(RunFolderError, match="stopped' cannot be written: No space left on device"):
            made(project, tmp_path / "stopped", gold="gold", batch_size=1_024)
    assert not (tmp_path / "stopped").exists()
    stopped = made(project, tmp_path / "stopped", gold="gold", batch_size=1_024)
    files = [file.relative_to(whole.path) for file in whole.path.rglob("*") if file.is_file()]
    for file in files:
        if file.name != "timings.json":
            assert (whole.path / file).read_bytes() == (stopped.path / file).read_bytes(), file


def test_what_is_said_of_labels_by_content_does_not_call_them_covered(project, tmp_path):
    run = made(project, tmp_path / "run", gold="gold", report=True)
    labeled = run.manifest["evaluation"]["n_covered"]
    assert labeled == 3_000 > run.manifest["covered"]
    assert "against gold, on 3,000 of 3,000 examples (labeled by votes or content): accuracy" in run.describe()
    report = (run.path / "report.html").read_text("utf-8")
    assert "are labeled by votes or content" in report
    shares = run.labels().proba.mean(axis=0)
    assert f"{100 * shares[0]:.1f}%" in report.split("expected share of the labeled")[1].split("</table>")[0]
    assert run.labels().prior_source == run.manifest["prior_source"]
    frame = pd.read_parquet(project / "corpus.parquet")
    model = lk.train_end_model(
        frame, run, votes=run.matrix(), gold=dict(zip(frame["id"][:60], frame["gold"], strict=False))
    )
    assert model.lineage["label_model"] == run.manifest["model_fingerprint"]
    assert "ContentLabelModel" in model.evaluations
