"""Events that only the recording file holds: mapped in experiment.yaml, tested, shown, and taken out by a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from running import snakemake, table
from test_one_animal import write_sheet

LATENCY_S, LATE_S = 0.040, 0.35
SHOCKS = 20.123456 + 10.0 * np.arange(40)
TYPED = (0, 7, 20)


def shocked_train(rng: np.random.Generator, length_s: float) -> np.ndarray:
    """A regular cell at 2 Hz with five spikes from 40 ms after each shock."""
    resting = np.cumsum(rng.gamma(4, 0.125, 1200))
    driven = (SHOCKS[:, None] + LATENCY_S + np.sort(rng.uniform(0, 0.1, (len(SHOCKS), 5)), axis=1)).ravel()
    return np.unique(np.concatenate([resting[resting < length_s], driven]))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("marks")
    experiment = top / "marks"
    experiment.mkdir()
    settings = "title: Shocks of the file\nevents:\n  rename:\n    Shock: foot_shock\n"
    (experiment / "experiment.yaml").write_text(settings, encoding="utf-8")
    write_sheet(experiment / "subjects.tsv", [{"subject_id": "rat1"}])
    site = {"site_id": "site1", "kind": "sorted", "file": "cell.mat", "format": "spike2_mat", "channel": "unit1"}
    write_sheet(experiment / "ephys/recordings.tsv", [site | {"subject_id": "rat1", "duration_s": 440}])
    train = shocked_train(np.random.default_rng(4), 440)
    channels = {"unit1": {"title": "unit1", "times": train}, "Shock": {"title": "Shock", "times": SHOCKS}}
    savemat(experiment / "ephys/cell.mat", channels)
    place = {"site_id": "site1", "segment": 1}
    typed = [
        place
        | {"onset": f"{SHOCKS[number] + LATE_S:.2f}", "duration": 0, "trial_type": "foot_shock", "side": "left"}
        | {"onset_source": "typed"}
        for number in TYPED
    ]
    write_sheet(experiment / "ephys/events.tsv", typed)
    by = {"action": "exclude", "reason": "the cage was opened", "author": "A. K."}
    onsets = (f"{SHOCKS[3]:.6f}", typed[1]["onset"], "433.3")  # the file's own, a typed one, and none
    write_sheet(experiment / "curation/trials.tsv", [place | {"onset": onset} | by for onset in onsets])
    done = snakemake(top, "--cores", "2", "--config", f"experiments={experiment}")
    assert done.returncode == 0, done.stdout[-5000:]
    return top / "results/marks"


def test_the_responses_are_those_to_the_file_events(results: Path) -> None:
    (row,) = table(results, "units/responses").to_dict("records")
    assert (row["trial_type"], row["status"]) == ("foot_shock", "ok")
    assert int(row["n_trials"]) == len(SHOCKS) - 2  # none twice, and without the two that a person took out
    assert float(row["excitation_p"]) <= 0.001
    assert float(row["excitation_latency_s"]) == pytest.approx(LATENCY_S, abs=0.010)  # typed onsets lie 350 ms off
    assert float(row["excitation_duration_s"]) == pytest.approx(0.1, abs=0.04)


def test_what_was_typed_and_what_matches_nothing_is_said(results: Path) -> None:
    messages = table(results, "problems")["message"].tolist()
    assert any("3 typed onsets replaced by the file's own, which lie -0.34" in message for message in messages)
    assert any("no event of segment 1 begins at 433.3 s" in message for message in messages)


def test_the_page_lists_every_event_and_what_became_of_each_decision(results: Path) -> None:
    page = (results / "report.html").read_text(encoding="utf-8")
    assert f"Events of the recordings ({len(SHOCKS)})" in page
    assert page.count("left out of the responses of its site") == 2 and page.count("matches nothing") == 1
