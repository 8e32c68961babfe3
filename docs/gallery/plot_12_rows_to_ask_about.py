"""
Which rows to ask people about
==============================

A hundred answers of people can measure the labels, correct them, or find what is wrong with them. Rows that are drawn
at random do the first two. Rows that are chosen because labels are doubtful there do the third; used for the others,
they can make labels much worse, and say that nearly all labels are wrong.
"""

# %%
# The messages to a shop are made up; one in ten reports a hazard. Six rules of words vote on them. Half of the
# messages are asked about, the other half is held out, and its gold judges the labels.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_up.safety import messages
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import f1_score

import labelkit as lk

CLASSES = ["OTHER", "HAZARD"]
WORDS = {
    ("fire", "HAZARD"): ["fire", "smoke", "burned", "exploded", "melted", "glowed"],
    ("electric", "HAZARD"): ["shock", "sparks", "plug", "fuse", "socket", "cable"],
    ("hurt", "HAZARD"): ["hurt", "cut", "hot"],
    ("body", "HAZARD"): ["hand", "arm", "finger", "thumb", "leg", "my son", "my daughter", "my mother", "my husband"],
    ("orders", "OTHER"): ["order", "parcel", "refund", "invoice", "voucher", "address"],
    ("goods", "OTHER"): ["exchange", "missing", "charger", "sale", "clean", "loves", "lovely"],
}
rules = [lk.keywords(words, label=CLASSES.index(label)).rule(name=name) for (name, label), words in WORDS.items()]
pool, test = messages(5_000, share=0.1, seed=1), messages(5_000, share=0.1, seed=2)
votes, test_votes = (lk.Applier(rules, labels=CLASSES).apply(part["text"].tolist()) for part in (pool, test))
labels = lk.LabelModel().fit(votes).label(votes)
print(lk.summarize(votes, gold=pool["hazard"].to_numpy()))

# %%
# Three ways to choose, up to 400 answers
# ---------------------------------------
# ``random`` draws; ``disagreement`` takes rows on which rules contradict each other, ``entropy`` those with the most
# doubtful labels. By default, a quarter of each batch is random, and ``chosen.estimable`` names it; here the ways are
# kept apart. The answers are used twice: as gold of the label model, and to estimate how many of the labels were
# wrong.

warnings.filterwarnings("ignore", message="all .* gold labels are of class")  # as labelkit warns of such a choice
hazard = pool["hazard"].to_numpy()


def answers_on(positions):
    """Ask people about some rows."""
    return {int(position): int(hazard[position]) for position in positions}


def score(model):
    """Return the F1 of a model's labels on the held-out messages."""
    return f1_score(test["hazard"], model.label(test_votes).hard(uncovered=0))


rows = []
for way in ("random", "disagreement", "entropy"):
    for n in (25, 50, 100, 200, 400):
        for seed in range(3):
            chosen = lk.next_to_label(votes, labels, n=n, strategy=way, random_share=0, random_state=seed).positions
            wrong = np.mean(labels.hard(uncovered=0)[chosen] != hazard[chosen])
            rows.append((way, n, score(lk.LabelModel().fit(votes, gold=answers_on(chosen))), wrong))
results = pd.DataFrame(rows, columns=["way", "answers", "F1", "wrong"]).pivot_table(index="answers", columns="way")
before = score(lk.LabelModel().fit(votes))
truly_wrong = np.mean(labels.hard(uncovered=0) != hazard)
print(f"without answers: F1 {before:.0%}, and {truly_wrong:.1%} of the labels are wrong")
print(results.to_string(float_format="{:.0%}".format))

# %%
# What 300 random answers buy
# ---------------------------
# A hundred say how frequent hazards are. Two hundred others, from which nothing has learned, prove how good the labels
# are: the most probable ones, as many as can be shown to have at most 3% of mistakes. Of the labels by votes alone,
# the same answers prove nothing.

drawn = lk.sample(votes, 300, random_state=3).positions
model = lk.LabelModel(class_prior=lk.estimate_prior(answers_on(drawn[:100]), votes)).fit(votes)
print(f"F1 with the prior: {score(model):.0%}")
print(model.label(votes).certify(answers_on(drawn[100:]), max_error=0.03).statement)
print(labels.certify(answers_on(drawn[100:]), max_error=0.03).statement)

# %%
# Chosen rows are for reading
# ---------------------------
# 50 random answers bring most of what 400 bring. Answers where rules contradict each other bring about as much at
# first, and no more then; those on the most doubtful labels teach the model that hazards hardly exist, since such
# labels are wrong in one direction. As estimates, both say that nearly all labels are wrong. As a list of what to look
# at, they are the better for just that: nine of ten are mistakes, where chance shows one in seven. Read some of them
# to mend the rules.

styles = {"random": ("#0072b2", "o-"), "disagreement": ("#d55e00", "s--"), "entropy": ("#009e73", "^-.")}
figure, axes = plt.subplots(1, 2, figsize=(9, 4))
truths = {"F1": (before, "without answers"), "wrong": (truly_wrong, "the truth")}
for ax, (column, (level, name)) in zip(axes, truths.items(), strict=True):
    ax.axhline(level, color="#777777", ls=":")
    ax.annotate(name, (50, level), (0, 6), textcoords="offset points")
    for way, (color, style) in styles.items():
        ax.plot(results.index, results[column, way], style, color=color, label=way)
    ax.set_xscale("log")
    ax.set_xticks(results.index, results.index)
    ax.minorticks_off()
    ax.set_ylim(0, 1.05)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("answers")
axes[0].set_title("What answers do to labels", loc="left")
axes[0].set_ylabel("F1 of the corrected labels, held out")
axes[1].set_title("What answers say of labels", loc="left")
axes[1].set_ylabel("labels that are wrong, by the answers")
axes[1].legend(loc="center right")
plt.show()
