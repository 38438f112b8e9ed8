# Figures of each half, drawn from result tables and the source tables that the rooms wrote for them.
CAPTIONS = sorted(map(str, (TOP / "workflow" / "report").glob("*.rst")))


def has_chromatography(wildcards):
    experiment = experiment_of(wildcards)
    return experiment.has_dialysate and experiment.concentrations is None


def truth_of(wildcards):
    """Only simulated experiments know the truth."""
    return (
        {"truth/comparison": [result_of(wildcards, "truth/comparison.tsv")]}
        if truth_files(wildcards)
        else {}
    )


def dialysate_tables(wildcards):
    """Files by table name; none where that half does not exist."""
    tables = {}
    if has_chromatography(wildcards):
        tables |= {
            f"dialysate/{name}": [result_of(wildcards, f"dialysate/{name}.tsv")]
            for name in RUN_TABLES
        }
        tables |= {
            f"sources/{name}": parts_of_runs(wildcards, name) for name in RUN_SOURCES
        }
    if experiment_of(wildcards).has_dialysate:
        tables |= {
            f"release/{name}": [result_of(wildcards, f"release/{name}.tsv")]
            for name in RELEASE_TABLES
        }
        tables["sources/release_courses"] = [
            interim_of(wildcards, "release/courses.tsv")
        ]
    return tables


def unit_tables(wildcards):
    if not experiment_of(wildcards).has_ephys:
        return {}
    names = ["units", "responses", "drug_responses", "evidence", "classification"]
    tables = {
        f"units/{name}": [result_of(wildcards, f"units/{name}.tsv")] for name in names
    }
    tables |= {
        f"sources/{name}": [interim_of(wildcards, f"units/{name}.tsv")]
        for name in UNIT_SOURCES
    }
    return tables | {
        f"sources/{name}": [interim_of(wildcards, f"responses/{name}.tsv")]
        for name in ["rasters", "psth"]
    }


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
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        tables=dialysate_figure_tables,
        facts=facts_of_figures,
        code=code("draw_dialysate_figures.py"),
    message:
        "Draw the dialysate figures of {wildcards.experiment}."
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
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        tables=unit_figure_tables,
        facts=facts_of_figures,
        code=code("draw_unit_figures.py"),
    message:
        "Draw the unit figures of {wildcards.experiment}."
    script:
        "../scripts/draw_unit_figures.py"
