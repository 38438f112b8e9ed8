"""Traces of ChemStation: what was encoded comes back, and a file that was cut off is refused, or this is noted."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from coeruleus.formats.agilent_trace import _check_segments, read_trace
from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError

SCALE = 0.25


def header(version: str, times: tuple[float, float] = (0, 5000)) -> bytearray:
    size, at = (0x400, 0x284) if version == "30" else (0x1800, 0x127C)
    head = bytearray(size)
    head[: 1 + len(version)] = bytes([len(version)]) + version.encode()
    struct.pack_into(">ff" if version in ("179", "181") else ">ii", head, 0x11A, *times)
    struct.pack_into(">d", head, at, SCALE)
    return head


def segments(values: list[int], each: int, in_full: set[int]) -> bytes:
    """Values as differences, those at some places in full."""
    out, last = b"", 0
    for begin in range(0, len(values), each):
        part = values[begin : begin + each]
        out += bytes([0x10, len(part)])
        for index, value in enumerate(part, start=begin):
            out += b"\x80\x00" + struct.pack(">i", value) if index in in_full else struct.pack(">h", value - last)
            last = value
    return out


VALUES = [0, 5, 4102, 4107, -9, -9, 100_000, 99_999, -32_768, 0x80008000 - 2**32, 7, 12, 0x10010005, 0x1001000A, 0, 256]
IN_FULL = {0, 6, 8, 9, 10, 12, 14}


@pytest.mark.parametrize("version", ["30", "130"])
@pytest.mark.parametrize("each", [1, 3, 4, 16])
def test_differences_come_back(version, each):
    data = bytes(header(version)) + segments(VALUES, each, IN_FULL) + b"\0\0"
    trace = read_trace(data, "x.ch")
    assert trace.signal.tolist() == [SCALE * value for value in VALUES]
    assert trace.notes == ()
    # Padding after the end is no damage.
    assert read_trace(data + bytes(7), "x.ch").signal.tolist() == trace.signal.tolist()


@pytest.mark.parametrize("each", [1, 3, 4, 16])
def test_differences_cut_off_anywhere_are_refused(each):
    body = segments(VALUES, each, IN_FULL)
    for kept in range(len(body) + 1):
        data = bytes(header("130")) + body[:kept]
        with pytest.raises(FormatError, match="cut off"):
            read_trace(data, "x.ch")


def test_quick_look_at_the_end_agrees_with_the_slow_one():
    """Random segments, cut anywhere: the quick look calls none sound that walking through the segments does not."""
    rng = np.random.default_rng(4)
    head, refused = bytes(header("130")), 0
    for _ in range(300):
        steps = rng.choice([0, 1, 5, 0x1001, 0x1000, -256, 16], size=40)
        values = np.cumsum(steps).tolist()
        body = segments(values, int(rng.integers(1, 12)), set(rng.choice(40, 6).tolist())) + b"\0\0"
        data = head + body[: rng.integers(len(body) // 2, len(body) + 1)]
        try:
            _check_segments(data, 0x1800, "x.ch")
        except FormatError:
            refused += 1
            with pytest.raises(FormatError):
                read_trace(data, "x.ch")
        else:
            points = len(read_trace(data, "x.ch").signal)
            assert points == 40 or data != head + body
    assert refused > 200


def test_second_differences_come_back_and_the_end_is_no_point():
    """A value in full sets the slope to zero; it has 48 bits, of which rainbow takes the lower half as signed."""
    words: list[int] = [0x7FFF, 0, 0, 1000, 3, 0, -1]  # 1000, slope 3, 3, 2
    words += [0x7FFF, 0, -32768, 0, 1]  # 2^31, then 1 more
    words += [0x7FFF, -1, -1, 0x7FFF, 0]  # -32769: its last word looks like a marker
    data = bytes(header("181", (0.0, 1400.0))) + struct.pack(f">{len(words)}h", *words)
    expected = [1000, 1003, 1006, 1008, 2**31, 2**31 + 1, -32769, -32769]
    with_end = read_trace(data + b"\0\0", "x.ch")
    assert with_end.signal.tolist() == [SCALE * value for value in expected] and with_end.notes == ()
    with pytest.raises(FormatError, match="cut off"):
        read_trace(data[:-6], "x.ch")
    assert "cut off" in read_trace(data[:-2] + b"\0\5", "x.ch").notes[0]


def test_scale_of_nothing_is_damage():
    head = header("130")
    struct.pack_into(">d", head, 0x127C, float("nan"))
    with pytest.raises(FormatError, match="damaged"):
        read_trace(bytes(head) + segments([1, 2, 3], 3, set()) + b"\0\0", "x.ch")


def test_points_lie_on_the_detectors_grid_and_peaks_at_the_vendors_times(shared):
    """5 Hz is 200 ms: with the end taken as a point too it would be 199.94, and peaks 0.1 s early."""
    folder = shared / "realdata/chromatograms/agilent"
    apart = []
    for name, channel in (("001F0101.D", "FID1A"), ("001F0101.D", "TCD2B"), ("001F0102.D", "FID1A")):
        trace = read_chromatogram(folder / name, channel)
        assert np.diff(trace.time_min) * 60_000 == pytest.approx(200, abs=1e-6)
        for apex in trace.vendor_peaks.retention_time_min:
            near = np.flatnonzero(np.abs(trace.time_min - apex) < 0.05)
            apart.append(60 * (trace.time_min[near[trace.signal[near].argmax()]] - apex))
    assert abs(np.mean(apart)) < 0.05


@pytest.mark.parametrize("name", ["adenosine_CA1_800uM.D/dad1A.ch", "analog_in.D/ADC1A.CH"])
def test_same_numbers_as_rainbow(shared, name):
    from rainbow.agilent.chemstation import parse_ch

    path = shared / "realdata/chromatograms/agilent" / name
    theirs = parse_ch(str(path))
    ours = read_chromatogram(path)
    assert ours.signal.tolist() == theirs.data[:, 0].tolist()
    assert ours.time_min == pytest.approx(theirs.xlabels, abs=1e-9)


def test_a_micro_sign_of_windows_is_kept():
    head = header("30")
    head[0x244:0x247] = b"\x02\xb5V"
    head[0x254:0x258] = b"\x03" + "µV".encode()
    facts = read_trace(bytes(head) + segments([1, 2, 3], 3, set()) + b"\0\0", "x.ch").facts
    assert facts["unit"] == facts["signal"] == "µV"


def plain(points: int, step: float) -> bytes:
    return bytes(header("179", (0.0, step * (points - 1)))) + np.arange(points, dtype="<f8").tobytes()


@pytest.mark.parametrize("step", [400, 200, 100, 50, 25, 12.5, 6.25, 5000])
def test_plain_numbers_at_a_detector_s_rate_come_without_notes(step):
    assert read_trace(plain(1001, step), "x.ch").notes == ()


def test_plain_numbers_cut_off_are_noted():
    data = plain(1001, 200)
    assert ["200.2 ms apart, which is no detector's rate" in note for note in read_trace(data[:-8], "x.ch").notes] == [
        True
    ]
    ragged, step = read_trace(data[:-3], "x.ch").notes
    assert "does not end as such files do" in ragged and "no detector's rate" in step


def test_second_differences_cut_off_before_a_zero_are_noted():
    words = [0x7FFF, 0, 0, 1000, *[0] * 1000]  # 1000 points and the end
    data = bytes(header("181", (0.0, 199_800.0))) + struct.pack(f">{len(words)}h", *words)
    assert read_trace(data, "x.ch").notes == ()
    assert "no detector's rate" in read_trace(data[:-20], "x.ch").notes[0]
