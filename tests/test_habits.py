"""Each habit of people and programs is accepted where its meaning is plain; else the error names it and the remedy."""

import contextlib
import gzip
import json
import re
import sqlite3
import warnings
from decimal import Decimal
from enum import IntEnum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit import cli
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import CollectError, CorpusError, FaultError, GoldError, MatrixError, RuleError


class Label(IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


LFS = lk.LabelingFunctions(
    [
        lk.keywords("free", label=Label.SPAM).rule(name="free"),
        lk.keywords("hi", label=Label.HAM).rule(name="hi"),
    ]
)
TABLE = "id,text,author\n1,free café,a\n2,hi you,b\n3,free,c\n"
VOTES = [[1, -1], [-1, 0], [1, -1]]
ROWS = [{"text": "free café"}, {"text": "hi you"}, {"text": "free"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def saved(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def votes(corpus, **options):
    return lk.Applier(LFS).apply(corpus, **options).votes.tolist()


def message(error, make, *arguments, **options):
    """Return the message of the error that a call raises; it is short, and ends in a hint."""
    with pytest.raises(error) as caught:
        make(*arguments, **options)
    text = str(caught.value)
    assert "\nHint: " in text
    assert len(text) < 700
    return text


# Files ------------------------------------------------------------------------------------------------------------------

ACCEPTED_FILES = {
    "semicolon.csv": TABLE.replace(",", ";"),
    "tab.csv": TABLE.replace(",", "\t"),
    "pipe.csv": TABLE.replace(",", "|"),
    "comma.tsv": TABLE,
    "declared.csv": "sep=;\r\n" + TABLE.replace(",", ";"),
    "decimal-comma.csv": "text;n\nfree café;1,5\nhi you;2,5\nfree;3\n",
    "gzip.csv": gzip.compress(TABLE.encode()),
    "utf-16.csv": TABLE.encode("utf-16"),
    "utf-32.csv": TABLE.encode("utf-32"),
    "excel-unicode.csv": TABLE.replace(",", "\t").encode("utf-16"),
    "utf-16-gzip.csv": gzip.compress(TABLE.encode("utf-16")),
    "space.csv": TABLE.replace("id,text", " id , text"),
    "bom-semicolon.csv": "\ufeff" + TABLE.replace(",", ";"),
    "lines.json": LINES,
    "array.json": json.dumps(ROWS),
    "pretty.json": json.dumps(ROWS, indent=2, ensure_ascii=False),
    "lines.txt": "free café\r\nhi you\r\nfree\r\n",
    "gzip.jsonl": gzip.compress(LINES.encode()),
    "utf-16.jsonl": LINES.encode("utf-16"),
}


@pytest.mark.parametrize("name", ACCEPTED_FILES)
def test_a_file_whose_meaning_is_plain_is_read(tmp_path, name):
    path = saved(tmp_path, name, ACCEPTED_FILES[name])
    assert votes(path) == VOTES
    other = path.with_name(f"other-{path.name}")
    other.write_bytes(path.read_bytes())
    assert votes([path, other]) == VOTES * 2


REFUSED_FILES = {
    "windows.csv": (
        TABLE.encode("cp1252"),
        r"line 2: .*not valid UTF-8 \[LK\d{3}\]\nHint: .*Windows-1252 \('café'\): give encoding=\"cp1252\"; or iconv -f cp1252",
    ),
    "header.csv": (TABLE.replace("author", "Größe").encode("cp1252"), r"header .*Windows-1252 \('Größe'\)"),
    "cyrillic.csv": (
        "text\nпривет мир\n".encode("cp1251"),
        r"not valid UTF-8 \[LK\d{3}\]\nHint: give encoding=\"ENCODING\"; or iconv -f ENCODING .*cp1251",
    ),
    "no-mark.csv": (TABLE.encode("utf-16-le"), r"UTF-16-LE: give encoding=\"utf-16-le\"; or iconv -f utf-16-le"),
    "windows.jsonl": (LINES.encode("cp1252"), r"Windows-1252 .*give encoding=\"cp1252\""),
    "book.xlsx": (b"PK\x03\x04", r"cannot be read as an Excel workbook.*\nHint: open it in Excel"),
    "book.csv": (b"PK\x03\x04\x14\x00abc", r"not text but an Excel workbook .*\nHint: rename a workbook to \.xlsx"),
    "old.csv": (b"\xd0\xcf\x11\xe0abc", r"not text but an Excel workbook"),
    "parquet.csv": (b"PAR1\x15\x00", r"not text but Parquet \[LK\d{3}\]\nHint: rename it to \.parquet"),
    "packed.jsonl": (b"BZh91AY", r"is cut off: its bzip2 data ends too early \[LK\d{3}\]\nHint: copy it again"),
    "page.csv": ("<!DOCTYPE html>\n<p>", r"not text but a web page \[LK\d{3}\]\nHint: download the file itself"),
    "text.parquet": (TABLE, r"cannot be read as Parquet.*\nHint: it is text: rename it to \.csv"),
    "gzip.parquet": (gzip.compress(b"PAR1"), r"cannot be read as Parquet.*\nHint: it is compressed \(gzip\)"),
    "columns.json": (
        pd.DataFrame(ROWS).to_json(),
        r"holds one row with the keys 0, 1, 2, .* as pandas writes it \[LK\d{3}\]\nHint: .*to_json\(path, orient='records', lines",
    ),
    "array.jsonl": (json.dumps(ROWS, indent=2), r"Hint: it looks like one JSON array"),
    "pretty.jsonl": (
        json.dumps(ROWS[0], indent=2),
        r"Hint: its objects stand on several lines each; .* jq -c \. pretty",
    ),
    "python.jsonl": ("\n".join(map(str, ROWS)), r"Hint: it is written as Python writes a dict"),
    "commas.jsonl": (LINES.replace("\n", ",\n"), r"Hint: a line of JSON Lines ends without a comma"),
    "strings.jsonl": ('"free"\n"hi"\n', r"Hint: JSON Lines has one object a line"),
    "table.jsonl": (TABLE, r"Hint: if it is a table, rename it to \.csv"),
    "quotes.csv": ('id, "text"\n1, "free"\n', r"column \"text\" .* has a space before its quotes"),
    "case.csv": (TABLE.replace("text", "Text"), r"rule 'free' reads column 'text', .*\nHint: did you mean 'Text'\?"),
    "uneven.csv": ("id;text\n1;free;x\n", r"it has 'id;text' \[LK\d{3}\]\nHint: the header is one column.*';'"),
    "headless.csv": ("1,this is a text for free\n", r"it has '1', .*\nHint: if the first line is data, put a line"),
    "unquoted.csv": (
        "id,text\n1,free, really\n",
        r"3 fields, not 2 \[LK\d{3}\]\nHint: put a text that holds the delimiter ','",
    ),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_file_of_another_kind_is_named_with_the_remedy(tmp_path, name):
    content, expected = REFUSED_FILES[name]
    assert re.search(expected, message(CorpusError, votes, saved(tmp_path, name, content)), re.DOTALL)


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_the_command_line_speaks_its_own_spelling(tmp_path, name, capsys):
    path = saved(tmp_path, name, REFUSED_FILES[name][0])
    rules = saved(
        tmp_path, "rules.py", "import labelkit as lk\nfree = lk.keywords('free', label=1).rule(name='free')\n"
    )
    with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        cli.main(["run", str(rules), str(path), "--out", str(tmp_path / "out"), "--labels", "HAM, SPAM", "--quiet"])
    error = capsys.readouterr().err
    assert ended.value.code == 1
    assert "Hint: " in error
    for python in ("on_bad_row=", "types=", "pandas.", "labels=", "id=", "Traceback"):
        assert python not in error


def test_a_key_that_later_lines_have_alone_is_a_column(tmp_path):
    lines = ['{"text": "free", "n": null}'] * 40_000 + ['{"text": "hi", "late": "x", "n": 3}']
    path = saved(tmp_path, "late.jsonl", "\n".join(lines))

    @lk.labeling_function
    def late(late: str):
        return 1

    @lk.labeling_function
    def number(n):
        return 1 if n == 3 else None

    matrix = lk.Applier([late, number], labels=2).apply(path)
    assert matrix.votes[-2:].tolist() == [[-1, -1], [1, 1]]
    assert "which the corpus does not have" in message(CorpusError, lk.Applier([misspelt], labels=2).apply, path)
    rows = ({"text": "a"} if row < 2_000 else {"late": "x"} for row in range(2_001))
    assert "give the first row each key" in message(CorpusError, lk.Applier([late], labels=2).apply, rows)


@lk.labeling_function
def misspelt(laet: str):
    return 1


@lk.labeling_function
def whole(n: int):
    return 1 if n > 1 else None


@lk.labeling_function
def real(n: float):
    return 1 if n > 1 else None


@lk.labeling_function
def flag(n: bool):
    return 1 if n else None


@pytest.mark.parametrize(
    ("rule", "name", "content", "expected"),
    [
        (whole, "n.csv", "n,t\n1.0,a\n2.00,b\n,c\n", [-1, 1, -1]),
        (whole, "n.jsonl", '{"n": 1}\n{"n": 2.0}\n{"n": null}', [-1, 1, -1]),
        (real, "n.csv", "n,t\n1,a\n2.5,b\n", [-1, 1]),
        (
            whole,
            "n.csv",
            "n,t\n2.5,a\n",
            "int expected, got '2.5' [LK207]\nHint: int by an annotation or its first values: annotate the parameter, n: float",
        ),
        (whole, "n.csv", 'n,t\n"1,000",a\n', "got '1,000' [LK207]\nHint: write 1234.5"),
        (real, "n.csv", 'n,t\n"1,5",a\n', "got '1,5' [LK207]\nHint: a decimal comma: annotate str"),
        (whole, "n.csv", "n,t\nNA,a\n", "got 'NA' [LK207]\nHint: leave a field empty"),
        (flag, "n.csv", "n,t\nyes,a\n", "got 'yes' [LK207]\nHint: write true and false"),
        (whole, "n.jsonl", '{"n": "1"}', "got str: '1' [LK207]\nHint: the numbers of 'n' stand in quotes"),
        (
            whole,
            "n.jsonl",
            '{"n": 2.5}',
            "got float: 2.5 [LK207]\nHint: int by an annotation or its first values: annotate the parameter, n: float",
        ),
    ],
)
def test_numbers_as_programs_write_them(tmp_path, rule, name, content, expected):
    path, applier = saved(tmp_path, name, content), lk.Applier([rule], labels=2)
    if isinstance(expected, str):
        assert expected in message(CorpusError, applier.apply, path)
    else:
        assert applier.apply(path).votes[:, 0].tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        [Decimal(1), Decimal("2.0"), None],
        [1, 2, pd.NA],
        pd.array([1, 2, None], dtype="Int64"),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([1.0, 2.0, np.nan]),
        pl.Series([1, 2, None]),
    ],
    ids=repr,
)
def test_whole_numbers_of_any_library(values):
    assert lk.Applier([whole], labels=2).apply({"n": values}).votes[:, 0].tolist() == [-1, 1, -1]


class DatasetDict(dict):
    """As that of Hugging Face."""


FRAME = pd.DataFrame({"text": ["free", "hi"]})


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        (DatasetDict(train=FRAME, test=FRAME), r"a DatasetDict of tables \('train', 'test'\).*data\['train'\]"),
        ({"train": pa.table({"text": ["a"]})}, r"a dict of tables .*data\['train'\]"),
        ({"text": {0: "a"}}, r"column 'text' of the dict is a dict \[LK\d{3}\]\nHint: give pandas\.DataFrame"),
        ([FRAME, FRAME], r"a list of 2 frames or Series .*pandas\.concat"),
        ([FRAME.text, FRAME.text], r"a list of 2 frames or Series .*pandas\.concat"),
        ("memory://nowhere/a.csv", "there is nothing at .*Hint: check the bucket"),
        (FRAME.rename(columns={"text": " text"}), r"Hint: ' text' has spaces around it"),
    ],
)
def test_containers_of_another_kind_are_named(corpus, expected):
    assert re.search(expected, message(CorpusError, votes, corpus), re.DOTALL)


def test_an_open_file_is_not_a_list_of_texts(tmp_path):
    path = saved(tmp_path, "a.csv", TABLE)
    with path.open() as opened:
        assert "Hint: give its path" in message(CorpusError, votes, opened)


# Gold -------------------------------------------------------------------------------------------------------------------

MATRIX = lk.Applier(LFS).apply(pd.DataFrame({"text": ["free a", "hi b", "free c", "hi d", "x"]}))
TRUTH = [1, 0, 1, 0, -1]


def gold_is_read(gold):
    table = lk.summarize(MATRIX, gold=gold)
    return str(table) == str(lk.summarize(MATRIX, gold=TRUTH))


@pytest.mark.parametrize(
    "gold",
    [
        ["spam", "ham", "Spam", "Ham", None],
        [" SPAM", "HAM ", "SPAM\t", "HAM", ""],
        ["Label.SPAM", "Label.HAM", "SPAM", "HAM", "ABSTAIN"],
        ["1.0", "0.0", "1", "0", " "],
        [1.0, 0.0, 1.0, 0.0, np.nan],
        [Label.SPAM, Label.HAM, Label.SPAM, Label.HAM, Label.ABSTAIN],
        [Decimal(1), Decimal(0), Decimal("1.0"), 0, None],
        pd.array(["SPAM", "ham", "SPAM", "ham", None], dtype="string"),
        pd.array([1, 0, 1, 0, None], dtype="Int64"),
        pd.Series(pd.Categorical(["spam", "ham", "spam", "ham", None])),
        pd.DataFrame({"y": TRUTH}),
        pl.DataFrame({"y": TRUTH}),
        pa.table({"y": TRUTH}),
        np.array(TRUTH)[:, None],
        [[label] for label in TRUTH],
    ],
    ids=lambda gold: type(gold).__name__,
)
def test_gold_whose_meaning_is_plain_is_read(gold):
    assert gold_is_read(gold)


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (
            [True, False, True, False, True],
            r"True and False, not classes \[LK\d{3}\]\nHint: write the class of each, SPAM or HAM",
        ),
        ([True, False, None, None, None], r"gold holds True.*\nHint: write the class of each"),
        (["True", "False", None, None, None], r"gold holds 'True'.*\nHint: write the class of each"),
        (["SPMA", "HAM", None, None, None], r"gold holds 'SPMA'.*\nHint: did you mean 'SPAM'\?"),
        (["nan", "HAM", None, None, None], r"gold holds 'nan'.*\nHint: leave it empty"),
        (["eggs", "HAM", None, None, None], r"gold holds 'eggs'.*\nHint: write the names .*HAM=0, SPAM=1"),
        ([2, 1, 2, 1, 1], r"class 2 .*\nHint: classes are counted from 0, and gold counts them from 1"),
        ([0.3, 0.9, 1, 0, 0], r"holds 0.3.*\nHint: .*of probabilities"),
        (np.eye(2)[[1, 0, 1, 0, 0]], r"shape \(5, 2\).*\nHint: .*argmax\(axis=1\)"),
        (pd.DataFrame({"id": range(5), "label": TRUTH}), r"2 columns.*\nHint: .*set_index\('id'\)\['label'\]"),
    ],
)
def test_gold_of_another_kind_is_named(gold, expected):
    assert re.search(expected, message(GoldError, gold_is_read, gold), re.DOTALL)


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (TRUTH, r"5 labels for 3 examples \[LK\d{3}\]\nHint: .*after matrix\[rows\], gold\[rows\]"),
        (dict(enumerate(TRUTH)), r"names all of the 3 examples, and 2 .*\nHint: after matrix\[rows\]"),
    ],
)
def test_gold_of_more_examples_than_a_slice_names_the_slice(gold, expected):
    assert re.search(expected, message(GoldError, lk.summarize, MATRIX[:3], gold=gold))


