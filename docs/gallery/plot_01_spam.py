"""
Spam in comments: from rules to a classifier
============================================

Seven rules, written in ten minutes, find spam under music videos, but vote on three quarters of the comments only. A
label model turns their votes into training labels; a classifier that learns from these has an answer for every
comment, and finds spam by words that no rule names. Is it better than the rules? Held-out gold decides.
"""

# %%
# Comments, and what is kept back
# -------------------------------
# The comments are made up by labelkit. 8,000 are for rules and classifier, which never see which of them are spam.
# 2,000 others, with the truth, are for measuring alone.

from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labelkit as lk

comments = lk.load_comments(10_000, random_state=1).fillna({"text": ""})
train, test = comments.iloc[:8_000], comments.iloc[8_000:]
print(*train["text"].head(5), sep="\n")

# %%
# Rules
# -----
# Each votes for a class, or says nothing.


class Label(IntEnum):
    HAM = 0
    SPAM = 1


@lk.keywords("subscribe", "check out", "follow", label=Label.SPAM)
def asks_to_subscribe(text: str) -> None:
    """Spammers ask the viewer to come to their channel."""


@lk.regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """A link leads away from the video."""


@(lk.keywords("my", "our") & lk.keywords("channel", "page", "cover", "music", "video")).labeled(Label.SPAM)
def own_work(text: str) -> None:
    """My channel, our cover: somebody came to show their own."""


@lk.keywords("free", "win", "money", "cash", label=Label.SPAM)
def money(text: str) -> None:
    """Promises of money."""


@lk.keywords("love", "best", "amazing", "song", label=Label.HAM)
def praise(text: str) -> None:
    """Whoever praises the song has listened to it."""


@lk.regex(r"\b\d:\d\d\b|\bviews\b|\bwho else\b", label=Label.HAM)
def watched_it(text: str) -> None:
    """Moments of the video, the view counter, and company."""


@lk.labeling_function
def short_comment(text: str) -> int:
    """Genuine comments are often short."""
    return Label.HAM if len(text.split()) < 5 else lk.ABSTAIN


rules = [asks_to_subscribe, link, own_work, money, praise, watched_it, short_comment]
matrix = lk.Applier(rules).apply(train, id="id")
model = lk.LabelModel().fit(matrix)
labels = model.label(matrix)
print(lk.summarize(matrix))
print(labels)

# %%
# A classifier
# ------------
# ``training_set`` gives the comments that have a vote, the probabilities of their classes, and weights. Its
# ``by_class()`` serves learners that take hard labels: each comment stands there once for each class, weighted.

training = labels.training_set(train["text"].to_list())
row, label, weight = training.by_class()
classifier = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True), LogisticRegression(C=3))
classifier.fit([training.X[i] for i in row], label, logisticregression__sample_weight=weight)

# %%
# What held-out gold says
# -----------------------
# Where no rule votes, the rules have to guess: most comments are genuine.

test_matrix = lk.Applier(rules).apply(test, id="id")
truth, covered = test["spam"].to_numpy(), test_matrix.covered
guesses = {
    "rules and label model": model.label(test_matrix).hard(ties="first", uncovered=Label.HAM),
    "classifier": classifier.predict(test["text"]),
}
parts = {"all test comments": covered | True, "a rule votes": covered, "no rule votes": ~covered}
right = {
    name: [binomtest(int((guess == truth)[part].sum()), int(part.sum())) for part in parts.values()]
    for name, guess in guesses.items()
}
for name, shares in right.items():
    print(
        f"{name:22}", *(f"{part} {share.statistic:.1%}" for part, share in zip(parts, shares, strict=True)), sep="   "
    )

# %%
# The classifier is right on nine of ten comments, the rules on eight. Most of the gain is where no rule votes: there
# the words that stand beside those of the rules speak. These comments are made of recurring phrases, which is easy for
# a classifier; on real ones the gain is smaller. The way to find out is the same: some hundred comments with gold,
# which neither rules nor classifier have seen.

figure, ax = plt.subplots()
for (name, shares), color, marker, up in zip(right.items(), ("#0072b2", "#d55e00"), "so", (0.1, -0.1), strict=True):
    values = np.array([share.statistic for share in shares])
    ends = np.array([share.proportion_ci(method="wilson") for share in shares])
    places = np.arange(len(parts)) + up
    ax.errorbar(values, places, xerr=abs(ends.T - values), fmt=marker, color=color, capsize=3, label=name)
ax.set_yticks(range(len(parts)), [f"{name}\n({part.sum():,})" for name, part in parts.items()])
ax.set_ylim(2.4, -0.4)
ax.set_title("Rules and classifier on held-out comments", loc="left")
ax.set_xlabel("share of right labels, with 95% interval")
ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
ax.legend(loc="upper left")
plt.show()
