"""The demonstration experiment keeps the contract of the sheets, and its truth fits its files."""

import csv
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from coeruleus.experiment.load import load_experiment
from coeruleus.simulation.demo import write_demo, write_sites, write_small, write_study
from coeruleus.simulation.peaks import peak

ID = re.compile(r"[A-Za-z0-9._-]+")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "demo"
    write_demo(folder)
    return folder


def test_two_writes_give_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        write_small(tmp_path / name, seed, raw=True)
    first, second, third = (checksums(tmp_path / name) for name in ("one", "two", "three"))
    assert first == second
    changed = {name for name in first if first[name] != third[name]}
    assert {"truth/peaks.tsv", "ephys/rat01_t1_1_spikes.tsv", "dialysate/run_a/run_a_001.txt"} <= changed
    assert "dialysate/standards.tsv" not in changed


def test_the_experiment_loads_without_a_complaint(demo, tmp_path):
    assert load_experiment(demo).problems == []
    write_small(tmp_path / "small")
    assert load_experiment(tmp_path / "small").problems == []
    write_sites(tmp_path / "sites", 12)
    assert len(load_experiment(tmp_path / "sites").recordings) == 24
    write_study(tmp_path / "study", 4, 5)
    study = load_experiment(tmp_path / "study")
    assert study.problems == [] and len(study.subjects) == 4 and study.recordings["site_id"].nunique() == 5


