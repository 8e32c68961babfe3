"""Slices: which examples are in them, what their labels are worth, which are poor, and where the next labels go."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import labelkit as lk
from labelkit._shared.numbers import wilson_interval
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError, FaultError, GoldError


@lk.slicing_function
def short(text: str) -> bool:
    """Texts of one word."""
    return len(text.split()) < 2


@lk.slicing_function()
def broken(text: str) -> bool:
    """Fail on one example."""
    if text == "bad":
        raise ValueError("no")
    return text == "good"


FRAME = pd.DataFrame(
    {"text": ["a refund", "refund", "hello there", "hi", None], "country": ["DE", "FR", None, "DE", "PL"]},
    index=pd.Index(["e0", "e1", "e2", "e3", "e4"]),
)


def random_slices(seed=0, n=2_000, poor=0.0):
    """Labels of which a tenth is wrong, and of one country more; a frame, labels as probabilities, and gold."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "text": [" ".join(rng.choice(["red", "green", "blue", "grey"], 4)) for _ in range(n)],
            "country": rng.choice(["DE", "FR", "PL", "IT"], n),
        }
    )
    gold = rng.integers(0, 2, n)
    error = np.where(frame["country"] == "PL", 0.1 + poor, 0.1)
    guess = np.where(rng.random(n) < error, 1 - gold, gold)
    return frame, np.eye(2)[guess], gold


# Membership -----------------------------------------------------------------------------------------------------------


def test_rules_conditions_functions_and_columns_are_slices():
    spam = lk.keywords("refund", label=3).rule(name="asks_for_money")
    found = lk.apply_slices([short, spam], FRAME, by="country")
    assert found["short"].tolist() == [False, True, False, True, False]
    assert found["asks_for_money"].tolist() == [True, True, False, False, False]
    assert found["country=DE"].tolist() == [True, False, False, True, False]
    assert found["country=(missing)"].tolist() == [False, False, True, False, False]
    assert found.to_pandas().index.tolist() == FRAME.index.tolist()
    assert isinstance(found, Curated)
    rows = found.rows().to_pylist()
    assert rows[1]["slices"] == ["short", "asks_for_money", "country=FR"]
    assert found.sizes["short"] == 2
    assert found.step.after["short"] == 2


def test_a_column_of_many_whole_numbers_is_cut_at_its_tenths_beside_gaps_too():
    ages = [None if i % 100 == 7 else i for i in range(1_000)]
    for corpus in (pa.table({"age": ages}), pd.DataFrame({"age": pd.array(ages, dtype="Int64")})):
        assert list(lk.apply_slices(None, corpus, by="age").sizes.values()) == [99] * 10 + [10]


def test_a_mapping_names_conditions():
    found = lk.apply_slices({"money": lk.keywords("refund"), "greets": lk.regex("^h")}, FRAME)
    assert found.names == ("money", "greets")
    assert found["greets"].tolist() == [False, False, True, True, False]


def test_a_slice_of_a_frame_keeps_its_index():
    assert lk.slice_dataframe(FRAME, short).index.tolist() == ["e1", "e3"]


def test_where_a_slice_fails_is_neither_in_nor_out():
    texts = pd.DataFrame({"text": ["good", "bad", "other"]})
    with pytest.raises(FaultError, match="broken"):
        lk.apply_slices([broken], texts)
    found = lk.apply_slices([broken], texts, on_fault="record")
    assert found.failed("broken").tolist() == [1]
    assert found.to_pandas()["broken"].isna().tolist() == [False, True, False]
    summary = lk.summarize_slices(found, np.eye(2)[[0, 1, 1]], [0, 1, 0])
    assert summary.frame.loc["broken", ["rows", "faults"]].tolist() == [1, 1]
    assert summary.frame.loc["broken", "rest_accuracy"] == 0.0  # the example that failed is not of the rest


@pytest.mark.parametrize(
    ("slices", "options", "message"),
    [
        ([], {}, "no slices"),
        ([short, short], {}, "short"),
        ([short, lk.keywords("x").slice(name="short")], {}, "short"),
        ([short], {"by": "contry"}, "contry"),
    ],
)
def test_what_names_no_slices_is_refused(slices, options, message):
    with pytest.raises(lk.LabelkitError, match=message):
        lk.apply_slices(slices, FRAME, **options)


