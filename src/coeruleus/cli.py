"""The command line: draft, check and verify experiments, list formats, write the demonstration experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import coeruleus

SHIPPED_RULESETS = Path(__file__).resolve().parents[2] / "config" / "rulesets"
RULE_SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=coeruleus.__doc__)


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(help="An experiment directory.")],
    sheets_only: Annotated[bool, typer.Option("--sheets-only", help="Do not open the instrument files.")] = False,
) -> None:
    """Say every problem of the sheets and files at once, before anything runs."""
    from coeruleus.experiment.model import BrokenExperiment
    from coeruleus.intake.check import check_files, check_files_of_broken
    from coeruleus.intake.find import read_experiment
    from coeruleus.intake.say import lines_of
    from coeruleus.tables.problems import Problem

    problems: list[Problem] = []
    try:
        experiment = read_experiment(directory, SHIPPED_RULESETS).experiment
        problems = experiment.problems if sheets_only else experiment.problems + check_files(experiment)
    except BrokenExperiment as broken:
        problems = broken.problems if sheets_only else broken.problems + check_files_of_broken(directory)
    for line in lines_of(problems):
        typer.echo(line)
    errors = sum(problem.severity == "error" for problem in set(problems))
    warnings = len(set(problems)) - errors
    typer.echo(f"{directory.resolve().name}: {errors} errors, {warnings} warnings")
    raise typer.Exit(1 if errors else 0)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A folder of instrument files.")],
    interval: Annotated[float | None, typer.Option(help="Minutes in which one dialysis sample is collected.")] = None,
    start: Annotated[float | None, typer.Option(help="Start of sample 1, in minutes; 0 is the treatment.")] = None,
) -> None:
    """Draft experiment.yaml and all sheets from the files in a folder; run again, it adds rows for new files."""
    from coeruleus.experiment.fields import BLANK
    from coeruleus.formats.errors import FormatError
    from coeruleus.intake.draft import draft

    try:
        done = draft(directory, interval, start)
    except FormatError as error:
        typer.echo(f"error: {error}")
        raise typer.Exit(1) from None
    for line in done.said:
        typer.echo(line)
    for name in done.written:
        typer.echo(f"wrote {name}")
    if done.written:
        typer.echo(f"Replace every {BLANK} in them; 'coeruleus check {directory}' lists those that are left.")


@app.command()
def formats(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table of the README.")] = False,
) -> None:
    """List the file formats that are read."""
    from coeruleus.formats.registry import list_formats

    if markdown:
        typer.echo("| format | what | usual suffixes | notes |\n|---|---|---|---|")
    for row in list_formats():
        if markdown:
            typer.echo(f"| {row['title']} | {row['kind']} | {row['suffixes']} | {row['notes']} |")
        else:
            typer.echo(f"{row['kind']}  {row['name']}  ({row['suffixes']})\n    {row['title']}: {row['notes']}")


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write it; made if it is not there.")] = Path("demo"),
    small: Annotated[bool, typer.Option("--small", help="The small version that the tests use.")] = False,
) -> None:
    """Write the simulated demonstration experiment, with its truth."""
    from coeruleus.simulation.demo import write_demo, write_small

    (write_small if small else write_demo)(directory)
    typer.echo(f"{directory} holds the demonstration experiment")


@app.command()
def verify(
    results: Annotated[Path, typer.Argument(help="The results of one experiment, with their provenance.json.")],
    experiment: Annotated[
        Path | None, typer.Option(help="Its experiment directory, to compare the inputs too.")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="Other results of the same experiment to compare with.")] = None,
) -> None:
    """Say which file of results is not what provenance.json says, and which input, setting or code explains it."""
    from coeruleus import verify as verifying
    from coeruleus.experiment.model import BrokenExperiment
    from coeruleus.intake.find import read_experiment

    recorded = verifying.read_record(results)
    other = verifying.read_record(against) if against else None
    for folder, record in ((results, recorded), *(((against, other),) if against else ())):
        if record is None:
            typer.echo(
                f"{folder}: there is no provenance.json that can be read: give the folder of one experiment's results"
            )
            raise typer.Exit(2)
    assert recorded is not None
    settings = None
    if experiment:
        try:
            settings = read_experiment(experiment, SHIPPED_RULESETS).experiment.settings.model_dump(mode="json")
        except BrokenExperiment:
            typer.echo(f"{experiment}: is broken (see coeruleus check): its settings are not compared")
    now = verifying.state_of(results, recorded, experiment, settings, RULE_SCRIPTS)
    said = verifying.compare(recorded, now) + verifying.outdated(recorded, now)
    if other is not None:
        said += [f"beside {against}: {words}" for words in verifying.compare(other, recorded)]
    for words in said:
        typer.echo(words)
    notes = [f"version of {name}: {what}" for name, what in verifying.changes_between(recorded, now)["version"].items()]
    for words in [*notes, *verifying.code_since(recorded, now)] if not said else ():
        typer.echo(f"note: {words}; no file differs until the workflow runs again")
    typer.echo(f"{results}: {len(recorded['outputs'])} files, {len(said)} differences")
    raise typer.Exit(1 if said else 0)


@app.command()
def describe() -> None:
    """Print every key and column of an experiment directory, as config/README.md has them."""
    from coeruleus.intake.describe import describe as text

    typer.echo(text(), nl=False)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(coeruleus.__version__)


def main() -> None:
    app()
