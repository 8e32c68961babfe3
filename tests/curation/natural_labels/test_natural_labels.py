"""Labels of a generated log are exactly its truth where that can be known; bad logs are refused with a remedy."""

import json
import warnings
from enum import IntEnum

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.curation.natural_labels import attribution, event_table
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError, CorpusError

DAY = pd.Timedelta(days=1)
MANY = {"impression": "impression", "action": ["like", "comment"], "window": "1d", "id": "id", "bots": "100/1h"}


@pytest.fixture(scope="module")
def log():
    return lk.engagement_log(20_000, random_state=3)


@pytest.fixture(scope="module")
def natural(log):
    return lk.natural_labels(log.events, keep=["same_topic", "item_score"], **MANY)


def truth_of(log, action, window, as_of):
    """The labels by the definition, from when the action of each impression will have come."""
    shown = log.impressions.to_pandas().set_index("id")
    shown = shown[~shown["bot"] & (shown["time"] <= as_of)]
    delay = shown[f"{action}_delay"]
    came = (delay <= window) & (shown["time"] + delay <= as_of)
    return pd.Series(np.where(came, 1, np.where(shown["time"] + window <= as_of, 0, -1)), shown.index)


def table(rows, *names):
    """Events of one user and item from (name of the event, minutes), or with a user and item of their own."""
    columns = names or ("event", "time")
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in ("user", "item"):
        if name not in frame:
            frame[name] = name
    frame["time"] = pd.Timestamp("2024-05-01", tz="UTC") + pd.to_timedelta(frame["time"] * 60, unit="s")
    return frame


def labels(rows, *names, **options):
    """The classes by position."""
    given = {"impression": "view", "action": "like", "window": "1h", "as_of": "2024-05-20T00:00Z", **options}
    return lk.natural_labels(table(rows, *names), **given).gold().to_dict()


# What is true ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "as_of"), [(DAY, None), (7 * DAY, None), (DAY, "2024-01-15T12:00:00Z")])
@pytest.mark.parametrize("rows_at_a_time", [4_000_000, 3_000])
def test_labels_are_the_truth_wherever_it_can_be_known(log, window, as_of, rows_at_a_time, monkeypatch):
    monkeypatch.setattr(attribution, "ROWS_AT_A_TIME", rows_at_a_time)
    natural = lk.natural_labels(log.events, **{**MANY, "window": window, "as_of": as_of})
    end = pd.Timestamp(natural.step.parameters["as_of"])
    for action in ("like", "comment"):
        truth = truth_of(log, action, window, end)
        gold = natural.gold(action)
        assert len(gold) == len(truth)
        assert (gold == truth[gold.index]).all()
        counts = natural.summary.labels[action]
        assert [counts[k] for k in ("negative", "positive", "unknown")] == [(truth == k).sum() for k in (0, 1, -1)]
        assert counts["unknown"]
    both = np.maximum(natural.gold("like"), natural.gold("comment"))
    unknown = (np.minimum(natural.gold("like"), natural.gold("comment")) == -1) & (both != 1)
    assert (natural.gold("any") == np.where(unknown, -1, both)).all()


def test_what_was_planted_is_counted(log, natural):
    events, truth = log.events.to_pandas(), log.impressions.to_pandas()
    summary = natural.summary
    assert summary.events == len(events)
    assert summary.bots == truth.loc[truth["bot"], "user"].nunique()
    shown = truth[~truth["bot"] & (truth["time"] < pd.Timestamp(log.end, tz="UTC"))]
    assert summary.impressions == len(shown) == len(natural)
    assert summary.randomised == shown["randomised"].sum()
    people = events[events["user"].isin(shown["user"])].sort_values("time")
    gaps = people.groupby(["user", "item", "event"])["time"].diff()
    assert summary.duplicates >= (gaps <= pd.Timedelta(seconds=1)).sum() > 150  # bots have some, too
    skewed = sum((shown[f"{action}_delay"] == pd.Timedelta(0)).sum() for action in ("like", "comment"))
    assert summary.skewed == skewed > 100
    orphans = (~events["user"].isin(truth["user"])).sum()
    late = sum(
        ((shown[f"{a}_delay"] > DAY) & (shown["time"] + shown[f"{a}_delay"] < events["time"].max())).sum()
        for a in ("like", "comment")
    )
    assert orphans < summary.orphans <= orphans + late + 5


