"""
Keywords in five languages
==========================

Label reviews in German, Spanish, Turkish, Russian and Japanese as good or bad, by one list of words. A rule ignores
case in all of them. Three things need a decision of yours, and each costs votes in one language alone, so that no
overall figure shows it: word boundaries where nobody writes spaces, letters that have several encodings, and accents
that writers leave out.
"""

# %%
# The reviews are made up of a few sentences for each language and class. Of five writers, two write a sentence as it
# stands, one in capitals (the Turkish ``i`` becomes ``İ``, the German ``ß`` becomes ``SS``), one without accents, and
# one on a device that stores an accent as a character of its own. Japanese has no capitals; two in five write in half
# width.

import unicodedata
import warnings
from enum import IntEnum

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_up.reviews import reviews

import labelkit as lk


class Review(IntEnum):
    GOOD = 0
    BAD = 1


texts = reviews(1_000)
print(texts.groupby("language", sort=False).nth([0, 7]).to_string(index=False))

# %%
# Each word of the list has its class. A text gets the class of the first entry that it contains, so *can't recommend*
# stands before *recommend*.

JAPANESE = dict.fromkeys(["おすすめでき", "壊れ", "返金", "ガッカリ"], Review.BAD)
JAPANESE |= dict.fromkeys(["最高", "おすすめ", "素晴らしい"], Review.GOOD)
EUROPEAN = dict.fromkeys(["schön", "zufrieden", "großartig", "excelente", "rápido", "práctico", "encantó"], Review.GOOD)
EUROPEAN |= dict.fromkeys(["çok iyi", "mükemmel", "hızlı", "отлично", "доволен", "рекомендую"], Review.GOOD)
EUROPEAN |= dict.fromkeys(["kaputt", "enttäuschung", "geld zurück", "decepción", "devolución", "pésimo"], Review.BAD)
EUROPEAN |= dict.fromkeys(["iade", "berbat", "hayal kırıklığı", "верните", "сломался", "ужасно"], Review.BAD)

# %%
# Derived columns hold the texts in a form in which words are easier to find. Words have to be brought into the same
# form; a column can be called like the function that it decorates.


@lk.column
def composed(text: str) -> str:
    """Give each letter one encoding (NFKC)."""
    return unicodedata.normalize("NFKC", text)


@lk.column
def casefolded(text: str) -> str:
    """Give each letter one encoding, and no case."""
    return unicodedata.normalize("NFKC", text).casefold()


@lk.column
def unaccented(text: str) -> str:
    """Drop accents, too."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def find(words, form=None, **options):
    """Make a rule of words, for texts in a form."""
    entries = {form(word) if form else word: label for word, label in words.items()}
    column = form.name if form else "text"
    return lk.keywords(entries, column=column, **options).rule(name=f"{column}_{next(iter(words))}")


warnings.filterwarnings("ignore", message=".*LK905")  # labelkit warns of the first step, which is wrong on purpose

accented = {"schön": Review.GOOD}
others = {word: label for word, label in EUROPEAN.items() if word not in accented}
inside = {"whole_word": False}
steps = {
    "as written": [find(EUROPEAN | JAPANESE)],
    "no word boundaries\nin Japanese": [find(EUROPEAN), find(JAPANESE, **inside)],
    "NFKC and\ncasefold": [find(EUROPEAN, casefolded), find(JAPANESE, composed, **inside)],
    "accents\ndropped, too": [find(EUROPEAN, unaccented), find(JAPANESE, composed, **inside)],
    "the same, but\nschön keeps ö": [
        find(others, unaccented),
        find(accented, composed),
        find(JAPANESE, composed, **inside),
    ],
}

# %%
# Coverage and precision of each language
# ---------------------------------------
# Gold is the class that a sentence was written for. Over all languages, coverage rises up to the fourth step, whose
# precision looks bearable.

coverage, precision = pd.DataFrame(index=texts["language"].unique()), pd.DataFrame(index=texts["language"].unique())
for step, rules in steps.items():
    matrix = lk.Applier(rules, labels=Review).apply(texts)
    by_language = lk.coverage_by(matrix, texts["language"])
    coverage[step] = by_language[by_language["lf"] == "total"].set_index("slice")["coverage"]
    labels = lk.MajorityVote().fit(matrix).label(matrix).hard()
    right = pd.Series(np.where(labels >= 0, labels == texts["bad"], np.nan))
    precision[step] = right.groupby(texts["language"]).mean()
    print(f"{' '.join(step.split()):31}  coverage {right.notna().mean():.1%}, precision {right.mean():.1%}")

# %%
# By language, one sees what each step does:
#
# - Japanese has no votes while words have to be whole, since no space ends a word there, of which labelkit warns
#   (LK905). ``whole_word=False`` finds them. Some votes are wrong until letters have one encoding: a decomposed *can't
#   recommend* is not the entry of the list, and the *recommend* in it is one.
# - ``ß`` and ``SS`` are equal after ``casefold`` alone, half-width letters after NFKC alone. Turkish pays for it:
#   ``casefold`` makes two characters of ``İ``, and *İADE* (return), which the rule itself matches, is lost. Dropping
#   accents drops the second of them.
# - Without accents, the German *schon kaputt* (already broken) is beautiful: *schon* is *schön* without its dots. In
#   the last step the word keeps them, at the price of the writers who leave them out.
# - Russian stays as it is: no word of its list has an accent. Inflected forms would need entries of their own.
#
# ``labelkit check`` with a corpus counts the votes that letters with another encoding cost, and
# ``text = lk.normalized_text("text")`` gives all of a module's rules one encoding.
#
# So split the figures by language (``lk.coverage_by``) before you trust a total, bring texts and words into one form,
# and keep apart the words that another one resembles but for an accent.

figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
for ax, table, title in zip(axes, (coverage, precision), ("reviews with a vote", "votes that are right"), strict=True):
    ax.imshow(table, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, step), share in np.ndenumerate(table.to_numpy()):
        shown = "no vote" if np.isnan(share) else f"{share:.0%}"
        ax.text(step, row, shown, ha="center", va="center", color="white" if share < 0.5 else "black")
    ax.set_xticks(range(len(steps)), list(steps), fontsize=7.5)
    ax.set_yticks(range(len(table)), list(table.index))
    ax.set_title(f"share of {title}", loc="left")
    ax.set_xlabel("how words are looked for")
plt.show()
