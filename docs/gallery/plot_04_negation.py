"""
Medical notes: a word is not a finding
======================================

"No evidence of pneumonia" holds the word, and says the opposite. Four versions of one rule, from a bare keyword to
one that knows how clinicians negate and whom a sentence is about: what does each step do to precision and recall?
"""

# %%
# Notes
# -----
# The notes are made up: some name pneumonia because the patient has it, others deny it, or speak of a relative. The
# first half is for writing the rule, the second for measuring it.

from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
from made_up.clinic import notes
from matplotlib.ticker import PercentFormatter

import labelkit as lk

both = notes(3_000, seed=4)
train, test = both.iloc[:1_500], both.iloc[1_500:]
print(*train["text"].head(6), sep="\n")

# %%
# From a word to a finding
# ------------------------
# A bare keyword comes first. ``unnegated`` leaves out the places with a negation shortly before them; it knows the
# words of everyday English. Clinicians have others, and one of their negations reaches further than the three words
# that ``unnegated`` looks back.


class Finding(IntEnum):
    ABSENT = 0
    PRESENT = 1


CLINICAL = ("no", "not", "without", "denies", "negative for", "free of", "did not")
pneumonia = lk.keywords("pneumonia", "bronchopneumonia", label=Finding.PRESENT)

rules = [
    pneumonia.rule(name="keyword"),
    lk.unnegated(pneumonia).rule(name="unnegated"),
    lk.unnegated(pneumonia, words=6, negations=CLINICAL).rule(name="clinical words"),
]
matrix = lk.Applier(rules).apply(train, id="id")
gold = train.set_index("id")["pneumonia"].astype(int)

# %%
# What does the third still get wrong? Reading some of its mistakes on the first half tells.

print(lk.view(matrix, train, rules, labeled_by="clinical words", wrong=gold, votes="clinical words", n=6))

# %%
# Some negations stand behind the word, some sentences are about a relative or a vaccine, and "no doubt", "no
# improvement" are no negations. All of it is said within a sentence, so that is where the condition has to hold; a
# fourth version:

behind = lk.near(pneumonia, lk.keywords("ruled out", "unlikely"), words=2, ordered=True)
of_others = lk.keywords(
    "mother", "father", "brother", "sister", "grandmother", "family history", "vaccinated", "signs of"
)
surely = lk.near(lk.keywords("no doubt", "no improvement"), pneumonia, words=2, ordered=True)
finding = (lk.unnegated(pneumonia, words=6, negations=CLINICAL) | surely) & ~behind & ~of_others
rules.append(lk.within("sentence", finding).rule(name="within sentence"))

# %%
# What held-out gold says
# -----------------------

matrix = lk.Applier(rules).apply(test, id="id")
summary = lk.summarize(matrix, gold=test.set_index("id")["pneumonia"].astype(int))
print(summary)

# %%
# The bare keyword finds what can be found by a name, and is wrong about as often as right. Words of everyday English do
# not help enough, and cost recall where a negation does not negate. Clinical words raise precision; the sentence brings
# back the recall. What is left are doubts ("worried about pneumonia") and the past, and patients whose pneumonia is
# described and not named: no version finds those.

figures = summary.frame.drop(index="total")
figure, ax = plt.subplots()
for name, color, marker in (("precision", "#0072b2", "o"), ("recall", "#d55e00", "s")):
    share, low, high = (figures[name + end].to_numpy() for end in ("", "_low", "_high"))
    places = np.arange(len(share))
    ax.errorbar(places, share, yerr=[share - low, high - share], fmt=f"{marker}-", color=color, capsize=3)
    ax.annotate(name, (places[-1], share[-1]), xytext=(10, 0), textcoords="offset points", color=color, va="center")
ax.set_xticks(places, figures.index)
ax.set_xlim(-0.3, 3.6)
ax.set_ylim(0, 1)
ax.yaxis.set_major_formatter(PercentFormatter(1))
ax.set_ylabel("share, with 95% interval")
ax.set_title("Four versions of one rule on held-out notes", loc="left")
plt.show()
