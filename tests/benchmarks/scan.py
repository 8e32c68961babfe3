"""How fast a column of posts is scanned: keyword lists, look-ups and regular expressions, apart and together.

``python -m tests.benchmarks.scan --rows 200000`` prints millions of row x test a second on one core, and what a plain
loop over the definitions does on a sample of the same rows (with a check that both say the same).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

from labelkit.matching import ColumnScan
from labelkit.rules.predicates import Pattern, Words

REGEXES = (
    r"https?://\S+",
    r"https?://(?!www\.youtube\.com)",
    r"\b(?:www\.)?[a-z0-9-]+\.(?:com|net|org|info|biz|ru|xyz)\b(?:/\S*)?",
    r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
    r"\+?\b\d{1,3}[ .-]?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
    r"[$€£]\s?\d+(?:[.,]\d+)*",
    r"\b\d+(?:\.\d+)?\s?(?:usd|eur|dollars?|euros?|bucks)\b",
    r"[!?]{3,}",
    r"(?:[A-Z]{2,}\W+){3,}",
    r"^[^a-z]*[A-Z][^a-z]*$",
    r"(?<!not )\b(?:great|awesome|amazing)\b",
    r"\b(?:free|win|won|prize|gift)\b.{0,40}\b(?:click|call|claim|now)\b",
    r"(?i:\bcheck\s+(?:out|it|my)\b)",
    r"(\w)\1{3,}",
    r"@\w{1,15}",
    r"#\w+(?:\s+#\w+){2,}",
    r"\b(?:1[0-2]|0?[1-9])(?::[0-5]\d)?\s?[ap]\.?m\.?\b",
    r"\b(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b",
    r"[\U0001F300-\U0001FAFF\u2600-\u27BF]{2,}",
    r"\b\d{1,3}\s?%\s*(?:off|discount|sale)\b",
)
IGNORE_CASE = {2, 3, 6, 10, 11, 16, 19}
SHARES = (0.3, 0.5, 0.2)  # of names of one, two and three words in a look-up
EXTRAS = (
    "https://www.youtube.com/watch?v=abc",
    "http://bit.ly/x9",
    "info@shop.com",
    "+1 555-123-4567",
    "$9.99",
    "€ 20",
    "100 dollars",
    "WOW!!!",
    "???",
    "THIS IS SO GOOD",
    "#ad #sale #now",
    "@friend",
    "soooooo",
    "5pm",
    "2024-05-01",
    "🔥🔥",
    "❤️",
    "50% off",
    "check out",
    "not great",
    "awesome",
    "free",
    "click",
    "c++",
    "日本語",
    "naïve café",
    "привет мир",
)


def vocabulary(rng: np.random.Generator, n: int) -> np.ndarray:
    """Made-up words of two to twelve letters."""
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = 1 / (np.arange(26) + 3)
    lengths = rng.integers(2, 12, n)
    drawn = rng.choice(letters, size=lengths.sum(), p=weights / weights.sum())
    made = ("".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1]))
    return np.array(list(dict.fromkeys(made)))


def corpus(rng: np.random.Generator, words: np.ndarray, n_rows: int) -> pa.StringArray:
    """Posts of about 120 characters in the median, with a heavy tail, some nulls and what posts are full of."""
    lengths = np.maximum(1, rng.lognormal(2.75, 0.6, n_rows)).astype(int)
    drawn = words[np.minimum((rng.pareto(0.7, lengths.sum()) * 20).astype(int), len(words) - 1)].astype(object)
    special = np.flatnonzero(rng.random(len(drawn)) < 0.04)
    drawn[special] = rng.choice(np.array(EXTRAS, dtype=object), len(special))
    title = np.flatnonzero(rng.random(len(drawn)) < 0.08)
    drawn[title] = [word.title() for word in drawn[title]]
    ends = np.cumsum(lengths)
    posts = [" ".join(drawn[stop - n : stop]) for stop, n in zip(ends.tolist(), lengths.tolist(), strict=True)]
    nulls = rng.random(n_rows) < 0.01
    return pa.array([None if null else post for post, null in zip(posts, nulls, strict=True)], pa.string())


def tests(rng: np.random.Generator, words: np.ndarray) -> dict[str, list[Words | Pattern]]:
    """25 keyword lists, 10 look-ups and 20 regular expressions."""
    keywords = [Words(tuple(rng.choice(words[200:], int(n)))) for n in rng.integers(5, 50, 25)]
    keywords[3] = Words((*keywords[3].words, "c++", "#ad", "🔥"))
    sizes = (1000, 1000, 2000, 3000, 5000, 8000, 10000, 20000, 30000, 50000)
    gazetteers = [Words(tuple(_name(rng, words, int(k)) for k in rng.choice([1, 2, 3], n, p=SHARES))) for n in sizes]
    flags = [2 if number in IGNORE_CASE else 0 for number in range(len(REGEXES))]
    regexes = [Pattern(regex, flag) for regex, flag in zip(REGEXES, flags, strict=True)]
    return {"keywords": keywords, "look-ups": gazetteers, "regexes": regexes}


def _name(rng: np.random.Generator, words: np.ndarray, n_words: int) -> str:
    """A name of some words; those of one word are rare words, or each post would hold some."""
    return " ".join(words[rng.integers(5000 if n_words == 1 else 0, len(words) - 1, n_words)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--each", action="store_true", help="each regular expression alone as well")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    words = vocabulary(rng, 60_000)
    import numba  # noqa: F401  or the first scan would pay for it

    column = corpus(rng, words, options.rows)
    groups = tests(rng, words)
    together = [test for group in groups.values() for test in group]
    for name, some in {**groups, "together": together}.items():
        measure(name, some, column)
    if options.each:
        for test in groups["regexes"]:
            measure(str(test), [test], column)
    check(groups["keywords"] + groups["regexes"], column.slice(0, options.sample))


def measure(name: str, some: list[Words | Pattern], column: pa.StringArray) -> None:
    """Build and warm the scan, then take the best of five: other work on the machine can only slow it down."""
    scan = ColumnScan(some)
    started = time.perf_counter()
    scan.scan(column.slice(0, 20_000))
    built = time.perf_counter()
    batches = [column.slice(start, 65_536) for start in range(0, len(column), 65_536)]
    votes = sum(int(scan.scan(batch).sum()) for batch in batches)
    took = min(_seconds(scan, batches) for _ in range(5))
    rate = len(column) * len(some) / took / 1e6
    print(
        f"{name[:60]:60} {rate:8.1f} M row x test/s  {took / len(column) * 1e6:6.3f} us/row"
        f"  built in {built - started:5.2f} s  votes {votes / len(column) / len(some):.4f}"
    )


def _seconds(scan: ColumnScan, batches: list[pa.StringArray]) -> float:
    started = time.perf_counter()
    for batch in batches:
        scan.scan(batch)
    return time.perf_counter() - started


def check(some: list[Words | Pattern], column: pa.StringArray) -> None:
    """Hold the scan against the definitions, and time those."""
    votes = ColumnScan(some).scan(column)
    texts = column.to_pylist()
    some[0].matches("")
    started = time.perf_counter()
    expected = np.array([[text is not None and test.matches(text) for test in some] for text in texts])
    took = time.perf_counter() - started
    print(f"definitions: {expected.size / took / 1e6:.3f} M row x test/s; votes equal: {(votes == expected).all()}")


if __name__ == "__main__":
    main()
