"""One animal with both halves on one day, entered half way: zero-net-flux and release beside firing rate are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from running import snakemake, table

LEVELS = (0.0, 1.0, 2.0, 4.0)
RECOVERY, OUTSIDE = 0.3, 1.5


def write_sheet(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(rows[0]), *("\t".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("one")
    experiment = top / "one"
    experiment.mkdir()
    (experiment / "experiment.yaml").write_text("title: One animal\n", encoding="utf-8")
    write_sheet(experiment / "subjects.tsv", [{"subject_id": "rat1"}])
    day = {"session_id": "day1", "subject_id": "rat1", "started_at": "2026-01-05T10:00:00"}
    write_sheet(experiment / "sessions.tsv", [day])
    animal = {"subject_id": "rat1", "session_id": "day1"}
    rng = np.random.default_rng(8)
    samples = [
        animal
        | {"start_min": 20 * place - 60, "end_min": 20 * place - 40, "analyte": "NE", "unit": "nM"}
        | {"concentration": f"{(inside + RECOVERY * (OUTSIDE - inside)) * rng.normal(1, 0.02):.5f}"}
        for place, inside in enumerate(np.repeat((0.0, *LEVELS), 3))
    ]
    write_sheet(experiment / "dialysate/concentrations.tsv", samples)
    perfusions = [
        animal
        | {"onset_min": 60 * place, "duration_min": 60, "trial_type": "perfusate", "analyte": "NE"}
        | {"perfusate_concentration": level}
        for place, level in enumerate(LEVELS)
    ]
    write_sheet(experiment / "dialysate/events.tsv", perfusions)
    site = {"site_id": "site1", "kind": "sorted", "file": "spikes.tsv", "duration_s": 600}
    write_sheet(experiment / "ephys/recordings.tsv", [site | animal | {"started_at": "2026-01-05T10:30:00"}])
    times = np.cumsum(rng.gamma(3, 0.25, 700))
    write_sheet(experiment / "ephys/spikes.tsv", [{"unit_id": "u1", "time_s": f"{t:.5f}"} for t in times[times < 599]])
    event = {"site_id": "site1", "segment": 1, "onset": 60, "duration": 1, "trial_type": "paw_pinch"}
    write_sheet(experiment / "ephys/events.tsv", [event])
    done = snakemake(top, "--cores", "2", "--config", f"experiments={experiment}")
    assert done.returncode == 0, done.stdout[-5000:]
    return top / "results/one"


def test_the_regression_and_its_points_are_those_of_the_truth(results: Path) -> None:
    found = table(results, "release/recovery").iloc[0]
    assert found["method"] == "zero_net_flux"
    assert float(found["recovery"]) == pytest.approx(RECOVERY, abs=0.05)
    assert float(found["extracellular"]) == pytest.approx(OUTSIDE, rel=0.15)
    plotted = table(results, "figures/dialysate/net_flux+NE+01")
    points = plotted[plotted["series"].str.startswith("samples")]
    assert len(points) == 12 and sorted(set(points["x"].astype(float))) == list(LEVELS)
    line = plotted[plotted["series"].str.startswith("regression")]
    slope, zero = np.polyfit(line["x"].astype(float), line["y"].astype(float), 1)
    assert slope == pytest.approx(float(found["recovery"]), rel=1e-3)
    assert -zero / slope == pytest.approx(float(found["extracellular"]), rel=1e-3)


def test_release_and_rate_share_one_clock(results: Path) -> None:
    plotted = table(results, "figures/units/joint+day1")
    rate = plotted[plotted["panel"] == "rate"]["x"].astype(float)
    assert 30 < rate.min() < 31 and 39 < rate.max() < 40  # half an hour after the session began, for ten minutes


def test_the_page_shows_both_and_says_why_there_is_no_raw_trace(results: Path) -> None:
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "Zero-net-flux of NE" in page and "Release and firing rate in session day1" in page
    assert "1 site sorted elsewhere: no raw trace was given" in page
    assert "by zero-net-flux" in page and "Units were sorted elsewhere." in page
