"""Light at the door: importing labelkit loads nothing heavy, and a worker loads no more than voting needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import labelkit as lk

HEAVY = {"pandas", "sklearn", "scipy", "numba", "spacy", "torch", "pyarrow", "polars", "tqdm", "click", "jinja2"}


def run(code):
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment())
    assert done.stderr == ""
    return done.stdout


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def loaded_after(code):
    modules = json.loads(run(f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"))
    return {name.split(".")[0] for name in modules}


def test_importing_labelkit_loads_nothing_heavy_and_says_nothing():
    assert not loaded_after("import labelkit") & HEAVY


def test_declaring_rules_loads_nothing_heavy():
    declaring = (
        "import labelkit as lk\nlk.keywords('a', label=1).rule(name='a')('a')\n@lk.labeling_function\ndef f(x): pass"
    )
    assert not loaded_after(declaring) & HEAVY


def test_importing_labelkit_loads_far_fewer_modules_than_importing_numpy():
    def n_modules(module):
        return int(run(f"import sys; n = len(sys.modules); import {module}; print(len(sys.modules) - n)"))

    assert n_modules("labelkit") < n_modules("numpy") / 2


def test_a_worker_loads_neither_scikit_learn_nor_scipy(tmp_path):
    (tmp_path / "spy.py").write_text(
        "import sys, labelkit as lk\n"
        "words = lk.keywords('a', label=1).rule(name='words')\n"
        "@lk.labeling_function\n"
        "def spy(text):\n"
        "    return int(not {m.split('.')[0] for m in sys.modules} & {'sklearn', 'scipy', 'spacy', 'torch', 'jinja2'})\n"
    )
    matrix = lk.Applier(lk.collect(tmp_path / "spy.py", labels=2)).apply(
        ["a"] * 3000, workers=2, engine="process", batch_size=1024
    )
    assert set(matrix["spy"].votes.ravel().tolist()) == {1}


def test_the_statistics_of_a_run_are_shown_without_scipy_and_the_readers_of_files(tmp_path):
    lk.run([lk.keywords("a", label=1).rule(name="a")], ["a", "b"], tmp_path / "out", labels=2, progress=False)
    code = (
        "import sys; from labelkit.cli import main\n"
        f"try: main(['summarize', {str(tmp_path / 'out')!r}])\nexcept SystemExit: print()\n"
        "print(sorted({'scipy', 'psutil', 'pyarrow.dataset', 'labelkit.corpus'} & set(sys.modules)))"
    )
    assert run(code).splitlines()[-1] == "[]"


def test_a_run_and_its_report_load_neither_scikit_learn_nor_scipy_stats(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "words = lk.keywords('win', label=1).rule(name='words')\n"
        "others = lk.keywords('hi', label=0).rule(name='others')\n"
    )
    (tmp_path / "c.csv").write_text("text\n" + "win it\nhi you\n" * 40)
    modules = run(
        "import sys\n"
        "import labelkit as lk\n"
        f"lk.run({str(tmp_path / 'rules.py')!r}, {str(tmp_path / 'c.csv')!r}, {str(tmp_path / 'out')!r}, labels=['a', 'b'], report=True)\n"
        "print([m for m in ('sklearn', 'scipy.stats', 'scipy.optimize', 'numba') if m in sys.modules])"
    )
    assert modules.strip() == "[]"


def test_a_small_corpus_needs_neither_numba_nor_psutil_nor_threads():
    """As docs/understand/limits.md says of browsers."""
    labeling = (
        "import os; os.environ['LABELKIT_CACHE'] = 'off'\n"
        "import labelkit as lk\n"
        "comments = lk.load_comments(2000)\n"
        "asks = lk.keywords('subscribe', 'check out', label=1).rule(name='asks')\n"
        "link = lk.regex(r'https?://', label=1).rule(name='link')\n"
        "praise = lk.keywords('love', 'song', 'best', label=0).rule(name='praise')\n"
        "matrix = lk.Applier([asks, link, praise], labels=['HAM', 'SPAM']).apply(comments, id='id')\n"
        "print(lk.LabelModel().fit(matrix).label(matrix).to_pandas().to_csv())\n"
    )
    without = (
        "import sys, threading\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('numba', 'psutil'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "def start(self): raise RuntimeError('no threads here')\n"
        "threading.Thread.start = start\n"
    )
    assert run(without + labeling) == run(labeling)
