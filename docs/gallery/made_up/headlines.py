"""Headlines and teasers of a newspaper, of twenty topics."""

from pathlib import Path
from random import Random

import pandas as pd

from . import fill, lines

WORD_LIST = Path(__file__).with_name("topic_words.csv")
"""Words that an editor would list for each topic: ``word`` and ``label``."""

TOPICS = {
    "FOOTBALL": "striker goalkeeper penalty midfield kick-off derby offside season pitch transfer corner",
    "TENNIS": "serve backhand grand-slam court seed tie-break baseline wildcard racket umpire doubles",
    "CYCLING": "peloton sprint stage race saddle climb breakaway yellow-jersey pedals puncture time-trial",
    "CINEMA": "film director screenplay star box-office premiere trailer sequel close-up festival camera",
    "MUSIC": "album band guitar record concert pitch chorus orchestra vinyl tour score",
    "BOOKS": "novel author publisher chapter poetry memoir paperback draft bestseller translator shelf",
    "THEATRE": "play stage actor rehearsal curtain dramatist costume monologue premiere ensemble cast",
    "FOOD": "recipe chef flour oven restaurant chip garlic menu stew tasting bakery",
    "TRAVEL": "hotel itinerary beach passport tour luggage resort ferry souvenir tour-guide visa",
    "GARDENS": "seed soil plant pruning roses compost season hedge greenhouse tulips lawn",
    "HEALTH": "doctors vaccine hospital cell nurses surgery diagnosis symptom clinic pharmacy ward",
    "SPACE": "astronaut orbit telescope star rocket galaxy launch comet lunar-module probe satellite",
    "CLIMATE": "emissions glacier degree drought heatwave carbon sea-level flood warming coral forecast",
    "ENERGY": "turbine grid plant solar-panel cell battery charge pipeline reactor kilowatt refinery",
    "BANKS": "interest-rate lender bank shareholder deposit mortgage dividend bond bailout charge audit",
    "HOUSING": "rent landlord tenant mortgage eviction cabinet apartment zoning lease attic facade",
    "LAW": "judge verdict court charge lawyer appeal jury sentence witness trial prosecutor",
    "ELECTIONS": "ballot candidate poll race cabinet party senator turnout campaign coalition runoff",
    "SCHOOLS": "teacher pupils exam degree classroom curriculum chapter homework tuition campus lecture",
    "COMPUTERS": "software server chip laptop hacker update password algorithm cloud port keyboard",
}
"""Words of each topic; some belong to two, as words do."""

TEMPLATES = lines("""
    {word} and {word}: what {place} expects {when}
    {person} on the {word}, the {word} and the years behind both
    why the {word} matters more than the {word}
    after the {word}: {place} talks about the {word}
    {word} in {place}: {person} explains
    no {word} without a {word}, says {person}
    the {word} that nobody saw coming
    {place} waits for its {word}
    new {word}, old {word}
    {person} remembers the first {word}
    a {word}, a {word} and a lot of patience
""")
TEASERS = lines("""
    a visit to {place}
    {person} has doubts
    five questions, five answers
    with pictures of the {word}
    what happened {when}, and what comes next
    our reporter spoke with {person} about the {word}
""")
AROUND = {
    "place": ("Lisbon", "Nairobi", "Osaka", "Bologna", "Leeds", "Austin", "Perth", "Lyon", "Bergen"),
    "person": ("Amina Okafor", "Lars Weber", "Mei Tanaka", "Oskar Silva", "Priya Iyer", "Tove Larsen", "Sami Costa"),
    "when": ("this week", "next year", "in spring", "on Sunday", "at last"),
}


def headlines(n: int, seed: int = 0) -> pd.DataFrame:
    """Make headlines with a teaser: ``id``, ``text`` and the truth, ``topic``; one word in 12 is of another topic."""
    rng, rows = Random(seed), []
    of_topic = {topic: [word.replace("-", " ") for word in some.split()] for topic, some in TOPICS.items()}
    for number in range(n):
        topic = rng.choice(list(TOPICS))
        other = of_topic[rng.choice(list(TOPICS))]
        pool = {**AROUND, "word": of_topic[topic] * 11 + other}
        parts = [fill(rng.choice(texts), pool, rng) for texts in (TEMPLATES, TEASERS)]
        rows.append((f"h{number:05d}", ". ".join(parts) + ".", topic))
    return pd.DataFrame(rows, columns=["id", "text", "topic"])