@pytest.mark.parametrize(
    "content",
    [
        "id,label\n1,spam\n2, ham \n3,Spam\n",
        "id;label\n1;SPAM\n2;HAM\n3;SPAM\n",
        "id, Label\n1,1.0\n2,0.0\n3,1.0\n",
        "id,label\n1,SPAM\n2,HAM\n3,SPAM\n".encode("utf-16"),
    ],
)
def test_gold_files_as_programs_write_them(tmp_path, content):
    corpus, gold = saved(tmp_path, "a.csv", TABLE), saved(tmp_path, "gold.csv", content)
    folder = lk.run(LFS, corpus, tmp_path / "out", id="id", gold=str(gold), report=False, progress=False)
    assert "gold: 3 of 3 labels matched an example" in folder.describe()
    assert "accuracy 100.0%" in folder.describe()


def test_a_column_of_gold_in_other_letters_is_proposed(tmp_path):
    corpus = saved(tmp_path, "a.csv", "id,text,Gold\n1,free,SPAM\n")
    text = message(GoldError, lk.run, LFS, corpus, tmp_path / "out", gold="gold", report=False, progress=False)
    assert "did you mean 'Gold'?" in text


# Rules ------------------------------------------------------------------------------------------------------------------

DECORATORS = [
    "keywords",
    "regex",
    "lookup",
    "facts",
    "near",
    "within",
    "unnegated",
    "at_least",
    "repeated",
    "fuzzy",
    "entities",
    "phrases",
    "token_pattern",
    "similar_to",
    "prompt",
    "model_output",
    "expect",
]


