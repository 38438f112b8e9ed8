"""The real files of other vendors open with the values that their own headers and reports state."""

import numpy as np
import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError


@pytest.fixture
def folder(shared):
    return shared / "realdata/chromatograms"


def apex(trace, near, within=0.2):
    part = np.flatnonzero(np.abs(trace.time_min - near) < within)
    return trace.time_min[part[trace.signal[part].argmax()]]


def measured(trace, row):
    """Area in signal unit × s and height over a straight line from start to end, by hand."""
    inside = (trace.time_min >= row.start_min) & (trace.time_min <= row.end_min)
    time, part = trace.time_min[inside] * 60, trace.signal[inside]
    above = part - np.interp(time, time[[0, -1]], part[[0, -1]])
    return np.trapezoid(above, time), above.max()


def test_chromeleon_6_with_decimal_commas_and_thousands_dots(folder):
    for name, code, acquired, largest in [
        ("0.5", "A 0,5 mM", "2023-02-02T15:20:12", 323.03872),
        ("3", "A 3,0 mM", "2023-02-02T19:41:02", 1647.58566),
    ]:
        trace = read_chromatogram(folder / f"chromeleon6/Adenosine Stadards_ {name} mM.txt")
        assert (trace.format, trace.unit, trace.channel) == ("chromeleon", "mAU", "UV_VIS_1")
        assert (len(trace.signal), trace.time_min[-1]) == (26401, 44.0)
        assert trace.signal.max() == pytest.approx(largest, abs=1e-5)  # "Signal Max." of the header
        assert (trace.header["sample_name"], trace.header["acquired"]) == (code, acquired)
        assert (trace.header["sample_type"], trace.header["injected_ul"]) == ("standard", "10")


def test_chromeleon_7_standards_rise_with_their_names(folder):
    heights = {}
    for file in (folder / "chromeleon7").glob("*.txt"):
        trace = read_chromatogram(file)
        assert (trace.format, trace.unit, len(trace.signal)) == ("chromeleon", "µRIU", 2401)
        heights[int(file.stem.rpartition("mMhis")[2])] = trace.signal.max()
    levels = sorted(heights)
    assert levels == [1, 3, 5, 8, 20]
    assert np.corrcoef(levels, [heights[each] for each in levels])[0, 1] > 0.99


def test_chromeleon_7_electrochemical_detector(folder):
    trace = read_chromatogram(folder / "chromeleon7_electrochemical/05_20170526_MME_AA_STD-Mix2_ED_1.txt")
    assert (trace.unit, trace.channel, trace.time_min[-1], len(trace.signal)) == ("nC", "ED_1", 54.0, 3241)
    assert (trace.signal.min(), trace.signal.max()) == pytest.approx((-0.7749, 210.061603), abs=1e-5)
    assert trace.header["acquired"] == "2017-05-26T16:52:02" and trace.header["injected_ul"] == "25"


def test_no_header_says_who_or_where(folder):
    for file in sorted(each for each in folder.rglob("*") if each.suffix in (".txt", ".asc", ".CDF", ".D", ".arw")):
        try:
            trace = read_chromatogram(file, None)
        except FormatError as error:
            assert "name one in the column" in str(error)
            trace = read_chromatogram(file, "1")
        said = " ".join([*trace.header.values(), *trace.notes])
        assert (
            "\\" not in said and "/Users" not in said and "Neumann" not in said and "Instrument Controller" not in said
        )


def test_empower(folder):
    trace = read_chromatogram(folder / "waters_arw/results1857.arw")
    assert (trace.format, len(trace.signal), trace.time_min[-1]) == ("empower", 6601, 55.0)
    assert trace.channels == ("2475ChB ex488/em509",) and trace.header["sample_name"] == "SEC_11"
    assert read_chromatogram(folder / "waters_arw/results1985.arw").header["sample_name"] == "14"


