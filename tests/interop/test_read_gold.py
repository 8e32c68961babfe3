"""Labels that people gave come in: exported, annotated, read, and judged by."""

import json
import re
import uuid
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import GoldError, LabelkitError
from tests.interop.test_export import RULES

NAMES = ["HAM", "SPAM"]


@pytest.fixture(scope="module", params=["ids", "numbers", "positions"])
def run(request, tmp_path_factory):
    """A run whose examples are named by text, by numbers, or not at all."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "rules.py").write_text(RULES)
    frame = lk.load_comments(300).reset_index(drop=True)
    frame["id"] = [f"=c{i}" for i in range(300)] if request.param == "ids" else np.arange(300) + 1_000
    frame["id"] = frame["id"].sample(frac=1, random_state=1).to_numpy()
    frame.to_csv(folder / "comments.csv", index=False)
    id_ = None if request.param == "positions" else "id"
    return lk.run(folder / "rules.py", folder / "comments.csv", folder / "out", id=id_, report=False, on_fault="record")


@pytest.fixture(scope="module")
def truth(run):
    """What the annotators will say, by id."""
    labels = run.labels()
    hard = labels.hard()
    names = np.where(hard < 0, "HAM", np.array([*NAMES, ""])[hard])
    names[::5] = "SPAM"
    ids = labels.ids.tolist()
    if run.manifest["corpus"]["id"] is not None:
        ids = [int(name) if str(name).isdigit() else name for name in ids]
    return dict(zip(ids, names.tolist(), strict=True))


def annotation(label, who=1, **more):
    result = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
    return {"id": 5, "completed_by": who, "was_cancelled": False, "ground_truth": False, "result": [result], **more}


def key_of(run):
    return "row" if run.manifest["corpus"]["id"] is None else "example_id"


def studio_tasks(run, truth, folder):
    lk.export(run, folder / "tasks.json", format="label-studio", unlabeled=True)
    tasks = json.loads((folder / "tasks.json").read_text("utf-8"))
    for number, task in enumerate(tasks):
        name = task["data"][key_of(run)]
        task |= {"id": number + 77, "annotations": [annotation(truth.get(name) or truth[int(name)])]}
    return tasks


def as_json(run, truth, folder):
    path = folder / "project-1-at-2026.json"
    path.write_text(json.dumps(studio_tasks(run, truth, folder)), "utf-8")
    return path


def short_rows(tasks):
    """The short export of Label Studio: the data, the task's own id, and the choice by the name of the question."""
    return [
        {
            **task["data"],
            "id": task["id"],
            "label": task["annotations"][0]["result"][0]["value"]["choices"][0],
            "annotator": 1,
            "annotation_id": 9,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "lead_time": 3.5,
        }
        for task in tasks
    ]


def as_json_min(run, truth, folder):
    path = folder / "min.json"
    path.write_text(json.dumps(short_rows(studio_tasks(run, truth, folder))), "utf-8")
    return path


def as_studio_csv(run, truth, folder):
    path = folder / "studio.csv"
    pd.DataFrame(short_rows(studio_tasks(run, truth, folder))).to_csv(path, index=False)
    return path


def as_prodigy(run, truth, folder):
    lk.export(run, folder / "tasks.jsonl", format="prodigy", unlabeled=True)
    lines = []
    for line in (folder / "tasks.jsonl").read_text("utf-8").split("\n")[:-1]:
        task = json.loads(line)
        name = task["meta"][key_of(run)]
        task |= {"accept": [truth.get(name) or truth[int(name)]], "answer": "accept", "_task_hash": 1}
        lines.append(json.dumps({**task, "_session_id": "db-ann", "_view_id": "choice"}))
    (folder / "annotated.jsonl").write_text("\n".join(lines), "utf-8")
    return folder / "annotated.jsonl"


def as_binary_prodigy(run, truth, folder):
    """Each task asks of one label, which is accepted or rejected."""
    tasks = [json.loads(line) for line in as_prodigy(run, truth, folder).read_text("utf-8").split("\n")]
    for task in tasks:
        label = task.pop("accept")[0]
        task.pop("options")
        task |= {"label": "SPAM", "answer": "accept" if label == "SPAM" else "reject"}
    (folder / "binary.jsonl").write_text("\n".join(map(json.dumps, tasks)), "utf-8")
    return folder / "binary.jsonl"


def as_crowd(run, truth, folder):
    """Three answers an example, one of them wrong, and then the table in another order."""
    name = "row" if run.manifest["corpus"]["id"] is None else "task"
    rows = [
        {name: key, "worker": worker, "label": label if worker else NAMES[label == "HAM"]}
        for key, label in truth.items()
        for worker in (0, 1, 2)
    ]
    pd.DataFrame(rows).sample(frac=1, random_state=0).to_csv(folder / "crowd.csv", index=False)
    return folder / "crowd.csv"


