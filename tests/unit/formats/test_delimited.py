"""Delimited text: whatever a lab's software wrote comes back as the same numbers, or is refused in words."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError


def put(tmp_path, text, encoding="utf-8"):
    file = tmp_path / "trace.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


def rows(n=30, step=0.01, decimals=4):
    return [(f"{i * step:.{decimals}f}", f"{i * 1.5 - 3:.2f}") for i in range(n)]


HEADERS = {
    "none": None,
    "minutes": ("Time (min)", "Signal (nA)"),
    "tight": ("Time(min)", "Value(nA)"),
    "snake": ("time_min", "signal_nA"),
}
COMBINATIONS = [
    each
    for each in itertools.product(["\t", ";", ",", " ", "|"], ".,", HEADERS, ["\n", "\r\n", "\r"])
    if each[:2] != (",", ",")
]
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6) + 0.0)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(COMBINATIONS),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]),
    st.lists(numbers, min_size=60, max_size=80),
    st.booleans(),
)
def test_a_trace_written_in_any_way_reads_back_equal(tmp_path, combination, encoding, signal, preamble):
    delimiter, decimal, header, ending = combination
    time = [i / 60 for i in range(len(signal))]
    lines = ["Sample: Kontrolle 3 µl", "made by a detector", ""] if preamble else []
    lines += [delimiter.join(HEADERS[header])] if HEADERS[header] else []
    lines += [
        delimiter.join(f"{value!r}".replace(".", decimal) for value in pair) for pair in zip(time, signal, strict=True)
    ]
    trace = read_chromatogram(put(tmp_path, ending.join(lines) + ending, encoding))
    assert trace.signal.tolist() == signal
    assert trace.time_min.tolist() == time
    assert trace.unit == ("nA" if HEADERS[header] else None)


def test_seconds_become_minutes(tmp_path):
    for name in ("time_s", "Time (sec)", "Zeit [s]", "Time/seconds"):
        text = f"{name}\tECD (nA)\n" + "".join(f"{i * 0.5}\t{i}\n" for i in range(100))
        np.testing.assert_allclose(
            read_chromatogram(put(tmp_path, text)).time_min * 60, np.arange(100) * 0.5, rtol=1e-12
        )


@pytest.mark.parametrize(
    ("step", "n", "per_unit"),
    [(1 / 60, 1800, 1.0), (1 / 600, 6000, 1.0), (0.5, 3600, 1 / 60), (0.1, 9000, 1 / 60), (1.0, 1801, 1 / 60)],
)
def test_a_time_column_without_unit_is_concluded_and_said(tmp_path, step, n, per_unit):
    text = "\n".join(f"{i * step:.6f},{i % 7}.5" for i in range(n))
    trace = read_chromatogram(put(tmp_path, text))
    assert trace.time_min[-1] == pytest.approx((n - 1) * step * per_unit, rel=1e-6)
    assert "does not say its unit" in trace.notes[0]


def test_a_time_column_that_could_be_either_is_refused(tmp_path):
    text = "\n".join(f"{i * 0.1:.6f},{i}.5" for i in range(300))  # 30 s at 10 Hz, or 30 min every 6 s
    with pytest.raises(FormatError, match="name the column time_min or time_s"):
        read_chromatogram(put(tmp_path, text))


def test_thousands_dot_with_decimal_comma(tmp_path):
    body = "".join(
        f"{i / 100:.6f}".replace(".", ",") + f"\tn.a.\t{v}\t\r\n"
        for i, v in enumerate(["1.169,465667"] * 20 + ["-12,5"] * 20)
    )
    trace = read_chromatogram(put(tmp_path, "\ufeffChannel\tED_1\r\rTime(min)\tStep (s)\tValue (mAU)\t\r\n" + body))
    assert trace.signal.tolist() == [1169.465667] * 20 + [-12.5] * 20
    assert (trace.unit, trace.channels) == ("mAU", ("Value",))


def test_thousands_comma_with_decimal_point(tmp_path):
    text = "time_min;signal\n" + "".join(f"{i / 100:.2f};1,169.25\n" for i in range(20))
    assert set(read_chromatogram(put(tmp_path, text)).signal) == {1169.25}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (lambda i: (f"{i / 100:.2f}", f"{i},5"), "cannot be told apart"),
        (lambda i: (f"{i / 100:.3f}", f"1.169,{i}"), "groups thousands in some numbers"),
        (lambda i: (f"{i + 1},250", "1,169"), "may group thousands or be the decimal mark"),
    ],
)
def test_contradicting_marks_are_refused(tmp_path, cells, message):
    text = "time_min\tsignal\n" + "".join("\t".join(cells(i)) + "\n" for i in range(40))
    with pytest.raises(FormatError, match=message):
        read_chromatogram(put(tmp_path, text))


def test_quoted_cells_and_unit_row(tmp_path):
    quoted = '"Time","ED1"\n"min","nA"\n' + "".join(f'"{i / 100:.2f}","{i}.5"\n'.replace(".", ",") for i in range(20))
    trace = read_chromatogram(put(tmp_path, quoted))
    assert (trace.unit, trace.channel, trace.signal[3], trace.time_min[3]) == ("nA", "ED1", 3.5, 0.03)


def test_channels_by_name_or_number(tmp_path):
    text = "Time (min),ED1 (nA),ED2 (nA)\n" + "".join(f"{i / 100:.2f},{i},{-i}\n" for i in range(20))
    file = put(tmp_path, text)
    with pytest.raises(FormatError, match=r"holds 2 channels.*1 = ED1; 2 = ED2"):
        read_chromatogram(file)
    for channel in ("ED2", "ed2", "2"):
        assert read_chromatogram(file, channel).signal[-1] == -19
    with pytest.raises(FormatError, match=r"no single channel 'ED3'; its channels are 1 = ED1; 2 = ED2"):
        read_chromatogram(file, "ED3")


def test_each_channel_may_have_its_own_time(tmp_path):
    text = "Time (min)\tA\tTime (s)\tB\n" + "".join(f"{i / 100:.2f}\t{i}\t{i * 2}\t{i}\n" for i in range(20))
    assert read_chromatogram(put(tmp_path, text), "B").time_min[1] == pytest.approx(2 / 60)
    assert read_chromatogram(put(tmp_path, text), "A").time_min[1] == 0.01


def test_a_running_number_is_not_time(tmp_path):
    text = "".join(f"{i}\t{i / 60:.6f}\t{i % 5}\n" for i in range(1, 200))
    trace = read_chromatogram(put(tmp_path, text))
    assert trace.time_min[0] == pytest.approx(1 / 60, abs=1e-6) and trace.channels == ("1",)


def test_times_rounded_to_equality_are_put_back_on_their_grid(tmp_path):
    text = "time_min\tnA\n" + "".join(f"{i / 1200:.3f}\t{i}\n" for i in range(600))
    time = read_chromatogram(put(tmp_path, text)).time_min
    assert (np.diff(time) > 0).all() and np.abs(time - np.arange(600) / 1200).max() < 6e-4


@pytest.mark.parametrize("at", [1, 2, 5, 70, 98])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.{at:02}00\tabc", r"line {line}: '0.{at:02}00\\tabc' stands in the middle"),
        ("0.{at:02}00\t1.2.3", r"line {line}: .*('1.2.3'|stands in the middle)|groups thousands"),
        ("0.{at:02}00\t1\t2", r"line {line}: (3 cells instead of 2|.* stands in the middle)"),
        ("0.{at:02}00\tn.a.", r"line {line}: (channel 'signal' has no value|.* stands in the middle)"),
        ("0.{at:02}00\t", r"line {line}: (channel 'signal' has no value|.* stands in the middle)"),
        ("0.0000\t1.00", r"line {line}: time goes back|line {line}: the time 0 stands twice"),
        ("0.{at:02}00\t1e400", r"line {line}: .*infinite"),
    ],
)
def test_a_broken_row_is_refused_by_its_line(tmp_path, at, row, message):
    lines = ["\t".join(pair) for pair in rows(100)]
    lines[at] = row.format(at=at)
    with pytest.raises(FormatError, match=message.format(at=at, line=at + 2)) as caught:
        read_chromatogram(put(tmp_path, "time_min\tsignal\n" + "\n".join(lines) + "\n"))
    assert str(caught.value).startswith("trace.txt: ")


HEAD = "time_min\tsignal\n"


@pytest.mark.parametrize(
    ("header", "first"),
    [(HEAD, first) for first in ("0.00000.00", "0.0000", "0.0000b0.00", "0.0000\tabc", "0.00-0\t1", "0.0000\t1\t2")]
    + [("", first) for first in ("0.00000.00", "0.0000", "0.0000\tabc", "0.00-0\t1", "0.0000\t1\t2")],
)
def test_a_broken_first_row_is_not_taken_for_a_header(tmp_path, header, first):
    text = header + "\n".join([first] + ["\t".join(pair) for pair in rows(100)[1:]]) + "\n"
    with pytest.raises(FormatError):
        read_chromatogram(put(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:9] + lines[5:], "line 11: time goes back"),
        (lambda lines: [*lines, "1.0000\t4"], "line 102: the file ends in the middle of a row"),
        (lambda lines: [*lines, "1.0000\t4.5"], "ends in the middle of a row"),
        (lambda lines: [*lines, "1.0000\t"], "ends in the middle of a row"),
        (lambda lines: [*lines, "1.0"], "ends in the middle of a row"),
        (lambda lines: lines[:2], "no table of numbers"),
        (lambda lines: [], "no table of numbers"),
        (lambda lines: [line.split("\t")[1] for line in lines], "no table of numbers"),
        (lambda lines: ["5\t" + line.split("\t")[1] for line in lines], "the time 5 stands twice"),
    ],
)
def test_broken_tables_are_refused(tmp_path, change, message):
    lines = ["\t".join(pair) for pair in rows(100)]
    with pytest.raises(FormatError, match=message):
        read_chromatogram(put(tmp_path, "time_min\tsignal\n" + "\n".join(change(lines))))


def test_fewer_points_than_the_file_says_is_a_cut_off_file(tmp_path):
    text = "Data Points\t31\nTime (min)\tValue (nC)\n" + "".join("\t".join(pair) + "\n" for pair in rows())
    with pytest.raises(FormatError, match="says Data Points 31 but has 30"):
        read_chromatogram(put(tmp_path, text))


def test_words_after_the_table_are_passed_over(tmp_path):
    text = "time_min\tsignal\n" + "".join("\t".join(pair) + "\n" for pair in rows()) + "\nPeaks\n1\t0.1\tNE\n"
    assert len(read_chromatogram(put(tmp_path, text)).signal) == 30
