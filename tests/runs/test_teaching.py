"""Gold that teaches the label model judges nothing: what is reported by it is cross-fitted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import GoldError, ModelError, RunFolderError
from labelkit.runs.steps import patterns_of

SETTINGS = {"progress": False, "cache": False, "report": False, "labels": ["HAM", "SPAM"]}


@pytest.fixture(scope="module")
def lfs():
    """Rules that know nothing: each votes by a word that is drawn at random."""
    return [lk.keywords(f"w{j}", label=j % 2).rule(name=f"r{j}") for j in range(20)]


def noise(seed, n_rows=300, n_gold=40):
    """Texts whose words say nothing of the class, which some of them have as gold, and the classes of all."""
    random = np.random.default_rng(seed)
    words = random.random((n_rows, 20)) < 0.5
    texts = [" ".join(f"w{j}" for j in np.flatnonzero(row)) for row in words]
    truth = random.integers(0, 2, n_rows)
    gold = np.full(n_rows, -1)
    gold[random.choice(n_rows, n_gold, replace=False)] = 0
    gold[gold == 0] = truth[gold == 0]
    return pd.DataFrame({"text": texts, "gold": gold}), truth


@pytest.mark.parametrize(("model", "optimism"), [("LabelModel", 0.2), ("IBCC", 0.02)])
def test_the_accuracy_that_is_reported_is_that_of_other_examples_and_not_of_those_that_taught(lfs, model, optimism):
    applier, reported, naive, of_others = lk.Applier(lfs, labels=["HAM", "SPAM"]), [], [], []
    for seed in range(40):
        frame, truth = noise(seed)
        matrix, gold = applier.apply(frame, cache=False), frame["gold"].to_numpy()
        fitted = lk.fit_votes(matrix, model=model, gold=gold, teach=True)
        judged = fitted.evaluate(patterns_of(matrix, gold=gold))
        assert judged.n_seen == judged.n == 40
        right = fitted.predict(matrix) == truth
        reported.append(judged.accuracy)
        naive.append(right[gold >= 0].mean())
        of_others.append(right[gold < 0].mean())
    error = np.std(np.subtract(reported, of_others)) / np.sqrt(len(reported))
    assert abs(np.mean(reported) - np.mean(of_others)) < 3 * error < 0.1
    assert np.mean(naive) > np.mean(of_others) + optimism  # what would be reported otherwise


def test_a_run_that_gold_teaches_reports_cross_fitted_figures_in_all_places(lfs, tmp_path):
    frame, _ = noise(0)
    frame.to_csv(tmp_path / "corpus.csv", index=False)
    folder = lk.run(lfs, tmp_path / "corpus.csv", tmp_path / "taught", gold="gold", teach=True, **SETTINGS)
    untaught = lk.run(lfs, tmp_path / "corpus.csv", tmp_path / "untaught", gold="gold", **SETTINGS)
    matrix, gold = folder.matrix(), frame["gold"].to_numpy()
    fitted = lk.LabelModel().fit(matrix, gold=gold)
    assert np.array_equal(folder.labels().proba, fitted.label(matrix).proba)
    judged = folder.manifest["evaluation"]
    assert judged["accuracy"] == pytest.approx(fitted.evaluate(matrix, gold).accuracy)
    assert (judged["n_seen"], folder.manifest["taught"]) == (40, True)
    assert "the model learned from 40 of them: they are judged by cross-fitting" in folder.describe()
    assert (untaught.manifest["evaluation"]["n_seen"], untaught.manifest["taught"]) == (0, False)
    report = lk.write_report(folder).read_text("utf-8")
    assert "The model learned from 40 of them; each is judged by a model that did not see it." in report
    assert "labels do not follow the gold" not in report
    for sides in ((untaught, folder), (folder, untaught)):
        change = lk.diff(*sides, gold="gold")
        assert change.gold is None
        assert "gold taught the label model" in str(change)
        assert change.lfs["gold_before"].sum() > 0  # the rules learned from no gold
    assert lk.diff(untaught, untaught, gold="gold").gold is not None


def test_teaching_is_an_option_of_a_finished_run(lfs, tmp_path):
    frame, _ = noise(1)
    for teach in (False, True):
        out = tmp_path / str(teach)
        lk.run(lfs, frame, out, gold="gold", teach=teach, **SETTINGS)
        assert lk.run(lfs, frame, out, gold="gold", teach=teach, **SETTINGS).was_finished
        said = "gold taught its label model" if teach else "gold did not teach its label model"
        with pytest.raises(RunFolderError, match=said):
            lk.run(lfs, frame, out, gold="gold", teach=not teach, **SETTINGS)


def test_teaching_needs_gold_and_a_model_that_learns_from_it(lfs, tmp_path):
    frame, _ = noise(2)
    with pytest.raises(GoldError, match="teach=True lets gold teach the label model, and there is no gold") as error:
        lk.run(lfs, frame, tmp_path / "out", teach=True, **SETTINGS)
    assert "--gold" in error.value.hint
    with pytest.raises(ModelError, match="MajorityVote does not learn from gold") as refused:
        lk.run(lfs, frame, tmp_path / "out", gold="gold", teach=True, model="MajorityVote", **SETTINGS)
    assert "LabelModel does" in refused.value.hint
    votes = lk.Applier(lfs, labels=["HAM", "SPAM"]).apply(frame, cache=False)
    with pytest.raises(GoldError, match="there is no gold"):
        lk.fit_votes(votes, teach=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("n_spam", "said"), [(2, "SPAM 2"), (0, "SPAM 0"), (5, None)])
def test_few_gold_labels_of_a_class_are_told(lfs, tmp_path, n_spam, said):
    frame, _ = noise(3)
    frame["gold"] = -1
    frame.loc[:n_spam, "gold"] = 1
    frame.loc[n_spam : n_spam + 7, "gold"] = 0
    if said is None:
        lk.run(lfs, frame, tmp_path / "out", gold="gold", teach=True, **SETTINGS)
        return
    with pytest.warns(UserWarning, match=f"fewer than 5 are of a class: {said}. Some of the five parts"):
        folder = lk.run(lfs, frame, tmp_path / "out", gold="gold", teach=True, **SETTINGS)
    assert json.loads((folder.path / "manifest.json").read_text())["evaluation"]["n_seen"] == 8 + n_spam


def test_a_run_says_that_gold_could_teach_where_labels_are_far_from_it(tmp_path, monkeypatch, capsys):
    """Rules of 70% leave the label model in doubt of labels that are right more often."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4_000)
    right = rng.random((4_000, 10)) < 0.7
    right[:, :2] = rng.random((4_000, 1)) < 0.55  # two err together
    named = np.where(right, truth[:, None], 1 - truth[:, None])
    spoken = rng.random(named.shape) < 0.7
    texts = [
        " ".join(f"{'hs'[vote]}{j}" for j, vote in enumerate(row) if said[j])
        for row, said in zip(named.tolist(), spoken.tolist(), strict=True)
    ]
    rule = (
        "@lk.labeling_function\ndef rule{0}(text):\n    return 1 if 's{0}' in text else 0 if 'h{0}' in text else None\n"
    )
    monkeypatch.chdir(tmp_path)
    Path("rules.py").write_text("import labelkit as lk\n" + "".join(map(rule.format, range(10))), encoding="utf-8")
    gold = np.where(np.arange(4_000) < 500, truth.astype(object), None)
    pd.DataFrame({"text": texts, "gold": gold}).to_csv("corpus.csv", index=False)
    run = lk.run("rules.py", "corpus.csv", "run", gold="gold", **SETTINGS)
    advice = "model.fit(matrix, gold=gold) lets gold teach the label model"
    assert f"{advice}; what is then reported by gold is cross-fitted." in str(run)
    on_command_line = "--gold gold --out run --update --teach`"
    assert f"{on_command_line} (in Python {advice[:28]}) lets gold teach the label model" in run.describe()
    for command in ("summarize", "fix"):
        with pytest.raises(SystemExit):
            main([command, "run"])
        out = " ".join(capsys.readouterr().out.split())
        assert "`labelkit run rules.py corpus.csv " in out
        assert on_command_line in out
    taught = lk.run("rules.py", "corpus.csv", "taught", gold="gold", teach=True, **SETTINGS)
    assert "--teach" not in taught.describe()
    assert "judged by cross-fitting" in taught.describe()


def test_an_update_that_no_longer_teaches_says_so_with_what_does(lfs, tmp_path):
    frame, _ = noise(1)
    settings = {"gold": "gold", **SETTINGS}
    lk.run(lfs, frame[:-2], tmp_path / "out", teach=True, **settings)
    lk.run(lfs, frame[:-1], tmp_path / "out", teach=True, update=True, **settings)
    with pytest.warns(
        UserWarning, match=r"gold taught the label model of .*out.* \[LK518\]. Hint: teach=True \(--teach"
    ):
        lk.run(lfs, frame, tmp_path / "out", update=True, **settings)
    assert not lk.RunFolder(tmp_path / "out").manifest["taught"]
    lk.run(lfs, frame, tmp_path / "out", update=True, **settings)


def test_an_update_that_keeps_the_taught_model_brings_no_warning(lfs, tmp_path):
    frame, _ = noise(1)
    settings = {"gold": "gold", **SETTINGS}
    lk.run(lfs, frame[:-1], tmp_path / "out", teach=True, **settings)
    assert lk.run(lfs, frame, tmp_path / "out", update=True, keep_model=True, **settings).manifest["taught"]