def as_table(run, truth, folder):
    """Our own table, with the labels corrected, and no others left."""
    lk.export(run, folder / "labels.csv", unlabeled=True)
    frame = pd.read_csv(folder / "labels.csv")
    frame["label"] = list(truth.values())
    frame[[frame.columns[0], "label"]].to_csv(folder / "labels.csv", index=False)
    return folder / "labels.csv"


FORMS = [as_json, as_json_min, as_studio_csv, as_prodigy, as_binary_prodigy, as_crowd, as_table]


@pytest.mark.parametrize("form", FORMS)
def test_exported_annotated_read_and_judged_by(form, run, truth, tmp_path):
    path = form(run, truth, tmp_path)
    gold = lk.read_gold(path, classes=NAMES)
    ids = {str(name): label for name, label in gold.items()}
    assert ids == {str(name): label for name, label in truth.items()}
    matrix = run.matrix()
    if matrix.ids.dtype.kind == "O" and gold.index.dtype.kind == "i":
        gold.index = gold.index.astype(str)  # the ids of this CSV are text
    summary = lk.summarize(matrix, gold=gold)
    by_array = lk.summarize(matrix, gold=list(truth.values()))
    assert summary.frame.equals(by_array.frame)


@pytest.mark.parametrize("form", FORMS)
def test_a_run_takes_the_file_as_gold(form, run, truth, tmp_path):
    path = form(run, truth, tmp_path)
    described = run.manifest["corpus"]
    rules = run.path.parent / "rules.py"
    options = {"id": described["id"], "report": False, "on_fault": "record"}
    again = lk.run(rules, described["path"], tmp_path / "out", gold=str(path), **options)
    assert again.manifest["gold_labels"] == {"matched": 300, "given": 300}
    correct = lk.summarize(run.matrix(), gold=list(truth.values())).frame["correct"]
    assert again.summary["correct"].tolist() == correct.tolist()


@pytest.fixture
def votes():
    return lk.LabelMatrix.of([[0], [1], [1]], classes=NAMES, ids=["a", "b", "c"])


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_annotators_outvote_each_other_ground_truth_decides_and_ties_are_counted(tmp_path):
    def task(name, *annotations):
        return {"id": 1, "data": {"text": "x", "example_id": name}, "annotations": list(annotations)}

    tasks = [
        task("a", annotation("HAM"), annotation("SPAM", 2), annotation("SPAM", {"id": 3, "email": "c@d"})),
        task("b", annotation("HAM", ground_truth=True), annotation("SPAM", 2), annotation("SPAM", 3)),
        task("c", annotation("HAM"), annotation("SPAM", 2)),
        task("d", annotation("SPAM", was_cancelled=True)),
        task("e"),
    ]
    with pytest.warns(UserWarning, match="3 of 5 examples have no label"):
        gold = lk.read_gold(write(tmp_path / "a.json", tasks))
    assert gold.to_dict() == {"a": "SPAM", "b": "HAM"}


def test_the_question_of_a_project_is_named(tmp_path):
    first, second = annotation("HAM"), annotation("long")["result"][0]
    first["result"].append({**second, "from_name": "length"})
    tasks = [{"data": {"example_id": 1}, "annotations": [first]}]
    path = write(tmp_path / "a.json", tasks)
    assert lk.read_gold(path).to_dict() == {1: "HAM"}
    assert lk.read_gold(path, label="length").to_dict() == {1: "long"}
    first["result"][0]["from_name"] = "kind"
    with pytest.raises(GoldError, match=r"(?s)several questions: kind, length.*label="):
        lk.read_gold(write(path, tasks))
    rows = [{"example_id": 1, "annotation_id": 1, "annotator": 2, "lead_time": 1, "mood": "HAM"}]
    with pytest.raises(GoldError, match="which is the question"):
        lk.read_gold(write(path, rows))
    assert lk.read_gold(path, label="mood").to_dict() == {1: "HAM"}


