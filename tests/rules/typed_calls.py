"""Every documented way to call what makes rules, and to use them: a type checker accepts all of it, in strict mode.

Functions named ``declare_...`` run in a test; those named ``use_...`` are only checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import labelkit as lk
from labelkit import LabelingFunction


class Label(IntEnum):
    HAM = 0
    SPAM = 1


def declare_keywords() -> list[LabelingFunction[...]]:
    @lk.keywords("free", "win", label=Label.SPAM)
    def bare(text: str) -> None:
        """Only words and a label."""

    @lk.keywords(
        ["free", "win"],
        label=1,
        column="text",
        ignore_case=False,
        whole_word=False,
        name="other",
        examples={("free", "-"): Label.SPAM, ("hello", "-"): None},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=True,
    )
    def with_every_option(text: str | None, title: str) -> None:
        """All of them."""

    @lk.keywords({"great song": 0, "free": 1}, column=("text", "title"))
    def of_a_mapping(text: str, title: str) -> None:
        """Entries with labels."""

    vote: int = of_a_mapping("great song", title="free")
    assert vote == 0
    of_label = lk.keywords(label={"great": 0, "free": 1}).rule(name="of_label")
    return [bare, with_every_option, of_a_mapping, of_label]


def declare_regex() -> list[LabelingFunction[...]]:
    @lk.regex(r"https?://", re.IGNORECASE, label=1, group="ann", precision=0.9, trusted=False, cache=None)
    def link(text: str) -> None:
        """A link."""

    @lk.regex(re.compile("x"), label=1, column="text", name="n", examples={"x": 1})
    def compiled(text: str) -> None:
        """A compiled pattern."""

    return [link, compiled, lk.regex({"a": 0, "b": 1}).rule(name="mapping")]


def declare_lookup() -> list[LabelingFunction[...]]:
    @lk.lookup({"DE": 0, "FR": 1}, match="value", ignore_case=True)
    def country(code: str) -> None:
        """By value."""

    @lk.lookup(
        ["bit.ly"],
        match="phrase",
        label=Label.SPAM,
        ignore_case=None,
        whole_word=True,
        column="text",
        name="short",
        examples={"bit.ly": 1},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=True,
    )
    def shortener(text: str) -> None:
        """By phrase."""

    @lk.lookup([("Paris", "FR")], label=1)
    def place(city: str, country: str) -> None:
        """Two columns together."""

    return [country, shortener, place]


def use_files() -> list[LabelingFunction[...]]:
    csv = lk.lookup(Path("a.csv"), key="name", value="kind", label=Label).rule(name="csv")
    txt = lk.lookup("a.txt", label=1, match="phrase").rule(name="txt")
    known = lk.facts("a.parquet", key=("a", "b"), value="kind", label={"yes": 1, "no": 0}).rule(name="known")
    listed = lk.rules_from(
        "mood.csv",
        label={"GOOD": 1, "BAD": 0},
        key="word",
        value="label",
        group="who",
        weight="share",
        column="text",
        name="mood",
        ignore_case=True,
        whole_word=False,
    )
    return [csv, txt, known, *listed]


def declare_facts() -> LabelingFunction[str, str]:
    @lk.facts(
        [("Ann Lee", "Bo Ek")],
        label=1,
        normalise=("case", "space"),
        symmetric=True,
        column=("person", "other"),
        name="married",
        examples={("Bo Ek", "Ann Lee"): 1},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=True,
    )
    def married(person: str, other: str) -> None:
        """A pair."""

    return married


def declare_python_rules() -> list[LabelingFunction[...]]:
    @lk.labeling_function
    def plain(text: str) -> int | None:
        return 1 if text else None

    @lk.labeling_function()
    def called(text: str) -> Label:
        return Label.HAM

    @lk.labeling_function(cache=True, levels=8)
    def sure(text: str) -> tuple[int, float]:
        return 1, 0.75

    @lk.labeling_function(
        batch=True,
        when=lk.keywords("a"),
        label=Label,
        levels=255,
        name="other",
        examples={"a": (0, 0.5)[0]},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=False,
    )
    def batch(text: npt.NDArray[Any]) -> Sequence[tuple[int, float]]:
        return [(0, 0.5) for _ in text]

    vote: int = plain("text")
    assert vote == 1
    return [plain, called, sure, batch]


def declare_columns() -> list[lk.Column]:
    @lk.column
    def n_words(text: str) -> int:
        return len(text.split())

    @lk.column(batch=True)
    def n_characters(text: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.array([len(one) for one in text])

    return [n_words, n_characters]


def declare_models() -> list[LabelingFunction[...]]:
    @lk.model_output
    def classes(text: npt.NDArray[Any]) -> list[int]:
        return [0 for _ in text]

    @lk.model_output(threshold=0.9, cache=True, levels=8)
    def probabilities(text: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.full((len(text), 2), 0.5)

    @lk.model_output(
        threshold={0: 0.9, 1: 0.8},
        classes=(0, 1),
        margin=0.1,
        batch_size=32,
        when=lk.regex("a"),
        name="n",
        examples={"a": 0},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=False,
    )
    def every_option(text: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.full((len(text), 2), 0.5)

    @lk.model_output(label=1, threshold=0.5)
    def one_score(text: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.full(len(text), 0.5)

    @lk.model_output(abstain=(0.2, 0.8))
    def between(text: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.full(len(text), 0.5)

    def make() -> Any:
        return lambda texts: [0] * len(texts)

    @lk.model_output(model=make, classes={0: Label.HAM, 1: Label.SPAM}, group="ann", trusted=True)
    def of_a_model(text: str) -> None:
        """The model is made when it is needed."""

    looped = lk.model_output(model=make, classes=Label, precision=0.9).rule(
        name="looped", column="text", doc="In a loop.", examples={"a": 0}, group="bob", trusted=False, cache=True
    )
    return [classes, probabilities, every_option, one_score, between, of_a_model, looped]


def declare_prompt() -> LabelingFunction[str]:
    @lk.prompt(
        "Is this spam? {text}",
        labels={"yes": Label.SPAM, "no": Label.HAM, "maybe": None},
        model="small",
        when=lk.keywords("free"),
        confidence=0.8,
        parameters={"max_tokens": 5},
        concurrency=2,
        retries=3,
        timeout=10.0,
        budget="1000 requests",
        prices=(0.15, 0.6),
        name="asks",
        group="ann",
        precision=0.9,
        trusted=True,
    )
    def asks_a_model(text: str) -> None:
        """An answer."""

    return asks_a_model


def declare_similarity() -> list[LabelingFunction[...]]:
    @lk.similar_to(
        {0: ["great song"], 1: ["free money"]},
        threshold={0: 0.3, 1: 0.4},
        n_neighbors=1,
        share=0.5,
        mean=True,
        embed=None,
        when=lk.keywords("song"),
        name="near",
        examples={"great song": 0},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=True,
    )
    def nearest(text: str) -> None:
        """Of the most similar example."""

    return [nearest, lk.similar_to(["free"], threshold=0.3, label=1).rule(name="loop", column="text", group="bob")]


def declare_documents() -> list[lk.Condition]:
    pattern = lk.token_pattern(
        [{"LOWER": "buy"}, {"POS": "NOUN"}],
        label=1,
        column="doc",
        name="n",
        examples={"buy cars": 1},
        group="ann",
        precision=0.9,
        trusted=True,
        cache=True,
    )
    phrase = lk.phrases({"check out": 1, "listen": 0}, attr="LEMMA", group="ann", cache=False)
    entity = lk.entities("MONEY", ["ORG"], label=Label.SPAM, examples={"$5": 1}, trusted=True)
    return [pattern & entity, phrase, ~entity | pattern]


def use_documents() -> lk.Column:
    return lk.spacy_doc("text", model="blank:en")


def declare_combinations() -> list[LabelingFunction[...]]:
    free, win = lk.keywords("free", group="ann"), lk.regex("win", precision=0.9)
    conditions: list[lk.Condition] = [
        free & win,
        free | ~win,
        lk.near(free, "cash", words=3, ordered=True),
        lk.near("free", "cash"),
        lk.unnegated("good", words=2, negations=("not",)),
        lk.unnegated(free, negations=lk.keywords("never")),
        lk.repeated("free", times=2),
        lk.within("sentence", free & ~win),
        lk.at_least(2, "free", win, lk.lookup(["cash"])),
    ]

    @(free & ~win).labeled(Label.SPAM, name="n", examples={"free": 1}, trusted=True, cache=True)
    def labeled(text: str) -> None:
        """A combination."""

    @lk.expect(coverage=(0.001, 0.2), precision=0.8, conflicts=0.05, overlaps=(None, 0.5))
    @lk.keywords("free", label=1)
    def expected(text: str) -> None:
        """With gates."""

    vote: int = expected("free")
    assert vote == 1
    looped = [
        condition.rule(
            name=f"rule_{number}",
            column=("text", "title"),
            label=Label.SPAM,
            doc="In a loop.",
            examples={("free", "win"): None},
            group="bob",
            precision=0.5,
            trusted=False,
            cache=True,
        )
        for number, condition in enumerate(conditions)
        if number not in (4, 5)
    ]
    return [labeled, expected, *looped]


def declare_votes() -> lk.ProbabilisticLabels:
    lfs = [
        lk.keywords("free", label=1).rule(name="free"),
        lk.keywords("great", label=0).rule(name="great"),
        lk.regex("!", label=1).rule(name="loud", trusted=True, precision=0.6),
    ]
    matrix = lk.Applier(lfs, labels=["HAM", "SPAM"]).apply(["free!", "great", "hm", "free", "great!"])
    gold = np.array([1, 0, -1, 1, 0])
    for model in (lk.MajorityVote(), lk.WeightedVote(), lk.QuorumVote(share=0.5), lk.OneCoin(), lk.DawidSkene()):
        model.fit(matrix).predict_proba(matrix)
    assert lk.LabelModel(class_prior=[0.5, 0.5]).fit(matrix, gold=gold).score(matrix, gold) >= 0
    return lk.MajorityVote().fit(matrix).label(matrix)


def use_runs() -> None:
    lfs = lk.collect("labeling_functions/comments.py", labels=Label)
    by_name: LabelingFunction[...] = lfs["short"]
    matrix = lk.Applier([by_name], labels=Label).apply("comments.parquet")
    lk.summarize(matrix, gold={"a": 1})
    lk.run(lfs, "comments.parquet", out="runs/first", gold="label", model=lk.MajorityVote())
    lk.dry_run(by_name, "comments.parquet")
    lk.load_model("runs/first/model")
