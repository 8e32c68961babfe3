"""Make runs again after random changes of all that they depend on: ``python -m tests.benchmarks.made_again --n 100``.

After any sequence of steps, a run folder has the bytes of a new run, or the step is refused and the folder is as before.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

import labelkit as lk
from labelkit.exceptions import LabelkitError, MatrixError
from labelkit.runs.versions import verify
from tests.benchmarks.changing_project import DESCRIPTIONS, RULES
from tests.benchmarks.folder_changes import SEEN, FolderChanges, contents

OF_THE_MODEL = ("labels/", "model/", "manifest.json", "summary.csv", "report.html")
"""Files that a label model that was kept makes otherwise."""


def lasting(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest without what describes rules and places."""
    rules = [{name: rule[name] for name in ("name", "labels", "group", "precision")} for rule in manifest["rules"]]
    corpus = {name: value for name, value in manifest["corpus"].items() if name not in ("path", "files", "records")}
    apart = dict.fromkeys(("certificate", "failed_certificates", "gold_file", "selected"))
    return {**manifest, **apart, "rules": rules, "corpus": corpus}


def kill_at(number: int) -> None:
    """Let this process be killed at a rename or a link of that number."""
    left = [number]

    def aimed(function: Any) -> Any:
        def step(*given: Any, **more: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*given, **more)

        return step

    Path.replace, os.link, os.rename, os.replace = map(aimed, (Path.replace, os.link, os.rename, os.replace))