@pytest.mark.parametrize("name", DECORATORS)
def test_a_decorator_without_parentheses_says_so(name):
    def offers(text):
        """Docstring alone."""

    text = message(RuleError, getattr(lk, name), offers)
    assert text.startswith(f"@{name} stands without parentheses above 'offers' [LK103]\nHint: @{name}(")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: lk.keywords("a", label="spam"), r"label='spam' is not a class \[LK\d{3}\]\nHint: .*label=Label\.SPAM"),
        (lambda: lk.keywords({"a": "eggs"}), r"label='eggs' is not a class \[LK\d{3}\]\nHint: .*IntEnum.*--labels"),
        (lambda: lk.keywords("a", label=Label), r"Hint: give one class of it: label=Label\.HAM"),
        (lambda: lk.keywords({Label.SPAM: ["a", "b"]}), r"Hint: one label an entry, and the entry first"),
        (lambda: lk.lookup({"a": [1]}), r"Hint: one label an entry"),
        (
            lambda: lk.keywords(["a", ["b"]], label=1),
            r"takes strings, not \['b'\] \(list\) \[LK\d{3}\]\nHint: give one flat list",
        ),
        (lambda: lk.keywords("\bfree\b", label=1), r'"\\b" in a string without r.*\nHint: r"\\bfree\\b"'),
        (lambda: lk.keywords("\free", label=1), r'"\\f" in a string without r'),
        (lambda: lk.regex("\bfree\b", label=1), r'"\\b" in a string without r.*\nHint: r"\\bfree\\b"'),
        (lambda: lk.regex("(a|b)\1", label=1), r'"\\1" in a string without r'),
        (lambda: lk.regex("a", "b", label=1), r"regex takes one pattern.*\nHint: one with \|"),
        (lambda: lk.lookup({"a": "spam"}), r"Hint: give a member of an IntEnum: label=Label\.SPAM"),
        (lambda: lk.lookup([["a", 1]], match="value", label=1), r"Hint: an entry of several columns is a tuple"),
        (lambda: lk.lookup([{"a": 1}], match="value", label=1), r"Hint: take one value of each"),
        (lambda: lk.token_pattern([{"LOWER": "Bye"}], label=1), r"never matches.*\nHint: \{\"LOWER\": \"bye\"\}"),
        (lambda: lk.token_pattern([{"lower": {"IN": ["a", "Bye"]}}], label=1), r"never matches"),
        (lambda: lk.token_pattern([{"POS": "verb"}], label=1), r"never matches.*\nHint: \{\"POS\": \"VERB\"\}"),
        (lambda: lk.rules_from(["free"]), r"rules_from reads a file"),
    ],
)
def test_a_declaration_names_the_habit(make, expected):
    assert re.search(expected, message(RuleError, make), re.DOTALL)


