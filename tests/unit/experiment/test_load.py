"""Sound directories are read with their defaults; broken ones say everything that is wrong, where, and what to do."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment


def problems_of(directory: Path) -> dict[str, str]:
    with pytest.raises(BrokenExperiment) as caught:
        load_experiment(directory)
    return {problem.item: problem.message for problem in caught.value.problems}


def edit(directory: Path, name: str, old: str, new: str) -> None:
    file = directory / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_defaults(small: Path) -> None:
    experiment = load_experiment(small)
    assert experiment.name == "small"
    assert list(experiment.subjects["subject_id"]) == ["007", "008"]  # ids are text
    assert experiment.settings.baseline.samples == 3
    assert experiment.settings.calibration.weighting == "1/x"
    assert experiment.settings.unit_of("NE") == "nM"
    rows = experiment.injections.set_index("injection_id")
    assert rows.loc["i2", ["session_id", "probe_id", "sample_id"]].tolist() == ["007", "007", "i2"]
    assert rows.loc["i1", "session_id"] is None
    assert rows["order"].tolist() == [1, 2, 3]
    assert np.isnan(rows.loc["i1", "start_min"])
    assert experiment.recordings["segment"].tolist() == [1, 2, 1]
    assert experiment.recordings["session_id"].tolist() == ["007", "007", "008"]
    assert list(experiment.probes["probe_id"]) == ["007", "008"]


def test_an_entered_zero_is_a_value(small: Path) -> None:
    standards = load_experiment(small).standards.set_index("analyte")
    assert standards.loc["DA", "concentration"] == 0


def test_run_order_follows_the_clock(small: Path) -> None:
    (small / "dialysate/injections.tsv").write_text(
        "injection_id\trun\tfile\tkind\tinjected_at\n"
        "late\tr1\ta.txt\tblank\t2026-01-02T10:00:00\n"
        "early\tr1\tb.txt\tblank\t2026-01-02T09:00:00\n"
    )
    assert list(load_experiment(small).injections["injection_id"]) == ["early", "late"]


def test_csv_and_byte_order_mark(small: Path) -> None:
    text = (small / "subjects.tsv").read_text().replace("\t", ",")
    (small / "subjects.tsv").unlink()
    (small / "subjects.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert list(load_experiment(small).subjects["subject_id"]) == ["007", "008"]


def test_unknown_columns_are_carried(small: Path) -> None:
    edit(small, "subjects.tsv", "group\n007\tvehicle\n008\tdrug", "group\tvivarium\n007\tvehicle\tB\n008\tdrug\tA")
    assert list(load_experiment(small).subjects["vivarium"]) == ["B", "A"]


@pytest.mark.parametrize(("half", "other"), [("dialysate", "ephys"), ("ephys", "dialysate")])
def test_either_half_may_be_missing(small: Path, half: str, other: str) -> None:
    for file in (small / half).iterdir():
        file.unlink()
    (small / half).rmdir()
    experiment = load_experiment(small)
    assert getattr(experiment, f"has_{other}")
    assert not getattr(experiment, f"has_{half}")


def test_every_problem_at_once(small: Path) -> None:
    edit(small, "experiment.yaml", "retention_time: 5.2", "retention_tim: 5.2")
    edit(small, "subjects.tsv", "008", "007")
    edit(small, "dialysate/injections.tsv", "i3.txt\tdialysate", "../i3.txt\tdialysat")
    edit(small, "ephys/events.tsv", "trial_type", "trail_type")
    found = problems_of(small)
    assert "did you mean 'retention_time'?" in found["experiment.yaml, row 3, key analytes.NE.retention_tim"]
    assert "stands twice" in found["subjects.tsv, row 3"]
    assert "did you mean 'dialysate'?" in found["dialysate/injections.tsv, row 4, column kind"]
    assert "inside the experiment" in found["dialysate/injections.tsv, row 4, column file"]
    assert "did you mean 'trial_type'?" in found["ephys/events.tsv, column trail_type"]


@pytest.mark.parametrize(
    ("name", "old", "new", "where", "says"),
    [
        ("dialysate/standards.tsv", "NE\t1", "NE\t0,5", "row 2, column concentration", "decimal point"),
        ("dialysate/standards.tsv", "NE\t1", "NE\tnan", "row 2, column concentration", "number is needed"),
        ("dialysate/standards.tsv", "NE\t1", "NE\tn/a", "row 2, column concentration", "is empty"),
        ("dialysate/standards.tsv", "NE\t1", "NA\t1", "row 2, column analyte", "not in experiment.yaml"),
        ("dialysate/injections.tsv", "standard\tS1", "standard\tS2", "row 2, column level", "did you mean 'S1'?"),
        ("dialysate/injections.tsv", "0\t20", "20\t20", "row 4, column end_min", "not after start_min"),
        ("dialysate/injections.tsv", "i2\tr1", "i/2\tr1", "row 3, column injection_id", "an id is made of"),
        ("dialysate/injections.tsv", "\t007\t", "\t009\t", "row 3, column subject_id", "not in subjects.tsv"),
        ("dialysate/injections.tsv", "i1.txt", "/etc/passwd", "row 2, column file", "inside the experiment"),
        ("dialysate/standards.tsv", "NE\t1", "NE\t1e308", "row 2, column concentration", "beyond 1e+15"),
        ("dialysate/standards.tsv", "NE\t1", "NE\t1e-300", "row 2, column concentration", "so close to 0"),
        ("dialysate/injections.tsv", "0\t20", "0\t1e299", "row 4, column end_min", "beyond 1e+06"),
        ("ephys/events.tsv", "10\t0", "1e13\t0", "row 2, column onset", "beyond 1e+08"),
        ("ephys/events.tsv", "s1\t2", "s1\t1e14", "row 2, column segment", "beyond 1e+06"),
        ("dialysate/injections.tsv", "i1.txt", "i\x1b[31m.txt", "row 2, column file", "cannot be seen"),
        ("dialysate/injections.tsv", "i1.txt", "i\u202etxt.1", "row 2, column file", "cannot be seen"),
        ("dialysate/injections.tsv", "i3\tr1", "i3\tR1", "column run", "differ in case only"),
        ("ephys/events.tsv", "s1\t2", "s1\t3", "row 2, column segment", "no segment 3"),
        ("ephys/events.tsv", "s1\t2", "s3\t2", "row 2, column site_id", "not in recordings.tsv"),
        ("ephys/events.tsv", "10\t0", "10\t-1", "row 2, column duration", "cannot be below 0"),
        ("ephys/recordings.tsv", "\ns", "\n's", "row 2, column site_id", "an id is made of"),
        ("ephys/recordings.tsv", "sorted\ns2", "sort\ns2", "row 3, column kind", "did you mean 'sorted'?"),
    ],
)
def test_one_problem(small: Path, name: str, old: str, new: str, where: str, says: str) -> None:
    edit(small, name, old, new)
    found = problems_of(small)
    assert says in found[f"{name}, {where}"]
    assert all(said.isprintable() for said in found.values())


@pytest.mark.parametrize("entered", ["1e308", "<1e308", "9" * 400, "1e-300"])
def test_an_entered_number_that_no_lab_has(small: Path, entered: str) -> None:
    shutil.rmtree(small / "dialysate")
    (small / "dialysate").mkdir()
    head = "subject_id\tstart_min\tend_min\tanalyte\tconcentration\n007\t0\t20\tNE\t"
    (small / "dialysate/concentrations.tsv").write_text(f"{head}{entered}\n")
    assert "no number here is" in problems_of(small)["dialysate/concentrations.tsv, row 2, column concentration"]


def test_a_year_that_cannot_be(small: Path) -> None:
    (small / "sessions.tsv").write_text("session_id\tsubject_id\tstarted_at\na\t007\t0203-03-14T09:30:00\n")
    assert "the year 203" in problems_of(small)["sessions.tsv, row 2, column started_at"]


def test_two_sessions_must_be_told_apart(small: Path) -> None:
    (small / "sessions.tsv").write_text("session_id\tsubject_id\na\t007\nb\t007\n")
    found = problems_of(small)
    assert "has several" in found["dialysate/injections.tsv, row 3, column session_id"]
    assert "has several" in found["ephys/recordings.tsv, row 2, column session_id"]


def test_curation_that_matches_nothing(small: Path) -> None:
    (small / "curation").mkdir()
    (small / "curation/peaks.tsv").write_text(
        "injection_id\tanalyte\taction\tfrom_min\tto_min\treason\tauthor\n"
        "i9\tNE\texclude\tn/a\tn/a\tspike\tab\ni2\tNE\tset_bounds\t6\t5\tshoulder\tab\n"
    )
    (small / "curation/trials.tsv").write_text(
        "site_id\tsegment\tonset\taction\treason\tauthor\ns1\t2\t11\texclude\tx\tab\n"
    )
    found = problems_of(small)
    assert "is not in" in found["curation/peaks.tsv, row 2, column injection_id"]
    assert "a later to_min" in found["curation/peaks.tsv, row 3, column from_min"]
    assert "begins at 11 s" in found["curation/trials.tsv, row 2, column onset"]


def test_a_decision_whose_id_cannot_be_read(small: Path) -> None:
    (small / "curation").mkdir()
    head = "session_id\tprobe_id\tsample_id\taction\treason\tauthor\n"
    (small / "curation/samples.tsv").write_text(f"{head}007\t007\t$(x)\texclude\tx\tab\n")
    assert list(problems_of(small)) == ["curation/samples.tsv, row 2, column sample_id"]


def test_links_may_not_leave(small: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    (small / "dialysate/i1.txt").symlink_to(tmp_path / "outside.txt")
    assert "leaves the experiment" in problems_of(small)["dialysate/injections.tsv, row 2, column file"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b"\x00" * 50, b'a\t"b\n' * 3])
def test_rubbish_in_a_sheet(small: Path, content: bytes) -> None:
    (small / "subjects.tsv").write_bytes(content)
    assert any(item.startswith("subjects.tsv") for item in problems_of(small))


def test_half_way_concentrations(small: Path) -> None:
    for name in ("injections.tsv", "standards.tsv"):
        (small / "dialysate" / name).unlink()
    (small / "dialysate/concentrations.tsv").write_text(
        "subject_id\tstart_min\tend_min\tanalyte\tconcentration\n"
        "007\t-20\t0\tNE\t1.5\n007\t0\t20\tNE\t<0.05\n007\t20\t40\tNE\tND\n007\t40\t60\tNE\tBLQ\n007\t60\t80\tNE\tn/a\n"
    )
    frame = load_experiment(small).concentrations
    assert frame is not None
    assert frame["status"].tolist() == ["ok", "below_lod", "below_lod", "below_loq", "missing"]
    assert frame["concentration"].tolist()[:1] == [1.5]
    assert frame["concentration"].isna().tolist() == [False, True, True, True, True]
    assert frame["limit"].tolist()[1] == 0.05
    assert frame["sample_id"].nunique() == 5


@pytest.mark.parametrize(
    ("named", "where", "words"),
    [("NE total", "concentrations.tsv", "file names"), ("NAE", "concentrations.csv", "did you mean 'NE'")],
)
def test_names_of_analytes_entered_by_hand(small: Path, named: str, where: str, words: str) -> None:
    for name in ("injections.tsv", "standards.tsv"):
        (small / "dialysate" / name).unlink()
    rows = [["subject_id", "start_min", "end_min", "analyte", "concentration"], ["007", "-20", "0", named, "1.5"]]
    comma = "," if where.endswith(".csv") else "\t"
    (small / "dialysate" / where).write_text("".join(comma.join(row) + "\n" for row in rows))
    try:
        found = {problem.item: problem.message for problem in load_experiment(small).problems}
    except BrokenExperiment as broken:
        found = {problem.item: problem.message for problem in broken.problems}
    assert words in found[f"dialysate/{where}, row 2, column analyte"]


def test_problems_of_a_csv_sheet_are_named_so(small: Path) -> None:
    """Also those that another sheet has with it."""
    (small / "subjects.tsv").rename(small / "subjects.csv")
    (small / "subjects.csv").write_text("subject_id\n008\n")
    found = problems_of(small)
    assert not any("subjects.tsv" in f"{item} {message}" for item, message in found.items())
    assert any("not in subjects.csv" in message for message in found.values())


def test_areas_need_no_file_column(small: Path) -> None:
    (small / "dialysate/injections.tsv").write_text("injection_id\trun\tkind\tlevel\ni1\tr1\tstandard\tS1\n")
    (small / "dialysate/areas.tsv").write_text("injection_id\tanalyte\tarea\ni1\tNE\t12.5\n")
    areas = load_experiment(small).areas
    assert areas is not None
    assert areas["area"].tolist() == [12.5]


def test_real_experiments_are_sound(shared: Path) -> None:
    for name, injections, recordings in (("diauxic_shift", 19, 0), ("lc_footshock", 0, 38)):
        experiment = load_experiment(shared / "experiments" / name)
        assert (len(experiment.injections), len(experiment.recordings)) == (injections, recordings)
        assert experiment.problems == []


def test_a_cage_is_no_misspelt_age(small: Path) -> None:
    edit(small, "subjects.tsv", "group\n007\tvehicle\n008\tdrug", "group\tcage\n007\tvehicle\t1\n008\tdrug\t2")
    assert list(load_experiment(small).subjects["cage"]) == ["1", "2"]


def test_required_columns_are_enough(small: Path) -> None:
    lines = "i1\tr1\ti1.txt\tstandard\ni2\tr1\ti2.txt\tdialysate\n"
    (small / "dialysate/injections.tsv").write_text("injection_id\trun\tfile\tkind\n" + lines)
    (warning,) = load_experiment(small).problems
    assert warning.severity == "warning"
    assert "without its level" in warning.message


def test_a_stray_quotation_mark_swallows_no_rows(small: Path) -> None:
    edit(small, "dialysate/injections.tsv", "i2\tr1", 'i2\t"r1')
    (message,) = problems_of(small).values()
    assert "quot" in message


def test_words_of_result_tables_are_kept_apart(small: Path) -> None:
    edit(small, "subjects.tsv", "group\n007\tvehicle\n008\tdrug", "group\tstatus\n007\tvehicle\tw\n008\tdrug\tx")
    assert list(load_experiment(small).subjects["status_in_sheet"]) == ["w", "x"]


def test_a_sheet_with_a_misspelt_name_is_not_overlooked(small: Path) -> None:
    (small / "dialysate/event.tsv").write_text("onset_min\ttrial_type\n0\tdrug\n")
    assert "did you mean 'events.tsv'?" in problems_of(small)["dialysate/event.tsv"]


def test_sheets_are_compared_even_where_one_has_a_bad_cell(small: Path) -> None:
    edit(small, "dialysate/standards.tsv", "NE\t1", "NE\t0,5")
    edit(small, "ephys/events.tsv", "s1\t2", "s9\t2")
    found = problems_of(small)
    assert "decimal point" in found["dialysate/standards.tsv, row 2, column concentration"]
    assert "not in recordings.tsv" in found["ephys/events.tsv, row 2, column site_id"]


@pytest.mark.parametrize(("said", "unclear"), [("head-fixed", True), ("urethane", False), ("n/a", False)])
def test_an_anaesthetic_that_may_be_none_is_asked_about(small: Path, said: str, unclear: bool) -> None:
    """Session day1 has recordings; day2 has none, and there nothing rests on it."""
    rows = f"session_id\tsubject_id\tanaesthetic\nday1\t007\t{said}\nday2\t008\thead-fixed\nday3\t008\tn/a\n"
    (small / "sessions.tsv").write_text(rows)
    edit(small, "ephys/recordings.tsv", "kind\n", "kind\tsession_id\n")
    edit(small, "ephys/recordings.tsv", "a.tsv\tsorted\n", "a.tsv\tsorted\tday1\n")
    edit(small, "ephys/recordings.tsv", "b.tsv\tsorted\n", "b.tsv\tsorted\tday1\n")
    edit(small, "ephys/recordings.tsv", "c.tsv\tsorted\n", "c.tsv\tsorted\tday3\n")
    edit(small, "dialysate/injections.tsv", "end_min\n", "end_min\tsession_id\n")
    for line, day in (("n/a\tn/a\tn/a\n", "n/a"), ("-20\t0\n", "day1"), ("0\t20\n", "day2")):
        edit(small, "dialysate/injections.tsv", line, line.replace("\n", f"\t{day}\n"))
    found = {one.item for one in load_experiment(small).problems if "awake" in one.message}
    assert found == ({"sessions.tsv, row 2, column anaesthetic"} if unclear else set())


def test_an_apostrophe_that_guards_a_formula_is_taken_off(small: Path) -> None:
    """`init` writes the genotype +/+ as '+/+, so that no spreadsheet runs it."""
    sheet = small / "subjects.tsv"
    header, *rows = sheet.read_text().splitlines()
    sheet.write_text("\n".join([f"{header}\tgenotype", *(f"{row}\t'+/+" for row in rows)]) + "\n")
    assert set(load_experiment(small).subjects["genotype"]) == {"+/+"}
