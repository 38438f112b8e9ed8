"""The command line as a person meets it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from coeruleus.cli import app


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments])
    return done.exit_code, done.stdout


def test_check_says_every_problem_at_once(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text("titel: x\n")
    (tmp_path / "subjects.tsv").write_text("subject\n1\n")
    code, said = call("check", str(tmp_path))
    assert code == 1
    assert "did you mean 'title'?" in said
    assert "did you mean 'subject_id'?" in said
    assert "neither folder is there" in said
    assert "Traceback" not in said


def test_check_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    code, said = call("check", str(tmp_path / "nowhere"))
    assert code == 1
    assert "is not a directory" in said


def test_check_names_unknown_rulesets_and_broken_figure_settings(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text("title: x\nunits: {rulesets: [lc_anesthetised_rat]}\n")
    (tmp_path / "subjects.tsv").write_text("subject_id\na\n")
    (tmp_path / "figures.yaml").write_text("colors: {}\n")
    (tmp_path / "ephys").mkdir()
    (tmp_path / "ephys/recordings.tsv").write_text("site_id\tsubject_id\tfile\tkind\n")
    code, said = call("check", str(tmp_path))
    assert code == 1
    assert "did you mean 'lc_anaesthetised_rat'?" in said
    assert "did you mean 'colours'?" in said


@pytest.mark.parametrize("name", ["diauxic_shift", "lc_footshock"])
def test_check_of_real_experiments(shared: Path, name: str) -> None:
    code, said = call("check", str(shared / "experiments" / name))
    assert code == 0
    assert f"{name}: 0 errors" in said


def test_demo_writes_an_experiment_that_check_accepts(tmp_path: Path) -> None:
    assert call("demo", "--small", str(tmp_path / "small"))[0] == 0
    code, said = call("check", str(tmp_path / "small"))
    assert "is not there" in said  # the lost file of the simulation
    assert code == 1