def test_control_characters_that_are_meant_are_accepted():
    assert lk.regex("[\x00-\x08\x0b]", label=1).rule(name="control")("a\x08") == 1
    assert lk.regex("a\fb", label=1).rule(name="page")("a\fb") == 1


def test_a_member_in_other_letters_is_proposed(tmp_path):
    @lk.labeling_function
    def offers(text: str):
        return Label.spam

    with pytest.raises(FaultError, match=r"Label has no member 'spam'; did you mean Label\.SPAM\?"):
        lk.Applier([offers], labels=Label).apply(FRAME)
    source = "from enum import IntEnum\nclass Label(IntEnum):\n    HAM = 0\nvote = Label.Ham\n"
    with pytest.raises(CollectError, match=r"line 4: .*Label has no member 'Ham'; did you mean Label\.HAM\?"):
        lk.collect(saved(tmp_path, "rules.py", source))


ODD = r"""
import labelkit as lk
from enum import IntEnum
class Label(IntEnum):
    HAM = 0
    SPAM = 1
WORDS = ["viagra", "cialis" # a comma is missing
    "free", "win"]
comma = lk.keywords(WORDS, label=Label.SPAM).rule(name="comma")
chinese = lk.keywords("免费", label=Label.SPAM).rule(name="chinese")
thai = lk.keywords("ฟรี", label=Label.SPAM).rule(name="thai")
apart = lk.keywords("cafe\u0301", label=Label.SPAM).rule(name="apart")
value = lk.lookup(["cafe\u0301"], match="value", label=Label.SPAM).rule(name="value")
curly = lk.keywords("don’t", label=Label.SPAM).rule(name="curly")
hidden = lk.keywords("fr\u200bee", label=Label.SPAM).rule(name="hidden")
pattern = lk.keywords(r"\bfree\b", label=Label.SPAM).rule(name="pattern")
several = lk.keywords("free, win, cash", label=Label.SPAM).rule(name="several")
chinese_part = lk.keywords("免费", label=Label.SPAM, whole_word=False).rule(name="fine_1")
two_lines = lk.regex("free "
    "money", label=Label.SPAM).rule(name="fine_2")
both = lk.keywords("don’t", "don't", "cafe\u0301", "café", label=Label.SPAM).rule(name="fine_4")
spaced = lk.keywords("check "
    "out", "naïve", label=Label.SPAM).rule(name="fine_3")
"""


