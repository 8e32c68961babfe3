"""An update of a run over files reads from the byte at which new rows begin, and equals a new run all the same."""

import csv
import io
import json
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

import labelkit as lk
from labelkit.corpus import row_range
from labelkit.exceptions import CorpusError
from labelkit.runs.versions import verify

SETTINGS = {"labels": ["HAM", "SPAM"], "batch_size": 1024, "report": False, "progress": False}
APART = ("timings.json", "version.json")
RULES = """
import numpy as np
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
short = lk.regex("^.{0,8}$", label=0).rule(name="short")

@lk.labeling_function
def asks(text):
    return 1 if text and "?" in text else None
"""
BATCHED = """
@lk.labeling_function(batch=True)
def longer(text):
    return [1 if len(one or "") > np.mean([len(other or "") for other in text]) else -1 for one in text]
"""
TEXTS = [
    "free money?",
    "nice",
    'a "free" win',
    "two\nlines",
    "",
    "é, à",
    'quoted "',
    "\ttab; and | more",
    "win\r\nor not?",
]
_numbers = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def content(run):
    files = (file for file in run.rglob("*") if file.is_file() and run / "versions" not in file.parents)
    return {str(file.relative_to(run)): file.read_bytes() for file in files if file.name not in APART}


def assert_same(updated, new):
    assert sorted(name for name in updated.keys() | new.keys() if updated.get(name) != new.get(name)) == []


def lines_of(kind, texts, start=0):
    """Write rows in a format, without a header; keys count from a number."""
    if kind == ".jsonl":
        return "".join(json.dumps({"key": f"k{start + i}", "text": text}) + "\n" for i, text in enumerate(texts))
    if kind == ".txt":
        return "".join(text.replace("\n", " ").replace("\r", " ") + "\n" for text in texts)
    written = io.StringIO()
    writer = csv.writer(written, delimiter={".csv": ",", ".tsv": "\t", "semicolon": ";"}[kind], lineterminator="\n")
    writer.writerows([f"k{start + i}", text] for i, text in enumerate(texts))
    return written.getvalue()


HEADERS = {".csv": "key,text\n", ".tsv": "key\ttext\n", "semicolon": "key;text\n", ".jsonl": "", ".txt": ""}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(list(HEADERS)),
    n_old=st.integers(1, 1100),
    n_new=st.integers(1, 60),
    seed=st.integers(0, 1000),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
    cut=st.sampled_from(["line", "no end", "blank"]),
    batched=st.booleans(),
    has_ids=st.booleans(),
    keep_model=st.booleans(),
)
@example(".csv", 1030, 50, 0, "utf-8", "\n", "line", True, True, False)
@example(".jsonl", 1030, 50, 0, "utf-8", "\n", "line", True, False, True)
def test_an_update_of_a_file_equals_a_new_run(
    folder, kind, n_old, n_new, seed, encoding, end, cut, batched, has_ids, keep_model
):
    place = folder / str(next(_numbers))
    place.mkdir()
    (place / "rules.py").write_text(RULES + BATCHED * batched)
    corpus = place / f"c{kind if kind.startswith('.') else '.csv'}"
    texts = [TEXTS[i] for i in np.random.default_rng(seed).integers(0, len(TEXTS), n_old + n_new)]
    texts[:2] = "free money?", "nice"
    old = (HEADERS[kind] + lines_of(kind, texts[:n_old])).replace("\n", end)
    new = lines_of(kind, texts[n_old:], n_old).replace("\n", end)
    if cut == "no end":
        old, new = old.removesuffix(end), end + new
    elif cut == "blank":
        new = end + new
    whole = (old + new).encode(encoding)
    size = len(old.encode(encoding))
    options = SETTINGS | {"id": "key" if has_ids and kind != ".txt" else None, "encoding": encoding}
    corpus.write_bytes(whole[:size])
    lk.run(place / "rules.py", corpus, place / "out", **options)
    corpus.write_bytes(whole)
    lk.run(place / "rules.py", corpus, place / "out", update=True, keep_model=keep_model, **options)
    new_run = lk.run(place / "rules.py", corpus, place / "new", cache=False, **options)
    updated, anew = content(place / "out"), content(place / "new")
    if keep_model:
        updated, anew = (
            {name: file for name, file in files.items() if name.startswith(("votes", "patterns"))}
            for files in (updated, anew)
        )
        assert list(lk.RunFolder(place / "out").labels().ids) == list(new_run.labels().ids)
    assert_same(updated, anew)
    assert verify(place / "out") == []