def test_what_prodigy_ignored_or_rejected_is_no_gold(tmp_path):
    options = [{"id": name, "text": name} for name in NAMES]
    tasks = [
        {"text": "a", "options": options, "accept": ["HAM"], "answer": "accept", "meta": {"key": "a"}},
        {"text": "b", "options": options, "accept": ["HAM"], "answer": "reject", "meta": {"key": "b"}},
        {"text": "c", "options": options, "accept": [], "answer": "accept", "meta": {"key": "c"}},
        {"text": "d", "label": "SPAM", "answer": "ignore", "key": "d", "meta": {}},
        {"text": "e", "label": "SPAM", "answer": "reject", "key": "e"},
        {"text": "f", "label": "HAM", "answer": "accept", "key": "f"},
    ]
    path = write(tmp_path / "a.jsonl", "\ufeff" + "\n\n".join(map(json.dumps, tasks)))
    with pytest.warns(UserWarning, match="4 of 6"):
        assert lk.read_gold(path, id="key").to_dict() == {"a": "HAM", "f": "HAM"}
    with pytest.warns(UserWarning, match="4 of 6"):
        assert lk.read_gold(path, id="key", classes=["HAM", "SPAM", "OTHER"]).to_dict() == {"a": "HAM", "f": "HAM"}
    with pytest.warns(UserWarning, match="3 of 6"):
        assert lk.read_gold(path, id="key", classes=NAMES).to_dict() == {"a": "HAM", "e": "HAM", "f": "HAM"}


def test_the_number_of_a_task_is_no_id(tmp_path):
    """Label Studio puts its own number into the column ``id`` of its short exports."""
    rows = [{"id": 1, "example_id": "x", "annotation_id": 1, "annotator": 1, "lead_time": 1, "label": "HAM"}]
    assert lk.read_gold(write(tmp_path / "a.json", rows), id="id").to_dict() == {"x": "HAM"}
    del rows[0]["example_id"]
    with pytest.raises(GoldError, match="does not say of which examples"):
        lk.read_gold(write(tmp_path / "a.json", rows), id="id")


def test_ids_keep_their_type_but_in_csv(tmp_path):
    pd.DataFrame({"id": ["7", "8"], "gold": NAMES}).to_parquet(tmp_path / "a.parquet")
    assert lk.read_gold(tmp_path / "a.parquet").to_dict() == {"7": "HAM", "8": "SPAM"}
    assert lk.read_gold(write(tmp_path / "a.csv", "id,gold\n7,HAM\n8,SPAM\n")).to_dict() == {7: "HAM", 8: "SPAM"}
    assert lk.read_gold(write(tmp_path / "b.csv", "id,gold\n07,HAM\n8,SPAM\n")).to_dict() == {"07": "HAM", "8": "SPAM"}


def test_ids_and_positions_are_not_taken_for_each_other(run, truth, tmp_path):
    """A file of ids beside a corpus without, and the other way round, is refused."""
    path = as_json(run, truth, tmp_path)
    described = run.manifest["corpus"]
    other = "id" if described["id"] is None else None
    rules = run.path.parent / "rules.py"
    message = "counts the rows" if described["id"] is None else "names the examples by 'example_id'"
    with pytest.raises(GoldError, match=message):
        lk.run(rules, described["path"], tmp_path / "out", gold=str(path), id=other, on_fault="record")


# Bad input ------------------------------------------------------------------------------------------------------------

SHORT = {"example_id": "a", "annotation_id": 1, "annotator": 1, "lead_time": 1}
TASK = {"text": "x", "answer": "accept", "meta": {"example_id": "a"}, "options": []}

