"""Rules that query a language model about comments on videos, for questions that words and patterns cannot decide.

The endpoint is set by environment variables: LABELKIT_LLM_URL, and LABELKIT_LLM_KEY if it needs a key; a server on your
own machine works, too. First estimate the cost, and read the prompts (none is sent without ``--ask``):

    labelkit plan labeling_functions/prompts.py comments.csv --show 10

Answers are stored, so that each is paid for once, and a run that was stopped resumes with the stored answers.

>>> asks_for_something
<prompt rule asks_for_something(text) -> HAM, SPAM>
"""

from enum import IntEnum
from pathlib import Path

from labelkit import prompt, regex

MODEL = "gpt-4.1-mini"
"""The name of the model at the endpoint."""

PRICES = (0.40, 1.60)
"""Prices of a million tokens of prompts, and of answers, in dollars."""


class Label(IntEnum):
    """The classes of a comment."""

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
    """Genuine comments are about the video; short ones are skipped, since their topic is unclear."""
