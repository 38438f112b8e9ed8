"""Shimadzu exports: the vendor's own areas come back from the trace, so time, unit and multiplier are right."""

import numpy as np
import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError

HEADER = (
    "[Header]\nApplication Name,LabSolutions\nVersion,5.97\nOutput Date,{out}\n\n[Sample Information]\nAcquired,{at}\n"
)
SAMPLE = "Operator Name,Jane Doe\nSample Name,Std 5 nM\nVial#,7\nInjection Volume,20\n\n[Original Files]\n"
FILES = "Data File,C:\\Users\\Jane\\x.lcd\nMethod File,C:\\Users\\Jane\\NE.lcm\n\n"
TRACE = "[LC Chromatogram(Detector {name})]\nInterval(msec),500\n# of Points,4\nStart Time(min),0.000\n"
TRACE += "End Time(min),0.025\nIntensity Units,{unit}\nIntensity Multiplier,{by}\nR.Time (min),Intensity\n"
ROWS = "0.00000,{0}\n0.00833,{1}\n0.01667,{2}\n0.02500,{3}\n\n"


def export(out="2/16/2021", at="2/3/2021 1:58:37 PM", channels=(("A-Ch1", (1, 2, 3, 4)),), unit="mV", by="0.001"):
    text = HEADER.format(out=out, at=at) + SAMPLE + FILES
    for name, values in channels:
        text += TRACE.format(name=name, unit=unit, by=by) + ROWS.format(*values)
    return text


def vendor_areas(trace):
    """Each vendor peak's area: its start and end, straight baseline under each group of touching peaks."""
    peaks = trace.vendor_peaks
    fine = np.linspace(trace.time_min[0], trace.time_min[-1], 20 * len(trace.time_min))
    signal = np.interp(fine, trace.time_min, trace.signal)
    start, end = peaks["start_min"].to_numpy(float), peaks["end_min"].to_numpy(float)
    joined = (start[1:] - end[:-1] < 0.01) & peaks["mark"].astype(str).str.contains("V").to_numpy()[1:]
    group = np.concatenate(([0], np.cumsum(~joined)))
    areas = []
    for index in range(len(peaks)):
        members = group == group[index]
        edges = [start[members].min(), end[members].max()]
        inside = (fine >= start[index]) & (fine <= end[index])
        base = np.interp(fine[inside], edges, np.interp(edges, trace.time_min, trace.signal))
        areas.append(np.trapezoid(signal[inside] - base, fine[inside]) * 60)
    return np.array(areas)


def test_every_area_of_the_diauxic_files_comes_back(shared):
    files = sorted((shared / "experiments/diauxic_shift/dialysate").glob("*.txt"))
    assert len(files) == 19
    for file in files:
        trace = read_chromatogram(file)
        assert (trace.format, trace.channels, trace.unit) == ("shimadzu", ("Detector B-Ch1",), "µV")
        assert len(trace.time_min) == 3601 and trace.time_min[-1] == pytest.approx(30, abs=1e-9)
        written = trace.vendor_peaks["area"].to_numpy(float)
        np.testing.assert_allclose(vendor_areas(trace), written, rtol=0.02, err_msg=file.name)


@pytest.mark.parametrize("name", ["new-shim-1.txt", "new-shim-2.txt"])
@pytest.mark.parametrize("channel", ["Detector A-Ch1", "Detector B", "3"])
def test_three_detectors_of_the_tab_files(shared, name, channel):
    file = shared / "realdata/chromatograms/labsolutions_tab" / name
    trace = read_chromatogram(file, channel)
    assert trace.channels == ("Detector A-Ch1", "Detector B-Ch1", "AD2")
    peaks = trace.vendor_peaks
    # Small peaks at the ends of a long run of peaks have a baseline of the vendor's own making.
    large = (peaks["area"] > 0.05 * peaks["area"].max()).to_numpy()
    ratio = vendor_areas(trace)[large] / peaks["area"].to_numpy(float)[large]
    assert np.abs(ratio - 1).max() < 0.02


def test_a_file_with_several_detectors_says_which(shared):
    with pytest.raises(FormatError, match=r"holds 3 channels; .*1 = Detector A-Ch1; 2 = Detector B-Ch1; 3 = AD2"):
        read_chromatogram(shared / "realdata/chromatograms/labsolutions_tab/new-shim-1.txt")


