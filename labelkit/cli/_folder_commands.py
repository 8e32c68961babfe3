"""Commands that look after a run folder and its versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer
from labelkit.cli._common_options import label_meanings, with_map_label
from labelkit.cli._program import cli


@cli.command(name="history")
@click.argument("folder", type=click.Path(path_type=Path))
def history_command(folder: Path) -> Any:
    """List the versions of the run in FOLDER: when each was made, its rows and rules, and what changed.

    RUN@3 stands for version 3 wherever a command takes a run.
    """
    from labelkit.runs.history import history  # noqa: PLC0415 - --help has to be quick

    return history(folder)


@cli.command(name="restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("version", type=int)
def restore_command(folder: Path, *, version: int) -> Any:
    """Make VERSION of the run in FOLDER the current one again, as a new version; nothing is lost."""
    from labelkit.runs.versions import restore  # noqa: PLC0415 - --help has to be quick

    run = restore(folder, version)
    number = run.layout.number
    return CommandAnswer.of(
        {"folder": run.path, "version": number, "restored": version},
        text=f"{run.path}: version {number} is version {version} again",
    )


@cli.command(name="verify")
@click.argument("folder", type=click.Path(path_type=Path))
def verify_command(folder: Path) -> Any:
    """Say if all files of all versions of the run in FOLDER are whole and unchanged.

    RUN@3 is version 3 alone. The exit status is 1 if a file is missing, changed or strange, and each is named.
    """
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.versions import verify  # noqa: PLC0415 - as above

    wrong, n_versions = verify(folder), len(RunFolder(folder).layout.by_number())
    whole = f"{folder}: whole and unchanged ({n_versions} version{'' if n_versions == 1 else 's'})"
    return CommandAnswer.of(
        {"folder": folder, "whole": not wrong, "versions": n_versions, "problems": list(wrong)},
        text="\n".join(wrong) or whole,
        status=1 if wrong else 0,
    )


@cli.command(name="certify")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--gold", metavar="COLUMN|FILE", required=True, help="What people answered on a random sample.")
@with_map_label
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
    """
    from labelkit.runs.certify_run import certify_run  # noqa: PLC0415 - --help has to be quick

    certificate = certify_run(folder, gold, map_label=label_meanings(map_label, gold=gold), **options)
    return CommandAnswer(lambda: str(certificate), certificate.to_dict)


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
