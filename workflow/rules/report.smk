# What went wrong, what is true where that is known, the one page, and how to get the same bytes again.
rule compare_truth:
    input:
        truth=truth_files,
        tables=lambda wildcards: figure_files(main_tables(wildcards)),
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
        mem_mb=memory(600),
        runtime=10,
    params:
        directory=directory_of,
        tables=main_tables,
        code=code("compare_truth.py"),
    message:
        "Compare what was found in {wildcards.experiment} with what is true."
    script:
        "../scripts/compare_truth.py"


# The last three in one job, each of them short: problems, the page, and then the checksums of all.
rule write_report:
    input:
        figure_folders,
        parts=problem_parts,
        tables=lambda wildcards: figure_files(
            result_tables(wildcards) | truth_of(wildcards)
        ),
    output:
        report(
            result("report.html"),
            caption="../report/snakemake/page.rst",
            category="{experiment}",
            labels={"figure": "report.html"},
        ),
        problems=result("problems.tsv"),
        dictionary=result("problems.json"),
        provenance=result("provenance.json"),
    log:
        log_of("write_report"),
    resources:
        mem_mb=memory(700),
        runtime=20,
    params:
        directory=directory_of,
        tables=lambda wildcards: result_tables(wildcards) | truth_of(wildcards),
        figures=figure_folders,
        absent=absent_parts,
        inventory=inventory_of,
        facts=facts_of_experiment,
        code=code("write_report.py"),
        codes=CODES,
    message:
        "Write the problems, the report and the checksums of {wildcards.experiment}."
    script:
        "../scripts/write_report.py"


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
