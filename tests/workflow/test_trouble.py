"""Bad files and broken sheets: nothing is lost in silence, nothing takes others down, no traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from running import snakemake, table

HEAD = "injection_id\trun\tfile\tkind\tlevel\tsubject_id\tstart_min\tend_min\n"


def write(directory: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory, small_input: Path) -> tuple[Path, Path]:
    """The small experiment with one bad file of every sort, run beside a refused experiment."""
    top = tmp_path_factory.mktemp("troubled")
    directory = top / "troubled"
    shutil.copytree(small_input, directory)
    shutil.rmtree(directory / "truth", ignore_errors=True)
    injections = table(directory / "dialysate", "injections")
    of_samples = injections[(injections["kind"] == "dialysate") & injections["file"].notna()]
    there = [file for file in of_samples["file"] if (directory / "dialysate" / file).is_file()]
    empty, cut, rubbish, gone = (directory / "dialysate" / file for file in there[:4])
    empty.write_bytes(b"")
    cut.write_bytes(cut.read_bytes()[:40])
    rubbish.write_bytes(bytes(range(256)) * 40)
    gone.unlink()
    recordings = (directory / "ephys/recordings.tsv").read_text().rstrip("\n").split("\n")
    header = recordings[0].split("\t")
    subject = recordings[1].split("\t")[header.index("subject_id")]
    session = recordings[1].split("\t")[header.index("session_id")] if "session_id" in header else "n/a"
    for site, file in (
        ("three", "three_spikes.tsv"),
        ("torn", "torn.tsv"),
        ("absent", "absent.tsv"),
        ("mute", "mute.dat"),
    ):
        known = {
            "site_id": site,
            "subject_id": subject,
            "session_id": session,
            "file": file,
            "kind": "sorted",
            "duration_s": "100",
        }
        if site == "mute":
            known["kind"] = "raw"
        recordings.append("\t".join(known.get(column, "n/a") for column in header))
    write(directory, {
        "ephys/recordings.tsv": "\n".join(recordings) + "\n",
        "ephys/three_spikes.tsv": "unit_id\ttime_s\nu1\t1\nu1\t20\nu1\t60\n",
        "ephys/torn.tsv": b"unit_id\ttime_s\nu1\t1\nu1\tab\x00\xff",
        "ephys/mute.dat": bytes(5000),
    })  # fmt: skip
    broken = write(top / "broken", {
        "experiment.yaml": "title: Broken\nanalytes: {NE: {retention_time: 5}}\n",
        "subjects.tsv": "subject_id\na\n",
        "dialysate/injections.tsv": HEAD + "i1\tr1\tx.txt\tdialysat\tn/a\ta\t0\t20\n",
    })  # fmt: skip
    done = snakemake(top, "--cores", "2", "--config", f"experiments=['{directory}', '{broken}']")
    (top / "output.txt").write_text(done.stdout)
    assert done.returncode != 0
    return top, directory


def test_the_refused_is_named_last(troubled: tuple[Path, Path]) -> None:
    top, _ = troubled
    last = (top / "output.txt").read_text().rstrip().split("\n")[-5:]
    assert "broken was refused:" in last
    assert "did you mean 'dialysate'?" in last[-3]
    assert "injections.tsv, row 2, column kind" in last[-3]
    assert last[-1] == "refused: broken"
    assert not (top / "results/broken").exists()


def test_the_other_is_complete(troubled: tuple[Path, Path]) -> None:
    top, _ = troubled
    assert (top / "results/troubled/provenance.json").is_file()


def test_bad_chromatograms_keep_their_rows(troubled: tuple[Path, Path]) -> None:
    top, directory = troubled
    results = top / "results/troubled"
    injections = table(directory / "dialysate", "injections").set_index("injection_id")
    peaks = table(results, "dialysate/peaks")
    concentrations = table(results, "dialysate/concentrations")
    bad = concentrations[concentrations["status"].isin(["failed", "missing"])]
    assert bad["reason"].notna().all()
    assert bad["injection_id"].nunique() >= 4
    assert concentrations.loc[bad.index, "concentration"].isna().all()
    assert set(peaks["injection_id"]) == set(injections.index)
    problems = table(results, "problems")
    for injection in bad["injection_id"].unique():
        assert (problems["item"] == injection).any(), injection
    others = concentrations[~concentrations["injection_id"].isin(bad["injection_id"])]
    assert others["status"].isin(["ok", "below_loq", "below_lod", "not_found"]).all()
    assert (others["status"] == "ok").mean() > 0.5


@pytest.mark.parametrize(
    ("site", "status"),
    [("three", "insufficient_spikes"), ("torn", "failed"), ("absent", "missing"), ("mute", "failed")],
)
def test_bad_recordings_keep_their_rows(troubled: tuple[Path, Path], site: str, status: str) -> None:
    top, _ = troubled
    results = top / "results/troubled"
    rows = table(results, "units/units").set_index("site_id").loc[[site]]
    assert rows["status"].tolist() == [status]
    assert rows["reason"].notna().all()
    problems = table(results, "problems")
    assert problems["item"].str.startswith(site).any()
    assert "three" in (results / "report.html").read_text()


def test_no_traceback_anywhere(troubled: tuple[Path, Path]) -> None:
    top, _ = troubled
    assert "Traceback" not in (top / "output.txt").read_text()
    for log in (top / "logs/troubled").glob("*.log"):
        assert "Traceback" not in log.read_text(), log.name


def test_same_folder_names_are_refused(tmp_path: Path, small_input: Path) -> None:
    twin = tmp_path / "twin" / "small"
    shutil.copytree(small_input, twin)
    done = snakemake(tmp_path, "--cores", "1", "--config", f"experiments=['{small_input}', '{twin}']")
    assert done.returncode != 0
    assert done.stdout.count("another experiment has the same folder name") == 2


def test_no_experiment_is_said(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--cores", "1")
    assert done.returncode != 0
    assert "no experiment is named" in done.stdout


def test_odd_file_names_are_harmless(tmp_path: Path) -> None:
    """Blanks, quotes, braces, shell characters and formulas in names of files and folders."""
    trace = "time_min\tsignal\n" + "\n".join(f"{n / 120:.4f}\t{1 + n % 7}" for n in range(600)) + "\n"
    names = [
        "a b.txt",
        "o'k $(touch hacked).txt",
        "{run}.txt",
        "`x`;&.txt",
        "-rf.txt",
        'so "good".txt',
        "=1.txt",
        "Röhrchen 5.txt",
    ]
    rows = "".join(f"i{n}\tr1\t{name}\tblank\tn/a\tn/a\tn/a\tn/a\n" for n, name in enumerate(names))
    directory = write(tmp_path / "odd (folder), 1", {
        "experiment.yaml": "title: Odd\nanalytes: {NE: {retention_time: 2}}\n",
        "subjects.tsv": "subject_id\na\n",
        "dialysate/injections.tsv": HEAD + rows,
        **{f"dialysate/{name}": trace for name in names},
    })  # fmt: skip
    done = snakemake(tmp_path, "--cores", "1", "--config", f"experiments=['{directory}']")
    assert done.returncode == 0, done.stdout[-3000:]
    peaks = table(tmp_path / "results" / directory.name, "dialysate/peaks")
    assert set(peaks["status"]) <= {"ok", "not_found"}
    assert not list(tmp_path.rglob("hacked"))


SPIKES = {
    "experiment.yaml": "title: Tiny\n",
    "subjects.tsv": "subject_id\na\n",
    "ephys/recordings.tsv": "site_id\tsubject_id\tfile\tkind\tduration_s\ns\ta\ts.tsv\tsorted\t100\n",
    "ephys/s.tsv": "unit_id\ttime_s\n" + "".join(f"007\t{1 + 0.7 * n + 0.1 * (n % 3):.3f}\n" for n in range(120)),
}


def test_sheets_without_rows_give_tables_without_rows(tmp_path: Path) -> None:
    directory = write(tmp_path / "bare", {
        "experiment.yaml": "title: Bare\nanalytes: {NE: {retention_time: 5}}\n",
        "subjects.tsv": "subject_id\n",
        "dialysate/injections.tsv": "injection_id\trun\tfile\tkind\n",
        "ephys/recordings.tsv": "site_id\tsubject_id\tfile\tkind\n",
    })  # fmt: skip
    done = snakemake(tmp_path, "--cores", "1", "--config", f"experiments={directory}")
    assert done.returncode == 0, done.stdout[-3000:]
    assert table(tmp_path / "results/bare", "dialysate/peaks").empty
    assert table(tmp_path / "results/bare", "units/units").empty


def test_odd_folder_names_refuse_only_themselves(tmp_path: Path) -> None:
    for name in ("refused", "bad{x}"):
        write(tmp_path / "in" / name, SPIKES)
    done = snakemake(tmp_path, "--cores", "1", "--config", f"experiments={tmp_path}/in/*")
    assert done.returncode != 0
    assert (tmp_path / "results/refused/report.html").is_file()
    assert table(tmp_path / "results/refused", "units/units")["unit_id"].tolist() == ["007"]
    assert "bad{x}" in done.stdout.rstrip().split("\n")[-1]


def test_a_half_that_was_taken_away_leaves_no_results(tmp_path: Path) -> None:
    both = {
        "dialysate/concentrations.tsv": "subject_id\tstart_min\tend_min\tanalyte\tconcentration\na\t-20\t0\tNE\t1\n",
    }
    directory = write(tmp_path / "x", SPIKES | both)
    call = ("--cores", "1", "--config", f"experiments={directory}")
    assert snakemake(tmp_path, *call).returncode == 0
    assert (tmp_path / "results/x/release/release.tsv").is_file()
    shutil.rmtree(directory / "dialysate")
    assert snakemake(tmp_path, *call).returncode == 0
    assert not (tmp_path / "results/x/release").exists()
    outputs = json.loads((tmp_path / "results/x/provenance.json").read_text())["outputs"]
    assert [name for name in outputs if name.startswith(("dialysate/", "release/"))] == []
