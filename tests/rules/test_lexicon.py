"""Rules made of lists of words, and of the patterns of spaCy and Prodigy."""

from __future__ import annotations

import json
from enum import IntEnum

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import RuleError


class Mood(IntEnum):
    BAD = 0
    GOOD = 1


ROWS = [
    {"word": "lovely", "label": "GOOD", "by": "ann", "weight": 0.95},
    {"word": "awful", "label": "BAD", "by": "ann", "weight": 0.91},
    {"word": "so sad", "label": "BAD", "by": "bo", "weight": 0.55},
    {"word": "c++", "label": "GOOD", "by": "bo", "weight": 0.59},
    {"word": "lovely", "label": "GOOD", "by": "bo", "weight": 0.95},
]


@pytest.fixture(params=["csv", "tsv", "jsonl", "parquet"])
def lexicon(request, tmp_path):
    path = tmp_path / f"my mood.{request.param}"
    if request.param == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    elif request.param == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        comma = "," if request.param == "csv" else "\t"
        path.write_text(
            "".join(comma.join(map(str, row)) + "\n" for row in [list(ROWS[0]), *(row.values() for row in ROWS)])
        )
    return path


def test_there_is_a_rule_for_each_label(lexicon):
    rules = lk.rules_from(lexicon, label=Mood)
    assert [rule.name for rule in rules] == ["my_mood_good", "my_mood_bad"]
    matrix = lk.Applier(rules).apply(["a LOVELY day", "so   sad, I like C++", "nothing", None])
    assert matrix.votes.tolist() == [[1, -1], [1, 0], [-1, -1], [-1, -1]]
    assert matrix.class_names == ("BAD", "GOOD")
    assert rules[0].doc.startswith("3 words and phrases of my mood.")


def test_a_group_splits_the_rules_and_becomes_their_group(lexicon):
    rules = lk.rules_from(lexicon, label=Mood, group="by", name="m")
    assert [(rule.name, rule.group) for rule in rules] == [
        ("m_ann_good", "ann"),
        ("m_ann_bad", "ann"),
        ("m_bo_bad", "bo"),
        ("m_bo_good", "bo"),
    ]


def test_words_of_one_weight_share_a_rule_that_says_how_precise_it_is(lexicon):
    rules = lk.rules_from(lexicon, label=Mood, weight="weight", name="m")
    assert [rule.name for rule in rules] == ["m_good_90", "m_bad_90", "m_bad_50", "m_good_50"]
    assert [rule.precision for rule in rules] == pytest.approx([0.95, 0.91, 0.55, 0.59])


def test_rules_are_found_in_a_module_and_read_its_derived_columns(tmp_path):
    (tmp_path / "mood.csv").write_text("word,label\nlovely,GOOD\nawful,BAD\n")
    (tmp_path / "rules.py").write_text(
        "from enum import IntEnum\n"
        "import labelkit as lk\n"
        "class Mood(IntEnum):\n    BAD = 0\n    GOOD = 1\n"
        "@lk.column\n"
        "def lowered(text: str) -> str:\n    return text[::-1]\n"
        "RULES = lk.rules_from('mood.csv', label=Mood, column='lowered', ignore_case=False)\n"
    )
    lfs = lk.collect(tmp_path / "rules.py")
    assert lfs.names == ("mood_good", "mood_bad")
    assert lk.Applier(lfs).apply(["ylevol", "lovely"]).votes.tolist() == [[1, -1], [-1, -1]]


def test_labels_may_be_numbers_or_all_one(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"word": "x", "label": 1}\n{"word": "y", "label": 0}\n')
    (tmp_path / "b.csv").write_text("word\nx\ny\n")
    assert [rule.labels for rule in lk.rules_from(tmp_path / "a.jsonl")] == [(1,), (0,)]
    (rule,) = lk.rules_from(tmp_path / "b.csv", label=Mood.GOOD)
    assert (rule("y"), rule.name) == (1, "b_good")


def test_thousands_of_words_make_a_rule_that_votes_as_its_definition(tmp_path):
    words = [f"w{i:05d}" for i in range(20_000)]
    (tmp_path / "many.csv").write_text(
        "word,label\n" + "".join(f"{word},{'GOOD' if i % 2 else 'BAD'}\n" for i, word in enumerate(words))
    )
    rules = lk.rules_from(tmp_path / "many.csv", label=Mood)
    texts = ["see w00001!", "w00002 w19999", "w20000", "xw00001"]
    assert lk.Applier(rules).apply(texts).votes.tolist() == [[-1, 1], [0, 1], [-1, -1], [-1, -1]]