@pytest.fixture
def places(monkeypatch):
    """Collect the places from which rows are read, and whether they were read from there."""
    noted, sure = [], row_range.RowRange._sure

    def noting(self, *args):
        noted.append(self._row_place)
        return sure(self, *args)

    monkeypatch.setattr(row_range.RowRange, "_sure", noting)
    return noted


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("batched", [False, True])
def test_old_rows_of_a_file_that_grew_are_not_parsed(tmp_path, places, kind, batched):
    (tmp_path / "rules.py").write_text(RULES + BATCHED * batched)
    texts = [f"{TEXTS[i % len(TEXTS)]} {i} {'and more ' * 30}" for i in range(6_010)]
    corpus = tmp_path / f"c{kind if kind.startswith('.') else '.csv'}"
    corpus.write_text(HEADERS[kind] + lines_of(kind, texts[:6_000]), newline="")
    lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", **SETTINGS)
    size = corpus.stat().st_size
    with corpus.open("a", newline="") as file:
        file.write(lines_of(kind, texts[6_000:], 6_000))
    engine = {"workers": 2, "engine": "process"} if kind == ".csv" else {}
    lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", update=True, **engine, **SETTINGS)
    (place,) = places
    assert place.file == 0
    if batched:  # whose functions are called with whole chunks of 1,024 rows
        assert 1_000 < place.row <= 5_120
        assert place.offset < size
    else:
        assert (place.row, place.offset) == (6_000, size)
    lk.run(tmp_path / "rules.py", corpus, tmp_path / "new", cache=False, **SETTINGS)
    assert_same(content(tmp_path / "out"), content(tmp_path / "new"))


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("batched", [False, True])
def test_old_files_of_a_folder_are_not_parsed(tmp_path, places, kind, batched):
    (tmp_path / "rules.py").write_text(RULES + BATCHED * batched)
    (tmp_path / "corpus").mkdir()

    def write(number, n_rows):
        file = tmp_path / "corpus" / f"{number}{kind if kind.startswith('.') else '.csv'}"
        file.write_text(HEADERS[kind] + lines_of(kind, (TEXTS * 100)[:n_rows], 1_000 * number), newline="")

    for number in range(4):
        write(number, 700)
    lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", **SETTINGS)
    write(4, 200)
    lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", update=True, **SETTINGS)
    write(4, 300)
    write(5, 10)
    with pytest.raises(CorpusError, match=r"has more rows, and other files stand behind it"):
        lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", update=True, **SETTINGS)
    next((tmp_path / "corpus").glob("5.*")).unlink()
    lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", update=True, **SETTINGS)
    # Of the rows before 2,800 and 3,000, a batched rule is called again with those from 2,048 on.
    assert [(place.row, place.file) for place in places] == ([(1_400, 2)] * 2 if batched else [(2_800, 4), (3_000, 4)])
    lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "new", cache=False, **SETTINGS)
    assert_same(content(tmp_path / "out"), content(tmp_path / "new"))


@pytest.mark.parametrize("batched", [False, True])
def test_a_new_row_that_is_bad_is_named_by_its_file_row_and_line(tmp_path, batched):
    (tmp_path / "rules.py").write_text(RULES + BATCHED * batched)
    (tmp_path / "corpus").mkdir()
    for number in range(2):
        file = tmp_path / "corpus" / f"{number}.csv"
        file.write_text(HEADERS[".csv"] + lines_of(".csv", ["free", "two\nlines"] * 10), newline="")
    lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", **SETTINGS)
    with file.open("a") as opened:
        opened.write("k,free\nk,win,nice\n")
    with pytest.raises(CorpusError, match=r"1\.csv, line 33: 3 fields, not 2"):
        lk.run(tmp_path / "rules.py", tmp_path / "corpus", tmp_path / "out", update=True, **SETTINGS)


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
@pytest.mark.parametrize("keep_model", [False, True])
def test_an_id_of_an_old_row_is_refused_in_a_new_one(tmp_path, kind, keep_model):
    (tmp_path / "rules.py").write_text(RULES)
    corpus = tmp_path / f"c{kind}"
    corpus.write_text(HEADERS[kind] + lines_of(kind, TEXTS * 200), newline="")
    lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", id="key", **SETTINGS)
    with corpus.open("a", newline="") as file:
        file.write(lines_of(kind, ["new"], 1_800) + lines_of(kind, ["free"], 5))
    with pytest.raises(CorpusError, match=r"the id 'k5' .* stands twice"):
        lk.run(
            tmp_path / "rules.py", corpus, tmp_path / "out", id="key", update=True, keep_model=keep_model, **SETTINGS
        )


@pytest.mark.parametrize("n_rows", [3, 1024])
@pytest.mark.parametrize("keep_model", [False, True])
def test_a_file_that_grew_by_a_blank_line_has_no_new_row(tmp_path, n_rows, keep_model):
    (tmp_path / "rules.py").write_text(RULES)
    corpus = tmp_path / "c.csv"
    corpus.write_text(HEADERS[".csv"] + lines_of(".csv", (TEXTS * 200)[:n_rows]), newline="")
    old = lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", **SETTINGS).labels().proba
    with corpus.open("a") as file:
        file.write("\n")
    run = lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", update=True, keep_model=keep_model, **SETTINGS)
    assert run.manifest["examples"] == n_rows
    assert np.array_equal(run.labels().proba, old)


def test_a_line_that_goes_on_in_utf_16_is_a_row_that_changed(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    corpus, options = tmp_path / "c.csv", SETTINGS | {"encoding": "utf-16-le"}
    corpus.write_bytes("text\nfree\nwin".encode("utf-16-le"))
    lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", **options)
    corpus.write_bytes("text\nfree\nwin\u010a\n".encode("utf-16-le"))  # whose first byte is that of a line end
    with pytest.raises(CorpusError, match=r"'c.csv' was written again"):
        lk.run(tmp_path / "rules.py", corpus, tmp_path / "out", update=True, **options)
