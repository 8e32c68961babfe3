"""What an audit proves of a run's labels stands in the run."""

import json

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import GoldError, RunFolderError
from labelkit.runs.certify_run import certify_run

POSTS = lk.load_comments(3_000)


@pytest.fixture
def run(tmp_path):
    rules = [
        lk.keywords("subscribe", "check out", "free", label=1).rule(name="asks", column="text"),
        lk.regex("http", label=1).rule(name="link", column="text"),
        lk.keywords("love", "great", "song", label=0).rule(name="loves", column="text"),
    ]
    corpus = tmp_path / "corpus.parquet"
    POSTS.to_parquet(corpus)
    return lk.run(rules, corpus, tmp_path / "run", id="id", labels=["HAM", "SPAM"], gold="spam", progress=False)


def answers(run, n=500):
    rows = np.random.default_rng(0).choice(len(POSTS), n, replace=False)
    return {POSTS["id"][row]: int(POSTS["spam"][row]) for row in rows}


def test_a_certificate_is_in_a_new_version_and_in_the_report(run):
    report = lk.write_report(run)
    certificate = certify_run(run.path, answers(run), 0.25)
    assert certificate.n_kept
    after = lk.RunFolder(run.path)
    assert after.manifest["certificate"] == json.loads(json.dumps(certificate.to_dict()))
    assert certificate.statement.split(":")[0] in report.read_text("utf-8")
    assert "certified" in str(lk.history(run.path))
    assert lk.verify(run.path) == []
    assert "certificate" not in lk.RunFolder(run.path, 1).manifest
    exported = lk.export(after, run.path.parent / "sure.csv", min_confidence=certificate.threshold)
    assert exported.n_written == certificate.n_kept


def test_a_file_and_a_column_are_gold_too(run, tmp_path):
    gold = answers(run)
    file = tmp_path / "gold.csv"
    file.write_text("id,label\n" + "".join(f"{name},{['HAM', 'SPAM'][one]}\n" for name, one in gold.items()))
    by_file = certify_run(run.path, str(file), 0.2)
    assert by_file.to_dict() == run.labels().certify(gold, 0.2).to_dict()
    assert certify_run(run.path, "spam", 0.2).n_audit == by_file.n_labels


def test_gold_that_taught_the_model_proves_nothing(run, tmp_path):
    gold = answers(run)
    taught = lk.run(
        [lk.keywords("free", label=1).rule(name="free", column="text")],
        run.manifest["corpus"]["path"],
        tmp_path / "taught",
        id="id",
        labels=["HAM", "SPAM"],
        gold=gold,
        teach=True,
        progress=False,
    )
    with pytest.raises(GoldError, match=r"(?s)learned from \d+ rows of this gold.*other rows"):
        certify_run(taught.path, gold, 0.2)


def test_an_old_version_and_votes_alone_are_refused(run, tmp_path):
    certify_run(run.path, answers(run), 0.25)
    with pytest.raises(RunFolderError, match="old version"):
        certify_run(f"{run.path}@1", answers(run), 0.25)
