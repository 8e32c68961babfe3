"""The suite that a third party holds an engine against: good ones pass, each fault of an engine is found."""

import subprocess
import sys
import unicodedata
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from labelkit.testing.engine import CHECKS, check_engine, each_finding


def in_process(votes, table):
    return votes(table)


def backwards(votes, table):
    return [votes(batch) for batch in table.combine_chunks().to_batches(max_chunksize=1_000)[::-1]] or votes(table)


def in_other_processes(votes, table):
    batches = table.combine_chunks().to_batches(max_chunksize=40_000)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return list(pool.map(votes, batches)) or votes(table)


def problems(engine):
    return {finding.name: finding.problem for finding in check_engine(engine) if finding.problem}


@pytest.mark.parametrize("engine", [in_process, backwards, in_other_processes])
def test_engines_that_keep_everything_pass(engine):
    assert problems(engine) == {}


def loses(votes, table):
    return votes(table).slice(1)


def doubles(votes, table):
    voted = votes(table)
    return pa.concat_tables([voted, voted.slice(0, 1)])


def nulls_to_empty(votes, table):
    return votes(table.set_column(1, "text", table["text"].fill_null("")))


def upper(votes, table):
    return votes(table.set_column(1, "text", pa.compute.utf8_upper(table["text"])))


def in_floats(votes, table):
    if pa.types.is_integer(table["key"].type):
        table = table.set_column(0, "key", table["key"].cast(pa.float64(), safe=False))
    return votes(table)


def shifts_ids(votes, table):
    voted = votes(table)
    return voted.set_column(
        0, "key", pa.concat_arrays([voted["key"].combine_chunks()[1:], voted["key"].combine_chunks()[:1]])
    )


def swallows(votes, table):
    try:
        return votes(table)
    except Exception:  # noqa: BLE001 - the fault of this engine
        return votes(table.slice(0, 0))


def forgets_faults(votes, table):
    voted = votes(table)
    return voted.set_column(
        voted.schema.get_field_index("faults"), "faults", pa.nulls(len(voted), voted.schema.field("faults").type)
    )


def drops_a_column(votes, table):
    return votes(table).drop(["faults"])


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (loses, "1 are lost"),
        (doubles, "1 too many"),
        (nulls_to_empty, "rule 'empty'"),
        (upper, "differ; rule"),
        (in_floats, "the ids are of the type double, not int64"),
        (shifts_ids, "differ"),
        (swallows, "nothing was raised"),
        (forgets_faults, "0 faults"),
        (drops_a_column, "the columns are"),
    ],
)
def test_an_engine_that_changes_something_is_found_out(engine, said):
    assert_found(engine, said)


def assert_found(engine, said):
    """Run the checks up to the one that says it."""
    problems = []
    for finding in each_finding(engine):
        problems.append(finding.problem)
        if said in finding.problem:
            return
    raise AssertionError(problems)


def converted(is_of_kind, convert):
    """Return an engine that converts the columns of a type on their way."""

    def engine(votes, table):
        for i, field in enumerate(table.schema):
            if is_of_kind(field.type):
                table = table.set_column(i, field.name, convert(table.column(i)))
        return votes(table)

    return engine


def texts(convert):
    """Return an engine that changes all texts but the ids."""

    def engine(votes, table):
        for name in {"text", "Title"} & set(table.column_names):
            column = [None if text is None else convert(text) for text in table[name].to_pylist()]
            table = table.set_column(table.column_names.index(name), name, pa.array(column, pa.string()))
        return votes(table)

    return engine


def is_zoned(kind):
    return pa.types.is_timestamp(kind) and kind.tz is not None


