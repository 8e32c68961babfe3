"""Suggested rules: what is said of them is what they do, and their source text is a rule."""

import re
from enum import IntEnum

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.analysis.suggest import suggest
from labelkit.analysis.suggest._scoring import greedy, log_odds, scored
from labelkit.analysis.suggest.phrases import grams
from labelkit.exceptions import AnalysisError, CorpusError, GoldError
from labelkit.rules.keyword_source import free_name
from labelkit.rules.predicates import Words


class Label(IntEnum):
    HAM = 0
    SPAM = 1


ASKS = lk.keywords("subscribe", label=Label.SPAM).rule(name="asks")
SONG = lk.keywords("song", "singer", label=Label.HAM).rule(name="song")
SPAM = [f"please subscribe, free money number {i}" for i in range(40)] + [f"free money {i}" for i in range(25)]
HAM = [f"what a lovely song {i}" for i in range(40)] + [f"lovely voice {i}" for i in range(10)]
TEXTS = [*SPAM, *HAM, *(f"nothing known of {i}" for i in range(30))]
GOLD = np.array([1] * len(SPAM) + [0] * (len(HAM) + 30))


def voted(texts=TEXTS, rules=(ASKS, SONG)):
    return lk.Applier(list(rules)).apply(texts)


# Words and phrases ----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["check", "Check", "out", "my", "page", "don't", "bit.ly", ", ", "! ", " ", "  ", "\n", "😂", "❤️", "été", "Straße",
     "हिन्दी", "\0", "\x1e", "#", "a-b", "İ", "__", "e\u0301te"]
)  # fmt: skip


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=8), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_a_phrase_is_found_only_where_its_rule_finds_it(texts, max_words, min_texts):
    found = grams(texts, max_words=max_words, min_texts=min_texts)
    assert found.matrix.shape[0] == len(texts)
    dense = found.matrix.toarray()
    assert ((dense == 0) | (dense == 1)).all()
    seen = set()
    for g in range(dense.shape[1]):
        words = found.text(g)
        assert words not in seen
        seen.add(words)
        rule = Words((words,), whole_word=not found.is_piece(g))
        assert dense[:, g].sum() >= min_texts
        assert all(rule.matches(texts[i].replace("\0", " ")) for i in np.flatnonzero(dense[:, g]))


