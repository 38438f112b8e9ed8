"""Small files that claim or unpack to far more than they are: refused by name, within seconds and within memory."""

from __future__ import annotations

import base64
import datetime
import itertools
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import file_events, open_sorted, read_raw
from coeruleus.intake.spreadsheets import read_cells
from fuzz import fuzz


def netcdf(path: Path) -> None:
    """Two billion points in a file of a few kilobytes."""
    from scipy.io import netcdf_file

    with netcdf_file(path, "w") as file:
        file.createDimension("point_number", 1000)
        file.createVariable("ordinate_values", "f", ("point_number",))[:] = np.arange(1000)
    data = path.read_bytes().replace(struct.pack(">i", 1000), struct.pack(">i", 0x7FFFFFF0), 1)
    path.write_bytes(data.replace(struct.pack(">i", 4000), struct.pack(">i", 0x7FFFFFF0), 1))


def netcdf_records(path: Path) -> None:
    """A series that grows, of two billion records by its header."""
    from scipy.io import netcdf_file

    with netcdf_file(path, "w") as file:
        file.createDimension("point_number", None)
        file.createVariable("ordinate_values", "f", ("point_number",))[:] = np.arange(1000)
    data = bytearray(path.read_bytes())
    data[4:8] = struct.pack(">i", 0x7FFFFFFF)
    path.write_bytes(bytes(data))


def workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"xl/worksheets/sheet{number}.xml", bytes(64 << 20))


def workbook_that_lies(path: Path) -> None:
    """Its directory says that the part of 300 MB holds ten bytes."""
    size = 300 << 20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", bytes(size))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 10)))