def test_bots_may_be_flagged_in_place_of_dropped(log):
    flagged = lk.natural_labels(log.events, **{**MANY, "on_bots": "flag"}).table(["id", "bot", "like"]).to_pandas()
    truth = log.impressions.to_pandas().set_index("id")["bot"]
    assert (flagged["bot"].to_numpy() == truth[flagged["id"]].to_numpy()).all()
    assert flagged.loc[flagged["bot"], "like"].mean() > 0.4
    rate = {"impression": "view", "action": "like", "as_of": "2024-05-20T00:00Z"}
    often = table([("view", i) for i in range(10)] + [("like", 10)])
    assert lk.natural_labels(often, bots="10/10m", on_bots="flag", **rate).summary.bots == 1
    assert lk.natural_labels(often, bots="11/10m", on_bots="flag", **rate).summary.bots == 0


@pytest.mark.parametrize("kind", ["csv", "parquet", "folder", "polars", "lazy", "duckdb", "arrow", "dict"])
def test_any_source_gives_the_same_labels(log, natural, kind, tmp_path):
    events = log.events
    if kind == "csv":
        pa.csv.write_csv(events, tmp_path / "log.csv")
    for number in range(2):
        half = events.slice(number * 11_000, 11_000 if number == 0 else None)
        pq.write_table(half, tmp_path / f"log-{number}.parquet")
    source = {
        "csv": lambda: tmp_path / "log.csv",
        "parquet": lambda: str(tmp_path / "*.parquet"),
        "folder": lambda: [tmp_path / "log-0.parquet", tmp_path / "log-1.parquet"],
        "polars": lambda: pl.from_arrow(events),
        "lazy": lambda: pl.from_arrow(events).lazy(),
        "duckdb": lambda: duckdb.connect().from_arrow(events),
        "arrow": lambda: events.combine_chunks().to_batches()[0],
        "dict": events.to_pydict,
    }[kind]()
    again = lk.natural_labels(source, **MANY)
    assert again.gold().equals(natural.gold())
    assert again.summary == natural.summary
    assert again.propensities.values.tolist() == natural.propensities.values.tolist()


def test_two_tables_give_what_one_does(log, natural, tmp_path):
    events = log.events.to_pandas()
    is_shown = events["event"] == "impression"
    shown, acted = events[is_shown].drop(columns="event"), events[~is_shown]
    two = lk.natural_labels(shown, actions=acted, action=["like", "comment"], window="1d", id="id", bots="100/1h")
    assert two.gold("any").equals(natural.gold("any"))
    likes = acted[acted["event"] == "like"].drop(columns=["event", "id"])
    one = lk.natural_labels(
        shown, actions=likes, action="like", window="1d", id="id", bots="100/1h", as_of=log.end, time_zone="UTC"
    )
    assert (one.gold() == natural.gold("like")[one.gold().index]).mean() > 0.99  # bots do not like as often
    with pytest.raises(AnalysisError, match="not known which rows are 'like' and which 'comment'"):
        lk.natural_labels(shown, actions=likes, action=["like", "comment"])
    with pytest.raises(AnalysisError, match="has events 'impression'"):
        lk.natural_labels(events, actions=events, impression="impression", action="like")
    with pytest.raises(AnalysisError, match=r"users of .* int64 and those of .* string"):
        lk.natural_labels(shown.assign(user=1), actions=likes, action="like")


# What belongs together ------------------------------------------------------------------------------------------------


