"""Commands that look after the folder of a run or a data set, and its versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer, written
from labelkit.cli._common_options import label_meanings, with_gold_meanings
from labelkit.cli._program import cli


def data_set_in(folder: Path) -> Any:
    """Return the data set in a folder, or the version of it that is named; None for what is none."""
    from labelkit.runs.versioned_layout import VersionedLayout, named_version  # noqa: PLC0415 - --help has to be quick

    top, version = named_version(folder)
    if not VersionedLayout(top).is_data_set:
        return None
    from labelkit.curation.data_set import DataSet  # noqa: PLC0415 - as above

    return DataSet(top, version)


@cli.command(name="history")
@click.argument("folder", type=click.Path(path_type=Path))
def history_command(folder: Path) -> Any:
    """List the versions of the run or data set in FOLDER: when each was made, and what changed.

    RUN@3 stands for version 3 wherever a command takes a run or a data set.
    """
    from labelkit.runs.history import history  # noqa: PLC0415 - --help has to be quick

    data_set = data_set_in(folder)
    return history(folder) if data_set is None else data_set.history()


@cli.command(name="restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("version", type=int)
def restore_command(folder: Path, *, version: int) -> Any:
    """Make VERSION of the run or data set in FOLDER the current one again, as a new version; nothing is lost."""
    from labelkit.runs.local_copies import shown_place  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above
    from labelkit.runs.versions import Version, restore  # noqa: PLC0415 - as above

    data_set = data_set_in(folder)
    opened = RunFolder(folder) if data_set is None else data_set
    if opened.layout.current.number == version and Version.read(opened.layout.current) is not None:
        return CommandAnswer.of(
            {"folder": shown_place(opened.path), "version": version, "restored": version},
            text=f"{shown_place(opened.path)}: version {version} is the current one, so there is nothing to do",
        )
    restored = restore(folder, version) if data_set is None else data_set.restore(version)
    number = restored.layout.number
    return CommandAnswer.of(
        {"folder": shown_place(restored.path), "version": number, "restored": version},
        text=f"{shown_place(restored.path)}: version {number} is version {version} again",
    )


@cli.command(name="verify")
@click.argument("folder", type=click.Path(path_type=Path))
def verify_command(folder: Path) -> Any:
    """Say if all files of all versions of the run or data set in FOLDER are whole and unchanged.

    RUN@3 is version 3 alone. The exit status is 1 if a file is missing, changed or strange, and each is named.
    """
    from labelkit._shared.numbers import plural  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.local_copies import shown_path  # noqa: PLC0415 - as above
    from labelkit.runs.versioned_layout import VersionedLayout, named_version  # noqa: PLC0415 - as above
    from labelkit.runs.versions import verify  # noqa: PLC0415 - as above

    data_set = data_set_in(folder)
    wrong = verify(folder) if data_set is None else data_set.verify()
    top, version = named_version(folder)
    n_versions = 1 if version is not None else len(VersionedLayout(top).by_number())
    state = f"{plural(len(wrong), 'problem')} found" if wrong else "whole and unchanged"
    head = f"{shown_path(folder)}: {state} ({plural(n_versions, 'version')})"
    return CommandAnswer.of(
        {"folder": shown_path(folder), "whole": not wrong, "versions": n_versions, "problems": list(wrong)},
        text="\n".join([head, *(f"  {line}" for line in wrong)]),
        status=1 if wrong else 0,
    )


@cli.command(name="card")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write: card.md or card.html.")
@click.option("--force", is_flag=True)
def card_command(folder: Path, *, out: Path, force: bool) -> Any:
    """Write the card of the data set in FOLDER: sources, rules, quality, splits, steps, known biases, as recorded."""
    from labelkit.curation.data_set import open_dataset  # noqa: PLC0415 - --help has to be quick

    card = open_dataset(folder).card()
    path = card.save(out, force=force)
    return written(path, f"written to {path}", title=card.title)


@cli.command(name="certify")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--gold", metavar="COLUMN|FILE", required=True, help="What people answered on a random sample.")
@with_gold_meanings
@click.option("--max-error", default=0.03, show_default=True, help="The highest share of wrong labels, in (0, 1).")
@click.option("--confidence", default=0.95, show_default=True, help="How sure, in (0, 1).")
@click.option(
    "--guarantee",
    type=click.Choice(["bound", "expected"]),
    default="bound",
    show_default=True,
    help="Whether the error is below --max-error with that confidence, or on average over audits.",
)
def certify_command(folder: Path, *, gold: str, map_label: tuple[str, ...], **options: Any) -> Any:
    """Keep the largest set of the labels of the run in FOLDER that an audit proves to be good enough.

    The audit is gold on a random sample of the labeled examples, from which the label model did not learn. What it
    proves stands in the manifest of a new version of the run, and in its report. `labelkit export FOLDER
    --min-confidence` with the probability that is printed writes the certified labels.

    The exit status is 3 if no set of labels is proved: that is recorded as failed, and a certificate of before stays.
    """
    from labelkit.runs.certify_run import certified_with_note  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    certificate, note = certified_with_note(folder, gold, map_label=label_meanings(map_label, gold=gold), **options)
    run = RunFolder(folder)
    values = {**certificate.to_dict(), "note": note}
    text = str(certificate) if note is None else f"{certificate}\n{note}"
    if certificate.certified:
        return CommandAnswer.of(values, text=text)
    in_force = run.manifest.get("certificate")
    stays = "there is no other one" if in_force is None else f"in force stays: {in_force['statement']}"
    return CommandAnswer.of(values, text=f"{text}\nrecorded as a failed certificate; {stays}", status=3)


@cli.command(name="audit-plan")
@click.option("--max-error", default=0.03, show_default=True, help="The highest share of wrong labels, in (0, 1).")
@click.option("--confidence", default=0.95, show_default=True, help="How sure, in (0, 1).")
@click.option("--expected-error", default=0.0, show_default=True, help="The share of wrong labels that is likely.")
@click.option("--power", default=0.8, show_default=True, help="How probably the audit has to succeed then.")
def audit_plan_command(**options: float) -> Any:
    """Say how many labels people must check before an error below --max-error is proved."""
    from labelkit.votes.audit.plan import audit_plan  # noqa: PLC0415 - --help has to be quick

    plan = audit_plan(**options)
    return CommandAnswer(lambda: str(plan), plan.to_dict)