def workbook_of_laughs(path: Path) -> None:
    """Entities within entities, ten to the power of twelve characters."""
    names = [f"e{number}" for number in range(12)]
    entities = '<!ENTITY e0 "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">' for below, name in itertools.pairwise(names)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in ("[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml"):
            packed.writestr(part, f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><x>&e11;</x>')


def sound_nwb(path: Path) -> None:
    """A unit, a trial and a trace of one channel."""
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ecephys import ElectricalSeries

    file = NWBFile("x", "x", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    file.add_unit(spike_times=[1.0, 2.0])
    file.add_trial(start_time=0.1, stop_time=0.2)
    group = file.create_electrode_group("s", "a", "l", file.create_device("p"))
    file.add_electrode(group=group, location="l")
    where = file.create_electrode_table_region([0], "all")
    file.add_acquisition(ElectricalSeries(name="E", data=np.zeros((100, 1), "i2"), electrodes=where, rate=2e4))
    with NWBHDF5IO(path, "w") as handle:
        handle.write(file)


def with_dataset(path: Path, name: str, target: str = "", **dataset: Any) -> None:
    """Another dataset in place of one of an NWB file, which is unallocated where it has a shape and no data."""
    import h5py

    with h5py.File(path, "a") as content:
        kept = dict(content[name].attrs) | ({"target": content[target].ref} if target else {})
        dataset.setdefault("dtype", content[name].dtype)
        del content[name]
        content.create_dataset(name, **dataset).attrs.update(kept)


def nwb_of_spikes(count: int, chunk: int = 1 << 16, **packed: Any) -> Callable[[Path], None]:
    """A sound file whose spike times are said to be so many."""

    def write(path: Path) -> None:
        sound_nwb(path)
        with_dataset(path, "units/spike_times", shape=(count,), chunks=(chunk,), **packed)
        with_dataset(path, "units/spike_times_index", "units/spike_times", data=np.array([count]), dtype="i8")

    return write


def nwb_of_events(path: Path) -> None:
    sound_nwb(path)
    for name in ("start_time", "stop_time", "id"):
        with_dataset(path, f"intervals/trials/{name}", shape=(200_000_000,), chunks=(1 << 20,))


def nwb_of_channels(path: Path) -> None:
    sound_nwb(path)
    with_dataset(path, "acquisition/E/data", shape=(100, 300_000_000), chunks=(1, 1 << 20))


def nwb_that_repeats(path: Path) -> None:
    """Every second of nine thousand units has the same million spikes."""
    sound_nwb(path)
    count = 9_000
    with_dataset(path, "units/spike_times", data=np.arange(1e6))
    with_dataset(path, "units/spike_times_index", "units/spike_times", data=np.arange(count) % 2 * 10**6, dtype="i8")
    with_dataset(path, "units/id", data=np.arange(count))


def nwb_of_one_chunk(path: Path) -> None:
    """Two spikes in a chunk of two gigabytes, packed to two megabytes."""
    nwb_of_spikes(2, 1 << 28, maxshape=(None,), compression="gzip")(path)


def nwb_around_a_corner(path: Path) -> None:
    """The spike times lie elsewhere in the file."""
    import h5py

    nwb_of_spikes(500_000_000)(path)
    with h5py.File(path, "a") as content:
        content.move("units/spike_times", "elsewhere")
        content["units/spike_times"] = h5py.SoftLink("/elsewhere")


def nwb_that_lies_elsewhere(path: Path) -> None:
    """The spike times are views of another file's."""
    import h5py

    sound_nwb(path)
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["times"] = np.array([1.0, 2.0])
    with h5py.File(path, "a") as content:
        kept = dict(content["units/spike_times"].attrs)
        del content["units/spike_times"]
        layout = h5py.VirtualLayout((2,), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "times", (2,))
        content["units"].create_virtual_dataset("spike_times", layout).attrs.update(kept)


def phy_of_units(path: Path) -> None:
    """Every one of a million spikes is a unit of its own."""
    path.mkdir()
    np.save(path / "spike_times.npy", np.arange(10**6))
    np.save(path / "spike_clusters.npy", np.arange(10**6, dtype=np.int32))
    (path / "params.py").write_text("sample_rate = 30000.\n")


def matlab(path: Path) -> None:
    """A channel of Spike2 whose values, two gigabytes of zeros, are packed to nine megabytes."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    def head(kind: int, rows: int, name: bytes = b"") -> bytes:
        return element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack("<ii", rows, 1)) + element(1, name)

    size = 2 << 30
    title, values = head(4, 1) + element(16, b"t"), head(6, size // 8) + struct.pack("<II", 9, size)
    names = b"title".ljust(32, b"\0") + b"values".ljust(32, b"\0")
    fields = head(2, 1, b"x") + struct.pack("<HHI", 5, 4, 32) + element(1, names)
    fields += element(14, title) + struct.pack("<II", 14, len(values) + size) + values
    packer = zlib.compressobj(1)
    begin = packer.compress(struct.pack("<II", 14, len(fields) + size) + fields) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = begin + zeros * (size >> 20) + packer.flush()
    start = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    path.write_bytes(start + struct.pack("<II", 15, len(packed)) + packed)


def mzml(path: Path) -> None:
    """Forty traces of five million zeros."""
    packed = base64.b64encode(zlib.compress(bytes(8 * 5_000_000), 9)).decode()
    arrays = "".join(
        f'<binaryDataArray><cvParam accession="MS:1000523"/><cvParam accession="MS:1000574"/>'
        f'<cvParam accession="MS:{term}" unitAccession="UO:0000010"/><binary>{packed}</binary></binaryDataArray>'
        for term in (1000595, 1000515)
    )
    traces = "".join(f'<chromatogram id="{n}" defaultArrayLength="5000000">{arrays}</chromatogram>' for n in range(40))
    path.write_text(f'<?xml version="1.0"?><mzML xmlns="http://psi.hupo.org/ms/mzml">{traces}</mzML>')


def workbook_of_sheets(sheets: int) -> Callable[[Path], None]:
    """Each with one cell, far from the first."""

    def write(path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for number in range(sheets):
            book.create_sheet(f"s{number}").cell(20_000, 400, 1)
        book.save(path)

    return write


def workbook_of_texts(path: Path) -> None:
    """Fourteen million texts of one letter."""
    workbook_of_sheets(1)(path)
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    space = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    parts["xl/sharedStrings.xml"] = space + b"<si><t>a</t></si>" * 14_000_000 + b"</sst>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


def nwb_circle(path: Path) -> None:
    """A group that holds itself."""
    import h5py

    with h5py.File(path, "w") as content:
        content.attrs["nwb_version"] = "2.7.0"
        units = content.create_group("units")
        units["again"] = units


def sound(path: Path) -> None:
    """A wave file that says it holds four gigabytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(20_000)
        file.writeframes(bytes(4000))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 4000), b"\xf0\xff\xff\xff"))


def points(path: Path) -> None:
    path.write_text(
        "[Header]\nApplication Name\tLabSolutions\n\n[LC Chromatogram(Detector A-Ch1)]\nInterval(msec)\t500\n"
        "# of Points\t999999999999\nStart Time(min)\t0.000\nEnd Time(min)\t4.992\nIntensity Units\tmV\n"
        "R.Time (min)\tIntensity\n0.0\t1\n0.1\t2\n"
    )