BAD = {
    "label-studio": {
        "truncated": ("a.json", json.dumps([{"data": {"example_id": 1}}])[:-5], "is cut off"),
        "of another encoding": ("a.json", b'[{"data": {"x": "\xe4"}}]', "is not JSON"),
        "empty": ("a.json", "", "is not JSON"),
        "a key twice": ("a.json", '[{"data": {"example_id": 1, "example_id": 2}}]', "'example_id' stands twice"),
        "without tasks": ("a.json", [], "holds no tasks"),
        "no list": ("a.json", [1, 2], "is no list of tasks"),
        "without ids": ("a.json", [{"data": {"text": "x"}}], "does not say of which examples.*text"),
        "an id missing": (
            "a.json",
            [{"data": {"example_id": 1}}, {"data": {"example_id": None}}],
            "a task without 'example_id'",
        ),
        "an id of another type": ("a.json", [{"data": {"example_id": [1]}}], "neither text nor a number"),
        "not annotated": ("a.json", [{"data": {"example_id": 1}, "predictions": []}], "holds no label"),
        "several labels": (
            "a.json",
            [
                {
                    "data": {"example_id": 7},
                    "annotations": [
                        {"result": [{"type": "choices", "from_name": "label", "value": {"choices": NAMES}}]}
                    ],
                }
            ],
            "several labels for the example 7",
        ),
        "another type of answer": (
            "a.json",
            [{"data": {"example_id": 7}, "annotations": [{"result": [{"type": "rating", "value": {"rating": 3}}]}]}],
            "has answers of the type rating, and a label is a choice",
        ),
        "another type of answer, short": ("a.json", [{**SHORT, "label": [{"rating": 3}]}], "a label is a choice"),
        "a tie": (
            "a.json",
            [{"data": {"example_id": 7}, "annotations": [annotation("HAM", 1), annotation("SPAM", 2)]}],
            "holds no label that most annotators gave: they are tied on 1 example.*let a further person answer",
        ),
        "several labels, short": ("a.json", [{**SHORT, "label": {"choices": NAMES}}], "several labels"),
        "several labels, CSV": (
            "a.csv",
            'example_id,annotation_id,annotator,lead_time,label\n1,1,1,1,"{""choices"": [""HAM"", ""SPAM""]}"\n',
            "several labels",
        ),
    },
    "prodigy": {
        "truncated": ("a.jsonl", json.dumps(TASK) + "\n" + json.dumps(TASK)[:-3], "line 2"),
        "a key twice": (
            "a.jsonl",
            json.dumps(TASK)[:-1] + ', "answer": "reject"}',
            "line 1: the key 'answer' stands twice",
        ),
        "no task": ("a.jsonl", json.dumps(TASK) + "\n[1]", "line 2 is no task"),
        "of another encoding": ("a.jsonl", json.dumps(TASK).encode() + b'\n{"text": "\xe4"}', "line 2"),
        "without ids": ("a.jsonl", {**TASK, "meta": {}}, "does not say of which examples"),
        "an id missing": ("a.jsonl", json.dumps(TASK) + "\n" + json.dumps({**TASK, "meta": {}}), "a task without"),
        "without answers": ("a.jsonl", {**TASK, "answer": "ignore"}, "holds no label"),
        "several labels": ("a.jsonl", {**TASK, "accept": NAMES}, "several labels for the example 'a'"),
    },
    "crowd": {
        "two answers": ("a.csv", "task,worker,label\n1,ann,HAM\n1,ann,SPAM\n", "'ann' answers '1' twice"),
        "blank id": ("a.csv", "task,worker,label\n1,ann,HAM\n,ann,HAM\n", "row 1: the task is blank"),
        "no answers": ("a.csv", "task,worker,label\n1,ann,\n", "holds no label"),
        "empty": ("a.csv", "", "is empty"),
        "ragged": ("a.csv", "task,worker,label\n1,ann\n", "line 2|row"),
    },
    "table": {
        "missing": ("", "", "there is no file"),
        "an id twice": ("a.csv", "id,gold\n1,HAM\n1,SPAM\n", "twice"),
        "which column is not clear": ("a.csv", "id,x,y\n1,2,3\n", "is not clear"),
        "an unknown suffix": ("a.doc", "x", "none of the known suffixes"),
        "blank id": ("a.csv", "id,gold\n,HAM\n", "id is"),
        "an id of several values": ("a.jsonl", {"id": {"a": 1}, "gold": "HAM"}, "neither text nor a number"),
    },
}


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind, cases in BAD.items() for case in cases])
def test_a_file_that_cannot_be_gold_is_a_clear_error(kind, case, tmp_path):
    name, content, message = BAD[kind][case]
    path = tmp_path / (name or "missing.json")
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif name:
        write(path, content)
    with pytest.raises(GoldError, match=rf"(?s){message}") as error:
        lk.read_gold(path)
    assert str(path) in str(error.value) or re.search("answers|twice", str(error.value))
    if name and kind != "table":
        with pytest.raises(LabelkitError):
            lk.read_gold(path, format=kind)


def test_an_unknown_class_and_unknown_examples_are_named(votes, tmp_path):
    tasks = [{"data": {"example_id": "a"}, "annotations": [annotation("Ugly")]}]
    with pytest.raises(GoldError, match="'Ugly'"):
        lk.summarize(votes, gold=lk.read_gold(write(tmp_path / "a.json", tasks)))
    tasks = [{"data": {"example_id": "zz"}, "annotations": [annotation("SPAM")]}]
    with pytest.raises(GoldError, match="'zz'"):
        lk.summarize(votes, gold=lk.read_gold(write(tmp_path / "a.json", tasks)))


