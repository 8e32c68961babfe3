"""Differences find gold by the names that it has, and do not match names of two kinds."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import GoldError, LabelkitError, MatrixError

CLASSES = ["HAM", "SPAM"]
RULES = [
    lk.keywords("subscribe", "check out", "free", label=1).rule(name="asks", column="text"),
    lk.keywords("love", "great", "song", label=0).rule(name="loves", column="text"),
]


def frame_of(n=120, seed=3):
    """A shuffled frame with holes in its index, and tickets that are partly the same numbers, of other rows."""
    frame = lk.load_comments(200).assign(ticket=np.arange(200) + 17).drop(columns="id")
    return frame.sample(n, random_state=seed)


FRAME = frame_of()
GOLD = FRAME["spam"].map(lambda spam: CLASSES[spam])
SOME = GOLD.sort_index().iloc[::3]
BY_TICKET = pd.Series(SOME.to_numpy(), index=FRAME.loc[SOME.index, "ticket"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")

    def run(name, frame, **options):
        return lk.run(RULES, frame, folder / name, labels=CLASSES, report=False, progress=False, **options).path

    return {
        "index": (run("i1", FRAME), run("i2", FRAME.sort_index())),
        "ticket": (run("t1", FRAME, id="ticket"), run("t2", FRAME.sort_index(), id="ticket")),
        "some": (run("t1", FRAME, id="ticket"), run("t3", FRAME.iloc[::2], id="ticket")),
    }


def matrices(**options):
    applier = lk.Applier(RULES, labels=CLASSES)
    return applier.apply(FRAME, **options), applier.apply(FRAME.sort_index(), **options)


def counts(difference):
    return difference.lfs[["gold_before", "gold_after", "precision_before", "precision_after"]]


def expected(gold=SOME):
    summary = lk.summarize(matrices()[0], gold=gold).frame.loc[["asks", "loves"]]
    return summary["precision"].tolist()


@pytest.mark.parametrize("kind", ["folders", "matrices"])
@pytest.mark.parametrize("named", ["index", "ticket"])
def test_gold_by_the_index_of_the_frame_is_read_by_it(runs, kind, named):
    both = runs[named] if kind == "folders" else matrices(**({"id": "ticket"} if named == "ticket" else {}))
    for gold in (SOME, SOME.iloc[::-1], SOME.to_dict()):
        found = lk.diff(*both, gold=gold)
        assert found.lfs["precision_before"].tolist() == found.lfs["precision_after"].tolist() == expected()
        assert not any("gold" in note for note in found.notes)
    for gold in (GOLD, FRAME["spam"].sort_index(), GOLD.to_dict()):
        assert lk.diff(*both, gold=gold).lfs["precision_after"].tolist() == expected(GOLD)


@pytest.mark.parametrize("kind", ["folders", "matrices"])
def test_gold_by_the_ids_is_read_by_them(runs, kind):
    both = runs["ticket"] if kind == "folders" else matrices(id="ticket")
    for gold in (BY_TICKET, BY_TICKET.to_dict(), BY_TICKET.rename_axis(None)):
        assert lk.diff(*both, gold=gold).lfs["precision_after"].tolist() == expected()


@pytest.mark.parametrize("kind", ["folders", "matrices"])
def test_gold_by_a_column_is_refused_where_the_index_names_the_examples(runs, kind):
    both = runs["index"] if kind == "folders" else matrices()
    with pytest.raises(GoldError, match=r"gold is by 'ticket', .* index of their frame: (.|\n)*id='ticket'") as caught:
        lk.diff(*both, gold=BY_TICKET)
    assert caught.value.code == "LK326"
    notes = lk.diff(*both, gold=BY_TICKET.rename_axis(None)).notes
    n = int(np.isin(BY_TICKET.index, FRAME.index).sum())
    assert 0 < n < len(BY_TICKET)
    assert notes[-1] == f"of the 40 gold labels, {n} are of an example that both have"


def test_gold_that_fits_ids_and_index_in_part_is_refused(runs):
    gold = pd.concat([SOME, pd.Series("HAM", index=[9_999])])
    with pytest.raises(GoldError, match="it could be by either") as caught:
        lk.diff(*runs["ticket"], gold=gold)
    assert caught.value.code == "LK326"


def test_gold_of_examples_that_one_side_has_is_counted(runs):
    found = lk.diff(*runs["some"], gold=GOLD)
    assert found.gold["gold"].tolist() == [60, 60]
    assert found.notes[-1] == "of the 120 gold labels, 60 are of an example that both have"


def test_gold_in_the_order_of_the_second_run_is_read_in_it(runs):
    gold = GOLD.sort_index()
    assert lk.diff(*runs["ticket"], gold=gold).lfs["precision_after"].tolist() == expected(GOLD)
    with pytest.raises(GoldError, match="in the order of either side"):
        lk.diff(*runs["ticket"], gold=gold.to_numpy())


def test_indexes_that_name_other_examples_on_each_side_name_no_gold(tmp_path):
    frames = [FRAME.reset_index(drop=True), FRAME.sort_index().reset_index(drop=True)]
    both = [
        lk.run(RULES, frame, tmp_path / str(i), labels=CLASSES, report=False, progress=False, id="ticket").path
        for i, frame in enumerate(frames)
    ]
    assert lk.diff(*both, gold=BY_TICKET).lfs["precision_after"].tolist() == expected()
    assert lk.diff(*both, gold=BY_TICKET.to_dict()).lfs["precision_after"].tolist() == expected()
    with pytest.raises(GoldError, match="one example before and another after"):
        lk.diff(*both, gold=frames[0]["spam"].iloc[::3])
    with pytest.raises(GoldError, match="in the order of either side"):
        lk.diff(*both, gold=frames[0]["spam"])


# Names of two kinds ---------------------------------------------------------------------------------------------------


def test_ids_of_a_column_are_not_matched_with_the_index(runs):
    by_index, by_ticket = runs["index"][0], runs["ticket"][0]
    said = r"by the index of the frame \(.*\) and by column 'ticket' \(.*\n?.*id='ticket'"
    with pytest.raises(MatrixError, match=said) as caught:
        lk.diff(by_index, by_ticket)
    assert caught.value.code == "LK313"
    with pytest.raises(MatrixError, match="named in two ways"):
        lk.diff(by_ticket, by_index)
    with pytest.raises(MatrixError, match=r"by the index of the frame (.*) and by a column "):
        lk.diff(matrices()[0], matrices(id="ticket")[0])
    with pytest.raises(MatrixError, match="named in two ways"):
        lk.diff(by_index, matrices(id="ticket")[0])


def test_ids_of_a_column_are_not_matched_with_positions(tmp_path):
    frame = FRAME.reset_index(drop=True)
    frame.to_parquet(tmp_path / "c.parquet", index=False)
    options = {"labels": CLASSES, "report": False, "progress": False}
    a = lk.run(RULES, tmp_path / "c.parquet", tmp_path / "a", **options).path
    b = lk.run(RULES, tmp_path / "c.parquet", tmp_path / "b", id="ticket", **options).path
    with pytest.raises(MatrixError, match=r"by positions (.*) and by column 'ticket'"):
        lk.diff(a, b)


def test_an_index_of_the_name_of_the_column_has_the_same_ids(tmp_path):
    options = {"labels": CLASSES, "report": False, "progress": False}
    a = lk.run(RULES, FRAME, tmp_path / "a", id="ticket", **options).path
    b = lk.run(RULES, FRAME.set_index("ticket").sort_index(), tmp_path / "b", **options).path
    found = lk.diff(a, b)
    assert found.n_examples == len(FRAME)
    assert found.empty
    assert "ids: column 'ticket' before, the index 'ticket' of the frame after" in found.notes[0]
    assert found.notes[1].endswith("matched by their ids")


def test_rows_of_a_frame_are_matched_with_those_of_the_whole_by_the_index(runs, tmp_path):
    whole = lk.run(RULES, FRAME.sort_index(), tmp_path / "a", labels=CLASSES, report=False, progress=False).path
    found = lk.diff(runs["index"][0], whole)
    assert found.empty
    assert found.notes[-1] == "compared is what both have: 120 examples, matched by the index of the frame"


def test_labels_by_the_index_are_not_put_beside_votes_by_ids_that_are_the_same_numbers():
    frame = FRAME.assign(ticket=np.random.default_rng(0).permutation(FRAME.index))
    applier = lk.Applier(RULES, labels=CLASSES)
    by_index, by_ticket = applier.apply(frame), applier.apply(frame, id="ticket")
    labels = lk.MajorityVote().fit(by_index).label(by_index)
    with pytest.raises(LabelkitError, match="named in two ways"):
        lk.view(by_ticket, frame, RULES, labels=labels)
    with pytest.raises(MatrixError, match="named in two ways"):
        by_index[["asks"]].join(by_ticket[["loves"]])


# An index that repeats ------------------------------------------------------------------------------------------------


def test_a_table_whose_index_repeats_says_that_a_join_multiplies_rows():
    frame = pd.concat([FRAME, FRAME.iloc[:30]])
    matrix = lk.Applier(RULES, labels=CLASSES).apply(frame)
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    with pytest.warns(UserWarning, match=r"joins by it multiply rows \[LK342\]\. Hint: pandas.concat"):
        table = labels.to_pandas()
    with pytest.warns(UserWarning, match="LK342"):
        matrix.to_pandas()
    assert len(frame.join(table)) == 30 * 4 + 90
    beside = pd.concat([frame, table], axis=1)
    assert (len(beside), beside["label"].tolist()) == (150, table["label"].tolist())
    assert frame.assign(label=table["label"])["label"].tolist() == table["label"].tolist()
    assert labels.to_pandas(index="frame").equals(table)
    assert len(labels[:120].to_pandas()) == 120
