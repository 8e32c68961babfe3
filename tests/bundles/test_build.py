"""What a bundle holds, and what is refused."""

import importlib
import json
import shutil
import sqlite3
import sys
import zipfile

import joblib
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import labelkit as lk
from labelkit.exceptions import BundleError

from .conftest import FILES, RULES, write_project

HEAD = """
from pathlib import Path
import labelkit as lk
asks = lk.keywords("subscribe", label=1).rule(name="asks")
loves = lk.keywords("love", label=0).rule(name="loves")
"""


def bundled(tmp_path, text, frame, **files):
    """Run rules over a few comments, and bundle them."""
    folder = tmp_path / "project"
    folder.mkdir(exist_ok=True)
    (folder / "rules.py").write_text(text)
    for name, content in files.items():
        (folder / name).write_text(content)
    rules, out = folder / "rules.py", tmp_path / "run"
    run = lk.run(rules, frame[:60], out, labels=["HAM", "SPAM"], model="MajorityVote", report=False, cache=False)
    return lk.bundle(run, tmp_path / "out.labelkit", force=True)


def test_it_holds_the_modules_and_the_files_that_they_read(packed):
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert names == {*(f"files/{name}" for name in FILES), "manifest.json", "votes.npy"} | {
        "model/arrays.npz",
        "model/model.json",
    }
    assert manifest["classes"] == ["HAM", "SPAM"]
    assert {"numpy", "scikit-learn"} <= set(manifest["versions"]["packages"])
    assert [rule["name"] for rule in manifest["rules"]] == ["asks", "link", "place", "loud", "mood"]


@pytest.mark.parametrize(("imported", "more"), [("json, re", set()), ("json, rapidfuzz", {"RapidFuzz"})])
def test_packages_that_the_modules_import_are_named_beside_those_of_labelkit(imported, more, tmp_path, frame):
    with zipfile.ZipFile(bundled(tmp_path, f"import {imported}\n{HEAD}", frame)) as archive:
        packages = json.loads(archive.read("manifest.json"))["versions"]["packages"]
    assert set(packages) == {"numpy", "scipy", "pandas", "pyarrow", "scikit-learn"} | more


def test_it_names_no_path_of_the_machine(run, packed):
    assert str(run.path.parent).encode() not in packed.read_bytes()


def test_rules_that_were_moved_are_found_where_they_are_said_to_be(run, packed, tmp_path):
    moved = shutil.copytree(run.path, tmp_path / "run")
    manifest = moved / "manifest.json"
    manifest.write_text(manifest.read_text().replace(str(run.path.parent), str(tmp_path / "gone")))
    with pytest.raises(BundleError, match=r"is not at .*any more") as caught:
        lk.bundle(moved, tmp_path / "a.labelkit")
    assert "--rules" in caught.value.hint
    there = write_project(tmp_path / "there")
    assert lk.bundle(moved, tmp_path / "a.labelkit", rules=there).read_bytes() == packed.read_bytes()


@pytest.mark.parametrize(
    ("stem", "text", "rule"),
    [
        ("rules", RULES.replace('"check out"', '"look at"'), "asks"),
        ("places", "place,label\nparis,SPAM\n", "place"),
        ("helpers", "def shouts(text):\n    return text.isupper() and len(text) > 3\n", "loud"),
        ("moods", "love\n", "mood"),
    ],
)
def test_a_rule_that_changed_since_the_run_is_refused_by_name(run, tmp_path, stem, text, rule):
    changed = write_project(tmp_path, **{stem: text})
    with pytest.raises(BundleError, match=f"rule '{rule}' has changed since the run") as caught:
        lk.bundle(run, tmp_path / "a.labelkit", rules=changed)
    assert "run the rules again" in caught.value.hint
    assert not (tmp_path / "a.labelkit").exists()