@pytest.mark.parametrize("name", ["gold.json", "gold.jsonl"])
@pytest.mark.parametrize("labels", [{"a": "HAM", "b": "SPAM"}, {"a": "HAM", "b": "SPAM", "c": "HAM"}])
def test_one_object_of_ids_and_labels_is_no_row(tmp_path, name, labels):
    path = write(tmp_path / name, labels)
    corpus = lk.open_corpus({"id": ["a", "b", "c"], "text": ["x", "y", "z"]}, id="id")
    for read in (lk.read_gold, lambda path: open_gold(path, corpus, NAMES)):
        with pytest.raises(GoldError, match=f"{name} holds one object, with the keys 'a', 'b'") as refused:
            read(path)
    assert f"gold=json.load(open({str(path)!r}));" in refused.value.hint
    assert open_gold(json.loads(path.read_text()), corpus, NAMES).checked(NAMES).n_labels == len(labels)
    assert lk.read_gold(write(tmp_path / "row.json", {"id": "a", "label": "HAM"})).to_dict() == {"a": "HAM"}
    assert lk.read_gold(write(path, {"key": "a", "truth": "HAM"}), label="truth").to_dict() == {"a": "HAM"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"id": "a", "label": "HAM", "label": "SPAM"}\n', "stands twice"),
        ('{"id": "a", "label": "HAM"}\n["b", "HAM"]\n', "not a JSON object"),
        ('{"id": "a", "label": 1}\n{"id": "b", "label": "HAM"}\n', "int expected"),
        ('{"id": "a", "label": {"x": 1}}\n{"id": "b", "label": {"x": "y"}}\n', "does not fit"),
    ],
)
def test_hints_of_gold_name_nothing_that_only_a_corpus_has(tmp_path, lines, message):
    with pytest.raises(GoldError, match=message) as refused:
        lk.read_gold(write(tmp_path / "gold.jsonl", lines))
    assert refused.value.hint
    assert not re.search("on_bad_row|types=|annotate", refused.value.hint)


def test_labels_beside_a_status_of_no_answer_count_and_are_told_of(tmp_path):
    rows = "id,annotator,label,status\na,ann,SPAM,labeled\na,bob,HAM,{0}\na,cid,HAM,{0}\nb,ann,HAM,\n"
    with pytest.warns(UserWarning, match="crowd.csv: 2 labels in rows whose 'status' is 'skipped': labels count"):
        gold = lk.read_gold(write(tmp_path / "crowd.csv", rows.format("Skipped")))
    assert gold.to_dict() == {"a": "HAM", "b": "HAM"}
    assert lk.read_gold(write(tmp_path / "crowd.csv", rows.format("submitted"))).to_dict() == gold.to_dict()


def test_a_format_that_is_named_is_held_to(tmp_path):
    path = write(tmp_path / "a.csv", "id,gold\n1,HAM\n")
    with pytest.raises(GoldError, match="none that says the annotator"):
        lk.read_gold(path, format="crowd")
    with pytest.raises(GoldError, match="there are label-studio, prodigy, crowd, table"):
        lk.read_gold(path, format="argilla")
    assert lk.read_gold(write(path, "id,worker,gold\n1,ann,HAM\n"), format="table").to_dict() == {1: "HAM"}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl", ".parquet"])
def test_labels_that_were_exported_are_gold_of_the_same_examples_and_classes(suffix, tmp_path):
    ids = [
        "a",
        "-1x",
        "=x",
        "@you",
        "+49",
        "'q",
        "''=q",
        "NaN",
        "None",
        "  s",
        "é",
        "e\u0301",
        "01",
        "1.0",
        'a"b',
        "a\nb",
        "\ttab",
    ]
    names = ["-1", "+1", "=sum"]
    votes = lk.LabelMatrix.of(np.arange(len(ids))[:, None] % 3, classes=names, ids=ids)
    labels = lk.MajorityVote().fit(votes).label(votes)
    out = lk.export(labels, tmp_path / f"labels{suffix}").path
    expected = {name: names[place % 3] for place, name in enumerate(ids)}
    with pytest.warns(UserWarning, match="LK339"):  # it cannot know that people have corrected them
        assert lk.read_gold(out, id="id", label="label").to_dict() == expected
    frame = pd.DataFrame({"id": ids, "text": [f"text {place % 3}" for place in range(len(ids))]})
    rules = [lk.keywords(str(label)).rule(label=label, name=f"rule_{label}") for label in range(3)]
    with pytest.warns(UserWarning, match="LK339"):
        run = lk.run(lk.collect(rules, labels=names), frame, tmp_path / "run", id="id", gold=out, report=False)
    assert (run.manifest["evaluation"]["n"], run.manifest["evaluation"]["accuracy"]) == (len(ids), 1)


def studio_file(folder):
    marked = {"a": ["HAM", "SPAM"], "b": ["HAM", "SPAM", "SPAM"], "c": ["HAM"], "d": ["SPAM", "SPAM"]}
    tasks = [
        {
            "id": number,
            "data": {"example_id": name, "text": "t"},
            "annotations": [
                *(annotation(label, who, ground_truth=True) for who, label in enumerate(labels)),
                *(annotation("HAM", 10 + who) for who in range(4)),
            ],
        }
        for number, (name, labels) in enumerate(marked.items())
    ]
    (folder / "two.json").write_text(json.dumps(tasks), "utf-8")
    return folder / "two.json"


