"""Views: the rows that answer a question, found as its definition says, with texts, votes and matches."""

import re
from enum import IntEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import CorpusError, GoldError, LabelSpaceError, MatrixError, ModelError
from labelkit.views import Span
from labelkit.views.matches import Finder
from labelkit.votes.label_matrix import LabelMatrix
from tests._shared.test_markup import read
from tests.waiting import counted_calls


class Label(IntEnum):
    HAM = 0
    SPAM = 1


asks = lk.keywords("subscribe", "check out", label=Label.SPAM).rule(name="asks")
link = lk.regex(r"https?://\S+", label=Label.SPAM).rule(name="link")
praise = lk.keywords("love", "great", label=Label.HAM).rule(name="praise")
RULES = [asks, link, praise]

TEXTS = [
    "Please subscribe and check  out https://a.example",
    "I love it",
    "love it? subscribe!",
    "hm",
    "",
    "great, see http://b.example",
]
IDS = list("pqrstu")


@pytest.fixture(scope="module")
def matrix():
    return lk.Applier(RULES, labels=Label).apply({"id": IDS, "text": TEXTS}, id="id")


@pytest.fixture(scope="module")
def corpus():
    return pd.DataFrame({"id": IDS, "text": TEXTS})


TAGS = ("div", "style", "p", "table", "thead", "tbody", "tr", "th", "td", "bdi", "mark", "span")


def ids_of(shown):
    return sorted(shown.frame.index)


# Questions ------------------------------------------------------------------------------------------------------------


def test_each_question_gets_the_examples_that_answer_it(matrix, corpus):
    def ask(**question):
        return ids_of(lk.view(matrix, corpus, id="id", **question))

    assert ask() == IDS
    assert ask(labeled_by="asks") == ["p", "r"]
    assert ask(labeled_by=["asks", "link"]) == ["p"]
    assert ask(labeled_by="praise", vote=Label.HAM) == ["q", "r", "u"]
    assert ask(labeled_by="praise", vote="SPAM") == []
    assert ask(vote=Label.SPAM) == ["p", "r", "u"]
    assert ask(conflict=("asks", "praise")) == ["r"]
    assert ask(conflict="praise") == ask(conflict=True) == ["r", "u"]
    assert ask(uncovered=True) == ["s", "t"]
    assert ask(pattern={"asks": Label.SPAM, "link": lk.ABSTAIN}) == ["r"]
    assert ask(pattern=[1, "SPAM", None]) == ["p"]
    assert ask(wrong={"p": 0, "q": 0, "s": 1}) == ["p"]
    assert ask(labeled_by="link", wrong={"p": 0, "u": 1}) == ["p"]
    assert ask(conflict=True, labeled_by="link") == ["u"]


@st.composite
def questions(draw):
    """Votes, gold, and a question about them with the slow definition of its answer."""
    n, m, k = draw(st.integers(1, 12)), draw(st.integers(2, 4)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    votes, gold = rng.integers(-1, k, (n, m)), rng.integers(-1, k, n)
    c, a, b = int(rng.integers(k)), *rng.permutation(m)[:2].tolist()

    def differ(row):
        return len({vote for vote in row if vote >= 0}) > 1

    kinds = [
        ({"labeled_by": f"lf{a}"}, lambda row, _: row[a] >= 0),
        ({"labeled_by": f"lf{a}", "vote": c}, lambda row, _: row[a] == c),
        ({"labeled_by": [f"lf{a}", f"lf{b}"]}, lambda row, _: row[a] >= 0 and row[b] >= 0),
        ({"vote": c}, lambda row, _: c in row),
        ({"conflict": (f"lf{a}", f"lf{b}")}, lambda row, _: differ([row[a], row[b]])),
        ({"conflict": f"lf{a}"}, lambda row, _: row[a] >= 0 and differ(row)),
        ({"conflict": True}, lambda row, _: differ(row)),
        ({"uncovered": True}, lambda row, _: max(row) < 0),
        ({"pattern": {f"lf{a}": c, f"lf{b}": None}}, lambda row, _: row[a] == c and row[b] < 0),
        ({"wrong": gold}, lambda row, g: g >= 0 and any(v >= 0 and v != g for v in row)),
        ({"wrong": gold, "labeled_by": f"lf{a}"}, lambda row, g: g >= 0 and row[a] >= 0 and row[a] != g),
    ]
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2))
    asked = {key: value for question, _ in chosen[::-1] for key, value in question.items()}
    about = [{"vote" if key in {"labeled_by", "wrong"} else key for key in question} for question, _ in chosen]
    if len(chosen) == 2 and about[0] & about[1]:
        chosen, asked = chosen[:1], chosen[0][0]  # two questions that are about the same thing are one
    answer = [i for i in range(n) if all(test(votes[i].tolist(), gold[i]) for _, test in chosen)]
    return LabelMatrix.of(votes, classes=k), asked, answer


