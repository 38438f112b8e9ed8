"""Sound files to start from, by format: small ones written here, and public real ones where they are at hand."""

from __future__ import annotations

import base64
import math
import struct
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from recording_seeds import shorten, write_recordings

from coeruleus.formats.errors import FormatError
from coeruleus.formats.registry import PACKAGES, recognise
from coeruleus.formats.text import Source

LARGEST = 400_000  # bytes; damage to a larger file is no other damage, only slower
MOST = 2  # of a format


def write_seeds(folder: Path) -> None:
    """A file for each format that can be written without its vendor."""
    folder.mkdir(parents=True, exist_ok=True)
    signal = [(n / 120, 1 + 5 * math.exp(-(((n - 300) / 12) ** 2))) for n in range(600)]
    rows = "".join(f"{minutes:.4f}\t{value:.5f}\n" for minutes, value in signal)
    (folder / "trace.txt").write_text("time_min\tsignal\n" + rows)
    points = "".join(f"{minutes:.5f}\t{1000 * value:.0f}\n" for minutes, value in signal)
    head = "[Header]\nApplication Name\tLabSolutions\n\n[LC Chromatogram(Detector A-Ch1)]\nInterval(msec)\t500\n"
    head += f"# of Points\t{len(signal)}\nStart Time(min)\t0.000\nEnd Time(min)\t4.992\nIntensity Units\tmV\n"
    (folder / "labsolutions.txt").write_text(head + "Intensity Multiplier\t0.001\nR.Time (min)\tIntensity\n" + points)
    spikes = "".join(f"u{n % 3}\t{0.1 + 0.37 * n:.4f}\n" for n in range(200))
    (folder / "spikes.tsv").write_text("unit_id\ttime_s\n" + spikes)
    with wave.open(str(folder / "raw.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(20_000)
        file.writeframes(b"".join(struct.pack("<h", round(300 * math.sin(n / 7))) for n in range(8000)))


def write_vendor_seeds(folder: Path) -> None:
    """Files to the published layouts of vendors of whom no real file is at hand."""
    signal = [round(1 + 5 * math.exp(-(((n - 100) / 8) ** 2)), 5) for n in range(300)]
    rows = "".join(f"{n / 10:.1f}\t{value}\n" for n, value in enumerate(signal))
    head = "Interval=\t0.1 s\nExcelDateTime=\t4.2E4\nTimeFormat=\tStartOfBlock\nDateFormat=\t\n"
    (folder / "labchart.txt").write_text(f"{head}ChannelTitle=\tECD\nRange=\t10.000 nA\n{rows}")
    stacked = "".join(f"{round(1000 * value)}\n" for value in signal)
    facts = "Version:\t3\nMaxchannels:\t2\nSample ID:\ta\nSampling Rate:\t10\t10\tHz\n"
    axes = "Total Data Points:\t300\t300\tPts.\n"
    axes += "Y Axis Title:\tmVolts\tmVolts\nY Axis Multiplier:\t0.001\t0.001\n"
    (folder / "ezchrom.asc").write_text(facts + axes + stacked + stacked)
    points = "".join(f"{n / 600:.5f}\t{value}\n" for n, value in enumerate(signal))
    (folder / "empower.arw").write_text('"SampleName"\t"Channel"\n"a"\t"ECD"\n' + points)
    clarity = "Sample ID : a\nSample : b\nSample Injected : 05-Jan-26 1:02:03 PM\nRate : 10.0 samp. per sec.\n"
    (folder / "clarity.txt").write_text(f"{clarity}Y Axis Title: ECD\n\n[Min.]\t[mV]\n{points}")
    arrays = ""
    times = [n * 0.1 for n in range(300)]
    for name, accession, values in (("time array", 595, times), ("intensity array", 515, signal)):
        packed = base64.b64encode(zlib.compress(struct.pack("<300d", *values))).decode()
        arrays += f'<binaryDataArray encodedLength="{len(packed)}"><cvParam accession="MS:1000523"/>'
        arrays += f'<cvParam accession="MS:1000574"/><cvParam accession="MS:1000{accession}" name="{name}" '
        arrays += f'unitAccession="UO:0000010" unitName="second"/><binary>{packed}</binary></binaryDataArray>'
    top = '<?xml version="1.0"?><mzML xmlns="http://psi.hupo.org/ms/mzml"><run><chromatogramList count="1">'
    top += '<chromatogram id="ECD 1" index="0" defaultArrayLength="300"><binaryDataArrayList count="2">'
    end = "</binaryDataArrayList></chromatogram></chromatogramList></run></mzML>"
    (folder / "chromatograms.mzML").write_text(top + arrays + end)
    (folder / "masslynx.raw").mkdir(exist_ok=True)
    entry = b"ECD,1,2,3,4,nA".ljust(0x55, b"\0")
    (folder / "masslynx.raw/_CHROMS.INF").write_bytes(bytes(0x84) + entry)
    pairs = b"".join(struct.pack("<2f", n / 600, value) for n, value in enumerate(signal))
    (folder / "masslynx.raw/_CHRO001.DAT").write_bytes(bytes(0x80) + pairs)
    _write_phy(folder / "phy")


def _write_phy(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / "spike_times.npy", np.arange(300, dtype=np.uint64)[:, None] * 900)
    np.save(folder / "spike_clusters.npy", np.arange(300, dtype=np.int32) % 3)
    facts = "dat_path = ['raw.dat']\nn_channels_dat = 2\ndtype = 'int16'\noffset = 0\nsample_rate = 30000.\n"
    (folder / "params.py").write_text(facts)
    (folder / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n0\tgood\n1\tgood\n2\tmua\n")
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n1\tnoise\n")


def seeds(folder: Path, shared: Path | None) -> dict[tuple[str, str], list[Path]]:
    """Files by (kind, format name), of every registered format that recognises one of them; smallest first."""
    write_seeds(folder)
    write_vendor_seeds(folder)
    write_recordings(folder)
    long = shorten(shared / "realdata", folder) if shared is not None else set()
    found: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for path in _files(folder, shared):
        if path in long:
            continue
        for kind, package in PACKAGES.items():
            try:
                name = recognise(Source(path), package, kind).name
            except (FormatError, OSError):
                continue
            found.setdefault((kind, name), []).append((_size(path), path))
    return {
        key: [path for size, path in sorted(files) if size <= LARGEST][:MOST] or [sorted(files)[0][1]]
        for key, files in sorted(found.items())
    }


def _files(folder: Path, shared: Path | None) -> Iterator[Path]:
    yield from sorted(folder.iterdir())
    if shared is not None:
        for path in sorted((shared / "realdata").rglob("*")):
            inside = any(parent.suffix.lower() in (".d", ".raw") for parent in path.parents)
            if not inside and (path.is_file() or path.suffix.lower() in (".d", ".raw")):
                yield path


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())
