"""Sentences of newspapers about two people, and a knowledge base that knows some of them."""

from random import Random
from typing import NamedTuple

import pandas as pd

from . import fill, lines, words

FIRST = words("""
    Amina Bruno Chidi Dana Elif Farid Greta Hiro Ines Jonas Kavya Lars Mei Noor Oskar Priya Quinn Rosa Sami Tove Ada
    Boris Clara Dev Emil Freya Gus Hana Ivan Julia Kofi Lena Marco Nadia Omar Petra Ravi Sofia Tomas Vera
""")
LAST = words("""
    Okafor Lindqvist Moreau Tanaka Haddad Novak Silva Bauer Kowalski Rossi Mensah Petrov Iyer Larsen Castro Weber
    Nakamura Dubois Eriksen Costa Demir Fischer Horvat Ivanova Jensen Keita Lopez Marin Nilsen Oduya
""")

VOCABULARY = {
    "place": ("Lisbon", "Nairobi", "Osaka", "Bologna", "Leeds", "Austin", "Malaga", "Perth"),
    "when": ("in 1998", "last June", "in a small ceremony", "ten years ago", "on Saturday", "after the war"),
    "what": ("the gallery", "a law firm", "the harbour project", "a children's home", "the opera house", "a bakery"),
    "role": ("lawyer", "trainer", "editor", "manager", "adviser", "successor", "doctor"),
    "sibling": ("brother", "sister", "twin", "cousin"),
}

MARRIED = lines("""
    {a} married {b} {when}
    {a} and her husband {b} opened {what} in {place}
    {a} and his wife {b} live in {place}
    {a} tied the knot with {b} {when}
    {a}, whose wedding to {b} was {when}, runs {what}
    {a} exchanged vows with {b} in {place}
    {a} celebrated a silver anniversary with {b} in {place}
""")
MENTIONED_TOGETHER = lines("""
    {a} and {b} were seen in {place} {when}
    {a} moved to {place} with {b} {when}
    {a} sold {what} to fund the care of {b}
    {a} and {b} have three children
    {a} thanked {b} for years of patience
    {a} spoke, and {b} listened in the first row
""")
OTHERS = lines("""
    {a} and {b} were seen in {place} {when}
    {a} thanked {b} for years of patience
    {a} spoke, and {b} listened in the first row
    {a} hired {b} as {role} {when}
    {a} beat {b} in the final in {place}
    {a} and business partner {b} bought {what}
    {a} sued {b} over {what} in {place}
    {a}, {sibling} of {b}, runs {what}
    {a} and {sibling} {b} grew up in {place}
    {a} divorced {b} {when}
    {a} came alone to the wedding of {b} in {place}
    {a} met the widow of the painter, and {b} took the pictures
    {a} works as {role} of {b}
""")


OUTDATED = 0.1
"""So many of the couples of the knowledge base are divorced by now."""


class News(NamedTuple):
    """Sentences with the places of both people in them, and what the knowledge base knows."""

    sentences: pd.DataFrame
    couples: list[tuple[str, str]]
    relatives_and_rivals: list[tuple[str, str]]


def news(n: int, *, known: float = 0.3, seed: int = 0) -> News:
    """Make sentences, a third of them about couples, of which the knowledge base has a share.

    The sentences have ``id``, ``person``, ``between`` (the words between both), ``other``, ``text`` and the truth,
    ``spouses``: whether the sentence is about a couple that is married.
    """
    rng = Random(seed)
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    rng.shuffle(people)
    pairs = list(zip(people[::2], people[1::2], strict=True))
    n_married = len(pairs) // 3
    married = [_namesakes(pair, 0.35, rng) for pair in pairs[:n_married]]
    others = [_namesakes(pair, 0.06, rng) for pair in pairs[n_married:]]
    rows = []
    for number in range(n):
        spouses = rng.random() < 1 / 3
        a, b = rng.choice(married if spouses else others)
        a, b = (a, b) if rng.random() < 0.5 else (b, a)
        templates = OTHERS if not spouses else MARRIED if rng.random() < 0.6 else MENTIONED_TOGETHER
        text = fill(rng.choice(templates).replace("{a}", a).replace("{b}", b), VOCABULARY, rng) + "."
        between = text[text.index(a) + len(a) : text.index(b)].strip()
        rows.append((f"s{number:04d}", a, between, b, text, spouses))
    sentences = pd.DataFrame(rows, columns=["id", "person", "between", "other", "text", "spouses"])
    in_force, over = (married[: int(known * len(married))], others[-int(OUTDATED * known * len(married)) :])
    return News(sentences, in_force + over, others[: int(known * len(others))])


def _namesakes(pair: tuple[str, str], share: float, rng: Random) -> tuple[str, str]:
    """Give both people of some pairs the same surname."""
    a, b = pair
    return (a, f"{b.split()[0]} {a.split()[1]}") if rng.random() < share else pair
