"""Why a label: text, votes, matches and log-odds of one example of a run, from its folder."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import RunFolderError

RULES = """
import labelkit as lk

win = lk.keywords("win", "prize", label=1).rule(name="win")
link = lk.regex(r"https?://\\S+", label=1).rule(name="link")
short = lk.keywords("hi", label=0).rule(name="short")

@lk.labeling_function
def broken(text):
    if "boom" in text:
        raise ValueError("boom\\x1b[31m")
    return 0 if len(text) < 6 else -1
"""


@pytest.fixture
def frame():
    texts = [
        "win a prize",
        "see https://a.example now",
        "hi you",
        "hi, win it",
        "nothing here to see",
        "boom \x1b[31m",
    ] * 20
    return pd.DataFrame({"key": [f"k{i}" for i in range(120)], "text": texts, "y": [1, 1, 0, 1, 0, 0] * 20})


@pytest.fixture
def run(tmp_path, frame):
    (tmp_path / "rules.py").write_text(RULES)
    frame.to_csv(tmp_path / "c.csv", index=False)

    def run_with(**options):
        return lk.run(
            tmp_path / "rules.py",
            tmp_path / "c.csv",
            tmp_path / "out",
            labels=["HAM", "SPAM"],
            on_fault="record",
            batch_size=32,
            force=True,
            **options,
        )

    return run_with


def test_prior_and_votes_add_up_to_the_log_odds_and_matches_are_named(run, frame):
    folder = run(id="key", gold="y")
    labels = folder.labels()
    for i in (0, 1, 2, 3, 4, 5, 63, 119):
        reason = lk.why(folder, f"k{i}")
        assert reason.values == {"text": frame["text"][i]}
        assert reason.gold == ["HAM", "SPAM"][frame["y"][i]]
        assert reason.label == ([*labels.class_names, None][labels.hard()[i]])
        best = max(reason.proba.values())
        moved = sum(vote.log_odds for vote in reason.votes if vote.vote in ("HAM", "SPAM"))
        if reason.votes and reason.votes[0].vote != "(failed)":
            assert reason.prior + moved == pytest.approx(np.log(best / (1 - best)), abs=1e-6)
            assert reason.total == pytest.approx(reason.prior + moved, abs=1e-9)
            assert f"total {reason.total:+.2f}" in " ".join(str(reason).replace("–", "").split())
    votes = {vote.rule: (vote.vote, vote.matched) for vote in lk.why(folder, "k3").votes}
    assert votes == {"win": ("SPAM", ("win",)), "short": ("HAM", ("hi",))}
    assert lk.why(folder, "k1").votes[0].matched == ("https://a.example",)


def test_a_fault_is_shown_harmlessly(run):
    folder = run(id="key")
    reason = lk.why(folder, "k5")
    assert [vote.vote for vote in reason.votes if vote.rule == "broken"] == ["(failed)"]
    assert "broken failed: ValueError: boom" in reason.notes[0]
    assert "\x1b" not in str(reason)
    assert "\x1b" not in reason._repr_html_()


def test_positions_are_ids_where_there_are_none_and_text_is_a_number(run):
    folder = run()
    assert lk.why(folder, "33").values == lk.why(folder.path, 33).values == {"text": "hi, win it"}
    for unknown in ("120", "-1", "k3", "1.5"):
        with pytest.raises(RunFolderError, match="the run has no example"):
            lk.why(folder, unknown)


def test_a_model_without_log_odds_and_a_corpus_that_is_gone_are_said(run, tmp_path):
    folder = run(id="key", model="QuorumVote")
    moved = tmp_path / "moved.csv"
    (tmp_path / "c.csv").rename(moved)
    reason = lk.why(folder, "k0")
    assert reason.values == {}
    assert any("not there any more" in note for note in reason.notes)
    assert any("what each vote moves is not known" in note for note in reason.notes)
    assert lk.why(folder, "k0", corpus=moved).values == {"text": "win a prize"}


def test_the_command_line_explains_an_example(run, capsys):
    folder = run(id="key")
    with pytest.raises(SystemExit) as stopped:
        main(["why", str(folder.path), "k0"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("k0: SPAM (SPAM 0.")
    assert "'win', 'prize'" in shown
    with pytest.raises(SystemExit) as stopped:
        main(["why", str(folder.path), "zzz"])
    assert stopped.value.code == 1
    assert "its ids begin with" in capsys.readouterr().err
