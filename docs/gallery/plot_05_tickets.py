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
import pandas as pd
from made_up.tickets import tickets
from matplotlib.ticker import PercentFormatter
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss

import labelkit as lk

corpus = tickets(2_000, seed=5)
print(*corpus["text"].head(4), sep="\n")

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
applier = lk.Applier(rules)
matrix = applier.apply(corpus, id="id")
print(lk.summarize(matrix))
print(lk.LabelModel().fit(matrix).label(matrix).to_pandas().head(4).round(2))

# %%
# A classifier from each kind of label
# ------------------------------------
# ``training_set`` takes the tickets with a vote; ``by_class()`` puts each there once for every class, with the
# probability as its weight. By default tickets also weigh by their certainty: the even ones teach nothing.
# ``weight="equal"`` lets all weigh alike. A hard label is the most probable class, as if it were sure.


def from_soft(X, labels, weight):
    """Learn from the probabilities of tickets."""
    training = labels.training_set(X, weight=weight)
    row, label, weights = training.by_class()
    return LogisticRegression(C=3).fit(training.X[row], label, sample_weight=weights)


def from_hard(X, labels):
    """Learn from their most probable classes."""
    label = labels.hard()
    return LogisticRegression(C=3).fit(X[label >= 0], label[label >= 0])


ways = {
    "hard labels": from_hard,
    "soft, by certainty": lambda X, labels: from_soft(X, labels, "certainty"),
    "soft, all alike": lambda X, labels: from_soft(X, labels, "equal"),
}

# %%
# What held-out gold says
# -----------------------
# One corpus may favour one way by chance, so there are four. In each, the classifiers are judged on 1,500 other
# tickets, whose truth serves for nothing else.

sizes, measured = [250, 500, 1000, 2000], []
for seed in range(4):
    train, test = tickets(2_000, seed=seed), tickets(1_500, seed=100 + seed)
    truth = [Matter[name].value for name in test["matter"]]
    vectorizer = TfidfVectorizer(min_df=3, sublinear_tf=True)
    X, X_test = vectorizer.fit_transform(train["text"]), vectorizer.transform(test["text"])
    matrix = applier.apply(train, id="id")
    labels = lk.LabelModel().fit(matrix).label(matrix)
    for size in sizes:
        for way, fit in ways.items():
            proba = fit(X[:size], labels[:size]).predict_proba(X_test)
            scores = accuracy_score(truth, proba.argmax(axis=1)), log_loss(truth, proba)
            measured.append((way, size, *scores))
frame = pd.DataFrame(measured, columns=["labels", "tickets", "accuracy", "log-loss"])
mean, low, high = (frame.pivot_table(index="tickets", columns="labels", aggfunc=how) for how in ("mean", "min", "max"))
for score in ("accuracy", "log-loss"):
    print(f"{score}\n{mean[score].round(2).to_string()}")

# %%
# In accuracy the ways differ by a point, less than one corpus differs from another (the bands). In the probabilities
# they differ clearly: the more tickets with hard labels a classifier sees, the surer it grows, of the mistakes of the
# rules, too, and its log-loss rises. With soft labels it falls. Weights by certainty help neither score here, and with
# few tickets leave too little to learn from.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6))
styles = {"hard labels": "#d55e00 s --", "soft, by certainty": "#009e73 ^ -.", "soft, all alike": "#0072b2 o -"}
for ax, score in zip(axes, ["accuracy", "log-loss"], strict=True):
    for way, style in styles.items():
        color, marker, line = style.split()
        ax.plot(sizes, mean[score][way], color=color, marker=marker, linestyle=line, label=way)
        ax.fill_between(sizes, low[score][way], high[score][way], color=color, alpha=0.12, linewidth=0)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("tickets")
    ax.set_title(f"{score} on held-out tickets", loc="left", fontsize="medium")
axes[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
axes[1].legend(loc="upper left")
plt.show()
