"""A lab's own tables: those that hold concentrations become rows, and no others."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from coeruleus.cli import app
from coeruleus.experiment.fields import BLANK
from coeruleus.intake.draft import draft
from coeruleus.intake.guess import guess
from coeruleus.intake.result_tables import results_of
from coeruleus.intake.say import lines_of
from coeruleus.intake.spreadsheets import read_cells, sequence_of
from coeruleus.tables.problems import Problem


def values(cells, title="Sheet1"):
    """(animal, start, end, analyte, value, unit) of every row; None where the table was not known."""
    found = results_of([[str(cell) for cell in row] for row in cells], title)
    return None if found is None else [tuple(row.values()) for row in found.rows]


WIDE = [["NA (nM)", -40, -20, 0, 20], ["r1", 1.2, 1.3, 1.1, 2.5], ["r2", 0.9, "<0.5", "", 1.5]]
EXPECTED = [
    ("r1", "-40", "-20", "NE", "1.2", "nM"),
    ("r1", "-20", "0", "NE", "1.3", "nM"),
    ("r1", "0", "20", "NE", "1.1", "nM"),
    ("r1", "20", "40", "NE", "2.5", "nM"),
    ("r2", "-40", "-20", "NE", "0.9", "nM"),
    ("r2", "-20", "0", "NE", "<0.5", "nM"),
    ("r2", "20", "40", "NE", "1.5", "nM"),
]


def test_animals_down_and_times_across():
    assert values(WIDE) == EXPECTED
    assert values([*WIDE, ["Mean", 1, 1, 1, 2], ["n", 2, 1, 1, 2]]) == EXPECTED


def test_times_down_and_animals_across():
    turned = [["Time (min)", "r1", "r2"], [-40, 1.2, 0.9], [-20, 1.3, "<0.5"], [0, 1.1, ""], [20, 2.5, 1.5]]
    assert values(turned, "NA (nM)") == EXPECTED
    with_mean = [[*row, more] for row, more in zip(turned, ["Mean", 1, 1, 1, 2], strict=True)]
    assert values([["noradrenaline, nM"], *with_mean]) == EXPECTED
    hours = [["Time (h)", "r1"], [0, 1], [0.5, 2], [1, 1]]
    assert [row[1:3] for row in values(hours, "NE nM")] == [("0", "30"), ("30", "60"), ("60", "90")]


def test_tables_below_each_other_keep_their_analytes():
    cells = [
        ["NA"],
        ["Animal", -20, 0, 20],
        ["r1", 1, 2, 3],
        [],
        ["DA (pg/ml)"],
        ["Animal", -20, 0, 20],
        ["r1", 7, 8, 9],
    ]
    found = values(cells)
    assert [(row[3], row[4], row[5]) for row in found] == [
        *(("NE", value, "n/a") for value in "123"),
        *(("DA", value, "pg/ml") for value in "789"),
    ]


def test_a_second_header_ends_a_table():
    cells = [["Animal", -20, 0, 20], ["r1", 1, 2, 3], ["Animal", -20, 0, 20], ["r1", 7, 8, 9]]
    assert [row[4] for row in values(cells, "NE")] == ["1", "2", "3"]
    found = results_of([[str(cell) for cell in row] for row in cells], "NE")
    assert any("2 rows from a second header on were not read" in note for note in found.notes)


@pytest.mark.parametrize(
    "cells",
    [
        [["NA % baseline", -40, -20, 0], ["r1", 100, 98, 180]],
        [["NA, percent of baseline"], ["Animal", -40, -20, 0], ["r1", 100, 98, 180]],
        [["Animal", "Time", "Peak area NA"], ["r1", 0, 15000], ["r1", 20, 20000]],
        [["NA fold change", -40, -20, 0], ["r1", 1, 0.98, 1.8]],
        [["Time (min)", "NE (nM)", "DA (nM)"], [0, 1, 2], [20, 1, 2], [40, 1, 2]],  # of which animal?
        [["NE (% of baseline)"], ["Time (min)", "r1", "r2"], [-20, 100, 98], [0, 101, 99], [20, 180, 170]],
        [["NE, % of baseline"], ["n = 2"], ["Animal", -40, -20, 0], ["r1", 100, 98, 180]],
        [["NE", "% of baseline"], ["Animal", -40, -20, 0], ["r1", 100, 98, 180]],
    ],
)
def test_what_is_no_concentration_of_an_animal_is_left_alone_and_said(cells):
    found = results_of([[str(cell) for cell in row] for row in cells], "Sheet1")
    assert found is not None and not found.rows and "left alone" in found.notes[0]


@pytest.mark.parametrize(
    "cells",
    [
        [["Animal", "10:00", "10:20", "10:40"], ["r1", 1, 1, 1]],
        [["Animal", "S1", "S2", "S3"], ["r1", 1, 1, 1]],
        [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]],
    ],
)
def test_what_is_not_understood_is_no_table(cells):
    assert values(cells) is None


def test_long_tables_give_groups_and_units():
    cells = [["Rat ID", "Treatment", "Time (min)", "NE (fmol/µl)", "DA (fmol/µl)"]]
    cells += [["r1", "veh", -20, 1.1, 0.5], ["r1", "veh", 0, 1.0, 0.4], ["r2", "drug", -20, 2, 0.9]]
    found = results_of([[str(cell) for cell in row] for row in cells], "data")
    assert found.groups == {"r1": "veh", "r2": "drug"}
    assert [(row["analyte"], row["concentration"], row["unit"]) for row in found.rows[:2]] == [
        ("NE", "1.1", "fmol/ul"),
        ("DA", "0.5", "fmol/ul"),
    ]


CELLS = [
    "",
    "Animal",
    "Time (min)",
    "time[h]",
    "Group",
    "NE (nM)",
    "DA",
    "%",
    "r1",
    "Mean",
    "-20",
    "0",
    "20",
    "0-20",
    "<0.5",
]
CELLS += ["1,5", "nan", "1e999", "n/a", "\u2212", "S1"]


@given(st.lists(st.lists(st.sampled_from(CELLS), max_size=6), max_size=9), st.sampled_from(CELLS))
def test_any_cells_are_a_sound_table_or_none(cells, title):
    found = results_of(cells, title)
    sequence_of(cells)
    for row in found.rows if found else []:
        assert float(row["start_min"]) <= float(row["end_min"]) and row["subject_id"] and row["concentration"]
        assert row["subject_id"].casefold() not in ("mean", "animal")


def test_an_unknown_unit_is_asked_for_once(tmp_path):
    book = openpyxl.Workbook()
    for row in (["NA", -20, 0, 20], ["r1", 1, 1, 2]):
        book.active.append(row)
    book.save(tmp_path / "results.xlsx")
    draft(tmp_path)
    assert f"concentration_unit: {BLANK}" in (tmp_path / "experiment.yaml").read_text()
    said = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert said.exit_code == 1 and "key concentration_unit" in said.output


def test_a_spreadsheet_that_is_not_understood_is_said(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Animal", "weight", "room"])
    book.save(tmp_path / "notes.xlsx")
    done = draft(tmp_path)
    assert any("notes.xlsx: no table in it was understood" in line for line in done.said) and not done.written
    assert "all files are in the sheets" not in " ".join(done.said)


def test_a_batch_table_of_labsolutions():
    cells = [["Batch file: a.lcb"], [], ["Vial#", "Sample Name", "Sample Type", "Level#", "Data File"]]
    cells += [["1", "acetate 0.75mM", "1:Standard", "1", "C:\\Data\\x_001.lcd"]]
    cells += [["2", "rat1 s2", "0:Unknown", "0", "C:\\Data\\x_002.lcd"], ["3", "QC 2", "1:Standard", "2", "x_003.lcd"]]
    found = sequence_of(cells)
    assert (found["x_001"].kind, found["x_001"].level, found["x_001"].concentration) == (
        "standard",
        "acetate_0.75",
        0.75,
    )
    assert (found["x_002"].kind, found["x_002"].subject, found["x_002"].sample) == ("dialysate", "rat1", 2)
    assert guess("x", "", "1:Standard").kind == "standard" and guess("x", "", "0:Unknown").kind is None


def test_a_sequence_that_says_nothing_leaves_it_to_the_names(shared, tmp_path):
    source = shared / "experiments/diauxic_shift/dialysate/2021-02-15_HPLC_calibration_acetate_3mM.txt"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "sequence.csv").write_text(f"No;Name;Type\n1;{source.stem};Unknown\n")
    draft(tmp_path)
    assert "\tstandard\tacetate_3" in (tmp_path / "dialysate/injections.tsv").read_text()


def test_the_same_problem_of_many_rows_is_one_line():
    problems = [Problem("sheets", f"a.tsv, row {row}, column x", "error", "is wrong") for row in (2, 3, 4, 10, 12, 13)]
    problems += [
        Problem("sheets", "a.tsv, row 7, column y", "warning", "odd"),
        Problem("sheets", "b.tsv", "error", "no"),
    ]
    assert lines_of(problems) == [
        "error: a.tsv, rows 2-4, 10, 12, 13, column x: is wrong",
        "error: b.tsv: no",
        "warning: a.tsv, row 7, column y: odd",
    ]


def test_a_chromatogram_is_no_table_of_results():
    for name, step in (("signal (nA)", 1 / 60), ("rat1", 1 / 60), ("signal", 1), ("ED1 [mV]", 1), ("rat1", 1)):
        assert values([["Time (min)", name], *([f"{step * n:.4f}", n] for n in range(400))]) is None
    assert values([["time", "signal"], *([n, n] for n in range(20))]) is None
    assert values([["Time (min)", 220, 254, 280], *([f"{n / 60:.4f}", n, n, n] for n in range(400))]) is None


def test_a_row_above_the_header_that_names_two_analytes_or_units_names_none():
    cells = [["", "NE (nM)", "", "", "DA (pM)"], ["Animal", -40, -20, 0, 20], ["r1", 1, 2, 3, 4]]
    assert {row[3:6:2] for row in values(cells)} == {(BLANK, "n/a")}


def test_animals_named_by_number_are_no_times():
    cells = [["Time (min)", 1, 2, 3, 4], [-40, 5, 6, 7, 8], [-20, 5, 6, 7, 8], [0, 5, 6, 7, 8]]
    found = values(cells, "NE nM")
    assert {row[0] for row in found} == set("1234") and {row[1] for row in found} == {"-40", "-20", "0"}
    across = [["Time (min)", -20, 0, 20], [1, 5, 6, 7], [2, 5, 6, 7], [3, 5, 6, 7]]
    assert {row[0] for row in values(across, "NE nM")} == set("123")


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([["Animal", 1, 2, 3, 4, 5], ["r1", 5, 6, 7, 8, 9]], "samples are numbered"),
        ([["Animal", "T1", "T2", "T3"], ["r1", 5, 6, 7]], "samples are numbered"),
        ([["Time", 1, 2, 3], ["r1", 5, 6, 7]], "samples are numbered"),
        ([["Time", "r1", "r2"], [1, 5, 6], [2, 5, 6], [3, 5, 6]], "samples are numbered"),
        ([["Animal", "1.0", "2.0", "3.0"], ["r1", 5, 6, 7]], "samples are numbered"),
        ([["Time (min)", 3, 5, 8], [-20, 5, 6, 7], [0, 5, 6, 7], [20, 5, 6, 7]], "both read as times"),
        ([["Time (min)", 1, 2, 3], [1, 5, 6, 7], [2, 5, 6, 7], [3, 5, 6, 7]], "both read as times"),
    ],
)
def test_numbers_of_samples_and_times_in_doubt_are_left_alone_and_said(cells, note):
    found = results_of([[str(cell) for cell in row] for row in cells], "NE nM")
    assert found is not None and not found.rows and note in found.notes[0]


def test_hours_in_a_header_and_of_ends_are_minutes_times_sixty():
    wide = [["Time (h)", -1, 0, 1, 2], ["r1", 5, 6, 7, 8]]
    assert [row[1:3] for row in values(wide, "NE nM")] == [("-60", "0"), ("0", "60"), ("60", "120"), ("120", "180")]
    for end, value in (("End (h)", 1.5), ("End", 1.5), ("end_min", 90)):
        long = [["Animal", "Time (h)", end, "NE (nM)"], ["r1", 1, value, 5]]
        assert values(long) == [("r1", "60", "90", "NE", "5", "nM")]
    long = [["Animal", "Time (min)", "End (h)", "NE (nM)"], ["r1", 60, 1.5, 5]]
    assert values(long) == [("r1", "60", "90", "NE", "5", "nM")]
    assert [row[1] for row in values([["Time (h)", "r1"], ["0 min", 5], ["20 min", 6], ["40 min", 7]])] == [
        "0",
        "20",
        "40",
    ]


@pytest.mark.parametrize("beside", ["NE SEM", "NE_SD", "NE s.e.m. (nM)", "NE RT (min)", "NE LOD", "NE error", "NE CV"])
def test_a_column_beside_the_concentration_is_none(beside):
    long = [["Animal", "Time (min)", "NE (nM)", beside], ["r1", 0, 1.0, 0.1], ["r1", 20, 2.0, 0.1]]
    assert [row[4:] for row in values(long)] == [("1.0", "nM"), ("2.0", "nM")]
    wide = results_of([[beside, "-20", "0", "20"], ["r1", "1", "2", "3"]], "Sheet1")
    assert not wide.rows and "left alone" in wide.notes[0]


@pytest.mark.parametrize("name", ["Concentration (nM)", "conc [nM]", "Value (pM)", "Concentration (pg/ml)"])
def test_the_unit_in_the_value_column_is_kept(name):
    unit = name[:-1].replace("[", "(").split("(")[1]
    found = values([["Animal", "Time (min)", name], ["r1", 0, 5], ["r1", 20, 6]], "NE in SD rats")
    assert [row[3:] for row in found] == [("NE", "5", unit), ("NE", "6", unit)]


def test_a_sheet_per_injection_and_large_pictures_are_read(tmp_path):
    book = openpyxl.Workbook()
    for number in range(119):
        book.create_sheet(f"s{number}").append([number])
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/image1.emf", bytes(70 << 20))
    tables = read_cells(tmp_path / "a.xlsx")
    assert [cells for _, cells in tables] == [[], *([[str(number)]] for number in range(119))]