def long_file(folder):
    marked = [("a", "HAM"), ("a", "SPAM"), ("b", "HAM"), ("b", "SPAM"), ("b", "SPAM"), ("c", "HAM"), ("d", "SPAM")]
    rows = [f"{name},w{place},{label},true" for place, (name, label) in enumerate(marked)]
    rows += [f"{name},x{who},HAM,false" for name in "abcd" for who in range(4)]
    (folder / "two.csv").write_text("task,worker,label,ground_truth\n" + "\n".join(rows) + "\n", "utf-8")
    return folder / "two.csv"


@pytest.mark.parametrize("file", [studio_file, long_file])
@pytest.mark.parametrize("backwards", [False, True])
def test_truths_that_differ_are_said_and_most_of_them_decide(file, backwards, tmp_path):
    path = file(tmp_path)
    if backwards:
        lines = path.read_text("utf-8")
        if path.suffix == ".csv":
            head, *rows = lines.split()
            path.write_text("\n".join([head, *rows[::-1]]) + "\n", "utf-8")
        else:
            tasks = json.loads(lines)
            path.write_text(json.dumps([{**one, "annotations": one["annotations"][::-1]} for one in tasks]), "utf-8")
    with pytest.warns(UserWarning, match="LK334") as said:
        gold = lk.read_gold(path)
    messages = [str(one.message) for one in said]
    assert any("2 examples with several labels that are marked as ground truth, such as " in one for one in messages)
    assert any("1 of 4 examples have no label" in one for one in messages)
    assert dict(gold) == {"b": "SPAM", "c": "HAM", "d": "SPAM"}


def test_truths_that_agree_are_no_dispute(tmp_path):
    answers = [
        {
            "id": 1,
            "data": {"example_id": "a"},
            "annotations": [annotation("SPAM", w, ground_truth=True) for w in (1, 2)],
        }
    ]
    (tmp_path / "one.json").write_text(json.dumps(answers), "utf-8")
    assert dict(lk.read_gold(tmp_path / "one.json")) == {"a": "SPAM"}


# Answers of one annotator, twice --------------------------------------------------------------------------------------


def prodigy_tasks(path, *answers):
    """Write answers: the annotator, the label, and further keys."""
    lines = [
        {
            "text": "x",
            "example_id": "a",
            "answer": "accept",
            "accept": [label],
            "options": [],
            "_annotator_id": who,
            **more,
        }
        for who, label, more in answers
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def test_the_same_answer_of_one_annotator_counts_once(tmp_path):
    answers = [("ann", "HAM", {}), ("ann", "HAM", {}), ("ann", "HAM", {}), ("bob", "SPAM", {}), ("cid", "SPAM", {})]
    assert lk.read_gold(prodigy_tasks(tmp_path / "p.jsonl", *answers), classes=NAMES).to_dict() == {"a": "SPAM"}
    rows = pd.DataFrame([{"task": "a", "worker": who, "label": label} for who, label, _ in answers])
    rows.to_csv(tmp_path / "crowd.csv", index=False)
    assert lk.read_gold(tmp_path / "crowd.csv", classes=NAMES).to_dict() == {"a": "SPAM"}
    annotations = [
        {"completed_by": who, "result": [{"type": "choices", "from_name": "label", "value": {"choices": [label]}}]}
        for who, label, _ in answers
    ]
    tasks = [{"data": {"example_id": "a"}, "annotations": annotations}]
    (tmp_path / "studio.json").write_text(json.dumps(tasks), "utf-8")
    assert lk.read_gold(tmp_path / "studio.json", classes=NAMES).to_dict() == {"a": "SPAM"}


def test_answers_without_an_annotator_may_be_of_several(tmp_path):
    answers = [(None, "HAM", {}), (None, "HAM", {}), ("bob", "SPAM", {})]
    assert lk.read_gold(prodigy_tasks(tmp_path / "p.jsonl", *answers), classes=NAMES).to_dict() == {"a": "HAM"}


@pytest.mark.parametrize(
    ("times", "label"), [(({}, {}), "SPAM"), (({"_timestamp": 2}, {"_timestamp": 1}), "HAM")], ids=["order", "times"]
)
def test_the_last_of_two_answers_of_one_annotator_counts(times, label, tmp_path):
    path = prodigy_tasks(tmp_path / "p.jsonl", ("ann", "HAM", times[0]), ("ann", "SPAM", times[1]))
    first = {"HAM": "SPAM", "SPAM": "HAM"}[label]
    said = rf"1 example that an annotator answered again, and otherwise, such as 'a' by 'ann' \({first}, then {label}\)"
    with pytest.warns(UserWarning, match=rf"{said}: the last answer is taken \[LK331\]"):
        assert lk.read_gold(path, classes=NAMES).to_dict() == {"a": label}


def test_questions_of_single_labels_are_not_taken_for_answers_that_were_changed(tmp_path):
    lines = [
        {"text": "x", "example_id": "a", "label": label, "answer": answer, "_annotator_id": who, "_task_hash": 1}
        for who in ("ann", "bob")
        for label, answer in (("NEG", "reject"), ("POS", "accept"), ("NEU", "reject"))
    ]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert lk.read_gold(path, classes=["NEG", "NEU", "POS"]).to_dict() == {"a": "POS"}
    twice = [
        {"text": "x", "example_id": "a", "label": label, "answer": answer, "_annotator_id": who, "_task_hash": 1}
        for who, label, answer in (("ann", "SPAM", "accept"), ("ann", "HAM", "reject"), ("bob", "SPAM", "reject"),
                                   ("cid", "SPAM", "reject"))
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, twice)), "utf-8")
    assert lk.read_gold(path, classes=NAMES).to_dict() == {"a": "HAM"}


