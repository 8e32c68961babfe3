"""A project of rules with all that they may read, and its run as a bundle."""

import pytest

import labelkit as lk

RULES = '''
from enum import IntEnum
from pathlib import Path

import labelkit as lk
import words.marks
from helpers import shouts


class Label(IntEnum):
    HAM = 0
    SPAM = 1


MOODS = frozenset((Path(__file__).parent / "data" / "moods.txt").read_text().split())

asks = lk.keywords("subscribe", "check out", label=Label.SPAM).rule(name="asks")
link = lk.regex(r"https?://", label=Label.SPAM).rule(name="link")
place = lk.lookup("data/places.csv", value="label", label=Label).rule(name="place")


@lk.labeling_function
def loud(text: str) -> Label | None:
    """Shouts."""
    from words.marks import MARKS

    return Label.SPAM if shouts(text) and any(mark in text for mark in MARKS) else None


@lk.column
def n_words(text: str) -> int:
    return len(text.split())


@lk.labeling_function
def mood(text: str, n_words: int) -> Label | None:
    """Names a feeling, in few words."""
    return Label.HAM if n_words < 12 and MOODS & set(text.lower().split()) else None
'''

FILES = {
    "rules.py": RULES,
    "helpers.py": "def shouts(text):\n    return text.isupper()\n",
    "words/marks.py": 'MARKS = ("!", "?")\n',
    "data/moods.txt": "love\nlovely\nsad\n",
    "data/places.csv": "place,label\nparis,HAM\nfree zone,SPAM\n",
}


def write_project(folder, **changed):
    """Write the files of the project; ``changed`` replaces some by their stem."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changed.get(path.stem, text))
    return folder / "rules.py"


@pytest.fixture(scope="session")
def frame():
    return lk.load_comments(400)


@pytest.fixture(scope="session")
def run(tmp_path_factory, frame):
    folder = tmp_path_factory.mktemp("project")
    return lk.run(write_project(folder), frame, folder / "run", id="id", report=False, cache=False)


@pytest.fixture(scope="session")
def packed(run, tmp_path_factory):
    return lk.bundle(run, tmp_path_factory.mktemp("bundle") / "spam.labelkit")


@pytest.fixture
def loaded(packed):
    with lk.load_bundle(packed) as bundle:
        yield bundle
