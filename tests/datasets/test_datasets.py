"""Generated posts and comments: the same rows for the same seed, whatever the batches, and as varied as real ones."""

import csv
import gzip
import itertools
import json
import unicodedata

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from pyarrow import parquet

from labelkit.datasets import generate_comments, generate_posts, load_comments, load_posts, write_corpus
from labelkit.datasets._lexicon import COMMENT_PHRASES, LANGUAGES, PHRASES
from labelkit.datasets._streams import CHUNK_ROWS
from labelkit.datasets.comments import HAM, SPAM
from labelkit.datasets.posts import FINE, OFFENSIVE
from labelkit.exceptions import CorpusError

GENERATORS = pytest.mark.parametrize("generate", [generate_posts, generate_comments])


def table(batches):
    return pa.Table.from_batches(batches).combine_chunks()


@pytest.fixture(scope="module")
def posts():
    return load_posts(30_000, random_state=3)


@pytest.fixture(scope="module")
def comments():
    return load_comments(30_000, random_state=3)


@GENERATORS
@pytest.mark.parametrize("batch_rows", [1_000, CHUNK_ROWS, CHUNK_ROWS + 1, 65_536])
def test_rows_do_not_depend_on_the_size_of_the_batches(generate, batch_rows):
    n = 2 * CHUNK_ROWS + 17
    assert table(generate(n, random_state=5, batch_rows=batch_rows)).equals(table(generate(n, random_state=5)))


@GENERATORS
@pytest.mark.parametrize("n", [1, 100, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_more_rows_begin_with_fewer(generate, n):
    assert table(generate(n)).equals(table(generate(2 * CHUNK_ROWS)).slice(0, n))


@GENERATORS
def test_another_seed_gives_other_rows(generate):
    one, other = (table(generate(200, random_state=seed)).to_pandas() for seed in (1, 2))
    assert not set(one["id"]) & set(other["id"])
    assert (one["text"] != other["text"]).mean() > 0.9


@GENERATORS
def test_no_global_random_state_is_read_or_written(generate):
    before = table(generate(100))
    np.random.seed(1)  # noqa: NPY002 - the global state is what is tested
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert table(generate(100)).equals(before)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@GENERATORS
@settings(deadline=None, max_examples=15)
@given(n=st.integers(0, 400), batch_rows=st.integers(1, 500))
def test_batches_have_the_size_asked_for_but_the_last(generate, n, batch_rows):
    sizes = [batch.num_rows for batch in generate(n, batch_rows=batch_rows)]
    assert sum(sizes) == n
    assert all(size == batch_rows for size in sizes[:-1])
    assert 0 < sizes[-1] <= batch_rows or (n == 0 and sizes == [0])


@GENERATORS
def test_rows_are_made_only_as_they_are_asked_for(generate):
    first = next(generate(10**11, batch_rows=10))
    assert first.num_rows == 10


@GENERATORS
@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"n": -1}, "n=-1"),
        ({"n": 5, "batch_rows": 0}, "batch_rows=0"),
        ({"n": 5, "batch_rows": 2**24}, "batch_rows=16777216"),
        ({"n": 5, "random_state": -3}, "random_state=-3"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_at_the_call(generate, arguments, wrong):
    with pytest.raises(CorpusError, match=wrong):
        generate(**arguments)


@GENERATORS
def test_ids_are_distinct_and_in_no_order(generate):
    ids = table(generate(50_000)).column("id").to_pandas()
    assert ids.is_unique
    assert 0.45 < (ids < ids.shift()).mean() < 0.55


def test_posts_have_the_columns_promised():
    schema = next(generate_posts(1)).schema
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "id": pa.string(),
        "text": pa.string(),
        "author": pa.string(),
        "n_followers": pa.int64(),
        "created_at": pa.timestamp("us", tz="UTC"),
        "lang": pa.string(),
        "score": pa.float64(),
        "offensive": pa.int8(),
    }


def test_comments_have_the_columns_promised():
    schema = next(generate_comments(1)).schema
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "id": pa.string(),
        "text": pa.string(),
        "author": pa.string(),
        "likes": pa.int64(),
        "created_at": pa.timestamp("us", tz="UTC"),
        "video": pa.string(),
        "spam": pa.int8(),
    }


def test_a_fifth_of_posts_are_offensive(posts):
    assert posts["offensive"].mean() == pytest.approx(0.2, abs=0.01)


def test_two_fifths_of_comments_are_spam(comments):
    assert comments["spam"].mean() == pytest.approx(0.4, abs=0.01)


def test_shares_of_latent_classes_add_up_to_a_hundred():
    assert sum(profile.share for profile in FINE + OFFENSIVE) == pytest.approx(100)
    assert sum(profile.share for profile in HAM + SPAM) == pytest.approx(100)


@pytest.mark.parametrize(
    ("profiles", "phrases"), [(FINE + OFFENSIVE, PHRASES), (HAM + SPAM, COMMENT_PHRASES)], ids=["posts", "comments"]
)
def test_latent_classes_speak_of_kinds_that_the_lexicon_has(profiles, phrases):
    spoken = {kind for profile in profiles for kind in profile.kinds}
    assert spoken == set(phrases)


