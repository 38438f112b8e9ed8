"""How fast files are read: text formats in MB/s, and other formats against the library that does the reading.

Run: python benchmarks/formats/reading_speed.py [folder of real files]; without the folder only what needs none is
measured. Exit status 1 where a target is missed. Times are CPU seconds: of text the fastest of several, against a
library the median of many turns of both. The library gives the same arrays in the same units, by what its own users
call; netCDF4 where it is installed, else scipy. Of small files most of the time is what is done once for each: knowing
the format by its content, the limit on time, the checks that the file is whole, the vendor's reports and the facts of
the header. It is printed as µs a file.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.recording import open_sorted, read_raw

TEXT_MB_PER_S = 20.0
MOST_TIMES_ALONE = 1.2
POINTS = 400_000
REPEATS = 5
ROUNDS = 31
TURN_S = 0.01
NO_TARGET = " (no target)"


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    work()
    best = np.inf
    for _ in range(repeats):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def times_alone(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds of both, and how many times ours is theirs: medians of turns, so that what else runs meets both."""
    once = seconds(theirs, 2)
    runs = max(1, round(TURN_S / once))
    mine, other = [], []
    for _ in range(ROUNDS):
        for work, kept in ((ours, mine), (theirs, other)):
            begun = time.process_time()
            for _ in range(runs):
                work()
            kept.append((time.process_time() - begun) / runs)
    return float(np.median(mine)), float(np.median(other)), float(np.median(np.array(mine) / np.array(other)))


def text_files(folder: Path) -> list[tuple[str, Path, str | None]]:
    """Large files of every text format, to the layout of the small real ones."""
    rng = np.random.default_rng(1)
    values = np.round(np.cumsum(rng.normal(size=POINTS)), 6)
    times = np.arange(POINTS) * 0.1 / 60
    rows = "".join(f"{t:.6f}\t{v:.6f}\n" for t, v in zip(times, values, strict=True))
    steps = "".join(f"{t:.6f}\t0.1\t{v:.6f}\n" for t, v in zip(times, values, strict=True))
    comma = steps.replace(".", ",")
    counts = "".join(f"{v:.0f}\n" for v in values * 100)
    seconds_rows = "".join(f"{i / 10:.1f}\t{v:.6f}\n" for i, v in enumerate(values))
    shimadzu = "".join(f"{t:.5f}\t{v:.0f}\n" for t, v in zip(times, values * 100, strict=True))
    head = "File Path\tx\nChannel\tED_1\n\nInjection Information:\nInjection\ta\n\nChromatogram Data Information:\n"
    head += f"Data Points\t{POINTS}\nSignal Unit\tnC\n\nChromatogram Data:\nTime (min)\tStep (s)\tValue (nC)\n"
    made = {
        "delimited": "time_min\tsignal (nA)\n" + rows,
        "clarity": f"Sample : a\nRate : 10.0 samp. per sec.\nY Axis Title: ECD\n\n[Min.]\t[mV]\n{rows}",
        "chromeleon": head + steps,
        "chromeleon, decimal comma": head + comma,
        "empower": '"SampleName"\t"Channel"\n"a"\t"ECD"\n' + rows,
        "ezchrom": (
            "Version:\t3\nMaxchannels:\t1\nSample ID:\ta\nSampling Rate:\t10\tHz\n"
            f"Total Data Points:\t{POINTS}\tPts.\nY Axis Title:\tmVolts\nY Axis Multiplier:\t0.001\n" + counts
        ),
        "labchart": "Interval=\t0.1 s\nChannelTitle=\tECD\nRange=\t10 nA\n" + seconds_rows,
        "shimadzu": (
            "[Header]\nApplication Name\tLabSolutions\n\n[LC Chromatogram(Detector A-Ch1)]\nInterval(msec)\t100\n"
            f"# of Points\t{POINTS}\nStart Time(min)\t0.000\nEnd Time(min)\t1\nIntensity Units\tmV\n"
            "Intensity Multiplier\t0.001\nR.Time (min)\tIntensity\n" + shimadzu
        ),
    }
    found = []
    for name, text in made.items():
        path = folder / f"{name.replace(', ', '_').replace(' ', '_')}.txt"
        path.write_text(text)
        found.append((name, path, None))
    return found


