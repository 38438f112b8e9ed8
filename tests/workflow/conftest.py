"""The small experiment, written and run once for all tests."""

from pathlib import Path

import pytest

from coeruleus.simulation.demo import write_small
from running import snakemake


@pytest.fixture(scope="session")
def small_input(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("input") / "small"
    write_small(directory, raw=True)
    return directory


@pytest.fixture(scope="session")
def small_run(small_input: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the small experiment ran on two cores."""
    folder = tmp_path_factory.mktemp("run")
    done = snakemake(folder, "--cores", "2", "--config", f"experiments={small_input}")
    assert done.returncode == 0, done.stdout[-5000:]
    return folder
