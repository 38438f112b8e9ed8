"""A folder as it comes from a lab: files in folders of their own, pairs of files, and what no reader knows."""

from __future__ import annotations

import csv
import struct
from datetime import datetime, timedelta

import numpy as np
import pytest

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment
from coeruleus.intake.draft import draft
from coeruleus.intake.draft_injections import Seen, in_order
from coeruleus.intake.draft_recordings import site_of
from coeruleus.intake.guess import Guess, subject_in

TRACE = "time_min\tsignal (nA)\n" + "".join(f"{n / 60:.4f}\t{np.exp(-((n - 200) ** 2) / 50):.5f}\n" for n in range(400))


def files_of(path):
    with path.open(newline="") as handle:
        return [row["file"] for row in csv.DictReader(handle, delimiter="\t")]


def test_folders_of_days_are_looked_into(tmp_path):
    for name in ("day1/r1_s1.txt", "day 2/deep/r1_s1.txt", "std 5 nM.txt", "results/old.txt", ".hidden/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TRACE)
    done = draft(tmp_path)
    files = files_of(tmp_path / "dialysate/injections.tsv")
    assert sorted(files) == ["day 2/deep/r1_s1.txt", "day1/r1_s1.txt", "std 5 nM.txt"]
    assert all((tmp_path / "dialysate" / file).read_text() == TRACE for file in files)
    assert any(line.startswith("3 files were put into dialysate/") for line in done.said)
    assert not draft(tmp_path).written


def test_what_no_reader_knows_is_said_with_what_to_do(tmp_path):
    (tmp_path / "r1_s1.txt").write_text(TRACE)
    (tmp_path / "run7.lcd").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "Thumbs.db").write_bytes(bytes(99))
    for _ in range(2):
        (said,) = [line for line in draft(tmp_path).said if line.startswith("passed over")]
        assert said == "passed over, in no known format: run7.lcd; .lcd: LabSolutions can export it as ASCII"


def test_files_that_are_read_through_another_go_with_it(tmp_path):
    samples = np.arange(4000, dtype="<i2")
    head = "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nDataFile=b.eeg\nMarkerFile=b.vmrk\n"
    head += "DataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=1\nSamplingInterval=50\n\n"
    (tmp_path / "b.vhdr").write_text(head + "[Binary Infos]\nBinaryFormat=INT_16\n\n[Channel Infos]\nCh1=A,,0.1,uV\n")
    (tmp_path / "b.vmrk").write_text("Brain Vision Data Exchange Marker File, Version 1.0\n\n[Marker Infos]\n")
    (tmp_path / "b.eeg").write_bytes(samples.tobytes())
    (tmp_path / "plain.dat").write_bytes(samples.tobytes())
    sidecar = '{"sampling_rate_hz": 20000, "n_channels": 1, "dtype": "int16", "microvolts_per_bit": 0.2}'
    (tmp_path / "plain.json").write_text(sidecar)
    done = draft(tmp_path)
    assert files_of(tmp_path / "ephys/recordings.tsv") == ["b.vhdr", "plain.dat"]
    assert not any("not in the sheets" in line or "passed over" in line for line in done.said)


def test_neuralynx_header_whose_last_line_has_no_end(tmp_path):
    """Padding after the last line is no damage; kilobytes in it are, and are refused before Neo takes seconds."""
    lines = "######## Neuralynx Data File Header\r\n-FileType NCS\r\n-RecordSize 1044\r\n-SamplingFrequency 20000\r\n"
    lines += "-ADBitVolts 0.00000006\r\n-AcqEntName CSC1\r\n-NumADChannels 1\r\n-ADChannel 0\r\n-InputRange 2000\r\n"
    lines += "-InputInverted True\r\n-TimeCreated 2026/01/05 13:21:32\r\n-TimeClosed 2026/01/05 15:07:55\r\n"
    lines += '-HardwareSubSystemType DigitalLynxSX\r\n-FileVersion 3.4\r\n-ApplicationName Cheetah "6.3.2"'
    samples = np.arange(512, dtype="<i2").tobytes()
    records = b"".join(struct.pack("<QIII", 10**6 + 25_600 * n, 0, 20_000, 512) + samples for n in range(4))
    (tmp_path / "a.ncs").write_bytes(lines.encode().ljust(2**14, b"\0") + records)
    (tmp_path / "b.ncs").write_bytes(lines.encode().ljust(2**14 - 1, b"\0") + b"x" + records)
    done = draft(tmp_path)
    assert files_of(tmp_path / "ephys/recordings.tsv") == ["a.ncs"]
    assert any("b.ncs: its header has a line without an end" in line for line in done.said)


def test_years_apart_is_never_one_run():
    begin = datetime(1990, 1, 1)
    times = [begin + timedelta(days=days) for days in (0, 400, 800, 1200)]
    seen = [Seen(f"{n}.txt", ("1",), {"acquired": time.isoformat()}, Guess(), "x") for n, time in enumerate(times)]
    assert [len(run) for run in in_order(seen)] == [1, 1, 1, 1]


