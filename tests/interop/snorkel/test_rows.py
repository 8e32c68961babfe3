"""What rules may do with a row of a frame: each expression has the same value under both packages, on frames of all kinds."""

from __future__ import annotations

import copy
import importlib
import json
import operator
import pickle
import zlib

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::FutureWarning:pandas")]

FRAMES = {
    "mixed": pd.DataFrame({"text": ["so good", "", "no"], "num": [1, 2, 3], "share": [0.5, np.nan, 2.0]}, index=[7, 3, 5]),
    "numbers": pd.DataFrame({"num": [1, 2, 3], "share": [0.5, 1.5, 2.5]}),
    "whole numbers": pd.DataFrame({"num": [1, 2], "other": [3, 4]}, index=["b", "a"]),
    "small numbers": pd.DataFrame({"num": np.array([1, 2], np.int8), "other": np.array([3, 4], np.int16)}),
    "flags": pd.DataFrame({"num": [True, False], "other": [False, False]}),
    "texts": pd.DataFrame({"text": ["a b", None], "title": ["c", "d"]}),
    "objects": pd.DataFrame({"text": ["a", "b"], "items": [[1, 2], [3]], "size": [{"a": 1}, {}], "num": [None, 5]}),
    "dates": pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2021-02-03"]), "num": [1, 2]}),
    "dates alone": pd.DataFrame({"day": pd.to_datetime(["2020-01-01", None])}),
    "categories": pd.DataFrame({"text": pd.Categorical(["x", "y"]), "num": [1, 2]}),
    "nullable": pd.DataFrame({"num": pd.array([1, None], "Int64"), "text": pd.array(["a", None], "string")}),
    "nullable alone": pd.DataFrame({"num": pd.array([1, None], "Int64"), "other": pd.array([1, 2], "Int64")}),
    "odd names": pd.DataFrame({"name": ["n", "m"], "count": [1, 2], "two words": [3, 4], "index": [5, 6], "_x": [7, 8], "_mgr": [9, 1]}),
    "numbered": pd.DataFrame([["a", 1], ["b", 2]]),
    "repeated": pd.DataFrame([["a", "b", 1]], columns=["text", "text", "num"]),
    "levels": pd.DataFrame([["a", 1]], columns=pd.MultiIndex.from_tuples([("text", "x"), ("num", "y")])),
    "named rows": pd.DataFrame({"text": ["a", "b"], "num": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])),
}  # fmt: skip


def changed(x):
    if x.dtype != object:  # whether numbers can be written in place depends on pandas
        return None
    x.text = "changed"
    x["num"] = 9
    return x["text"], x.num, x.to_dict()


def added(x):
    x.more = 5
    x["further"] = 6
    return x.more, "more" in x, "further" in x, list(x.index), len(x)


def copied(x):
    y = copy.deepcopy(x)
    y["num"] = 77
    return x["num"], y["num"], y.num, type(y).__mro__[-2].__name__


def attribute_of_a_copy(x):
    x.more = 1
    return hasattr(copy.copy(x), "more"), hasattr(x.copy(), "more")


EXPRESSIONS = [
    lambda x: x.text,
    lambda x: [*x.between, "c"],
    lambda x: x["text"],
    lambda x: (x.num, type(x.num).__name__),
    lambda x: (x["num"], type(x["num"]).__name__),
    lambda x: x.share,
    lambda x: x.other + 1,
    lambda x: x.nothing,
    lambda x: x["nothing"],
    lambda x: x.get("text"),
    lambda x: x.get("nothing", 3),
    lambda x: x.get(0),
    lambda x: "text" in x,
    lambda x: 0 in x,
    lambda x: x[0],
    lambda x: x[["num"]].tolist(),
    lambda x: x.iloc[0],
    lambda x: x.iloc[-1],
    lambda x: x.loc["num"],
    lambda x: x.iloc[1],
    lambda x: x.name,
    lambda x: x.index.tolist(),
    lambda x: x.values.tolist(),
    lambda x: x.dtype,
    lambda x: x.shape,
    len,
    list,
    bool,
    hash,
    str,
    repr,
    lambda x: x.to_dict(),
    dict,
    lambda x: json.dumps(x.to_dict(), default=str),
    lambda x: list(x.items()),
    lambda x: x.keys().tolist(),
    lambda x: x.tolist(),
    lambda x: x.isna().tolist(),
    lambda x: x.dropna().index.tolist(),
    lambda x: x.sum(),
    lambda x: x.astype(str).tolist(),
    lambda x: x.equals(x.copy()),
    lambda x: (x == x.copy()).tolist(),
    lambda x: x.drop("num").tolist(),
    lambda x: x.rename({"num": "n"}).n,
    lambda x: x.to_frame().T.shape,
    lambda x: pd.DataFrame([x]).shape,
    lambda x: pd.concat([x, x]).shape,
    lambda x: x.map(str).tolist(),
    lambda x: x.apply(type).astype(str).tolist(),
    lambda x: x.filter(like="t").index.tolist(),
    lambda x: np.asarray(x).tolist(),
    lambda x: isinstance(x, pd.Series),
    lambda x: type(x.copy()).__name__,
    lambda x: x.__class__.__name__,
    lambda x: hasattr(x, "text"),
    lambda x: hasattr(x, "nothing"),
    lambda x: getattr(x, "nothing", None),
    lambda x: vars(x).get("nothing"),
    lambda x: "text" in dir(x),
    operator.attrgetter("text"),
    operator.itemgetter("num"),
    "{0.num} {0[num]}".format,
    lambda x: f"{x.num}",
    lambda x: pickle.loads(pickle.dumps(x)).to_dict(),
    lambda x: [value for value in x],  # noqa: C416 - iteration is what is tried
    lambda x: max(x.size, 0),
    lambda x: x.count(),
    lambda x: x.empty,
    lambda x: x.T.name,
    lambda x: x.str.len().tolist(),
    lambda x: x.day.year,
    lambda x: x["two words"],
    lambda x: x._x,
    lambda x: x["_mgr"],
    lambda x: x["count"],
    lambda x: x["index"],
    lambda x: x["name"],
    lambda x: x["items"],
    lambda x: x["size"],
    lambda x: x.items,
    lambda x: x.text.lower() if x.num > 1 else x.text.upper(),
    lambda x: x.num == x["num"],
    lambda x: x is x,  # noqa: PLR0124 - the row itself
    lambda x: x.reindex(["num", "b"]).tolist(),
    lambda x: x.text.nothing,
    lambda x: (x.__len__(), x.ndim, x.nbytes > 0),
    lambda x: x.replace("so good", "bad").to_dict(),
    lambda x: x.combine_first(pd.Series({"z": 1})).index.tolist(),
    lambda x: x.sort_index().index.tolist(),
    lambda x: x.update(pd.Series({"num": 8})) or x.num,
    lambda x: x.attrs,
    lambda x: x.flags.allows_duplicate_labels,
    changed,
    added,
    copied,
    attribute_of_a_copy,
]