def test_lengths_of_posts_have_a_heavy_tail(posts):
    lengths = posts["text"].str.len()
    assert 100 < lengths.median() < 140
    assert lengths.quantile(0.99) > 6 * lengths.median()
    assert lengths.max() > 2_000


def test_some_values_are_missing(posts):
    missing = posts.isna().mean()
    assert missing["text"] == pytest.approx(0.01, abs=0.004)
    assert missing[["author", "n_followers", "score"]].between(0.01, 0.08).all()
    assert missing[["id", "created_at", "lang", "offensive"]].eq(0).all()
    assert (posts["text"].str.strip() == "").any()
    assert (posts["text"] == "").any()


@pytest.mark.parametrize("script", ["CYRILLIC", "ARABIC", "CJK", "DEVANAGARI", "HIRAGANA", "HANGUL", "GREEK", "THAI"])
def test_posts_are_written_in_many_scripts(posts, script):
    characters = set().union(*posts["text"].dropna())
    assert any(unicodedata.name(character, "").startswith(script) for character in characters)


@pytest.mark.parametrize(
    "pattern",
    [
        r"https?://\S+",
        r"(?:bit\.ly|is\.gd)/\w+",
        r"#\w+",
        r"@\w+",
        r"\d{3}-\d{4}|\(\d{3}\)",
        r"[$€£₹]\d",
        r"[!?]{4,}",
        "😂",
        "\u0301",
        "\u200d",
        "\ufeff",
        r"\n",
        r"&amp;",
        r"^[^a-z]{30,}$",
    ],
)
def test_posts_hold_what_real_ones_do(posts, pattern):
    assert posts["text"].str.contains(pattern).sum() >= 5


def test_languages_have_their_shares(posts):
    shares = posts["lang"].value_counts(normalize=True)
    assert {lang: pytest.approx(share, abs=0.01) for lang, share in LANGUAGES.items()} == shares.to_dict()


def test_numbers_hint_at_the_class_without_giving_it_away(posts):
    means = posts.groupby("offensive")[["score", "n_followers"]].median()
    assert means.loc[1, "score"] > means.loc[0, "score"] + 0.2
    assert means.loc[1, "n_followers"] < means.loc[0, "n_followers"]
    assert (posts["score"] > 0.5)[posts["offensive"] == 0].mean() > 0.02


def test_comments_differ_in_length_and_are_mostly_distinct(comments):
    lengths = comments["text"].str.len()
    assert 30 < lengths.median() < 60
    assert lengths.max() > 500
    assert comments["text"].nunique() > 0.7 * len(comments)


def test_frames_hold_the_rows_that_are_generated():
    expected = table(generate_comments(500, random_state=4)).to_pandas()
    pd.testing.assert_frame_equal(load_comments(500, random_state=4), expected)


def test_followers_stay_whole_numbers_in_a_frame():
    followers = load_posts(500)["n_followers"]
    assert followers.dtype == "Int64"
    assert followers.isna().any()


def test_a_corpus_in_parquet_comes_back_as_it_was(tmp_path):
    path = write_corpus(generate_posts(3_000, batch_rows=1_000), tmp_path / "posts.parquet")
    assert parquet.ParquetFile(path).num_row_groups == 3
    assert parquet.read_table(path).equals(table(generate_posts(3_000)))


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_corpus_in_csv_keeps_its_texts(tmp_path, suffix):
    path = write_corpus(generate_posts(500), tmp_path / f"posts{suffix}")
    opened = gzip.open if suffix.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = load_posts(500)
    assert [row["id"] for row in rows] == expected["id"].tolist()
    assert [row["text"] for row in rows] == expected["text"].fillna("").tolist()


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_corpus_in_jsonl_keeps_its_values(tmp_path, suffix):
    path = write_corpus(generate_posts(500, batch_rows=200), tmp_path / f"posts{suffix}")
    opened = gzip.open if suffix.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    expected = table(generate_posts(500)).drop_columns("created_at").to_pylist()
    assert [{key: value for key, value in row.items() if key != "created_at"} for row in rows] == expected
    assert rows[0]["created_at"].startswith("2024-")


@pytest.mark.parametrize("name", ["none.parquet", "none.csv", "none.jsonl"])
def test_a_corpus_without_rows_can_be_written(tmp_path, name):
    assert write_corpus(generate_posts(0), tmp_path / name).exists()


@pytest.mark.parametrize("name", ["posts.txt", "posts", "posts.parquet.gz", "posts.gz"])
def test_an_unknown_suffix_is_refused_with_those_known(tmp_path, name):
    with pytest.raises(CorpusError, match=r"\.parquet, \.csv, \.jsonl") as refused:
        write_corpus(generate_posts(1), tmp_path / name)
    assert name in refused.value.message
    assert not list(tmp_path.iterdir())


def test_no_batches_at_all_are_refused(tmp_path):
    with pytest.raises(CorpusError, match="no batch"):
        write_corpus([], tmp_path / "posts.csv")


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["posts.parquet", "posts.csv", "posts.jsonl"])
def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, name, interruption):
    def broken():
        yield from itertools.islice(generate_posts(100, batch_rows=10), 3)
        raise interruption

    (tmp_path / name).write_text("old")
    with pytest.raises(interruption):
        write_corpus(broken(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "old"
