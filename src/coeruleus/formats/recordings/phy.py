"""Folders of Kilosort and Phy: spike times in samples, clusters, and what people or the sorter called them."""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import SortedRecording, Unit
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source

LEFT = frozenset({"noise", "mua"})
LARGEST_TEXT = 2**24


def sniff(source: Source) -> str | None:
    if not source.is_folder:
        return "no folder"
    return None if (source.path / "spike_times.npy").is_file() else "a folder without spike_times.npy"


@reads(
    "phy",
    "Phy or Kilosort folder",
    suffixes=("(folder)",),
    notes="name the folder; labels of Phy (cluster_group.tsv) win over Kilosort's (cluster_KSLabel.tsv); noise and mua "
    "only where channel names them; not tried on a real folder yet",
    sniff=sniff,
    folders=True,
)
def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording:
    """Clusters as units, by their labels."""
    if kind != "sorted":
        raise FormatError(f"{source.name}: a folder of Phy holds spike times; name the raw file itself for traces")
    folder, file = source.path, source.name
    parameters = _parameters(folder)
    rate = parameters.get("sample_rate")
    if not isinstance(rate, (int, float)) or not 100 <= rate <= 1e6:
        raise FormatError(f"{file}: params.py does not say sample_rate, so samples cannot be turned into seconds")
    samples = _array(folder / "spike_times.npy", file)
    name = "spike_clusters.npy" if (folder / "spike_clusters.npy").is_file() else "spike_templates.npy"
    clusters = _array(folder / name, file)
    if len(samples) != len(clusters):
        raise FormatError(f"{file}: has {len(samples)} spike times but {len(clusters)} clusters")
    if not len(samples):
        raise FormatError(f"{file}: has no spikes")
    if samples.min() < 0:
        raise FormatError(f"{file}: has spikes before the recording's start")
    labels = _labels(folder, "cluster_KSLabel.tsv") | _labels(folder, "cluster_group.tsv")
    units, left = [], []
    order = np.argsort(clusters, kind="stable")
    known, starts = np.unique(clusters[order], return_index=True)
    for cluster, mine in zip(known, np.split(samples[order], starts[1:]), strict=True):
        unit_id, label = str(int(cluster)), labels.get(str(int(cluster)), "")
        wanted = channel is None or channel.strip() == unit_id
        if channel is None and label in LEFT:
            left.append(f"{unit_id}: {label}")
        elif wanted:
            times = np.sort(mine.astype(float)) / rate
            units.append(Unit(unit_id, times, leftover=label in LEFT))
    if not units:
        listed = ", ".join(str(int(each)) for each in known[:40])
        raise FormatError(f"{file}: has no such unit, or none called good; its clusters are {listed}")
    notes = [f"left out {len(left)} clusters ({', '.join(left[:6])})"] if left else []
    if not labels:
        notes.append("has no labels: every cluster was taken as a unit")
    duration = _duration(folder, parameters, rate)
    return SortedRecording(tuple(units), duration, tuple(notes), "phy")


def _array(path: Path, file: str) -> np.ndarray:
    """Whole numbers of an .npy file. Mapped, so that a header cannot claim more than the file holds."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FormatError(f"{file}: {path.name} is missing or damaged ({error})") from None
    if values.dtype.kind not in "iu" or values.ndim not in (1, 2) or (values.ndim == 2 and 1 not in values.shape):
        raise FormatError(f"{file}: {path.name} does not hold one whole number per spike")
    return np.asarray(values).ravel()


def _parameters(folder: Path) -> dict[str, object]:
    """params.py as plain values; it is never run."""
    path = folder / "params.py"
    if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
        return {}
    found: dict[str, object] = {}
    for name, text in re.findall(r"^(\w+)\s*=\s*(.+?)\s*$", path.read_text("utf-8", "replace"), re.MULTILINE):
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return found


def _labels(folder: Path, name: str) -> dict[str, str]:
    path = folder / name
    if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
        return {}
    rows = list(csv.reader(path.read_text("utf-8", "replace").splitlines(), delimiter="\t"))
    return {row[0].strip(): row[1].strip().casefold() for row in rows[1:] if len(row) > 1}


def _duration(folder: Path, parameters: dict[str, object], rate: float) -> float | None:
    """Length of the raw file beside the sorter's output, where it is there."""
    path, width = parameters.get("dat_path"), parameters.get("n_channels_dat")
    names = [path] if isinstance(path, str) else path if isinstance(path, (list, tuple)) else []
    try:
        item = np.dtype(str(parameters.get("dtype", "int16"))).itemsize
    except TypeError:
        return None
    files = [folder / re.split(r"[\\/]", str(name))[-1] for name in names]
    if not files or not isinstance(width, int) or width < 1 or not all(file.is_file() for file in files):
        return None
    return sum(file.stat().st_size for file in files) / item / width / rate
