"""Three small sound experiments with every sheet, setting file and ruleset: what `fuzz.py` damages.

Half of the sheets are .csv, in one experiment the one half and in the next the other.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

from coeruleus.experiment.sheets import SHEETS
from coeruleus.intake.describe import EXAMPLE

RULESETS = Path(__file__).resolve().parents[2] / "config" / "rulesets"
DECISION = {"reason": "bubble", "author": "A. K.", "date": "2026-03-20"}
DIALYSIS = "dialysis: {flow_rate_ul_per_min: 1.0}\nbaseline: {samples: 2}\nrelease: {reference_group: vehicle}\n"
RATS = {"r1": "vehicle", "r2": "vehicle", "r3": "drug", "r4": "drug"}
Row = dict[str, object]


def write_experiments(folder: Path) -> list[Path]:
    """Chromatograms; typed areas; typed concentrations beside sorted units."""
    experiments = [_measured(folder / "measured"), _areas(folder / "areas"), _entered(folder / "entered")]
    for number, directory in enumerate(experiments):
        for place, sheet in enumerate(SHEETS):
            if (place + number) % 2 and (directory / f"{sheet.name}.tsv").is_file():
                _as_csv(directory / f"{sheet.name}.tsv")
    return experiments


def files_that_people_write(directory: Path) -> list[Path]:
    """Sheets, settings and rulesets of an experiment: all that is read before any job."""
    names = [f"{sheet.name}{suffix}" for sheet in SHEETS for suffix in (".tsv", ".csv")]
    files = [directory / name for name in [*names, "experiment.yaml", "figures.yaml"]]
    return [path for path in [*files, *sorted(directory.glob("rulesets/*.yaml"))] if path.is_file()]


def _sheet(directory: Path, name: str, rows: list[Row]) -> None:
    path = directory / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, *([str(row.get(column, "n/a")) for column in columns] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


def _as_csv(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.with_suffix(".csv").write_text(text.replace(",", ";").replace("\t", ","), encoding="utf-8")
    path.unlink()


def _settings(directory: Path, text: str) -> None:
    (directory / "experiment.yaml").write_text(f"title: Seed\nspecies: Rattus norvegicus\n{text}", encoding="utf-8")
    (directory / "figures.yaml").write_text(
        "colours: {vehicle: '#777777'}\ngroup_order: [vehicle, drug]\nfont_size_pt: 8\nwording: {NE: noradrenaline}\n",
        encoding="utf-8",
    )


def _animals(directory: Path) -> None:
    _sheet(directory, "subjects", [
        {"subject_id": name, "species": "rat", "sex": "M", "age": "P70", "weight_g": 300 + place, "group": group}
        for place, (name, group) in enumerate(RATS.items())
    ])  # fmt: skip
    _sheet(directory, "sessions", [
        {"session_id": f"{name}_a", "subject_id": name, "started_at": f"2026-03-1{place}T09:30:00", "order": 1}
        | {"condition": "awake", "anaesthetic": "none"}
        for place, name in enumerate(RATS)
    ])  # fmt: skip
    _sheet(directory, "dialysate/probes", [
        {"probe_id": f"{name}_p", "subject_id": name, "region": "mPFC", "membrane_mm": 2, "placement": "hit"}
        | {"recovery": 0.2, "recovery_se": 0.02, "recovery_NE": 0.15, "ap_mm": 3.2, "ml_mm": 0.6, "dv_mm": -4.5}
        for name in RATS
    ])  # fmt: skip
    _sheet(directory, "dialysate/events", [
        {"subject_id": name, "onset_min": 0, "duration_min": 10, "trial_type": "drug", "drug": group, "dose": 1}
        | {"dose_unit": "mg/kg", "route": "i.p."}
        for name, group in RATS.items()
    ])  # fmt: skip


def _run(directory: Path, files: bool) -> None:
    """Blanks, two standards of three levels, and four samples of two animals."""
    rows: list[Row] = []
    plan = [("blank", ""), *(("standard", level) for level in ("S1", "S2", "S3")), ("qc", "S2")]
    plan += [("dialysate", f"{name} {start}") for name in ("r1", "r3") for start in (-40, -20, 0, 20)]
    plan += [("standard", level) for level in ("S1", "S2", "S3")]
    for place, (kind, said) in enumerate(plan, 1):
        row: Row = {"injection_id": f"i{place:02d}", "run": "day1", "kind": kind}
        row |= {"injected_at": f"2026-03-14T{8 + place // 4:02d}:{place % 4 * 15:02d}:00", "injected_ul": 10}
        if files:
            row["file"] = f"i{place:02d}.txt"
        if kind in ("standard", "qc"):
            row["level"] = said
        if kind == "dialysate":
            name, start = said.split()
            row |= {"subject_id": name, "sample_id": f"{name}_{start}", "start_min": start, "end_min": int(start) + 20}
            row |= {"collected_ul": 20, "added_ul": 5, "dilution": 1}
        rows.append(row)
        amount = {"S1": 1.0, "S2": 2.0, "S3": 4.0, "": 0.0}.get(said, 1.5)
        if files:
            _trace(directory / f"dialysate/i{place:02d}.txt", amount, place)
    _sheet(directory, "dialysate/injections", rows)
    _sheet(directory, "dialysate/standards", [
        {"level": level, "analyte": name, "concentration": value, "unit": "nM"}
        for level, value in (("S1", 1), ("S2", 2), ("S3", 4)) for name in ("NE", "DA")
    ])  # fmt: skip


def _trace(path: Path, amount: float, seed: int) -> None:
    """8 min at 2 Hz, peaks of NE at 4 and DA at 6 min."""
    chance = random.Random(seed)
    lines = ["time_min\tsignal (nA)"]
    for n in range(960):
        minutes = n / 120
        peaks = sum(math.exp(-0.5 * ((minutes - at) / (at / 80)) ** 2) for at in (4.0, 6.0))
        lines.append(f"{minutes:.4f}\t{3 + 5 * amount * peaks + chance.gauss(0, 0.02):.5f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _measured(directory: Path) -> Path:
    _animals(directory)
    _run(directory, files=True)
    _settings(directory, "analytes: {NE: {retention_time: 4}, DA: {retention_time: 6}}\n" + DIALYSIS)
    _sheet(directory, "curation/peaks", [
        {"injection_id": "i06", "analyte": "NE", "action": "set_bounds", "from_min": 3.8, "to_min": 4.3} | DECISION,
        {"injection_id": "i08", "analyte": "DA", "action": "exclude"} | DECISION,
    ])  # fmt: skip
    _decision_of_sample(directory, "r3_20")
    return directory


def _areas(directory: Path) -> Path:
    _animals(directory)
    _run(directory, files=False)
    _settings(directory, "analytes: {NE: {}, DA: {}}\n" + DIALYSIS)
    rows = [
        {"injection_id": f"i{n:02d}", "analyte": name, "area": 10 + n} for n in range(2, 17) for name in ("NE", "DA")
    ]
    for n, area in enumerate((10.2, 20.1, 39.7)):
        for row in rows:
            if row["injection_id"] in (f"i{n + 2:02d}", f"i{n + 14:02d}"):
                row["area"] = area
    _sheet(directory, "dialysate/areas", [*rows, {"injection_id": "i01", "analyte": "NE", "area": "<0.05"}])
    _sheet(directory, "curation/peaks", [{"injection_id": "i08", "analyte": "DA", "action": "exclude"} | DECISION])
    return directory


def _entered(directory: Path) -> Path:
    chance = random.Random(1)
    _animals(directory)
    own = "units: {rulesets: [own, lc_anaesthetised_rat]}\n"
    _settings(directory, DIALYSIS.replace("{reference", "{window_min: [0, 80], reference") + own)
    _sheet(directory, "dialysate/concentrations", [
        {"subject_id": name, "start_min": start, "end_min": start + 20, "analyte": analyte, "unit": "nM"}
        | {"concentration": "<0.05" if start == 60 else round(base * chance.uniform(0.9, 1.1), 3)}
        | {"se": 0.03, "lod": 0.05, "loq": 0.1}
        for name in RATS for analyte, base in (("NE", 1.0), ("DA", 0.4)) for start in range(-60, 80, 20)
    ])  # fmt: skip
    _decision_of_sample(directory, "0_20")
    _sheet(directory, "ephys/recordings", [
        {"site_id": f"s{n}", "subject_id": "r1", "file": f"s{n}.tsv", "kind": "sorted", "segment": 1, "depth_um": 6000}
        | {"session_id": "r1_a", "started_at": f"2026-03-10T1{n}:30:00", "duration_s": 200, "condition": "baseline"}
        | {"highpass_hz": 300, "lowpass_hz": 6000, "waveforms": f"s{n}_mean.tsv"}
        for n in (1, 2)
    ])  # fmt: skip
    for n in (1, 2):
        spikes = "".join(f"u1\t{0.5 * k + chance.uniform(0, 0.3):.4f}\n" for k in range(380))
        (directory / f"ephys/s{n}.tsv").write_text(f"unit_id\ttime_s\n{spikes}")
        wave = ""
        for k in range(80):
            microvolts = 30 * math.exp(-((k - 34) ** 2) / 90) - 80 * math.exp(-((k - 20) ** 2) / 40)
            wave += f"u1\t{k / 20 - 1:.3f}\t{microvolts:.3f}\n"
        (directory / f"ephys/s{n}_mean.tsv").write_text(f"unit_id\ttime_ms\tamplitude_uv\n{wave}")
    _sheet(directory, "ephys/events", [
        {"site_id": "s1", "segment": 1, "onset": 10 + 8 * k, "duration": 2, "trial_type": "paw_pinch", "side": "left"}
        | {"intensity": "2 N", "onset_source": "ttl"}
        for k in range(10)
    ] + [{"site_id": "s2", "segment": 1, "onset": 100, "duration": 0, "trial_type": "drug", "drug": "clonidine"}
         | {"dose": 50, "dose_unit": "ug/kg", "route": "i.v."}])  # fmt: skip
    _sheet(directory, "ephys/identity", [
        {"site_id": "s1", "unit_id": "u1", "method": "antidromic", "result": "collision at 12 ms"}
    ])  # fmt: skip
    _sheet(directory, "curation/units", [
        {"site_id": "s2", "unit_id": "u1", "action": "label", "label": "LC-NE"} | DECISION
    ])  # fmt: skip
    _sheet(directory, "curation/trials", [
        {"site_id": "s1", "segment": 1, "onset": 18, "action": "exclude"} | DECISION
    ])  # fmt: skip
    (directory / "rulesets").mkdir()
    shipped = (RULESETS / "lc_permissive.yaml").read_text(encoding="utf-8")
    (directory / "rulesets/own.yaml").write_text(
        shipped.replace("name: lc_permissive", "name: own", 1) + EXAMPLE, encoding="utf-8"
    )
    return directory


def _decision_of_sample(directory: Path, sample: str) -> None:
    row = {"session_id": "r3_a", "probe_id": "r3_p", "sample_id": sample, "action": "exclude"}
    _sheet(directory, "curation/samples", [row | DECISION])
