"""Sorters that SpikeInterface runs on a CPU, each in a process of its own with a limit of time.

Run by the benchmark as `python peers.py SORTER FOLDER`; for each recording_N.npz there, the folder gets trains_N.npz or
error_N.txt.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from recordings import Recording
from score import Found

SORTERS = ("herdingspikes", "mountainsort5", "simple", "spykingcircus2", "tridesclous2")
SCALE_UV = 0.1  # µV per bit: some sorters take integers only
SETTINGS = {"herdingspikes": {"common_reference": "none"}}  # the median of one channel is that channel: nothing is left


def peer(name: str, recordings: list[Recording], seconds: float) -> list[Found]:
    """What a sorter finds in each recording with default parameters but SETTINGS; `failed` says why where it fails."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for index, recording in enumerate(recordings):
            np.savez(folder / f"recording_{index}.npz", trace=recording.trace, rate=recording.rate_hz)
        command = [sys.executable, __file__, name, temporary]
        late = f"not done after {seconds:g} s"
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
            late = f"ended with status {done.returncode}"
        except subprocess.TimeoutExpired:
            pass
        return [_read(folder, index, late) for index in range(len(recordings))]


def _read(folder: Path, index: int, late: str) -> Found:
    error = folder / f"error_{index}.txt"
    if error.exists():
        return Found([], [], 0.0, error.read_text()[:110])
    path = folder / f"trains_{index}.npz"
    if not path.exists():
        return Found([], [], 0.0, late)
    with np.load(path) as trains:
        found = [trains[key] for key in trains.files]
    return Found(found, [None] * len(found))


def main(name: str, folder: Path) -> None:
    for path in sorted(folder.glob("recording_*.npz")):
        index = path.stem.removeprefix("recording_")
        with np.load(path) as stored:
            trace, rate = stored["trace"], float(stored["rate"])
        try:
            trains = _sort(name, trace, rate, folder / index)
        except Exception as error:  # whatever a peer raises is its failure, and is printed
            words = [line for line in str(error).splitlines() if line.strip()]
            text = next((line for line in reversed(words) if "Error" in line), words[-1] if words else "")
            (folder / f"error_{index}.txt").write_text(f"{type(error).__name__}: {text}")
            continue
        np.savez(folder / f"unfinished_{index}.npz", **trains)
        (folder / f"unfinished_{index}.npz").rename(folder / f"trains_{index}.npz")


def _sort(name: str, trace: np.ndarray, rate: float, folder: Path) -> dict[str, np.ndarray]:
    import spikeinterface.core as core
    import spikeinterface.sorters as sorters
    from probeinterface import Probe

    recording = core.NumpyRecording([np.clip(np.round(trace / SCALE_UV), -32000, 32000).astype(np.int16)], rate)
    recording.set_channel_gains(SCALE_UV)
    recording.set_channel_offsets(0.0)
    probe = Probe(ndim=2)
    places = np.array([[0.0, 0.0], [0.0, 25.0], [25.0, 0.0], [25.0, 25.0]])[: trace.shape[1]]
    probe.set_contacts(places, shapes="circle", shape_params={"radius": 6.0})
    probe.set_device_channel_indices(np.arange(trace.shape[1]))
    recording = recording.set_probe(probe) or recording
    recording.set_property("location", places)  # where herdingspikes looks for them
    core.set_global_job_kwargs(n_jobs=1, progress_bar=False)
    recording = recording.save(folder=folder / "recording", verbose=False)
    sorting = sorters.run_sorter(
        name,
        recording,
        folder=folder / "sorted",
        verbose=False,
        remove_existing_folder=True,
        **SETTINGS.get(name, {}),
    )
    trains = {str(unit): sorting.get_unit_spike_train(unit) / rate for unit in sorting.unit_ids}
    return {unit: train for unit, train in trains.items() if len(train)}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