@given(questions())
@settings(max_examples=150, deadline=None)
def test_the_rows_are_those_of_the_definition_written_out(case):
    matrix, asked, answer = case
    shown = lk.view(matrix, {"text": [f"text {i}" for i in range(len(matrix))]}, **asked)
    assert shown.rows.tolist() == answer
    assert shown.n_found == len(answer)
    assert shown.frame["text"].tolist() == [f"text {i}" for i in answer]
    assert str(shown)
    assert shown._repr_html_()


def test_a_view_holds_a_sample_that_the_random_state_decides():
    matrix = LabelMatrix.of(np.zeros((1000, 1), int))
    texts = {"text": [str(i) for i in range(1000)]}
    first, again, other = (
        lk.view(matrix, texts, labeled_by="lf0", n=5, random_state=s).rows.tolist() for s in (0, 0, 1)
    )
    assert first == again == sorted(first)
    assert first != other
    assert lk.view(matrix, texts, n=5).title == "5 of the 1,000 examples"


def test_the_most_uncertain_come_first():
    matrix = LabelMatrix.of([[0, 1, 0], [0, 0, 0], [-1, -1, -1], [0, 1, -1]])
    model = lk.MajorityVote().fit(matrix)
    shown = lk.view(matrix, list("abcd"), uncertain=model)
    assert shown.rows[0] == 3
    assert shown.rows[-1] == 1
    assert 2 not in shown.rows
    assert shown.frame["probability"].is_monotonic_increasing
    for labels in (model.label(matrix), model.predict_proba(matrix), model.label(matrix)[[3, 2, 1, 0]]):
        assert lk.view(matrix, list("abcd"), uncertain=True, labels=labels).rows.tolist() == shown.rows.tolist()


def test_labels_can_be_asked_for_and_judged():
    matrix = LabelMatrix.of([[0, 0], [1, 1], [0, 1], [-1, -1]], classes=["HAM", "SPAM"])
    model = lk.MajorityVote().fit(matrix)
    assert lk.view(matrix, list("abcd"), label="SPAM", labels=model).frame["label"].tolist() == ["SPAM"]
    assert lk.view(matrix, list("abcd"), label=None, labels=model).n_found == 4
    assert lk.view(matrix, list("abcd"), wrong=[1, 1, 0, 0], labels=model).rows.tolist() == [0]
    assert lk.view(matrix, list("abcd"), label=lk.ABSTAIN, labels=model).rows.tolist() == [2, 3]
    named = pd.DataFrame(model.predict_proba(matrix), columns=["HAM", "SPAM"])
    assert lk.view(matrix, list("abcd"), label="SPAM", labels=named[["SPAM", "HAM"]]).rows.tolist() == [1]
    turned = LabelMatrix.of(1 - np.array([[0, 0], [1, 1], [0, 1], [2, 2]]), classes=["SPAM", "HAM"])
    with pytest.raises(ModelError, match="are of the classes SPAM, HAM, and not of HAM, SPAM in this order"):
        lk.view(matrix, list("abcd"), label="SPAM", labels=lk.MajorityVote().fit(turned).label(turned))


# What is shown --------------------------------------------------------------------------------------------------------


