"""How fast files are read: text formats in MB/s, and other formats against the library that does the reading.

Run: python benchmarks/formats/reading_speed.py [folder of real files]; without the folder only what needs none is
measured. Exit status 1 where a target is missed. Times are CPU seconds, the fastest of several. Of small files most of
the time is what is done once for each: knowing the format, the checks that the file is whole, the reports beside it.
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
ROUNDS = 15


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    work()
    best = np.inf
    for _ in range(repeats):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def times_alone(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Seconds of both, measured in turns, so that whatever else the machine does meets both."""
    mine, other = seconds(ours, 1), seconds(theirs, 1)
    for _ in range(ROUNDS):
        mine, other = min(mine, seconds(ours, 2)), min(other, seconds(theirs, 2))
    return mine, other


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


def nex_alone(path: Path) -> None:
    from neo.rawio.neuroexplorerrawio import NeuroExplorerRawIO

    reader = NeuroExplorerRawIO(filename=str(path))
    reader.parse_header()
    for index in range(len(reader.header["spike_channels"])):
        reader.rescale_spike_timestamp(reader.get_spike_timestamps(0, 0, index), "float64")


def andi_alone(path: Path) -> None:
    """Signal and times, as rainbow gives both."""
    from scipy.io import netcdf_file

    with netcdf_file(path, "r", mmap=False) as file:
        signal = np.array(file.variables["ordinate_values"].data, dtype=float)
        np.arange(len(signal)) * float(file.variables["actual_sampling_interval"].data) / 60


def alone(folder: Path) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """(name, our reading, the library's own reading of the same file to the same extent)."""
    from neo.rawio.spike2rawio import Spike2RawIO
    from rainbow.agilent.chemstation import parse_ch  # type: ignore[import-untyped]

    agilent = folder / "chromatograms/agilent/adenosine_CA1_800uM.D/dad1A.ch"
    andi = folder / "chromatograms/andi_netcdf/tgnthpgc.cdf"
    nex, smr = folder / "ephys/File_neuroexplorer_1.nex", folder / "ephys/motor_units.smr"

    def smr_alone() -> None:
        reader = Spike2RawIO(filename=str(smr))
        reader.parse_header()
        for stream in range(reader.signal_streams_count()):
            if reader.get_signal_sampling_rate(stream) > 8000:
                part = reader.get_analogsignal_chunk(0, 0, stream_index=stream)
                reader.rescale_signal_raw_to_float(part, "float32", stream_index=stream)

    def smr_ours() -> None:
        for _ in read_raw(smr).chunks():
            pass

    found: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("Agilent .ch, rainbow", lambda: read_chromatogram(agilent), lambda: parse_ch(str(agilent))),
        ("ANDI netCDF, scipy", lambda: read_chromatogram(andi), lambda: andi_alone(andi)),
        ("NeuroExplorer .nex, Neo", lambda: open_sorted(nex), lambda: nex_alone(nex)),
        ("Spike2 .smr trace, Neo", smr_ours, smr_alone),
    ]
    try:
        import netCDF4  # type: ignore[import-not-found]
    except ImportError:
        return found

    def andi_netcdf4() -> None:
        with netCDF4.Dataset(andi) as file:
            signal = np.array(file.variables["ordinate_values"][:], dtype=float)
            np.arange(len(signal)) * float(file.variables["actual_sampling_interval"][...]) / 60

    return [*found, ("ANDI netCDF, netCDF4", lambda: read_chromatogram(andi), andi_netcdf4)]


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

    nex = made / "large.nex"
    spikes = 2_000_000
    begin = struct.pack("<4si256sdiii260x", b"NEX1", 104, b"", 40000.0, 0, 400 * spikes, 1)
    neuron = struct.pack("<ii64sIiiiiidddd3id60x", 0, 102, b"cell", 752, spikes, *[0] * 12)
    nex.write_bytes(begin + neuron + (np.arange(spikes, dtype="<i4") * 400).tobytes())
    return [
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
            mine, other = times_alone(ours, theirs)
            held = mine <= MOST_TIMES_ALONE * other
            missed += not held
            print(
                f"{name}: {1000 * mine:.2f} ms, alone {1000 * other:.2f} ms, {mine / other:.2f} times "
                f"(target {MOST_TIMES_ALONE} or less): {'held' if held else 'MISSED'}"
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
