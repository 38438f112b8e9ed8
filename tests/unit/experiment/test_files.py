"""Whatever a reader opens for a row lies in the experiment directory: also what a link or a header leads to."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from recording_seeds import write_recordings

from coeruleus.experiment.files import links_out, stamps
from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import file_events, open_sorted, read_raw
from seeds import write_vendor_seeds


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    write_recordings(folder)
    write_vendor_seeds(folder)
    return folder


def experiment_of(folder: Path, file: str, kind: str) -> Path:
    (folder / "ephys").mkdir(parents=True)
    (folder / "experiment.yaml").write_text("title: x\n")
    (folder / "subjects.tsv").write_text("subject_id\na\n")
    rows = f"site_id\tsubject_id\tfile\tkind\tduration_s\ns\ta\t{file}\t{kind}\t100\n"
    (folder / "ephys/recordings.tsv").write_text(rows)
    return folder / "ephys"


def said(folder: Path) -> str:
    with pytest.raises(BrokenExperiment) as caught:
        load_experiment(folder)
    return "; ".join(f"{problem.item}: {problem.message}" for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("file", "kind", "copied", "linked"),
    [
        ("brainvision.vhdr", "raw", ["brainvision.vmrk"], "brainvision.eeg"),
        ("brainvision.vhdr", "raw", ["brainvision.eeg"], "brainvision.vmrk"),
        ("plain_samples.dat", "raw", [], "plain_samples.json"),
        ("phy", "sorted", [], "phy/spike_clusters.npy"),
    ],
)
def test_links_out_beside_and_within_are_refused(
    tmp_path: Path, outside: Path, file: str, kind: str, copied: list[str], linked: str
) -> None:
    ephys = experiment_of(tmp_path / "x", file, kind)
    for name in (file, *copied):
        copy: Callable = shutil.copytree if (outside / name).is_dir() else shutil.copy
        copy(outside / name, ephys / name)
    (ephys / linked).unlink(missing_ok=True)
    (ephys / linked).symlink_to(outside / linked)
    message = said(tmp_path / "x")
    assert f"ephys/recordings.tsv, column file: '{linked}'" in message
    assert "copy the file here" in message
    (ephys / linked).unlink()
    shutil.copy(outside / linked, ephys / linked)
    assert load_experiment(tmp_path / "x").problems == []
    assert linked in [name for name, _ in stamps(ephys, [file])]


@pytest.mark.parametrize(
    ("file", "linked"), [("phy", "phy/raw.dat"), ("s.tsv", "s.mp4"), ("s.tsv", "s.dat"), ("b.nev", "b.mp4")]
)
def test_links_that_no_reader_opens_stay(tmp_path: Path, outside: Path, file: str, linked: str) -> None:
    """The traces of Phy, of which the size counts, and films: they lie elsewhere, and a change is seen nevertheless."""
    ephys = experiment_of(tmp_path / "x", file, "sorted")
    shutil.copytree(outside / "phy", ephys / "phy")
    for name in ("s.tsv", "b.nev"):
        (ephys / name).write_text("1")
    (ephys / linked).unlink(missing_ok=True)
    (ephys / linked).symlink_to(outside / "brainvision.eeg")
    assert load_experiment(tmp_path / "x").problems == []
    assert linked in [name for name, _ in stamps(ephys, [file])]


def test_a_job_does_not_look_for_links_again(tmp_path: Path, outside: Path) -> None:
    ephys = experiment_of(tmp_path / "x", "phy", "sorted")
    (ephys / "phy").symlink_to(outside / "phy")
    assert "'phy' is a link that leaves" in said(tmp_path / "x")
    assert load_experiment(tmp_path / "x", links=False).problems == []


def test_links_of_an_injection_and_of_the_truth(tmp_path: Path, outside: Path) -> None:
    """A folder of one injection with its reports, one of Waters; folders that are links; links that stay inside."""
    (tmp_path / "x.D").mkdir()
    for name in ("x.D/a.ch", "b.txt"):
        (tmp_path / name).write_text("1")
    (tmp_path / "x.D/Report.txt").symlink_to(outside / "labchart.txt")
    (tmp_path / "x.D/own").symlink_to(tmp_path / "b.txt")
    shutil.copytree(outside / "masslynx.raw", tmp_path / "y.raw")
    (tmp_path / "y.raw/more").symlink_to(outside)
    (tmp_path / "z").symlink_to(outside)
    for row in ("x.D", "x.D/a.ch"):
        assert links_out(tmp_path, [row], tmp_path) == ["x.D/Report.txt"]
    assert links_out(tmp_path, ["y.raw", "z/labchart.txt", None, "lost"], tmp_path) == ["y.raw/more", "z/labchart.txt"]
    experiment_of(tmp_path / "e", "lost.tsv", "sorted")
    (tmp_path / "e/truth").mkdir()
    (tmp_path / "e/truth/units.tsv").symlink_to(outside / "labchart.txt")
    assert "truth/units.tsv: is a link that leaves" in said(tmp_path / "e")


@pytest.mark.parametrize("where", ["../outside/brainvision.eeg", "/tmp/brainvision.eeg", "C:\\data\\brainvision.eeg"])
@pytest.mark.parametrize(("which", "name"), [("DataFile", "brainvision.eeg"), ("MarkerFile", "brainvision.vmrk")])
def test_a_header_says_no_folder(tmp_path: Path, where: str, which: str, name: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "in").mkdir()
    write_recordings(tmp_path / "outside")
    write_recordings(tmp_path / "in")
    header = tmp_path / "in/brainvision.vhdr"
    header.write_text(header.read_text("utf-8").replace(f"{which}={name}", f"{which}={where}"), "utf-8")
    for read in (read_raw, open_sorted, file_events):
        with pytest.raises(FormatError, match=rf"brainvision.vhdr: says {which}=.*beside this one"):
            read(header)


def test_a_brainvision_header_has_its_own_ending(tmp_path: Path) -> None:
    """By it one knows that the header names other files, whose changes count."""
    write_recordings(tmp_path)
    (tmp_path / "brainvision.vhdr").rename(tmp_path / "brainvision.txt")
    with pytest.raises(FormatError, match=r"brainvision.txt: .*named .vhdr: rename it"):
        read_raw(tmp_path / "brainvision.txt")


def test_files_beside_by_their_formats(tmp_path: Path) -> None:
    """A sidecar may keep the whole name; Intan's traces lie around info.rhd under names of their own."""
    (tmp_path / "intan").mkdir()
    for name in ("a.dat", "a.dat.json", "ab.json", "intan/info.rhd", "intan/amplifier.dat"):
        (tmp_path / name).write_text("1")
    assert [name for name, _ in stamps(tmp_path, ["a.dat"])] == ["a.dat", "a.dat.json"]
    assert [name for name, _ in stamps(tmp_path, ["intan/info.rhd"])] == ["intan/amplifier.dat", "intan/info.rhd"]
