"""Messages to a shop, of which a few report a hazard: a product that has hurt somebody, or is about to."""

from random import Random

import pandas as pd

from . import fill, lines

VOCABULARY = {
    "device": ("kettle", "toaster", "hair dryer", "heat pad", "power bank", "blender", "steam iron", "drill"),
    "part": ("hand", "arm", "finger", "thumb", "leg"),
    "who": ("my son", "my daughter", "my mother", "my husband", "a guest"),
    "when": ("this morning", "last night", "on the second day", "after ten minutes", "on Sunday"),
    "colour": ("smoke grey", "burnt orange", "fire red", "navy", "sage green", "electric blue"),
    "polite": ("please advise", "what should I do", "I expect an answer", "thanks in advance", "kind regards", "hello"),
    "order": ("order 40183", "order 77120", "order 51994", "my last order", "the order of May"),
    "day": ("Monday", "Tuesday", "Friday", "the weekend"),
}

HAZARDS = lines("""
    the {device} caught fire {when}
    smoke came out of the {device} {when}
    {who} got an electric shock from the {device} {when}
    I burned my {part} on the {device} {when}
    the {device} burned {who} {when}
    the battery of the {device} exploded {when}
    sparks flew from the plug of the {device} {when}
    {who} cut a {part} on the lid of the {device}
    the {device} melted the socket {when}
    the cable of the {device} got so hot that it glowed
    {who} was hurt when the {device} tipped over
    the {device} hissed and the fuse blew {when}
""")

OTHERS = lines("""
    where is {order}, it should have come on {day}
    the parcel with the {device} has not arrived
    I want a refund for {order}
    please send an invoice for {order}
    the {device} came in {colour} and not in {colour}
    do you have the {device} in {colour}
    can I exchange the {device} for a larger one
    how do I clean the {device}
    the lid of the {device} is missing
    the voucher does not work for the {device}
    can I change the address of {order}
    the {device} stopped working {when}
    great {device}, {who} loves it
    is the {device} still on sale on {day}
    does the {device} come with a charger
""")

CONFUSING = lines("""
    the {colour} {device} arrived, lovely
    does the {device} switch off before it gets too hot
    is the plug of the {device} made so that nobody gets a shock
    the price of the {device} was a shock
    the smoke detector in {order} is the wrong model
    do you sell a fire blanket
    the {device} fell and cut the parcel open
    the smell of the {device} is gone, no smoke, all fine
    how hot does the {device} get
    sorry to hear that others got hurt, mine is fine
    that sale was fire, {device} arrived {when}
""")


def messages(n: int, share: float = 0.02, seed: int = 0) -> pd.DataFrame:
    """Make messages: ``text`` and the truth, ``hazard`` (0 or 1); a twentieth of the others have words of hazards."""
    rng = Random(seed)
    rows = []
    for _ in range(n):
        hazard = rng.random() < share
        kind = HAZARDS if hazard else CONFUSING if rng.random() < 0.05 else OTHERS
        parts = [fill(rng.choice(kind), VOCABULARY, rng)]
        parts += [fill(rng.choice(OTHERS), VOCABULARY, rng)] if rng.random() < 0.25 else []
        parts += [fill("{polite}", VOCABULARY, rng)] if rng.random() < 0.5 else []
        rows.append((". ".join(parts), int(hazard)))
    return pd.DataFrame(rows, columns=["text", "hazard"])