# ------------------------------------------------------------------------------------------------------ spaCy's patterns

PATTERNS = [
    {"label": "SPAM", "pattern": "free money", "id": "p1"},
    {"label": "SPAM", "pattern": [{"lower": "click"}, {"lower": {"IN": ["here", "now"]}}], "id": "p2"},
    {"label": "HAM", "pattern": "great song"},
    {"label": "SPAM", "pattern": "my channel", "id": "p3"},
]


def patterns_in(tmp_path, patterns=PATTERNS):
    (tmp_path / "patterns.jsonl").write_text("\n".join(map(json.dumps, patterns)))
    return tmp_path / "patterns.jsonl"


def test_phrases_of_a_pattern_file_become_keywords(tmp_path):
    phrases = [pattern for pattern in PATTERNS if isinstance(pattern["pattern"], str)]
    spam, ham = lk.rules_from(patterns_in(tmp_path, phrases), label={"SPAM": 1, "HAM": 0})
    assert [spam("FREE money"), spam("My channel"), ham("great song"), ham("x")] == [1, 1, 0, -1]
    assert spam.doc == "2 words and phrases of patterns.jsonl (ids p1, p3)."


def test_patterns_of_tokens_read_parsed_documents(tmp_path):
    pytest.importorskip("spacy")
    patterns_in(tmp_path)
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "doc = lk.spacy_doc('text', model='blank:en')\n"
        "RULES = lk.rules_from('patterns.jsonl', label={'SPAM': 1, 'HAM': 0})\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    assert lfs.names == ("patterns_spam", "patterns_spam_tokens", "patterns_ham")
    assert [lf.columns for lf in lfs] == [("text",), ("doc",), ("text",)]
    votes = lk.Applier(lfs).apply(["Click here for free money", "click there", "a great song", "CLICK NOW"]).votes
    assert votes.tolist() == [[1, 1, -1], [-1, -1, -1], [-1, -1, 0], [-1, 1, -1]]


def test_ids_can_have_rules_of_their_own(tmp_path):
    phrases = [pattern for pattern in PATTERNS if isinstance(pattern["pattern"], str) and "id" in pattern]
    rules = lk.rules_from(patterns_in(tmp_path, phrases), label={"SPAM": 1}, group="id")
    assert [(rule.name, rule.group) for rule in rules] == [("patterns_p1_spam", "p1"), ("patterns_p3_spam", "p3")]


# -------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "word,label\nx,GOOD\ny,NICE\n", "line 3 of 'a.csv' holds the label 'NICE', which is not among"),
        ("a.csv", "word,label\nx,GOOD\n ,BAD\n", "line 3 of 'a.csv' holds ' ', which is neither a word"),
        ("a.csv", "word,label\nx\n", "line 2 of 'a.csv' has more or fewer than 2 fields"),
        ("a.csv", "word,mood\nx,GOOD\n", "line 2 of 'a.csv' has no 'label'; it has 'word', 'mood'"),
        ("a.csv", "word,label\n", "the lexicon 'a.csv' has no words"),
        ("a.jsonl", '{"word": "x", "label": "GOOD"}\n\n{"word": \n', "line 3 of 'a.jsonl' is no JSON"),
        ("a.jsonl", '["x"]\n', "line 1 of 'a.jsonl' is not an object"),
        ("a.jsonl", '{"label": "GOOD", "pattern": [1]}\n', r"line 1 of 'a.jsonl' holds \[1\], which is neither"),
        ("a.jsonl", '{"label": "GOOD", "pattern": []}\n', r"line 1 of 'a.jsonl' holds \[\], which is neither"),
        ("a.xml", "x", "a lexicon cannot be '.xml'"),
        ("a.parquet", "x", "the lexicon 'a.parquet' cannot be read"),
    ],
)
def test_the_message_names_the_line(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(RuleError, match=message):
        lk.rules_from(tmp_path / name, label=Mood)


def test_weights_are_shares_and_files_are_there(tmp_path):
    (tmp_path / "a.csv").write_text("word,label,weight\nx,GOOD,0.5\ny,GOOD,3\n")
    with pytest.raises(RuleError, match=r"line 3 of 'a.csv' has the weight '3', which is not between 0 and 1"):
        lk.rules_from(tmp_path / "a.csv", label=Mood, weight="weight")
    with pytest.raises(RuleError, match=r"the lexicon 'b.csv' is not there"):
        lk.rules_from("b.csv", label=Mood)
