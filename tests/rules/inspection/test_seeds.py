"""What draws random numbers is cached only where it is seeded for sure."""

import pytest

from labelkit.apply.vote_cache import why_not
from labelkit.rules.collect import collect

UNSEEDED = {
    "a global that is None": "S = None\ndef rule(x):\n    return random.Random(S).random() < 0.5",
    "a local name that is None": "def rule(x):\n    s = None\n    return random.Random(s).random() < 0.5",
    "a default that is None": (
        "def draw(s=None): return random.Random(s).random()\ndef rule(x):\n    return draw() < 0.5"
    ),
    "None that is handed on": "def draw(s): return random.Random(s).random()\ndef rule(x):\n    return draw(None) < 0.5",
    "a parameter that may be None": "def rule(x, s: int | None):\n    return random.Random(s).random() < 0.5",
    "a keyword": "S = None\ndef rule(x):\n    return np.random.default_rng(seed=S).random() < 0.5",
    "an attribute": "class C: seed = None\ndef rule(x):\n    return np.random.default_rng(C.seed).random() < 0.5",
    "an item": "C = {}\ndef rule(x):\n    return np.random.default_rng(C.get('seed')).random() < 0.5",
    "no arguments": "C = ()\ndef rule(x):\n    return np.random.default_rng(*C).random() < 0.5",
    "no keywords": "C = {}\ndef rule(x):\n    return np.random.default_rng(**C).random() < 0.5",
    "a choice": "F = 0\ndef rule(x):\n    return np.random.default_rng(3 if F else None).random() < 0.5",
    "a helper's answer": "def seed(): return None\ndef rule(x):\n    return random.Random(seed()).random() < 0.5",
    "a lambda": "draw = lambda: random.Random(None).random()\ndef rule(x):\n    return draw() < 0.5",
    "a draw of a distribution": "import scipy.stats\ndef rule(x):\n    return scipy.stats.norm.rvs() < 0.5",
    "rows of a frame": "import pandas as pd\ndef rule(x):\n    return pd.Series(list(x)).sample(1).iloc[0] == 'a'",
    "a series that is shuffled": "import polars as pl\ndef rule(x):\n    return pl.Series(list(x)).shuffle()[0] == 'a'",
    "a split": (
        "from sklearn.model_selection import train_test_split\ndef rule(x):\n    return train_test_split(list(x))[0] == 'a'"
    ),
    "a model": "from sklearn.cluster import KMeans\ndef rule(x):\n    return KMeans(2).fit([[1], [2]]).labels_[0]",
    "the word now": "import pandas as pd\nW = 'now'\ndef rule(x):\n    return pd.Timestamp(W).second % 2",
    "a text that may be now": "def rule(x):\n    return int(np.datetime64(x, 's').astype(int) % 2)",
    "the time zone": "import datetime\ndef rule(x):\n    return datetime.datetime(2020, 1, 1).timestamp() > 1e9",
    "the time zone of a day without one": (
        "import datetime\nZONE = datetime.timezone.utc\n"
        "def rule(x):\n    return datetime.datetime.fromisoformat(x).astimezone(ZONE).hour > 12"
    ),
}

SEEDED = {
    "a global": "S = 3\ndef rule(x):\n    return random.Random(S).random() < 0.5",
    "the text": "def rule(x):\n    return random.Random(x).random() < 0.5",
    "an annotated parameter": (
        "def draw(s: str): return random.Random(s).random()\ndef rule(x):\n    return draw(x) < 0.5"
    ),
    "a hash": "import zlib\ndef rule(x):\n    s = zlib.crc32(x.encode())\n    return np.random.default_rng(s).random() < 0.5",
    "a seed of a sample": "def rule(x):\n    return random.Random(0).sample(x, 1) == ['a']",
    "rows with a state": "import pandas as pd\ndef rule(x):\n    return pd.Series(list(x)).sample(1, random_state=3).iloc[0] == 'a'",
    "a density": "import scipy.stats\ndef rule(x):\n    return scipy.stats.norm.cdf(len(x)) > 0.5",
    "a date of a constant": "import pandas as pd\ndef rule(x):\n    return pd.Timestamp('2020-01-01').year == len(x)",
}


def reasons(tmp_path, source):
    path = tmp_path / "rules.py"
    head = "import random\nimport numpy as np\nimport labelkit as lk\n"
    path.write_text(head + source.replace("def rule(x", "@lk.labeling_function\ndef rule(x"), "utf-8")
    return why_not(collect(path, labels=2)["rule"])


@pytest.mark.parametrize("what", UNSEEDED)
def test_what_may_draw_without_a_seed_is_not_cached(tmp_path, what):
    assert reasons(tmp_path, UNSEEDED[what])


@pytest.mark.parametrize("what", SEEDED)
def test_what_is_seeded_is_cached(tmp_path, what):
    assert reasons(tmp_path, SEEDED[what]) == ()