def test_words_that_can_hardly_match_are_warned_of(tmp_path):
    report = str(check_rules(saved(tmp_path, "rules.py", ODD)))
    expected = {
        "comma": r"'cialisfree' is 'cialis' 'free' \(line 7\) without a comma between",
        "chinese": "a script without spaces",
        "thai": "a script without spaces",
        "apart": "letters and accents apart",
        "value": "letters and accents apart",
        "curly": "a curly apostrophe",
        "hidden": "an invisible character",
        "pattern": "not as a regular expression",
        "several": "one phrase with its commas",
    }
    for rule, reason in expected.items():
        assert re.search(f"warning: {rule}: .*{reason}.*\n  Hint: ", report), rule
    assert "fine_" not in report.split("warning:", 1)[1]


def test_a_run_warns_of_them_too(tmp_path):
    rule = lk.keywords("免费", label=Label.SPAM).rule(name="chinese")
    corpus = saved(tmp_path, "a.csv", TABLE)
    with pytest.warns(UserWarning, match=r"rule 'chinese': .*whole word.*Hint: whole_word=False"):
        lk.run(lk.LabelingFunctions([rule], labels=Label), corpus, tmp_path / "out", report=False, progress=False)


LEXICONS = {
    "semicolon.csv": "word;label\nfree;SPAM\n",
    "space.csv": "word, label\nfree, spam\n",
    "number.csv": "word,label\nfree,1.0\n",
    "utf-16.csv": "word,label\nfree,Label.SPAM\n".encode("utf-16"),
    "gzip.csv": gzip.compress(b"word,label\nfree,SPAM\n"),
    "lines.json": '{"word": "free", "label": "Spam"}\n',
    "float.jsonl": '{"word": "free", "label": 1.0}\n',
}


