# From recordings to labelled units: one job per session with raw traces, then one job per step.
rule sort_recording:
    output:
        **{
            name: interim(f"sorted/{{session}}/{name}.tsv")
            for name in [*SORTED_TABLES, *EXCERPT_TABLES, "problems"]
        },
    log:
        log_of("sort_recording", "session"),
    resources:
        mem_mb=memory_of_sorting,
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
    output:
        **{
            name: interim(f"units/{name}.tsv")
            for name in [*UNIT_SOURCES, "segments", "events"]
        },
        units=result("units/units.tsv"),
        dictionary=result("units/units.json"),
        spikes=directory(result("units/spikes")),
        problems=interim("units/problems.tsv"),
    log:
        log_of("measure_units"),
    resources:
        mem_mb=memory(700),
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
        events=interim("units/events.tsv"),
        artefacts=lambda wildcards: sorted_from_raw(wildcards, "artefacts"),
    output:
        responses=result("units/responses.tsv"),
        drug_responses=result("units/drug_responses.tsv"),
        doses=result("units/doses.tsv"),
        dictionaries=[
            result("units/responses.json"),
            result("units/drug_responses.json"),
            result("units/doses.json"),
        ],
        rasters=interim("responses/rasters.tsv"),
        psth=interim("responses/psth.tsv"),
        response_curves=interim("responses/response_curves.tsv"),
        problems=interim("responses/problems.tsv"),
    log:
        log_of("test_responses"),
    resources:
        mem_mb=memory(700),
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
        sensitivity=result("units/sensitivity.tsv"),
        disagreements=result("units/disagreements.tsv"),
        statistics=result("units/statistics.tsv"),
        dictionaries=[
            result("units/evidence.json"),
            result("units/classification.json"),
            result("units/sensitivity.json"),
            result("units/disagreements.json"),
            result("units/statistics.json"),
        ],
        problems=interim("classification/problems.tsv"),
    log:
        log_of("classify_units"),
    resources:
        mem_mb=memory(600),
        runtime=10,
    params:
        directory=directory_of,
        facts=facts_of_labels,
        code=code("classify_units.py"),
    message:
        "Weigh the evidence for each unit of {wildcards.experiment}."
    script:
        "../scripts/classify_units.py"
