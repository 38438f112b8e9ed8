# What went wrong, what is true where that is known, the one page, and how to get the same bytes again.
def truth_files(wildcards):
    return sorted(map(str, (experiment_of(wildcards).path / "truth").glob("*.tsv")))


def result_tables(wildcards):
    return dialysate_tables(wildcards) | unit_tables(wildcards)


def problem_parts(wildcards):
    experiment = experiment_of(wildcards)
    parts = []
    if has_chromatography(wildcards):
        parts += parts_of_runs(wildcards, "problems")
    if experiment.has_dialysate:
        parts.append(interim_of(wildcards, "release/problems.tsv"))
    if experiment.has_ephys:
        parts += sorted_from_raw(wildcards, "problems")
        parts += [
            interim(f"{step}/problems.tsv")
            for step in ("units", "responses", "classification")
        ]
    return [part.format(experiment=wildcards.experiment) for part in parts]


def figure_folders(wildcards):
    experiment = experiment_of(wildcards)
    halves = [("dialysate", experiment.has_dialysate), ("units", experiment.has_ephys)]
    return [
        result(f"figures/{half}").format(experiment=wildcards.experiment)
        for half, there in halves
        if there
    ]


def facts_of_experiment(wildcards):
    found = EXPERIMENTS[wildcards.experiment]
    return facts_digest(
        {
            name: value
            for name, value in vars(found.experiment).items()
            if name != "path"
        },
        found.figures,
    )


def input_files(wildcards):
    """Every file of the experiment directory, for its checksum; names with braces are read all the same."""
    top = experiment_of(wildcards).path
    return files_of(
        top, [path.relative_to(top) for path in top.rglob("*") if path.is_file()]
    )


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
        dictionary=result("truth/comparison.json"),
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
        result("report.html"),
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
        inputs=input_files,
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
        facts=facts_of_experiment,
        code=code("write_provenance.py"),
    message:
        "Note the checksums of {wildcards.experiment}."
    script:
        "../scripts/write_provenance.py"
