# What figures, the page and the provenance of an experiment are made of.
CAPTIONS = sorted(map(str, (TOP / "workflow" / "report").glob("*.rst")))
CAPTION_TEXTS = {Path(path).stem: Path(path).read_text("utf-8") for path in CAPTIONS}


@once
def truth_files(wildcards):
    return sorted(map(str, (experiment_of(wildcards).path / "truth").glob("*.tsv")))


def truth_of(wildcards):
    """Only simulated experiments know the truth."""
    names = ["truth/comparison", "truth/summary"] if truth_files(wildcards) else []
    return {name: [result_of(wildcards, f"{name}.tsv")] for name in names}


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
        tables["sources/release_areas"] = [interim_of(wildcards, "release/areas.tsv")]
        tables["sources/flux_points"] = [
            interim_of(wildcards, "release/flux_points.tsv")
        ]
    return tables


def unit_tables(wildcards):
    if not experiment_of(wildcards).has_ephys:
        return {}
    names = ["units", "responses", "drug_responses", "evidence", "classification"]
    names += ["doses", "sensitivity", "disagreements", "statistics"]
    tables = {
        f"units/{name}": [result_of(wildcards, f"units/{name}.tsv")] for name in names
    }
    tables |= {
        f"sources/{name}": [interim_of(wildcards, f"units/{name}.tsv")]
        for name in UNIT_SOURCES
    }
    tables |= {
        f"sources/{name}": sorted_from_raw(wildcards, name) for name in EXCERPT_TABLES
    }
    tables["interim/events"] = [interim_of(wildcards, "units/events.tsv")]
    return tables | {
        f"sources/{name}": [interim_of(wildcards, f"responses/{name}.tsv")]
        for name in ["rasters", "psth", "response_curves"]
    }


# Found against true is drawn once, with the figures of units where there are any: they are fewer, and those of the
# dialysate, which take longest, need not wait for it.
def dialysate_figure_tables(wildcards):
    truth = {} if experiment_of(wildcards).has_ephys else truth_of(wildcards)
    return dialysate_tables(wildcards) | truth


def unit_figure_tables(wildcards):
    release = {}
    if experiment_of(wildcards).has_dialysate:
        release["release/release"] = [result_of(wildcards, "release/release.tsv")]
    return unit_tables(wildcards) | release | truth_of(wildcards)


def figure_files(tables):
    return [path for paths in tables.values() for path in paths]


@once
def style_of_figures(wildcards):
    experiment = experiment_of(wildcards)
    figures = EXPERIMENTS[wildcards.experiment].figures
    return facts_digest(
        figures.completed(
            experiment.analytes, experiment.settings.release.reference_group
        )
    )


@once
def facts_of_figures(wildcards):
    experiment = experiment_of(wildcards)
    return facts_digest(
        style_of_figures(wildcards),
        experiment.dialysate_events,
        experiment.sessions,
        experiment.recordings,
    )


@once
def result_tables(wildcards):
    return dialysate_tables(wildcards) | unit_tables(wildcards)


def main_tables(wildcards):
    """Result tables without what only figures and page show."""
    return {
        name: files
        for name, files in result_tables(wildcards).items()
        if not name.startswith(("sources/", "interim/"))
    }


@once
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


def all_figures():
    """Every experiment and half of it that has figures."""
    found = [(name, one.experiment) for name, one in EXPERIMENTS.items()]
    return [(name, "dialysate") for name, one in found if one.has_dialysate] + [
        (name, "units") for name, one in found if one.has_ephys
    ]


@once
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


def inventory_of(wildcards):
    """Every file of the experiment directory but its settings, whose comments make nothing stale."""
    files = EXPERIMENTS[wildcards.experiment].files
    return [line for line in files if not line.startswith(f"{SETTINGS}\t")]


def absent_parts(wildcards):
    """Folders of results that this experiment does not have, though an earlier state of it may have had them."""
    experiment = experiment_of(wildcards)
    parts = {
        "dialysate": has_chromatography(wildcards),
        "release": experiment.has_dialysate,
        "figures/dialysate": experiment.has_dialysate,
        "units": experiment.has_ephys,
        "figures/units": experiment.has_ephys,
        "truth": bool(truth_files(wildcards)),
    }
    return [name for name, there in parts.items() if not there]
