"""Detectors of streams: by their published definitions, however a stream is cut, with false alarms and delays as stated."""

import math

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import AnalysisError

DETECTORS = {
    "PageHinkley": lambda: lk.PageHinkley(threshold=8),
    "PageHinkley down": lambda: lk.PageHinkley(threshold=8, direction="down"),
    "PageHinkley both": lambda: lk.PageHinkley(threshold=8, direction="both", delta=0.01),
    "DDM": lk.DDM,
}


def stream(seed, n=6_000, before=0.1, after=0.3, change=2_000):
    return np.random.default_rng([5, seed]).random(n) < np.where(np.arange(n) < change, before, after)


def page_hinkley(values, delta, threshold, signs, min_values=30):
    """The definition, value by value."""
    drifts, n, total, path = [], 0, 0.0, dict.fromkeys(signs, (0.0, 0.0))
    for i, value in enumerate(values):
        n, total = n + 1, total + value
        for sign in signs:
            m = path[sign][0] + (sign * (value - total / n) - delta)
            path[sign] = (m, min(path[sign][1], m))
        if n >= min_values and any(m - lowest > threshold for m, lowest in path.values()):
            drifts.append(i)
            n, total, path = 0, 0.0, dict.fromkeys(signs, (0.0, 0.0))
    return drifts


def ddm(values, min_values=30):
    """The definition of Gama et al., value by value: drifts and warnings."""
    drifts, warnings, n, errors, least = [], [], 0, 0, None
    for i, value in enumerate(values):
        n, errors = n + 1, errors + value
        p = errors / n
        s = math.sqrt(p * (1 - p) / n)
        if n < min_values or p == 0:
            continue
        if least is None or p + s <= least[0] + least[1]:
            least = (p, s)
        elif p + s >= least[0] + 3 * least[1]:
            drifts.append(i)
            n, errors, least = 0, 0, None
        elif p + s >= least[0] + 2 * least[1]:
            warnings.append(i)
    return drifts, warnings


@pytest.mark.parametrize("seed", range(5))
def test_page_hinkley_is_its_definition(seed):
    values = stream(seed).astype(float)
    for name, signs, delta in (("up", (1,), 0.05), ("down", (-1,), 0.05), ("both", (1, -1), 0.01)):
        detector = lk.PageHinkley(threshold=8, direction=name, delta=delta)
        assert detector.run(values).drifts.tolist() == page_hinkley(values.tolist(), delta, 8, signs)


@pytest.mark.parametrize("seed", range(5))
def test_ddm_is_its_definition(seed):
    values = stream(seed)
    states = lk.DDM().run(values)
    drifts, warnings = ddm(values.astype(int).tolist())
    assert states.drifts.tolist() == drifts
    assert states.warnings.tolist() == warnings


@pytest.mark.parametrize("name", DETECTORS)
def test_a_stream_may_be_cut_anywhere(name):
    values = stream(3, n=3_000, change=1_000)
    whole = DETECTORS[name]().run(values)
    pieces = DETECTORS[name]()
    cut = [pieces.run(part).states for part in np.split(values, [1, 2, 700, 701, 1_500])]
    assert np.array_equal(np.concatenate(cut), whole.states)
    single = DETECTORS[name]()
    names = [single.update(value) for value in values.tolist()]
    assert [("stable", "warning", "drift").index(one) for one in names] == whole.states.tolist()
    assert single.n_seen == len(values)


@pytest.mark.parametrize("name", DETECTORS)
def test_pieces_of_memory_change_nothing(name, monkeypatch):
    from labelkit.curation.data_drift import detectors

    values = stream(4, n=2_500, change=1_000)
    whole = DETECTORS[name]().run(values).states
    monkeypatch.setattr(detectors, "PIECE", 17)
    assert np.array_equal(DETECTORS[name]().run(values).states, whole)


def test_false_alarms_and_delays_are_those_of_the_page():
    """A tenth of the values wrong, 10,000 values, 100 streams; then a change to 0.3 after 2,000 values."""
    quiet = [np.random.default_rng([6, seed]).random(10_000) < 0.1 for seed in range(100)]
    alarms = {
        name: sum(len(make().run(one).drifts) > 0 for one in quiet)
        for name, make in (("page", lk.PageHinkley), ("ddm", lk.DDM))
    }
    assert alarms["page"] <= 2
    assert 30 <= alarms["ddm"] <= 65
    delays = [lk.PageHinkley().run(stream(seed)).drifts[0] - 2_000 for seed in range(100)]
    assert 90 <= np.median(delays) <= 170
    assert min(delays) > 0


def test_a_stream_without_errors_is_stable_and_the_first_error_is_no_drift():
    values = np.zeros(1_000)
    values[500] = 1
    assert len(lk.DDM().run(values).drifts) == 0
    assert len(lk.PageHinkley().run(values).drifts) == 0
    assert len(lk.DDM().run([])) == 0


@pytest.mark.parametrize(
    ("make", "values", "message"),
    [
        (lk.DDM, [0, 1, 2], "holds 2, which is neither 0 nor 1"),
        (lk.DDM, [0.5], "holds 0.5"),
        (lk.PageHinkley, [1, float("nan")], "NaN"),
        (lk.PageHinkley, [[1, 2]], "another shape"),
        (lk.PageHinkley, ["a"], "no number"),
        (lambda: lk.PageHinkley(threshold=0), [], "threshold=0"),
        (lambda: lk.PageHinkley(direction="left"), [], "'left' is unknown"),
        (lambda: lk.DDM(warning_level=4), [], "no levels in this order"),
    ],
)
def test_what_is_no_stream_is_refused(make, values, message):
    with pytest.raises(AnalysisError, match=message):
        make().run(values)
