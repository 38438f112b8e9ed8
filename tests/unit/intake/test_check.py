"""Checking files: real experiments pass, and each thing that is wrong or odd is said once, by item."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coeruleus.intake.check import check_files

INJECTION = ["injection_id", "run", "file", "channel", "injected_at", "from_min", "to_min"]
RECORDING = [
    "site_id",
    "segment",
    "subject_id",
    "session_id",
    "file",
    "kind",
    "format",
    "channel",
    "duration_s",
    "waveforms",
]


@dataclass
class Made:
    """The part of an experiment that checking looks at."""

    path: Path
    injections: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=INJECTION))
    recordings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RECORDING))
    ephys_events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["site_id", "segment", "onset"]))
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(analytes={"NE": SimpleNamespace(retention_time=5.0)})
    )


def injections(*rows):
    frame = pd.DataFrame([{"run": "r1", **row} for row in rows], columns=INJECTION)
    return frame.astype(object).where(frame.notna(), None).assign(from_min=np.nan, to_min=np.nan)


def write_trace(folder, name, signal, unit="nA", step=1 / 60):
    folder.mkdir(exist_ok=True)
    lines = [f"{i * step:.5f}\t{value:.4f}" for i, value in enumerate(signal)]
    (folder / name).write_text(f"time_min\tECD ({unit})\n" + "\n".join(lines) + "\n")


def noise(seed, n=600):
    return np.random.default_rng(seed).normal(size=n)


def said(experiment):
    found: dict[str, list[str]] = {}
    for problem in check_files(experiment):
        found.setdefault(problem.item, []).append(f"{problem.severity}: {problem.message}")
    return found


@pytest.mark.parametrize("name", ["diauxic_shift", "lc_footshock"])
def test_real_experiments_have_sound_files(shared, name):
    from coeruleus.experiment.load import load_experiment

    assert check_files(load_experiment(shared / "experiments" / name)) == []


def test_oddities_of_chromatograms(tmp_path):
    folder = tmp_path / "dialysate"
    for index in range(4):
        write_trace(folder, f"ok{index}.txt", noise(index))
    clipped = noise(9) + 1000 * np.exp(-(((np.arange(600) - 300) / 20) ** 2))
    write_trace(folder, "flat.txt", np.zeros(600))
    write_trace(folder, "clipped.txt", np.minimum(clipped, 500))
    write_trace(folder, "volts.txt", noise(5), unit="mV")
    write_trace(folder, "short.txt", noise(6, 240))
    write_trace(folder, "slow.txt", noise(7, 300), step=2 / 60)
    (folder / "copy.txt").write_bytes((folder / "ok1.txt").read_bytes())
    (folder / "empty.txt").write_bytes(b"")
    names = ["ok0", "ok1", "ok2", "ok3", "flat", "clipped", "volts", "short", "slow", "copy", "empty", "gone"]
    found = said(Made(tmp_path, injections(*({"injection_id": each, "file": f"{each}.txt"} for each in names))))
    expected = {
        "flat": ["warning: flat.txt: the signal is 0 throughout; was the detector on?"],
        "clipped": ["looks saturated"],
        "volts": ["the signal is in mV, in the rest of the run in nA"],
        "short": ["leaves out NE", "was the run stopped?"],
        "slow": ["is sampled every 2 s, the rest of the run every 1 s"],
        "copy": ["holds the same trace as injection ok1"],
        "empty": ["error: empty.txt: the file is empty"],
        "gone": ["error: gone.txt: the file is not there"],
    }
    assert set(found) == set(expected)
    for item, parts in expected.items():
        assert len(found[item]) == len(parts) and all(any(part in each for each in found[item]) for part in parts), item


def test_times_of_files_and_sheet(shared):
    source = shared / "experiments/diauxic_shift"
    sheet = pd.read_csv(source / "dialysate/injections.tsv", sep="\t")[["injection_id", "file", "injected_at"]].head(3)
    records = sheet.to_dict("records")
    records[1]["injected_at"] = "2021-02-15T21:55:58"
    found = said(Made(source, injections(records[1], records[0], records[2])))
    assert "the file itself says 2021-02-15T20:55:58" in found["inj02"][0]
    assert "before injection inj02 above it" in found["inj01"][0]
    assert set(found) == {"inj01", "inj02"}


def test_cuts_outside_of_the_trace(tmp_path):
    write_trace(tmp_path / "dialysate", "all.txt", noise(1))
    rows = injections(*({"injection_id": each, "file": "all.txt"} for each in ("a", "b")))
    found = said(Made(tmp_path, rows.assign(from_min=[0.0, 20.0], to_min=[5.0, 30.0])))
    assert list(found) == ["b"] and "do not lie within the trace, which covers 0 to 9.98" in found["b"][0]


def test_oddities_of_recordings(tmp_path):
    folder = tmp_path / "ephys"
    folder.mkdir()
    (folder / "good.tsv").write_text("unit_id\ttime_s\n1\t1\n1\t90\n")
    (folder / "early.tsv").write_text("unit_id\ttime_s\n1\t0.001\n1\t0.09\n")
    (folder / "none.tsv").write_text("unit_id\ttime_s\n")
    (folder / "bad.tsv").write_text("unit_id\ttime_s\n1\tx\n")
    rows = [
        {"site_id": name, "segment": 1, "file": f"{name}.tsv", "kind": "sorted", "duration_s": 100.0}
        for name in ("good", "early", "none", "bad")
    ]
    rows += [{"site_id": "raw", "segment": 1, "file": "good.tsv", "kind": "raw"}]
    events = pd.DataFrame({"site_id": ["good", "good", "bad"], "segment": [1, 1, 1], "onset": [50.0, 150.0, 500.0]})
    recordings = pd.DataFrame(rows, columns=RECORDING).astype({"duration_s": float})
    recordings = recordings.astype({"format": object, "channel": object, "waveforms": object})
    found = said(Made(tmp_path, recordings=recordings, ephys_events=events))
    assert "1 events begin after the end of the recording (100 s), the first at 150 s" in found["good segment 1"][0]
    assert "the last spike is at 0.09 of 100 s" in found["early segment 1"][0]
    assert found["none segment 1"] == ["warning: holds no spike"]
    assert found["bad segment 1"] == ["error: bad.tsv: line 2, column time_s: 'x' is not a number"]
    assert "holds no raw trace; its kind is sorted" in found["raw segment 1"][0]


def test_raw_recordings_are_compared_with_the_sheet(shared):
    folder = shared / "realdata"
    row = {"site_id": "s", "segment": 1, "file": "motor_units.smr", "kind": "raw", "duration_s": 20.0}
    experiment = Made(folder, recordings=pd.DataFrame([row | {"channel": "flow"}], columns=RECORDING))
    text = " ".join(said(experiment)["s segment 1"])
    assert "too slowly to find spikes" in text and "duration_s is 20 s, the file itself lasts 13.1" in text
