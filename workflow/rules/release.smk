# From concentrations to release.
rule compute_release:
    input:
        concentrations=measured_concentrations,
    output:
        **{name: result(f"release/{name}.tsv") for name in RELEASE_TABLES},
        dictionaries=[result(f"release/{name}.json") for name in RELEASE_TABLES],
        wide=directory(result("release/wide")),
        courses=interim("release/courses.tsv"),
        areas=interim("release/areas.tsv"),
        flux_points=interim("release/flux_points.tsv"),
        problems=interim("release/problems.tsv"),
    log:
        log_of("compute_release"),
    priority: LONGEST_WAY
    resources:
        mem_mb=memory(600),
        runtime=20,
    params:
        directory=directory_of,
        facts=facts_of_release,
        code=code("compute_release.py"),
    message:
        "Compute the release of {wildcards.experiment}."
    script:
        "../scripts/compute_release.py"
