"""A loaded bundle labels as its run did, apart from all other modules, and leaves nothing behind."""

import gc
import pickle
import stat
import sys
import tempfile
import threading
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import labelkit as lk
from labelkit.bundles._archive import read_archive, write_archive
from labelkit.exceptions import BundleError, CorpusError, FaultError

from .conftest import RULES, write_project


def records(frame):
    plain = frame.astype(object).where(frame.notna(), None)
    return plain.to_dict("records")


def test_labels_are_those_of_the_run_to_the_last_bit(run, loaded, frame):
    expected, names = run.labels(), (*loaded.class_names, None)
    labels = loaded.label(frame, id="id")
    assert np.array_equal(labels.proba, expected.proba)
    assert labels.ids.tolist() == expected.ids.tolist()
    rows = records(frame)
    assert [loaded.predict(row) for row in rows] == [names[c] for c in expected.hard().tolist()]
    assert np.array_equal(np.concatenate([loaded.predict_proba([row]) for row in rows]), expected.proba)
    assert all(loaded.predict_proba(given).flags.writeable for given in (rows[:1], rows, frame))
    assert np.array_equal(loaded.predict_proba(rows), expected.proba)
    assert np.array_equal(loaded.predict_proba(rows[:5]), expected.proba[:5])


@pytest.mark.parametrize("name", ["MajorityVote", "WeightedVote", "QuorumVote", "DawidSkene", "IBCC", "OneCoin",
                                  "TripletModel", "MetalModel", "taught", "prior"])  # fmt: skip
def test_any_model_predicts_the_same_bits(run, packed, frame, tmp_path, name):
    """The bundle with another model in it: votes it had in the run, and patterns that come one by one."""
    matrix, rows = run.matrix(), records(frame)
    if name == "taught":
        model = lk.LabelModel().fit(matrix, gold=frame["spam"].to_numpy())
    elif name == "prior":
        model = lk.LabelModel(class_prior=[0.7, 0.3]).fit(matrix)
    else:
        model = getattr(lk, name)().fit(matrix)
    manifest, members = read_archive(packed)
    model.save(tmp_path / "model")
    rest = {n: data for n, data in members.items() if n not in ("manifest.json", "votes.npy")}
    rest |= {f"model/{file.name}": file.read_bytes() for file in (tmp_path / "model").iterdir()}
    write_archive(tmp_path / "b.labelkit", manifest, rest)
    expected = model.label(matrix)
    with lk.load_bundle(tmp_path / "b.labelkit") as bundle:
        assert np.array_equal(np.concatenate([bundle.predict_proba([row]) for row in rows]), expected.proba)
        assert np.array_equal(bundle.label(frame).hard(), expected.hard())


def test_a_model_that_learned_from_gold_is_bundled(run, frame, tmp_path):
    taught = lk.LabelModel().fit(run.matrix(), gold=frame["spam"].to_numpy())
    with lk.load_bundle(lk.bundle(run, tmp_path / "b.labelkit", model=taught)) as bundle:
        assert np.array_equal(bundle.label(frame).proba, taught.label(run.matrix()).proba)


def test_a_label_is_explained(loaded):
    why = loaded.explain("Subscribe at HTTP://x or https://y in Paris")
    assert why.label == loaded.predict("Subscribe at HTTP://x or https://y in Paris")
    assert {vote.lf: vote.matches for vote in why.votes} == {
        "asks": ("Subscribe",),
        "link": ("https://",),
        "place": ("Paris",),
    }
    assert sum(why.proba.values()) == pytest.approx(1)
    assert why.prior is not None
    assert all(vote.log_odds is not None for vote in why.votes)
    assert "asks votes SPAM" in str(why)
    assert why.total == pytest.approx(why.prior + sum(vote.log_odds for vote in why.votes), abs=1e-9)
    best, other = sorted(why.proba, key=lambda name: -why.proba[name])
    assert why.total == pytest.approx(np.log(why.proba[best] / why.proba[other]), abs=1e-6)
    assert f"log-odds of {best}: {why.total:+.2f} = prior {why.prior:+.2f}, " in str(why)
    assert loaded.explain("nothing").label is None


CONFIDENT = """
import labelkit as lk

about = lk.keywords("lake", label=2).rule(name="about")

@lk.labeling_function(levels=4)
def sure(text):
    return len(text) % 3, (len(text) % 4 + 1) / 4

@lk.labeling_function
def first(text):
    return "abc".index(text[0]) if text[0] in "abc" else -1
"""


