# Figures of each half, drawn from result tables and the source tables that the rooms wrote for them.
CAPTIONS = sorted(map(str, (TOP / "workflow" / "report").glob("*.rst")))


def paths_of(wildcards, names, pattern):
    return {name: [pattern.format(name=name).format(experiment=wildcards.experiment)] for name in names}


def has_chromatography(wildcards):
    experiment = experiment_of(wildcards)
    return experiment.has_dialysate and experiment.concentrations is None


def truth_of(wildcards):
    """Only simulated experiments know the truth."""
    if not truth_files(wildcards):
        return {}
    return {"truth/comparison": [result("truth/comparison.tsv").format(experiment=wildcards.experiment)]}


def dialysate_tables(wildcards):
    """Files by table name; none where that half does not exist."""
    tables = {}
    if has_chromatography(wildcards):
        tables |= paths_of(wildcards, [f"dialysate/{name}" for name in RUN_TABLES], result("{{name}}.tsv"))
        tables |= {f"sources/{name}": parts_of_runs(wildcards, name) for name in RUN_SOURCES}
    if experiment_of(wildcards).has_dialysate:
        tables |= paths_of(wildcards, [f"release/{name}" for name in RELEASE_TABLES], result("{{name}}.tsv"))
        tables |= paths_of(wildcards, ["release_courses"], interim("release/courses.tsv"))
        tables["sources/release_courses"] = tables.pop("release_courses")
    return tables


def unit_tables(wildcards):
    tables = {}
    if experiment_of(wildcards).has_ephys:
        names = ["units", "responses", "drug_responses", "evidence", "classification"]
        tables |= paths_of(wildcards, [f"units/{name}" for name in names], result("{{name}}.tsv"))
        for folder, sources in (("units", UNIT_SOURCES), ("responses", ["rasters", "psth"])):
            for name in sources:
                tables[f"sources/{name}"] = [interim(f"{folder}/{name}.tsv").format(experiment=wildcards.experiment)]
    return tables


def dialysate_figure_tables(wildcards):
    return dialysate_tables(wildcards) | truth_of(wildcards)


def unit_figure_tables(wildcards):
    """Found against true is drawn once, with the dialysate figures where there are any."""
    truth = {} if experiment_of(wildcards).has_dialysate else truth_of(wildcards)
    return unit_tables(wildcards) | truth


def figure_files(tables):
    return [path for paths in tables.values() for path in paths]


def facts_of_figures(wildcards):
    experiment = experiment_of(wildcards)
    return facts_digest(EXPERIMENTS[wildcards.experiment].figures, experiment.subjects)


rule draw_dialysate_figures:
    input:
        lambda wildcards: figure_files(dialysate_figure_tables(wildcards)),
        captions=CAPTIONS,
    output:
        directory(result("figures/dialysate")),
    log:
        log_of("draw_dialysate_figures"),
    params:
        directory=directory_of,
        tables=dialysate_figure_tables,
        facts=facts_of_figures,
        code=code("draw_dialysate_figures.py"),
    message:
        "Draw the dialysate figures of {wildcards.experiment}."
    resources:
        mem_mb=2000,
        runtime=30,
    script:
        "../scripts/draw_dialysate_figures.py"


rule draw_unit_figures:
    input:
        lambda wildcards: figure_files(unit_figure_tables(wildcards)),
        captions=CAPTIONS,
    output:
        directory(result("figures/units")),
    log:
        log_of("draw_unit_figures"),
    params:
        directory=directory_of,
        tables=unit_figure_tables,
        facts=facts_of_figures,
        code=code("draw_unit_figures.py"),
    message:
        "Draw the unit figures of {wildcards.experiment}."
    resources:
        mem_mb=2000,
        runtime=30,
    script:
        "../scripts/draw_unit_figures.py"
