"""
Relations: what a knowledge base knows, and what stands between two names
=========================================================================

Which sentences are about a married couple? A register knows three couples in ten: it votes for every sentence that
names them (distant supervision). The words between the names tell of the others. Each helps where the other is
silent; how far do they come together?
"""

# %%
# Sentences and a register
# ------------------------
# Each row is a sentence with two people in it, whose names stand in columns of their own. Names, sentences and register
# are made up. Whether a sentence is about a married couple is known of all, and used for measuring alone, on the last
# 2,000.

from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
from made_up.couples import news
from matplotlib.ticker import PercentFormatter
from scipy.stats import binomtest

import labelkit as lk

corpus, couples, others = news(5_000, seed=3)
train, test = corpus.iloc[:3_000], corpus.iloc[3_000:]
print(*train["text"].head(6), sep="\n")
print(f"the register has {len(couples)} couples, such as {' and '.join(couples[0])}, and {len(others)} other pairs")

# %%
# Rules
# -----
# ``facts`` compares the columns of both people with the register, as people write names: without regard to case,
# accents and, here, order. The other rules read the words between the names, or both surnames.


class Relation(IntEnum):
    OTHER = 0
    SPOUSES = 1


@lk.facts(couples, symmetric=True, label=Relation.SPOUSES)
def registered_couple(person: str, other: str) -> None:
    """Whatever the sentence says, it is about a couple of the register."""


@lk.facts(others, symmetric=True, label=Relation.OTHER)
def registered_otherwise(person: str, other: str) -> None:
    """The register knows the two as siblings, rivals or partners in business."""


@lk.keywords("married", "husband", "wife", "tied the knot", "wedding", "vows", label=Relation.SPOUSES)
def words_of_marriage(between: str) -> None:
    """What stands between the names of a couple."""


@lk.keywords("brother", "sister", "twin", "cousin", label=Relation.OTHER)
def siblings(between: str) -> None:
    """Family of another kind."""


@lk.keywords("hired", "sued", "beat", "partner", "divorced", "as", "of", label=Relation.OTHER)
def business(between: str) -> None:
    """Work, courts and sports."""


@lk.labeling_function
def same_surname(person: str, other: str) -> int:
    """Many couples share a surname."""
    return Relation.SPOUSES if person.rpartition(" ")[2] == other.rpartition(" ")[2] else lk.ABSTAIN


from_register = [registered_couple, registered_otherwise]
from_words = [words_of_marriage, siblings, business, same_surname]
rules = [*from_register, *from_words]
matrix = lk.Applier(rules).apply(train, id="id")
test_matrix = lk.Applier(rules).apply(test, id="id")
gold = test.set_index("id")["spouses"].astype(int)
print(lk.summarize(test_matrix, gold=gold))

# %%
# What held-out gold says
# -----------------------
# Three label models learn from the votes on the first sentences, none from gold: one from the register alone, one from
# the words, one from both. Then each labels the held-out sentences; where it has no label, the answer is "other".

measured = {}
for name, some in {"register": from_register, "words": from_words, "register and words": rules}.items():
    names = [rule.name for rule in some]
    labels = lk.LabelModel().fit(matrix[:, names]).label(test_matrix[:, names])
    answer = labels.hard() == Relation.SPOUSES
    right = int((answer & (gold == 1)).sum())
    measured[name] = {"precision": binomtest(right, int(answer.sum())), "recall": binomtest(right, int(gold.sum()))}
    print(f"{name:20}", *(f"{what} {share.statistic:.1%}" for what, share in measured[name].items()), sep="   ")

# %%
# The register is right about most of what it names, and names three couples in ten; one in eight of its votes is wrong,
# since some couples are divorced by now. The words find more than twice as many, and err more: who comes alone to a
# wedding is hardly its bride. Both together find most, and err less than the words alone: each votes where the other is
# silent, and where both vote, the label model weighs them. What no rule finds are sentences that only mention both
# names.

figure, ax = plt.subplots(figsize=(7, 3.2))
for what, color, marker, up in (("precision", "#0072b2", "o", -0.08), ("recall", "#d55e00", "s", 0.08)):
    shares = np.array([one[what].statistic for one in measured.values()])
    ends = np.array([one[what].proportion_ci(method="wilson") for one in measured.values()])
    ax.errorbar(shares, np.arange(3) + up, xerr=abs(ends.T - shares), fmt=marker, color=color, capsize=3, label=what)
ax.set_yticks(range(3), measured)
ax.set_ylim(2.4, -0.4)
ax.set_xlim(0, 1)
ax.xaxis.set_major_formatter(PercentFormatter(1))
ax.set_title("Sentences about couples, held out", loc="left")
ax.set_xlabel("share, with 95% interval")
ax.legend(loc="lower left")
plt.show()