def by_definition(events, window, skew, dedupe, as_of):
    """The labels of the views of each user and item, one event at a time."""
    rows = [(t, kind == "like", row, kind, who) for row, (kind, t, who) in enumerate(events) if t <= as_of]
    rows.sort()
    kept, last = [], {}
    for t, _, row, kind, who in rows:
        before, last[kind, who] = last.get((kind, who)), t
        if before is None or dedupe is None or t - before > dedupe:
            kept.append((t, row, kind, who))
    views = {row: (t, who) for t, row, kind, who in kept if kind == "view"}
    liked = set()
    for t, _, kind, who in kept:
        if kind == "like":
            past = [row for row, (at, whose) in views.items() if whose == who and at <= t]
            coming = [row for row, (at, whose) in views.items() if whose == who and t < at <= t + skew]
            latest = max(past, key=lambda row: (views[row][0], row), default=None)
            if latest is not None and t - views[latest][0] <= window:
                liked.add(latest)
            elif coming:
                liked.add(min(coming, key=lambda row: (views[row][0], row)))
    return {row: 1 if row in liked else 0 if t + window <= as_of else -1 for row, (t, _) in sorted(views.items())}


EVENTS = st.lists(
    st.tuples(st.sampled_from(["view", "like"]), st.integers(0, 30), st.sampled_from("abdefgh")),
    min_size=20,
    max_size=200,
)


