"""Examples are made by transformations, checked by rules, named by their originals, and kept out of evaluation."""

from __future__ import annotations

from enum import IntEnum
from functools import wraps
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.curation.step import Curated
from labelkit.exceptions import (
    AnalysisError,
    CollectError,
    CorpusError,
    FaultError,
    ModelError,
    RuleError,
    TimeLimitError,
)

TEXTS = ["free money now", "a nice song", "win free cash", "see you soon", "so free"]
IDS = list("abcde")
CORPUS = {"id": IDS, "text": TEXTS, "author": ["x", "y", "x", "z", "y"]}


class Label(IntEnum):
    HAM = 0
    SPAM = 1


FREE = lk.keywords("free", label=Label.SPAM).rule(name="free")
NICE = lk.keywords("nice", "soon", label=Label.HAM).rule(name="nice")
RULES = [FREE, NICE]


@lk.transformation_function
def shout(text: str) -> str:
    """Write in capitals."""
    return text.upper()


@lk.transformation_function()
def shuffled(text, rng):
    """Put the words into another order."""
    return " ".join(rng.permutation(text.split()))


def labels_of(corpus=CORPUS, **options):
    matrix = lk.Applier(RULES).apply(corpus, progress=False, **{"id": "id", **options})
    return lk.MajorityVote().fit(matrix).label(matrix)


def made(corpus=CORPUS, tfs=shout, **options):
    return lk.augment(corpus, tfs, **{"id": "id", **options})


def texts_of(result):
    return dict(zip(result.made["id"].to_pylist(), result.made["text"].to_pylist(), strict=True))


# What is made ---------------------------------------------------------------------------------------------------------


def test_rows_are_originals_each_before_the_examples_made_of_it_with_their_provenance():
    result = made(tfs=[shout, shuffled])
    rows = result.rows().to_pylist()
    assert isinstance(result, Curated)
    assert [row["id"] for row in rows][:3] == ["a", "a~1", "a~2"]
    assert rows[0] == {"id": "a", "text": TEXTS[0], "author": "x", "made_from": None, "made_by": None}
    assert rows[1] == {"id": "a~1", "text": "FREE MONEY NOW", "author": "x", "made_from": "a", "made_by": "shout"}
    assert len(result) == len(result.made) == sum(row["made_from"] is not None for row in rows)
    assert result.n_originals == 5
    assert result.step.before == {"rows": 5}
    assert result.step.after == {"rows": len(rows), "made": len(result)}


def test_made_examples_have_the_labels_of_their_originals():
    labels = labels_of()
    result = made(labels=labels)
    by_id = dict(zip(labels.ids.tolist(), labels.proba.tolist(), strict=True))
    for row in result.rows().to_pylist():
        assert row["proba"] == by_id[row["made_from"] or row["id"]]
    assert result.labels.ids.tolist() == result.rows()["id"].to_pylist()
    assert result.labels.proba.tolist() == result.rows()["proba"].to_pylist()
    assert set(result.rows()["label"].to_pylist()) <= {"HAM", "SPAM", None}
    assert result.step.after["SPAM"] == result.rows()["label"].to_pylist().count("SPAM")


def test_labels_in_another_order_are_matched_by_name():
    labels = labels_of()
    result = made(labels=labels[np.array([4, 2, 0, 1, 3])])
    assert result.rows()["proba"].to_pylist() == made(labels=labels).rows()["proba"].to_pylist()


def test_originals_without_a_vote_are_augmented_only_if_asked_for():
    corpus = {"id": ["a", "b"], "text": ["free", "other"]}
    assert texts_of(made(corpus, labels=labels_of(corpus))) == {"a~1": "FREE"}
    assert set(texts_of(made(corpus, labels=labels_of(corpus), rows="all"))) == {"a~1", "b~1"}
    with pytest.raises(AnalysisError, match="no rule votes on any row"):
        made({"id": ["b"], "text": ["other"]}, labels=labels_of(corpus)[np.array([1])])


