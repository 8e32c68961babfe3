"""Functions that read a folder or a file tell what stands in the place of its path."""

import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError, ModelError
from labelkit.votes.audit.certificate import certify

READERS = {
    "why": lambda given: lk.why(given, 0),
    "history": lk.history,
    "verify": lk.verify,
    "restore": lambda given: lk.restore(given, 1),
    "RunFolder": lk.RunFolder,
    "bundle": lambda given: lk.bundle(given, out="b.labelkit"),
    "load_bundle": lk.load_bundle,
    "load_model": lk.load_model,
    "load_end_model": lk.load_end_model,
    "open_dataset": lk.open_dataset,
    "DataSet": lk.DataSet,
    "create_dataset": lambda given: lk.create_dataset(given, {"text": ["a"]}),
    "read_gold": lk.read_gold,
    "convert_snorkel": lk.convert_snorkel,
    "migrate_snorkel": lk.migrate_snorkel,
}
MATRIX = lk.LabelMatrix.of([[0, 1], [1, -1]], names=["a", "b"], classes=["HAM", "SPAM"])
LABELS = lk.MajorityVote().fit(MATRIX).label(MATRIX)
OTHERS = {
    "a LabelMatrix": MATRIX,
    "a ProbabilisticLabels": LABELS,
    "a DataFrame": pd.DataFrame({"text": ["a"]}),
    "a list": ["runs/first"],
    "an int": 5,
    "None": None,
}


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_path_is_named(reader, others):
    with pytest.raises(LabelkitError, match=f"the path of .* is expected, and {others} is given") as error:
        READERS[reader](OTHERS[others])
    assert error.value.code == "LK520"
    assert error.value.hint


def test_why_names_the_method_that_explains_votes_in_memory():
    with pytest.raises(LabelkitError) as error:
        lk.why(MATRIX, 0)
    assert "model.explain(matrix, ids)" in error.value.hint
    assert lk.LabelModel().fit(MATRIX).explain(MATRIX, 0).log_odds.shape == (1, 2)


def test_an_open_run_folder_is_as_good_as_its_path(tmp_path):
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("hello", label=0).rule(name="hello")]
    run = lk.run(rules, {"text": ["free", "hello"]}, tmp_path / "out", labels=["HAM", "SPAM"], progress=False)
    assert lk.verify(run) == lk.verify(run.path) == []
    assert str(lk.history(run)) == str(lk.history(run.path))


@pytest.mark.parametrize("given", [MATRIX, None, [0.5]])
def test_certify_says_that_it_takes_labels(given):
    with pytest.raises(ModelError, match="LK405") as error:
        certify(given, [0, 1])
    assert "model.label(matrix)" in error.value.hint


NO_PATHS = {
    "a text": "a text, and no path " * 20,
    "a NUL": "a\0b",
    "a file in a file": "a.csv/b",
    "a link to itself": "loop",
}
ALSO = {
    "collect": lk.collect,
    "lookup": lambda given: lk.lookup(given, label=1),
    "rules_from": lambda given: lk.rules_from(given, key="text", label="label"),
    "open_corpus": lk.open_corpus,
    "diff": lambda given: lk.diff(given, given),
    "export": lambda given: lk.export(given, to="labels.csv"),
    "write_report": lk.write_report,
}


@pytest.mark.parametrize("no_path", NO_PATHS)
@pytest.mark.parametrize("reader", [*READERS, *ALSO])
def test_what_no_file_system_has_is_not_there(tmp_path, monkeypatch, reader, no_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("text\na\n")
    (tmp_path / "loop").symlink_to("loop")
    if reader == "create_dataset":
        pytest.skip("it writes there")
    with pytest.raises(LabelkitError) as caught:
        {**READERS, **ALSO}[reader](NO_PATHS[no_path])
    assert "Errno" not in str(caught.value)
    assert "did you mean 'loop'" not in str(caught.value)
