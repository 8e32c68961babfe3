"""Notes of a clinic about patients who have pneumonia, or do not."""

from random import Random

import pandas as pd

from . import fill, lines

VOCABULARY = {
    "pneumonia": ("pneumonia", "pneumonia", "bronchopneumonia", "lobar pneumonia"),
    "lobe": ("left lower lobe", "right lower lobe", "right middle lobe", "lingula"),
    "film": ("chest x-ray", "CT of the chest", "portable film", "repeat film"),
    "drug": ("ceftriaxone", "amoxicillin", "doxycycline", "azithromycin"),
    "relative": ("mother", "father", "brother", "grandmother", "sister"),
    "symptom": ("fever", "productive cough", "chills", "pleuritic chest pain", "dyspnea"),
    "days": ("two days", "three days", "four days", "a week"),
    "other": ("bronchitis", "asthma", "heart failure", "a viral infection", "a pulmonary embolism"),
}

PRESENT = lines("""
    {film} shows {pneumonia} in the {lobe}
    {pneumonia} of the {lobe}, started on {drug}
    admitted with {pneumonia} after {days} of {symptom}
    treated for {pneumonia} with {drug} since yesterday
    the patient has {pneumonia} and needs oxygen
    findings are consistent with {pneumonia}
    sputum grew pneumococci, {pneumonia} confirmed
    {pneumonia} is improving on {drug}
    {pneumonia} again, the second this winter
    worse today, {pneumonia} now on both sides
""")

PRESENT_BY_A_NEGATION = lines("""
    no doubt about {pneumonia} on the {film}
    no improvement of {pneumonia} under {drug}
    no other cause of the fever than {pneumonia}
""")

NEGATED = lines("""
    no {pneumonia} on the {film}
    {film} without signs of {pneumonia}
    there is no evidence of {pneumonia}
    patient denies any history of {pneumonia}
    the {film} is negative for {pneumonia}
    {pneumonia} was ruled out by {film}
    {pneumonia} is unlikely
    the {film} did not show any sign of {pneumonia}
    not consistent with {pneumonia}
    {film} free of {pneumonia}
""")

OF_OTHERS = lines("""
    {relative} died of {pneumonia}
    family history: {relative} with {pneumonia} in old age
    {relative} is in hospital with {pneumonia}
    vaccinated against {pneumonia} last year
    return at once if signs of {pneumonia} appear
""")

OPEN_OR_OVER = lines("""
    {pneumonia}? Awaiting {film}
    worried about {pneumonia}
    {pneumonia} as a child
    {pneumonia} has long since resolved
    {other} rather than {pneumonia}
""")

UNNAMED = lines("""
    new consolidation in the {lobe}, started on {drug}
    infiltrate in the {lobe} on the {film}, fever and chills
""")

AROUND = lines("""
    presents with {symptom} for {days}
    no {symptom}, no {symptom}
    lungs clear to auscultation
    treated for {other} last winter
    the {film} shows {other}
    smoker, thirty pack years
    blood pressure stable
    patient denies {symptom}
    not on any medication
    allergic to penicillin
    follow-up in {days}
""")

KINDS = {  # of a note: how many of 100, whether the patient has it, and what it says of it
    "present": (30, True, PRESENT),
    "present by a negation": (4, True, PRESENT_BY_A_NEGATION),
    "negated": (26, False, NEGATED),
    "of others": (8, False, OF_OTHERS),
    "open or over": (5, False, OPEN_OR_OVER),
    "unnamed": (4, True, UNNAMED),
    "silent": (23, False, ()),
}


def notes(n: int, seed: int = 0) -> pd.DataFrame:
    """Make notes of one to four sentences: ``id``, ``text`` and the truth, ``pneumonia``."""
    rng, rows = Random(seed), []
    shares = [share for share, _, _ in KINDS.values()]
    for number in range(n):
        _, has_it, templates = KINDS[rng.choices(list(KINDS), shares)[0]]
        sentences = [fill(rng.choice(AROUND), VOCABULARY, rng) for _ in range(rng.randint(1, 3))]
        if templates:
            sentences.insert(rng.randint(0, len(sentences)), fill(rng.choice(templates), VOCABULARY, rng))
        rows.append((f"note{number:04d}", ". ".join(sentences) + ".", has_it))
    return pd.DataFrame(rows, columns=["id", "text", "pneumonia"])