class RunsMadeAgain(FolderChanges):
    """A project that changes, and a run folder that is brought up to date."""

    def teardown(self) -> None:
        """Look at every version, and remove all."""
        SEEN["trials"] += 1
        try:
            if self.out.exists():
                self.look_at_versions()
        finally:
            os.chdir(self.home)
            shutil.rmtree(self.place, ignore_errors=True)

    @rule(cache=st.booleans())
    def update(self, cache: bool) -> None:
        """Bring the folder up to date, and compare it with a new run."""
        self.make(update=True, cache=cache)

    @rule(
        changes=st.sets(
            st.sampled_from(["rows", "rule", "described", "gold", "words", "order"]), min_size=1, max_size=3
        ),
        name=st.sampled_from(sorted(RULES)),
        n_rows=st.sampled_from([1, 12, 1024]),
        keep_model=st.booleans(),
    )
    def update_after_changes(self, changes: set[str], name: str, n_rows: int, keep_model: bool) -> None:
        """Change what an update takes, and update."""
        if not self.out.exists():
            self.make()
        if "rows" in changes:
            self.append(n_rows=n_rows, new_file=True)
        if "rule" in changes:
            self.change_rule(name=name)
        if "described" in changes:
            self.describe_rule(name=name if name in DESCRIPTIONS else "asks")
        if "gold" in changes:
            self.change_gold(share=0.5, label=n_rows % 2)
        if "words" in changes:
            self.change_resources(words="ok\nsong\n" if n_rows == 1 else "no\nnice\n", limit=2 + n_rows % 2)
        if "order" in changes:
            self.move_rule(number=n_rows)
        self.make(update=True, keep_model=keep_model)

    @rule(engine=st.sampled_from(["thread", "thread", "process"]))
    def update_by_workers(self, engine: str) -> None:
        """Do it by several workers."""
        self.make(update=True, workers=2, engine=engine)

    @rule()
    def update_keeping_the_model(self) -> None:
        """Keep the label model."""
        self.make(update=True, keep_model=True)

    @rule(
        by=st.sampled_from(["relative", "symlink", "address", "absolute"]),
        out=st.sampled_from(["relative", "absolute", "below"]),
    )
    def update_from_elsewhere(self, by: str, out: str) -> None:
        """Name the corpus and the folder otherwise, from another working directory."""
        self.make(update=True, by=by, out=out)

    @rule(number=st.integers(1, 30), keep_model=st.booleans(), full=st.booleans())
    def update_after_a_kill(self, number: int, keep_model: bool, full: bool) -> None:
        """Kill an update at a rename or a link, or let it have too little room, and go on."""
        if not self.out.exists():
            return
        self.project.write()
        before = contents(self.out, versions=True)
        died = self.died(number, keep_model=keep_model, full=full)
        SEEN["died" if died else "was not killed"] += 1
        there = self.out if self.out.exists() else self.out.with_name(".out.old")
        assert contents(there, versions=True) == before or verify(there) == []
        self.make(update=True, keep_model=keep_model)

    def died(self, number: int, *, keep_model: bool, full: bool) -> bool:
        """Update in a process of its own, and kill it; returns whether that was needed."""
        process = os.fork()
        if process:
            return os.waitpid(process, 0)[1] != 0
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            if full:
                resource.setrlimit(resource.RLIMIT_FSIZE, (number * 400, number * 400))
            else:
                kill_at(number)
            project, given = self.project, self.project.settings()
            options = {"update": True, "keep_model": keep_model, "cache": False, **given}
            lk.run(project.lfs(), project.corpus, self.out, **options)
            os._exit(0)
        finally:
            os._exit(1)

    @rule(model=st.sampled_from(["LabelModel", "MajorityVote"]))
    def update_by_steps(self, model: str) -> None:
        """Update votes alone, fit a label model to them, and label them."""
        self.project.write()
        given = self.project.settings()
        teach = bool(given.pop("teach", False)) and model == "LabelModel"
        given.pop("model", None)
        report = given.pop("report")
        votes, labeled, new = self.place / "votes", self.place / "labeled", self.place / "new"
        before = contents(votes, versions=True) if votes.exists() else {}
        rules, corpus, anew, error = self.project.lfs(), self.project.corpus, None, None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                more = {"force": True, "cache": False, "model": model, "teach": teach, "report": report}
                lk.run(rules, corpus, new, **more, **given)
            except LabelkitError as raised:
                anew = raised
            try:
                lk.apply_to_folder(rules, corpus, votes, update=True, cache=False, **given)
            except LabelkitError as raised:
                error = raised
            if error is not None:
                assert (contents(votes, versions=True) if votes.exists() else {}) == before
                assert anew is not None or error.code == "LK216", error
                SEEN[f"steps refused {error.code}"] += 1
                return
            if anew is not None:
                assert anew.code in ("LK325", "LK331", "LK321"), anew  # of the label model
                return
            fitted = lk.fit_votes(votes, model=model, teach=teach)
            lk.label_to_folder(votes, fitted, labeled, report=report, force=True)
        SEEN["steps"] += 1
        self.compare(labeled, new, was_finished=True)

    @rule(share=st.floats(0, 1), at=st.floats(0, 1), remove=st.booleans())
    @precondition(lambda self: self.out.exists())
    def update_what_is_damaged(self, share: float, at: float, remove: bool) -> None:
        """Damage a file of the folder; it is made anew, or the damage is told."""
        names = sorted(name for name in contents(self.out) if not name.startswith("report"))
        path = self.out / names[min(int(share * len(names)), len(names) - 1)]
        content = path.read_bytes()
        if path.name == "manifest.json" or not content:
            return
        path.unlink()  # its other names stay as they are
        if not remove:
            place = min(int(at * len(content)), len(content) - 1)
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert verify(self.out) != []
        SEEN["damaged"] += 1
        if not self.make(update=True, damaged=True):
            path.write_bytes(content)
            assert verify(self.out) == []
            return
        assert all(line.startswith("versions/") for line in verify(self.out))
        self.make(force=True)

    @rule()
    def update_again(self) -> None:
        """Do it twice: nothing is made the second time."""
        if self.make(update=True):
            before = contents(self.out, versions=True)
            assert self.make(update=True)
            if self.untouched and not self.project.rules.keys() & {"fragile"}:
                assert contents(self.out, versions=True) == before

    @rule(cache=st.booleans())
    def force(self, cache: bool) -> None:
        """Make the run anew, with votes that are kept in the vote cache."""
        self.make(force=True, cache=cache)

    @rule()
    def run_without_update(self) -> None:
        """Make the run where one is: it is the same, or refused."""
        self.make()

    def make(
        self,
        *,
        update: bool = False,
        force: bool = False,
        keep_model: bool = False,
        by: str = "absolute",
        out: str = "absolute",
        damaged: bool = False,
        **options: Any,
    ) -> bool:
        """Make a run, compare it with a new one; returns whether it was made."""
        project = self.project
        project.write()
        corpus, place = self.named(project.corpus, by), self.out
        if out != "absolute":
            place = Path("out") if out == "relative" else Path("parts") / ".." / "out"
        options["cache"] = self.place / "cache" if options.get("cache") else False
        given = project.settings()
        before = contents(self.out, versions=True) if self.out.exists() else {}
        anew, error = None, None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                lk.run(project.lfs(), corpus, self.place / "new", force=True, cache=False, **given)
            except LabelkitError as raised:
                anew = raised
            try:
                more = {"update": update, "force": force, "keep_model": keep_model, **options}
                run = lk.run(project.lfs(), corpus, place, **given, **more)
            except LabelkitError as raised:
                error = raised
        if error is not None:
            if damaged:
                assert contents(self.out, versions=True) == before
                SEEN[f"damage refused {error.code}"] += 1
                return False
            self.check_refused(before, error, anew, update=update, keep_model=keep_model)
            return False
        assert anew is None, anew
        SEEN["updated" if before and update else "made"] += 1
        SEEN["was finished"] += run.was_finished
        self.check_made(was_finished=run.was_finished, damaged=damaged)
        return True

    def named(self, corpus: Any, by: str) -> Any:
        """Name the files of the corpus otherwise."""
        if not isinstance(corpus, Path):
            return corpus
        if by == "relative":
            return str(corpus.relative_to(self.place))
        if by == "address":
            return corpus.as_uri()
        link = self.place / "link"
        if by == "symlink":
            link.unlink(missing_ok=True)
            link.symlink_to(self.place / "parts")
            return link / corpus.relative_to(self.place / "parts")
        return corpus

    def check_refused(
        self,
        before: dict[str, bytes],
        error: LabelkitError,
        anew: LabelkitError | None,
        *,
        update: bool,
        keep_model: bool,
    ) -> None:
        """Check that the folder is as before, and that there was a reason."""
        after = contents(self.out, versions=True) if self.out.exists() else {}
        assert after == before, "a refused step changed the folder"
        assert not before or verify(self.out) == []
        SEEN[f"refused {error.code}"] += 1
        if anew is None and before:
            expected = {"LK216", "LK402", "LK326", "LK205", "LK412"} if update else {"LK501"}
            assert error.code in expected, error
            assert not (update and not keep_model and self.untouched), error
        elif anew is not None:
            assert error.code == anew.code or before, (error, anew)

    def check_made(self, *, was_finished: bool, damaged: bool) -> None:
        """Compare the folder with a new run."""
        folder = lk.RunFolder(self.out)
        kept = bool(folder.manifest.get("kept_model"))
        if kept:
            assert np.array_equal(folder.labels().proba, folder.model().predict_proba(folder.matrix()))
        self.compare(self.out, self.place / "new", was_finished=was_finished, kept=kept)
        assert damaged or verify(self.out) == []
        self.untouched = True

    def compare(self, out: Path, new: Path, *, was_finished: bool, kept: bool = False) -> None:
        """Compare the files of two folders; a finished one keeps the words in which rules and places are described."""
        run, anew = contents(out), contents(new)
        names = run.keys() | anew.keys()
        if kept:
            names = {name for name in names if not name.startswith(OF_THE_MODEL)}
        different = sorted(name for name in names if run.get(name) != anew.get(name))
        if "manifest.json" in different:
            one, other = (lk.RunFolder(folder).manifest for folder in (out, new))
            if was_finished:
                different.remove("manifest.json")
                one, other = (lasting(manifest) for manifest in (one, other))
            assert one == other
        if was_finished:
            different = [name for name in different if name.startswith(("labels/", "model/", "summary"))]
            old, fresh = (lk.RunFolder(folder) for folder in (out, new))
            assert np.array_equal(old.matrix().votes, fresh.matrix().votes)
            assert np.array_equal(old.patterns().counts, fresh.patterns().counts)
            assert [(fault.id, fault.lf) for fault in old.faults] == [(fault.id, fault.lf) for fault in fresh.faults]
        assert different == []

    def look_at_versions(self) -> None:
        """Read every version in all ways."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            versions = lk.history(self.out).versions
            str(lk.history(self.out))
            for version in versions:
                folder = lk.RunFolder(self.out, version.number)
                labels = folder.labels()
                assert len(labels) == version.n_examples == folder.manifest["examples"]
                exported = self.place / f"{version.number}.parquet"
                lk.export(folder, exported, unlabeled=True, votes=True)
                first = labels.ids[0]
                assert len(lk.why(folder, first).votes) <= version.n_rules
                try:
                    str(lk.diff(folder, self.out))
                except MatrixError as error:  # ids of another kind, or of other rows
                    told = error.code
                    assert told == "LK313"
                SEEN["looked at"] += 1
        assert verify(self.out) == []


def main() -> None:
    """Make the trials, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--random-state", type=int, default=0)
    parser.add_argument("--shrink", action="store_true", help="Look for the shortest steps that fail.")
    given = parser.parse_args()
    how = settings(
        max_examples=given.n,
        stateful_step_count=given.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if given.shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    print(f"{given.n} trials of {given.steps} steps, from the seed {given.random_state}", flush=True)
    try:
        run_state_machine_as_test(seed(given.random_state)(RunsMadeAgain), settings=how)
    finally:
        print(dict(SEEN))


if __name__ == "__main__":
    main()
