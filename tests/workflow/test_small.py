"""A small simulated experiment, both halves, from raw files to the report: its numbers against its truth."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coeruleus.simulation.compare import summarise_truth
from coeruleus.tables.io import read_table
from coeruleus.tables.sources import TRUTH
from running import bytes_of, rules_run, snakemake, table


@pytest.fixture(scope="session")
def results(small_run: Path) -> Path:
    return small_run / "results" / "small"


def test_numbers_against_truth(results: Path) -> None:
    summary = summarise_truth(read_table(results / "truth/comparison.tsv", TRUTH)).set_index("quantity")
    print(summary.to_string())
    for analyte in ("NE", "DOPAC", "5-HIAA", "HVA"):
        concentration = summary.loc[f"{analyte} concentration"]
        assert abs(concentration["median_error_percent"]) < 5, analyte
        assert concentration["coverage"] >= 0.85, analyte
    assert summary.loc["NE peak", "median_abs_error_percent"] < 10
    assert summary.loc["firing rate", "median_abs_error_percent"] < 10
    assert summary.loc["half-width", "median_abs_error_percent"] < 3
    assert summary.loc["sorting accuracy", "n_found"] >= 1
    assert summary.loc["silenced by clonidine", "agreement"] == 1
    assert summary.loc["fault handled", "agreement"] == 1


def test_labels_are_right_or_honestly_open(results: Path) -> None:
    truth = read_table(results / "truth/comparison.tsv", TRUTH)
    labels = truth[truth["quantity"].str.startswith("label by")]
    wrong = labels[(labels["found_label"] != labels["true_label"]) & (labels["found_label"] != "undetermined")]
    assert wrong.empty
    assert (labels["found_label"] == labels["true_label"]).mean() > 0.6


def test_limits_of_detection_are_near_the_noise(results: Path) -> None:
    """Blanks hold no internal standard: their noise over its usual area is what limits detection."""
    calibration = table(results, "dialysate/calibration").set_index("analyte")
    assert 0.03 < float(calibration.loc["NE", "lod"]) < 0.3  # nM; the noise of the simulation allows about 0.09


def test_it_keeps_the_contract(results: Path, small_input: Path, shared: Path) -> None:
    tool = shared / "tools" / "check_contract.py"
    done = subprocess.run(
        [sys.executable, str(tool), str(small_input), str(results)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_input_row_is_accounted_for(results: Path, small_input: Path) -> None:
    injections = table(small_input / "dialysate", "injections")
    peaks = table(results, "dialysate/peaks")
    assert set(peaks["injection_id"]) == set(injections["injection_id"])
    assert peaks.groupby("injection_id").size().nunique() == 1  # every analyte for each
    recordings = table(small_input / "ephys", "recordings")
    assert set(table(results, "units/units")["site_id"]) == set(recordings["site_id"])


def test_provenance_lists_every_file(results: Path, small_input: Path) -> None:
    record = json.loads((results / "provenance.json").read_text())
    outputs = {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}
    assert set(record["outputs"]) == outputs - {"provenance.json"}
    files = {str(path.relative_to(small_input)) for path in small_input.rglob("*") if path.is_file()}
    assert set(record["inputs"]) == files - {"experiment.yaml"}  # whose content is under settings
    assert record["settings"]["title"]


def test_nothing_is_left_to_do(small_run: Path, small_input: Path) -> None:
    done = snakemake(small_run, "--cores", "1", "--config", f"experiments={small_input}")
    assert "Nothing to be done" in done.stdout


def test_one_core_elsewhere_gives_the_same_bytes(small_run: Path, small_input: Path, tmp_path: Path) -> None:
    done = snakemake(
        tmp_path, "--cores", "1", "--config", f"experiments={small_input}", TZ="Pacific/Auckland", LC_ALL="C"
    )
    assert done.returncode == 0, done.stdout[-5000:]
    first, second = bytes_of(small_run / "results"), bytes_of(tmp_path / "results")
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "reruns", "stays"),
    [
        (
            "experiment.yaml",
            "title:",
            "# a comment\ntitle:",
            set(),
            {"quantify_run"},
        ),
        ("experiment.yaml", "reference_group: vehicle", "reference_group: null", {"compute_release"}, {"quantify_run"}),
        ("subjects.tsv", "vehicle", "saline", {"compute_release"}, {"quantify_run", "measure_units"}),
        ("dialysate/standards.tsv", "\tNE\t0.25", "\tNE\t0.26", {"quantify_run"}, {"measure_units", "sort_recording"}),
        ("ephys/events.tsv", "contralateral", "ipsilateral", {"test_responses"}, {"quantify_run", "sort_recording"}),
    ],
)
def test_a_changed_sheet_reruns_what_depends_on_it(
    small_run: Path, small_input: Path, file: str, old: str, new: str, reruns: set[str], stays: set[str]
) -> None:
    path = small_input / file
    before = path.read_bytes()
    try:
        path.write_bytes(before.replace(old.encode(), new.encode()))
        done = snakemake(small_run, "--dry-run", "--cores", "1", "--config", f"experiments={small_input}")
    finally:
        path.write_bytes(before)
    ran = set(rules_run(done.stdout))
    assert reruns <= ran if reruns else not ran  # a comment makes nothing stale
    assert not stays & ran


def test_changed_samples_beside_an_unchanged_header_are_sorted_anew(small_run: Path, small_input: Path) -> None:
    (samples,) = small_input.glob("ephys/*.eeg")
    before, times = samples.read_bytes(), (samples.stat().st_atime_ns, samples.stat().st_mtime_ns)
    try:
        samples.write_bytes(before[:-2])
        done = snakemake(small_run, "--dry-run", "--cores", "1", "--config", f"experiments={small_input}")
    finally:
        samples.write_bytes(before)
        os.utime(samples, ns=times)
    assert {"sort_recording", "measure_units", "write_report"} <= set(rules_run(done.stdout))


@pytest.mark.parametrize(
    ("file", "text", "reruns", "stays"),
    [
        (
            "figures.yaml",
            "font_size_pt: 8\nwording: {vehicle: saline}\n",
            {"draw_chromatograms", "draw_dialysate_figures", "draw_unit_figures", "write_report"},
            {"quantify_run", "compute_release", "sort_recording", "measure_units", "test_responses", "classify_units"},
        ),
        (
            "curation/trials.tsv",
            "site_id\tsegment\tonset\taction\treason\tauthor\n{site}\t{segment}\t{onset}\texclude\tmoved\tA. K.\n",
            {"test_responses", "classify_units", "write_report"},
            {"quantify_run", "compute_release", "sort_recording", "measure_units"},
        ),
        (
            "curation/samples.tsv",
            "session_id\tprobe_id\tsample_id\taction\treason\tauthor\n"
            "{session}\t{probe}\t{sample}\texclude\tbubble\tA. K.\n",
            {"compute_release", "draw_dialysate_figures", "write_report"},
            {
                "quantify_run",
                "draw_chromatograms",
                "sort_recording",
                "measure_units",
                "test_responses",
                "classify_units",
            },
        ),
    ],
)
def test_style_and_decisions_rerun_only_what_depends_on_them(
    small_run: Path, small_input: Path, results: Path, file: str, text: str, reruns: set[str], stays: set[str]
) -> None:
    event = table(small_input / "ephys", "events").query("trial_type != 'drug'").iloc[0]
    sample = table(results, "release/release").iloc[0]
    path = small_input / file
    before = path.read_bytes() if path.exists() else None
    folder_was_there = path.parent.exists()
    path.parent.mkdir(exist_ok=True)
    known = {"site": event["site_id"], "segment": event["segment"], "onset": event["onset"]}
    known |= {name: sample[f"{name}_id"] for name in ("session", "probe", "sample")}
    try:
        path.write_text(text if file == "figures.yaml" else text.format(**known))
        done = snakemake(small_run, "--dry-run", "--cores", "1", "--config", f"experiments={small_input}")
    finally:
        path.unlink() if before is None else path.write_bytes(before)
        if not folder_was_there:
            path.parent.rmdir()
    ran = set(rules_run(done.stdout))
    assert done.returncode == 0 and reruns <= ran, done.stdout[-3000:]
    assert not stays & ran


def test_figures_alone_are_drawn_again_to_the_byte(small_run: Path, small_input: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run, symlinks=True)
    drawing = ["draw_chromatograms", "draw_dialysate_figures", "draw_unit_figures"]
    config = ["--config", f"experiments={small_input}"]
    done = snakemake(run, "figures", "--forcerun", *drawing, "--cores", "2", *config)
    assert done.returncode == 0, done.stdout[-3000:]
    assert set(rules_run(done.stdout)) == {*drawing, "figures"}
    for folder in (run, small_run):
        shutil.rmtree(folder / "results/.interim/.planned")  # when inputs were written; each run notes it anew
    assert bytes_of(run / "results") == bytes_of(small_run / "results")


def test_inputs_are_untouched(small_run: Path, small_input: Path, tmp_path: Path) -> None:
    from coeruleus.simulation.demo import write_small

    write_small(tmp_path / "small", raw=True)
    assert bytes_of(tmp_path / "small") == bytes_of(small_input)


def test_report_opens_from_a_stick(results: Path) -> None:
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("data:image/") > 5


def test_figures_are_there(results: Path) -> None:
    names = {path.suffix for path in (results / "figures").rglob("*") if path.is_file()}
    assert {".svg", ".png", ".tsv"} <= names
    assert np.all([path.stat().st_size > 1000 for path in (results / "figures").rglob("*.png")])