READS_LATER = """
@lk.labeling_function
def reads(text):
    return 1 if Path(__file__).with_name("w.txt").read_text() in text else None
"""
BY_ABSOLUTE_PATH = """
WORDS = Path("{folder}/w.txt").read_text().split()
@lk.labeling_function
def reads(text):
    return 1 if WORDS[0] in text else None
"""
KEEPS_ITS_PATH = """
HERE = Path(__file__).parent
@lk.labeling_function
def reads(text):
    return 1 if str(HERE) in text else None
"""
ASKS = """
table = lk.sql_table("sqlite:///{folder}/w.db", "t", load="per batch")
places = lk.lookup(table, key="k", label=1).rule(name="reads")
"""
ASKS_ONCE = """
places = lk.lookup(lk.sql_table("sqlite:///{folder}/w.db", "t"), key="k", label=1).rule(name="reads")
"""
ASKS_ITSELF = """
import sqlite3
KEYS = [k for k, in sqlite3.connect("{folder}/w.db").execute("select k from t")]
places = lk.keywords(*KEYS, label=1).rule(name="reads")
"""


@pytest.mark.parametrize(
    ("text", "reason", "remedy"),
    [
        (READS_LATER, "rule 'reads' uses .*reads a file each time", "at the top of the module"),
        (BY_ABSOLUTE_PATH, "by an absolute path", "with_name"),
        (KEEPS_ITS_PATH, "rule 'reads' of the bundle .* is not the rule that was bundled", "keep the content"),
        (ASKS, "rule 'reads' asks a database while it votes", "export the table"),
        (ASKS_ONCE, "ask a database when they are imported", "export the table"),
        (ASKS_ITSELF, "ask a database when they are imported", "export the table"),
    ],
)
def test_what_cannot_travel_is_refused_by_name(frame, tmp_path, text, reason, remedy):
    pytest.importorskip("sqlalchemy")
    folder = tmp_path / "project"
    folder.mkdir()
    with sqlite3.connect(folder / "w.db") as database:
        database.execute("create table t (k text)")
        database.execute("insert into t values ('love')")
    database.close()
    with pytest.raises(BundleError, match=reason) as caught:
        bundled(tmp_path, HEAD + text.replace("{folder}", str(folder)), frame, **{"w.txt": "love"})
    assert remedy in caught.value.hint
    assert not (tmp_path / "out.labelkit").exists()


def test_a_warning_of_a_module_reads_no_file_of_the_rules(frame, tmp_path):
    package = tmp_path / "elsewhere.py"
    package.write_text("import warnings\n\n\nwarnings.warn('old', DeprecationWarning)\n")
    text = f"import warnings\nwarnings.warn_explicit('old', UserWarning, {str(package)!r}, 4)\n"
    rule = 'love = lk.keywords("love", label=1).rule(name="love")\n'
    with pytest.warns(UserWarning, match="old"):
        packed = bundled(tmp_path, HEAD + text + rule, frame)
    with zipfile.ZipFile(packed) as opened:
        assert not [name for name in opened.namelist() if "elsewhere" in name]


def test_a_path_from_the_current_folder_is_refused(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.txt").write_text("love")
    with pytest.raises(BundleError, match=r"does not load: .*No such file.*w\.txt") as caught:
        bundled(tmp_path, f'{HEAD}\nWORDS = Path("w.txt").read_text()\n', frame)
    assert "nor from the current folder" in caught.value.hint


def test_tables_and_models_that_rules_read_travel_and_files_that_are_read_unseen_are_named(
    frame, tmp_path, monkeypatch
):
    """Arrow opens files by itself, which Python does not see; but labelkit names those that its rules read."""
    folder = tmp_path / "project"
    folder.mkdir()
    pq.write_table(pa.table({"word": ["lovely"]}), folder / "words.parquet")
    texts, gold = frame["text"].fillna("").tolist()[:200], frame["spam"].tolist()[:200]
    (folder / "cleaning.py").write_text("def lowered(texts):\n    return [text.lower() for text in texts]\n")
    monkeypatch.syspath_prepend(folder)
    clean = FunctionTransformer(importlib.import_module("cleaning").lowered)
    joblib.dump(make_pipeline(clean, CountVectorizer(), LogisticRegression()).fit(texts, gold), folder / "old.joblib")
    text = f"""{HEAD}
import cleaning
import pyarrow as pa
N = len(pa.memory_map(str(Path(__file__).with_name("w.bin"))).read())
nice = lk.lookup("words.parquet", label=0).rule(name="nice")
@lk.model_output(model="old.joblib", threshold=0.6)
def old(text: str) -> None:
    "An old classifier."
"""
    with pytest.raises(BundleError, match=r"does not load: .*w\.bin") as caught:
        bundled(tmp_path, text, frame, **{"w.bin": "123"})
    assert "--include" in caught.value.hint
    run = lk.RunFolder(tmp_path / "run")
    packed = lk.bundle(run, tmp_path / "out.labelkit", include=[folder / "w.bin"])
    monkeypatch.delitem(sys.modules, "cleaning")
    monkeypatch.delitem(sys.path_importer_cache, str(folder), raising=False)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(folder)])
    with lk.load_bundle(packed) as bundle:
        assert bundle.explain("lovely!").votes[0].lf == "nice"
        votes = [bundle.explain(text).votes for text in frame["text"].tolist()[:60]]
        assert [any(v.lf == "old" for v in some) for some in votes] == (run.matrix().votes[:, -1] >= 0).tolist()


