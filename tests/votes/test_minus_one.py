"""Gold that is written as -1 and 1 is told at every door, and what the warning says reads it."""

from __future__ import annotations

import re
import shlex
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import labelkit as lk
from labelkit.cli import main

RULES = """
from enum import IntEnum
import labelkit as lk
class Label(IntEnum):
    HAM = 0
    SPAM = 1
free = lk.keywords(["free"], label=Label.SPAM, column="text").rule(name="free")
hi = lk.keywords(["hi"], label=Label.HAM, column="text").rule(name="hi")
"""
N = 40
TEXTS = pd.DataFrame({"id": [f"k{i}" for i in range(N)], "text": ["free", "hi"] * (N // 2)})
GOLD = [1, -1] * (N // 2)
FORMS = {
    "list": list,
    "array": np.array,
    "floats": lambda values: np.array(values, dtype=float),
    "texts": lambda values: list(map(str, values)),
    "dict": lambda values: dict(zip(TEXTS["id"], values, strict=True)),
    "series": lambda values: pd.Series(values, index=TEXTS["id"]),
    "series of text": lambda values: pd.Series(values, index=TEXTS["id"]).astype(str),
    "polars": pl.Series,
}


@pytest.fixture(scope="module")
def matrix():
    free = lk.keywords(["free"], label=1, column="text").rule(name="free")
    hi = lk.keywords(["hi"], label=0, column="text").rule(name="hi")
    return lk.Applier([free, hi], labels=["HAM", "SPAM"]).apply(TEXTS, id="id")


@pytest.mark.parametrize("form", FORMS)
def test_what_the_warning_says_is_read_whole(matrix, form):
    gold = FORMS[form](GOLD)
    with pytest.warns(UserWarning, match=r"-1 \(20 times\) and 1, and never 0.*class 'SPAM' \[LK347\]") as caught:
        lk.summarize(matrix, gold=gold)
    code = re.search(r"if -1 means HAM, give (.*)$", str(caught[0].message))[1]
    summary = lk.summarize(matrix, gold=eval(code, {"gold": gold}))
    assert summary.frame.loc["hi", "correct"] == 20


@pytest.mark.parametrize(
    "door",
    [
        lambda matrix, gold: lk.LabelModel().fit(matrix, gold=gold),
        lambda matrix, gold: lk.LabelModel().fit(matrix).evaluate(matrix, gold),
        lambda matrix, gold: lk.certify(lk.LabelModel().fit(matrix).label(matrix), gold),
        lambda matrix, gold: lk.what_to_fix(matrix, gold=gold),
        lambda matrix, gold: lk.estimate_prior(gold, matrix),
    ],
    ids=["fit", "evaluate", "certify", "what_to_fix", "estimate_prior"],
)
def test_every_function_says_it_and_is_silent_of_other_gold(matrix, door):
    def codes(gold):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            door(matrix, gold)
        return re.findall(r"LK\d+", " ".join(str(one.message) for one in caught))

    assert "LK347" in codes(FORMS["dict"](GOLD))
    assert "LK347" not in codes(FORMS["dict"]([1, -1, 0, -1] * (N // 4)))  # no class is missing
    assert "LK347" not in codes(FORMS["dict"](["SPAM", None] * (N // 2)))  # the names of classes say what is meant
    assert "LK347" not in codes(FORMS["dict"]([1] * 3 + [-1] * (N - 3)))  # too few to tell, or gold of a part


@pytest.mark.parametrize("place", ["gold.csv", "gold.jsonl", "gold"])
@pytest.mark.parametrize("command", ["run", "check"])
def test_commands_say_it_with_an_option_that_works(tmp_path, monkeypatch, capsys, command, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES, "utf-8")
    TEXTS.assign(gold=GOLD).to_csv("c.csv", index=False)
    TEXTS[["id"]].assign(gold=GOLD).to_csv("gold.csv", index=False)
    TEXTS[["id"]].assign(gold=GOLD).to_json("gold.jsonl", orient="records", lines=True)
    call = [command, "rules.py", "c.csv", "--id", "id", "--gold", place, *(["--out", "r"] if command == "run" else [])]

    def said(*more):
        with pytest.raises(SystemExit):
            main([*call, *more])
        streams = capsys.readouterr()
        return streams.err, streams.out

    err, _ = said()
    assert err.count("LK347") == 1, err
    option = re.search(r"if -1 means HAM,\s+((?:\s*--map-label \S+)+)", err)[1]
    err, out = said(*shlex.split(option), *(["--force"] if command == "run" else []))
    assert "LK347" not in err + out
    assert re.search(r"40 (of 40 )?labels", out), err
