"""
A language model beside rules
=============================

A language model can label every comment, at a price for each, and is wrong about the same words each time. Rules cost
nothing, are wrong about other words, and are silent on half of the comments. Its answers are votes like those of any
rule: here, both together beat either, and asking the model only where rules are silent gives labels as good for half
of the price.
"""

# %%
# The comments are labelkit's made-up ones. The model is a stand-in: it knows the truth, and is made to stumble over
# alarming words (*subscribed*, *check*, sums of money) and harmless ones (*please*, *thumbs up*), as models do which
# look at words more than at what is said. What you read of its accuracy is true of this stand-in alone.

from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
from made_up.language_model import ask
from matplotlib.ticker import PercentFormatter

import labelkit as lk


class Label(IntEnum):
    HAM = 0
    SPAM = 1


comments = lk.load_comments(8_000, random_state=3)
gold = comments.pop("spam")
answers = ask(comments["text"], gold)
alone = np.mean(answers == gold.map({0: "ham", 1: "spam"}))
print(f"the model alone is right on {alone:.1%} of the comments")

# %%
# Six rules
# ---------


@lk.keywords("my page", "our page", "my channel", "my new", "check me out", "my music", label=Label.SPAM)
def own_work(text: str) -> None:
    """Whoever calls a page or a song their own came to show it."""


@lk.regex(r"\b(?:go to|visit|follow|add me|sub to|subscribe (?:to|for))\b", label=Label.SPAM)
def leads_away(text: str) -> None:
    """Invitations to other places."""


@lk.keywords("gives away", "earn", "subs", "subscribers", "help me", "get noticed", label=Label.SPAM)
def wants_something(text: str) -> None:
    """Money, and pleas for attention."""


@lk.regex(r"subscribed years ago|check the view|check out that|would pay|still watching", label=Label.HAM)
def harmless(text: str) -> None:
    """Words of spammers in what fans say."""


@lk.regex(r"\b\d:\d\d\b|\bviews?\b|\bbillion\b", label=Label.HAM)
def watched_it(text: str) -> None:
    """Moments of the video, and its counter."""


@lk.keywords(
    "wedding", "childhood", "never disappoints", "favourite", "goosebumps", "amazing", "so good", label=Label.HAM
)
def fan(text: str) -> None:
    """What fans say."""


rules = [own_work, leads_away, wants_something, harmless, watched_it, fan]
votes = lk.Applier(rules).apply(comments)
silent = ~votes.covered

# %%
# The answers are one more rule
# -----------------------------
# They stand in a column, and a rule looks them up. An answer that is missing is an abstain, and so is *unsure*. (With
# ``@lk.prompt``, labelkit asks the model itself, and keeps what it answered.)

in_words = {"ham": Label.HAM, "spam": Label.SPAM}
language_model = lk.lookup(in_words, match="value", column="answer").rule(name="language_model")


def label(answer):
    """Label the comments by the rules and by the answers that there are."""
    matrix = lk.Applier([*rules, language_model]).apply(comments.assign(answer=answer))
    return lk.LabelModel().fit(matrix).label(matrix)


matrix = lk.Applier([*rules, language_model]).apply(comments.assign(answer=answers))
print(lk.LabelModel().fit(matrix).precisions()[["lf", "vote", "votes", "precision"]].round(2).to_string(index=False))
print(lk.summarize(matrix, gold=gold))

# %%
# The first table is what the label model thinks, without gold; the second is gold, from which nothing learns. The
# answers get about the weight that they deserve, *spam* less than *ham*. One rule is underrated, ``harmless``: it
# contradicts the model on nearly all of its votes, and there is nobody else to say which of the two is right. A look
# at such votes tells, and shows over what the model stumbles.

print(lk.view(matrix, comments.assign(answer=answers), [harmless], conflict=("language_model", "harmless"), n=3))

# %%
# Where to ask
# ------------
# A comment without a label counts as wrong below, so that all ways are judged on the same 8,000 comments. The label
# model judges a rule by others that vote on the same examples; so 200 comments drawn at random are always asked about,
# too.


def accuracy(labels):
    """Return the share of all comments that have the right label."""
    return np.mean(labels.hard() == gold)


place = np.random.default_rng(0).permutation(len(gold))
checked = place < 200
disputed = (votes.votes == Label.HAM).any(axis=1) & (votes.votes == Label.SPAM).any(axis=1)
none, every = np.zeros(len(gold), dtype=bool), np.ones(len(gold), dtype=bool)
for way, asked in {"nowhere": none, "disputed": checked | disputed, "silent": checked | silent, "all": every}.items():
    right = accuracy(label(answers.where(asked)))
    print(f"asked about {way:8}  {asked.sum():5,} requests, {right:.1%} of all comments have the right label")

# %%
# Of the comments on which rules vote, the model changes next to none. So the requests for these are better saved; at
# random, half of the requests buy half of the gain.

shares = np.linspace(0, 1, 6)
first = [place < share * len(gold) for share in shares]
figure, ax = plt.subplots()
for name, among, color, style in (
    ("at random", every, "#d55e00", "s--"),
    ("where rules are silent", silent, "#0072b2", "o-"),
):
    asked = [checked | (some & among) for some in first]
    right = [accuracy(label(answers.where(some))) for some in asked]
    ax.plot([some.mean() for some in asked], right, style, color=color, label=f"asked {name}")
ax.plot(1, alone, "D", color="#222222", label="the model alone, without rules")
ax.xaxis.set_major_formatter(PercentFormatter(1))
ax.yaxis.set_major_formatter(PercentFormatter(1))
ax.set_title("All comments, labelled by rules and answers", loc="left")
ax.set_xlabel("comments that the model is asked about")
ax.set_ylabel("comments with the right label")
ax.legend(loc="lower right")
plt.show()
