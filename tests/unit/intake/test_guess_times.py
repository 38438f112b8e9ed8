"""Retention times from the instrument's own peak tables: the analyte's, or none."""

from __future__ import annotations

import shutil

import pytest
import yaml

from coeruleus.intake.draft import draft
from coeruleus.intake.guess_times import Standard, retention_times


def standards(analyte, time, others=(), levels=(1.0, 2.0, 4.0)):
    return [
        Standard(analyte, level, tuple(sorted([(time, 10 * level, ""), *[(at, 7 * level, "") for at in others]])))
        for level in levels
    ]


def test_real_standards_give_the_times_of_their_experiment(shared, tmp_path):
    folder = shared / "experiments/diauxic_shift"
    for path in (folder / "dialysate").glob("*.txt"):
        shutil.copy(path, tmp_path)
    draft(tmp_path)
    found = yaml.safe_load((tmp_path / "experiment.yaml").read_text())["analytes"]
    truth = yaml.safe_load((folder / "experiment.yaml").read_text())["analytes"]
    assert found.keys() == truth.keys()
    for name, settings in truth.items():
        assert found[name]["retention_time"] == pytest.approx(settings["retention_time"], abs=0.05)


def test_the_one_peak_that_rises_and_is_no_other_s():
    mine, others = standards("a", 5.0, others=(9.0,)), standards("b", 7.0, others=(9.0,))
    assert retention_times([*mine, *others], []) == {"a": 5.0, "b": 7.0}


@pytest.mark.parametrize(
    "known",
    [
        standards("a", 5.0, others=(9.0,)),  # two peaks rise
        standards("a", 5.0, levels=(1.0, 2.0)),  # too few levels
        [*standards("a", 5.0), Standard("a", 8.0, ())],  # one has no such peak
        [*standards("a", 5.0), *standards("b", 5.05)],  # the other's stands there too
        [*standards("a", 5.0), Standard("a", 8.0, ((5.0, 12.0, ""),))],  # it does not rise with the last
    ],
)
def test_doubt_leaves_it_open(known):
    assert "a" not in retention_times(known, [])


def test_names_of_the_instrument_s_software_win_where_they_agree():
    peaks = [((5.0 + n / 100, 3.0, "Noradrenaline"), (8.0 * (n + 1), 3.0, "DA"), (3.0, 1.0, "x")) for n in range(3)]
    assert retention_times([], peaks) == {"NE": 5.01}
