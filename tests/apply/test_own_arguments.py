"""Each function gets what the corpus holds, whatever other functions do to what they got."""

from __future__ import annotations

import copy
import types

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk

HOLDS = """
import threading
import numpy as np
import pandas as pd
import pyarrow as pa
import labelkit as lk

SHARED = ["shared", "by all rows"]


class Bag:
    def __init__(self, words):
        self.words, self.parts = words, {"of": [words]}


@lk.column
def words(text):
    return text.split()

@lk.column
def constant(text):
    return SHARED

@lk.column
def vector(text):
    return np.arange(len(text), dtype=float)

@lk.column(batch=True)
def objects(text):
    return [np.array([one, None], dtype=object) for one in text]

@lk.column
def bag(words):
    words.sort()
    return Bag(words)

@lk.column
def stream(words):
    return (word for word in words)

@lk.column
def mapping(tags, meta):
    tags.append("more")
    meta["tags"] = tags
    return {"tags": tags, "meta": meta, "set": set(map(str, tags)), "bytes": bytearray(b"abc")}

doc = lk.spacy_doc("text", model="blank:en")
"""

MUTATIONS = {
    "tags": ["tags.sort()", "tags.clear()", "tags += [1]", "tags[:] = []", "tags.reverse()", "del tags[0]"],
    "meta": ["meta.pop('a')", "meta['b'].append('x')", "meta.clear()", "meta['b'][0]['c'] = 9", "meta['new'] = 1"],
    "nested": ["nested[0].clear()", "nested.pop()", "nested[0][0] = 9", "nested += [[1]]"],
    "words": ["words.sort()", "words.pop()", "words[0] = 'x'"],
    "constant": ["constant.append(1)", "constant.clear()"],
    "vector": ["vector[:] = 0", "vector.sort()", "vector += 1"],
    "objects": ["objects[:] = 0", "objects[0] = []"],
    "bag": ["bag.words = 0", "bag.words.clear()", "bag.parts['of'][0].append(1)", "bag.new = 1", "del bag.words"],
    "stream": ["list(stream)", "stream.close()"],
    "mapping": ["mapping['meta'].clear()", "mapping['set'].add(1)", "mapping['bytes'][0] = 0", "mapping['tags'].pop()"],
    "doc": ["doc.user_data['x'] = 1", "doc[0].lemma_ = 'x'", "doc.cats['x'] = 1.0", "doc.spans['x'] = [doc[0:1]]"],
}
BATCH = {
    "tags: list": ["[one.clear() for one in tags]", "tags[:] = [[]] * len(tags)"],
    "tags": ["tags[:] = None", "[one.__setitem__(0, 'x') for one in tags]"],
    "meta: pd.Series": ["meta.iloc[:] = None", "[one.clear() for one in meta]"],
    "amount": ["amount[:] = 0", "amount.sort()", "amount += 1"],
    "amount: pd.Series": ["amount[:] = 0", "amount.iloc[0] = -1.0", "amount.loc[:] = 9.0"],
    "amount: pa.Array": ["np.asarray(amount)[:] = 0", "pd.Series(amount.to_numpy())[:] = 0"],
    "amount: list": ["amount.clear()", "amount.sort()"],
    "number": ["number[:] = 0"],
    "words: list": ["[one.clear() for one in words]", "words.clear()"],
    "vector: list": ["[one.fill(0) for one in vector]"],
    "bag": ["[setattr(one, 'words', 0) for one in bag]", "bag[:] = None"],
    "mapping: pd.Series": ["[one.clear() for one in mapping]"],
}

SHOWN = '''
def shown(value):
    """A text of all that a value holds."""
    if type(value).__name__ == "Doc":
        return repr([[t.text, t.lemma_] for t in value]) + repr([value.user_data, value.cats, dict(value.spans)])
    if isinstance(value, (pa.Array, pd.Series, np.ndarray)) and not isinstance(value, str):
        return repr([shown(one) for one in (value.to_pylist() if isinstance(value, pa.Array) else value.tolist())])
    if isinstance(value, dict):
        return repr({key: shown(one) for key, one in value.items()})
    if isinstance(value, (list, tuple, set)):
        return repr([shown(one) for one in value])
    if hasattr(value, "__next__"):
        return shown(list(value))
    return shown(vars(value)) if hasattr(value, "__dict__") else repr(value)
'''

N_ROWS = 7
ROWS = [
    {
        "text": f"win money {'now ' * (i % 3)}please",
        "tags": [f"t{i}", "b", "a"],
        "meta": {"a": i, "b": [{"c": i, "d": None}]},
        "nested": [[i, 2], [3]],
        "amount": i + 0.5,
        "number": i,
    }
    for i in range(N_ROWS)
]
"""No nulls: arrays of numbers are those of the corpus itself."""


def rule_source(number, parameter, mutation, *, batch):
    name = parameter.partition(":")[0]
    value = f"lk_vote(shown({name}), {name!r})"
    if batch:
        value = f"[lk_vote(shown(one), {name!r}) for one in {name}]"
    return f"""
@lk.labeling_function(batch={batch}, cache=True)
def rule_{number}({parameter}):
    votes = {value}
    {mutation}
    return votes
"""


def module_of(sources):
    module = types.ModuleType("rules_that_change_things")
    head = HOLDS + SHOWN + "def lk_vote(text, name):\n    return hash_of(text) % 5\n"
    exec(head, module.__dict__)
    module.__dict__["hash_of"] = lambda text: sum(text.encode())
    for source in sources:
        exec(source, module.__dict__)
    return module


choices = st.one_of(
    *(st.tuples(st.just(name), st.sampled_from(ways), st.just(False)) for name, ways in MUTATIONS.items()),
    *(st.tuples(st.just(name), st.sampled_from(ways), st.just(True)) for name, ways in BATCH.items()),
)


