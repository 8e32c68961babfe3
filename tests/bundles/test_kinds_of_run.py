"""Tests of what bundles read in columns that the run had in another type than their rules' annotations name."""

import datetime as dt
import itertools

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

pytestmark = [pytest.mark.filterwarnings("ignore:.*LK928"), pytest.mark.filterwarnings("ignore:.*LK926")]
"""What the rules of these tests compare is not of the type that they annotate, which is warned of elsewhere."""

VALUES = {
    "int": [7, 8],
    "float": [7.5, 8.25],
    "str": ["7", "8"],
    "bool": [True, False],
    "datetime": [dt.datetime(2026, 1, 7, 12), dt.datetime(2026, 1, 8)],  # noqa: DTZ001 - columns without a zone
    "date": [dt.date(2026, 1, 7), dt.date(2026, 1, 8)],
}
"""Two values of each type that an annotation may name."""

OPTIONS = {"labels": ["HAM", "SPAM"], "report": False, "cache": False, "progress": False}


def bundle_of(folder, table, annotation, test):
    """Return a bundle of a run over a Parquet file, with one rule over its column, and the labels of the run."""
    rule = f"def rule(user: {annotation}): return 1 if {test} else 0"
    head = "import datetime\nfrom datetime import date, datetime as time\n\nimport labelkit as lk\n"
    (folder / "rules.py").write_text(f"{head}\n\n@lk.labeling_function\n{rule.replace('datetime)', 'time)')}\n")
    pq.write_table(table, folder / "corpus.parquet")
    run = lk.run(folder / "rules.py", folder / "corpus.parquet", folder / "run", **OPTIONS)
    return lk.load_bundle(lk.bundle(run, folder / "a.labelkit")), run.labels().proba.tolist()


def test_an_annotation_does_not_change_what_rules_get_unless_it_did_in_the_run(tmp_path):
    held = {f"{kind}_{annotation}": VALUES[kind] for kind, annotation in itertools.product(VALUES, VALUES)}
    rules = [
        f"@lk.labeling_function\ndef of_{name}({name}: {name.partition('_')[2]}):\n"
        f"    return 1 if {name} == {values[0]!r} else 0\n"
        for name, values in held.items()
    ]
    head = "import datetime\nfrom datetime import date, datetime as time\n\nimport labelkit as lk\n"
    (tmp_path / "rules.py").write_text("\n\n".join([head, *rules]).replace(": datetime)", ": time)"))
    table = pa.table(held)
    pq.write_table(table, tmp_path / "corpus.parquet")
    arrow_csv.write_csv(table, tmp_path / "corpus.csv")
    run = lk.run(
        tmp_path / "rules.py", tmp_path / "corpus.parquet", tmp_path / "run", model=lk.MajorityVote(), **OPTIONS
    )
    expected = run.matrix().votes
    assert expected.tolist() == [[1] * len(held), [0] * len(held)]
    with lk.load_bundle(lk.bundle(run, tmp_path / "a.labelkit")) as bundle:
        records = table.to_pylist()
        for corpus in (records, records * 20, table, tmp_path / "corpus.parquet", tmp_path / "corpus.csv"):
            assert bundle.applier().apply(corpus, progress=False).votes[:2].tolist() == expected.tolist()
        assert [len(bundle.explain(record).votes) for record in records] == [len(held)] * 2
        assert [bundle.predict(record) for record in records] == ["SPAM", "HAM"]
        assert [bundle.predict(record) for record in records * 20][2:4] == ["SPAM", "HAM"]


def test_a_column_without_a_value_in_the_run_is_read_as_annotated(tmp_path):
    bundle, _ = bundle_of(tmp_path, pa.table({"user": pa.nulls(3)}), "int", "user > 7")
    assert bundle.predict({"user": 8}) == "SPAM"
    with pytest.raises(CorpusError, match="int expected, got str"):
        bundle.predict({"user": "8"})