def test_named_examples_are_shown_in_the_order_in_which_they_are_named(matrix, corpus):
    shown = lk.view(matrix, corpus, RULES, ids=["u", "p", "s"])
    assert shown.ids.tolist() == ["u", "p", "s"]
    assert shown.texts["text"].tolist() == [TEXTS[5], TEXTS[0], TEXTS[3]]
    assert shown.title == "all 3 examples with the given ids (6 in all)"
    assert lk.view(matrix, corpus, ids=iter("tsr"), n=2).ids.tolist() == ["t", "s"]
    assert lk.view(matrix, corpus, ids="q").ids.tolist() == ["q"]
    assert len(lk.view(matrix, corpus, ids=[])) == 0


def test_named_examples_are_asked_about_like_others(matrix, corpus):
    shown = lk.view(matrix, corpus, RULES, ids=["u", "q", "p"], labeled_by="link")
    assert shown.ids.tolist() == ["u", "p"]
    assert lk.view(matrix, corpus, ids=list("stp"), uncertain=lk.LabelModel().fit(matrix)).ids.tolist() == ["p"]


def test_examples_are_named_by_number_where_nothing_else_names_them():
    matrix = lk.Applier(RULES, labels=Label).apply(TEXTS)
    assert lk.view(matrix, TEXTS, ids=np.array([4, 0])).ids.tolist() == [4, 0]
    assert lk.view(matrix, TEXTS, ids=2).texts["text"].tolist() == [TEXTS[2]]
    with pytest.raises(MatrixError, match="no example has the id 6"):
        lk.view(matrix, TEXTS, ids=[0, 6])


def test_a_view_shows_texts_votes_gold_and_matches(matrix, corpus):
    shown = lk.view(matrix, corpus, RULES, id="id", labeled_by="asks", gold={"p": "SPAM"})
    frame = shown.frame
    assert frame.columns.tolist() == ["text", "gold", "asks", "link", "praise", "matched"]
    assert frame.loc["p", ["gold", "asks", "link", "praise"]].tolist() == ["SPAM", "SPAM", "SPAM", None]
    assert frame.loc["r", "matched"] == (
        Span("asks", "text", 9, 18, "subscribe"),
        Span("praise", "text", 0, 4, "love"),
    )
    assert [span.text for span in frame.loc["p", "matched"]] == ["subscribe", "check  out", "https://a.example"]


def test_only_rules_that_voted_or_were_asked_about_are_shown(matrix, corpus):
    assert lk.view(
        matrix, corpus, id="id", pattern={"praise": 0, "link": None, "asks": None}
    ).votes.columns.tolist() == [
        "asks",
        "link",
        "praise",
    ]
    assert lk.view(matrix[[1]], corpus, id="id").votes.columns.tolist() == ["praise"]
    assert lk.view(matrix, corpus, id="id", votes="link").votes.columns.tolist() == ["link"]
    assert lk.view(matrix, corpus, id="id", uncovered=True).votes.shape == (2, 0)


def test_the_columns_that_the_rules_read_are_shown_or_those_asked_for():
    data = {"title": ["a"], "text": ["love"], "likes": [3]}
    matrix = lk.Applier([praise], labels=Label).apply(data)
    assert lk.view(matrix, data).texts.columns.tolist() == ["text"]
    assert lk.view(matrix, data, column=["likes", "title"]).frame.iloc[0].tolist()[:2] == [3, "a"]
    assert lk.view([[1]], data).texts.columns.tolist() == ["text"]
    assert lk.view([[1]], {"title": ["a"], "n": [1]}).texts.columns.tolist() == ["title"]
    with pytest.raises(CorpusError, match="column 'nope' is not in the corpus"):
        lk.view(matrix, data, column="nope")


def test_names_that_stand_already_get_an_underscore():
    matrix = LabelMatrix.of([[1]], names=["text"])
    frame = lk.view(matrix, {"text": ["a"], "gold": ["x"]}, column=["text", "gold"], gold=[1]).frame
    assert frame.columns.tolist() == ["text", "gold", "gold_", "text_", "matched"]


