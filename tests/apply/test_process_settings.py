"""Settings of the process, by which the same code gives other values, count as inputs of rules, in every process."""

import csv
import decimal
import pickle
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit._shared.process_settings import ProcessSettings
from labelkit.apply.vote_cache import VoteCache
from labelkit.rules.collect import collect
from labelkit.runs.run_inputs import RunInputs

TEXTS = ["a", "a,b", "a;b", "a,b;c", "four"]

SOURCE = """
import csv
from decimal import Decimal

import numpy as np
import pandas as pd
import labelkit as lk


@lk.labeling_function
def decimals(text):
    return int(len(str(Decimal(len(text)) / 3)) > 5)


@lk.labeling_function
def dialects(text):
    try:
        return int(len(next(csv.reader([text], "excel"))) > 1)
    except csv.Error:
        return None


@lk.labeling_function
def fields(text):
    try:
        return int(len(next(csv.reader([text]))) > 1)
    except csv.Error:
        return None


@lk.labeling_function
def digits(text):
    try:
        return int("1" * 1_000 * len(text)) % 2
    except ValueError:
        return 0


@lk.labeling_function
def divides(text):
    try:
        return int(np.float64(1) / np.float64(len(text) - 3) > 1)
    except FloatingPointError:
        return None


@lk.labeling_function
def prints(text):
    return int(len(f"{np.array([len(text) / 3])}") > 6)


@lk.labeling_function
def frames(text):
    return int(len(str(pd.Series([len(text) / 3]))) > 25)


def deep(n):
    return n and deep(n - 1)


@lk.labeling_function
def recurses(text):
    try:
        return deep(len(text) * 1_000)
    except RecursionError:
        return 1
"""
NAMES = ("decimals", "dialects", "fields", "digits", "divides", "prints", "frames")


def change(name):
    if name == "decimals":
        decimal.getcontext().prec = 3
    elif name == "dialects":
        csv.register_dialect("excel", delimiter=";")
    elif name == "fields":
        csv.field_size_limit(3)
    elif name == "digits":
        sys.set_int_max_str_digits(0)
    elif name == "divides":
        np.seterr(divide="raise")
    elif name == "prints":
        np.set_printoptions(precision=2)
    elif name == "frames":
        pd.set_option("display.precision", 2)
    else:
        sys.setrecursionlimit(9_000)