@pytest.mark.parametrize("seed", [0, 1])
def test_an_example_depends_on_its_id_and_the_seed_alone(seed):
    corpus = pa.table({"id": [f"k{i}" for i in range(60)], "text": [f"a b c d e f {i}" for i in range(60)]})
    options = {"policy": lk.RandomPolicy(sequence_length=2, n_per_original=3), "random_state": seed}
    whole = texts_of(made(corpus, [shuffled, shout], **options))
    order = np.random.default_rng(5).permutation(60)
    assert texts_of(made(corpus.take(order), [shuffled, shout], **options)) == whole
    assert texts_of(made(iter(corpus.to_pylist()), [shuffled, shout], **options)) == whole
    some = texts_of(made(corpus.take(order[:7]), [shuffled, shout], **options))
    assert some == {name: whole[name] for name in some}
    assert whole != texts_of(made(corpus, [shuffled, shout], **{**options, "random_state": seed + 2}))


def test_batches_change_nothing(monkeypatch):
    whole = made(tfs=[shout, shuffled], lfs=RULES).rows()
    monkeypatch.setattr("labelkit.curation.augmentation.augmenting.BATCH_ROWS", 2)
    monkeypatch.setattr("labelkit.curation.augmentation.batch_rows.BATCH_ROWS", 3)
    assert made(tfs=[shout, shuffled], lfs=RULES).rows().to_pylist() == whole.to_pylist()


def test_rows_are_written_as_they_are_made(tmp_path):
    labels = labels_of()
    inside = made(labels=labels, lfs=RULES)
    outside = made(labels=labels, lfs=RULES, out=tmp_path / "more.parquet")
    assert pq.read_table(outside.path).to_pylist() == outside.rows().to_pylist() == inside.rows().to_pylist()
    assert outside.labels.ids.tolist() == inside.labels.ids.tolist()
    assert pq.read_table(inside.to_parquet(tmp_path / "b.parquet")).equals(inside.rows())
    assert pq.read_table(outside.to_parquet(tmp_path / "c.parquet")).equals(inside.rows())
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".parquet"]


def test_examples_without_ids_are_named_by_position():
    result = lk.augment(TEXTS, shout)
    assert result.rows()["id"].to_pylist()[:3] == ["0", "0~1", "1"]
    assert result.made["made_from"].to_pylist() == [0, 1, 2, 3, 4]
    frame = pd.DataFrame({"text": TEXTS[:2]}, index=["k", "l"])
    assert lk.augment(frame, shout).made["made_from"].to_pylist() == ["k", "l"]


def test_other_columns_are_carried_and_may_be_chosen():
    assert made(columns=["text"]).rows().column_names == ["id", "text", "made_from", "made_by"]
    coded = pa.table({"id": IDS, "text": pa.array(TEXTS).dictionary_encode(), "n": pa.array([1, 2, None, 4, 5])})
    result = made(coded)
    assert result.made["n"].to_pylist() == [1, 2, None, 4, 5]
    assert result.made["text"].to_pylist() == [text.upper() for text in TEXTS]


# What transformations return ------------------------------------------------------------------------------------------


def test_a_dict_changes_several_columns_and_a_list_makes_several_examples():
    @lk.transformation_function
    def both(text, author):
        return [{"text": text + "!", "author": author * 2}, None, {"author": "other"}, {"text": text}]

    result = made({"id": ["a"], "text": ["hi"], "author": ["x"]}, both)
    assert [(r["id"], r["text"], r["author"]) for r in result.made.to_pylist()] == [
        ("a~1", "hi!", "xx"),
        ("a~2", "hi", "other"),
    ]


def test_a_generator_yields_examples_and_its_fault_is_one():
    @lk.transformation_function
    def several(text):
        yield text + "!"
        if text == "bad":
            raise ValueError("no more")
        yield text + "?"

    result = made({"id": ["a", "b"], "text": ["hi", "bad"]}, several, on_fault="record")
    assert texts_of(result) == {"a~1": "hi!", "a~2": "hi?"}
    assert [(fault.lf, fault.id, fault.row, fault.error) for fault in result.faults] == [
        ("several", "b", 1, "ValueError")
    ]
    assert result.counts.loc["several", ["tried", "faults", "made"]].tolist() == [2, 1, 2]


