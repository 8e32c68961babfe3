"""Mistakes that people make, by the code of the error that each gets; the messages stand in the reference."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.cli import cli
from labelkit.cli._command import Settings

CLASSES = ["HAM", "SPAM"]
RULES = 'import labelkit as lk\n\nfree = lk.keywords("free", label=1).rule(name="free")\n'
FIRST_WORD = """import labelkit as lk


@lk.labeling_function
def first_word(text: str) -> int | None:
    return 1 if text.split()[0] == "free" else None
"""
PYTHON = """import labelkit as lk


@lk.labeling_function
def spam(text: str) -> int | None:
    return {}
"""
GATE = 'import labelkit as lk\n\nfree = lk.expect({}=0.5)(lk.keywords("free", label=1).rule(name="free"))\n'
LOOP = """import labelkit as lk

rules = []
for word in ("free", "win"):

    @lk.labeling_function(name=f"has_{word}")
    def has(text: str) -> int | None:
        return 1 if word in text else None

    rules.append(has)
"""
COPY = 'offer = lk.keywords("free", label=1).rule(name="offer")\n'
WIDER = 'both = lk.keywords("free", "win", label=1).rule(name="both")\n'
TABLE = "id,text,spam\na,free money,1\nb,hello,0\nc,free hello,1\n"


def enum(name: str = "Label", first: int = 0, members: tuple[str, ...] = ("HAM", "SPAM")) -> Any:
    """Make an enum, which no rule of this module sees."""
    return IntEnum(name, [(member, first + i) for i, member in enumerate(members)])  # type: ignore[misc]


def free() -> Any:
    return lk.keywords("free", label=1).rule(name="free")


def hello() -> Any:
    return lk.keywords("hello", label=0).rule(name="hello")


def rules() -> Any:
    return lk.collect([free(), hello()], labels=CLASSES)


def matrix(rows: int = 3) -> Any:
    votes = np.array([[1, -1], [-1, 0], [1, 0]] * 40)[:rows]
    return lk.LabelMatrix.of(votes, names=["free", "hello"], classes=CLASSES)


def table(text: str = TABLE, name: str = "comments.csv") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def module(text: str, name: str = "rules.py") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def votes(corpus: Any, given: Any = None, **options: Any) -> Any:
    return lk.Applier(rules() if given is None else given).apply(corpus, progress=False, **options)


def run(out: str = "runs/first", corpus: Any = None, **options: Any) -> Any:
    rule = module(RULES)
    given = table() if corpus is None else corpus
    return lk.run(rule, given, out, labels=CLASSES, progress=False, **{"id": "id", **options})


def decorated(decorator: Any, source: str = "def spam(text):\n    'Spam.'\n") -> Any:
    names: dict[str, Any] = {"__name__": "rules"}
    exec(source, names)
    return decorator(names["spam"])


def twice_run(**options: Any) -> Any:
    run()
    return run(**options)


def a_later(change: str) -> Any:
    table("id,text\na,free\n", "one.csv")
    table(change, "two.csv")
    return votes(["one.csv", "two.csv"])


MISTAKES = {
    "LK100": lambda: lk.regex("free", "win", label=1),
    "LK101": lambda: decorated(lk.keywords("free", label=1, column="title")),
    "LK102": lambda: lk.keywords("free", label="spam"),
    "LK103": lambda: decorated(lk.keywords),
    "LK104": lambda: decorated(lk.keywords("free", label=1), "def spam(text):\n    return 'free' in text\n"),
    "LK105": lambda: lk.keywords("free").rule(name="free"),
    "LK106": lambda: lk.keywords("free", "", label=1),
    "LK107": lambda: lk.keywords(lk.rules_from("words.csv"), label=1),
    "LK108": lambda: lk.rules_from(
        Path(table("term,label\nfree,SPAM\n", "words.csv")).absolute(), key="word", label=enum()
    ),
    "LK109": lambda: lk.keywords("\bfree", label=1),
    "LK110": lambda: lk.Applier(7),
    "LK111": lambda: lk.collect(module("import labelkit as lk\n\n\ndef spam(text):\n    return 1\n")),
    "LK112": lambda: lk.collect(
        module(RULES + 'win = lk.keywords("win", label=1).rule(name="free")\n'), labels=CLASSES
    ),
    "LK113": lambda: lk.collect("labelling_functions.py"),
    "LK114": lambda: lk.collect(module("import labelkit as lk\n\nspam = lk.keyword('free', label=1)\n")),
    "LK115": lambda: lk.collect(
        module(
            "import labelkit as lk\n\nfor word in ('free', 'win'):\n"
            "    rule = lk.keywords(word, label=1).rule(name=word)\n"
        ),
        labels=CLASSES,
    ),
    "LK116": lambda: matrix()["fre"],
    "LK118": lambda: lk.regex("(free", label=1).rule(name="free"),
    "LK119": lambda: (lk.keywords("free", label=1) & lk.keywords("win", label=0)).rule(name="both"),
    "LK120": lambda: lk.LabelSpace.of([]),
    "LK121": lambda: lk.collect([free()]),
    "LK122": lambda: lk.collect([lk.keywords("free", label=2).rule(name="free")], labels=CLASSES),
    "LK123": lambda: lk.collect(
        [
            lk.keywords("a", label=enum().SPAM).rule(name="a"),
            lk.keywords("b", label=enum("Answer", 0, ("NO", "YES")).YES).rule(name="b"),
        ]
    ),
    "LK124": lambda: lk.collect([lk.keywords("free", label=enum(first=1).SPAM).rule(name="free")]),
    "LK125": lambda: lk.collect([lk.keywords("free", label=enum().SPAM).rule(name="free")], labels=["SPAM", "HAM"]),
    "LK126": lambda: lk.keywords("free", label=1, examples={"free": "spam"}).rule(name="free"),
    "LK130": lambda: votes(["free", ""], lk.collect(module(FIRST_WORD), labels=CLASSES)),
    "LK131": lambda: votes([""] * 4, lk.collect(module(FIRST_WORD), labels=CLASSES), on_fault="record", max_faults=2),
    "LK139": lambda: lk.collect(module(LOOP)),
    "LK200": lambda: lk.run("rules.py", table(), "runs/first", limit=0),
    "LK201": lambda: votes("coments.csv"),
    "LK202": lambda: votes(table("id,body\na,free\n")),
    "LK203": lambda: votes(table(name="comments.dat")),
    "LK204": lambda: votes(table("")),
    "LK205": lambda: votes(table("id,text\na,free\na,hello\n"), id="id"),
    "LK206": lambda: votes(pd.DataFrame({"id": [1.0, None], "text": ["free", "hello"]}), id="id"),
    "LK207": lambda: votes(table("id,text\na,free, really\n")),
    "LK208": lambda: votes(table("text,text\nfree,hello\n")),
    "LK209": lambda: votes(pd.DataFrame({"text": [1, 2]})),
    "LK211": lambda: lk.Applier(rules()).apply(used(iter([{"text": "free"}])), progress=False),
    "LK212": lambda: lk.rules_from(latin(), label=1),
    "LK213": lambda: votes(7),
    "LK214": lambda: lk.view(matrix(), ["free"], [free(), hello()]),
    "LK215": lambda: a_later("id,body\nb,free\n"),
    "LK216": lambda: run(corpus=another_row(run()), update=True),
    "LK217": lambda: votes(table(), sheet="a"),
    "LK219": lambda: votes(table("PAR1", "comments.parquet")),
    "LK300": lambda: lk.LabelSpace.of(CLASSES).vote("SPAM"),
    "LK311": lambda: lk.LabelMatrix.of([[1.0, np.nan]], classes=CLASSES),
    "LK312": lambda: lk.LabelMatrix.concat([matrix(), lk.LabelMatrix.of([[1]], names=["win"], classes=CLASSES)]),
    "LK313": lambda: lk.diff(run(), run("runs/second", table("id,text\nx,free money\ny,hello\n", "other.csv"))),
    "LK321": lambda: run(gold=table("id,gold\nA,1\nB,0\n", "gold.csv")),
    "LK322": lambda: lk.summarize(matrix(), gold=[1, 0]),
    "LK323": lambda: run(gold="spma"),
    "LK324": lambda: lk.summarize(matrix(), gold=["spam", "eggs", None]),
    "LK325": lambda: run(gold=table("id,gold\na,1\na,0\n", "gold.csv")),
    "LK326": lambda: lk.summarize(
        votes(pd.DataFrame({"text": ["free", "hello", "hm"]}, index=[2, 0, 1])), gold=pd.Series([1, 0, 0])
    ),
    "LK327": lambda: run(gold=table("id,first,second\na,1,1\n", "gold.csv")),
    "LK328": lambda: lk.summarize(matrix().patterns, gold=[1, 0, 1]),
    "LK329": lambda: run(teach=True),
    "LK331": lambda: lk.agreement(
        pd.DataFrame({"task": ["a", "a"], "worker": ["ann", "ann"], "label": ["HAM", "SPAM"]})
    ),
    "LK332": lambda: lk.summarize(matrix(), gold=[1, 0, 1], weights=[0, 1, 1]),
    "LK401": lambda: lk.LabelModel().predict(matrix()),
    "LK402": lambda: lk.LabelModel().fit(matrix()).label(lk.LabelMatrix.of([[1]], names=["win"], classes=CLASSES)),
    "LK403": lambda: lk.LabelModel(class_prior=[0.5, 0.6]).fit(matrix()),
    "LK404": lambda: run(model="LabelModell"),
    "LK405": lambda: lk.summarize(matrix(), model="LabelModel"),
    "LK406": lambda: lk.ContentLabelModel().fit(matrix()),
    "LK407": lambda: lk.MajorityVote().fit(matrix()).label(silent()).training_set(np.zeros((3, 1))),
    "LK408": lambda: lk.load_model(other_folder()),
    "LK409": lambda: lk.LabelModel(n_classes=3).fit(matrix()),
    "LK410": lambda: lk.LabelModel().fit(matrix()).label(matrix()).hard(costs=[1, 2]),
    "LK412": lambda: run(model="MajorityVote", gold="spam", teach=True),
    "LK420": lambda: lk.sample(table(), n=0),
    "LK421": lambda: lk.sample(table(), 2, method="convenience", id="id").estimate({"a": 1, "b": 0}),
    "LK501": lambda: twice_run(model="MajorityVote"),
    "LK503": lambda: lk.RunFolder("runs/fisrt").manifest,
    "LK504": lambda: lk.RunFolder(other_folder()).manifest,
    "LK506": lambda: damaged(run()).manifest,
    "LK508": lambda: lk.RunFolder(f"{run().path}@7").manifest,
    "LK509": lambda: lk.apply_to_folder(rules(), table(), "votes", id="id", progress=False).labels(),
    "LK510": lambda: lk.bundle(changed(run()), "spam.labelkit"),
    "LK511": lambda: lk.why(run(), "d"),
    "LK513": lambda: run(other_folder()),
    "LK514": lambda: run(force=True, update=True),
    "LK532": lambda: lk.export(run(), "labels.doc"),
    "LK533": lambda: lk.export(run(corpus=pd.read_csv(table())), "labels.csv", columns=["text"]),
    "LK534": lambda: lk.export(run(), "labels.csv", min_confidence=1.0),
    "LK535": lambda: lk.export(
        run(corpus=table(TABLE.replace("hello", "free 猫", 1))), "labels.csv", columns=["text"], encoding="cp1252"
    ),
    "LK551": lambda: lk.load_bundle(table("no zip", "spam.labelkit")),
    "LK600": lambda: votes(["free"], batch_size=0),
    "LK602": lambda: votes(["free"], engine="cloud"),
    "LK603": lambda: votes(["free"], engine="thread", isolate=True),
    "LK608": lambda: lk.summarize(matrix(), map_label={"junk": "SPAM"}),
    "LK609": lambda: lk.LabelModel(matrix()),
    "LK606": lambda: lk.explain_error("LK999"),
    "LK611": lambda: command("check rules.py", "[check]\nrow = 100\n"),
    "LK612": lambda: command("check rules.py", '[check]\nrows = "many"\n'),
    "LK622": lambda: lk.lookup(lk.sql_table(database(), "wrods"), key="word", label=1),
    "LK901": lambda: problem("LK901", PYTHON.format("'SPAM'")),
    "LK902": lambda: problem("LK902", PYTHON.format("None")),
    "LK903": lambda: problem("LK903", PYTHON.format("(yield)")),
    "LK904": lambda: problem("LK904", "import time\n" + PYTHON.format("1 if time.time() > 0 else None")),
    "LK905": lambda: problem("LK905", RULES.replace('"free", label', '"free" "money", label')),
    "LK906": lambda: problem("LK906", RULES.replace('keywords("free"', 'regex(r"(a+)+$"')),
    "LK907": lambda: problem("LK907", FIRST_WORD, ["free", ""]),
    "LK908": lambda: problem("LK908", RULES, ["hello"] * 100),
    "LK909": lambda: problem("LK909", RULES + COPY, ["free"] * 30),
    "LK910": lambda: problem("LK910", RULES + WIDER, ["free", "win"] * 30),
    "LK911": lambda: problem("LK911", RULES.replace("label=1", 'label=1, examples={"freedom": 1}')),
    "LK912": lambda: problem("LK912", GATE.format("coverage"), ["free", *["hello"] * 199]),
    "LK913": lambda: problem("LK913", GATE.format("coverage"), ["free", "hello", "hello"]),
    "LK914": lambda: problem("LK914", GATE.format("precision"), ["free", "hello"]),
    "LK916": lambda: problem("LK916", RULES, ["free", "hello"], gold=[1, 0]),
    "LK917": lambda: problem(
        "LK917", PYTHON.replace("spam", "empty").format("None if text else 1"), ["free", None, None]
    ),
    "LK918": lambda: problem("LK918", RULES.replace("free", "caf\u00e9"), ["the cafe\u0301", "caf\u00e9"]),
    "LK919": lambda: problem("LK919", RULES.replace('"free", label', '"don\'t", label'), ["I don\u2019t", "I don't"]),
    "LK920": lambda: problem("LK920", RULES, ["fr\u00adee", "free"]),
    "LK921": lambda: problem("LK921", RULES, ["\uff26\uff32\uff25\uff25", "free"]),
    "LK922": lambda: problem("LK922", RULES.replace('keywords("free"', 'regex("free|"')),
    "LK923": lambda: problem("LK923", RULES.replace('"free", label', '"stra\u00dfe", label'), ["STRASSE", "free"]),
    "LK924": lambda: problem("LK924", RULES.replace('keywords("free"', 'regex("Free"'), ["Free", *["FREE NOW"] * 3]),
    "LK925": lambda: problem(
        "LK925", RULES.replace('"free"', '"telefono"'), ["mi tel\u00e9fono", "su tel\u00e9fono"] * 2
    ),
    "LK926": lambda: problem("LK926", PYTHON.format("1 if 'free' or 'win' in text else None")),
    "LK927": lambda: problem("LK927", PYTHON.format("1 if len(text) else None"), ["free", "hello"] * 50),
    "LK928": lambda: problem("LK928", PYTHON.format("1 if text == '7' else None"), pa.table({"text": [7, 8]})),
    "LK952": lambda: finding("LK952", [[1, -1], [-1, 1]] * 50),
    "LK957": lambda: finding("LK957", [[1, -1], [-1, 0], [-1, -1]] * 50),
    "LK959": lambda: finding("LK959", [[1, 0]] * 50),
    "LK963": lambda: finding("LK963", [[1, -1], [1, 0]] * 50),
    "LK964": lambda: finding("LK964", [[1, 1], [0, 0]] * 50),
    "LK968": lambda: finding("LK968", [[1, -1], [0, -1]] * 50),
}
"""Each raises the error that its code names, or returns the problem or finding of it, in an empty folder."""


def command(arguments: str, defaults: str) -> Any:
    module(RULES)
    Path("labelkit.toml").write_text(defaults, encoding="utf-8")
    return cli.main(arguments.split(), standalone_mode=False, obj=Settings())


def database() -> str:
    with closing(sqlite3.connect("words.db")) as connection:
        connection.execute("CREATE TABLE words (word TEXT)")
    return f"sqlite:///{Path('words.db').absolute()}"


def problem(code: str, text: str, corpus: Any = None, **options: Any) -> str:
    """Return the first problem with a code that a check of a module finds."""
    report = check_rules(lk.collect(module(text), labels=CLASSES), corpus, **options)
    return next(str(one) for one in report.problems if one.code == code)


def finding(code: str, votes_of: Any) -> str:
    given = lk.LabelMatrix.of(votes_of, names=["free", "hello"], classes=CLASSES)
    return next(str(one) for one in lk.what_to_fix(given) if one.code == code)


def silent() -> Any:
    return lk.LabelMatrix.of([[-1, -1]] * 3, names=["free", "hello"], classes=CLASSES)


def damaged(folder: Any) -> Any:
    (folder.path / "manifest.json").write_text("{", encoding="utf-8")
    return lk.RunFolder(folder.path)


def changed(folder: Any) -> Any:
    module(RULES.replace("free", "win"))
    return folder


def another_row(_folder: Any) -> str:
    return table(TABLE.replace("a,free", "z,win"))


def used(rows: Any) -> Any:
    corpus = lk.open_corpus(rows)
    lk.Applier(rules()).apply(corpus, progress=False)
    return corpus


def latin() -> Path:
    Path("words.csv").write_bytes("word,label\ncafé,1\n".encode("latin-1"))
    return Path("words.csv").absolute()


def other_folder() -> str:
    Path("notes").mkdir()
    Path("notes/plan.txt").write_text("write rules", encoding="utf-8")
    return "notes"


def message_of(code: str, folder: Path) -> str:
    """Make the mistake of a code in a folder, and return the message as it stands in the reference."""
    try:
        text = str(MISTAKES[code]())
    except (lk.LabelkitError, ValueError) as error:
        text = f"{type(error).__name__}: {error}"
    return text.replace(str(folder), "/home/ann/spam").replace(str(Path(__file__).parent), "/home/ann/spam")
