"""Calls with unknown or mistyped options: a type checker refuses each line that ends in ``# wrong``, and no other."""

from __future__ import annotations

import labelkit as lk


def use_wrong_options() -> None:
    lk.keywords("a", lable=1)  # wrong
    lk.keywords("a", label=1, group=5)  # wrong
    lk.keywords("a", label=1, precision="high")  # wrong
    lk.keywords("a", label=1, trusted="yes")  # wrong
    lk.keywords("a", label=1, examples=["a"])  # wrong
    lk.keywords("a", label=1, cache=1.5)  # wrong
    lk.keywords("a", label=1, name=1)  # wrong
    lk.regex("a", label=1, whole_word=True)  # wrong
    lk.lookup(["a"], label=1, gruop="ann")  # wrong
    lk.facts([("a", "b")], label=1, trust=True)  # wrong
    lk.labeling_function(levels="many")  # wrong
    lk.labeling_function(catch=True)  # wrong
    lk.model_output(threshold=0.5, level=8)  # wrong
    lk.model_output(model=len, classes=(0, 1), gruop="ann")  # wrong
    lk.prompt("{text}", labels={"a": 0}, model="m", examples={"a": 0})  # wrong
    lk.prompt("{text}", labels={"a": 0}, model="m", group=1)  # wrong
    lk.similar_to(["a"], label=1, threshold=0.5, precison=0.5)  # wrong
    lk.token_pattern([{"LOWER": "a"}], lable=1)  # wrong
    lk.phrases("a", precision=[0.5])  # wrong
    lk.entities("ORG", trusted="yes")  # wrong
    lk.keywords("a").labeled(1, groups="ann")  # wrong
    lk.keywords("a").labeled(1, precision="0.5")  # wrong
    lk.keywords("a").rule(label=1)  # wrong
    lk.keywords("a").rule(name="r", label=1, trusted=0.5)  # wrong
    lk.keywords("a").rule(name="r", lable=1)  # wrong
    lk.similar_to(["a"], label=1, threshold=0.5).rule(name="r", group=1)  # wrong
    lk.near("a", "b", group="ann")  # wrong
    lk.expect(coverage="much")  # wrong
    lk.keywords("a", label=1, group="ann", precision=0.5, trusted=True, examples={"a": 1}, cache=False, name="n")
