"""Small files that claim or unpack to far more than they are: refused by name, within seconds and within memory."""

from __future__ import annotations

import datetime
import itertools
import struct
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import open_sorted, read_raw
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


def nwb(path: Path) -> None:
    """A sound file whose spike times are said to be ten to the power of twelve."""
    import h5py
    from pynwb import NWBHDF5IO, NWBFile

    file = NWBFile("x", "x", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    file.add_unit(spike_times=[1.0, 2.0])
    with NWBHDF5IO(path, "w") as handle:
        handle.write(file)
    with h5py.File(path, "a") as content:
        units = content["units"]
        kept = dict(units["spike_times"].attrs)
        del units["spike_times"]
        units.create_dataset("spike_times", shape=(10**12,), dtype="f8", chunks=(1 << 16,)).attrs.update(kept)
        kept = dict(units["spike_times_index"].attrs) | {"target": units["spike_times"].ref}
        del units["spike_times_index"]
        units.create_dataset("spike_times_index", data=np.array([10**12])).attrs.update(kept)


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
        ("a.nwb", nwb, open_sorted),
        ("a.nwb", nwb_circle, open_sorted),
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
