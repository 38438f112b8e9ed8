"""Sound files to start from, by format: small ones written here, and public real ones where they are at hand."""

from __future__ import annotations

import base64
import contextlib
import math
import struct
import wave
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from recording_seeds import shorten, write_recordings

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import open_sorted, read_raw
from coeruleus.formats.registry import PACKAGES, recognise
from coeruleus.formats.text import Source

REFUSED = {("recording", "smrx")}  # always
LARGEST = 400_000  # bytes; damage to a larger file is no other damage, only slower
MOST = 3  # of a format


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
    facts = "Version:\t3\nMaxchannels:\t1\nSample ID:\ta\nSampling Rate:\t10\tHz\n"
    axes = "Total Data Points:\t300\tPts.\nY Axis Title:\tmVolts\nY Axis Multiplier:\t0.001\n"
    (folder / "ezchrom.asc").write_text(facts + axes + stacked)
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
    chromeleon = (
        "File Path\tchrom://a/1.smp/ECD_1\nChannel\tECD_1\n\nInjection Information:\nInjection\ta\nPosition\tBA1\n"
    )
    chromeleon += "Injection Date\t05.01.2026\nInjection Time\t13:21:32\nInjection Volume (µl)\t20.000\n"
    chromeleon += "Data Points\t300\nSignal Unit\tnA\n\nChromatogram Data:\nTime (min)\tStep (s)\tValue (nA)\n"
    steps = "".join(f"{n / 600:.6f}\t{0.1 if n else 'n.a.'}\t{value}\n" for n, value in enumerate(signal))
    (folder / "chromeleon.txt").write_text(chromeleon + steps, encoding="utf-8")
    _write_andi(folder / "andi.cdf", np.array(signal))
    _write_agilent(folder / "chemstation.D", np.array(signal))
    _write_phy(folder / "phy")


def _write_andi(path: Path, signal: np.ndarray) -> None:
    """Ten points a second, and a peak table."""
    from scipy.io import netcdf_file

    with netcdf_file(path, "w") as file:
        file.sample_name, file.detector_name, file.detector_unit, file.retention_unit = b"a", b"ECD", b"nA", b"seconds"
        file.injection_date_time_stamp = b"20260105132132+0100"
        facts = {"actual_sampling_interval": 0.1, "actual_delay_time": 0.0, "actual_run_time_length": len(signal) / 10}
        for name, value in facts.items():
            file.createVariable(name, "f", ())[...] = value
        file.createDimension("point_number", len(signal))
        file.createVariable("ordinate_values", "f", ("point_number",))[:] = signal
        file.createDimension("peak_number", 1)
        peak = {"retention_time": 10.0, "start_time": 8.0, "end_time": 12.0, "area": 7.1, "height": 5.0}
        for name, value in peak.items():
            file.createVariable(f"peak_{name}", "f", ("peak_number",))[:] = value


def _write_agilent(folder: Path, signal: np.ndarray) -> None:
    """Versions 130, of differences, and 179, of plain numbers; a report beside them."""
    folder.mkdir(exist_ok=True)
    counts = np.round(100 * signal).astype(int)
    words = np.diff(counts, prepend=0).astype(">i2").tobytes()
    differences = b"".join(
        bytes([0x10, min(100, len(counts) - at)]) + words[2 * at : 2 * at + 200] for at in range(0, len(counts), 100)
    )
    bodies = {"130": (">ii", differences + b"\0\0"), "179": (">ff", counts.astype("<f8").tobytes())}
    for version, (times, body) in bodies.items():
        head = bytearray(0x1800)
        head[: 1 + len(version)] = bytes([len(version)]) + version.encode()
        struct.pack_into(times, head, 0x11A, 0, 100 * (len(counts) - 1))
        struct.pack_into(">d", head, 0x127C, 0.01)
        for at, text in ((0x35A, "a"), (0x957, "05-Jan-26, 13:21:32"), (0x104C, "nA"), (0x1075, "ECD1A")):
            head[at : at + 1 + 2 * len(text)] = bytes([len(text)]) + text.encode("utf-16-le")
        (folder.parent / f"chemstation{version}.ch").write_bytes(bytes(head) + body)
    (folder / "ECD1A.ch").write_bytes((folder.parent / "chemstation130.ch").read_bytes())
    (folder / "REPORT00.CSV").write_bytes('"Number of Signals","1"\n"Signal 1","ECD1A, "\n'.encode("utf-16"))
    report = '"1","0.1667","BB","0.05","7.1","5","100"\n'
    (folder / "REPORT01.CSV").write_bytes(report.encode("utf-16"))


def _write_phy(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / "spike_times.npy", np.arange(300, dtype=np.uint64)[:, None] * 900)
    np.save(folder / "spike_clusters.npy", np.arange(300, dtype=np.int32) % 3)
    facts = "dat_path = ['raw.dat']\nn_channels_dat = 2\ndtype = 'int16'\noffset = 0\nsample_rate = 30000.\n"
    (folder / "params.py").write_text(facts)
    (folder / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n0\tgood\n1\tgood\n2\tmua\n")
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n1\tnoise\n")


def seeds(folder: Path, shared: Path | None) -> dict[tuple[str, str], list[Path]]:
    """Sound files by (kind, format name), of every registered format; smallest first."""
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
    chosen = {key: _sound(key, [path for size, path in sorted(files)]) for key, files in sorted(found.items())}
    return {key: files for key, files in chosen.items() if files}


def _sound(key: tuple[str, str], files: list[Path]) -> list[Path]:
    """The smallest files that can be read, and any further one that gives what they do not: units, or traces."""
    if key in REFUSED:
        return files[:1]
    chosen: list[Path] = []
    given: set[str] = set()
    for path in files:
        if (chosen and _size(path) > LARGEST) or (len(chosen) >= MOST and len(given) == len(READERS[key[0]])):
            break
        gives = readable(key[0], path)
        if gives and (len(chosen) < MOST or not gives <= given):
            chosen.append(path)
            given |= gives
    return chosen


def readable(kind: str, path: Path) -> set[str]:
    """Which of the readers read a file to its end."""
    found = set()
    for name, read in READERS[kind].items():
        with contextlib.suppress(FormatError):
            read(path)
            found.add(name)
    return found


def _every_sample(path: Path) -> None:
    for _ in read_raw(path).chunks():
        pass


def _files(folder: Path, shared: Path | None) -> Iterator[Path]:
    yield from sorted(folder.iterdir())
    if shared is not None:
        for path in sorted((shared / "realdata").rglob("*")):
            inside = any(parent.suffix.lower() in (".d", ".raw") for parent in path.parents)
            if not inside and (path.is_file() or path.suffix.lower() in (".d", ".raw")):
                yield path


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())


READERS: dict[str, dict[str, Callable[[Path], object]]] = {
    "chromatogram": {"trace": read_chromatogram},
    "recording": {"units": open_sorted, "traces": _every_sample},
}
