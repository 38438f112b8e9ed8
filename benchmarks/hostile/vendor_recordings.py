"""Small recordings in the layouts of Plexon, Blackrock and Spike2, by Neo's own lists of their fields: each with sorted
units, an event and a raw trace."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

RATE = 20_000
SPIKES, POINTS = 60, 32
FIRST, STEP = 400, 60  # ticks of the first spike, and from one to the next


def write_vendor_recordings(folder: Path, samples: np.ndarray) -> None:
    """Of 4096 samples, int16."""
    _write_plexon(folder / "plexon.plx", samples)
    _write_blackrock(folder, samples)
    _write_spike2(folder / "spike2.smr", samples)
    _write_spike2_mat(folder / "spike2_export.mat", samples)


def _packed(fields: Any, **values: Any) -> bytes:
    """A record of Neo's list of fields; those that are not given are zero."""
    record = np.zeros(1, np.dtype(fields))
    for name, value in values.items():
        record[name] = value
    return record.tobytes()


def _spikes(samples: np.ndarray) -> list[tuple[int, int, bytes]]:
    """(tick, unit 1 or 2, waveform)."""
    return [(FIRST + STEP * n, 1 + n % 2, samples[n : n + POINTS].tobytes()) for n in range(SPIKES)]


def _write_plexon(path: Path, samples: np.ndarray) -> None:
    from neo.rawio import plexonrawio as plexon

    date = {"Year": 2026, "Month": 1, "Day": 5, "Hour": 13, "Minute": 21, "Second": 32}
    counts = {"NumDSPChannels": 1, "NumEventChannels": 1, "NumSlowChannels": 1, "NumPointsWave": POINTS}
    bits = {"BitsPerSpikeSample": 16, "BitsPerSlowSample": 16, "SpikeMaxMagnitudeMV": 3000, "SlowMaxMagnitudeMV": 5000}
    head = {
        "MagicNumber": 0x58454C50,
        "Version": 107,
        "ADFrequency": RATE,
        "WaveformFreq": RATE,
        "SpikePreAmpGain": 1000,
    }
    data = _packed(plexon.GlobalHeader, LastTimestamp=len(samples), Trodalness=1, **head, **counts, **bits, **date)
    data += _packed(plexon.DspChannelHeader, Name=b"sig001", Channel=1, Gain=1, NUnits=2)
    data += _packed(plexon.EventChannelHeader, Name=b"Event01", Channel=1)
    data += _packed(plexon.SlowChannelHeader, Name=b"WB01", ADFreq=RATE, Gain=1, PreampGain=1000, Enabled=1)
    blocks = [(0, struct.pack("<HHIHHHH", 5, 0, 0, 0, 0, 1, len(samples)) + samples.tobytes())]
    blocks += [(t, struct.pack("<HHIHHHH", 1, 0, t, 1, unit, 1, POINTS) + wave) for t, unit, wave in _spikes(samples)]
    blocks += [(t, struct.pack("<HHIHHHH", 4, 0, t, 1, 7, 0, 0)) for t in (500, 1500, len(samples))]
    path.write_bytes(data + b"".join(block for _, block in sorted(blocks)))


def _write_blackrock(folder: Path, samples: np.ndarray) -> None:
    """Version 2.3: spikes in a .nev, the trace in a .ns5."""
    from neo.rawio import blackrockrawio as blackrock

    packet, ticks = 8 + 2 * POINTS, 30_000
    extended = blackrock.NEV_EXT_HEADER_TYPES_BY_SPEC["2.3"][b"NEUEVWAV"]
    wave = _packed(extended, packet_id=b"NEUEVWAV", electrode_id=1, digitization_factor=250, spike_width=POINTS)
    begin = struct.pack("<8sBBHIIII", b"NEURALEV", 2, 3, 1, 336 + len(wave), packet, ticks, ticks)
    begin += struct.pack("<8H32s256sI", 2026, 1, 1, 5, 13, 21, 32, 0, b"", b"", 1)
    packets = [(t, struct.pack("<IHBB", t, 1, unit, 0) + shape) for t, unit, shape in _spikes(samples)]
    packets += [(t, struct.pack("<IHBBH", t, 0, 1, 0, 5).ljust(packet, b"\0")) for t in (500, 1500)]
    (folder / "blackrock.nev").write_bytes(begin + wave + b"".join(each for _, each in sorted(packets)))
    basic, channel = blackrock.NSX_BASIC_HEADER_TYPES["2.3"], blackrock.NSX_EXT_HEADER_TYPES["2.3"]
    size = np.dtype(basic).itemsize + np.dtype(channel).itemsize
    facts = {"file_id": b"NEURALCD", "ver_major": 2, "ver_minor": 3, "bytes_in_headers": size, "label": b"30 kS/s"}
    facts |= {"period": 1, "timestamp_resolution": ticks, "channel_count": 1, "year": 2026, "month": 1, "day": 5}
    limits = {"min_digital_val": -8191, "max_digital_val": 8191, "min_analog_val": -5000, "max_analog_val": 5000}
    head = _packed(basic, **facts)
    head += _packed(channel, type=b"CC", electrode_id=1, electrode_label=b"chan1", units=b"uV", **limits)
    head += _packed(blackrock.NSX_DATA_HEADER_TYPES["2.3"], header_flag=1, nb_data_points=len(samples))
    (folder / "blackrock_trace.ns5").write_bytes(head + samples.tobytes())