@given(st.lists(st.lists(st.sampled_from(["ab", "c,", "d"]), max_size=8).map(" ".join), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_every_plain_word_and_phrase_is_found(texts):
    found = grams(texts, min_texts=1)
    seen = {found.text(g) for g in range(found.matrix.shape[1])}
    for text in texts:
        words = text.split()
        for n in (1, 2, 3):
            for i in range(len(words) - n + 1):
                phrase = " ".join(words[i : i + n])
                if "," not in phrase.rstrip(","):
                    assert phrase.rstrip(",") in seen


def test_nothing_is_found_in_nothing():
    for texts in ([], [None], ["", None, "!?"], ["\0"], ["\x1e"]):
        assert grams(texts, min_texts=1).matrix.shape == (len(texts), 0)


def test_scripts_without_spaces_give_pieces_that_need_not_be_words():
    texts = ["这个手机很好", "手机太贵了", "我的手机坏了", "ราคาถูกมาก", "ของถูกมาก"]
    found = grams(texts, min_texts=2)
    pieces = {found.text(g): g for g in range(found.matrix.shape[1])}
    assert "手机" in pieces
    assert found.is_piece(pieces["手机"])
    assert found.matrix.toarray()[:, pieces["手机"]].tolist() == [1, 1, 1, 0, 0]
    assert any(re.search("[\u0e00-\u0e7f]{2}", piece) for piece in pieces)


def test_long_texts_are_split_in_chunks_that_do_not_show(monkeypatch):
    texts = [f"one two three {i % 7}" for i in range(50)]
    whole = grams(texts, min_texts=2)
    monkeypatch.setattr("labelkit.analysis.suggest.phrases.CHUNK_CHARACTERS", 30)
    parts = grams(texts, min_texts=2)
    assert [parts.text(g) for g in range(parts.matrix.shape[1])] == [
        whole.text(g) for g in range(whole.matrix.shape[1])
    ]
    assert (parts.matrix != whole.matrix).nnz == 0


# Scores ---------------------------------------------------------------------------------------------------------------


def test_scores_are_means_of_probabilities_with_their_interval():
    found = grams(["a b", "a", "a b", "c"] * 20, min_texts=1)
    proba = np.array([[0.9, 0.1], [0.8, 0.2], [1.0, 0.0], [0.0, 1.0]] * 20)
    scores = scored(found.matrix, proba)
    at = {found.text(g): g for g in range(found.matrix.shape[1])}
    assert scores.agreement[at["a"]] == pytest.approx(0.9)
    assert scores.support[at["a"]] == 60
    assert (scores.label[at["a"]], scores.label[at["c"]]) == (0, 1)
    assert (scores.low <= scores.agreement).all()


def test_the_greedy_choice_takes_what_is_left():
    found = grams(["x y", "x y", "x y", "x", "z", "z"], min_texts=1, max_words=1)
    at = {g: found.text(g) for g in range(3)}
    assert [at[g] for g in greedy(found.matrix, np.ones(3), 5)] == ["x", "z"]  # y covers nothing that x does not
    assert greedy(found.matrix, np.zeros(3), 5) == []


def test_log_odds_take_sides():
    found = grams(["a c", "a c", "b c", "b c"], min_texts=1, max_words=1)
    z = log_odds(found.matrix, np.eye(2)[[0, 0, 1, 1]], 0, 1)
    by = {found.text(g): z[g] for g in range(3)}
    assert by["a"] == pytest.approx(-by["b"])
    assert by["a"] > 0
    assert by["c"] == pytest.approx(0)


# Suggestions ----------------------------------------------------------------------------------------------------------


def test_suggestions_cover_the_uncovered_and_their_numbers_are_what_the_rules_do():
    matrix = voted()
    found = suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix))
    assert {item.label for item in found} == {"SPAM", "HAM"}
    proba = lk.MajorityVote().fit(matrix).predict_proba(matrix)
    for item in found:
        hits = np.array([item.rule()(text) == item.number for text in TEXTS])
        assert item.rows == hits.sum()
        assert item.new == (hits & ~matrix.covered).sum() > 0
        assert item.share == pytest.approx(hits.mean())
        assert item.share_low < item.share < item.share_high
        assert item.support == (hits & matrix.covered).sum() >= 5
        assert item.agreement == pytest.approx(proba[hits & matrix.covered, item.number].mean())
        assert item.agreement_low <= item.agreement <= item.agreement_high
        assert np.isnan([item.precision, item.precision_low, item.precision_high]).all()  # nobody knows without gold
        assert item.gold == 0
        assert all(hits[i] for i in item.ids)
        assert not matrix.covered[item.ids[0]]


def test_gold_tells_the_precision_and_does_not_choose():
    texts = TEXTS * 4
    matrix = voted(texts)
    gold = np.where(np.arange(len(texts)) % 3 == 0, np.tile(GOLD, 4), -1)
    gold[::2] = np.minimum(gold[::2], 0)  # half of the gold says that "free" is no sign of spam
    judged, bare = suggest(matrix, texts, gold=gold), suggest(matrix, texts)
    item = next(item for item in judged if item.words in {"free", "money", "free money"})
    hits = np.array([item.rule()(text) == item.number for text in texts])
    own = hits & (gold >= 0)
    assert item.gold == own.sum() > 10
    assert item.precision == pytest.approx((gold[own] == item.number).mean())
    assert item.precision_low < item.precision < item.precision_high
    assert item.support == (hits & matrix.covered & (gold < 0)).sum()
    assert item.agreement > 0.85
    assert f"Of {item.gold} gold examples with it" in item.why()
    assert "not checked by gold" in bare[0].why()
    by_id = suggest(matrix, texts, gold={int(i): int(label) for i, label in zip(matrix.ids, gold, strict=True)})
    assert by_id.items == judged.items


def test_a_suggestion_of_which_most_gold_is_of_other_classes_is_named_and_stays():
    matrix, texts = voted(TEXTS * 4), TEXTS * 4
    item = suggest(matrix, texts)[0]
    hit = np.flatnonzero([item.words in text for text in texts])
    for n_right in (1, 2):
        gold = np.full(len(texts), -1)
        gold[hit[:4]] = 1 - item.number
        gold[hit[:n_right]] = item.number
        judged = suggest(matrix, texts, gold=gold)
        assert judged[0].words == item.words
        note = "most of their gold is of other classes: free (1 of 4)."
        assert (note in str(judged)) == (n_right == 1)