def test_a_fault_is_shown_as_one():
    @lk.labeling_function
    def fails(text):
        if text == "b":
            raise ValueError(text)
        return 1

    matrix = lk.Applier([fails], labels=2).apply(list("ab"), on_fault="record")
    shown = lk.view(matrix, list("ab"), [fails])
    assert shown.frame["fails"].tolist() == ["1", "(failed)"]
    assert "(failed)" in str(shown)


# Matches --------------------------------------------------------------------------------------------------------------


def spans(rule, **values):
    return [(span.start, span.stop) for span in Finder().spans(rule, values)]


def test_a_condition_tells_what_speaks_for_its_vote():
    free, win, ham = lk.keywords("free"), lk.keywords("win"), lk.keywords("ham")
    rule = ((free & win) | ham & ~win).labeled(1).rule(name="gift")
    assert spans(rule, text="free win ham") == [(0, 4), (5, 8)]
    assert spans(rule, text="ham free") == [(0, 3)]
    assert spans((~~free).labeled(1).rule(name="twice"), text="so free") == [(3, 7)]
    assert spans((~free).labeled(1).rule(name="not"), text="so") == []


def test_the_first_entry_that_matches_is_the_one_that_is_shown():
    rule = lk.keywords({"great song": 0, "free": 1}).rule(name="tone")
    assert spans(rule, text="free, great song") == [(6, 16)]


def test_look_ups_columns_and_guards_have_matches():
    values = lk.lookup(["red", "blue"], match="value", label=1).rule(name="colour", column="colour")
    assert spans(values, colour="blue") == [(0, 4)]
    both = lk.keywords("win", label=1).rule(name="both", column=("title", "text"))
    assert [s[1:4] for s in Finder().spans(both, {"title": "win", "text": "you win"})] == [
        ("text", 4, 7),
        ("title", 0, 3),
    ]

    @lk.labeling_function(when=lk.keywords("win"))
    def guarded(text):
        return 1

    assert spans(guarded, text="I win") == [(2, 5)]

    @lk.labeling_function
    def free(text):
        return 1

    assert spans(free, text="I win") == []


WORDS = st.text(alphabet="abſsıiİKk ß'é+.ͅι", min_size=1, max_size=5).filter(str.strip)


