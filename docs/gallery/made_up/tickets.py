"""Tickets to the support of a shop: what is the matter is one of four things, and often others are mentioned, too."""

from random import Random

import pandas as pd

from . import fill, lines

MATTERS = ("BILLING", "DELIVERY", "LOGIN", "CRASH")

VOCABULARY = {
    "hello": ("Hi", "Hello", "Good morning", "Dear team", "Hey there", "To whom it may concern"),
    "thing": ("headphones", "desk lamp", "winter jacket", "coffee grinder", "tent", "board game", "running shoes"),
    "days": ("three days", "a week", "ten days", "two weeks", "a month"),
    "device": ("phone", "tablet", "laptop", "old computer"),
    "sum": ("$19.90", "49 euros", "$240", "twelve pounds"),
    "where": ("basket", "search", "wish list", "order page", "start page"),
    "thanks": ("Thanks", "Please help", "Kind regards", "Waiting for your answer", "This is the second time I write"),
}
SENTENCES = {
    "BILLING": lines("""
        my card was charged twice for the {thing}
        the invoice says {sum}, and I paid less than that
        I returned the {thing} and never got my refund
        you took {sum} from my account without an order
        the discount code was ignored at payment
        why is the price on my receipt higher than on the {where}
        please correct the amount, I was billed for two {thing}
    """),
    "DELIVERY": lines("""
        my parcel has not arrived after {days}
        the tracking number shows nothing for {days}
        the courier left the package with a stranger
        the {thing} came in a broken box
        where is my order, it was shipped {days} ago
        the wrong {thing} was in the package
        it is delayed again, and nobody tells me until when
    """),
    "LOGIN": lines("""
        I cannot log in since yesterday
        the link to reset my password is not valid
        my account is locked after three attempts
        the code by text message never comes
        it says that my email is unknown
        somebody changed my password, I cannot get into my account
        signing in on my {device} leads back to the same form
    """),
    "CRASH": lines("""
        the app crashes when I open the {where}
        the screen stays white on my {device}
        an error message comes up on the {where}
        the app freezes on my {device} after the update
        the {where} does not load, it spins forever
        since the last update nothing happens when I press the button
        your app closes itself on the {where}
    """),
}
ASIDES = {
    "BILLING": lines("""
        I have already paid by card
        the invoice is attached
        or give me a refund
    """),
    "DELIVERY": lines("""
        I want to see where my parcel is
        it was about an order of {thing}
        the tracking number is in the attachment
    """),
    "LOGIN": lines("""
        I have changed my password twice
        my account is three years old
        I tried to log in again, no change
    """),
    "CRASH": lines("""
        there was an error message, too
        I have installed the update
        the app is slow as well
    """),
}
"""Mentions that are not the matter: rules take them for it."""


def tickets(n: int, seed: int = 0) -> pd.DataFrame:
    """Make tickets: ``id``, ``text`` and the truth, ``matter``; a third mention others, others complain of two things.

    Of two things, the first is the matter, mostly.
    """
    rng, rows = Random(seed), []
    for number in range(n):
        matter, other = rng.sample(MATTERS, 2)
        kind = rng.choices(("alone", "mention", "two mentions", "complaint"), (40, 25, 10, 25))[0]
        templates = [rng.choice(SENTENCES[matter])]
        templates += {"mention": [rng.choice(ASIDES[other])], "complaint": [rng.choice(SENTENCES[other])]}.get(kind, [])
        templates += rng.sample(ASIDES[other], 2) if kind == "two mentions" else []
        if rng.random() < (0.25 if kind == "complaint" else 0.5):
            templates.reverse()
        sentences = [fill(template, VOCABULARY, rng) for template in ("{hello}", *templates, "{thanks}")]
        rows.append((f"t{number:05d}", ". ".join(sentences) + ".", matter))
    return pd.DataFrame(rows, columns=["id", "text", "matter"])
