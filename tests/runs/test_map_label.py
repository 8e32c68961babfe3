"""A run reads gold whose values have other names than the classes, and so does whoever reads the run."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import GoldError, RunFolderError
from labelkit.runs.run_examples import RunExamples
from labelkit.runs.steps import patterns_of
from labelkit.votes.alignment import object_array
from labelkit.votes.gold_mapping import GoldMapping

SETTINGS = {"progress": False, "cache": False, "labels": ["HAM", "SPAM"]}

MEANINGS = {"junk": "SPAM", "fine": "HAM", "unsure": None}


@pytest.fixture(scope="module")
def lfs():
    return [
        lk.keywords("subscribe", "check out", label=1).rule(name="asks"),
        lk.keywords("love", "song", label=0).rule(name="loves"),
    ]


@pytest.fixture(scope="module")
def comments():
    frame = lk.load_comments(400)
    words = np.where(frame["spam"] == 1, "junk", "fine").astype(object)
    words[::10] = "unsure"
    number = np.where(frame["spam"] == 1, 5, 7)
    truth = np.where(words == "unsure", -1, frame["spam"])
    return frame.assign(word=words, number=number, truth=truth)


@pytest.fixture(scope="module")
def plain(lfs, comments, tmp_path_factory):
    return lk.run(lfs, comments, tmp_path_factory.mktemp("plain") / "run", gold="truth", **SETTINGS)


def test_a_column_of_words_means_classes_wherever_the_run_is_read(lfs, comments, plain, tmp_path):
    comments.to_csv(tmp_path / "comments.csv", index=False)
    run = lk.run(lfs, tmp_path / "comments.csv", tmp_path / "run", id="id", gold="word", map_label=MEANINGS, **SETTINGS)
    assert np.array_equal(run.patterns().gold, plain.patterns().gold)
    assert run.manifest["evaluation"] == plain.manifest["evaluation"]
    assert run.manifest["map_label"] == {"junk": 1, "fine": 0, "unsure": -1}
    gold = lk.why(run, comments["id"][1]).gold
    assert gold == ("SPAM" if comments["spam"][1] else "HAM")
    assert lk.why(run, comments["id"][0]).gold is None
    assert "have no texts" not in lk.write_report(run).read_text("utf-8")
    assert lk.diff(run, run, gold="word").gold.loc["after", "gold"] == (comments["word"] != "unsure").sum()
    bare = lk.apply_to_folder(lfs, tmp_path / "comments.csv", tmp_path / "bare", id="id", **SETTINGS)
    for votes, meanings in ((bare, MEANINGS), (run, None), (run, MEANINGS)):
        assert np.array_equal(patterns_of(votes, gold="word", map_label=meanings).gold, plain.patterns().gold)
    settings = {"id": "id", "gold": "word", **SETTINGS}
    again = lk.run(
        lfs, tmp_path / "comments.csv", tmp_path / "run", map_label=dict(reversed(MEANINGS.items())), **settings
    )
    assert again.was_finished
    other = {**MEANINGS, "unsure": "HAM"}
    with pytest.raises(RunFolderError, match="gold changed"):
        lk.run(lfs, tmp_path / "comments.csv", tmp_path / "run", map_label=other, **settings)


def test_so_do_files_arrays_and_mappings(lfs, comments, plain, tmp_path):
    gold = comments[["id", "number"]].rename(columns={"number": "label"})
    gold = gold[comments["word"] != "unsure"]
    gold.sample(frac=1, random_state=0).to_csv(tmp_path / "gold.csv", index=False)
    meanings = {"5": "SPAM", 7: "HAM"}
    by_id = dict(zip(gold["id"], gold["label"], strict=True))
    frame = comments.set_index("id", drop=False)
    for number, given in enumerate((tmp_path / "gold.csv", by_id, pd.Series(by_id))):
        run = lk.run(lfs, frame, tmp_path / str(number), gold=given, map_label=meanings, **SETTINGS)
        assert np.array_equal(run.patterns().gold, plain.patterns().gold)
        if number:
            assert np.array_equal(patterns_of(run.matrix(), gold=given, map_label=meanings).gold, plain.patterns().gold)
    array = lk.run(lfs, comments, tmp_path / "array", gold=comments["word"].to_numpy(), map_label=MEANINGS, **SETTINGS)
    assert np.array_equal(array.patterns().gold, plain.patterns().gold)


@pytest.mark.parametrize("column", ["word", "number"])
def test_a_value_that_is_no_class_names_the_option(lfs, comments, tmp_path, column):
    for folder in ("out", "votes"):
        make = lk.run if folder == "out" else lk.apply_to_folder
        with pytest.raises(GoldError, match="gold holds") as error:
            make(lfs, comments, tmp_path / folder, gold=column, **SETTINGS)
        assert "map_label={value: class} (--map-label VALUE=CLASS) says what other values mean" in error.value.hint


def test_the_values_of_a_column_are_held_against_the_mapping_before_rules_vote(lfs, comments, tmp_path):
    calls = []

    @lk.labeling_function()
    def counted(text):
        calls.append(text)
        return 0

    rules = [*lfs, counted]
    comments.to_csv(tmp_path / "comments.csv", index=False)
    settings = {"id": "id", "gold": "word", **SETTINGS}
    with pytest.raises(GoldError, match=r"gold holds 'fine' \(\d+ times\), which is neither"):
        lk.run(
            rules, tmp_path / "comments.csv", tmp_path / "run", map_label={"junk": "SPAM", "unsure": None}, **settings
        )
    assert not calls
    misspelt = {**MEANINGS, "jnuk": "SPAM"}
    said = "names 'jnuk', which gold never holds: it holds 'fine', 'junk', 'unsure'"
    with pytest.warns(UserWarning, match=said):
        lk.run(lfs, tmp_path / "comments.csv", tmp_path / "run", map_label=misspelt, **settings)


def test_a_difference_takes_the_meanings_of_values(lfs, comments, plain, tmp_path):
    gold = comments[["id", "word"]].rename(columns={"word": "label"})
    gold.to_csv(tmp_path / "gold.csv", index=False)
    by_id = dict(zip(gold["id"], gold["label"], strict=True))
    frame = comments.set_index("id", drop=False)
    run = lk.run(lfs, frame, tmp_path / "run", gold="truth", **SETTINGS)
    expected = lk.diff(run, run, gold=dict(zip(comments["id"], comments["truth"], strict=True))).gold
    for given in (tmp_path / "gold.csv", by_id, comments["word"].to_numpy()):
        assert lk.diff(run, run, gold=given, map_label=MEANINGS).gold.equals(expected)


def test_gold_that_numbers_the_classes_otherwise_is_told_with_the_mapping_that_reads_it(lfs, comments, plain, tmp_path):
    swapped = comments.assign(number=1 - comments["spam"])
    hint = r"map_label=\{0: 'SPAM', 1: 'HAM'\} \(--map-label 0=SPAM,1=HAM\)"
    with pytest.warns(UserWarning, match=rf"HAM is SPAM, SPAM is HAM \[LK341\]. Hint: .*{hint}"):
        lk.run(lfs, swapped, tmp_path / "swapped", gold="number", **SETTINGS)
    with pytest.warns(UserWarning, match=hint):
        patterns_of(plain.matrix(), gold=swapped["number"])
    with pytest.warns(UserWarning, match=hint):
        patterns_of(plain, gold=swapped["number"])
    meanings = {0: "SPAM", 1: "HAM"}
    run = lk.run(lfs, swapped, tmp_path / "mapped", gold="number", map_label=meanings, **SETTINGS)
    assert run.patterns().gold.sum() == len(comments)
    rules = lk.LabelingFunctions(lfs, labels=["HAM", "SPAM"])
    for meaning, severities in ((None, ["warning"]), (meanings, [])):
        found = check_rules(rules, swapped, gold="number", map_label=meaning)
        assert [problem.severity for problem in found.problems if problem.code == "LK341"] == severities


def test_a_file_of_words_means_classes_wherever_the_run_is_read(lfs, comments, plain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    comments.drop(columns=["word", "truth"]).to_csv("comments.csv", index=False)
    comments.rename(columns={"word": "label"})[["id", "label"]].to_csv("gold.csv", index=False)
    settings = {"id": "id", "map_label": MEANINGS, **SETTINGS}
    run = lk.run(lfs, "comments.csv", "run", gold="gold.csv", **settings)
    assert run.manifest["map_label"] == {"junk": 1, "fine": 0, "unsure": -1}
    assert lk.run(lfs, "comments.csv", "run", gold="gold.csv", **settings).was_finished
    truth = comments["truth"].to_numpy()
    for gold in (None, "gold.csv", tmp_path / "gold.csv"):
        assert np.array_equal(RunExamples.of(run, gold=gold).gold, truth)
    for gold in ("gold.csv", tmp_path / "gold.csv"):
        assert np.array_equal(patterns_of(run, gold=gold).gold, plain.patterns().gold)
        assert lk.diff(run, run, gold=gold).gold.loc["after", "gold"] == (truth >= 0).sum()
    (tmp_path / "other.csv").write_bytes((tmp_path / "gold.csv").read_bytes())
    with pytest.raises(GoldError, match="'junk'"):
        RunExamples.of(run, gold="other.csv")


def test_classes_that_are_named_by_numbers_keep_their_meanings(comments, tmp_path):
    comments.to_csv(tmp_path / "comments.csv", index=False)
    comments.rename(columns={"word": "label"})[["id", "label"]].to_csv(tmp_path / "gold.csv", index=False)
    lfs = [lk.keywords("subscribe", "check out", label=0).rule(name="asks")]
    settings = {**SETTINGS, "labels": ["1", "2"], "id": "id", "map_label": {"junk": "1", "fine": "2", "unsure": None}}
    run = lk.run(lfs, tmp_path / "comments.csv", tmp_path / "run", gold=tmp_path / "gold.csv", **settings)
    assert np.array_equal(RunExamples.of(run).gold, np.choose(comments["truth"] + 1, [-1, 1, 0]))


def test_a_difference_of_runs_with_the_classes_in_another_order_reads_gold_by_name(comments, tmp_path):
    comments.to_csv(tmp_path / "comments.csv", index=False)
    comments.rename(columns={"word": "label"})[["id", "label"]].to_csv(tmp_path / "gold.csv", index=False)
    for gold in ("word", tmp_path / "gold.csv"):
        settings = {"id": "id", "gold": gold, "map_label": MEANINGS, "progress": False, "cache": False, "force": True}
        before, after = (
            lk.run(
                [lk.keywords("subscribe", "check out", label=labels.index("SPAM")).rule(name="asks")],
                tmp_path / "comments.csv",
                tmp_path / name,
                labels=labels,
                **settings,
            )
            for name, labels in (("a", ["HAM", "SPAM"]), ("b", ["SPAM", "HAM"]))
        )
        found = lk.diff(before, after, gold=gold).gold
        labeled = before.labels().hard() >= 0
        truth = comments["truth"].to_numpy()
        right = ((before.labels().hard() == truth) & labeled & (truth >= 0)).sum()
        assert found.loc["before", "right"] == right
        right = ((after.labels().hard() == 1 - truth) & (truth >= 0)).sum()
        assert found.loc["after", "right"] == right > 0


def test_a_difference_warns_of_gold_in_another_order(lfs, comments, tmp_path):
    run = lk.run(lfs, comments, tmp_path / "run", **SETTINGS)
    inverted = 1 - comments["spam"]
    with pytest.warns(match="agree on .*LK341"):
        lk.diff(run, run, gold=inverted)
    with pytest.warns(match="agree on .*LK341"):
        lk.diff(run.matrix(), run.matrix(), gold=inverted)
    lk.diff(run, run, gold=comments["spam"])
    lk.diff(run, run, gold=inverted, map_label={0: "SPAM", 1: "HAM"})


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        (
            ["Fine", "JUNK ", "junk"],
            (
                "'Fine' differs from 'fine', 'JUNK' differs from 'junk' in case or blanks alone, and each is mapped by itself: "
                "map_label={'Fine': 'HAM', 'JUNK': 'SPAM'} (--map-label Fine=HAM --map-label JUNK=SPAM)"
            ),
        ),
        (
            ["no  idea", "spam", None],
            (
                "'no  idea' differs from 'No idea' in case or blanks alone, and each is mapped by itself: "
                "map_label={'no  idea': None} (--map-label 'no  idea=')"
            ),
        ),
        (
            ["Fine", "odd"],
            (
                "'Fine' differs from 'fine' in case or blanks alone, and each is mapped by itself: "
                "map_label={'Fine': 'HAM'} (--map-label Fine=HAM); map_label={value: class} (--map-label VALUE=CLASS) says the rest"
            ),
        ),
    ],
)
def test_values_that_differ_from_mapped_ones_in_case_or_blanks_are_told_with_what_maps_them(values, hint):
    mapping = GoldMapping.of({"junk": "SPAM", "fine": "HAM", "No idea": None}, ["HAM", "SPAM"])
    with pytest.raises(GoldError) as caught:
        mapping.apply(object_array(values), ["HAM", "SPAM"])
    assert (caught.value.hint, caught.value.code) == (hint, "LK324")


def test_the_hint_at_another_case_is_kept_where_a_run_reads_gold(lfs, comments, tmp_path):
    gold = ["Junk"] * len(comments)
    with pytest.raises(
        GoldError, match=r"Hint: 'Junk' differs from 'junk' .*: map_label=\{'Junk': 'SPAM'\} \(--map-label Junk=SPAM\)$"
    ):
        lk.run(lfs, comments, tmp_path / "out", gold=gold, map_label={"junk": "SPAM"}, labels=["HAM", "SPAM"])


def test_answers_of_one_meaning_are_counted_together(tmp_path):
    """Four of seven say SPAM in two words, and three say HAM; "?" says nothing, though most say it."""
    given = {"a": ["ad", "ad", "scam", "scam", "HAM", "ham", "HAM"], "b": ["?", "?", "?", "HAM"], "c": ["Spam"]}
    lines = [f"{item},{who},{label}\n" for item, labels in given.items() for who, label in enumerate(labels)]
    (tmp_path / "crowd.csv").write_text("task,worker,label\n" + "".join(lines))
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("hello", label=0).rule(name="hello")]
    rows = [{"id": "a", "text": "free"}, {"id": "b", "text": "hello"}, {"id": "c", "text": "free beer"}]
    meanings = {"ad": "SPAM", "scam": "SPAM", "?": None, "Spam": "HAM"}  # which would be SPAM without
    settings = {"id": "id", "labels": ["HAM", "SPAM"], "gold": str(tmp_path / "crowd.csv"), "report": False}
    run = lk.run(rules, rows, tmp_path / "run", map_label=meanings, **settings)
    assert run.summary.loc[["free", "hello"], ["correct", "gold"]].values.tolist() == [[1, 2], [1, 1]]
    other = lk.run(rules[:1], rows, tmp_path / "other", map_label=meanings, **settings)
    sides = lk.diff(other, run, gold=str(tmp_path / "crowd.csv")).to_dict()["gold"]
    assert [(side["gold"], side["labeled"], side["right"]) for side in sides] == [(3, 2, 1), (3, 3, 2)]
