"""init drafts sheets from raw files, leaves open what no file says, and never overwrites."""

import csv
import shutil

import openpyxl
import pytest
from typer.testing import CliRunner

from coeruleus.cli import app
from coeruleus.experiment.fields import BLANK
from coeruleus.intake.draft import draft
from coeruleus.intake.guess import Guess, guess


def rows_of(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.mark.parametrize(
    ("stem", "sample", "expected"),
    [
        ("Std 5 nM", "", Guess("standard", "5nM", None, 5.0, "nM")),
        ("std0.5nM", "", Guess("standard", "0.5nM", None, 0.5, "nM")),
        ("cal3", "", Guess("standard", "cal3")),
        ("NE 2,5 nM standard", "", Guess("standard", "NE_2.5", "NE", 2.5, "nM")),
        ("blank", "", Guess("blank")),
        ("r4_s12", "", Guess("dialysate", subject="r4", sample=12)),
        ("Rat 7 sample 3", "", Guess("dialysate", subject="rat7", sample=3)),
        ("QC high", "", Guess("qc")),
        ("017", "Std 5 nM", Guess("standard", "5nM", None, 5.0, "nM")),
        # what leaves doubt stays open
        ("x17", "", Guess()),
        ("std_after_blank", "", Guess()),
        ("std 5 nM", "r4_s12", Guess()),
        ("standard_02.1", "", Guess("standard")),
        ("basal", "calm", Guess()),
    ],
)
def test_names(stem, sample, expected):
    assert guess(stem, sample, "Unknown") == expected


def test_a_type_in_the_header_counts_only_where_no_name_says_one():
    assert guess("17", "A", "standard").kind == "standard"
    assert guess("r1_s1", "", "standard").kind == "dialysate"


@pytest.fixture
def diauxic(shared, tmp_path):
    source, folder = shared / "experiments/diauxic_shift/dialysate", tmp_path / "diauxic"
    folder.mkdir()
    for file in source.glob("*.txt"):
        shutil.copy(file, folder / file.name)
    return folder, rows_of(source / "injections.tsv")


def test_raw_files_of_a_real_sequence_become_its_sheet(diauxic):
    folder, truth = diauxic
    draft(folder)
    rows = rows_of(folder / "dialysate/injections.tsv")
    assert len(rows) == len(truth) == 19
    columns = ("run", "file", "kind", "level", "injected_at")  # by place in the table, so the order counts too
    right = sum(all(row[name] == true[name] for name in columns) for row, true in zip(rows, truth, strict=True))
    wrong = [
        (row["file"], name)
        for row, true in zip(rows, truth, strict=True)
        for name in columns
        if row[name] not in (true[name], BLANK)
    ]
    assert right >= 17 and not wrong
    standards = {row["level"]: row for row in rows_of(folder / "dialysate/standards.tsv")}
    assert standards["acetate_4.5"]["concentration"] == "4.5" and standards["glucose_0.25"]["analyte"] == "glucose"
    # volumes differ between the injections: they are shown, and not where they would be applied
    assert "injected_ul" not in rows[0] and {row["volume_in_file"] for row in rows} >= {"20", "2.5"}


def test_check_asks_for_every_blank(diauxic):
    folder, _ = diauxic
    draft(folder)
    said = CliRunner().invoke(app, ["check", str(folder)])
    assert said.exit_code == 1
    assert (
        "dialysate/injections.tsv, rows 2-10, column start_min: is a blank that init left: replace FILL_IN by"
        in said.output
    )
    assert "retention_time" not in said.output  # proposed, and not far off
    assert "subjects.tsv, row 2, column subject_id: is a blank" in said.output


def test_times_are_proposed_from_the_interval_and_filled_in_it_runs(diauxic):
    folder, truth = diauxic
    draft(folder, 10, -20)
    rows = rows_of(folder / "dialysate/injections.tsv")
    assert [(r["start_min"], r["end_min"]) for r in rows] == [(t["start_min"], t["end_min"]) for t in truth]
    for file, value in (("dialysate/injections.tsv", "culture1"), ("subjects.tsv", "culture1")):
        path = folder / file
        path.write_text(path.read_text().replace(BLANK, value))
    settings = folder / "experiment.yaml"
    times = {"glucose": "15.54", "acetate": "24.90"}
    lines = settings.read_text().split("\n")
    lines = [line.replace(BLANK, next((t for n, t in times.items() if n in line), "")) for line in lines]
    settings.write_text("\n".join(lines))
    said = CliRunner().invoke(app, ["check", str(folder)])
    assert said.exit_code == 0, said.output


def test_run_again_it_only_adds_new_files(diauxic):
    folder, _ = diauxic
    away = folder / "2021-02-15_HPLC_NCM3722_diauxic_shift_sample_09.txt"
    late = away.read_bytes()
    away.unlink()
    draft(folder)
    sheets = [folder / "dialysate/injections.tsv", folder / "dialysate/standards.tsv", folder / "experiment.yaml"]
    sheets.append(folder / "subjects.tsv")
    mine = sheets[0].read_text().replace("NCM diauxic", "my own words")
    sheets[0].write_text(mine.rstrip("\n"))
    before = [sheet.read_text() for sheet in sheets]
    assert not draft(folder).written and [sheet.read_text() for sheet in sheets] == before
    away.write_bytes(late)
    assert draft(folder).written == ["dialysate/injections.tsv (1 rows)"]
    after = [sheet.read_text() for sheet in sheets]
    assert after[0].startswith(mine.rstrip("\n") + "\n") and after[1:] == before[1:]
    assert rows_of(sheets[0])[-1]["file"] == away.name and rows_of(sheets[0])[-1]["injection_id"] == "inj19"


def test_recordings_get_a_row_each_with_duration_and_rate(shared, tmp_path):
    shutil.copytree(shared / "realdata/ephys", tmp_path / "rec/ephys")
    draft(tmp_path / "rec")
    rows = {row["file"].rpartition("/")[2]: row for row in rows_of(tmp_path / "rec/ephys/recordings.tsv")}
    files = {path.name for path in (shared / "realdata/ephys").rglob("*") if path.is_file()}
    assert set(rows) == files - {"st11_1_2_1_A8.txt"}  # lines of times without unit_id are no recording
    durations = {name: float(row["duration_s"]) for name, row in rows.items()}
    expected = {
        "Extracellular Spikes.smr": 119.95,
        "File_plexon_3.plx": 600.806,
        "File_neuroexplorer_1.nex": 5196.196,
        "example_1.nev": 3.64,
        "motor_units.smr": 13.114,
        "A8604-211122.nwb": 1087.5289,
        "kjx127a01@0-20_int16.mat": 20.0,
        "markerchan_demodata.mat": 100.0,
        **{f"st11_1_2_A8_{number}.wav": 13.28 for number in (1, 2, 3)},
    }
    assert durations == pytest.approx(expected, rel=1e-3)
    rates = {name: float(row["sampled_at_hz"]) for name, row in rows.items() if row["sampled_at_hz"] != "n/a"}
    assert rates["motor_units.smr"] == 25000 and rates["st11_1_2_A8_1.wav"] == 20000
    assert rates["kjx127a01@0-20_int16.mat"] == pytest.approx(17000)
    assert rows["Extracellular Spikes.smr"]["kind"] == "sorted" and rows["st11_1_2_A8_1.wav"]["kind"] == "raw"
    assert rows["File_plexon_3.plx"]["kind"] == BLANK  # unsorted snippets and a slow trace: a person must say
    assert "Event04 (862)" in rows["File_neuroexplorer_1.nex"]["own_events"]


def test_a_wide_table_of_results_is_turned_long(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "NE (nM)"
    sheet.append(["Rat", -40, -20, 0, 20])
    sheet.append(["R1", 1.1, 1.0, "<0.05", 2.5])
    sheet.append(["R2", 0.9, None, 1.2, 3])
    sheet.append(["mean", 1, 1, 1, 1])
    book.save(tmp_path / "results.xlsx")
    draft(tmp_path)
    rows = rows_of(tmp_path / "dialysate/concentrations.tsv")
    assert [tuple(row.values()) for row in rows][:3] == [
        ("R1", "-40", "-20", "NE", "1.1", "nM"),
        ("R1", "-20", "0", "NE", "1", "nM"),
        ("R1", "0", "20", "NE", "<0.05", "nM"),
    ]
    assert len(rows) == 7 and {row["subject_id"] for row in rows_of(tmp_path / "subjects.tsv")} == {"R1", "R2"}
    said = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert not draft(tmp_path).written


def test_a_long_csv_of_results(tmp_path):
    (tmp_path / "out.csv").write_text("animal;time (min);NE (nM);DA (nM)\nm1;0-20;1,5;2\nm1;20-40;1,6;ND\n")
    draft(tmp_path)
    rows = rows_of(tmp_path / "dialysate/concentrations.tsv")
    assert [(r["analyte"], r["start_min"], r["end_min"], r["concentration"]) for r in rows] == [
        ("NE", "0", "20", "1.5"),
        ("DA", "0", "20", "2"),
        ("NE", "20", "40", "1.6"),
        ("DA", "20", "40", "ND"),
    ]


def test_a_sequence_table_says_what_names_do_not(diauxic):
    folder, _ = diauxic
    files = sorted(folder.glob("*sample*.txt"))[:3]
    lines = ["Data file,Sample name,Type"]
    for file, name in zip(files, ("Std 5 nM", "blank", "r4_s12"), strict=True):
        file.rename(folder / f"{file.stem[-2:]}.txt")
        lines.append(f"C:\\data\\{file.stem[-2:]}.txt,{name},Unknown")
    (folder / "sequence.csv").write_text("\n".join(lines) + "\n")
    draft(folder)
    rows = {row["file"]: row for row in rows_of(folder / "dialysate/injections.tsv")}
    assert (rows["01.txt"]["kind"], rows["01.txt"]["level"]) == ("standard", "5nM")
    assert rows["02.txt"]["kind"] == "blank" and rows["03.txt"]["subject_id"] == "r4"
