"""Whether results are still what provenance.json says, and what explains a file that is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeruleus.provenance import NAME, SETTINGS, all_versions, checksums
from coeruleus.staleness import code_digest

Record = Mapping[str, Any]
EVERYTHING = ("",)


@dataclass(frozen=True)
class Part:
    """One part of the results: where it lies, and which inputs, settings and scripts reach it directly."""

    inputs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


LABELS = ("units/evidence", "units/classification", "units/sensitivity", "units/disagreements", "units/statistics")
UNITS = ("units/units", "units/spikes", "units/responses", "units/drug_responses", "units/doses", *LABELS)
# By the start of their names below the results folder; the longest that fits is meant.
PARTS = {
    "dialysate/": Part(
        ("dialysate/", "curation/peaks"), ("analytes", "calibration", "concentration_unit", "suitability"),
        ("quantify_run", "merge_runs"),
    ),
    "release/": Part(
        ("subjects", "sessions", "dialysate/", "curation/samples"),
        ("analytes", "baseline", "concentration_unit", "dialysis", "recovery", "release"), ("compute_release",),
        ("dialysate/",),
    ),
    "units/": Part(("ephys/", "curation/units"), ("events",), ("measure_units", "sort_recording")),
    "units/responses": Part(("ephys/", "curation/trials"), ("events",), ("test_responses",), ("units/units",)),
    "units/drug_responses": Part(("ephys/", "curation/trials"), ("events",), ("test_responses",), ("units/units",)),
    "units/doses": Part(("ephys/", "curation/trials"), ("events",), ("test_responses",), ("units/units",)),
    **dict.fromkeys(LABELS, Part(
        ("subjects", "sessions", "ephys/", "curation/units"), ("units", "species", "release"), ("classify_units",),
        ("units/units", "units/responses", "units/drug_responses"),
    )),
    "truth/": Part(("truth/",), (), ("compare_truth",), ("dialysate/", "release/", *UNITS)),
    "figures/dialysate/": Part(
        ("figures",), ("analytes", "release"), ("draw_dialysate_figures",), ("dialysate/", "release/")
    ),
    "figures/dialysate/chromatograms": Part(
        ("figures",), ("analytes", "release"), ("draw_chromatograms",), ("dialysate/",)
    ),
    "figures/dialysate/figures.json": Part(
        ("figures",), ("analytes", "release"), ("draw_chromatograms", "draw_dialysate_figures"),
        ("dialysate/", "release/", "truth/"),
    ),
    "figures/dialysate/truth": Part(("figures",), ("analytes",), ("draw_dialysate_figures",), ("truth/",)),
    "figures/units/": Part(("figures",), (), ("draw_unit_figures",), UNITS),
    "figures/units/truth": Part(("figures",), (), ("draw_unit_figures",), ("truth/",)),
    "figures/units/figures.json": Part(
        ("figures",), ("analytes", "release"), ("draw_unit_figures",), (*UNITS, "release/", "truth/")
    ),
    "figures/units/joint": Part(
        ("figures",), ("analytes", "release"), ("draw_unit_figures",), (*UNITS, "release/")
    ),
    "problems": Part((), (), ("write_report",), ("dialysate/", "release/", *UNITS)),
    "": Part(EVERYTHING, EVERYTHING, EVERYTHING),
}  # fmt: skip


def read_record(results: Path) -> Record | None:
    """provenance.json of a results folder; None where there is none that can be read."""
    try:
        record = json.loads((results / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("outputs"), dict) else None


def state_of(
    results: Path, recorded: Record, experiment: Path | None, settings: Record | None, scripts: Path
) -> dict[str, Any]:
    """What is there now, in the shape of the record: outputs, versions, and inputs where the experiment is given.

    `scripts` is the folder of the rules' scripts; where it is not there, their code counts as recorded.
    """
    now: dict[str, Any] = {"outputs": checksums(results, without=(NAME,)), "versions": all_versions()}
    now["inputs"] = checksums(experiment, without=(SETTINGS,)) if experiment else recorded.get("inputs", {})
    now["settings"] = recorded.get("settings", {}) if settings is None else settings
    files = {name: scripts / f"{name}.py" for name in recorded.get("code", {})}
    there = {name: code_digest(file) for name, file in files.items() if file.is_file()}
    now["code"] = there if scripts.is_dir() else recorded.get("code", {})
    return now


def code_since(recorded: Record, now: Record) -> list[str]:
    """A sentence for each rule whose code is another now: its results stay what they are until the next run."""
    changes = changes_between(recorded, now)
    said = []
    for name, what in changes["code of rule"].items():
        one = {kind: {name: what} if kind == "code of rule" else {} for kind in changes}
        reached = sum(1 for output in recorded["outputs"] if explain(output, one))
        said.append(f"code of {name} {what} since: {reached} of {len(recorded['outputs'])} files rest on it")
    return said


def changes_between(recorded: Record, now: Record) -> dict[str, dict[str, str]]:
    """What differs behind the files: by kind (input, setting, code of rule, version) each name, and how."""
    return {
        "input": _changed(recorded.get("inputs", {}), now.get("inputs", {})),
        "setting": _changed(recorded.get("settings", {}), now.get("settings", {})),
        "code of rule": _changed(recorded.get("code", {}), now.get("code", {})),
        "version": {
            name: f"{old or 'none'} then, {new or 'none'} now"
            for name, (old, new) in _pairs(recorded.get("versions", {}), now.get("versions", {})).items()
        },
    }


def outdated(recorded: Record, now: Record) -> list[str]:
    """A sentence for each input and setting that is no longer what these files were made from.

    The files themselves are the same until the workflow runs again.
    """
    changes = changes_between(recorded, now)
    names = sorted(set(recorded["outputs"]) & set(now["outputs"]))
    said = []
    for kind in ("input", "setting"):
        for name, what in changes[kind].items():
            one = {key: {name: what} if key == kind else {} for key in changes}
            reached = sum(1 for output in names if explain(output, one))
            said.append(
                f"{kind} {name} {what} since these results were made: {reached} of {len(names)} files rest on it; "
                "run the workflow again"
            )
    return said


def compare(recorded: Record, now: Record) -> list[str]:
    """A sentence for each file that differs, with what explains it; none where all are the same."""
    changes = changes_between(recorded, now)
    said = []
    for name, what in _changed(recorded["outputs"], now["outputs"]).items():
        causes = explain(name, changes)
        why = "; ".join(causes) or (
            "no input, setting or version that it depends on is different: it was changed after it was written"
        )
        said.append(f"{name} {what}: {why}")
    return said


def _pairs(old: Record, new: Record) -> dict[str, tuple[Any, Any]]:
    names = sorted({*old, *new})
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _changed(old: Record, new: Record) -> dict[str, str]:
    words = {}
    for name, _pair in _pairs(old, new).items():
        words[name] = "is missing" if name not in new else "was not there" if name not in old else "differs"
    return words


def explain(output: str, changes: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Those changes that reach an output file, directly or through what it rests on. A version reaches all."""
    inputs, settings, scripts = _reach(output)
    said = [f"input {name} {what}" for name, what in changes["input"].items() if name.startswith(inputs)]
    said += [
        f"setting {name} {what}" for name, what in changes["setting"].items() if name in settings or settings == ("",)
    ]
    said += [
        f"code of {name} {what}"
        for name, what in changes["code of rule"].items()
        if name in scripts or scripts == ("",)
    ]
    return said + [f"version of {name}: {what}" for name, what in changes["version"].items()]


def _reach(output: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    start = max((name for name in PARTS if output.startswith(name)), key=len)
    waiting, seen = [start], set()
    inputs: set[str] = set()
    settings: set[str] = set()
    scripts: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        part = PARTS[max((one for one in PARTS if name.startswith(one)), key=len)]
        inputs |= set(part.inputs)
        settings |= set(part.settings)
        scripts |= set(part.scripts)
        waiting += part.rests_on
    return tuple(sorted(inputs)), tuple(sorted(settings)), tuple(sorted(scripts))