def test_lcsolution_areas_come_back(shared):
    for file in sorted((shared / "realdata/chromatograms/lcsolution_ascii").glob("*.txt")):
        trace = read_chromatogram(file)
        peaks = trace.vendor_peaks
        large = (peaks["area"] > 0.05 * peaks["area"].max()).to_numpy()
        np.testing.assert_allclose(vendor_areas(trace)[large], peaks["area"].to_numpy(float)[large], rtol=0.02)
        assert trace.header["acquired"].startswith("2012-02-21T")


def test_facts_without_people_or_places(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text(export())
    trace = read_chromatogram(file)
    assert trace.header == {
        "sample_name": "Std 5 nM",
        "acquired": "2021-02-03T13:58:37",  # 16 in another date of the file says that the month comes first
        "injected_ul": "20",
        "vial": "7",
        "detector": "Detector A-Ch1",
        "method": "NE.lcm",
    }
    assert trace.unit == "µV" and trace.signal.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(trace.time_min * 60, [0, 0.5, 1.0, 1.5], rtol=1e-12)


@pytest.mark.parametrize(
    ("out", "at", "expected"),
    [
        ("3/4/2021", "2/3/2021 1:58:37 PM", None),
        ("25/4/2021", "2/3/2021 13:58:37", "2021-03-02T13:58:37"),
        ("3/4/2021", "2.3.2021. 13:58:37", "2021-03-02T13:58:37"),
        ("3/4/2021", "2021/03/02 13:58:37", "2021-03-02T13:58:37"),
        ("13/25/2021", "2/3/2021 13:58:37", None),
        ("3/4/2021", "31.02.2021 13:58:37", None),
    ],
)
def test_dates_are_read_only_where_their_order_is_certain(tmp_path, out, at, expected):
    file = tmp_path / "a.txt"
    file.write_text(export(out, at))
    assert read_chromatogram(file).header.get("acquired") == expected


@pytest.mark.parametrize(("delimiter", "decimal"), [("\t", "."), ("\t", ","), (";", ","), (";", "."), (",", ".")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_delimiters_decimals_and_encodings(tmp_path, delimiter, decimal, encoding):
    file = tmp_path / "a.txt"
    text = export(at="2021-02-03 13:58:37").replace(".", decimal) if decimal == "," else export()
    text = text.replace(",", delimiter) if decimal == "." else text.replace(",", "\0").replace("\0", delimiter)
    if decimal == ",":  # delimiters were commas as the decimal marks are now: write both anew
        text = export(at="2021-02-03 13:58:37").replace(",", delimiter)
        text = "\n".join(line if "File" in line else line.replace(".", ",") for line in text.split("\n"))
        text = text.replace("R,Time", "R.Time").replace("Version;5,97", "Version;5.97")
    file.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    trace = read_chromatogram(file)
    assert trace.signal.tolist() == [1, 2, 3, 4] and trace.unit == "µV"


def test_units_follow_the_multiplier(tmp_path):
    file = tmp_path / "a.txt"
    for unit, by, expected in [
        ("mV", "1", "mV"),
        ("mAU", "0.001", "µAU"),
        ("V", "0.001", "mV"),
        ("mV", "0.5", "0.5 mV"),
    ]:
        file.write_text(export(unit=unit, by=by))
        assert read_chromatogram(file).unit == expected


def test_damage_is_named(tmp_path):
    file = tmp_path / "a.txt"
    whole = export(channels=(("A-Ch1", (1, 2, 3, 4)),))
    for text, message in [
        (whole.replace("0.01667,3\n0.02500,4\n", ""), "2 of 4 points; the file was cut off"),
        (whole.replace("0.01667,3", "0.01667,abc"), "'abc' is not a number"),
        (whole.replace("0.01667,3", "0.11667,3"), "does not fit 'Interval"),
        (whole.replace("0.01667,3", "0.01667,"), "3 of 4 points"),
        (whole[: whole.index("R.Time")], "cut off"),
        (whole[: whole.index("[LC")], "no chromatogram section"),
        (whole.replace("Interval(msec),500", "Interval(msec),x"), "'x' is not a number"),
    ]:
        file.write_text(text)
        with pytest.raises(FormatError, match=r"a\.txt") as caught:
            read_chromatogram(file)
        assert message in str(caught.value)