@settings(max_examples=12, deadline=None)
@given(EVENTS, st.integers(1, 20), st.integers(0, 5), st.sampled_from([None, 0, 1, 3]), st.integers(0, 40))
def test_labels_are_those_of_the_slow_definition(events, window, skew, dedupe, as_of):
    events = [("view", 0, "c"), ("like", 0, "c"), *events]
    start = 1_714_557_600
    log = {
        "user": [who for _, _, who in events],
        "item": ["i"] * len(events),
        "event": [kind for kind, _, _ in events],
        "time": [start + t for _, t, _ in events],
    }
    options = {"window": f"{window}s", "skew": f"{skew}s", "dedupe": None if dedupe is None else f"{dedupe}s"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # most likes may be without a view
        natural = lk.natural_labels(
            log, impression="view", action="like", as_of=np.datetime64(start + as_of, "s"), time_zone="UTC", **options
        )
    assert natural.gold().to_dict() == by_definition(events, window, skew, dedupe, as_of)


def test_an_action_belongs_to_the_latest_impression_before_it():
    assert labels([("view", 0), ("view", 10), ("like", 11), ("view", 12)]) == {0: 0, 1: 1, 3: 0}
    assert labels([("like", 11), ("view", 12), ("view", 10), ("view", 0)]) == {1: 0, 2: 1, 3: 0}
    assert labels([("view", 0), ("like", 0)]) == {0: 1}
    assert labels([("view", 0), ("like", 60)]) == {0: 1}
    assert labels([("view", 0), ("like", 60.1), ("view", 100), ("like", 101)]) == {0: 0, 2: 1}


def test_other_users_and_items_have_their_own_actions():
    rows = [
        ("view", 0, "a", "x"),
        ("like", 1, "b", "x"),
        ("like", 1, "a", "y"),
        ("view", 0, "b", "x"),
        ("view", 0, "a", "z"),
    ]
    assert labels(rows, "event", "time", "user", "item") == {0: 0, 3: 1, 4: 0}


def test_clocks_may_differ_where_no_impression_came_before():
    early = [("view", 10), ("like", 10 - 3 / 60)]
    assert labels(early) == {0: 1}
    assert labels([("view", 0), ("like", 9.99), ("view", 10)]) == {0: 1, 2: 0}
    both = [*early, ("view", 1_000), ("like", 1_001)]
    assert labels(both, skew="2s") == {0: 0, 2: 1}
    with pytest.raises(AnalysisError, match="1 come before it, by 3s on average"):
        labels(early, skew="1s")


def test_repeats_within_a_second_are_one_event_and_the_first_counts():
    rows = [("view", 0), ("view", 0.01), ("like", 0.02), ("like", 0.021), ("view", 5)]
    assert labels(rows) == {0: 1, 4: 0}
    assert labels(rows, dedupe="0s") == labels(rows, dedupe=None) == {0: 0, 1: 1, 4: 0}
    same = [("view", 0), ("view", 0), ("like", 1)]
    assert labels(same, dedupe="0s") == {0: 1}
    assert labels(same, dedupe=None) == {0: 0, 1: 1}


def test_what_is_younger_than_the_window_is_unknown_unless_the_action_came():
    rows = [
        ("view", 0, "a"),
        ("view", 30, "b"),
        ("view", 50, "c"),
        ("like", 55, "c"),
        ("like", 80, "b"),
        ("other", 65, "a"),
    ]
    names = ("event", "time", "user")
    assert labels(rows, *names, as_of=None) == {0: 0, 1: 1, 2: 1}
    assert labels(rows, *names, as_of="2024-05-01T01:00Z") == {0: 0, 1: -1, 2: 1}
    assert labels(rows, *names, as_of="2024-05-01T00:59Z") == {0: -1, 1: -1, 2: 1}
    assert labels(rows, *names, as_of="2024-05-01T00:55Z") == {0: -1, 1: -1, 2: 1}


def test_each_label_has_its_events_and_window():
    rows = [("view", 0), ("like", 10), ("view", 100), ("comment", 130), ("view", 300), ("stay", 301), ("view", 500)]
    log = table(rows)
    given = {"impression": "view", "as_of": "2024-05-20T00:00Z", "window": "1h"}
    natural = lk.natural_labels(log, explicit=["like", "comment"], implicit="stay", **given)
    assert natural.actions == ("like", "comment", "explicit", "stay", "implicit")
    assert {name: natural.gold(name).tolist() for name in natural.actions} == {
        "like": [1, 0, 0, 0],
        "comment": [0, 1, 0, 0],
        "explicit": [1, 1, 0, 0],
        "stay": [0, 0, 1, 0],
        "implicit": [0, 0, 1, 0],
    }
    windows = {"like": "1h", "talk": "20m"}
    own = lk.natural_labels(log, action={"like": "like", "talk": ["comment", "stay"]}, **{**given, "window": windows})
    assert own.gold("talk").tolist() == [0, 0, 1, 0]
    for wrong, match in (
        ({"like": "1h"}, "has none for 'talk'"),
        ({**windows, "x": "1h"}, "names 'x'"),
        ("0s", "window of 0"),
        ("7", "not a duration"),
        ("-1d", "not a duration"),
        (-DAY, "negative"),
    ):
        with pytest.raises(AnalysisError, match=match):
            lk.natural_labels(log, action={"like": "like", "talk": "comment"}, **{**given, "window": wrong})


# What the labels are good for -----------------------------------------------------------------------------------------


def test_labels_are_gold_votes_and_a_corpus(log, natural, tmp_path):
    gold = natural.gold("like")
    votes = natural.votes("like", precision=0.8)
    assert votes.lfs[0].precision == 0.8
    assert votes.class_names == ("no like", "like")
    assert votes.votes[:, 0].tolist() == gold.tolist()

    class Label(IntEnum):
        ABSTAIN = -1
        DULL = 0
        GOOD = 1
        BAD = 2

    good = natural.votes("comment", classes=Label, positive=Label.GOOD, negative=None, name="talked")
    assert good.lfs[0].labels == (1,)
    assert set(good.votes[:, 0].tolist()) == {-1, 1}
    corpus = natural.corpus()
    assert corpus.n_rows == len(natural)
    assert corpus.id == "id"

    @lk.labeling_function(name="topic")
    def topic(same_topic: bool) -> int:
        return 1 if same_topic else -1

    rule = lk.LabelingFunctions([topic], labels=["no like", "like"])
    joined = lk.Applier(rule).apply(corpus).join(votes)
    assert joined.names == ("topic", "like")
    assert (joined.votes[:, 1] == gold.to_numpy()).all()
    summary = lk.summarize(joined, gold=gold)
    assert "topic" in str(summary)
    path = natural.to_parquet(tmp_path / "labels.parquet")
    assert pq.read_table(path).equals(natural.table())
    assert natural.table(["time"]).schema.field("time").type == pa.timestamp("us", "UTC")  # whatever the machine's zone
    assert natural.table(["id", "any"]).column_names == ["id", "any"]
    by_position = lk.natural_labels(log.events, **{**MANY, "id": None}).gold()
    assert by_position.index.is_monotonic_increasing
    assert (log.events["id"].take(by_position.index.to_numpy()).to_numpy() == gold.index).all()


def test_the_result_is_a_step_of_curation(natural):
    assert isinstance(natural, Curated)
    rows = natural.rows()
    assert rows.column_names == ["id", "label", "weight"]
    counts = natural.summary.labels["like"]
    assert rows.num_rows == counts["settled"] + counts["negative"]
    settled = natural.gold("like", settled=True)
    assert set(settled.index[settled >= 0]) == set(rows["id"].to_pylist())
    assert ((settled == natural.gold("like")) | (settled == -1)).all()
    assert counts["settled"] < counts["positive"]  # young ones are known by their positives alone
    step = natural.step.to_dict()
    assert step["before"]["rows"] == natural.summary.events
    assert step["after"]["rows"] == len(natural)
    assert step["after"]["like positive"] == (natural.gold() == 1).sum()
    assert json.dumps(natural.to_dict())
    assert "duplicates" in str(natural)
    natural.votes()
    with pytest.raises(AnalysisError, match="no label 'share'"):
        natural.gold("share")
    with pytest.raises(AnalysisError, match="no column 'text'"):
        natural.table(["text"])


def test_a_closed_result_says_so(log):
    natural = lk.natural_labels(log.events, impression="impression", action="like")
    natural.close()
    with pytest.raises(AnalysisError, match="were closed"):
        natural.table()


# Times ----------------------------------------------------------------------------------------------------------------

LIKED = {"impression": "view", "action": "like", "window": "1h"}


def times(*values):
    return {"user": ["u"] * 3, "item": ["i", "i", "j"], "event": ["view", "like", "view"], "time": list(values)}


@pytest.mark.parametrize(
    "values",
    [
        ("2024-05-01T10:00Z", "2024-05-01T10:05Z", "2024-05-01T11:00Z"),
        ("2024-05-01 12:00:00+02:00", "2024-05-01T10:05:00.5Z", "2024-05-01 11:00:00 UTC"),
        (1714557600, 1714557900, 1714561200),
        (1714557600.0, 1714557900.25, 1714561200.0),
        (1714557600000, 1714557900000, 1714561200000),
        tuple(pd.to_datetime([1714557600, 1714557900, 1714561200], unit="s", utc=True)),
    ],
)
def test_times_of_any_spelling_are_the_same_moments(values):
    natural = lk.natural_labels(times(*values), **LIKED)
    assert natural.gold().tolist() == [1, -1]
    assert str(natural.table(["time"])["time"][0]).startswith("2024-05-01 10:00:00")


def test_times_without_a_zone_need_one():
    naive = times("2024-05-01T10:00", "2024-05-01T10:05", "2024-05-01T11:00")
    with pytest.raises(AnalysisError, match=r"the times have no zone .*row 0[\s\S]*time_zone=\"UTC\""):
        lk.natural_labels(naive, **LIKED)
    berlin = lk.natural_labels(naive, time_zone="Europe/Berlin", **LIKED)
    assert str(berlin.table(["time"])["time"][0]).startswith("2024-05-01 08:00:00")
    mixed = times("2024-05-01T10:00Z", "2024-05-01T12:05", "2024-05-01T11:00Z")
    with pytest.raises(AnalysisError, match="1 times have no time zone and 2 have one"):
        lk.natural_labels(mixed, **LIKED)
    assert lk.natural_labels(mixed, time_zone="Europe/Berlin", **LIKED).gold().tolist() == [1, -1]
    frame = pd.DataFrame(naive).assign(time=lambda f: pd.to_datetime(f["time"]))
    with pytest.raises(AnalysisError, match="no zone"):
        lk.natural_labels(frame, **LIKED)
    assert lk.natural_labels(frame, time_zone="UTC", **LIKED).gold().tolist() == [1, -1]
    with pytest.raises(AnalysisError, match="as_of='2024-05-02' has no time zone"):
        lk.natural_labels(times(1714557600, 1714557900, 1714561200), as_of="2024-05-02", **LIKED)
    with pytest.raises(AnalysisError, match="time_zone='Mars' is not a time zone"):
        lk.natural_labels(naive, time_zone="Mars", **LIKED)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (("2024-05-01T10:00Z", "7/1/24", "soon"), "2 times .* cannot be read, such as '7/1/24'"),
        (("2024-05-01", "2024-05-01", "2024-05-02"), "3 times .* cannot be read"),
        ((1, 2, 3), "3 times .* cannot be read"),
        ((None, None, None), "no event has a time|holds no times"),
        ((True, False, True), "is of type bool, and holds no times"),
        (tuple(pd.to_datetime(["2024-05-01"] * 3).date), "is of type date32.*holds no times"),
    ],
)
def test_times_that_are_none_are_refused(values, match):
    with pytest.raises(AnalysisError, match=match):
        lk.natural_labels(times(*values), **LIKED)