@pytest.mark.parametrize("name", LEXICONS)
def test_lists_as_programs_write_them(tmp_path, name):
    path = saved(tmp_path, name, LEXICONS[name])
    (rule,) = lk.rules_from(path, label=Label)
    assert rule("free") == 1
    assert lk.lookup(path, value="label", label=Label).rule(name="r")("free") == 1


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.jsonl",
            '{"word": "free", "label": ["SPAM"]}',
            r"label \['SPAM'\] \(list\) \[LK\d{3}\]\nHint: one label an entry",
        ),
        (
            "a.jsonl",
            '{"word": "free", "label": {"a": 1}}',
            r"label \{'a': 1\} \(dict\) \[LK\d{3}\]\nHint: one label an entry",
        ),
        ("a.jsonl", '{"word": "free", "label": true}', r"label True \(bool\) \[LK\d{3}\]\nHint: one label an entry"),
        ("a.jsonl", '[{"word": "free", "label": "SPAM"}]', r"not an object.*\nHint: it looks like one JSON array"),
        ("a.jsonl", '{\n"word": "free"\n}', r"no JSON.*\nHint: its objects stand on several lines"),
        (
            "a.csv",
            "word,label\nfrée,SPAM\n".encode("cp1252"),
            r"not valid utf-8.*\nHint: it reads well as Windows-1252",
        ),
        ("a.csv", "word,label\nfree,\n", r"label ''.*\nHint: give each entry a label"),
        (
            "a.csv",
            "word,label\nfree,eggs\n",
            r"'eggs', which is not among 'ABSTAIN', 'HAM', 'SPAM' \[LK\d{3}\]\nHint: write one",
        ),
        ("a.csv", "word,Label\nfree,SPAM\n", r"Hint: did you mean 'Label'\?"),
        ("a.csv", b"PK\x03\x04", r"not text but an Excel workbook"),
        ("a.ods", b"PK\x03\x04", r"cannot be '\.ods' \[LK\d{3}\]\nHint: .*save a sheet as CSV"),
        ("a.xlsx", b"PK\x03\x04", r"cannot be read as an Excel workbook"),
    ],
)
def test_lists_of_another_kind_are_named(tmp_path, name, content, expected):
    path = saved(tmp_path, name, content)
    for read in (lk.rules_from, lambda path, label: lk.lookup(path, value="label", label=label)):
        assert re.search(expected, message(RuleError, read, path, label=Label), re.DOTALL)