def test_a_secret_in_the_source_is_warned_of_by_its_place(frame, tmp_path):
    with pytest.warns(
        UserWarning, match=r"holds what seems to be a secret.*: rules.py, line 6 \[LK554\]\. Hint: read it where"
    ):
        bundled(tmp_path, HEAD + 'login = dict(api_key="S3cretOfTheTest9")\n', frame)


def test_a_model_of_other_versions_of_the_rules_and_a_lost_file_are_refused(frame, tmp_path):
    words = HEAD.replace('"subscribe"', '"subscribe", "follow"')
    bundled(tmp_path, words, frame)
    shutil.copytree(tmp_path / "run" / "model", tmp_path / "other")
    shutil.rmtree(tmp_path / "run")
    bundled(tmp_path, HEAD, frame)
    with pytest.raises(BundleError, match=r"fitted on other versions of 'asks': .*\nHint: fit it on the votes of this"):
        lk.bundle(tmp_path / "run", tmp_path / "x.labelkit", model=lk.load_model(tmp_path / "other"))
    with pytest.raises(BundleError, match=r"no file or folder 'nope\.txt' to include"):
        lk.bundle(tmp_path / "run", tmp_path / "x.labelkit", include=["nope.txt"])


def test_rules_without_a_module_are_refused(frame, tmp_path):
    made = lk.keywords("love", label=0).rule(name="loves")
    object.__setattr__(made.origin, "namespace", {"__name__": "__main__"})
    run = lk.run([made], frame, tmp_path / "run", labels=["HAM", "SPAM"], report=False)
    with pytest.raises(BundleError, match="rule 'loves' is of a notebook") as caught:
        lk.bundle(run, tmp_path / "a.labelkit")
    assert "%%writefile" in caught.value.hint


def test_rule_modules_may_print_and_one_that_ends_its_process_is_reported(run, tmp_path):
    noise = "import atexit\natexit.register(print, 'bye')\nprint('hello')\n"
    noisy = write_project(tmp_path, helpers=f"{noise}def shouts(text):\n    return text.isupper()\n")
    assert lk.bundle(run, tmp_path / "a.labelkit", rules=noisy).is_file()
    write_project(tmp_path, helpers="import os\nos._exit(3)\n")
    with pytest.raises(BundleError, match="os\\._exit\\(3\\)"):
        lk.bundle(run, tmp_path / "a.labelkit", rules=noisy, force=True)


def test_two_modules_of_one_name_are_refused(run, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "rules.py").write_text(
        'import labelkit as lk\nmore = lk.keywords("x", label=1).rule(name="more")'
    )
    first = write_project(tmp_path)
    with pytest.raises(BundleError, match="two modules of rules are named 'rules'"):
        lk.bundle(run, tmp_path / "a.labelkit", rules=[first, tmp_path / "more" / "rules.py"])


def test_a_model_of_other_rules_or_classes_is_refused(run, tmp_path):
    matrix = run.matrix()
    with pytest.raises(BundleError, match="the model is of the rules"):
        lk.bundle(run, tmp_path / "a.labelkit", model=lk.MajorityVote().fit(matrix[:, :3]))
    with pytest.raises(BundleError, match="is not fitted"):
        lk.bundle(run, tmp_path / "a.labelkit", model=lk.MajorityVote())


def test_a_run_that_is_none_is_refused(tmp_path):
    shutil.rmtree(tmp_path / "nothing", ignore_errors=True)
    with pytest.raises(lk.LabelkitError, match="there is no folder"):
        lk.bundle(tmp_path / "nothing", tmp_path / "a.labelkit")