def test_confidences_of_votes_count_in_the_explanation_of_three_classes_too(tmp_path):
    (tmp_path / "confident_rules.py").write_text(CONFIDENT)
    texts = [f"{'abcx'[i % 4]}{'y' * (i % 11)}{' lake' * (i % 5 == 0)}" for i in range(400)]
    run = lk.run(
        tmp_path / "confident_rules.py", {"text": texts}, tmp_path / "run", labels=["A", "B", "C"], report=False
    )
    model = run.model()
    with lk.load_bundle(lk.bundle(run, tmp_path / "b.labelkit")) as bundle:
        for i in range(25):
            why, on_disk = bundle.explain(texts[i]), lk.why(run, i, corpus={"text": texts})
            if not why.votes:
                continue
            odds = np.mean([np.log(max(why.proba.values()) / p) for p in sorted(why.proba.values())[:-1]])
            assert why.scale == on_disk.scale == "mean log-odds"
            assert why.held == bool(model.explain(run.matrix(), [i]).held[0])
            for one in (why, on_disk):
                assert one.prior + sum(vote.log_odds for vote in one.votes) == pytest.approx(one.total, abs=1e-9)
                assert one.proba == pytest.approx(why.proba, abs=1e-6)
                if not why.held:
                    assert one.total == pytest.approx(odds, abs=1e-5)
            assert "mean log-odds of" in str(why)
            assert "the mean of ln(p(" in str(on_disk)


def test_what_is_uncovered_has_no_label(loaded):
    assert loaded.predict({"text": "hm"}) is None
    assert loaded.predict({"text": None}) is None
    assert np.array_equal(loaded.predict_proba(["hm"])[0], loaded.model.class_prior_)
    assert loaded.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("record", "error", "reason"),
    [
        ({"txt": "love"}, BundleError, "the record has no column 'text', which rules read; it has 'txt'"),
        ({}, BundleError, "it has nothing"),
        (["love"], BundleError, "the record is list, not a mapping"),
        (None, BundleError, "the record is NoneType"),
        ({"text": 5}, CorpusError, "the record: column 'text': str expected, got int: 5"),
        ({"text": ["love"]}, CorpusError, "the record: column 'text': str expected, got list"),
        ({"text": "\ud800"}, CorpusError, "the record: column 'text': not valid Unicode"),
    ],
)
def test_a_record_that_cannot_be_labeled_is_refused(loaded, record, error, reason):
    with pytest.raises(error, match=reason) as caught:
        loaded.predict(record)
    assert caught.value.hint


def test_the_record_of_several_that_lacks_a_column_is_named(loaded):
    with pytest.raises(BundleError, match="record 1 has no column 'text'"):
        loaded.predict_proba([{"text": "love"}, {"txt": "love"}])


def test_a_bundle_that_is_warm_predicts_the_same(loaded, frame):
    rows = records(frame)[:40]
    before = [loaded.predict(row) for row in rows]
    loaded.warm_up()
    assert [loaded.predict(row) for row in rows] == before


