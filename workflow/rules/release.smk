# From concentrations to release.
RELEASE_TABLES = ["release", "baselines", "summary", "statistics"]


def measured_concentrations(wildcards):
    if experiment_of(wildcards).concentrations is not None:
        return []
    return [
        result("dialysate/concentrations.tsv").format(experiment=wildcards.experiment)
    ]


def facts_of_release(wildcards):
    experiment = experiment_of(wildcards)
    settings = experiment.settings
    return facts_digest(
        experiment.subjects,
        experiment.sessions,
        experiment.probes,
        experiment.dialysate_events,
        experiment.concentrations,
        experiment.curation_samples,
        settings.dialysis,
        settings.baseline,
        settings.release,
        [(name, settings.unit_of(name)) for name in experiment.analytes],
    )


rule compute_release:
    input:
        concentrations=measured_concentrations,
    output:
        **{name: result(f"release/{name}.tsv") for name in RELEASE_TABLES},
        dictionaries=[result(f"release/{name}.json") for name in RELEASE_TABLES],
        courses=interim("release/courses.tsv"),
        problems=interim("release/problems.tsv"),
    log:
        log_of("compute_release"),
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        directory=directory_of,
        facts=facts_of_release,
        code=code("compute_release.py"),
    message:
        "Compute the release of {wildcards.experiment}."
    script:
        "../scripts/compute_release.py"
