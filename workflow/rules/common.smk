# Which experiments there are, what they hold, and where things lie. Sheets are read here, before any job.
import atexit
import os
import sys
from pathlib import Path

# One thread for numeric libraries: the same bytes on any number of cores.
for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
):
    os.environ[name] = "1"

from coeruleus.intake.find import find_experiments
from coeruleus.staleness import code_digest, facts_digest

TOP = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]


configfile: str(TOP / "config" / "config.yaml")


RESULTS = str(config.get("results") or "results").rstrip("/")
INTERIM = f"{RESULTS}/.interim"
LOGS = str(config.get("logs") or "logs").rstrip("/")
EXPERIMENTS, REFUSED = find_experiments(
    config.get("experiments"), TOP / "config" / "rulesets"
)
REFUSAL = f"{INTERIM}/.refused"  # no experiment is named so


def name_refused():
    names = "refused: " + ", ".join(sorted({refused.name for refused in REFUSED}))
    print(
        "\n".join(["", *(refused.text for refused in REFUSED), "", names]),
        file=sys.stderr,
    )


if REFUSED and workflow.is_main_process:
    # At exit, so that the last lines say it whatever else was printed.
    atexit.register(name_refused)


wildcard_constraints:
    experiment="[^/]+",
    run="[A-Za-z0-9._-]+",
    session="[A-Za-z0-9._-]+",


def experiment_of(wildcards):
    return EXPERIMENTS[wildcards.experiment].experiment


def directory_of(wildcards):
    return str(experiment_of(wildcards).path)


def code(script):
    return code_digest(TOP / "workflow" / "scripts" / script)


# What stands behind each result; the scripts of the last rules stand behind none.
CODES = {
    path.stem: code(path.name)
    for path in sorted((TOP / "workflow" / "scripts").glob("*.py"))
    if path.stem not in ("write_provenance", "refuse_experiments")
}


def files_of(folder, names):
    """Instrument files that are there. Snakemake would read braces in a name as wildcards: see `odd_files_of`."""
    paths = (folder / name for name in names if name)
    return sorted(
        {
            str(path)
            for path in paths
            if path.exists() and not set("{}") & set(str(path))
        }
    )


def odd_files_of(folder, names):
    """Name, size and time of files that cannot be inputs by name."""
    paths = sorted({folder / name for name in names if name})
    return [
        (p.name, p.stat().st_size, p.stat().st_mtime_ns)
        for p in paths
        if p.exists() and set("{}") & set(str(p))
    ]


def interim(path):
    return f"{INTERIM}/{{experiment}}/{path}"


def result(path):
    return f"{RESULTS}/{{experiment}}/{path}"


def interim_of(wildcards, path):
    return f"{INTERIM}/{wildcards.experiment}/{path}"


def result_of(wildcards, path):
    return f"{RESULTS}/{wildcards.experiment}/{path}"


def log_of(rule, *wildcards):
    """Logs lie outside the results."""
    return (
        f"{LOGS}/{{experiment}}/"
        + "_".join((rule, *(f"{{{name}}}" for name in wildcards)))
        + ".log"
    )


def collect_results():
    return [f"{RESULTS}/{name}/provenance.json" for name in EXPERIMENTS]