# Logs that are wrong --------------------------------------------------------------------------------------------------


def test_users_and_items_that_are_missing_are_counted():
    frame = table([("view", 0), ("view", 1), ("like", 2), ("view", 3), (None, 4)])
    for values in (["a", None, None, "a", "a"], ["a", "", " ", "a", "a"], [1.0, np.nan, np.nan, 1.0, 1.0]):
        natural = lk.natural_labels(
            frame.assign(user=values), impression="view", action="like", as_of="2024-06-01T00:00Z"
        )
        assert natural.gold().to_dict() == {0: 0, 3: 0}
        assert natural.summary.incomplete == 3
        assert "3 events without a user" in natural.step.notes[-1]
    with pytest.raises(AnalysisError, match="no impression is left of 5 events: 5 lack"):
        lk.natural_labels(frame.assign(user=[np.nan] * 5), impression="view", action="like")
    with pytest.raises(AnalysisError, match="numbers with fractions"):
        lk.natural_labels(frame.assign(user=[0.5] * 5), impression="view", action="like")


def test_actions_before_their_impressions_name_the_clock():
    rows = [
        (name, minute + 120 * (name == "view"), user) for user in "abc" for name, minute in (("view", 0), ("like", 1))
    ]
    with pytest.raises(
        AnalysisError, match=r"3 of 3 actions have no impression .*: 3 come before it, by 119m on average"
    ) as error:
        labels(rows, "event", "time", "user")
    assert 'skew="119m"' in str(error.value)
    right = [("view", 0, "d"), ("like", 1, "d")]
    with pytest.warns(UserWarning, match="3 of 4 actions have no impression"):
        labels([*rows, *right], "event", "time", "user")
    strangers = [("view", 0, "a"), ("like", 1, "A")]
    with pytest.raises(AnalysisError, match="name users and items alike"):
        labels(strangers, "event", "time", "user")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"action": "likes"}, "no event 'likes' .*\nHint: did you mean 'like'"),
        ({"impression": "View"}, "no event 'View' .*\nHint: did you mean 'view'"),
        ({"impression": None}, "none is named as the impression"),
        ({"action": None}, "no action is named"),
        ({"action": []}, "does not name actions"),
        ({"action": "view"}, "'view' is an impression and an action"),
        ({"action": {"user": "like"}}, "a label cannot be named 'user'"),
        ({"explicit": "like", "implicit": "like"}, "both explicit and implicit"),
        ({"user": "usr"}, "no column 'usr' for user=.*\nHint: did you mean 'user'"),
        ({"position": "pos"}, "no column 'pos' for position="),
        ({"keep": "text"}, "is one text"),
        ({"keep": ["like"]}, "'like', and another column or label has that name"),
        ({"keep": ["Time"]}, "'Time', and another column"),
        ({"action": {"User": "like"}}, "a label cannot be named 'User'"),
        ({"action": {"a": "like", "A": "like"}}, "a label cannot be named 'A'"),
        ({"as_of": "yesterday"}, "is not a time"),
        ({"as_of": "2020-01-01T00:00Z"}, "no impression is left of 3 events: 0 lack .* 3 are after as_of"),
        ({"bots": 5}, "bots=5 is not a rate"),
        ({"bots": "5/x"}, "not a duration"),
        ({"bots": "1/1d"}, "3 are of bots"),
        ({"on_bots": "keep"}, "is not known"),
        ({"skew": 5}, "skew=5 is not a duration"),
        ({"id": "item"}, "the id 'item' stands at 2 impressions"),
        ({"id": "nothing"}, "2 impressions have no id"),
        ({"clip": 0}, "clip=0 is not above 0"),
        ({"propensities": {1: 1.0, 2: 0.0}}, "propensity of position 2 is 0"),
        ({"propensities": {1: 1.0, 2: -1}}, "propensity of position 2 is -1"),
        ({"propensities": 0.5}, "not a number for each position"),
        ({"propensities": {1: 1.0}}, "no column of them"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_a_remedy(options, match):
    frame = table([("view", 0), ("like", 1), ("view", 2)]).assign(nothing=None)
    frame["nothing"] = frame["nothing"].astype("string")
    with pytest.raises(AnalysisError, match=match) as error:
        lk.natural_labels(frame, **{"impression": "view", "action": "like", **options})
    assert "\nHint: " in str(error.value)


def test_what_goes_wrong_late_in_a_log_is_said_as_it_is(monkeypatch):
    monkeypatch.setattr(event_table, "BATCH", 2)
    frame = table([("view", 0), ("like", 1), ("view", 2), ("like", 3)])
    with pytest.raises(AnalysisError, match="numbers with fractions"):
        lk.natural_labels(frame.assign(user=[1, 1, 1, 1.5]), impression="view", action="like")
    frame["time"] = ["2024-05-01T10:00Z", "2024-05-01T10:01Z", "2024-05-01T10:02Z", "later"]
    with pytest.raises(AnalysisError, match=r"1 times .* 'later' .*row 3"):
        lk.natural_labels(frame, impression="view", action="like")


def test_names_of_columns_and_labels_may_be_odd(tmp_path):
    frame = table([("view", 0), ('li"ke', 1), ("it's", 2)]).assign(**{'te"xt': "a", "o'k": 1})
    options = {
        "impression": "view",
        "action": ['li"ke', "it's"],
        "keep": ['te"xt', "o'k"],
        "bots": "9/1h",
        "on_bots": "flag",
    }
    natural = lk.natural_labels(frame, **options)
    assert natural.column_names[-5:] == ('te"xt', "o'k", 'li"ke', "it's", "any")
    assert [natural.gold(name).tolist() for name in natural.actions] == [[1], [1], [1]]
    assert natural.rates("it's", by='te"xt').index.tolist() == []
    assert pq.read_table(natural.to_parquet(tmp_path / "a.parquet")).column_names == list(natural.column_names)


def test_logs_without_events_are_refused():
    empty = table([("view", 0)]).head(0)
    with pytest.raises((AnalysisError, CorpusError), match=r"no event|empty|no rows"):
        lk.natural_labels(empty, impression="view", action="like")
    ids = {"user": [f"u{i}" for i in range(10_001)], "item": ["i"] * 10_001, "time": [1714557600] * 10_001}
    with pytest.raises(AnalysisError, match="over 10,000 distinct values"):
        lk.natural_labels({**ids, "event": ids["user"]}, impression="view", action="like")
    with pytest.raises(AnalysisError, match=r"cannot be read: .*top"):
        lk.natural_labels(table([("view", 0), ("like", 1)]).assign(position="top"), impression="view", action="like")
