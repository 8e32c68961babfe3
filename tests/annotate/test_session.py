"""A session asks each annotator about the right example, keeps answers, and says what follows from them."""

import math
from enum import IntEnum

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.annotate._estimates import class_shares
from labelkit.annotate._queue import TaskQueue
from labelkit.annotate.answer_log import KeptAnswer
from labelkit.exceptions import AnnotationError, CorpusError, GoldError


class Label(IntEnum):
    HAM = 0
    SPAM = 1


ASKS = lk.keywords("subscribe", label=Label.SPAM).rule(name="asks")
LOVE = lk.keywords("love", "great", label=Label.HAM).rule(name="love")


def frame(n=40):
    texts = ["please subscribe", "I love it", "a great song", "hm"]
    return pd.DataFrame({"id": [f"c{i}" for i in range(n)], "text": [f"{texts[i % 4]} {i}" for i in range(n)]})


def truth(example):
    return "SPAM" if "subscribe" in text_of(example) else "HAM"


def text_of(example):
    return "".join(piece for column in example["columns"] for piece, _ in column["pieces"])


def session(corpus, out, **options):
    options = {"rules": [ASKS, LOVE], "id": "id", "sample": 20, **options}
    return lk.AnnotationSession(corpus, out, **options)


def answer_all(opened, name, *, most=1_000, label=truth):
    asked = []
    while len(asked) < most and (example := opened.next(name)["example"]) is not None:
        asked.append(example["key"])
        opened.answer(name, example["key"], label=label(example), seconds=1.0)
    return asked


@pytest.fixture
def out(tmp_path):
    return tmp_path / "gold.parquet"


def test_votes_and_matches_come_after_the_answer(out):
    with session(frame(), out) as opened:
        for _ in range(8):
            example = opened.next("ann")["example"]
            assert example["votes"] is None
            assert not any(matches for column in example["columns"] for _, matches in column["pieces"])
            result = opened.answer("ann", example["key"], label=truth(example))
            votes = {vote["rule"]: vote["vote"] for vote in result["answered"]["votes"]}
            text = text_of(example)
            words = {"subscribe": ("asks", "SPAM"), "love": ("love", "HAM"), "great": ("love", "HAM")}
            assert votes == dict(rule for word, rule in words.items() if word in text)
            marked = [p for column in result["answered"]["columns"] for p, matches in column["pieces"] if matches]
            assert marked == [word for word in ("subscribe", "love", "great") if word in text]
            assert opened.back("ann", None)["example"]["votes"] == result["answered"]["votes"]
    with session(frame(), out, show_votes=True) as opened:
        assert opened.next("ann")["example"]["votes"] is not None


def test_it_goes_on_where_it_was_and_asks_each_once(out):
    with session(frame(), out) as opened:
        first = answer_all(opened, "ann", most=7)
    with session(frame(), out) as opened:
        assert opened.status().n_done == 7
        rest = answer_all(opened, "ann")
        assert opened.next("ann")["example"] is None
        assert opened.status().n_done == 20
    assert len({*first, *rest}) == 20
    gold = lk.read_gold(out)
    assert len(gold) == 20
    asks = frame().set_index("id")["text"].loc[gold.index].str.contains("subscribe")
    assert (gold == np.where(asks, "SPAM", "HAM")).all()


def test_a_larger_sample_holds_the_smaller_one(out):
    with session(frame(), out) as opened:
        first = answer_all(opened, "ann")
    with session(frame(), out, sample=30) as opened:
        assert opened.status().n_done == 20
        assert len(set(answer_all(opened, "ann")) - set(first)) == 10


