"""Chosen rows are the first ones, or a fair sample, of a corpus in any format, and keep their names."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import labelkit as lk
from labelkit.corpus import chosen_rows
from labelkit.corpus.chosen_rows import RowChoice, drawn_positions
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import CorpusError, GoldError

N_ROWS = 1_000


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"key": [f"k{i}" for i in range(N_ROWS)], "text": [f"text {i}" for i in range(N_ROWS)]})


@pytest.fixture(scope="module")
def corpora(frame, tmp_path_factory):
    """The same rows in each format."""
    folder = tmp_path_factory.mktemp("formats")
    frame.to_csv(folder / "rows.csv", index=False)
    frame.to_json(folder / "rows.jsonl", orient="records", lines=True)
    frame.to_parquet(folder / "rows.parquet", row_group_size=77)
    for number in range(4):
        frame[number * 250 : (number + 1) * 250].to_csv(folder / f"part-{number}.csv", index=False)
    files = [folder / f"rows.{suffix}" for suffix in ("csv", "jsonl", "parquet")]
    return {
        **{path.suffix: path for path in files},
        "files": [folder / f"part-{number}.csv" for number in range(4)],
        "pandas": frame,
        "list": frame.to_dict("records"),
        "arrow": lk.open_corpus(frame).read(0, N_ROWS, ["key", "text"]),
    }


def read_all(corpus, batch_rows, *, start=0):
    """The ids and texts of all batches, with the position of the first row of each."""
    ids, texts, starts = [], [], []
    for batch in corpus.batches(["text"], batch_rows, start=start):
        starts.append(batch.start)
        texts += batch.table.column(0).to_pylist()
        ids += range(batch.start, batch.start + len(batch)) if batch.ids is None else batch.ids.to_pylist()
    return ids, texts, starts


# The draw -------------------------------------------------------------------------------------------------------------


def test_every_row_is_drawn_as_often_as_any_other_and_so_are_pairs():
    n_rows, n, n_draws = 20, 5, 4_000
    draws = [drawn_positions(n_rows, n, seed) for seed in range(n_draws)]
    assert all(len(np.unique(draw)) == n for draw in draws)
    single = np.bincount(np.concatenate(draws), minlength=n_rows)
    expected = n_draws * n / n_rows
    # Draws without repetition vary less than independent ones, by the factor (n_rows - n) / (n_rows - 1).
    spread = ((single - expected) ** 2).sum() / expected / ((n_rows - n) / (n_rows - 1))
    assert chi2.cdf(spread, n_rows - 1) < 0.9999
    pairs = Counter((a, b) for draw in draws for a in draw.tolist() for b in draw.tolist() if a < b)
    share = n * (n - 1) / (n_rows * (n_rows - 1))
    deviation = [
        (pairs[a, b] - n_draws * share) / np.sqrt(n_draws * share) for a in range(20) for b in range(a + 1, 20)
    ]
    assert np.abs(deviation).max() < 5


def test_a_draw_is_the_same_in_every_version_and_holds_smaller_ones(monkeypatch):
    draw = drawn_positions(10_000, 8, 3)
    assert draw.tolist() == sorted(draw.tolist())
    assert set(drawn_positions(10_000, 5, 3)) < set(draw)
    assert draw.tolist() != drawn_positions(10_000, 8, 4).tolist()
    monkeypatch.setattr(chosen_rows, "BLOCK_ROWS", 7)
    assert drawn_positions(10_000, 8, 3).tolist() == draw.tolist()
    assert drawn_positions(5, 8, 3).tolist() == [0, 1, 2, 3, 4]
    assert drawn_positions(0, 8, 3).tolist() == []


# Reading --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet", "files", "pandas", "list", "arrow"])
@pytest.mark.parametrize("choice", [RowChoice(sample=60, random_state=5), RowChoice(70), RowChoice(500, 40, 1)])
def test_the_rows_are_the_same_in_all_formats_and_pieces(corpora, kind, choice):
    n_first = choice.limit or N_ROWS
    wanted = (
        list(range(n_first))
        if choice.sample is None
        else drawn_positions(n_first, choice.sample, choice.random_state).tolist()
    )
    for id_ in (None, "key"):
        corpus = lk.open_corpus(corpora[kind], id=id_).chosen(choice, ["text"])
        names = wanted if id_ is None else [f"k{i}" for i in wanted]
        assert corpus.n_rows in {None, len(wanted)}
        for batch_rows in (7, 64, 5_000):
            ids, texts, starts = read_all(corpus, batch_rows)
            assert (ids, texts) == (names, [f"text {i}" for i in wanted])
            assert starts == list(range(0, len(wanted), batch_rows))
        assert read_all(corpus, 7, start=21)[:2] == (names[21:], [f"text {i}" for i in wanted[21:]])
        assert read_all(corpus, 7, start=len(wanted))[0] == []
        if corpus.splittable:
            batch = corpus.read_batch(3, 33, ["text"])
            assert batch.table.column(0).to_pylist() == [f"text {i}" for i in wanted[3:33]]
            assert (range(3, 33) if batch.ids is None else batch.ids.to_pylist()) == (
                range(3, 33) if batch.ids is None else names[3:33]
            )
            assert len(corpus.read_batch(3, 3, ["text"])) == 0
        if corpus.path is not None:
            assert read_all(pickle.loads(pickle.dumps(corpus)), 64)[0] == names


def test_more_rows_than_there_are_are_all(corpora):
    for choice in (RowChoice(sample=5_000), RowChoice(5_000)):
        for kind in (".csv", ".parquet"):
            assert len(read_all(lk.open_corpus(corpora[kind]).chosen(choice, ["text"]), 256)[0]) == N_ROWS


def test_a_stream_is_limited_without_being_read_to_its_end_and_gives_no_sample():
    given = []

    def rows():
        for i in range(10_000):
            given.append(i)
            yield {"text": str(i)}

    corpus = lk.open_corpus(rows()).chosen(RowChoice(50), ["text"])
    assert read_all(corpus, 32)[1] == [str(i) for i in range(50)]
    assert len(given) < 5_000
    with pytest.raises(CorpusError, match="can be read only once, and a sample") as error:
        lk.open_corpus(rows()).chosen(RowChoice(sample=5), ["text"])
    assert "limit" in error.value.hint


def test_bad_rows_are_left_out_before_rows_are_chosen(tmp_path):
    lines = ["text,n"] + [f"text {i},{i}" if i % 3 else f"text {i},1,2,3" for i in range(90)]
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n")
    kept = [f"text {i}" for i in range(90) if i % 3]
    for choice in (RowChoice(20), RowChoice(sample=20)):
        corpus = lk.open_corpus(tmp_path / "bad.csv", on_bad_row="reject").chosen(choice, ["text"])
        ids, texts, _ = read_all(corpus, 8)
        assert texts == [kept[i] for i in ids]
        assert len(texts) == 20
        assert corpus.rejects
        with pytest.raises(CorpusError, match="line 2"):
            read_all(lk.open_corpus(tmp_path / "bad.csv").chosen(choice, ["text"]), 8)


def test_a_choice_changes_the_fingerprint(corpora):
    choices = [RowChoice(), RowChoice(5), RowChoice(6), RowChoice(sample=5), RowChoice(sample=5, random_state=1)]
    prints = {lk.open_corpus(corpora[".csv"]).chosen(choice, ["text"]).fingerprint() for choice in choices}
    assert len(prints) == len(choices)


@pytest.mark.parametrize(
    "options", [{"limit": 0}, {"sample": -1}, {"limit": True}, {"sample": 1.5}, {"sample": 3, "random_state": -1}]
)
def test_a_choice_that_is_none_is_an_error(options):
    with pytest.raises(CorpusError, match=r"is not a|is no whole number"):
        RowChoice(**options)


# Frames and gold ------------------------------------------------------------------------------------------------------


def test_an_index_goes_with_its_rows(frame):
    named = frame.set_index(pd.Index([f"row {i}" for i in range(N_ROWS)]))
    corpus = lk.open_corpus(named).chosen(RowChoice(sample=10), ["text"])
    wanted = drawn_positions(N_ROWS, 10, 0).tolist()
    assert corpus.frame_index.labels.tolist() == [f"row {i}" for i in wanted]
    assert read_all(corpus, 4)[0] == [f"row {i}" for i in wanted]
    assert (
        lk.open_corpus(named).chosen(RowChoice(10), ["text"]).frame_index.labels.tolist() == named.index[:10].tolist()
    )


@pytest.mark.parametrize("id_", [None, "key"])
@pytest.mark.parametrize("choice", [RowChoice(sample=50, random_state=2), RowChoice(50)])
@pytest.mark.parametrize("kind", [".csv", ".parquet", "pandas"])
def test_gold_of_the_whole_is_of_the_right_rows(corpora, frame, tmp_path, kind, choice, id_):
    truth = np.arange(N_ROWS) % 7 % 2
    frame.assign(gold=truth)[["key", "gold"]].to_csv(tmp_path / "ids.csv", index=False)
    pd.DataFrame({"row": np.arange(N_ROWS)[::-1], "gold": truth[::-1]}).to_csv(tmp_path / "rows.csv", index=False)
    pd.DataFrame({"gold": truth}).to_csv(tmp_path / "alone.csv", index=False)
    names = range(N_ROWS) if id_ is None else frame["key"]
    by_name = dict(zip(names, truth.tolist(), strict=True))
    givens = [truth, truth.tolist(), by_name, pd.Series(by_name), tmp_path / "alone.csv"]
    givens.append(tmp_path / ("rows.csv" if id_ is None else "ids.csv"))
    for given in givens:
        corpus = lk.open_corpus(corpora[kind], id=id_).chosen(choice, ["text"])
        gold = open_gold(given, corpus, ["a", "b"])
        for batch in corpus.batches(["text"], 16):
            wanted = [truth[int(text.split()[1])] for text in batch.table.column(0).to_pylist()]
            assert gold.of(batch, ["a", "b"]).tolist() == wanted
    with pytest.raises(GoldError, match="labels for"):
        open_gold(truth[:70], lk.open_corpus(corpora["pandas"]).chosen(choice, ["text"]), ["a", "b"])
