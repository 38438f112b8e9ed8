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


def has_chromatography(wildcards):
    experiment = experiment_of(wildcards)
    return experiment.has_dialysate and experiment.concentrations is None
