"""Small sound recordings to damage: written to the layouts that vendors or Neo describe, and real ones made short.

Neo's own lists of header fields say where a field lies; a short file is damaged in its header as easily as a long one,
and read a hundred times as fast.
"""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from vendor_recordings import write_vendor_recordings

RATE = 20_000.0
PACKETS = 40


def write_recordings(folder: Path) -> None:
    """A file of each recording format that can be written without its vendor."""
    samples = np.round(300 * np.sin(np.arange(4096) / 7)).astype("<i2")
    _write_neuroexplorer(folder / "neuroexplorer.nex", samples)
    _write_neuralynx(folder / "neuralynx.ncs", samples)
    _write_brainvision(folder, samples)
    _write_axon(folder / "axon.abf", samples)
    _write_intan(folder / "intan.rhd", samples)
    _write_nwb(folder / "units.nwb", samples)
    _write_edf(folder / "edf.edf", samples)
    _write_axograph(folder / "axograph.axgx", samples)
    _write_winedr(folder / "winedr.edr", samples)
    write_vendor_recordings(folder, samples)
    (folder / "plain_samples.dat").write_bytes(samples.tobytes())
    facts = {"sampling_rate_hz": RATE, "n_channels": 2, "dtype": "int16", "microvolts_per_bit": 0.195}
    (folder / "plain_samples.json").write_text(json.dumps(facts))
    (folder / "spike2_64_bit.smrx").write_bytes(b"S64" + bytes(600))


def shorten(realdata: Path, folder: Path) -> set[Path]:
    """A short version of a long public file, in `folder`; the long one, which need not be used."""
    path = realdata / "ephys" / "example_1.nev"
    if not path.is_file():
        return set()
    data = path.read_bytes()
    header, packet = struct.unpack("<II", data[12:20])
    (folder / f"short_{path.name}").write_bytes(data[: header + PACKETS * packet])
    return {path}


def _write_neuroexplorer(path: Path, samples: np.ndarray) -> None:
    """Two neurons, an event, an interval, spikes with waveforms, a trace and a marker: every kind of variable."""
    stamps = np.arange(1, 101, dtype="<i4") * 400
    waves = np.tile(samples[:32], 100)
    fragment = struct.pack("<ii", 0, 0)
    marker = stamps[:5].tobytes() + b"key".ljust(64, b"\0") + b"".join(f"{n:05d}\0".encode() for n in range(5))
    bodies = [(0, 100, 0, stamps.tobytes()), (0, 50, 0, stamps[:50].tobytes()), (1, 100, 0, stamps.tobytes())]
    bodies += [(2, 40, 0, stamps[:40].tobytes() + (stamps[:40] + 100).tobytes())]
    bodies += [(3, 100, 32, stamps.tobytes() + waves.tobytes()), (5, 1, len(samples), fragment + samples.tobytes())]
    bodies += [(6, 5, 0, marker)]
    begin = struct.pack("<4si256sdiii260x", b"NEX1", 104, b"", 40_000.0, 0, 40_400, len(bodies))
    entries, at = b"", len(begin) + 208 * len(bodies)
    for number, (kind, count, points, body) in enumerate(bodies):
        rest = (0, 0, 0, 0, 0.0, 0.0, RATE, 0.001, points, 1 if kind == 6 else 0, 6 if kind == 6 else 0, 0.0, 0.0)
        entries += struct.pack("<ii64sIi4i4d3i2d52x", kind, 102, f"var{number}".encode(), at, count, *rest)
        at += len(body)
    path.write_bytes(begin + entries + b"".join(body for *_, body in bodies))