def test_annotators_share_the_work_and_a_share_is_answered_twice(out):
    with session(frame(), out, double=0.2) as opened:
        asked = {"ann": [], "bob": []}
        while True:
            given = {who: opened.next(who)["example"] for who in asked}
            if not any(given.values()):
                break
            for who, example in given.items():
                if example is not None:
                    asked[who].append(example["key"])
                    opened.answer(who, example["key"], label=truth(example))
        assert opened.status().n_done == 20
        assert opened.status().annotators == {"ann": len(asked["ann"]), "bob": len(asked["bob"])}
    both = set(asked["ann"]) & set(asked["bob"])
    assert 4 <= len(both) <= 5  # the last example may be given to who has nothing else
    assert len({*asked["ann"], *asked["bob"]}) == 20
    assert lk.agreement(str(out)).observed.value == 1.0


@pytest.mark.parametrize(("double", "n"), [(0, 0), (0.1, 10), (0.25, 25), (1 / 3, 33), (1, 100)])
def test_double_is_the_share_that_needs_two_answers(double, n):
    queue = TaskQueue(range(100), double=double)
    assert sum(queue.wanted(item) == 2 for item in range(100)) == n


def test_two_who_answer_the_same_example_at_once_are_both_kept(out):
    with session(frame(), out, sample=1) as opened:
        keys = [opened.next(who)["example"]["key"] for who in ("ann", "bob")]
        assert keys[0] == keys[1]  # nothing else is left
        for who, label in (("ann", "SPAM"), ("bob", "HAM")):
            opened.answer(who, keys[0], label=label)
        assert opened.status().n_disputed == 1
    assert pd.read_parquet(out)["label"].tolist() == ["SPAM", "HAM"]


def test_what_is_skipped_comes_again_at_the_end_and_what_is_unsure_goes_to_another(out):
    with session(frame(), out, sample=4) as opened:
        first = opened.next("ann")["example"]["key"]
        opened.answer("ann", first, status="skipped")
        second = opened.next("ann")["example"]["key"]
        opened.answer("ann", second, status="unsure", note="which?")
        rest = [opened.next("ann")["example"]["key"]]
        opened.answer("ann", rest[0], label="HAM")
        rest.append(opened.next("ann")["example"]["key"])
        opened.answer("ann", rest[1], label="HAM")
        assert opened.next("ann")["example"]["key"] == first
        opened.answer("ann", first, label="HAM")
        assert opened.next("ann")["example"] is None
        assert opened.next("bob")["example"]["key"] == second
        assert len({first, second, *rest}) == 4


def test_examples_that_somebody_is_unsure_of_are_told_apart_from_labels_that_differ(out):
    with session(frame(), out, sample=5, double=1) as opened:
        keys = answer_all(opened, "ann", label=lambda example: "SPAM")
        for key, label in zip(keys, ["HAM", None, "SPAM", "HAM", None], strict=True):
            opened.next("bob")
            opened.answer("bob", key, **({"status": "unsure"} if label is None else {"label": label}))
        status = opened.status()
        assert (status.n_disputed, status.n_unsure) == (4, 2)
        assert "4 disputed (2 with labels that differ, 2 unsure)" in str(status)
        assert status.to_dict()["unsure"] == 2


def test_back_walks_to_earlier_answers_which_may_be_changed(out):
    with session(frame(), out) as opened:
        keys = answer_all(opened, "ann", most=3)
        present = opened.next("ann")["example"]["key"]
        assert opened.back("ann", present)["example"]["key"] == keys[2]
        assert opened.back("ann", keys[2])["example"]["key"] == keys[1]
        result = opened.answer("ann", keys[1], label="SPAM", note="changed")
        assert result["example"]["key"] not in keys
        again = opened.back("ann", result["example"]["key"])["example"]
        assert (again["key"], again["answer"]) == (keys[1], {"label": "SPAM", "status": "labeled", "note": "changed"})
        for expected in (keys[2], keys[0], keys[0]):  # what was answered last stands last
            again = opened.back("ann", again["key"])["example"]
            assert again["key"] == expected
        assert opened.status().n_done == 3