def test_where_all_examples_have_gold_half_of_them_choose():
    texts = TEXTS * 4
    found = suggest(voted(texts), texts, gold=np.tile(GOLD, 4))
    assert len(found) > 1
    for item in found:
        hits = np.array([item.rule()(text) == item.number for text in texts])
        assert 0 < item.gold < hits.sum()
        assert item.precision == 1


def test_gold_that_does_not_fit_is_refused():
    with pytest.raises(GoldError, match="class 7"):
        suggest(voted(), TEXTS, gold=np.full(len(TEXTS), 7))


FUNCTION_WORDS = {
    "en": ("to a i the and of you in is it for on", "subscribe channel prize winner", "song voice melody singer"),
    "de": (
        "der die und zu ich ein das ist nicht es in den",
        "abonniert kanal gewinn preis",
        "lied stimme melodie sänger",
    ),
    "tr": ("ve bir bu da için ne çok ben sen o ki mi", "abone kanal ödül kazan", "şarkı ses melodi sanatçı"),
}


@pytest.mark.parametrize("language", FUNCTION_WORDS)
@pytest.mark.parametrize("between", [None, ("HAM", "SPAM")])
def test_words_that_stand_in_any_text_are_not_proposed_in_any_language(language, between):
    common, spam, ham = (words.split() for words in FUNCTION_WORDS[language])
    rng = np.random.default_rng(0)
    is_spam = rng.random(1_500) < 0.3
    lengths = np.where(is_spam, 10, 5) + rng.integers(0, 4, 1_500)  # spam is longer: so it has more of all words
    texts = [
        " ".join([*rng.choice(common, n), *rng.choice(spam if s else ham, 2)])
        for n, s in zip(lengths, is_spam, strict=True)
    ]
    rules = [lk.keywords(spam[0], label=Label.SPAM).rule(name="s"), lk.keywords(ham[0], label=Label.HAM).rule(name="h")]
    found = {item.words for item in suggest(voted(texts, rules), texts, between=between, n=50)}
    assert found & {*spam, *ham}
    assert not found & {*common}


def test_function_words_are_not_proposed_even_where_they_have_lift():
    spam = [f"{('win', 'grab')[i % 2]} a free {thing} {i}" for i, thing in enumerate(["phone", "bag", "watch"] * 40)]
    ham = [f"my {('song', 'clip')[i % 2]} sounds great, I heard it {i} times" for i in range(120)]
    texts = [*spam, *ham]
    rules = [lk.keywords("win", label=Label.SPAM).rule(name="w"), lk.keywords("song", label=Label.HAM).rule(name="s")]
    found = {item.words for item in suggest(voted(texts, rules), texts, between=("HAM", "SPAM"), n=50)}
    assert found
    assert not found & {"a", "i", "my", "it", "my i"}


def test_phrases_without_lift_are_not_proposed_however_many_are_looked_at():
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(400)])
    texts = [" ".join(row) for row in rng.choice(words, (1_500, 12))]
    votes = np.where(rng.random(1_500) < 0.6, rng.integers(0, 2, 1_500), -1)[:, None]
    for between in (None, (0, 1)):
        assert not suggest(votes, texts, lk.MajorityVote().fit(votes), between=between)


def test_suggestions_improve_the_coverage_of_the_next_run():
    matrix = voted()
    found = suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix))
    after = voted(rules=(ASKS, SONG, *found.rules()))
    assert after.covered.sum() == matrix.covered.sum() + 35


def test_without_labels_a_label_model_is_fitted():
    assert {item.label for item in suggest(voted(), TEXTS)} == {"SPAM", "HAM"}


def test_labels_as_they_were_saved_will_do(tmp_path):
    matrix = voted()
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    saved = lk.ProbabilisticLabels.load(labels.save(tmp_path / "labels.parquet"))
    assert repr(suggest(matrix, TEXTS, saved).items) == repr(suggest(matrix, TEXTS, labels).items)


@pytest.mark.parametrize("lfs", [None, (ASKS, SONG)])
def test_source_text_is_a_rule_that_votes_alike(lfs):
    matrix = voted()
    for item in suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), lfs=lfs):
        source = str(item)
        assert ("Label." in source) == (lfs is not None)
        scope = {"lk": lk, "Label": Label, "__name__": "pasted"}
        exec(source, scope)
        made = scope[item.name]
        assert [made(text) for text in TEXTS] == [item.rule()(text) for text in TEXTS]