def test_it_is_small(demo):
    files = [path for path in demo.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 15e6


def test_sheets_are_plain_tables_with_sound_ids(demo):
    for path in sorted(demo.rglob("*.tsv")):
        table = rows(path)
        assert table or path.name == "statuses.tsv", path
        for row in table:
            assert None not in row and None not in row.values(), path
            assert all(value != "" and value.lower() not in ("nan", "none") for value in row.values()), path
            ids = (value for name, value in row.items() if name.endswith("_id") and value != "n/a")
            assert all(ID.fullmatch(value) for value in ids), path


def test_the_study_is_what_issue_2_asks_for(demo):
    subjects = rows(demo / "subjects.tsv")
    assert sorted(row["group"] for row in subjects) == ["atomoxetine"] * 4 + ["vehicle"] * 4
    injections = rows(demo / "dialysate/injections.tsv")
    assert {row["run"] for row in injections} == {"run_a", "run_b"}
    for run in ("run_a", "run_b"):
        here = [row for row in injections if row["run"] == run]
        kinds = [row["kind"] for row in here]
        assert kinds.count("blank") == 3 and kinds.count("qc") == 3
        assert len({row["level"] for row in here if row["kind"] == "standard"}) == 6
        inside = [place for place, kind in enumerate(kinds) if kind == "dialysate"]
        standards = [place for place, kind in enumerate(kinds) if kind == "standard"]
        assert min(standards) < min(inside) and max(standards) > max(inside)
    lengths = {float(row["end_min"]) - float(row["start_min"]) for row in injections if row["kind"] == "dialysate"}
    assert lengths == {20.0}
    absent = [row for row in injections if not (demo / "dialysate" / row["file"]).exists()]
    assert [row["kind"] for row in absent] == ["dialysate"]
    assert [row["placement"] for row in rows(demo / "dialysate/probes.tsv")].count("miss") == 1
    faults = {row["status"] for row in rows(demo / "truth/statuses.tsv")}
    assert faults == {"below_loq", "missing", "excluded", "rejected", "miss", "insufficient_spikes"}


def test_the_treatment_has_the_effect_of_a_reuptake_inhibitor(demo):
    found = {}
    for row in rows(demo / "truth/release.tsv"):
        if row["analyte"] == "NE" and row["subject_id"] != "rat06":
            found.setdefault(row["group"], []).append((float(row["peak_percent"]), float(row["basal_concentration"])))
    assert 220 < np.mean([peak_percent for peak_percent, _ in found["atomoxetine"]]) < 330
    assert np.mean([peak_percent for peak_percent, _ in found["vehicle"]]) < 150
    assert all(0.4 < basal < 1.6 for values in found.values() for _, basal in values)
    missed = [row for row in rows(demo / "truth/release.tsv") if (row["subject_id"], row["analyte"]) == ("rat06", "NE")]
    assert float(missed[0]["peak_percent"]) < 120


def test_chromatograms_hold_their_true_peaks(demo):
    """With the truth's areas and times taken away, standards are as smooth as a blank."""
    truth = {(row["injection_id"], row["analyte"]): row for row in rows(demo / "truth/peaks.tsv")}
    strong = [row for row in rows(demo / "dialysate/injections.tsv") if row["level"] == "S6"]
    assert len(strong) == 4
    for row in strong:
        lines = (demo / "dialysate" / row["file"]).read_text().splitlines()
        assert lines[0] == "Time (min)\tSignal (nA)"
        time, signal = np.array([line.split("\t") for line in lines[1:]], float).T
        assert np.diff(time) == pytest.approx(1 / 120, abs=2e-5)
        known = truth[row["injection_id"], "DOPAC"]
        apex, area = float(known["retention_time_min"]), float(known["area"])
        sigma = 0.0155 * 9.30
        rest = signal - area / 60 * peak(time, apex, sigma, 0.6 * sigma)
        around = (time > apex - 0.5) & (time < apex + 0.8)
        assert np.ptp(signal[around]) > 10
        assert np.ptp(rest[around]) < 0.15


def test_recordings_and_their_truth_agree(demo):
    recordings = rows(demo / "ephys/recordings.tsv")
    known = {(row["site_id"], row["unit_id"]): row for row in rows(demo / "truth/units.tsv")}
    seen = dict.fromkeys(known, 0)
    for row in recordings:
        assert (demo / "ephys" / row["file"]).exists()
        if row["kind"] == "sorted":
            for spike in rows(demo / "ephys" / row["file"]):
                seen[row["site_id"], spike["unit_id"]] += 1
                assert 0 <= float(spike["time_s"]) <= float(row["duration_s"])
    for spike in rows(demo / "truth/spikes.tsv"):
        seen[spike["site_id"], spike["unit_id"]] += 1
    assert {unit: int(row["n_spikes"]) for unit, row in known.items()} == seen
    sites = {row["site_id"]: row for row in recordings}
    assert [row["kind"] for row in sites.values()].count("raw") == 1
    labels = [row["label"] for row in known.values()]
    assert labels.count("LC-NE") >= 6 and labels.count("other") >= 4
    times = {(row["site_id"], row["segment"]): float(row["duration_s"]) for row in recordings}
    for event in rows(demo / "ephys/events.tsv"):
        assert 0 < float(event["onset"]) < times[event["site_id"], event["segment"]]


def test_neo_opens_the_raw_trace_with_the_true_scale(demo):
    from neo.io import BrainVisionIO

    signal = BrainVisionIO(str(demo / "ephys/rat08_t1.vhdr")).read_segment().analogsignals[0]
    assert float(signal.sampling_rate) == 20000
    assert signal.shape == (150 * 20000, 1)
    trace = signal.rescale("uV").magnitude[:, 0]
    known = {row["unit_id"]: row for row in rows(demo / "truth/units.tsv") if row["site_id"] == "rat08_t1"}
    for unit, row in known.items():
        spikes = [float(s["time_s"]) for s in rows(demo / "truth/spikes.tsv") if s["unit_id"] == unit]
        quiet = np.round(np.array([time for time in spikes if 1 < time < 59]) * 20000).astype(int)
        height = np.median(trace[quiet] - np.median(trace[quiet[:, None] + np.arange(-80, -60)], axis=1))
        assert height == pytest.approx(float(row["amplitude_uv"]), rel=0.1)


def test_writing_it_again_touches_nothing(tmp_path: Path) -> None:
    write_small(tmp_path, raw=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    write_small(tmp_path, raw=True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
