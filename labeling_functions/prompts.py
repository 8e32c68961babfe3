"""Rules that ask a language model what words and patterns cannot tell, about comments on videos.

Where to ask stands in the environment: LABELKIT_LLM_URL, and LABELKIT_LLM_KEY if the endpoint wants one; a server on
your own machine will do. First see what it would cost, and what is asked (nothing is, until ``--ask``):

    labelkit plan labeling_functions/prompts.py comments.csv --show 10

An answer is paid for once: it is kept, and a run that was stopped goes on where it was.

>>> asks_for_something
<prompt rule asks_for_something(text) -> HAM, SPAM>
"""

from enum import IntEnum
from pathlib import Path

from labelkit import prompt, regex

MODEL = "gpt-4.1-mini"
"""As the endpoint calls it."""

PRICES = (0.40, 1.60)
"""What a million tokens cost, in prompts and in answers, in dollars."""


class Label(IntEnum):
    """What a comment is."""

    HAM = 0
    SPAM = 1


@prompt(
    "A viewer wrote this comment under a music video: {text}\n"
    "Does the viewer want other viewers to do something that is of use to the viewer (subscribe, visit, buy, vote)?",
    labels={"yes": Label.SPAM, "no": Label.HAM},
    model=MODEL,
    prices=PRICES,
    budget="2 usd",
)
def asks_for_something(text: str) -> None:
    """Spam wants something, in whatever words."""


@prompt(
    Path("about_the_video.txt"),
    labels={"video": Label.HAM, "elsewhere": Label.SPAM, "nothing": None},
    model=MODEL,
    when=regex(r"(?s).{60}"),
    prices=PRICES,
    budget="2 usd",
)
def about_the_video(text: str) -> None:
    """Genuine comments speak of what is seen and heard; short ones hardly say, so they are not asked about."""