@pytest.mark.parametrize("form", ["full", "min", "csv"])
def test_the_last_of_two_annotations_of_one_person_counts_in_label_studio_too(form, tmp_path):
    """Otherwise who answers twice counts twice, and bob would be outvoted by an answer that ann took back."""
    given = [("ann", "HAM", "2026-03-02"), ("ann", "SPAM", "2026-03-01"), ("bob", "SPAM", "2026-03-01"),
             ("cid", "HAM", "2026-03-01")]  # fmt: skip
    full = [annotation(label, who, updated_at=when) for who, label, when in given]
    rows = [
        {"example_id": "a", "annotation_id": n, "annotator": who, "lead_time": 1, "label": label, "updated_at": when}
        for n, (who, label, when) in enumerate(given)
    ]
    path = tmp_path / ("a.csv" if form == "csv" else "a.json")
    if form == "csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        write(path, rows if form == "min" else [{"data": {"example_id": "a"}, "annotations": full}])
    with pytest.warns(UserWarning, match=r"'a' by 'ann' \(SPAM, then HAM\): the last answer is taken \[LK331\]"):
        assert lk.read_gold(path).to_dict() == {"a": "HAM"}


def test_one_class_in_several_spellings_is_counted_once(tmp_path):
    """Two say HAM and three say SPAM, of whom each writes it otherwise."""
    answers = ["HAM", "HAM", "spam", "SPAM ", "Spam"]
    lines = [f"a,{who},{label}\n" for who, label in enumerate(answers)]
    path = write(tmp_path / "crowd.csv", "task,worker,label\n" + "".join(lines))
    assert lk.read_gold(path, classes=NAMES).to_dict() == {"a": "SPAM"}
    with pytest.warns(UserWarning, match=r"two classes \[LK338\]. Hint: if they are one, name the classes: classes="):
        assert lk.read_gold(path).to_dict() == {"a": "HAM"}
    rows = [{"id": "a", "text": "free money"}, {"id": "b", "text": "hello"}]
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("hello", label=0).rule(name="hello")]
    run = lk.run(rules, rows, tmp_path / "out", id="id", labels=NAMES, gold=str(path), report=False)
    assert run.summary.loc["free", "precision"] == 1.0


def test_answers_that_reject_what_others_accept_are_not_left_out_without_a_word(tmp_path):
    lines = [
        {"text": "x", "example_id": "a", "label": "SPAM", "answer": answer, "_annotator_id": who, "_task_hash": 1}
        for who, answer in (("ann", "accept"), ("bob", "reject"), ("cid", "reject"))
    ]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    with pytest.warns(UserWarning, match=r"2 answers not counted, such as to 'a'.*name both: classes=\[...\]"):
        assert lk.read_gold(path).to_dict() == {"a": "SPAM"}
    assert lk.read_gold(path, classes=NAMES).to_dict() == {"a": "HAM"}


def test_workers_without_a_name_may_be_several(tmp_path):
    path = write(tmp_path / "a.csv", "task,worker,label\na,,HAM\na,,SPAM\na,,SPAM\n")
    assert lk.read_gold(path).to_dict() == {"a": "SPAM"}


def test_choices_in_a_list_are_read(tmp_path):
    rows = [{**SHORT, "label": ["HAM"]}, {**SHORT, "example_id": "b", "label": []}]
    with pytest.warns(UserWarning, match="1 of 2 examples have no label"):
        assert lk.read_gold(write(tmp_path / "a.json", rows)).to_dict() == {"a": "HAM"}