@given(
    st.lists(WORDS, min_size=1, max_size=6),
    st.text(alphabet="abſsıiİKkKI ß'é+.ͅιS", max_size=30),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_shortened_list_of_words_matches_as_the_whole_list_does(words, text, whole_word, ignore_case):
    padding = [f"word{i}" for i in range(40)]
    rule = lk.keywords(*words, *padding, label=1, whole_word=whole_word, ignore_case=ignore_case).rule(name="words")
    expression, _ = rule.body.cases[0]
    found = Finder().spans(rule, {"text": text})
    expected = [match.span() for match in expression.test.regex.finditer(text)]
    assert [(span.start, span.stop) for span in found] == list(dict.fromkeys(expected))[:20]
    assert all(span.text == text[span.start : span.stop] for span in found)


def test_of_a_list_of_fifty_thousand_words_only_those_in_the_text_are_compiled():
    rule = lk.keywords(*(f"name{i}" for i in range(50_000)), label=1).rule(name="names")
    finder = Finder()
    finder.spans(rule, {"text": "name3"})
    with counted_calls() as calls:
        for i in range(20):
            assert len(finder.spans(rule, {"text": f"the name{i} of it " * 3})) == 3
    assert calls.n < 20 * 2_000  # to compile all words takes hundreds of thousands, each time


def test_derived_columns_are_made_for_the_rows_shown():
    calls = []

    @lk.column
    def lower(text: str) -> str:
        calls.append(text)
        return text.lower()

    rule = lk.regex("love", label=1).rule(name="low", column="lower")
    object.__setattr__(rule, "origin", type(rule.origin)("m", {"lower": lower}))
    texts = ["LOVE"] * 50 + ["no"]
    matrix = LabelMatrix.of([[1]] * 50 + [[-1]], names=["low"])
    shown = lk.view(matrix, texts, [rule], labeled_by="low", n=3, column=["text", "lower"])
    assert shown.frame["lower"].tolist() == ["love"] * 3
    assert shown.spans[0] == (Span("low", "lower", 0, 4, "love"),)
    assert len(calls) == 3


def test_a_derived_column_that_fails_is_noted():
    @lk.column
    def broken(text: str) -> str:
        raise ValueError(text)

    rule = lk.regex("a", label=1).rule(name="on_broken", column="broken")
    object.__setattr__(rule, "origin", type(rule.origin)("m", {"broken": broken}))
    shown = lk.view(LabelMatrix.of([[1]], names=["on_broken"]), ["a"], [rule])
    assert shown.spans == ((),)
    assert "on_broken" in shown.notes[0]


def test_a_rule_that_was_changed_since_it_voted_shows_no_match(matrix, corpus):
    changed = lk.keywords("please", label=Label.SPAM).rule(name="asks")
    shown = lk.view(matrix, corpus, [changed, praise], id="id", labeled_by="asks")
    assert {span.lf for row in shown.spans for span in row} == {"praise"}
    assert "asks" in str(shown).splitlines()[-1]
    assert "changed since" in shown._repr_html_()


def test_rules_without_source_or_docstring_are_shown():
    made = eval("lambda text: 1")
    rule = lk.labeling_function(name="made")(made)
    matrix = lk.Applier([rule], labels=2).apply(["a"])
    assert lk.view(matrix, ["a"], [rule]).frame["made"].tolist() == ["1"]


# The corpus -----------------------------------------------------------------------------------------------------------


def corpora(tmp_path):
    frame = pd.DataFrame({"id": IDS, "text": TEXTS})
    frame.to_parquet(tmp_path / "c.parquet", row_group_size=2)
    frame.to_csv(tmp_path / "c.csv", index=False)
    frame.to_json(tmp_path / "c.jsonl", orient="records", lines=True)
    rows = frame.to_dict("records")
    return {
        "frame": frame,
        "rows": rows,
        "iterator": iter(rows),
        "table": pa.table(frame),
        **{suffix: tmp_path / f"c.{suffix}" for suffix in ("parquet", "csv", "jsonl")},
    }


@pytest.mark.parametrize("kind", ["frame", "rows", "iterator", "table", "parquet", "csv", "jsonl"])
@pytest.mark.parametrize("id_", [None, "id"])
def test_every_kind_of_corpus_gives_the_same_view(tmp_path, kind, id_):
    matrix = lk.Applier(RULES, labels=Label).apply(corpora(tmp_path)[kind], id=id_)
    shown = lk.view(matrix, corpora(tmp_path)[kind], RULES, id=id_, labeled_by="praise", column="text")
    assert shown.frame["text"].tolist() == [TEXTS[1], TEXTS[2], TEXTS[5]]
    assert shown.ids.tolist() == (["q", "r", "u"] if id_ else [1, 2, 5])
    assert shown.spans[0] == (Span("praise", "text", 2, 6, "love"),)


@pytest.mark.parametrize("kind", ["frame", "parquet", "csv"])
def test_a_corpus_in_another_order_is_matched_by_its_ids(tmp_path, matrix, kind):
    kept = pd.DataFrame({"id": IDS, "text": TEXTS}).iloc[::-1]
    kept.to_parquet(tmp_path / "c.parquet")
    kept.to_csv(tmp_path / "c.csv", index=False)
    given = kept if kind == "frame" else tmp_path / f"c.{kind}"
    frame = lk.view(matrix, given, id="id", labeled_by="asks").frame
    assert frame["text"].to_dict() == {"p": TEXTS[0], "r": TEXTS[2]}
    part = matrix[matrix.covered]
    assert lk.view(part, given, id="id", labeled_by="asks").frame["text"].to_dict() == frame["text"].to_dict()


def test_some_rows_of_a_matrix_find_their_examples_by_position(tmp_path):
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "c.csv", index=False)
    part = lk.Applier(RULES, labels=Label).apply(TEXTS)[[1, 5]]
    for corpus in (TEXTS, tmp_path / "c.csv"):
        assert lk.view(part, corpus).frame["text"].to_dict() == {1: TEXTS[1], 5: TEXTS[5]}