def test_back_leads_to_the_last_answer_from_what_was_skipped_and_comes_again(out):
    with session(frame(), out, sample=6) as opened:
        shown = opened.next("ann")["example"]
        order = [shown["key"]]
        result = opened.answer("ann", shown["key"], status="skipped")
        while len(order) < 6:
            order.append(result["example"]["key"])
            result = opened.answer("ann", order[-1], label="HAM")
        present = result["example"]["key"]
        assert present == order[0]  # again, since it was skipped
        for expected in (order[5], order[4]):
            present = opened.back("ann", present)["example"]["key"]
            assert present == expected
        result = opened.answer("ann", order[0], label="SPAM")
        assert result["example"] is None
        assert opened.back("ann", None)["example"]["key"] == order[0]
        assert opened.back("ann", order[0])["example"]["key"] == order[5]


def test_disputed_examples_are_decided(out):
    with session(frame(), out, sample=6, double=1) as opened:
        answer_all(opened, "ann", label=lambda example: "SPAM")
        answer_all(opened, "bob", label=truth)
    with session(frame(), out, adjudicate=True) as opened:
        n = opened.status().n_examples
        assert n == opened.status().n_disputed
        example = opened.next("cid")["example"]
        assert [(one["annotator"], one["label"]) for one in example["others"]] == [("ann", "SPAM"), ("bob", "HAM")]
        answer_all(opened, "ann", label=truth)
        assert opened.status().n_done == n
        assert opened.status().n_disputed == 0
        assert opened.next("bob")["example"] is None
    gold = lk.read_gold(out)
    texts = frame().set_index("id")["text"]
    assert len(gold) == 6
    assert gold.to_dict() == {name: "SPAM" if "subscribe" in texts[name] else "HAM" for name in gold.index}


def test_decisions_that_differ_decide_nothing_until_a_third_person_breaks_the_tie(out):
    with session(frame(), out, sample=4, double=1) as opened:
        answer_all(opened, "ann", label=lambda example: "SPAM")
        answer_all(opened, "bob", label=lambda example: "HAM")
    with session(frame(), out, adjudicate=True) as opened:
        keys = answer_all(opened, "cid", label=lambda example: "SPAM")
        assert (opened.status().n_done, opened.status().n_disputed, opened.status().n_labels) == (4, 0, 4)
        opened.answer("dan", keys[0], label="HAM")
        assert (opened.status().n_done, opened.status().n_disputed, opened.status().n_labels) == (3, 1, 3)
        assert opened.next("cid")["example"] is None
        assert opened.next("dan")["example"] is None
        assert opened.next("eve")["example"]["key"] == keys[0]
    with session(frame(), out, sample=4, double=1) as opened:
        assert (opened.status().n_done, opened.status().n_disputed, opened.status().n_labels) == (4, 1, 3)
    with session(frame(), out, adjudicate=True) as opened:
        assert answer_all(opened, "eve", label=lambda example: "HAM") == [keys[0]]
        assert (opened.status().n_done, opened.status().n_disputed, opened.status().n_labels) == (4, 0, 4)


def test_tied_decisions_of_an_example_whose_answers_agree_are_to_be_decided(out):
    with session(frame(), out, sample=2) as opened:
        keys = answer_all(opened, "ann", label=lambda example: "SPAM")
    table = pd.read_parquet(out)
    decided = [table[table["item"] == keys[0].strip('"')].assign(annotator=who, label=label, ground_truth=True)
               for who, label in (("bob", "HAM"), ("cid", "SPAM"))]  # fmt: skip
    pd.concat([table, *decided]).to_parquet(out)
    with session(frame(), out, sample=2) as opened:
        assert (opened.status().n_disputed, opened.status().n_labels) == (1, 1)
    with session(frame(), out, adjudicate=True) as opened:
        assert answer_all(opened, "dan", label=lambda example: "HAM") == [keys[0]]
        assert (opened.status().n_disputed, opened.status().n_labels) == (0, 1)