def test_functions_of_a_whole_example_work_as_in_snorkel():
    @lk.transformation_function()
    def changed(x):
        x.text = x.text + "!"
        return x

    def plain(row):
        return {"text": row["author"] + row["text"]}

    result = made(tfs=[changed, plain])
    assert texts_of(result)["a~1"] == "free money now!"
    assert texts_of(result)["a~2"] == "xfree money now"
    assert result.rows()["text"].to_pylist()[0] == TEXTS[0]


def test_a_batch_function_gets_columns():
    @lk.transformation_function(batch=True)
    def all_at_once(text: list):
        return [one[::-1] if one != "so free" else ValueError("not this one") for one in text]

    result = made(tfs=all_at_once, on_fault="record")
    assert texts_of(result)["a~1"] == TEXTS[0][::-1]
    assert [(fault.id, fault.message) for fault in result.faults] == [("e", "not this one")]


def test_a_series_of_a_batch_function_is_matched_by_its_index():
    @lk.transformation_function(batch=True)
    def shouted(text: pd.Series):
        return text.sort_values().str.upper()

    made_texts = texts_of(made(tfs=shouted))
    assert made_texts["a~1"] == TEXTS[0].upper()
    assert made_texts["e~1"] == "SO FREE"


def test_a_null_is_not_given_to_a_function_that_does_not_ask_for_it():
    @lk.transformation_function
    def with_missing(text: str | None):
        return "none" if text is None else None

    corpus = {"id": ["a", "b"], "text": ["hi", None]}
    assert texts_of(made(corpus, [shout, with_missing])) == {"a~1": "HI", "b~1": "none"}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda text: 5, "returned 5 for column 'text', which holds string"),
        (lambda text: {"txt": "a"}, "returned a column 'txt', which cannot be changed; those that can: text, author"),
        (lambda text: {"id": "a~1"}, "returned a column 'id', which cannot be changed"),
        (lambda text: {"text": b"\xff"}, "which holds string"),
        (lambda text: {"text": "\ud800"}, "which holds string"),
        (lambda text: [["nested"]], "which holds string"),
        (lambda text: 1 / 0, "division by zero"),
        (lambda text: (_ for _ in ()).throw(SystemExit(3)), "3"),
    ],
)
def test_what_fails_or_does_not_fit_is_a_fault_named_and_counted(result, message):
    def bad(text):
        return result(text)

    with pytest.raises(FaultError, match="transformation 'bad' failed on the example of id 'a'") as raised:
        made(tfs=bad)
    assert message in raised.value.message
    assert 'on_fault="record"' in raised.value.hint
    recorded = made(tfs=[bad, shout], on_fault="record")
    assert recorded.counts["faults"].to_dict() == {"bad": 5, "shout": 0}
    assert len(recorded) == 5
    assert message in str(recorded)
    assert len(recorded.faults) == 5


def test_a_bare_value_of_several_columns_needs_the_name_of_one():
    def joined(text, author):
        return text + author

    with pytest.raises(FaultError, match="does not say of which column"):
        made(tfs=joined)
    result = made(tfs=lk.transformation_function(column="text")(joined))
    assert texts_of(result)["a~1"] == "free money nowx"


def test_a_transformation_that_never_ends_is_stopped():
    def endless(text):
        while text:
            pass
        return text

    with pytest.raises(TimeLimitError, match="transformation 'endless' took more than"):
        made(tfs=endless, time_limit=0.05)


def test_transformations_are_told_apart():
    def shout(text):
        return text + "!"

    with pytest.raises(RuleError, match="two transformations are named 'shout'"):
        made(tfs=[globals()["shout"], shout])
    with pytest.raises(RuleError, match="no transformations"):
        made(tfs=[])
    with pytest.raises(RuleError, match="is not a function"):
        made(tfs=[3])
    with pytest.raises(RuleError, match="reads no column"):
        lk.transformation_function(lambda rng: None)
    with pytest.raises(CorpusError, match="transformation 'other' reads column 'txt'") as raised:
        made(tfs=lk.transformation_function(name="other")(lambda txt: None))
    assert "text" in raised.value.hint