def test_a_corpus_of_other_length_or_other_ids_is_refused(tmp_path, matrix, corpus):
    pd.DataFrame({"text": TEXTS[:4]}).to_csv(tmp_path / "c.csv", index=False)
    plain = lk.Applier(RULES, labels=Label).apply(TEXTS)
    for other in (TEXTS[:4], tmp_path / "c.csv", TEXTS * 2):
        with pytest.raises(CorpusError, match=r"the corpus has \d+ rows, and the matrix 6"):
            lk.view(plain, other, uncovered=True)
    with pytest.raises(CorpusError, match=r"no example with the id 's' \(2 are missing\)"):
        lk.view(matrix, corpus.iloc[:3], id="id", uncovered=True)
    with pytest.raises(CorpusError, match="the corpus has 6 rows, and the matrix 2"):
        lk.view(matrix[[0, 1]], corpus)
    twice = pd.concat([corpus.iloc[::-1], corpus])
    with pytest.raises(CorpusError, match="the id 's' names several examples"):
        lk.view(matrix, twice, id="id", uncovered=True)


def test_ids_that_come_twice_are_told_apart_by_their_places():
    data = {"id": ["a", "a", "b"], "text": ["love 1", "love 2", "no"]}
    with pytest.raises(CorpusError, match=r"the id 'a' \(column 'id'\) stands twice, the second time on row 1"):
        lk.Applier([praise], labels=Label).apply(data, id="id")
    matrix = LabelMatrix.of([[0], [0], [-1]], names=["praise"], classes=Label, ids=data["id"])
    assert lk.view(matrix, data, id="id", labeled_by="praise").frame["text"].tolist() == ["love 1", "love 2"]
    rows = [{"id": i, "text": text} for i, text in zip(data["id"], data["text"], strict=True)]
    assert lk.view(matrix, iter(rows), id="id", labeled_by="praise").frame["text"].tolist() == ["love 1", "love 2"]


def test_no_more_of_a_file_is_held_than_a_batch(tmp_path):
    rows = 200_000
    texts = pa.array([f"{i:06d} " + "x" * 100 for i in range(rows)])
    pq.write_table(pa.table({"text": texts}), tmp_path / "c.parquet", row_group_size=20_000)
    matrix = LabelMatrix.of(np.zeros((rows, 1), int))
    del texts
    before = pa.total_allocated_bytes()
    pool = pa.default_memory_pool()
    shown = lk.view(matrix, tmp_path / "c.parquet", n=5)
    assert [int(text[:6]) for text in shown.frame["text"]] == shown.rows.tolist()
    assert pa.total_allocated_bytes() - before < 2_000_000
    assert pool.max_memory() is None or pool.max_memory() < 200_000_000


def test_gold_is_a_column_of_the_corpus_or_three_rows(matrix, corpus):
    with_gold = corpus.assign(spam=[0, 0, 1, 1, None, None])
    shown = lk.view(matrix, with_gold, id="id", wrong="spam")
    assert shown.frame["gold"].to_dict() == {"p": "HAM", "r": "SPAM"}
    assert ids_of(lk.view(matrix, corpus, id="id", wrong=pd.Series({"p": 0, "q": 0, "r": 0}))) == ["p", "r"]
    with pytest.raises(GoldError, match="not examples, such as 'z'"):
        lk.view(matrix, corpus, id="id", wrong={"z": 1})


# Mistakes -------------------------------------------------------------------------------------------------------------