def test_nothing_to_decide_is_said(out):
    with pytest.raises(AnnotationError, match="nothing to decide"):
        session(frame(), out, adjudicate=True)
    with session(frame(), out):  # and the file is free again
        pass


# Samples and estimates -------------------------------------------------------------------------------------------------


def test_estimates_are_weighted_by_inclusion_probabilities(tmp_path, out):
    corpus = frame(400)
    spam = corpus["text"].str.contains("subscribe")
    listed = pd.concat([corpus[spam].iloc[:50], corpus[~spam].iloc[:30]])[["id"]]
    listed["inclusion_probability"] = [50 / 100] * 50 + [30 / 300] * 30
    listed.to_csv(tmp_path / "listed.csv", index=False)
    with session(corpus, out, examples=tmp_path / "listed.csv") as opened:
        answer_all(opened, "ann")
        shares = {one.name: one for one in opened.status().shares}
    assert shares["SPAM"].share == pytest.approx(0.25)
    assert shares["SPAM"].low < 0.25 < shares["SPAM"].high
    assert set(pd.read_parquet(out)["inclusion_probability"]) == {0.5, 0.1}


def test_intervals_of_weighted_samples_cover():
    rng = np.random.default_rng(0)
    n, hits = 20_000, 0
    labels = (rng.random(n) < np.linspace(0.05, 0.6, n)).astype(int)
    drawn_with = np.linspace(0.005, 0.02, n)
    for _ in range(500):
        chosen = np.flatnonzero(rng.random(n) < drawn_with)
        given = {int(item): ("HAM", "SPAM")[labels[item]] for item in chosen}
        spam = class_shares(given, {int(item): drawn_with[item] for item in chosen}, ["HAM", "SPAM"])[1]
        hits += spam.low <= labels.mean() <= spam.high
    assert 0.93 * 500 <= hits <= 0.985 * 500


def test_those_who_answer_first_are_a_random_sample(out):
    corpus = frame(400).assign(text=[("subscribe" if i < 200 else "love") + f" {i}" for i in range(400)])
    first = 0
    for seed in range(10):
        path = out.with_name(f"gold{seed}.parquet")
        with session(corpus, path, rules=None, labels=["HAM", "SPAM"], sample=100, random_state=seed) as opened:
            asked = answer_all(opened, "ann", most=10)
        first += sum(int(key.strip('"')[1:]) < 200 for key in asked)
    assert 30 <= first <= 70  # of 100, half; four standard deviations are 20


def test_examples_in_an_order_that_was_chosen_keep_it_and_estimate_nothing(tmp_path, out):
    pd.DataFrame({"id": ["c9", "c3", "c30"]}).to_csv(tmp_path / "next.csv", index=False)
    with session(frame(), out, examples=tmp_path / "next.csv") as opened:
        assert answer_all(opened, "ann") == ['"c9"', '"c3"', '"c30"']
        assert opened.status().shares == ()
        assert opened.status().rules_right is None
        assert opened.status().n_done == 3


def test_samples_with_known_chances_are_asked_about_as_they_were_saved(tmp_path, out):
    corpus = frame(400).assign(thread=[f"t{i // 10}" for i in range(400)], kind=["a", "b", "b", "b"] * 100)
    designs = {
        "random": {"n": 40},
        "stratified": {"n": 40, "by": "kind", "allocation": "equal"},
        "cluster": {"n": 4, "by": "thread"},
    }
    for method, options in designs.items():
        for suffix in ("csv", "parquet"):
            sample = lk.sample(corpus, method=method, id="id", **options)
            path = sample.save(tmp_path / f"{method}.{suffix}")
            answers = out.with_name(f"{method}-{suffix}.parquet")
            with session(corpus, answers, examples=path) as opened:
                asked = answer_all(opened, "ann")
                shares = {one.name: one.share for one in opened.status().shares}
            assert {key.strip('"') for key in asked} == set(sample.ids)
            estimated = sample.estimate(lk.read_gold(answers)).frame["estimate"]
            assert shares == ({} if method == "cluster" else pytest.approx(estimated.to_dict()))