def test_its_folder_is_private_and_goes_with_it(packed, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    bundle = lk.load_bundle(packed)
    folder = bundle.folder
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(folder.rglob("*.pyc"))
    bundle.close()
    assert bundle.predict("I love it") == "HAM"
    bundle = lk.load_bundle(packed)
    del bundle
    gc.collect()
    with pytest.raises(BundleError):
        lk.load_bundle(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_a_bundle_that_does_not_load_leaves_nothing_behind(packed, monkeypatch, tmp_path):
    manifest, members = read_archive(packed)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    rest["files/helpers.py"] = b"1 / 0\n"
    write_archive(tmp_path / "b.labelkit", manifest, rest)
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    with pytest.raises(BundleError, match="cannot be imported: ZeroDivisionError"):
        lk.load_bundle(tmp_path / "b.labelkit")
    assert not list((tmp_path / "temp").iterdir())
    assert "helpers" not in sys.modules


def test_bundles_and_the_process_may_have_modules_of_the_same_names(run, packed, frame, tmp_path, monkeypatch):
    """Also those that a rule imports when it votes, and those of packages."""
    mine = {name: types.ModuleType(name) for name in ("helpers", "words", "words.marks", "rules")}
    for name, module in mine.items():
        monkeypatch.setitem(sys.modules, name, module)
    folder = tmp_path / "other"
    changed = write_project(
        folder, helpers="def shouts(text):\n    return text.islower()\n", marks='MARKS = ("~",)\n', moods="great\n"
    )
    for name in mine:
        monkeypatch.delitem(sys.modules, name)
    other_run = lk.run(changed, frame, tmp_path / "run", id="id", report=False, cache=False)
    other = lk.bundle(other_run, tmp_path / "other.labelkit")
    for name, module in mine.items():
        monkeypatch.setitem(sys.modules, name, module)
    path = list(sys.path)
    with lk.load_bundle(packed) as first, lk.load_bundle(other) as second, lk.load_bundle(packed) as third:
        for bundle, text, not_text in ((first, "YES!", "yes~"), (second, "yes~", "YES!"), (third, "YES!", "yes~")):
            assert [vote.lf for vote in bundle.explain(text).votes] == ["loud"]
            assert not bundle.explain(not_text).votes
    assert {name: sys.modules[name] for name in mine} == mine
    assert sys.path == path


def test_eight_threads_get_the_labels_of_one(loaded, frame):
    rows = records(frame)[:200]
    expected, answers, start = [loaded.predict(row) for row in rows], [], threading.Barrier(8)

    def label():
        start.wait()
        answers.append([loaded.predict(row) for row in rows])
        answers.append([(None, *loaded.class_names)[c + 1] for c in loaded.label(rows).hard().tolist()])

    threads = [threading.Thread(target=label) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 16


def test_other_versions_warn_with_what_to_install_and_missing_packages_are_refused(packed, tmp_path):
    manifest, members = read_archive(packed)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    path = tmp_path / "b.labelkit"

    def written(**versions):
        write_archive(path, {**manifest, "versions": {**manifest["versions"], **versions}}, rest)
        return path

    packages = manifest["versions"]["packages"]
    with pytest.warns(UserWarning, match=r"numpy 1\.0, and .* is installed \[LK553\]\. Hint: pip install numpy==1\.0"):
        lk.load_bundle(written(packages={**packages, "numpy": "1.0"})).close()
    with pytest.warns(UserWarning, match=r"Python 3\.1\.0, and this is"):
        lk.load_bundle(written(python="3.1.0")).close()
    with pytest.warns(UserWarning, match=r"labelkit 0\.0\.1, and this is"):
        lk.load_bundle(written(labelkit="0.0.1")).close()
    with pytest.raises(BundleError, match=r"needs no-such-package==1\.0, which is not installed") as caught:
        lk.load_bundle(written(packages={**packages, "no-such-package": "1.0"}))
    assert caught.value.hint == "pip install no-such-package==1.0"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.load_bundle(packed).close()


FAILING = f'''{RULES}
@lk.labeling_function
def fails(text: str) -> Label | None:
    """Fails on some."""
    return 1 // len(text.strip(".")) - 1 or None
'''


def test_a_rule_that_fails_is_an_error_or_is_recorded(tmp_path, frame):
    rules = write_project(tmp_path, rules=FAILING)
    run = lk.run(rules, frame, tmp_path / "run", id="id", report=False, cache=False, on_fault="record")
    packed = lk.bundle(run, tmp_path / "b.labelkit")
    with lk.load_bundle(packed) as bundle:
        with pytest.raises(FaultError, match="rule 'fails' failed on the record: ZeroDivisionError") as caught:
            bundle.predict("...")
        assert 'on_fault="record"' in caught.value.hint
        with pytest.raises(FaultError):
            bundle.label(["..."])
        with pytest.raises(FaultError, match="rule 'fails' failed on record 30"):
            bundle.predict_proba([*["a long text"] * 30, "..."])
    with lk.load_bundle(packed, on_fault="record") as bundle:
        assert bundle.predict("...") is None
        assert bundle.explain("...").faults[0].lf == "fails"
        assert "fails failed: ZeroDivisionError" in str(bundle.explain("..."))
        bundle.label(["...", "I love it"])
        bundle.predict_proba([*["a long text"] * 30, "..."])
        assert bundle.n_faults == len(bundle.faults) == 5
        assert bundle.faults[-1].row == 30
    with pytest.raises(lk.LabelkitError, match="on_fault='ignore'"):
        lk.load_bundle(packed, on_fault="ignore")


def test_a_module_that_it_does_not_hold_is_refused(packed, tmp_path):
    manifest, members = read_archive(packed)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    (tmp_path / "outside.py").write_text("1 / 0")
    for place in ("files/none.py", "../outside.py", str(tmp_path / "outside.py")):
        write_archive(tmp_path / "b.labelkit", {**manifest, "modules": {**manifest["modules"], "rules": place}}, rest)
        with pytest.raises(BundleError, match="that it does not hold"):
            lk.load_bundle(tmp_path / "b.labelkit")


def test_a_bundle_is_where_its_path_says(loaded, packed):
    assert repr(loaded) == f"Bundle({str(packed)!r}, 5 rules, classes HAM, SPAM)"
    assert loaded.columns == ("text",)
    assert isinstance(loaded.path, Path)


def test_a_loaded_bundle_is_not_sent_to_another_process(loaded):
    with pytest.raises(BundleError, match="cannot be copied or sent to another process") as caught:
        pickle.dumps(loaded)
    assert "lk.load_bundle(" in caught.value.hint