def votes_of(sources, corpus, **options):
    lfs = lk.collect(module_of(sources), labels=5)
    matrix = lk.Applier(lfs).apply(corpus, on_fault="record", progress=False, **options)
    return {name: matrix.outcomes[:, j].tolist() for j, name in enumerate(matrix.names)}


CORPORA = {
    "list": lambda: copy.deepcopy(ROWS),
    "pandas": lambda: pd.DataFrame(copy.deepcopy(ROWS)),
    "arrow": lambda: pa.Table.from_pylist(ROWS),
    "columns": lambda: {name: [copy.deepcopy(row[name]) for row in ROWS] for name in ROWS[0]},
    "arrays": lambda: {
        **{name: [copy.deepcopy(row[name]) for row in ROWS] for name in ROWS[0]},
        "amount": np.array([row["amount"] for row in ROWS]),
        "number": np.array([row["number"] for row in ROWS]),
    },
}


@given(st.lists(choices, min_size=2, max_size=8), st.randoms(use_true_random=False), st.sampled_from(list(CORPORA)))
@settings(max_examples=25, deadline=None)
def test_rules_that_change_their_arguments_vote_as_each_does_alone(chosen, random, kind):
    sources = [rule_source(i, name, way, batch=batch) for i, (name, way, batch) in enumerate(chosen)]
    alone = {}
    for source in sources:
        alone |= votes_of([source], CORPORA["list"](), cache=False)
    random.shuffle(sources)
    corpus = CORPORA[kind]()
    before = repr(corpus.to_dict("list") if isinstance(corpus, pd.DataFrame) else corpus)
    assert votes_of(sources, corpus, cache=False) == alone
    assert repr(corpus.to_dict("list") if isinstance(corpus, pd.DataFrame) else corpus) == before
    assert module_of([]).SHARED == ["shared", "by all rows"]


@pytest.mark.parametrize("column", MUTATIONS)
def test_every_change_is_seen_by_the_rule_that_makes_it_alone(column):
    sources = [rule_source(i, column, way, batch=False) for i, way in enumerate(["pass", *MUTATIONS[column], "pass"])]
    votes = votes_of(sources, ROWS, cache=False)
    assert len({tuple(column_votes) for column_votes in votes.values()} - {(-2,) * N_ROWS}) == 1
    assert (-2,) * N_ROWS not in map(tuple, votes.values()), "no change fails, and none is seen"


@pytest.mark.parametrize("column", BATCH)
def test_batch_functions_may_change_all_but_arrow(column):
    sources = [rule_source(i, column, way, batch=True) for i, way in enumerate(["pass", *BATCH[column], "pass"])]
    votes = votes_of(sources, ROWS, cache=False)
    kept = {tuple(column_votes) for column_votes in votes.values()}
    assert kept - {(-2,) * N_ROWS} == {tuple(votes["rule_0"])}
    assert len(kept) == 1 or column.endswith("pa.Array") or column == "tags"


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_any_engine_and_batch_size_gives_the_same_votes(tmp_path, engine):
    head = HOLDS + SHOWN + "def lk_vote(text, name):\n    return sum(text.encode()) % 5\n"
    sources = [rule_source(i, name, ways[0], batch=False) for i, (name, ways) in enumerate(MUTATIONS.items())]
    (tmp_path / "changing.py").write_text(head + "".join(sources + [one.replace("rule_", "again_") for one in sources]))
    lfs = lk.collect(tmp_path / "changing.py", labels=5)
    corpus = pa.Table.from_pylist(ROWS * 200)
    matrix = lk.Applier(lfs).apply(corpus, workers=2 if engine != "serial" else 1, engine=engine, batch_size=1024)
    half = len(MUTATIONS)
    assert np.array_equal(matrix.votes[:, :half], matrix.votes[:, half:])
    assert np.array_equal(matrix.votes, np.tile(matrix.votes[:N_ROWS], (200, 1)))


def test_votes_that_were_kept_are_those_that_are_made(tmp_path):
    first, second = (rule_source(i, "tags", way, batch=False) for i, way in enumerate(["tags.clear()", "tags.sort()"]))
    frame = pd.DataFrame(ROWS * 20)
    votes_of([second], frame, cache=tmp_path / "cache")
    kept = votes_of([first, second], frame, cache=tmp_path / "cache")
    assert kept == votes_of([first, second], frame, cache=False)


def test_values_that_cannot_be_changed_are_not_copied():
    seen = []
    module = module_of(["@lk.column\ndef upper(text):\n    return text.upper() * 50\n"])
    module.__dict__["seen"] = seen
    for name in ("one", "two"):
        exec(
            f"@lk.labeling_function\ndef {name}(upper, text):\n    seen.append((id(upper), id(text)))\n",
            module.__dict__,
        )
    lk.Applier(lk.collect(module, labels=2)).apply(ROWS, cache=False)
    assert seen[:N_ROWS] == seen[N_ROWS:]


def test_what_values_refer_to_in_their_module_is_not_copied():
    module = module_of([
        "class Model:\n    def __deepcopy__(self, memo):\n        raise AssertionError('copied')\n",
        "MODEL = Model()\n",
        "@lk.column\ndef parsed(text):\n    out = Bag(text.split())\n    out.model = MODEL\n    return out\n",
        "@lk.labeling_function\ndef a(parsed):\n    assert parsed.model is MODEL\n    parsed.words.clear()\n    return 1\n",
        "@lk.labeling_function\ndef b(parsed):\n    return int(len(parsed.words) > 1)\n",
    ])  # fmt: skip
    matrix = lk.Applier(lk.collect(module, labels=2)).apply(ROWS, cache=False, on_fault="record")
    assert (matrix.votes == 1).all()
