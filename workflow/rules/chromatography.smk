# From chromatograms to concentrations: one job per HPLC run, since its injections share shapes and drift.
RUN_TABLES = ["peaks", "calibration", "accuracy", "concentrations"]
RUN_SOURCES = ["traces", "calibration_points", "drift", "vendor_peaks"]


def rows_of_run(wildcards):
    injections = experiment_of(wildcards).injections
    return injections[injections["run"] == wildcards.run]


def files_of_run(wildcards):
    experiment = experiment_of(wildcards)
    if experiment.areas is not None:
        return []
    return files_of(experiment.path / "dialysate", rows_of_run(wildcards)["file"])


def facts_of_run(wildcards):
    experiment, rows = experiment_of(wildcards), rows_of_run(wildcards)
    settings, ids = experiment.settings, rows["injection_id"]
    areas, curation = experiment.areas, experiment.curation_peaks
    return facts_digest(
        rows,
        odd_files_of(experiment.path / "dialysate", rows["file"]),
        experiment.standards[experiment.standards["level"].isin(rows["level"])],
        None if areas is None else areas[areas["injection_id"].isin(ids)],
        curation[curation["injection_id"].isin(ids)],
        settings.concentration_unit,
        list(settings.analytes),
        {name: analyte.model_dump() for name, analyte in settings.analytes.items()},
        settings.calibration,
    )


def size_of_run(wildcards, attempt):
    return attempt * (600 + 4 * len(rows_of_run(wildcards)))


def parts_of_runs(wildcards, name):
    return [
        f"{INTERIM}/{wildcards.experiment}/runs/{run}/{name}.tsv"
        for run in experiment_of(wildcards).runs
    ]


rule quantify_run:
    input:
        files_of_run,
    output:
        **{
            name: interim(f"runs/{{run}}/{name}.tsv")
            for name in [*RUN_TABLES, *RUN_SOURCES, "problems"]
        },
    log:
        log_of("quantify_run", "run"),
    resources:
        mem_mb=size_of_run,
        runtime=30,
    params:
        directory=directory_of,
        facts=facts_of_run,
        code=code("quantify_run.py"),
    message:
        "Find, fit and quantify the peaks of run {wildcards.run} of {wildcards.experiment}."
    script:
        "../scripts/quantify_run.py"


rule merge_runs:
    input:
        **{
            name: lambda wildcards, name=name: parts_of_runs(wildcards, name)
            for name in RUN_TABLES
        },
    output:
        **{name: result(f"dialysate/{name}.tsv") for name in RUN_TABLES},
        dictionaries=[result(f"dialysate/{name}.json") for name in RUN_TABLES],
    log:
        log_of("merge_runs"),
    resources:
        mem_mb=500,
        runtime=10,
    params:
        directory=directory_of,
        code=code("merge_runs.py"),
    message:
        "Put the runs of {wildcards.experiment} together."
    script:
        "../scripts/merge_runs.py"
