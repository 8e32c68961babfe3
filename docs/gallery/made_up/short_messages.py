"""Short messages of eight weeks, some of them phishing, whose authors change their story in the fifth week."""

from random import Random

import pandas as pd

from . import fill, lines

VOCABULARY = {
    "carrier": ("ParcelGo", "RoyalPost", "SwiftBox", "DPX"),
    "link": ("parcel-fee.example/{code}", "trk-{code}.example", "rebook.example/{code}", "bit.example/{code}"),
    "claim": ("gov-claim dot example", "hm-tax(.)example", "id-{code} [dot] example", "energy-aid dot example"),
    "code": ("a81k", "77qz", "x0p4", "m2m9", "k31t"),
    "fee": ("1.99", "2.45", "0.99", "3.10"),
    "refund": ("248.30", "412.75", "97.50", "300.00"),
    "name": ("Amina", "Ben", "Chloe", "Dev", "Ewa", "Farah"),
    "day": ("Monday", "Tuesday", "Thursday", "Saturday", "tomorrow"),
    "time": ("9:30", "10.15", "noon", "half past three", "six"),
    "place": ("the station", "the office", "your place", "the gym", "the cafe"),
    "thing": ("the keys", "milk", "the charger", "a cake", "the tickets"),
}

PARCELS = lines("""
    {carrier}: your parcel is on hold, pay the fee of {fee} at {link}
    Your package could not be delivered. Rebook here: {link}
    {carrier}: customs charge of {fee} outstanding, see {link}
    We missed you! Reschedule the delivery at {link}
    Final notice: your parcel will be returned unless you pay {fee} {link}
    {carrier}: confirm your address to release the shipment {link}
    We tried to reach you about the item that you ordered, call 0900 55 {code}
""")

REFUNDS = lines("""
    Tax office: a refund of {refund} is waiting, claim it at {claim}
    You are eligible for an energy rebate of {refund}. Apply: {claim}
    Thanks for your patience, your refund of {refund} can be claimed at {claim}
    Did you claim your rebate of {refund} yet? It is waiting at {claim}
    Hi mum, I lost my phone, this is my new number, text me back
    Hi dad, my phone is broken, can you lend me {refund} until {day}
    Your winter support of {refund} is approved, confirm your details {claim}
    Tax office: last chance to claim {refund}, expires {day} {claim}
    Is this still your number? Text me on my other one, it is urgent, love {name}
""")

GENUINE = lines("""
    See you at {time} at {place}
    Can you bring {thing} on {day}?
    Running late, there at {time}
    Your code is 4{time}7, do not share it
    Happy birthday {name}! Party on {day}?
    Your appointment on {day} at {time} is confirmed
    {carrier}: your parcel arrives on {day}
    Thanks {name}, I got {thing}
    Did you pay the rent already?
    mum says dinner is at {time}
    {name} has a new number, ask her
    Lost my umbrella at {place}, have you seen it?
    Your bill of {fee} is paid, thank you
    lol ok, talk on {day}
    The tax return is done, finally!
    Your refund of {refund} for the shoes has arrived
""")

NEW_STORY = (0, 0, 0, 0, 0.05, 0.3, 0.6, 0.9)
"""The share of phishing in each week that no longer speaks of parcels."""


def messages(n_each_week: int, phishing: float = 0.3, seed: int = 0) -> pd.DataFrame:
    """Make the messages: ``week`` (from 1), ``text`` and the truth, ``phishing`` (0 or 1)."""
    rng = Random(seed)
    rows = []
    for week, new in enumerate(NEW_STORY, 1):
        for _ in range(n_each_week):
            is_phishing = rng.random() < phishing
            kinds = (REFUNDS if rng.random() < new else PARCELS) if is_phishing else GENUINE
            rows.append((week, fill(rng.choice(kinds), VOCABULARY, rng), int(is_phishing)))
    return pd.DataFrame(rows, columns=["week", "text", "phishing"])
