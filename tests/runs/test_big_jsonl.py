"""Everything streams: what a run takes of memory does not grow with its corpus."""

from tests.benchmarks.big_jsonl import measure

MEGABYTES = 100

MOST_MB = 700
"""Most memory of all processes together, of which the libraries take about 300 MB."""


def test_a_hundred_megabytes_of_json_are_labeled_in_bounded_memory(tmp_path):
    measured = measure(tmp_path, MEGABYTES, workers=2)
    assert measured.n_bytes >= MEGABYTES * 2**20
    assert measured.peak_mb < MOST_MB
    assert [path.name for path in tmp_path.iterdir()] == ["rules.py"]