def test_mistakes_are_named_with_a_line_that_works(matrix, corpus):
    def ask(**question):
        return lk.view(matrix, corpus, id="id", **question)

    with pytest.raises(MatrixError, match="no labeling function is named 'ask' \\[LK116\\]\nHint: did you mean 'asks'"):
        ask(labeled_by="ask")
    with pytest.raises(
        LabelSpaceError, match="vote='EGGS' is no class \\[LK122\\]\nHint: the classes are HAM=0, SPAM=1"
    ):
        ask(vote="EGGS")
    with pytest.raises(MatrixError, match="vote=ABSTAIN"):
        ask(labeled_by="asks", vote=lk.ABSTAIN)
    with pytest.raises(MatrixError, match="for each of the 3"):
        ask(pattern=[1])
    with pytest.raises(GoldError, match="needs gold"):
        ask(wrong=True)
    with pytest.raises(ModelError, match="uncertain=model"):
        ask(uncertain=True)
    with pytest.raises(ModelError, match="neither a fitted label model"):
        ask(uncertain="LabelModel")
    with pytest.raises(ModelError, match="the labels are of other examples"):
        ask(labels=lk.MajorityVote().fit(matrix).label(matrix)[:2])
    with pytest.raises(MatrixError, match="n=0"):
        ask(n=0)
    with pytest.raises(MatrixError, match="is not a labeling function"):
        lk.view(matrix, corpus, ["asks"], id="id")
    with pytest.raises(TypeError, match="unexpected keyword"):
        ask(labelled_by="asks")


# In a terminal and a notebook -----------------------------------------------------------------------------------------


def test_an_empty_view_says_so(matrix, corpus):
    shown = lk.view(matrix, corpus, id="id", labeled_by="praise", vote="SPAM")
    assert str(shown) == "there is no example that praise labels SPAM (6 in all)"
    assert len(shown) == 0
    assert shown.frame.columns.tolist() == ["text", "praise", "matched"]
    assert "there is no example" in shown._repr_html_()


def test_a_matrix_without_votes_or_examples_has_views():
    silent = LabelMatrix.of(np.full((3, 2), -1))
    assert lk.view(silent, list("abc"), uncovered=True).title == "all 3 examples without a vote"
    assert lk.view(silent, list("abc"), conflict=True).n_found == 0
    empty = LabelMatrix.of(np.zeros((0, 2), int))
    assert str(lk.view(empty, {"text": []})) == "there is no example (0 in all)"


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=3),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
)
@settings(max_examples=100, deadline=None)
def test_whatever_a_corpus_holds_is_shown_and_never_run(texts, name):
    matrix = LabelMatrix.of(
        np.zeros((len(texts), 1), int), names=[name], classes=[f"{name}<img src=x>", "b"], ids=texts
    )
    shown = lk.view(matrix, {"text": texts})
    page = read(shown._repr_html_())
    assert {tag for tag, _ in page.tags} <= {*TAGS}
    assert not [key for _, attributes in page.tags for key in attributes if key != "class"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]", str(shown))


def test_a_hostile_text_is_harmless_in_a_terminal_and_a_page():
    texts = [
        "<script>alert(1)</script> love",
        "\x1b[2J\x1b]0;pwned\x07 love",
        "love \u202egnp.exe",
        "love שלום",
        "x" * 10**6 + " love",
    ]
    matrix = lk.Applier([praise], labels=Label).apply(texts)
    with counted_calls() as calls:
        shown = lk.view(matrix, texts, [praise])
        line, page = str(shown), shown._repr_html_()
    assert calls.n < 100_000  # not one for each of a million characters
    assert "\x1b" not in line + page
    assert "\u202e" not in line + page
    assert "<script" not in page
    assert len(page) < 10_000
    assert max(map(len, line.splitlines())) <= 130
    assert "…" + "x" * 20 in line
    assert line.count("»love«") == 5
    assert page.count("<mark>love</mark>") == 5


def test_a_terminal_shows_the_match_of_the_rule_that_was_asked_about(matrix, corpus):
    shown = lk.view(matrix, corpus, RULES, id="id", labeled_by="link", vote=Label.SPAM, gold={"p": 1})
    assert str(shown).splitlines() == [
        "all 2 examples that link labels SPAM (6 in all)",
        "p  Please subscribe and check  out »https://a.example«",
        "   asks SPAM, link SPAM, gold SPAM",
        "u  SPAM: great, see »http://b.example«",
        "   HAM:  »great«, see http://b.example",
        "   link SPAM, praise HAM, gold –",
    ]


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (
            "Comment",
            "the rules voted on it under this name: lk.open_corpus(corpus, rename={'text': 'Comment'}) reads 'Comment', or another",
        ),
        ("Text", "did you mean 'Text'? lk.open_corpus(corpus, rename={'text': 'Text'}) reads 'Text' under this name"),
    ],
)
def test_a_corpus_without_the_new_names_of_its_columns_is_told_with_them(column, hint):
    frame = pd.DataFrame({column: ["a free prize", "good weather today"]})
    lfs = lk.LabelingFunctions([lk.keywords("free", label=1).rule(name="free")], labels=["HAM", "SPAM"])
    opened = lk.open_corpus(frame, rename={"text": column})
    matrix = lk.Applier(lfs).apply(opened)
    with pytest.raises(CorpusError, match="column 'text' is not in the corpus") as caught:
        lk.view(matrix, frame, lfs)
    assert caught.value.hint.startswith(hint)
    assert list(lk.view(matrix, opened, lfs).frame["text"]) == list(frame[column])