VALUES = {
    "NaN is null": (converted(pa.types.is_floating, lambda c: pc.if_else(pc.is_nan(c), None, c)), "number = nan"),
    "null is NaN": (converted(pa.types.is_floating, lambda c: pc.fill_null(c, float("nan"))), "number = None"),
    "half as many digits": (
        converted(pa.types.is_floating, lambda c: c.cast(pa.float32()).cast(pa.float64())),
        "number = 0.1",
    ),
    "decimals are floats": (converted(pa.types.is_decimal, lambda c: c.cast(pa.float64())), "price = Decimal"),
    "booleans are numbers": (converted(pa.types.is_boolean, lambda c: c.cast(pa.int8())), "flag = "),
    "no zone": (converted(is_zoned, lambda c: c.cast(pa.timestamp("us"))), "moment = datetime"),
    "another zone": (converted(is_zoned, lambda c: c.cast(pa.timestamp("us", "Asia/Tokyo"))), "moment = datetime"),
    "milliseconds": (
        converted(pa.types.is_timestamp, lambda c: c.cast(pa.timestamp("ms", c.type.tz), safe=False)),
        "moment = datetime",
    ),
    "dates are times": (converted(pa.types.is_date, lambda c: c.cast(pa.timestamp("us"))), "day = datetime.date"),
    "NUL ends a text": (texts(lambda text: text.split("\0")[0]), "text = 'a\\x00 free'"),
    "one newline": (texts(lambda text: text.replace("\r\n", "\n")), "text = 'line\\r\\nbreak'"),
    "composed": (texts(lambda text: unicodedata.normalize("NFC", text)), "votes differ"),
    "65,535 characters": (texts(lambda text: text[:65_535]), "text = 'long long"),
    "no blanks at the end": (texts(str.rstrip), "votes differ"),
    "pandas": (
        lambda votes, table: votes(pa.Table.from_pandas(table.to_pandas(), preserve_index=False)),
        "Float value",
    ),
    "small letters": (
        lambda votes, table: votes(table.rename_columns([name.lower() for name in table.column_names])),
        "reads column 'Title'",
    ),
}


@pytest.mark.parametrize("change", VALUES)
def test_an_engine_that_changes_values_on_their_way_is_found_out(change):
    assert_found(*VALUES[change])


def stale():
    seen = {}
    return lambda votes, table: seen.setdefault((votes.names, votes.on_fault), votes)(table)


def ids_as_texts(votes, table):
    voted = votes(table)
    return voted.set_column(0, "key", voted["key"].cast(pa.string()))


def nulls_for_abstains(votes, table):
    voted = votes(table)
    for name in votes.names:
        votes_of = pc.if_else(pc.equal(voted[name], -1), None, voted[name])
        voted = voted.set_column(voted.schema.get_field_index(name), name, votes_of)
    return voted


def another_error(votes, table):
    try:
        return votes(table)
    except Exception:  # noqa: BLE001 - the fault of this engine
        raise RuntimeError("the task failed") from None


def swaps_rules(votes, table):
    voted = votes(table)
    swapped = dict(zip(votes.names[:2], votes.names[1::-1], strict=True))
    return voted.rename_columns([swapped.get(name, name) for name in voted.column_names])


def swaps_what_comes_along(votes, table):
    voted = votes(table)
    if len(votes.columns) < 2:
        return voted
    return voted.set_column(1, votes.columns[1], pc.utf8_trim_whitespace(voted.column(1)))


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (stale(), "votes differ"),
        (ids_as_texts, "the ids are of the type string, not int64"),
        (nulls_for_abstains, "the votes of rule 'free' have nulls"),
        (another_error, "does not say what the rule raised: RuntimeError('the task failed')"),
        (swaps_rules, "rule 'free'"),
        (swaps_what_comes_along, "the column 'text' that comes along has other values"),
    ],
)
def test_an_engine_that_changes_votes_or_what_stands_beside_them_is_found_out(engine, said):
    assert_found(engine, said)


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "labelkit.testing.engine", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_what_holds_and_what_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, sys.path)))
    (tmp_path / "mine.py").write_text(
        "def run(votes, table):\n    return votes(table)\ndef bad(votes, table):\n    return votes(table.slice(1))\nnothing = 3\n"
    )
    good = command(tmp_path, "mine:run")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith(f"{len(CHECKS)} of {len(CHECKS)} checks hold\n")
    bad = command(tmp_path, "mine.bad")
    assert bad.returncode == 1
    assert "FAILS  missing texts stay missing" in bad.stdout
    for wrong in ("mine:nothing", "mine:absent", "absent:run"):
        done = command(tmp_path, wrong)
        assert done.returncode == 2
        assert "error: " in done.stderr