def test_what_was_chosen_among_random_rows_is_asked_about_and_estimates_nothing(tmp_path, out):
    """The table of what to label next holds both: random rows have a probability, the others none."""
    corpus = frame(400)
    matrix = lk.Applier([ASKS, LOVE]).apply(corpus, id="id")
    labels = lk.LabelModel().fit(matrix).label(matrix)
    table = lk.next_to_label(matrix, labels, n=40, strategy="margin").frame
    table.to_csv(tmp_path / "next.csv", index=False)
    drawn = set(table["id"][table["inclusion_probability"].notna()])
    assert 0 < len(drawn) < 40
    with session(corpus, out, examples=tmp_path / "next.csv") as opened:
        asked = [key.strip('"') for key in answer_all(opened, "ann")]
        assert {one.n for one in opened.status().shares} == {len(drawn)}
        assert opened.status().n_done == 40
    assert sorted(asked) == sorted(table["id"])
    assert [name in drawn for name in asked] == [name in drawn for name in table["id"]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"id": ["c1", "zz"]}, "'zz', which is no example"),
        ({"id": ["c1", "c1"]}, "names 'c1' twice"),
        ({"name": ["c1"]}, "none that names the examples"),
        ({"id": ["c1"], "weight": [0.0]}, "weight is 0.0"),
        ({"id": ["c1"], "inclusion_probability": [1.5]}, "inclusion_probability is 1.5"),
        ({"id": ["c1", "c2"], "pi": [math.nan, -0.5]}, "listed.csv, line 3: pi is -0.5"),
    ],
)
def test_a_list_of_examples_that_cannot_be_is_refused(tmp_path, out, rows, message):
    pd.DataFrame(rows).to_csv(tmp_path / "listed.csv", index=False)
    with pytest.raises(GoldError, match=message):
        session(frame(), out, examples=tmp_path / "listed.csv")


def test_a_corpus_without_ids_is_named_by_positions(out):
    texts = frame()["text"].tolist()
    with session(texts, out, id=None) as opened:
        answer_all(opened, "ann")
    table = pd.read_parquet(out)
    assert [texts[row] for row in table["row"]]
    assert ((table["label"] == "SPAM") == [row % 4 == 0 for row in table["row"]]).all()


# What goes wrong ---------------------------------------------------------------------------------------------------


def test_examples_that_changed_are_asked_again_and_are_no_gold(tmp_path, out):
    corpus = tmp_path / "corpus.csv"
    frame().to_csv(corpus, index=False)
    with session(corpus, out) as opened:
        keys = answer_all(opened, "ann")
        changed = [key.strip('"') for key in keys[:3]]
        now = frame()
        now.loc[now["id"].isin(changed), "text"] = "another text"
        now.to_csv(corpus, index=False)
        opened.answer("ann", keys[5], label="HAM")
        assert opened.status().corpus_changed
    with session(corpus, out) as opened:
        assert opened.status().n_done == 17
        assert not opened.status().corpus_changed
    with pytest.warns(UserWarning, match="3 of 20 examples have no label"):
        assert set(lk.read_gold(out).index).isdisjoint(changed)
    with session(corpus, out) as opened:
        asked = answer_all(opened, "ann", label=lambda example: "HAM")
        assert {key.strip('"') for key in asked} == set(changed)
    assert (lk.read_gold(out).loc[changed] == "HAM").all()


def test_other_columns_on_the_page_are_no_change_of_the_examples(out):
    corpus = frame().assign(author="somebody")
    with session(corpus, out) as opened:
        answer_all(opened, "ann", most=4)
    with session(corpus, out, columns=["author", "text"]) as opened:
        assert opened.status().n_done == 4
        answer_all(opened, "ann", most=4)
    with session(corpus.drop(columns="author"), out) as opened:
        assert opened.status().n_done == 8
    with session(corpus.assign(author="another"), out) as opened:
        assert opened.status().n_done == 4