def test_a_slice_that_covers_everything_or_nothing_is_said_and_not_judged():
    slices = {"all": lk.regex(""), "none": lk.keywords("nowhere"), "red": lk.keywords("red")}
    frame, labels, gold = random_slices()
    found = lk.apply_slices(slices, frame)
    assert any("all" in note for note in found.step.notes)
    assert any("none" in note for note in found.step.notes)
    summary = lk.summarize_slices(found, labels, gold)
    assert summary.frame.loc[["all", "none"], "p"].isna().all()
    assert np.isnan(summary.frame.loc["none", "accuracy"])
    assert set(lk.next_slices(summary).frame.index) == {"red"}


# Summaries ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_statistics_are_those_of_their_definitions(seed):
    frame, labels, gold = random_slices(seed, n=300)
    known = np.where(np.random.default_rng(seed).random(300) < 0.7, gold, -1)
    summary = lk.summarize_slices(None, labels, known, corpus=frame, by="country")
    right = labels.argmax(axis=1) == gold
    p = []
    for country in sorted(set(frame["country"])):
        row = summary.frame.loc[f"country={country}"]
        inside, judged = (frame["country"] == country).to_numpy(), known >= 0
        hits, n = int(right[inside & judged].sum()), int((inside & judged).sum())
        assert row["rows"] == inside.sum()
        assert row["gold"] == n
        assert row["accuracy"] == pytest.approx(hits / n)
        assert [row["accuracy_low"], row["accuracy_high"]] == pytest.approx(list(wilson_interval(hits, n)))
        rest_hits, rest_n = int(right[~inside & judged].sum()), int((~inside & judged).sum())
        table = [[hits, n - hits], [rest_hits, rest_n - rest_hits]]
        tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
        assert row["p"] == pytest.approx(min(1, 2 * min(tails)), rel=1e-6)
        p.append(row["p"])
    order = np.argsort(p)
    holm = np.minimum(np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1)), 1)
    found = summary.frame["p_corrected"].to_numpy()[:-1]
    assert found[order] == pytest.approx(holm)


def test_without_gold_there_is_no_quality_and_gold_of_others_is_refused():
    frame, labels, _ = random_slices(n=200)
    summary = lk.summarize_slices(None, labels, corpus=frame, by="country")
    assert "accuracy" not in summary.frame
    assert summary.worse == ()
    assert "coverage" in str(summary)
    with pytest.raises((GoldError, AnalysisError)):
        lk.summarize_slices(None, labels, {"nobody": 1}, corpus=frame, by="country")


def test_a_poor_slice_is_found_and_none_where_there_is_none():
    """One of four countries with 35% errors for 10%; without, an alarm in at most 5% of the summaries."""
    frame, labels, gold = random_slices(poor=0.25)
    assert lk.summarize_slices(None, labels, gold, corpus=frame, by="country").worse == ("country=PL",)
    alarms = 0
    for seed in range(100):
        frame, labels, gold = random_slices(seed, n=400)
        frame_ = lk.summarize_slices(None, labels, gold, corpus=frame, by="country").frame
        alarms += (frame_["verdict"].iloc[:-1] != "").any()
    assert alarms <= 10  # 5 are expected at most; ten are two and a half standard deviations more


# Found slices ---------------------------------------------------------------------------------------------------------


def test_planted_slices_are_found_and_chance_finds_few():
    found = lk.find_slices(*random_slices(poor=0.3))
    assert found.confirmed == ("country = PL",)
    alarms = sum(bool(lk.find_slices(*random_slices(seed, n=600)).confirmed) for seed in range(100))
    assert alarms <= 10


def with_copies(seed, n_texts=300, n_copies=300, tail=1.2):
    """Texts of which some were posted often; a text is labeled rightly or not, wherever it stands."""
    rng = np.random.default_rng(seed)
    words, often = np.array([f"w{number}" for number in range(120)]), 1 / np.arange(1, 121)
    texts = np.array([" ".join(rng.choice(words, 6, p=often / often.sum())) for _ in range(n_texts)])
    wrong, times = rng.random(n_texts) < 0.15, rng.pareto(tail, n_texts)
    row = np.append(np.arange(n_texts), rng.choice(n_texts, n_copies, p=times / times.sum()))
    frame = pd.DataFrame({"text": texts[row], "country": rng.choice(["DE", "FR", "PL"], len(row))})
    gold = rng.integers(0, 2, len(row))
    return frame, np.eye(2)[np.where(wrong[row], 1 - gold, gold)], gold


