"""Formats of which no public file was at hand, by small files made to their published layout."""

import base64
import json
import zlib

import numpy as np
import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import open_sorted, read_raw


def labchart(rows, titles="ECD\tPressure", interval="0.1 s"):
    head = f"Interval=\t{interval}\nExcelDateTime=\t4.2E4\nTimeFormat=\tStartOfBlock\nDateFormat=\t\n"
    return f"{head}ChannelTitle=\t{titles}\nRange=\t10.000 nA\t5.000 V\n" + "".join(rows)


def test_labchart(tmp_path):
    rows = [f"{i / 10:.1f}\t{i * 0.5:.2f}\t3.0\n" for i in range(100)]
    rows[20] = rows[20].rstrip("\n") + "\t#* injection 4\n"
    (tmp_path / "a.txt").write_text(labchart(rows))
    trace = read_chromatogram(tmp_path / "a.txt", "ECD")
    assert (trace.format, trace.unit, trace.channels, len(trace.signal)) == ("labchart", "nA", ("ECD", "Pressure"), 100)
    assert trace.time_min[-1] == pytest.approx(9.9 / 60) and trace.signal[20] == 10.0
    with pytest.raises(FormatError, match="holds 2 channels"):
        read_chromatogram(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text(labchart(rows, interval="1 s"))
    with pytest.raises(FormatError, match="but Interval says '1 s'"):
        read_chromatogram(tmp_path / "b.txt", "ECD")
    (tmp_path / "c.txt").write_text(labchart(rows) + labchart(rows))
    with pytest.raises(FormatError, match="several blocks"):
        read_chromatogram(tmp_path / "c.txt", "ECD")


def test_labchart_with_converted_units_and_padded_numbers(tmp_path):
    """Header and rows as the documentation of phys2bids shows them: `*` is a channel that was not converted."""
    head = (
        "Interval=\t0.001 s\nExcelDateTime=\t4.3749464322749809e+04\t10/11/19 11:08:37.485584\n"
        "TimeFormat=\tStartOfBlock\nDateFormat=\t\nChannelTitle=\tTrigger\tCO2\nRange=\t2.000 V\t50.0 mmHg\n"
        "UnitName=\t*\tmmHg\nTopValue=\t*\t56.44\nBottomValue=\t*\t-0.09\n"
    )
    rows = [f"{i / 1000:g}\t            0.581\t            0.76{i:03d}\n" for i in range(50)]
    (tmp_path / "a.txt").write_text(head + "".join(rows))
    trigger, gas = (read_chromatogram(tmp_path / "a.txt", name) for name in ("Trigger", "CO2"))
    assert (trigger.unit, gas.unit) == ("V", "mmHg") and gas.signal[7] == 0.76007
    assert gas.header["acquired"] == "2019-10-11T11:08:37"
    (tmp_path / "a.txt").write_text(head + "".join(f"{432 + i / 1000:.3f}\t0.5\t0.7\n" for i in range(50)))
    assert "acquired" not in read_chromatogram(tmp_path / "a.txt", "CO2").header  # begins 432 s into the block


def mzml(time, signal, points=None, unit=("UO:0000010", "second"), doctype=""):
    def array(values, accession, name, extra=""):
        text = base64.b64encode(zlib.compress(np.asarray(values, "<f8").tobytes())).decode()
        return (
            f'<binaryDataArray encodedLength="{len(text)}"><cvParam cvRef="MS" accession="MS:1000523"/>'
            f'<cvParam cvRef="MS" accession="MS:1000574"/><cvParam accession="{accession}" name="{name}" {extra}/>'
            f"<binary>{text}</binary></binaryDataArray>"
        )

    times = array(time, "MS:1000595", "time array", f'unitAccession="{unit[0]}" unitName="{unit[1]}"')
    values = array(signal, "MS:1000515", "intensity array", 'unitName="mV"')
    count = len(time) if points is None else points
    return (
        f'<?xml version="1.0"?>{doctype}<mzML xmlns="http://psi.hupo.org/ms/mzml"><run><chromatogramList count="1">'
        f'<chromatogram id="ECD 1" index="0" defaultArrayLength="{count}">'
        f'<binaryDataArrayList count="2">{times}{values}'
        "</binaryDataArrayList></chromatogram></chromatogramList></run></mzML>"
    )


def test_mzml(tmp_path):
    file = tmp_path / "a.mzML"
    time, signal = np.arange(50) * 6.0, np.arange(50) ** 2.0
    file.write_text(mzml(time, signal))
    trace = read_chromatogram(file)
    assert (trace.channels, trace.unit) == (("ECD 1",), "mV")
    assert trace.time_min == pytest.approx(time / 60) and trace.signal.tolist() == signal.tolist()
    for points in (40, 60, 10**9):
        file.write_text(mzml(time, signal, points))
        with pytest.raises(FormatError, match=r"a\.mzML: .*points"):
            read_chromatogram(file)
    file.write_text(mzml(time, signal, unit=("UO:9", "fortnight")))
    with pytest.raises(FormatError, match="do not make a trace"):
        read_chromatogram(file)
    file.write_text(mzml(time, signal)[:900])
    with pytest.raises(FormatError, match=r"a\.mzML: is damaged or cut off"):
        read_chromatogram(file)
    file.write_text(mzml(time, signal, doctype='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'))
    with pytest.raises(FormatError, match="document type"):
        read_chromatogram(file)


def clarity(rows, rate="10.0 samp. per sec.", unit="Min."):
    head = f"Analyst : who\nSample ID : 7\nSample : r4 s12\nSample Injected : 15-Jan-26 1:02:03 PM\nRate : {rate}\n"
    return f"{head}Y Axis Title: ECD\n\n[{unit}]\t[nA]\n" + "".join(rows)


def test_clarity(tmp_path):
    rows = [f"{i / 600:.5f}\t{i * 0.5:.2f}\n" for i in range(100)]
    (tmp_path / "a.txt").write_text(clarity(rows))
    trace = read_chromatogram(tmp_path / "a.txt")
    assert (trace.format, trace.unit, trace.channel, len(trace.signal)) == ("clarity", "nA", "ECD", 100)
    assert trace.time_min[-1] == pytest.approx(9.9 / 60, abs=1e-5) and trace.signal[20] == 10.0
    assert trace.header["sample_name"] == "r4 s12" and trace.header["acquired"] == "2026-01-15T13:02:03"
    assert "who" not in trace.header.values()
    (tmp_path / "a.txt").write_text(clarity([row.replace(".", ",") for row in rows]))
    assert read_chromatogram(tmp_path / "a.txt").signal[20] == 10.0
    seconds = [f"{i / 10:.1f}\t{i * 0.5:.2f}\n" for i in range(100)]
    (tmp_path / "a.txt").write_text(clarity(seconds, unit="s"))
    assert read_chromatogram(tmp_path / "a.txt").time_min[-1] == pytest.approx(9.9 / 60)
    for text, message in (
        (clarity(rows, rate="5.0 samp. per sec."), "has 10 points per s"),
        (clarity(rows, unit="km"), "neither minutes nor seconds"),
        (clarity([*rows[:50], "0.5\n"]), r"line 59: "),
        (clarity([]), "line"),
    ):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(FormatError, match=message):
            read_chromatogram(tmp_path / "a.txt")


def test_waters_raw_folders_that_are_none(tmp_path):
    (tmp_path / "a.raw").mkdir()
    with pytest.raises(FormatError, match=r"a folder without _CHROMS\.INF"):
        read_chromatogram(tmp_path / "a.raw")
    (tmp_path / "a.raw/_CHROMS.INF").write_bytes(b"\0" * 200)
    with pytest.raises(FormatError, match=r"a\.raw: "):
        read_chromatogram(tmp_path / "a.raw")


@pytest.fixture
def phy(tmp_path):
    folder = tmp_path / "sorted"
    folder.mkdir()
    np.save(folder / "spike_times.npy", np.array([[300], [600], [900], [1200]], dtype=np.uint64))
    np.save(folder / "spike_clusters.npy", np.array([4, 7, 4, 9], dtype=np.int32))
    text = "dat_path = ['raw.dat']\nn_channels_dat = 2\ndtype = 'int16'\noffset = 0\nsample_rate = 30000.\n"
    (folder / "params.py").write_text(text + "import os; os.system('touch /tmp/owned')\n")
    (folder / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n4\tgood\n7\tgood\n9\tmua\n")
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n7\tnoise\n")
    (folder / "raw.dat").write_bytes(bytes(30000 * 2 * 2))
    return folder


def test_phy(phy):
    recording = open_sorted(phy)
    assert [(unit.unit_id, unit.times_s.tolist()) for unit in recording.units] == [("4", [0.01, 0.03])]
    assert recording.duration_s == 1.0  # of the raw file beside it
    assert recording.notes == ("left out 2 clusters (7: noise, 9: mua)",)
    assert len(open_sorted(phy, channel="7").units[0].times_s) == 1
    np.save(phy / "spike_clusters.npy", np.array([4, 7]))
    with pytest.raises(FormatError, match="4 spike times but 2 clusters"):
        open_sorted(phy)
    data = (phy / "spike_times.npy").read_bytes()
    (phy / "spike_times.npy").write_bytes(data[:-8])
    with pytest.raises(FormatError, match=r"spike_times\.npy is missing or damaged"):
        open_sorted(phy)


def test_raw_binary_with_its_sidecar(tmp_path):
    counts = np.arange(2000, dtype=">i2").reshape(-1, 2)
    (tmp_path / "a.dat").write_bytes(counts.tobytes())
    with pytest.raises(FormatError, match=r"describe them in a\.json"):
        read_raw(tmp_path / "a.dat")
    facts = {"sampling_rate_hz": 20000, "n_channels": 2, "dtype": "int16", "byte_order": "big"}
    (tmp_path / "a.json").write_text(json.dumps(facts | {"microvolts_per_bit": 0.5, "channels": ["LC", "ref"]}))
    trace = read_raw(tmp_path / "a.dat", channel="ref")
    assert (trace.n_samples, trace.duration_s, trace.unit, trace.channels) == (1000, 0.05, "µV", ("ref",))
    assert trace.read(10, 12)[:, 0].tolist() == [10.5, 11.5]
    (tmp_path / "a.dat").write_bytes(counts.tobytes()[:-3])
    with pytest.raises(FormatError, match="no whole number of samples"):
        read_raw(tmp_path / "a.dat")
    for change, message in (({"dtype": "O"}, "dtype"), ({"n_channels": 1e9}, "channels"), ({"rate": 1}, "unknown key")):
        (tmp_path / "a.json").write_text(json.dumps(facts | change))
        with pytest.raises(FormatError, match=message):
            read_raw(tmp_path / "a.dat")
