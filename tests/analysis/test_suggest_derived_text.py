"""Rules that are proposed are counted on the text that they read: a derived column of the module, if it makes one."""

import pytest

import labelkit as lk
from labelkit.annotate._examples import draw_examples
from labelkit.annotate._word_rule import WordRules
from labelkit.corpus import open_corpus

MODULES = {
    "normalized": 'text = lk.normalized_text("text")\n',
    "function": '@lk.column\ndef text(text: str) -> str:\n    return text.replace("\u2019", "\'").replace("\u00ad", "")\n',
    "batch": '@lk.column\ndef clean(text: str) -> str:\n    return text.replace("\u2019", "\'").replace("\u00ad", "")\n',
}
RULES = """
@lk.keywords("{merci}", label=1)
def merci({column}): "Thanks."

@lk.keywords("nul", label=0)
def nul({column}): "Bad."
"""
GOOD = [f"merci, vrai\u00adment {i}" for i in range(30)]
BARE = [f"vrai\u00adment {i}" for i in range(10)] + [f"vraiment {i}" for i in range(10)]
TEXTS = [*GOOD, *BARE, *(f"nul, une perte {i}" for i in range(30)), *(f"rien de plus {i}" for i in range(20))]


@pytest.fixture(params=MODULES)
def lfs(request, tmp_path):
    column = "clean" if request.param == "batch" else "text"
    source = "import labelkit as lk\n" + MODULES[request.param] + RULES.format(merci="merci", column=column)
    (tmp_path / "rules.py").write_text(source)
    return lk.collect(tmp_path / "rules.py", labels=["BAD", "GOOD"]), tmp_path / "rules.py", column


def test_the_pasted_rule_and_the_rule_itself_vote_as_it_was_counted(lfs):
    rules, path, column = lfs
    matrix = lk.Applier(rules).apply(TEXTS)
    suggestions = lk.suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), lfs=rules, column=column)
    (one,) = suggestions
    assert one.words == "vraiment"
    assert one.rows == 50
    assert one.new == 20
    itself = lk.Applier([*rules, one.rule()], labels=["BAD", "GOOD"]).apply(TEXTS)
    assert (itself.votes[:, 2] >= 0).sum() == 50
    path.write_text(path.read_text() + "\n\n" + str(one) + "\n")
    pasted = lk.Applier(lk.collect(path, labels=["BAD", "GOOD"])).apply(TEXTS)
    assert (pasted.votes[:, 2] >= 0).sum() == 50


def test_without_a_derived_column_the_raw_text_is_counted():
    rules = [lk.keywords("merci", label=1).rule(name="merci"), lk.keywords("nul", label=0).rule(name="nul")]
    matrix = lk.Applier(rules, labels=["BAD", "GOOD"]).apply(TEXTS)
    words = {item.words for item in lk.suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), lfs=rules)}
    assert "vraiment" not in words


def test_a_derived_column_that_is_no_text_is_told(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n@lk.column\ndef text(text: str) -> int:\n    return len(text)\n"
        "@lk.labeling_function\ndef long(text):\n    return 1 if text > 18 else 0 if text < 14 else None\n"
    )
    rules = lk.collect(tmp_path / "rules.py", labels=["BAD", "GOOD"])
    matrix = lk.Applier(rules).apply(TEXTS)
    with pytest.raises(lk.exceptions.AnalysisError, match="column 'text' holds int, not text"):
        lk.suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), lfs=rules)


def test_a_rule_of_selected_words_is_counted_on_what_it_reads(lfs):
    rules, _, column = lfs
    corpus = open_corpus(TEXTS)
    asked = draw_examples(corpus, 80, ["text"], 0)
    counted = WordRules(corpus, asked, rules, ["BAD", "GOOD"], 0).count(["vraiment"], "GOOD", column, {})
    assert counted["share"]["share"] == 50 / len(TEXTS)
