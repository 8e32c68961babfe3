"""A column of normalized texts takes the place of the column that it reads, on every path."""

import unicodedata

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.rules.normalized_text import STEPS, normalize, normalized_origins

MODULE = """
import labelkit as lk

text = lk.normalized_text("text")
mueller = lk.keywords("Müller", label=1, examples={"Mu\\u0308ller": 1}).rule(name="mueller")
dont = lk.regex("don't", label=0).rule(name="dont")


@lk.column
def n_letters(text: str) -> int:
    return len(text)


@lk.labeling_function
def short(n_letters: int) -> int | None:
    return 0 if n_letters < 7 else None


@lk.labeling_function
def python(text: str) -> int | None:
    return 1 if "free money" in text else None


@lk.labeling_function(batch=True)
def batch(text: pa.Array) -> list:
    return [1 if one == "Müller" else None for one in text.to_pylist()]


value = lk.lookup({"Müller"}, match="value", label=1).rule(name="value")
"""
TEXTS = ["Mu\u0308ller", "Müller", "I don\u2019t", "free\u00a0mo\u00adney", None, "", "plain \U0001f602", "a\u200bb"]
VOTES = [
    [1, -1, 0, -1, 1, 1],
    [1, -1, 0, -1, 1, 1],
    [-1, 0, -1, -1, -1, -1],
    [-1, -1, -1, 1, -1, -1],
    [-1, -1, -1, -1, -1, -1],
    [-1, -1, 0, -1, -1, -1],
    [-1, -1, -1, -1, -1, -1],
    [-1, -1, 0, -1, -1, -1],
]


@pytest.fixture
def lfs(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(MODULE.replace("import labelkit", "import pyarrow as pa\nimport labelkit", 1), "utf-8")
    return lk.collect(path, labels=["HAM", "SPAM"])


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_every_rule_of_the_module_reads_normalized_texts_by_any_engine(lfs, engine):
    assert lk.Applier(lfs).apply(TEXTS, engine=engine).votes.tolist() == VOTES


def test_a_rule_that_is_called_reads_them_too(lfs):
    assert [[lf(text) for lf in lfs if lf.name != "short"] for text in TEXTS] == [
        [vote for name, vote in zip(lfs.names, row, strict=True) if name != "short"] for row in VOTES
    ]


def test_a_run_of_a_file_has_the_same_votes(lfs, tmp_path):
    pd.DataFrame({"text": TEXTS}).to_parquet(tmp_path / "corpus.parquet")
    run = lk.run(tmp_path / "rules.py", tmp_path / "corpus.parquet", tmp_path / "out", labels=["HAM", "SPAM"])
    assert run.matrix().votes.tolist() == VOTES


def test_votes_are_kept_until_the_steps_change(tmp_path):
    path, kept = tmp_path / "rules.py", tmp_path / "kept"
    rule = 'free = lk.keywords("don\'t", label=1).rule(name="free")'
    source = f'import labelkit as lk\ntext = lk.normalized_text("text")\n{rule}\n'
    for text, remembered in (
        (source, ()),
        (source, ("free",)),
        (source.replace('")', '", steps=["composed"])', 1), ()),
    ):
        path.write_text(text, "utf-8")
        applier = lk.Applier(lk.collect(path, labels=["HAM", "SPAM"]))
        votes = applier.apply(["I don\u2019t"], cache=kept).votes.tolist()
        assert applier.remembered == remembered
        assert votes == [[-1 if "composed" in text else 1]]


@given(st.lists(st.text() | st.sampled_from(["e\u0301", "\u00e9", "\u2011", "\ufb01", "\u00b4"]) | st.none()))
@settings(max_examples=100, deadline=None)
def test_a_column_is_normalized_as_each_text_is_and_normalizing_twice_changes_nothing(texts):
    column = pa.array(texts, pa.string())
    for steps in (("composed",), ("quotes",), ("invisible",), ("compatible",), STEPS):
        once = normalize(column, steps)
        assert normalize(once, steps).equals(once)
        assert once.to_pylist() == [normalize(pa.array([text], pa.string()), steps)[0].as_py() for text in texts]


@given(st.text(alphabet=st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=["Cn", "Cs"])))
@settings(deadline=None)
def test_composing_is_what_python_does(text):
    column = pa.array([text])
    assert normalize(column, ["composed"])[0].as_py() == unicodedata.normalize("NFC", text)
    assert normalize(column, ["compatible"])[0].as_py() == unicodedata.normalize("NFKC", text)


def test_joiners_stay():
    words = ["می\u200cخواهم", "\U0001f468\u200d\U0001f469\u200d\U0001f467"]
    assert normalize(pa.array(words), STEPS).to_pylist() == [unicodedata.normalize("NFKC", word) for word in words]


@pytest.mark.parametrize("steps", [[], "composed", ["accents"]])
def test_unknown_steps_are_refused_with_those_that_there_are(steps):
    with pytest.raises(RuleError, match="there are composed, quotes, invisible, compatible"):
        lk.normalized_text("text", steps=steps)


def test_a_column_without_a_name_is_refused():
    with pytest.raises(RuleError, match="not the name of a column"):
        lk.normalized_text("")


def test_what_is_no_text_is_a_fault():
    clean = lk.normalized_text("n")
    with pytest.raises(TypeError, match="only text can be normalized"):
        clean(3)


ODD = st.sampled_from(
    [
        *"e\u0301\u00e9\u2011\ufb01\u00b4\u00ad\u1100\u1161\u11a8\uac00\u09c7\u09be\u0327\u0300\u00a0a",
        "\u0f73",
        "\u0344",
    ]
)


@given(
    st.lists(ODD | st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=["Cn", "Cs"])).map("".join),
    st.sampled_from([("composed",), ("quotes",), ("invisible",), ("compatible",), STEPS]),
)
@settings(max_examples=400, deadline=None)
def test_each_character_of_a_normalized_text_stands_where_it_came_from(text, steps):
    normalized, origins = normalized_origins(text, steps)
    assert normalized == normalize(pa.array([text]), steps)[0].as_py()
    assert len(origins) == len(normalized)
    assert all(0 <= start < stop <= len(text) for start, stop in origins)
    assert sorted(origins) == list(origins)
    for i in range(len(origins)):
        if i + 1 == len(origins) or origins[i] != origins[i + 1]:
            before = normalize(pa.array([text[: origins[i][1]]]), steps)[0].as_py()
            assert before == normalized[: i + 1]
