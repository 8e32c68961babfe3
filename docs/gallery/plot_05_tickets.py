"""
Support tickets: soft labels against hard ones
==============================================

Customers write of several things at once, and so several rules vote. The label model says how sure it is; a hard
label does not. Does a classifier that learns from soft labels sort tickets better, and are its probabilities better?
"""

# %%
# Tickets
# -------
# The tickets are made up. What is the matter is one of four things; half of the tickets mention another one, too.

from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_up.tickets import tickets
from matplotlib.ticker import PercentFormatter
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss

import labelkit as lk

both = tickets(6_000, seed=5)
train, test = both.iloc[:4_000], both.iloc[4_000:]
print(*train["text"].head(4), sep="\n")

# %%
# Rules
# -----


class Matter(IntEnum):
    BILLING = 0
    DELIVERY = 1
    LOGIN = 2
    CRASH = 3


rules = [
    lk.keywords("charged", "invoice", "refund", "billed", label=Matter.BILLING).rule(name="words_of_billing"),
    lk.keywords("paid", "price", "card", "discount", label=Matter.BILLING).rule(name="payment"),
    lk.keywords("parcel", "package", "courier", label=Matter.DELIVERY).rule(name="parcel"),
    lk.keywords("order", "tracking", "shipped", "delayed", label=Matter.DELIVERY).rule(name="order"),
    lk.keywords("password", "log in", "account", label=Matter.LOGIN).rule(name="account"),
    lk.keywords("locked", "reset", "signing in", "cannot", label=Matter.LOGIN).rule(name="locked_out"),
    lk.keywords("crashes", "freezes", "closes", "app", label=Matter.CRASH).rule(name="app"),
    lk.keywords("error", "screen", "update", "load", label=Matter.CRASH).rule(name="error"),
]
matrix = lk.Applier(rules).apply(train, id="id")
labels = lk.LabelModel().fit(matrix).label(matrix)
print(lk.summarize(matrix))
print(labels.to_pandas().head(4).round(2))

# %%
# A classifier from each kind of label
# ------------------------------------
# ``training_set`` takes the tickets with a vote; ``by_class()`` puts each there once for every class, with the
# probability as its weight. By default tickets also weigh by their certainty: the even ones teach nothing.
# ``weight="equal"`` lets all weigh alike. A hard label is the most probable class, as if it were sure.

vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True)
X, X_test = vectorizer.fit_transform(train["text"]), vectorizer.transform(test["text"])
truth = test["matter"].map(lambda name: Matter[name].value)


def from_soft(rows, weight):
    """Learn from the probabilities of some tickets."""
    training = labels[rows].training_set(X[rows], weight=weight)
    row, label, weights = training.by_class()
    return LogisticRegression(C=3).fit(training.X[row], label, sample_weight=weights)


def from_hard(rows):
    """Learn from their most probable classes."""
    label = labels[rows].hard()
    return LogisticRegression(C=3).fit(X[rows[label >= 0]], label[label >= 0])


# %%
# What held-out gold says
# -----------------------
# Three draws of each number of tickets, judged on 2,000 tickets that neither rules nor classifiers have seen.

ways = {
    "hard labels": from_hard,
    "soft, by certainty": lambda rows: from_soft(rows, "certainty"),
    "soft, all alike": lambda rows: from_soft(rows, "equal"),
}
sizes, rng, measured = [125, 250, 500, 1000, 2000, 4000], np.random.default_rng(0), []
for size in sizes:
    for _ in range(3):
        rows = rng.choice(len(train), size, replace=False)
        for way, fit in ways.items():
            proba = fit(rows).predict_proba(X_test)
            scores = accuracy_score(truth, proba.argmax(axis=1)), log_loss(truth, proba)
            measured.append((way, size, *scores))
frame = pd.DataFrame(measured, columns=["labels", "tickets", "accuracy", "log-loss"])
curves = frame.pivot_table(index="tickets", columns="labels", sort=False)
for score in ("accuracy", "log-loss"):
    print(f"{score}\n{curves[score].round(2).to_string()}")

# %%
# Soft labels win two to four points of accuracy, at each size. The greater difference is in the probabilities. The more
# tickets with hard labels the classifier sees, the surer it grows, of the mistakes of the rules, too: its log-loss
# rises. Weights by certainty matter only while there are few tickets, where they leave too little to learn from.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6))
styles = {"hard labels": "#d55e00 s --", "soft, by certainty": "#009e73 ^ -.", "soft, all alike": "#0072b2 o -"}
for ax, score in zip(axes, ["accuracy", "log-loss"], strict=True):
    for way, style in styles.items():
        color, marker, line = style.split()
        ax.plot(sizes, curves[score][way], color=color, marker=marker, linestyle=line, label=way)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("tickets")
    ax.set_title(f"{score} on held-out tickets", loc="left", fontsize="medium")
axes[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
axes[0].legend(loc="lower right")
plt.show()
