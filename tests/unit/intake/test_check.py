"""Checking files: real experiments pass, and each thing that is wrong or odd is said once, by item."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coeruleus.intake.check import check_files, check_files_of_broken
from coeruleus.intake.check_recordings import check_recordings

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
    standards: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["level", "analyte", "concentration"]))
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            analytes={"NE": SimpleNamespace(retention_time=5.0)}, events=SimpleNamespace(rename={})
        )
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


def standards_of(tmp_path, heights, levels=(1, 2, 5, 10, 20)):
    """A run of standards with a peak of NE at 5 min, and its sheets."""
    time = np.arange(600) / 60
    for index, height in enumerate(heights):
        write_trace(
            tmp_path / "dialysate", f"s{index}.txt", noise(index) * 0.01 + height * np.exp(-((time - 5) ** 2) / 0.01)
        )
    rows = injections(*({"injection_id": f"i{i}", "file": f"s{i}.txt"} for i in range(len(heights))))
    rows = rows.assign(kind="standard", level=[f"l{each}" for each in levels])
    sheet = pd.DataFrame({"level": [f"l{each}" for each in levels], "analyte": "NE", "concentration": list(levels)})
    return Made(tmp_path, injections=rows, standards=sheet)


def test_two_standards_that_look_swapped(tmp_path):
    found = said(standards_of(tmp_path, (1, 10, 5, 2, 20)))
    assert list(found) == ["i1"] and "this standard and injection i3 look swapped" in found["i1"][0]


def test_a_level_that_does_not_rise(tmp_path):
    found = said(standards_of(tmp_path, (1, 2, 5, 1.5, 20)))
    assert list(found) == ["i3"] and "the level of 10 has a lower peak" in found["i3"][0]


def test_standards_in_order_say_nothing(tmp_path):
    assert said(standards_of(tmp_path, (1.1, 1.9, 5.2, 10.5, 19))) == {}


def write_wav(folder, name, values, rate=20000):
    from scipy.io import wavfile

    folder.mkdir(exist_ok=True)
    wavfile.write(folder / name, rate, np.asarray(values, dtype=np.int16))


def raw(*rows):
    frame = pd.DataFrame([{"kind": "raw", "segment": 1, **row} for row in rows], columns=[*RECORDING, "highpass_hz"])
    return frame.astype({"duration_s": float, "highpass_hz": float})


def test_raw_traces_that_are_flat_saturated_or_sampled_otherwise(tmp_path):
    trace = noise(3, 40000) * 300
    write_wav(tmp_path / "ephys", "good.wav", trace)
    write_wav(tmp_path / "ephys", "also.wav", trace[::-1])
    write_wav(tmp_path / "ephys", "flat.wav", np.zeros(40000))
    write_wav(tmp_path / "ephys", "full.wav", np.clip(np.repeat(trace, 8)[:40000] * 3, -1000, 1000))
    write_wav(tmp_path / "ephys", "slow.wav", trace, 10000)
    names = ("good", "also", "flat", "full", "slow")
    found = said(Made(tmp_path, recordings=raw(*({"site_id": each, "file": f"{each}.wav"} for each in names))))
    odd = {item.split()[0]: " ".join(lines) for item, lines in found.items()}
    assert "throughout; was it connected?" in odd["flat"] and "looks saturated" in odd["full"]
    assert "is sampled at 10000 Hz, most other recordings at 20000 Hz" in odd["slow"]
    assert not any(word in odd["good"] for word in ("saturated", "throughout", "most other"))


def test_a_high_pass_that_makes_width_meaningless(tmp_path):
    write_wav(tmp_path / "ephys", "a.wav", noise(3, 40000) * 300)
    row = {"site_id": "a", "file": "a.wav"}
    assert "high-pass of 300 Hz" in str(said(Made(tmp_path, recordings=raw({**row, "highpass_hz": 300.0}))))
    assert "high-pass" not in str(said(Made(tmp_path, recordings=raw({**row, "highpass_hz": 10.0}))))


def test_a_site_without_events_where_the_others_have_some(tmp_path):
    for name in "abcd":
        write_wav(tmp_path / "ephys", f"{name}.wav", noise(ord(name), 40000) * 300)
    rows = raw(*({"site_id": each, "file": f"{each}.wav"} for each in "abcd"))
    events = pd.DataFrame({"site_id": list("abc"), "segment": 1, "onset": 0.5, "trial_type": "foot_shock"})
    found = said(Made(tmp_path, recordings=rows, ephys_events=events))
    assert "has no event, unlike most other sites" in str(found["d segment 1"])
    assert "has no event" not in str(found["a segment 1"])


def test_files_are_looked_into_while_a_sheet_is_broken(tmp_path):
    write_trace(tmp_path / "dialysate", "a.txt", np.full(600, 3.0))
    (tmp_path / "experiment.yaml").write_text("title: x\n")
    (tmp_path / "subjects.tsv").write_text("subject_id\ns1\n")
    lines = ["injection_id\trun\tfile\tkind", "i1\tr\ta.txt\tFILL_IN", "i2\tr\tb.txt\tblank"]
    (tmp_path / "dialysate/injections.tsv").write_text("\n".join(lines) + "\n")
    text = " ".join(problem.message for problem in check_files_of_broken(tmp_path))
    assert "was the detector on?" in text and "b.txt: the file is not there" in text


def test_a_decision_about_an_event_of_the_file_is_held_against_the_file(tmp_path):
    from scipy.io import savemat

    (tmp_path / "ephys").mkdir()
    shocks = {"title": "Shock", "times": [10.5, 20.5]}
    savemat(tmp_path / "ephys/a.mat", {"u": {"title": "u", "times": np.arange(1, 60) * 0.5}, "Shock": shocks})
    row = {"site_id": "a", "segment": 1, "kind": "sorted", "file": "a.mat", "format": "spike2_mat", "channel": "u"}
    recordings = pd.DataFrame([row | dict.fromkeys(("waveforms", "raw_file", "highpass_hz")) | {"duration_s": 30.0}])
    columns = ["site_id", "segment", "onset", "duration", "trial_type", "onset_source"]
    typed = pd.DataFrame([["a", 1, 10.2, 0.0, "foot_shock", "typed"]], columns=columns)
    decided = pd.DataFrame([["a", 1, onset, "exclude", "r", "me"] for onset in (10.2, 20.5, 25.0)],
                           columns=["site_id", "segment", "onset", "action", "reason", "author"])  # fmt: skip
    found = check_recordings(recordings, typed, tmp_path / "ephys", {"Shock": "foot_shock"}, decided)
    told = [problem.message for problem in found if "onset" in problem.message or "curation" in problem.message]
    assert "1 typed onset replaced by the file's own, which lie +0.3 s" in told[0]
    assert told[1:] == ["curation/trials.tsv: no event of segment 1 begins at 25 s"]
