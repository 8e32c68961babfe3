"""An update of a finished run gives what a new run gives, votes only where something has changed, and mixes nothing."""

import json
import random
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError, ModelError, RunFolderError
from labelkit.runs import parts
from labelkit.runs.versions import verify
from tests.waiting import GUARD

SETTINGS = {"labels": ["HAM", "SPAM"], "batch_size": 1024, "on_fault": "record", "report": False, "progress": False}
APART = ("timings.json", "version.json")

RULES = {
    "asks": 'asks = lk.keywords("subscribe", "check out", label=1).rule(name="asks")',
    "link": 'link = lk.regex(r"https?://", label=1).rule(name="link")',
    "short": """
@lk.labeling_function(levels=4)
def short(text):
    return (0, 0.9 if len(text) < 20 else 0.6) if len(text) < 40 else None
""",
    "batched": """
@lk.labeling_function(batch=True)
def batched(text):
    return [1 if len(one) > np.mean([len(other) for other in text]) else -1 for one in text]
""",
    "fragile": """
@lk.labeling_function
def fragile(text):
    if "love" in text:
        raise ValueError("no")
""",
    "words": """
@lk.column
def n_words(text):
    return len(text.split())

@lk.labeling_function
def words(n_words):
    return 0 if n_words < 4 else None
""",
}
EDITS = {"asks": ("check out", "free"), "short": ("< 40", "< 30"), "words": ("< 4", "< 6"), "link": ("https?", "https")}


@pytest.fixture(scope="module")
def comments():
    frame = lk.load_comments(6_000)[["text", "spam"]].rename(columns={"spam": "label"})
    frame = frame[frame["text"] != ""].reset_index(drop=True)
    return frame.assign(key=[f"k{i}" for i in range(len(frame))])


def write_rules(path, rules):
    path.write_text("import numpy as np\nimport labelkit as lk\n" + "\n".join(rules.values()) + "\n")


def content(folder):
    files = (file for file in folder.rglob("*") if file.is_file() and folder / "versions" not in file.parents)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.name not in APART}


def assert_as_new(folder, rules, corpus, tmp_path, **settings):
    """Compare a folder with that of a new run."""
    lk.run(rules, corpus, tmp_path / "new", force=True, cache=False, **settings)
    updated, new = content(folder), content(tmp_path / "new")
    assert sorted(name for name in updated.keys() | new.keys() if updated.get(name) != new.get(name)) == []
    assert verify(folder) == []


def write_corpus(kind, frame, place):
    """Write the first rows in a format; returns what is given to a run."""
    if kind == "jsonl":
        frame.to_json(place / "c.jsonl", orient="records", lines=True)
        return place / "c.jsonl"
    if kind == "csv":
        frame.to_csv(place / "c.csv", index=False)
        return place / "c.csv"
    if kind == "frame":
        return frame
    (place / "parts").mkdir(exist_ok=True)
    written = sum(pq.ParquetFile(file).metadata.num_rows for file in (place / "parts").iterdir())
    if written < len(frame):
        number = len(list((place / "parts").iterdir()))
        table = pa.Table.from_pandas(frame.iloc[written:], preserve_index=False)
        pq.write_table(table, place / "parts" / f"{number:03d}.parquet")
    return place / "parts"


@pytest.mark.parametrize(("kind", "seed"), [("jsonl", 0), ("parquet", 1), ("csv", 2), ("frame", 3)])
@pytest.mark.filterwarnings("ignore:.* does not use the confidences of votes")
def test_an_update_equals_a_new_run_bit_for_bit(comments, tmp_path, kind, seed):
    chance = random.Random(seed)
    rules, path, n_rows = dict(list(RULES.items())[:5]), tmp_path / "rules.py", 1500
    settings = SETTINGS | {"id": chance.choice(["key", None]), "gold": chance.choice(["label", None])}
    write_rules(path, rules)
    lk.run(path, write_corpus(kind, comments[:n_rows], tmp_path), tmp_path / "out", **settings)
    for number in range(2, 5):
        for change in chance.sample(["rows", "edit", "add", "remove", "gold", "model", "order"], 2):
            if change == "rows":
                n_rows = min(n_rows + chance.choice([1, 300, 524, 1200]), len(comments))
            elif change == "edit" and (name := chance.choice(list(EDITS))) in rules:
                rules[name] = rules[name].replace(*EDITS[name])
            elif change == "add" and (name := chance.choice(list(RULES))) not in rules:
                rules[name] = RULES[name]
            elif change == "remove" and len(rules) > 3:
                del rules[chance.choice(list(rules))]
            elif change == "gold":
                settings["gold"] = {"label": None, None: "label"}[settings["gold"]]
            elif change == "model":
                settings["model"] = chance.choice(["MajorityVote", "DawidSkene", "LabelModel"])
            elif change == "order":
                rules = dict(chance.sample(list(rules.items()), len(rules)))
        write_rules(path, rules)
        corpus = write_corpus(kind, comments[:n_rows], tmp_path)
        engine = {"workers": 2, "engine": chance.choice(["thread", "process"])} if number == 3 else {}
        lk.run(path, corpus, tmp_path / "out", update=True, cache=False, **engine, **settings)
        assert_as_new(tmp_path / "out", path, corpus, tmp_path, **settings)


