"""Whatever a user gives beside the examples of a frame is matched by the frame's index, in every function alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import GoldError, LabelkitError

N = 60
GOLD = np.random.default_rng(0).integers(0, 2, N)
FRAME = pd.DataFrame(
    {
        "id": np.random.default_rng(1).permutation(N) + 1_000,
        "text": [f"{'spam' if label else 'ham'} number {i}" for i, label in enumerate(GOLD)],
        "gold": GOLD,
        "kind": np.where(np.arange(N) % 3 == 0, "a", "b"),
    }
)
RULES = [lk.regex("^spam", label=1).rule(name="spam"), lk.regex("^ham", label=0).rule(name="ham")]
CLASSES = ["HAM", "SPAM"]
APPLIER = lk.Applier(RULES, labels=CLASSES)


def shuffled(frame):
    return frame.sample(frac=1, random_state=2)


FRAMES = {
    "default": FRAME,
    "shuffled": shuffled(FRAME),
    "filtered": FRAME[FRAME["kind"] == "b"],
    "every second": FRAME[::2],
    "from one": shuffled(FRAME.set_axis(range(1, N + 1))),
    "negative": shuffled(FRAME.set_axis(range(-7, N - 7))),
    "text": shuffled(FRAME.set_axis([f"row {i}" for i in range(N)])),
    "named": shuffled(FRAME.set_index("id", drop=False)),
    "floats": shuffled(FRAME.set_axis(np.arange(N) / 7)),
    "categories": shuffled(FRAME.set_axis(pd.CategoricalIndex([f"c{i}" for i in range(N)]))),
    "dates": shuffled(FRAME.set_axis(pd.date_range("2020-01-01", periods=N))),
    "dates with zone": shuffled(FRAME.set_axis(pd.date_range("2020-01-01", periods=N, tz="Europe/Berlin"))),
    "periods": shuffled(FRAME.set_axis(pd.period_range("2020-01-01", periods=N))),
    "intervals": shuffled(FRAME.set_axis(pd.interval_range(0, N))),
    "several levels": shuffled(FRAME.set_index(["kind", "text"], drop=False)),
    "concatenated": pd.concat([FRAME[:30], FRAME[:30]]).assign(id=range(5, 65)),
    "with an empty label": FRAME.set_axis([*range(N - 1), np.nan]),
}
"""Frames with an index of each kind; the last two name nothing."""


@pytest.fixture(params=list(FRAMES))
def frame(request):
    return FRAMES[request.param]


@pytest.fixture(params=[None, "id"], ids=["without id=", "with id="])
def key(request):
    return request.param


@pytest.fixture
def matrix(frame, key):
    return APPLIER.apply(frame, id=key)


def names_its_rows(frame):
    return frame.index.is_unique and (frame.index.nlevels > 1 or not frame.index.hasnans)


def names(frame):
    """The forms in which the gold of a frame can be given, each with the index that the frame has."""
    whole = frame["gold"]
    if not names_its_rows(frame):
        return [whole]
    return [whole, whole.sample(frac=1, random_state=3), whole.sample(20, random_state=4)]


def test_gold_of_the_frame_is_right_in_every_function(frame, matrix):
    model = lk.LabelModel().fit(matrix)
    for gold in names(frame):
        assert lk.summarize(matrix, gold=gold).frame.loc["spam", "precision"] == 1
        assert model.score(matrix, gold) == 1
        assert model.evaluate(matrix, gold).accuracy == 1
        assert model.evaluate(matrix, gold).n == len(gold)
        assert lk.suspicious_gold(matrix, gold, model).empty
        assert (model.label(matrix, gold=gold).hard() == frame["gold"]).all()
        by_class = lk.coverage_by_class(matrix, gold)
        assert by_class.set_index(["class", "lf"]).loc[("SPAM", "spam"), "right"] == (gold == 1).sum()
        assert lk.marginal_values(matrix, gold=gold)["gold"].max() == len(gold)
        fitted = lk.LabelModel().fit(matrix, gold=gold)
        assert fitted.score(matrix, gold) == 1
    assert lk.compare(matrix, ["MajorityVote"], gold=frame["gold"]).frame["accuracy"].tolist() == [1.0]


def test_slices_and_weights_of_the_frame_are_matched_alike(frame, matrix):
    pd.testing.assert_frame_equal(
        lk.coverage_by(matrix, frame["kind"]), lk.coverage_by(matrix, frame["kind"].to_numpy())
    )
    weight = (frame["gold"] == 1).astype(float)
    wrong = np.where(frame["gold"] == 1, 1, 1 - frame["gold"])
    assert lk.MajorityVote().fit(matrix).score(matrix, wrong, sample_weight=weight) == 1


@pytest.mark.parametrize("of", ["matrix", "labels"])
def test_an_index_of_the_frame_picks_the_rows_that_it_names(frame, matrix, of):
    """As of ``train_test_split``; one that could be of positions, or names no row, is refused."""
    whole = matrix if of == "matrix" else lk.MajorityVote().fit(matrix).label(matrix)
    for some in (frame.sample(20, random_state=4), frame[:5], frame.sample(5, random_state=1, replace=True), frame[:0]):
        are_numbers = some.index.dtype.kind in "iu" and some.index.name is None
        are_positions = are_numbers and some.index.isin(range(len(frame))).all()
        if len(some) and (not names_its_rows(frame) or (are_positions and not frame.index.equals(FRAME.index))):
            with pytest.raises(LabelkitError, match=r"could be of names|names no row") as caught:
                whole[some.index]
            assert caught.value.code == "LK326"
            continue
        picked = whole[some.index]
        gold = picked.votes.max(axis=1) if of == "matrix" else picked.hard()
        assert gold.tolist() == some["gold"].tolist()


def test_an_index_of_ids_or_positions_picks_these():
    matrix = APPLIER.apply(shuffled(FRAME.assign(id=FRAME["id"].astype(str))), id="id")
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    by_id = labels.to_pandas(index="id")
    assert matrix[by_id.index[3:6]].ids.tolist() == labels[by_id.index[3:6]].ids.tolist() == matrix.ids[3:6].tolist()
    assert matrix[pd.Index(["ham"])].names == ("ham",)
    some = APPLIER.apply(FRAME["text"].tolist())[10:20]
    assert some[pd.Index([12, 11])].ids.tolist() == [12, 11]
    with pytest.raises(LabelkitError, match="could be of names of the examples") as caught:
        APPLIER.apply(FRAME["text"].tolist())[10:][pd.Index([12, 11])]
    assert caught.value.code == "LK326"
    assert some[pd.Index(some.ids).get_indexer_for(pd.Index([12, 11]))].ids.tolist() == [12, 11]  # as its hint says
    of_array = lk.LabelMatrix.of(matrix.votes, ids=[f"row {i}" for i in range(N)])
    assert of_array[pd.Series(range(N)).sample(5, random_state=0).index].n_examples == 5
    for key in (pd.Index(["nobody"]), pd.Index([N, 3])):
        with pytest.raises(LabelkitError, match=r"the index names .* not examples|no labeling function"):
            of_array[key]


def test_labels_and_votes_go_back_to_the_frame(frame, key, matrix):
    if key is not None and frame.index.equals(pd.RangeIndex(N)):
        pytest.skip("ids of a column are the index of what comes back, where the frame has none of its own")
    index = None if frame.index.is_unique else "frame"
    labels = lk.MajorityVote().fit(matrix).label(matrix).to_pandas(index=index)
    assert frame.assign(label=labels["label"])["label"].tolist() == frame["gold"].tolist()
    assert (
        frame.assign(vote=matrix.to_pandas(index=index)["spam"])["vote"].tolist()
        == np.where(frame["gold"], 1, -1).tolist()
    )
    if frame.index.is_unique:
        joined = frame.join(labels)
        assert joined["label"].tolist() == joined["gold"].tolist()


def test_views_show_the_texts_of_the_examples(frame, key, matrix):
    for corpus in [frame, shuffled(frame)] if names_its_rows(frame) or key is not None else [frame]:
        texts = lk.view(matrix, corpus, RULES, labeled_by="spam", id=key).frame["text"]
        assert texts.str.startswith("spam").all()
        assert lk.view(matrix, corpus, wrong=frame["gold"], id=key).n_found == 0
    assert lk.view(matrix, frame, wrong="gold", id=key).n_found == 0


def test_a_mask_of_rows_is_matched_by_its_index():
    frame = FRAMES["text"]
    matrix, mask = APPLIER.apply(frame), frame["gold"] == 1
    for given in (mask, shuffled(mask), mask[mask], mask.to_numpy()):
        assert matrix[given].ids.tolist() == frame.index[mask].tolist()
    with pytest.warns(UserWarning, match="LK345"):  # by position
        assert matrix[mask.reset_index(drop=True)].ids.tolist() == frame.index[mask].tolist()
    with pytest.raises(LabelkitError, match="the mask names"):
        matrix[mask.set_axis(range(1, N + 1))]


@pytest.mark.parametrize(
    "read", [lambda frame: frame["text"].tolist(), lambda frame: pa.table(frame.to_dict("list")), pl.from_pandas]
)
def test_a_corpus_without_names_is_in_the_order_of_a_matrix_whose_ids_are_labels(read):
    frame = shuffled(FRAME)[["text", "gold"]]  # its labels are 0 to 59, as if they were positions
    matrix = APPLIER.apply(frame)
    corpus = read(frame)
    shown = lk.view(matrix, corpus, RULES, n=N).frame
    assert sorted(zip(shown.index, shown["text"], strict=True)) == sorted(frame["text"].items())
    with pytest.raises(LabelkitError, match="60 rows, and the matrix 59"):
        lk.view(matrix[1:], corpus, RULES)


def test_a_run_takes_the_gold_that_a_summary_takes(frame, key, tmp_path):
    for i, gold in enumerate(names(frame)):
        options = {"id": key, "labels": CLASSES, "report": False, "progress": False, "cache": False}
        run = lk.run(RULES, frame, tmp_path / str(i), gold=gold, **options)
        assert run.manifest["evaluation"]["accuracy"] == 1
        assert run.manifest["gold_labels"] == {"matched": len(gold), "given": len(gold)}
        assert f"gold: {len(gold)} of {len(gold)} labels matched an example" in run.describe()


def test_gold_from_elsewhere_is_matched_by_the_ids_of_a_column():
    matrix = APPLIER.apply(shuffled(FRAME), id="id")
    for gold in (FRAME.set_index("id")["gold"], FRAME.set_index("id")["gold"][:9], dict(zip(FRAME["id"], GOLD))):  # noqa: B905
        assert lk.MajorityVote().fit(matrix).score(matrix, gold) == 1


def test_an_index_that_could_be_of_ids_or_of_the_frame_is_refused_unless_it_has_a_name():
    frame = shuffled(FRAME).assign(id=np.roll(np.arange(N), 1)).reset_index(drop=True)
    matrix = APPLIER.apply(frame, id="id")
    with pytest.raises(GoldError, match="could be of ids or the index of the frame"):
        lk.summarize(matrix, gold=frame["gold"].sample(20, random_state=0))
    for gold in (frame["gold"], frame.set_index("id")["gold"].sample(20, random_state=0)):
        assert lk.summarize(matrix, gold=gold).frame.loc["spam", "precision"] == 1


@pytest.mark.parametrize("change", [shuffled, lambda frame: frame[:9], lambda frame: frame.reset_index(drop=True)])
def test_an_index_that_repeats_names_nothing(change):
    frame = FRAMES["concatenated"]
    matrix = APPLIER.apply(frame)
    with pytest.raises(GoldError, match=r"repeats, as after pd\.concat(.|\n)*reset_index"):
        lk.summarize(matrix, gold=change(frame)["gold"])
    with pytest.raises(GoldError, match="repeats"):
        lk.summarize(matrix, gold=frame["gold"].to_dict())
    with pytest.raises(LabelkitError, match="repeats"):
        lk.coverage_by(matrix, change(frame)["kind"])


def test_gold_of_a_frame_is_refused_where_the_texts_were_given_as_a_list_in_another_order():
    frame = shuffled(FRAME)
    for texts in (frame["text"].tolist(), {"text": frame["text"].to_numpy()}):
        matrix = APPLIER.apply(texts)
        with pytest.raises(GoldError, match="the examples have no names"):
            lk.summarize(matrix, gold=frame["gold"])
        assert lk.summarize(matrix, gold=frame["gold"].to_numpy()).frame.loc["spam", "precision"] == 1


def test_a_default_index_beside_a_filtered_frame_is_refused_if_it_could_be_meant_as_its_own():
    frame = FRAMES["filtered"]
    with pytest.raises(GoldError, match=r"not examples, such as 0 \[LK\d{3}\]\nHint: ids look like 1"):
        lk.summarize(APPLIER.apply(frame), gold=FRAME["gold"][: len(frame)])


def test_columns_of_a_dict_with_different_indexes_are_refused():
    other = shuffled(FRAME)
    with pytest.raises(lk.exceptions.CorpusError, match="'text' and 'kind' of the dict have different indexes"):
        APPLIER.apply({"text": FRAME["text"], "kind": other["kind"]})
    matrix = APPLIER.apply({"text": other["text"], "kind": other["kind"]})
    assert lk.summarize(matrix, gold=FRAME["gold"].to_dict()).frame.loc["spam", "precision"] == 1


COUNTED = {
    "a shuffled frame": lambda: APPLIER.apply(shuffled(FRAME)),
    "a frame that was written and read": lambda: APPLIER.apply(shuffled(FRAME)),
    "a matrix in another order": lambda: APPLIER.apply(FRAME)[shuffled(FRAME).index.to_numpy()],
    "ids without a frame": lambda: APPLIER.apply(
        pl.from_pandas(shuffled(FRAME).assign(id=shuffled(FRAME).index)[["id", "text"]]), id="id"
    ),
}


@pytest.mark.parametrize("kind", COUNTED)
def test_an_index_that_pandas_made_is_refused_where_the_examples_bear_its_numbers_in_another_order(kind, tmp_path):
    matrix, gold = COUNTED[kind](), shuffled(FRAME)["gold"]
    if "written" in kind:
        matrix = lk.LabelMatrix.load(matrix.save(tmp_path / "m.parquet"))
    for given in (FRAME["gold"], gold.reset_index(drop=True)):
        with pytest.raises(GoldError, match=r"none; the examples bear the same numbers(.|\n)*to_numpy(.|\n)*to_dict"):
            lk.summarize(matrix, gold=given)
        with pytest.raises(LabelkitError, match="the same numbers in another order"):
            lk.coverage_by(matrix, given)
        with pytest.raises(LabelkitError, match="the same numbers in another order"):
            lk.MajorityVote().fit(matrix).label(matrix, gold=given)
        with pytest.raises(LabelkitError, match="the same numbers in another order"):
            matrix[given == 1]
    for given in (gold, FRAME["gold"].loc[gold.index], gold.to_numpy(), FRAME["gold"].to_dict(), gold.sort_index()):
        assert lk.summarize(matrix, gold=given).frame.loc["spam", "precision"] == 1


def test_a_run_refuses_an_index_that_pandas_made_where_the_examples_bear_its_numbers_in_another_order(tmp_path):
    gold = shuffled(FRAME)["gold"].reset_index(drop=True)
    with pytest.raises(GoldError, match="the same numbers in another order"):
        lk.run(RULES, shuffled(FRAME), tmp_path / "out", gold=gold, labels=CLASSES)


def test_labels_by_ids_that_are_also_numbers_of_other_rows_are_not_handed_out_without_a_word():
    frame = FRAME.assign(id=np.random.default_rng(5).permutation(N))
    matrix = APPLIER.apply(frame, id="id")
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    for part, its_frame in ((slice(None), frame), (slice(10, 40), frame[10:40])):
        with pytest.warns(
            UserWarning, match=r"other rows \[LK326\]\. Hint: to_pandas\(index='id'\)(.|\n)*index='frame'"
        ):
            table = labels[part].to_pandas()
        assert (its_frame.join(table, on="id")["label"] == its_frame["gold"]).all()
        with pytest.warns(UserWarning, match="other rows"):
            matrix[part].to_pandas()
        by_id, by_index = (labels[part].to_pandas(index=index) for index in ("id", "frame"))
        assert (its_frame.join(by_id, on="id")["label"] == its_frame["gold"]).all()
        assert (its_frame.assign(label=by_index["label"])["label"] == its_frame["gold"]).all()
        assert (matrix[part].to_pandas(index="frame").index == its_frame.index).all()
    with pytest.raises(LabelkitError, match="did not come from a pandas frame"):
        APPLIER.apply(FRAME["text"].tolist()).to_pandas(index="frame")
    with pytest.raises(LabelkitError, match="neither 'frame' nor 'id'"):
        matrix.to_pandas(index="ids")
    far = APPLIER.apply(FRAME, id="id").to_pandas()  # ids from 1,000, which are no numbers of rows
    assert (FRAME.join(far, on="id")["spam"] == np.where(GOLD, 1, -1)).all()


def test_slices_by_a_column_are_read_by_name():
    matrix = APPLIER.apply(FRAME, id="id")
    expected = lk.coverage_by(matrix, "kind", corpus=FRAME)
    for corpus in (shuffled(FRAME), shuffled(FRAME).to_dict("list")):
        pd.testing.assert_frame_equal(lk.coverage_by(matrix, "kind", corpus=corpus), expected)


@pytest.mark.filterwarnings("ignore:votes and gold agree")  # all of it is wrong
def test_labels_in_another_order_are_matched_by_id():
    frame = FRAMES["text"]
    matrix, other = APPLIER.apply(frame), APPLIER.apply(frame[::-1])
    labels = lk.MajorityVote().fit(other).label(other)
    wrong = 1 - frame["gold"]
    expected = lk.suspicious_gold(matrix, wrong, lk.MajorityVote().fit(matrix))
    pd.testing.assert_frame_equal(lk.suspicious_gold(matrix, wrong, labels), expected)
    proba = labels.to_pandas()[["p_HAM", "p_SPAM"]]
    pd.testing.assert_frame_equal(lk.suspicious_gold(matrix, wrong, proba), expected)
    assert lk.view(matrix, frame, labels=labels, wrong=frame["gold"]).n_found == 0
    joined = matrix.join(lk.Applier([lk.regex("1", label=1).rule(name="one")], labels=CLASSES).apply(frame[::-1]))
    assert (joined["one"].votes.ravel() == np.where(frame["text"].str.contains("1"), 1, -1)).all()


def test_an_example_is_named_by_its_label_or_its_id():
    frame = FRAMES["dates"]
    matrix = APPLIER.apply(frame)
    model = lk.LabelModel().fit(matrix)
    for name in (frame.index[5], str(frame.index[5])):
        assert model.explain(matrix, [name]).ids.tolist() == [str(frame.index[5])]
        assert lk.view(matrix, frame, ids=[name]).frame["text"].tolist() == [frame["text"].iloc[5]]


def test_a_difference_takes_gold_by_the_index_of_the_frame():
    frame = FRAMES["shuffled"]
    before = APPLIER.apply(frame, id="id")
    table = lk.diff(before, before[::-1], gold=frame["gold"]).lfs
    assert table.loc["spam", "precision_before"] == table.loc["spam", "precision_after"] == 1


@pytest.mark.parametrize("kept", ["matrix", "labels", "run", "labels of a run"])
def test_what_was_written_and_read_is_matched_as_before(frame, key, kept, tmp_path):
    matrix = APPLIER.apply(frame, id=key)
    if kept == "matrix":
        again = lk.LabelMatrix.load(matrix.save(tmp_path / "m.parquet"))
    elif kept == "labels":
        labels = lk.MajorityVote().fit(matrix).label(matrix)
        again = lk.ProbabilisticLabels.load(labels.save(tmp_path / "l.parquet"))
    else:
        options = {"id": key, "labels": CLASSES, "report": False, "progress": False, "cache": False}
        lk.run(RULES, frame, tmp_path / "out", batch_size=1024, **options)
        folder = lk.RunFolder(tmp_path / "out")
        again = folder.matrix() if kept == "run" else folder.labels()
    if again.frame_index is not None:
        assert again.frame_index.is_default == matrix.frame_index.is_default
        pd.testing.assert_index_equal(again.frame_index.labels, matrix.frame_index.labels, exact=False)
        index = None if frame.index.is_unique else "frame"
        assert again.to_pandas(index=index).index.equals(matrix.to_pandas(index=index).index)
    else:  # Arrow has no such index; with ids of a column, its labels are then strangers
        assert isinstance(frame.index, pd.PeriodIndex | pd.IntervalIndex)
        if kept in {"matrix", "run"} and key is not None:
            with pytest.raises(GoldError, match="not examples"):
                lk.summarize(again, gold=frame["gold"])
    if isinstance(again, lk.LabelMatrix) and (key is None or again.frame_index is not None):
        for gold in names(frame):
            assert lk.summarize(again, gold=gold).frame.loc["spam", "precision"] == 1
        texts = lk.view(again, frame, labeled_by="spam", id=key).frame["text"]
        assert texts.str.startswith("spam").all()


def test_a_part_that_was_written_and_read_is_matched_as_before(tmp_path):
    for frame in (FRAME, FRAMES["several levels"]):
        matrix = APPLIER.apply(frame, id="id")
        for rows in (slice(10, 40), np.arange(N)[::-1]):
            part = matrix[rows]
            again = lk.LabelMatrix.load(part.save(tmp_path / "m.parquet"))
            pd.testing.assert_index_equal(again.frame_index.labels, part.frame_index.labels, exact=False)
            assert again.frame_index.is_default == part.frame_index.is_default
            gold = frame["gold"].iloc[rows]
            assert lk.summarize(again, gold=gold.sample(20, random_state=0)).frame.loc["spam", "precision"] == 1


def test_a_file_without_an_index_is_still_read(tmp_path):
    import pyarrow.parquet as pq

    matrix = APPLIER.apply(FRAMES["text"])
    pq.write_table(matrix.to_arrow(), tmp_path / "m.parquet")
    again = lk.LabelMatrix.load(tmp_path / "m.parquet")
    assert again.frame_index is None
    assert lk.summarize(again, gold=FRAMES["text"]["gold"]).frame.loc["spam", "precision"] == 1


def test_a_suggestion_takes_labels_in_another_order():
    frame = FRAMES["text"]
    matrix, other = APPLIER.apply(frame), APPLIER.apply(frame[::-1])
    labels = [lk.MajorityVote().fit(votes).label(votes) for votes in (matrix, other)]
    tables = [lk.suggest(matrix, frame, given, min_rows=1).frame for given in labels]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("kind", ["frame", "file", "stream"])
def test_positions_are_not_taken_for_ids_that_are_the_same_numbers_in_another_order(kind, tmp_path):
    frame = FRAME.assign(id=np.random.default_rng(5).permutation(N))[["id", "text"]]
    frame.to_parquet(tmp_path / "c.parquet")
    data = {"frame": frame, "file": tmp_path / "c.parquet", "stream": pa.Table.from_pandas(frame).to_reader(16)}[kind]
    unnamed = APPLIER.apply(frame if kind == "frame" else tmp_path / "c.parquet")
    labels = lk.MajorityVote().fit(unnamed).label(unnamed)

    def opened():
        return lk.open_corpus(pa.Table.from_pandas(frame).to_reader(16) if kind == "stream" else data, id="id")

    for read in (
        lambda: lk.export(labels, tmp_path / "e.parquet", corpus=opened(), columns=["text"]),
        lambda: lk.view(unnamed, opened()),
        lambda: lk.create_dataset(tmp_path / "set", opened(), labels),
        lambda: lk.split(opened(), {"train": 0.5, "test": 0.5}, stratify=labels),
    ):
        with pytest.raises(LabelkitError, match="the same numbers in another order") as caught:
            read()
        assert caught.value.code == "LK326"
    if kind == "stream":
        return
    named = APPLIER.apply(opened())
    by_id = lk.MajorityVote().fit(named).label(named)
    for given, corpus in ((by_id, opened()), (labels, lk.open_corpus(data))):
        out = lk.export(given, tmp_path / "e.parquet", corpus=corpus, columns=["text"], force=True)
        told = pd.read_parquet(out)
        assert (told["label"] == np.where(told["text"].str.startswith("spam"), "SPAM", "HAM")).all()
    ordered = frame.sort_values("id").reset_index(drop=True)  # the ids are the positions
    in_order = APPLIER.apply(ordered)
    assert lk.view(in_order, lk.open_corpus(ordered, id="id"), n=3).texts["text"].isin(FRAME["text"]).all()