def _write_neuralynx(path: Path, samples: np.ndarray) -> None:
    lines = ["######## Neuralynx Data File Header", "-OriginalFileName CSC1.ncs", "-TimeCreated 2026/01/05 13:21:32"]
    lines += ["-TimeClosed 2026/01/05 15:07:55", "-FileType NCS", "-FileVersion 3.4", "-RecordSize 1044"]
    lines += ["-HardwareSubSystemType DigitalLynxSX", "-SamplingFrequency 20000", "-ADMaxValue 32767"]
    lines += ["-ADBitVolts 0.000000061", "-AcqEntName CSC1", "-NumADChannels 1", "-ADChannel 0", "-InputRange 2000"]
    lines += ["-InputInverted True", "-DSPLowCutFilterEnabled False", '-ApplicationName Cheetah "6.3.2"']
    head = "\r\n".join(lines).encode().ljust(2**14, b"\0")
    records = b"".join(
        struct.pack("<QIII", 1_000_000 + 25_600 * number, 0, 20_000, 512) + samples[512 * number :][:512].tobytes()
        for number in range(len(samples) // 512)
    )
    path.write_bytes(head + records)


def _write_brainvision(folder: Path, samples: np.ndarray) -> None:
    head = "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
    head += "DataFile=brainvision.eeg\nMarkerFile=brainvision.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
    head += "NumberOfChannels=2\nSamplingInterval=50\n\n[Binary Infos]\nBinaryFormat=INT_16\n\n[Channel Infos]\n"
    (folder / "brainvision.vhdr").write_text(head + "Ch1=A,,0.1,µV\nCh2=B,,0.1,µV\n", encoding="utf-8")
    marks = "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nDataFile=brainvision.eeg\n\n"
    marks += "[Marker Infos]\nMk1=New Segment,,1,1,0,20260105132132000000\nMk2=Stimulus,S  1,500,1,0\n"
    (folder / "brainvision.vmrk").write_text(marks)
    (folder / "brainvision.eeg").write_bytes(samples.tobytes())


def _write_axon(path: Path, samples: np.ndarray) -> None:
    """ABF 1.8, gap-free, one channel."""
    from neo.rawio.axonrawio import headerDescriptionV1

    facts: dict[str, Any] = {"fFileSignature": b"ABF ", "fFileVersionNumber": 1.8, "nOperationMode": 3}
    facts |= {"lActualAcqLength": len(samples), "lActualEpisodes": 1, "lFileStartDate": 20260105, "lDataSectionPtr": 12}
    facts |= {"nADCNumChannels": 1, "fADCSampleInterval": 1e6 / RATE, "lADCResolution": 32768, "fADCRange": 10.0}
    arrays = {"nADCSamplingSeq": -1, "fADCProgrammableGain": 1.0, "fInstrumentScaleFactor": 0.01, "fSignalGain": 1.0}
    head = bytearray(12 * 512)
    for name, offset, kind in headerDescriptionV1:
        if name in facts:
            struct.pack_into(f"<{kind}", head, offset, facts[name])
        elif name in arrays:
            values = [arrays[name]] * 16
            values[0] = 0 if name == "nADCSamplingSeq" else values[0]
            struct.pack_into(f"<{kind}", head, offset, *values)
    struct.pack_into("<10s", head, 442, b"IN 0      ")
    struct.pack_into("<8s", head, 602, b"mV      ")
    path.write_bytes(bytes(head) + samples.tobytes())


def _write_intan(path: Path, samples: np.ndarray) -> None:
    """RHD2000 1.3 with one amplifier channel, header and data in one file."""

    def text(value: str) -> bytes:
        encoded = value.encode("utf-16-le")
        return struct.pack("<I", len(encoded)) + encoded

    head = struct.pack("<Ihh", 0xC6912702, 1, 3) + struct.pack("<fh6fh2f", RATE, 0, *[1.0] * 6, 0, 1000.0, 1000.0)
    head += text("") * 3 + struct.pack("<hhh", 0, 0, 1)
    head += text("Port A") + text("A") + struct.pack("<hhh", 1, 1, 1)
    head += text("A-000") + text("A-000") + struct.pack("<10h2f", 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1e5, 0.0)
    blocks = b"".join(
        np.arange(60 * number, 60 * number + 60, dtype="<i4").tobytes()
        + (samples[60 * number :][:60].astype(int) + 32768).astype("<u2").tobytes()
        for number in range(len(samples) // 60)
    )
    path.write_bytes(head + blocks)


def _write_nwb(path: Path, samples: np.ndarray) -> None:
    """Units with waveforms, intervals as events and a raw trace."""
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ecephys import ElectricalSeries

    file = NWBFile("a", "a", datetime(2026, 1, 5, tzinfo=UTC))
    device = file.create_device("probe")
    group = file.create_electrode_group("shank", "a", "locus coeruleus", device)
    file.add_electrode(group=group, location="locus coeruleus")
    region = file.create_electrode_table_region([0], "all")
    series = {"name": "ElectricalSeries", "data": samples[:, None], "electrodes": region}
    file.add_acquisition(ElectricalSeries(**series, rate=RATE, conversion=1e-7))
    wave = np.sin(np.arange(32) / 5) * 1e-4
    for number in range(3):
        times = 0.01 + 0.003 * np.arange(60) + number / 1000
        file.add_unit(spike_times=times, obs_intervals=[[0.0, 0.2048]], waveform_mean=wave)
    file.add_trial(start_time=0.05, stop_time=0.06)
    file.add_trial(start_time=0.15, stop_time=0.16)
    with NWBHDF5IO(path, "w") as out:
        out.write(file, cache_spec=False)


def _write_edf(path: Path, samples: np.ndarray) -> None:
    import pyedflib

    scale = {"physical_max": 3276.7, "physical_min": -3276.8, "digital_max": 32767, "digital_min": -32768}
    with pyedflib.EdfWriter(str(path), 1, file_type=pyedflib.FILETYPE_EDF) as writer:
        writer.setSignalHeader(0, {"label": "LC", "dimension": "uV", "sample_frequency": 1000} | scale)
        writer.setStartdatetime(datetime(2026, 1, 5, 10, 0, 0))
        writer.writeSamples([samples[:4000] * 0.1])


def _write_axograph(path: Path, samples: np.ndarray) -> None:
    """Format 6: a column of times and one of scaled samples, a trace and its group; it ends before the display's part,
    which Neo allows."""
    from neo.rawio import axographrawio as axograph

    def text(words: str) -> bytes:
        return struct.pack(">l", 2 * len(words)) + words.encode("utf-16-be")

    times = struct.pack(">ll", len(samples), 9) + text("Time (s)") + struct.pack(">dd", 0, 1 / RATE)
    column = struct.pack(">ll", len(samples), 10) + text("LC (V)") + struct.pack(">dd", 1e-7, 0)
    fields = {"x_index": 0, "y_index": 1}
    trace = b"".join(
        struct.pack(f">{fmt.replace('Z', 'l')}", *([fields.get(name, 0)] * (len(fmt) if "x" not in fmt else 3)))
        for name, fmt in axograph.TraceHeaderDescriptionV1
    )
    group = text("LC") + struct.pack(">h", 0) + text("V") + struct.pack(">hll", 0, 0, 0)
    described = text("a comment") + text("notes") + struct.pack(">ll", 1, 1) + trace + struct.pack(">ll", 1, 1) + group
    data = b"axgx" + struct.pack(">ll", 6, 2) + times + column + samples.astype(">i2").tobytes()
    path.write_bytes(data + described + struct.pack(">9l", *range(9)))


def _write_winedr(path: Path, samples: np.ndarray) -> None:
    """Strathclyde's electrophysiology data recorder, one of the formats that Neo knows by suffix alone."""
    facts = {"VER": 3.0, "NC": 1, "ADCMAX": 32767, "AD": 10.0, "DT": 1 / RATE, "NP": len(samples), "NBH": 2048}
    facts |= {"YCF0": 1.0, "YAG0": 1.0, "YZ0": 0, "YN0": "LC", "YO0": 0, "YU0": "mV"}
    head = "".join(f"{name}={value}\r\n" for name, value in facts.items())
    path.write_bytes(head.encode().ljust(2048, b"\0") + samples.tobytes())