def test_ids_that_cannot_name_an_answer_are_refused(out):
    for ids, message in (([1.5, 2.5], "neither text nor integers"), (["a", "a"], "'a' twice")):
        with pytest.raises(CorpusError, match=message):
            session(pd.DataFrame({"id": ids, "text": ["x", "y"]}), out)


def test_a_rule_that_fails_is_shown_as_failed_and_one_without_its_column_is_an_error(out):
    @lk.labeling_function
    def breaks(text: str) -> int:
        raise ValueError(text)

    with session(frame(), out, rules=[ASKS, breaks], labels=["HAM", "SPAM"]) as opened:
        example = opened.next("ann")["example"]
        votes = opened.answer("ann", example["key"], label="HAM")["answered"]["votes"]
        assert {"rule": "breaks", "vote": "(failed)", "matches": []} in votes
    with pytest.raises(CorpusError, match="nowhere"):
        session(
            frame(), out, rules=[lk.keywords("a", label=1).rule(name="a", column="nowhere")], labels=["HAM", "SPAM"]
        )


def test_examples_that_are_gone_stay_in_the_file(out):
    with session(frame(), out) as opened:
        answer_all(opened, "ann")
    with session(frame().iloc[5:], out):
        pass
    assert len(lk.read_gold(out)) == 20


def test_answers_to_other_examples_are_refused(out):
    with session(frame(), out) as opened:
        answer_all(opened, "ann", most=2)
    other = frame().assign(id=[f"d{i}" for i in range(40)])
    with pytest.raises(GoldError, match="answers to other examples"):
        session(other, out)


def test_a_file_by_ids_is_not_continued_by_positions(out):
    with session(frame(), out) as opened:
        answer_all(opened, "ann", most=2)
    with pytest.raises(GoldError, match="by their ids, and the corpus now by their positions"):
        session(frame()["text"].tolist(), out, id=None)


def test_a_session_without_an_answer_leaves_nothing(out):
    with session(frame(), out) as opened:
        opened.next("ann")
    assert list(out.parent.iterdir()) == []


def test_one_process_writes_a_file(out):
    with session(frame(), out), pytest.raises(AnnotationError, match="is being written by"):
        session(frame(), out)
    with session(frame(), out):
        pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"double": 1.5}, "double=1.5"),
        ({"double": -0.1}, "double=-0.1"),
        ({"rules": None}, "which classes"),
        ({"guidelines": "nowhere.md"}, "cannot be read"),
        ({"annotator": "a\nb"}, "no name of an annotator"),
    ],
)
def test_options_that_make_no_sense_are_refused(out, options, message):
    with pytest.raises(AnnotationError, match=message):
        session(frame(), out, **options)


def test_the_file_of_answers_is_parquet(tmp_path):
    with pytest.raises(AnnotationError, match=r"gold\.parquet"):
        session(frame(), tmp_path / "gold.csv")


def test_an_empty_corpus_is_refused(out):
    with pytest.raises(CorpusError):
        session(frame(0), out)


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, "ann\x1b[31m", "\u202eann", None, 7])
def test_an_annotator_has_a_name_that_can_be_seen(out, name):
    with session(frame(), out) as opened, pytest.raises(AnnotationError, match="no name of an annotator"):
        opened.next(name)


def test_answers_that_are_none_are_refused_and_not_kept(out):
    with session(frame(), out) as opened:
        key = opened.next("ann")["example"]["key"]
        for wrong in (
            {"label": "EGGS"},
            {"label": None},
            {"label": "HAM", "status": "skipped"},
            {"label": None, "status": "changed"},
        ):
            with pytest.raises(AnnotationError):
                opened.answer("ann", key, **wrong)
        for strange in ('"zz"', "zz", "[1]", None):
            with pytest.raises(AnnotationError, match="none of the examples"):
                opened.answer("ann", strange, label="HAM")
        assert opened.status().n_done == 0
        for seconds in (-1, math.inf, "x", None):
            opened.answer("ann", key, label="HAM", seconds=seconds)
    assert pd.read_parquet(out)["seconds"].isna().all()


