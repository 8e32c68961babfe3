"""Generated logs hold what was planted, and are the same for a seed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from labelkit.datasets import engagement_log, generate_engagement_log
from labelkit.exceptions import CorpusError


@pytest.fixture(scope="module")
def log():
    return engagement_log(30_000)


def test_the_same_seed_gives_the_same_log_whole_or_in_batches(log):
    again = engagement_log(30_000)
    assert again.events.equals(log.events)
    assert again.impressions.equals(log.impressions)
    batches = pa.Table.from_batches(generate_engagement_log(30_000))
    assert batches.equals(log.events)
    assert not engagement_log(1_000, random_state=1).events.equals(engagement_log(1_000).events)


def test_truth_and_events_hold_what_was_planted(log):
    truth = log.impressions.to_pandas()
    assert truth["id"].is_unique
    assert len(truth) == 30_000
    assert truth["randomised"].mean() == pytest.approx(0.1, abs=0.01)
    assert truth["bot"].mean() == pytest.approx(0.02, abs=0.001)
    people = truth[~truth["bot"]]
    rates = people.groupby("position")["like_delay"].apply(lambda delay: delay.notna().mean())
    expected = (people["like_relevance"] * people["propensity"]).groupby(people["position"]).mean()
    assert np.abs(rates - expected).max() < 0.03
    repeated = people.groupby(["user", "item"]).size()
    assert repeated.max() <= 2
    assert (repeated == 2).mean() == pytest.approx(0.05, abs=0.01)
    events = log.events.to_pandas()
    assert events["time"].max() < pd.Timestamp(log.end, tz="UTC")
    assert events.loc[events["event"] != "impression", ["id", "position", "randomised"]].isna().all().all()
    shown = events[events["event"] == "impression"]
    assert shown["id"].isin(truth["id"]).all()
    assert shown["id"].duplicated().mean() == pytest.approx(0.01, abs=0.004)


def test_a_log_may_be_small_or_plain():
    plain = engagement_log(1, repeats=0, duplicates=0, bots=0, orphans=0, skewed=0)
    assert plain.impressions.num_rows == 1
    assert engagement_log(50, n_items=1).impressions.num_rows == 50
    none = engagement_log(3_000, bots=0, position_bias=0, n_positions=1).impressions.to_pandas()
    assert none["examined"].all()
    assert not none["bot"].any()


@pytest.mark.parametrize(
    "options",
    [{"bots": 2}, {"randomised": -0.1}, {"repeats": 0.9}, {"n_items": 0}, {"days": 0}, {"random_state": -1}],
)
def test_what_is_no_log_is_refused(options):
    with pytest.raises(CorpusError, match=next(iter(options))):
        engagement_log(100, **options)
    with pytest.raises(CorpusError, match="n_impressions=0"):
        engagement_log(0)