COUNTING = """
import labelkit as lk
import pathlib
CALLS = pathlib.Path(__file__).with_name("calls")

@lk.labeling_function
def counted(text):
    with CALLS.open("a") as file:
        file.write("counted\\n")
    return 1 if "a" in text else 0

@lk.labeling_function
def other(text):
    with CALLS.open("a") as file:
        file.write("other\\n")
    return 0 if "b" in text else None
"""


@pytest.fixture
def counting(tmp_path):
    """Rules that note their calls, which their author vouches for."""
    path = tmp_path / "rules.py"
    path.write_text(COUNTING.replace("@lk.labeling_function", "@lk.labeling_function(cache=True)"))
    return path


def calls(tmp_path):
    """Return the number of calls of each rule since the last time."""
    file = tmp_path / "calls"
    lines = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return {name: lines.count(name) for name in ("counted", "other")}


def test_rules_vote_on_new_rows_and_changed_rules_on_all(counting, tmp_path):
    frame = pd.DataFrame({"text": [f"text {letter}" for letter in "abcdefgh" * 5]})
    settings = SETTINGS | {"cache": False}
    lk.run(counting, frame[:30], tmp_path / "out", **settings)
    assert calls(tmp_path) == {"counted": 30, "other": 30}
    run = lk.run(counting, frame, tmp_path / "out", update=True, **settings)
    assert calls(tmp_path) == {"counted": 10, "other": 10}
    assert run.manifest["examples"] == 40
    assert lk.run(counting, frame, tmp_path / "out", update=True, **settings).was_finished
    counting.write_text(counting.read_text().replace('"b" in', '"c" in'))
    lk.run(counting, frame, tmp_path / "out", update=True, **settings)
    assert calls(tmp_path) == {"counted": 0, "other": 40}
    lk.run(counting, frame, tmp_path / "out", update=True, model="MajorityVote", **settings)
    assert calls(tmp_path) == {"counted": 0, "other": 0}


