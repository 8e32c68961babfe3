"""
Crowd workers: who is right how often, without gold
===================================================

Thirty workers judge the mood of hotel reviews, five each review. Some are careful, some answer at random, some always
say "good", and two have the scale the wrong way round. A model of the workers finds out which is which from their
answers alone: is it better than a vote of the majority, and are its estimates of the workers right?
"""

# %%
# Answers
# -------
# The answers are made up, as a crowd gives them: a long table. ``from_long`` makes a label matrix of it, with a row for
# each review and a column for each worker.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_up.crowd import MOODS, answers
from matplotlib.ticker import PercentFormatter

import labelkit as lk

table, truth = answers(800, seed=6)
print(table.head(4).to_string(index=False))
matrix = lk.LabelMatrix.from_long(table["review"], table["worker"], table["mood"], classes=MOODS)
print(matrix)

# %%
# Three ways to count
# -------------------
# ``MajorityVote`` takes every answer for equally good. ``DawidSkene`` estimates, for each worker, how often each mood
# is taken for which, and ``IBCC`` does the same with a prior. No model sees the truth; it serves for measuring alone.

models = {"majority": lk.MajorityVote(), "Dawid-Skene": lk.DawidSkene(), "IBCC": lk.IBCC()}
numbers = truth.map(MOODS.index)
for name, model in models.items():
    measured = model.fit(matrix).evaluate(matrix, numbers)
    by_lot = (model.label(matrix).hard(ties="random") == numbers[matrix.ids]).mean()
    print(f"{name:12} right {measured.accuracy:.1%}   ties by lot {by_lot:.1%}   log-loss {measured.log_loss:.2f}")

# %%
# Majority has no label where two moods have as many answers, which counts as wrong in the first column. With those
# drawn by lot it is right more often, and still behind.

# %%
# Who is right how often?
# -----------------------
# The probabilities that a model gives to the answers of a worker, on average, are its estimate of how often that worker
# is right.

right = (table["mood"] == table["review"].map(truth)).groupby(table["worker"]).mean()
workers = pd.DataFrame({"truth": right[list(matrix.names)]})
for name, model in models.items():
    proba = model.predict_proba(matrix)
    of_answers = np.take_along_axis(proba, matrix.votes.clip(0), axis=1)
    workers[name] = np.ma.masked_where(matrix.votes < 0, of_answers).mean(axis=0)
off = workers[list(models)].sub(workers["truth"], axis=0).abs()
print((100 * off.mean()).round(1).rename("points off, on average").to_string())

# %%
# Agreement with the majority says too little of who is careful and too much of who is lazy: "good" is the most frequent
# mood, and six lazy workers agree with one another. Dawid and Skene's model tells them apart, and knows the two with
# the scale upside down: their answers are worth as much as those of the careful, read the other way round. Where all
# workers make the same mistake, no model sees it; only gold can.

figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), sharey=True)
habits = {"careful": "#0072b2 o", "lazy": "#d55e00 s", "random": "#009e73 ^", "swapped": "#cc79a7 D"}
for ax, name in zip(axes, ["majority", "Dawid-Skene"], strict=True):
    ax.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1)
    for habit, style in habits.items():
        color, marker = style.split()
        some = workers[workers.index.str.startswith(habit)]
        ax.scatter(some["truth"], some[name], color=color, marker=marker, label=habit)
    ax.set_title(name, loc="left", fontsize="medium")
    ax.set_aspect("equal")
    ax.set_xlabel("share of right answers, in truth")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
axes[0].set_ylabel("share of right answers, estimated without gold")
axes[1].legend(loc="upper left")
plt.show()