MODULES = {
    "from labelkit import keywords": "@keywords(",
    "import labelkit as lk": "@lk.keywords(",
    "import labelkit": "@labelkit.keywords(",
    "from labelkit import keywords as words": "@words(",
    "from labelkit import regex, labeling_function": "import labelkit\n@labelkit.keywords(",
}


@pytest.mark.parametrize("line", MODULES)
def test_source_calls_keywords_as_the_module_of_the_rules_does(line, tmp_path):
    rules = (
        f"{line}\nfrom labelkit import labeling_function as lf\n"
        "@lf\ndef asks(text): return 1 if 'subscribe' in text else None\n"
        "@lf\ndef song(text): return 0 if 'song' in text else None\n"
        "def says_free(): pass\n"
    )
    (tmp_path / "rules.py").write_text(rules)
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    matrix = lk.Applier(lfs).apply(TEXTS)
    found = suggest(matrix, TEXTS, lfs=lfs)
    assert found.as_rule(0).startswith(MODULES[line])
    assert "says_free" not in {item.name for item in found}  # the module has a function of that name
    pasted = "\n\n".join(map(str, found))
    (tmp_path / "rules.py").write_text(f"{rules}\n\n{pasted}\n")
    votes = lk.Applier(lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])).apply(TEXTS)
    assert [(votes[item.name].votes >= 0).sum() for item in found] == [item.rows for item in found]


def test_a_column_that_is_a_word_of_python_can_be_pasted():
    frame = pd.DataFrame({"class": TEXTS})
    rules = [
        lk.keywords("subscribe", label=1).rule(name="asks", column="class"),
        lk.keywords("song", label=0).rule(name="song", column="class"),
    ]
    matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(frame)
    found = suggest(matrix, frame, column="class")
    scope = {"lk": lk}
    exec(found.as_rule(0), scope)
    assert scope[found[0].name].columns == ("class",)


def test_suggestions_are_sorted_by_the_examples_that_they_gain():
    """A word that agrees a little less but reaches many more examples comes first; what another reaches counts once."""
    sure = [f"subscribe now prize {i}" for i in range(40)] + [f"prize {i}" for i in range(5)]
    wide = [f"subscribe money {i}" for i in range(40)] + [f"song money {i}" for i in range(2)]
    texts = [*sure, *wide, *(f"money {i}" for i in range(30)), *(f"prize and money {i}" for i in range(3))]
    texts += [f"a song {i}" for i in range(60)]
    found = suggest(voted(texts), texts, lk.MajorityVote().fit(voted(texts)), max_words=1)
    assert [(item.words, item.new, item.gain) for item in found] == [("money", 33, 33), ("prize", 8, 5)]
    assert found[0].agreement < found[1].agreement
    assert "Sorted by gain: examples without a vote that get one, and that no suggestion above reaches." in str(found)
    assert [item.words for item in found[:1]] == ["money"]
    apart = suggest(voted(texts), texts, between=("HAM", "SPAM"))
    assert "Sorted by how surely they tell the two classes apart." in str(apart)


def test_words_that_rules_list_are_not_proposed():
    free = lk.keywords("Free", "lovely", label=1).rule(name="silent", column="other")
    matrix = voted()
    words = {item.words for item in suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), lfs=[ASKS, SONG, free])}
    assert words
    assert not words & {"free", "lovely", "subscribe", "song"}


def test_what_a_rule_already_says_is_no_news():
    matrix = voted()
    told = {item.words for item in suggest(matrix, TEXTS, between=("HAM", "SPAM"))}
    assert told
    assert "subscribe" not in told
    assert "song" not in told


def test_between_two_classes_the_words_take_sides():
    matrix = voted()
    found = suggest(matrix, TEXTS, lk.MajorityVote().fit(matrix), between=(0, "SPAM"))
    by = {item.words: item.label for item in found}
    assert by["free"] == "SPAM"
    assert by["lovely"] == "HAM"
    assert suggest(matrix, TEXTS, between=("SPAM", "HAM")).n_looked_at == len(TEXTS)


