"""Sorted raw recordings stand on the clock of their file, as its events do."""

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from coeruleus.formats.recording import file_events, read_raw
from coeruleus.spikes.sort_sites import NOT_RECORDED, sort_sites

from .raw_traces import RATE, add, background, waveform

BEGINS, LASTS = 2.0, 40.0


def test_a_trace_that_begins_late_keeps_the_clock_of_the_files_events(tmp_path):
    """A pulse 50 ms after every fifth spike, in the file itself, is 50 ms after the spike that is sorted there."""
    rng = np.random.default_rng(3)
    true = np.arange(0.7, LASTS - 1, 0.9) + rng.uniform(-0.1, 0.1, 43)
    trace = add(background(rng, LASTS), true, waveform(), -200.0)
    trace[round(20 * RATE) : round(20.2 * RATE)] = trace[round(20 * RATE)]  # flat: 22.0 to 22.2 s of the clock
    pulses = true[::5] + BEGINS + 0.05
    channel = {"title": "LC", "interval": 1 / RATE, "start": BEGINS, "units": "uV", "values": trace}
    channel |= {"length": len(trace), "scale": 1.0, "offset": 0.0}
    savemat(tmp_path / "a.mat", {"V_Ch1": channel, "V_Ch2": {"title": "pinch", "times": pulses, "length": len(pulses)}})
    names = ("format", "channel", "condition", "highpass_hz", "started_at")
    row = {"site_id": "s", "subject_id": "r", "session_id": "d", "segment": 4, "file": "a.mat", "kind": "raw"}
    found = sort_sites(pd.DataFrame([row | dict.fromkeys(names)]), tmp_path)

    assert set(found.waveforms["amplitude_unit"]) == {"µV"}
    spikes = found.spikes["time_s"].to_numpy()
    for event in file_events(tmp_path / "a.mat"):
        assert np.abs(event.onset_s - 0.05 - spikes).min() < 0.001
    assert spikes[0] == pytest.approx(true[0] + BEGINS, abs=0.001)
    assert len(spikes) < 100 and found.quality["missed_fraction"].isna().all(), "a few tell nothing of what is missing"
    assert found.segments["duration_s"].tolist() == pytest.approx([BEGINS + LASTS])
    masked = found.artefacts.set_index("kind")
    assert masked.loc[NOT_RECORDED, ["start_s", "end_s"]].tolist() == [0.0, BEGINS]
    assert masked.loc["flat", ["start_s", "end_s"]].tolist() == pytest.approx([22.0, 22.2], abs=0.03)
    said = [problem.message for problem in found.problems]
    assert "begins at 2 s of the file's clock" in "".join(said)
    [flat] = [text for text in said if text.startswith("segment 4: flat from ")]  # the number in the sheet
    assert float(flat.split()[4]) == pytest.approx(22.0, abs=0.03)

    marks = found.excerpt_marks
    shown = marks[marks["mark"] == "spike"]["start_s"].to_numpy()
    assert len(shown) and np.isin(shown, spikes).all()
    piece = found.excerpts[(found.excerpts["excerpt"] == "spikes") & (found.excerpts["view"] == "whole")]
    at = piece["time_s"].to_numpy()[np.argmin(piece["signal_low"].to_numpy())]
    assert np.abs(shown - at).min() < 0.01


def test_where_traces_end_on_their_clock(tmp_path):
    channel = {"title": "LC", "interval": 1e-4, "start": 1.5, "units": "uV", "values": np.arange(20000.0) % 7}
    savemat(tmp_path / "a.mat", {"V_Ch1": channel | {"length": 20000, "scale": 1.0, "offset": 0.0}})
    assert read_raw(tmp_path / "a.mat").end_s == pytest.approx(3.5)


def test_many_stretches_of_one_kind_are_said_together(tmp_path):
    """Thirty clipped spikes: one line with their number, and a row for each in the table."""
    trace = np.clip(add(background(np.random.default_rng(5), 40), np.arange(1, 31.0), waveform(), -2000.0), -300, 300)
    channel = {"title": "LC", "interval": 1 / RATE, "start": 0.0, "units": "uV", "values": trace}
    savemat(tmp_path / "a.mat", {"V_Ch1": channel | {"length": len(trace), "scale": 1.0, "offset": 0.0}})
    names = ("format", "channel", "condition", "highpass_hz", "started_at")
    row = {"site_id": "s", "subject_id": "r", "session_id": "d", "segment": 1, "file": "a.mat", "kind": "raw"}
    found = sort_sites(pd.DataFrame([row | dict.fromkeys(names)]), tmp_path)
    clipped = found.artefacts[found.artefacts["kind"] == "clipped"]
    said = [problem.message for problem in found.problems if problem.message.startswith("clipped")]
    assert len(clipped) == 30 and len(said) == 1 and said[0].startswith("clipped: 30 stretches, ")