def test_ezstart_channels_are_stacked(folder):
    file = folder / "ezstart_asc/05_25_BB.asc"
    lines = file.read_text().split("\n")
    at = next(index for index, line in enumerate(lines) if line.startswith("-35"))
    with pytest.raises(FormatError, match=r"holds 2 channels; name one .* \(1 = 1; 2 = 2\)"):
        read_chromatogram(file)
    for number in (1, 2):
        trace = read_chromatogram(file, str(number))
        assert (len(trace.signal), trace.time_min[-1], trace.unit) == (6001, 50.0, "µV")
        assert trace.signal[0] == float(lines[at + 6001 * (number - 1)])
        assert trace.header["acquired"] == "2018-04-18T09:19:52" and trace.header["injected_ul"] == "100"


def test_ezstart_cut_off(folder, tmp_path):
    text = (folder / "ezstart_asc/05_25_BB.asc").read_text()
    (tmp_path / "cut.asc").write_text(text[: len(text) // 2])
    with pytest.raises(FormatError, match="says 12002 points but has"):
        read_chromatogram(tmp_path / "cut.asc", "1")


ANDI = {  # points, unit, last time in min, first peak in min: as the files' own variables say
    "AAA250PM.CDF": (8999, "AU", 4499.0 / 60, 534.81146 / 60),
    "CLASSVP.CDF": (1440, "V", 1439 * 0.00416667, 1.6708333),  # minutes, unlike most
    "DNX-7AN.CDF": (2405, "µS", 480.8 / 60, 54.0 / 60),
    "HP-CH.CDF": (1145, "mAU", (1.04 + 1144 * 0.96) / 60, 56.145786 / 60),
    "SPA.CDF": (25204, "V", 2520.3 / 60, 158.15 / 60),
    "VARIAN1.CDF": (1302, "AU", 1301 * 0.36862963 / 60, 118.551285 / 60),  # no unit of time
    "VARIAN4.CDF": (1794, "AU", 1793 * 0.2 / 60, 66.16 / 60),
    "WAT_9962.CDF": (594, "AU", 599.0 / 60, 136.0 / 60),
    "tgnthpgc.cdf": (93003, "µV", (93002 * 0.02 - 0.013) / 60, None),
    "PK-SUM01N01.CDF": (5250, "counts/uV second", 524.9 / 60, 55.3 / 60),
}


@pytest.mark.parametrize("name", sorted(ANDI))
def test_andi(folder, name):
    points, unit, last, first_peak = ANDI[name]
    trace = read_chromatogram(folder / "andi_netcdf" / name)
    assert (len(trace.signal), trace.unit) == (points, unit)
    assert trace.time_min[-1] == pytest.approx(last, rel=1e-6)
    if first_peak is None:
        assert trace.vendor_peaks is None
    else:
        assert trace.vendor_peaks.retention_time_min[0] == pytest.approx(first_peak, rel=1e-6)


@pytest.mark.parametrize("name", ["AAA250PM.CDF", "CLASSVP.CDF", "DNX-7AN.CDF", "HP-CH.CDF"])
def test_andi_areas_in_many_units_come_out_in_signal_unit_and_seconds(folder, name):
    """mAU·min, V × 10⁶, starts in samples or in seconds: integrated by hand, the table's areas come out."""
    trace = read_chromatogram(folder / "andi_netcdf" / name)
    peaks = trace.vendor_peaks
    assert ((peaks.start_min <= peaks.retention_time_min) & (peaks.retention_time_min <= peaks.end_min)).all()
    by_hand = [measured(trace, row) for row in peaks.itertuples()]
    alone = [abs(height / row.height - 1) < 0.02 for (_, height), row in zip(by_hand, peaks.itertuples(), strict=True)]
    assert sum(alone) >= 2  # the others stand on their neighbours' flanks, where the vendor's baseline is another
    for (area, _), row, one in zip(by_hand, peaks.itertuples(), alone, strict=True):
        assert not one or area == pytest.approx(row.area, rel=0.06)


def test_andi_numbers_of_unknown_unit_are_left_out(folder):
    trace = read_chromatogram(folder / "andi_netcdf/PK-SUM01N01.CDF")
    assert trace.vendor_peaks.area.isna().all() and any("unknown unit" in note for note in trace.notes)


@pytest.mark.parametrize("name", ["AAA250PM.CDF", "WAT_9962.CDF"])
def test_andi_cut_off(folder, tmp_path, name):
    data = (folder / "andi_netcdf" / name).read_bytes()
    for part in (0.3, 0.6):
        (tmp_path / "cut.cdf").write_bytes(data[: int(len(data) * part)])
        with pytest.raises(FormatError, match=r"^cut\.cdf"):
            read_chromatogram(tmp_path / "cut.cdf")


AGILENT_REPORT = [
    (2.82446193695069, 45713.66796875, 7718.0859375),
    (4.05652809143067, 955.595458984375, 149.11474609375),
]


def test_agilent_with_its_report(folder):
    trace = read_chromatogram(folder / "agilent/001F0101.D/FID1A.ch")
    assert (trace.format, trace.unit, len(trace.signal)) == ("agilent", "pA", 3600)
    assert trace.header["acquired"] == "2023-07-24T21:37:10" and trace.header["sample_name"] == "DFA-708-01"
    peaks = trace.vendor_peaks
    assert len(peaks) == 3
    for (time, area, height), row in zip(AGILENT_REPORT, peaks.itertuples(), strict=False):
        assert (row.retention_time_min, row.area, row.height) == (time, area, height)
        near = np.abs(trace.time_min - time) < 0.6  # and the trace agrees in time, height and area
        base = np.median(trace.signal[trace.time_min < 2])
        assert apex(trace, time) == pytest.approx(time, abs=0.004)
        assert trace.signal[near].max() - base == pytest.approx(height, rel=0.02)
        narrow = np.abs(trace.time_min - time) < 0.45
        assert np.trapezoid(trace.signal[narrow] - base, trace.time_min[narrow] * 60) == pytest.approx(area, rel=0.05)


def test_agilent_second_signal_has_its_own_report(folder):
    trace = read_chromatogram(folder / "agilent/001F0101.D", "TCD2B")
    assert trace.unit == "25 µV" and trace.channels == ("FID1A", "TCD2B")
    assert trace.vendor_peaks.area.tolist() == [2608.150390625]


def test_agilent_report_as_text(folder, tmp_path):
    target = tmp_path / "a.D"
    target.mkdir()
    for name in ("FID1A.ch", "TCD2B.ch", "Report.TXT"):
        (target / name).write_bytes((folder / "agilent/001F0101.D" / name).read_bytes())
    fid, tcd = (read_chromatogram(target, name).vendor_peaks for name in ("FID1A", "TCD2B"))
    assert fid.area.tolist() == [45713.7, 955.59546, 17.71351] and tcd.area.tolist() == [2608.15039]


def test_agilent_adenosine_rises_with_concentration(folder):
    heights = {}
    for name, level in [("CA1_800uM", 800), ("CA3_200uM", 200), ("CA5_50uM", 50)]:
        trace = read_chromatogram(folder / f"agilent/adenosine_{name}.D")
        assert (trace.unit, len(trace.signal), trace.channel) == ("mAU", 3001, "dad1A")
        assert trace.time_min[-1] - trace.time_min[0] == pytest.approx(20.0)
        heights[level] = trace.signal.max()
    assert heights[800] / heights[200] == pytest.approx(4, rel=0.05)
    assert heights[200] / heights[50] == pytest.approx(4, rel=0.05)


def test_agilent_analog_input(folder):
    trace = read_chromatogram(folder / "agilent/analog_in.D")
    assert (trace.channel, len(trace.signal), trace.header["detector"]) == ("ADC1A", 1787, "ADC1 CHANNEL A")
    assert trace.time_min[[0, -1]] == pytest.approx([17 / 60000, 178617 / 60000])


@pytest.mark.parametrize("name", ["001F0101.D/FID1A.ch", "adenosine_CA5_50uM.D/dad1A.ch", "analog_in.D/ADC1A.CH"])
def test_agilent_cut_off_or_damaged(folder, tmp_path, name):
    data = (folder / "agilent" / name).read_bytes()
    (tmp_path / "a.ch").write_bytes(data[: len(data) - 1200])
    with pytest.raises(FormatError, match=r"a\.ch: .*(cut off|damaged)"):
        read_chromatogram(tmp_path / "a.ch")
    (tmp_path / "b.ch").write_bytes(data[:0x11A] + b"\x7f\x7f\xff\xff\x00\x00\x00\x01" + data[0x122:])
    with pytest.raises(FormatError, match=r"b\.ch: .*damaged"):
        read_chromatogram(tmp_path / "b.ch")