def _write_spike2(path: Path, samples: np.ndarray) -> None:
    """Three channels of one block each: a trace, WaveMarks of two codes, events."""
    from neo.rawio import spike2rawio as spike2

    marks = b"".join(struct.pack("<ii", t, unit) + wave for t, unit, wave in _spikes(samples))
    events = np.arange(500, 4000, 500, dtype="<i4")
    trace, wave = {"unit": b"\x02mV", "scale": 1.0}, {"n_extra": 2 * POINTS, "pre_trig": 8}
    channels: list[tuple[int, bytes, int, int, bytes, dict[str, Any]]] = [
        (1, b"\x02LC", len(samples), len(samples) - 1, samples.tobytes(), trace),
        (6, b"\x05spike", SPIKES, FIRST + STEP * (SPIKES - 1), marks, trace | wave),
        (3, b"\x05shock", len(events), int(events[-1]), events.tobytes(), {}),
    ]
    size, at = 512, 512 + 140 * len(channels) + 92
    clock = {"us_per_time": 50, "dtime_base": 1e-6, "time_per_adc": 1, "max_ftime": len(samples)}
    facts = {"system_id": 6, "copyright": b"(C) CED 87", "first_data": at, "channels": len(channels), "chan_size": 140}
    head, blocks = _packed(spike2.headerDescription, **facts, **clock).ljust(size, b"\0"), b""
    for number, (kind, title, items, last, body, more) in enumerate(channels):
        place = at + len(blocks)
        own = {"title": title, "kind": kind, "firstblock": place, "lastblock": place, "blocks": 1, "l_chan_dvd": 1}
        fields = [*spike2.channelHeaderDesciption1]
        if kind in (1, 6):
            fields += [("scale", "f4"), ("offset", "f4"), ("unit", "S6"), ("interleave", "i2")]
        head += _packed(fields, ideal_rate=RATE, phy_chan=number, **own, **more).ljust(140, b"\0")
        ends = {"pred_block": -1, "succ_block": -1, "end_time": last, "channel_num": number + 1, "items": items}
        start = 0 if kind == 1 else int.from_bytes(body[:4], "little")
        blocks += _packed(spike2.blockHeaderDesciption, start_time=start, **ends) + body
    path.write_bytes(head.ljust(at, b"\0") + blocks)


def _write_spike2_mat(path: Path, samples: np.ndarray) -> None:
    """A trace, WaveMarks of two codes, and events in bins, packed."""
    from scipy.io import savemat

    spikes = _spikes(samples)
    times = np.array([tick for tick, *_ in spikes]) / RATE
    codes = np.array([[unit, 0, 0, 0] for _, unit, _ in spikes], np.uint8)
    waves = np.array([np.frombuffer(wave, "<i2") for *_, wave in spikes]) * 0.001
    bins = np.zeros(200, np.uint8)
    bins[20::20] = 1
    trace = {"title": "LC", "interval": 1 / RATE, "scale": 0.001, "offset": 0.0, "units": "mV", "start": 0.0}
    marks = {"title": "spike", "interval": 1 / RATE, "units": "mV", "trigger": 8.0, "length": float(SPIKES)}
    channels = {
        "LC": trace | {"values": samples},
        "marks": marks | {"times": times, "codes": codes, "values": waves},
        "shock": {"title": "shock", "interval": 0.001, "start": 0.0, "values": bins},
    }
    savemat(path, channels, do_compression=True)