# Policies -------------------------------------------------------------------------------------------------------------


def plus(sign):
    return lk.transformation_function(name=sign)(lambda text: text + sign)


def test_policies_are_those_of_snorkel():
    one = {"id": ["a"], "text": ["x"]}
    two = [plus("!"), plus("?")]
    assert texts_of(made(one, two, policy=lk.ApplyAllPolicy())) == {"a~1": "x!?"}
    assert texts_of(made(one, two, policy=lk.ApplyEachPolicy(2))) == {"a~1": "x!", "a~2": "x?"}
    assert texts_of(made(one, two[:1], policy=lk.ApplyOnePolicy())) == {"a~1": "x!"}
    field = lk.MeanFieldPolicy(2, sequence_length=3, p=[1, 0], n_per_original=2, keep_original=False)
    result = made(one, two, policy=field)
    assert texts_of(result) == {"a~1": "x!!!"}  # the second is a duplicate
    assert result.counts.loc["!", "duplicates"] == 1
    assert result.rows().num_rows == 1
    assert made(one, two, policy=lk.ApplyAllPolicy).made["made_by"].to_pylist() == ["!+?"]


def test_random_policies_draw_as_they_say():
    corpus = {"id": list(range(2_000)), "text": [f"t{i}" for i in range(2_000)]}
    tfs = [plus("!"), plus("?")]
    share = np.mean([one == "!" for one in made(corpus, tfs, policy=lk.RandomPolicy()).made["made_by"].to_pylist()])
    assert abs(share - 0.5) < 0.05
    policy = lk.MeanFieldPolicy(p=[0.9, 0.1])
    share = np.mean([one == "!" for one in made(corpus, tfs, policy=policy).made["made_by"].to_pylist()])
    assert abs(share - 0.9) < 0.03


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (lk.ApplyOnePolicy(), "for one transformation, and there are 2"),
        (lk.RandomPolicy(3), "n_tfs=3"),
        (lk.MeanFieldPolicy(p=[1.0]), "1 probabilities for 2"),
        ("each", "is no policy"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(policy, message):
    with pytest.raises(AnalysisError, match=message):
        made(tfs=[shout, shuffled], policy=policy)


def test_numbers_of_policies_are_checked():
    with pytest.raises(AnalysisError, match="n_per_original=0"):
        lk.RandomPolicy(n_per_original=0)
    with pytest.raises(AnalysisError, match="are not probabilities"):
        lk.MeanFieldPolicy(p=[0.5, 0.6])


# What is dropped ------------------------------------------------------------------------------------------------------


def test_an_emptied_text_is_dropped_and_counted():
    result = made(tfs=[lk.transformation_function(name="wipe")(lambda text: "  " if "free" in text else None), shout])
    assert result.counts.loc["wipe"].to_dict() == {
        "tried": 5, "unchanged": 2, "faults": 0, "emptied": 3, "duplicates": 0, "votes_changed": 0, "made": 0,
    }  # fmt: skip
    assert not [text for text in texts_of(result).values() if not text.strip()]


@pytest.mark.parametrize("lost", [{"n": None, "b": True}, {"n": 5, "b": None}])
def test_a_number_that_another_row_lacks_hides_no_duplicate(lost):
    """Copies of rows for evaluation, too, are among those that are dropped."""

    @lk.transformation_function
    def to_b(text: str, n: int, b: bool) -> dict[str, str]:
        return {"text": text.replace("a", "b")}

    rows = [{"id": text, "text": text, "n": n, "b": n > 1} for text, n in (("xa", 1), ("xb", 1), ("ya", 2), ("yb", 2))]
    for corpus in (rows, [*rows, {"id": "z", "text": "q", **lost}]):
        result = lk.augment(corpus, to_b, id="id", evaluation=["xb", *(["z"] if len(corpus) > 4 else [])])
        assert result.n_made == 0
        assert result.counts.loc["to_b", "duplicates"] == 2


def test_duplicates_of_originals_anywhere_in_the_corpus_are_dropped():
    corpus = {"id": ["a", "b", "c", "d"], "text": ["hi", "HI", "Hi", "new"]}
    result = made(corpus)
    assert texts_of(result) == {"d~1": "NEW"}
    assert result.counts.loc["shout", ["unchanged", "duplicates", "made"]].tolist() == [1, 2, 1]


def test_a_change_that_is_undone_makes_nothing():
    undo = lk.transformation_function(name="undo")(lambda text: text.lower())
    assert len(made({"id": ["a"], "text": ["x"]}, [shout, undo], policy=lk.ApplyAllPolicy())) == 0


def test_a_transformation_that_changes_nothing_is_warned_of():
    with pytest.warns(UserWarning, match="'idle' changed none of the 5 examples"):
        result = made(tfs=[lk.transformation_function(name="idle")(lambda text: text), shout])
    assert "idle changed none of the 5 examples that it was tried on" in result.step.notes


# The check by the rules -----------------------------------------------------------------------------------------------


def swap(old, new):
    return lk.transformation_function(name=f"{old}_{new}")(lambda text: text.replace(old, new) if old in text else None)


def test_an_example_whose_votes_change_is_dropped_or_flagged():
    tfs = [swap("free", "dear"), swap("money", "gold")]
    dropped = made(tfs=tfs, lfs=RULES)
    assert texts_of(dropped) == {"a~2": "free gold now"}
    assert dropped.rule_changes == {"free": 3, "nice": 0}
    assert dropped.counts["votes_changed"].to_dict() == {"free_dear": 3, "money_gold": 0}
    flagged = made(tfs=tfs, lfs=RULES, check="flag")
    assert dict(zip(flagged.made["id"].to_pylist(), flagged.made["votes_changed"].to_pylist(), strict=True)) == {
        "a~1": ["free"], "a~2": [], "c~1": ["free"], "e~1": ["free"],
    }  # fmt: skip
    assert len(made(tfs=tfs, lfs=RULES, check=None)) == 4


def test_a_lost_vote_may_count_as_no_change_of_class():
    tfs = [swap("free", "dear"), swap("free", "nice"), swap("so free", "so free soon")]
    assert set(texts_of(made(tfs=tfs, lfs=RULES, changes="class")).values()) == {
        "dear money now", "win dear cash", "so dear",
    }  # fmt: skip


def test_a_rule_that_fails_cannot_vouch_for_the_class():
    @lk.labeling_function
    def picky(text: str) -> int | None:
        if "!" in text:
            raise ValueError("no")
        return None

    result = made(tfs=plus("!"), lfs=lk.LabelingFunctions([picky], labels=Label))
    assert len(result) == 0
    assert "5 failures of rules, counted as changed votes" in result.step.notes


@pytest.mark.filterwarnings("ignore:transformation .* changed none")
@given(st.lists(st.sampled_from([*TEXTS, "free nice", "soon", "", "x"]), min_size=1, max_size=12), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_votes_on_made_examples_are_those_on_their_originals(texts, seed):
    tfs = [shuffled, swap("free", "nice"), plus(" soon"), lk.transformation_function(name="cut")(lambda text: text[2:])]
    corpus = pa.table({"id": [f"k{i}" for i in range(len(texts))], "text": texts})
    result = made(
        corpus, tfs, lfs=RULES, policy=lk.RandomPolicy(n_per_original=3), on_fault="record", random_state=seed
    )
    rows = result.rows()
    matrix = lk.Applier(RULES).apply(rows, id="id", progress=False)
    by_id = dict(zip(matrix.ids.tolist(), np.asarray(matrix.votes).tolist(), strict=True))
    for row in result.made.to_pylist():
        assert by_id[row["id"]] == by_id[row["made_from"]]
    assert len(set(rows["id"].to_pylist())) == len(rows)
    contents = [text for text, of in zip(rows["text"].to_pylist(), rows["made_from"].to_pylist(), strict=True) if of]
    assert len(set(contents)) == len(contents)
    assert not set(contents) & set(texts)


# Kept out of evaluation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evaluation",
    [["b", "d"], {"b", "d"}, np.array(["b", "d"]), {"b": 1, "d": 0, "a": None, "c": -1}, pd.Series({"b": 1, "d": 0})],
)
def test_rows_that_judge_are_neither_augmented_nor_trained_on(evaluation):
    result = made(evaluation=evaluation)
    assert set(result.made["made_from"].to_pylist()) == {"a", "c", "e"}
    assert not {"b", "d"} & set(result.rows()["id"].to_pylist())
    assert result.step.notes[0] == "2 rows kept out, for evaluation"


def test_a_sample_and_the_part_of_a_split_are_understood():
    class Halves:
        step = None

        def rows(self):
            return pa.table({"id": IDS, "split": ["train", "test", "train", "test", "train"]})

    parts = dict(zip(IDS, ["train", "test", "train", "test", "train"], strict=True))
    series = pd.Series(parts)
    for split in (
        Halves(),
        SimpleNamespace(assignment=parts),
        parts,
        series,
        ["a", "c", "e"],
        {**parts, "z": "test"},
    ):
        assert made(split=split).made["made_from"].to_pylist() == ["a", "c", "e"]
    assert made(split=series, part="test").made["made_from"].to_pylist() == ["b", "d"]
    with pytest.raises(AnalysisError, match="no row of the corpus is in the part 'training'") as raised:
        made(split=series, part="training")
    assert "'train', 'test'" in raised.value.hint
    drawn = lk.sample(CORPUS, 2, id="id")
    assert not set(drawn.ids.tolist()) & set(made(evaluation=drawn).rows()["id"].to_pylist())


def test_a_row_is_trained_on_or_judges_but_not_both():
    with pytest.raises(AnalysisError, match="1 rows that evaluation= names are to be augmented by split="):
        made(split=["a", "b"], evaluation=["b", "c"])
    with pytest.raises(AnalysisError, match="evaluation= names all of them"):
        made(evaluation=IDS)
    with pytest.raises(AnalysisError, match="names an example twice"):
        made(evaluation=np.array([0, 1, 0, 1, 1]))
    with pytest.raises(AnalysisError, match="none of the 2 names in evaluation="):
        made(evaluation=[1, 2])
    with pytest.raises(AnalysisError, match="names 'b' twice"):
        made(evaluation=pd.Series([1, 0], index=["b", "b"]))
    with pytest.raises(AnalysisError, match="evaluation"):
        made(evaluation={"x": 1, "y": 0})


def test_gold_in_the_order_of_a_frame_is_matched_as_elsewhere():
    frame = pd.DataFrame(CORPUS)
    gold = pd.Series([None, 1, -1, 0, pd.NA], dtype="Int64")
    assert lk.augment(frame, shout, id="id", evaluation=gold).made["made_from"].to_pylist() == ["a", "c", "e"]
    by_index = pd.DataFrame({"text": TEXTS}, index=list("pqrst"))
    gold = pd.Series([1, 0], index=["t", "q"])
    assert lk.augment(by_index, shout, evaluation=gold).made["made_from"].to_pylist() == ["p", "r", "s"]


def test_an_end_model_is_not_judged_on_made_examples_nor_on_originals_that_it_learned_copies_of():
    corpus = {"id": [f"k{i}" for i in range(40)], "text": [f"{TEXTS[i % 3]} {i}" for i in range(40)]}
    labels = labels_of(corpus)
    result = made(corpus, labels=labels)
    rows = lk.open_corpus(result.rows(), id="id")
    with pytest.raises(ModelError, match="rows made of it are learned from"):
        lk.train_end_model(rows, result.labels, gold={"k0": 1, "k1": 0})
    with pytest.raises(ModelError, match="were made of others"):
        lk.train_end_model(rows, result.labels, gold={"k0~1": 1, "k1~1": 0})
    apart = made(corpus, labels=labels, evaluation={"k0": 1, "k1": 0})
    assert lk.train_end_model(lk.open_corpus(apart.rows(), id="id"), apart.labels).n_rows == len(apart.rows())


# Bad input ------------------------------------------------------------------------------------------------------------


def test_ids_that_collide_are_refused_with_a_remedy():
    corpus = {"id": ["a", "a~1", "b~9"], "text": ["x", "y", "z"]}
    with pytest.raises(AnalysisError, match="would have the id 'a~1'") as raised:
        made(corpus)
    assert "separator='#'" in raised.value.hint
    assert "a#1" in texts_of(made(corpus, separator="#"))


def test_rules_that_check_need_no_names_of_classes():
    """Their votes are compared: it was an error, whose remedy, labels=["HAM", "SPAM"], failed here."""
    plain = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("nice", "soon", label=0).rule(name="nice")]
    tfs = [shout, swap("free", "dear")]
    with_names = made(tfs=tfs, lfs=RULES)
    for rules in (plain, iter(plain), [plain[0], NICE], lk.LabelingFunctions(plain, labels=["HAM", "SPAM"])):
        assert texts_of(made(tfs=tfs, lfs=rules)) == texts_of(with_names)
    with pytest.raises(CollectError, match="one labeling function"):
        made(lfs=FREE)


