"""Whatever a file holds, a reader gives numbers or a FormatError in words: no traceback, no hang, nothing written."""

import random
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError, MissingFileError
from coeruleus.formats.recording import open_sorted, read_raw
from coeruleus.tables.status import FAILED, MISSING

READERS = (read_chromatogram, open_sorted, read_raw)


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_or_holds_nothing(tmp_path, reader):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "rubbish.txt").write_bytes(random.Random(1).randbytes(5000))
    (tmp_path / "blank.txt").write_text("\n\n \n")
    (tmp_path / "words.txt").write_text("dear diary\n" * 50)
    (tmp_path / "header.txt").write_text("time_min\tsignal\n")
    for name, message in [
        ("empty.txt", "empty"),
        ("rubbish.txt", "Tried"),
        ("blank.txt", "Tried"),
        ("words.txt", "Tried"),
    ]:
        with pytest.raises(FormatError, match=rf"^{name}: .*{message}") as caught:
            reader(tmp_path / name)
        assert caught.value.status == FAILED and str(tmp_path) not in str(caught.value)
    with pytest.raises(FormatError, match=r"^header\.txt"):
        reader(tmp_path / "header.txt")
    with pytest.raises(MissingFileError, match=r"^none\.txt: the file is not there") as missing:
        reader(tmp_path / "none.txt")
    assert missing.value.status == MISSING
    (tmp_path / "folder").mkdir()
    with pytest.raises(FormatError, match=r"^folder"):
        reader(tmp_path / "folder")


def test_an_empty_part_of_a_folder_is_named_with_its_folder(tmp_path):
    (tmp_path / "x.D").mkdir()
    (tmp_path / "x.D/dad1A.ch").write_bytes(b"")
    with pytest.raises(FormatError, match=r"^x\.D/dad1A\.ch: the file is empty"):
        read_chromatogram(tmp_path / "x.D")


@pytest.mark.parametrize("filler", [b"a", b"1", b"1,", b"1 ", b'"', b"\t", b"0.5;"])
@pytest.mark.parametrize("reader", READERS)
def test_one_huge_line_is_refused_at_once(tmp_path, reader, filler):
    file = tmp_path / "line.txt"
    file.write_bytes(filler * (20_000_000 // len(filler)))
    begun = time.perf_counter()
    with pytest.raises(FormatError, match=r"^line\.txt"):
        reader(file)
    assert time.perf_counter() - begun < 5


def sound(trace: Chromatogram) -> None:
    assert len(trace.time_min) == len(trace.signal) >= 1
    assert np.isfinite(trace.time_min).all() and np.isfinite(trace.signal).all()
    assert (np.diff(trace.time_min) > 0).all()


BASE = "Sample\tµ\r\nTime (min)\tStep\tED1 (nA)\r\n" + "".join(
    f"{i / 60:.6f}\tn.a.\t{i * 7.25:.2f}\r\n" for i in range(40)
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(BASE)), st.binary(max_size=4), st.integers(0, 6)), max_size=6),
    st.integers(0, len(BASE)),
)
def test_damaged_text_reads_soundly_or_is_refused(tmp_path, edits, cut):
    data = BASE.encode("cp1252")
    for at, insert, removed in edits:
        data = data[:at] + insert + data[at + removed :]
    file = tmp_path / "a.txt"
    file.write_bytes(data[: cut or None])
    for channel in (None, "1"):
        try:
            sound(read_chromatogram(file, channel))
        except FormatError as error:
            assert str(error).startswith("a.txt: ")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_random_bytes_are_refused_or_sound(tmp_path, data):
    file = tmp_path / "a.bin"
    file.write_bytes(data)
    for reader in READERS:
        try:
            result = reader(file)
        except FormatError:
            continue
        if isinstance(result, Chromatogram):
            sound(result)


def damaged(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    if seed % 2:
        return data[: chance.randrange(1, len(data))]
    body = bytearray(data)
    for _ in range(chance.choice([1, 5, 50])):
        body[chance.randrange(min(len(body), chance.choice([600, 6000, len(body)])))] = chance.randrange(256)
    return bytes(body)


@pytest.mark.parametrize(
    "name",
    ["Extracellular Spikes.smr", "motor_units.smr", "File_plexon_3.plx", "File_neuroexplorer_1.nex", "example_1.nev"],
)
def test_damaged_binary_recordings(shared, tmp_path, name):
    data = (shared / "realdata/ephys" / name).read_bytes()
    file = tmp_path / name
    for seed in range({"nev": 2, "plx": 4}.get(name[-3:], 8)):
        file.write_bytes(damaged(data, seed))
        for reader in (open_sorted, read_raw):
            try:
                result = reader(file)
            except FormatError as error:
                assert str(error).startswith(name) and str(tmp_path) not in str(error)
                continue
            if reader is read_raw:
                assert all(np.isfinite(part).all() or part.dtype == np.float32 for part in result.chunks(100_000))
            else:
                assert all((np.diff(unit.times_s) >= 0).all() for unit in result.units)


@pytest.mark.parametrize("name", ["motor_units.smr", "File_neuroexplorer_1.nex", "example_1.nev", "File_plexon_3.plx"])
def test_a_cut_off_recording_never_reads_as_a_shorter_one(shared, tmp_path, name):
    original = shared / "realdata/ephys" / name
    channel = "ch1_0" if name.endswith("plx") else None
    expected = {unit.unit_id: len(unit.times_s) for unit in open_sorted(original, channel=channel).units}
    data = original.read_bytes()
    for share in (0.02, 0.3, 0.77):
        (tmp_path / name).write_bytes(data[: int(share * len(data)) | 1])
        try:
            found = open_sorted(tmp_path / name, channel=channel)
        except FormatError:
            continue
        assert {unit.unit_id: len(unit.times_s) for unit in found.units} == expected


def test_damaged_vendor_text(shared, tmp_path):
    data = (shared / "experiments/diauxic_shift/dialysate/2021-02-15_HPLC_calibration_glucose_1mM.txt").read_bytes()
    file = tmp_path / "a.txt"
    for seed in range(60):
        file.write_bytes(damaged(data, seed))
        try:
            sound(read_chromatogram(file))
        except FormatError as error:
            assert str(error).startswith("a.txt: ")


def test_a_cut_off_vendor_file_never_reads_as_a_shorter_one(shared, tmp_path):
    data = (shared / "experiments/diauxic_shift/dialysate/2021-02-15_HPLC_calibration_glucose_1mM.txt").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        file = tmp_path / "a.txt"
        file.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(FormatError, match=r"cut off|no chromatogram"):
            read_chromatogram(file)
