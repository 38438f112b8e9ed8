# From recordings to labelled units: one job per session with raw traces, then one job per step.
UNIT_SOURCES = ["waveforms", "waveform_marks", "isi", "rates"]
SORTED_TABLES = ["spikes", "waveforms", "segments", "quality"]


def recordings_of(wildcards, kind):
    recordings = experiment_of(wildcards).recordings
    return recordings[recordings["kind"] == kind]


def raw_of_session(wildcards):
    recordings = recordings_of(wildcards, "raw")
    return recordings[recordings["session_id"] == wildcards.session]


def raw_files(wildcards):
    return files_of(
        experiment_of(wildcards).path / "ephys", raw_of_session(wildcards)["file"]
    )


def size_of_raw(wildcards, attempt):
    megabytes = (
        sum(Path(file).stat().st_size for file in raw_files(wildcards)) // 1_000_000
    )
    return attempt * (1000 + 4 * min(megabytes, 2000))


def sorted_files(wildcards):
    recordings = recordings_of(wildcards, "sorted")
    return files_of(
        experiment_of(wildcards).path / "ephys",
        [*recordings["file"], *recordings["waveforms"]],
    )


def sorted_from_raw(wildcards, name):
    sessions = sorted(set(recordings_of(wildcards, "raw")["session_id"]))
    return [
        f"{INTERIM}/{wildcards.experiment}/sorted/{session}/{name}.tsv"
        for session in sessions
    ]


def facts_of_sorting(wildcards):
    recordings = raw_of_session(wildcards)
    folder = experiment_of(wildcards).path / "ephys"
    return facts_digest(recordings, odd_files_of(folder, recordings["file"]))


def facts_of_units(wildcards):
    experiment = experiment_of(wildcards)
    recordings = experiment.recordings
    odd = odd_files_of(
        experiment.path / "ephys", [*recordings["file"], *recordings["waveforms"]]
    )
    return facts_digest(
        recordings, odd, experiment.ephys_events, experiment.curation_units
    )


def facts_of_responses(wildcards):
    experiment = experiment_of(wildcards)
    return facts_digest(
        experiment.recordings, experiment.ephys_events, experiment.curation_trials
    )


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
    )


def rulesets_of(wildcards):
    return [str(path) for path in EXPERIMENTS[wildcards.experiment].rulesets]


rule sort_recording:
    input:
        raw_files,
    output:
        **{
            name: interim(f"sorted/{{session}}/{name}.tsv")
            for name in [*SORTED_TABLES, "problems"]
        },
    log:
        log_of("sort_recording", "session"),
    resources:
        mem_mb=size_of_raw,
        runtime=120,
    params:
        directory=directory_of,
        facts=facts_of_sorting,
        code=code("sort_recording.py"),
    message:
        "Sort the raw traces of session {wildcards.session} of {wildcards.experiment}."
    script:
        "../scripts/sort_recording.py"


rule measure_units:
    input:
        **{
            name: lambda wildcards, name=name: sorted_from_raw(wildcards, name)
            for name in SORTED_TABLES
        },
        files=sorted_files,
    output:
        **{name: interim(f"units/{name}.tsv") for name in [*UNIT_SOURCES, "segments"]},
        units=result("units/units.tsv"),
        dictionary=result("units/units.json"),
        spikes=directory(result("units/spikes")),
        problems=interim("units/problems.tsv"),
    log:
        log_of("measure_units"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        facts=facts_of_units,
        code=code("measure_units.py"),
    message:
        "Measure the units of {wildcards.experiment}."
    script:
        "../scripts/measure_units.py"


rule test_responses:
    input:
        units=result("units/units.tsv"),
        spikes=result("units/spikes"),
        segments=interim("units/segments.tsv"),
    output:
        responses=result("units/responses.tsv"),
        drug_responses=result("units/drug_responses.tsv"),
        dictionaries=[
            result("units/responses.json"),
            result("units/drug_responses.json"),
        ],
        rasters=interim("responses/rasters.tsv"),
        psth=interim("responses/psth.tsv"),
        problems=interim("responses/problems.tsv"),
    log:
        log_of("test_responses"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        facts=facts_of_responses,
        code=code("test_responses.py"),
    message:
        "Test the responses of the units of {wildcards.experiment}."
    script:
        "../scripts/test_responses.py"


rule classify_units:
    input:
        units=result("units/units.tsv"),
        responses=result("units/responses.tsv"),
        drug_responses=result("units/drug_responses.tsv"),
        rulesets=rulesets_of,
    output:
        evidence=result("units/evidence.tsv"),
        classification=result("units/classification.tsv"),
        dictionaries=[
            result("units/evidence.json"),
            result("units/classification.json"),
        ],
        problems=interim("classification/problems.tsv"),
    log:
        log_of("classify_units"),
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        directory=directory_of,
        facts=facts_of_labels,
        code=code("classify_units.py"),
    message:
        "Weigh the evidence for each unit of {wildcards.experiment}."
    script:
        "../scripts/classify_units.py"
