"""Versions of a run folder stay readable, share their files, are listed, restored and verified."""

import json
import shutil

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import RunFolderError
from labelkit.runs.versions import restore, verify

SETTINGS = {"labels": ["HAM", "SPAM"], "batch_size": 1024, "report": False, "progress": False, "cache": False}
RULES = """
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
link = lk.regex(r"https?://", label=1).rule(name="link")

@lk.labeling_function
def short(text):
    return 0 if len(text) < 12 else None
"""
TEXTS = ["free money now", "nice", "see https://a.b for a free win", "a long text that says nothing", "win"]


@pytest.fixture
def updated(tmp_path):
    """A run with three versions: more rows, then a changed, a new and a removed rule."""
    rules, corpus = tmp_path / "rules.py", tmp_path / "c.csv"
    rules.write_text(RULES)
    frame = pd.DataFrame({"id": range(3000), "text": TEXTS * 600, "gold": [1, 0, 1, 0, 1] * 600})
    frame[:2500].to_csv(corpus, index=False)
    lk.run(rules, corpus, tmp_path / "out", id="id", gold="gold", **SETTINGS)
    frame.to_csv(corpus, index=False)
    lk.run(rules, corpus, tmp_path / "out", id="id", gold="gold", update=True, **SETTINGS)
    text = RULES.replace('"win"', '"money"').replace('link = lk.regex(r"https?://"', 'also = lk.regex("see"')
    rules.write_text(text.replace('name="link"', 'name="also"'))
    lk.run(rules, corpus, tmp_path / "out", id="id", gold="gold", update=True, **SETTINGS)
    return tmp_path / "out"


def test_each_version_is_a_run_folder(updated):
    assert [lk.RunFolder(updated, version).manifest["examples"] for version in (1, 2, 3)] == [2500, 3000, 3000]
    assert lk.RunFolder(f"{updated}@1").manifest == lk.RunFolder(updated, 1).manifest
    assert lk.RunFolder(updated).matrix().names == ("free", "also", "short")
    assert lk.RunFolder(updated, 2).matrix().names == ("free", "link", "short")
    assert len(lk.RunFolder(updated, 1).labels()) == 2500
    assert "also" in str(lk.diff(f"{updated}@1", updated))
    with pytest.raises(RunFolderError, match="has no version 9") as caught:
        lk.RunFolder(updated, 9)
    assert "1, 2, 3" in caught.value.hint


def test_files_that_are_the_same_are_shared(updated):
    parts = [lk.RunFolder(updated, version).layout.part("votes", 0) for version in (1, 2, 3)]
    assert parts[0].samefile(parts[1])
    assert not parts[1].samefile(parts[2])


def test_a_folder_whose_name_has_an_at_sign_is_itself(updated):
    named = updated.with_name("run@1")
    shutil.copytree(updated, named)
    assert lk.RunFolder(named).manifest["examples"] == 3000
    assert lk.RunFolder(f"{named}@1").manifest["examples"] == 2500


def test_history_says_what_changed(updated):
    past = lk.history(updated)
    assert [one.number for one in past] == [1, 2, 3]
    assert past[1].changes == ("rows: 2,500 -> 3,000", "gold labels: 2,500 -> 3,000")
    assert (past[2].added, past[2].changed, past[2].removed) == (("also",), ("free",), ("link",))
    assert past[2].changes == ("new: also", "changed: free", "gone: link")
    assert past[0].model == "LabelModel"
    assert past[0].coverage == pytest.approx(0.8)
    assert len({one.model_fingerprint for one in past}) == 3
    text = str(past)
    assert "version 3 is the current one" in text
    assert "new: also; changed: free; gone: link" in text