def nex_alone(path: Path) -> list[np.ndarray]:
    from neo.rawio.neuroexplorerrawio import NeuroExplorerRawIO

    reader = NeuroExplorerRawIO(filename=str(path))
    reader.parse_header()
    return [
        reader.rescale_spike_timestamp(reader.get_spike_timestamps(0, 0, index), "float64")
        for index in range(len(reader.header["spike_channels"]))
    ]


def andi_alone(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Signal and times, as rainbow gives both."""
    from scipy.io import netcdf_file

    with netcdf_file(path, "r", mmap=False) as file:
        signal = np.array(file.variables["ordinate_values"].data, dtype=float)
        return signal, np.arange(len(signal)) * float(file.variables["actual_sampling_interval"].data) / 60


def alone(folder: Path) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """(name, our reading, the library's own reading of the same file to the same extent)."""
    import rainbow  # type: ignore[import-untyped]
    from neo.rawio.spike2rawio import Spike2RawIO
    from rainbow.agilent.chemstation import parse_ch  # type: ignore[import-untyped]

    small, two = folder / "chromatograms/agilent/adenosine_CA1_800uM.D", folder / "chromatograms/agilent/001F0101.D"
    andi = folder / "chromatograms/andi_netcdf/tgnthpgc.cdf"
    nex, smr = folder / "ephys/File_neuroexplorer_1.nex", folder / "ephys/motor_units.smr"

    def smr_alone() -> list[np.ndarray]:
        reader = Spike2RawIO(filename=str(smr))
        reader.parse_header()
        return [
            reader.rescale_signal_raw_to_float(
                reader.get_analogsignal_chunk(0, 0, stream_index=stream), "float32", stream_index=stream
            )
            for stream in range(reader.signal_streams_count())
            if reader.get_signal_sampling_rate(stream) > 8000
        ]

    def smr_ours() -> list[np.ndarray]:
        return list(read_raw(smr).chunks())

    found: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("Agilent .D of 7 KB, rainbow", lambda: read_chromatogram(small), lambda: rainbow.read(str(small))),
        (
            "Agilent .D with two traces and reports, rainbow",
            lambda: [read_chromatogram(two, name) for name in ("FID1A", "TCD2B")],
            lambda: rainbow.read(str(two)),
        ),
        (
            f"Agilent .ch of 7 KB, the inner function of rainbow{NO_TARGET}",
            lambda: read_chromatogram(small / "dad1A.ch"),
            lambda: parse_ch(str(small / "dad1A.ch")),
        ),
        ("ANDI netCDF of 0.4 MB, scipy", lambda: read_chromatogram(andi), lambda: andi_alone(andi)),
        ("NeuroExplorer .nex of 1.5 MB, Neo", lambda: open_sorted(nex), lambda: nex_alone(nex)),
        ("Spike2 .smr trace, Neo", smr_ours, smr_alone),
    ]
    try:
        import netCDF4  # type: ignore[import-not-found]
    except ImportError:
        return found

    def andi_netcdf4() -> tuple[np.ndarray, np.ndarray]:
        with netCDF4.Dataset(andi) as file:
            signal = np.array(file.variables["ordinate_values"][:], dtype=float)
            return signal, np.arange(len(signal)) * float(file.variables["actual_sampling_interval"][...]) / 60

    found = [(name + NO_TARGET * ("scipy" in name), ours, theirs) for name, ours, theirs in found]
    return [*found, ("ANDI netCDF of 0.4 MB, netCDF4", lambda: read_chromatogram(andi), andi_netcdf4)]


def large(folder: Path, made: Path) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """As `alone`, of files so large that reading and not opening takes the time: real headers, more points."""
    from rainbow.agilent.chemstation import parse_ch  # type: ignore[import-untyped]
    from scipy.io import netcdf_file

    head = (folder / "chromatograms/agilent/001F0101.D/FID1A.ch").read_bytes()[:0x1800]
    agilent, andi = made / "large.ch", made / "large.cdf"
    agilent.write_bytes(b"\x03179" + head[4:] + np.random.default_rng(1).normal(size=2_000_000).tobytes())
    with netcdf_file(andi, "w") as file:
        for name, value in (("aia_template_revision", "1.0"), ("detector_unit", "mV"), ("retention_unit", "seconds")):
            setattr(file, name, value)
        file.createDimension("point_number", 2_000_000)
        file.createVariable("ordinate_values", "f4", ("point_number",))[:] = np.arange(2_000_000)
        file.createVariable("actual_sampling_interval", "f4", ()).data[...] = 0.1

    # An hour at 20 Hz in segments of 25 points, as a diode array writes it.
    diode = folder / "chromatograms/agilent/adenosine_CA5_50uM.D/dad1A.ch"
    hour = made / "hour.ch"
    segment = b"\x10\x19" + np.round(np.diff(np.sin(np.arange(26)) * 20)).astype(">i2").tobytes()
    hour.write_bytes(diode.read_bytes()[:0x400] + segment * (72_000 // 25) + b"\0\0")

    nex = made / "large.nex"
    spikes = 2_000_000
    begin = struct.pack("<4si256sdiii260x", b"NEX1", 104, b"", 40000.0, 0, 400 * spikes, 1)
    neuron = struct.pack("<ii64sIiiiiidddd3id60x", 0, 102, b"cell", 752, spikes, *[0] * 12)
    nex.write_bytes(begin + neuron + (np.arange(spikes, dtype="<i4") * 400).tobytes())
    return [
        ("Agilent .ch of an hour, rainbow", lambda: read_chromatogram(hour), lambda: parse_ch(str(hour))),
        ("Agilent .ch of 16 MB, rainbow", lambda: read_chromatogram(agilent), lambda: parse_ch(str(agilent))),
        ("ANDI netCDF of 8 MB, scipy", lambda: read_chromatogram(andi), lambda: andi_alone(andi)),
        ("NeuroExplorer .nex of 8 MB, Neo", lambda: open_sorted(nex), lambda: nex_alone(nex)),
    ]


def main(arguments: list[str]) -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path, channel in text_files(Path(folder)):
            size = path.stat().st_size / 1e6
            rate = size / seconds(lambda path=path, channel=channel: read_chromatogram(path, channel), 3)  # type: ignore[misc]
            held = rate >= TEXT_MB_PER_S
            missed += not held
            said = f"{name}: {rate:.0f} MB/s of {size:.0f} MB (target {TEXT_MB_PER_S:g} or more)"
            print(f"{said}: {'held' if held else 'MISSED'}")
    if not arguments:
        print("no folder of real files was named: nothing is measured against rainbow, Neo and netCDF")
        return int(missed > 0)
    with tempfile.TemporaryDirectory() as folder:
        for name, ours, theirs in [*alone(Path(arguments[0])), *large(Path(arguments[0]), Path(folder))]:
            mine, other, ratio = times_alone(ours, theirs)
            held = ratio <= MOST_TIMES_ALONE
            target = "no target" if NO_TARGET in name else f"target {MOST_TIMES_ALONE} or less"
            missed += not held and NO_TARGET not in name
            more = f"{1e6 * (mine - other):+.0f} µs a file"
            verdict = "" if NO_TARGET in name else ": held" if held else ": MISSED"
            said = f"{1000 * mine:.2f} ms, alone {1000 * other:.2f} ms, {ratio:.2f} times, {more}"
            print(f"{name.replace(NO_TARGET, '')}: {said} ({target}){verdict}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
