# What went wrong, what is true where that is known, the one page, and how to get the same bytes again.
rule collect_problems:
    input:
        parts=problem_parts,
        tables=lambda wildcards: figure_files(result_tables(wildcards)),
    output:
        problems=result("problems.tsv"),
        dictionary=result("problems.json"),
    log:
        log_of("collect_problems"),
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        directory=directory_of,
        tables=result_tables,
        facts=facts_of_experiment,
        code=code("collect_problems.py"),
    message:
        "Collect the problems of {wildcards.experiment}."
    script:
        "../scripts/collect_problems.py"


rule compare_truth:
    input:
        truth=truth_files,
        tables=lambda wildcards: figure_files(result_tables(wildcards)),
        spikes=lambda wildcards: (
            result("units/spikes") if experiment_of(wildcards).has_ephys else []
        ),
    output:
        truth=result("truth/comparison.tsv"),
        summary=result("truth/summary.tsv"),
        dictionaries=[result("truth/comparison.json"), result("truth/summary.json")],
    log:
        log_of("compare_truth"),
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        directory=directory_of,
        tables=result_tables,
        code=code("compare_truth.py"),
    message:
        "Compare what was found in {wildcards.experiment} with what is true."
    script:
        "../scripts/compare_truth.py"


rule write_report:
    input:
        figure_folders,
        tables=lambda wildcards: figure_files(
            result_tables(wildcards) | truth_of(wildcards)
        ),
        problems=result("problems.tsv"),
    output:
        report(
            result("report.html"),
            caption="../report/snakemake/page.rst",
            category="{experiment}",
            labels={"figure": "report.html"},
        ),
    log:
        log_of("write_report"),
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        directory=directory_of,
        tables=lambda wildcards: result_tables(wildcards) | truth_of(wildcards),
        figures=figure_folders,
        facts=facts_of_experiment,
        code=code("write_report.py"),
    message:
        "Write the report of {wildcards.experiment}."
    script:
        "../scripts/write_report.py"


rule write_provenance:
    input:
        report=result("report.html"),
    output:
        result("provenance.json"),
    log:
        log_of("write_provenance"),
    resources:
        mem_mb=500,
        runtime=20,
    params:
        directory=directory_of,
        absent=absent_parts,
        inventory=inventory_of,
        facts=facts_of_experiment,
        code=code("write_provenance.py"),
        codes=CODES,
    message:
        "Note the checksums of {wildcards.experiment}."
    script:
        "../scripts/write_provenance.py"


rule refuse_experiments:
    input:
        collect_results(),
    output:
        touch(REFUSAL),
    log:
        f"{LOGS}/refuse_experiments.log",
    localrule: True
    resources:
        mem_mb=200,
        runtime=5,
    params:
        names=lambda wildcards: [refused.name for refused in REFUSED],
    message:
        "Name the refused experiments and end with an error."
    script:
        "../scripts/refuse_experiments.py"
