"""Probabilities and labels by SQL are those of the label model."""

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

import labelkit as lk
from labelkit.exceptions import ModelError, RuleError
from labelkit.label_models import MODELS

N_CLASSES = 3
WORDS = ["aa", "bb", "cc", "dd", "ee", "ff"]


def rules(*, several=False):
    made = [lk.keywords(word, label=n % N_CLASSES).rule(name=f"says {word}") for n, word in enumerate(WORDS)]
    if several:
        made += [
            lk.keywords({f"x{n}": n for n in range(N_CLASSES)}).rule(name="crowd x"),
            lk.keywords({f"y{n}": n for n in range(N_CLASSES)}).rule(name="crowd y"),
            lk.keywords({f"z{n}": n for n in range(N_CLASSES)}).rule(name="crowd z"),
        ]
    return lk.LabelingFunctions(made, labels=["A", "B", "it's"])


def corpus(n=600, *, several=False):
    generator = np.random.default_rng(7)
    gold = generator.integers(0, N_CLASSES, n)
    texts = []
    for label in gold:
        words = [w for j, w in enumerate(WORDS) if generator.random() < (0.4 if j % N_CLASSES == label else 0.1)]
        if several:
            words += [f"{one}{label if generator.random() < 0.7 else generator.integers(3)}" for one in "xyz"]
        texts.append(" ".join(words))
    return pa.table({"key": pa.array(range(n), pa.int64()), "text": texts}), gold


def answers(query, table):
    with duckdb.connect() as connection:
        connection.register("corpus", table)
        return connection.sql(query.sql + " ORDER BY 1").to_arrow_table()


def check_labels(model, lfs, table, matrix):
    query = lk.to_sql(lfs, dialect="duckdb", id="key", model=model)
    result = answers(query, table)
    assert result.column_names == ["key", *lfs.names, "p_A", "p_B", "p_it's", "label"]
    np.testing.assert_array_equal(np.array([result[name] for name in lfs.names]).T, matrix.votes)
    proba = np.array([result[f"p_{name}"] for name in model.class_names_]).T
    np.testing.assert_allclose(proba, model.predict_proba(matrix), atol=1e-12)
    expected = [None if label < 0 else model.class_names_[label] for label in model.predict(matrix)]
    assert result["label"].to_pylist() == expected
    assert None in expected


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("taught", [False, True])
def test_labels_are_those_of_the_default_model(several, taught):
    lfs = rules(several=several)
    table, gold = corpus(several=several)
    table = pa.concat_tables([table, pa.table({"key": [10_000, 10_001], "text": ["", "aa bb"]})])
    matrix = lk.Applier(lfs).apply(table, id="key")
    known = {int(i): int(gold[i]) for i in range(0, 600, 4)} if taught else None
    model = lk.LabelModel().fit(matrix, gold=known)
    check_labels(model, lfs, table, matrix)


def test_labels_are_those_of_the_default_model_on_postgresql(postgres):
    lfs = rules(several=True)
    table, _ = corpus(200, several=True)
    matrix = lk.Applier(lfs).apply(table, id="key")
    model = lk.LabelModel().fit(matrix)
    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE TABLE votes (key bigint, text text)")  # as a step of the query is named
        with postgres.cursor() as cursor:
            cursor.executemany("INSERT INTO votes VALUES (%s, %s)", list(zip(*table.to_pydict().values(), strict=True)))
        query = lk.to_sql(lfs, dialect="postgres", id="key", model=model, table="votes")
        rows = sorted(postgres.execute(query.sql).fetchall())
    assert [list(row[1 : 1 + len(lfs)]) for row in rows] == matrix.votes.tolist()
    np.testing.assert_allclose([row[1 + len(lfs) : -1] for row in rows], model.predict_proba(matrix), atol=1e-12)
    labels = [None if label < 0 else model.class_names_[label] for label in model.predict(matrix)]
    assert [row[-1] for row in rows] == labels