@pytest.mark.parametrize("given", [["HAM", "SPAM"], "runs/first", lk.LabelModel(), np.eye(2)])
def test_what_is_no_labels_of_the_corpus_is_refused(given):
    with pytest.raises(ModelError, match="LK405"):
        made(labels=given)


def test_a_corpus_without_rows_or_with_columns_in_the_way_is_refused():
    with pytest.raises(AnalysisError, match="has no rows to augment"):
        made(pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())}))
    with pytest.raises(AnalysisError, match="'id' that does not name its examples"):
        lk.augment(CORPUS, shout)
    with pytest.raises(AnalysisError, match="a column 'label' already") as raised:
        made({**CORPUS, "label": [0] * 5}, labels=labels_of())
    assert "columns=['text', 'author']" in raised.value.hint
    with pytest.raises(AnalysisError, match="examples that were made already"):
        made(made().rows())
    with pytest.raises(CorpusError, match="stands twice"):
        made({"id": ["a", "a"], "text": ["x", "y"]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"check": "remove"}, "check='remove'"),
        ({"check": "flag"}, "needs rules"),
        ({"changes": "all"}, "changes='all'"),
        ({"on_fault": "skip"}, "on_fault='skip'"),
        ({"rows": "labeled"}, "rows='labeled'"),
        ({"random_state": -1}, "random_state=-1"),
        ({"separator": ""}, "separator=''"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(AnalysisError, match=message):
        made(**options)


def test_the_result_is_plain_values_for_programs():
    result = made(tfs=[shout, swap("free", "dear")], lfs=RULES)
    values = result.to_dict()
    assert values["transformations"]["shout"]["made"] == 5
    assert values["rules"] == {"free": 3, "nice": 0}
    assert values["step"]["parameters"]["policy"] == "ApplyEachPolicy"
    assert "5 examples made of 5 originals" in str(result)


def test_a_transformation_that_returns_nothing_is_refused():
    def forgets(text):
        text.upper()

    def forgets_the_example(x):
        x.text = x.text.upper()

    def leaves(text):
        if "free" in text:
            return
        text.upper()

    for function in (forgets, forgets_the_example, leaves):
        with pytest.raises(RuleError, match=r"(?s)returns nothing.*LK422.*return the changed (text|x)"):
            lk.transformation_function(function)
        with pytest.raises(RuleError, match="returns nothing"):
            lk.augment(["free money", "hello"], function)


def test_functions_that_may_return_something_are_taken():
    def gives(text):
        yield text.upper()

    def now_and_then(text):
        if "free" in text:
            return text.upper()
        return None

    @wraps(now_and_then)
    def wrapped(text):
        return now_and_then(text)

    for function in (gives, now_and_then, wrapped, lambda text: text.upper()):
        assert len(lk.augment(["free money", "hello"], lk.transformation_function(function))) > 0


def test_the_name_of_a_transformation_is_no_transformation():
    with pytest.raises(RuleError, match="'typos' is not a function"):
        lk.augment(["free money"], "typos")
