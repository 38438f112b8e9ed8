# Which experiments there are, what they hold, and where things lie. Sheets are read here, before any job.
import atexit
import gc
import os
import re
import sys
from functools import wraps
from itertools import takewhile
from pathlib import Path

# Plans are made of many small objects that all stay: to look for garbage among them again and again takes seconds.
gc.set_threshold(200_000, 20, 100)

# One thread for numeric libraries: the same bytes on any number of cores.
for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
):
    os.environ[name] = "1"

from coeruleus import starter
from coeruleus.intake.find import find_experiments
from coeruleus.one_run import claim
from coeruleus.plan import interim_folder, results_folder, write_plan
from coeruleus.progress import Progress, Reasons, say, summary
from coeruleus.provenance import SETTINGS, stamps, total_mb
from coeruleus.staleness import code_digest, facts_digest

TOP = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]


configfile: str(TOP / "config" / "config.yaml")


RESULTS, INTERIM = results_folder(config), interim_folder(config)
if Path(RESULTS).exists() and not Path(RESULTS).is_dir():
    raise WorkflowError(f"results ({RESULTS}) is a file: name a folder (results=OTHER)")
LOGS = str(config.get("logs") or "logs").rstrip("/")
# A job on a cluster node is a Snakemake of its own: it reads its own experiment only, and has no use for a starter,
# which some clusters count as memory of the job, unless it is a group of jobs.
OWN, TARGETS = set(), []
if "--target-jobs" in sys.argv:
    words = sys.argv[sys.argv.index("--target-jobs") + 1 :]
    TARGETS = list(takewhile(lambda word: not word.startswith("--"), words))
    OWN = set(re.findall(r"[:,]experiment=([^,\n]+)", "\n".join(TARGETS)))
if len(TARGETS) != 1:
    starter.install()
EXPERIMENTS, REFUSED = find_experiments(
    config.get("experiments"), TOP / "config" / "rulesets", OWN or None
)
REFUSAL = f"{INTERIM}/.refused"  # no experiment is named so


def summarise():
    left = {
        getattr(job.wildcards, "experiment", None)
        for job in workflow.dag.needrun_jobs()
    }
    lines = [summary(Path(RESULTS) / name, name not in left) for name in EXPERIMENTS]
    say("\n" + "\n".join(lines))


def name_refused():
    names = "refused: " + ", ".join(sorted({refused.name for refused in REFUSED}))
    print(
        "\n".join(["", *(refused.text for refused in REFUSED), "", names]),
        file=sys.stderr,
    )


if REFUSED and workflow.is_main_process:
    # At exit, so that the last lines say it whatever else was printed.
    atexit.register(name_refused)


def refuse_commas():
    """Where Snakemake names a job of a cluster, a comma would end the experiment's name."""
    if commas := [name for name in EXPERIMENTS if "," in name]:
        raise WorkflowError(
            f"on a cluster names of experiments hold no comma: rename {'; '.join(commas)}"
        )


onstart:
    if not workflow.local_exec:
        refuse_commas()
    logger.addHandler(claim(Path(INTERIM).resolve()))
    for name, found in EXPERIMENTS.items():
        write_plan(INTERIM, name, found.files)
    logger.addHandler(Progress(say))
    logger.addHandler(Reasons(say))


onsuccess:
    summarise()


onerror:
    summarise()


wildcard_constraints:
    experiment="[^/]+",
    run="[A-Za-z0-9._-]+",
    session="[A-Za-z0-9._-]+",


def once(function):
    """Snakemake asks the same again and again; sheets do not change while it plans."""
    known = {}

    @wraps(function)
    def answer(wildcards):
        key = tuple(wildcards.items())
        if key not in known:
            known[key] = function(wildcards)
        return known[key]

    return answer


def experiment_of(wildcards):
    return EXPERIMENTS[wildcards.experiment].experiment


def directory_of(wildcards):
    return str(experiment_of(wildcards).path)


def code(script):
    return code_digest(TOP / "workflow" / "scripts" / script)


# What stands behind each result; the script of the last rule stands behind none.
CODES = {
    path.stem: code(path.name)
    for path in sorted((TOP / "workflow" / "scripts").glob("*.py"))
    if path.stem != "refuse_experiments"
}


# From chromatograms to the figures of the dialysate is the longest way through an experiment: it goes first.
LONGEST_WAY = 1


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