def test_a_sample_is_scaled_up_drawn_by_its_seed_and_told():
    texts = TEXTS * 40
    matrix = voted(texts)
    model = lk.MajorityVote().fit(matrix)
    found = suggest(matrix, texts, model, max_rows=1_000)
    assert (found.n_looked_at, found.n_examples) == (1_000, len(texts))
    assert "1,000 of 5,800" in str(found)
    whole = {item.words: item for item in suggest(matrix, texts, model)}
    for item in found:
        if item.words in whole:
            assert item.share_low <= whole[item.words].share <= item.share_high
    assert repr(suggest(matrix, texts, model, max_rows=1_000).items) == repr(found.items)
    assert repr(suggest(matrix, texts, model, max_rows=1_000, random_state=1).items) != repr(found.items)


def test_nulls_other_columns_and_ids_are_no_trouble():
    frame = pd.DataFrame({"key": [f"k{i}" for i in range(len(TEXTS))], "the text": TEXTS, "text": TEXTS})
    frame.loc[3, ["the text", "text"]] = None
    matrix = lk.Applier([ASKS, SONG]).apply(lk.open_corpus(frame, id="key"))
    found = suggest(matrix, lk.open_corpus(frame, id="key"), column="the text")
    assert all(str(name).startswith("k") for item in found for name in item.ids)
    scope = {"lk": lk}
    exec(found.as_rule(0), scope)
    assert scope[found[0].name].columns == ("the text",)


def test_scripts_without_spaces_are_suggested_as_pieces():
    spam = [f"点击链接领取免费红包{i}" for i in range(30)] + [f"免费红包快来{i}" for i in range(20)]
    ham = [f"这首歌真好听{i}" for i in range(30)]
    rules = [
        lk.keywords("点击", label=Label.SPAM, whole_word=False).rule(name="click"),
        lk.keywords("歌", label=Label.HAM, whole_word=False).rule(name="song"),
    ]
    texts = spam + ham
    matrix = voted(texts, rules)
    found = suggest(matrix, texts, lk.MajorityVote().fit(matrix))
    assert set(found[0].words) <= set("免费红包")
    assert not found[0].whole_word
    assert found[0].new == 20
    assert "whole_word=False" in str(found[0])
    assert found[0].name.isidentifier()


def test_no_covered_row_and_no_uncovered_row_are_told():
    nothing = suggest(np.full((3, 2), -1), ["a", "b", "c"])
    assert (len(nothing), nothing.frame.empty) == (0, True)
    assert "no labels to learn from" in str(nothing)
    everything = suggest([[0], [1]], ["a", "b"], lk.MajorityVote().fit([[0], [1]]))
    assert "Every example has a vote" in str(everything)
    assert len(suggest(np.zeros((0, 1), int), [])) == 0


def test_where_nothing_is_proposed_it_says_among_how_many_labels():
    texts = [f"please subscribe {i}" for i in range(8)] + [f"a song {i}" for i in range(8)] + ["nothing known"] * 30
    found = suggest(voted(texts), texts)
    assert len(found) == 0
    assert found.note.startswith("In the 16 examples that have a label, no word")
    assert found.note in str(found)
    assert found.to_dict()["note"] == found.note
    assert suggest(voted(), TEXTS).note == ""
    gold = [1] * 3 + [-1] * 5 + [0] * 2 + [-1] * 6 + [0] * 4 + [-1] * 26
    found = suggest(voted(texts), texts, gold=gold)
    assert found.note.startswith("In the 11 examples that have a label (5 more have gold, which judges words), no word")


def test_gold_that_taught_the_labels_is_told_where_it_judges_phrases():
    matrix, gold = voted(), np.where(np.arange(len(TEXTS)) % 4 == 0, GOLD, -1)
    taught = lk.LabelModel().fit(matrix, gold=gold)
    found = suggest(matrix, TEXTS, taught, gold=gold)
    has = np.array(["free" in text for text in TEXTS]) & (gold >= 0)
    free = next(item for item in found if "free" in item.words)
    assert (free.gold, free.precision) == (has.sum(), (gold[has] == 1).mean())
    assert "Gold taught the label model whose labels chose these phrases" in found.note
    assert "Gold taught" not in suggest(matrix, TEXTS, taught).note
    untaught = suggest(matrix, TEXTS, lk.LabelModel().fit(matrix), gold=gold)
    assert "Gold taught" not in untaught.note


