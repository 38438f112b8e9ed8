# From chromatograms to concentrations: one job per HPLC run, since its injections share shapes and drift.
rule quantify_run:
    output:
        **{
            name: interim(f"runs/{{run}}/{name}.tsv")
            for name in [*RUN_TABLES, *RUN_SOURCES, "problems"]
        },
    log:
        log_of("quantify_run", "run"),
    priority: LONGEST_WAY
    resources:
        mem_mb=memory_of_run,
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
    priority: LONGEST_WAY
    resources:
        mem_mb=memory(500),
        runtime=10,
    params:
        directory=directory_of,
        code=code("merge_runs.py"),
    message:
        "Put the runs of {wildcards.experiment} together."
    script:
        "../scripts/merge_runs.py"