def test_letters_with_marks_are_kept_as_letters():
    assert site_of("rät 1 séance.smr", set()) == "rat_1_seance" and site_of("鼠.smr", set()) == "site"


def test_an_animal_said_in_full_is_taken_from_names_of_files_and_folders(tmp_path):
    assert subject_in("rat 3/sample 1.txt") == subject_in("x_Rat-3_left.smr") == subject_in("rat3.smr") == "rat3"
    assert subject_in("rat3_s1.abf") == subject_in("rat_3-d2.abf") == subject_in("rat 3 left.abf") == "rat3"
    for other in ("rat 2023-05-01/a.abf", "rat 250g_site1", "mouse_20min_a", "Rat 10 uM", "rat 20230501", "rat 3-05"):
        assert subject_in(other) is None
    for doubtful in ("rat3/rat4.smr", "rat 300 g.smr", "r3.smr", "concentrate 5.txt", "rats.smr", "rat 3.5.smr"):
        assert subject_in(doubtful) is None
    for name in ("rat 3/sample 1.txt", "rat 3/sample 2.txt", "cal/std 5 nM.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TRACE)
    (tmp_path / "mouse_12").mkdir()
    np.save(tmp_path / "mouse_12/x.npy", np.zeros(3))
    with (tmp_path / "mouse_12/spikes.tsv").open("w") as file:
        file.write("unit_id\ttime_s\n" + "".join(f"u1\t{n / 3:.3f}\n" for n in range(50)))
    draft(tmp_path, 20, -40)
    with (tmp_path / "dialysate/injections.tsv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
    second = rows["rat 3/sample 2.txt"]
    assert (second["subject_id"], second["sample_id"], second["start_min"]) == ("rat3", "rat3_s2", "-20")
    assert {line.split("\t")[0] for line in (tmp_path / "subjects.tsv").read_text().splitlines()[1:]} == {
        "rat3",
        "mouse12",
    }


def test_a_csv_is_a_trace_or_a_table_of_the_lab(tmp_path):
    (tmp_path / "rat1_s1.csv").write_text(TRACE.replace("\t", ","))
    (tmp_path / "dialysate").mkdir()
    (tmp_path / "dialysate/rat1_s2.csv").write_text(TRACE.replace("\t", ","))
    results = "NE (nM)\nTime (min),rat 1,rat 2\n-20,1,2\n0,1,2\n20,3,2\n"
    (tmp_path / "dialysate/results.csv").write_text(results)
    (tmp_path / "weights.csv").write_text("rat,weight\nrat1,300\n")
    done = draft(tmp_path)
    assert files_of(tmp_path / "dialysate/injections.tsv") == ["rat1_s1.csv", "rat1_s2.csv"]
    assert len((tmp_path / "dialysate/concentrations.tsv").read_text().splitlines()) == 7
    unknown = [line for line in done.said if "no table in it was understood" in line or "passed over" in line]
    assert len(unknown) == 1 and unknown[0].startswith("weights.csv: no table")


def test_names_that_no_sheet_can_hold_are_passed_over_and_said(tmp_path):
    (tmp_path / "dialysate").mkdir()
    odd = ["a\nb.txt", "a\tb.txt", "\x1b[31mred.txt", "right\u202eleft.txt", "=cmd|x.txt", "@x.txt"]
    fine = ["-rf.txt", 'the "best".txt', "Röhrchen 5.txt", "o'k $(x).txt"]
    for name in [*odd, *fine]:
        (tmp_path / "dialysate" / name).write_text(TRACE)
    (tmp_path / "=outside.txt").write_text(TRACE)
    done = draft(tmp_path)
    assert sorted(files_of(tmp_path / "dialysate/injections.tsv")) == sorted(fine)
    said = [line for line in done.said if line.startswith("passed over, rename")]
    assert len(said) == 2 and "'=outside.txt'" in said[0] and r"'dialysate/a\nb.txt'" in said[1]
    assert all(sign.isprintable() for line in done.said for sign in line)
    with pytest.raises(BrokenExperiment) as caught:
        load_experiment(tmp_path)
    left = {one.message.partition(" that init left")[0] for one in caught.value.problems if "injections" in one.item}
    assert left == {"is a blank"}


def test_what_a_strangers_header_says_is_no_formula_in_the_sheet(tmp_path):
    (tmp_path / "dialysate").mkdir()
    signal = "".join(f"{n / 600:.5f}\t{np.exp(-((n - 200) ** 2) / 50):.5f}\n" for n in range(400))
    head = "Sample ID : a\nSample : =HYPERLINK(1)\x1b[31m\nSample Injected : 05-Jan-26 1:02:03 PM\n"
    head += "Rate : 10.0 samp. per sec.\nY Axis Title: ECD\n\n[Min.]\t[mV]\n"
    (tmp_path / "dialysate/clarity.txt").write_text(head + signal)
    draft(tmp_path)
    with (tmp_path / "dialysate/injections.tsv").open(newline="") as handle:
        (row,) = csv.DictReader(handle, delimiter="\t")
    assert row["file"] == "clarity.txt"
    assert row["sample_name"] == "'=HYPERLINK(1) [31m"