VOTES = {
    "decimals": ([1, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
    "dialects": ([0, 1, 0, 1, 0], [0, 0, 1, 1, 0]),
    "fields": ([0, 1, 0, 1, 0], [0, 1, 0, 1, -1]),
    "digits": ([1, 1, 1, 0, 1], [1, 1, 1, 1, 1]),
    "divides": ([0, 1, 1, 0, 0], [0, -1, -1, 0, 0]),
    "prints": ([1, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
    "frames": ([1, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
    "recurses": ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0]),
}
"""The votes before and after the change."""


@pytest.fixture
def lfs(tmp_path):
    (tmp_path / "rules.py").write_text(SOURCE)
    return collect(tmp_path / "rules.py", labels=2)


@pytest.fixture
def restored():
    before = ProcessSettings.now()
    yield
    before.put_in_place()


def votes_of(lfs, texts=TEXTS, **options):
    return lk.Applier(lfs).apply(texts, **{"cache": False, **options}).votes[:, 0].tolist()


@pytest.mark.usefixtures("restored")
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_worker_processes_vote_by_the_settings_of_this_one(lfs):
    for name in VOTES:
        change(name)
    lfs = lfs[list(VOTES)]
    here = lk.Applier(lfs).apply(TEXTS, cache=False).votes
    assert all(here[:, j].tolist() != before for j, (before, _) in enumerate(VOTES.values()))
    for engine in ("process", "thread"):
        there = lk.Applier(lfs).apply(TEXTS, cache=False, engine=engine, workers=2).votes
        assert there.tolist() == here.tolist()


@pytest.mark.usefixtures("restored")
def test_functions_of_batches_vote_by_the_settings_of_the_process_that_sent_them(lfs):
    before = pickle.dumps(lk.Applier(lfs[["decimals"]]).arrow("text"))
    change("decimals")
    after = pickle.dumps(lk.Applier(lfs[["decimals"]]).arrow("text"))
    table = pa.table({"text": TEXTS})
    votes = [pickle.loads(packed)(table).column("decimals").to_pylist() for packed in (after, before, after)]
    assert votes == [VOTES["decimals"][1], VOTES["decimals"][0], VOTES["decimals"][1]]
    assert decimal.getcontext().prec == 3, "what calls the function keeps its own"


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_votes_by_other_settings_are_not_taken_from_the_cache(lfs, tmp_path, name):
    cache = VoteCache(tmp_path / "cache")
    before, after = VOTES[name]
    assert votes_of(lfs[[name]], cache=cache) == before
    change(name)
    assert votes_of(lfs[[name]], cache=cache) == after
    assert votes_of(lfs[[name]], cache=cache) == after
    assert cache.size()[0] == 2


@pytest.mark.usefixtures("restored")
def test_rules_of_words_do_not_vote_anew_by_other_settings(tmp_path):
    cache, words = VoteCache(tmp_path / "cache"), [lk.keywords("four", label=1).rule(name="words")]
    for name in (None, *NAMES):
        change(name) if name else None
        lk.Applier(words, labels=2).apply(TEXTS, cache=cache)
    assert cache.size()[0] == 1


@pytest.mark.usefixtures("restored")
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_an_update_votes_anew_by_other_settings(lfs, tmp_path):
    settings = {"labels": 2, "model": "MajorityVote", "report": False, "cache": False, "batch_size": 1024}
    run = lk.run(lfs[["decimals"]], TEXTS, tmp_path / "out", **settings)
    assert run.matrix().votes[:, 0].tolist() == VOTES["decimals"][0]
    change("decimals")
    run = lk.run(lfs[["decimals"]], TEXTS, tmp_path / "out", update=True, **settings)
    assert run.matrix().votes[:, 0].tolist() == VOTES["decimals"][1]


CHANGES = """
import csv, decimal, sys
import numpy as np
import pandas as pd
import labelkit as lk

@lk.labeling_function
def changes(text):
    decimal.getcontext().prec = 3
    csv.register_dialect("excel", delimiter=";")
    csv.register_dialect("mine", delimiter=";")
    np.set_printoptions(precision=2)
    pd.set_option("display.precision", 2)
    sys.set_int_max_str_digits(0)
    return 1
"""


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("engine", [{}, {"engine": "process", "workers": 2}])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_a_rule_sets_is_put_back(lfs, tmp_path, engine):
    (tmp_path / "changes.py").write_text(CHANGES)
    both = lk.LabelingFunctions([*collect(tmp_path / "changes.py", labels=2), *lfs[list(NAMES)]], labels=2)
    before = ProcessSettings.now()
    votes = lk.Applier(both).apply(TEXTS, cache=False, **engine).votes
    assert ProcessSettings.now() == before
    assert [votes[:, 1 + j].tolist() for j in range(len(NAMES))] == [VOTES[name][0] for name in NAMES]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_told_which_settings_are_others(lfs, name):
    corpus = lk.Applier(lfs).open(TEXTS)
    kinds = dict.fromkeys(("dialects", "fields"), "csv") | {"digits": "digits of integers"}
    kinds |= dict.fromkeys(("divides", "prints"), "arrays")
    inputs = []
    for changed in (None, name):
        change(changed) if changed else None
        inputs.append(RunInputs.of(lfs[[name]], corpus, None, batch_rows=1024, types={}))
    reasons = [f"the rule {name!r} is changed", f"the process has other settings ({kinds.get(name, name)})"]
    assert inputs[1].differences(inputs[0].to_dict()) == reasons
    assert inputs[1].differences(inputs[0].lasting) == reasons
    assert inputs[0].differences(inputs[1].lasting) == reasons
    assert inputs[1].differences(inputs[1].lasting) == []


def test_options_of_pandas_that_cannot_be_sent_are_left_out():
    before = ProcessSettings.now().values["frames"]  # other tests may have set some
    with pd.option_context("display.float_format", lambda number: "x", "display.precision", 2):
        sent = pickle.loads(pickle.dumps(ProcessSettings.now()))
    assert sent.values["frames"] == {**before, "display.precision": 2}


def test_a_printer_of_arrays_that_cannot_be_sent_is_left_out():
    with np.printoptions(precision=2, formatter={"float": lambda number: "x"}):
        sent = pickle.loads(pickle.dumps(ProcessSettings.now()))
    assert sent.values["arrays"] == ({}, {"precision": 2})
