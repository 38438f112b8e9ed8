"""One Slurm for all tests of this folder; where it cannot be, they are skipped and say why."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_slurm import LocalSlurm, why_not

PLUGIN = "snakemake_executor_plugin_slurm"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSlurm]:
    if importlib.util.find_spec(PLUGIN) is None:
        pytest.skip("Snakemake's Slurm plugin is not in this environment: `make test-cluster` makes one with it")
    if reason := why_not():
        pytest.skip(reason)
    cluster = LocalSlurm(tmp_path_factory.mktemp("slurm"))
    try:
        try:
            cluster.start()
        except RuntimeError as error:
            pytest.skip(f"Slurm is installed and does not start here: {error}")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sorted recordings of two sites and a raw one: quick jobs, every kind of them."""
    from coeruleus.simulation.demo import write_small

    directory = tmp_path_factory.mktemp("input") / "small"
    write_small(directory, raw=True)
    return directory
