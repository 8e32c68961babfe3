"""How fast a bundle labels one record: ``python -m tests.benchmarks.records``.

The declarative rules of ``labeling_functions/moderation.py`` on posts that were made for this, one after the other;
beside it, one-row corpora by ``Applier.apply``, and the same posts as a batch.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import pyarrow as pa

import labelkit as lk
from labelkit.rules.labeling_function import Cases
from tests.benchmarks.measuring import timed

RULES = Path(__file__).parents[2] / "labeling_functions" / "moderation.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000)
    n_rows = parser.parse_args().rows
    lfs = lk.collect(RULES)
    declarative = lfs[[lf.name for lf in lfs if isinstance(lf.body, Cases)]]
    new = pa.Table.from_batches(list(lk.generate_posts(n_rows, random_state=1))).to_pandas()
    plain = new.astype(object).where(new.notna(), None)
    records = plain[[*lk.Applier(declarative).plan.columns]].to_dict("records")
    applier = lk.Applier(declarative)
    with tempfile.TemporaryDirectory() as folder:
        run = lk.run(declarative, lk.load_posts(), Path(folder, "run"), report=False, cache=False)
        with lk.load_bundle(lk.bundle(run, Path(folder, "a.labelkit"))) as bundle:
            bundle.label(new.head(2_000))
            singly = [timed(lambda record=record: bundle.predict(record))[0] for record in records]
            again = [timed(lambda record=record: bundle.predict(record))[0] for record in records]
            rows = [timed(lambda record=record: applier.apply([record], cache=False))[0] for record in records[:200]]
            batch, _ = timed(lambda: bundle.label(new))
    medians = [1e3 * statistics.median(seconds) for seconds in (singly, again, rows)]
    print(f"{len(declarative)} declarative rules, {n_rows:,} new records")
    print(f"{'predict, first time':<28}{medians[0]:>9.3f} ms    1/{medians[2] / medians[0]:.0f} of Applier.apply")
    print(f"{'predict, votes met before':<28}{medians[1]:>9.3f} ms    1/{medians[2] / medians[1]:.0f} of Applier.apply")
    print(f"{'Applier.apply of one row':<28}{medians[2]:>9.3f} ms")
    print(f"{'label, as a batch':<28}{1e3 * batch / n_rows:>9.4f} ms a record")


if __name__ == "__main__":
    main()