def test_a_model_that_is_kept_labels_new_rows_and_leaves_the_labels_of_old_ones(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link", "short", "words")})
    settings = SETTINGS | {"id": "key", "gold": "label"}
    before = lk.run(rules, write_corpus("jsonl", comments[:1500], tmp_path), tmp_path / "out", **settings)
    old, model, fitted = before.labels(), before.manifest["model_fingerprint"], before.model()
    corpus = write_corpus("jsonl", comments[:2600], tmp_path)
    run = lk.run(rules, corpus, tmp_path / "out", update=True, keep_model=True, **settings)
    assert run.manifest["model_fingerprint"] == model
    assert run.manifest["kept_model"] == {"version": 1, "examples": 1500}
    assert np.array_equal(run.labels().proba[:1500], old.proba)
    assert np.array_equal(run.labels().proba, fitted.predict_proba(run.matrix()))
    again = lk.label_to_folder(run, fitted, tmp_path / "again", report=False)
    assert run.layout.summary.read_bytes() == again.layout.summary.read_bytes()
    assert run.manifest["evaluation"] == again.manifest["evaluation"]
    new = lk.run(rules, corpus, tmp_path / "new", **settings)
    assert (tmp_path / "out" / "patterns.parquet").read_bytes() == (tmp_path / "new" / "patterns.parquet").read_bytes()
    assert run.manifest["gold_labels"] == new.manifest["gold_labels"]
    assert pd.read_csv(tmp_path / "out" / "summary.csv").shape == pd.read_csv(tmp_path / "new" / "summary.csv").shape
    for number in range(3):
        votes = [(path / "votes" / f"part-{number:05d}.parquet").read_bytes() for path in (run.path, new.path)]
        assert votes[0] == votes[1]
    assert before.layout.part("labels", 0).samefile(lk.RunFolder(tmp_path / "out", 1).layout.part("labels", 0))
    assert verify(tmp_path / "out") == []
    assert lk.run(rules, corpus, tmp_path / "out", update=True, keep_model=True, **settings).was_finished
    with pytest.raises(RunFolderError, match="kept from version 1, and learned from 1,500 of its 2,600 examples"):
        lk.run(rules, corpus, tmp_path / "out", **settings)
    lk.run(rules, corpus, tmp_path / "out", update=True, **settings)
    assert_as_new(tmp_path / "out", rules, corpus, tmp_path, **settings)


def test_few_new_rows_are_shared_out_among_the_workers_with_the_same_votes(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, RULES)
    settings = SETTINGS | {"batch_size": 4096, "workers": 2}
    lk.run(rules, write_corpus("parquet", comments[:3000], tmp_path), tmp_path / "out", **settings)
    corpus = write_corpus("parquet", comments, tmp_path)
    lk.run(rules, corpus, tmp_path / "out", update=True, **settings)
    assert_as_new(tmp_path / "out", rules, corpus, tmp_path, **settings)


@pytest.mark.parametrize("writer", ["the same", "another one"])
def test_full_parts_of_old_rows_are_shared_if_they_would_be_written_as_they_are(
    comments, tmp_path, monkeypatch, writer
):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link", "short", "words")})
    settings = SETTINGS | {"id": "key", "gold": comments.set_index("key")["label"].iloc[::7].to_dict()}
    with monkeypatch.context() as patch:
        if writer == "another one":
            patch.setattr(
                parts, "write_part", lambda table, sink, **_: pq.write_table(table, sink, compression="snappy")
            )
        lk.run(rules, write_corpus("jsonl", comments[:4500], tmp_path), tmp_path / "out", **settings)
    written, make = [], parts.PartMaker.__call__

    def noting(self, batch, votes):
        written.append(batch.start // self.batch_rows)
        return make(self, batch, votes)

    monkeypatch.setattr(parts.PartMaker, "__call__", noting)
    corpus = write_corpus("jsonl", comments[:5500], tmp_path)
    lk.run(rules, corpus, tmp_path / "out", update=True, **settings)
    assert written == ([0, 4, 5] if writer == "the same" else [0, 1, 2, 3, 4, 5])
    assert_as_new(tmp_path / "out", rules, corpus, tmp_path, **settings)


def test_votes_alone_are_updated_and_those_of_a_labeled_run_with_its_labels_alone(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link", "short")})
    settings = {name: value for name, value in SETTINGS.items() if name != "report"} | {"id": "key", "gold": "label"}
    corpus = write_corpus("jsonl", comments[:1500], tmp_path)
    lk.apply_to_folder(rules, corpus, tmp_path / "votes", **settings)
    lk.run(rules, corpus, tmp_path / "out", report=False, **settings)
    write_corpus("jsonl", comments[:2600], tmp_path)
    with pytest.raises(RunFolderError) as error:
        lk.apply_to_folder(rules, corpus, tmp_path / "votes", **settings)
    assert "update=True (--update)" in error.value.hint
    updated = lk.apply_to_folder(rules, corpus, tmp_path / "votes", update=True, **settings)
    new = lk.apply_to_folder(rules, corpus, tmp_path / "new", **settings)
    assert content(updated.path) == content(new.path)
    assert not updated.is_labeled
    assert len(lk.RunFolder(tmp_path / "votes", 1).matrix()) == 1500
    assert verify(tmp_path / "votes") == []
    before = content(tmp_path / "out")
    with pytest.raises(RunFolderError, match="which would not be of the new votes") as error:
        lk.apply_to_folder(rules, corpus, tmp_path / "out", update=True, **settings)
    assert "labelkit run --update" in error.value.hint
    with pytest.raises(RunFolderError) as error:
        lk.apply_to_folder(rules, corpus, tmp_path / "out", **settings)
    assert "--update" not in error.value.hint
    assert content(tmp_path / "out") == before


def test_a_model_of_other_rules_is_not_kept(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link", "short")})
    lk.run(rules, comments[:1500], tmp_path / "out", **SETTINGS)
    write_rules(rules, {"asks": RULES["asks"].replace(*EDITS["asks"]), **{n: RULES[n] for n in ("link", "short")}})
    with pytest.raises(RunFolderError, match=r"learned from the votes of other rules than these \('asks'\)"):
        lk.run(rules, comments[:1600], tmp_path / "out", update=True, keep_model=True, **SETTINGS)


def changed(kind, frame, place):
    """Change rows that were voted on; returns the corpus, and what the error says of it."""
    corpus = write_corpus(kind, frame, place)
    if kind in ("jsonl", "csv"):
        corpus.write_text(corpus.read_text().replace("a", "e", 1))
        return corpus, f"'{corpus.name}' was written again"
    if kind == "frame":
        return frame.assign(text=["other", *frame["text"][1:]]), "have changed, or are no longer the first ones"
    table = pq.read_table(corpus / "000.parquet")
    pq.write_table(table.slice(1), corpus / "000.parquet")
    return corpus, "'000.parquet' was written again"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "frame"])
def test_rows_that_changed_are_refused_by_the_name_of_their_file(comments, tmp_path, kind):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    run = lk.run(rules, write_corpus(kind, comments[:1500], tmp_path), tmp_path / "out", **SETTINGS)
    before = content(run.path)
    corpus, message = changed(kind, comments[:1600], tmp_path)
    with pytest.raises(CorpusError, match=message) as caught:
        lk.run(rules, corpus, tmp_path / "out", update=True, **SETTINGS)
    assert "force=True (--force)" in caught.value.hint
    assert content(run.path) == before


def test_files_that_are_gone_or_stand_before_old_ones_are_named(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    for n_rows in (500, 1000):
        parts = write_corpus("parquet", comments[:n_rows], tmp_path)
    lk.run(rules, parts, tmp_path / "out", **SETTINGS)
    (parts / "000.parquet").rename(tmp_path / "aside")
    with pytest.raises(CorpusError, match=r"'000.parquet' is gone"):
        lk.run(rules, parts, tmp_path / "out", update=True, **SETTINGS)
    (tmp_path / "aside").rename(parts / "000.parquet")
    pq.write_table(pq.read_table(parts / "001.parquet"), parts / "0005.parquet")
    with pytest.raises(CorpusError, match=r"new file '0005.parquet' stands before old ones"):
        lk.run(rules, parts, tmp_path / "out", update=True, **SETTINGS)


def test_files_that_changed_places_are_named(tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    folder = write_files(tmp_path / "data", {"a": "xyz", "b": "uv"})
    lk.run(rules, folder, tmp_path / "out", **SETTINGS)
    write_files(folder, {"a": "uv", "b": "xyz"})
    with pytest.raises(CorpusError, match=r"the rows of 'a.csv' stand in 'b.csv' now"):
        lk.run(rules, folder, tmp_path / "out", update=True, **SETTINGS)


@pytest.mark.parametrize("n_old", [1, 3, 8, 13])
def test_rows_behind_those_of_a_frame_are_new(tmp_path, n_old):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    frame = pd.DataFrame({"text": [f"subscribe {number}" for number in range(20)], "flag": [True, False] * 10})
    lk.run(rules, frame[:n_old].copy(), tmp_path / "out", **SETTINGS)
    run = lk.run(rules, frame, tmp_path / "out", update=True, **SETTINGS)
    assert (run.manifest["examples"], len(lk.history(run.path).versions)) == (20, 2)


@pytest.mark.parametrize("missing", [float("nan"), None, pd.NA])
def test_new_rows_of_a_frame_may_have_no_gold_and_no_text(tmp_path, missing):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    old = pd.DataFrame(
        {"text": ["subscribe", "http://x", "hi"] * 20, "gold": ["SPAM", "SPAM", None] * 20}, dtype=object
    )
    new = pd.DataFrame({"text": [missing, missing], "gold": [missing, missing]}, dtype=object)
    both = pd.concat([old, new], ignore_index=True)
    lk.run(rules, old, tmp_path / "out", gold="gold", **SETTINGS)
    run = lk.run(rules, both, tmp_path / "out", gold="gold", update=True, **SETTINGS)
    anew = lk.run(rules, both, tmp_path / "anew", gold="gold", **SETTINGS)
    assert len(lk.history(run.path).versions) == 2
    assert (run.matrix().votes == anew.matrix().votes).all()


def write_files(folder, contents):
    """Write a file of CSV for each letter, named by it; each letter of its content is a row."""
    folder.mkdir(exist_ok=True)
    for name, letters in contents.items():
        (folder / f"{name}.csv").write_text(
            "".join(f"{line}\n" for line in ["text", *(f"subscribe {x}" for x in letters)])
        )
    return folder


WAYS = {
    "file": lambda folder, names: folder / f"{names[0]}.csv",
    "list": lambda folder, names: [folder / f"{name}.csv" for name in names],
    "folder": lambda folder, _: folder,
    "pattern": lambda folder, _: str(folder / "*.csv"),
}


@pytest.mark.parametrize("new", ["list", "folder", "pattern"])
@pytest.mark.parametrize("old", ["file", "list", "folder", "pattern"])
def test_files_are_the_same_whichever_way_they_are_given(tmp_path, old, new):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    folder = write_files(tmp_path / "data", {"a": "xyz"})
    lk.run(rules, WAYS[old](folder, "a"), tmp_path / "out", **SETTINGS)
    (write_files(folder, {"b": "uv"})).rename(tmp_path / "moved")
    corpus = WAYS[new](tmp_path / "moved", "ab")
    run = lk.run(rules, corpus, tmp_path / "out", update=True, cache=False, **SETTINGS)
    assert run.manifest["examples"] == 5
    assert "(the votes of 2 on the rows that were there are those of the version before)" in run.describe()
    assert_as_new(tmp_path / "out", rules, corpus, tmp_path, **SETTINGS)


@pytest.mark.parametrize(
    ("contents", "names", "message"),
    [
        ({"a": "xyz", "b": "u"}, "ba", r"the rows of 'a.csv' stand behind those of '.*b.csv' now"),
        ({"a": "xyw", "b": "u"}, "ab", r"'a.csv' was written again"),
        ({"a": "xyzw", "b": "u"}, "ab", r"'a.csv' has more rows, and other files stand behind it"),
        ({"c": "uvw", "b": "u"}, "cb", r"'a.csv' is gone"),
    ],
)
def test_a_file_that_became_two_is_refused_if_its_rows_are_not_the_first(tmp_path, contents, names, message):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    lk.run(rules, write_files(tmp_path / "data", {"a": "xyz"}) / "a.csv", tmp_path / "out", **SETTINGS)
    folder = write_files(tmp_path / "new", contents)
    with pytest.raises(CorpusError, match=message) as caught:
        lk.run(rules, WAYS["list"](folder, names), tmp_path / "out", update=True, **SETTINGS)
    assert "force=True (--force)" in caught.value.hint


def test_rows_that_would_be_read_in_another_way_are_refused(tmp_path):
    corpus, rules = tmp_path / "c.csv", [lk.keywords("free", label=1).rule(name="free")]
    corpus.write_text("text\nfree\nfür\n")
    lk.run(rules, corpus, tmp_path / "out", **SETTINGS)
    corpus.write_text(corpus.read_text() + "more\n")
    with pytest.raises(CorpusError, match="were read with encoding none") as caught:
        lk.run(rules, corpus, tmp_path / "out", update=True, encoding="latin1", **SETTINGS)
    assert "as they were" in caught.value.hint
    same = corpus.read_bytes()
    (tmp_path / "c.txt").write_bytes(same + b"again\n")
    with pytest.raises(CorpusError, match="is gone"):
        lk.run(rules, tmp_path / "c.txt", tmp_path / "out", update=True, **SETTINGS)


def test_a_line_that_grows_is_a_row_that_changed(tmp_path):
    corpus = tmp_path / "c.csv"
    corpus.write_text("text\nfree\nnice")
    rules = [lk.keywords("free", label=1).rule(name="free")]
    lk.run(rules, corpus, tmp_path / "out", **SETTINGS)
    corpus.write_text("text\nfree\nnice and free\nmore\n")
    with pytest.raises(CorpusError, match=r"'c.csv' was written again"):
        lk.run(rules, corpus, tmp_path / "out", update=True, **SETTINGS)
    corpus.write_text("text\nfree\nnice\nmore\n")
    assert lk.run(rules, corpus, tmp_path / "out", update=True, **SETTINGS).manifest["examples"] == 3


def test_an_id_of_an_old_row_is_refused_in_a_new_one(tmp_path):
    rules = [lk.keywords("free", label=1).rule(name="free")]
    frame = pd.DataFrame({"key": ["a", "b", "a"], "text": ["free", "nice", "more"]})
    lk.run(rules, frame[:2], tmp_path / "out", id="key", **SETTINGS)
    for keep_model in (False, True):
        with pytest.raises(CorpusError, match=r"the id 'a' .* stands twice"):
            lk.run(rules, frame, tmp_path / "out", id="key", update=True, keep_model=keep_model, **SETTINGS)
    many = pd.DataFrame({"key": [*map(str, range(1024)), "5"], "text": ["free"] * 1025})
    lk.run(rules, many[:1024], tmp_path / "parts", id="key", **SETTINGS)
    with pytest.raises(CorpusError, match=r"the id '5' .* stands twice"):
        lk.run(rules, many, tmp_path / "parts", id="key", update=True, keep_model=True, **SETTINGS)


def test_without_update_the_changes_are_explained_with_both_ways(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    corpus = write_corpus("jsonl", comments[:1500], tmp_path)
    lk.run(rules, corpus, tmp_path / "out", **SETTINGS)
    size = corpus.stat().st_size
    write_corpus("jsonl", comments[:1600], tmp_path)
    write_rules(rules, {"asks": RULES["asks"].replace(*EDITS["asks"]), "words": RULES["words"]})
    with pytest.raises(RunFolderError) as caught:
        lk.run(rules, corpus, tmp_path / "out", **SETTINGS | {"batch_size": 2048, "model": "MajorityVote"})
    message = str(caught.value)
    for part in (
        f"c.jsonl: {size:,} -> {corpus.stat().st_size:,} bytes",
        "batch_size changed: 1024 -> 2048",
        "the rule 'asks' is changed",
        "the rule 'words' is new",
        "the rule 'link' is gone",
        "the label model is MajorityVote, and was LabelModel",
        "update=True (--update)",
        "force=True (--force)",
    ):
        assert part in message


def test_stored_votes_that_are_damaged_are_not_mixed_with_new_ones(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    run = lk.run(rules, comments[:1500], tmp_path / "out", **SETTINGS)
    part = run.layout.part("votes", 0)
    table = pq.read_table(part)
    votes = pa.array(np.zeros(len(table), np.int8))
    place = table.schema.get_field_index("asks")
    pq.write_table(table.set_column(place, table.schema.field(place), votes), part)
    with pytest.raises(RunFolderError, match=r"stored votes .* are damaged: votes/part-00000.parquet was changed"):
        lk.run(rules, comments[:1600], tmp_path / "out", update=True, **SETTINGS)


def test_other_files_that_are_damaged_are_made_anew_and_a_damaged_model_is_not_kept(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    run = lk.run(rules, comments[:1500], tmp_path / "out", **SETTINGS)
    lk.VotePatterns.load(run.layout.patterns)  # as it was
    other = lk.run(rules, comments[1500:2400], tmp_path / "other", **SETTINGS)
    run.layout.patterns.write_bytes(other.layout.patterns.read_bytes())
    settings = SETTINGS | {"update": True, "keep_model": True}
    kept = lk.run(rules, comments[:1600], tmp_path / "out", **settings)
    assert kept.patterns().n_examples == 1600
    model = kept.layout.model / "model.json"
    model.write_text(model.read_text().replace("0.", "1.", 1))
    with pytest.raises(ModelError, match="was damaged or changed since it was written"):
        lk.run(rules, comments[:1700], tmp_path / "out", **settings)


def test_update_of_nothing_is_a_run_and_contradictions_are_refused(comments, tmp_path):
    rules = [lk.keywords("free", label=1).rule(name="free")]
    assert lk.run(rules, comments[:50], tmp_path / "out", update=True, **SETTINGS).manifest["examples"] == 50
    with pytest.raises(RunFolderError, match="give one of the two"):
        lk.run(rules, comments[:50], tmp_path / "out", update=True, force=True, **SETTINGS)
    with pytest.raises(RunFolderError, match=r"keep_model=True .* is updated"):
        lk.run(rules, comments[:50], tmp_path / "out", keep_model=True, **SETTINGS)


def test_an_older_run_without_the_digests_of_its_files_is_made_anew_or_refused(comments, tmp_path):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link")})
    run = lk.run(rules, write_corpus("jsonl", comments[:1500], tmp_path), tmp_path / "out", **SETTINGS)
    manifest = json.loads(run.layout.manifest.read_text())
    for name in ("files", "column_types"):
        del manifest["corpus"][name]
    run.layout.manifest.write_text(json.dumps(manifest))
    run.layout.version.unlink()
    corpus = write_corpus("jsonl", comments[:1600], tmp_path)
    lk.run(rules, corpus, tmp_path / "out", update=True, **SETTINGS)  # all rules vote on all rows
    new = lk.run(rules, corpus, tmp_path / "new", **SETTINGS)
    assert content(tmp_path / "out") == content(new.path)
    assert lk.RunFolder(tmp_path / "out", 1).manifest["examples"] == 1500


KILLED = """
import os, signal, sys
import labelkit as lk
from labelkit.runs import parts, run_place, versions

def dying(function, number):
    left = [number]
    def step(*given, **more):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **more)
    return step

place, number = sys.argv[1], int(sys.argv[2])
if place == "part":
    parts.Part.write = dying(parts.Part.write, number)
elif place == "link":
    versions.link_or_copy = dying(versions.link_or_copy, number)
else:
    run_place.publish = dying(run_place.publish, number)
settings = dict(labels=["HAM", "SPAM"], batch_size=1024, on_fault="record", report=False, progress=False)
lk.run("rules.py", "c.jsonl", "out", update=True, cache=False, **settings)
"""


@pytest.mark.parametrize("n_old", [40, 1024, 1500])
def test_a_kept_model_labels_by_the_votes_of_chunks_that_have_grown(comments, tmp_path, n_old):
    settings = SETTINGS | {"gold": "label", "cache": False}
    write_rules(tmp_path / "rules.py", {name: RULES[name] for name in ("asks", "link", "batched", "words")})
    lk.run(tmp_path / "rules.py", comments[:n_old], tmp_path / "out", **settings)
    model = lk.RunFolder(tmp_path / "out").model()
    for n_rows in (n_old + 300, n_old + 1400):
        corpus = comments[:n_rows]
        run = lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", update=True, keep_model=True, **settings)
        new = lk.run(tmp_path / "rules.py", corpus, tmp_path / "new", force=True, **settings)
        votes, anew = content(run.path), content(new.path)
        assert [name for name in anew if name.startswith(("votes", "patterns")) and votes[name] != anew[name]] == []
        shown = ["lf", "coverage", "overlaps", "conflicts", "votes", "faults", "accuracy"]
        shown = [name for name in shown if name in new.summary.reset_index()]
        pd.testing.assert_frame_equal(run.summary.reset_index()[shown], new.summary.reset_index()[shown])
        assert run.labels().proba.tolist() == model.label(new.matrix()).proba.tolist()


@pytest.mark.parametrize(("place", "number"), [("part", 3), ("link", 5), ("publish", 1), ("publish", 2)])
@pytest.mark.filterwarnings("ignore:the process of the run before ended while rules were called")
def test_a_killed_update_leaves_the_old_version_whole_and_goes_on(comments, tmp_path, place, number):
    rules = tmp_path / "rules.py"
    write_rules(rules, {name: RULES[name] for name in ("asks", "link", "short")})
    run = lk.run(rules, write_corpus("jsonl", comments[:2500], tmp_path), tmp_path / "out", **SETTINGS)
    before = content(run.path)
    write_rules(rules, {"asks": RULES["asks"].replace(*EDITS["asks"]), **{n: RULES[n] for n in ("link", "short")}})
    corpus = write_corpus("jsonl", comments[:3600], tmp_path)
    (tmp_path / "killed.py").write_text(KILLED)
    killed = subprocess.run([sys.executable, "killed.py", place, str(number)], cwd=tmp_path, timeout=GUARD, check=False)
    assert killed.returncode == -signal.SIGKILL
    if (place, number) != ("publish", 2):  # between two renames, until the next run
        assert content(tmp_path / "out") == before
    lk.run(rules, corpus, tmp_path / "out", update=True, **SETTINGS)
    assert_as_new(tmp_path / "out", rules, corpus, tmp_path, **SETTINGS)
    assert content(lk.RunFolder(tmp_path / "out", 1).path) == before
    assert [path.name for path in tmp_path.glob(".*")] == []