def test_a_corpus_without_a_column_of_some_rules_is_shown_by_those_that_it_has():
    texts = pd.DataFrame({"text": ["free", "hi", "free hi"], "url": ["http://a", "", "http://b"]})
    free = lk.keywords(["free"], label=1, column="text").rule(name="free")
    link = lk.regex("http", label=1, column="url").rule(name="link")
    matrix = lk.Applier([free, link], labels=["HAM", "SPAM"]).apply(texts)
    for column in (None, "text"):
        shown = str(lk.view(matrix, texts[["text"]], [free, link], ids=[0, 2], column=column))
        assert "»free« hi" in shown
        assert "link SPAM" in shown  # whose vote is known
        assert "the corpus here has no column url: matches in it are not shown" in shown
    for bad in (
        {"column": "url"},
        {"corpus": texts.rename(columns={"url": "Url"})},
        {"corpus": texts[["text"]].rename(columns={"text": "x"})},
    ):
        with pytest.raises(CorpusError, match="is not in the corpus"):
            lk.view(**{"matrix": matrix, "corpus": texts[["text"]], "lfs": [free, link], "ids": [0, 2]} | bad)


@pytest.mark.parametrize("change", ["shuffled", "edited"])
def test_texts_that_are_not_those_of_the_votes_are_noted(change):
    frame = pd.DataFrame({"text": ["free money", "hello", "win free", "see me"]})
    free = lk.keywords("free", label=1).rule(name="free")
    sees = lk.regex("see", label=0).rule(name="sees")
    votes = lk.Applier([free, sees], labels=["HAM", "SPAM"]).apply(frame)
    other = frame.iloc[::-1].reset_index(drop=True)
    if change == "edited":
        other = frame.replace({"text": {"hello": "so free"}})
    (note,) = lk.view(votes, other, [free, sees]).notes
    rules = "free, sees" if change == "shuffled" else "free"
    assert note.endswith(f"of these in another order, since these rules vote otherwise here: {rules}")
    assert lk.view(votes, frame, [free, sees]).notes == ()
    assert lk.view(votes, other).notes == ()  # no rule is given that could tell


def test_an_example_without_a_vote_has_no_probability_of_its_own():
    """Its probabilities are the class prior; a label that the content gave it has one."""
    matrix = lk.LabelMatrix.of([[0, -1], [-1, -1], [0, 1]], classes=["A", "B"])
    labels = lk.LabelModel().fit(matrix).label(matrix)
    shown = lk.view(matrix, ["x", "y", "z"], labels=labels, column="text")
    assert "no vote, label –, probability –" in str(shown)
    assert shown.to_dict()["shown"][1]["probability"] is None
    expected = labels.proba.max(axis=1)
    assert np.array_equal(shown.beside["probability"].isna(), [False, True, False])
    assert shown.beside["probability"].iloc[[0, 2]].tolist() == expected[[0, 2]].tolist()
    assert "nan" not in shown._repr_html_()
    features = lk.read_features(["x", "y", "z"], "text")
    content = lk.ContentLabelModel().fit(matrix, features).label(matrix, features)
    labeled = lk.view(matrix, ["x", "y", "z"], labels=content, column="text").beside
    assert np.array_equal(labeled["probability"].isna(), labeled["label"].isna() & ~matrix.covered)