def test_copies_of_a_text_do_not_confirm_themselves():
    """A text of which both halves had copies was confirmed as a slice in four of five searches."""
    searches = [lk.find_slices(*with_copies(seed)) for seed in range(60)]
    assert sum(bool(found.confirmed) for found in searches) <= 8
    assert {found.n_judged for found in searches} == {300}
    assert "Left out: 300 copies of a text" in str(searches[0])


def test_rows_that_share_a_text_and_err_by_themselves_all_count():
    frame, labels, gold = random_slices(poor=0.3)
    found = lk.find_slices(frame.assign(text="the same"), labels, gold)
    assert found.confirmed == ("country = PL",)
    assert found.n_judged == len(frame)


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32(), pa.duration("us")])
def test_a_poor_slice_of_times_is_found(kind):
    """Values of pandas are none of Python's, and were in no slice."""
    rng = np.random.default_rng(0)
    day = rng.integers(1, 5, 3_000)
    scale = 1 if kind == pa.date32() else 86_400 * 10**6
    whole = pa.array(day * scale).cast(pa.int32() if scale == 1 else pa.int64())
    gold = rng.integers(0, 2, 3_000)
    wrong = rng.random(3_000) < np.where(day == 2, 0.5, 0.05)
    found = lk.find_slices(
        pa.table({"at": whole.cast(kind)}), np.eye(2)[np.where(wrong, 1 - gold, gold)], gold, columns=["at"], text=None
    )
    assert len(found.confirmed) == 1
    assert found.frame["rows"].iloc[0] == pytest.approx((day == 2).sum() / 2, rel=0.1)