def test_texts_of_any_kind_can_be_shown(out):
    texts = ["<script>1</script>", "\u202eabc\u202c \x1b[31m", "x" * 1_000_000, None, "שלום", "\ud83d"]
    corpus = pd.DataFrame({"id": range(5), "text": texts[:5], "more": [[1], None, [2, 3], [], [4]]})
    with session(corpus, out, columns=["text", "more"]) as opened:
        shown = {}
        while (example := opened.next("ann")["example"]) is not None:
            shown[example["key"]] = text_of(example)
            opened.answer("ann", example["key"], label="HAM")
    assert shown["0"].startswith("<script>1</script>")
    assert shown["1"].startswith("<U+202E>abc<U+202C> ␛[31m")
    assert len(shown["2"]) > 1_000_000
    assert len(opened.labels()) == 5


def test_a_rule_of_words_is_counted_and_written(out):
    with session(frame(400), out, sample=60) as opened:
        answer_all(opened, "ann")
        rule = opened.count_words(["Subscribe", " subscribe ", "nothing"], "SPAM")
        assert rule["share"]["share"] == 0.25
        assert rule["share"]["n"] == 400
        assert rule["precision"]["share"] == 1.0
        assert 5 < rule["precision"]["n"] < 30
        scope = {"lk": lk, "Label": Label}
        exec(rule["source"], scope)
        assert '"Subscribe", "subscribe", "nothing", label=Label.SPAM' in rule["source"]
        assert scope["says_subscribe"]("please subscribe") == Label.SPAM
        for wrong in ([[" "], "SPAM"], [["a"], "EGGS"], [["a"], "SPAM", "nope"]):
            with pytest.raises(AnnotationError):
                opened.count_words(*wrong)


def test_a_status_reads_well(out):
    with session(frame(), out) as opened:
        answer_all(opened, "ann", most=3)
        text = str(opened.status())
    assert "3 of 20 examples done (20 of 40 at random (seed 0)); 3 labels, 0 disputed" in text
    assert "share of SPAM" in text
    assert "most rules are right on" in text


def test_a_queue_never_asks_the_same_twice_nor_more_than_needed():
    rng = np.random.default_rng(3)
    queue, answers = TaskQueue(range(30), double=0.3), {}
    while True:
        idle = 0
        for who in rng.permutation(["ann", "bob", "cid"]).tolist():
            item = queue.next_for(who, answers)
            if item is None:
                idle += 1
                continue
            assert (item, who, False) not in answers
            if rng.random() < 0.8:  # else the page was closed
                answers[item, who, False] = KeptAnswer(item, who, "HAM")
        if idle == 3:
            break
    counts = pd.Series([item for item, _, _ in answers]).value_counts()
    assert (counts >= [queue.wanted(item) for item in counts.index]).all()
    assert queue.n_done(answers) == 30


def test_classes_beside_rules_are_those_that_are_given(tmp_path):
    """Somebody may answer with a class that no rule votes for."""
    rules = [lk.keywords("subscribe", label=1).rule(name="asks")]
    names = ["HAM", "SPAM", "OTHER"]
    for place, given in enumerate((rules, lk.LabelingFunctions(rules, labels=names[:2]))):
        with session(frame(), tmp_path / f"{place}.parquet", rules=given, labels=names) as asked:
            assert list(asked.class_names) == names
            asked.answer("ann", asked.next("ann")["example"]["key"], label="OTHER")


def test_columns_that_are_one_text_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match="columns='text' is one text") as error:
        session(frame(), tmp_path / "gold.parquet", columns="text")
    assert error.value.hint == "give a list: columns=['text']"