def test_a_group_that_is_a_list_is_refused(tmp_path):
    path = saved(tmp_path, "a.jsonl", '{"word": "free", "label": "SPAM", "by": ["ann"]}')
    assert "the group ['ann']" in message(RuleError, lk.rules_from, path, label=Label, group="by")


@pytest.mark.parametrize("load", ["once", "per batch"])
def test_a_table_keeps_the_empty_key_as_a_dict_does(tmp_path, load):
    pytest.importorskip("sqlalchemy")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE words (word TEXT, label TEXT)")
        connection.executemany("INSERT INTO words VALUES (?, ?)", [("", "SPAM"), ("hi", "HAM")])
        connection.commit()
    table = lk.sql_table(tmp_path / "a.db", "words", load=load)
    rule = lk.lookup(table, key="word", value="label", label=Label).rule(name="stored")
    given = lk.lookup({"": 1, "hi": 0}, match="value").rule(name="given")
    assert [rule(text) for text in ("", "hi", " ")] == [given(text) for text in ("", "hi", " ")] == [1, 0, -1]


# Matrices ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: MATRIX[[True, False]], r"the mask has 2 values for 5 examples \[LK\d{3}\]\nHint: "),
        (lambda: MATRIX[np.array([True] * 6)], r"the mask has 6 values for 5 examples"),
        (lambda: MATRIX[pl.Series([True, False])], r"the mask has 2 values for 5 examples"),
        (lambda: MATRIX[pa.array([True, False])], r"the mask has 2 values for 5 examples"),
        (lambda: MATRIX[1.5], r"1.5 chooses no rows"),
        (lambda: MATRIX[None], r"None chooses no rows"),
        (lambda: MATRIX == ["SPAM", "HAM"], r"votes are numbers"),
        (lambda: MATRIX[[0, 1.5]], r"chooses no rows \[LK\d{3}\]\nHint: "),
        (lambda: MATRIX["a":"b"], r"chooses no rows \[LK\d{3}\]\nHint: a slice is of positions"),
        (lambda: MATRIX == "SPAM", r"votes are numbers, and 'SPAM' is text \[LK\d{3}\]\nHint: .*Label\.SPAM"),
        (lambda: MATRIX != "SPAM", r"votes are numbers"),
        (lambda: pd.Series(["a"] * 5) == MATRIX, r"votes are numbers"),
        (
            lambda: lk.LabelMatrix.of(pd.DataFrame({"question": [1, 2], "user_id": [1, 1], "response": [0, 1]})),
            r"those of a long table.*\nHint: LabelMatrix\.from_long",
        ),
    ],
)
def test_a_matrix_names_the_habit(make, expected):
    assert re.search(expected, message(MatrixError, make), re.DOTALL)


def test_frames_and_matrices_compare_and_convert():
    frame = MATRIX.to_pandas()
    assert (frame == MATRIX).all(axis=None)
    assert (pd.DataFrame(MATRIX).to_numpy() == MATRIX.votes).all()
    assert [len(one) for one in MATRIX] == [1] * 5


def test_ids_of_several_types_are_refused_when_they_are_saved(tmp_path):
    parts = [lk.Applier(LFS).apply({"text": ["free"], "id": [name]}, id="id") for name in ("a", 3)]
    both = lk.LabelMatrix.concat(parts)
    assert "3 (int) and 'a' (str)" in message(MatrixError, both.save, tmp_path / "votes.parquet")
    labels = lk.MajorityVote().fit(both).label(both)
    assert "of several types" in message(MatrixError, labels.save, tmp_path / "labels.parquet")


def test_answers_that_differ_in_spaces_are_one_class_with_a_warning():
    with pytest.warns(UserWarning, match=r"' y' and 'y' are taken for one class"):
        matrix = lk.LabelMatrix.from_long([1, 1, 2, 2], ["a", "b", "a", "b"], ["y", " y", "n", "y"])
    assert matrix.class_names == ("n", "y")
    with pytest.warns(UserWarning, match=r"'Y' and 'y' are two classes"):
        lk.LabelMatrix.from_long([1, 1], ["a", "b"], ["y", "Y"])


# Command line -----------------------------------------------------------------------------------------------------------