@pytest.mark.parametrize("with_model", [False, True])
def test_postgresql_compiles_few_expressions_in_a_step(postgres, with_model):
    made = [
        lk.regex(rf"(?a)\bk{n % 60}\b", column=("v0", "read1")[n % 2], label=n % 2).rule(name=f"r{n}")
        for n in range(70)
    ]
    lfs = lk.LabelingFunctions(made, labels=["A", "B"])
    texts = [" ".join(f"k{(n * m) % 97}" for m in range(1, 9)) for n in range(50)]
    table = pa.table({"example": range(50), "v0": texts, "read1": texts[::-1]})
    matrix = lk.Applier(lfs).apply(table, id="example")
    model = lk.LabelModel().fit(matrix) if with_model else None
    sql = lk.to_sql(lfs, dialect="postgres", id="example", model=model).sql
    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE TABLE corpus (example bigint, v0 text, read1 text)")
        with postgres.cursor() as cursor:
            rows = list(zip(*table.to_pydict().values(), strict=True))
            cursor.executemany("INSERT INTO corpus VALUES (%s, %s, %s)", rows)
        result = postgres.execute(sql)
        names, rows = [column.name for column in result.description], sorted(result.fetchall())
    assert names == ["example", *lfs.names, *(["p_A", "p_B", "label"] if with_model else [])]
    assert [list(row[1:71]) for row in rows] == matrix.votes.tolist()
    if model is not None:
        np.testing.assert_allclose([row[71:73] for row in rows], model.predict_proba(matrix), atol=1e-12)
    steps = list(sqlglot.parse_one(sql, dialect="postgres").find_all(sqlglot.exp.CTE))
    searches = [[one.expression.sql("postgres") for one in step.find_all(sqlglot.exp.RegexpLike)] for step in steps]
    assert sum(map(len, searches)) == 70
    assert max(len(set(some)) for some in searches) == 30


def formulas():
    base = MODELS["DawidSkene"].__mro__[1]
    return [name for name, kind in MODELS.items() if issubclass(kind, base)]


@pytest.mark.parametrize("name", formulas())
def test_labels_are_those_of_additive_models(name):
    lfs = rules(several=True)
    table, _ = corpus(several=True)
    table = pa.concat_tables([table, pa.table({"key": [10_000], "text": [""]})])
    matrix = lk.Applier(lfs).apply(table, id="key")
    check_labels(MODELS[name]().fit(matrix), lfs, table, matrix)


def test_rules_in_another_order_are_matched_by_name(tmp_path):
    lfs = rules()
    table, _ = corpus()
    matrix = lk.Applier(lfs).apply(table, id="key")
    model = lk.LabelModel().fit(matrix)
    other = lfs[list(reversed(lfs.names))]
    path = model.save(tmp_path / "model")
    result = answers(lk.to_sql(other, dialect="duckdb", id="key", model=path), table)
    proba = np.array([result[f"p_{name}"] for name in model.class_names_]).T
    np.testing.assert_allclose(proba, model.predict_proba(matrix), atol=1e-12)


@pytest.mark.parametrize("taken", ["label", "p_A", "LABEL"])
def test_a_rule_or_an_id_with_the_name_of_a_result_is_refused(taken):
    lfs = rules()
    table, _ = corpus()
    model = lk.LabelModel().fit(lk.Applier(lfs).apply(table, id="key"))
    meant = "the label" if taken != "p_A" else "the probability of the class 'A'"
    with pytest.raises(RuleError, match=f"the column of ids, {taken!r} and {meant} would be one column"):
        lk.to_sql(lfs, dialect="duckdb", id=taken, model=model)
    named = lk.LabelingFunctions([replace(lfs[lfs.names[0]], name=taken), *list(lfs)[1:]], labels=lfs.space)
    other = lk.LabelModel().fit(lk.Applier(named).apply(table, id="key"))
    with pytest.raises(RuleError, match=f"the rule {taken!r} and {meant} would be one column"):
        lk.to_sql(named, dialect="duckdb", model=other)


def test_a_model_without_a_formula_or_of_other_rules_is_refused():
    lfs = rules()
    table, _ = corpus()
    matrix = lk.Applier(lfs).apply(table, id="key")
    with pytest.raises(ModelError, match="MajorityVote have no formula"):
        lk.to_sql(lfs, dialect="duckdb", model=lk.MajorityVote().fit(matrix))
    model = lk.LabelModel().fit(matrix)
    with pytest.raises(ModelError):
        lk.to_sql(lfs[:3], dialect="duckdb", model=model)
    more = lk.LabelingFunctions([*lfs, lk.regex(r"(a)\1b", label=0).rule(name="back")], labels=lfs.space)
    with pytest.raises(RuleError, match="a label model needs all its rules, and SQL cannot hold back"):
        lk.to_sql(more, dialect="duckdb", model=model)