def all_of_it(path: Path) -> None:
    for _ in read_raw(path).chunks(200_000):
        pass


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("a.cdf", netcdf, read_chromatogram),
        ("a.cdf", netcdf_records, read_chromatogram),
        ("a.xlsx", workbook, read_cells),
        ("a.xlsx", workbook_that_lies, read_cells),
        ("a.xlsx", workbook_of_laughs, read_cells),
        ("a.xlsx", workbook_of_sheets(60), read_cells),
        ("a.xlsx", workbook_of_texts, read_cells),
        ("a.nwb", nwb_of_spikes(10**12), open_sorted),
        ("a.nwb", nwb_of_spikes(500_000_000), open_sorted),
        ("a.nwb", nwb_of_spikes(250_000_000, 1 << 22, compression="gzip", fillvalue=1.0), open_sorted),
        ("a.nwb", nwb_around_a_corner, open_sorted),
        ("a.nwb", nwb_of_one_chunk, open_sorted),
        ("a.nwb", nwb_that_repeats, open_sorted),
        ("a.nwb", nwb_of_events, file_events),
        ("a.nwb", nwb_of_channels, all_of_it),
        ("a.nwb", nwb_circle, open_sorted),
        ("a.nwb", nwb_that_lies_elsewhere, open_sorted),
        ("phy", phy_of_units, open_sorted),
        ("a.mat", matlab, open_sorted),
        ("a.mat", matlab, all_of_it),
        ("a.mzML", mzml, read_chromatogram),
        ("a.mzML", mzml, partial(read_chromatogram, channel="7")),
        ("a.wav", sound, all_of_it),
        ("a.txt", points, read_chromatogram),
    ],
)
def test_a_bomb_is_refused_by_name(
    tmp_path: Path, name: str, write: Callable[[Path], None], read: Callable[[Path], object]
) -> None:
    write(tmp_path / name)

    def work(folder: Path, seed: str) -> str | None:
        try:
            read(tmp_path / name)
        except FormatError as error:
            return None if str(error).startswith(name) and "Traceback" not in str(error) else str(error)
        return "was read"

    ((_, fault, _),) = fuzz(work, name, 1, 1)  # which has limits of time and memory of its own
    assert fault is None


def test_what_is_even_but_sound_is_read(tmp_path: Path) -> None:
    """A hundred megabytes of zeros pack to a hundred kilobytes; that alone is no fault."""
    from scipy.io import savemat

    trace = {"title": "LC", "interval": 1e-4, "scale": 1.0, "units": "mV", "values": np.zeros(25_000_000, "f4")}
    savemat(tmp_path / "even.mat", {"LC": trace}, do_compression=True)
    assert read_raw(tmp_path / "even.mat").n_samples == 25_000_000


def test_an_even_line_that_nobody_reads_does_no_harm(tmp_path: Path) -> None:
    """Pulses of 39 min at 30 kHz are half a gigabyte, and pack to nearly nothing."""
    from pynwb import NWBHDF5IO, TimeSeries

    sound_nwb(tmp_path / "a.nwb")
    with NWBHDF5IO(tmp_path / "a.nwb", "a") as handle:
        content = handle.read()
        content.add_acquisition(TimeSeries(name="sync", data=np.zeros(9), unit="V", rate=3e4))
        handle.write(content)
    with_dataset(
        tmp_path / "a.nwb", "acquisition/sync/data", shape=(70_000_000,), chunks=(1 << 16,), compression="gzip"
    )
    recording = open_sorted(tmp_path / "a.nwb")
    assert [list(unit.times_s) for unit in recording.units] == [[1.0, 2.0]]
    assert recording.duration_s == pytest.approx(70_000_000 / 3e4)
    assert [event.onset_s for event in file_events(tmp_path / "a.nwb")] == [0.1]
    assert read_raw(tmp_path / "a.nwb").n_samples == 100


def test_far_cells_of_a_workbook_are_read_without_the_empty_ones(tmp_path: Path) -> None:
    workbook_of_sheets(2)(tmp_path / "a.xlsx")
    tables = read_cells(tmp_path / "a.xlsx")
    assert [title for title, _ in tables] == ["s0", "s1"]
    assert tables[1][1][-1][-1] == "1"
    assert sum(map(len, tables[1][1])) == 400


def test_a_folder_of_phy_without_spikes_is_said(tmp_path: Path) -> None:
    for name in ("spike_times.npy", "spike_clusters.npy"):
        np.save(tmp_path / name, np.array([], "i8"))
    (tmp_path / "params.py").write_text("sample_rate = 30000.\n")
    with pytest.raises(FormatError, match="has no spikes"):
        open_sorted(tmp_path)