def test_what_does_not_fit_is_refused():
    matrix = voted()
    with pytest.raises(AnalysisError, match="2 rows, and the matrix 145"):
        suggest(matrix, ["a", "b"])
    with pytest.raises(CorpusError, match="txt"):
        suggest(matrix, TEXTS, column="txt")
    with pytest.raises(AnalysisError, match="not text"):
        suggest(matrix, {"text": list(range(len(TEXTS)))})
    with pytest.raises(AnalysisError, match=r"between='EGGS' is no class.*\n.*HAM=0, SPAM=1"):
        suggest(matrix, TEXTS, between=("HAM", "EGGS"))
    with pytest.raises(AnalysisError, match="two of the classes HAM, SPAM"):
        suggest(matrix, TEXTS, between=("HAM", 0))
    with pytest.raises(AnalysisError, match="neither labels nor a label model"):
        suggest(matrix, TEXTS, "majority")
    with pytest.raises(AnalysisError, match="max_words=9"):
        suggest(matrix, TEXTS, max_words=9)
    with pytest.raises(AnalysisError, match="min_precision=1"):
        suggest(matrix, TEXTS, min_precision=1)
    with pytest.raises(AnalysisError, match="must be at least 1"):
        suggest(matrix, TEXTS, n=0)
    with pytest.raises(AnalysisError, match=r"the labels are of other examples \(2 and 145\)"):
        suggest(matrix, TEXTS, lk.MajorityVote().fit([[0], [1]]).label([[0], [1]]))
    frame = pd.DataFrame({"key": range(1, len(TEXTS) + 1), "text": TEXTS})
    with pytest.raises(AnalysisError, match="no example with the id 0"):
        suggest(matrix, lk.open_corpus(frame, id="key"))


@given(st.text(min_size=1, max_size=30))
def test_any_words_get_a_name_that_python_takes(words):
    taken = {"says_a"}
    names = [free_name(words, taken) for _ in range(3)]
    assert len({*names, "says_a"}) == 4
    assert all(name.isidentifier() for name in names)


def test_suggestions_are_a_sequence_a_frame_a_text_and_a_table():
    matrix = voted()
    found = suggest(matrix, TEXTS)
    assert len(found.frame) == len(found) == len(list(found)) > 1
    assert len(found[:1]) == 1
    assert {"words", "label", "new", "precision_low", "ids"} <= set(found.frame.columns)
    assert str(found).splitlines()[3].split() == ["words", "label", "rows", "new", "gain", "agreement"]
    assert "Agreement is with the labels of the rules" in str(found)
    judged = suggest(voted(TEXTS * 4), TEXTS * 4, gold=np.tile(GOLD, 4))
    assert str(judged).splitlines()[3].split() == ["words", "label", "rows", "new", "gain", "agreement", "precision"]
    assert "gold= tells" not in str(judged)
    assert "<table" in found._repr_html_()


def test_odd_class_names_do_not_break_the_source_text():
    whole = voted()
    matrix = lk.LabelMatrix(whole.votes, whole.lfs, ('"""quoted\\', "new\nline"), whole.ids)
    for item in suggest(matrix, TEXTS):
        exec(str(item), {"lk": lk})


def test_gold_that_could_be_by_id_or_by_the_index_of_the_frame_is_refused():
    frame = pd.DataFrame({"cid": np.arange(len(TEXTS)) + 1, "text": TEXTS})
    rules = [lk.keywords("a", label=0).rule(name="a"), lk.keywords("the", label=1).rule(name="the")]
    matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(frame, id="cid")
    gold = pd.Series(np.arange(len(TEXTS)) % 2, index=frame.index).iloc[1:]  # 1 to n - 1, which are ids, too
    with pytest.raises(GoldError, match="could be of ids or the index of the frame"):
        suggest(matrix, frame, gold=gold, between=("HAM", "SPAM"))


@pytest.mark.parametrize("name", ["text", "Kunden Nachricht"])
def test_the_text_that_is_looked_at_is_that_of_the_rules(name):
    spam, ham = (f"get it free now {i}" for i in range(60)), (f"what a nice song {i}" for i in range(60))
    corpus = pd.DataFrame({"number": range(120), name: [*spam, *ham]})
    rules = [lk.keywords(word, label=label).rule(name=word, column=name) for word, label in (("get", 1), ("what", 0))]
    matrix = lk.Applier(lk.LabelingFunctions(rules, labels=2)).apply(corpus, progress=False)
    some = lk.LabelMatrix.of(np.where(np.arange(120)[:, None] % 2, matrix.votes, -1), names=["get", "what"])
    found = lk.suggest(some, corpus, lfs=rules)
    assert found == lk.suggest(some, corpus, lfs=rules, column=name)
    assert {one.column for one in found} <= {name}
    assert lk.suggest(matrix[:0], corpus[:0]).items == ()


