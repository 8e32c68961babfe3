"""What an audit proves of a run's labels stands in the run."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import GoldError, RunFolderError
from labelkit.label_models.taught_examples import taught_by
from labelkit.runs.certify_run import certificates_with, certified_with_note, certify_run
from labelkit.runs.steps import label_to_file, stored_model

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


def test_labels_of_another_model_have_no_certificate_of_the_old_ones(run, tmp_path):
    certify_run(run.path, answers(run), 0.001)
    certify_run(run.path, answers(run), 0.25)
    before = lk.RunFolder(run.path)
    assert before.manifest["certificate"]
    assert before.manifest["failed_certificates"]
    labeled = lk.label_to_folder(before, lk.fit_votes(before, model="MajorityVote"), tmp_path / "labeled")
    assert not labeled.manifest.keys() & {"certificate", "failed_certificates"}
    assert "ertified" not in labeled.layout.report.read_text("utf-8")


def test_a_failed_certificate_is_recorded_and_displaces_none(run, capsys):
    report = lk.write_report(run)
    gold = answers(run)
    failed = certify_run(run.path, gold, 0.001)
    assert not failed.certified
    assert not failed.to_dict()["certified"]
    assert lk.RunFolder(run.path).manifest["certificate"] is None
    assert "Failed certificate." in report.read_text("utf-8")
    good = certify_run(run.path, gold, 0.25)
    again = certify_run(run.path, gold, 0.002)
    manifest = lk.RunFolder(run.path).manifest
    assert manifest["certificate"] == json.loads(json.dumps(good.to_dict()))
    assert [one["max_error"] for one in manifest["failed_certificates"]] == [0.001, 0.002]
    shown = report.read_text("utf-8")
    assert good.statement.split(":")[0] in shown
    assert shown.count("Failed certificate.") == 2
    assert [version.changes for version in lk.history(run.path).versions] == [
        (),
        ("certificate failed: no set of labels is proved to have an error below 0.1%",),
        (f"certified: {good.n_kept:,} labels, 25.0% wrong at most",),
        ("certificate failed: no set of labels is proved to have an error below 0.2%; the certificate in force stays",),
    ]
    better = certify_run(run.path, gold, 0.3)
    manifest = lk.RunFolder(run.path).manifest
    assert manifest["certificate"]["max_error"] == better.max_error
    assert len(manifest["failed_certificates"]) == 2
    assert not again.n_kept
    certify_run(run.path, gold, 0.3)
    assert lk.history(run.path)[-1].changes == (f"certified again: {better.n_kept:,} labels, 30.0% wrong at most",)
    with pytest.raises(SystemExit) as stopped:
        main(["certify", str(run.path), "--gold", "spam", "--max-error", "0.001"])
    assert stopped.value.code == 3
    out = capsys.readouterr().out
    assert "recorded as a failed certificate; in force stays: " + better.statement in out
    with pytest.raises(SystemExit) as stopped:
        main(["certify", str(run.path), "--gold", "spam", "--max-error", "0.3"])
    assert stopped.value.code == 0


def test_a_failed_certificate_of_an_earlier_version_is_none_in_force():
    old = {"n_kept": 0, "max_error": 0.1}
    good = {"n_kept": 3, "max_error": 0.2}
    assert certificates_with({"certificate": old}, good) == {"certificate": good, "failed_certificates": [old]}
    assert certificates_with({"certificate": old}, old) == {"certificate": None, "failed_certificates": [old, old]}
    assert certificates_with({}, good) == {"certificate": good}


def test_the_probability_that_is_printed_exports_the_certified_labels(run, tmp_path):
    certificate = certify_run(run.path, answers(run), 0.25)
    printed = re.search(r"a probability of at least ([\d.]+)", certificate.statement)[1]
    assert float(printed) == certificate.min_confidence
    exported = lk.export(lk.RunFolder(run.path), tmp_path / "sure.csv", min_confidence=float(printed))
    assert exported.n_written == certificate.n_kept


def test_a_file_and_a_column_are_gold_too(run, tmp_path):
    gold = answers(run)
    file = tmp_path / "gold.csv"
    file.write_text("id,label\n" + "".join(f"{name},{['HAM', 'SPAM'][one]}\n" for name, one in gold.items()))
    by_file = certify_run(run.path, str(file), 0.2)
    assert by_file.to_dict() == run.labels().certify(gold, 0.2).to_dict()
    assert certify_run(run.path, "spam", 0.2).n_audit == by_file.n_labels


FEW_RULES = [
    lk.regex(r"http|subscribe|check", re.IGNORECASE, label=1).rule(name="asks", column="text"),
    lk.regex(r"love|best|song", re.IGNORECASE, label=0).rule(name="loves", column="text"),
]


def taught_run(corpus, out, gold, **options):
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "teach": True, "progress": False, "cache": False}
    return lk.run(FEW_RULES, corpus, out, gold=gold, **{**settings, **options})


def some(first, stop):
    return dict(zip(POSTS["id"][first:stop], map(int, POSTS["spam"][first:stop]), strict=True))


@pytest.mark.parametrize("batch_size", [65_536, 1024])
@pytest.mark.parametrize(("n_taught", "n_new"), [(200, 60), (200, 20), (20, 200), (35, 35), (500, 500)])
def test_rows_that_taught_the_model_are_told_from_others_whose_votes_are_the_same(
    tmp_path, n_taught, n_new, batch_size
):
    POSTS.to_parquet(tmp_path / "corpus.parquet")
    run = taught_run(tmp_path / "corpus.parquet", tmp_path / "run", some(0, n_taught), batch_size=batch_size)
    new = some(2_000, 2_000 + n_new)
    certificate = certify_run(run.path, new, 0.9)  # of two rules, there are four rows of votes
    assert certificate.n_audit <= n_new
    for n_seen in (1, n_taught // 2, n_taught):
        with pytest.raises(GoldError, match=rf"learned from {n_seen} rows? of this gold so that") as error:
            certify_run(run.path, {**new, **some(0, n_seen)}, 0.9)
        assert f"the other {n_new:,} are an audit" in error.value.hint


def test_which_rows_taught_is_known_of_files_columns_updates_and_old_versions(tmp_path):
    columns = POSTS.assign(known=np.where(np.arange(len(POSTS)) < 100, POSTS["spam"], -1))
    columns[:2_000].to_parquet(tmp_path / "corpus.parquet")
    run = taught_run(tmp_path / "corpus.parquet", tmp_path / "run", "known")
    columns.to_parquet(tmp_path / "corpus.parquet")
    kept = taught_run(tmp_path / "corpus.parquet", run.path, "known", update=True, keep_model=True)
    new = some(2_500, 2_600)
    with pytest.raises(GoldError, match="learned from 100 rows"):
        certify_run(kept.path, {**new, **some(0, 100)}, 0.9)
    assert certify_run(kept.path, new, 0.9).n_kept
    gold = tmp_path / "gold.csv"
    gold.write_text("id,label\n" + "".join(f"{name},{label}\n" for name, label in {**new, **some(0, 10)}.items()))
    again = taught_run(tmp_path / "corpus.parquet", run.path, str(gold), update=True)
    with pytest.raises(GoldError, match="learned from 100 rows"):
        certify_run(again.path, new, 0.9)
    assert certify_run(again.path, some(10, 110), 0.9).n_kept
    with pytest.warns(UserWarning, match="LK518"):
        untaught = taught_run(tmp_path / "corpus.parquet", run.path, str(gold), update=True, teach=False)
    assert certify_run(untaught.path, new, 0.9).n_kept
    lk.restore(run.path, 1)
    with pytest.raises(GoldError, match="learned from 100 rows"):
        certify_run(run.path, some(0, 110), 0.9)
    assert lk.verify(run.path) == []


def fitted_by_steps(votes, place, gold):
    model = lk.fit_votes(votes, gold=gold, teach=True)
    model.save(place)
    return lk.load_model(place)


def fitted_on_the_command_line(votes, place, gold):
    options = [] if gold is None else ["--gold", str(gold)]
    with pytest.raises(SystemExit) as stopped:
        main(["fit", str(votes), "--out", str(place), *options, "--teach"])
    assert stopped.value.code == 0
    return stored_model(place)


def fitted_to_a_matrix(votes, place, gold):
    return lk.fit_votes(lk.RunFolder(votes).matrix(), gold=gold, teach=True)


def of_a_run(votes, place, gold):
    run = taught_run(POSTS, place, gold)
    return lk.RunFolder(run.path).model()


@pytest.mark.parametrize("n_new", [60, 500])
@pytest.mark.parametrize("fitted", [fitted_by_steps, fitted_on_the_command_line, fitted_to_a_matrix, of_a_run])
def test_rows_that_taught_a_model_elsewhere_are_told_from_others_whose_votes_are_the_same(tmp_path, fitted, n_new):
    gold = tmp_path / "gold.csv"
    gold.write_text("id,label\n" + "".join(f"{name},{label}\n" for name, label in some(0, 200).items()))
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "progress": False, "cache": False}
    lk.apply_to_folder(FEW_RULES, POSTS[:1_000], tmp_path / "few", **settings)
    model = fitted(tmp_path / "few", tmp_path / "model", gold)
    others = POSTS[100:].sample(frac=1, random_state=0)  # of the same ids, in another order, and more of them
    votes = lk.apply_to_folder(FEW_RULES, others, tmp_path / "votes", batch_size=1024, **settings)
    run = lk.label_to_folder(votes, model, tmp_path / "labeled", report=False)
    new = some(2_000, 2_000 + n_new)
    assert certify_run(run.path, new, 0.9).n_audit <= n_new
    for n_seen in (1, 100):
        with pytest.raises(GoldError, match=rf"learned from {n_seen} rows? of this gold so that"):
            certify_run(run.path, {**new, **some(100, 100 + n_seen)}, 0.9)
    assert not (run.layout.model / "taught.parquet").exists()
    label_to_file(votes, model, tmp_path / "labels.parquet")
    with pytest.warns(UserWarning, match="LK330"):
        lk.ProbabilisticLabels.load(tmp_path / "labels.parquet").certify(new, 0.9)
    assert lk.verify(run.path) == []


def test_rows_that_taught_are_known_by_position_in_the_same_corpus_alone(tmp_path):
    texts = POSTS["text"].tolist()
    settings = {"labels": ["HAM", "SPAM"], "progress": False, "cache": False}
    gold = {row: int(POSTS["spam"].iloc[row]) for row in range(200)}
    new = {row: int(POSTS["spam"].iloc[row]) for row in range(1_000, 1_100)}
    votes = lk.apply_to_folder(FEW_RULES, {"text": texts}, tmp_path / "votes", gold=gold, **settings)
    model = lk.fit_votes(votes, teach=True)  # by the gold of the votes
    same = lk.label_to_folder(votes, model, tmp_path / "same", report=False)
    assert certify_run(same.path, new, 0.9).n_labels
    with pytest.raises(GoldError, match=r"learned from 1 row of this gold so that"):
        certify_run(same.path, {**new, 7: gold[7]}, 0.9)
    moved = lk.apply_to_folder(FEW_RULES, {"text": texts[1:]}, tmp_path / "moved", **settings)
    labeled = lk.label_to_folder(moved, model, tmp_path / "other", report=False)
    assert not labeled.layout.taught.exists()
    with pytest.raises(GoldError, match="or from rows like these"):
        certify_run(labeled.path, {row - 1: one for row, one in gold.items() if row}, 0.9)
    model.fit(votes.patterns())
    assert taught_by(model) is None


def test_gold_like_that_which_taught_a_run_of_an_earlier_version_is_refused_and_the_message_says_no_more(tmp_path):
    POSTS.to_parquet(tmp_path / "corpus.parquet")
    run = taught_run(tmp_path / "corpus.parquet", tmp_path / "run", some(0, 200))
    run.layout.taught.unlink()
    with pytest.raises(GoldError, match=r"learned from \d+ rows of this gold, or from rows like these,") as error:
        certify_run(run.path, some(0, 200), 0.9)
    assert "--update" in error.value.hint


def test_an_old_version_and_votes_alone_are_refused(run, tmp_path):
    certify_run(run.path, answers(run), 0.25)
    with pytest.raises(RunFolderError, match="old version"):
        certify_run(f"{run.path}@1", answers(run), 0.25)


def test_gold_that_the_run_was_judged_by_is_an_audit_on_a_condition(run, tmp_path, capsys):
    def said(gold, *options):
        with pytest.raises(SystemExit):
            main(["certify", str(run.path), "--gold", str(gold), "--max-error", "0.3", *options])
        return capsys.readouterr().out

    POSTS[["id", "spam"]].to_csv(tmp_path / "answers.csv", index=False)
    condition = "it proves something only if nobody looked at it while making the rules"
    assert condition in said("spam")
    assert condition in json.loads(said("spam", "--json"))["note"]
    assert condition in said(tmp_path / "answers.csv")
    assert json.loads(said(tmp_path / "answers.csv", "--json"))["note"].startswith("this is the gold that")


@pytest.fixture
def judged(tmp_path):
    """Return a function that makes a run judged by gold of the first 400 rows, given in some form."""
    answers = POSTS["spam"].astype(object).where(np.arange(len(POSTS)) < 400)
    POSTS.assign(judged=answers).to_parquet(tmp_path / "judged.parquet")
    POSTS[["id"]].assign(spam=answers).dropna().to_csv(tmp_path / "answers.csv", index=False)
    by_id = dict(zip(POSTS["id"][:400], POSTS["spam"][:400], strict=True))
    forms = {
        "column": (tmp_path / "judged.parquet", "judged"),
        "column of a frame": (POSTS.assign(judged=answers), "judged"),
        "file": (tmp_path / "judged.parquet", tmp_path / "answers.csv"),
        "dict": (tmp_path / "judged.parquet", by_id),
        "Series": (tmp_path / "judged.parquet", pd.Series(by_id).iloc[::-1]),
        "array": (tmp_path / "judged.parquet", answers.to_numpy()),
    }
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("love", label=0).rule(name="loves")]
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "progress": False, "report": False, "cache": False}

    def make(form):
        corpus, gold = forms[form]
        return lk.run(rules, corpus, tmp_path / "judged", gold=gold, **settings)

    return make


FORMS = ["column", "column of a frame", "file", "dict", "Series", "array"]


@pytest.mark.parametrize("form", FORMS)
def test_gold_is_known_again_in_any_form_and_order(judged, form):
    folder = judged(form)
    known = POSTS["id"][:400].tolist()
    labels = dict(zip(known, POSTS["spam"][:400].tolist(), strict=True))
    shuffled = {name: labels[name] for name in np.random.default_rng(0).permutation(known)}
    others = dict(zip(POSTS["id"][400:500], POSTS["spam"][400:500], strict=True))
    _, note = certified_with_note(folder.path, shuffled, 0.5)
    assert note.startswith("this is the gold that the run was judged by: it proves something only if nobody looked")
    assert certified_with_note(folder.path, others, 0.5)[1] is None


@pytest.mark.parametrize("form", ["column", "file"])
def test_rows_of_gold_that_can_be_read_again_are_counted(judged, form):
    folder = judged(form)
    some = dict(zip(POSTS["id"][350:450], POSTS["spam"][350:450], strict=True))
    _, note = certified_with_note(folder.path, some, 0.5)
    assert note.startswith("50 of these 100 rows have gold that the run was judged by: these prove something only if")


def test_a_file_of_other_answers_in_the_place_of_the_old_one_is_an_audit(judged, tmp_path):
    folder = judged("file")
    POSTS[["id", "spam"]][400:500].to_csv(tmp_path / "answers.csv", index=False)
    assert certified_with_note(folder.path, tmp_path / "answers.csv", 0.5)[1] is None


def test_so_it_is_where_that_gold_is_a_file(run, tmp_path, capsys, monkeypatch):
    POSTS[["id", "spam"]].to_csv(tmp_path / "answers.csv", index=False)
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("love", label=0).rule(name="loves")]
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "progress": False, "gold": tmp_path / "answers.csv"}
    lk.run(rules, tmp_path / "corpus.parquet", tmp_path / "by_file", **settings)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["certify", "by_file", "--gold", "answers.csv", "--max-error", "0.5"])
    assert "this is the gold that the run was judged by" in capsys.readouterr().out