def test_a_parameter_of_a_rule_is_given_a_column_whose_name_no_parameter_can_have(tmp_path, capsys):
    rule = "import labelkit as lk\n@lk.labeling_function()\ndef hot(number: float):\n    return 1 if number > 3 else None\n"
    between = "import labelkit as lk\nhot = lk.between(3, 10, column='Temp (°C)', label=1).rule(name='hot')\n"
    path = saved(tmp_path, "a.csv", "id,Temp (°C)\n1,3.5\n2,2\n".encode())
    expected = {
        rule: "Hint: --map number='Temp (°C)' reads 'Temp (°C)', or another column, under this name; or name the",
        between: "(def hot(number: float)); --map number='Temp (°C)' reads 'Temp (°C)' under this name\n",
    }
    for place, (content, hint) in enumerate(expected.items()):
        rules = saved(tmp_path, f"rules{place}.py", content.encode())
        command = [
            "run",
            str(rules),
            str(path),
            "--labels",
            "HAM,SPAM",
            "--quiet",
            "--out",
            str(tmp_path / f"o{place}"),
        ]
        with pytest.raises(SystemExit):
            cli.main(command)
        said = capsys.readouterr().err
        assert hint in said
        assert "types=" not in said
    rules = tmp_path / "rules0.py"
    hint = "lk.open_corpus(corpus, rename={'number': 'Temp (°C)'}, types={'number': float}) reads"
    assert hint in message(CorpusError, lk.run, rules, path, tmp_path / "p", labels=["a", "b"])
    renamed = lk.open_corpus(path, rename={"number": "Temp (°C)"}, types={"number": float})
    run = lk.run(rules, renamed, tmp_path / "p", labels=["HAM", "SPAM"], progress=False, report=False, cache=False)
    assert run.matrix().votes.tolist() == [[1], [-1]]


@pytest.mark.parametrize(
    ("content", "arguments", "expected"),
    [
        ("id,text,y\n1,free,1\n", ["--gold", "Y"], "--gold Y is neither a column of the corpus nor a file"),
        ("id,text\n1,free\n", ["--id", "ID"], "did you mean 'id'?"),
        ("text\ncaf\udce9\n", [], "--on-bad-row reject"),
        (
            "id,text,y\n1,free,True\n",
            ["--gold", "y"],
            "VALUE=CLASS says what other values mean, and --map-label VALUE= that one means none\n",
        ),
    ],
)
def test_hints_of_the_command_line_are_options(tmp_path, capsys, content, arguments, expected):
    rules = saved(
        tmp_path, "rules.py", "import labelkit as lk\nfree = lk.keywords('free', label=1).rule(name='free')\n"
    )
    path = saved(tmp_path, "a.csv", content.encode(errors="surrogateescape"))
    with warnings.catch_warnings(), pytest.raises(SystemExit):
        cli.main(["run", str(rules), str(path), "--out", str(tmp_path / "out"), "--labels", "HAM,SPAM", *arguments])
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("read", [lk.summarize, lk.what_to_fix, lk.pairwise_overlaps, lk.LabelModel().fit])
def test_a_run_in_the_place_of_its_votes_is_named(tmp_path, read):
    run = lk.run(LFS, ROWS, tmp_path / "run", progress=False, report=False, cache=False)
    assert "given as an object of type labelkit RunFolder, which is no matrix" in message(MatrixError, read, run)
    assert "run.matrix()" in message(MatrixError, read, run)
    given = str(run.path)
    assert f"of the run there, labelkit.RunFolder({given!r}).matrix()" in message(MatrixError, read, given)
    assert "of a run, labelkit.RunFolder(path).matrix()" in message(MatrixError, read, f"{given}-gone")
    run.matrix().save(tmp_path / "votes.parquet")
    file = tmp_path / "votes.parquet"
    assert f"labelkit.LabelMatrix.load({str(file)!r})" in message(MatrixError, read, file)
    assert "labelkit.RunFolder(path).matrix()" in message(MatrixError, read, "a\0b" * 5_000)
    assert read(run.matrix()) is not None


@pytest.mark.parametrize("name", ["summarize", "diff", "coverage_by", "what_to_fix", "fit", "of"])
def test_labels_in_place_of_votes_are_named(name):
    labels = lk.MajorityVote().fit([[1, 0], [0, 0]]).label([[1, 0], [0, 0]])
    calls = {"fit": lk.LabelModel().fit, "of": lk.LabelMatrix.of}
    more = {"diff": (labels,), "coverage_by": ([1, 2],)}.get(name, ())
    with pytest.raises(lk.exceptions.MatrixError, match="ProbabilisticLabels are labels, and no votes"):
        calls.get(name, getattr(lk, name, None))(labels, *more)
