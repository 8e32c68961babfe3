"""A bundle reads records and corpora by the names that the columns of the run had."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.bundles import load_bundle
from labelkit.cli import main
from labelkit.corpus.sources.frames import from_columns
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.corpus.usual_names import UsualNames
from labelkit.exceptions import BundleError, CorpusError
from tests.bundles.conftest import write_project

ROWS = {"Nr": ["a", "b", "c"], "Comment": ["subscribe", "so lovely", "hm"]}
LABELS = ["SPAM", "HAM", None]


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mapped")
    comments = lk.load_comments(200)[["id", "text"]].rename(columns={"text": "Comment", "id": "Nr"})
    rules = write_project(folder)
    renamed = {"text": "Comment", "key": "Nr"}
    run = lk.run(rules, comments, folder / "run", id="key", rename=renamed, report=False, cache=False)
    return lk.bundle(run, folder / "b.labelkit")


@pytest.fixture(scope="module")
def of_columns(mapped):
    with load_bundle(mapped) as bundle:
        yield bundle


def named(bundle, labels):
    return [None if label < 0 else bundle.class_names[label] for label in labels.hard().tolist()]


def called(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.mark.parametrize("columns", [["Comment", "Nr"], ["text", "Nr"]])
def test_a_row_of_a_frame_is_a_record(of_columns, columns):
    frame = pd.DataFrame(ROWS).rename(columns={"Comment": columns[0]}).assign(likes=[1, 2, 3])
    frame.loc[2, columns[0]] = np.nan  # no text, as in a corpus
    rows = [frame.iloc[i] for i in range(len(frame))]
    assert [of_columns.predict(row) for row in rows] == LABELS
    assert np.allclose(of_columns.predict_proba(rows), of_columns.predict_proba(frame))
    assert np.allclose(of_columns.predict_proba(rows[1]), of_columns.predict_proba(frame)[1:2])
    assert np.allclose(of_columns.predict_proba(rows * 40), np.tile(of_columns.predict_proba(frame), (40, 1)))
    assert [of_columns.explain(row).label for row in rows] == LABELS


def test_a_series_of_texts_is_a_corpus(of_columns):
    texts = pd.Series(ROWS["Comment"], name="text")
    assert np.allclose(of_columns.predict_proba(texts), of_columns.predict_proba(pd.DataFrame(ROWS)))
    with pytest.raises(BundleError, match="has no column 'text', which rules read"):
        of_columns.predict(texts)


def test_a_corpus_with_the_columns_of_the_run_is_labeled(of_columns):
    frame = pd.DataFrame(ROWS)
    assert of_columns.rename == {"text": "Comment", "key": "Nr"}
    for corpus in (frame, frame.rename(columns={"Comment": "text"}), ROWS, frame.to_dict("records")):
        assert named(of_columns, of_columns.label(corpus)) == LABELS
    for id_ in ("key", "Nr"):
        assert of_columns.label(frame, id=id_).ids.tolist() == ROWS["Nr"]
    both = frame.assign(text="check out https://a.b")  # the column that rules read is there under its own name
    assert named(of_columns, of_columns.label(both)) == ["SPAM"] * 3


def test_an_explicit_map_wins_and_an_empty_one_is_none(of_columns):
    frame = pd.DataFrame(ROWS).assign(Title="subscribe")
    assert named(of_columns, of_columns.label(frame, rename={"text": "Title"})) == ["SPAM"] * 3
    with pytest.raises(CorpusError, match="reads column 'text', which the corpus does not have") as raised:
        of_columns.label(frame, rename={})
    assert "the run read" not in raised.value.hint
    with pytest.raises(CorpusError, match="reads column 'text'") as raised:
        of_columns.label(frame.drop(columns="Comment"))
    assert raised.value.hint.startswith("the run read 'Comment' as 'text'")
    with pytest.raises(CorpusError, match="reads column 'text'"):
        of_columns.label(lk.open_corpus(frame))
    opened = lk.open_corpus(frame, rename={"text": "Comment"})
    assert named(of_columns, of_columns.label(opened)) == LABELS


def test_so_are_records_one_by_one_and_many(of_columns):
    records = pd.DataFrame(ROWS).to_dict("records")
    for rows in (records, [{"text": row["Comment"]} for row in records]):
        assert [of_columns.predict(row) for row in rows] == LABELS
        many = of_columns.predict_proba(rows * 10)
        assert many == pytest.approx(np.tile(of_columns.predict_proba(rows), (10, 1)))
    assert of_columns.predict("subscribe") == "SPAM"
    assert of_columns.predict({" Comment": "subscribe"}) == "SPAM"
    assert of_columns.predict({"text": "subscribe", "Comment": "so lovely"}) == "SPAM"
    assert "SPAM" in str(of_columns.explain(records[0]))
    with pytest.raises(BundleError, match="has no column 'text'") as raised:
        of_columns.predict({"Body": "subscribe"})
    assert raised.value.hint == "give 'text', or 'Comment' as the run's corpus: None where it is not known"


def test_predict_says_which_map_it_used(mapped, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(ROWS).to_csv("new.csv", index=False)
    command = ("predict", mapped, "new.csv", "--out", "p.csv", "--force")
    code, out, _ = called(capsys, *command)
    assert code == 0
    assert "read as in the run: 'Comment' as 'text' (--no-map, in Python rename={}, leaves the names)" in out
    assert pd.read_csv("p.csv")["label"].astype(object).where(lambda x: x.notna(), None).tolist() == LABELS
    code, out, _ = called(capsys, *command, "--id", "key", "--json")
    assert json.loads(out)["map_of_run"] == {"text": "Comment", "key": "Nr"}
    assert pd.read_csv("p.csv")["key"].tolist() == ROWS["Nr"]
    code, _, err = called(capsys, *command, "--no-map")
    assert code == 1
    assert "column 'text', which the corpus does not have" in err
    code, out, _ = called(capsys, *command, "--map", "text=Comment")
    assert (code, "as in the run" in out) == (0, False)
    pd.DataFrame(ROWS).rename(columns={"Comment": "Body"}).to_csv("new.csv", index=False)
    code, _, err = called(capsys, *command)
    assert code == 1
    assert "Hint: the run read 'Comment' as 'text'; --map text=COLUMN reads a column under this name" in err
    assert "--no-map" not in err


def test_a_map_of_the_project_that_does_not_fit_is_told_with_what_helps(mapped, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labelkit.toml").write_text('map = ["text=Comment"]\n')
    pd.DataFrame(ROWS).rename(columns={"Comment": "Body"}).to_csv("new.csv", index=False)
    code, _, err = called(capsys, "predict", mapped, "new.csv", "--out", "p.csv")
    assert code == 1
    assert (
        "Hint: --map text=COLUMN reads another one; the columns are 'Nr', 'Body'; map is a default of labelkit.toml"
        in err
    )
    assert "--no-map" not in err
    assert called(capsys, "predict", mapped, "new.csv", "--out", "p.csv", "--map", "text=Body")[0] == 0
    pd.DataFrame(ROWS).rename(columns={"Comment": "text"}).to_csv("new.csv", index=False)
    command = ("predict", mapped, "new.csv", "--out", "p.csv", "--force")
    code, _, err = called(capsys, *command)
    assert code == 1
    assert "'text' is there already" in err
    assert "--no-map takes none" in err
    assert called(capsys, *command, "--no-map")[0] == 0


NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(st.dictionaries(NAMES, NAMES, max_size=4), st.sets(NAMES, min_size=1), st.sets(NAMES))
def test_columns_of_the_runs_corpus_are_read_as_the_run_read_them(rename, there, needed):
    source = from_columns({name: [f"value of {name}"] for name in sorted(there)}, {})
    try:
        run = RenamedSource(source, rename)
    except CorpusError:
        run = None  # no run has such a map and corpus
    again = RenamedSource(source, UsualNames(rename, frozenset(needed)).of(source.column_names))
    for name in needed & set(() if run is None else run.column_names):
        assert again.read([name], 0, 1).to_pylist() == run.read([name], 0, 1).to_pylist()
    for name in needed & there - set(rename):
        assert name in again.column_names or again.has_other_name(name)


@given(st.dictionaries(NAMES, NAMES, max_size=4), st.sets(NAMES, min_size=1))
def test_a_corpus_with_the_new_names_alone_stays_as_it_is(rename, needed):
    columns = needed - set(rename.values())
    assert UsualNames(rename, frozenset(needed)).of(sorted(columns)) == {}