def test_a_corpus_without_a_text_that_rules_read_is_told():
    some = lk.LabelMatrix.of([[1], [-1]], names=["free"])
    with pytest.raises(AnalysisError, match="no column 'text', and no rule reads a column of it"):
        lk.suggest(some, {"a": ["x", "y"]})


# What gold speaks against ---------------------------------------------------------------------------------------------

SHIPPED = [
    *(f"subscribe, free shipment {i}" for i in range(120)),
    *(f"free {i}" for i in range(60)),
    *(f"a lovely song {i}" for i in range(120)),
    *(f"lovely voice {i}" for i in range(40)),
    *(f"shipment {i}" for i in range(400)),  # HAM, although the labels say that shipment is a sign of SPAM
]
IS_SPAM = np.repeat([1, 0], [180, 560])


@pytest.mark.parametrize("between", [None, ("HAM", "SPAM")])
def test_a_phrase_that_gold_speaks_against_is_left_out_and_said(between):
    matrix = voted(SHIPPED)
    bare = suggest(matrix, SHIPPED, between=between)
    assert "shipment" in {item.words for item in bare}
    assert bare.left_out == ()
    assert "Left out" not in str(bare)
    judged = suggest(matrix, SHIPPED, gold=IS_SPAM, between=between)
    assert {item.words for item in judged} == {"free", "lovely"}
    (item,) = judged.left_out
    assert (item.words, item.label) == ("shipment", "SPAM")
    assert item.precision_high < 0.5
    assert "Left out: 1 phrase that agrees with the labels and that gold speaks against" in str(judged)
    assert "(shipment)" in str(judged)
    assert [one["words"] for one in judged.to_dict()["left_out"]] == ["shipment"]
    assert judged[:1].left_out == judged.left_out


def test_a_phrase_that_the_labels_hold_back_and_gold_speaks_for_is_named():
    asks = [f"subscribe now {i}" for i in range(60)]
    sings = [f"lovely song {i}" for i in range(60)]
    weak = [f"subscribe valve {i}" for i in range(6)] + [f"song valve {i}" for i in range(6)]  # labels disagree
    bare = [f"valve leaks {i}" for i in range(40)]
    texts = [*asks, *sings, *weak, *bare]
    gold = np.full(len(texts), -1)
    gold[:10], gold[60:100], gold[132:152] = 1, 0, 1
    found = suggest(voted(texts), texts, gold=gold)
    assert "valve" not in {item.words for item in found}
    assert "cannot be proposed" in found.note
    assert re.search(r"Try these as rules, and judge them by other gold: [a-z ]+ \(SPAM: 20 of 20\)\.$", found.note)
    without = suggest(voted(texts), texts)
    assert "cannot be proposed" in without.note
    assert "Gold" not in without.note
    gold[132:152] = np.arange(20) % 2
    assert "Try these as rules" not in suggest(voted(texts), texts, gold=gold).note


def test_where_gold_speaks_against_all_phrases_the_note_says_so():
    texts, gold = SHIPPED[:340], np.where(IS_SPAM[:340] == 1, 0, 1)
    with pytest.warns(UserWarning, match="LK341"):  # its classes look swapped
        found = suggest(voted(texts), texts, gold=gold, between=("HAM", "SPAM"))
    assert len(found) == 0
    assert {item.words for item in found.left_out} >= {"free", "lovely"}
    assert "differ from gold" in found.note


def test_words_that_reach_nothing_new_are_said_to_do_so():
    texts = [f"{('subscribe', 'join')[i % 2]} and win {i}" for i in range(80)] + [f"a song {i}" for i in range(60)]
    matrix = voted(texts, [ASKS, SONG, lk.keywords("join", label=Label.SPAM).rule(name="join")])
    assert matrix.covered.all()
    found = suggest(matrix, texts, between=("HAM", "SPAM"))
    silent = [item for item in found if not item.new]
    assert len(silent) == len(found) > 0
    assert "no example without a vote" in str(found)
    assert "no example without a vote" not in str(suggest(voted(), TEXTS))