@pytest.mark.parametrize("key", ["example_id", "row"])
def test_records_of_argilla_are_told_with_the_call_that_writes_their_answers(key, tmp_path, monkeypatch):
    """The JSON of Argilla has drafts and discarded responses beside submitted ones, and does not tell which are which."""
    argilla = pytest.importorskip("argilla")
    people = [uuid.uuid4() for _ in range(3)]
    given = {3: ["SPAM", "HAM", "SPAM"], 1: ["HAM"]}
    records = [
        argilla.Record(
            fields={"text": "x"},
            metadata={key: name},
            responses=[
                *(
                    argilla.Response("label", label, who, "submitted")
                    for label, who in zip(labels, people, strict=False)
                ),
                argilla.Response("label", "OTHER", uuid.uuid4(), "discarded"),
            ],
        )
        for name, labels in given.items()
    ]
    path = write(tmp_path / "records.json", [record.to_dict() for record in records])
    for read in (lk.read_gold, lk.agreement):
        with pytest.raises(GoldError, match="do not say which of their responses were submitted") as error:
            read(path)
    monkeypatch.chdir(tmp_path)
    call = error.value.hint.partition("write these as a table of answers: ")[2]
    eval(call, {"pandas": pd, "dataset": SimpleNamespace(records=records)})
    assert lk.read_gold("answers.csv").to_dict() == {1: "HAM", 3: "SPAM"}
    assert len(lk.agreement("answers.csv").answers) == 4


TABLES = {
    "table": "id,key,label,intent\n1,a,SPAM,buy\n2,b,HAM,ask\n",
    "crowd": "task,key,worker,label,intent\n1,a,w,SPAM,buy\n1,a,v,SPAM,buy\n2,b,w,HAM,ask\n",
    "label-studio": "annotation_id,annotator,created_at,updated_at,lead_time,id,example_id,key,label,intent\n"
    "7,1,,,1,1,1,a,SPAM,buy\n8,1,,,1,2,2,b,HAM,ask\n",
}


@pytest.mark.parametrize("named", [True, False], ids=["named", "recognised"])
@pytest.mark.parametrize("form", TABLES)
def test_columns_that_are_named_are_read(form, named, tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(TABLES[form])
    form = form if named else None
    assert lk.read_gold(path, format=form).to_dict() == {1: "SPAM", 2: "HAM"}
    assert lk.read_gold(path, format=form, label="intent").to_dict() == {1: "buy", 2: "ask"}
    assert lk.read_gold(path, format=form, id="key").to_dict() == {"a": "SPAM", "b": "HAM"}
    assert lk.read_gold(path, format=form, id="key", label="intent").to_dict() == {"a": "buy", "b": "ask"}


@pytest.mark.parametrize("option", ["id", "label"])
@pytest.mark.parametrize("form", [*TABLES, "prodigy", "label-studio-json"])
def test_a_column_that_is_not_there_is_refused_and_not_replaced(form, option, tmp_path):
    path = tmp_path / {"prodigy": "a.jsonl", "label-studio-json": "a.json"}.get(form, "a.csv")
    result = {"type": "choices", "from_name": "label", "value": {"choices": ["SPAM"]}}
    path.write_text(
        {
            **TABLES,
            "prodigy": json.dumps({"row": 1, "label": "SPAM", "answer": "accept", "_task_hash": 1}) + "\n",
            "label-studio-json": json.dumps([{"data": {"row": 1}, "annotations": [{"result": [result]}]}]),
        }[form]
    )
    with pytest.raises(GoldError, match="absent") as caught:
        lk.read_gold(path, **{option: "absent"})
    assert caught.value.code == "LK327"


def test_one_column_cannot_hold_ids_and_labels(tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text(TABLES["table"])
    with pytest.raises(GoldError, match="named for the ids, and for the labels"):
        lk.read_gold(path, id="label", label="label")


def test_a_label_column_is_not_taken_for_the_ids(tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("id,name\n1,a\n2,b\n")
    assert lk.read_gold(path, label="id").to_dict() == {"a": "1", "b": "2"}


def test_a_table_of_answers_is_read_as_a_table_if_that_is_asked(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("task,worker,label\n1,v,SPAM\n2,v,HAM\n")
    assert lk.read_gold(path, format="table").to_dict() == {1: "SPAM", 2: "HAM"}
    path.write_text("task,worker,label\n1,v,SPAM\n1,w,SPAM\n")
    with pytest.raises(GoldError, match="twice"):
        lk.read_gold(path, format="table")