def test_an_old_version_comes_back_as_a_new_one(updated):
    old = lk.RunFolder(updated, 1)
    votes, manifest = old.matrix(), old.manifest
    restored = restore(updated, 1)
    assert restored.layout.number == 4
    assert restored.manifest == manifest
    assert (restored.matrix().votes == votes.votes).all()
    assert lk.RunFolder(updated, 3).matrix().names == ("free", "also", "short")
    assert lk.history(updated)[3].changes[0] == "version 1 again"
    assert verify(updated) == []
    with pytest.raises(RunFolderError, match=r"version 4 .* is the current one"):
        restore(updated, 4)
    with pytest.raises(RunFolderError, match="has no version 7"):
        restore(updated, 7)


def overwritten(path):
    """Change a file in all versions that share it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda out: overwritten(out / "labels" / "part-00001.parquet"), ["labels/part-00001.parquet was changed"]),
        (lambda out: (out / "summary.csv").unlink(), ["summary.csv is missing"]),
        (lambda out: (out / "model" / "note.txt").write_text("hm"), ["model/note.txt is strange: it was not there"]),
        (lambda out: overwritten(out / "versions/00001/patterns.parquet"), ["versions/00001/patterns.parquet was changed"]),
        (lambda out: shutil.rmtree(out / "versions" / "00002"), ["versions/00002 is missing"]),
        (lambda out: (out / "timings.json").unlink(), ["timings.json is missing"]),
        (
            lambda out: overwritten(out / "versions/00002/votes/part-00000.parquet"),
            ["versions/00001/votes/part-00000.parquet was changed", "versions/00002/votes/part-00000.parquet was changed"],
        ),
    ],
)  # fmt: skip
def test_verify_names_what_is_missing_changed_or_strange(updated, harm, found):
    assert verify(updated) == []
    harm(updated)
    assert verify(updated) == found


def test_a_note_that_was_edited_does_not_hide_a_change(updated):
    part = updated / "labels" / "part-00000.parquet"
    overwritten(part)
    note = json.loads((updated / "version.json").read_text())
    from labelkit.runs.versions import digest_of

    note["files"]["labels/part-00000.parquet"] = digest_of(part)
    (updated / "version.json").write_text(json.dumps(note))
    assert verify(updated) == [f"version.json: {updated / 'version.json'} was changed: its seal does not fit"]


def test_a_damaged_version_is_not_restored(updated):
    overwritten(updated / "versions" / "00001" / "faults.parquet")
    with pytest.raises(RunFolderError, match=r"version 1 .* is damaged: faults.parquet was changed"):
        restore(updated, 1)


def test_a_run_of_an_earlier_labelkit_is_version_1(updated):
    (updated / "version.json").unlink()
    shutil.rmtree(updated / "versions")
    assert len(lk.history(updated)) == 1
    assert lk.RunFolder(updated, 1).manifest["examples"] == 3000
    assert verify(updated) == ["version.json is missing: a run of an earlier labelkit, or the note was removed"]


def test_why_explains_an_example_of_an_old_version_with_its_text(updated):
    explained = lk.why(f"{updated}@1", 2)
    assert explained.values == {"text": TEXTS[2]}
    assert [(vote.rule, vote.vote) for vote in explained.votes] != []
    assert {vote.rule for vote in explained.votes} == {"free", "link"}
    assert explained.votes[0].matched
    assert explained.gold == "SPAM"
    assert {vote.rule for vote in lk.why(updated, 2).votes} == {"free", "also"}


# Provenance -----------------------------------------------------------------------------------------------------------


def test_votes_stand_beside_each_label(updated):
    folder = lk.RunFolder(updated)
    matrix = folder.matrix()
    origins = list(folder.origins())
    expected = [
        {name: matrix.class_names[vote] for name, vote in zip(matrix.names, row, strict=True) if vote >= 0}
        for row in matrix.votes
    ]
    read = [pair for part in origins for pair in part]
    assert [id_ for id_, _ in read] == matrix.ids.tolist()
    assert [votes for _, votes in read] == expected
    manifest = folder.manifest
    assert {(one.model, one.run) for one in origins} == {(manifest["model_fingerprint"], manifest["run_fingerprint"])}


def test_votes_beside_labels_are_read_without_labelkit(updated):
    query = (
        f"select id, list_transform(votes, lambda one: one.rule || '=' || one.label) from '{updated}/labels/*.parquet'"
    )
    assert duckdb.sql(query).fetchall()[2] == ("2", ["free=SPAM", "also=SPAM"])
    frame = pd.read_parquet(updated / "labels" / "part-00000.parquet")
    assert dict(frame["votes"][2][0]) == {"rule": "free", "label": "SPAM"}
    metadata = pq.read_schema(updated / "labels" / "part-00000.parquet").metadata
    assert metadata[b"labelkit.model"].decode() == lk.history(updated)[2].model_fingerprint


def test_an_old_version_is_verified_alone(updated):
    overwritten(updated / "versions" / "00001" / "patterns.parquet")
    assert verify(f"{updated}@1") == ["patterns.parquet was changed"]
    assert verify(updated / "versions" / "00001") == ["patterns.parquet was changed"]
    assert verify(f"{updated}@2") == []
    assert verify(f"{updated}@3") == ["versions/00001/patterns.parquet was changed"]


def test_history_and_restore_of_a_version_are_those_of_its_run(updated):
    assert str(lk.history(f"{updated}@1")) == str(lk.history(updated))
    with pytest.raises(AttributeError, match=r"'history'; labelkit\.history\(run\.path\) lists its versions"):
        _ = lk.RunFolder(updated).history
    assert not hasattr(lk.RunFolder(updated), "nix")
    assert restore(f"{updated}@2", 1).path == updated
    assert lk.RunFolder(updated).manifest["examples"] == 2500
    assert len(lk.history(updated)) == 4


@pytest.mark.parametrize("note", [None, "{", '{"version": 1}'])
def test_no_version_is_lost_without_a_readable_note(updated, note):
    first = lk.RunFolder(updated, 1).manifest
    path = updated / "version.json"
    path.unlink() if note is None else path.write_text(note)
    restore(updated, 2)
    assert lk.RunFolder(updated).layout.number == 4
    assert [lk.RunFolder(updated, number).manifest["examples"] for number in (1, 2, 3, 4)] == [2500, 3000, 3000, 3000]
    assert lk.RunFolder(updated, 1).manifest == first
    assert lk.RunFolder(updated, 3).matrix().names == ("free", "also", "short")


def test_no_run_is_written_under_the_name_of_a_version(updated):
    for name in ("out@1", "new@7"):
        with pytest.raises(RunFolderError, match="is no name for a run: it stands for version"):
            lk.run(updated.with_name("rules.py"), TEXTS, updated.with_name(name), force=True, **SETTINGS)
        assert not updated.with_name(name).exists()
    with pytest.raises(RunFolderError, match=r"is an old version of the run .* never written"):
        lk.run(updated.with_name("rules.py"), TEXTS, updated / "versions" / "00001", force=True, **SETTINGS)
    assert verify(updated) == []


def test_a_damaged_old_version_is_not_to_be_run_anew(updated):
    shutil.rmtree(updated / "versions" / "00001" / "votes")
    (updated / "versions" / "00002" / "manifest.json").unlink()
    for version in (1, 2):
        with pytest.raises(RunFolderError) as caught:
            lk.RunFolder(f"{updated}@{version}").matrix()
        assert "labelkit verify" in caught.value.hint
        assert "--force" not in caught.value.hint


def test_history_says_that_gold_has_changed(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    for classes in ("01", "11"):
        (tmp_path / "gold.csv").write_text("id,gold\n" + "".join(f"{n},{one}\n" for n, one in enumerate(classes)))
        pd.DataFrame({"id": range(5), "text": TEXTS}).to_csv(tmp_path / "c.csv", index=False)
        files = (tmp_path / name for name in ("rules.py", "c.csv", "out"))
        lk.run(*files, id="id", gold=tmp_path / "gold.csv", update=True, **SETTINGS)
    assert lk.history(tmp_path / "out")[1].changes == ("gold has other labels",)