def several_kinds(n=400):
    """Examples with columns of several kinds, some of them the same but for their id."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "text": rng.choice(["red boat", "green boat", "a red tree", "blue", "deep sea", ""], n),
            "country": pd.Categorical(rng.choice(["DE", "FR", "PL"], n)),
            "length": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 50, n)),
            "paid": rng.random(n) < 0.3,
        }
    )
    gold = rng.integers(0, 3, n)
    risk = 0.1 + 0.4 * (frame["country"] == "PL") + 0.2 * frame["text"].str.contains("red")
    return frame, np.where(rng.random(n) < risk, (gold + 1) % 3, gold), gold


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.permutations(range(3)),
    st.sampled_from(["positions", "index", "ids"]),
    st.sampled_from([150, 10_000]),
)
def test_slices_do_not_depend_on_the_order_of_rows_and_classes(seed, numbers, named, max_rows):
    """Rows that nothing names are the same ones by their content; some of very many are drawn by their ids."""
    frame, hard, gold = several_kinds()
    frame = frame.assign(id=[f"r{row}" for row in range(len(frame))]) if named == "ids" else frame
    options = {"id": "id" if named == "ids" else None, "max_rows": max_rows if named != "positions" else 10_000}
    found = lk.find_slices(frame, np.eye(3)[hard], gold, **options)
    order = np.random.default_rng(seed).permutation(len(frame))
    turned = frame.iloc[order]
    numbers = np.array(numbers)
    proba, truth = np.eye(3)[numbers[hard[order]]], numbers[gold[order]]
    again = lk.find_slices(turned if named == "index" else turned.reset_index(drop=True), proba, truth, **options)
    assert str(again) == str(found)
    pd.testing.assert_frame_equal(again.frame, found.frame)


def test_words_and_where_an_end_model_disagrees_are_found():
    frame, labels, gold = random_slices(n=3_000)
    odd = frame["text"].str.startswith("red red").to_numpy()
    end_model = np.where(odd[:, None], 1 - labels, labels)
    found = lk.find_slices(frame, labels, end_model_proba=end_model, columns=[])
    assert found.confirmed
    assert "red" in found.confirmed[0]
    with pytest.raises(AnalysisError, match="one of the two is needed"):
        lk.find_slices(frame, labels)
    with pytest.raises(AnalysisError, match="no column 'nix'"):
        lk.find_slices(frame, labels, gold, columns=["nix"])
    few = lk.find_slices(frame[:10], labels[:10], gold[:10])
    assert few.confirmed == ()
    assert "Not searched" in str(few)


# The next labels ------------------------------------------------------------------------------------------------------


def test_the_slice_with_the_most_labels_at_stake_comes_first():
    frame, labels, gold = random_slices(poor=0.3)
    known = np.where(np.arange(len(gold)) < 800, gold, -1)
    table = lk.next_slices(lk.summarize_slices(None, labels, known, corpus=frame, by="country"), budget=100).frame
    assert table.index[0] == "country=PL"
    row = table.loc["country=PL"]
    assert row["ask"] + row["collect"] == 100
    assert row["expected_width"] < row["width"]
    assert 0 < row["expected_gain"] <= row["at_stake"]
    with pytest.raises(AnalysisError, match="budget"):
        lk.next_slices(lk.summarize_slices(None, labels, known, corpus=frame, by="country"), budget=0)


def test_what_a_hundred_labels_are_expected_to_correct_is_what_they_correct():
    """Over many summaries, the mean of what the answers change in a slice is close to what was foretold."""
    foretold, changed = [], []
    for seed in range(60):
        frame, labels, gold = random_slices(seed, n=1_000, poor=0.2)
        known = np.where(np.arange(1_000) < 400, gold, -1)
        row = lk.next_slices(lk.summarize_slices(None, labels, known, corpus=frame, by="country"), 50).frame.loc[
            "country=PL"
        ]
        asked = np.flatnonzero((frame["country"] == "PL").to_numpy() & (known < 0))[: int(row["ask"])]
        foretold.append(row["expected_corrected"])
        changed.append((labels.argmax(axis=1) != gold)[asked].sum())
    assert np.mean(foretold) == pytest.approx(np.mean(changed), rel=0.15)


def test_classes_of_an_end_model_are_those_that_its_columns_name():
    rng = np.random.default_rng(0)
    names = ["HAM", "SPAM"]
    ids = [f"e{i}" for i in range(2_000)]
    frame = pd.DataFrame({"text": "hi", "country": rng.choice(["DE", "FR", "PL"], 2_000)}, index=ids)
    truth = rng.integers(0, 2, 2_000)
    poor = (frame["country"] == "PL").to_numpy() & (rng.random(2_000) < 0.3)
    labels = pd.DataFrame(np.eye(2)[np.where(poor, 1 - truth, truth)], columns=names, index=ids)
    by_end_model = pd.DataFrame(np.eye(2)[truth], columns=names, index=ids)
    found = lk.find_slices(frame, labels, end_model_proba=by_end_model)
    assert found.confirmed == ("country = PL",)
    for turned in (by_end_model[["SPAM", "HAM"]], by_end_model.iloc[::-1], by_end_model.add_prefix("p_").iloc[:, ::-1]):
        again = lk.find_slices(frame, labels, end_model_proba=turned)
        assert again.frame.equals(found.frame)
    for kind in (pl.from_pandas, pa.Table.from_pandas):  # in the order of the examples
        turned = kind(by_end_model[["SPAM", "HAM"]].reset_index(drop=True))
        assert lk.find_slices(frame, labels, end_model_proba=turned).frame.equals(found.frame)
    assert lk.find_slices(frame, labels, end_model_proba=by_end_model.to_numpy()).frame.equals(found.frame)
    gold = pd.Series(np.array(names)[truth], index=ids)
    assert lk.find_slices(frame, labels.add_prefix("p_"), gold=gold).confirmed == ("country = PL",)
    with pytest.raises(AnalysisError, match="end_model_proba are of the classes A, B, and not of HAM"):
        lk.find_slices(frame, labels, end_model_proba=by_end_model.set_axis(["A", "B"], axis=1))


def test_a_number_that_is_the_name_of_one_class_and_the_number_of_another_is_refused():
    rng = np.random.default_rng(0)
    votes = lk.LabelMatrix.of(rng.integers(0, 3, (300, 1)), names=["a"], classes=["1", "2", "3"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    inside = lk.LabelMatrix.of(np.arange(300)[:, None] % 2 - 1, names=["odd"])
    gold = np.random.default_rng(1).choice(["1", "2", "3"], 300, p=[0.6, 0.3, 0.1])
    gold[::2] = np.array(["1", "2", "3"])[labels.hard()[::2]]
    for positive, number in (("2", 1), (3, 2), (0, 0)):
        frame = lk.summarize_slices(inside, labels, gold, positive=positive).frame
        right = gold[labels.hard() == number] == str(number + 1)
        assert frame.loc["(all)", "precision"] == right.mean()
    with pytest.raises(AnalysisError, match="positive=2 is the name of one class and the number of another, '3'"):
        lk.summarize_slices(inside, labels, gold, positive=2)


def test_a_corpus_in_the_place_of_slices_is_told():
    frame = pd.DataFrame({"text": ["a refund", "hello"]})
    with pytest.raises(AnalysisError, match=r"(?s)is no list of slices.*the slices stand first"):
        lk.apply_slices(frame, [lk.keywords("refund").slice(name="refunds")])
