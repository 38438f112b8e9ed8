# Which files and which facts the jobs work on, as functions of an experiment's sheets.
RUN_TABLES = ["peaks", "calibration", "accuracy", "concentrations", "suitability"]
RUN_SOURCES = ["traces", "calibration_points", "drift", "vendor_peaks"]


@once
def rows_of_run(wildcards):
    injections = experiment_of(wildcards).injections
    return injections[injections["run"] == wildcards.run]


# Instrument files are facts of a job, by size and time, and no inputs: Snakemake would look at each of many thousands
# again and again, take braces in a name for wildcards, and refuse files of an instrument whose clock runs ahead.
@once
def files_of_run(wildcards):
    folder = experiment_of(wildcards).path / "dialysate"
    return stamps(folder, rows_of_run(wildcards)["file"])


@once
def facts_of_run(wildcards):
    experiment, rows = experiment_of(wildcards), rows_of_run(wildcards)
    settings, ids = experiment.settings, rows["injection_id"]
    areas, curation = experiment.areas, experiment.curation_peaks
    return facts_digest(
        rows,
        files_of_run(wildcards),
        experiment.standards[experiment.standards["level"].isin(rows["level"])],
        None if areas is None else areas[areas["injection_id"].isin(ids)],
        curation[curation["injection_id"].isin(ids)],
        settings.concentration_unit,
        list(settings.analytes),
        {name: analyte.model_dump() for name, analyte in settings.analytes.items()},
        settings.calibration,
        settings.suitability,
    )


# MB that jobs ask for, more at every further attempt: what they hold and 300 for Snakemake around them on a cluster,
# with room. Measured by benchmarks/scale/memory.py.
def memory(base):
    def asked(wildcards, attempt):
        experiment = experiment_of(wildcards)
        sheets = len(experiment.injections) + len(experiment.recordings)
        return attempt * (base + sheets)

    return asked


def memory_of_run(wildcards, attempt):
    asked = 550 + len(rows_of_run(wildcards)) + 6 * total_mb(files_of_run(wildcards))
    return attempt * round(asked)


def memory_of_pages(wildcards, attempt):
    return attempt * (600 + len(rows_of_run(wildcards)))


def memory_of_sorting(wildcards, attempt):
    return attempt * round(800 + 2 * total_mb(files_of_session(wildcards)))


def parts_of_runs(wildcards, name):
    return [
        f"{INTERIM}/{wildcards.experiment}/runs/{run}/{name}.tsv"
        for run in experiment_of(wildcards).runs
    ]


def tables_of_pages(wildcards):
    """What the pages of one run's chromatograms show."""
    folder = f"runs/{wildcards.run}"
    return {
        name: [interim_of(wildcards, f"{folder}/{name.split('/')[1]}.tsv")]
        for name in ("dialysate/peaks", "sources/traces", "sources/drift")
    }


def pages_of_runs(wildcards):
    if not has_chromatography(wildcards):
        return []
    return [
        interim_of(wildcards, f"runs/{run}/pages")
        for run in experiment_of(wildcards).runs
    ]


RELEASE_TABLES = [
    "release",
    "baselines",
    "summary",
    "statistics",
    "assumptions",
    "recovery",
    "turnover",
    "turnover_summary",
]


def measured_concentrations(wildcards):
    if experiment_of(wildcards).concentrations is not None:
        return []
    return [
        result("dialysate/concentrations.tsv").format(experiment=wildcards.experiment)
    ]


@once
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
        settings.recovery,
        [(name, settings.unit_of(name)) for name in experiment.analytes],
    )


UNIT_SOURCES = ["waveforms", "waveform_marks", "isi", "rates", "autocorrelograms"]
SORTED_TABLES = ["spikes", "waveforms", "segments", "quality", "artefacts"]
EXCERPT_TABLES = ["excerpts", "excerpt_marks"]


@once
def raw_recordings(wildcards):
    recordings = experiment_of(wildcards).recordings
    return recordings[recordings["kind"] == "raw"]


@once
def raw_of_session(wildcards):
    recordings = raw_recordings(wildcards)
    return recordings[recordings["session_id"] == wildcards.session]


@once
def raw_sessions(wildcards):
    return sorted(set(raw_recordings(wildcards)["session_id"]))


def sorted_from_raw(wildcards, name):
    return [
        f"{INTERIM}/{wildcards.experiment}/sorted/{session}/{name}.tsv"
        for session in raw_sessions(wildcards)
    ]


@once
def files_of_session(wildcards):
    folder = experiment_of(wildcards).path / "ephys"
    return stamps(folder, raw_of_session(wildcards)["file"])


@once
def facts_of_sorting(wildcards):
    return facts_digest(raw_of_session(wildcards), files_of_session(wildcards))


def stamps_with_events(experiment):
    """How events are taken from recording files, and those files; nothing where they are not."""
    if not experiment.settings.events.rename:
        return []
    files = experiment.recordings["file"]
    return [experiment.settings.events, stamps(experiment.path / "ephys", files)]


@once
def facts_of_units(wildcards):
    experiment = experiment_of(wildcards)
    recordings = experiment.recordings
    sorted_elsewhere = recordings[recordings["kind"] == "sorted"]
    files = [
        *sorted_elsewhere["file"],
        *sorted_elsewhere["waveforms"],
        *sorted_elsewhere["raw_file"],
    ]
    return facts_digest(
        recordings,
        stamps(experiment.path / "ephys", files),
        experiment.ephys_events,
        experiment.curation_units,
        stamps_with_events(experiment),
    )


@once
def facts_of_responses(wildcards):
    experiment = experiment_of(wildcards)
    return facts_digest(
        experiment.recordings,
        experiment.curation_trials,
    )


@once
def facts_of_labels(wildcards):
    experiment = experiment_of(wildcards)
    settings = experiment.settings
    return facts_digest(
        experiment.recordings,
        experiment.sessions,
        experiment.subjects,
        experiment.identity,
        experiment.curation_units,
        settings.units,
        settings.species,
        settings.release.reference_group,
    )


def rulesets_of(wildcards):
    return [str(path) for path in EXPERIMENTS[wildcards.experiment].rulesets]


CAPTIONS = sorted(map(str, (TOP / "workflow" / "report").glob("*.rst")))
CAPTION_TEXTS = {Path(path).stem: Path(path).read_text("utf-8") for path in CAPTIONS}


def has_chromatography(wildcards):
    experiment = experiment_of(wildcards)
    return experiment.has_dialysate and experiment.concentrations is None


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
def truth_files(wildcards):
    return sorted(map(str, (experiment_of(wildcards).path / "truth").glob("*.tsv")))


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


@once
def inventory_of(wildcards):
    """Every file of the experiment directory: a change during the run is noticed before its end."""
    return inventory(experiment_of(wildcards).path)


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