def described(function, x):
    """Describe the value, or the type of the exception."""
    try:
        value = function(x)
    except Exception as error:  # noqa: BLE001 - whatever is raised is compared
        return f"raises {type(error).__name__}"
    return "a method" if callable(value) else f"{type(value).__name__} {value!r}".replace("SeriesRow", "Series")


def values_of(package, frame, expressions):
    """Apply a rule for each expression, which votes for a digest of its value; returns the values, too."""
    labeling = importlib.import_module(f"{package}.labeling")
    values = []

    def rule(number, function):
        def digest(x):
            values.append((number, described(function, x)))
            return zlib.crc32(values[-1][1].encode())

        return labeling.LabelingFunction(f"lf{number}", digest)

    rules = [rule(number, function) for number, function in enumerate(expressions)]
    votes = [labeling.PandasLFApplier([one]).apply(frame.copy(), progress_bar=False) for one in rules]
    together = labeling.PandasLFApplier(rules[:20]).apply(frame.copy(), progress_bar=False)
    return values, np.hstack([*votes, together])


@pytest.mark.parametrize("kind", FRAMES)
def test_rows_do_as_series_do(kind):
    pytest.importorskip("snorkel")
    theirs, votes = values_of("snorkel", FRAMES[kind], EXPRESSIONS)
    ours, our_votes = values_of("labelkit.interop.snorkel", FRAMES[kind], EXPRESSIONS)
    differing = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    assert not differing, "\n".join(f"{number}: {mine}, not {value}" for (number, mine), (_, value) in differing)
    np.testing.assert_array_equal(our_votes, votes)


def test_what_a_rule_does_to_its_row_is_seen_by_the_next_one():
    pytest.importorskip("snorkel")

    def votes(package):
        labeling = importlib.import_module(f"{package}.labeling")

        def first(x):
            x.num += 1
            x.more = 5
            x["new"] = 2
            return 0

        rules = [
            labeling.LabelingFunction("first", first),
            labeling.LabelingFunction("second", lambda x: x.num + x.more + x.new),
        ]
        return labeling.PandasLFApplier(rules).apply(FRAMES["mixed"].copy(), progress_bar=False).tolist()

    assert votes("labelkit.interop.snorkel") == votes("snorkel")


def first_item(x):
    x[x.index[0]] = "changed"
    return x


def new_attribute(x):
    x.more = 1
    return x


def new_item(x):
    x["more"] = [1]
    return x


def attribute_like_a_method(x):
    x.between = ["a", "b"]
    return x


def another_row(x):
    return pd.Series({"text": "new", "num": 0}, name="row")


def sometimes_nothing(x):
    return x if str(x.iloc[0]) > "b" else None


STEPS = [first_item, new_attribute, new_item, attribute_like_a_method, another_row, sometimes_nothing]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("kind", FRAMES)
def test_made_rows_are_those_of_snorkel(kind, step):
    pytest.importorskip("snorkel")

    def made(package):
        augmentation = importlib.import_module(f"{package}.augmentation")
        function = augmentation.transformation_function()(step)
        applier = augmentation.PandasTFApplier([function], augmentation.ApplyOnePolicy())
        try:
            return applier.apply(FRAMES[kind].copy(), progress_bar=False)
        except Exception as error:  # noqa: BLE001 - whatever is raised is compared
            return type(error).__name__

    theirs, ours = made("snorkel"), made("labelkit.interop.snorkel")
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize("memoize", [False, True])
@pytest.mark.parametrize("step", STEPS[:-1], ids=lambda step: step.__name__)
@pytest.mark.parametrize("kind", FRAMES)
def test_preprocessed_rows_are_those_of_snorkel(kind, step, memoize):
    pytest.importorskip("snorkel")

    def described_rows(package):
        preprocess, labeling = (importlib.import_module(f"{package}.{name}") for name in ("preprocess", "labeling"))
        before, values = preprocess.preprocessor(memoize=memoize)(step), []

        def noted(x):
            values.append([described(one, x) for one in EXPRESSIONS[:45]])
            return len(values) % 2

        rules = [labeling.LabelingFunction("noted", noted, pre=[before]), labeling.LabelingFunction("plain", noted)]
        try:
            return labeling.PandasLFApplier(rules).apply(FRAMES[kind].copy(), progress_bar=False).tolist(), values
        except Exception as error:  # noqa: BLE001 - whatever is raised is compared
            return type(error).__name__

    theirs, ours = described_rows("snorkel"), described_rows("labelkit.interop.snorkel")
    assert ours == theirs