def test_hashes_beyond_the_largest_int64_are_those_of_the_run(tmp_path):
    hashes = [2**64 - 1, 7]
    table = pa.table({"user": pa.array(hashes, pa.uint64())})
    bundle, expected = bundle_of(tmp_path, table, "int", f"user == {hashes[0]}")
    assert bundle.predict_proba(table.to_pylist()).tolist() == expected
    assert bundle.label(table.to_pylist()).proba.tolist() == expected
    with pytest.raises(CorpusError) as caught:
        bundle.predict({"user": "7"})
    assert "give a whole number, 7; None" in caught.value.hint


def test_lists_that_a_rule_annotates_otherwise_stay_lists(tmp_path):
    table = pa.table({"user": [["a"], ["ab"]]})
    bundle, expected = bundle_of(tmp_path, table, "str", '"a" in user')
    assert bundle.predict_proba(table.to_pylist()).tolist() == expected
    assert bundle.predict({"user": ["b", "a"]}) == "SPAM"


def test_times_with_a_zone_are_read_in_that_of_the_run(tmp_path):
    hours = [dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC) for hour in range(24)]
    table = pa.table({"user": pa.array(hours, pa.timestamp("us", "Europe/Berlin"))})
    bundle, expected = bundle_of(tmp_path, table, "datetime", "user.hour < 6")
    others = [hour.astimezone(dt.timezone(dt.timedelta(hours=-7))) for hour in hours]
    for given in (hours, others, [hour.isoformat() for hour in others]):
        records = [{"user": value} for value in given]
        assert bundle.predict_proba(records).tolist() == expected
        assert [bundle.predict_proba([record]).tolist() for record in records] == [[row] for row in expected]
    for naive in ("2026-01-01T23:00:00", dt.datetime(2026, 1, 1, 23)):  # noqa: DTZ001 - it has none
        with pytest.raises(CorpusError) as caught:
            bundle.predict({"user": naive})
        assert 'give a time with a zone, "2026-01-05T12:30:00+01:00"; None' in caught.value.hint


@pytest.mark.parametrize(
    ("zone", "other", "before", "here"),
    [
        ("Europe/Berlin", None, "times in Europe/Berlin", "times without a zone"),
        (None, "+02:00", "times without a zone", r"times in \+02:00"),
        ("Europe/Berlin", "UTC", "times in Europe/Berlin", "times in UTC"),
    ],
)
def test_times_in_another_zone_than_in_the_run_are_told(tmp_path, zone, other, before, here):
    table = pa.table({"user": pa.array([0, 10**15], pa.timestamp("us", zone))})
    bundle, _ = bundle_of(tmp_path, table, "object", "user.hour < 6")
    other_table = table.set_column(0, "user", table["user"].cast(pa.int64()).cast(pa.timestamp("us", other)))
    with lk.load_bundle(bundle.path) as again, pytest.warns(UserWarning, match=f"held {before} in the run, and {here}"):
        again.label(other_table)
    with pytest.warns(UserWarning, match=f"held {before} in the run, and {here}"):
        bundle.predict(other_table.to_pylist()[0])


def test_names_of_utc_are_one_zone(tmp_path):
    table = pa.table({"user": pa.array([0, 10**15], pa.timestamp("us", "Etc/UTC"))})
    bundle, _ = bundle_of(tmp_path, table, "object", "user.hour < 6")
    bundle.predict({"user": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})  # a warning would be an error


@pytest.mark.parametrize("annotation", ["str", "int"])
def test_a_file_with_another_type_than_in_the_run_is_told_of_annotated_columns_too(tmp_path, annotation):
    bundle, _ = bundle_of(tmp_path, pa.table({"user": [7, 8]}), annotation, "user == 7")
    texts = pa.table({"user": ["7", "8"]})
    with pytest.warns(UserWarning, match="column 'user' held numbers in the run, and text here"):
        bundle.label(texts)


def test_an_empty_column_is_not_of_another_kind(tmp_path):
    bundle, _ = bundle_of(tmp_path, pa.table({"user": [7, 8]}), "object", "user == 7")
    empty = pa.table({"user": pa.nulls(2, pa.string())})
    bundle.label(empty)  # a warning would be an error
